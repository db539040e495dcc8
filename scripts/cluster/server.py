"""The server process of a data folder, whoever started it."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

STOP_SECONDS = 60.0


def server_of(pid_lines: Sequence[str], data: Path) -> int | None:
    """Return the process that postmaster.pid names, if it is a server on this very data folder."""
    if not pid_lines or not pid_lines[0].strip().isdigit():
        return None
    number = int(pid_lines[0])
    try:
        words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    return number if os.fsencode(data) in words else None


def end_server(number: int, child: subprocess.Popen[bytes] | None) -> None:
    """Ask a server to stop, more firmly each time, and wait until it has; `child` is it where we started it."""
    for how, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, how)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ended = not _is_alive(number)
            if child is not None:
                child.poll()
            if ended:
                return
            time.sleep(0.02)


def _is_alive(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
