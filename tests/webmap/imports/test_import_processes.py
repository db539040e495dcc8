"""Imports in processes of their own: killed, cancelled, late, without a database."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from geodata.base.message import Message
from geodata.importing.progress import Step
from geodata.importing.sessions import runs, sessions
from geodata.importing.sessions.model import ImportSession, Stage
from geodata.jobs import LAYERS_AT
from geodata.layers import LAYERS
from tests.conftest import ROOT
from tests.webmap.imports.wizard import found, markets, plain, rows_of, store, upload, work


def start(engine, number):
    """Run a claimed import in a process of its own, as the worker does."""
    turn = str(runs.claim(engine, number))
    words = [sys.executable, "-m", "geodata.importing.sessions.runs", str(number), turn, LAYERS_AT]
    return subprocess.Popen(words, cwd=ROOT, env=dict(os.environ))


@contextmanager
def supervised(number):
    """Give the process that watches over an import as the worker's task does; nothing of it stays."""
    words = [
        sys.executable,
        "-c",
        f"from geodata.importing.sessions.runs import supervise; supervise({number}, '{LAYERS_AT}')",
    ]
    watcher = subprocess.Popen(words, cwd=ROOT, env=dict(os.environ))
    try:
        yield watcher
    finally:
        watcher.kill()
        watcher.wait()


def test_a_process_killed_while_storing_leaves_the_data_as_before_and_a_reason(gis, engine, session, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    mark = found(engine, number).facts.mark
    gis.post(f"/imports/{number}/confirm", data={"mark": mark})
    # The layer is held, so that the import is surely in the middle when it is killed.
    with Session(engine) as holder:
        holder.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('layer:markets', 0))"))
        process = start(engine, number)
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        wait_until(lambda: session.scalar(waiting) or session.rollback())
        process.send_signal(signal.SIGKILL)
        process.wait()
    with engine.begin() as connection:
        long_ago = datetime.now(UTC) - timedelta(minutes=5)
        connection.execute(update(ImportSession).values(heartbeat_at=long_ago))
    page = gis.get(f"/imports/{number}/report").text
    assert "Bộ xử lý nền dừng giữa chừng" in page
    assert not markets(session)
    gis.post(f"/imports/{number}/questions", data={})
    work(engine)
    assert store(gis, engine, number).stage is Stage.STORED
    assert len(markets(session)) == 14


def test_the_layer_is_held_for_comparing_and_writing_alone(gis, engine, session, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    gis.post(f"/imports/{number}/confirm", data={"mark": found(engine, number).facts.mark})
    with Session(engine) as holder:
        holder.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('layer:markets', 0))"))
        process = start(engine, number)
        wait_until(lambda: waiting_backends(engine))
        assert found(engine, number).step == Step.COMPARE
        assert not markets(session)
    assert process.wait(timeout=60) == 0
    assert len(markets(session)) == 14


def test_what_others_store_while_an_import_waits_for_the_layer_is_seen_before_it_is_stored(
    gis, engine, session, tmp_path
):
    store(gis, engine, upload(gis, engine, plain(tmp_path / "a.zip", rows_of(5))))
    number = upload(gis, engine, plain(tmp_path / "b.zip", rows_of(5, klass="hạng 2")))
    gis.post(f"/imports/{number}/confirm", data={"mark": found(engine, number).facts.mark})
    with Session(engine) as other:
        other.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('layer:markets', 0))"))
        process = start(engine, number)
        wait_until(lambda: waiting_backends(engine))
        other.execute(text("UPDATE market SET market_class = '1' WHERE code = 'CH-03'"))
        other.commit()
    assert process.wait(timeout=60) == 0
    assert found(engine, number).stage is Stage.READY
    assert {str(market.market_class) for market in markets(session).values()} == {"1", "3"}
    assert "Dữ liệu đã thay đổi" in gis.get(f"/imports/{number}/preview").text


def test_what_runs_is_cancelled_within_seconds_and_the_watcher_says_why(gis, engine, session, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    gis.post(f"/imports/{number}/confirm", data={"mark": found(engine, number).facts.mark})
    with Session(engine) as holder, supervised(number) as watcher:
        holder.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('layer:markets', 0))"))
        wait_until(lambda: found(engine, number).stage is Stage.STORING)
        gis.post(f"/imports/{number}/cancel")
        assert watcher.wait(timeout=90) == 0
        assert found(engine, number).stage is Stage.CANCELLED
    assert not markets(session)


def test_a_supervised_import_that_dies_tells_the_signal(gis, engine, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    gis.post(f"/imports/{number}/confirm", data={"mark": found(engine, number).facts.mark})
    with Session(engine) as holder, supervised(number) as watcher:
        holder.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('layer:markets', 0))"))
        os.kill(running_import(engine, watcher), signal.SIGKILL)
        assert watcher.wait(timeout=90) == 0
    assert found(engine, number).stage is Stage.FAILED
    assert "SIGKILL" in gis.get(f"/imports/{number}/report").text


def test_a_watcher_that_is_late_says_nothing_of_the_turn_that_follows(gis, engine, session, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    gis.post(f"/imports/{number}/questions", data={})
    checking = runs.claim(engine, number)
    runs.run(engine, number, checking, LAYERS)
    gis.post(f"/imports/{number}/confirm", data={"mark": found(engine, number).facts.mark})
    storing = runs.claim(engine, number)
    assert not sessions.end(session, number, checking, Stage.FAILED, Message(template=runs.BROKEN))
    runs.run(engine, number, checking, LAYERS)
    assert found(engine, number).stage is Stage.STORING
    runs.run(engine, number, storing, LAYERS)
    assert found(engine, number).stage is Stage.STORED
    assert len(markets(session)) == 14


def test_a_killed_worker_takes_its_import_along_and_the_page_gives_the_reason(gis, engine, session, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    gis.post(f"/imports/{number}/confirm", data={"mark": found(engine, number).facts.mark})
    with Session(engine) as holder, supervised(number) as watcher:
        holder.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('layer:markets', 0))"))
        child = running_import(engine, watcher)
        watcher.kill()
        watcher.wait()
        wait_until(lambda: b"geodata.importing.sessions.runs" not in command_of(child))
    assert found(engine, number).stage is Stage.STORING
    with engine.begin() as connection:
        connection.execute(update(ImportSession).values(heartbeat_at=datetime.now(UTC) - timedelta(minutes=5)))
    assert "Bộ xử lý nền dừng giữa chừng" in gis.get(f"/imports/{number}/report").text
    assert not markets(session)


def test_a_database_that_goes_away_while_storing_ends_the_import_with_a_reason(gis, engine, session, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    gis.post(f"/imports/{number}/confirm", data={"mark": found(engine, number).facts.mark})
    with Session(engine) as holder, supervised(number) as watcher:
        holder.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('layer:markets', 0))"))
        for backend in wait_until(lambda: waiting_backends(engine)):
            session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": backend})
        assert watcher.wait(timeout=90) == 0
    session.rollback()
    assert found(engine, number).stage is Stage.FAILED
    assert "dữ liệu vẫn như trước" in gis.get(f"/imports/{number}/report").text
    assert not markets(session)


def test_two_imports_into_one_layer_wait_for_each_other_and_both_are_stored(gis, engine, session, tmp_path):
    first = upload(gis, engine, plain(tmp_path / "a.zip", rows_of(5)))
    other = [(f"KH-{i}", f"Chợ khác {i}", "hạng 3") for i in range(5)]
    second = upload(gis, engine, plain(tmp_path / "b.zip", other))
    for number in (first, second):
        gis.post(f"/imports/{number}/confirm", data={"mark": found(engine, number).facts.mark})
    processes = [start(engine, number) for number in (first, second)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    stages = {found(engine, number).stage for number in (first, second)}
    assert Stage.STORED in stages
    for number in (first, second):
        if found(engine, number).stage is Stage.READY:  # the other one came first: look again
            store(gis, engine, number)
    assert len(markets(session)) == 10


def waiting_backends(engine):
    """Return the connections that wait for the layer."""
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with engine.begin() as connection:
        return list(connection.scalars(text(query)))


def running_import(engine, watcher):
    """Return the process that stores; a watcher may have had short-lived other children before it."""
    wait_until(lambda: waiting_backends(engine))
    (child,) = [pid for pid in children_of(watcher.pid) if b"-m\0geodata.importing.sessions.runs" in command_of(pid)]
    return child


def children_of(pid):
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def wait_until(condition, seconds=90):
    """Return the first true answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.05)
    raise AssertionError("it did not happen")
