"""./scripts/serve and ./scripts/manage as an operator runs them, on the real application."""

import http.client
import os
import re
import signal
import socket
import stat
import subprocess
import threading
from pathlib import Path

import psycopg
import pytest

from scripts.base.console import Exit
from scripts.base.paths import ROOT
from scripts.cluster.cluster import Cluster
from scripts.cluster.configuration import SUPERUSER
from tests.scripts.running import environment, processes_of, wait_for

PASSWORD = "một mật khẩu đủ dài 42"


class Serve:
    """A running ./scripts/serve and what it has printed."""

    def __init__(self, var: Path, *arguments: str) -> None:
        self.output = var.parent / f"{var.name}.out"
        with self.output.open("w") as stream:
            self.child = subprocess.Popen(
                [ROOT / "scripts" / "serve", *arguments],
                cwd="/",
                env=environment(var),
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # A first start loads the demo, which takes minutes on a machine that is busy with other tests.
        wait_for(lambda: self.child.poll() is not None or "http://" in self.text, seconds=600)
        assert self.child.poll() is None, self.text
        assert "http://" in self.text, self.text

    def __enter__(self) -> "Serve":
        return self

    def __exit__(self, *_failure: object) -> None:
        """Leave no server behind, whatever the test came to."""
        if self.child.poll() is None:
            self.end()

    @property
    def text(self) -> str:
        return self.output.read_text("utf-8")

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.child.send_signal(number)
        return self.child.wait(timeout=60)


def status(port: int, path: str = "/readyz") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def rows(var: Path) -> dict[str, str]:
    """Return a checksum of every table's rows."""
    with Cluster(var / "pg").in_use() as cluster, psycopg.connect(cluster.url(role=SUPERUSER)) as connection:
        tables = connection.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        query = "SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), 'empty') FROM {} t"
        return {name: connection.execute(query.format(name)).fetchone()[0] for (name,) in tables}


def test_the_whole_story_of_one_checkout(place, run, free_port):
    """First start, a second one beside it, restart, kill, backup, restore: one story, because each start takes a while."""
    var, port = place / "var", free_port
    first = Serve(var, "--port", str(port), "--workers", "1")
    assert (status(port), status(port, "/")) == (200, 200)
    accounts = re.findall(r"^  (\S+) +(\S{8,})  \[(\w+)\]$", first.text, re.MULTILINE)
    assert {role for _, _, role in accounts} >= {"planner", "inspector", "leader", "gis", "admin"}
    key = var / "secret_key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    secret = key.read_text()

    beside = run("serve", "--port", str(port + 1))
    assert beside.returncode == Exit.RUNNING
    assert f":{port}/" in beside.stderr

    check_who_listens(var, port)

    # While it runs, manage uses the same cluster and leaves it running.
    added = run("manage", "user", "add", "lan", "--role", "gis", "--password-stdin", stdin=PASSWORD)
    assert added.returncode == 0, added.stderr
    assert "lan\tgis" in run("manage", "user", "list").stdout
    assert status(port) == 200

    assert first.end() == 0
    assert processes_of(var) == []

    again = Serve(var, "--port", str(port), "--workers", "1")
    assert not re.findall(r"\[admin\]", again.text)
    assert key.read_text() == secret
    worker = next(n for n in processes_of(var) if b"geodata.jobs" in Path(f"/proc/{n}/cmdline").read_bytes())
    os.kill(worker, signal.SIGKILL)
    assert wait_for(lambda: any(b"geodata.jobs" in command_line(n) and n != worker for n in processes_of(var)))

    again.end(signal.SIGKILL)
    after_kill = Serve(var, "--port", str(port), "--workers", "1")
    assert status(port) == 200
    assert after_kill.end(signal.SIGINT) == 0
    assert processes_of(var) == []

    backup = place / "bản sao lưu.dump"
    saved = run("manage", "backup", str(backup))
    assert saved.returncode == 0, saved.stderr
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    refused = run("manage", "restore", str(backup))
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    restored = run("manage", "restore", str(backup), var="restored")
    assert restored.returncode == 0, restored.stderr
    assert rows(place / "restored") == rows(var)
    assert processes_of(var) == []
    assert sorted(path.name for path in place.glob("*.part")) == []


def check_who_listens(var: Path, port: int) -> None:
    """Fail when others than this machine could ask the server, or when PostgreSQL runs as root."""
    listening = [
        line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"
    ]
    assert f"0100007F:{port:04X}" in listening
    owners = {Path(f"/proc/{n}").stat().st_uid for n in processes_of(var) if is_postgres(n)}
    assert owners
    assert 0 not in owners


def is_postgres(number: int) -> bool:
    return b"postgres" in command_line(number)


def command_line(number: int) -> bytes:
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return b""


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence on stderr, past the progress lines."""
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr.splitlines()[-1]


def test_a_taken_port_is_told(run):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        done = run("serve", "--port", str(port), var="taken")
    assert done.returncode == Exit.PORT
    assert f"--port {port + 1}" in refusal(done)


def test_an_address_of_another_machine_is_told(run):
    done = run("serve", "--host", "192.0.2.1", var="taken")
    assert done.returncode == Exit.PORT
    assert "--host" in refusal(done)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("hp_map", Exit.DATABASE_URL),
        ("mysql://u:geheim@127.0.0.1/map", Exit.DATABASE_URL),
        ("postgresql://u:geheim@127.0.0.1:not-a-port/map", Exit.DATABASE_URL),
        ("postgresql://u:geheim@127.0.0.1:5432", Exit.DATABASE_URL),
        ("postgresql://u:geheim@127.0.0.1:1/map", Exit.UNREACHABLE),
        ("postgresql://u:geheim@/map?host=/nowhere", Exit.UNREACHABLE),
    ],
)
def test_a_wrong_database_url_is_told_without_its_password(run, free_port, url, code):
    done = run("serve", "--port", str(free_port), var="external", DATABASE_URL=url)
    assert done.returncode == code
    assert "DATABASE_URL" in refusal(done)
    assert "geheim" not in done.stderr


@pytest.fixture(scope="module")
def external(place):
    """A database server of somebody else's: one role without rights, one database without PostGIS."""
    cluster = Cluster(place / "external-pg", durable=False)
    with cluster.in_use():
        with psycopg.connect(cluster.url(database="postgres", role=SUPERUSER), autocommit=True) as connection:
            connection.execute("CREATE ROLE webmap LOGIN")
            for name in ("bare", "ready"):
                connection.execute(
                    psycopg.sql.SQL("CREATE DATABASE {} OWNER webmap").format(psycopg.sql.Identifier(name))
                )
        with psycopg.connect(cluster.url(database="ready", role=SUPERUSER), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION postgis")
        yield cluster
    cluster.remove()


@pytest.mark.parametrize(
    ("database", "role", "code", "word"),
    [
        ("nowhere", "webmap", Exit.NO_DATABASE, "createdb nowhere"),
        ("bare", "stranger", Exit.LOGIN, "stranger"),
        ("bare", "webmap", Exit.NO_POSTGIS, "CREATE EXTENSION postgis"),
        ("ready", "webmap", Exit.MIGRATION, "spatial_ref_sys"),
    ],
)
def test_a_database_that_is_not_ready_is_told(run, free_port, external, database, role, code, word):
    url = external.url(database=database, role=role)
    done = run("serve", "--port", str(free_port), var="external", DATABASE_URL=url)
    assert done.returncode == code, done.stderr
    assert word in refusal(done)


def test_manage_tells_a_wrong_database_url_with_exit_code_1(run, tmp_path):
    done = run("manage", "backup", str(tmp_path / "x"), DATABASE_URL="postgresql://u@127.0.0.1:1/map")
    assert done.returncode == 1
    assert "DATABASE_URL" in refusal(done)
    assert list(tmp_path.iterdir()) == []


def test_restore_tells_a_file_that_is_no_backup(run, external, tmp_path):
    (tmp_path / "x.dump").write_bytes(b"not a dump")
    url = external.url(database="ready")
    done = run("manage", "restore", str(tmp_path / "x.dump"), DATABASE_URL=url)
    assert done.returncode == 1
    assert "x.dump" in refusal(done)


@pytest.mark.parametrize(
    "moment", ["serve.lock", "pg/data.new", "pg/data", "pg/data/postmaster.pid", "pg/database-made"]
)
def test_a_start_that_is_stopped_at_any_moment_leaves_nothing_running(place, free_port, moment):
    var = place / f"stopped at {moment.replace('/', ' ')}"
    child = subprocess.Popen(
        [ROOT / "scripts" / "serve", "--port", str(free_port), "--no-demo"],
        env=environment(var),
        stderr=subprocess.DEVNULL,
    )
    assert wait_for((var / moment).exists)
    child.terminate()
    assert child.wait(timeout=60) == 128 + signal.SIGTERM
    assert wait_for(lambda: processes_of(var) == [], seconds=2)


def kill_postgresql_while_there_is(mark: bytes, var: Path) -> None:
    assert wait_for(lambda: any(mark in command_line(number) for number in processes_of(var)), seconds=120)
    os.kill(int((var / "pg" / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


@pytest.mark.parametrize(("var", "mark"), [("prepared", b"scripts.cluster.prepare"), ("loaded", b"granian")])
def test_a_database_put_to_use_without_the_demo_never_gets_it_and_may_end_meanwhile(place, run, free_port, var, mark):
    added = run("manage", "user", "add", "lan", "--role", "admin", "--password-stdin", var=var, stdin=PASSWORD)
    assert added.returncode == 0, added.stderr
    killer = threading.Thread(target=kill_postgresql_while_there_is, args=(mark, place / var))
    killer.start()
    serve = Serve(place / var, "--port", str(free_port), "--workers", "1")
    killer.join()
    assert serve.end() == 0
    assert "PostgreSQL ended, starting it again" in serve.text
    assert "[admin]" not in serve.text
    assert run("manage", "user", "list", var=var).stdout.splitlines() == ["lan\tadmin\tmở (enabled)"]
    assert run("manage", "history", var=var).stdout == ""
