"""Telling of many rows: each of the first ones by itself, the others by their numbers in one sentence."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.importing.results import Problem

#: So many rows are told one by one for each reason.
MOST = 200


def by_row(found: Sequence[int], told: Callable[[int], Problem], rows: Sequence[int]) -> list[Problem]:
    """Return the problems of positions `found` in `rows`: `told` makes each of the first, and the last names the rest."""
    problems = [told(index) for index in islice(found, MOST)]
    if len(found) > MOST:
        numbers = spans(int(rows[index]) for index in found[MOST:])
        rest = Message(
            template=N_("The same in {count} more rows: {rows}."),
            values={"count": len(found) - MOST, "rows": numbers},
        )
        problems.append(replace(problems[-1], row=None, value=None, text=rest, suggestion=None))
    return problems


def spans(numbers: Iterable[int], most: int = 40) -> str:
    """Return numbers in writing: 3–7, 12, 15–16, and no more than so many of them."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    texts = [str(first) if first == last else f"{first}–{last}" for first, last in found[:most]]
    return ", ".join(texts) + (", …" if len(found) > most else "")
