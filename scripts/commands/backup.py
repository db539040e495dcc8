"""Write a consistent copy of the database to a file."""

import argparse
import os
from pathlib import Path

from scripts.console import announce
from scripts.dump import backup


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `backup`."""
    parser.add_argument("file", type=Path)


def run(arguments: argparse.Namespace) -> int:
    """Write the file."""
    backup(os.environ["DATABASE_URL"], arguments.file)
    announce(f"Đã sao lưu vào {arguments.file}, {arguments.file.stat().st_size} byte (backup written)")
    return 0
