"""Details and links of features go back as the features do."""

from collections.abc import Sequence

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Table,
    and_,
    cast,
    delete,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from geodata.history.change_sets import HangingChange, hanging_tables
from geodata.history.documents import (
    ADDED_IN,
    Document,
    insert_documents,
    number_in,
    recordset,
    table_of,
    type_of_json,
    update_documents,
)
from geodata.history.replaying import (
    CREATED_ANEW,
    DELETED_SINCE,
    EDITED_SINCE,
    Counting,
    KeptEdit,
    Turn,
    differing,
    replay,
    settled,
)
from geodata.schema.feature import Feature

_BIGINTS = ARRAY(BigInteger)


class UndoOfDetails:
    """The statements that take the details and links of one change set back."""

    def __init__(self, session: Session, kind: type[Feature], change_set_id: int, counts: Counting) -> None:
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
            KeptEdit(feature_id=id_, code=codes[id_], fields=(name,), reason=CREATED_ANEW)
            for row in documents
            if row["id"] in taken
            for id_ in [number_in(row, "feature_id")]
        ]
        return [row for row in documents if row["id"] not in taken]
