"""COPY: many rows into a table at once, with the errors of every other statement."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


@contextmanager
def copy_into(connection: Connection, table: str, columns: Sequence[str]) -> Iterator[psycopg.Copy]:
    """Give a COPY of rows into a table, in the connection's transaction.

    The driver's own errors would pass by everything that looks for SQLAlchemy's: a full disk or a lost connection is
    raised as the OperationalError that it is anywhere else, so that it is tried again or answered with its reason.
    """
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    try:
        with closing(connection.connection.cursor()) as cursor, cursor.copy(statement) as copy:
            yield copy
    except psycopg.Error as error:
        raise DBAPIError.instance(f"COPY {table}", None, error, psycopg.Error, hide_parameters=True) from error
