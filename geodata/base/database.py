"""The connection: base class, constraint names, address, engines, time-outs. No tables."""

import math
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import partial
from typing import Any, ClassVar, NewType, cast
from zoneinfo import ZoneInfo

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import Format
from sqlalchemy import (
    Alias,
    Connection,
    CursorResult,
    Date,
    DateTime,
    Engine,
    MetaData,
    Result,
    Subquery,
    TableClause,
    TextClause,
    create_engine,
    event,
    inspect,
    literal,
    make_url,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.functions import current_date
from sqlalchemy.sql.visitors import replacement_traverse

from geodata.base.errors import ConfigurationError
from geodata.base.priority import lower_session

TIME_ZONE = "Asia/Ho_Chi_Minh"


class Base(DeclarativeBase):
    """Base of every table, so that Alembic sees one metadata."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True)}
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


#: A connection that reads what one reader sees: geodata.accounts.reader makes it, and what reads for somebody asks for it.
ReadConnection = NewType("ReadConnection", Connection)

_TODAY: ContextVar[date | None] = ContextVar("today", default=None)


def today() -> date:
    """Return the day it is in the province, or the one that counts as today."""
    return _TODAY.get() or datetime.now(ZoneInfo(TIME_ZONE)).date()


@contextmanager
def as_today(day: date) -> Iterator[None]:
    """Let a day count as today."""
    token = _TODAY.set(day)
    try:
        yield
    finally:
        _TODAY.reset(token)


def parse_database_url(text: str) -> URL:
    """Return the address with the psycopg 3 driver. Raises ConfigurationError."""
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError(
            name="DATABASE_URL", reason="it must look like postgresql://user:password@host:5432/database"
        ) from error
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise ConfigurationError(name="DATABASE_URL", reason="only PostgreSQL with PostGIS is supported")
    return url.set(drivername="postgresql+psycopg")


def database_url() -> URL:
    """Return the address of the setting DATABASE_URL. Raises ConfigurationError."""
    text = os.environ.get("DATABASE_URL", "")
    if not text.strip():
        raise ConfigurationError(name="DATABASE_URL", reason="it is empty; ./scripts/serve sets it by itself")
    return parse_database_url(text)


def owner_database_url() -> URL:
    """Return the address of who owns the schema: DATABASE_OWNER_URL, else DATABASE_URL. Raises ConfigurationError."""
    text = os.environ.get("DATABASE_OWNER_URL", "")
    return parse_database_url(text) if text.strip() else database_url()


def reading_all(session: Session) -> ReadConnection:
    """Return a session's connection as one that reads all that is stored now: for verbs, which decide by all there is, and commands."""
    return ReadConnection(session.connection())


def rows_changed(result: Result[Any]) -> int:
    """Return how many rows an UPDATE, INSERT or DELETE has written."""
    return cast("CursorResult[Any]", result).rowcount


def libpq_conninfo(url: URL) -> str:
    """Return the address as libpq reads it; a URL would not do, it writes blanks in a path as “+”."""
    _, arguments = url.get_dialect()().create_connect_args(url)
    return make_conninfo(**arguments)


def new_engine(url: URL | str | None = None, *, statement_timeout_s: float | None = None, pool_size: int = 8) -> Engine:
    """Return an engine whose sessions work in the province's time zone, so that “today” is today there.

    Web processes give a `statement_timeout_s`; imports and migrations give none.
    """
    address = parse_database_url(url) if isinstance(url, str) else url or database_url()
    settings = _session_settings(statement_timeout_s)
    engine = _engine(address, pool_size)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        previous, connection.autocommit = connection.autocommit, True
        with connection.cursor() as cursor:
            for name, value in settings.items():
                cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
        connection.autocommit = previous
        lower_session(connection)

    return engine


def new_pooled_engine(url: str, *, statement_timeout_s: float) -> Engine:
    """Return an engine over pgbouncer in transaction mode, behind which each transaction may have another session of the server.

    So nothing is set in a session nor left prepared there: the pooler gives each what new_engine() would have set
    (docs/deploy/pgbouncer.ini). One that does not is no database: connecting raises OperationalError.
    """
    engine = _engine(parse_database_url(url), 8, prepare_threshold=None)
    settings = _session_settings(statement_timeout_s)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # Of these settings the one that pgbouncer keeps for each who asks.
        connection.execute("SELECT set_config('TimeZone', %s, false)", (settings["TimeZone"],))
        connection.commit()
        for name, value in settings.items():
            found = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()[0]
            if found != value:
                reason = f"its sessions have {name} = {found}, not {value}; see docs/deploy/pgbouncer.ini"
                raise psycopg.OperationalError(f"DATABASE_POOLER_URL: {reason}")
        connection.rollback()

    return engine


def _session_settings(statement_timeout_s: float | None) -> dict[str, str]:
    """Return what a session is set to, as PostgreSQL writes it."""
    # Compiling a tile's statement took 1.4 s where running it took 0.3.
    settings = {"TimeZone": TIME_ZONE, "lock_timeout": "10s", "jit": "off"}
    if statement_timeout_s is not None:
        settings |= {"statement_timeout": f"{statement_timeout_s:g}s", "lock_timeout": "2s"}
    return settings


def _engine(address: URL, pool_size: int, **arguments: Any) -> Engine:
    engine = create_engine(
        address,
        pool_size=pool_size,
        max_overflow=4,
        pool_timeout=3,
        # What people typed, and password hashes, are no business of a log.
        hide_parameters=True,
        connect_args={"connect_timeout": 5, "application_name": "webmap", **arguments},
    )
    _ping_what_rested(engine)
    event.listen(engine, "before_cursor_execute", _answer_in_bytes)
    return engine


#: Execution options of a statement whose results come as PostgreSQL holds them: a megabyte of bytes is not written as two of digits.
IN_BYTES = {"in_bytes": True}


def _answer_in_bytes(
    _connection: object, cursor: Any, _statement: str, _given: object, context: Any, *_: object
) -> None:
    if context.execution_options.get("in_bytes"):
        cursor.format = Format.BINARY


#: After a rest that long a connection is asked whether it is still there before somebody gets it.
REST_S = 1.0


def _ping_what_rested(engine: Engine) -> None:
    """Let the pool replace connections that broke while nobody used them.

    Asking each time, as pool_pre_ping does, takes as long as the short statement that then follows. Where the server goes
    away within a second of the last answer, that one request is told that the database is away.
    """

    @event.listens_for(engine, "checkin")
    def _rest(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ping(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - record.info.get("rests_since", math.inf) <= REST_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise DisconnectionError from error


class UnreadableError(TypeError):
    """A statement that cannot be made to read what one reader sees: a mistake of the program, never of a person."""


class _Instead:
    """Rewrites statements so that they read subqueries in place of tables, by the tables' names, and a day as today."""

    def __init__(self, instead: Mapping[str, Subquery], day: date | None) -> None:
        self._instead, self._day = instead, day
        self._names = re.compile(rf"\b({'|'.join(map(re.escape, instead))})\b", re.IGNORECASE)

    def rewrite(self, _connection: Any, statement: Any, many: Any, parameters: Any, _options: Any) -> Any:
        """Return a statement, and what goes with it, as it is executed. Raises UnreadableError."""
        for one in getattr(statement, "column_descriptions", ()):
            entity = one.get("entity")  # of the ORM alone
            if entity is not None and entity is one["expr"]:
                self._check(inspect(entity).mapper.local_table.name)
        aliases: dict[str, Any] = {}
        return replacement_traverse(statement, {}, partial(self._replace, aliases)), many, parameters

    def check_driver(
        self, _connection: Any, _cursor: Any, sql: str, _parameters: Any, context: Any, _many: bool
    ) -> None:
        """Refuse SQL that went past rewrite(). Raises UnreadableError."""
        if context.compiled is None:
            self._check(sql)

    def _check(self, sql: str) -> None:
        if found := self._names.search(sql):
            raise UnreadableError(f"“{found[0]}” is asked whole or by a text; select its columns by a statement")

    def _replace(self, aliases: dict[str, Any], element: Any, **_: Any) -> Any:
        if isinstance(element, TableClause | Alias):
            return self._other(aliases, element)
        if isinstance(element, TextClause):
            self._check(element.text)
        if self._day is not None and isinstance(element, current_date):
            return literal(self._day, Date)
        found = self._other(aliases, getattr(element, "table", None))
        return None if found is None else found.c[element.key]

    def _other(self, aliases: dict[str, Any], table: Any) -> Any:
        """Return what is read in place of a table, or of an alias of one."""
        if isinstance(table, TableClause):
            return self._instead.get(table.name)
        if isinstance(table, Alias) and isinstance(table.element, TableClause) and table.element.name in self._instead:
            return aliases.setdefault(table.name, self._instead[table.element.name].alias(table.name))
        return None


@contextmanager
def read_instead(connection: Connection, instead: Mapping[str, Subquery], day: date | None = None) -> Iterator[None]:
    """Let every statement of a connection read a subquery in place of the table of that name, and a day as today.

    What cannot be rewritten raises UnreadableError: a text that names such a table, an object of the ORM as a whole.
    """
    eyes = _Instead(instead, day)
    event.listen(connection, "before_execute", eyes.rewrite, retval=True)
    event.listen(connection, "before_cursor_execute", eyes.check_driver)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", eyes.check_driver)
        event.remove(connection, "before_execute", eyes.rewrite)
