"""Formats of a sheet under which a whole number is a name: 0000000000, "CH-"000, 0000 000 000.

A phone shows 0912 345 678 where the cell holds 912345678: what people see is what is meant. So it is with percent, where
the cell holds 0.45 and shows 45%. Formats of amounts (thousands, decimals, units behind the number) and of days change
nothing of the value and are left alone.
Source: ECMA-376-1:2016 §18.8.31, number formats.
"""

import re
from dataclasses import dataclass
from functools import cache

_TOKENS = re.compile(r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<digit>[0#?])|_.|\*.|(?P<plain>[ \-+():/])|(?P<other>.)')
_QUOTED = re.compile(r'"[^"]*"|\\.')
_COLOUR = re.compile(r"\[[^\]]*\]")
_GENERAL = re.compile(r"general", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class NumberShape:
    """Signs in their order; 0 and # stand for digits, everything else for itself, with a mark before it."""

    signs: tuple[tuple[bool, str], ...]

    def write(self, number: float) -> str | None:
        """Return the number as it is shown: digits from the right, the rest at the first place; None for fractions."""
        if not isinstance(number, int):
            return None
        digits = list(str(abs(number)))
        places = sum(is_digit for is_digit, _ in self.signs)
        shown: list[str] = []
        for is_digit, sign in reversed(self.signs):
            if not is_digit:
                shown.append(sign)
                continue
            places -= 1
            if not places:
                shown.extend(reversed(digits or (["0"] if sign == "0" else [])))
                digits = []
            elif digits:
                shown.append(digits.pop())
            elif sign == "0":
                shown.append("0")
        return ("-" if number < 0 else "") + "".join(reversed(shown))


class Percent:
    """A number that is shown a hundred times as large, with % behind it."""

    def write(self, number: float) -> str:
        """Return the number as percent, with all its decimals; three of them get a fourth, lest they look like thousands."""
        return percent(number)


def percent(number: float) -> str:
    """Return a share as percent: 0.45 is 45%."""
    whole, _, part = f"{round(number * 100, 9):.9f}".partition(".")
    part = part.rstrip("0")
    return f"{whole}.{part}0%" if len(part) == 3 else f"{whole}{'.' if part else ''}{part}%"


@cache
def shape_of(text: str) -> NumberShape | Percent | None:
    """Return the shape of a format under which a number is a name or percent, or None."""
    section = _COLOUR.sub("", text).split(";")[0].strip()
    if _GENERAL.fullmatch(section):
        return None
    if "%" in _QUOTED.sub("", section):
        return Percent()
    signs: list[tuple[bool, str]] = []
    for match in _TOKENS.finditer(section):
        if match["other"]:
            return None
        if match["digit"]:
            signs.append((True, match["digit"]))
        else:
            signs += [(False, sign) for sign in match["quoted"] or match["escaped"] or match["plain"] or ""]
    places = [at for at, (is_digit, _) in enumerate(signs) if is_digit]
    if not places:
        return None
    before = "".join(sign for is_digit, sign in signs[: places[-1]] if not is_digit)
    is_name = sum(sign == "0" for is_digit, sign in signs if is_digit) > 1 or any(map(str.isalnum, before))
    return NumberShape(signs=tuple(signs)) if is_name else None
