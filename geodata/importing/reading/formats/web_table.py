"""The table of a web page, which many office systems send as “.xls”: cells as they are written, spans, hidden rows."""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree, html

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.reading.archive import Source
from geodata.importing.reading.formats.delimited import text_of_file
from geodata.importing.reading.formats.header import Grid
from geodata.importing.reading.formats.picking import pick, too_many_rows
from geodata.importing.reading.formats.sheet import Hints, Sheet, table_of_sheet
from geodata.importing.reading.formats.shown import damaged
from geodata.importing.results import RefusedError
from geodata.importing.table import Table, Value

_HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))", re.IGNORECASE)
#: What some systems write between two parts; what stands behind is no less of the page.
_ENDS = re.compile(r"</(?:html|body)\s*>", re.IGNORECASE)
#: A table with so many times the rows of the next one is the one that is meant.
_MOSTLY = 2


def read_web_table(source: Source, inner: str | None, limits: Limits, hints: Hints) -> Table:
    """Read the table of a page. Raises AskError where several may be meant."""
    text, texts = text_of_file(source.path)
    whole = _ENDS.sub("", text).encode("utf-8")
    try:
        page = html.document_fromstring(whole, parser=html.HTMLParser(encoding="utf-8", huge_tree=False))
    except (etree.LxmlError, ValueError) as error:
        raise damaged() from error
    tables = {f"{number}": table for number, table in enumerate(_tables(page), start=1)}
    if not tables:
        raise RefusedError("no_layer", N_("The file holds no layer that can be imported."))
    if inner is None:
        largest, *others = sorted(tables, key=lambda name: -len(_rows(tables[name])))
        chosen = [largest] if not others or _is_much_larger(tables[largest], tables[others[0]]) else [*tables]
    else:
        chosen = [*tables]
    sheet = _sheet(tables[pick(chosen, inner)], limits)
    return table_of_sheet(sheet, source.name, "xls", hints, limits, texts=texts)


def _tables(page: Any) -> Iterator[Any]:
    """Return the tables that hold rows of cells and no other table."""
    for table in page.iter("table"):
        rows = _rows(table)
        if next(table.iterdescendants("table"), None) is None and len(rows) > 1 and max(map(len, rows)) > 1:
            yield table


def _rows(table: Any) -> list[Any]:
    return [row for row in table.iterdescendants("tr") if _cells(row)]


def _cells(row: Any) -> list[Any]:
    return [cell for cell in row if cell.tag in {"td", "th"}]


def _is_much_larger(table: Any, other: Any) -> bool:
    return len(_rows(table)) >= _MOSTLY * len(_rows(other))


def _sheet(table: Any, limits: Limits) -> Sheet:
    rows: list[list[Value]] = []
    merges: list[tuple[int, int, int, int]] = []
    hidden: set[int] = set()
    covered: dict[tuple[int, int], bool] = {}
    for number, row in enumerate(table.iterdescendants("tr")):
        if number > limits.rows + 10_000:
            raise too_many_rows(limits)
        if _HIDDEN.search(row.get("style", "")):
            hidden.add(number)
        values: list[Value] = []
        for cell in _cells(row):
            while covered.pop((number, len(values)), False):
                values.append(None)
            high, wide = _span(cell, "rowspan"), _span(cell, "colspan")
            at = len(values)
            if high > 1 or wide > 1:
                merges.append((number, at, number + high - 1, at + wide - 1))
                covered |= {(number + below, at + right): True for below in range(1, high) for right in range(wide)}
            values += [_text(cell), *[None] * (wide - 1)]
        rows.append(values[: limits.columns + 1])
    return Sheet(grid=Grid(rows=rows, merges=tuple(merges)), hidden=frozenset(hidden))


def _span(cell: Any, name: str) -> int:
    text = str(cell.get(name) or "1").strip()
    return min(max(1, int(text)), 1000) if text.isascii() and text.isdigit() else 1


def _text(cell: Any) -> Value:
    for line_end in cell.iterdescendants("br"):
        line_end.tail = f" {line_end.tail or ''}"
    return " ".join("".join(cell.itertext()).split()) or None
