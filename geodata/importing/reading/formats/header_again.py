"""What stands around and below a table: its header again, another table with places of its own, the unit said above it."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from geodata.base.i18n import N_
from geodata.base.units import unit_called, unit_said
from geodata.importing.headings import STOREY
from geodata.importing.reading.formats.header import Grid, Header
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.table import Value

#: A unit in brackets, whatever it is: (cái), (hộ), (đồng/m²/tháng).
_UNIT = re.compile(r"[(\[][^()\[\]]{1,20}[)\]]$")


def headers_again(grid: Grid, rows: Sequence[Sequence[Value]], header: Header) -> tuple[frozenset[int], int]:
    """Return the rows that repeat the header, and the row at which another table begins: its header has other places.

    Page breaks repeat a header; a second table below the first one would be read by the wrong columns.
    """
    storeys = [_folded(grid.rows[index]) for index in range(header.first, header.last + 1) if index >= 0]
    words = {text for storey in storeys for text in storey if len(text) > 1}
    again: set[int] = set()
    for index, row in enumerate(rows, header.last + 1):
        same = {text for cell in row if type(cell) is str and (text := cell.strip().casefold()) in words}
        if len(same) < 2:
            continue
        texts = _folded(row)
        filled = [text for text in texts if text]
        if len(same) * 2 < len(filled):
            continue
        if any(_is_prefix(texts, storey) for storey in storeys):
            again.add(index)
        else:
            return frozenset(again), index
    return frozenset(again), header.last + 1 + len(rows)


def _folded(row: Sequence[Value]) -> list[str]:
    return ["" if value is None else " ".join(str(value).split()).casefold() for value in row]


def _is_prefix(texts: Sequence[str], storey: Sequence[str]) -> bool:
    """Say whether a row says in each of its cells what the header says there."""
    return all(not text or (at < len(storey) and text == storey[at]) for at, text in enumerate(texts))


def told_of_tables(header: Header, rows: Sequence[Sequence[Value]], end: int) -> list[Problem]:
    """Say that another table below, or beside, was left out. `end`: where the one below begins."""
    told = []
    start = header.last + 1
    if end < start + len(rows):
        names = ", ".join(str(cell).strip() for cell in rows[end - start] if cell not in (None, ""))[:120]
        template = N_(
            "In line {line} of the sheet another table begins ({names}); it was left out. Import it by itself: say that "
            "row {line} holds the names of the columns."
        )
        told.append(
            problem(
                "malformed_file", template, row=end - header.last, severity=Severity.WARNING, line=end + 1, names=names
            )
        )
    seen = Counter(name.casefold() for name in header.names if name)
    twice = [name for name in dict.fromkeys(header.names) if seen[name.casefold()] > 1]
    if len(twice) > 1:
        template = N_(
            "The header says {names} more than once: only the first of each was read as such. Where two tables stand beside "
            "each other, put them below each other."
        )
        told.append(problem("malformed_file", template, severity=Severity.WARNING, names=", ".join(twice)[:200]))
    elif twice:
        template = N_(
            "The header says “{name}” more than once: only the first was read as such, the others are kept beside it."
        )
        told.append(problem("malformed_file", template, severity=Severity.WARNING, name=twice[0]))
    return told


def unit_above(grid: Grid, header: Header) -> str | None:
    """Return the unit that a line above the header says for the whole table, or None."""
    texts = (str(cell) for row in grid.rows[: max(header.first, 0)] for cell in row if isinstance(cell, str))
    return next((unit.shown for text in texts if (unit := unit_said(text)) is not None), None)


def with_units(grid: Grid, header: Header) -> tuple[Header, int]:
    """Return the header with the row of units below it, “(m3)”, “(cái)”, as a storey of its own; and where the data begin."""
    below = header.last + 1
    if header.first < 0 or below >= len(grid.rows):
        return header, below
    texts = [" ".join(str(cell).split()) if cell is not None else "" for cell in grid.rows[below]]
    filled = [text for text in texts if text]
    are_units = [_UNIT.match(text) is not None or unit_called(text) is not None for text in filled]
    if len(filled) < 2 or not all(are_units) or not any(unit_called(text.strip("()[] ")) for text in filled):
        return header, below
    texts += [""] * (len(header.names) - len(texts))
    names = tuple(STOREY.join(filter(None, pair)) for pair in zip(header.names, texts, strict=False))
    return replace(header, last=below, names=names), below + 1
