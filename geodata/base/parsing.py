"""Reads what people and programs send as text: whole numbers, ids, days and times of day, each with its bounds."""

import re
from datetime import date

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_

#: The largest value of the database's bigint; ids are of that type.
LARGEST_ID = 2**63 - 1
#: Days on which something of this trade can have happened or be planned.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)

_SHOWN = 40
# ASCII only: “²” and “٣” are digits to Python. 19 digits hold every id.
_WHOLE = re.compile(r"[0-9]{1,19}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})")


def parse_whole(name: str, text: str, *, low: int = 0, high: int = LARGEST_ID) -> int:
    """Return the whole number of a text. Raises InvalidValueError outside low..high."""
    number = int(text) if _WHOLE.fullmatch(text) else None
    if number is None or not low <= number <= high:
        raise InvalidValueError(
            name=name, value=text[:_SHOWN], reason=N_("a whole number in the allowed range"), low=low, high=high
        )
    return number


def parse_id(name: str, text: str) -> int:
    """Return the id that a text names, whether there is such a thing or not. Raises InvalidValueError."""
    return parse_whole(name, text, low=1)


def parse_day(name: str, text: str, *, first: date = FIRST_DAY, last: date = LAST_DAY) -> date:
    """Return the day of an ISO date. Raises InvalidValueError, also before `first` and after `last`."""
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise InvalidValueError(name=name, value=text[:_SHOWN], reason=N_("a day like 2020-03-02 is needed"))
    if not first <= day <= last:
        raise InvalidValueError(name=name, value=text[:_SHOWN], reason=N_("this day is too far back or too far ahead"))
    return day


def parse_clock(name: str, text: str) -> int:
    """Return the minutes since midnight of a time like 08:30, up to 24:00. Raises InvalidValueError."""
    match = _CLOCK.fullmatch(text)
    minutes = int(match[1]) * 60 + int(match[2]) if match and int(match[2]) < 60 else None
    if minutes is None or minutes > 24 * 60:
        raise InvalidValueError(name=name, value=text[:_SHOWN], reason=N_("a time like 08:30 is needed"))
    return minutes
