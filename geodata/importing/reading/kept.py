"""Tables that were read, kept beside their file: what the same reader would read of it again is not read again.

They save time and nothing else: one that was read by another program, with other limits or answers, is passed over.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from geodata.importing.table import TABLE_FILES, Table, load_table

#: The ending of the folder beside a file.
ENDING = "-read"
#: What a kept table must leave free: the disk is the database's too.
LEAVE_FREE_BYTES = 500 * 2**20

_REQUEST = "request.json"
_PROGRAM = Path(__file__).resolve().parents[2]


def folder_beside(path: Path) -> Path:
    """Return where the table of a file is kept."""
    return path.with_name(f"{path.name}{ENDING}")


def find_table(folder: Path, request: Mapping[str, object]) -> Table | None:
    """Return the table that this request once read, or None; also where not all of it is there any more."""
    with suppress(OSError, ValueError):
        if (folder / _REQUEST).read_text(encoding="utf-8") == _label(request, folder):
            return load_table(folder)
    return None


def keep_table(read: Path, folder: Path, request: Mapping[str, object]) -> None:
    """Move what a reader wrote where it stays, in place of what was there; where the disk has no room for it, it does not."""
    part = folder.with_name(f"{folder.name}.part")
    files = [path for pattern in TABLE_FILES for path in read.glob(pattern)]
    forget_table(folder)
    with suppress(OSError):
        if shutil.disk_usage(folder.parent).free < sum(path.stat().st_size for path in files) + LEAVE_FREE_BYTES:
            return
        part.mkdir(mode=0o750)
        for path in files:
            shutil.move(path, part / path.name)
        (part / _REQUEST).write_text(_label(request, part), encoding="utf-8")
        for path in part.iterdir():
            # What a power cut left half written would be taken for the file's content.
            with path.open("rb") as file:
                os.fsync(file.fileno())
        part.rename(folder)


def forget_table(folder: Path) -> None:
    """Delete a kept table, and what is left of one that was being kept when its process was killed."""
    for path in (folder, folder.with_name(f"{folder.name}.part")):
        shutil.rmtree(path, ignore_errors=True)


def _label(request: Mapping[str, object], folder: Path) -> str:
    """Return what a table is known by: who was asked for what, and how large its files are, whatever else lies beside them."""
    sizes = {path.name: path.stat().st_size for pattern in TABLE_FILES for path in folder.glob(pattern)}
    return json.dumps({**request, "program": program(), "size_bytes": sizes}, sort_keys=True)


@cache
def program() -> str:
    """Return what tells this version of the program from others: a digest of its code."""
    digest = hashlib.sha256()
    for path in sorted(_PROGRAM.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
