"""A day as people and programs write it: what is read, and what stands beside it in the cell."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

from geodata.base.i18n import N_

#: Each form with the groups of year, month and day; what follows a blank or a T is looked at by itself.
_FORMS: tuple[tuple[re.Pattern[str], tuple[int, int, int]], ...] = (
    (re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ t](?P<rest>.*))?$"), (1, 2, 3)),
    (re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?:[ t](?P<rest>.*))?$"), (1, 2, 3)),
    (re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})(?: (?P<rest>.*))?$"), (3, 2, 1)),
    (re.compile(r"(\d{4})(\d{2})(\d{2})(?P<rest>)$"), (1, 2, 3)),
    (re.compile(r"(\d{1,2}) thang (\d{1,2}) nam (\d{4})(?: (?P<rest>.*))?$"), (3, 2, 1)),
)
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?(?:[ap]m|sa|ch))?(?: ?(?:z|[+-]\d{2}:?\d{2}))?$")
#: What stands before a day and says nothing more: “ngày 15/3/2026”, “Thứ hai, 15/03/2026”; and the mark of texts.
_BEFORE = re.compile(r"(?:'|ngay |thu (?:hai|ba|tu|nam|sau|bay|[2-7])[, ]+(?:ngay )?|chu nhat[, ]+(?:ngay )?)")
_NO_DAY = re.compile(
    r"(?:thang |t)?\d{1,2}[/.\-]\d{4}$|\d{4}[/.\-]\d{1,2}$|(?:nam )?\d{4}$|(?:q|quy) ?(?:\d|i{1,3}|iv)\b.*"
    r"|thang \d{1,2} nam \d{4}$"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
#: A month by name, as sheets in English and Vietnamese show it: 15-Mar-2026, 15-Thg3-26; or in Roman figures.
_NAMED_MONTH = re.compile(
    rf"(\d{{1,2}})[ /.\-]+(?:(?:thg|th)[ .]?(\d{{1,2}})|({'|'.join(_MONTHS)})[a-z]*|([ivx]{{1,4}}))[ /.,\-]+(\d{{4}}|\d{{2}})$"
)
_HOURS = re.compile(
    r"(?<![\d:./-])(\d{1,2})(?::(\d{2})| ?(?:giờ|h|g)(?: ?(\d{2})(?: ?phút)?)?)(?![\d:])", re.IGNORECASE
)
#: Two digits are a year of this century below this one, as certificates end in the thirties and works began in the sixties.
_CENTURY = 60


@dataclass(frozen=True, kw_only=True)
class WrittenDay:
    """The day of a cell, or why there is none; the words beside it, and whether its century was not written."""

    day: date | None = None
    why: str | None = None
    beside: str = ""
    is_century_missing: bool = False


def read_day(value: str, *, is_month_first: bool = False) -> WrittenDay:
    """Return the day that a cell says."""
    text = unicodedata.normalize("NFD", value.strip().lower().replace("đ", "d"))
    text = " ".join("".join(char for char in text if not unicodedata.combining(char)).split())
    if match := _BEFORE.match(text):
        text = text[match.end() :]
    text = text.rstrip(".,;") if text[-1:] in ".,;" else text
    named = _NAMED_MONTH.match(text)
    if named is not None:
        is_month_first, text = False, f"{named[1]}/{_number_of_month(named)}/{named[5]}"
    for pattern, places in _FORMS:
        if (match := pattern.match(text)) is not None:
            return _of_match(match, places, is_month_first=is_month_first and "thang" not in text)
    return WrittenDay(why=N_("“{value}” names no day, only a month or a year.") if _NO_DAY.match(text) else None)


def read_moment(value: str) -> datetime | None:
    """Return the time that a cell says by a clock beside a day: “18h30 ngày 15/3/2026”, “15/3/26 18:30”; or None."""
    for match in _HOURS.finditer(value):
        day = read_day(f"{value[: match.start()]} {value[match.end() :]}".strip(" ,;-").removeprefix("lúc ")).day
        hour, minute = int(match[1]), int(match[2] or match[3] or 0)
        if day is not None and hour < 24 and minute < 60:
            return datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - of the province
    return None


def _number_of_month(named: re.Match[str]) -> int:
    """Return the month of a day with a named one; 0 where there is none of that name."""
    if named[2]:
        return int(named[2])
    names, name = (_MONTHS, named[3]) if named[3] else (_ROMAN, named[4])
    return names.index(name) + 1 if name in names else 0


def _of_match(match: re.Match[str], places: tuple[int, int, int], *, is_month_first: bool) -> WrittenDay:
    year, month, day = places
    if is_month_first and places == (3, 2, 1):
        month, day = 1, 2
    number = int(match[year])
    is_short = len(match[year]) == 2
    if is_short:
        number += 2000 if number < _CENTURY else 1900
    rest = (match["rest"] or "").strip()
    beside = "" if _CLOCK.match(rest) else rest
    if any(char.isdigit() for char in beside):
        return WrittenDay(why=N_("“{value}” says more than one day."))
    try:
        found = date(number, int(match[month]), int(match[day]))
    except ValueError:
        return WrittenDay()
    if not 1800 <= found.year <= 2200:
        return WrittenDay()
    return WrittenDay(day=found, beside=beside, is_century_missing=is_short)
