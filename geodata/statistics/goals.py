"""What a year is to reach, planned or in growth scenarios, and what is still needed for it in the months left.

A goal is the year so far of December: a total, or its growth on the year before, of which one gives the other.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from geodata.statistics.figure_checks import HUNDRED, REPORTED, compute_figures
from geodata.statistics.indicators import FigureVersion, Month, Series

PLANNED = (FigureVersion.TARGET, FigureVersion.SCENARIO)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a year is: its newest month with a year so far, that and its growth in %, the same months of last year, last year's total."""

    month: int
    cumulative: Decimal | None
    growth_percent: Decimal | None
    last_year: Decimal | None
    last_year_total: Decimal | None

    @property
    def months_left(self) -> int:
        """The months of the year that are not reported."""
        return 12 - self.month


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A goal of a year and what it asks of the months left; None where it cannot be told.

    `total` in the indicator's unit and `growth_percent` on last year: stated, or the one computed of the other. `share_percent`: of
    the total reached so far. `needed_a_month`: the mean of the months left; `needed_growth_percent`: their growth on the same months
    of last year, where only growths are known as if each month weighed the same (`is_rough`).
    """

    version: FigureVersion
    scenario: str
    total: Decimal | None
    growth_percent: Decimal | None
    source: str
    share_percent: Decimal | None = None
    needed_a_month: Decimal | None = None
    needed_growth_percent: Decimal | None = None
    is_rough: bool = False

    @property
    def is_reached(self) -> bool:
        """Whether so much has been reached already."""
        return self.share_percent is not None and self.share_percent >= HUNDRED


def standing_of(series: Series, year: int, until: int = 12) -> Standing:
    """Return how far a year is, of its months up to one. Month 0: nothing of it is known."""
    reported = {month.period: month for month in reversed(series.months_of(*REPORTED))}
    reported |= {month.period: month for month in series.months_of(FigureVersion.ACTUAL)}
    month, cumulative, growth = 0, None, None
    for number in range(1, until + 1):
        found = reported.get(date(year, number, 1))
        so_far = _so_far(series, found) if found else None
        rate = _growth(series, found) if found else None
        if so_far is not None or rate is not None:
            month, cumulative, growth = number, so_far, rate
    last = reported.get(date(year - 1, month, 1)) if month else None
    then = _so_far(series, last) if last else None
    if then is None and cumulative is not None and growth is not None:
        then = cumulative / (1 + growth / HUNDRED)
    december = reported.get(date(year - 1, 12, 1))
    return Standing(
        month=month, cumulative=cumulative, growth_percent=growth, last_year=then,
        last_year_total=_so_far(series, december) if december else None,
    )  # fmt: skip


def goals_of(series: Series, year: int, until: int = 12) -> list[Goal]:
    """Return the goals of a year, the plan first, and how they stand in a month of it."""
    standing = standing_of(series, year, until)
    found = [month for month in series.months_of(*PLANNED) if month.period == date(year, 12, 1)]
    found.sort(key=lambda month: (month.version is not FigureVersion.TARGET, month.scenario))
    return [_goal(month, standing) for month in found if _says_a_goal(month)]


def _says_a_goal(month: Month) -> bool:
    return month.cumulative is not None or month.cumulative_change_percent is not None


def _goal(month: Month, standing: Standing) -> Goal:
    total, growth = month.cumulative, month.cumulative_change_percent
    last = standing.last_year_total
    if total is None and growth is not None and last:
        total = last * (1 + growth / HUNDRED)
    if growth is None and total is not None and last:
        growth = (total / last - 1) * HUNDRED
    plain = Goal(
        version=month.version, scenario=month.scenario, source=month.source or "", total=total, growth_percent=growth
    )
    left = standing.months_left
    if total and standing.cumulative is not None:
        rest = total - standing.cumulative
        rest_then = last - standing.last_year if last and standing.last_year is not None else None
        return replace(
            plain, share_percent=standing.cumulative / total * HUNDRED, needed_a_month=rest / left if left else None,
            needed_growth_percent=(rest / rest_then - 1) * HUNDRED if left and rest_then else None,
        )  # fmt: skip
    if growth is not None and standing.growth_percent is not None and left:
        needed = (12 * growth - standing.month * standing.growth_percent) / left
        return replace(plain, needed_growth_percent=needed, is_rough=True)
    return plain


def _so_far(series: Series, month: Month) -> Decimal | None:
    if month.cumulative is not None:
        return month.cumulative
    found = compute_figures(month, series.months).get("cumulative")
    return found.value if found else None


def _growth(series: Series, month: Month) -> Decimal | None:
    if month.cumulative_change_percent is not None:
        return month.cumulative_change_percent
    found = compute_figures(month, series.months).get("cumulative_change_percent")
    return found.value if found else None


def months_of_year(series: Series, year: int) -> dict[int, Month]:
    """Return what was reported of the months of a year, else estimated."""
    found: dict[int, Month] = {}
    for version in reversed(REPORTED):
        found |= {month.period.month: month for month in series.months_of(version) if month.period.year == year}
    return found
