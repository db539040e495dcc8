"""The layers as they were stored at the end of an earlier day, put together from today's rows and the history.

What hangs on an object (certificates, findings, papers) is kept in the history only where the object was deleted, so it
is today's. A row that never went through a change set counts as always there.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Subquery,
    cast,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on

from geodata.database import TIME_ZONE, read_instead
from geodata.history import ChangeSet, FeatureChange, column_from_json, data_columns, table_of
from geodata.layer import Feature


def end_of(day: date) -> datetime:
    """Return the moment at which a day ends in the province."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(TIME_ZONE))


def rows_at(kind: type[Feature], moment: datetime) -> Subquery:
    """Return the rows of a layer as they were stored at a moment, with the columns and the name of its table."""
    table = table_of(kind)
    later = (
        select(FeatureChange.feature_id, FeatureChange.before, FeatureChange.after)
        .join(ChangeSet, ChangeSet.id == FeatureChange.change_set_id)
        .where(FeatureChange.layer == kind.layer.name, ChangeSet.made_at >= moment)
    )
    # What the first later change found is what was stored then.
    first = (
        later.ext(distinct_on(FeatureChange.feature_id))
        .order_by(FeatureChange.feature_id, ChangeSet.id)
        .cte(f"first_{table.name}")
    )
    # What was added since and is as it was added stands in no row of the history.
    since = select(ChangeSet.id).where(ChangeSet.layer == kind.layer.name, ChangeSet.made_at >= moment)
    untouched = select(*table.columns).where(
        table.c.id.not_in(select(first.c.feature_id)),
        or_(table.c.change_set_id.is_(None), table.c.change_set_id.not_in(since)),
    )
    found = (
        select(
            first.c.feature_id.label("id"),
            *[column_from_json(kind, name, first.c.before).label(name) for name in data_columns(kind)],
            cast(null(), DateTime(timezone=True)).label("updated_at"),
            cast(null(), BigInteger).label("change_set_id"),
        )
        .where(first.c.before.is_not(None))
        .subquery("found")
    )
    plain = {column.name: column for column in found.columns}
    restored = select(
        *[
            plain[column.name]
            if column.computed is None
            else cast(literal_column(str(column.computed.sqltext)), column.type).label(column.name)
            for column in table.columns
        ]
    ).select_from(found)
    return union_all(untouched, restored).subquery(table.name)


@contextmanager
def stored_then(connection: Connection, kinds: Iterable[type[Feature]], day: date) -> Iterator[None]:
    """Let every statement of a connection read these layers as they were stored at the end of a day."""
    moment = end_of(day)
    then = {table_of(kind).name: rows_at(kind, moment) for kind in kinds}

    with read_instead(connection, then):
        yield
