"""Older and other spreadsheets, .xls and .ods, by calamine: values only."""

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import python_calamine

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.reading.archive import Source
from geodata.importing.reading.formats.header import Grid
from geodata.importing.reading.formats.picking import malformed, pick
from geodata.importing.reading.formats.sheet import Hints, Sheet, table_of_sheet
from geodata.importing.results import Problem, RefusedError, Severity, problem
from geodata.importing.table import Table, Value

_ERROR = re.compile(r"\s*(?:#(?:REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!)|(?:Err|Lỗi):\d{3})\s*$")


def read_spreadsheet(source: Source, inner: str | None, limits: Limits, hints: Hints) -> Table:
    """Read one sheet of a workbook."""
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(source.path.resolve()))
        visible = {
            sheet.name: sheet.visible == python_calamine.SheetVisibleEnum.Visible
            for sheet in book.sheets_metadata
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        }
        grids = {name: book.get_sheet_by_name(name) for name in visible}
        filled = [name for name, sheet in grids.items() if sheet.height]
        shown = [name for name in filled if visible[name]]
        names = filled if inner or not shown else shown
        if not names:
            raise RefusedError("empty_layer", N_("The workbook has no rows."))
        name = pick(names, inner)
        sheet = _sheet(grids[name])
    except (python_calamine.CalamineError, OSError, ValueError, KeyError) as error:
        raise malformed(N_("The workbook is damaged; open it in Excel or LibreOffice and save it anew.")) from error
    told = _hidden_note([item for item in filled if not visible[item] and item != name])
    whole = replace(sheet, told=told)
    format_ = source.extension.removeprefix(".")
    return table_of_sheet(whole, name if len(names) > 1 else source.name, format_, hints, limits, texts="unicode")


def _hidden_note(names: list[str]) -> tuple[Problem, ...]:
    if not names:
        return ()
    listed = ", ".join(names)[:200]
    return (
        problem("empty_layer", N_("Hidden sheets were left out: {names}."), severity=Severity.WARNING, names=listed),
    )


def _sheet(found: Any) -> Sheet:
    first_row, first_column = found.start or (0, 0)
    merges = tuple((top[0], top[1], bottom[0], bottom[1]) for top, bottom in (found.merged_cell_ranges or ()))
    rows: list[list[Value]] = [[] for _ in range(first_row)]
    lost: dict[tuple[int, int], str] = {}
    for cells in found.to_python(skip_empty_area=True):
        row: list[Value] = [None] * first_column
        for column, value in enumerate(map(_plain, cells), first_column):
            if isinstance(value, str) and _ERROR.match(value):
                lost[len(rows), column] = value
            row.append(None if (len(rows), column) in lost or value == "" else value)
        rows.append(row)
    return Sheet(grid=Grid(rows=rows, merges=merges), lost=lost, hides_errors=True)


def _plain(value: Any) -> Value:
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if isinstance(value, datetime | date | time | timedelta):
        return str(value).removesuffix(" 00:00:00")
    return value if value is None or isinstance(value, str | bool | int) else str(value)
