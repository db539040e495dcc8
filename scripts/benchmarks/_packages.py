"""Programs of Debian's packages in a folder of their own, unpacked and not installed: nothing of the machine changes."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from scripts.base.console import Exit, Failure


def unpack(packages: Sequence[str], folder: Path) -> None:
    """Put packages, and what they need that the machine lacks, into folder/root. Raises Failure."""
    archives = folder / "archives"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    fetch = ["apt-get", "install", "--yes", "--quiet", "--download-only", "--reinstall", "--no-install-recommends"]
    run([*fetch, "-o", f"Dir::Cache::archives={archives}", *packages], ", ".join(packages))
    for archive in archives.glob("*.deb"):
        run(["dpkg-deb", "--extract", str(archive), str(folder / "root")], archive.name)


def libraries(folder: Path) -> str:
    """Return where programs unpacked there find their libraries, as LD_LIBRARY_PATH wants it."""
    return ":".join(str(path) for path in (folder / "root/usr/lib").glob("*-linux-gnu*"))


def run(command: Sequence[str], what: str) -> None:
    """Run what installs something. Raises Failure."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Failure(Exit.SETTINGS, f"Không cài được {what}", str(error)) from error
    if done.returncode:
        raise Failure(Exit.SETTINGS, f"Không cài được {what}", (done.stderr or done.stdout).strip()[-400:])
