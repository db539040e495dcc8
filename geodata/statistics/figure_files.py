"""Figures of indicators from a file: a column a month, or a row a month; and the table that goes back in unchanged.

The file is read by the limited process of the import. A blank cell or a dash says nothing: what is stored there stays.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from xlsxwriter.utility import xl_col_to_name

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.base.message import Message, MessageValue
from geodata.base.names import fold_name
from geodata.base.numbers import AmbiguousNumberError, NumberStyle, plain_number, style_of
from geodata.importing.limits import Limits
from geodata.importing.reading.sandbox import read_table
from geodata.importing.results import Question
from geodata.importing.table import Table, Value
from geodata.importing.understanding.decode import decode_table
from geodata.statistics.figure_changes import Cell
from geodata.statistics.figure_headings import (
    FIGURE_NAMES,
    HEADS,
    VERSION_NAMES,
    MonthName,
    column_of,
    figure_of,
    month_of,
    unit_in,
    unit_of,
    version_of,
    words,
)
from geodata.statistics.indicators import FIGURES, PERCENT, FigureVersion, MonthKey, Series

LIMITS = Limits(file_bytes=5_000_000, archive_bytes=50_000_000, rows=5_000, columns=200, memory_bytes=2**30, cpu_seconds=30, wall_seconds=60)  # fmt: skip
_NOTHING = {"", "-", "–", "—", "...", "…", "x"}
#: A change in percent between these looks like an index in which 100 is no change.
_LIKE_AN_INDEX = (Decimal(80), Decimal(160))
#: So many times the month before, or less, is told.
_JUMP = 8


@dataclass(frozen=True, kw_only=True)
class Told:
    """Something about a place of a file: `row` of the sheet from 1, `cell` like D7."""

    row: int
    cell: str
    message: Message


@dataclass(frozen=True, kw_only=True)
class FigureFile:
    """What a file says: its figures with what is stored now, what cannot be taken, and what looks odd.

    `facts`: what was recognised, as (what, how) to be shown.
    """

    cells: tuple[Cell, ...]
    problems: tuple[Told, ...]
    oddities: tuple[Told, ...]
    facts: Mapping[str, str]

    @property
    def changes(self) -> tuple[Cell, ...]:
        """The cells that differ from what is stored."""
        return tuple(cell for cell in self.cells if cell.value != cell.before)


def read_figures(
    path: Path, file_name: str, series: Sequence[Series], *, sheet: str | None = None, style: NumberStyle = NumberStyle.UNKNOWN
) -> FigureFile:  # fmt: skip
    """Read a file of figures. Raises RefusedError, InvalidValueError where there is no table of figures in it."""
    read = read_table(path, file_name, sheet, LIMITS, words=words())
    if isinstance(read, Question):
        raise _unclear(read)
    decoded = decode_table(read, None)
    if decoded.question is not None:
        raise InvalidValueError(N_("The letters of the file cannot be read. Save it as UTF-8, or as XLSX."))
    return _Reading(decoded.table, series, style).result()


def _unclear(question: Question) -> InvalidValueError:
    if question.about == "layer":
        names = ", ".join(f"“{choice.value}”" for choice in question.choices)
        return InvalidValueError(N_("The workbook has several sheets: {names}. Say which one is meant."), names=names)
    return InvalidValueError(_NO_TABLE)


_NO_TABLE = N_(
    "No table of figures was found: a row of headings is needed with Mã or Chỉ tiêu, and Tháng 1, Tháng 2 … or Kỳ."
)


class _Row:
    """One row of the file by what its columns hold."""

    def __init__(self, number: int, values: Mapping[str, str]) -> None:
        self.number, self.values = number, values

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


class _Reading:
    """What comes together while a file is understood."""

    def __init__(self, table: Table, series: Sequence[Series], style: NumberStyle) -> None:
        self.table, self.series = table, series
        self.roles = {name: column_of(name) for name in table.names}
        self.months = {name: month for name in table.names if not self.roles[name] and (month := month_of(name))}
        self.figures = {
            name: figure for name in table.names if name not in self.months and (figure := figure_of(name)) is not None
        }
        if "figure" in self.roles.values():  # “Giá trị” may head the column that says which figure a row is
            self.figures = {}
        self.style = style if style is not NumberStyle.UNKNOWN else style_of(self._written())
        self.first_row = int((table.header_row or "1").split("-")[-1])
        self.problems: list[Told] = []
        self.oddities: list[Told] = []
        self.converted: dict[str, str] = {}
        self.found: dict[tuple[str, MonthKey, str], Cell] = {}
        self.stored = {one.code: {month.key: month for month in one.months} for one in series}
        self.by_code = {one.code: one for one in series}
        self.by_name = {fold_name(name): one for one in series for name in (one.name, one.name_en) if name}

    def result(self) -> FigureFile:
        """Read row by row."""
        roles = set(self.roles.values())
        if not roles & {"code", "name"} or not (self.months or (self.figures and "period" in roles)):
            raise InvalidValueError(_NO_TABLE)
        columns = dict(zip(self.table.names, self.table.columns, strict=True))
        self._tell_lost()
        for place, number in enumerate(self.table.rows.tolist()):
            values = {role: _text(columns[name][place]) for name, role in self.roles.items() if role}
            row = _Row(self.first_row + number, values)
            if (series := self._series(row)) is not None and (version := self._version(row)) is not None:
                for name, figure, month in self._wanted(row, series):
                    self._take(row, series, name, columns[name][place], (figure, month, version))
        self._look_around()
        style = {NumberStyle.VIETNAMESE: "1.234,5", NumberStyle.ENGLISH: "1,234.5"}.get(self.style, "")
        facts = {"sheet": self.table.layer, "header": self.table.header_row or "", "numbers": style}
        facts["units"] = "; ".join(f"{name} → {unit}" for name, unit in self.converted.items())
        return FigureFile(
            cells=tuple(self.found.values()), problems=tuple(self.problems), oddities=tuple(self.oddities), facts=facts
        )

    def _written(self) -> Iterator[str]:
        for name, column in zip(self.table.names, self.table.columns, strict=True):
            if name in self.months or name in self.figures:
                yield from (_signs(value) for value in column if isinstance(value, str))

    def _tell_lost(self) -> None:
        for name, places in self.table.lost.items():
            for place in places:
                row = self.first_row + int(self.table.rows[place])
                self._problem(row, name, N_("The cell holds an error or a formula without a result."))

    def _series(self, row: _Row) -> Series | None:
        written = (row["code"], row["name"])
        found = next((self.by_code[text] for text in written if text in self.by_code), None)
        found = found or next(
            (self.by_name[name] for text in written if (name := fold_name(text)) in self.by_name), None
        )
        if found is None and (row["code"] or row["name"]):
            sentence = N_("There is no indicator “{value}”.")
            self._problem(row.number, self._heading("code", "name"), sentence, value=(row["code"] or row["name"])[:60])
        return found

    def _version(self, row: _Row) -> FigureVersion | None:
        text = row["version"]
        found = version_of(text) if text else (FigureVersion.SCENARIO if row["scenario"] else FigureVersion.ACTUAL)
        if found is None:
            sentence = N_("“{value}” is no kind of figure: write Thực hiện, Ước thực hiện, Kế hoạch or Kịch bản tăng trưởng.")  # fmt: skip
            self._problem(row.number, self._heading("version"), sentence, value=text[:40])
        return found

    def _wanted(self, row: _Row, series: Series) -> list[tuple[str, str, MonthName]]:
        """Return (column, figure, month) of the cells of a row that hold figures."""
        year = _whole(row["year"])
        if self.months:
            figure = figure_of(row["figure"]) if row["figure"] else None if series.is_index else "value"
            if figure is None:
                sentence = N_("Which figure is it? “{value}” is not known; write e.g. Giá trị trong tháng, So với cùng kỳ năm trước (%).")  # fmt: skip
                self._problem(row.number, self._heading("figure", "name", "code"), sentence, value=row["figure"][:60])
                return []
            pairs = [(name, figure, month) for name, month in self.months.items()]
        else:
            month = month_of(row["period"]) or (_plain_month(row["period"]) if year else None)
            if month is None:
                sentence = N_("“{value}” is no month: write it like 02/2020.")
                self._problem(row.number, self._heading("period"), sentence, value=row["period"][:40])
                return []
            pairs = [(name, figure, month) for name, figure in self.figures.items()]
        dated = [(name, figure, MonthName(year=month.year or year, month=month.month)) for name, figure, month in pairs]
        if any(not 1990 <= month.year <= 2100 for _, _, month in dated):
            self._problem(row.number, self._heading("year", "period", "code", "name"), N_("The year of the figures is not told."))  # fmt: skip
            return []
        return dated

    def _take(
        self, row: _Row, series: Series, name: str, value: Value, what: tuple[str, MonthName, FigureVersion]
    ) -> None:
        figure, month, version = what
        text = _signs(_text(value)).removesuffix("%").strip()
        if text in _NOTHING:
            return
        number = self._number(row, name, value, text)
        scale = self._scale(row, series, name, figure)
        if number is None or scale is None:
            return
        key = MonthKey(date(month.year, month.month, 1), version, row["scenario"] if version == "scenario" else "")
        number = (number * scale).quantize(Decimal("0.0001"))
        stored = self.stored[series.code].get(key)
        before = getattr(stored, figure) if stored else None
        place = self._cell(row.number, name)
        twin = self.found.get((series.code, key, figure))
        if twin is not None and twin.value != number:
            sentence = N_("The figure stands in the file twice and differs: here {value}, in {other} {there}.")
            details: dict[str, MessageValue] = {
                "value": number,
                "other": twin.place,
                "there": twin.value or Decimal(0),
            }
            self.problems.append(Told(row=row.number, cell=place, message=Message(template=sentence, values=details)))
            return
        if figure in PERCENT and _LIKE_AN_INDEX[0] <= number <= _LIKE_AN_INDEX[1]:
            sentence = N_("{value} % looks like an index in which 100 is no change; a change of {change} % would be meant.")  # fmt: skip
            odd: dict[str, MessageValue] = {"value": number, "change": number - 100}
            self.oddities.append(Told(row=row.number, cell=place, message=Message(template=sentence, values=odd)))
        self.found[series.code, key, figure] = Cell(
            code=series.code, month=key, figure=figure, value=number, before=before, place=place
        )

    def _number(self, row: _Row, name: str, value: Value, text: str) -> Decimal | None:
        try:
            if isinstance(value, bool):
                raise ValueError(value)
            number = Decimal(repr(value)) if isinstance(value, int | float) else Decimal(plain_number(text, self.style))
            if number.is_finite() and abs(number) < Decimal(10) ** 21:
                return number
            sentence = N_("“{value}” is too large.")
        except AmbiguousNumberError:
            sentence = N_("“{value}” can be thousands or a fraction, and nothing in the file tells which. Say how numbers are written.")  # fmt: skip
        except (ValueError, InvalidOperation):
            sentence = N_("“{value}” is not a number.")
        self._problem(row.number, name, sentence, value=text[:40])
        return None

    def _scale(self, row: _Row, series: Series, name: str, figure: str) -> Decimal | None:
        """Return what a number is to be multiplied by, for the unit that the file names; None where it does not fit."""
        if figure in PERCENT:
            return Decimal(1)
        written = row["unit"] or ("" if name in self.months else unit_in(name))
        if not written:
            return Decimal(1)
        unit, scale = unit_of(written) or ("", Decimal(0))
        if unit != series.unit:
            sentence = N_("The unit “{value}” does not fit: the figures of this indicator are kept in {unit}.")
            self._problem(row.number, name, sentence, value=written[:40], unit=series.unit)
            return None
        if scale != 1:
            self.converted[written] = _UNIT_NAMES.get(series.unit, series.unit)
        return scale

    def _look_around(self) -> None:
        """Tell values that are many times what is known of the month before: a slip of the unit or of the keys."""
        values = {
            (code, month.key): month.value for code, months in self.stored.items() for month in months.values()
        } | {(cell.code, cell.month): cell.value for cell in self.found.values() if cell.figure == "value"}
        for cell in self.found.values():
            first = cell.month.period
            before_key = cell.month._replace(period=date(first.year - (first.month == 1), first.month - 1 or 12, 1))
            before = values.get((cell.code, before_key))
            if cell.figure != "value" or not before or not cell.value or cell.value == cell.before:
                continue
            if not 1 / Decimal(_JUMP) < cell.value / before < _JUMP:
                sentence = N_("{value} is far from the month before, {before}: is the unit right?")
                row = int("".join(filter(str.isdigit, cell.place)))
                details: dict[str, MessageValue] = {"value": cell.value, "before": before}
                self.oddities.append(Told(row=row, cell=cell.place, message=Message(template=sentence, values=details)))

    def _problem(self, row: int, name: str, sentence: str, **details: str) -> None:
        self.problems.append(
            Told(row=row, cell=self._cell(row, name), message=Message(template=sentence, values=details))
        )

    def _cell(self, row: int, name: str) -> str:
        place = self.table.names.index(name) if name in self.table.names else 0
        column = self.table.places[place] if self.table.places else place
        return f"{xl_col_to_name(column)}{row}"

    def _heading(self, *roles: str) -> str:
        """Return the first column that holds one of these."""
        return next((name for role in roles for name, held in self.roles.items() if held == role), "")


def figure_rows(series: Iterable[Series]) -> list[list[str | int | Decimal | None]]:
    """Return the table that goes back in unchanged: headings, then a row for each figure of a year of a series."""
    rows: list[list[str | int | Decimal | None]] = [[*HEADS.values(), *(f"Tháng {number}" for number in range(1, 13))]]
    for one in series:
        keys = sorted({(month.period.year, month.version, month.scenario) for month in one.months})
        for year, version, scenario in keys:
            months = {
                month.period.month: month
                for month in one.months
                if (month.period.year, month.version, month.scenario) == (year, version, scenario)
            }
            for figure in FIGURES:
                values = [getattr(months[number], figure) if number in months else None for number in range(1, 13)]
                if any(value is not None for value in values):
                    unit = "%" if figure in PERCENT else _UNIT_NAMES.get(one.unit, one.unit)
                    head: list[str | int | Decimal | None] = [
                        one.code,
                        one.name,
                        unit,
                        FIGURE_NAMES[figure],
                        VERSION_NAMES[version],
                        scenario,
                        year,
                    ]
                    rows.append([*head, *values])
    return rows


_UNIT_NAMES = {"bn VND": "tỷ đồng"}


def _text(value: Value) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else " ".join(str(value).split())


def _signs(text: str) -> str:
    """Return a number with the minus of keyboards."""
    return text.replace("\u2212", "-").replace("\u2013", "-") if any(char.isdigit() for char in text) else text


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _plain_month(text: str) -> MonthName | None:
    number = _whole(text)
    return MonthName(year=0, month=number) if 1 <= number <= 12 else None
