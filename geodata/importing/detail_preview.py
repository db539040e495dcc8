"""The steps of an import of details: read, decode, match columns, convert, compare with what is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.base.numbers import NumberStyle
from geodata.importing.asking import AskError, column_choices, which_field
from geodata.importing.converting import NUMBERS, replaced
from geodata.importing.details import (
    PARENT,
    PARENT_FIELD,
    HangingRows,
    compare,
    detail_fields,
    detail_of,
    file_details,
    parent_codes,
    parent_names,
    weak_fields,
)
from geodata.importing.facts import WITHOUT_NULL, habits_of
from geodata.importing.headings import known_words
from geodata.importing.preview import Preview
from geodata.importing.progress import Progress, Step
from geodata.importing.results import ImportOptions, Question, Severity, Status, problem
from geodata.importing.steps import Import
from geodata.importing.storing.details import json_document_value
from geodata.importing.table import Table
from geodata.importing.understanding.cells import PLAIN, Habits, convert_column
from geodata.importing.understanding.cut_names import fields_it_may_mean, fields_of_a_copy, is_numbered, laundered
from geodata.importing.understanding.days import DayOrder, orders_of_days
from geodata.importing.understanding.decode import check_answers
from geodata.importing.understanding.heading_units import factor_of
from geodata.importing.understanding.match import called, find_given, match_names
from geodata.importing.understanding.worn import shortened
from geodata.schema.column_names import short_names
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.fields import Field


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """Which column is which field, which names the object (None where all rows hang on one), and which are left."""

    parent: int | None
    fields: Mapping[str, int]
    left: tuple[int, ...]


class DetailImport(Import):
    """One file of details on its way; each step adds to the report."""

    def __init__(
        self, session: Session, kind: type[Feature], path: Path, options: ImportOptions, progress: Progress
    ) -> None:
        super().__init__(session, kind, path, options, progress)
        detail = detail_of(kind, options.detail or "")
        if detail is None:
            names = ", ".join(item.detail.name for item in file_details(kind))
            raise InvalidValueError(name="--detail", value=options.detail or "", reason=names or "-")
        self.detail: type[Detail] = detail
        self.fields = {item.name: item for item in detail_fields(detail)}
        self.report = replace(self.report, detail=detail.detail.name)

    def words(self) -> frozenset[str]:
        """Return the folded names by which the header of a sheet is known."""
        names = [name for item in self.fields.values() for name in (item.name, item.label, *item.source_names)]
        code = self.kind.field("code")
        return known_words([*names, *parent_names(self.kind), *(code.source_names if code else ())])

    def steps(self) -> None:
        """Read, convert, compare."""
        check_answers(self.options)
        self._check_names()
        table, unsure = self._decoded(self._read())
        self.table = table
        if unsure is not None:
            raise unsure
        columns = self._columns(table)
        self._tell_what_is_left(table, columns)
        self.progress(Step.CONVERT, 0, len(table))
        hanging = self._converted_rows(table, columns)
        self.progress(Step.COMPARE, 0, len(table))
        found = compare(self.session, hanging)
        self.problems += found.problems
        bad = frozenset(item.row for item in found.problems if item.row is not None)
        left_out = len(self.options.excluded_rows)
        counts = found.counts(len(table), left_out)
        self.report = replace(self.report, counts=counts, status=Status.PARTIAL if counts.rejected else Status.OK)
        self.hanging, self.lines = hanging.without(bad), found.lines

    def _check_names(self) -> None:
        for option, names in (("--map", self.options.mapping), ("--set", self.options.constants)):
            allowed = {*self.fields, PARENT}
            if unknown := [name for name in names if name not in allowed]:
                raise InvalidValueError(name=option, value=unknown[0], reason=", ".join(sorted(allowed)))

    def _columns(self, table: Table) -> _Columns:
        """Return which column is which. Raises AskError for those that are needed and not there."""
        given = {name: find_given(column, table.names) for name, column in self.options.mapping.items() if column}
        taken = set(self.options.mapping) | set(self.options.constants)
        shorter = short_names(self.detail)
        wanted = {
            PARENT: parent_names(self.kind),
            **{name: [*called(item), shorter[name]] for name, item in self.fields.items()},
        }
        free = [index for index in range(len(table.names)) if index not in given.values()]
        found = given | match_names(wanted, table.names, free, taken)
        found |= self._cut_columns(table, wanted, found, taken)
        if PARENT not in {*found, *taken}:
            # Where nothing else is called so, a plain “code” is the object's.
            free = [index for index in free if index not in found.values()]
            code = self.kind.field("code")
            found |= match_names({PARENT: code.source_names if code else ()}, table.names, free, set())
        self.report = replace(self.report, mapping={name: table.names[index] for name, index in found.items()})
        needed = [PARENT, *(name for name, item in self.fields.items() if item.required)]
        missing = [name for name in needed if name not in found and name not in self.options.constants]
        if missing:
            template = N_("No column fills the field “{name}”; say which one does.")
            labels = {PARENT: PARENT_FIELD.label, **{name: item.label for name, item in self.fields.items()}}
            notes = [problem("missing_field", template, field=name, name=labels[name]) for name in missing]
            raise AskError(Question(about="columns", choices=column_choices(table, missing)), notes)
        left = tuple(index for index in range(len(table.names)) if index not in found.values())
        fields = {name: index for name, index in found.items() if name != PARENT}
        return _Columns(parent=found.get(PARENT), fields=fields, left=left)

    def _cut_columns(
        self, table: Table, wanted: Mapping[str, Sequence[str]], found: Mapping[str, int], taken: set[str]
    ) -> dict[str, int]:
        """Return the columns whose names a .dbf cut to ten letters. Raises AskError for those that may be several fields."""
        names = [item.name for item in self.detail.fields() if not item.derived]
        free = [index for index in range(len(table.names)) if index not in found.values()]
        copied = fields_of_a_copy([laundered([PARENT, *names])], table.names)
        known = {copied[table.names[index]]: index for index in free if table.names[index] in copied}
        # A copy holds what a file cannot change too: that is known for what it is, and left.
        cut = {name: index for name, index in known.items() if name in wanted and name not in {*found, *taken}}
        doubtful: dict[int, tuple[str, ...]] = {}
        for index in (index for index in free if index not in known.values()):
            possible = fields_it_may_mean(table.names[index], wanted, {*found, *cut, *taken})
            if len(possible) == 1 and not is_numbered(table.names[index]):
                cut[possible[0]] = index
            elif possible:
                doubtful[index] = possible
        if doubtful:
            raise AskError(*which_field(table.names, doubtful))
        return cut

    def _tell_what_is_left(self, table: Table, columns: _Columns) -> None:
        """Say which columns and places of the file are not taken: details have no further columns."""
        names = [table.names[index] for index in columns.left if any(cell is not None for cell in table.columns[index])]
        self.report = replace(self.report, unmapped=tuple(names))
        if names:
            template = N_("These columns fit no field and are left out: {columns}.")
            note = problem("missing_field", template, severity=Severity.WARNING, columns=", ".join(names))
            self.problems.append(note)
        if table.geometries is not None:
            template = N_("The places in the file are left out: the rows hang on objects that have their own.")
            self.problems.append(problem("wrong_geometry_type", template, severity=Severity.WARNING))

    def _converted_rows(self, table: Table, columns: _Columns) -> HangingRows:
        numbers = table.rows.tolist()
        same = [self.options.constants.get(PARENT)] * len(numbers)
        named = same if columns.parent is None else table.columns[columns.parent]
        codes, problems = parent_codes(named, numbers)
        self.problems += problems
        values: dict[str, Sequence[Any]] = {}
        orders = self._orders(table, columns)
        numeric = [index for name, index in columns.fields.items() if self.fields[name].python_type in NUMBERS]
        style, habits = habits_of(table, [table.columns[index] for index in numeric])
        for name, index in columns.fields.items():
            cells = replaced(table.columns[index], self.options.values.get(name))
            factor, told = factor_of(table.names[index], self.fields[name], table.said_unit)
            self.problems += [told] if told else []
            own = replace(habits, order=orders.get(name), factor=factor)
            values[name] = self._values(self.fields[name], cells, numbers, style, own)
        for name, text in self.options.constants.items():
            if name != PARENT:
                values[name] = self._values(self.fields[name], [text] * len(numbers), numbers, style, PLAIN)
        lost = {name: set(table.lost.get(table.names[index], ())) for name, index in columns.fields.items()}
        bad = {item.row for item in self.problems if item.severity is Severity.ERROR} | self.options.excluded_rows
        rows = [
            (number, code, {name: column[at] for name, column in values.items() if at not in lost.get(name, ())})
            for at, (number, code) in enumerate(zip(numbers, codes, strict=True))
            if code is not None and number not in bad
        ]
        weak = weak_fields(self.fields.values()) if table.format in WITHOUT_NULL else frozenset()
        return HangingRows(kind=self.kind, detail=self.detail, mode=self.options.mode, rows=rows, weak=weak)

    def _values(
        self, spec: Field, cells: Sequence[Any], numbers: Sequence[int], style: NumberStyle, habits: Habits
    ) -> list[Any]:
        longest = self.options.limits.text_length
        found, problems = convert_column(self.detail, spec, cells, numbers, style, longest=longest, habits=habits)
        self.problems += [*problems, *shortened(spec, cells, numbers)]
        return [json_document_value(value) for value in found]

    def _orders(self, table: Table, columns: _Columns) -> dict[str, DayOrder]:
        days = {
            name: table.columns[index]
            for name, index in columns.fields.items()
            if self.fields[name].python_type is date
        }
        found = orders_of_days(days, table.rows.tolist(), self.options.dates)
        self.problems += found.problems
        if found.question is not None:
            raise AskError(found.question, [])
        return dict(found.orders)


def preview_details(
    session: Session, kind: type[Feature], path: Path, options: ImportOptions, progress: Progress
) -> Preview:
    """Return what importing a file of details would do; nothing is stored. Raises InvalidValueError."""
    found = DetailImport(session, kind, path, options, progress)
    return replace(found.preview(), detail=found.detail)
