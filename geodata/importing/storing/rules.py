"""What a table's own rules say, in words: a rule is a condition in SQL, which no person shall have to read."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from geodata.base.errors import Detail
from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.importing.results import Problem

_WORD = re.compile(r"\w+")
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_BETWEEN = re.compile(rf"\w+ BETWEEN {_NUMBER} AND {_NUMBER}$", re.IGNORECASE)
_AT_LEAST = re.compile(rf"\w+ >= {_NUMBER}$")
_ABOVE = re.compile(rf"\w+ > {_NUMBER}$")
_LONGEST = re.compile(rf"length\(\w+\) <= {_NUMBER}")
#: A form that both PostgreSQL and this program read alike: no classes like [:space:].
_FORM = re.compile(r"\w+ ~ '((?:(?!\[:).)+)'$")
_IN_ORDER = re.compile(r"(\w+) <= (\w+)$")


def rule_problem(row: int, condition: str, columns: Sequence[str], given: Callable[[str], Any]) -> Problem:
    """Return the problem of a row that breaks a rule; `given` tells the row's values, None where it has none."""
    words = _WORD.findall(condition)
    named = [name for name in columns if name in words]
    field = next((name for name in named if given(name) is not None), named[0] if named else None)
    value = given(field) if field else None
    code, template, details = _said(condition, value)
    shown = "" if value is None else str(value)[:200]
    text = Message(template=template, values={**details, "value": shown})
    return Problem(
        code=code, text=text, row=row, field=field, value=shown or None, suggestion=_without_nought(condition, value)
    )


def _without_nought(condition: str, value: Any) -> Message | None:
    """Return the suspicion that a spreadsheet ate the nought in front, where the value would be right with it."""
    form = _FORM.search(condition)
    if form is None or not isinstance(value, str) or not value.isdigit() or re.fullmatch(form[1], f"0{value}") is None:
        return None
    template = N_(
        "A spreadsheet that took it for a number eats the nought in front: is it {value}? Format the column as text."
    )
    return Message(template=template, values={"value": f"0{value}"})


def _said(condition: str, value: Any) -> tuple[str, str, dict[str, Detail]]:
    if (found := _LONGEST.search(condition)) and isinstance(value, str) and value:
        return "too_long", N_("“{value}” has more than {limit} letters."), {"limit": found[1]}
    if found := _BETWEEN.match(condition):
        return "bad_value", N_("“{value}” must lie from {low} to {high}."), {"low": found[1], "high": found[2]}
    if found := _AT_LEAST.match(condition):
        return "bad_value", N_("“{value}” must be {low} or more."), {"low": found[1]}
    if found := _ABOVE.match(condition):
        return "bad_value", N_("“{value}” must be more than {low}."), {"low": found[1]}
    if _IN_ORDER.search(condition):
        return "bad_value", N_("“{value}” comes after the value that must follow it."), {}
    if "~" in condition:
        return "bad_value", N_("“{value}” is not written in the form of this field."), {}
    return "bad_value", N_("“{value}” does not fit the object's other values."), {}
