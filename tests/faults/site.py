"""A whole ./scripts/serve on a small disk of its own, and what can happen to it."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import requests
from sqlalchemy.orm import Session

from geodata.accounts.access import create_user
from geodata.accounts.tokens import add_token
from geodata.base.database import new_engine
from geodata.layers import LAYERS
from scripts.base.paths import ROOT
from scripts.base.ports import free_port
from scripts.cluster.cluster import Cluster
from scripts.cluster.configuration import SUPERUSER
from tests.factories import make_feature
from tests.scripts.running import environment, processes_of, wait_for

PASSWORD = "một mật khẩu đủ dài 42"
DISK_MB = 1900
INSPECTORS, OFFICERS = ("mai", "nam"), ("lan", "hoa", "minh")
SITE = next(kind for kind in LAYERS if kind.layer.inspected)


def can_mount(folder: Path) -> bool:
    """Say whether a disk of our own can be had here; it takes root's rights."""
    folder.mkdir(parents=True, exist_ok=True)
    if subprocess.run(_mount(folder), capture_output=True, check=False).returncode:
        return False
    subprocess.run(["umount", folder], check=True)
    return True


def _mount(folder: Path) -> list[str | Path]:
    return ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "webmap-faults", folder]


class Site:
    """A running map. `own_disk`: on a disk that can be filled."""

    def __init__(self, place: Path, *, own_disk: bool) -> None:
        self.disk, self.var, self.own_disk = place / "disk", place / "disk" / "var", own_disk
        self.port, self.output = free_port(), place / "serve.out"
        self.url = f"http://127.0.0.1:{self.port}"
        self.cluster = Cluster(self.var / "pg")
        self._serve: subprocess.Popen[bytes] | None = None
        self.sites: list[int] = []
        self.token = ""

    @contextlib.contextmanager
    def running(self) -> Iterator["Site"]:
        """Have it running, with accounts and sites to visit."""
        self.disk.mkdir(parents=True, exist_ok=True)
        if self.own_disk:
            subprocess.run(_mount(self.disk), check=True)
        try:
            self.var.mkdir()
            self.start()
            self._prepare()
            yield self
        finally:
            self._end()

    def _prepare(self) -> None:
        engine = new_engine(self.cluster.url())
        with Session(engine) as session:
            for name in (*OFFICERS, *INSPECTORS):
                create_user(session, name=name, role="gis" if name in OFFICERS else "inspector", password=PASSWORD)
            self.token = add_token(session, OFFICERS[0], name="faults", can_write=True)[1]
            made = [
                make_feature(session, SITE, code=f"S-{number}", kind="petrol", lon=106.6 + number / 50, lat=20.85)
                for number in range(4)
            ]
            session.commit()
            self.sites = [each.id for each in made]
        engine.dispose()

    def _end(self) -> None:
        self.thaw()
        if self._serve is not None:
            self._serve.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._serve.wait(timeout=60)
        for number in processes_of(self.var):
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        wait_for(lambda: not processes_of(self.var))
        if self.own_disk:
            subprocess.run(["umount", "--lazy", self.disk], check=True)
        shutil.rmtree(self.disk, ignore_errors=True)

    def start(self) -> None:
        """Start it; what a killed one left is waited for."""

        def says_so(since: int) -> bool:
            # What the killed one left may still answer.
            return b"the map is ready" in self.output.read_bytes()[since:] and self.is_ready()

        def has_started() -> bool:
            with self.output.open("ab") as stream:
                since = stream.tell()
                self._serve = subprocess.Popen(
                    [ROOT / "scripts" / "serve", "--port", str(self.port), "--workers", "2", "--no-demo"],
                    cwd="/", env=environment(self.var), stdout=stream, stderr=stream, start_new_session=True,
                )  # fmt: skip
            if wait_for(lambda: self._serve.poll() is not None or says_so(since), 120) and says_so(since):
                return True
            self._serve.kill()
            self._serve.wait()
            return False

        assert wait_for(has_started, 300), self.output.read_text("utf-8")

    def is_ready(self) -> bool:
        """Say whether it answers and has its database."""
        try:
            return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def kill_everything_and_start_again(self) -> None:
        """Kill ./scripts/serve itself; its children end by themselves."""
        assert self._serve is not None
        self._serve.kill()
        self._serve.wait()
        self.start()

    def processes(self, mark: bytes) -> list[int]:
        """Return the processes whose command line holds the mark."""
        found = []
        for number in processes_of(self.var):
            with contextlib.suppress(OSError):
                if mark in Path(f"/proc/{number}/cmdline").read_bytes():
                    found.append(number)
        return found

    def postmaster(self) -> int | None:
        """Return the process that all others of PostgreSQL are children of."""
        try:
            return int((self.cluster.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def signal(self, numbers: list[int], which: signal.Signals) -> None:
        """Send a signal to those that are still there."""
        for number in numbers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, which)

    def freeze(self, mark: bytes, seconds: float) -> None:
        """Let processes stand still for a while."""
        numbers = self.processes(mark)
        self.signal(numbers, signal.SIGSTOP)
        time.sleep(seconds)
        self.signal(numbers, signal.SIGCONT)

    def thaw(self) -> None:
        """Let everything go on, with room on the disk."""
        self.signal(processes_of(self.var), signal.SIGCONT)
        self._resize(DISK_MB * 1024)

    def fill(self, seconds: float) -> None:
        """Let the disk that holds all of it be full for a while."""
        usage = shutil.disk_usage(self.disk)
        self._resize(usage.used // 1024 + 64)
        time.sleep(seconds)
        self._resize(DISK_MB * 1024)

    def _resize(self, kilobytes: int) -> None:
        if self.own_disk and self.disk.is_mount():
            subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", self.disk], check=True)

    def conninfo(self) -> str:
        """Return how the database is reached by who looks after the faults."""
        return self.cluster.url(role=SUPERUSER)

    def log_of(self, name: str) -> str:
        """Return the end of one of the logs."""
        log = self.var / "log" / f"{name}.log"
        return log.read_text("utf-8", "replace")[-8000:] if log.exists() else ""


def field_of(page: str, name: str) -> str:
    """Return the value of a hidden field of a form, empty where there is none."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]+)"', page)
    return found[1] if found else ""
