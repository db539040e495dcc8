"""Kill the primary under load, let a standby take over, ten times: what is lost, how long is nothing answered.

A primary and two standbys (a commit waits for one of them), two web servers behind nginx: one over all three (libpq finds the
one that takes writes), one over pgbouncer, which the manager turns round; both read from any of the three. People read and write all
the while. Exit code 1 when something acknowledged is lost or nothing comes back.
"""

import contextlib
import http.client
import itertools
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.accounts.access import create_user
from geodata.accounts.tokens import add_token
from geodata.base.database import new_engine
from scripts.base.console import announce
from scripts.base.paths import ROOT, WORK
from scripts.base.ports import free_port
from scripts.benchmarks._between import Pooler, install_between, running_nginx
from scripts.benchmarks._replicas import SUPERUSER, Node, until
from scripts.benchmarks._seed import PASSWORD, SITE
from scripts.benchmarks._server import running_server
from scripts.cluster.account import account_for

DATABASE = "webmap"
WRITERS, READERS = 3, 3
CALM_S = 1.0
TIMES = 10
PAUSE_S = 0.05


@dataclass(kw_only=True)
class Outcome:
    """What came of some changes of primary; times in seconds, the longest in which one person got no good answer."""

    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    reads: int = 0
    longest_without_read_s: float = 0.0
    longest_without_write_s: float = 0.0
    changes: int = 0


class _People:
    """Who read and write through the address that all have."""

    def __init__(self, host: str, token: str) -> None:
        self._host, self._token = host, token
        self.codes: list[str] = []
        self.reads = 0
        self.gaps: dict[str, float] = {"read": 0.0, "write": 0.0}
        self.last: dict[str, float] = {}
        self._stop, self._lock = threading.Event(), threading.Lock()

    @contextlib.contextmanager
    def at_work(self) -> Iterator["_People"]:
        """Have all at work."""
        threads = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]
        threads += [threading.Thread(target=self._read, args=(number,)) for number in range(READERS)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _write(self, number: int) -> None:
        latest = time.monotonic()
        for count in itertools.count():
            if self._stop.is_set():
                return
            code = f"FAILOVER-{number}-{count}"
            shape = {"type": "Point", "coordinates": [106.68, 20.85]}
            body = json.dumps(
                {"type": "Feature", "geometry": shape, "properties": {"code": code, "name": code, **self._needed}}
            )
            headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/geo+json"}
            answer = self._ask("POST", f"/ogc/collections/{SITE.layer.name}/items", body, headers)
            if answer == 201:
                self.codes.append(code)
                latest = self._noted("write", latest)
            time.sleep(PAUSE_S)

    def _read(self, number: int) -> None:
        latest = time.monotonic()
        for count in itertools.count():
            if self._stop.is_set():
                return
            # Another page each time: an answer that was kept would tell nothing of the database.
            path = f"/api/layers/{SITE.layer.name}/features?limit={1 + count % 50}"
            answer = self._ask("GET", path, None, {})
            if answer == 200:
                self.reads += 1
                latest = self._noted("read", latest)
            time.sleep(PAUSE_S)

    @property
    def _needed(self) -> dict[str, str]:
        return {one.name: next(iter(one.values)) for one in SITE.fields() if one.required and one.values}

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> int:
        connection = http.client.HTTPConnection(self._host, timeout=15)
        try:
            connection.request(method, path, body.encode() if body else None, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return 0
        else:
            return answer.status
        finally:
            connection.close()

    def go_on(self) -> None:
        """Wait until from now on something was read and something was written. Raises TimeoutError."""
        now = time.monotonic()
        until(lambda: all(self.last.get(what, 0.0) > now for what in self.gaps))

    def _noted(self, what: str, latest: float) -> float:
        now = time.monotonic()
        with self._lock:
            self.gaps[what] = max(self.gaps[what], now - latest)
            self.last[what] = now
        return now


def run(times: int = TIMES) -> Outcome:
    """Make everything; kill the primary, promote, go on, so many times; return what came of it.

    Raises TimeoutError when reading or writing does not come back within a minute, Failure where nginx or pgbouncer cannot be had.
    """
    install_between()
    home = Path(tempfile.mkdtemp(prefix="webmap-failover-"))
    account = account_for(home)
    if not account.is_me:
        shutil.chown(home, account.uid, account.gid)
    nodes = [Node(home, name, free_port()) for name in ("north", "middle", "south")]
    try:
        token = prepare(nodes)
        with contextlib.ExitStack() as stack:
            pooler = Pooler(home, DATABASE)
            stack.enter_context(pooler.running(nodes[0]))
            address = stack.enter_context(_front(nodes, pooler, home))
            people = stack.enter_context(_People(address, token).at_work())
            for _ in range(times):
                people.go_on()
                time.sleep(CALM_S)
                nodes = _fail_over(nodes, pooler)
                people.go_on()
                nodes = _repair(nodes)
        return _judge(people, nodes[0], times)
    finally:
        for node in nodes:
            node.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def _front(nodes: list[Node], pooler: Pooler, home: Path) -> Iterator[str]:
    """Give the address of nginx before two web servers that reach the primary in two ways."""
    hosts = ",".join("127.0.0.1" for _ in nodes), ",".join(str(node.port) for node in nodes)
    url = f"postgresql://{SUPERUSER}@/{DATABASE}?host={hosts[0]}&port={hosts[1]}&target_session_attrs=read-write"
    replicas = " ".join(f"postgresql://{SUPERUSER}@127.0.0.1:{node.port}/{DATABASE}" for node in nodes)
    both = {"DATABASE_URL": url, "DATABASE_REPLICA_URLS": replicas}
    with (
        running_server(both) as one,
        running_server({**both, "DATABASE_POOLER_URL": pooler.url}) as other,
        running_nginx([one, other], home) as address,
    ):
        yield address


def prepare(nodes: list[Node]) -> str:
    """Start all, migrate, make an account; return a token that may write."""
    primary, *standbys = nodes
    primary.initialise()
    primary.start()
    with psycopg.connect(primary.conninfo(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
    engine = new_engine(f"postgresql://{SUPERUSER}@127.0.0.1:{primary.port}/{DATABASE}")
    with engine.connect() as migrating:
        config = Config(toml_file=str(ROOT / "pyproject.toml"))
        config.attributes["connection"] = migrating
        command.upgrade(config, "head")
        migrating.commit()
    with Session(engine) as session:
        create_user(session, name="failover", role="gis", password=PASSWORD)
        token = add_token(session, "failover", name="failover", can_write=True)[1]
        session.commit()
    engine.dispose()
    for standby in standbys:
        standby.follow(primary)
        standby.start()
    primary.want(standbys)
    return token


def _fail_over(nodes: list[Node], pooler: Pooler) -> list[Node]:
    """Kill the primary, promote the standby that has most, turn all to it; return them, the primary first, the dead last.

    This is what a manager such as Patroni does.
    """
    killed, *standbys = nodes
    killed.kill()
    heir, rest = sorted(standbys, key=lambda node: node.received(), reverse=True)
    heir.promote()
    rest.turn_to(heir)
    pooler.turn_to(heir)
    heir.want([rest])
    return [heir, rest, killed]


def _repair(nodes: list[Node]) -> list[Node]:
    """Make the dead one anew, as a standby."""
    primary, rest, dead = nodes
    dead.follow(primary)
    dead.start()
    primary.want([rest, dead])
    return nodes


def _judge(people: _People, heir: Node, changes: int) -> Outcome:
    engine = new_engine(f"postgresql://{SUPERUSER}@127.0.0.1:{heir.port}/{DATABASE}")
    with engine.connect() as connection:
        there = set(connection.scalars(select(SITE.column("code"))))
    engine.dispose()
    return Outcome(
        acknowledged=len(people.codes), lost=sorted(set(people.codes) - there), reads=people.reads, changes=changes,
        longest_without_read_s=round(people.gaps["read"], 1), longest_without_write_s=round(people.gaps["write"], 1),
    )  # fmt: skip


def main() -> int:
    """Change the primary ten times, tell and write var/bench/failover.json."""
    outcome = run()
    announce(json.dumps(asdict(outcome)))
    (WORK / "bench" / "failover.json").write_text(json.dumps(asdict(outcome), indent=1), "utf-8")
    return int(bool(outcome.lost))


if __name__ == "__main__":
    raise SystemExit(main())
