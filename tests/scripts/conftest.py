"""Running the commands as an operator does: as processes, with a var folder of their own."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.base.paths import ROOT
from scripts.base.ports import free_port
from scripts.cluster.cluster import Cluster
from tests.scripts.running import environment, processes_of

Run = Callable[..., subprocess.CompletedProcess[str]]


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
            timeout=600,
            check=False,
        )

    return run_command


@pytest.fixture(scope="module", name="free_port")
def port_nobody_uses() -> int:
    """A port on loopback that nobody listens on."""
    return free_port()


@pytest.fixture
def cluster(place: Path, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A throw-away cluster that does not run yet."""
    cluster = Cluster(place / f"cụm {abs(hash(request.node.name)) % 10_000}", durable=False)
    yield cluster
    cluster.stop()
    cluster.remove()
