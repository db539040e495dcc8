"""The periods of reports: a month, the half-year to 14 June, the year to 14 December (Circular 14/2024/TT-BCT)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from geodata.base.database import today
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_

_TEXT = re.compile(r"(?P<year>[0-9]{4})(?:-(?P<part>H1|0[1-9]|1[0-2]))?")
_FIRST_YEAR, _LAST_YEAR = 1991, 2100
#: The statutory year begins on the day after the one before was closed.
_JUNE_END, _YEAR_END = (6, 14), (12, 14)


class Span(StrEnum):
    """How long a period is."""

    MONTH = "month"
    HALF_YEAR = "half_year"
    YEAR = "year"


@dataclass(frozen=True, kw_only=True)
class Period:
    """A period by its span, year and, of a month, number."""

    span: Span
    year: int
    month: int = 0

    @classmethod
    def month_of(cls, day: date) -> Self:
        """Return the month in which a day lies."""
        return cls(span=Span.MONTH, year=day.year, month=day.month)

    @property
    def text(self) -> str:
        """The period as addresses write it: 2020-02, 2020-H1, 2020."""
        return {
            Span.MONTH: f"{self.year}-{self.month:02d}",
            Span.HALF_YEAR: f"{self.year}-H1",
            Span.YEAR: str(self.year),
        }[self.span]

    def in_words(self, say: Callable[[str], str]) -> str:
        """Return the period as people write it: 02/2020, first half of 2020, 2020."""
        if self.span is Span.HALF_YEAR:
            return say(N_("first half of {year}")).format(year=self.year)
        return f"{self.month:02d}/{self.year}" if self.span is Span.MONTH else str(self.year)

    @property
    def first(self) -> date:
        """Its first day."""
        if self.span is Span.MONTH:
            return date(self.year, self.month, 1)
        return date(self.year - 1, *_YEAR_END) + timedelta(days=1)

    @property
    def last(self) -> date:
        """Its last day."""
        if self.span is Span.MONTH:
            return _month_after(self.first) - timedelta(days=1)
        return date(self.year, *(_JUNE_END if self.span is Span.HALF_YEAR else _YEAR_END))

    @property
    def cut_off(self) -> date:
        """The day of its figures: the last one, of the running period today."""
        return min(self.last, today()) if self.first <= today() else self.last

    @property
    def before(self) -> Self:
        """The report before: the month before; of a half-year the year that was closed, of a year its half-year."""
        if self.span is Span.MONTH:
            day = self.first - timedelta(days=1)
            return type(self)(span=Span.MONTH, year=day.year, month=day.month)
        if self.span is Span.HALF_YEAR:
            return type(self)(span=Span.YEAR, year=self.year - 1)
        return type(self)(span=Span.HALF_YEAR, year=self.year)

    @property
    def after(self) -> Self:
        """The report after."""
        if self.span is Span.MONTH:
            day = self.last + timedelta(days=1)
            return type(self)(span=Span.MONTH, year=day.year, month=day.month)
        if self.span is Span.HALF_YEAR:
            return type(self)(span=Span.YEAR, year=self.year)
        return type(self)(span=Span.HALF_YEAR, year=self.year + 1)

    @property
    def last_year(self) -> Self:
        """The same period a year before."""
        return type(self)(span=self.span, year=self.year - 1, month=self.month)


def parse_period(text: str) -> Period:
    """Return a period written 2020-02, 2020-H1 or 2020. Raises InvalidValueError."""
    found = _TEXT.fullmatch(text.strip())
    if found is None or not found[0].isascii() or not _FIRST_YEAR <= int(found["year"]) <= _LAST_YEAR:
        reason = N_("a month like 2020-02, a half-year like 2020-H1 or a year like 2020 is needed")
        raise InvalidValueError(name="period", value=text[:20], reason=reason)
    year, part = int(found["year"]), found["part"]
    if part == "H1":
        return Period(span=Span.HALF_YEAR, year=year)
    return Period(span=Span.MONTH, year=year, month=int(part)) if part else Period(span=Span.YEAR, year=year)


def _month_after(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
