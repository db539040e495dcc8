"""preview_edit() says what an edit would do, commit_edit() does it: through the statements of an import."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

import shapely

from geodata.base.errors import InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.editing import rights
from geodata.editing.check import Checked, Checks
from geodata.editing.edits import (
    MOST_OBJECTS,
    Edit,
    Editor,
    EditRefusedError,
    EditReport,
    ObjectChange,
    Outcome,
    StaleError,
)
from geodata.editing.present import Present, load_present
from geodata.editing.reviewed import ReviewRequiredError, must_propose
from geodata.history.change_sets import ACTS, ChangeKind, ChangeSet, metres_moved, record_deletions, recorded_in
from geodata.history.documents import table_of
from geodata.importing.results import Mode, problem
from geodata.importing.storing.details import json_document_value, write_rows
from geodata.importing.storing.matching import Comparison, compare, stage
from geodata.importing.storing.rows import CheckedRows
from geodata.importing.storing.staged import unstage
from geodata.importing.storing.write import write
from geodata.importing.table import as_objects
from geodata.query.documents import FeatureDocument
from geodata.schema.feature import Feature
from geodata.schema.roles import EDITORS

#: How long a reason may be.
REASON_LENGTH = 1_000


def preview_edit(session: Session, kind: type[Feature], edit: Edit, editor: Editor) -> EditReport:
    """Return what an edit would do; stores nothing, and the session may hold temporary tables until it is rolled back.

    Raises ForbiddenError (the role may not write the layer), NotFoundError (an object is not there), InvalidValueError
    (too many objects).
    """
    return _Run(session, kind, edit, editor).look()


def commit_edit(
    session: Session,
    kind: type[Feature],
    edit: Edit,
    editor: Editor,
    *,
    accept_partial: bool = False,
    proposed_by: str | None = None,
    on_stored: Callable[[ChangeSet], None] | None = None,
) -> EditReport:
    """Store an edit as one change set and commit; all of it or nothing, or with `accept_partial` what can be stored.

    Raises as preview_edit(), and ReviewRequiredError (it must be proposed), EditRefusedError (values), StaleError (an
    object has another version by now). An edit
    that changes nothing makes no change set. `on_stored` is called in the same transaction just before it commits.
    """
    run = _Run(session, kind, edit, editor)
    try:
        report = run.store(accept_partial=accept_partial, proposed_by=proposed_by, on_stored=on_stored)
    except (IntegrityError, DataError) as error:
        session.rollback()
        template = N_("The database refused this: somebody stored something that it collides with. Try again.")
        raise EditRefusedError([problem("duplicate_existing", template)]) from error
    except Exception:
        session.rollback()
        raise
    session.commit()
    return report


class _Run:
    """One edit on its way through the checks into the database."""

    def __init__(self, session: Session, kind: type[Feature], edit: Edit, editor: Editor) -> None:
        rights.check_layer(kind, editor)
        if len(edit.objects) > MOST_OBJECTS:
            raise InvalidValueError(
                name="objects", value=str(len(edit.objects)), reason=N_("these are too many; import them from a file")
            )
        if len(edit.reason or "") > REASON_LENGTH:
            raise InvalidValueError(name="reason", value=(edit.reason or "")[:80], reason=N_("it is too long"))
        self.session, self.kind, self.edit, self.editor = session, kind, edit, editor
        self.stale: set[int] = set()
        self.objects: list[Checked] = []
        self.comparison: Comparison | None = None

    def look(self) -> EditReport:
        """Check and compare; change nothing."""
        self._check(hold=False)
        return self._report()

    def store(
        self, *, accept_partial: bool, proposed_by: str | None, on_stored: Callable[[ChangeSet], None] | None
    ) -> EditReport:
        """Check and compare while nobody else may change the objects; write."""
        if must_propose(self.session, self.kind, self.editor):
            raise ReviewRequiredError(roles=sorted(EDITORS))
        self._check(hold=True)
        report = self._report()
        if not accept_partial:
            if self.stale:
                raise StaleError(sorted(self.stale))
            if report.errors:
                raise EditRefusedError(report.problems)
        counts = report.counts
        if not counts["new"] + counts["changed"] + counts["deleted"]:
            self.session.rollback()
            return report
        change_set = ChangeSet(
            kind=ChangeKind.EDIT, layer=self.kind.layer.name, user_name=self.editor.name, counts=counts,
            reason=(self.edit.reason or "").strip() or None, proposed_by=proposed_by,
        )  # fmt: skip
        self.session.add(change_set)
        self.session.flush()
        with recorded_in(self.session, change_set.id):
            self._write(change_set)
        if on_stored is not None:
            on_stored(change_set)
        self.session.flush()
        return self._with_ids(report, change_set.id)

    # checking

    def _check(self, *, hold: bool) -> None:
        ids = [item.feature_id for item in self.edit.objects if item.feature_id is not None]
        if len(set(ids)) < len(ids):
            raise InvalidValueError(name="objects", value="", reason=N_("an object is named twice"))
        present = load_present(self.session, self.kind, ids, hold=hold)
        for id_ in ids:
            if id_ not in present:
                raise NotFoundError(value=str(id_))
        self.objects = [
            Checked(
                number=number, edit=item,
                present=present[item.feature_id] if item.feature_id is not None else None,
            )
            for number, item in enumerate(self.edit.objects, start=1)
        ]  # fmt: skip
        self.stale = {
            item.present.id
            for item in self.objects
            if item.present and item.edit.version is not None and item.edit.version != item.present.version
        }
        Checks(self.session, self.kind, self.editor, self.edit.style).check(self.objects)
        self._compare()

    def _staged(self) -> list[Checked]:
        """Return the objects whose own columns are compared with what is stored."""
        return [item for item in self._good() if not item.edit.is_deletion]

    def _good(self) -> list[Checked]:
        return [
            item for item in self.objects
            if not item.is_rejected and (item.present is None or item.present.id not in self.stale)
        ]  # fmt: skip

    def _compare(self) -> None:
        """Bring the objects into the tables of an import, and hear what the database has against them."""
        while staged := self._staged():
            self.comparison = compare(stage(self.session, self._rows(staged), Mode.APPEND))
            by_number = {item.number: item for item in staged}
            for wrong in self.comparison.found.problems:
                by_number[wrong.row or 0].problems.append(wrong)
            if not any(item.is_rejected for item in staged):
                return
        self.comparison = None

    def _rows(self, items: Sequence[Checked]) -> CheckedRows:
        """Return the objects as the rows of an import: what no edit of them names is as it is stored."""
        names = [
            name for name in (field.name for field in self.kind.fields() if not field.derived)
            if name in {"code", *self.kind.layer.key} or any(name in item.values for item in items)
        ]  # fmt: skip
        return CheckedRows(
            kind=self.kind,
            rows=[item.number for item in items],
            values={name: [self._value(item, name) for item in items] for name in names},
            geometries=as_objects([item.geometry for item in items]),
            targets=[item.present.id if item.present else None for item in items],
            touched=frozenset(item.number for item in items if item.present and item.has_hanging),
        )

    def _value(self, item: Checked, name: str) -> Any:
        if name in item.values:
            return item.values[name]
        if item.present is not None:
            return item.present.document.get(name)
        column = table_of(self.kind).c[name]
        return False if column.server_default is not None and not column.nullable else None

    # telling

    def _report(self) -> EditReport:
        return EditReport(layer=self.kind.layer.name, objects=tuple(self._change(item) for item in self.objects))

    def _change(self, item: Checked) -> ObjectChange:
        before = item.present.document if item.present else {}
        fields = {
            name: (before.get(name), json_document_value(value))
            for name, value in item.values.items()
            if not is_same(before.get(name), value)
        }
        moved = self._moved_m(item)
        rows = {name: checked.counts for name, checked in item.rows.items() if not checked.is_empty}
        if item.edit.acts_added or item.edit.acts_removed:
            rows[ACTS] = (len(item.edit.acts_added), 0, len(item.edit.acts_removed))
        return ObjectChange(
            index=item.number,
            outcome=self._outcome(item, is_changed=bool(fields or rows or moved is not None)),
            feature_id=item.present.id if item.present else None,
            code=str(item.values.get("code") or before.get("code") or "") or None,
            name=str(item.values.get("name") or before.get("name") or "") or None,
            version=item.present.version if item.present else None,
            fields=fields,
            moved_m=moved,
            rows=rows,
            problems=tuple(item.problems),
        )

    def _outcome(self, item: Checked, *, is_changed: bool) -> Outcome:
        if item.present is not None and item.present.id in self.stale:
            return Outcome.STALE
        if item.is_rejected:
            return Outcome.REJECTED
        if item.present is None:
            return Outcome.NEW
        if item.edit.is_deletion:
            return Outcome.DELETED
        return Outcome.CHANGED if is_changed else Outcome.UNCHANGED

    def _moved_m(self, item: Checked) -> float | None:
        if item.present is None or item.geometry is None or item.geometry is item.present.geometry:
            return None
        after = shapely.to_wkb(shapely.set_srid(item.geometry, 4326), hex=True, include_srid=True)
        return metres_moved({"geom": item.present.document["geom"]}, {"geom": after})

    def _with_ids(self, report: EditReport, change_set_id: int) -> EditReport:
        """Return the report with the ids that new objects got and the versions that all have now."""
        table = table_of(self.kind)
        made = select(table.c.code, table.c.id).where(table.c.change_set_id == change_set_id)
        ids = {row.code: row.id for row in self.session.execute(made)}
        told = {
            item.index: ids.get(item.code) if item.outcome is Outcome.NEW else item.feature_id
            for item in report.objects
        }
        present = load_present(self.session, self.kind, [id_ for id_ in told.values() if id_ is not None])
        return EditReport(
            layer=report.layer,
            change_set_id=change_set_id,
            objects=tuple(_now(item, told[item.index], present) for item in report.objects),
        )

    # writing

    def _write(self, change_set: ChangeSet) -> None:
        good = self._good()
        gone = [item.present.id for item in good if item.edit.is_deletion and item.present]
        if gone:
            table = table_of(self.kind)
            record_deletions(self.session, self.kind, change_set.id, table.c.id.in_(gone))
            self.session.execute(delete(table).where(table.c.id.in_(gone)))
        staying = [item for item in good if not item.edit.is_deletion]
        for item in staying:
            if item.present is not None:
                self._write_hanging(item, item.present.id)
        if self.comparison is not None:
            write(self.comparison.staged, change_set, self.comparison.found)
            unstage(self.session)
        new = {str(item.values["code"]): item for item in staying if item.present is None and item.has_hanging}
        if new:
            table = table_of(self.kind)
            made = select(table.c.code, table.c.id).where(table.c.change_set_id == change_set.id, table.c.code.in_(new))
            for code, id_ in self.session.execute(made).all():
                self._write_hanging(new[code], id_)

    def _write_hanging(self, item: Checked, feature_id: int) -> None:
        for checked in item.rows.values():
            for document in checked.added:
                document["feature_id"] = feature_id
            write_rows(self.session, checked)
        link = table_of(FeatureDocument)
        own = {"layer": self.kind.layer.name, "feature_id": feature_id}
        if item.edit.acts_removed:
            self.session.execute(
                delete(link).where(
                    *(link.c[name] == value for name, value in own.items()),
                    link.c.legal_act_id.in_(item.edit.acts_removed),
                )
            )
        linked = {row["legal_act_id"] for row in (item.present.hanging.get(ACTS, {}) if item.present else {}).values()}
        for act_id in dict.fromkeys(item.edit.acts_added):
            if act_id not in linked:
                self.session.execute(insert(link).values(**own, legal_act_id=act_id))


def _now(item: ObjectChange, feature_id: int | None, present: Mapping[int, Present]) -> ObjectChange:
    found = present.get(feature_id) if feature_id is not None else None
    return ObjectChange(**(vars(item) | {"feature_id": feature_id, "version": found.version if found else None}))


def is_same(stored: Any, value: Any) -> bool:
    """Say whether a value is what a document of the history keeps."""
    plain = json_document_value(value)
    if isinstance(stored, bool) or isinstance(plain, bool) or stored is None or plain is None:
        return stored is plain
    if isinstance(stored, int | float) and isinstance(plain, int | float):
        return Decimal(repr(stored)) == Decimal(repr(plain))
    return bool(stored == plain)
