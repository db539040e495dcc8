"""Which way a file writes its days: day or month first, by the cells that prove it, for whole columns, never cell by cell."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.importing.results import Choice, Problem, Question, Severity, problem
from geodata.importing.table import Value

_NUMBERS = re.compile(r"\s*(?:\D{1,20}\s)?(\d{1,2})[/.\-](\d{1,2})[/.\-](?:\d{4}|\d{2})(?:\D.*)?$", re.DOTALL)
#: A clock of twelve hours: its program may write the month first.
_NOON = re.compile(r"\d [AP]M$", re.IGNORECASE)
_EPOCH_MS = (100_000_000_000, 4_102_444_800_000)
_EPOCH_S = (315_532_800, 4_102_444_800)


class DayOrder(StrEnum):
    """How the days of a column are written."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
    EPOCH_MS = "ms"
    EPOCH_S = "s"


@dataclass(frozen=True, kw_only=True)
class Orders:
    """The order of each column, what is told of them, and the question where a column contradicts itself."""

    orders: Mapping[str, DayOrder] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    question: Question | None = None


def orders_of_days(columns: Mapping[str, Sequence[Value]], rows: Sequence[int], answer: str | None) -> Orders:
    """Return the order of each column of days (by field). What one column proves holds for those that prove nothing."""
    orders: dict[str, DayOrder] = {}
    problems: list[Problem] = []
    proven: dict[DayOrder, tuple[str, int, str]] = {}
    open_columns, doubtful, american = [], [], []
    for name, cells in columns.items():
        epoch = _epoch(cells)
        if epoch is not None:
            orders[name] = epoch
            problems.append(_told_epoch(name, cells, rows))
            continue
        proofs = _proofs(cells, rows)
        if answer in {DayOrder.DAY_FIRST, DayOrder.MONTH_FIRST}:
            orders[name] = DayOrder(answer)
        elif len(proofs) == 2:
            doubtful.append((name, proofs))
        elif proofs:
            order, (row, text) = next(iter(proofs.items()))
            orders[name] = order
            proven.setdefault(order, (name, row, text))
        elif (asked := _american(cells, rows)) is not None:
            american.append((name, asked))
            open_columns.append(name)
        else:
            open_columns.append(name)
    doubtful += american if not proven else []
    if not doubtful and len(proven) == 2 and any(_is_open(columns[name]) for name in open_columns):
        doubtful = [
            (name, {order: (row, text) for order, (_, row, text) in proven.items()}) for name in open_columns[:1]
        ]
    if doubtful:
        return Orders(problems=tuple(problems), question=_question(doubtful[0][0], doubtful[0][1]))
    only = next(iter(proven), DayOrder.DAY_FIRST) if len(proven) == 1 else DayOrder.DAY_FIRST
    orders |= dict.fromkeys(open_columns, only)
    if DayOrder.MONTH_FIRST in proven:
        problems.append(_told_month_first(proven[DayOrder.MONTH_FIRST]))
    return Orders(orders=orders, problems=tuple(problems))


def _told_month_first(proof: tuple[str, int, str]) -> Problem:
    name, row, text = proof
    return problem(
        "bad_value",
        N_("Days were read month first throughout, as “{value}” proves."),
        row=row,
        field=name,
        severity=Severity.WARNING,
        value=text,
    )


def _told_epoch(name: str, cells: Sequence[Value], rows: Sequence[int]) -> Problem:
    first = next(index for index, cell in enumerate(cells) if cell is not None)
    return problem(
        "bad_value",
        N_("The numbers of this column count time since 1970 (“{value}”); they were read as days in Vietnam."),
        row=rows[first],
        field=name,
        severity=Severity.WARNING,
        value=cells[first],
    )


def _epoch(cells: Sequence[Value]) -> DayOrder | None:
    """Return the unit when the whole column plausibly counts milliseconds or seconds since 1970."""
    numbers = []
    for cell in cells:
        if cell is None or cell == "":
            continue
        text = str(cell).removesuffix(".0")
        if isinstance(cell, bool) or not re.fullmatch(r"\d{9,13}", text):
            return None
        numbers.append(int(text))
    if numbers and all(_EPOCH_MS[0] <= number <= _EPOCH_MS[1] for number in numbers):
        return DayOrder.EPOCH_MS
    if numbers and all(_EPOCH_S[0] <= number <= _EPOCH_S[1] for number in numbers):
        return DayOrder.EPOCH_S
    return None


def _proofs(cells: Sequence[Value], rows: Sequence[int]) -> dict[DayOrder, tuple[int, str]]:
    """Return order -> the first cell that can be read in no other."""
    found: dict[DayOrder, tuple[int, str]] = {}
    for row, cell in zip(rows, cells, strict=True):
        match = _NUMBERS.match(cell) if isinstance(cell, str) else None
        if match is None:
            continue
        first, second = int(match[1]), int(match[2])
        if first > 12 >= second:
            found.setdefault(DayOrder.DAY_FIRST, (row, str(cell)))
        elif second > 12 >= first:
            found.setdefault(DayOrder.MONTH_FIRST, (row, str(cell)))
        if len(found) == 2:
            break
    return found


def _american(cells: Sequence[Value], rows: Sequence[int]) -> dict[DayOrder, tuple[int, str]] | None:
    """Return the first day with AM or PM behind it, as both orders: nothing tells which is meant."""
    pairs = zip(rows, cells, strict=True)
    found = next(
        ((row, str(cell)) for row, cell in pairs if isinstance(cell, str) and _NOON.search(cell.strip())), None
    )
    return None if found is None else {DayOrder.DAY_FIRST: found, DayOrder.MONTH_FIRST: found}


def _is_open(cells: Sequence[Value]) -> bool:
    """Say whether a column has days that can be read both ways."""
    return any(isinstance(cell, str) and _NUMBERS.match(cell) for cell in cells)


def _question(name: str, proofs: Mapping[DayOrder, tuple[int, str]]) -> Question:
    whys = {
        DayOrder.DAY_FIRST: N_("day first (31/12/2026), as row {row} is written: {cell}"),
        DayOrder.MONTH_FIRST: N_("month first (12/31/2026), as row {row} is written: {cell}"),
    }
    choices = tuple(
        Choice(
            value=order.value,
            why=Message(template=why, values={"row": proofs[order][0], "cell": proofs[order][1], "field": name}),
        )
        for order, why in whys.items()
    )
    return Question(about="dates", choices=choices)
