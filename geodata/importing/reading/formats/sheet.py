"""From the cells of a sheet to a table: header, rows of data, and what is left out or filled in, each told with its row."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from geodata.base.errors import Detail
from geodata.base.i18n import N_
from geodata.base.names import fold_name
from geodata.importing.limits import Limits
from geodata.importing.reading.encoding import decode_text, detect
from geodata.importing.reading.formats.header import Grid, Header, find_header
from geodata.importing.reading.formats.header_again import headers_again, told_of_tables, unit_above, with_units
from geodata.importing.reading.formats.notes import Notes, told_of_notes
from geodata.importing.reading.formats.picking import too_many_rows
from geodata.importing.reading.formats.struck import told_of_struck
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.table import Table, Value
from geodata.importing.told import by_row

_TOTALS = {"tong", "cong", "tongcong", "tongso", "total", "sum", "tongtatca", "toanthanhpho", "toantinh", "congchung"}
_TOTAL_STARTS = ("tongcong", "tongso", "congtong", "tongtoan")
_NOTES = re.compile(r"\s*(ghi chú|nguồn|lưu ý|người lập|thủ trưởng|nơi nhận|chú thích)\b", re.IGNORECASE)
#: The number of a column, maybe with how it is computed: (5) = (3) + (4).
_NUMBERED = re.compile(r"[\s(\[]*(\d{1,3})[\s)\].]*(?:=[\s\d()+\-*/:x.]*)?$")
_LETTER = re.compile(r"[A-ZĐ]$")
#: What stands where rows are numbered when a row is the heading of a part: I, II, A, B.
_PART = re.compile(r"(?:[IVXLC]+|[A-ZĐ])[.)]?$")
_TURNS = {"stt", "tt", "sott", "sothutu"}
_FEW = 4
#: The encoding of a table is looked for in so many rows; the header is among them.
_TELLING = 300


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A sheet and what its program shows beside the cells. Rows and columns from 0.

    `lost` are cells whose value is not known, with the sign that stands there; `hidden` are rows that the program hides,
    `hidden_columns` columns; `formatted` are cells taken as shown; `told` are problems of the whole sheet. `struck` are cells
    that are crossed out, with the whole text where only a part of it is; `notes` hang on cells and are not read.
    """

    grid: Grid
    lost: Mapping[tuple[int, int], str] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    formatted: Mapping[tuple[int, int], str] = field(default_factory=dict)
    told: tuple[Problem, ...] = ()
    counts_from_1904: bool = False
    struck: Mapping[tuple[int, int], str | None] = field(default_factory=dict)
    notes: Notes = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Hints:
    """What helps to read a file: the names that the layer knows, where the header was said to be, what its geometry is."""

    words: frozenset[str] = frozenset()
    header_row: str | None = None
    geometry: str = ""


def table_of_sheet(sheet: Sheet, layer: str, format_: str, hints: Hints, limits: Limits, *, texts: str) -> Table:
    """Return the table of a sheet. Raises AskError where the header is not plain, RefusedError."""
    encoding = encoding_of(sheet.grid) if texts == "bytes" else None
    header = (
        _header_of_bytes(sheet.grid, hints, encoding)
        if encoding
        else find_header(sheet.grid, hints.words, hints.header_row)
    )
    header, start = with_units(sheet.grid, header)
    names = _distinct(header.names)
    rows, filled = _filled_down(sheet.grid, start, len(names))
    again, end = headers_again(sheet.grid, rows, header)
    kept: list[int] = []
    left_out: list[int] = []
    problems = [*sheet.told, *told_of_tables(header, rows, end)]
    for index, row in enumerate(rows[: end - start], start):
        if any(value not in (None, "") for value in row):
            shown = readable(row, encoding) if encoding else row
            is_no_data = index in again or _is_no_data(shown, names, index - start)
            (left_out if is_no_data else kept).append(index)
    kept, left_out = _without_the_end(rows, start, kept, left_out, len(names))
    if len(kept) > limits.rows:
        raise too_many_rows(limits)
    cells = []
    for index in kept:
        row = rows[index - start]
        if any(value not in (None, "") for value in row[len(names) :]):
            problems.append(_too_wide(index - start + 1, row, len(names)))
        cells.append([*row[: len(names)], *[None] * (len(names) - len(row))])
    problems += _told(sheet, header, rows, left_out=left_out, filled=filled, kept=set(kept))
    return _table(sheet, header, names, kept, cells, problems=problems, layer=layer, format_=format_, texts=texts)


def encoding_of(grid: Grid) -> str | None:
    """Return the encoding of a table whose letters are still bytes, as its first rows show it, or None."""
    cells = (cell for row in grid.rows[:_TELLING] for cell in row)
    return detect([cell.encode("latin1") for cell in cells if isinstance(cell, str)]).encoding


def readable(row: Sequence[Value], encoding: str) -> list[Value]:
    """Return the cells of a row as they will be read."""
    return [decode_text(cell, encoding) if isinstance(cell, str) and not cell.isascii() else cell for cell in row]


def _header_of_bytes(grid: Grid, hints: Hints, encoding: str) -> Header:
    """Return the header found among the letters that the bytes mean; its names stay bytes like all other cells."""
    shown = Grid(rows=[readable(row, encoding) for row in grid.rows[:_TELLING]], merges=grid.merges)
    found = find_header(shown, hints.words, hints.header_row)
    span = f"{found.first + 1}-{found.last + 1}"
    return find_header(grid, hints.words, span)


def _table(
    sheet: Sheet,
    header: Header,
    names: Sequence[str],
    kept: Sequence[int],
    cells: Sequence[Sequence[Value]],
    *,
    problems: Sequence[Problem],
    layer: str,
    format_: str,
    texts: str,
) -> Table:
    columns = [[(cell if cell != "" else None) for cell in column] for column in zip(*cells, strict=True)]
    columns = columns or [[] for _ in names]
    used = [index for index, name in enumerate(names) if name]
    position = {row: number for number, row in enumerate(kept)}
    lost: dict[str, list[int]] = {}
    for row, column in sheet.lost:
        if row in position and column < len(names) and names[column]:
            lost.setdefault(names[column], []).append(position[row])
    return Table(
        layer=layer,
        format=format_,
        rows=np.array(kept, dtype=np.int64) - header.last,
        names=tuple(names[index] for index in used),
        columns=tuple(columns[index] for index in used),
        texts=texts,
        problems=tuple(problems),
        lost={name: tuple(rows) for name, rows in lost.items()},
        counts_from_1904=sheet.counts_from_1904,
        places=tuple(used),
        said_unit=unit_above(sheet.grid, header) if texts == "unicode" else None,
        header_row=f"{header.first + 1}" if header.first == header.last else f"{header.first + 1}-{header.last + 1}",
    )


def _distinct(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    result = []
    for name in names:
        count = seen[name.casefold()] = seen.get(name.casefold(), 0) + 1
        result.append(name if count == 1 or not name else f"{name}_{count}")
    return result


def _filled_down(grid: Grid, start: int, width: int) -> tuple[list[Sequence[Value]], list[int]]:
    """Return the rows from `start` on, cells merged over several rows filled down, and the rows where that was done."""
    rows = list(grid.rows[start:])
    filled: set[int] = set()
    for first_row, first, last_row, _ in grid.merges:
        if first_row < start or last_row <= first_row or first >= width or first_row - start >= len(rows):
            continue
        top = rows[first_row - start]
        value = top[first] if first < len(top) else None
        if value in (None, ""):
            continue
        for index in range(first_row + 1, min(last_row + 1, start + len(rows))):
            row = list(rows[index - start])
            row += [None] * (first + 1 - len(row))
            # What another program left under a merged cell is not seen.
            if row[first] != value:
                row[first] = value
                rows[index - start] = row
                filled.add(index)
    return rows, sorted(filled)


def _is_no_data(row: Sequence[Value], names: Sequence[str], number: int) -> bool:
    """Say whether a row is no object: numbers of the columns, a total, a note, a heading over several rows."""
    filled = [value for value in row if value not in (None, "")]
    if number >= 2 and len(filled) * 2 > len(names) + 2:
        return False
    first = str(filled[0])
    if _is_part(row, names, first) and len(filled) * 2 <= len(names):
        return True
    if number < 2 and _are_numbers_of_columns(filled):
        return True
    width = len([name for name in names if name])
    folded = fold_name(first)
    if (folded in _TOTALS or folded.startswith(_TOTAL_STARTS)) and len(filled) * 2 <= max(width, 3) + 1:
        return True
    if width < _FEW:
        return bool(_NOTES.match(first)) and len(filled) == 1
    return len(filled) == 1 and (" " in first.strip() or bool(_NOTES.match(first)))


def _is_part(row: Sequence[Value], names: Sequence[str], first: str) -> bool:
    """Say whether a row is the heading of a part: I, A. where the others are numbered."""
    at = next((index for index, name in enumerate(names) if fold_name(name) in _TURNS), None)
    return at is not None and at < len(row) and row[at] == first and _PART.match(first.strip()) is not None


def _are_numbers_of_columns(filled: Sequence[Value]) -> bool:
    """Say whether a row numbers the columns: (1), (2), (3), maybe after some letters: A, B, 1, 2, 3."""
    texts = [str(value).strip() for value in filled]
    while texts and _LETTER.match(texts[0]):
        texts.pop(0)
    numbers = [_NUMBERED.match(text) for text in texts]
    if len(filled) < 3 or len(texts) < 2 or not all(numbers):
        return False
    found = [int(match[1]) for match in numbers if match]
    return found == list(range(found[0], found[0] + len(found))) and found[0] <= 2


def _is_total(row: Sequence[Value]) -> bool:
    folded = fold_name(str(next((value for value in row if value not in (None, "")), "")))
    return folded in _TOTALS or folded.startswith(_TOTAL_STARTS)


def _without_the_end(
    rows: Sequence[Sequence[Value]], start: int, kept: list[int], left_out: list[int], width: int
) -> tuple[list[int], list[int]]:
    """Leave out the few cells below a total, too: place and date, who signs."""
    total = next((index for index in left_out if _is_total(rows[index - start])), None)
    if total is None:
        return kept, left_out
    few = {
        index
        for index in kept
        if index > total and sum(value not in (None, "") for value in rows[index - start]) * 2 <= width + 1
    }
    return [index for index in kept if index not in few], sorted({*left_out, *few})


def _too_wide(number: int, row: Sequence[Value], width: int) -> Problem:
    return problem(
        "malformed_file",
        N_("The row has {count} cells, the header has {width}."),
        row=number,
        count=len(row),
        width=width,
    )


def _warn(
    code: str, template: str, number: int, *, field: str | None = None, value: object = None, **details: Detail
) -> Problem:
    return problem(
        code, template, row=number, field=field, severity=Severity.WARNING, value=value, suggestion=None, rule=None,
        **details,
    )  # fmt: skip


def _told(
    sheet: Sheet,
    header: Header,
    rows: Sequence[Sequence[Value]],
    *,
    left_out: Sequence[int],
    filled: Sequence[int],
    kept: set[int],
) -> list[Problem]:
    """Return what a reader should know: rows left out, filled down or hidden; cells without a value or taken as shown."""
    start = header.last + 1
    numbers = [index - header.last for index in range(len(sheet.grid.rows))]

    def first_text(index: int) -> str:
        return " ".join(" ".join(str(value) for value in rows[index - start] if value not in (None, "")).split())[:60]

    problems = by_row(
        left_out,
        lambda at: _warn(
            "malformed_file", N_("“{value}” is no object; the row was left out."), numbers[at], value=first_text(at)
        ),
        numbers,
    )
    problems += by_row(
        [index for index in filled if index in kept],
        lambda at: _warn("bad_value", N_("Merged cells were filled with the value above."), numbers[at]),
        numbers,
    )
    hidden = sorted(sheet.hidden & kept)
    problems += by_row(
        hidden,
        lambda at: _warn("bad_value", N_("The row is hidden in the sheet; it was read all the same."), numbers[at]),
        numbers,
    )
    unseen = [name for at, name in enumerate(header.names) if name and at in sheet.hidden_columns]
    if unseen:
        template = N_("These columns are hidden in the sheet; they were read all the same: {names}.")
        problems.append(problem("bad_value", template, severity=Severity.WARNING, names=", ".join(unseen)[:300]))
    problems += told_of_struck(sheet.struck, sheet.grid, kept, numbers, header.names)
    problems += told_of_notes(sheet.notes, kept, numbers, header.names)
    return problems + _told_of_cells(sheet, header, kept, numbers)


def _told_of_cells(sheet: Sheet, header: Header, kept: set[int], numbers: Sequence[int]) -> list[Problem]:
    """Return what a reader should know of single cells: no value to be had, or a number taken as the sheet shows it."""
    problems = []
    lost = sorted((row, column) for row, column in sheet.lost if row in kept and column < len(header.names))
    for at, column in lost[:2000]:
        problems.append(
            problem(
                "bad_value",
                N_("The cell shows “{value}” instead of a value; what is stored stays."),
                row=numbers[at],
                field=header.names[column],
                severity=Severity.WARNING,
                value=sheet.lost[at, column],
            )
        )
    shown = sorted(at for at in sheet.formatted if at[0] in kept and at[1] < len(header.names))
    by_column: dict[int, list[int]] = {}
    for at, column in shown:
        by_column.setdefault(column, []).append(at)
    for column, indexes in by_column.items():
        problems += by_row(
            indexes, partial(_told_as_shown, sheet=sheet, name=header.names[column], column=column, numbers=numbers), numbers
        )  # fmt: skip
    return problems


def _told_as_shown(at: int, *, sheet: Sheet, name: str, column: int, numbers: Sequence[int]) -> Problem:
    template = N_("The number was taken as the sheet shows it: “{value}”.")
    return _warn("bad_value", template, numbers[at], field=name, value=sheet.formatted[at, column])
