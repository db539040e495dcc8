"""The steps of an import of details, after those that read and decode: match columns, convert, compare with what is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.importing.asking import AskError, column_choices, which_field
from geodata.importing.converting import NUMBERS, replaced
from geodata.importing.details import (
    PARENT,
    PARENT_FIELD,
    HangingRows,
    compare as compare_rows,
    detail_fields,
    parent_codes,
    parent_names,
    weak_fields,
)
from geodata.importing.facts import WITHOUT_NULL, habits_of
from geodata.importing.found import ComparedDetails, ConvertedDetails, Decoded, MatchedDetails, Stopped, grown
from geodata.importing.headings import known_words
from geodata.importing.progress import Step
from geodata.importing.results import ImportOptions, Problem, Question, Severity, Status, problem
from geodata.importing.storing.details import json_document_value
from geodata.importing.understanding.cells import PLAIN, Habits, convert_column
from geodata.importing.understanding.cut_names import fields_it_may_mean, fields_of_a_copy, is_numbered, laundered
from geodata.importing.understanding.days import orders_of_days
from geodata.importing.understanding.heading_units import factor_of
from geodata.importing.understanding.match import called, find_given, match_names
from geodata.importing.understanding.worn import shortened
from geodata.schema.column_names import short_names
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.fields import Field


def detail_words(kind: type[Feature], detail: type[Detail]) -> frozenset[str]:
    """Return the folded names by which the header of a sheet is known."""
    names = [name for item in detail_fields(detail) for name in (item.name, item.label, *item.source_names)]
    code = kind.field("code")
    return known_words([*names, *parent_names(kind), *(code.source_names if code else ())])


def check_names(detail: type[Detail], options: ImportOptions) -> None:
    """Raise InvalidValueError for columns and constants of fields that a file cannot fill."""
    allowed = {*(item.name for item in detail_fields(detail)), PARENT}
    for option, names in (("--map", options.mapping), ("--set", options.constants)):
        if unknown := [name for name in names if name not in allowed]:
            raise InvalidValueError(name=option, value=unknown[0], reason=", ".join(sorted(allowed)))


def match_details(before: Decoded, answers: ImportOptions) -> MatchedDetails | Stopped:
    """Return which column is which field, or the question which."""
    if before.unsure is not None:
        return before.stopped(AskError(before.unsure))
    table, detail = before.table, _detail(before)
    fields = {item.name: item for item in detail_fields(detail)}
    found = _columns(before, answers, fields)
    mapping = {name: table.names[index] for name, index in found.items()}
    before = replace(before, report=replace(before.report, mapping=mapping))
    needed = [PARENT, *(name for name, item in fields.items() if item.required)]
    missing = [name for name in needed if name not in found and name not in answers.constants]
    if missing:
        template = N_("No column fills the field “{name}”; say which one does.")
        labels = {PARENT: PARENT_FIELD.label, **{name: item.label for name, item in fields.items()}}
        notes = [problem("missing_field", template, field=name, name=labels[name]) for name in missing]
        return before.stopped(AskError(Question(about="columns", choices=column_choices(table, missing)), notes))
    left = [
        table.names[index]
        for index, column in enumerate(table.columns)
        if index not in found.values() and any(cell is not None for cell in column)
    ]
    columns = {name: index for name, index in found.items() if name != PARENT}
    return grown(
        MatchedDetails, before, _told_of_what_is_left(left, has_places=table.geometries is not None),
        parent=found.get(PARENT), columns=columns, report=replace(before.report, unmapped=tuple(left)),
    )  # fmt: skip


def _detail(before: Decoded) -> type[Detail]:
    assert before.sent.detail is not None  # noqa: S101 - these steps are those of details
    return before.sent.detail


def _columns(before: Decoded, answers: ImportOptions, fields: Mapping[str, Field]) -> dict[str, int]:
    """Return field → column, that of the object's code among them. Raises AskError for columns that may be several fields."""
    names, kind, detail = before.table.names, before.sent.kind, _detail(before)
    given = {name: find_given(column, names) for name, column in answers.mapping.items() if column}
    taken = set(answers.mapping) | set(answers.constants)
    shorter = short_names(detail)
    wanted = {
        PARENT: parent_names(kind),
        **{name: [*called(item), shorter[name]] for name, item in fields.items()},
    }
    free = [index for index in range(len(names)) if index not in given.values()]
    found = given | match_names(wanted, names, free, taken)
    found |= _cut_columns(detail, names, wanted, found, taken)
    if PARENT not in {*found, *taken}:
        # Where nothing else is called so, a plain “code” is the object's.
        free = [index for index in free if index not in found.values()]
        code = kind.field("code")
        found |= match_names({PARENT: code.source_names if code else ()}, names, free, set())
    return found


def _cut_columns(
    detail: type[Detail],
    names: Sequence[str],
    wanted: Mapping[str, Sequence[str]],
    found: Mapping[str, int],
    taken: set[str],
) -> dict[str, int]:
    """Return the columns whose names a .dbf cut to ten letters. Raises AskError for those that may be several fields."""
    own = [item.name for item in detail.fields() if not item.derived]
    free = [index for index in range(len(names)) if index not in found.values()]
    copied = fields_of_a_copy([laundered([PARENT, *own])], names)
    known = {copied[names[index]]: index for index in free if names[index] in copied}
    # A copy holds what a file cannot change too: that is known for what it is, and left.
    cut = {name: index for name, index in known.items() if name in wanted and name not in {*found, *taken}}
    doubtful: dict[int, tuple[str, ...]] = {}
    for index in (index for index in free if index not in known.values()):
        possible = fields_it_may_mean(names[index], wanted, {*found, *cut, *taken})
        if len(possible) == 1 and not is_numbered(names[index]):
            cut[possible[0]] = index
        elif possible:
            doubtful[index] = possible
    if doubtful:
        raise AskError(*which_field(names, doubtful))
    return cut


def _told_of_what_is_left(columns: Sequence[str], *, has_places: bool) -> list[Problem]:
    """Say which columns and places of the file are not taken: details have no further columns."""
    told = []
    if columns:
        template = N_("These columns fit no field and are left out: {columns}.")
        told.append(problem("missing_field", template, severity=Severity.WARNING, columns=", ".join(columns)))
    if has_places:
        template = N_("The places in the file are left out: the rows hang on objects that have their own.")
        told.append(problem("wrong_geometry_type", template, severity=Severity.WARNING))
    return told


def convert_details(before: MatchedDetails, answers: ImportOptions) -> ConvertedDetails | Stopped:
    """Return the rows as the fields hold them, or the question in which order days are written."""
    table, detail = before.table, _detail(before)
    before.sent.progress(Step.CONVERT, 0, len(table))
    numbers = table.rows.tolist()
    same = [answers.constants.get(PARENT)] * len(numbers)
    codes, told = parent_codes(same if before.parent is None else table.columns[before.parent], numbers)
    try:
        values, wrong = _converted(before, answers, numbers)
    except AskError as ask:
        return before.stopped(ask, told)
    told = [*told, *wrong]
    lost = {name: set(table.lost.get(table.names[index], ())) for name, index in before.columns.items()}
    bad = {item.row for item in (*before.problems, *told) if item.severity is Severity.ERROR} | answers.excluded_rows
    rows = [
        (number, code, {name: column[at] for name, column in values.items() if at not in lost.get(name, ())})
        for at, (number, code) in enumerate(zip(numbers, codes, strict=True))
        if code is not None and number not in bad
    ]
    weak = weak_fields(detail_fields(detail)) if table.format in WITHOUT_NULL else frozenset()
    hanging = HangingRows(kind=before.sent.kind, detail=detail, mode=answers.mode, rows=rows, weak=weak)
    return grown(ConvertedDetails, before, told, hanging=hanging)


def _converted(
    before: MatchedDetails, answers: ImportOptions, numbers: Sequence[int]
) -> tuple[dict[str, Sequence[Any]], list[Problem]]:
    """Return field → its values in JSON, and what is wrong with them. Raises AskError."""
    table, detail = before.table, _detail(before)
    fields = {item.name: item for item in detail_fields(detail)}
    columns = {name: table.columns[index] for name, index in before.columns.items()}
    days = {name: column for name, column in columns.items() if fields[name].python_type is date}
    orders = orders_of_days(days, numbers, answers.dates)
    if orders.question is not None:
        raise AskError(orders.question, orders.problems)
    told = list(orders.problems)
    numeric = [column for name, column in columns.items() if fields[name].python_type in NUMBERS]
    style, habits = habits_of(table, numeric)
    sources: list[tuple[str, Sequence[Any], Habits]] = []
    for name, column in columns.items():
        factor, note = factor_of(table.names[before.columns[name]], fields[name], table.said_unit)
        told += [note] if note else []
        own = replace(habits, order=orders.orders.get(name), factor=factor)
        sources.append((name, replaced(column, answers.values.get(name)), own))
    constants = ((name, text) for name, text in answers.constants.items() if name != PARENT)
    sources += [(name, [text] * len(numbers), PLAIN) for name, text in constants]
    values: dict[str, Sequence[Any]] = {}
    for name, cells, own in sources:
        found, wrong = convert_column(
            detail, fields[name], cells, numbers, style, longest=answers.limits.text_length, habits=own
        )
        values[name] = [json_document_value(value) for value in found]
        told += [*wrong, *shortened(fields[name], cells, numbers)]
    return values, told


def compare_details(before: ConvertedDetails, answers: ImportOptions) -> ComparedDetails:
    """Return what becomes of each row; those that something is wrong with are left out."""
    before.sent.progress(Step.COMPARE, 0, len(before.table))
    found = compare_rows(before.sent.session, before.hanging)
    bad = frozenset(item.row for item in found.problems if item.row is not None)
    counts = found.counts(len(before.table), len(answers.excluded_rows))
    report = replace(before.report, counts=counts, status=Status.PARTIAL if counts.rejected else Status.OK)
    return grown(
        ComparedDetails, before, found.problems, report=report, hanging=before.hanging.without(bad), lines=found.lines
    )
