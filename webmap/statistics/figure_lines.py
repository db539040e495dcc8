"""A figure of a month before and after, in words: what a file would change, and what somebody has changed."""

from dataclasses import dataclass
from decimal import Decimal

from geodata.statistics.indicators import FIGURES, MonthKey
from webmap.app.i18n import current_language, translate
from webmap.map.charts import figure_text, month_text


@dataclass(frozen=True, kw_only=True)
class FigureLine:
    """A figure of a month before and after; `place` is its cell where it comes from a file."""

    place: str = ""
    series: str
    month: str
    kind: str
    figure: str
    before: str
    after: str


def figure_line(
    series: str,
    unit: str,
    month: MonthKey,
    figure: str,
    values: tuple[Decimal | None, Decimal | None],
    *,
    place: str = "",
) -> FigureLine:
    """Return a line in this request's language; `series` and `unit` are in words already, `values` before and after."""
    language, kind = current_language(), translate(month.version.label)

    def told(value: Decimal | None) -> str:
        return "–" if value is None else figure_text(figure, value, unit, language)

    before, after = values
    return FigureLine(
        place=place, series=series, month=month_text(month.period, language),
        kind=f"{kind}: {month.scenario}" if month.scenario else kind, figure=translate(FIGURES[figure]),
        before=told(before), after=told(after),
    )  # fmt: skip
