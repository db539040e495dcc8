"""Running the commands as an operator does: as processes, with a var folder of their own."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.cluster import Cluster
from scripts.paths import ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]


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


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder with spaces and Vietnamese letters in its path, which PostgreSQL's user may enter (pytest's are closed)."""
    with tempfile.TemporaryDirectory(prefix="Bản đồ của Sở ") as name:
        base = Path(name)
        base.chmod(0o755)
        yield base
        for folder in base.iterdir():
            for number in processes_of(folder):
                os.kill(number, signal.SIGKILL)


@pytest.fixture(scope="module")
def run(place: Path) -> Run:
    """Run one of the commands to its end and return what it printed."""

    def run_command(name: str, *arguments: str, var: str = "var", stdin: str = "", **settings: str) -> object:
        return subprocess.run(
            [ROOT / "scripts" / name, *arguments],
            cwd="/",
            env=environment(place / var, **settings),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run_command


@pytest.fixture(scope="module")
def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def cluster(place: Path, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A throw-away cluster that does not run yet."""
    cluster = Cluster(place / f"cụm {abs(hash(request.node.name)) % 10_000}", durable=False)
    yield cluster
    cluster.stop()
    cluster.remove()
