"""The locked requirements: every package, also those that others bring, with the SHA-256 of its files.

requirements.txt says what is wanted and why, and is edited by hand; the lock beside it is made from it by
`./scripts/check --lock`. Its first line names the digest of what it was made from: an outdated lock is not used.
"""

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

from scripts.base.console import Exit, Failure
from scripts.base.processes import last_line

_MARK = "# sha256 of the requirements: "


def lock_of(requirements: Sequence[Path]) -> Path:
    """Return the lock's path: of the last file, which names those before it."""
    return requirements[-1].with_suffix(".lock")


def fresh_lock(requirements: Sequence[Path]) -> Path | None:
    """Return the lock when it was made from these very files."""
    lock = lock_of(requirements)
    if not lock.exists():
        return None
    with lock.open(encoding="utf-8") as stream:
        return lock if stream.readline() == f"{_MARK}{_digest(requirements)}\n" else None


def write_lock(requirements: Sequence[Path], uv: Path) -> Path:
    """Resolve the requirements and write the lock. Raises Failure."""
    lock = lock_of(requirements)
    options = ["--generate-hashes", "--python-version", "3.11", "--no-header", "--annotation-style", "line"]
    made = subprocess.run(
        [uv, "pip", "compile", "--quiet", *options, requirements[-1].name],
        cwd=requirements[-1].parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise Failure(
            Exit.DEPENDENCIES,
            f"Không lập được {lock.name}: {last_line(made.stderr)}",
            "the requirements could not be resolved",
        )
    part = lock.with_suffix(".part")
    part.write_text(f"{_MARK}{_digest(requirements)}\n{made.stdout}", "utf-8")
    part.replace(lock)
    return lock


def _digest(requirements: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in requirements:
        digest.update(path.read_bytes())
    return digest.hexdigest()
