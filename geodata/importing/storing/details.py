"""Rows that hang on features: checked by the rules of a file's cells and of their table, written as sets.

An import of details and an edit of one object use the same two verbs: check_rows() and write_rows(). What they change
is in the history of the change set around them (history.recorded_in).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Table,
    delete,
    func,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geodata.base.database import TIME_ZONE
from geodata.base.i18n import N_
from geodata.base.numbers import NumberStyle
from geodata.history.documents import Document, number_in, recordset, table_of, update_documents
from geodata.importing.results import Problem, problem
from geodata.importing.storing.rules import rule_problem
from geodata.importing.understanding.cells import convert_column
from geodata.schema.details import Detail
from geodata.schema.fields import Field


@dataclass(frozen=True, kw_only=True)
class DetailRow:
    """One row to be stored: `number` is its place in the file or edit, from 1. Without `row_id` it is new.

    `values`: field → value as in a file or in JSON. `feature_id` 0: of a feature that is not stored yet.
    """

    number: int
    feature_id: int
    row_id: int | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    is_removal: bool = False


@dataclass(frozen=True, kw_only=True)
class CheckedRows:
    """Rows that may be stored: whole documents by column; and the numbers of those to remove."""

    detail: type[Detail]
    added: tuple[Document, ...] = ()
    changed: tuple[Document, ...] = ()
    removed: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many are added, changed and removed."""
        return len(self.added), len(self.changed), len(self.removed)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to store."""
        return not any(self.counts)


def check_rows(
    session: Session,
    detail: type[Detail],
    rows: Sequence[DetailRow],
    stored: Mapping[int, Document],
    fields: Mapping[str, Field],
    *,
    style: NumberStyle,
    longest: int,
) -> CheckedRows:
    """Return what the rows make of `stored` (row id → document of the features concerned), and what is wrong.

    `fields`: those that may be filled. Problems name the row by its number and the field.
    """
    problems: list[Problem] = []
    kept: list[DetailRow] = []
    for row in rows:
        if row.row_id is not None and row.row_id not in stored:
            problems.append(problem("bad_value", N_("This row is stored no more."), row=row.number))
            continue
        unknown = [name for name in row.values if name not in fields]
        problems += [_no_field(row.number, name) for name in unknown]
        kept.append(row)
    documents, converted = _converted(detail, kept, stored, fields, style=style, longest=longest)
    problems += converted
    problems += _missing(documents, fields, {(item.row, item.field) for item in problems})
    removed = tuple(row.row_id for row in kept if row.is_removal and row.row_id is not None)
    problems += _duplicates(detail, documents, stored, removed)
    problems += _broken_rules(session, detail, documents, {item.row for item in problems})
    return CheckedRows(
        detail=detail,
        added=tuple(document for _, document in documents if document.get("id") is None),
        changed=tuple(
            document
            for _, document in documents
            if document.get("id") is not None and document != stored[number_in(document, "id")]
        ),
        removed=removed,
        problems=tuple(problems),
    )


def write_rows(session: Session, checked: CheckedRows) -> None:
    """Store checked rows: remove, change, add. The features must be there and belong to this unit of work."""
    table = table_of(checked.detail)
    if checked.removed:
        session.execute(delete(table).where(table.c.id.in_(checked.removed)))
    update_documents(session, table, checked.changed)
    if not checked.added:
        return
    wanted = recordset(table, checked.added)
    names = [column.name for column in wanted.c if column.name != "id"]
    adding = insert(table).from_select(names, select(*[wanted.c[name] for name in names]))
    info = checked.detail.detail
    if info.repeats:
        # The database repeats the feature's own columns here, maybe already.
        told = {name: adding.excluded[name] for name in names if name not in {"feature_id", *info.key}}
        adding = adding.on_conflict_do_update(index_elements=["feature_id", *info.key], set_=told)
    session.execute(adding)


def latest_row(detail: type[Detail], rows: Iterable[Document]) -> Document | None:
    """Return the row that a feature repeats in its own columns: the first in the detail's order."""
    name = detail.detail.order_by[0]
    is_descending, name = name.startswith("-"), name.removeprefix("-")
    known = [row for row in rows if row.get(name) is not None]
    unknown = [row for row in rows if row.get(name) is None]
    if known:
        return (max if is_descending else min)(known, key=lambda row: cast(Any, row[name]))
    return unknown[0] if unknown else None


def json_document_value(value: Any) -> Any:
    """Return a converted value as a document keeps it."""
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value()
        return int(value) if whole else float(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=ZoneInfo(TIME_ZONE))
    if isinstance(value, date | datetime):
        return value.isoformat()
    return getattr(value, "value", value)


def _no_field(number: int, name: str) -> Problem:
    return problem(
        "bad_value", N_("There is no field “{value}” that you may fill."), row=number, field=name, value=name
    )


def _converted(
    detail: type[Detail],
    rows: Sequence[DetailRow],
    stored: Mapping[int, Document],
    fields: Mapping[str, Field],
    *,
    style: NumberStyle,
    longest: int,
) -> tuple[list[tuple[int, Document]], list[Problem]]:
    """Return (number, whole row) of all that stays, and the cells that could not be taken."""
    problems: list[Problem] = []
    staying = [row for row in rows if not row.is_removal]
    columns = [column.name for column in table_of(detail).columns if column.name != "change_set_id"]
    documents: list[tuple[int, Document]] = []
    for row in staying:
        before = stored[row.row_id] if row.row_id is not None else dict.fromkeys(columns)
        documents.append((row.number, {**before, "feature_id": row.feature_id}))
    for name, spec in fields.items():
        told = [index for index, row in enumerate(staying) if name in row.values]
        cells = [plain_cell(staying[index].values[name]) for index in told]
        numbers = [staying[index].number for index in told]
        values, found = convert_column(detail, spec, cells, numbers, style, longest=longest)
        problems += found
        for index, value in zip(told, values, strict=True):
            documents[index][1][name] = json_document_value(value)
    return documents, problems


def plain_cell(value: Any) -> Any:
    """Return a JSON value as a cell: lists and objects are no cells, and are told as the text that they are."""
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _missing(
    documents: Sequence[tuple[int, Document]], fields: Mapping[str, Field], told: set[tuple[int | None, str | None]]
) -> list[Problem]:
    return [
        problem("missing_field", N_("The field “{name}” is empty."), row=number, field=name, name=spec.label)
        for number, document in documents
        for name, spec in fields.items()
        if spec.required and document.get(name) is None and (number, name) not in told
    ]


def _duplicates(
    detail: type[Detail],
    documents: Sequence[tuple[int, Document]],
    stored: Mapping[int, Document],
    removed: Sequence[int],
) -> list[Problem]:
    """Return a problem for each row whose key another row of the same feature has."""
    key = ("feature_id", *detail.detail.key)
    given = {document["id"] for _, document in documents if document.get("id") is not None}
    seen = {
        tuple(row.get(name) for name in key): 0
        for id_, row in stored.items()
        if id_ not in given and id_ not in removed
    }
    problems = []
    for number, document in documents:
        own = tuple(document.get(name) for name in key)
        is_changed = document.get("id") is None or document != stored.get(number_in(document, "id"))
        if is_changed and None not in own[1:] and own in seen:
            value = ", ".join(str(part) for part in own[1:])
            template = N_("“{value}” is there twice.")
            problems.append(problem("duplicate_in_file", template, row=number, field=detail.detail.key[0], value=value))
        seen.setdefault(own, number)
    return problems


def _broken_rules(
    session: Session, detail: type[Detail], documents: Sequence[tuple[int, Document]], rejected: set[int | None]
) -> list[Problem]:
    """Return what the table's own rules say of the rows that have passed so far."""
    table = table_of(detail)
    rules = table_rules(table)
    left = [(number, document) for number, document in documents if number not in rejected]
    if not rules or not left:
        return []
    rows = recordset(table, [{**document, "id": number} for number, document in left])
    whole = select(*rows.c).subquery("whole")
    conditions = [literal_column(condition, Boolean()) for _, condition in rules]
    broken = [not_(func.coalesce(condition, True)) for condition in conditions]
    query = select(whole.c.id, *[item.label(f"rule_{index}") for index, item in enumerate(broken)]).select_from(whole)
    documents_by = dict(left)
    return [
        rule_problem(number, condition, [column.name for column in table.columns], documents_by[number].get)
        for number, *flags in session.execute(query.where(or_(*broken)))
        for flag, (_, condition) in zip(flags, rules, strict=True)
        if flag
    ]


def table_rules(table: Table) -> list[tuple[str, str]]:
    """Return (name, condition) of a table's own rules; those of closed sets of values are checked with the values."""
    return [
        (str(rule.name), str(rule.sqltext))
        for rule in table.constraints
        if isinstance(rule, CheckConstraint) and not getattr(rule, "_type_bound", False)
    ]
