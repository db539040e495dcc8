"""“XML Spreadsheet 2003”, which office systems send as .xls or .xml: values as stored, merges, hidden rows, errors.

Source: [MS-OI29500] and Microsoft's XML Spreadsheet Reference (2003).
"""

from typing import Any

from lxml import etree

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.reading.archive import Source
from geodata.importing.reading.formats.driven import xml_of
from geodata.importing.reading.formats.header import Grid
from geodata.importing.reading.formats.picking import pick, too_many_rows
from geodata.importing.reading.formats.sheet import Hints, Sheet, table_of_sheet
from geodata.importing.reading.formats.shown import damaged, hidden_sheets, plain
from geodata.importing.results import Problem, RefusedError
from geodata.importing.table import Table, Value

_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"
_X = "{urn:schemas-microsoft-com:office:excel}"


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
        sheet = _sheet(next(sheet for sheet in chosen if _name(sheet) == name), limits, told)
    except (etree.LxmlError, ValueError) as error:
        raise damaged() from error
    return table_of_sheet(sheet, name if len(chosen) > 1 else source.name, "xls", hints, limits, texts="unicode")


def _name(sheet: Any) -> str:
    return str(sheet.get(f"{_SS}Name") or "")


def _is_hidden_sheet(sheet: Any) -> bool:
    return any(str(state.text).startswith("SheetHidden") for state in sheet.iter(f"{_X}Visible"))


def _sheet(sheet: Any, limits: Limits, told: tuple[Problem, ...]) -> Sheet:
    rows: list[list[Value]] = []
    merges: list[tuple[int, int, int, int]] = []
    lost: dict[tuple[int, int], str] = {}
    hidden: set[int] = set()
    for row in sheet.iter(f"{_SS}Row"):
        number = int(row.get(f"{_SS}Index") or len(rows) + 1) - 1
        if number > limits.rows + 10_000:
            raise too_many_rows(limits)
        rows += [[] for _ in range(number - len(rows))]
        if row.get(f"{_SS}Hidden") == "1":
            hidden.add(number)
        values: list[Value] = []
        for cell in row.iterchildren(f"{_SS}Cell"):
            at = int(cell.get(f"{_SS}Index") or len(values) + 1) - 1
            if at > limits.columns:
                break
            values += [None] * (at - len(values))
            high, wide = (int(cell.get(f"{_SS}{name}") or 0) for name in ("MergeDown", "MergeAcross"))
            if high or wide:
                merges.append((number, at, number + high, at + wide))
            values += [_value(cell, (number, at), lost), *[None] * min(wide, limits.columns)]
        rows.append(values)
    return Sheet(
        grid=Grid(rows=rows, merges=tuple(merges)), lost=lost, hidden=frozenset(hidden),
        hidden_columns=_hidden_columns(sheet, limits.columns), told=told,
    )  # fmt: skip


def _hidden_columns(sheet: Any, most: int) -> frozenset[int]:
    hidden: set[int] = set()
    at = 0
    for column in sheet.iter(f"{_SS}Column"):
        at = int(column.get(f"{_SS}Index") or at + 1)
        last = at + int(column.get(f"{_SS}Span") or 0)
        if column.get(f"{_SS}Hidden") == "1":
            hidden.update(range(at - 1, min(last, most)))
        at = last
    return frozenset(hidden)


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
