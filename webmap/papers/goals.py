"""What a year is to reach, as a table of a report: how far it is, and what the months left must bring."""

from collections.abc import Iterable
from decimal import Decimal

from geodata.statistics.goals import Goal, goals_of
from geodata.statistics.indicators import Series
from webmap.app.i18n import DEFAULT_LANGUAGE, translate
from webmap.papers.written import NOTHING, number
from webmap.templating.fields import Fields, Listing, Text
from webmap.templating.forms import Rows, When

_COLUMNS: Fields = {
    "name": Text(label="Chỉ tiêu"), "goal": Text(label="Kế hoạch, kịch bản"), "total": Text(label="Cả năm"),
    "growth": Text(label="Tăng trưởng"), "share": Text(label="Đã đạt"), "needed": Text(label="Cần bình quân mỗi tháng còn lại"),
    "needed_growth": Text(label="Mức tăng cần có so cùng kỳ"),
}  # fmt: skip
#: The fields of a form that has the table, and its block.
GOAL_FIELDS: Fields = {
    "goals": Listing(label="Kế hoạch, kịch bản tăng trưởng của năm", fields=_COLUMNS),
    "goal_sources": Text(label="Nguồn của kế hoạch, kịch bản"),
}
GOAL_BLOCK = When(
    has="goals",
    blocks=(
        "Kế hoạch, kịch bản tăng trưởng của năm và yêu cầu với các tháng còn lại (≈: chỉ biết mức tăng, tính như các tháng có quyền số bằng nhau). Nguồn: {goal_sources}.",
        Rows(
            of="goals", header=[field.label for field in _COLUMNS.values() if isinstance(field, Text)],
            cells=[f"{{row.{name}}}" for name in _COLUMNS], widths=(3.3, 2.5, 2.1, 1.9, 2, 2.3, 2.4), right=frozenset(range(2, 7)),
        ),
    ),
)  # fmt: skip


def said_goals(series: Iterable[Series], year: int, month: int) -> dict[str, object]:
    """Return the values of GOAL_FIELDS: the goals of a year as its months up to one are known."""
    found = [(one, goal) for one in series for goal in goals_of(one, year, month)]
    sources = dict.fromkeys(goal.source for _, goal in found if goal.source)
    return {"goals": [_row(one, goal) for one, goal in found], "goal_sources": "; ".join(sources) or NOTHING}


def _row(series: Series, goal: Goal) -> dict[str, str]:
    about = "≈\u00a0" if goal.is_rough else ""
    unit = translate(series.unit, DEFAULT_LANGUAGE)
    return {
        "name": series.name if series.is_index else f"{series.name} ({unit})",
        "goal": goal.scenario or translate(goal.version.label, DEFAULT_LANGUAGE), "total": _whole(goal.total),
        "growth": _percent(goal.growth_percent), "share": _percent(goal.share_percent),
        "needed": "đã đạt" if goal.is_reached else _whole(goal.needed_a_month),
        "needed_growth": NOTHING if goal.is_reached or goal.needed_growth_percent is None else about + _percent(goal.needed_growth_percent),
    }  # fmt: skip


def _whole(value: Decimal | None) -> str:
    return number(None if value is None else round(value))


def _percent(value: Decimal | None) -> str:
    return NOTHING if value is None else f"{number(round(value, 2))}\u00a0%"
