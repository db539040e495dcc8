"""The virtual environment .venv with exactly the pinned packages; a half-made one is made again."""

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

from scripts.base.console import Exit, Failure, say
from scripts.base.processes import last_line, run_logged
from scripts.install.lock import fresh_lock, lock_of

STAMP = ".webmap-installed.json"
BUILDING = ".webmap-building"


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_installed(venv: Path, requirements: list[Path]) -> bool:
    """Return whether the environment stands where it was made and holds these requirement files as they are now."""
    try:
        stamp = json.loads((venv / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return (
        stamp.get("place") == str(venv)
        and os.access(venv / "bin" / "python", os.X_OK)
        and all(stamp.get("files", {}).get(path.name) == digest(path) for path in requirements)
    )


def ensure_venv(venv: Path, requirements: list[Path], *, log: Path) -> None:
    """Make the environment or bring it up to date. Raises Failure when pip cannot."""
    if is_installed(venv, requirements):
        return
    building = venv.parent / "var" / BUILDING
    building.parent.mkdir(exist_ok=True)
    if building.exists() or not is_usable(venv):
        make_empty(venv, building, log=log)
    building.touch()
    say("Đang cài thư viện Python…", "installing Python packages")
    result = run_logged(
        [
            venv / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-input",
            "--prefer-binary",
            *what_to_install(requirements),
        ],
        log=log,
        cwd=venv.parent,
    )
    if result.returncode:
        # pip undoes its own failures; only a killed pip leaves packages half-written.
        building.unlink()
        raise Failure(
            Exit.DEPENDENCIES,
            f"Không cài được thư viện Python: {last_line(result.output)}. "
            f"Hãy kiểm tra kết nối tới kho gói pip rồi chạy lại; nhật ký: {log}",
            "Python packages could not be installed: check the connection to pip's package index, then run this again",
        )
    stamp = {"place": str(venv), "files": {path.name: digest(path) for path in requirements}}
    part = venv / (STAMP + ".part")
    part.write_text(json.dumps(stamp, indent=1), "utf-8")
    part.replace(venv / STAMP)
    building.unlink()


def what_to_install(requirements: list[Path]) -> list[str | Path]:
    """Return pip's options: the lock with hashes, or what it was made from when that has changed since."""
    lock = fresh_lock(requirements)
    if lock is not None:
        return ["--require-hashes", "-r", lock]
    if lock_of(requirements).exists():
        say(
            f"{lock_of(requirements).name} cũ hơn {requirements[-1].name}: cài không kiểm tra mã băm",
            "the lock is older than the requirements: installing without hashes; make it anew by ./scripts/check --lock",
        )
    return [part for path in requirements for part in ("-r", path)]


def is_usable(venv: Path) -> bool:
    """Return whether there is an environment of this very place (a moved one has wrong paths inside)."""
    settings = venv / "pyvenv.cfg"
    if not settings.exists() or not os.access(venv / "bin" / "python", os.X_OK):
        return False
    if not list(venv.glob("lib/python3*/site-packages/pip/__main__.py")):
        return False
    activate = venv / "bin" / "activate"
    return activate.exists() and str(venv) in activate.read_text("utf-8", "replace")


def make_empty(venv: Path, building: Path, *, log: Path) -> None:
    """Make an empty environment in place of whatever is there."""
    say("Đang tạo môi trường Python .venv…", "creating the virtual environment")
    building.touch()
    shutil.rmtree(venv, ignore_errors=True)
    result = run_logged([sys.executable, "-m", "venv", venv], log=log, cwd=venv.parent)
    if result.returncode:
        raise Failure(
            Exit.DEPENDENCIES,
            f"Không tạo được môi trường Python: {last_line(result.output)}; nhật ký: {log}",
            "the virtual environment could not be created; see the log",
        )
