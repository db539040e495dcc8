"""Whatever happens at whatever moment: what was acknowledged is stored, and all background work ends or is queued.

`./scripts/test tests/faults --heavy` has 500 faults, and after each 50 of them waits until all work has ended: ten times in
a row; `FAULTS=50` has fewer. It takes minutes and a quiet machine, so the suite leaves it out. The faults are drawn by a
number that is logged (`FAULT_SEED=…` draws them again; moments still differ).
"""

import logging
import os
import random
import signal
import socket
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from geodata.base.database import new_engine
from tests.faults.people import ROWS, Ledger, Mishaps, everybody
from tests.faults.site import Site, can_mount
from tests.scripts.running import wait_for
from tests.webmap.background import forgotten_work, waiting_work

log = logging.getLogger(__name__)
AT_A_TIME = 50
#: After so many faults nothing happens until an import is stored, at most so long: it takes a worker and a process of its own,
#: and one of them is ended every few seconds, so that else none would ever be confirmed or undone in the midst of faults.
CALM_AFTER, CALM_S = 10, 40
ENDED = {"asking", "ready", "stored", "refused", "failed", "cancelled"}
POSTGRES, WEB, WORKER, IMPORT = b"postgres", b"webmap.front", b"geodata.jobs", b"geodata.importing"


class Faults:
    """What can happen, and how often among a hundred; things stand still for `pause_s`."""

    def __init__(self, site: Site, mishaps: Mishaps, rng: random.Random, pause_s: float) -> None:
        self.site, self.mishaps, self.rng, self.pause_s = site, mishaps, rng, pause_s
        self.sockets: list[socket.socket] = []
        self.weights = {
            self.a_request_is_doubled: 18, self.a_request_is_dropped: 18, self.sockets_are_idle: 8,
            self.a_web_process_is_killed: 8, self.the_web_server_is_killed: 3, self.the_worker_is_killed: 5,
            self.an_import_is_killed: 9, self.connections_are_cut: 10, self.a_backend_is_killed: 3,
            self.postgresql_is_killed: 2, self.postgresql_is_stopped: 3, self.postgresql_is_frozen: 4,
            self.the_web_server_is_frozen: 3, self.the_worker_is_frozen: 2, self.everything_is_killed: 1,
        }  # fmt: skip
        if site.own_disk:
            self.weights[self.the_disk_is_full] = 4

    def draw(self, count: int) -> list:
        """Return so many faults: each kind once where there is room, the rest by weight."""
        kinds = list(self.weights)
        drawn = kinds + self.rng.choices(kinds, list(self.weights.values()), k=max(0, count - len(kinds)))
        self.rng.shuffle(drawn)
        return drawn[:count]

    def a_request_is_doubled(self):
        self.mishaps.doubled.release()

    def a_request_is_dropped(self):
        self.mishaps.dropped.release()

    def sockets_are_idle(self):
        self.close_sockets()
        for _ in range(20):
            try:
                client = socket.create_connection(("127.0.0.1", self.site.port), timeout=2)
                client.sendall(b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n")
            except OSError:
                return
            self.sockets.append(client)

    def close_sockets(self):
        while self.sockets:
            self.sockets.pop().close()

    def kill(self, mark, most=1, which=signal.SIGKILL):
        numbers = sorted(self.site.processes(mark))
        self.site.signal(self.rng.sample(numbers, min(most, len(numbers))), which)

    def a_web_process_is_killed(self):
        self.kill(WEB)

    def the_web_server_is_killed(self):
        self.kill(WEB, most=99)

    def the_worker_is_killed(self):
        self.kill(WORKER, most=99)

    def an_import_is_killed(self):
        wait_for(lambda: self.site.processes(IMPORT), self.pause_s)
        self.kill(IMPORT, most=99)

    def a_backend_is_killed(self):
        self.kill(POSTGRES)

    def postgresql_is_killed(self):
        self.kill(POSTGRES, most=999)

    def postgresql_is_stopped(self):
        """Stopped at once or in order; ./scripts/serve starts it again."""
        number = self.site.postmaster()
        if number is not None:
            self.site.signal([number], self.rng.choice([signal.SIGINT, signal.SIGQUIT]))

    def connections_are_cut(self):
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'webmap' AND random() < 0.7"
        try:
            with psycopg.connect(self.site.conninfo(), autocommit=True, connect_timeout=2) as connection:
                connection.execute(cut)
        except psycopg.Error:
            return  # it is away already

    def postgresql_is_frozen(self):
        self.site.freeze(POSTGRES, self.pause_s)

    def the_web_server_is_frozen(self):
        self.site.freeze(WEB, self.pause_s)

    def the_worker_is_frozen(self):
        self.site.freeze(WORKER, self.pause_s)

    def the_disk_is_full(self):
        self.site.fill(self.pause_s)

    def everything_is_killed(self):
        self.site.kill_everything_and_start_again()


@contextmanager
def at_work(people):
    """Let everybody work, and wait until they have gone home."""
    stop, failed = threading.Event(), []

    def work(person):
        try:
            person.work(stop)
        except Exception as error:
            failed.append(f"{type(person).__name__}: {error!r}")

    threads = [threading.Thread(target=work, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=120)
    assert failed == []


def settled(site, engine):
    """Wait until it answers again, nothing waits without a job and all work has ended."""
    site.thaw()
    assert wait_for(site.is_ready, 240), site.log_of("web") + site.output.read_text("utf-8")[-2000:]
    # Lost jobs are found after a minute of silence, by sweeps of each minute.
    ended = wait_for(lambda: not waiting_work(engine) and not running(engine), 600)
    assert ended, (waiting_work(engine), unfinished_jobs(engine), site.log_of("worker"))
    assert forgotten_work(engine) == []


def unfinished_jobs(engine):
    with engine.connect() as connection:
        asked = "SELECT id, task_name, status, attempts, worker_id, args FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
        return connection.exec_driver_sql(asked).all()


def running(engine):
    with engine.connect() as connection:
        return connection.exec_driver_sql(
            "SELECT id, status FROM import_session WHERE status IN ('checking', 'storing') UNION ALL"
            " SELECT id, 'route' FROM inspection_route WHERE result IS NULL AND problem IS NULL"
        ).all()


def check_ledger(ledger, site):
    """Compare what people were told with what is stored."""
    with psycopg.connect(site.conninfo()) as connection:
        names = dict(connection.execute("SELECT code, name FROM market").fetchall())
        imports = {row[0]: row[1] for row in connection.execute("SELECT id, status FROM import_session")}
        visits = {row[0] for row in connection.execute("SELECT id FROM inspection_paper")}
        routes = {row[0] for row in connection.execute("SELECT id FROM inspection_route")}
        twice = connection.execute(
            "SELECT feature_id, inspector, planned_on, count(*) FROM inspection_paper WHERE state = 'planned'"
            " GROUP BY 1, 2, 3 HAVING count(*) > 1"
        ).fetchall()
    for code, told in ledger.features.items():
        later = ledger.tried_names[code] - set(told[:-1])
        assert names.get(code) in later, f"{code} is {names.get(code)}, told {told}"
    assert set(ledger.imports) | set(ledger.undone) <= set(imports)
    assert ledger.visits <= visits
    assert ledger.routes <= routes
    assert twice == []
    for number, codes in ledger.imports.items():
        count = sum(code in names for code in codes)
        assert count in {0, ROWS}, f"import {number} is there by {count} of {ROWS} rows"
        if number in ledger.stored and number not in ledger.undo_tried:
            assert count == ROWS, f"import {number} was told as stored"
    for undo, number in ledger.undone.items():
        if imports[undo] == "stored":
            assert not any(code in names for code in ledger.imports[number]), f"import {number} was undone"


def a_while_of_calm(ledger):
    stored = len(ledger.stored)
    wait_for(lambda: len(ledger.stored) > stored, CALM_S)


def test_after_faults_of_every_kind_all_that_was_acknowledged_is_stored_and_no_work_is_forgotten(heavy):
    turns = max(1, int(os.environ.get("FAULTS") or (500 if heavy else AT_A_TIME)) // AT_A_TIME)
    longest_s = 3 if heavy else 1
    seed = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**6))
    rng, ledger, mishaps = random.Random(seed), Ledger(), Mishaps()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="webmap-faults-")))
        place.chmod(0o755)
        site = stack.enter_context(Site(place, own_disk=can_mount(place / "try")).running())
        engine = new_engine(site.cluster.url())
        stack.callback(engine.dispose)
        faults = Faults(site, mishaps, rng, pause_s=longest_s)
        stack.callback(faults.close_sockets)
        people = everybody(site, ledger, mishaps)
        happened = Counter()
        log.info("seed %s, disk of its own: %s", seed, site.own_disk)
        for turn in range(turns):
            with at_work(people):
                for number, fault in enumerate(faults.draw(AT_A_TIME), 1):
                    fault()
                    happened[fault.__name__] += 1
                    time.sleep(rng.uniform(0.2, longest_s))
                    if number % CALM_AFTER == 0:
                        a_while_of_calm(ledger)
            faults.close_sockets()
            settled(site, engine)
            check_ledger(ledger, site)
            log.info("turn %s: %s; answers %s", turn + 1, dict(happened), dict(ledger.answers))
        done = {
            name: len(getattr(ledger, name)) for name in ("imports", "stored", "undone", "features", "visits", "routes")
        }
        log.info("acknowledged: %s", done)
    # Beside other tests the background, which gives way, may not come to the end of an import within one turn.
    wanted = done if heavy else {name: done[name] for name in ("imports", "features", "visits", "routes")}
    assert all(wanted.values()), f"of one kind nothing was done, so that nothing is known of it: {done}"
    assert ledger.broken == []
    assert happened.total() == turns * AT_A_TIME


@pytest.mark.skipif(os.geteuid() != 0, reason="a disk of its own takes root's rights")
def test_a_disk_of_its_own_can_be_had_where_the_suite_is_root(tmp_path):
    """Else the faults above would leave out the full disk without a word."""
    assert can_mount(tmp_path)
