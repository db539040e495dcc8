"""ODS sheets: values as stored, and what the program shows beside them.

Source: OASIS OpenDocument 1.3 part 3, §9 (tables) and §19 (attributes).
"""

import re
import zipfile
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.reading.archive import Source
from geodata.importing.reading.formats.header import Grid
from geodata.importing.reading.formats.number_shapes import percent
from geodata.importing.reading.formats.picking import pick, too_many_rows
from geodata.importing.reading.formats.sheet import Hints, Sheet, table_of_sheet
from geodata.importing.reading.formats.shown import (
    ERRORS,
    LONGEST_GAP,
    after_a_gap,
    check_unpacked,
    damaged,
    hidden_sheets,
    plain,
    with_a_password,
)
from geodata.importing.reading.formats.struck import Struck, struck_text
from geodata.importing.results import Problem, RefusedError
from geodata.importing.table import Table, Value

_SPACES = {
    name: f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("office", "table", "text", "style")
} | {"calcext": "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"}
_TIME = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S$")
_ERROR = re.compile(r"(?:Err|Lỗi):\d{3}$")
#: A whole number shown as a name: with noughts before it, or letters.
_NAME = re.compile(r"[^\W\d_]|0\d")
_PLAIN_SIGNS = re.compile(r"[\w \-+():/]*$")


@cache
def _called(name: str) -> str:
    """Return table:name as lxml says it."""
    space, _, local = name.partition(":")
    return f"{_SPACES[space]}{local}"


_CELLS = (_called("table:table-cell"), _called("table:covered-table-cell"))
_TABLE, _ROW, _COLUMN = (_called(f"table:{name}") for name in ("table", "table-row", "table-column"))
_STYLE, _SPAN = _called("style:style"), _called("text:span")


def read_opendocument(source: Source, inner: str | None, limits: Limits, hints: Hints) -> Table:
    """Read one sheet of a document."""
    if not zipfile.is_zipfile(source.path):
        raise damaged()
    check_unpacked(source.path, limits)
    try:
        filled = [sheet for sheet in _sheets(source.path, limits) if any(sheet.rows)]
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, NotImplementedError, etree.XMLSyntaxError) as error:
        raise damaged() from error
    shown = [sheet for sheet in filled if not sheet.is_hidden]
    chosen = filled if inner or not shown else shown
    if not chosen:
        raise RefusedError("empty_layer", N_("The workbook has no rows."))
    name = pick([sheet.name for sheet in chosen], inner)
    found = next(sheet for sheet in chosen if sheet.name == name)
    if found.is_too_long:
        raise too_many_rows(limits)
    left_out = [sheet.name for sheet in filled if sheet.is_hidden and sheet is not found]
    sheet = Sheet(
        grid=Grid(rows=found.rows, merges=tuple(found.merges)), lost=found.lost, hidden=frozenset(found.hidden),
        hidden_columns=frozenset(found.hidden_columns), formatted=found.formatted, struck=found.struck,
        notes=found.notes,
        told=(*hidden_sheets(left_out), *found.told),
    )  # fmt: skip
    return table_of_sheet(sheet, name if len(chosen) > 1 else source.name, "ods", hints, limits, texts="unicode")


@dataclass(kw_only=True)
class _Found:
    """What comes together while a sheet is read."""

    name: str
    is_hidden: bool
    rows: list[list[Value]] = field(default_factory=list)
    lost: dict[tuple[int, int], str] = field(default_factory=dict)
    formatted: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    told: list[Problem] = field(default_factory=list)
    struck: dict[tuple[int, int], str | None] = field(default_factory=dict)
    notes: dict[tuple[int, int], str] = field(default_factory=dict)
    crossing: Container[str | None] = ()
    is_too_long: bool = False
    empty: int = 0
    columns: int = 0


def _sheets(path: Path, limits: Limits) -> list[_Found]:
    """Return all sheets, read in one pass; what has been read of the XML is forgotten at once."""
    hiding: set[str | None] = set()
    crossing: set[str | None] = set()
    sheets: list[_Found] = []
    with zipfile.ZipFile(path) as archive:
        if b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise with_a_password()
        with archive.open("content.xml") as start:
            if b"<!DOCTYPE" in start.read(4000):
                raise RefusedError(
                    "external_reference", N_("The file declares XML entities (DOCTYPE); that is not taken.")
                )
        with archive.open("content.xml") as content:
            parts = etree.iterparse(
                content, events=("start", "end"), tag=(_TABLE, _ROW, _COLUMN, _STYLE), resolve_entities=False,
                no_network=True, load_dtd=False, huge_tree=False,
            )  # fmt: skip
            for event, part in parts:
                if event == "start":
                    if part.tag == _TABLE and part.getparent().tag == _called("office:spreadsheet"):
                        name = str(part.get(_called("table:name")) or "")
                        sheets.append(
                            _Found(
                                name=name, is_hidden=part.get(_called("table:style-name")) in hiding, crossing=crossing
                            )
                        )
                elif part.tag == _STYLE:
                    facts = part.find(_called("style:table-properties"))
                    if facts is not None and facts.get(_called("table:display")) == "false":
                        hiding.add(part.get(_called("style:name")))
                    letters = part.find(_called("style:text-properties"))
                    if letters is not None and letters.get(_called("style:text-line-through-style"), "none") != "none":
                        crossing.add(part.get(_called("style:name")))
                elif sheets and part.tag in {_ROW, _COLUMN}:
                    (_add_rows if part.tag == _ROW else _add_columns)(sheets[-1], part, limits)
                    part.clear()
    return sheets


def _add_rows(found: _Found, row: Any, limits: Limits) -> None:
    """Add a row as often as it is repeated."""
    times = _times(row, "number-rows-repeated")
    if not any(_is_filled(cell) for cell in row.iterchildren(*_CELLS)):
        found.empty += times
        return
    if found.told or found.is_too_long:
        return
    if found.empty > LONGEST_GAP:
        found.told.append(after_a_gap(len(found.rows), len(found.rows) + found.empty + 1))
        return
    if len(found.rows) + found.empty + times > limits.rows + 10_000:
        found.is_too_long = True
        return
    found.rows += [[] for _ in range(found.empty)]
    found.empty = 0
    for _ in range(times):
        if _is_hidden(row):
            found.hidden.add(len(found.rows))
        found.rows.append(_row(row, len(found.rows), found, limits.columns + 1))


def _add_columns(found: _Found, column: Any, limits: Limits) -> None:
    times = _times(column, "number-columns-repeated")
    if _is_hidden(column):
        found.hidden_columns.update(range(found.columns, min(found.columns + times, limits.columns + 1)))
    found.columns += times


def _is_filled(cell: Any) -> bool:
    return cell.get(_called("office:value-type")) is not None or cell.find(_called("text:p")) is not None


def _times(element: Any, what: str) -> int:
    return max(1, int(element.get(_called(f"table:{what}")) or 1))


def _is_hidden(element: Any) -> bool:
    return element.get(_called("table:visibility")) in {"collapse", "filter"}


def _row(row: Any, number: int, found: _Found, most: int) -> list[Value]:
    values: list[Value] = []
    at = 0
    for cell in row.iterchildren(*_CELLS):
        times = _times(cell, "number-columns-repeated")
        if at >= most:
            break
        if (note := cell.find(_called("office:annotation"))) is not None:
            found.notes[number, at] = _text(note)
        if _is_filled(cell):
            high, wide = _times(cell, "number-rows-spanned"), _times(cell, "number-columns-spanned")
            if high > 1 or wide > 1:
                found.merges.append((number, at, number + high - 1, at + wide - 1))
            values += [None] * (at - len(values))
            for column in range(at, min(at + times, most)):
                values.append(_seen(cell, (number, column), found))
        at += times
    return values


def _seen(cell: Any, at: tuple[int, int], found: _Found) -> Value:
    """Return the value of a cell, without the parts of a text that are crossed out."""
    value = _value(cell, at, found)
    if value is None:
        return value
    if cell.get(_called("table:style-name")) in found.crossing:
        found.struck[at] = None
    elif isinstance(value, str) and cell.find(f".//{_SPAN}") is not None:
        parts = [part for line in cell.iterchildren(_called("text:p")) for part in _parts(line, found.crossing)]
        left = struck_text(parts)
        if isinstance(left, Struck):
            found.struck[at], value = left.whole, str(left)
    return value


def _parts(line: Any, crossing: Container[str | None]) -> Iterator[tuple[str, bool]]:
    yield line.text or "", False
    for child in line:
        is_struck = child.tag == _SPAN and child.get(_called("text:style-name")) in crossing
        yield "".join(_letters(child)), is_struck
        yield child.tail or "", False


def _value(cell: Any, at: tuple[int, int], found: _Found) -> Value:
    kind = cell.get(_called("office:value-type"))
    shown: str = _text(cell)
    formula = cell.get(_called("table:formula")) is not None
    is_error = cell.get(_called("calcext:value-type")) == "error"
    if is_error or (formula and (shown.strip() in ERRORS or _ERROR.match(shown.strip()))):
        found.lost[at] = shown.strip() or "#N/A"
        return None
    if formula and kind is None and not shown:
        found.lost[at] = "="
        return None
    if kind == "string":
        return str(cell.get(_called("office:string-value")) or shown) or None
    if kind == "boolean":
        return str(cell.get(_called("office:boolean-value"))) == "true"
    if kind == "date":
        day = str(cell.get(_called("office:date-value"))).replace("T", " ").partition(".")[0]
        return day.removesuffix(" 00:00:00")
    if kind == "time":
        match = _TIME.match(str(cell.get(_called("office:time-value"))))
        return ":".join(str(part) for part in match.groups()) if match else shown
    if kind in {"float", "percentage", "currency"}:
        value = plain(float(cell.get(_called("office:value"))))
        if kind == "float" and isinstance(value, int) and _is_name(shown.strip(), value):
            found.formatted[at] = shown = shown.strip()
            return shown
        if kind == "percentage" and isinstance(value, int | float):
            found.formatted[at] = shown = percent(value)
            return shown
        return value
    return shown or None


def _is_name(shown: str, number: int) -> bool:
    """Say whether a whole number is shown as a name: 0912 345 678, CH-007; not as an amount with its unit behind."""
    digits = "".join(filter(str.isdigit, shown))
    if not shown or shown == str(number) or not _PLAIN_SIGNS.match(shown) or not shown[-1].isdigit():
        return False
    return digits != "" and int(digits) == abs(number) and _NAME.search(shown) is not None


def _text(cell: Any) -> str:
    return "\n".join("".join(_letters(line)) for line in cell.iterchildren(_called("text:p")))


def _letters(element: Any) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag == _called("text:s"):
            yield " " * int(child.get(_called("text:c")) or 1)
        elif child.tag == _called("text:line-break"):
            yield "\n"
        elif child.tag == _called("text:tab"):
            yield "\t"
        elif isinstance(child.tag, str) and child.tag != _called("office:annotation"):
            yield from _letters(child)
        yield child.tail or ""
