"""Restore a copy into an empty database and bring it to the present schema."""

import argparse
from pathlib import Path

from scripts.backup.work import restore_backup
from scripts.base.console import announce
from scripts.base.paths import uploads_folder
from scripts.cluster.database import owner_url
from scripts.cluster.prepare import migrate


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `restore`."""
    parser.add_argument("file", type=Path)


def run(arguments: argparse.Namespace) -> int:
    """Check, restore, compare, then migrate."""
    manifest = restore_backup(owner_url(), arguments.file, uploads_folder())
    migrate()
    told = "" if manifest is None else f", khớp bản kê {len(manifest.tables)} bảng"
    announce(f"Đã khôi phục từ {arguments.file}{told} (restored{' and compared' if manifest else ''})")
    return 0
