"""What changed of objects since somebody last looked, out of the history: of what his role may see, and not by himself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, literal, select

from geodata.accounts.access import visible_details, visible_fields
from geodata.base.database import ReadConnection
from geodata.base.values import JsonObject
from geodata.following.marks import Mark
from geodata.history.change_sets import (
    ACTS,
    ChangeSet,
    FeatureChange,
    HangingChange,
    as_added,
    hanging_tables,
)
from geodata.history.documents import table_of
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.roles import Role


@dataclass(frozen=True, kw_only=True)
class Change:
    """What one change set did to one object: fields of its own, and tables of rows that hang on it (None: legal acts)."""

    feature_id: int
    number: int
    made_at: datetime
    by: str
    is_added: bool = False
    fields: tuple[Field, ...] = ()
    tables: tuple[type[Detail] | None, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A row of the history of one object."""

    feature_id: int
    number: int
    made_at: datetime
    by: str
    before: JsonObject | None
    after: JsonObject | None
    table: str = ""

    @property
    def changed(self) -> set[str]:
        """The columns that differ."""
        before, after = self.before or {}, self.after or {}
        return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def read_changes(
    connection: ReadConnection, kind: type[Feature], ids: Sequence[int], since: Mark, *, role: Role, but_by: str
) -> list[Change]:
    """Return what changed of these objects of a layer, the latest first; a change of hidden fields alone is none."""
    if not ids:
        return []
    fields = visible_fields(role, kind)
    details = {table_of(detail).name: detail for detail in visible_details(role, kind)}
    rows = [*_own(connection, kind, ids, since, but_by), *_hanging(connection, kind, ids, since, but_by)]
    found: dict[tuple[int, int], Change] = {}
    for row in rows:
        key = (row.number, row.feature_id)
        is_added = row.before is None and not row.table
        named = () if row.table or row.before is None else tuple(one for one in fields if one.name in row.changed)
        tables = _told_tables(kind, details, row)
        if not (is_added or named or tables):
            continue
        known = found.get(key)
        found[key] = Change(
            feature_id=row.feature_id,
            number=row.number,
            made_at=row.made_at,
            by=row.by,
            is_added=is_added or (known is not None and known.is_added),
            fields=(*(known.fields if known else ()), *named),
            tables=tuple(dict.fromkeys((*(known.tables if known else ()), *tables))),
        )
    return [found[key] for key in sorted(found, reverse=True)]


def _told_tables(
    kind: type[Feature], details: Mapping[str, type[Detail]], row: _Row
) -> tuple[type[Detail] | None, ...]:
    """Return the table that a row of the history is of, if who asks may see something of what changed in it."""
    if not row.table:
        return ()
    if row.table == hanging_tables(kind)[ACTS].name:
        return (None,)
    detail = details.get(row.table)
    return (detail,) if detail and row.changed & {field.name for field in detail.fields()} else ()


def _named(asked: Select[*tuple[Any, ...]], number: Any, since: Mark, but_by: str) -> Select[Any]:
    return (
        asked.add_columns(ChangeSet.id.label("number"), ChangeSet.made_at, ChangeSet.user_name.label("by"))
        .join(ChangeSet, ChangeSet.id == number)
        .where(since.is_new(number), ChangeSet.user_name != but_by)
    )


def _own(
    connection: ReadConnection, kind: type[Feature], ids: Sequence[int], since: Mark, but_by: str
) -> Iterable[_Row]:
    """Return what happened to the objects themselves; what was added is told without its values."""
    table = table_of(kind)
    written = select(FeatureChange.feature_id, FeatureChange.before, FeatureChange.after).where(
        FeatureChange.layer == kind.layer.name, FeatureChange.feature_id.in_(ids), FeatureChange.after.is_not(None)
    )
    for row in connection.execute(_named(written, FeatureChange.change_set_id, since, but_by)):
        yield _Row(**row._asdict())
    added = select(table.c.id.label("feature_id")).where(table.c.id.in_(ids), as_added(kind))
    for row in connection.execute(_named(added, table.c.change_set_id, since, but_by)):
        yield _Row(**row._asdict(), before=None, after={})


def _hanging(
    connection: ReadConnection, kind: type[Feature], ids: Sequence[int], since: Mark, but_by: str
) -> Iterable[_Row]:
    """Return what happened to the rows that hang on the objects."""
    written = select(
        HangingChange.feature_id, HangingChange.before, HangingChange.after, HangingChange.table_name.label("table")
    ).where(HangingChange.layer == kind.layer.name, HangingChange.feature_id.in_(ids))
    for row in connection.execute(_named(written, HangingChange.change_set_id, since, but_by)):
        yield _Row(**row._asdict())
    for table in hanging_tables(kind).values():
        for row in connection.execute(_named(_added(kind, table, ids), table.c.change_set_id, since, but_by)):
            values = row._asdict()
            names = [column.name for column in table.columns if values.pop(f"has_{column.name}", False)]
            yield _Row(**values, before=None, after=dict.fromkeys(names, True), table=table.name)


def _added(kind: type[Feature], table: Table, ids: Sequence[int]) -> Select[Any]:
    """Return the rows of a table that a change set added, each with which of its columns say something."""
    own = [table.c.layer == kind.layer.name] if "layer" in table.c else []
    said = [column.is_not(None).label(f"has_{column.name}") for column in table.columns]
    return select(table.c.feature_id, *said).where(table.c.feature_id.in_(ids), *own)


def removed_since(connection: ReadConnection, kind: type[Feature], ids: Sequence[int], since: Mark) -> int:
    """Return how many of these objects a change set has deleted since."""
    asked = select(FeatureChange.feature_id).where(
        FeatureChange.layer == literal(kind.layer.name),
        FeatureChange.feature_id.in_(ids),
        FeatureChange.after.is_(None),
        since.is_new(FeatureChange.change_set_id),
    )
    return len(set(connection.execute(asked).scalars()))
