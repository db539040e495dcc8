"""Uploaded files on their way to where they are kept: random names, parts of one data set packed together."""

import secrets
import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path, PurePosixPath

from werkzeug.datastructures import FileStorage

from geodata.errors import InvalidValueError
from geodata.i18n import N_
from geodata.import_sessions import StoredFile
from webmap.settings import Settings

#: Files that are one data set when they have the same name.
_PARTS = (
    frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj"}),
    frozenset({".tab", ".dat", ".map", ".id", ".ind"}),
    frozenset({".mif", ".mid"}),
)
_CHUNK = 1024 * 1024


def store_uploads(files: Iterable[FileStorage], settings: Settings) -> list[StoredFile]:
    """Keep the uploaded files; loose parts of one shapefile become one zip. Raises InvalidValueError without any."""
    groups: dict[tuple[str, int], list[FileStorage]] = {}
    for index, file in enumerate(file for file in files if file.filename):
        groups.setdefault(_group(name_of(file), index), []).append(file)
    if not groups:
        raise InvalidValueError(N_("No file was chosen."))
    settings.upload_dir.mkdir(parents=True, exist_ok=True)
    keep_until = (datetime.now(UTC) + timedelta(days=settings.upload_keep_days)).date()
    return [_store(group, settings.upload_dir, keep_until) for group in groups.values()]


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
    if len(group) == 1:
        first.save(path)
    else:
        name = f"{PurePosixPath(name).stem}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
            for file in group:
                with packed.open(name_of(file), "w") as member:
                    while chunk := file.stream.read(_CHUNK):
                        member.write(chunk)
    path.chmod(0o640)
    return StoredFile(name=name, path=path, size=path.stat().st_size, keep_until=keep_until)
