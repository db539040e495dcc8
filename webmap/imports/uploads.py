"""Uploaded files on their way to where they are kept: random names, parts of one data set packed together."""

import errno
import os
import secrets
import shutil
import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import IO

from werkzeug.datastructures import FileStorage

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.importing.sessions.model import StoredFile
from webmap.app.settings import Settings

#: Files that are one data set when they have the same name.
_PARTS = (
    frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj"}),
    frozenset({".tab", ".dat", ".map", ".id", ".ind"}),
    frozenset({".mif", ".mid"}),
)
_CHUNK = 1024 * 1024
#: What an upload must leave free: the disk is the database's too.
LEAVE_FREE_BYTES = 100 * 2**20


def check_room(folder: Path, need_bytes: int) -> None:
    """Raise OSError (ENOSPC) when the disk that holds the uploads would be left without room for anything else."""
    standing = next(path for path in (folder, *folder.parents) if path.exists())
    if shutil.disk_usage(standing).free < need_bytes + LEAVE_FREE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def store_uploads(files: Iterable[FileStorage], settings: Settings) -> list[StoredFile]:
    """Keep the uploaded files, all or none; loose parts of one shapefile become one zip.

    Raises InvalidValueError without any, and OSError when the disk takes no more.
    """
    groups: dict[tuple[str, int], list[FileStorage]] = {}
    for index, file in enumerate(file for file in files if file.filename):
        groups.setdefault(_group(name_of(file), index), []).append(file)
    if not groups:
        raise InvalidValueError(N_("No file was chosen."))
    keep_until = (datetime.now(UTC) + timedelta(days=settings.upload_keep_days)).date()
    stored: list[StoredFile] = []
    try:
        settings.upload_dir.mkdir(parents=True, exist_ok=True)
        for group in groups.values():
            stored.append(_store(group, settings.upload_dir, keep_until))
    except BaseException:
        # Nobody was told that they are kept. What a killed process leaves, the sweep of orphans finds.
        for kept in stored:
            kept.path.unlink(missing_ok=True)
        raise
    return stored


def name_of(file: FileStorage) -> str:
    """Return the name the sender gave, without folders and control signs."""
    name = PurePosixPath((file.filename or "").replace("\\", "/")).name
    return "".join(char for char in name if char.isprintable())[:200] or "upload"


def _group(name: str, index: int) -> tuple[str, int]:
    path = PurePosixPath(name)
    for family, parts in enumerate(_PARTS):
        if path.suffix.lower() in parts:
            return path.stem.casefold(), -1 - family
    return name, index


def _store(group: list[FileStorage], folder: Path, keep_until: date) -> StoredFile:
    first = group[0]
    name = name_of(first)
    path = folder / secrets.token_hex(16)
    part = path.with_suffix(".part")
    try:
        with part.open("xb") as stream:
            if len(group) == 1:
                shutil.copyfileobj(first.stream, stream, _CHUNK)
            else:
                name = f"{PurePosixPath(name).stem}.zip"
                _pack(group, stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(0o640)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return StoredFile(name=name, path=path, size=path.stat().st_size, keep_until=keep_until)


def _pack(group: list[FileStorage], stream: IO[bytes]) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as packed:
        for file in group:
            with packed.open(name_of(file), "w") as member:
                shutil.copyfileobj(file.stream, member, _CHUNK)
