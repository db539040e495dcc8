"""A year of an indicator: drawn, as a table with what is computed beside what is stated, and what is to be reached."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from geodata.base.errors import GeodataError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.statistics.figure_changes import LONGEST_NAME, LONGEST_SOURCE, Cell, Origin, store_cells
from geodata.statistics.figure_checks import compute_figures
from geodata.statistics.goals import Goal, Standing, goals_of, months_of_year, standing_of
from geodata.statistics.indicators import FIGURES, PERCENT, FigureVersion, MonthKey, Series, list_series
from webmap.app.auth import current_reader, current_role, current_user
from webmap.app.extensions import database, db_session
from webmap.app.i18n import current_language, format_number, translate, translate_error
from webmap.map.charts import figure_text, series_name
from webmap.statistics.grid import EDITORS, READERS, WRITERS, asked_year, known_years
from webmap.statistics.numbers import read_number, write_number
from webmap.statistics.year_chart import (
    HEIGHT,
    drawn_figures,
    month_bars,
    reported_numbers,
    said_levels,
    so_far_lines,
)

blueprint = Blueprint("figure_charts", __name__, url_prefix="/indicators/charts")

#: Drawn for desks and for phones, in pixels of either.
WIDTHS = {"wide": 720, "narrow": 340}


@dataclass(frozen=True, kw_only=True)
class CellView:
    """A figure of a month as it is stated, what is computed beside it, and whether both differ beyond rounding."""

    text: str
    computed: str
    differs: bool


@dataclass(frozen=True, kw_only=True)
class GoalView:
    """A goal in words."""

    name: str
    kind: str
    total: str
    growth: str
    share: str
    needed: str
    needed_growth: str
    is_rough: bool
    is_reached: bool
    source: str


@blueprint.get("")
@READERS
def index() -> str:
    """Show a year of a series."""
    return _page()


@blueprint.post("")
@WRITERS
def set_goal() -> ResponseReturnValue:
    """Store what a year is to reach: the plan, or a growth scenario."""
    series, year = _asked(request.form.get("series"))
    try:
        cells = _goal_cells(series, year)
        source = request.form.get("source", "").replace("\x00", "").strip()[:LONGEST_SOURCE]
        store_cells(db_session(), cells, Origin(by=current_user().name, source=source))
    except GeodataError as error:
        db_session().rollback()
        return _page(problem=translate_error(error)), 400
    db_session().commit()
    return redirect(url_for("figure_charts.index", series=series.code, year=year) + "#goals")


def _goal_cells(series: Series, year: int) -> list[Cell]:
    name = " ".join(request.form.get("scenario", "").replace("|", " ").replace("\x00", "").split())[:LONGEST_NAME]
    version = FigureVersion.SCENARIO if name else FigureVersion.TARGET
    key = MonthKey(date(year, 12, 1), version, name)
    total, growth = read_number(request.form.get("total", "")), read_number(request.form.get("growth", ""))
    if total is not None and series.is_index:
        raise InvalidValueError(N_("Of an index only changes are published; it has no value."))
    stored = next((month for month in series.months if month.key == key), None)
    if total is None and growth is None and stored is None:
        raise InvalidValueError(N_("Give a total or a growth."))
    values = {"cumulative": total, "cumulative_change_percent": growth}
    return [
        Cell(
            code=series.code, month=key, figure=figure, value=value, before=getattr(stored, figure) if stored else None
        )
        for figure, value in values.items()
    ]


def _asked(code: str | None) -> tuple[Series, int]:
    """Return the series and the year asked for. Raises NotFoundError."""
    with database().reading(current_reader()) as connection:
        series = list_series(connection)
    found = next((one for one in series if one.code == code), None) if code else (series[0] if series else None)
    if found is None:
        raise NotFoundError(value=(code or "")[:40])
    return found, asked_year([found], request.values.get("year", ""))


def _page(problem: str = "") -> str:
    with database().reading(current_reader()) as connection:
        every = list_series(connection)
    if not every:
        return render_template("statistics/indicators/charts.html", series=None, may_write=current_role() in EDITORS)
    series, year = _asked(request.values.get("series"))
    language = current_language()
    standing, goals = standing_of(series, year), goals_of(series, year)
    unit = translate(series.unit, language)
    return render_template(
        "statistics/indicators/charts.html",
        all_series=[(one.code, series_name(one, language)) for one in every], series=series,
        name=series_name(series, language), unit=unit, year=year, years=known_years([series], year),
        drawings=_drawings(series, year, goals), height=HEIGHT, rows=_rows(series, year, unit), figures=_figures(series),
        goals=[_goal_view(goal, unit) for goal in goals], standing=_said_standing(standing, unit), months_left=standing.months_left,
        form=request.form, problem=problem, may_write=current_role() in EDITORS,
    )  # fmt: skip


def _figures(series: Series) -> dict[str, str]:
    return {name: translate(label) for name, label in FIGURES.items() if not series.is_index or name in PERCENT}


def _drawings(series: Series, year: int, goals: list[Goal]) -> list[dict[str, object]]:
    """Return the two drawings, each in both widths, with titles."""
    by_month, so_far = drawn_figures(series)
    months = {when: months_of_year(series, year - shift) for shift, when in enumerate(("now", "then"))}
    now, then = (reported_numbers(series, months[when], by_month) for when in ("now", "then"))
    texts = {month: format_number(round(value, 1), current_language()) for month, value in now.items()}
    sum_now, sum_then = (reported_numbers(series, months[when], so_far) for when in ("now", "then"))
    levels = said_levels(series, goals, current_language())
    return [
        {
            "title": translate(FIGURES[by_month]), "is_empty": not (now or then), "has_then": bool(then), "has_levels": False,
            "charts": {
                name: month_bars(now, then, texts if name == "wide" else {}, width=width) for name, width in WIDTHS.items()
            },
        },
        {
            "title": translate(FIGURES[so_far]), "is_empty": not (sum_now or sum_then or levels), "has_then": bool(sum_then),
            "has_levels": bool(levels),
            "charts": {name: so_far_lines(sum_now, sum_then, levels, width=width) for name, width in WIDTHS.items()},
        },
    ]  # fmt: skip


def _rows(series: Series, year: int, unit: str) -> list[tuple[int, list[CellView]]]:
    """Return the months of a year that have figures, with each figure stated and computed."""
    language, rows = current_language(), []
    for number, month in sorted(months_of_year(series, year).items()):
        follows = compute_figures(month, series.months)
        cells = []
        for name in _figures(series):
            value, computed = getattr(month, name), follows.get(name)
            cells.append(
                CellView(
                    text="–" if value is None else figure_text(name, value, unit, language),
                    computed=figure_text(name, round(computed.value, 2), unit, language) if computed else "",
                    differs=computed is not None and computed.differs,
                )
            )
        rows.append((number, cells))
    return rows


def _goal_view(goal: Goal, unit: str) -> GoalView:
    return GoalView(
        name=goal.scenario, kind=translate(goal.version.label), total=_text(goal.total, unit), growth=_percent(goal.growth_percent),
        share=_percent(goal.share_percent, sign=False), needed=_text(goal.needed_a_month, unit), is_rough=goal.is_rough,
        needed_growth=_percent(goal.needed_growth_percent), is_reached=goal.is_reached, source=goal.source,
    )  # fmt: skip


def _said_standing(standing: Standing, unit: str) -> list[tuple[str, str]]:
    """Return what is known of the year, label and text."""
    mean = standing.cumulative / standing.month if standing.cumulative is not None and standing.month else None
    told = [
        (N_("Months reported"), str(standing.month) if standing.month else ""),
        (N_("Year so far"), _text(standing.cumulative, unit)), (N_("Mean of a month so far"), _text(mean, unit)),
        (N_("Year so far against last year"), _percent(standing.growth_percent)),
        (N_("Same months of last year"), _text(standing.last_year, unit)), (N_("Last year in all"), _text(standing.last_year_total, unit)),
    ]  # fmt: skip
    return [(translate(label), text) for label, text in told if text not in {"", "–"}]


def _text(value: Decimal | None, unit: str) -> str:
    return "–" if value is None else f"{write_number(round(value, 0), minus='−')} {unit}"


def _percent(value: Decimal | None, *, sign: bool = True) -> str:
    if value is None:
        return "–"
    rounded = round(value, 2)
    return f"{'+' if sign and rounded > 0 else ''}{write_number(rounded, minus='−')} %"
