"""What a year is to reach, in the words of a report: how far it is, and what the months left must bring."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from geodata.statistics.goals import Goal, Standing, goals_of, standing_of
from geodata.statistics.indicators import Series
from webmap.app.i18n import DEFAULT_LANGUAGE, translate
from webmap.papers.written import number


def said_goals(series: Iterable[Series], year: int, month: int) -> Iterator[str]:
    """Yield a sentence for each goal of a year, as its months up to one are known."""
    for one in series:
        standing = standing_of(one, year, month)
        for goal in goals_of(one, year, month):
            yield f"{one.name}, {_name(goal)}: {_said(goal, standing, translate(one.unit, DEFAULT_LANGUAGE))}."


def _name(goal: Goal) -> str:
    kind = translate(goal.version.label, DEFAULT_LANGUAGE).lower()
    return f"{kind} “{goal.scenario}”" if goal.scenario else kind


def _said(goal: Goal, standing: Standing, unit: str) -> str:
    parts = []
    if goal.total is not None:
        parts.append(f"cả năm {number(round(goal.total))} {unit}")
    if goal.growth_percent is not None:
        parts.append(f"tăng trưởng {_percent(goal.growth_percent)}")
    if goal.share_percent is not None:
        parts.append(f"đã đạt {_percent(goal.share_percent)}")
    left = f"trong {standing.months_left} tháng còn lại"
    if goal.needed_a_month is not None and not goal.is_reached:
        parts.append(f"cần bình quân {number(round(goal.needed_a_month))} {unit} mỗi tháng {left}")
    if goal.needed_growth_percent is not None and not goal.is_reached:
        about = "khoảng " if goal.is_rough else ""
        parts.append(f"tương ứng mức tăng {about}{_percent(goal.needed_growth_percent)} so cùng kỳ {left}")
    return "; ".join(parts)


def _percent(value: Decimal) -> str:
    return f"{number(round(value, 2))} %"
