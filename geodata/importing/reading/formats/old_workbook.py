"""XLS workbooks (Excel 97–2003): values as stored, and what the program shows beside them."""

import os
import struct
from datetime import time
from pathlib import Path
from typing import Any

import xlrd

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.reading.archive import Source
from geodata.importing.reading.formats.header import Grid
from geodata.importing.reading.formats.number_shapes import shape_of
from geodata.importing.reading.formats.picking import pick, too_many_rows
from geodata.importing.reading.formats.sheet import Hints, Sheet, table_of_sheet
from geodata.importing.reading.formats.shown import (
    counts_from_1904,
    damaged,
    hidden_sheets,
    plain,
    with_a_password,
)
from geodata.importing.reading.formats.struck import Struck, struck_text
from geodata.importing.results import RefusedError
from geodata.importing.table import Table, Value

#: What xlrd raises of damaged files.
_DAMAGE = (
    xlrd.XLRDError, xlrd.compdoc.CompDocError, struct.error, AssertionError, IndexError, KeyError, ValueError,
    TypeError, AttributeError, OSError, OverflowError, UnicodeError, NotImplementedError,
)  # fmt: skip


def read_old_workbook(source: Source, inner: str | None, limits: Limits, hints: Hints) -> Table:
    """Read one sheet of a workbook."""
    try:
        book = _opened(source.path)
        filled = [sheet for sheet in book.sheets() if _has_rows(sheet)]
        shown = [sheet for sheet in filled if not sheet.visibility]
        sheets = filled if inner or not shown else shown
        if not sheets:
            raise RefusedError("empty_layer", N_("The workbook has no rows."))
        name = pick([sheet.name for sheet in sheets], inner)
        sheet = book.sheet_by_name(name)
        if sheet.nrows > limits.rows + 10_000:
            raise too_many_rows(limits)
        left_out = [item.name for item in filled if item.visibility and item.name != name]
        whole = _sheet(book, sheet, limits, left_out)
    except _DAMAGE as error:
        raise with_a_password() if "encrypted" in str(error) else damaged() from error
    return table_of_sheet(whole, name if len(sheets) > 1 else source.name, "xls", hints, limits, texts="unicode")


def _opened(path: Path) -> Any:
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        return xlrd.open_workbook(str(path), logfile=nowhere, formatting_info=True, ragged_rows=True)


def _has_rows(sheet: Any) -> bool:
    return any(value != "" for row in range(sheet.nrows) for value in sheet.row_values(row))


def _sheet(book: Any, sheet: Any, limits: Limits, left_out: list[str]) -> Sheet:
    rows: list[list[Value]] = []
    lost: dict[tuple[int, int], str] = {}
    formatted: dict[tuple[int, int], str] = {}
    struck: dict[tuple[int, int], str | None] = {}
    for row in range(sheet.nrows):
        values: list[Value] = []
        for column, cell in enumerate(sheet.row(row)[: limits.columns + 1]):
            value = _value(book, cell)
            if cell.ctype == xlrd.XL_CELL_ERROR:
                lost[row, column] = str(value)
                value = None
            elif cell.ctype == xlrd.XL_CELL_NUMBER and isinstance(value, int | float):
                shown = _as_shown(book, cell, value)
                if shown is not None and shown != str(value):
                    formatted[row, column] = value = shown
            if value is not None and (crossed := _crossed(book, sheet, row, column)) is not None:
                struck[row, column] = crossed.whole if isinstance(crossed, Struck) else None
                value = str(crossed) if isinstance(crossed, Struck) else value
            values.append(value)
        rows.append(values)
    merges = tuple((top, left, bottom - 1, right - 1) for top, bottom, left, right in sheet.merged_cells)
    hidden = frozenset(row for row, facts in sheet.rowinfo_map.items() if facts.hidden)
    return Sheet(
        grid=Grid(rows=rows, merges=merges), lost=lost, hidden=hidden, formatted=formatted,
        hidden_columns=frozenset(column for column, facts in sheet.colinfo_map.items() if facts.hidden),
        told=(*hidden_sheets(left_out), *([counts_from_1904()] if book.datemode else [])),
        counts_from_1904=bool(book.datemode), struck=struck, notes={at: note.text for at, note in sheet.cell_note_map.items()},
    )  # fmt: skip


def _crossed(book: Any, sheet: Any, row: int, column: int) -> str | None:
    """Return what is left of a cell of which something is crossed out; None where nothing is."""
    cell = sheet.cell(row, column)
    is_whole = bool(book.font_list[book.xf_list[cell.xf_index].font_index].struck_out)
    runs = sheet.rich_text_runlist_map.get((row, column)) if cell.ctype == xlrd.XL_CELL_TEXT else None
    if not runs:
        return "" if is_whole else None
    starts = [(0, is_whole), *((start, bool(book.font_list[font].struck_out)) for start, font in runs)]
    ends = [start for start, _ in starts[1:]] + [len(cell.value)]
    left = struck_text([(cell.value[start:end], mark) for (start, mark), end in zip(starts, ends, strict=True)])
    return left if isinstance(left, Struck) else "" if any(mark for _, mark in starts[1:]) else None


def _value(book: Any, cell: Any) -> Value:
    if cell.ctype in {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK} or cell.value == "":
        return None
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#N/A"))
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            moment = xlrd.xldate_as_datetime(cell.value, book.datemode)
        except (OverflowError, ValueError):
            return plain(cell.value)
        return plain(moment.time() if cell.value < 1 and moment.time() != time() else moment)
    return plain(cell.value)


def _as_shown(book: Any, cell: Any, number: float) -> str | None:
    style = book.format_map.get(book.xf_list[cell.xf_index].format_key)
    shape = shape_of(style.format_str) if style is not None else None
    return shape.write(number) if shape is not None else None
