"""The application's database: one engine a process, one session a request."""

import logging
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date
from typing import cast

from flask import Flask, current_app, g, has_request_context, request
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geodata.accounts.scopes import limited_to
from geodata.history.as_stored import stored_then
from geodata.schema.registry import Registry

log = logging.getLogger(__name__)
#: Where a request says which earlier day it reads.
STORED_DAY = "webmap.stored_day"


class Database:
    """Sessions and read connections over an engine, or over one connection (tests roll it back)."""

    def __init__(self, bind: Engine | Connection, replicas: Sequence[Engine] = ()) -> None:
        self.bind = bind
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
    def reading(self, *, in_transaction: bool = False, as_anybody: bool = False) -> Iterator[Connection]:
        """Give a connection for reads, from a replica where there is one.

        One statement a transaction, unless `in_transaction`: BEGIN and ROLLBACK cost more than a tile. A request has one
        connection at a time: what is read while its session is in a transaction is read there. Under the address of
        an earlier day the layers read as they were stored then; who is limited to areas reads what lies there.
        `as_anybody`: before it is known who asks.
        """
        day: date | None = request.environ.get(STORED_DAY) if request else None
        areas = () if as_anybody else areas_of_reader()

        def eyes(connection: Connection) -> AbstractContextManager[None]:
            if day is not None:
                return stored_then(connection, layers(), day)
            return limited_to(connection, layers(), areas) if areas else nullcontext()

        with self._connection(autocommit=not (in_transaction or day or areas)) as connection, eyes(connection):
            yield connection

    @contextmanager
    def _connection(self, *, autocommit: bool) -> Iterator[Connection]:
        session: Session | None = g.get("db_session") if has_request_context() else None
        if isinstance(self.bind, Connection):
            yield self.bind
        elif session is not None and session.in_transaction():
            yield session.connection()
        else:
            engine = random.choice(self._replicas) if self._replicas else self.bind  # noqa: S311  (spreads load)
            # In a transaction where somebody sees less than others: what is read there is kept for nobody.
            options = {"isolation_level": "AUTOCOMMIT"} if autocommit else {}
            with engine.connect().execution_options(**options) as connection:
                yield connection


def init_database(app: Flask, bind: Engine | Connection, layers: Registry, replicas: Sequence[Engine] = ()) -> None:
    """Tie a database and the layers it serves to the application."""
    app.extensions["database"] = Database(bind, replicas)
    app.extensions["layers"] = layers

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


def areas_of_reader() -> tuple[str, ...]:
    """Return the areas to which the person asking is limited; none for most."""
    ask: Callable[[], tuple[str, ...]] = current_app.extensions.get("areas", tuple) if has_request_context() else tuple
    return ask()


def layers() -> Registry:
    """Return the layer kinds this application serves."""
    return cast(Registry, current_app.extensions["layers"])
