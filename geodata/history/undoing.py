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
    Table,
    Text,
    and_,
    cast,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from geodata.base.errors import ConflictError
from geodata.base.i18n import N_
from geodata.history.change_sets import (
    ChangeKind,
    ChangeSet,
    FeatureChange,
    HangingChange,
    as_added,
    column_from_json,
    data_columns,
    get_change_set,
    hanging_tables,
    hold_rows,
    lock_layer,
    record_deletions,
    recorded_in,
    row_json,
    table_of,
)
from geodata.history.held import HAS_RECORDS, is_held
from geodata.layers import LAYERS
from geodata.schema.feature import Feature
from geodata.schema.registry import Registry

Document = dict[str, Any]
#: The column of what hangs on a feature that says which change set added it.
ADDED_IN = "change_set_id"
_BIGINTS = ARRAY(BigInteger)

EDITED_AFTER_ADDED = N_("edited after it was added")
EDITED_SINCE = N_("edited since")
DELETED_SINCE = N_("deleted since")
CREATED_ANEW = N_("created anew since")

#: Told (objects looked at, objects in all).
Told = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class KeptEdit:
    """A later edit that an undo left alone: the object and the fields that somebody changed since."""

    feature_id: int
    code: str
    fields: tuple[str, ...]
    reason: str


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
                "details": self.hanging,
                "kept": len(kept),
            },
            "kept": kept,
        }


def undo(
    session: Session,
    change_set_id: int | str,
    *,
    user_name: str,
    on_undone: Callable[[UndoReport], None] | None = None,
    progress: Told = lambda _done, _total: None,
    registry: Registry = LAYERS,
) -> UndoReport:
    """Revert a change set and commit; later edits of an object are kept, field by field, and reported.

    `on_undone` is called in the same transaction just before it commits; `progress` is told of how many objects of how many
    were looked at; `registry`: the layers of the application. Raises NotFoundError, ConflictError (already undone).
    """
    report = _undone(session, change_set_id, user_name, progress, registry)
    if on_undone is not None:
        on_undone(report)
    session.commit()
    return report


def preview_undo(session: Session, change_set_id: int | str, registry: Registry = LAYERS) -> UndoReport:
    """Return what undo() would do now. Rolls back. Raises NotFoundError, ConflictError (already undone)."""
    try:
        return _undone(session, change_set_id, "", registry=registry)
    finally:
        session.rollback()


def _undone(
    session: Session,
    change_set_id: int | str,
    user_name: str,
    progress: Told = lambda _done, _total: None,
    registry: Registry = LAYERS,
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
class Turn:
    """What one change set made of a row; None where the row is not there."""

    change_set_id: int
    before: Document | None
    after: Document | None
    counts: bool


def differing(before: Document | None, after: Document | None) -> tuple[str, ...]:
    """Return the fields that differ between two states of a row."""
    before, after = before or {}, after or {}
    names = [*after, *(name for name in before if name not in after)]
    return tuple(name for name in names if name != "details" and before.get(name) != after.get(name))


def replay(turns: Sequence[Turn]) -> Document | None:
    """Return what the turns that count make of a row, with what was changed past the history between two of them.

    Who edits an object keeps it, even if its making is undone.
    """
    state = last = turns[0].before
    for turn in turns:
        state, last = _with_past(state, last, turn.before), turn.after
        if not turn.counts:
            continue
        if turn.after is None:
            state = None
        elif state is None or turn.before is None:
            state = dict(turn.after)
        else:
            state = {**state, **{name: turn.after.get(name) for name in differing(turn.before, turn.after)}}
    return None if state is None else {name: value for name, value in state.items() if name != "details"}


def _with_past(state: Document | None, last: Document | None, before: Document | None) -> Document | None:
    """Return a state with what differs between the end of one turn and the beginning of the next."""
    if before is None or last is None or state is None:
        return state
    return {**state, **{name: before.get(name) for name in differing(last, before)}}


def settled(turns: Sequence[Turn], now: Document | None) -> Document | None:
    """Return what a row is to be: its history played anew, with what was changed past the history."""
    last, wanted = turns[-1].after, replay(turns)
    past = differing(last, now) if last is not None and now is not None else ()
    if (now is None) != (last is None) or (wanted is None and past):
        return now
    if wanted is None or now is None:
        return wanted
    return {name: now[name] if name in past else wanted.get(name) for name in now}


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


class _Counting:
    """Which change sets of a layer count."""

    def __init__(self, session: Session, layer: str) -> None:
        undoing = select(ChangeSet.undoes_id, ChangeSet.id).where(
            ChangeSet.layer == layer, ChangeSet.undoes_id.is_not(None)
        )
        self._undone_by = {row.undoes_id: row.id for row in session.execute(undoing)}
        self._undoings = frozenset(self._undone_by.values())

    def __call__(self, change_set_id: int) -> bool:
        return change_set_id not in self._undoings and not self._is_undone(change_set_id)

    def _is_undone(self, change_set_id: int) -> bool:
        by = self._undone_by.get(change_set_id)
        return by is not None and not self._is_undone(by)


# --- the statements ----------------------------------------------------------------------------------


class _Undo:
    """The statements of one undo."""

    def __init__(self, session: Session, kind: type[Feature], change_set_id: int, undo_id: int, progress: Told) -> None:
        self.session, self.kind, self.change_set_id, self.undo_id = session, kind, change_set_id, undo_id
        self.table = table_of(kind)
        self.progress, self.done, self.total = progress, 0, 0
        self.counts = _Counting(session, kind.layer.name)
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
        hanging = _Hanging(self.session, self.kind, self.change_set_id, self.counts)
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
            for name, table in hanging_tables(self.kind).items():
                insert_documents(self.session, table, (before.get("details") or {}).get(name, []))
        return [row.id for row, _ in back]


class _Hanging:
    """What hangs on features goes back the same way."""

    def __init__(self, session: Session, kind: type[Feature], change_set_id: int, counts: _Counting) -> None:
        self.session, self.kind, self.change_set_id, self.counts = session, kind, change_set_id, counts
        self.kept: list[KeptEdit] = []

    def run(self, brought_back: Sequence[int]) -> int:
        """Take back what hung on the change set, and all that is undone of features that are here again."""
        return sum(self._of(name, table, brought_back) for name, table in hanging_tables(self.kind).items())

    def _of(self, name: str, table: Table, brought_back: Sequence[int]) -> int:
        change, layer = HangingChange, self.kind.layer.name
        is_own = and_(change.table_name == table.name, change.layer == layer)
        count = self._remove_untouched(table)
        wanted = change.change_set_id == self.change_set_id
        if brought_back:
            wanted = wanted | change.feature_id.in_(brought_back)
        ids = select(change.row_id).where(is_own, wanted)
        turns: dict[int, list[Turn]] = {}
        features: dict[int, int] = {}
        asked = select(change).where(is_own, change.row_id.in_(ids)).order_by(change.row_id, change.change_set_id)
        for item in self.session.scalars(asked.execution_options(populate_existing=True)):
            features[item.row_id] = item.feature_id
            turns.setdefault(item.row_id, []).append(
                Turn(
                    change_set_id=item.change_set_id,
                    before=item.before,
                    after=item.after,
                    counts=self.counts(item.change_set_id),
                )
            )
        if not turns:
            return count
        here = self._codes(set(features.values()))
        now = self._present(table, turns)
        gone, changed, back = [], [], []
        for row_id, own in turns.items():
            if features[row_id] not in here:
                continue
            is_restored = features[row_id] in brought_back
            wish = replay(own) if is_restored else settled(own, now.get(row_id))
            present = now.get(row_id)
            self._note_kept(name, own, wish, features[row_id], here)
            if present is None and wish is not None:
                back.append(wish)
            elif present is not None and wish is None:
                gone.append(row_id)
            elif present is not None and wish is not None and differing(present, wish):
                changed.append(wish)
        if gone:
            self.session.execute(delete(table).where(table.c.id.in_(gone)))
        update_documents(self.session, table, changed)
        free = self._with_free_key(name, table, back, here)
        insert_documents(self.session, table, free)
        return count + len(gone) + len(changed) + len(free)

    def _remove_untouched(self, table: Table) -> int:
        written = select(HangingChange.row_id).where(
            HangingChange.change_set_id == self.change_set_id,
            HangingChange.table_name == table.name,
            HangingChange.row_id == table.c.id,
        )
        own = [table.c.layer == self.kind.layer.name] if "layer" in table.c else []
        untouched = and_(table.c.change_set_id == self.change_set_id, ~written.correlate(table).exists(), *own)
        return len(self.session.scalars(delete(table).where(untouched).returning(table.c.id)).all())

    def _codes(self, ids: set[int]) -> dict[int, str]:
        table = table_of(self.kind)
        asked = select(table.c.id, table.c.code).where(table.c.id.in_(ids))
        return {row.id: row.code for row in self.session.execute(asked)}

    def _present(self, table: Table, turns: dict[int, list[Turn]]) -> dict[int, Document]:
        """Return the rows as they are; what added one last stands in no turn while it is as it was added."""
        ids = list(turns)
        as_json = func.to_jsonb(table.table_valued(), type_=JSONB).op("-")(ADDED_IN)
        asked = select(table.c.id, table.c.change_set_id, type_of_json(as_json).label("document")).where(
            table.c.id == func.any(cast(ids, _BIGINTS))
        )
        now: dict[int, Document] = {}
        for row in self.session.execute(asked):
            id_, added_in, document = row.id, row.change_set_id, row.document
            now[id_] = document
            if added_in is not None and all(turn.change_set_id != added_in for turn in turns[id_]):
                turns[id_].append(
                    Turn(change_set_id=added_in, before=None, after=document, counts=self.counts(added_in))
                )
                turns[id_].sort(key=lambda turn: turn.change_set_id)
        return now

    def _note_kept(
        self, name: str, turns: Sequence[Turn], wish: Document | None, feature_id: int, codes: dict[int, str]
    ) -> None:
        own = next((turn for turn in turns if turn.change_set_id == self.change_set_id), None)
        if own is None:
            return
        if own.before is None:
            is_kept = wish is not None and own.after is not None
        elif wish is None:
            is_kept = True
        else:
            is_kept = any(wish.get(part) != own.before.get(part) for part in differing(own.before, own.after or wish))
        if is_kept:
            reason = EDITED_SINCE if wish is not None else DELETED_SINCE
            self.kept.append(KeptEdit(feature_id=feature_id, code=codes[feature_id], fields=(name,), reason=reason))

    def _with_free_key(
        self, name: str, table: Table, documents: Sequence[Document], codes: dict[int, str]
    ) -> list[Document]:
        """Return the rows whose place has not been taken since by one with the same key."""
        detail = self.kind.detail(name)
        key = ("feature_id", *(detail.detail.key if detail else ("legal_act_id",)))
        if not documents:
            return []
        wanted = recordset(table, documents)
        same = [table.c[part].is_not_distinct_from(wanted.c[part]) for part in key]
        taken = set(self.session.scalars(select(wanted.c.id).join(table, and_(*same))))
        self.kept += [
            KeptEdit(feature_id=row["feature_id"], code=codes[row["feature_id"]], fields=(name,), reason=CREATED_ANEW)
            for row in documents
            if row["id"] in taken
        ]
        return [row for row in documents if row["id"] not in taken]


# --- rows out of documents ---------------------------------------------------------------------------


def type_of_json(document: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return an expression as JSON: operators of it forget their type."""
    return cast(document, JSONB)


def recordset(table: Table, documents: Sequence[Document]) -> Any:
    """Return documents as rows with the columns of a table; who added them, only where they say it."""
    left_out = "" if any(ADDED_IN in document for document in documents) else ADDED_IN
    columns = [column(own.name, own.type) for own in table.columns if own.name != left_out]
    rows = func.jsonb_to_recordset(cast(literal(list(documents), JSONB), JSONB))
    return rows.table_valued(*columns, name=f"{table.name}_document").render_derived(with_types=True)


def insert_documents(session: Session, table: Table, documents: Sequence[Document]) -> None:
    """Store documents as rows, under their own numbers."""
    if documents:
        rows = recordset(table, documents)
        names = [own.name for own in rows.c]
        session.execute(insert(table).from_select(names, select(*rows.c)))


def update_documents(session: Session, table: Table, documents: Sequence[Document]) -> None:
    """Make rows what their documents say."""
    if documents:
        rows = recordset(table, documents)
        values = {own.name: rows.c[own.name] for own in table.columns if own.name not in {"id", ADDED_IN}}
        session.execute(update(table).where(table.c.id == rows.c.id).values(values))
