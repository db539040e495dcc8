"""The application's database: one engine a process, one session a request."""

import logging
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import cast

from flask import Flask, current_app, g, has_request_context
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geodata.accounts.reader import Reader, reading_as
from geodata.base.database import ReadConnection
from geodata.base.watch import Watch
from geodata.schema.registry import Registry
from webmap.app.position import has_come_far_enough, wants_first_server

log = logging.getLogger(__name__)
#: Where a request says which earlier day it reads.
STORED_DAY = "webmap.stored_day"
#: A replica that did not answer is not asked again so long: each time may take as long as a connection may.
REST_S = 10.0


class Database:
    """Sessions and read connections over an engine, or over one connection (tests roll it back)."""

    def __init__(self, bind: Engine | Connection, layers: Registry, replicas: Sequence[Engine] = ()) -> None:
        self.bind = bind
        self.layers = layers
        self._replicas = tuple(replicas)
        self._silent_until: dict[Engine, float] = {}
        self._watch: Watch | None = None

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

    def watch(self) -> Watch | None:
        """Return what tells whether the first server's data have changed; None over a connection that tests roll back."""
        if isinstance(self.bind, Connection):
            return None
        if self._watch is None or self._watch.engine is not self.bind:
            self._watch = Watch(self.bind)
        return self._watch

    @contextmanager
    def _connection(self, *, autocommit: bool, is_fresh: bool) -> Iterator[Connection]:
        session: Session | None = g.get("db_session") if has_request_context() else None
        if isinstance(self.bind, Connection):
            yield self.bind
        elif session is not None and session.in_transaction():
            yield session.connection()
        else:
            found = None if is_fresh or wants_first_server() else self._replica()
            with found or self.bind.connect() as connection:
                yield connection.execution_options(isolation_level="AUTOCOMMIT") if autocommit else connection

    def _replica(self) -> Connection | None:
        """Return a connection of a replica that answers and has come far enough for who asks, any of them."""
        now = time.monotonic()
        for engine in random.sample(self._replicas, len(self._replicas)):
            if self._silent_until.get(engine, 0) > now:
                continue
            try:
                with ExitStack() as stack:
                    connection = stack.enter_context(engine.connect())
                    if has_come_far_enough(connection):
                        stack.pop_all()
                        return connection
            except DBAPIError as error:
                self._silent_until[engine] = now + REST_S
                log.warning("a replica does not answer: %s", error.orig)
        return None


def init_database(app: Flask, bind: Engine | Connection, layers: Registry, replicas: Sequence[Engine] = ()) -> None:
    """Tie a database and the layers it serves to the application."""
    app.extensions["database"] = Database(bind, layers, replicas)

    @app.teardown_appcontext
    def _close(_error: BaseException | None) -> None:
        # Where the connection broke after the answer was made, that is true all the same: what it tells was committed.
        end_session()


def database() -> Database:
    """Return the application's database."""
    return cast(Database, current_app.extensions["database"])


def db_session() -> Session:
    """Return the session of this request."""
    if "db_session" not in g:
        g.db_session = database().session()
    return cast(Session, g.db_session)


def end_session() -> None:
    """Take back what this request has not committed; what it reads from now on is read as anybody reads."""
    session: Session | None = g.pop("db_session", None)
    if session is None:
        return
    try:
        session.close()
    except DBAPIError as error:
        log.warning("connection lost at the end of a session: %s", error.orig)
        session.invalidate()


def layers() -> Registry:
    """Return the layer kinds this application serves."""
    return database().layers
