"""Write a consistent copy of the database and the uploaded originals to a file."""

import argparse
from pathlib import Path

from scripts.backup.work import make_backup
from scripts.base.console import announce, say
from scripts.cluster.database import owner_url


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `backup`."""
    parser.add_argument("file", type=Path)


def run(arguments: argparse.Namespace) -> int:
    """Write the file."""
    manifest = make_backup(owner_url(), arguments.file)
    rows = sum(table.rows for table in manifest.tables.values())
    files = len(manifest.members) - 1
    if manifest.missing:
        say(
            f"{len(manifest.missing)} tệp gốc không còn trên đĩa nên không có trong bản sao lưu",
            f"{len(manifest.missing)} originals are no longer on the disk and are not in the backup",
        )
    announce(
        f"Đã sao lưu vào {arguments.file}, {arguments.file.stat().st_size} byte: {rows} dòng, {files} tệp gốc "
        "(backup written and checked: rows, originals)"
    )
    return 0
