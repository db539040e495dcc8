"""“XML Spreadsheet 2003”, which office systems send as .xls or .xml: values, and what the program shows beside them.

Source: [MS-OI29500] and Microsoft's XML Spreadsheet Reference (2003).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.reading.archive import Source
from geodata.importing.reading.formats.driven import xml_of
from geodata.importing.reading.formats.header import Grid
from geodata.importing.reading.formats.number_shapes import NumberShape, Percent, shape_of
from geodata.importing.reading.formats.picking import pick, too_many_rows
from geodata.importing.reading.formats.sheet import Hints, Sheet, table_of_sheet
from geodata.importing.reading.formats.shown import damaged, hidden_sheets, plain
from geodata.importing.reading.formats.struck import Struck, struck_text
from geodata.importing.results import RefusedError
from geodata.importing.table import Table, Value

_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"
_X = "{urn:schemas-microsoft-com:office:excel}"
_HTML = "{http://www.w3.org/TR/REC-html40}"
#: Formats that have a name in place of their signs.
_NAMED = {"Percent": "0.00%"}


@dataclass(frozen=True, kw_only=True)
class _Style:
    """What a style says: how whole numbers are shown, where that is more than their digits, and whether it crosses out."""

    shape: NumberShape | Percent | None = None
    is_struck: bool = False


_PLAIN = _Style()


@dataclass(kw_only=True)
class _Found:
    """What comes together while a sheet is read; places are (row, column), from 0."""

    styles: dict[str | None, _Style]
    lost: dict[tuple[int, int], str] = field(default_factory=dict)
    formatted: dict[tuple[int, int], str] = field(default_factory=dict)
    struck: dict[tuple[int, int], str | None] = field(default_factory=dict)
    notes: dict[tuple[int, int], str] = field(default_factory=dict)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)


def read_xml_workbook(source: Source, inner: str | None, limits: Limits, hints: Hints) -> Table:
    """Read one sheet of a workbook."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(xml_of(source.path, b"urn:schemas-microsoft-com:office:spreadsheet"), parser)
        sheets = [sheet for sheet in root.iter(f"{_SS}Worksheet") if next(sheet.iter(f"{_SS}Data"), None) is not None]
        shown = [sheet for sheet in sheets if not _is_hidden_sheet(sheet)]
        chosen = sheets if inner or not shown else shown
        if not chosen:
            raise RefusedError("empty_layer", N_("The workbook has no rows."))
        name = pick([_name(sheet) for sheet in chosen], inner)
        told = hidden_sheets([_name(sheet) for sheet in sheets if sheet not in shown and _name(sheet) != name])
        found = _Found(styles=_styles(root))
        sheet = replace(_sheet(next(sheet for sheet in chosen if _name(sheet) == name), limits, found), told=told)
    except (etree.LxmlError, ValueError) as error:
        raise damaged() from error
    return table_of_sheet(sheet, name if len(chosen) > 1 else source.name, "xls", hints, limits, texts="unicode")


def _name(sheet: Any) -> str:
    return str(sheet.get(f"{_SS}Name") or "")


def _is_hidden_sheet(sheet: Any) -> bool:
    return any(str(state.text).startswith("SheetHidden") for state in sheet.iter(f"{_X}Visible"))


def _styles(root: Any) -> dict[str | None, _Style]:
    """Return the styles by name; what one does not say its parent does."""
    styles: dict[str | None, _Style] = {}
    for style in root.iter(f"{_SS}Style"):
        found = styles.get(style.get(f"{_SS}Parent"), _PLAIN)
        number, font = style.find(f"{_SS}NumberFormat"), style.find(f"{_SS}Font")
        if number is not None:
            text = number.get(f"{_SS}Format") or ""
            found = replace(found, shape=shape_of(_NAMED.get(text, text)))
        if font is not None:
            found = replace(found, is_struck=font.get(f"{_SS}StrikeThrough") == "1")
        styles[style.get(f"{_SS}ID")] = found
    return styles


def _sheet(sheet: Any, limits: Limits, found: _Found) -> Sheet:
    rows: list[list[Value]] = []
    hidden: set[int] = set()
    columns = _column_styles(sheet, limits.columns)
    for row in sheet.iter(f"{_SS}Row"):
        number = int(row.get(f"{_SS}Index") or len(rows) + 1) - 1
        if number > limits.rows + 10_000:
            raise too_many_rows(limits)
        rows += [[] for _ in range(number - len(rows))]
        if row.get(f"{_SS}Hidden") == "1":
            hidden.add(number)
        rows.append(_row(row, number, columns, found, limits.columns))
    hides = {at for column, span in _columns(sheet, limits.columns) if column.get(f"{_SS}Hidden") == "1" for at in span}
    return Sheet(
        grid=Grid(rows=rows, merges=tuple(found.merges)), lost=found.lost, hidden=frozenset(hidden),
        hidden_columns=frozenset(hides), formatted=found.formatted, struck=found.struck, notes=found.notes,
    )  # fmt: skip


def _row(row: Any, number: int, columns: dict[int, str], found: _Found, most: int) -> list[Value]:
    values: list[Value] = []
    for cell in row.iterchildren(f"{_SS}Cell"):
        at = int(cell.get(f"{_SS}Index") or len(values) + 1) - 1
        if at > most:
            break
        values += [None] * (at - len(values))
        high, wide = (int(cell.get(f"{_SS}{name}") or 0) for name in ("MergeDown", "MergeAcross"))
        if high or wide:
            found.merges.append((number, at, number + high, at + wide))
        if (note := cell.find(f"{_SS}Comment")) is not None:
            found.notes[number, at] = "".join(note.itertext())
        name = cell.get(f"{_SS}StyleID") or row.get(f"{_SS}StyleID") or columns.get(at) or "Default"
        values += [_seen(cell, (number, at), found.styles.get(name, _PLAIN), found), *[None] * min(wide, most)]
    return values


def _columns(sheet: Any, most: int) -> Iterator[tuple[Any, range]]:
    """Yield what is said of columns, with the columns, from 0, that it is said of."""
    at = 0
    for column in sheet.iter(f"{_SS}Column"):
        at = int(column.get(f"{_SS}Index") or at + 1)
        last = at + int(column.get(f"{_SS}Span") or 0)
        yield column, range(at - 1, min(last, most))
        at = last


def _column_styles(sheet: Any, most: int) -> dict[int, str]:
    return {at: name for column, span in _columns(sheet, most) if (name := column.get(f"{_SS}StyleID")) for at in span}


def _seen(cell: Any, at: tuple[int, int], style: _Style, found: _Found) -> Value:
    """Return the value of a cell: a number as the sheet shows it, a text without the parts that are crossed out."""
    value = _value(cell, at, found.lost)
    if isinstance(value, int | float) and not isinstance(value, bool) and style.shape is not None:
        shown = style.shape.write(value)
        if shown is not None and shown != str(value):
            found.formatted[at] = value = shown
    if value is not None and style.is_struck:
        found.struck[at] = None
    elif isinstance(value, str) and (data := cell.find(f"{_SS}Data")).find(f".//{_HTML}S") is not None:
        left = struck_text(list(_parts(data, is_struck=False)))
        if isinstance(left, Struck):
            found.struck[at], value = left.whole, str(left)
    return value


def _parts(element: Any, *, is_struck: bool) -> Iterator[tuple[str, bool]]:
    yield element.text or "", is_struck
    for child in element:
        yield from _parts(child, is_struck=is_struck or child.tag == f"{_HTML}S")
        yield child.tail or "", is_struck


def _value(cell: Any, at: tuple[int, int], lost: dict[tuple[int, int], str]) -> Value:
    data = cell.find(f"{_SS}Data")
    if data is None:
        return None
    text = "".join(data.itertext())
    kind = data.get(f"{_SS}Type")
    if kind == "Error":
        lost[at] = text
        return None
    if kind == "Number":
        return plain(float(text))
    if kind == "Boolean":
        return text.strip() == "1"
    if kind == "DateTime":
        return text.replace("T", " ").partition(".")[0].removesuffix(" 00:00:00")
    return text or None
