"""Tables for people, as Excel and CSV: labels, units and values in their language, the columns and order they see."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from sqlalchemy import Connection

from geodata.base.formulas import disarm
from geodata.base.i18n import N_
from geodata.query import features
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.filters import Condition
from webmap.app.i18n import translate
from webmap.map.present import present_value


@dataclass(frozen=True)
class Sheet:
    """A layer's features: which fields, which of them, what is measured of each, in which order."""

    kind: type[Feature]
    fields: Sequence[Field]
    conditions: Sequence[Condition]
    measures: Sequence[features.Measure] = ()
    sort: features.Sort | None = None

    def heads(self, language: str) -> list[str]:
        """Return the columns' heads with their units."""
        fields = [*self.fields, *(measure.field for measure in self.measures)]
        return [
            translate(one.label, language) + (f" ({translate(one.unit, language)})" if one.unit else "")
            for one in fields
        ]

    def rows(self, connection: Connection, language: str) -> Iterator[list[Any]]:
        """Yield each feature's cells: numbers and days as such, anything else as text."""
        cursor = None
        while True:
            page = features.list_features(
                connection, self.kind, self.fields, self.conditions, limit=features.MAX_PAGE, cursor=cursor,
                with_geometry=False, measures=self.measures, sort=self.sort,
            )  # fmt: skip
            for row in page.rows:
                cells = [_cell(field, row[field.name], language) for field in self.fields]
                yield [*cells, *(float(row[measure.name]) for measure in self.measures)]
            if not (cursor := page.next_cursor):
                return


MAX_CELL = 32_767
MAX_SHEET_NAME = 31
LARGEST_EXACT = 1e15
NARROWEST, WIDEST = 9, 48
#: Rows by which a column's width is chosen: the file is written while it is read.
LOOKED_AT = 200


def shown_fields(fields: Sequence[Field]) -> list[Field]:
    """Return the fields that people read."""
    return [field for field in fields if field.in_panel]


def sheet_name(kind: type[Feature], language: str) -> str:
    """Return what a layer's sheet is called."""
    return translate(kind.layer.title, language)[:MAX_SHEET_NAME]


def write_workbook(
    connection: Connection,
    sheets: Sequence[Sheet],
    file: IO[bytes],
    language: str,
    about: Sequence[tuple[str, str]] = (),
) -> None:
    """Write the features that each sheet's conditions keep, and what is said `about` the file. Texts are never formulas."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, {**options, "constant_memory": True, "in_memory": True}) as book:
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        if not sheets:
            book.add_worksheet().write_string(0, 0, translate("Nothing lies inside this area.", language))
        for asked in sheets:
            page = book.add_worksheet(sheet_name(asked.kind, language))
            _write_rows(page, asked.heads(language), asked.rows(connection, language), head, day)
        if about:
            _write_about(book.add_worksheet(translate(N_("About this file"), language)), about, head)


def write_table(connection: Connection, asked: Sheet, file: IO[bytes], language: str) -> None:
    """Write the same as CSV (RFC 4180, UTF-8 with a mark, by which Excel knows it)."""
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    out = csv.writer(text)
    out.writerow(disarm(head) for head in asked.heads(language))
    for row in asked.rows(connection, language):
        out.writerow(_plain(cell) for cell in row)
    text.flush()
    text.detach()


def _plain(cell: Any) -> Any:
    """Return a cell as every spreadsheet reads it: a day in ISO form, a number with a point."""
    if isinstance(cell, str):
        return disarm(cell)
    return cell.isoformat() if isinstance(cell, date) else cell


def _write_rows(page: Any, heads: list[str], rows: Iterator[list[Any]], head: Any, day: Any) -> None:
    page.freeze_panes(1, 2)
    first = [row for row, _ in zip(rows, range(LOOKED_AT), strict=False)]
    for column, text in enumerate(heads):
        longest = max((_length(row[column]) for row in first), default=0)
        width = max(longest, *(len(word) for word in text.split()), len(text) // 2)
        page.set_column(column, column, min(WIDEST, max(NARROWEST, width + 2)))
        page.write_string(0, column, text, head)
    number = 0
    for number, row in enumerate(_chained(first, rows), 1):
        for column, cell in enumerate(row):
            _write(page, (number, column), cell, day)
    page.autofilter(0, 0, max(number, 1), max(len(heads) - 1, 0))


def _chained(first: list[list[Any]], others: Iterator[list[Any]]) -> Iterator[list[Any]]:
    yield from first
    yield from others


def _length(cell: Any) -> int:
    return 10 if isinstance(cell, date) else len(str(cell))


def _write_about(page: Any, about: Sequence[tuple[str, str]], head: Any) -> None:
    page.set_column(0, 0, 24)
    page.set_column(1, 1, 90)
    for number, (what, text) in enumerate(about):
        page.write_string(number, 0, what, head)
        page.write_string(number, 1, text[:MAX_CELL])


def _cell(field: Field, value: Any, language: str) -> Any:
    """Return a number or a day as such, anything else as text."""
    is_text = isinstance(value, bool | datetime) or field.values or getattr(field.filter, "labels", None)
    if not is_text and isinstance(value, int | float | Decimal | date):
        return value
    return present_value(field, value, language)[:MAX_CELL]


def _write(page: Any, place: tuple[int, int], value: Any, day: Any) -> None:
    if isinstance(value, date):
        page.write_datetime(*place, value, day)
    elif isinstance(value, str):
        if value:
            page.write_string(*place, value)
    elif abs(value) < LARGEST_EXACT:
        page.write_number(*place, float(value))
    else:
        page.write_string(*place, str(value))
