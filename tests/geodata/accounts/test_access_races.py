"""What must hold when two people, or one attacker with many connections, do it at the same moment."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geodata.accounts import access, logins
from geodata.base.database import new_engine
from geodata.base.errors import ConflictError, GeodataError
from tests.conftest import PASSWORD, migrated_database


@pytest.fixture(scope="module")
def race_engine(worker: str) -> Iterator[Engine]:
    """A database of its own: here everything is committed, and the audit log keeps it."""
    url = migrated_database(f"races_{worker}")
    engine = new_engine(url)
    yield engine
    engine.dispose()


def at_once(engine: Engine, verb: Callable[[Session, str], object], arguments: list[str]) -> list[str]:
    """Call the verb with each argument in a transaction of its own; return the codes of what went wrong."""

    def call(argument: str) -> str:
        with Session(engine) as session:
            try:
                verb(session, argument)
            except GeodataError as error:
                session.commit()
                return error.code
            session.commit()
            return "done"

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(call, arguments))


def test_guesses_at_the_same_moment_are_all_counted(race_engine: Engine) -> None:
    with Session(race_engine) as session:
        access.create_user(session, name="lan", role="planner", password=PASSWORD)
        session.commit()
    guesses = [f"guess {number}" for number in range(8)]
    answers = at_once(
        race_engine,
        lambda session, guess: logins.check_login(session, name="lan", password=guess, address="192.0.2.1"),
        guesses,
    )
    assert answers.count("login_refused") == logins.TRIES_PER_NAME_AND_ADDRESS
    assert answers.count("login_throttled") == len(guesses) - logins.TRIES_PER_NAME_AND_ADDRESS


def test_two_administrators_cannot_disable_each_other(race_engine: Engine) -> None:
    with Session(race_engine) as session:
        for name in ("first", "second"):
            access.create_user(session, name=name, role="admin", password=PASSWORD)
        session.commit()
    answers = at_once(race_engine, access.disable_user, ["first", "second"])
    assert sorted(answers) == sorted(["done", ConflictError.code])


def test_the_same_name_is_given_once(race_engine: Engine) -> None:
    answers = at_once(
        race_engine,
        lambda session, name: access.create_user(session, name=name, role="gis", password=PASSWORD),
        ["minh", "Minh", "MINH", "minh "],
    )
    assert sorted(answers) == ["conflict", "conflict", "conflict", "done"]
