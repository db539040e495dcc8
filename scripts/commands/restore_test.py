"""Try a backup: restore it into a throw-away cluster and compare every table and original with the manifest."""

import argparse
from pathlib import Path

from scripts.backup.work import summary, try_backup
from scripts.base.console import announce
from scripts.base.paths import VAR


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `restore-test`."""
    parser.add_argument("file", type=Path)


def run(arguments: argparse.Namespace) -> int:
    """Restore beside the real database, compare, throw away."""
    manifest = try_backup(arguments.file, VAR / "restore-test")
    for line in summary(manifest):
        announce(line)
    announce(f"Bản sao lưu {arguments.file} khôi phục được và khớp bản kê (restores, and is what was saved)")
    return 0
