"""Locks between the commands of one checkout; the kernel drops them when their holder dies, so none goes stale."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from scripts.base.console import no_permission


def open_lock(path: Path) -> IO[str]:
    """Open a lock file without emptying it; its text may name the holder."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+", encoding="utf-8")
    except PermissionError as error:
        raise no_permission(path) from error


@contextlib.contextmanager
def exclusive(path: Path, *, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold a lock alone, waiting for whoever has it."""
    with open_lock(path) as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if on_wait:
                on_wait()
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def try_exclusive(stream: IO[str]) -> bool:
    """Take a lock alone if nobody has it."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def share(stream: IO[str]) -> None:
    """Hold a lock together with others, waiting while one holds it alone."""
    fcntl.flock(stream, fcntl.LOCK_SH)
