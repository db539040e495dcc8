"""What change sets did, in few words' worth of data: whose objects, how many, which columns and details."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import String, column, func, lateral, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from geodata.history.change_sets import ChangeSet, FeatureChange, HangingChange, as_added, hanging_tables
from geodata.history.documents import table_of
from geodata.schema.feature import Feature
from geodata.schema.registry import Registry

#: The columns of so many objects of a change set are compared.
COMPARED = 20


@dataclass
class Gist:
    """What one change set did. `names`: of the first objects; `details`: of the rows that hang on them."""

    count: int = 0
    names: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    added: int = 0
    deleted: int = 0


def gists_of(session: Session, change_sets: Iterable[ChangeSet], registry: Registry) -> dict[int, Gist]:
    """Return change set → what it did, for edits and their undoing; an import says it by its file."""
    by_layer: dict[str, list[int]] = defaultdict(list)
    for change_set in change_sets:
        if change_set.file_name is None:
            by_layer[change_set.layer].append(change_set.id)
    found: dict[int, Gist] = defaultdict(Gist)
    _written(session, [id_ for ids in by_layer.values() for id_ in ids], found)
    for layer, ids in by_layer.items():
        kind = registry.find(layer)
        if kind is not None:
            _added(session, kind, ids, found)
            _hanging(session, kind, ids, found)
    return dict(found)


def _written(session: Session, ids: Sequence[int], found: dict[int, Gist]) -> None:
    counted = (
        select(
            FeatureChange.change_set_id,
            func.count(),
            func.count().filter(FeatureChange.before.is_(None)),
            func.count().filter(FeatureChange.after.is_(None)),
        )
        .where(FeatureChange.change_set_id.in_(ids))
        .group_by(FeatureChange.change_set_id)
    )
    for id_, count, added, deleted in session.execute(counted):
        gist = found[id_]
        gist.count, gist.added, gist.deleted = count, added, deleted
    for id_, name, columns in session.execute(_compared(ids)):
        found[id_].names.append(name)
        found[id_].columns += [each for each in columns or [] if each not in found[id_].columns]


def _compared(ids: Sequence[int]) -> Any:
    """Return the statement for (change set, name, columns that differ) of the first objects of each change set."""
    some = lateral(
        select(FeatureChange.feature_id, FeatureChange.code, FeatureChange.before, FeatureChange.after)
        .where(FeatureChange.change_set_id == ChangeSet.id)
        .order_by(FeatureChange.feature_id)
        .limit(COMPARED)
    ).alias("some")
    pair = func.jsonb_each(some.c.after).table_valued(column("key", String), column("value", JSONB), name="pair")
    differ = (
        select(func.array_agg(pair.c.key))
        .where(some.c.before.is_not(None), some.c.before[pair.c.key].is_distinct_from(pair.c.value))
        .scalar_subquery()
    )
    name = func.coalesce(some.c.after["name"].astext, some.c.before["name"].astext, some.c.code)
    return (
        select(ChangeSet.id, name, differ).join(some, true()).where(ChangeSet.id.in_(ids)).order_by(some.c.feature_id)
    )


def _added(session: Session, kind: type[Feature], ids: Sequence[int], found: dict[int, Gist]) -> None:
    table = table_of(kind)
    asked = (
        select(table.c.change_set_id, func.min(table.c.name), func.count())
        .where(table.c.change_set_id.in_(ids), as_added(kind))
        .group_by(table.c.change_set_id)
    )
    for id_, name, count in session.execute(asked):
        gist = found[id_]
        gist.count += count
        gist.added += count
        gist.names.append(name)


def _hanging(session: Session, kind: type[Feature], ids: Sequence[int], found: dict[int, Gist]) -> None:
    tables = hanging_tables(kind)
    names = {table.name: name for name, table in tables.items()}
    written = (
        select(HangingChange.change_set_id, HangingChange.table_name, func.min(HangingChange.feature_id))
        .where(HangingChange.change_set_id.in_(ids))
        .group_by(HangingChange.change_set_id, HangingChange.table_name)
    )
    touched = [(id_, names.get(table), feature) for id_, table, feature in session.execute(written)]
    for name, table in tables.items():
        own = [table.c.layer == kind.layer.name] if "layer" in table.c else []
        added = select(table.c.change_set_id, func.min(table.c.feature_id)).where(table.c.change_set_id.in_(ids), *own)
        touched += [(id_, name, feature) for id_, feature in session.execute(added.group_by(table.c.change_set_id))]
    nameless = {feature for id_, _, feature in touched if not found[id_].names}
    stored = table_of(kind)
    asked = select(stored.c.id, stored.c.name).where(stored.c.id.in_(nameless))
    known = {row.id: row.name for row in session.execute(asked)}
    for id_, detail, feature in touched:
        gist = found[id_]
        if detail and detail not in gist.details:
            gist.details.append(detail)
        if not gist.names and feature in known:
            gist.names.append(known[feature])
            gist.count = max(gist.count, 1)
