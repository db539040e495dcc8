"""A large import into a small layer does without the layer's indexes, and brings back each as it was."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.base.database import new_engine
from geodata.history.change_sets import lock_layer
from geodata.history.documents import table_of
from geodata.importing import ImportOptions, commit_import, preview_import
from geodata.importing.progress import Step
from geodata.importing.storing import indexes
from geodata.layers import LAYERS
from tests.conftest import migrated_database
from tests.factories import make_feature
from tests.geodata.importing.files import csv
from tests.scripts.running import wait_for

MANY = 50


@pytest.fixture(scope="module")
def bind(worker):
    """A database of its own: what is dropped and built is committed."""
    url = migrated_database(f"indexes_{worker}")
    engine = new_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def clean(bind, monkeypatch):
    monkeypatch.setattr(indexes, "MANY", MANY)
    with Session(bind) as session:
        for kind in LAYERS:
            session.execute(text(f"TRUNCATE {table_of(kind).name}, change_set CASCADE"))
            indexes.bring_back(session, kind)
        session.commit()


def definitions(bind, kind):
    query = text("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = :table ORDER BY indexname")
    with bind.connect() as connection:
        return connection.execute(query, {"table": table_of(kind).name}).all()


def market_file(path, count, prefix="M"):
    rows = "".join(f"{prefix}{number},Chợ {number},106.{100 + number},20.86\n" for number in range(count))
    return csv(path, "MA,TEN,lon,lat\n" + rows)


def run(bind, path, kind, progress=None, mode="upsert"):
    with Session(bind) as session:
        preview = preview_import(session, kind, path, ImportOptions(mode=mode))
        with indexes.without_indexes(session, kind, preview.report.counts.new):
            was_set_aside = bool(indexes.missing(session, kind))
            report = commit_import(session, preview, user_name="an", progress=progress)
        return was_set_aside, report.counts.new


@pytest.mark.parametrize("kind", list(LAYERS), ids=lambda kind: kind.layer.name)
def test_every_index_of_a_layer_comes_back_as_the_migrations_made_it(bind, kind):
    before = definitions(bind, kind)
    with Session(bind) as session:
        assert indexes.set_aside(session, kind, MANY)
        rules = [name for name, definition in before if "UNIQUE" in definition]
        assert [name for name, _ in definitions(bind, kind)] == rules
        indexes.bring_back_lost(session, kind)
    assert definitions(bind, kind) == before


def test_a_large_import_builds_the_indexes_with_its_rows(bind, tmp_path):
    kind, told = LAYERS.get("markets"), []
    before = definitions(bind, kind)
    path = market_file(tmp_path / "many.csv", MANY)
    assert run(bind, path, kind, lambda *step: told.append(step)) == (True, MANY)
    assert definitions(bind, kind) == before
    assert [step for step, _, _ in told if step is Step.INDEX]
    assert run(bind, path, kind) == (False, 0)


def test_a_small_import_and_a_layer_with_many_objects_keep_the_indexes(bind, tmp_path):
    kind = LAYERS.get("markets")
    assert run(bind, market_file(tmp_path / "few.csv", MANY - 1), kind) == (False, MANY - 1)
    # Not ten times as many as there are already.
    assert run(bind, market_file(tmp_path / "more.csv", 9 * MANY, "N"), kind) == (False, 9 * MANY)


def test_somebody_who_reads_for_long_keeps_the_indexes_and_the_import_goes_on(bind, tmp_path):
    kind = LAYERS.get("markets")
    before = definitions(bind, kind)
    with bind.connect() as reader, reader.begin():
        reader.execute(text("SELECT count(*) FROM market"))
        assert run(bind, market_file(tmp_path / "many.csv", MANY), kind) == (False, MANY)
    assert definitions(bind, kind) == before


def test_readers_go_on_while_the_rows_are_stored_and_see_them_with_the_indexes(bind, tmp_path):
    kind = LAYERS.get("markets")
    before, seen = definitions(bind, kind), []

    def look(step, _done, _total):
        if step is Step.INDEX:
            with bind.connect() as connection:
                connection.execute(text("SET lock_timeout = '1s'"))
                seen.append(connection.scalar(text("SELECT count(*) FROM market")))

    assert run(bind, market_file(tmp_path / "many.csv", MANY), kind, look) == (True, MANY)
    assert set(seen) == {0}
    assert definitions(bind, kind) == before


def test_what_a_killed_import_left_without_indexes_gets_them_back(bind, tmp_path):
    kind = LAYERS.get("markets")
    before = definitions(bind, kind)
    with Session(bind) as session:
        assert indexes.set_aside(session, kind, MANY)
    assert definitions(bind, kind) != before
    # A small import, as well as the worker's look each minute.
    run(bind, market_file(tmp_path / "few.csv", 1), kind)
    assert definitions(bind, kind) == before


def test_an_import_that_stores_nothing_after_all_gives_the_indexes_back(bind):
    kind = LAYERS.get("markets")
    before = definitions(bind, kind)
    with Session(bind) as session, pytest.raises(RuntimeError), indexes.without_indexes(session, kind, MANY):
        raise RuntimeError
    assert definitions(bind, kind) == before


def test_nobody_brings_indexes_back_while_an_import_is_at_work(bind):
    kind = LAYERS.get("markets")
    with Session(bind) as at_work, Session(bind) as worker:
        indexes.set_aside(at_work, kind, MANY)
        lock_layer(at_work, kind.layer.name)
        indexes.bring_back_lost(worker, kind)
        assert indexes.missing(at_work, kind)
        at_work.commit()
        indexes.bring_back_lost(worker, kind)
        assert not indexes.missing(worker, kind)


def test_an_edit_waits_for_a_large_import_and_neither_is_lost(bind, tmp_path):
    kind = LAYERS.get("markets")
    with Session(bind) as session:
        make_feature(session, kind, code="OLD", name="Chợ cũ")
        session.commit()
    edits = []

    def edit():
        with bind.begin() as connection:
            connection.execute(text("UPDATE market SET name = 'Chợ mới' WHERE code = 'OLD'"))

    def waits():
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        with bind.connect() as connection:
            return connection.scalar(text(query)) == 1

    with ThreadPoolExecutor() as pool:

        def progress(step, _done, _total):
            if step is Step.INDEX and not edits:
                edits.append(pool.submit(edit))
                assert wait_for(waits)

        assert run(bind, market_file(tmp_path / "many.csv", MANY), kind, progress) == (True, MANY)
        edits[0].result(timeout=20)
    with bind.connect() as connection:
        assert connection.scalar(text("SELECT name FROM market WHERE code = 'OLD'")) == "Chợ mới"
        assert connection.scalar(text("SELECT count(*) FROM market")) == MANY + 1
