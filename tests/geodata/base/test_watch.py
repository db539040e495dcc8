"""Whoever asks whether anything has changed is told what is true after he asked, or that nobody can tell."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.base.data_version import data_versions
from geodata.base.database import new_engine, reading_all
from geodata.base.watch import Watch
from geodata.layers import LAYERS
from tests.asking import in_a_loop
from tests.conftest import migrated_database
from tests.factories import make_feature

KIND = next(iter(LAYERS))


@pytest.fixture(scope="module")
def engine(worker):
    """A database of its own, where transactions are real."""
    engine = new_engine(migrated_database(f"watch_{worker}"))
    yield engine
    engine.dispose()


@pytest.fixture
def watch(engine):
    watch = Watch(engine)
    watch.connect()
    return watch


def read_anew(engine):
    with Session(engine) as session:
        return data_versions(reading_all(session))


def change(engine):
    with Session(engine) as session:
        make_feature(session, KIND)
        session.commit()


async def told(watch, times=1):
    return await asyncio.gather(*(watch.unchanged() for _ in range(times)))


def test_all_who_ask_at_once_are_told_the_versions_while_they_hold(engine, watch):
    versions = read_anew(engine)
    assert in_a_loop(told(watch, 50)) == [versions] * 50


def test_whatever_was_committed_before_somebody_asked_is_known_to_him(engine, watch):
    async def ask_between_changes():
        loop = asyncio.get_running_loop()
        for _ in range(20):
            versions = await loop.run_in_executor(None, read_anew, engine)
            early = asyncio.ensure_future(told(watch, 3))
            assert await watch.unchanged() == versions
            await loop.run_in_executor(None, change, engine)
            assert await watch.unchanged() is None
            await early

    in_a_loop(ask_between_changes())


def test_nobody_is_told_without_a_connection_or_before_anything_was_read(engine):
    read_anew(engine)
    assert in_a_loop(told(Watch(engine))) == [None]
    other = new_engine(engine.url.update_query_dict({"application_name": "other"}))
    never_read = Watch(other)
    never_read.connect()
    assert in_a_loop(told(never_read)) == [None]
    other.dispose()


def test_a_lost_connection_tells_nothing_until_there_is_another(engine, watch):
    versions = read_anew(engine)
    assert in_a_loop(told(watch)) == [versions]
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert in_a_loop(told(watch, 5)) == [None] * 5
    assert in_a_loop(told(watch)) == [None]
    watch.connect()
    assert in_a_loop(told(watch)) == [versions]


def test_a_question_that_is_not_answered_in_time_holds_nobody(engine, watch, monkeypatch):
    monkeypatch.setattr("geodata.base.watch.LOOK_S", 0.1)
    versions = read_anew(engine)
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE data_change IN ACCESS EXCLUSIVE MODE"))
        assert in_a_loop(told(watch, 3)) == [None] * 3
    watch.connect()
    assert in_a_loop(told(watch)) == [versions]


def test_who_leaves_while_he_waits_takes_no_answer_from_the_others(engine, watch):
    versions = read_anew(engine)

    async def leave():
        asked = [asyncio.ensure_future(watch.unchanged()) for _ in range(4)]
        await asyncio.sleep(0)
        asked[0].cancel()
        return await asyncio.gather(*asked, return_exceptions=True)

    left, *others = in_a_loop(leave())
    assert isinstance(left, asyncio.CancelledError)
    assert others == [versions] * 3
