"""Indexes of a layer that wait for the end of a large import.

Adding a million objects to a table costs three times as much with its indexes as without, while building them at
once afterwards is cheap. So a layer with few objects gives its indexes up for a large import; whoever reads it
meanwhile reads the few objects one by one. Primary and unique keys stay: they are rules, not speed. The import builds
the indexes in the transaction that stores its rows, so both appear at the same moment. Where an import is killed in
between, the layer is as before but without indexes, until the next import or the background worker brings them back.
The database does both by functions of its own: the application's role has no rights over the schema.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import DDL, Index, Table, func, select, text, true
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex

from geodata.history.change_sets import layer_is_free
from geodata.history.documents import table_of
from geodata.importing.progress import Progress, Step, silent
from geodata.schema.feature import Feature

log = logging.getLogger(__name__)

#: From this many new objects on an import is large.
MANY = 50_000
#: A layer with more objects keeps its indexes: its readers need them.
FEW = 20_000
#: Who reads for longer keeps the indexes: others wait behind the one that waits to drop them.
_PATIENCE = "500ms"
_LOCK = DDL("LOCK TABLE %(fullname)s IN SHARE ROW EXCLUSIVE MODE")
_PRESENT = text(
    "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = CAST(:table AS regclass)"
)


@contextmanager
def without_indexes(session: Session, kind: type[Feature], count: int) -> Iterator[None]:
    """Store an import of `count` new objects without the layer's indexes, where that pays; they are there afterwards.

    Commits what the session has done before.
    """
    set_aside(session, kind, count)
    try:
        yield
    finally:
        # Those of an import that was stored are there already; without a database the worker looks for them later.
        with suppress(OperationalError):
            session.rollback()
            bring_back_lost(session, kind)


def set_aside(session: Session, kind: type[Feature], count: int) -> bool:
    """Drop the indexes of a layer that is about to get `count` objects, where that pays; commits in any case.

    Returns False where they stay: a small import, a layer with many objects, or one that somebody is reading for long.
    """
    session.commit()
    table = table_of(kind)
    if count < MANY or _is_more_than(session, table, min(FEW, count // 10)):
        return False
    try:
        session.execute(select(func.set_config("lock_timeout", _PATIENCE, true())))
        for index in table.indexes:
            session.execute(select(func.set_index_aside(index.name)))
        session.commit()
    except OperationalError:
        session.rollback()
        log.info("the indexes of %s stay: the layer is being read", table.name)
        return False
    return True


def missing(session: Session, kind: type[Feature]) -> list[Index]:
    """Return the indexes of a layer that the database does not have."""
    table = table_of(kind)
    present = set(session.scalars(_PRESENT, {"table": table.name}))
    return sorted((index for index in table.indexes if index.name not in present), key=lambda index: str(index.name))


def keep_writers_out(session: Session, kind: type[Feature]) -> None:
    """Let others who want to write to a layer wait for the end of this transaction: building its indexes needs that."""
    session.execute(_LOCK.against(table_of(kind)))


def bring_back(session: Session, kind: type[Feature], progress: Progress = silent) -> None:
    """Build the indexes that a layer misses, in this transaction."""
    lost = missing(session, kind)
    session.execute(select(func.set_config("maintenance_work_mem", "256MB", true())))
    for done, index in enumerate(lost):
        progress(Step.INDEX, done, len(lost))
        # One that was lost in another way is only for the owner to build.
        if not session.scalar(select(func.bring_index_back(index.name))):
            session.execute(CreateIndex(index))


def bring_back_lost(session: Session, kind: type[Feature]) -> None:
    """Build what a killed import left without; not while an import is at work. Commits."""
    try:
        if missing(session, kind) and layer_is_free(session, kind.layer.name):
            bring_back(session, kind)
        session.commit()
    except ProgrammingError:
        # Somebody else dropped it: ./scripts/manage check tells the operator, and the owner builds it.
        session.rollback()
        log.exception("%s lacks indexes that only the owner may build", kind.layer.name)


def _is_more_than(session: Session, table: Table, count: int) -> bool:
    some = select(table.c.id).limit(count + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > count
