"""Charts as texts and plain geometry: what a template needs to draw bars and lines without a script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel.dates import format_date

from geodata.base.i18n import N_
from geodata.inspections.campaigns import Progress
from geodata.query.references import LooseEnd, Whole
from geodata.schema.feature import Feature
from geodata.statistics.dashboard import UNKNOWN, Bar, ChartFigures, conditions_of
from geodata.statistics.indicators import FIGURES, PERCENT, FigureVersion, Month, Series, latest
from webmap.app.i18n import format_number, format_value, format_word, translate
from webmap.app.links import map_address

WIDTH, HEIGHT = 420, 170
LEFT, RIGHT, TOP, BOTTOM = 8, 8, 26, 30

WITHIN = N_("Within {days} days")
LOOSE_END = N_("The line as drawn ends {gap} m away from it: check the drawing or the code.")
BROKEN = N_("{count} parts in {pieces} pieces that do not join: one is missing, or names another end.")
NO_SUCH_CODE = N_("No object of this code is stored.")
NO_FIGURE = N_("No figure")


@dataclass(frozen=True, kw_only=True)
class LooseEndView:
    """A line whose end is not where it says, and what is wrong; `address` opens the map on it."""

    name: str
    address: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class BarView:
    """One bar: `share` of the longest in percent; `address` opens the map, empty where the map cannot show it."""

    label: str
    count: str
    share: float
    percent: str
    fill: str
    address: str
    sums: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ChartView:
    """A chart of bars and its table. `columns`: the labels of the sums, with units. `only`: what is counted at all, or ""."""

    title: str
    heading: str
    total: str
    as_of: str
    bars: tuple[BarView, ...]
    columns: tuple[str, ...]
    only: str


@dataclass(frozen=True, kw_only=True)
class CampaignView:
    """How far a campaign is, as parts of its planned targets in percent. `address`: its page, for those who may."""

    number: str
    title: str
    address: str
    period: str
    planned: str
    done: str
    left: str
    overdue: str
    done_share: float
    percent: str
    is_late: bool
    has_overdue: bool
    is_illustration: bool


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A point of a line in the drawing's own units, with the text it stands for."""

    x: float
    y: float
    month: str
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, kw_only=True)
class LineView:
    """One line of a chart: the points and the path through them."""

    label: str
    version: str
    dots: tuple[Dot, ...]

    @property
    def path(self) -> str:
        """Return the path as SVG writes it."""
        return "M" + " L".join(f"{dot.x:g} {dot.y:g}" for dot in self.dots)


@dataclass(frozen=True, kw_only=True)
class SeriesView:
    """An indicator on the dashboard: its newest figures, its lines, how many figures do not fit."""

    code: str
    name: str
    unit: str
    month: str
    figures: tuple[tuple[str, str], ...]
    lines: tuple[LineView, ...]
    drawn: str
    source: str
    unclear: int


def describe_chart(kind: type[Feature], figures: ChartFigures, language: str) -> ChartView:
    """Return a chart in words."""
    chart = figures.chart
    missing = figures.total - sum(bar.count for bar in figures.bars) if chart.spans else 0
    longest = max(missing, *(bar.count for bar in figures.bars), 0)
    bars = [_bar(kind, figures, bar, longest, language) for bar in figures.bars]
    if missing > 0:
        label = translate(NO_FIGURE, language)
        bars.append(
            BarView(
                label=label, count=format_number(missing, language), share=100 * missing / longest,
                percent=_percent(missing, figures.total, language), fill="none", address="",
                sums=("",) * len(chart.sums),
            )
        )  # fmt: skip
    field = kind.field(chart.field)
    return ChartView(
        title=translate(chart.title, language),
        heading=translate(field.label, language) if field else "",
        total=format_number(figures.total, language),
        as_of=format_value(figures.as_of, language),
        bars=tuple(bars),
        columns=tuple(_heading(kind, name, language) for name in chart.sums),
        only=" · ".join(
            condition.say(lambda text: translate(text, language), lambda value: format_word(value, language))
            for condition in conditions_of(kind, chart.only)
        ),
    )


def describe_campaign(progress: Progress, address: str, language: str) -> CampaignView:
    """Return a campaign's progress in words."""
    campaign = progress.campaign
    days = [format_value(day, language) for day in (campaign.starts_on, campaign.ends_on)]
    return CampaignView(
        number=campaign.number,
        title=campaign.title,
        address=address,
        period="–".join(days) if all(days) else "".join(days),
        planned=format_number(progress.planned, language),
        done=format_number(progress.done, language),
        left=format_number(progress.left, language),
        overdue=format_number(progress.overdue_remedies, language),
        done_share=100 * progress.done / progress.planned if progress.planned else 0.0,
        percent=_percent(progress.done, progress.planned, language),
        is_late=progress.overdue > 0,
        has_overdue=progress.overdue_remedies > 0,
        is_illustration=campaign.is_illustration,
    )


def describe_loose_end(end: LooseEnd, language: str) -> LooseEndView:
    """Return a line's end that meets nothing, in words."""
    field = end.kind.field(end.field)
    label = translate(field.label, language) if field else end.field
    return LooseEndView(
        name=end.name,
        address=map_address(end.kind.layer.name, selected=end.id),
        sentence=f"{label} {end.code} – {end_sentence(end.gap_m, language)}",
    )


def describe_broken(whole: Whole, language: str) -> LooseEndView:
    """Return a whole whose parts do not all join, in words."""
    sentence = translate(BROKEN, language).format(count=len(whole.rows), pieces=whole.pieces)
    first = whole.rows[0]["id"]
    return LooseEndView(name=whole.name, address=map_address(whole.kind.layer.name, selected=first), sentence=sentence)


def end_sentence(gap_m: float | None, language: str) -> str:
    """Return what is wrong with a reference: nothing of that code, or a line that ends `gap_m` metres off."""
    if gap_m is None:
        return translate(NO_SUCH_CODE, language)
    return translate(LOOSE_END, language).format(gap=format_number(round(gap_m), language))


def describe_series(series: Series, unclear: int, language: str) -> SeriesView:
    """Return an indicator in words."""
    newest = latest(series.months_of(FigureVersion.ACTUAL)) or latest(series.months)
    return SeriesView(
        code=series.code,
        name=series_name(series, language),
        unit=translate(series.unit, language),
        month=month_text(newest.period, language) if newest else "",
        figures=tuple(figures_of(newest, series, language)) if newest else (),
        lines=tuple(describe_lines(series, language)),
        drawn=translate(FIGURES[measure_of(series)], language),
        source=(newest.source or "") if newest else "",
        unclear=unclear,
    )


def series_name(series: Series, language: str) -> str:
    """Return the name in the language, as far as there is one."""
    return series.name_en if language == "en" and series.name_en else series.name


def figures_of(month: Month, series: Series, language: str) -> list[tuple[str, str]]:
    """Return (label, text with unit) of the figures that are given."""
    unit = translate(series.unit, language)
    return [
        (translate(label, language), figure_text(name, getattr(month, name), unit, language))
        for name, label in FIGURES.items()
        if getattr(month, name) is not None
    ]


def figure_text(name: str, value: Decimal, unit: str, language: str) -> str:
    """Return a figure as it is written: changes with their sign and %, values with the unit."""
    text = format_number(value.normalize() if value else value, language).replace("-", "−")
    if name not in PERCENT:
        return f"{text} {unit}"
    return f"{'+' if value > 0 else ''}{text} %"


def describe_lines(series: Series, language: str) -> list[LineView]:
    """Return the series as lines over time: what was, and what was planned; none with fewer than two points."""
    measure = measure_of(series)
    versions: dict[FigureVersion, list[tuple[date, Decimal]]] = {}
    for month in series.months:
        value = getattr(month, measure)
        if value is not None:
            versions.setdefault(month.version, []).append((month.period, value))
    points = [point for line in versions.values() for point in line]
    days = [day for day, _ in points]
    if len(set(days)) < 2:
        return []
    lines = []
    for version, values in versions.items():
        dots = _dots(values, (min(days), max(days)), [value for _, value in points], language)
        lines.append(LineView(label=translate(version.label, language), version=version.value, dots=dots))
    return lines


def measure_of(series: Series) -> str:
    """Return the figure that is drawn over time: values, or for an index its change on last year."""
    given = {name for month in series.months for name, value in vars(month).items() if value is not None}
    if not series.is_index and "value" in given:
        return "value"
    return "year_change_percent" if "year_change_percent" in given else "cumulative_change_percent"


def month_text(period: date, language: str) -> str:
    """Return 02/2020, or Feb 2020."""
    return format_date(period, "MM/yyyy" if language == "vi" else "MMM yyyy", locale=language)


def _bar(kind: type[Feature], figures: ChartFigures, bar: Bar, longest: int, language: str) -> BarView:
    return BarView(
        label=_label(kind, figures, bar.value, language),
        count=format_number(bar.count, language),
        share=100 * bar.count / longest if longest else 0,
        percent=_percent(bar.count, figures.total, language),
        fill=_fill(kind, figures.chart.field, bar.value),
        address=map_address(kind.layer.name, bar.filters) if bar.count else "",
        sums=tuple("" if value is None else format_number(value, language) for value in bar.sums),
    )


def _percent(part: int, total: int, language: str) -> str:
    return f"{format_number(round(Decimal(100 * part) / total, 1) if total else 0, language)} %"


def _label(kind: type[Feature], figures: ChartFigures, value: str, language: str) -> str:
    chart, field = figures.chart, kind.field(figures.chart.field)
    if chart.days:
        return translate(WITHIN, language).format(days=value)
    if chart.spans:
        unit = f" {field.unit}" if field and field.unit else ""
        low, _, high = value.partition("..")
        low, high = (format_number(Decimal(end), language) if end else "" for end in (low, high))
        if low and high:
            return f"{low}–{high}{unit}"
        return f"≥ {low}{unit}" if low else f"≤ {high}{unit}" if high != "0" else f"{high}{unit}"
    labels = field.values.labels() if field and field.values else getattr(field and field.filter, "labels", None) or {}
    return translate(labels.get(value, N_("Unknown") if value == UNKNOWN else value), language)


def _fill(kind: type[Feature], name: str, value: str) -> str:
    """Return the colour of the map's legend for a value, so that both agree; empty for the page's own."""
    for variation in kind.layer.style.by:
        if variation.field == name:
            known = {str(case): symbol for case, symbol in variation.cases.items()}
            return known.get(value, variation.unknown).fill or ""
    return ""


def _heading(kind: type[Feature], name: str, language: str) -> str:
    field = kind.field(name)
    if field is None:
        return name
    label = translate(field.label, language)
    return f"{label} ({translate(field.unit, language)})" if field.unit else label


def _dots(
    values: Sequence[tuple[date, Decimal]], span: tuple[date, date], scale: Sequence[Decimal], language: str
) -> tuple[Dot, ...]:
    first, last = span
    days = (last - first).days or 1
    low, high = min(scale), max(scale)
    height = float(high - low) or 1.0
    dots = []
    for day, value in values:
        place = (day - first).days / days
        dots.append(
            Dot(
                x=round(LEFT + place * (WIDTH - LEFT - RIGHT), 1),
                y=round(TOP + float(high - value) / height * (HEIGHT - TOP - BOTTOM), 1),
                month=month_text(day, language),
                text=format_number(value, language),
                anchor="start" if place < 0.1 else "end" if place > 0.9 else "middle",
            )
        )
    return tuple(dots)
