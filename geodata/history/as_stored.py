"""The layers as they were stored at the end of an earlier day, put together from today's rows and the history.

A row that never went through a change set counts as always there. Of what hangs on an object, the history keeps what
repeats the object's own columns (certificates), and the rest only where the object was deleted: today's rows, without
those of later days. What depends on today depends on that day.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    DateTime,
    Select,
    Subquery,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from geodata.base.database import TIME_ZONE, as_today, read_instead
from geodata.history.change_sets import ChangeSet, FeatureChange
from geodata.history.documents import column_from_json, data_columns, table_of
from geodata.query.documents import LegalAct
from geodata.schema.details import Detail
from geodata.schema.feature import Feature


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


def details_at(kind: type[Feature], detail: type[Detail], day: date) -> Subquery:
    """Return the rows that hang on a layer, as far as they can have been known at the end of a day."""
    info, table, moment = detail.detail, table_of(detail), end_of(day)
    kept = union_all(select(*table.columns), _of_the_deleted(kind, detail, moment)).subquery("kept")
    shown = dict(kept.columns.items())
    for name, told in info.known_later.items():
        shown |= {each: _by(day, kept.c[name], kept.c[each]).label(each) for each in (name, *told)}
    rows = select(*shown.values())
    if info.known_from:
        rows = rows.where(or_(kept.c[info.known_from].is_(None), _is_by(day, kept.c[info.known_from])))
    if not info.repeats:
        return rows.subquery(table.name)
    then, later = (_repeated(detail, versions) for versions in _versions(kind, detail, moment))
    known = union_all(select(*then.c), select(*later.c)).subquery("known")
    key = ("feature_id", *info.key)
    never_told = tuple_(*(kept.c[name] for name in key)).not_in(select(*(known.c[name] for name in key)))
    same = [then.c[name] == table.c[name] for name in key]
    columns = [then.c[name] if name in then.c else func.coalesce(table.c[name], 0).label(name) for name in shown]
    told_then = select(*columns).select_from(then.outerjoin(table, and_(*same)))
    return union_all(rows.where(never_told), told_then).subquery(table.name)


def _by(day: date, when: ColumnElement[Any], told: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((_is_by(day, when), told))


def _is_by(day: date, when: ColumnElement[Any]) -> ColumnElement[bool]:
    return when < end_of(day) if isinstance(when.type, DateTime) else when <= day


def _of_the_deleted(kind: type[Feature], detail: type[Detail], moment: datetime) -> Select[Any]:
    """Return what hung on the objects that were deleted since, as it was then."""
    table = table_of(detail)
    deletion = (
        select(FeatureChange.feature_id, FeatureChange.before["details"][detail.detail.name].label("rows"))
        .join(ChangeSet, ChangeSet.id == FeatureChange.change_set_id)
        .where(
            FeatureChange.layer == kind.layer.name,
            FeatureChange.after.is_(None),
            ChangeSet.made_at >= moment,
            FeatureChange.feature_id.not_in(select(table_of(kind).c.id)),
        )
        .ext(distinct_on(FeatureChange.feature_id))
        .order_by(FeatureChange.feature_id, FeatureChange.change_set_id)
        .subquery("deletion")
    )
    row = func.jsonb_array_elements(deletion.c.rows).table_valued(column("value", JSONB), joins_implicitly=True)
    values = (cast(row.c.value[name].astext, each.type).label(name) for name, each in table.columns.items())
    return select(*values).select_from(deletion, row)


def _versions(
    kind: type[Feature], detail: type[Detail], moment: datetime
) -> tuple[CompoundSelect[Any], CompoundSelect[Any]]:
    """Return what a layer's objects had in the repeated columns, as (feature_id, turn, columns): by a moment, and since."""
    table, repeats = table_of(kind), detail.detail.repeats

    def told(document: Any) -> list[ColumnElement[Any]]:
        types = {name: table_of(detail).c[name].type for name in repeats}
        return [cast(document[own].astext, types[name]).label(name) for name, own in repeats.items()]

    changes = (
        select(FeatureChange.feature_id, FeatureChange.change_set_id.label("turn"), *told(FeatureChange.after))
        .join(ChangeSet, ChangeSet.id == FeatureChange.change_set_id)
        .where(FeatureChange.layer == kind.layer.name, FeatureChange.after.is_not(None))
    )
    first = (
        select(FeatureChange.feature_id, FeatureChange.before)
        .where(FeatureChange.layer == kind.layer.name)
        .ext(distinct_on(FeatureChange.feature_id))
        .order_by(FeatureChange.feature_id, FeatureChange.change_set_id)
        .subquery("first")
    )
    turn_nought = literal(0, BigInteger).label("turn")
    before_all = select(first.c.feature_id, turn_nought, *told(first.c.before)).where(first.c.before.is_not(None))
    # What no row of the history tells of is as it always was, or as it was added.
    own = [table.c[own].label(name) for name, own in repeats.items()]
    untold = select(table.c.id, turn_nought, *own).where(table.c.id.not_in(select(first.c.feature_id)))
    since = select(ChangeSet.id).where(ChangeSet.layer == kind.layer.name, ChangeSet.made_at >= moment)
    is_new = and_(table.c.change_set_id.is_not(None), table.c.change_set_id.in_(since))
    return (
        union_all(changes.where(ChangeSet.made_at < moment), before_all, untold.where(not_(is_new))),
        union_all(changes.where(ChangeSet.made_at >= moment), untold.where(is_new)),
    )


def _repeated(detail: type[Detail], versions: CompoundSelect[Any]) -> Subquery:
    """Return the rows that a trigger keeps of these versions: of each key, what the latest says."""
    version, info = versions.subquery("version"), detail.detail
    key = [version.c[name] for name in ("feature_id", *info.key)]
    return (
        select(version.c.feature_id, *(version.c[name] for name in info.repeats))
        .where(*(column.is_not(None) for column in key))
        .ext(distinct_on(*key))
        .order_by(*key, version.c.turn.desc())
        .subquery()
    )


@contextmanager
def stored_then(connection: Connection, kinds: Iterable[type[Feature]], day: date) -> Iterator[None]:
    """Let every statement of a connection read these layers as they were stored at the end of a day, and be of that day."""
    moment = end_of(day)
    then: dict[str, Subquery] = {}
    for kind in kinds:
        then[table_of(kind).name] = rows_at(kind, moment)
        then |= {table_of(detail).name: details_at(kind, detail, day) for detail in kind.details}
    acts = table_of(LegalAct)
    then[acts.name] = select(acts).where(or_(acts.c.issued_on.is_(None), acts.c.issued_on <= day)).subquery(acts.name)
    with read_instead(connection, then, day), as_today(day):
        yield
