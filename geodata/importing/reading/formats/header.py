"""Where a table's header is: found by the names that the layer knows, over one to three rows, else asked with a preview."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.importing.headings import STOREY, is_known
from geodata.importing.reading.formats.picking import AskError
from geodata.importing.results import Choice, Question, RefusedError
from geodata.importing.table import Value

#: A header is looked for in so many rows, and so many are shown to whoever is asked.
_SEARCHED, _SHOWN, _SHOWN_CELLS, _STOREYS = 60, 20, 40, 3
_NUMBER = re.compile(r"[\s(]*[+-]?[\d.,\s]*\d[\s)%.]*$")
#: The answer for a table without a header.
NO_HEADER = "0"
_SPAN = re.compile(r"\s*(\d{1,7})\s*(?:[-–:]\s*(\d{1,7}))?\s*$")

Row = Sequence[Value]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A sheet as read from its first row on. `merges` are (first row, first column, last row, last column), from 0."""

    rows: Sequence[Row]
    merges: tuple[tuple[int, int, int, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Header:
    """Rows of the sheet (from 0) that hold the header, and the names it gives to the columns; -1 where there is none."""

    first: int
    last: int
    names: tuple[str, ...]


def find_header(grid: Grid, words: frozenset[str], answer: str | None) -> Header:
    """Return the header. Raises AskError with the rows to choose from, RefusedError where there is none."""
    if answer:
        return _given(grid, answer)
    best: tuple[tuple[int, int, int], Header] | None = None
    for first in range(min(_SEARCHED, len(grid.rows))):
        for storeys in range(1, _STOREYS + 1):
            header = _header(grid, first, first + storeys - 1)
            if header is None:
                break
            known = len({name for name in header.names if name and is_known(name, words)})
            rank = (known, -storeys, -first)
            if known and (best is None or rank > best[0]):
                best = (rank, header)
    if best is not None and (best[0][0] >= 2 or _is_plain(grid, best[1])):
        return best[1]
    if not any(any(_is_filled(cell) for cell in row) for row in grid.rows):
        raise RefusedError("empty_layer", N_("The table has no header."))
    first = next(index for index, row in enumerate(grid.rows) if any(map(_is_filled, row)))
    plain = _header(grid, first, first)
    if plain is not None and _is_plain(grid, plain):
        return plain
    raise AskError(_question(grid))


def _given(grid: Grid, answer: str) -> Header:
    match = _SPAN.match(answer)
    first = int(match[1]) - 1 if match else -2
    if first == -1:
        width = max((at for row in grid.rows for at, cell in enumerate(row, 1) if _is_filled(cell)), default=0)
        return Header(first=-1, last=-1, names=tuple(f"cot_{number}" for number in range(1, width + 1)))
    last = int(match[2]) - 1 if match and match[2] else first
    if not 0 <= first <= last < min(len(grid.rows), first + _STOREYS):
        raise RefusedError(
            "malformed_file", N_("There is no header in row {rows}; the sheet has {count} rows."), rows=answer[:20],
            count=len(grid.rows),
        )  # fmt: skip
    header = _header(grid, first, last, is_given=True)
    if header is None:
        raise RefusedError("empty_layer", N_("The table has no header."))
    return header


def _header(grid: Grid, first: int, last: int, *, is_given: bool = False) -> Header | None:
    """Return the header of these rows with storeys joined, or None where they cannot be one."""
    if last >= len(grid.rows):
        return None
    rows = [_texts(grid, index) for index in range(first, last + 1)]
    width = max(map(len, rows))
    rows = [[*row, *[""] * (width - len(row))] for row in rows]
    if not is_given and last > first and not _are_storeys(rows):
        return None
    spread = [_spread(grid, first + number, row, is_last=number == len(rows) - 1) for number, row in enumerate(rows)]
    names = [STOREY.join(dict.fromkeys(filter(None, parts))) for parts in zip(*spread, strict=True)]
    while names and not names[-1]:
        names.pop()
    if not any(names) or (not is_given and len(list(filter(None, names))) < 2):
        return None
    return Header(first=first, last=last, names=tuple(names))


def _texts(grid: Grid, index: int) -> list[str]:
    return [" ".join(str(cell).split()) if _is_filled(cell) else "" for cell in grid.rows[index]]


def _are_storeys(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether rows can be storeys of one header: texts all, and some lower one under a gap or a wider one."""
    for upper, lower in pairwise(rows):
        filled = [text for text in lower if text]
        if not filled or any(_NUMBER.match(text) for text in filled):
            return False
        if all(text for text, below in zip(upper, lower, strict=True) if below) and len(filled) >= len(
            [*filter(None, upper)]
        ):
            return False
    return True


def _spread(grid: Grid, index: int, row: Sequence[str], *, is_last: bool) -> list[str]:
    """Return a storey with its wide headings over all their columns: as merged, or over the gap to the right."""
    spread = list(row)
    for first_row, first, last_row, last in grid.merges:
        if first_row == index and last_row == index and first < len(spread):
            for column in range(first + 1, min(last + 1, len(spread))):
                spread[column] = spread[column] or spread[first]
    if not grid.merges and not is_last:
        below = _texts(grid, index + 1)
        for column in range(1, len(spread)):
            if not spread[column] and column < len(below) and below[column] and spread[column - 1]:
                spread[column] = spread[column - 1]
    return spread


def _is_plain(grid: Grid, header: Header) -> bool:
    """Say whether a row is plainly the header: different texts over all columns that the next rows fill, and no number."""
    names = [name for name in header.names if name]
    if len(names) < 2 or any(_NUMBER.match(name) for name in names) or len({*map(str.casefold, names)}) < len(names):
        return False
    following = grid.rows[header.last + 1 : header.last + 21]
    widths = [sum(map(_is_filled, row)) for row in following]
    return not widths or max(widths) <= len(names) + 1


def _is_filled(cell: Value) -> bool:
    return cell is not None and str(cell).strip() != ""


def _question(grid: Grid) -> Question:
    """Return the first filled rows as answers, with their cells to look at."""
    choices = []
    for index in range(min(_SEARCHED, len(grid.rows))):
        cells = _texts(grid, index)[:_SHOWN_CELLS]
        if not any(cells):
            continue
        shown = " | ".join(filter(None, cells))[:200]
        why = Message(template=N_("row {row}: {cells}"), values={"row": index + 1, "cells": shown})
        choices.append(Choice(value=str(index + 1), why=why, samples=tuple(cell[:60] for cell in cells)))
        if len(choices) == _SHOWN:
            break
    none = N_("none of these: the table has no header, and its columns are called cot_1, cot_2 …")
    bare = Choice(value=NO_HEADER, why=Message(template=none))
    top = next(
        ([text for text in _texts(grid, index) if text] for index in range(len(grid.rows)) if any(_texts(grid, index))),
        [],
    )
    # A first row of numbers is one of data.
    is_bare = sum(_NUMBER.match(text) is not None for text in top) * 2 > len(top)
    return Question(about="header", choices=(bare, *choices) if is_bare else (*choices, bare))
