"""What the commands say to the operator, and the one exception that ends them with a sentence and an exit code."""

import contextlib
import errno
import signal
import sys
from collections.abc import Callable, Iterator
from enum import IntEnum
from pathlib import Path
from types import FrameType
from typing import NoReturn


class Exit(IntEnum):
    """Exit codes; docs/running.md § When something goes wrong lists them."""

    OK = 0
    ERROR = 1
    PYTHON = 10
    PACKAGES = 11
    DEPENDENCIES = 12
    ASSETS = 13
    DISK = 14
    PORT = 15
    RUNNING = 16
    PERMISSION = 17
    SETTINGS = 18
    DATABASE_URL = 20
    UNREACHABLE = 21
    LOGIN = 22
    NO_DATABASE = 23
    NO_POSTGIS = 24
    MIGRATION = 25
    CLUSTER = 26
    DEMO = 27
    WEB = 30


class Failure(Exception):  # noqa: N818 - an operator reads the sentence; nobody catches it as a programming error
    """Something the operator can put right: one sentence in Vietnamese, the same in English, one exit code."""

    def __init__(self, code: Exit, vi: str, en: str) -> None:
        super().__init__(f"{vi} ({en})")
        self.code = code


def disk_full(where: Path | str) -> Failure:
    """Return the failure that says the disk is full."""
    return Failure(
        Exit.DISK,
        f"Hết chỗ trên đĩa chứa {where}: hãy giải phóng dung lượng rồi chạy lại",
        f"the disk that holds {where} is full: free some space, then run this again",
    )


def no_permission(path: Path | str) -> Failure:
    """Return the failure for a checkout that belongs to somebody else."""
    return Failure(
        Exit.PERMISSION,
        f"Không có quyền ghi vào {path}: hãy chạy bằng người dùng sở hữu thư mục này hoặc bằng root",
        f"no permission to write {path}: run this as the user who owns that folder, or as root",
    )


def failure_of(error: OSError) -> Failure:
    """Return the sentence for an error of the file system."""
    where = error.filename or "."
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return disk_full(where)
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return no_permission(where)
    return Failure(Exit.ERROR, f"Lỗi hệ thống tệp: {error}", "a file could not be read or written")


class Stopped(BaseException):
    """SIGTERM, SIGINT or SIGHUP arrived."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def say(vi: str, en: str) -> None:
    """Tell progress; on stderr, because stdout belongs to a command's result."""
    print(f"{vi} ({en})", file=sys.stderr, flush=True)


def announce(text: str) -> None:
    """Print a result on stdout."""
    print(text, flush=True)


class _Signals:
    """What has arrived, and whether it may interrupt at the moment."""

    held = False
    arrived: int | None = None


def raise_on_signals() -> None:
    """Turn the first SIGTERM, SIGINT or SIGHUP into Stopped; later ones do not disturb the stopping."""

    def stop(number: int, frame: FrameType | None) -> None:
        if _Signals.arrived is not None:
            return
        _Signals.arrived = number
        if not _Signals.held:
            raise Stopped(number)

    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, stop)


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Raise Stopped only after the block: inside Popen it would lose a child that runs already."""
    before = _Signals.arrived
    _Signals.held = True
    try:
        yield
    finally:
        _Signals.held = False
    if _Signals.arrived is not None and before is None:
        raise Stopped(_Signals.arrived)


def run_command(main: Callable[[], int]) -> NoReturn:
    """Run a command's main function; a Failure becomes its sentence and its exit code."""
    raise_on_signals()
    try:
        code = main()
    except Failure as failure:
        code = complain(failure)
    except OSError as error:
        code = complain(failure_of(error))
    except Stopped as stopped:
        code = stopped.exit_code
    sys.exit(code)


def complain(failure: Failure) -> int:
    """Print a failure's sentence; return its exit code."""
    print(failure, file=sys.stderr, flush=True)
    return failure.code
