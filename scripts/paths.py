"""Where the checkout keeps what the commands make; nothing outside these paths is written (README § Where the data lives)."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
VENDOR = ROOT / "webmap" / "static" / "vendor"
WORK = ROOT / "var"
"""Locks, logs and temporary files of the set-up itself, one per checkout."""

VAR = Path(os.environ["WEBMAP_VAR"]).absolute() if os.environ.get("WEBMAP_VAR") else WORK
"""Cluster, secret key and logs of what runs; WEBMAP_VAR moves them (a second instance, a bigger disk, tests)."""
