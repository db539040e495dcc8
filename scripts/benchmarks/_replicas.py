"""A primary and its standbys on loopback, as a high-availability manager would keep them: streaming, one synchronous."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg

from scripts.base.processes import run_captured
from scripts.cluster.account import account_for, clean_environment
from scripts.install.system import find_binaries

SUPERUSER = "postgres"
SECONDS = 60.0
#: PostgreSQL finds out that a standby is gone after this; a manager sets such values too.
_SETTINGS = {
    "listen_addresses": "'127.0.0.1'", "max_connections": 100, "shared_buffers": "'64MB'", "wal_level": "replica",
    "max_wal_senders": 10, "hot_standby": "on", "wal_sender_timeout": "'5s'", "wal_receiver_timeout": "'5s'",
    "wal_retrieve_retry_interval": "'200ms'", "fsync": "on", "unix_socket_directories": "''",
}  # fmt: skip


class Node:
    """One server of PostgreSQL: its folder, its port."""

    def __init__(self, home: Path, name: str, port: int) -> None:
        self.name, self.port, self.data = name, port, home / name
        self._account = account_for(home)
        binaries = find_binaries()
        if binaries is None:
            raise FileNotFoundError("PostgreSQL")
        self._binaries = binaries

    def conninfo(self, database: str = "postgres") -> str:
        """Return how libpq reaches it."""
        return f"host=127.0.0.1 port={self.port} user={SUPERUSER} dbname={database} connect_timeout=3"

    def initialise(self) -> None:
        """Make an empty cluster that standbys may follow."""
        self._run(
            "initdb",
            f"--pgdata={self.data}",
            f"--username={SUPERUSER}",
            "--auth=trust",
            "--locale=C.UTF-8",
            "-E",
            "UTF8",
        )
        (self.data / "postgresql.auto.conf").write_text(self._settings(), "utf-8")

    def follow(self, other: "Node") -> None:
        """Make this a copy of another that keeps up with it; what it was before is gone."""
        shutil.rmtree(self.data, ignore_errors=True)
        self._run(
            "pg_basebackup",
            f"--pgdata={self.data}",
            "--checkpoint=fast",
            "--wal-method=stream",
            f"--dbname={other.conninfo()}",
        )
        (self.data / "postgresql.auto.conf").write_text(self._settings() + self._source(other), "utf-8")
        (self.data / "standby.signal").touch()

    def turn_to(self, other: "Node") -> None:
        """Follow another primary from now on."""
        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            connection.execute(
                f"ALTER SYSTEM SET {self._source(other).replace('primary_conninfo = ', 'primary_conninfo TO ')}"
            )
            connection.execute("SELECT pg_reload_conf()")

    def want(self, standbys: Sequence["Node"]) -> None:
        """Let a commit wait until one of the standbys has it too."""
        names = ", ".join(node.name for node in standbys)
        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names TO 'ANY 1 ({names})'")
            connection.execute("SELECT pg_reload_conf()")
            until(
                lambda: bool(
                    connection.execute("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'quorum'").fetchone()
                )
            )

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._run("pg_ctl", "start", f"--pgdata={self.data}", "-w", "-l", f"{self.data}.log")

    def promote(self) -> None:
        """Make it the primary."""
        self._run("pg_ctl", "promote", f"--pgdata={self.data}", "-w")

    def kill(self) -> None:
        """End every process of it at once, as a machine without power."""
        number = int((self.data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
        for each in (number, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)

    def stop(self) -> None:
        """Stop it, if it runs."""
        with contextlib.suppress(RuntimeError):
            self._run("pg_ctl", "stop", f"--pgdata={self.data}", "-m", "immediate")

    def received(self) -> int:
        """Return how far it has the primary's log, bytes."""
        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            row = connection.execute("SELECT pg_last_wal_receive_lsn() - '0/0'::pg_lsn").fetchone()
        return int(row[0]) if row else 0

    def _settings(self) -> str:
        return "".join(f"{name} = {value}\n" for name, value in {**_SETTINGS, "port": self.port}.items())

    def _source(self, other: "Node") -> str:
        return f"primary_conninfo = 'host=127.0.0.1 port={other.port} user={SUPERUSER} application_name={self.name}'\n"

    def _run(self, program: str, *arguments: str) -> None:
        command: list[str | Path] = [self._binaries.path(program), *arguments]
        if not self._account.is_me:
            command = [
                "setpriv",
                f"--reuid={self._account.uid}",
                f"--regid={self._account.gid}",
                "--clear-groups",
                "--",
                *command,
            ]
        if program == "pg_ctl":  # the server inherits what would keep a pipe open
            code = subprocess.run(
                command,
                cwd="/",
                env=clean_environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            ).returncode
            told = ""
        else:
            done = run_captured(command, cwd=Path("/"), env=clean_environment())
            code, told = done.returncode, done.output
        if code:
            raise RuntimeError(f"{program}: {told}")


def until(is_so: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Wait until something is so. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)
