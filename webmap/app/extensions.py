"""The application's database: one engine a process, one session a request."""

import logging
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from flask import Flask, current_app, g, has_request_context
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geodata.accounts.reader import Reader, reading_as
from geodata.base.database import ReadConnection
from geodata.schema.registry import Registry

log = logging.getLogger(__name__)
#: Where a request says which earlier day it reads.
STORED_DAY = "webmap.stored_day"


class Database:
    """Sessions and read connections over an engine, or over one connection (tests roll it back)."""

    def __init__(self, bind: Engine | Connection, layers: Registry, replicas: Sequence[Engine] = ()) -> None:
        self.bind = bind
        self.layers = layers
        self._replicas = tuple(replicas)

    def dispose(self) -> None:
        """Close every connection of the engines."""
        for engine in (self.bind, *self._replicas):
            if isinstance(engine, Engine):
                engine.dispose()

    def session(self) -> Session:
        """Return a new session; whoever owns the unit of work commits."""
        return Session(self.bind, join_transaction_mode="create_savepoint", expire_on_commit=False)

    @contextmanager
    def reading(
        self, reader: Reader, *, in_transaction: bool = False, is_fresh: bool = False
    ) -> Iterator[ReadConnection]:
        """Give a connection that reads what a reader sees, from a replica where there is one.

        `is_fresh`: from the first server, where something is decided or written down by what is read.

        One statement a transaction, unless `in_transaction`: BEGIN and ROLLBACK cost more than a tile. A request has one
        connection at a time: what is read while its session is in a transaction is read there.
        """
        # In a transaction where somebody sees less than others: what is read there is kept for nobody.
        autocommit = not (in_transaction or reader.reads_apart)
        with (
            self._connection(autocommit=autocommit, is_fresh=is_fresh) as connection,
            reading_as(connection, self.layers, reader) as own,
        ):
            yield own

    @contextmanager
    def _connection(self, *, autocommit: bool, is_fresh: bool) -> Iterator[Connection]:
        session: Session | None = g.get("db_session") if has_request_context() else None
        if isinstance(self.bind, Connection):
            yield self.bind
        elif session is not None and session.in_transaction():
            yield session.connection()
        else:
            replicas = () if is_fresh else self._replicas
            engine = random.choice(replicas) if replicas else self.bind  # noqa: S311  (spreads load)
            options = {"isolation_level": "AUTOCOMMIT"} if autocommit else {}
            with engine.connect().execution_options(**options) as connection:
                yield connection


def init_database(app: Flask, bind: Engine | Connection, layers: Registry, replicas: Sequence[Engine] = ()) -> None:
    """Tie a database and the layers it serves to the application."""
    app.extensions["database"] = Database(bind, layers, replicas)

    @app.teardown_appcontext
    def _close(_error: BaseException | None) -> None:
        session: Session | None = g.pop("db_session", None)
        if session is None:
            return
        try:
            session.close()
        except DBAPIError as error:
            # The connection broke after the answer was made, which is true all the same: what it tells was committed.
            log.warning("connection lost after the answer: %s", error.orig)
            session.invalidate()


def database() -> Database:
    """Return the application's database."""
    return cast(Database, current_app.extensions["database"])


def db_session() -> Session:
    """Return the session of this request."""
    if "db_session" not in g:
        g.db_session = database().session()
    return cast(Session, g.db_session)


def layers() -> Registry:
    """Return the layer kinds this application serves."""
    return database().layers
