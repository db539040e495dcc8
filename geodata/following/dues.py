"""What falls due on days of the layers' rows, as the layers declare it: of all objects, or of those that somebody follows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select

from geodata.accounts.access import visible_details, visible_fields
from geodata.base.collation import name_key
from geodata.base.database import ReadConnection
from geodata.schema.described import Described
from geodata.schema.details import Detail
from geodata.schema.dues import Due
from geodata.schema.feature import Feature
from geodata.schema.fields import LabelledEnum
from geodata.schema.roles import Role, is_for

#: Of one kind at most so many are listed, the most urgent first.
MOST = 500


@dataclass(frozen=True, kw_only=True)
class Falling:
    """Something that falls due: of which object, on which day. `row_id`: of the row it is a day of; `what` says more."""

    kind: type[Feature]
    due: Due
    feature_id: int
    row_id: int
    code: str
    name: str
    on: date
    what: str | LabelledEnum | None = None
    is_illustration: bool = False

    def days_left(self, today: date) -> int:
        """Return how many days are left; below 0 when it is late."""
        return (self.on - today).days

    def told_since(self, today: date, seen_on: date) -> bool:
        """Say whether it came near, or became late, only after a day."""
        return self.on - timedelta(days=self.due.days) > seen_on or seen_on <= self.on < today


def declared(role: Role, kinds: Iterable[type[Feature]]) -> Iterator[tuple[type[Feature], type[Described], Due]]:
    """Return what falls due in these layers, as far as a role may see the days."""
    for kind in kinds:
        rows: list[tuple[type[Described], Sequence[Due]]] = [(kind, kind.layer.dues)]
        rows += [(detail, detail.detail.dues) for detail in visible_details(role, kind)]
        for table, dues in rows:
            names = {field.name for field in _visible(role, kind, table)}
            yield from ((kind, table, due) for due in dues if {due.day, due.what or due.day} <= names)


def _visible(role: Role, kind: type[Feature], table: type[Described]) -> Iterable[Any]:
    if table is kind:
        return visible_fields(role, kind)
    return (field for field in table.fields() if is_for(role, field.roles))


def read_dues(
    connection: ReadConnection,
    role: Role,
    kinds: Iterable[type[Feature]],
    on: date,
    *,
    ids: Mapping[str, Sequence[int]] | None = None,
    days: int | None = None,
) -> list[Falling]:
    """Return what has fallen due by a day and is not done, and what will soon, by day.

    `ids`: layer -> objects; without them, what the role is told of. `days`: told from so many days before, instead of as declared.
    """
    found: list[Falling] = []
    for kind, table, due in declared(role, kinds):
        chosen = ids.get(kind.layer.name, ()) if ids is not None else None
        if (chosen is None and role not in due.roles) or (chosen is not None and not chosen):
            continue
        query = _query(kind, table, due, on, on + timedelta(days=due.days if days is None else days))
        if chosen is not None:
            query = query.where(kind.id.in_(chosen))
        found += [Falling(kind=kind, due=due, **row._asdict()) for row in connection.execute(query.limit(MOST))]
    return sorted(found, key=lambda one: (one.on, name_key(one.name), one.row_id))


def count_dues(connection: ReadConnection, role: Role, kinds: Iterable[type[Feature]], on: date) -> int:
    """Return how much of what a role is told of has fallen due by a day or will soon, and has no page of its own.

    One statement: who signs in reads it with each page after a change. Of one kind as many count as are listed.
    """
    listed = [
        _query(kind, table, due, on, on + timedelta(days=due.days)).limit(MOST).subquery()
        for kind, table, due in declared(role, kinds)
        if role in due.roles and not due.has_page
    ]
    counted = [select(func.count()).select_from(rows).scalar_subquery() for rows in listed]
    return int(connection.scalar(select(sum(counted, start=literal(0)))) or 0) if counted else 0


def _query(kind: type[Feature], table: type[Described], due: Due, on: date, until: date) -> Select[Any]:
    day = table.column(due.day)
    what = table.column(due.what) if due.what else literal(None)
    row_id = table.column("id")
    query = select(
        kind.id.label("feature_id"), row_id.label("row_id"), kind.code, kind.name, kind.is_illustration,
        day.label("on"), what.label("what"),
    )  # fmt: skip
    if isinstance(table, type) and issubclass(table, Detail):
        query = query.join(table, table.feature_id == kind.id)
    left = table.column(due.done).is_(None) if due.done else day >= on
    counts: list[ColumnElement[bool]] = [table.column(name).in_(values) for name, values in due.only.items()]
    # An unknown value is none of those for which nothing is due.
    counts += [
        or_(kind.column(name).is_(None), kind.column(name).not_in(values)) for name, values in due.unless.items()
    ]
    is_there = or_(kind.valid_to.is_(None), kind.valid_to >= on)
    return query.where(and_(day <= until, left, is_there, *counts)).order_by(day, kind.id)
