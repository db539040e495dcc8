"""Which kind of workbook a file is: programs name them as they like, and pages and tables are called .xls as well."""

import zipfile
from collections.abc import Callable
from pathlib import Path

from geodata.importing.limits import Limits
from geodata.importing.reading.archive import Source
from geodata.importing.reading.formats.delimited import read_delimited
from geodata.importing.reading.formats.old_workbook import read_old_workbook
from geodata.importing.reading.formats.opendocument import read_opendocument
from geodata.importing.reading.formats.sheet import Hints
from geodata.importing.reading.formats.shown import damaged, with_a_password
from geodata.importing.reading.formats.web_table import read_web_table
from geodata.importing.reading.formats.workbook import read_workbook
from geodata.importing.reading.formats.xml_workbook import read_xml_workbook
from geodata.importing.table import Table

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Workbooks of Excel 2 to 4 are no compound files.
_BEFORE_1993 = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_PAGE = (b"<html", b"<table", b"<!doctype html", b"<head", b"<meta", b"<style", b"<body", b"<div")


def read_any_workbook(source: Source, inner: str | None, limits: Limits, hints: Hints) -> Table:
    """Read one sheet of a workbook of whatever kind. Raises RefusedError, AskError."""
    return _reader(source.path)(source, inner, limits, hints)


def _reader(path: Path) -> Callable[[Source, str | None, Limits, Hints], Table]:
    """Return what reads a file, by its first bytes. Raises RefusedError."""
    if zipfile.is_zipfile(path):
        return read_opendocument if _is_opendocument(path) else read_workbook
    data = path.read_bytes()
    start = data[:4096].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if data.startswith(_COMPOUND) and _LOCKED in data:
        raise with_a_password()
    if data.startswith((_COMPOUND, *_BEFORE_1993)):
        return read_old_workbook
    if start.startswith(b"<?xml") and b"urn:schemas-microsoft-com:office:spreadsheet" in start:
        return read_xml_workbook
    if start.startswith(_PAGE) or (start.startswith(b"<?xml") and any(mark in start for mark in _PAGE)):
        return read_web_table
    if start.startswith(b"<") or not _is_text(data):
        raise damaged()
    return read_delimited


def _is_opendocument(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "content.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise damaged() from error


def _is_text(data: bytes) -> bool:
    """Say whether bytes are a table of text: lines with separators, no signs that only programs write."""
    start = data[:4096]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return not any(sign < 32 and sign not in b"\t\r\n" for sign in start) and any(sign in start for sign in b"\t;,|")
