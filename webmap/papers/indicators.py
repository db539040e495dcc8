"""Entered indicators in a report: a row each, a drawing of the year, and where each month was entered."""

from collections.abc import Iterable, Sequence
from datetime import date

from geodata.export.figures import write_png
from geodata.statistics.indicators import FIGURES, PERCENT, FigureVersion, Month, Series
from webmap.app.i18n import DEFAULT_LANGUAGE, translate
from webmap.papers.periods import Period
from webmap.papers.written import IndicatorLine, number
from webmap.statistics.chart_picture import chart_of
from webmap.templating.fields import Fields, Listing, Picture, Text
from webmap.templating.forms import Each, FormBlock, Rows, Shown

_CHART_CM = 16.0
_LABELS = dict(
    zip(FIGURES, ("Trong tháng", "So tháng trước", "So cùng kỳ", "Lũy kế", "Lũy kế so cùng kỳ"), strict=True)
)
INDICATOR_FIELDS: Fields = {
    "indicators": Listing(
        label="Chỉ tiêu sản xuất công nghiệp và thương mại",
        fields={"name": Text(label="Tên chỉ tiêu"), **{key: Text(label=label) for key, label in _LABELS.items()}},
    ),
    "charts": Listing(
        label="Biểu đồ của các chỉ tiêu có từ hai tháng số liệu",
        fields={"name": Text(label="Tên chỉ tiêu"), "picture": Picture(label="Biểu đồ", width=_CHART_CM)},
    ),
}
INDICATOR_ROWS = Rows(
    of="indicators", header=("Chỉ tiêu", *_LABELS.values()), cells=("{row.name}", *(f"{{row.{name}}}" for name in FIGURES)),
    widths=(5, 2.4, 2.2, 2.2, 2.4, 2.3), right=frozenset(range(1, 6)), otherwise="Không có.",
)  # fmt: skip
CHART_BLOCKS: tuple[FormBlock, ...] = (
    Each(of="charts", name="chart", blocks=("{chart.name}:", Shown(picture="chart.picture", width=_CHART_CM))),
)


def indicator_lines(series: Iterable[Series], month: date) -> list[IndicatorLine]:
    """Return what is entered of each series for a month, empty where nothing is."""
    return [
        IndicatorLine(
            code=one.code, name=one.name, name_en=one.name_en, unit=one.unit,
            figures=[(name, getattr(entered_month(one, month), name, None), name in PERCENT) for name in FIGURES],
        )
        for one in series
    ]  # fmt: skip


def said_indicators(series: Sequence[Series], period: Period) -> dict[str, object]:
    """Return the values of INDICATOR_FIELDS."""
    drawn = [(one, chart_of(one, period.year, period.month, DEFAULT_LANGUAGE)) for one in series]
    return {
        "indicators": [_said(line) for line in indicator_lines(series, period.first)],
        "charts": [
            {"name": _titled(one.name, one.unit), "picture": write_png(figure)} for one, figure in drawn if figure
        ],
    }


def entry_address(code: str, month: date) -> str:
    """Return where a month of a series was entered or can be: its place in the table, with who entered what when."""
    return f"/indicators/grid?year={month.year}&series={code}&month={month.month}#origin"


def entered_month(series: Series, period: date) -> Month | None:
    """Return what was reported of a month, else estimated."""
    months = series.months_of(FigureVersion.ACTUAL, FigureVersion.ESTIMATE)
    return next((month for month in months if month.period == period), None)


def _said(line: IndicatorLine) -> dict[str, str]:
    return {"name": _titled(line.name, line.unit)} | {
        name: number(value) + (" %" if is_percent and value is not None else "")
        for name, value, is_percent in line.figures
    }


def _titled(name: str, unit: str) -> str:
    return f"{name} ({translate(unit, DEFAULT_LANGUAGE)})"
