"""Files of what hangs on objects (transformers, price plans, certificates): read and decoded like any other file.

A row names its object by the code in a column of its own; which of the object's rows it is, the detail's own key says.
Details that pages of their own keep are only updated, in the fields that their class names.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.base.numbers import NumberStyle
from geodata.base.typed_json import to_json
from geodata.history.change_sets import ChangeSet, hold_rows, lock_layer, recorded_in
from geodata.history.documents import ADDED_IN, Document, number_in, table_of, type_of_json
from geodata.importing.answered import Answered
from geodata.importing.progress import Progress, Step, silent
from geodata.importing.results import Action, Counts, ImportReport, Mode, Problem, Severity, Status, problem
from geodata.importing.storing.details import CheckedRows, DetailRow, check_rows, latest_row, write_rows
from geodata.importing.storing.matching import compare as compare_staged, stage
from geodata.importing.storing.rows import CheckedRows as CheckedObjects
from geodata.importing.storing.staged import unstage
from geodata.importing.storing.write import new_change_set, write
from geodata.importing.table import Value, empty_geometries
from geodata.importing.understanding.values import text_of
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.fields import Field

#: The column that names the object, in options and in exports.
PARENT = "parent_code"
PARENT_FIELD = Field(label=N_("Code of the object"), name=PARENT, required=True)

NO_PARENT = N_("No object of this layer has the code “{value}”.")
NEW_ELSEWHERE = N_("There is no such row; these are made on pages of their own, and a file only updates them.")


def detail_of(kind: type[Feature], name: str) -> type[Detail] | None:
    """Return the detail of that name that files may fill, or None."""
    return next((item for item in file_details(kind) if item.detail.name == name), None)


def file_details(kind: type[Feature]) -> tuple[type[Detail], ...]:
    """Return the details that files may fill."""
    return tuple(item for item in kind.details if not item.detail.is_kept_elsewhere or item.detail.updated_by_file)


def detail_fields(detail: type[Detail]) -> tuple[Field, ...]:
    """Return the fields that a file may fill."""
    info = detail.detail
    allowed = {*info.key, *info.updated_by_file} if info.is_kept_elsewhere else None
    return tuple(item for item in detail.fields() if not item.derived and (allowed is None or item.name in allowed))


def parent_names(kind: type[Feature]) -> tuple[str, ...]:
    """Return how files call the column with the object's code, the surest first."""
    return (PARENT, "MA_CHA", *kind.layer.code_names)


@dataclass(frozen=True, kw_only=True)
class Line:
    """What becomes of one row: of which object, the row's own key in words, and field -> (old, new)."""

    action: Action
    row: int | None
    feature_id: int
    code: str
    key: str
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class HangingRows:
    """Rows of a file that may be stored: number, code of the object, and values by field as JSON keeps them."""

    kind: type[Feature]
    detail: type[Detail]
    mode: Mode
    rows: Sequence[tuple[int, str, Mapping[str, object]]]
    weak: frozenset[str] = frozenset()

    def without(self, rejected: frozenset[int]) -> "HangingRows":
        """Return the rows but these."""
        return replace(self, rows=[row for row in self.rows if row[0] not in rejected])


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Rows against what is stored now."""

    checked: CheckedRows
    problems: tuple[Problem, ...]
    lines: tuple[Line, ...]
    stored: Mapping[int, Document]

    def count(self, action: Action) -> int:
        """Return how many rows share a fate."""
        return sum(line.action is action for line in self.lines)

    def counts(self, read: int, left_out: int = 0) -> Counts:
        """Return the counts of a report on a file of so many rows."""
        new, changed, unchanged, absent = map(self.count, (Action.NEW, Action.CHANGED, Action.UNCHANGED, Action.ABSENT))
        rejected = read - new - changed - unchanged - left_out
        return Counts(read=read, new=new, changed=changed, unchanged=unchanged, absent=absent, rejected=rejected)


def compare(session: Session, hanging: HangingRows) -> Compared:
    """Return what the rows make of what is stored; the rows that something is wrong with are told and left out."""
    problems: list[Problem] = []
    ids = _ids_by_code(session, hanging.kind, {code for _, code, _ in hanging.rows})
    for number, code, _ in hanging.rows:
        if code not in ids:
            problems.append(problem("bad_value", NO_PARENT, row=number, field=PARENT, value=code))
    known = hanging.without(frozenset(item.row for item in problems if item.row is not None))
    stored = _stored_rows(session, hanging.detail, sorted({ids[code] for _, code, _ in known.rows}))
    rows, found = _told_apart(known, ids, stored)
    problems += found
    fields = {item.name: item for item in detail_fields(hanging.detail)}
    while True:
        removed = _absent(hanging, rows, stored) if hanging.mode is Mode.REPLACE else []
        checked = check_rows(
            session, hanging.detail, [*rows, *removed], stored, fields, style=NumberStyle.UNKNOWN, longest=1_000_000
        )
        problems += checked.problems
        bad = {item.row for item in checked.problems if item.severity is Severity.ERROR}
        if not bad:
            break
        rows = [row for row in rows if row.number not in bad]
    codes = {id_: code for code, id_ in ids.items()}
    lines = tuple(_lines(hanging, rows, checked, stored, codes))
    return Compared(checked=checked, problems=tuple(problems), lines=lines, stored=stored)


def _ids_by_code(session: Session, kind: type[Feature], codes: set[str]) -> dict[str, int]:
    asked = select(kind.code, kind.id).where(kind.code.in_(sorted(codes)))
    return {row.code: row.id for row in session.execute(asked)}


def _stored_rows(session: Session, detail: type[Detail], ids: Sequence[int]) -> dict[int, Document]:
    table = table_of(detail)
    document: Any = func.to_jsonb(table.table_valued(), type_=JSONB).op("-")(ADDED_IN)
    asked = select(table.c.id, type_of_json(document).label("document")).where(table.c.feature_id.in_(ids))
    return {row.id: row.document for row in session.execute(asked.order_by(table.c.id))}


def _key_of(detail: type[Detail], feature_id: int, values: Mapping[str, object]) -> tuple[Any, ...]:
    return (feature_id, *(_comparable(values.get(name)) for name in detail.detail.key))


def _comparable(value: Any) -> Any:
    """Return a part of a key, moments in one time zone."""
    if isinstance(value, str) and "T" in value:
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except ValueError:
            return value
    return value


def _told_apart(
    hanging: HangingRows, ids: Mapping[str, int], stored: Mapping[int, Document]
) -> tuple[list[DetailRow], list[Problem]]:
    """Return the rows with the numbers of the stored ones that they are, and those that are there twice or may not be."""
    detail = hanging.detail
    known = {_key_of(detail, number_in(row, "feature_id"), row): id_ for id_, row in stored.items()}
    seen: dict[tuple[Any, ...], int] = {}
    rows: list[DetailRow] = []
    problems: list[Problem] = []
    for number, code, values in hanging.rows:
        key = _key_of(detail, ids[code], values)
        row_id = known.get(key)
        told: dict[str, Any] = {"field": detail.detail.key[0], "row": number, "value": words_of_key(detail, values)}
        if (first := seen.setdefault(key, number)) != number:
            template = N_("“{value}” of the same object is in row {first} already.")
            problems.append(problem("duplicate_in_file", template, first=first, **told))
        elif row_id is not None and hanging.mode is Mode.APPEND:
            problems.append(problem("duplicate_existing", N_("“{value}” is stored already."), **told))
        elif row_id is None and detail.detail.is_kept_elsewhere:
            problems.append(problem("bad_value", NEW_ELSEWHERE, **told))
        else:
            before = stored[row_id] if row_id is not None else {}
            kept = {name: value for name, value in values.items() if not _says_nothing(hanging, name, value, before)}
            rows.append(DetailRow(number=number, feature_id=ids[code], row_id=row_id, values=kept))
    return rows, problems


def _says_nothing(hanging: HangingRows, name: str, value: Any, before: Mapping[str, object]) -> bool:
    """Say whether a 0 stands for an empty cell: in formats that know no other."""
    return name in hanging.weak and value is not None and not value and before.get(name) is None


def _absent(hanging: HangingRows, rows: Sequence[DetailRow], stored: Mapping[int, Document]) -> list[DetailRow]:
    """Return the stored rows of the objects in the file that the file does not have, to be removed."""
    if hanging.detail.detail.is_kept_elsewhere:
        return []
    here = {row.row_id for row in rows}
    return [
        DetailRow(number=0, feature_id=number_in(row, "feature_id"), row_id=id_, is_removal=True)
        for id_, row in stored.items()
        if id_ not in here
    ]


def _lines(
    hanging: HangingRows,
    rows: Sequence[DetailRow],
    checked: CheckedRows,
    stored: Mapping[int, Document],
    codes: Mapping[int, str],
) -> Iterable[Line]:
    changed = {document["id"]: document for document in checked.changed}
    added = iter(checked.added)
    names = [item.name for item in detail_fields(hanging.detail)]
    for row in rows:
        before = stored[row.row_id] if row.row_id is not None else {}
        after = next(added) if row.row_id is None else changed.get(row.row_id, before)
        action = Action.NEW if row.row_id is None else Action.CHANGED if row.row_id in changed else Action.UNCHANGED
        yield Line(
            action=action, row=row.number, feature_id=row.feature_id, code=codes[row.feature_id],
            key=words_of_key(hanging.detail, after),
            fields={name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)},
        )  # fmt: skip
    if hanging.mode is Mode.APPEND:
        return
    here = {row.row_id for row in rows}
    for id_, row_ in stored.items():
        if id_ not in here:
            owner = number_in(row_, "feature_id")
            code = codes[owner]
            key = words_of_key(hanging.detail, row_)
            yield Line(action=Action.ABSENT, row=None, feature_id=owner, code=code, key=key)


def words_of_key(detail: type[Detail], values: Mapping[str, object]) -> str:
    """Return the key of a row as one text."""
    return " · ".join(str(value) for name in detail.detail.key if (value := values.get(name)) is not None)


# Storing ------------------------------------------------------------------------------------------


def store_details(
    session: Session,
    report: ImportReport,
    hanging: HangingRows,
    *,
    user_name: str,
    answered: Answered,
    left_out: int = 0,
    progress: Progress = silent,
    on_stored: Callable[[ChangeSet], None] | None = None,
) -> ImportReport:
    """Store rows, compared anew under the layer's lock, as one change set in one transaction. Commits."""
    kind = hanging.kind
    try:
        lock_layer(session, kind.layer.name)
        codes = {code for _, code, _ in hanging.rows}
        hold_rows(session, table_of(kind), select(kind.id).where(kind.code.in_(sorted(codes))))
        found = compare(session, hanging)
        if found.problems:
            session.rollback()
            return replace(report, status=Status.PARTIAL).with_problems([*report.problems, *found.problems])
        counts = found.counts(report.counts.read, left_out)
        change_set = new_change_set(
            session, layer=kind.layer.name, user_name=user_name, file_name=report.file_name,
            file_sha256=report.file_sha256, crs=None, encoding=report.encoding.value if report.encoding else None,
            counts=to_json(counts), mapping=to_json(answered),
        )  # fmt: skip
        progress(Step.STORE, 0, len(hanging.rows))
        with recorded_in(session, change_set.id):
            write_rows(session, found.checked)
            _touch(session, hanging, found, change_set)
        if on_stored is not None:
            on_stored(change_set)
        session.commit()
    except (IntegrityError, DataError):
        session.rollback()
        text = Message(template=N_("The database refused the rows; the reason is in the server's log."))
        return replace(report, status=Status.REFUSED, reason="bad_value", reason_text=text)
    return replace(report, counts=counts, import_id=str(change_set.id))


def _touch(session: Session, hanging: HangingRows, found: Compared, change_set: ChangeSet) -> None:
    """Let the objects whose rows changed stand in the change set, and repeat their latest row where they repeat one."""
    checked, kind = found.checked, hanging.kind
    ids = {row["feature_id"] for row in (*checked.added, *checked.changed)}
    ids |= {found.stored[id_]["feature_id"] for id_ in checked.removed}
    if not ids:
        return
    known = {row.id: row.code for row in session.execute(select(kind.id, kind.code).where(kind.id.in_(ids)))}
    numbers = range(1, len(known) + 1)
    values: dict[str, Sequence[Any]] = {"code": list(known.values())}
    if repeats := hanging.detail.detail.repeats:
        now = _stored_rows(session, hanging.detail, list(known))
        latest = {
            id_: latest_row(hanging.detail, [row for row in now.values() if row["feature_id"] == id_]) for id_ in known
        }
        values |= {own: [(latest[id_] or {}).get(name) for id_ in known] for name, own in repeats.items()}
    objects = CheckedObjects(
        kind=kind, rows=list(numbers), values=values, geometries=empty_geometries(len(known)), keeps_places=True,
        targets=list(known), touched=frozenset(numbers),
    )  # fmt: skip
    comparison = compare_staged(stage(session, objects, Mode.APPEND))
    write(comparison.staged, change_set, comparison.found)
    unstage(session)


def parent_codes(column: Sequence[Value], rows: Sequence[int]) -> tuple[list[str | None], list[Problem]]:
    """Return the codes of the objects that rows hang on, and the rows that name none."""
    codes = [_code(value) for value in column]
    template = N_("The row does not say to which object it belongs.")
    problems = [
        problem("missing_field", template, row=row, field=PARENT)
        for row, code in zip(rows, codes, strict=True)
        if code is None
    ]
    return codes, problems


def _code(value: Value) -> str | None:
    """Return a code as text; a whole number that a sheet keeps with a fraction has none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return text_of(value) if value is not None else None


def weak_fields(fields: Iterable[Field]) -> frozenset[str]:
    """Return the fields whose 0 may stand for an empty cell."""
    return frozenset(item.name for item in fields if item.python_type in {int, float, Decimal, bool})
