"""The backup's file: a ZIP without compression that holds database.dump, the originals under uploads/ and manifest.json.

The manifest names every member with size and SHA-256 and every table with rows and checksum, and its own SHA-256 stands
in the file's comment. It is written last; a file without it is no backup.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from scripts.backup.census import Contents
from scripts.base.console import Exit, Failure

DUMP, MANIFEST, UPLOADS = "database.dump", "manifest.json", "uploads/"
_CHUNK = 1024 * 1024
_FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file in the backup: its size in bytes and its digest."""

    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup holds."""

    made_at: str
    revision: str | None
    members: dict[str, Member]
    tables: dict[str, Contents]
    missing: list[str]
    """Originals that the database names and the disk no longer had."""


class Writer:
    """Puts members into a backup and keeps account of them."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.members: dict[str, Member] = {}

    def add(self, name: str, source: IO[bytes]) -> None:
        """Copy a stream to its end."""
        digest, size = hashlib.sha256(), 0
        with self.archive.open(name, "w", force_zip64=True) as target:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
        self.members[name] = Member(size=size, sha256=digest.hexdigest())

    def finish(self, **facts: Any) -> Manifest:
        """Write the manifest, and return it."""
        manifest = Manifest(members=self.members, **facts)
        text = json.dumps({"format": _FORMAT, **asdict(manifest)}, indent=1, ensure_ascii=False).encode()
        self.archive.writestr(MANIFEST, text)
        self.archive.comment = hashlib.sha256(text).hexdigest().encode()
        return manifest


def read_manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    """Return a backup's manifest. Raises Failure when it is not whole."""
    try:
        text = archive.read(MANIFEST)
        if hashlib.sha256(text).hexdigest().encode() != archive.comment:
            raise damaged(path, MANIFEST)
        plain = json.loads(text)
        if plain.pop("format") != _FORMAT:
            raise Failure(
                Exit.ERROR,
                f"{path} do phiên bản mới hơn của phần mềm tạo ra: hãy dùng phiên bản đó",
                "a newer version of this program made this backup: use that one",
            )
        members = {name: Member(**facts) for name, facts in plain.pop("members").items()}
        tables = {name: Contents(**facts) for name, facts in plain.pop("tables").items()}
        return Manifest(members=members, tables=tables, **plain)
    except (KeyError, TypeError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        raise damaged(path, MANIFEST) from error


def read_member(archive: zipfile.ZipFile, name: str, wanted: Member, path: Path) -> Iterator[bytes]:
    """Give a member's bytes, and raise Failure at its end when they are not those that were written."""
    digest, size = hashlib.sha256(), 0
    try:
        with archive.open(name) as source:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                yield chunk
    except (KeyError, ValueError, EOFError, NotImplementedError, zipfile.BadZipFile) as error:
        raise damaged(path, name) from error
    if (size, digest.hexdigest()) != (wanted.size, wanted.sha256):
        raise damaged(path, name)


@contextmanager
def open_backup(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """Open a backup whose every byte has been checked. Raises Failure."""
    if not path.is_file():
        raise Failure(Exit.ERROR, f"Không có tệp {path}", "there is no such backup file")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Failure(
            Exit.ERROR,
            f"{path} không phải bản sao lưu của ./scripts/manage backup, hoặc đã hỏng",
            "this is no backup made by ./scripts/manage backup, or it is damaged",
        ) from error
    with archive:
        manifest = read_manifest(archive, path)
        if set(archive.namelist()) != {MANIFEST, *manifest.members}:
            raise damaged(path, "ZIP")
        for name, wanted in manifest.members.items():
            for _ in read_member(archive, name, wanted, path):
                pass
        yield archive, manifest


def damaged(path: Path, part: str) -> Failure:
    """Return the failure for bytes that are not those that were written."""
    return Failure(
        Exit.ERROR,
        f"Bản sao lưu {path} đã hỏng ở phần {part}: chưa khôi phục gì; hãy dùng bản sao lưu khác",
        f"the backup is damaged in {part}: nothing was restored, use another one",
    )
