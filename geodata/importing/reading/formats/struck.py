"""What is crossed out in a sheet: a part of a text is left out, whole cells and rows are read all the same; all of it is told."""

from collections.abc import Mapping, Sequence, Set

from geodata.base.i18n import N_
from geodata.importing.reading.formats.header import Grid
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.told import by_row


class Struck(str):
    """A text without its crossed-out parts; `whole` is the text with them."""

    __slots__ = ("whole",)
    whole: str


def struck_text(parts: Sequence[tuple[str, bool]]) -> str:
    """Return the text of parts (text, whether it is crossed out): without those that are, unless all are."""
    whole = "".join(text for text, _ in parts)
    kept = "".join(text for text, is_struck in parts if not is_struck)
    if not kept.strip() or kept == whole:
        return whole
    text = Struck(" ".join(kept.split(" ")).strip())
    text.whole = whole
    return text


def told_of_struck(
    struck: Mapping[tuple[int, int], str | None],
    grid: Grid,
    kept: Set[int],
    numbers: Sequence[int],
    names: Sequence[str],
) -> list[Problem]:
    """Return what a reader should know of crossed-out rows, cells and parts of cells."""
    by_line: dict[int, list[int]] = {}
    for row, column in struck:
        if row in kept and column < len(names):
            by_line.setdefault(row, []).append(column)
    rows, cells = [], []
    for row, columns in sorted(by_line.items()):
        filled = sum(value not in (None, "") for value in grid.rows[row])
        whole = [column for column in columns if struck[row, column] is None]
        if len(whole) == filled:
            rows.append(row)
        else:
            cells += [(row, column) for column in sorted(columns)]
    template = N_("The row is crossed out in the sheet; it was read all the same.")
    told = by_row(rows, lambda at: problem("bad_value", template, row=numbers[at], severity=Severity.WARNING), numbers)
    return told + [
        _told_of_cell(numbers[row], names[column], grid.rows[row][column], struck[row, column])
        for row, column in cells[:2000]
    ]


def _told_of_cell(row: int, name: str, value: object, whole: str | None) -> Problem:
    template = N_("The cell is crossed out in the sheet (“{value}”); it was read all the same.")
    if whole is not None:
        template = N_("A part of the cell is crossed out in the sheet (“{whole}”); “{value}” was read.")
        return problem(
            "bad_value", template, row=row, field=name, severity=Severity.WARNING, value=value, whole=whole[:80]
        )
    return problem("bad_value", template, row=row, field=name, severity=Severity.WARNING, value=value)
