"""XLSX workbooks: values as stored, and what the program shows beside them: merges, hidden rows, formats, errors, formulas.

openpyxl's own parser of sheets is used cell by cell, in reading order, so that a large sheet needs no object a cell.
"""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lxml import etree
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser
from openpyxl.xml.constants import SHEET_MAIN_NS

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.reading.archive import Source
from geodata.importing.reading.formats.header import Grid
from geodata.importing.reading.formats.notes import notes_of_part
from geodata.importing.reading.formats.number_shapes import NumberShape, Percent, shape_of
from geodata.importing.reading.formats.picking import malformed, pick, too_many_rows
from geodata.importing.reading.formats.sheet import Hints, Sheet, table_of_sheet
from geodata.importing.reading.formats.shown import (
    LONGEST_GAP,
    after_a_gap,
    check_unpacked,
    counts_from_1904,
    damaged,
    hidden_sheets,
    plain,
)
from geodata.importing.reading.formats.struck import Struck, struck_text
from geodata.importing.results import Problem, RefusedError
from geodata.importing.table import Table, Value

#: “Strict Open XML” says the same under other names.
_STRICT = (
    (b"http://purl.oclc.org/ooxml/spreadsheetml/main", b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
    (b"http://purl.oclc.org/ooxml/drawingml/main", b"http://schemas.openxmlformats.org/drawingml/2006/main"),
)


def read_workbook(source: Source, inner: str | None, limits: Limits, hints: Hints) -> Table:
    """Read one sheet of a workbook."""
    if not zipfile.is_zipfile(source.path):
        raise malformed(N_("The file is no XLSX workbook."))
    check_unpacked(source.path, limits)
    try:
        reader = _Reader(_plain_copy(source.path).open("rb"), read_only=True, data_only=True, keep_links=False)
        reader.read()
        book = reader.wb
        shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible" and _has_rows(sheet)]
        hidden = [sheet for sheet in book.worksheets if sheet.sheet_state != "visible" and _has_rows(sheet)]
        sheets = [*shown, *hidden] if inner or not shown else shown
        if not sheets:
            raise RefusedError("empty_layer", N_("The workbook has no rows."))
        name = pick([sheet.title for sheet in sheets], inner)
        sheet = _read(book, book[name], limits)
        told = (
            *sheet.told,
            *hidden_sheets([item.title for item in hidden if item.title != name]),
            *([counts_from_1904()] if book.epoch == CALENDAR_MAC_1904 else []),
        )
    except (
        InvalidFileException,
        KeyError,
        ValueError,
        TypeError,
        OSError,
        AttributeError,
        SyntaxError,
        zipfile.BadZipFile,
    ) as error:
        raise damaged() from error
    whole = replace(sheet, told=told)
    return table_of_sheet(whole, name if len(sheets) > 1 else source.name, "xlsx", hints, limits, texts="unicode")


def _plain_copy(path: Path) -> Path:
    """Return the workbook, or a copy of it with the usual names where it is “Strict Open XML”."""
    with zipfile.ZipFile(path) as archive:
        if b"purl.oclc.org/ooxml" not in archive.read("xl/workbook.xml"):
            return path
        copy = path.with_name("plain.xlsx")
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as target:
            for info in archive.infolist():
                data = archive.read(info)
                if info.filename.endswith((".xml", ".rels")):
                    for strict, usual in _STRICT:
                        data = data.replace(strict, usual)
                target.writestr(info.filename, data)
    return copy


def _has_rows(sheet: Any) -> bool:
    return any(
        any(value is not None for value in row) for row in sheet.iter_rows(max_row=60, max_col=50, values_only=True)
    )


class _Reader(ExcelReader):
    """openpyxl's reader without sheets of charts, which hold no rows and which it cannot always read."""

    def read_chartsheet(self, sheet: Any, rel: Any) -> None:
        """Leave it out."""


class _Parser(WorkSheetParser):
    """openpyxl's parser, which also says where a formula has no stored result."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        """Return a cell; a formula without a result is an error of its own."""
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and element.find(FORMULA_TAG) is not None:
            return {**cell, "value": "=", "data_type": "e"}
        return cell


@dataclass(kw_only=True)
class _Found:
    """What comes together while a sheet is read."""

    rows: list[list[Value]] = field(default_factory=list)
    lost: dict[tuple[int, int], str] = field(default_factory=dict)
    formatted: dict[tuple[int, int], str] = field(default_factory=dict)
    struck: dict[tuple[int, int], str | None] = field(default_factory=dict)
    told: list[Problem] = field(default_factory=list)


def _read(book: Any, sheet: Any, limits: Limits) -> Sheet:
    styles = _Styles(shapes=_shapes(book), struck=_struck_styles(book))
    found = _Found()
    with sheet._get_source() as source:
        parser = _Parser(
            source,
            _with_struck_parts(book, getattr(book, "_shared_strings", None) or sheet._shared_strings),
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for number, cells in parser.parse():
            if number - 1 - len(found.rows) > LONGEST_GAP:
                found.told.append(after_a_gap(len(found.rows), number))
                break
            if number > limits.rows + 10_000:
                raise too_many_rows(limits)
            while len(found.rows) < number - 1:
                found.rows.append([])
            found.rows.append(_row(cells, number - 1, styles, found, limits.columns + 1))
        hidden = frozenset(
            int(row) - 1 for row, facts in parser.row_dimensions.items() if facts.get("hidden") in {"1", "true"}
        )
        merges = parser.merged_cells.mergeCell if parser.merged_cells is not None else ()
        unseen = [facts for facts in parser.column_dimensions.values() if facts.get("hidden") in {"1", "true"}]
    columns = {
        at for facts in unseen for at in range(int(facts["min"]) - 1, min(int(facts["max"]), limits.columns + 1))
    }
    ranges = tuple((area.min_row - 1, area.min_col - 1, area.max_row - 1, area.max_col - 1) for area in merges)
    return Sheet(
        grid=Grid(rows=found.rows, merges=ranges), lost=found.lost, hidden=hidden, formatted=found.formatted,
        hidden_columns=frozenset(columns), told=tuple(found.told), counts_from_1904=book.epoch == CALENDAR_MAC_1904,
        struck=found.struck, notes=notes_of_part(book._archive, sheet._worksheet_path),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Styles:
    """What the styles of cells say: how numbers are shown, and which are crossed out."""

    shapes: Mapping[int, NumberShape | Percent]
    struck: frozenset[int]


def _struck_styles(book: Any) -> frozenset[int]:
    fonts = [bool(font.strike) for font in book._fonts]
    return frozenset(style for style, facts in enumerate(book._cell_styles) if fonts[facts.fontId])


def _with_struck_parts(book: Any, texts: Sequence[str]) -> Sequence[str]:
    """Return the texts that cells share, without the parts of them that are crossed out."""
    try:
        data = book._archive.read("xl/sharedStrings.xml")
    except KeyError:
        return texts
    if b"strike" not in data:
        return texts
    found = []
    for item in etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True)).iter(
        f"{{{SHEET_MAIN_NS}}}si"
    ):
        runs = item.findall(f"{{{SHEET_MAIN_NS}}}r")
        found.append(struck_text([_run(run) for run in runs]) if runs else "")
    return [other or text for other, text in zip(found, texts, strict=False)] if len(found) == len(texts) else texts


def _run(run: Any) -> tuple[str, bool]:
    mark = run.find(f"{{{SHEET_MAIN_NS}}}rPr/{{{SHEET_MAIN_NS}}}strike")
    is_struck = mark is not None and mark.get("val") not in {"0", "false"}
    return run.findtext(f"{{{SHEET_MAIN_NS}}}t") or "", is_struck


def _shapes(book: Any) -> dict[int, NumberShape | Percent]:
    """Return style -> how its whole numbers are shown, where that is more than their digits."""
    shapes = {}
    for style, facts in enumerate(book._cell_styles):
        number = facts.numFmtId
        text = BUILTIN_FORMATS.get(number) if number < 164 else book._number_formats[number - 164]
        if (shape := shape_of(text or "")) is not None:
            shapes[style] = shape
    return shapes


def _shape(value: float, styles: _Styles, cell: Mapping[str, Any]) -> NumberShape | Percent | None:
    return None if isinstance(value, bool) else styles.shapes.get(cell["style_id"])


def _row(cells: list[dict[str, Any]], row: int, styles: _Styles, found: _Found, most: int) -> list[Value]:
    values: list[Value] = []
    for cell in cells[:most]:
        column = cell["column"] - 1
        if column >= most:
            break
        value = plain(cell["value"])
        if cell["data_type"] == "e":
            found.lost[row, column] = str(value)
            value = None
        elif isinstance(value, int | float) and (shape := _shape(value, styles, cell)):
            shown = shape.write(value)
            if shown is not None and shown != str(value):
                found.formatted[row, column] = shown
                value = shown
        if isinstance(value, Struck):
            found.struck[row, column] = value.whole
            value = str(value)
        elif value is not None and cell["style_id"] in styles.struck:
            found.struck[row, column] = None
        values += [None] * (column - len(values))
        values.append(value)
    return values
