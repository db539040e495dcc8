"""A year of an indicator as one drawing for papers: the months beside last year's, and the year so far with what it is to reach."""

from collections.abc import Iterator
from itertools import chain

from geodata.base.i18n import N_
from geodata.export.figures import Bar, Figure, Line, Mark, Part, Words, text_width
from geodata.statistics.goals import goals_of, months_of_year
from geodata.statistics.indicators import FIGURES, Series
from webmap.app.i18n import format_number, translate
from webmap.statistics.year_chart import (
    HEIGHT,
    LAST_YEAR,
    THIS_YEAR,
    YearChart,
    drawn_figures,
    month_bars,
    reported_numbers,
    said_levels,
    so_far_lines,
)

#: Units of the drawing: each of the two charts, what lies between them, their titles, and the key below.
_CHART, _BETWEEN, _TITLE, _KEY = 330, 20, 22, 44
WIDTH = 2 * _CHART + _BETWEEN
#: One month alone is a number, no chart.
_FEWEST_MONTHS = 2
_TONES = {"now": "plan", "then": "axis"}


def chart_of(series: Series, year: int, month: int, language: str) -> Figure | None:
    """Return a year up to a month, as far as it is known; None where nothing of it is known, or of both years one month."""
    by_month, so_far = drawn_figures(series)
    years = {
        when: {number: one for number, one in months_of_year(series, year - shift).items() if number <= last}
        for when, shift, last in (("now", 0, month), ("then", 1, 12))
    }
    now, then = (reported_numbers(series, years[when], by_month) for when in ("now", "then"))
    sum_now, sum_then = (reported_numbers(series, years[when], so_far) for when in ("now", "then"))
    known = max(len({*now, *then}), len({*sum_now, *sum_then}))
    if known < _FEWEST_MONTHS or not (now or sum_now):
        return None
    texts = {month: format_number(round(now[month], 1), language)} if month in now else {}
    levels = said_levels(series, goals_of(series, year, month), language)
    charts = (
        (by_month, month_bars(now, then, texts, width=_CHART)),
        (so_far, so_far_lines(sum_now, sum_then, levels, width=_CHART)),
    )
    parts: list[Part] = []
    for place, (figure, chart) in enumerate(charts):
        parts += _moved(chart, translate(FIGURES[figure], language), place * (_CHART + _BETWEEN))
    unit = translate(series.unit, language)
    told = {number: format_number(round(value, 1), language) for number, value in sum_now.items()}
    return Figure(
        width=WIDTH, height=_TITLE + HEIGHT + _KEY, title=f"{series.name} ({unit})", parts=[*parts, *_key(year, language)],
        description="; ".join(f"{number}/{year}: {text}" for number, text in sorted(told.items())),
    )  # fmt: skip


def _moved(chart: YearChart, title: str, left: float) -> Iterator[Part]:
    """Return the parts of a chart at its place, beneath its title."""
    top = float(_TITLE)
    yield Words(x=left + 4, y=15, text=title, size=13)
    for level in chart.levels:
        y = level.y + top
        yield Line(points=[(left, y), (left + chart.width, y)], tone="forecast", is_dashed=True)
        yield Words(x=left + 4, y=y - 4, text=level.text, tone="forecast", size=11)
    for bar in chart.bars:
        tone, is_hollow = _TONES[bar.kind], bar.kind == "then"
        yield Bar(x=left + bar.x, y=top + bar.y, width=bar.width, height=bar.height, tone=tone, is_hollow=is_hollow)
        if bar.text:
            yield Words(x=left + bar.x + bar.width / 2, y=top + bar.text_y, text=bar.text, anchor="middle", size=11)
    for line in chart.lines:
        points = [(left + x, top + y) for x, y in line.points]
        yield Line(points=points, tone=_TONES[line.kind], width=2, is_dashed=line.kind == "then")
        yield from (Mark(x=x, y=y, tone=_TONES[line.kind], is_hollow=line.kind == "then", size=4) for x, y in points)
    yield Line(points=[(left, top + chart.zero), (left + chart.width, top + chart.zero)], tone="axis")
    for x, month in chart.ticks:
        yield Words(x=left + x, y=top + HEIGHT - 6, text=str(month), anchor="middle", tone="axis", size=11)


def _key(year: int, language: str) -> list[Part]:
    y, x = _TITLE + HEIGHT + 8.0, 4.0
    parts: list[list[Part]] = []
    for kind, label, shown in (("now", THIS_YEAR, year), ("then", LAST_YEAR, year - 1)):
        text = f"{translate(label, language)} ({shown})"
        box = Bar(x=x, y=y, width=18, height=10, tone=_TONES[kind], is_hollow=kind == "then")
        parts.append([box, Words(x=x + 24, y=y + 10, text=text)])
        x += 24 + text_width(text, 12) + 24
    text = translate(N_("Broken line: what the year is to reach, or last year's course"), language)
    return [*chain.from_iterable(parts), Words(x=4, y=y + 30, text=text, tone="axis")]
