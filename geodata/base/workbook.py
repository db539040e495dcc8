"""The one writer of XLSX: every cell as text, number or day, never as a formula; heads that stay in view, widths by what stands there.

Rows are written while they are read, so that memory does not grow with their number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

import xlsxwriter

Cell = str | bool | int | float | Decimal | date | None

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_CELL, MAX_SHEET_NAME = 32_767, 31
LARGEST_EXACT = 1e15
NARROWEST, WIDEST = 9, 48
#: Rows by which a column's width is chosen.
LOOKED_AT = 200
_OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "constant_memory": True,
}
_DAY_LETTERS = 10


@dataclass(frozen=True, kw_only=True)
class Table:
    """A sheet: its name, heads and rows; `title` stands above the heads. `beside`: columns that stay in view.

    `decimals` is Excel's format of numbers with decimals.
    """

    name: str
    heads: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    title: str = ""
    beside: int = 1
    decimals: str = "General"


@dataclass(frozen=True, kw_only=True)
class About:
    """The last sheet: what the file says of itself, as (what, text)."""

    name: str
    lines: Sequence[tuple[str, str]]


def sheet_name(text: str) -> str:
    """Return a text as sheets may be called."""
    return "".join(" " if sign in "[]:*?/\\" else sign for sign in text)[:MAX_SHEET_NAME].strip("' ") or "1"


def write_workbook(file: IO[bytes] | Path, tables: Sequence[Table], about: About | None = None) -> None:
    """Write the tables, a sheet each, and what the file says of itself."""
    target = str(file) if isinstance(file, Path) else file
    options = _OPTIONS if isinstance(file, Path) else {**_OPTIONS, "in_memory": True}
    with xlsxwriter.Workbook(target, options) as book:
        pens = _Pens(book)
        for table in tables:
            _write_table(book.add_worksheet(sheet_name(table.name)), table, pens)
        if about:
            page = book.add_worksheet(sheet_name(about.name))
            page.set_column(0, 0, 24)
            page.set_column(1, 1, 90)
            for number, (what, text) in enumerate(about.lines):
                page.write_string(number, 0, what, pens.head)
                page.write_string(number, 1, text[:MAX_CELL])


class _Pens:
    """A book's formats."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.title = book.add_format({"bold": True, "font_size": 13})
        self.head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.day = book.add_format({"num_format": "dd/mm/yyyy"})


def _write_table(page: Any, table: Table, pens: _Pens) -> None:
    rows = iter(table.rows)
    first = list(islice(rows, LOOKED_AT))
    _set_widths(page, table.heads, first)
    top = 2 if table.title else 0
    if table.title:
        page.write_string(0, 0, table.title[:MAX_CELL], pens.title)
    for column, text in enumerate(table.heads):
        page.write_string(top, column, text, pens.head)
    decimals = pens.book.add_format({"num_format": table.decimals})
    last = top
    for last, row in enumerate(chain(first, rows), top + 1):
        for column, cell in enumerate(row):
            _write_cell(page, (last, column), cell, pens.day, decimals)
    page.freeze_panes(top + 1, table.beside)
    page.autofilter(top, 0, max(last, top + 1), max(len(table.heads) - 1, 0))
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.repeat_rows(top)


def _set_widths(page: Any, heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    for column, text in enumerate(heads):
        longest = max((_letters(row[column]) for row in rows if column < len(row)), default=0)
        width = max(longest, *(len(word) for word in text.split() or [""]), len(text) // 2)
        page.set_column(column, column, min(WIDEST, max(NARROWEST, width + 2)))


def _letters(cell: Cell) -> int:
    return _DAY_LETTERS if isinstance(cell, date) else len(str(cell if cell is not None else ""))


def _write_cell(page: Any, place: tuple[int, int], cell: Cell, day: Any, decimals: Any) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, bool):
        page.write_boolean(*place, cell)
    elif isinstance(cell, date):
        page.write_datetime(*place, cell, day)
    elif isinstance(cell, str):
        page.write_string(*place, cell[:MAX_CELL])
    elif abs(float(cell)) >= LARGEST_EXACT:
        page.write_string(*place, str(cell))
    elif isinstance(cell, int):
        page.write_number(*place, cell)
    else:
        page.write_number(*place, float(cell), decimals)
