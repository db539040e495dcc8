"""Where the checkout keeps what the commands make; nothing outside these paths is written (docs/running.md § Where the data lives)."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
VENDOR = ROOT / "webmap" / "static" / "vendor"
BUILT = ROOT / "webmap" / "static" / "built"
WORK = ROOT / "var"
ESBUILD = WORK / "esbuild"
"""Locks, logs and temporary files of the set-up itself, one per checkout."""

VAR = Path(os.environ["WEBMAP_VAR"]).absolute() if os.environ.get("WEBMAP_VAR") else WORK
"""Cluster, secret key and logs of what runs; WEBMAP_VAR moves them (a second instance, a bigger disk, tests)."""


def uploads_folder() -> Path:
    """Return where uploaded originals are kept: UPLOAD_DIR, else beside the cluster."""
    return Path(os.environ.get("UPLOAD_DIR") or VAR / "imports").absolute()
