"""What a DOCX may carry before anything reads it: no program, nothing fetched from elsewhere, nothing that grows when unpacked.

Looked at: the archive's directory, every relationship, every declared type, every XML part.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from geodata.base.i18n import N_
from webmap.templating.errors import refuse

MOST_BYTES = 5 * 2**20
MOST_ENTRIES = 300
MOST_UNPACKED_BYTES = 40 * 2**20
MOST_XML_BYTES = 12 * 2**20
MOST_RATIO = 200

_DOCUMENT, _TYPES = "word/document.xml", "[Content_Types].xml"
_WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_MACROS = re.compile(r"vba|macro|activex|keymapcustom", re.IGNORECASE)
_OBJECTS = re.compile(r"(^|/)embeddings/|oleobject|afchunk", re.IGNORECASE)
_PICTURES = frozenset({"png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff"})
_TEXTS = frozenset({"xml", "rels"})
#: What Word may do on its own when it opens the document.
_FIELD_CODES = re.compile(r"\b(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE|LINK|IMPORT|DATABASE|MACROBUTTON|HTMLCONTROL|HYPERLINK)\b", re.I)  # fmt: skip


def check_parts(content: bytes) -> None:
    """Look at a DOCX without giving it to any reader of documents. Raises TemplateRefusedError."""
    if len(content) > MOST_BYTES:
        raise refuse("limit_exceeded", N_("The file is larger than {limit} MB."), limit=MOST_BYTES // 2**20)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_directory(archive)
            for info in archive.infolist():
                if info.filename.lower().endswith((".xml", ".rels")):
                    _check_xml(info.filename, _unpack(archive, info))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        code = "damaged" if content[:2] == b"PK" else "not_docx"
        raise refuse(code, N_("This is no DOCX file of Word, or it is damaged.")) from error


def _check_directory(archive: zipfile.ZipFile) -> None:
    infos = archive.infolist()
    if len(infos) > MOST_ENTRIES:
        raise refuse("limit_exceeded", N_("The file has more than {limit} parts."), limit=MOST_ENTRIES)
    names = [info.filename for info in infos]
    if len({name.casefold() for name in names}) < len(names):
        raise refuse("duplicate_entries", N_("A part of the file is there twice."))
    total, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    if total > MOST_UNPACKED_BYTES or total > MOST_RATIO * max(packed, 1):
        raise refuse("limit_exceeded", N_("Unpacked, the file is larger than {limit} MB or grows too much."), limit=MOST_UNPACKED_BYTES // 2**20)  # fmt: skip
    for info in infos:
        _check_entry(info)
    if not {_DOCUMENT, _TYPES} <= set(names):
        raise refuse("not_docx", N_("This is no DOCX file of Word, or it is damaged."))


def _check_entry(info: zipfile.ZipInfo) -> None:
    name = info.filename
    path, ending = PurePosixPath(name), name.rpartition(".")[2].lower()
    if "\\" in name or path.is_absolute() or ".." in path.parts or ":" in name:
        raise refuse("unsafe_path", N_("A part of the file has an unsafe name."), place=name)
    if info.flag_bits & 1:
        raise refuse("encrypted", N_("The file is protected by a password. Save it without one."))
    if _MACROS.search(name):
        raise refuse("macro", N_("The file holds macros. Save it as .docx without them."), place=name)
    if _OBJECTS.search(name):
        raise refuse("embedded_object", N_("The file holds an embedded object. Put its text or a picture in its place."), place=name)  # fmt: skip
    if not info.is_dir() and ending not in _PICTURES | _TEXTS:
        raise refuse("embedded_object", N_("The file holds a part that is neither text nor picture."), place=name)
    if ending in _TEXTS and info.file_size > MOST_XML_BYTES:
        raise refuse("limit_exceeded", N_("A part of the file is larger than {limit} MB."), place=name, limit=MOST_XML_BYTES // 2**20)  # fmt: skip


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Return a part; its size in the directory may lie."""
    with archive.open(info) as part:
        content = part.read(MOST_XML_BYTES + 1)
    if len(content) > MOST_XML_BYTES:
        raise refuse("limit_exceeded", N_("A part of the file is larger than {limit} MB."), place=info.filename, limit=MOST_XML_BYTES // 2**20)  # fmt: skip
    return content


def _check_xml(name: str, content: bytes) -> None:
    codes: list[str] = []
    try:
        for element in _elements(content):
            _check_element(element, name)
            codes += _codes_of(element)
    except DefusedXmlException as error:
        raise refuse("declared_entities", N_("A part of the file declares entities or a document type."), place=name) from error  # fmt: skip
    except (ParseError, LookupError) as error:
        raise refuse("damaged", N_("This is no DOCX file of Word, or it is damaged."), place=name) from error
    if any("{" in code for code in codes):
        raise refuse("field_code", N_("A field of Word (page number, date) must not hold fields of the paper."), place=name)  # fmt: skip
    # Word puts a code together from pieces.
    if found := _FIELD_CODES.search("".join(codes)) or _FIELD_CODES.search(" ".join(codes)):
        raise refuse("field_code", N_("The file holds a field “{field}” that fetches or runs something. Remove it."), place=name, field=found[0].upper())  # fmt: skip


def _check_element(element: Element, name: str) -> None:
    kind = element.tag.rpartition("}")[2]
    if kind == "Relationship":
        _check_relationship(element, name)
    elif kind in {"Override", "Default"}:
        _check_type(element, name)
    elif kind in {"object", "control", "altChunk", "OLEObject"}:
        raise refuse("embedded_object", N_("The file holds an embedded object. Put its text or a picture in its place."), place=name)  # fmt: skip


def _codes_of(element: Element) -> list[str]:
    """Return the fields of Word that an element holds."""
    kind = element.tag.rpartition("}")[2]
    if kind == "instrText":
        return [element.text or ""]
    return [" ".join(element.attrib.values())] if kind == "fldSimple" else []


def _elements(content: bytes) -> Iterator[Element]:
    for _event, element in iterparse(io.BytesIO(content), forbid_dtd=True):
        yield element


def _check_relationship(element: Element, name: str) -> None:
    target, kind = element.get("Target", ""), element.get("Type", "")
    if element.get("TargetMode", "").casefold() == "external" or "://" in target or target.startswith(("//", "\\\\")):
        raise refuse("external_reference", N_("The file points to something outside itself: {target}. Remove the link, linked picture or attached template."), place=name, target=target[:100])  # fmt: skip
    if _MACROS.search(target) or "vbaProject" in kind:
        raise refuse("macro", N_("The file holds macros. Save it as .docx without them."), place=name)
    if _OBJECTS.search(target) or kind.endswith(("/oleObject", "/aFChunk", "/control", "/package")):
        raise refuse("embedded_object", N_("The file holds an embedded object. Put its text or a picture in its place."), place=name)  # fmt: skip


def _check_type(element: Element, name: str) -> None:
    declared = element.get("ContentType", "")
    if _MACROS.search(declared):
        raise refuse("macro", N_("The file holds macros. Save it as .docx without them."), place=name)
    if element.get("PartName", "").lstrip("/") == _DOCUMENT and declared != _WORD_TYPE:
        raise refuse("not_docx", N_("This is no DOCX file of Word, or it is damaged."), place=name)
