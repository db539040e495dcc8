"""Start, watch and stop child processes so that none outlives the command that started it."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from scripts.base.console import disk_full, say, signals_held

NO_SPACE = "No space left on device"
LOG_LIMIT_BYTES = 10_000_000
ABANDONED_SECONDS = 10.0
SETUP_MARK = "WEBMAP_SETUP_LOG"
"""Environment variable that the steps of a set-up and all they start carry; its value tells whose they are."""


def bound_to_us(command: Sequence[str | Path], number: signal.Signals = signal.SIGTERM) -> list[str | Path]:
    """Return the command so that the kernel sends it the signal when our process dies, even by SIGKILL."""
    return ["setpriv", "--pdeathsig", number.name.removeprefix("SIG"), "--", *command]


def last_line(text: str) -> str:
    """Return the last line that says something, for a one-sentence message."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if line.lower().startswith(("error", "fatal", "e:", "npm error"))]
    return (telling or lines or ["?"])[-1][:300]


def read_tail(log: Path, start: int = 0, limit: int = 20_000) -> str:
    """Return the end of a log, not reading before the byte `start`."""
    with contextlib.suppress(OSError), log.open("rb") as stream:
        stream.seek(max(start, log.stat().st_size - limit))
        return stream.read().decode("utf-8", "replace")
    return ""


class Pauses:
    """Pauses between tries that double, from half a second to half a minute."""

    def __init__(self, first: float = 0.5, longest: float = 30.0) -> None:
        self._next, self._longest = first, longest
        self._until = 0.0

    def grow(self) -> float:
        """Begin the next pause, and return its seconds."""
        pause = self._next
        self._next = min(self._next * 2, self._longest)
        self._until = time.monotonic() + pause
        return pause

    def is_over(self) -> bool:
        """Return whether the pause has passed."""
        return time.monotonic() >= self._until


@dataclass(frozen=True)
class Result:
    """How a child ended and what it printed."""

    returncode: int
    output: str


@contextlib.contextmanager
def started(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdout: int | IO[bytes] | None = None,
    stderr: int | None = None,
    own_group: bool = True,
    grace_seconds: float = 5.0,
) -> Iterator[subprocess.Popen[bytes]]:
    """Have a child, which ends with whatever it started when we are stopped meanwhile."""
    child = None
    try:
        with signals_held():
            child = subprocess.Popen(
                command,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL if own_group else None,
                stdout=stdout,
                stderr=stderr,
                start_new_session=own_group,
            )
        yield child
    except BaseException:
        if child is not None:
            stop_group(child, grace_seconds=grace_seconds)
        raise


def run_logged(
    command: Sequence[str | Path],
    *,
    log: Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    patient: bool = False,
) -> Result:
    """Run a set-up step with its output in a log; a patient step (dpkg) is not interrupted by our own stopping."""
    log.parent.mkdir(parents=True, exist_ok=True)
    given = dict(os.environ if env is None else env)
    with log.open("ab") as stream:
        start = stream.tell()
        if patient:
            with signals_held():
                code = subprocess.run(
                    command,
                    cwd=cwd,
                    env=given,
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    check=False,
                ).returncode
        else:
            marked = given | {SETUP_MARK: str(log)}
            with started(bound_to_us(command), cwd=cwd, env=marked, stdout=stream, stderr=subprocess.STDOUT) as child:
                code = child.wait()
    result = Result(code, read_tail(log, start))
    if result.returncode and NO_SPACE in result.output:
        raise disk_full(cwd)
    return result


def run_captured(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str]) -> Result:
    """Run a short program and return what it printed."""
    with started(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
        output, _ = child.communicate()
    return Result(child.returncode, output.decode("utf-8", "replace"))


def end_abandoned_steps(log: Path) -> None:
    """End what a killed set-up left running: the kernel ends its children, but not theirs (pip inside venv, say)."""
    end_marked(os.fsencode(f"{SETUP_MARK}={log}"))


def end_marked(mark: bytes, *, patience_s: float = 0.0) -> None:
    """End processes that carry a mark in their environment; those that are ending by themselves get so much time for it."""
    began = time.monotonic()
    while time.monotonic() < began + patience_s + ABANDONED_SECONDS:
        left = [number for number in running_processes() if mark in environment_of(number)]
        if not left:
            return
        for number in left if time.monotonic() >= began + patience_s else ():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)
        time.sleep(0.02)


def running_processes() -> list[int]:
    """Return the numbers of all processes but our own."""
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if path.name != str(os.getpid())]


def environment_of(number: int) -> list[bytes]:
    """Return a process's environment; nothing for those of other users and those that have ended."""
    try:
        return Path(f"/proc/{number}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def stop_group(child: subprocess.Popen[bytes], *, grace_seconds: float) -> None:
    """Stop a child and whatever it started in its session: SIGTERM first, SIGKILL after the grace."""
    if child.poll() is None:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=grace_seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def rotate(log: Path) -> None:
    """Keep one old log, so that logs cannot fill the disk over the years."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".old.log"))


@dataclass
class Service:
    """A long-running child that is started again when it dies."""

    name: str
    command: Sequence[str | Path]
    log: Path
    cwd: Path
    env: Mapping[str, str]
    child: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)
    restart_at: float = 0.0

    def start(self) -> None:
        """Start the child in a session of its own, its output in the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        rotate(self.log)
        with self.log.open("ab") as stream, signals_held():
            self.child = subprocess.Popen(
                bound_to_us(self.command),
                cwd=self.cwd,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def is_running(self) -> bool:
        """Return whether the child lives."""
        return self.child is not None and self.child.poll() is None

    def watch(self) -> None:
        """Start the child again if it died, waiting longer when it dies often (1 s to 30 s)."""
        if self.is_running():
            return
        now = time.monotonic()
        if self.child is not None:
            stop_group(self.child, grace_seconds=0)
            self.deaths = [*(then for then in self.deaths if now - then < 60), now]
            delay = min(30.0, 2.0 ** (len(self.deaths) - 1))
            self.restart_at = now + delay
            say(
                f"Tiến trình {self.name} đã dừng (mã {self.child.returncode}), khởi động lại sau {delay:.0f} giây; nhật ký: {self.log}",
                f"{self.name} ended with {self.child.returncode}, starting again in {delay:.0f} s; log: {self.log}",
            )
            self.child = None
        if now >= self.restart_at:
            self.start()

    def stop(self, grace_seconds: float = 10.0) -> None:
        """Stop the child and its own children."""
        if self.child is not None:
            stop_group(self.child, grace_seconds=grace_seconds)


def stop_all(services: Sequence[Service]) -> None:
    """Stop services side by side: all are asked before any is waited for."""
    for service in services:
        if service.child is not None and service.is_running():
            service.child.terminate()
    for service in services:
        service.stop()
