"""A year of an indicator as plain geometry: months beside those of last year, the year so far, and what is to be reached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from geodata.base.i18n import N_
from geodata.statistics.figure_checks import compute_figures
from geodata.statistics.goals import Goal
from geodata.statistics.indicators import Month, Series
from webmap.app.i18n import format_number, translate

HEIGHT = 260
_TOP, _BOTTOM, _SIDE = 24, 24, 4
#: What a line of text needs, and a letter of it.
_LINE, _LETTER = 13, 6.5
THIS_YEAR, LAST_YEAR = N_("This year"), N_("Last year")
Numbers = Mapping[int, Decimal]


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A month of a year. `kind`: now or then."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    text: str
    text_y: float


@dataclass(frozen=True, kw_only=True)
class Line:
    """Months of a year joined. `kind`: now or then."""

    kind: str
    points: tuple[tuple[float, float], ...]

    @property
    def path(self) -> str:
        """Return the path as SVG writes it."""
        return "M" + " L".join(f"{x:g} {y:g}" for x, y in self.points)


@dataclass(frozen=True, kw_only=True)
class Level:
    """What is to be reached, across the year. `kind`: target or scenario."""

    y: float
    text: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class YearChart:
    """One drawing of a width; `ticks` are (x, number of the month)."""

    width: int
    zero: float
    ticks: tuple[tuple[float, int], ...]
    bars: tuple[Bar, ...] = ()
    lines: tuple[Line, ...] = ()
    levels: tuple[Level, ...] = field(default_factory=tuple)


class _Scale:
    def __init__(self, width: int, values: Sequence[Decimal]) -> None:
        self.width = width
        self.slot = (width - 2 * _SIDE) / 12
        self.high, self.low = max([*values, Decimal(0)]), min([*values, Decimal(0)])

    def x(self, month: int) -> float:
        return round(_SIDE + (month - 0.5) * self.slot, 1)

    def y(self, value: Decimal) -> float:
        span = float(self.high - self.low) or 1.0
        return round(_TOP + float(self.high - value) / span * (HEIGHT - _TOP - _BOTTOM), 1)

    @property
    def ticks(self) -> tuple[tuple[float, int], ...]:
        return tuple((self.x(month), month) for month in range(1, 13))


def drawn_figures(series: Series) -> tuple[str, str]:
    """Return which figures of a series are drawn: that of each month, and the year so far."""
    return ("year_change_percent", "cumulative_change_percent") if series.is_index else ("value", "cumulative")


def reported_numbers(series: Series, months: Mapping[int, Month], figure: str) -> dict[int, Decimal]:
    """Return a figure of the months: as stated, else as computed."""
    found = {}
    for number, month in months.items():
        value = getattr(month, figure)
        if value is None and (follows := compute_figures(month, series.months).get(figure)) is not None:
            value = follows.value
        if value is not None:
            found[number] = value
    return found


def said_levels(series: Series, goals: Sequence[Goal], language: str) -> list[tuple[Goal, Decimal, str]]:
    """Return what a year is to reach as levels with their texts, the topmost first: a text stands over its line."""
    levels = []
    for goal in goals:
        value = goal.growth_percent if series.is_index else goal.total
        if value is not None:
            name = goal.scenario or translate(goal.version.label, language)
            levels.append((goal, value, f"{name}: {format_number(round(value, 1), language)}"))
    return sorted(levels, key=lambda level: level[1], reverse=True)


def month_bars(now: Numbers, then: Numbers, texts: Mapping[int, str], *, width: int) -> YearChart:
    """Draw each month beside the same one of last year. `texts`: what is written over this year's bars."""
    scale = _Scale(width, [*now.values(), *then.values()])
    thick = round(scale.slot * 0.38, 1)
    bars = []
    for kind, values, shift in (("then", then, -thick), ("now", now, 0.0)):
        for month, value in values.items():
            top, bottom = sorted((scale.y(value), scale.y(Decimal(0))))
            text_y = top - 5 if value >= 0 else bottom + 12
            bars.append(
                Bar(
                    x=round(scale.x(month) + shift, 1), y=top, width=thick, height=round(bottom - top, 1), kind=kind,
                    text=texts.get(month, "") if kind == "now" else "", text_y=round(text_y, 1),
                )
            )  # fmt: skip
    return YearChart(width=width, zero=scale.y(Decimal(0)), ticks=scale.ticks, bars=tuple(bars))


def so_far_lines(now: Numbers, then: Numbers, levels: Sequence[tuple[Goal, Decimal, str]], *, width: int) -> YearChart:
    """Draw the year so far and that of last year, and the goals as levels with their texts."""
    scale = _Scale(width, [*now.values(), *then.values(), *(value for _, value, _ in levels)])
    lines = [
        Line(kind=kind, points=tuple((scale.x(month), scale.y(value)) for month, value in sorted(values.items())))
        for kind, values in (("then", then), ("now", now))
        if values
    ]
    drawn = tuple(Level(y=scale.y(value), text=text, kind=goal.version.value) for goal, value, text in levels)
    return YearChart(
        width=width, zero=scale.y(Decimal(0)), ticks=scale.ticks, lines=tuple(lines), levels=_apart(drawn, width)
    )


def _apart(levels: tuple[Level, ...], width: int) -> tuple[Level, ...]:
    """Keep the texts of levels that nearly meet from lying over each other: one line says them all, as far as it holds them."""
    kept: list[Level] = []
    for level in levels:
        near = [place for place, other in enumerate(kept) if other.text and abs(level.y - other.y) < _LINE]
        kept.append(replace(level, text="" if near else level.text))
        if near:
            joined = f"{kept[near[-1]].text} · {level.text}"
            if len(joined) * _LETTER <= width:
                kept[near[-1]] = replace(kept[near[-1]], text=joined)
    return tuple(kept)
