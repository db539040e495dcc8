"""Whole columns of cells: each spelling is read once, and what is not stored as it is written is told with its row."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.base.names import is_visible
from geodata.base.numbers import NumberStyle, has_two_readings
from geodata.base.units import is_in_another_unit
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.table import Value, spellings
from geodata.importing.told import by_row
from geodata.importing.understanding.days import DayOrder
from geodata.importing.understanding.values import (
    BAD_CONTROL,
    FROM_1900,
    MOMENT,
    BadValueError,
    parse_decimal,
    parser_of,
    text_of,
)
from geodata.importing.understanding.written_days import read_day
from geodata.schema.described import Described
from geodata.schema.fields import Field

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}$")
#: Days of sheets before this year are numbers that were shown as days: 2020 in a cell of days is the 12th of July 1905.
_EARLY = 1930
#: Fields that stand on one line, and the sign that a break was only set behind or before.
LINES = frozenset({"code", "name"})
_BREAK_AT_SIGN = re.compile(r"(?:(?<=[-/._])\s*\n\s*|\s*\n\s*(?=[-/._]))")
_CLOCK = re.compile(r"[T ](\d{2}:\d{2}(?::\d{2})?)")


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How a file writes a column: the order of its days, day 0 of its plain numbers, whether it is a spreadsheet.

    `is_style_borrowed`: that the writing of numbers is known from other columns only. `factor` turns the column's unit
    into the field's.
    """

    order: DayOrder | None = None
    first_day: date = FROM_1900
    is_sheet: bool = False
    is_style_borrowed: bool = False
    factor: Decimal = Decimal(1)


PLAIN = Habits()


def convert_column(
    kind: type[Described],
    field: Field,
    cells: Sequence[Value],
    rows: Sequence[int],
    style: NumberStyle,
    *,
    longest: int,
    habits: Habits = PLAIN,
) -> tuple[list[Any], list[Problem]]:
    """Return the values of a field and the cells that could not be taken; each spelling is read once."""
    parse = parser_of(kind, field, style, habits.order, first_day=habits.first_day, factor=habits.factor)
    if parse is text_of:
        cells = _without_point_zero(cells, is_key=field.name in kind.key_names())
    is_plain = parse is text_of and not (habits.is_sheet and any(map(_is_day, cells)))
    if is_plain and (plain := _plain_texts(cells, longest, is_line=field.name in LINES)) is not None:
        return plain, []
    parse = _line_of if parse is text_of and field.name in LINES else parse
    known: dict[tuple[type, Value], Any] = {}
    problems: list[Problem] = []
    values: list[Any] = []
    for row, cell in zip(rows, cells, strict=True):
        key = (type(cell), cell)
        if key not in known:
            known[key] = _convert(parse, cell, longest)
        value = known[key]
        if isinstance(value, BadValueError):
            problems.append(
                Problem(
                    row=row,
                    field=field.name,
                    code=value.code,
                    severity=Severity.ERROR,
                    value=str(cell)[:200],
                    text=value.about(str(cell)[:80]),
                    suggestion=value.suggestion,
                )
            )
            value = None
        values.append(value)
    return values, [*problems, *changed_cells(field, known, cells=cells, rows=rows, style=style, habits=habits)]


def _is_day(cell: Value) -> bool:
    return isinstance(cell, str) and len(cell) == len("2026-12-31") and _DAY.match(cell) is not None


def _line_of(cell: Value) -> str | None:
    """Return a code or name on one line; a break beside a sign is no blank: “CH-⏎2” is CH-2."""
    text = text_of(cell)
    return None if text is None else " ".join(_BREAK_AT_SIGN.sub("", text).split()) if "\n" in text else text


def _plain_texts(cells: Sequence[Value], longest: int, *, is_line: bool) -> list[Any] | None:
    """Return texts that need no more than stripping, each spelling looked at once; None where some need more."""
    if not set(map(type, cells)) <= {str, type(None)}:
        return None
    texts = spellings(cells)
    whole = "\t".join(texts)
    if (
        "\r" in whole
        or (is_line and "\n" in whole)
        or "<" in whole
        or BAD_CONTROL.search(whole)
        or not is_visible(whole)
        or not unicodedata.is_normalized("NFC", whole)
        or max(map(len, texts), default=0) > longest
    ):
        return None
    if all(text and text == text.strip() for text in texts):
        return list(cells)
    return [None if cell is None else str(cell).strip() or None for cell in cells]


def changed_cells(
    field: Field,
    known: Mapping[tuple[type, Value], Any],
    *,
    cells: Sequence[Value],
    rows: Sequence[int],
    style: NumberStyle,
    habits: Habits = PLAIN,
) -> list[Problem]:
    """Return a warning for each cell whose value is not stored as written: cleaned, rounded, or moved to another day."""
    told = {key: text for key, value in known.items() if (text := _change(field, key[1], value, style, habits))}
    if not told:
        return []
    found = [index for index, cell in enumerate(cells) if (type(cell), cell) in told]

    def warn(index: int) -> Problem:
        cell = cells[index]
        text = told[type(cell), cell]
        return Problem(
            code="bad_value",
            text=text,
            row=rows[index],
            field=field.name,
            severity=Severity.WARNING,
            value=str(cell)[:200],
        )

    return by_row(found, warn, rows)


def _change(field: Field, cell: Value, value: Any, style: NumberStyle, habits: Habits) -> Message | None:
    """Return what became of a cell, when it is not what it says."""
    if isinstance(value, BadValueError) or value is None:
        return None
    template = None
    if isinstance(cell, str) and (not is_visible(cell) or BAD_CONTROL.search(cell)):
        template = N_("Invisible or foreign letters in “{value}” were replaced; it is stored as “{stored}”.")
    elif field.name in LINES and isinstance(cell, str) and "\n" in cell.strip():
        template = N_("“{value}” stands on several lines; it is stored as “{stored}”.")
    elif isinstance(value, date) and not isinstance(value, datetime):
        template = _change_of_day(cell, value, habits)
    elif isinstance(value, Decimal | int) and not isinstance(value, bool):
        template = _change_of_number(field, cell, value, style, habits)
    elif habits.is_sheet and _is_day(cell) and field.values is None:
        template = N_(
            "The cell holds a day ({value}), not a text: spreadsheets make days of numbers like 5/2021. Check it."
        )
    return Message(template=template, values={"value": str(cell)[:80], "stored": str(value)[:80]}) if template else None


def _change_of_day(cell: Value, value: date, habits: Habits) -> str | None:
    if not isinstance(cell, str):
        is_told = habits.order in {DayOrder.EPOCH_MS, DayOrder.EPOCH_S}
        return None if is_told else N_("The number “{value}” was read as a count of days: {stored}.")
    if habits.is_sheet and value.year < _EARLY and _DAY.match(cell):
        return N_(
            "The cell shows the day {stored}: perhaps a year or a number was typed into a cell of days. Check it."
        )
    if MOMENT.match(cell.strip()):
        is_same = cell.strip().startswith(value.isoformat())
        return None if is_same else N_("“{value}” is a moment in another time zone; the day in Vietnam is {stored}.")
    written = read_day(cell)
    if written.beside:
        return N_("Beside the day, “{value}” says more; only the day {stored} is stored.")
    if written.is_century_missing:
        return N_("“{value}” does not say the century; it was read as {stored}.")
    clock = _CLOCK.search(cell)
    return N_("The time of “{value}” was left out; the day is {stored}.") if clock and clock[1].strip("0:") else None


def _change_of_number(
    field: Field, cell: Value, value: Decimal | int, style: NumberStyle, habits: Habits
) -> str | None:
    if isinstance(cell, bool):
        return None
    if habits.is_style_borrowed and isinstance(cell, str) and has_two_readings(cell):
        return N_("“{value}” was read as {stored}, the way other columns of the file are written.")
    if isinstance(cell, str) and is_in_another_unit(cell, field.unit):
        return N_("“{value}” is in another unit than the field; it was converted to {stored}.")
    if isinstance(value, Decimal):
        with suppress(BadValueError):
            exact = parse_decimal(cell, style, field.unit, whole=False, factor=habits.factor)
            if exact is not None and abs(exact - value) > Decimal("1e-9") * max(Decimal(1), abs(exact)):
                return N_("“{value}” was rounded to {stored}.")
    return None


_POINT_ZERO = re.compile(r"\d+\.0$")
#: Fewer digits with “.0” may be meant as they stand where they are no code.
_LONG = 8


def _without_point_zero(cells: Sequence[Value], *, is_key: bool) -> Sequence[Value]:
    """Return codes and numbers of telephones without the “.0” that other programs write where such a column has gaps."""
    first = next((cell for cell in cells if isinstance(cell, str)), "")
    if not _POINT_ZERO.match(first) or not (is_key or len(first) > _LONG):
        return cells
    if not all(_POINT_ZERO.match(cell) for cell in cells if isinstance(cell, str)):
        return cells
    return [cell[:-2] if isinstance(cell, str) else cell for cell in cells]


def _convert(parse: Callable[[Value], Any], cell: Value, longest: int) -> Any:
    try:
        if isinstance(cell, str) and len(cell) > longest:
            raise BadValueError(
                N_("The text has {length} letters; at most {limit} are taken."),
                code="too_long",
                length=len(cell),
                limit=longest,
            )
        return parse(cell)
    except BadValueError as error:
        return error


def cut_warning(field: str, row: int, value: str, width: int) -> Problem:
    """Return the warning for a text that fills its column to the last byte."""
    return problem(
        "too_long",
        N_("The text fills its {width} bytes; it was probably cut. Where the stored one goes on after it, that stays."),
        row=row,
        field=field,
        severity=Severity.WARNING,
        value=value,
        width=width,
    )
