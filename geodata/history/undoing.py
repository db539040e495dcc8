"""The way back: taking a change set back out of the history, whatever was changed since and in whatever order.

A row is what its history makes of it: the changes of all change sets that count, one after the other. An undone change
set counts no more (undoing the undo lets it count again). So undoing plays the history of each row that the change set
touched anew, without it: later edits stay, field by field, and change sets may be undone in any order. What was changed
past the history (by SQL) stays too.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    Text,
    and_,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session

from geodata.base.errors import ConflictError
from geodata.base.i18n import N_
from geodata.history.answers import KeptAnswer, UndoAnswer
from geodata.history.change_sets import (
    ChangeKind,
    ChangeSet,
    FeatureChange,
    HangingChange,
    as_added,
    get_change_set,
    hanging_tables,
    hold_rows,
    lock_layer,
    record_deletions,
    recorded_in,
)
from geodata.history.documents import Document, column_from_json, data_columns, insert_documents, row_json, table_of
from geodata.history.held import HAS_RECORDS, is_held
from geodata.history.replaying import (
    CREATED_ANEW,
    DELETED_SINCE,
    EDITED_AFTER_ADDED,
    EDITED_SINCE,
    Counting,
    KeptEdit,
    Turn,
    differing,
    settled,
)
from geodata.history.undoing_details import UndoOfDetails
from geodata.schema.feature import Feature
from geodata.schema.registry import Registry

_BIGINTS = ARRAY(BigInteger)

#: Told (objects looked at, objects in all).
Told = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class UndoReport:
    """What an undo did. `kept` are the later edits it left alone; `hanging` counts details and links taken back."""

    change_set_id: int
    undoes_id: int
    layer: str
    restored: int
    removed: int
    brought_back: int
    hanging: int
    kept: tuple[KeptEdit, ...]

    def as_json(self) -> UndoAnswer:
        """Return plain data."""
        kept: list[KeptAnswer] = [
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
                "details": self.hanging,
                "kept": len(kept),
            },
            "kept": kept,
        }


def undo(
    session: Session,
    change_set_id: int | str,
    registry: Registry,
    *,
    user_name: str,
    on_undone: Callable[[UndoReport], None] | None = None,
    progress: Told = lambda _done, _total: None,
) -> UndoReport:
    """Revert a change set and commit; later edits of an object are kept, field by field, and reported.

    `on_undone` is called in the same transaction just before it commits; `progress` is told of how many objects of how many
    were looked at; `registry`: the layers of the application. Raises NotFoundError, ConflictError (already undone).
    """
    report = _undone(session, change_set_id, registry, user_name, progress)
    if on_undone is not None:
        on_undone(report)
    session.commit()
    return report


def preview_undo(session: Session, change_set_id: int | str, registry: Registry) -> UndoReport:
    """Return what undo() would do now. Rolls back. Raises NotFoundError, ConflictError (already undone)."""
    try:
        return _undone(session, change_set_id, registry, "")
    finally:
        session.rollback()


def _undone(
    session: Session,
    change_set_id: int | str,
    registry: Registry,
    user_name: str,
    progress: Told = lambda _done, _total: None,
) -> UndoReport:
    change_set = get_change_set(session, change_set_id)
    kind = registry.get(change_set.layer)
    lock_layer(session, kind.layer.name)
    if session.scalar(select(ChangeSet.id).where(ChangeSet.undoes_id == change_set.id)) is not None:
        raise ConflictError(N_("Change {value} has been undone already."), value=str(change_set.id))
    _hold(session, kind, change_set.id)
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
    with recorded_in(session, undoing.id, is_undo=True):
        report = _Undo(session, kind, change_set.id, undoing.id, progress).run()
    undoing.counts = report.as_json()["counts"]
    session.flush()
    return report


def _hold(session: Session, kind: type[Feature], change_set_id: int) -> None:
    """Let nobody else change what is to be taken back; first, so that a row's changes are numbered in their order."""
    table = table_of(kind)
    touched = select(FeatureChange.feature_id).where(FeatureChange.change_set_id == change_set_id)
    hung = select(HangingChange.feature_id).where(HangingChange.change_set_id == change_set_id)
    for wanted in (table.c.id.in_(touched), table.c.id.in_(hung), table.c.change_set_id == change_set_id):
        hold_rows(session, table, select(table.c.id).where(wanted))


# --- one row's history -----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A feature with its history and its present state."""

    id: int
    code: str
    turns: list[Turn]
    now: Document | None

    def turn_of(self, change_set_id: int) -> Turn:
        return next(turn for turn in self.turns if turn.change_set_id == change_set_id)

    def kept(self, undone: Turn, wanted: Document | None) -> KeptEdit | None:
        """Return what the undoing of a turn leaves, or None when it leaves nothing."""
        if undone.before is None:
            if wanted is None or undone.after is None:
                return None
            return KeptEdit(
                feature_id=self.id, code=self.code, fields=differing(undone.after, wanted), reason=EDITED_AFTER_ADDED
            )
        if wanted is None:
            return KeptEdit(feature_id=self.id, code=self.code, fields=(), reason=DELETED_SINCE)
        touched = differing(undone.before, undone.after) if undone.after is not None else ()
        fields = tuple(name for name in touched if wanted.get(name) != undone.before.get(name))
        if not fields:
            return None
        return KeptEdit(feature_id=self.id, code=self.code, fields=fields, reason=EDITED_SINCE)


class _Undo:
    """The statements of one undo."""

    def __init__(self, session: Session, kind: type[Feature], change_set_id: int, undo_id: int, progress: Told) -> None:
        self.session, self.kind, self.change_set_id, self.undo_id = session, kind, change_set_id, undo_id
        self.table = table_of(kind)
        self.progress, self.done, self.total = progress, 0, 0
        self.counts = Counting(session, kind.layer.name)
        self.kept: list[KeptEdit] = []
        self.freed: set[str] = set()

    def run(self) -> UndoReport:
        """Remove what was added, bring back what was deleted, restore what was changed, with what hangs on it."""
        self._count()
        rows = self._rows(select(FeatureChange.feature_id).where(FeatureChange.change_set_id == self.change_set_id))
        removed = self._remove_untouched()
        self._tell(removed)
        gone, changed, back = self._sorted(rows)
        removed += self._remove(self.table.c.id.in_([row.id for row in gone])) if gone else 0
        self._tell(len(gone))
        self._write_back(changed)
        self._tell(len(changed))
        brought_back = self._bring_back([*back, *self._waiting()])
        self._tell(self.total - self.done)
        hanging = UndoOfDetails(self.session, self.kind, self.change_set_id, self.counts)
        return UndoReport(
            change_set_id=self.undo_id,
            undoes_id=self.change_set_id,
            layer=self.kind.layer.name,
            restored=len(changed),
            removed=removed,
            brought_back=len(brought_back),
            hanging=hanging.run(brought_back),
            kept=tuple(sorted([*self.kept, *hanging.kept], key=lambda edit: (edit.code, edit.feature_id))),
        )

    def _count(self) -> None:
        """Tell how many objects there are to look at."""
        added = select(func.count()).where(self.table.c.change_set_id == self.change_set_id)
        changes = select(func.count()).where(FeatureChange.change_set_id == self.change_set_id)
        self.total = sum(int(self.session.scalar(query) or 0) for query in (added, changes))
        self._tell(0)

    def _tell(self, more: int) -> None:
        self.done = min(self.done + more, self.total)
        self.progress(self.done, self.total)

    def _rows(self, ids: Select[Any]) -> list[_Row]:
        """Return features with their whole history."""
        change = table_of(FeatureChange)
        asked = (
            select(change.c.change_set_id, change.c.feature_id, change.c.code, change.c.before, change.c.after)
            .where(change.c.layer == self.kind.layer.name, change.c.feature_id.in_(ids))
            .order_by(change.c.feature_id, change.c.change_set_id)
        )
        turns: dict[int, list[Turn]] = {}
        codes: dict[int, str] = {}
        for change_set_id, id_, code, before, after in self.session.execute(asked):
            counts = self.counts(change_set_id)
            turns.setdefault(id_, []).append(
                Turn(change_set_id=change_set_id, before=before, after=after, counts=counts)
            )
            codes[id_] = code
        present = select(self.table.c.id, row_json(self.kind).label("document")).where(self.table.c.id.in_(ids))
        now = {row.id: row.document for row in self.session.execute(present)}
        return [_Row(id=id_, code=codes[id_], turns=own, now=now.get(id_)) for id_, own in turns.items()]

    def _remove_untouched(self) -> int:
        """Remove what the change set added and nobody changed since, in one statement."""
        return self._remove(and_(self.table.c.change_set_id == self.change_set_id, as_added(self.kind)))

    def _remove(self, wanted: ColumnElement[bool]) -> int:
        """Remove objects but those that records hang on; note that these stay."""
        asked = select(self.table.c.id, self.table.c.code, is_held(self.session, self.kind).label("is_held"))
        found = self.session.execute(asked.where(wanted)).all()
        self.kept += [
            KeptEdit(feature_id=row.id, code=row.code, fields=(), reason=HAS_RECORDS) for row in found if row.is_held
        ]
        ids = [row.id for row in found if not row.is_held]
        if ids:
            chosen = self.table.c.id == func.any(cast(ids, _BIGINTS))
            self.freed |= set(self.session.scalars(select(self.table.c.code).where(chosen)))
            record_deletions(self.session, self.kind, self.undo_id, chosen)
            self.session.execute(delete(self.table).where(chosen))
        return len(ids)

    def _sorted(self, rows: Iterable[_Row]) -> tuple[list[_Row], list[tuple[_Row, Document]], list[_Row]]:
        """Return the rows to remove, to change and to bring back; note what is kept."""
        gone: list[_Row] = []
        changed: list[tuple[_Row, Document]] = []
        back: list[_Row] = []
        for row in rows:
            wanted = settled(row.turns, row.now)
            if wanted is not None and row.now is not None and self._is_taken_by_another(row, wanted):
                wanted = {**wanted, **{name: row.now[name] for name in self.kind.layer.key}}
            if kept := row.kept(row.turn_of(self.change_set_id), wanted):
                self.kept.append(kept)
            if row.now is None and wanted is not None:
                back.append(row)
            elif row.now is not None and wanted is None:
                gone.append(row)
            elif row.now is not None and wanted is not None and differing(row.now, wanted):
                changed.append((row, wanted))
        return gone, changed, back

    def _is_taken_by_another(self, row: _Row, wanted: Document) -> bool:
        now = row.now or {}
        return any(now.get(name) != wanted.get(name) for name in self.kind.layer.key) and self._key_is_taken(
            wanted, row.id
        )

    def _key_is_taken(self, document: Document, id_: int) -> bool:
        parts = ((self.table.c[name], document.get(name)) for name in self.kind.layer.key)
        conditions = [part.is_not_distinct_from(cast(literal(value, Text()), part.type)) for part, value in parts]
        taken = select(self.table.c.id).where(*conditions, self.table.c.id != id_).limit(1)
        return self.session.scalar(taken) is not None

    def _write_back(self, rows: Sequence[tuple[_Row, Document]]) -> None:
        if not rows:
            return
        self._record([(row, row.now, after) for row, after in rows])
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

    def _record(self, rows: Sequence[tuple[_Row, Document | None, Document | None]]) -> None:
        documents = [
            {
                "change_set_id": self.undo_id,
                "layer": self.kind.layer.name,
                "feature_id": row.id,
                "code": (after or before or {}).get("code", row.code),
                "before": before,
                "after": after,
            }
            for row, before, after in rows
        ]
        self.session.execute(insert(FeatureChange), documents)

    def _waiting(self) -> list[_Row]:
        """Return what earlier undoings could not bring back because its code was taken, and is free now."""
        if not self.freed:
            return []
        asked = select(FeatureChange.feature_id).where(
            FeatureChange.layer == self.kind.layer.name,
            FeatureChange.code.in_(sorted(self.freed)),
            FeatureChange.after.is_(None),
            FeatureChange.change_set_id != self.undo_id,
            FeatureChange.feature_id.not_in(select(self.table.c.id)),
            FeatureChange.feature_id.not_in(
                select(FeatureChange.feature_id).where(FeatureChange.change_set_id == self.undo_id)
            ),
        )
        return [row for row in self._rows(asked) if settled(row.turns, None) is not None]

    def _bring_back(self, rows: Sequence[_Row]) -> list[int]:
        back: list[tuple[_Row, Document]] = []
        keys: set[tuple[Any, ...]] = set()
        for row in {row.id: row for row in rows}.values():
            wanted = settled(row.turns, None) or {}
            key = tuple(wanted.get(name) for name in self.kind.layer.key)
            if key in keys or self._key_is_taken(wanted, row.id):
                self.kept.append(KeptEdit(feature_id=row.id, code=row.code, fields=(), reason=CREATED_ANEW))
                continue
            keys.add(key)
            back.append((row, wanted))
        if not back:
            return []
        self._record([(row, None, wanted) for row, wanted in back])
        names = data_columns(self.kind)
        documents = select(
            FeatureChange.feature_id,
            *[column_from_json(self.kind, name, FeatureChange.after) for name in names],
            literal(self.undo_id),
        ).where(FeatureChange.change_set_id == self.undo_id, FeatureChange.before.is_(None))
        self.session.execute(insert(self.table).from_select(["id", *names, "change_set_id"], documents))
        for row, _ in back:
            before = row.turns[-1].before or {}
            details: Any = before.get("details") or {}
            for name, table in hanging_tables(self.kind).items():
                insert_documents(self.session, table, details.get(name, []))
        return [row.id for row, _ in back]
