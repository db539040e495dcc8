"""Commands as processes: their environment, the processes they leave, waiting for what they do."""

import os
import time
from collections.abc import Callable
from pathlib import Path


def environment(var: Path, **settings: str) -> dict[str, str]:
    """Return the environment of an operator without settings, whose var folder is `var`."""
    ours = ("DATABASE_URL", "DATABASE_REPLICA_URLS", "SECRET_KEY", "PORT", "TEST_DATABASE_URL")
    kept = {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("PG")}
    return kept | {"WEBMAP_VAR": str(var)} | settings


def processes_of(var: Path) -> list[int]:
    """Return the processes that were started, by whomever, for this var folder: they inherit its name."""
    mark = f"WEBMAP_VAR={var}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def wait_for(condition: Callable[[], object], seconds: float = 20) -> bool:
    """Wait until something holds; the pause is short and the limit generous, for busy machines."""
    deadline = time.monotonic() + seconds
    pause = 0.02
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(pause)
    return bool(condition())
