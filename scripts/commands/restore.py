"""Restore a copy into an empty database and bring it to the present schema."""

import argparse
import os
from pathlib import Path

from scripts.console import announce
from scripts.dump import restore
from scripts.prepare import migrate


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `restore`."""
    parser.add_argument("file", type=Path)


def run(arguments: argparse.Namespace) -> int:
    """Restore, then migrate."""
    restore(os.environ["DATABASE_URL"], arguments.file)
    migrate()
    announce(f"Đã khôi phục từ {arguments.file} (restored)")
    return 0
