"""Change sets: who changed what, when, from which file; and the way back.

An object that a change set added has no row in the history while it is as it was added: the stored row says it all, its
change_set_id says who added it, and a trigger (keep_added) writes it down before anything changes or deletes it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    ForeignKey,
    FromClause,
    Identity,
    Index,
    Select,
    Table,
    Text,
    and_,
    cast,
    delete,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    type_coerce,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import UserDefinedType

import pyproj
import shapely

from geodata.database import Base
from geodata.errors import ConflictError, NotFoundError
from geodata.i18n import N_
from geodata.layer import Feature
from geodata.layers import LAYERS


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
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id"), unique=True)


def latest_change(
    connection: Connection | Session, layers: Sequence[str], before: datetime | None = None
) -> datetime | None:
    """Return when the data of these layers were last changed by an import, an edit or an undo, up to a moment."""
    asked = select(func.max(ChangeSet.made_at)).where(ChangeSet.layer.in_(layers))
    latest: datetime | None = connection.scalar(asked if before is None else asked.where(ChangeSet.made_at < before))
    return latest


def first_change(connection: Connection | Session) -> datetime | None:
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
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class PlainGeometry(UserDefinedType[Any]):
    """A geometry as it is, without conversions on the way in and out: for statements that stay inside the database."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name in SQL."""
        return "geometry(Geometry,4326)"


class AnyGeometry(UserDefinedType[Any]):
    """The bare geometry type, for casts."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name in SQL."""
        return "geometry"


#: Columns that belong to the store, not to the object.
_NOT_DATA = frozenset({"id", "updated_at", "change_set_id"})
#: jsonb_build_object takes 100 arguments.
_PAIRS = 40


def table_of(mapped: type[Base]) -> Table:
    """Return the table of a layer kind or of any mapped class."""
    table = mapped.__table__
    assert isinstance(table, Table)  # noqa: S101 - a mapped class with a tablename has a Table
    return table


def data_columns(kind: type[Feature]) -> tuple[str, ...]:
    """Return the columns that history keeps: all that say something about the object, geometry included."""
    return tuple(
        column.name for column in table_of(kind).columns if column.computed is None and column.name not in _NOT_DATA
    )


def row_json(kind: type[Feature], row: FromClause | None = None) -> ColumnElement[Any]:
    """Return a row of a layer as a JSON object, geometry as hex EWKB."""
    source = row if row is not None else table_of(kind)
    names = data_columns(kind)
    parts: list[ColumnElement[Any]] = []
    for start in range(0, len(names), _PAIRS):
        arguments: list[Any] = []
        for name in names[start : start + _PAIRS]:
            column = source.c[name]
            arguments += [
                literal(name, Text),
                cast(type_coerce(column, AnyGeometry()), Text) if name == "geom" else column,
            ]
        parts.append(func.jsonb_build_object(*arguments, type_=JSONB))
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.concat(part)
    return whole


def column_from_json(kind: type[Feature], name: str, document: Any) -> ColumnElement[Any]:
    """Return the value of a column out of such an object."""
    column = table_of(kind).c[name]
    if name == "geom":
        return type_coerce(cast(document[name].astext, AnyGeometry()), PlainGeometry())
    if isinstance(column.type, JSONB):
        return func.coalesce(document[name], func.jsonb_build_object(type_=JSONB))
    return cast(document[name].astext, column.type)


@dataclass(frozen=True, kw_only=True)
class KeptEdit:
    """A later edit that an undo left alone: the object and the fields that somebody changed since."""

    feature_id: int
    code: str
    fields: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class UndoReport:
    """What an undo did. `kept` are the later edits it left alone."""

    change_set_id: int
    undoes_id: int
    layer: str
    restored: int
    removed: int
    brought_back: int
    kept: tuple[KeptEdit, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        kept = [
            {"feature_id": edit.feature_id, "code": edit.code, "fields": list(edit.fields), "reason": edit.reason}
            for edit in self.kept
        ]
        return {
            "undo_id": str(self.change_set_id),
            "import_id": str(self.undoes_id),
            "layer": self.layer,
            "counts": {
                "restored": self.restored,
                "removed": self.removed,
                "brought_back": self.brought_back,
                "kept": len(kept),
            },
            "kept": kept,
        }


@dataclass(frozen=True, kw_only=True)
class FeatureHistoryEntry:
    """One change of one object."""

    change_set: ChangeSet
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def changed(self) -> tuple[str, ...]:
        """The columns that differ."""
        if self.before is None or self.after is None:
            return ()
        return tuple(name for name, value in self.after.items() if self.before.get(name) != value)


def list_change_sets(
    session: Session, *, layer: str | None = None, limit: int = 100, before_id: int | None = None
) -> list[ChangeSet]:
    """Return change sets, the latest first."""
    query = select(ChangeSet).order_by(ChangeSet.id.desc()).limit(limit)
    if layer is not None:
        query = query.where(ChangeSet.layer == layer)
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


def changes_of(session: Session, layer: str, feature_id: int) -> list[FeatureHistoryEntry]:
    """Return what happened to one object, the latest first."""
    kind = LAYERS.get(layer)
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


def _touched(session: Session, change_set_id: int) -> tuple[type[Feature] | None, CompoundSelect[Any]]:
    """Return the layer of a change set and (feature_id, code, is_added) of the objects that it touched."""
    layer = session.scalar(select(ChangeSet.layer).where(ChangeSet.id == change_set_id))
    kind = LAYERS.find(layer) if layer is not None else None
    written = select(FeatureChange.feature_id, FeatureChange.code, false().label("is_added")).where(
        FeatureChange.change_set_id == change_set_id
    )
    if kind is None:
        return None, union_all(written)
    table = table_of(kind)
    added = select(table.c.id, table.c.code, true()).where(table.c.change_set_id == change_set_id, as_added(kind))
    return kind, union_all(written, added)


def changes_in(session: Session, change_set_id: int, *, limit: int = 1000, offset: int = 0) -> list[FeatureChange]:
    """Return the objects that a change set touched."""
    kind, touched = _touched(session, change_set_id)
    rows = touched.subquery("touched")
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


def count_changes(session: Session, change_set_id: int) -> int:
    """Return how many objects a change set touched."""
    _, touched = _touched(session, change_set_id)
    return session.scalar(select(func.count()).select_from(touched.subquery("touched"))) or 0


def metres_moved(before: dict[str, Any] | None, after: dict[str, Any] | None) -> float | None:
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


def undo(
    session: Session,
    change_set_id: int | str,
    *,
    user_name: str,
    on_undone: Callable[[UndoReport], None] | None = None,
) -> UndoReport:
    """Revert a change set and commit; later edits of an object are kept, field by field, and reported.

    `on_undone` is called in the same transaction just before it commits. Raises NotFoundError, ConflictError (already
    undone).
    """
    report = _undone(session, change_set_id, user_name)
    if on_undone is not None:
        on_undone(report)
    session.commit()
    return report


def preview_undo(session: Session, change_set_id: int | str) -> UndoReport:
    """Return what undo() would do now. Rolls back. Raises NotFoundError, ConflictError (already undone)."""
    try:
        return _undone(session, change_set_id, "")
    finally:
        session.rollback()


def _undone(session: Session, change_set_id: int | str, user_name: str) -> UndoReport:
    change_set = get_change_set(session, change_set_id)
    kind = LAYERS.get(change_set.layer)
    lock_layer(session, kind.layer.name)
    if session.scalar(select(ChangeSet.id).where(ChangeSet.undoes_id == change_set.id)) is not None:
        raise ConflictError(N_("Import {value} has been undone already."), value=str(change_set.id))
    undoing = ChangeSet(
        kind=ChangeKind.UNDO,
        layer=kind.layer.name,
        user_name=user_name,
        file_name=change_set.file_name,
        file_sha256=change_set.file_sha256,
        undoes_id=change_set.id,
    )
    session.add(undoing)
    session.flush()
    report = _Undo(session, kind, change_set.id, undoing.id).run()
    undoing.counts = report.as_json()["counts"]
    return report


class _Undo:
    """The statements of one undo."""

    def __init__(self, session: Session, kind: type[Feature], change_set_id: int, undo_id: int) -> None:
        self.session, self.kind, self.change_set_id, self.undo_id = session, kind, change_set_id, undo_id
        self.table = table_of(kind)
        self.change = table_of(FeatureChange).alias("change")
        self.of_set = self.change.c.change_set_id == change_set_id

    def run(self) -> UndoReport:
        """Remove what was added, bring back what was deleted, restore what was changed."""
        joined = self.change.join(self.table, self.table.c.id == self.change.c.feature_id)
        hold_rows(self.session, self.table, select(self.table.c.id).select_from(joined).where(self.of_set))
        hold_rows(
            self.session, self.table, select(self.table.c.id).where(self.table.c.change_set_id == self.change_set_id)
        )
        removed, kept_added = self._remove_added()
        restored, kept_changed = self._restore_changed()
        brought_back, kept_deleted = self._bring_back_deleted()
        return UndoReport(
            change_set_id=self.undo_id,
            undoes_id=self.change_set_id,
            layer=self.kind.layer.name,
            restored=restored,
            removed=removed,
            brought_back=brought_back,
            kept=(*kept_added, *kept_changed, *kept_deleted),
        )

    def _rows(self, condition: ColumnElement[bool]) -> Sequence[Any]:
        """Return (id, code, before, after, current) of the set's objects; current is None when the object is gone."""
        joined = self.change.outerjoin(self.table, self.table.c.id == self.change.c.feature_id)
        current = row_json(self.kind)
        query = (
            select(
                self.change.c.feature_id,
                self.change.c.code,
                self.change.c.before,
                self.change.c.after,
                self.table.c.id,
                current,
            )
            .select_from(joined)
            .where(self.of_set, condition)
            .order_by(self.change.c.feature_id)
        )
        return self.session.execute(query).all()

    def _remove_added(self) -> tuple[int, list[KeptEdit]]:
        joined = self.change.join(self.table, self.table.c.id == self.change.c.feature_id)
        same = row_json(self.kind) == self.change.c.after
        added = (self.of_set, self.change.c.before.is_(None))
        edited = self.session.execute(
            select(self.table.c.id, self.table.c.code, self.change.c.after, row_json(self.kind))
            .select_from(joined)
            .where(*added, ~same)
        ).all()
        untouched = or_(
            self.table.c.id.in_(select(self.table.c.id).select_from(joined).where(*added, same)),
            and_(self.table.c.change_set_id == self.change_set_id, as_added(self.kind)),
        )
        count = self.session.scalar(select(func.count()).select_from(self.table).where(untouched)) or 0
        if count:
            record_deletions(self.session, self.kind, self.undo_id, untouched)
            ids = select(FeatureChange.feature_id).where(
                FeatureChange.change_set_id == self.undo_id, FeatureChange.after.is_(None)
            )
            self.session.execute(delete(self.table).where(self.table.c.id.in_(ids)))
        kept = [
            KeptEdit(
                feature_id=id_, code=code, fields=_differing(after, now), reason=N_("edited after it was imported")
            )
            for id_, code, after, now in edited
        ]
        return count, kept

    def _restore_changed(self) -> tuple[int, list[KeptEdit]]:
        kept: list[KeptEdit] = []
        restore: list[dict[str, Any]] = []
        for id_, code, before, after, present, now in self._rows(
            self.change.c.before.is_not(None) & self.change.c.after.is_not(None)
        ):
            if present is None:
                kept.append(KeptEdit(feature_id=id_, code=code, fields=(), reason=N_("deleted since")))
                continue
            imported = _differing(before, after)
            edited = tuple(name for name in imported if now.get(name) != after.get(name))
            if edited:
                kept.append(KeptEdit(feature_id=id_, code=code, fields=edited, reason=N_("edited since")))
            back = {name: before.get(name) for name in imported if name not in edited}
            if back:
                restore.append({"id": id_, "code": code, "before": now, "after": {**now, **back}})
        self._write_back(restore)
        return len(restore), kept

    def _write_back(self, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        self.session.execute(
            insert(FeatureChange),
            [
                {
                    "change_set_id": self.undo_id,
                    "layer": self.kind.layer.name,
                    "feature_id": row["id"],
                    "code": row["code"],
                    "before": row["before"],
                    "after": row["after"],
                }
                for row in rows
            ],
        )
        document = FeatureChange.after
        values = {name: column_from_json(self.kind, name, document) for name in data_columns(self.kind)}
        self.session.execute(
            update(self.table)
            .where(
                self.table.c.id == FeatureChange.feature_id,
                FeatureChange.change_set_id == self.undo_id,
                FeatureChange.before.is_not(None),
                FeatureChange.after.is_not(None),
            )
            .values(**values, change_set_id=self.undo_id, updated_at=func.now())
        )

    def _bring_back_deleted(self) -> tuple[int, list[KeptEdit]]:
        kept: list[KeptEdit] = []
        back: list[tuple[int, str, dict[str, Any]]] = []
        for id_, code, before, _, present, _ in self._rows(
            self.change.c.before.is_not(None) & self.change.c.after.is_(None)
        ):
            if present is not None or self._key_is_taken(before):
                kept.append(KeptEdit(feature_id=id_, code=code, fields=(), reason=N_("created anew since")))
            else:
                back.append((id_, code, before))
        if not back:
            return 0, kept
        self.session.execute(
            insert(FeatureChange),
            [
                {
                    "change_set_id": self.undo_id,
                    "layer": self.kind.layer.name,
                    "feature_id": id_,
                    "code": code,
                    "after": {name: value for name, value in before.items() if name != "details"},
                }
                for id_, code, before in back
            ],
        )
        names = data_columns(self.kind)
        rows = select(
            FeatureChange.feature_id,
            *[column_from_json(self.kind, name, FeatureChange.after) for name in names],
            literal(self.undo_id),
        ).where(FeatureChange.change_set_id == self.undo_id, FeatureChange.before.is_(None))
        self.session.execute(insert(self.table).from_select(["id", *names, "change_set_id"], rows))
        for id_, _, before in back:
            self._bring_back_details(id_, before.get("details") or {})
        return len(back), kept

    def _key_is_taken(self, before: dict[str, Any]) -> bool:
        parts = ((self.table.c[name], before.get(name)) for name in self.kind.layer.key)
        conditions = [part.is_not_distinct_from(cast(literal(value, Text()), part.type)) for part, value in parts]
        return self.session.scalar(select(self.table.c.id).where(*conditions).limit(1)) is not None

    def _bring_back_details(self, feature_id: int, details: dict[str, list[dict[str, Any]]]) -> None:
        for detail in self.kind.details:
            other = table_of(detail)
            present = set(self.session.scalars(select(other.c.id).where(other.c.feature_id == feature_id)))
            if present:
                # A trigger that follows the object has written its own; the ones kept in the history are the true ones.
                self.session.execute(delete(other).where(other.c.feature_id == feature_id))
            for row in details.get(detail.detail.name, []):
                document = cast(literal(row, JSONB), JSONB)
                names = [column.name for column in other.columns if column.computed is None]
                values = [cast(document[name].astext, other.c[name].type) for name in names]
                self.session.execute(insert(other).from_select(names, select(*values)))


def _differing(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name for name, value in after.items() if name != "details" and before.get(name) != value)
