"""Killed at any moment, two at once, edited meanwhile: the data are as before or as after, never half."""

import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from geodata.base.database import new_engine
from geodata.history.change_sets import ChangeSet, count_changes, lock_layer
from geodata.history.undoing import undo
from geodata.importing import ImportOptions, commit_import, preview_import
from geodata.layers import LAYERS
from tests.conftest import ROOT, migrated_database
from tests.geodata.importing.files import csv
from tests.scripts.running import wait_for

HEAD = "MA,TEN,SO_HO,lon,lat\n"
BEFORE = HEAD + "A,Chợ An,10,106.68,20.86\nB,Chợ Ba,20,106.69,20.86\nD,Chợ Dừa,40,106.70,20.86\n"
AFTER = HEAD + "A,Chợ An,11,106.68,20.86\nB,Chợ Ba,21,106.69,20.87\nC,Chợ Cá,30,106.71,20.86\n"
OLD = {"A": 10, "B": 20, "D": 40}
NEW = {"A": 11, "B": 21, "C": 30}

#: Where an import is held, as the statement that holds it: each later than the one before.
MOMENTS = {
    "before it begins to write": "SELECT pg_advisory_xact_lock(hashtextextended('layer:markets', 0))",
    "before its change set": "LOCK TABLE change_set IN SHARE MODE",
    "before its first row": "LOCK TABLE feature_change IN SHARE MODE",
    "between deleting and changing": "SELECT 1 FROM market WHERE code = 'A' FOR UPDATE",
    "while it commits": "SELECT pg_advisory_xact_lock(4711)",
}


@pytest.fixture(scope="module")
def bind(worker):
    """A database of its own: what is tested is what stays after a commit."""
    url = migrated_database(f"crash_{worker}")
    engine = new_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NULL; END $$"
            )
        )
        connection.execute(
            text(
                "CREATE CONSTRAINT TRIGGER wait_at_commit AFTER INSERT ON change_set DEFERRABLE INITIALLY DEFERRED "
                "FOR EACH ROW EXECUTE FUNCTION wait_at_commit()"
            )
        )
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def clean(bind, tmp_path):
    with bind.begin() as connection:
        connection.execute(text("TRUNCATE market, substation, feature_change, change_set CASCADE"))
    assert run(bind, csv(tmp_path / "before.csv", BEFORE)).import_id


def run(bind, path, layer="markets", mode="upsert"):
    with Session(bind) as session:
        preview = preview_import(session, LAYERS.get(layer), path, ImportOptions(mode=mode))
        return commit_import(session, preview, user_name="an")


def start(bind, path, *words):
    environment = {**os.environ, "DATABASE_URL": bind.url.render_as_string(hide_password=False)}
    command = [sys.executable, "-m", "scripts.run.manage", "import", str(path), "--layer", "markets", "--json", *words]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def rows(bind):
    with bind.begin() as connection:
        return dict(connection.execute(text("SELECT code, trader_count FROM market ORDER BY code")).all())


def history(bind):
    """Return how many objects each change set wrote down."""
    with Session(bind) as session:
        return [
            count_changes(session, id_, LAYERS) for id_ in session.scalars(select(ChangeSet.id).order_by(ChangeSet.id))
        ]


def waiting(bind):
    """Return the backends of this database that wait for a lock."""
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with bind.begin() as connection:
        return list(connection.scalars(text(query)))


def is_gone(bind, pids):
    query = text("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(:pids) AND state <> 'idle'")
    with bind.begin() as connection:
        return connection.scalar(query, {"pids": pids}) == 0


@contextmanager
def held(bind, statement):
    """Hold others at a statement's lock."""
    with bind.connect() as connection, connection.begin():
        connection.execute(text(statement))
        yield


def assert_whole(bind):
    """Assert that the data are as before or as after, with the history that belongs to it."""
    found = rows(bind), history(bind)
    assert found in ((OLD, [3]), (NEW, [3, 4]))
    return found[0]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_import_leaves_the_data_as_before_or_as_after(bind, tmp_path, moment):
    with held(bind, MOMENTS[moment]):
        process = start(bind, csv(tmp_path / "after.csv", AFTER), "--mode", "replace")
        assert wait_for(lambda: waiting(bind))
        pids = waiting(bind)
        process.kill()
        process.communicate()
    assert wait_for(lambda: is_gone(bind, pids))
    assert_whole(bind)
    assert run(bind, tmp_path / "after.csv", mode="replace").import_id
    assert rows(bind) == NEW


def test_an_import_killed_while_it_reads_stores_nothing(bind, tmp_path):
    path = tmp_path / "after.csv"
    path.write_text(AFTER + "".join(f"X{number},Chợ,1,106.7,20.8\n" for number in range(50_000)), encoding="utf-8")
    process = start(bind, path)
    assert wait_for(lambda: readers_of(process.pid))
    left = [*children(process.pid), *readers_of(process.pid)]
    process.kill()
    process.communicate()
    assert wait_for(lambda: not any(is_reader(pid) for pid in left))
    assert assert_whole(bind) == OLD


def test_the_folder_of_a_killed_reader_is_deleted_by_the_next_import(bind, tmp_path, monkeypatch):
    (temporary := tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    path = tmp_path / "after.csv"
    path.write_text(AFTER + "".join(f"X{number},Chợ,1,106.7,20.8\n" for number in range(50_000)), encoding="utf-8")
    (foreign := temporary / "import-of-somebody").mkdir()
    process = start(bind, path)
    assert wait_for(lambda: readers_of(process.pid))
    process.kill()
    process.communicate()
    left = [folder for folder in temporary.iterdir() if folder != foreign]
    assert [folder.name.split("-")[1] for folder in left] == [str(process.pid)]
    run(bind, csv(tmp_path / "small.csv", AFTER))
    assert list(temporary.iterdir()) == [foreign]


def readers_of(pid):
    """Return the reader processes that the nursery of a process started."""
    return [reader for nursery in children(pid) for reader in children(nursery)]


def children(pid):
    try:
        lists = [path.read_text(encoding="ascii") for path in Path(f"/proc/{pid}/task").glob("*/children")]
        return [child for child in map(int, " ".join(lists).split()) if is_reader(child)]
    except (FileNotFoundError, ProcessLookupError):
        return []


def is_reader(pid):
    try:
        return b"geodata.importing.reading.nursery" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_lost_connection_leaves_the_data_as_before(bind, tmp_path, moment):
    path = csv(tmp_path / "after.csv", AFTER)
    engine = new_engine(bind.url)
    with ThreadPoolExecutor() as pool, held(bind, MOMENTS[moment]):
        job = pool.submit(run, engine, path, mode="replace")
        assert wait_for(lambda: waiting(bind))
        with bind.begin() as connection:
            for pid in waiting(bind):
                connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(OperationalError):
            job.result(timeout=20)
    engine.dispose()
    assert assert_whole(bind) == OLD


def test_a_lost_connection_is_a_sentence_and_exit_code_1(bind, tmp_path):
    with held(bind, MOMENTS["before its change set"]):
        process = start(bind, csv(tmp_path / "after.csv", AFTER))
        assert wait_for(lambda: waiting(bind))
        with bind.begin() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": waiting(bind)[0]})
        output, _ = process.communicate(timeout=20)
    assert (process.returncode, output) == (1, b"")
    assert assert_whole(bind) == OLD


def test_two_imports_into_one_layer_end_one_after_the_other(bind, tmp_path):
    first = csv(tmp_path / "1.csv", HEAD + "A,Chợ An,1,106.68,20.86\nE,Chợ E,5,106.68,20.87\n")
    second = csv(tmp_path / "2.csv", HEAD + "A,Chợ An,2,106.68,20.86\nE,Chợ E,6,106.68,20.87\nF,F,7,106.68,20.88\n")
    with ThreadPoolExecutor() as pool:
        with held(bind, MOMENTS["before it begins to write"]):
            jobs = [pool.submit(run, bind, path) for path in (first, second)]
            assert wait_for(lambda: len(waiting(bind)) == 2)
        reports = [job.result(timeout=20) for job in jobs]
    found = rows(bind)
    assert (found["A"], found["E"]) in {(1, 5), (2, 6)}
    assert found["F"] == 7
    # Counted as of the moment they stored, not of their previews.
    assert sorted(report.counts.new for report in reports) in ([1, 1], [0, 2])
    assert sum(history(bind)) == 3 + sum(report.counts.new + report.counts.changed for report in reports)


def test_an_import_holds_up_neither_readers_nor_other_layers(bind, tmp_path, make_app):
    client = make_app(bind).test_client()
    other = csv(tmp_path / "s.csv", "MA,TEN,lon,lat\nS1,Trạm 1,106.68,20.86\n")
    with ThreadPoolExecutor() as pool:
        with held(bind, MOMENTS["while it commits"]):
            job = pool.submit(run, bind, csv(tmp_path / "after.csv", AFTER), mode="replace")
            assert wait_for(lambda: waiting(bind))
            answer = client.get("/api/layers/markets/features").get_json()
            assert answer["numberMatched"] == len(OLD)
            assert {feature["properties"]["code"] for feature in answer["features"]} == set(OLD)
            beside = pool.submit(run, bind, other, "substations")
            # Both wait at the same gate of this test: the second was not held up by the first.
            assert wait_for(lambda: len(waiting(bind)) == 2)
        assert job.result(timeout=20).import_id
        assert beside.result(timeout=20).counts.new == 1
    assert rows(bind) == NEW


def edit(connection, code, count):
    statement = text("UPDATE market SET trader_count = :count WHERE code = :code")
    connection.execute(statement, {"code": code, "count": count})


def test_an_undo_waits_for_an_edit_and_keeps_it(bind, tmp_path):
    number = run(bind, csv(tmp_path / "after.csv", AFTER)).import_id

    def take_back():
        with Session(bind) as session:
            return undo(session, number, LAYERS, user_name="an")

    with ThreadPoolExecutor() as pool:
        with bind.connect() as connection, connection.begin():
            edit(connection, "A", 99)
            edit(connection, "C", 77)
            job = pool.submit(take_back)
            assert wait_for(lambda: waiting(bind))
        report = job.result(timeout=20)
    assert rows(bind) == {"A": 99, "B": 20, "C": 77, "D": 40}
    assert sorted(item.code for item in report.kept) == ["A", "C"]


def test_an_import_waits_for_an_edit_and_writes_down_what_it_left(bind, tmp_path):
    with ThreadPoolExecutor() as pool:
        with bind.connect() as connection, connection.begin():
            edit(connection, "A", 99)
            job = pool.submit(run, bind, csv(tmp_path / "after.csv", AFTER))
            assert wait_for(lambda: waiting(bind))
        number = job.result(timeout=20).import_id
    assert rows(bind)["A"] == 11
    with Session(bind) as session:
        undo(session, number, LAYERS, user_name="an")
    assert rows(bind)["A"] == 99


def test_two_undos_of_one_import_take_it_back_once(bind, tmp_path):
    number = run(bind, csv(tmp_path / "after.csv", AFTER)).import_id

    def take_back():
        with Session(bind) as session:
            return undo(session, number, LAYERS, user_name="an")

    with ThreadPoolExecutor() as pool:
        with Session(bind) as session:
            lock_layer(session, "markets")
            jobs = [pool.submit(take_back) for _ in range(2)]
            assert wait_for(lambda: len(waiting(bind)) == 2)
        errors = [job.exception(timeout=20) for job in jobs]
    assert sum(error is None for error in errors) == 1
    assert rows(bind) == OLD
    with Session(bind) as session:
        assert session.query(ChangeSet).filter(ChangeSet.undoes_id.is_not(None)).count() == 1
        assert json.dumps(session.get(ChangeSet, int(number)).counts)
