"""From the cells of a layer's file to values by field: converted, checked for gaps and doubles, the rest kept beside them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.base.numbers import NumberStyle
from geodata.importing.asking import AskError
from geodata.importing.facts import UNSEEN_FORMATS, WITHOUT_NULL, habits_of
from geodata.importing.found import Matched
from geodata.importing.progress import Progress, Step
from geodata.importing.results import ImportOptions, Problem, Severity, problem
from geodata.importing.storing.rows import CheckedRows
from geodata.importing.table import Geometries, Table, Value
from geodata.importing.understanding.cells import Habits, convert_column
from geodata.importing.understanding.days import DayOrder, orders_of_days
from geodata.importing.understanding.heading_units import factor_of
from geodata.importing.understanding.match import Mapping_, importable_fields
from geodata.importing.understanding.values import BadValueError, clean_text, parser_of
from geodata.importing.understanding.worn import shortened
from geodata.schema.feature import Feature
from geodata.schema.fields import Field

#: The types whose cells are numbers.
NUMBERS = frozenset({int, float, Decimal})


def convert_rows(before: Matched, answers: ImportOptions) -> tuple[CheckedRows, list[Problem]]:
    """Return the rows that nothing is wrong with, and what is wrong with others beside what is known of them.

    Raises AskError, InvalidValueError.
    """
    conversion = _Conversion(before.sent.kind, before.table, before.mapping, answers, before.problems)
    rows = conversion.rows(before.geometries, before.good, before.sent.progress)
    return rows, conversion.problems[len(before.problems) :]


class _Conversion:
    """The cells of one table on their way to values; the problems begin with those that are known."""

    def __init__(
        self, kind: type[Feature], table: Table, mapping: Mapping_, options: ImportOptions, known: Sequence[Problem]
    ) -> None:
        self.kind, self.table, self.mapping, self.options = kind, table, mapping, options
        self.problems = list(known)
        self.numbers: list[int] = table.rows.tolist()
        self.values: dict[str, Sequence[Any]] = {}
        self.kept: dict[str, frozenset[int]] = {}
        self.weak: dict[str, frozenset[int]] = {}
        self.cut: dict[str, frozenset[int]] = {}

    def rows(self, geometries: Geometries, good: NDArray[np.bool_], progress: Progress) -> CheckedRows:
        """Return the rows that nothing is wrong with. Raises AskError, InvalidValueError."""
        fields = importable_fields(self.kind)
        orders = self._orders_of_days()
        numeric = [
            field.name for field in fields if field.python_type in NUMBERS and field.name in self.mapping.columns
        ]
        style, habits = habits_of(self.table, [self.table.columns[self.mapping.columns[name]] for name in numeric])
        for done, field in enumerate(fields):
            progress(Step.CONVERT, len(self.numbers) * done // len(fields), len(self.numbers))
            if field.name in self.mapping.columns:
                self._convert(field, style, replace(habits, order=orders.get(field.name)))
            elif field.name in self.options.constants:
                self.values[field.name] = [self._constant(field.name)] * len(self.numbers)
        self.values.setdefault("code", [None] * len(self.numbers))
        told = self.values.get("is_illustration", [False] * len(self.numbers))
        self.values["is_illustration"] = [bool(value) for value in told]
        self._find_duplicates()
        extra = self._extra()
        bad = {item.row for item in self.problems if item.severity is Severity.ERROR and item.row is not None}
        whole = CheckedRows(
            kind=self.kind, rows=self.numbers, values=self.values, geometries=geometries, extra=extra, kept=self.kept,
            weak=self.weak, cut=self.cut,
        )  # fmt: skip
        return whole.without(frozenset(bad | self.options.excluded_rows | {int(row) for row in self.table.rows[~good]}))

    def _convert(self, field: Field, style: NumberStyle, habits: Habits) -> None:
        index = self.mapping.columns[field.name]
        name = self.table.names[index]
        cells = replaced(self.table.columns[index], self.options.values.get(field.name))
        factor, told = factor_of(name, field, self.table.said_unit)
        self.problems += [told] if told else []
        habits = replace(habits, factor=factor)
        values, problems = convert_column(
            self.kind, field, cells, self.numbers, style, longest=self.options.limits.text_length, habits=habits
        )
        self.values[field.name] = values
        self.problems += [*problems, *shortened(field, cells, self.numbers)]
        if self.table.lost.get(name):
            self.kept[field.name] = frozenset(self.numbers[position] for position in self.table.lost[name])
        elif self.table.format in WITHOUT_NULL and field.python_type in {*NUMBERS, bool}:
            pairs = zip(self.numbers, values, strict=True)
            self.weak[field.name] = frozenset(row for row, value in pairs if value is not None and not value)
        if name in self.table.cut and field.python_type is str and field.values is None:
            self.cut[field.name] = frozenset(self.numbers[position] for position in self.table.cut[name])
        if self.table.format in UNSEEN_FORMATS and field.python_type is str and field.values is None:
            self.problems += _unseen_formats(field.name, name, cells)
        if field.required and field.name != "code":
            self.problems += self._missing(field.name, values, {item.row for item in problems})

    def _orders_of_days(self) -> dict[str, DayOrder]:
        """Return in which order the columns of days are written; asks where a column contradicts itself."""
        days = {
            field.name: self.table.columns[self.mapping.columns[field.name]]
            for field in importable_fields(self.kind)
            if field.python_type is date and field.name in self.mapping.columns
        }
        found = orders_of_days(days, self.numbers, self.options.dates)
        if found.question is not None:
            raise AskError(found.question, found.problems)
        self.problems += found.problems
        return dict(found.orders)

    def _missing(self, name: str, values: Sequence[Any], told: set[int | None]) -> list[Problem]:
        field = self.kind.field(name)
        label = field.label if field is not None else name
        return [
            problem("missing_field", N_("The field “{name}” is empty."), row=row, field=name, name=label)
            for row, value in zip(self.numbers, values, strict=True)
            if value is None and row not in told
        ]

    def _constant(self, name: str) -> Any:
        field = self.kind.field(name)
        assert field is not None  # noqa: S101 - checked by match_columns
        try:
            return parser_of(self.kind, field, NumberStyle.UNKNOWN)(self.options.constants[name])
        except BadValueError as error:
            reason = error.about(self.options.constants[name]).say()
            raise InvalidValueError(name=f"--set {name}", value=self.options.constants[name], reason=reason) from error

    def _find_duplicates(self) -> None:
        parts = [self.values[name] for name in self.kind.layer.key if name in self.values]
        rejected = {item.row for item in self.problems if item.severity is Severity.ERROR}
        if not rejected and len(parts) == 1 and len(set(parts[0])) == len(self.numbers):
            return
        seen: dict[tuple[Any, ...], int] = {}
        for row, *key in zip(self.numbers, *parts, strict=True):
            if row in rejected or key[0] is None:
                continue
            first = seen.setdefault(tuple(key), row)
            if first != row:
                self.problems.append(
                    problem(
                        "duplicate_in_file",
                        N_("The code “{value}” is in row {first} already."),
                        row=row,
                        field="code",
                        value=key[0],
                        first=first,
                    )
                )

    def _extra(self) -> list[Mapping[str, Value] | None] | None:
        """Return what no field takes, by column."""
        if not self.mapping.unmapped:
            return None
        names = [clean_text(self.table.names[index])[:100] for index in self.mapping.unmapped]
        columns = [self.table.columns[index] for index in self.mapping.unmapped]
        limit = self.options.limits.extra_bytes
        extra: list[Mapping[str, Value] | None] = []
        for row, *cells in zip(self.numbers, *columns, strict=True):
            kept = {
                name: clean_text(cell) if isinstance(cell, str) else cell
                for name, cell in zip(names, cells, strict=True)
                if cell is not None
            }
            if any(isinstance(cell, str) and len(cell) > 500 for cell in cells) and len(json.dumps(kept)) > limit:
                self.problems.append(
                    problem(
                        "too_long",
                        N_("The columns without a field have more than {limit} bytes; they were left out."),
                        row=row,
                        severity=Severity.WARNING,
                        limit=limit,
                    )
                )
                kept = {}
            extra.append(kept)
        return extra


def _unseen_formats(name: str, column: str, cells: Sequence[Value]) -> list[Problem]:
    """Return the warning that numbers in a column of texts may be shown otherwise in a sheet whose formats are not read."""
    if not any(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells):
        return []
    template = N_(
        "“{column}” holds numbers. How the sheet shows them (001, 0912 …) is not known in this kind of file: where they begin "
        "with 0, save it as .xlsx."
    )
    return [problem("bad_value", template, field=name, severity=Severity.WARNING, column=column)]


def replaced(cells: Sequence[Value], table: Mapping[str, str] | None) -> Sequence[Value]:
    """Return the cells with what a table of values says instead."""
    if not table:
        return cells
    return [table.get(clean_text(str(cell)), cell) if cell is not None else None for cell in cells]
