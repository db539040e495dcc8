"""Which reports are due: the period is over or nearly so, and nothing was sent for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from geodata.base.database import ReadConnection
from geodata.papers.sent import SentPaper
from geodata.schema.registry import Registry
from webmap.papers.periodic import periodic_forms
from webmap.papers.periods import Period, Span

#: A report is told of so many days before the last day of its period.
DAYS_AHEAD = {Span.MONTH: 3, Span.HALF_YEAR: 30, Span.YEAR: 30}
#: Reports that were never sent are told of for so many days: nobody writes those of years ago.
DAYS_AFTER = {Span.MONTH: 31, Span.HALF_YEAR: 92, Span.YEAR: 92}


@dataclass(frozen=True, kw_only=True)
class DueReport:
    """A report that was not sent yet; `on` is the last day of its period, on which law wants half-yearly and yearly ones."""

    name: str
    title: str
    period: Period
    on: date


def due_reports(connection: ReadConnection, registry: Registry, on: date, days: int | None = None) -> list[DueReport]:
    """Return the reports that are due on a day or soon, by day. `days`: told from so many days before."""
    found = []
    for span, form in periodic_forms(registry).items():
        for period in _periods(span, on, DAYS_AHEAD[span] if days is None else days):
            found.append(DueReport(name=form.name, title=form.title, period=period, on=period.last))
    sent = select(SentPaper.name, SentPaper.period).where(SentPaper.name.in_({one.name for one in found}))
    done = {(name, first) for name, first in connection.execute(sent)}
    left = [one for one in found if (one.name, one.period.first) not in done]
    return sorted(left, key=lambda one: (one.on, one.name))


def _periods(span: Span, on: date, ahead: int) -> Iterator[Period]:
    """Return the periods of a length whose last day is near, on either side."""
    first, last = on - timedelta(days=DAYS_AFTER[span]), on + timedelta(days=ahead)
    year = first.year
    while year <= last.year:
        months = range(1, 13) if span is Span.MONTH else (0,)
        for month in months:
            period = Period(span=span, year=year, month=month)
            if first <= period.last <= last:
                yield period
        year += 1
