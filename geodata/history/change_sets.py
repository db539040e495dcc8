"""Change sets: who changed what, when, from which file; and the way back.

An object that a change set added has no row in the history while it is as it was added: the stored row says it all, its
change_set_id says who added it, and a trigger (keep_added) writes it down before anything changes or deletes it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    ForeignKey,
    Identity,
    Index,
    Row,
    Select,
    Table,
    Text,
    and_,
    cast,
    false,
    func,
    insert,
    literal,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

import pyproj
import shapely

from geodata.base.database import Base, ReadConnection
from geodata.base.errors import NotFoundError
from geodata.base.values import JsonObject
from geodata.history.documents import Document, row_json, table_of
from geodata.query.documents import FeatureDocument
from geodata.schema.feature import Feature
from geodata.schema.registry import Registry


class ChangeKind(StrEnum):
    """What caused a change set."""

    IMPORT = "import"
    EDIT = "edit"
    UNDO = "undo"


class ChangeSet(Base):
    """One unit of work on one layer; an import is one change set."""

    __tablename__ = "change_set"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    layer: Mapped[str] = mapped_column(Text, index=True)
    user_name: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    file_name: Mapped[str | None] = mapped_column(Text)
    file_sha256: Mapped[str | None] = mapped_column(Text)
    crs: Mapped[str | None] = mapped_column(Text)
    encoding: Mapped[str | None] = mapped_column(Text)
    mapping: Mapped[JsonObject] = mapped_column(JSONB, default=dict, server_default="{}")
    counts: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict, server_default="{}")
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id"), unique=True)
    reason: Mapped[str | None] = mapped_column(Text)
    #: Who proposed what `user_name` accepted.
    proposed_by: Mapped[str | None] = mapped_column(Text)


def latest_change(
    connection: ReadConnection | Session, layers: Sequence[str], before: datetime | None = None
) -> datetime | None:
    """Return when the data of these layers were last changed by an import, an edit or an undo, up to a moment."""
    asked = select(func.max(ChangeSet.made_at)).where(ChangeSet.layer.in_(layers))
    latest: datetime | None = connection.scalar(asked if before is None else asked.where(ChangeSet.made_at < before))
    return latest


def first_change(connection: ReadConnection | Session) -> datetime | None:
    """Return when the history begins; None when nothing has been written in it."""
    first: datetime | None = connection.scalar(select(func.min(ChangeSet.made_at)))
    return first


class FeatureChange(Base):
    """One feature before and after, as JSON of its columns; geometry as hex EWKB. See the top for what was added."""

    __tablename__ = "feature_change"
    __table_args__ = (Index("ix_feature_change_feature", "layer", "feature_id"),)

    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_set.id", ondelete="CASCADE"), primary_key=True)
    layer: Mapped[str] = mapped_column(Text)
    feature_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    before: Mapped[Document | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[Document | None] = mapped_column(JSONB(none_as_null=True))


class HangingChange(Base):
    """One row that hangs on a feature (a detail, a legal act's link) before and after, as JSON without its change set.

    Triggers write it; what was added and is as it was added has no row here, like the features: see the top.
    """

    __tablename__ = "hanging_change"
    __table_args__ = (Index("ix_hanging_change_feature", "layer", "feature_id"),)

    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_set.id", ondelete="CASCADE"), primary_key=True)
    layer: Mapped[str] = mapped_column(Text)
    table_name: Mapped[str] = mapped_column(Text, primary_key=True)
    row_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    feature_id: Mapped[int] = mapped_column(BigInteger)
    before: Mapped[Document | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[Document | None] = mapped_column(JSONB(none_as_null=True))


#: What the links to legal acts are called among the details.
ACTS = "documents"


@dataclass(frozen=True, kw_only=True)
class FeatureHistoryEntry:
    """One change of one object."""

    change_set: ChangeSet
    before: Document | None
    after: Document | None

    @property
    def changed(self) -> tuple[str, ...]:
        """The columns that differ."""
        if self.before is None or self.after is None:
            return ()
        return tuple(name for name, value in self.after.items() if self.before.get(name) != value)


@contextmanager
def recorded_in(session: Session, change_set_id: int, *, is_undo: bool = False) -> Iterator[None]:
    """Let what changes meanwhile on rows that hang on features belong to a change set.

    An undo brings such rows back itself: what the database repeats of a feature in them stands still.
    """
    _set(session, change_set=str(change_set_id), undoing="on" if is_undo else "")
    yield
    _set(session, change_set="", undoing="")


def _set(session: Session, **settings: str) -> None:
    session.execute(select(*(func.set_config(f"webmap.{name}", value, true()) for name, value in settings.items())))


def hanging_tables(kind: type[Feature]) -> dict[str, Table]:
    """Return name -> table of all that hangs on a layer's features: its details, and the links to legal acts."""
    return {detail.detail.name: table_of(detail) for detail in kind.details} | {ACTS: table_of(FeatureDocument)}


def list_change_sets(
    session: Session,
    *,
    layer: str | None = None,
    layers: Sequence[str] | None = None,
    limit: int = 100,
    before_id: int | None = None,
) -> list[ChangeSet]:
    """Return change sets, the latest first; `layers`: of these alone, for what else has change sets is no layer."""
    query = select(ChangeSet).order_by(ChangeSet.id.desc()).limit(limit)
    if layer is not None:
        query = query.where(ChangeSet.layer == layer)
    if layers is not None:
        query = query.where(ChangeSet.layer.in_(layers))
    if before_id is not None:
        query = query.where(ChangeSet.id < before_id)
    return list(session.scalars(query))


def get_change_set(session: Session, change_set_id: int | str) -> ChangeSet:
    """Return one change set. Raises NotFoundError."""
    text = str(change_set_id).strip()
    found = session.get(ChangeSet, int(text)) if text.isascii() and text.isdigit() and len(text) < 19 else None
    if found is None:
        raise NotFoundError(value=text)
    return found


def as_added(kind: type[Feature]) -> ColumnElement[bool]:
    """Say of a layer's rows whether they are as a change set added them, and so not written down in the history."""
    table = table_of(kind)
    written = select(FeatureChange.feature_id).where(
        FeatureChange.change_set_id == table.c.change_set_id, FeatureChange.feature_id == table.c.id
    )
    return and_(table.c.change_set_id.is_not(None), ~written.correlate(table).exists())


def changes_of(session: Session, layer: str, feature_id: int, registry: Registry) -> list[FeatureHistoryEntry]:
    """Return what happened to one object, the latest first. `registry`: the layers of the application."""
    kind = registry.get(layer)
    table = table_of(kind)
    query = (
        select(ChangeSet, FeatureChange.before, FeatureChange.after)
        .join(FeatureChange, FeatureChange.change_set_id == ChangeSet.id)
        .where(FeatureChange.layer == layer, FeatureChange.feature_id == feature_id)
        .order_by(ChangeSet.id.desc())
    )
    added = (
        select(ChangeSet, row_json(kind))
        .join(table, table.c.change_set_id == ChangeSet.id)
        .where(table.c.id == feature_id, as_added(kind))
    )
    return [
        *[FeatureHistoryEntry(change_set=change, before=None, after=after) for change, after in session.execute(added)],
        *[
            FeatureHistoryEntry(change_set=change, before=before, after=after)
            for change, before, after in session.execute(query)
        ],
    ]


def _kind_of(session: Session, change_set_id: int, registry: Registry) -> type[Feature] | None:
    """Return the layer of a change set; None where there is no such layer any more."""
    layer = session.scalar(select(ChangeSet.layer).where(ChangeSet.id == change_set_id))
    return registry.find(layer) if layer is not None else None


def _touched(kind: type[Feature] | None, change_set_id: int) -> CompoundSelect[Any]:
    """Return (feature_id, code, is_added) of the objects that a change set of a layer touched."""
    written = select(FeatureChange.feature_id, FeatureChange.code, false().label("is_added")).where(
        FeatureChange.change_set_id == change_set_id
    )
    if kind is None:
        return union_all(written)
    table = table_of(kind)
    added = select(table.c.id, table.c.code, true()).where(table.c.change_set_id == change_set_id, as_added(kind))
    return union_all(written, added)


def changes_in(
    session: Session, change_set_id: int, registry: Registry, *, limit: int = 1000, offset: int = 0
) -> list[FeatureChange]:
    """Return the objects that a change set touched. `registry`: the layers of the application."""
    kind = _kind_of(session, change_set_id, registry)
    rows = _touched(kind, change_set_id).subquery("touched")
    page = session.execute(
        select(rows.c.feature_id, rows.c.is_added).order_by(rows.c.code, rows.c.feature_id).limit(limit).offset(offset)
    ).all()
    written = select(FeatureChange).where(
        FeatureChange.change_set_id == change_set_id,
        FeatureChange.feature_id.in_([id_ for id_, is_added in page if not is_added]),
    )
    found = {change.feature_id: change for change in session.scalars(written)}
    if kind is not None:
        table = table_of(kind)
        added = select(table.c.id, table.c.code, row_json(kind)).where(
            table.c.id.in_([id_ for id_, is_added in page if is_added])
        )
        found |= {
            id_: FeatureChange(
                change_set_id=change_set_id, layer=kind.layer.name, feature_id=id_, code=code, before=None, after=after
            )
            for id_, code, after in session.execute(added)
        }
    return [found[id_] for id_, _ in page if id_ in found]


def hanging_changes_in(
    session: Session, kind: type[Feature], change_set_id: int, feature_ids: Sequence[int]
) -> list[HangingChange]:
    """Return what a change set did to the rows that hang on these features, in the order of their tables."""
    written = select(HangingChange).where(
        HangingChange.change_set_id == change_set_id,
        HangingChange.layer == kind.layer.name,
        HangingChange.feature_id.in_(feature_ids),
    )
    found = list(session.scalars(written.order_by(HangingChange.table_name, HangingChange.row_id)))
    known = {(change.table_name, change.row_id) for change in found}
    for table in hanging_tables(kind).values():
        document = cast(func.to_jsonb(table.table_valued(), type_=JSONB), JSONB)
        own = [table.c.layer == kind.layer.name] if "layer" in table.c else []
        added = select(table.c.id, table.c.feature_id, document.label("document")).where(
            table.c.change_set_id == change_set_id, table.c.feature_id.in_(feature_ids), *own
        )
        found += [
            HangingChange(
                change_set_id=change_set_id, layer=kind.layer.name, table_name=table.name, row_id=row.id,
                feature_id=row.feature_id, before=None, after=row.document,
            )
            for row in session.execute(added.order_by(table.c.id))
            if (table.name, row.id) not in known
        ]  # fmt: skip
    return found


def only_hanging_in(session: Session, kind: type[Feature], change_set_id: int, *, limit: int) -> list[Row[Any]]:
    """Return (id, code, name) of the features of which a change set touched nothing but rows that hang on them."""
    written = select(HangingChange.feature_id).where(
        HangingChange.change_set_id == change_set_id, HangingChange.layer == kind.layer.name
    )
    added = [
        select(table.c.feature_id).where(
            table.c.change_set_id == change_set_id, *([table.c.layer == kind.layer.name] if "layer" in table.c else [])
        )
        for table in hanging_tables(kind).values()
    ]
    touched = _touched(kind, change_set_id)
    asked = select(kind.id, kind.code, kind.name).where(
        kind.id.in_(union(written, *added)), kind.id.not_in(select(touched.subquery("touched").c.feature_id))
    )
    return list(session.execute(asked.order_by(kind.code).limit(limit)))


def count_changes(session: Session, change_set_id: int, registry: Registry) -> int:
    """Return how many objects a change set touched. `registry`: the layers of the application."""
    touched = _touched(_kind_of(session, change_set_id, registry), change_set_id)
    return session.scalar(select(func.count()).select_from(touched.subquery("touched"))) or 0


def metres_moved(before: JsonObject | None, after: JsonObject | None) -> float | None:
    """Return how far the middle of an object moved between two states, in metres; None when it did not."""
    shapes = [(state or {}).get("geom") for state in (before, after)]
    if None in shapes or shapes[0] == shapes[1]:
        return None
    (lon, lat), (new_lon, new_lat) = (shapely.from_wkb(shape).centroid.coords[0][:2] for shape in shapes)
    return round(float(pyproj.Geod(ellps="WGS84").inv(lon, lat, new_lon, new_lat)[2]), 2)


def lock_layer(session: Session, layer: str) -> None:
    """Wait for other units of work on a layer to end; held until this transaction ends."""
    session.execute(select(func.set_config("lock_timeout", "15min", True)))
    session.execute(select(func.pg_advisory_xact_lock(_lock_number(layer))))


def layer_is_free(session: Session, layer: str) -> bool:
    """Say whether no other unit of work is at a layer; if so, others wait until this transaction ends."""
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_lock_number(layer)))))


def _lock_number(layer: str) -> ColumnElement[int]:
    return func.hashtextextended(f"layer:{layer}", 0)


def hold_rows(session: Session, table: Table, ids: Select[Any]) -> None:
    """Wait for edits of these objects to end and keep new ones out until this transaction ends.

    Statements that follow see what those edits left.
    """
    held = ids.with_for_update(of=table).subquery("held")
    session.execute(select(func.count()).select_from(held))


def record_deletions(session: Session, kind: type[Feature], change_set_id: int, ids: ColumnElement[bool]) -> None:
    """Write down objects, with what hangs on them, before they are deleted."""
    table = table_of(kind)
    document = row_json(kind)
    if kind.details:
        hanging: list[Any] = []
        for detail in kind.details:
            other = table_of(detail)
            rows = (
                select(func.coalesce(func.jsonb_agg(func.to_jsonb(other.table_valued())), func.jsonb_build_array()))
                .where(other.c.feature_id == table.c.id)
                .scalar_subquery()
            )
            hanging += [literal(detail.detail.name, Text), rows]
        document = document.concat(
            func.jsonb_build_object(literal("details", Text), func.jsonb_build_object(*hanging), type_=JSONB)
        )
    chosen = select(literal(change_set_id), literal(kind.layer.name), table.c.id, table.c.code, document).where(ids)
    session.execute(
        insert(FeatureChange).from_select(["change_set_id", "layer", "feature_id", "code", "before"], chosen)
    )
