"""COPY fails like any other statement: as SQLAlchemy's error, with the database's own code."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, OperationalError

from geodata.base.copying import copy_into


@pytest.fixture
def table(connection):
    connection.execute(text('CREATE TEMP TABLE "copied ""here" (number integer, "a name" text)'))
    return 'copied "here'


def test_rows_are_copied_in_the_transaction(connection, table):
    with copy_into(connection, table, ("number", "a name")) as copy:
        copy.write_row((1, "Chợ"))
        copy.write_row((2, None))
    assert connection.execute(text('SELECT * FROM "copied ""here"')).all() == [(1, "Chợ"), (2, None)]


def test_a_value_that_does_not_fit_is_an_error_of_sqlalchemy(connection, table):
    with pytest.raises(DataError) as error, copy_into(connection, table, ("number",)) as copy:
        copy.write(b"x\n")
    assert error.value.orig.sqlstate == "22P02"


def copied_while_cut(engine, connection):
    connection.execute(text("CREATE TEMP TABLE copied (number integer)"))
    number = connection.scalar(text("SELECT pg_backend_pid()"))
    with copy_into(connection, "copied", ("number",)) as copy:
        copy.write_row((1,))
        with engine.begin() as other:
            other.execute(text("SELECT pg_terminate_backend(:number, 5000)"), {"number": number})
        for _ in range(100_000):
            copy.write_row((2,))


def test_a_connection_that_is_cut_meanwhile_is_told_as_such(engine):
    with engine.connect() as connection:
        with pytest.raises(OperationalError):
            copied_while_cut(engine, connection)
        connection.invalidate()
