"""The schedule as pictures: the S-curve of one project, the Gantt of its milestones or of the whole portfolio."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from geodata.base.i18n import N_
from geodata.base.message import Translate, Write
from geodata.export.figures import Bar, Figure, Line, Mark, Part, Words, moved, text_width
from geodata.projects.records import Milestone, ProjectRecord
from geodata.projects.schedule import (
    delay_of,
    expected_on,
    forecast_curve,
    lateness,
    planned_curve,
    planned_percent,
    progress_of,
)

_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 16, 32, 26
#: What a letter of a name, a year and a quarter on the axis need (px).
_LETTER, _YEAR, _QUARTER = 7.1, 36, 52
_MOST_YEARS_BY_QUARTER = 3


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a picture is drawn (px): the curve's height, a row's, and what names take. Letters are 12 px in all."""

    width: int
    height: int
    row: int
    names: int


#: Pages; papers, on which 680 px are 16,5 cm, so that letters have the size of notes; half of a paper's width.
SCREEN = Size(width=960, height=330, row=34, names=300)
SHEET = Size(width=680, height=300, row=28, names=270)
HALF = Size(width=332, height=140, row=19, names=136)
_BETWEEN = SHEET.width - 2 * HALF.width


@dataclass(frozen=True, kw_only=True)
class Language:
    """How the picture's words and values are written."""

    say: Translate
    write: Write


@dataclass(frozen=True, kw_only=True)
class Axis:
    """Time from left to right: `begins` stands at `left`, `ends` at `right` (px)."""

    begins: date
    ends: date
    left: float
    right: float

    def x(self, day: date) -> float:
        """Return where a day stands."""
        whole = max((self.ends - self.begins).days, 1)
        return self.left + (self.right - self.left) * (day - self.begins).days / whole

    def ticks(self) -> list[tuple[date, str]]:
        """Return the days that are marked, with what is written there: years, and quarters of a short time."""
        years, room = self.ends.year - self.begins.year, self.right - self.left
        is_short = years < _MOST_YEARS_BY_QUARTER and 4 * (years + 1) * _QUARTER <= room
        months = (1, 4, 7, 10) if is_short else (1,)
        step = 1 + int(years * _YEAR // room)
        days = [date(year, month, 1) for year in range(self.begins.year, self.ends.year + 1, step) for month in months]
        return [
            (day, f"{day.month:02d}/{day.year}" if len(months) > 1 else str(day.year))
            for day in days
            if self.begins <= day <= self.ends
        ]


def s_curve(project: ProjectRecord, on: date, language: Language, size: Size = SCREEN) -> Figure | None:
    """Return what was planned, reported and is forecast over time, in % of the work; None without milestones."""
    planned, forecast = planned_curve(project), forecast_curve(project, on)
    if not planned:
        return None
    reports = [(report.reported_on, report.percent) for report in project.reports]
    begins = min(day for day, _ in [*planned, *reports])
    begins = date(begins.year, 1, 1)
    axis = _axis([begins, on, *(day for day, _ in [*planned, *forecast, *reports])], _LEFT, size.width - _RIGHT)
    height = size.height - _TOP - _BOTTOM

    def place(points: Sequence[tuple[date, Decimal]]) -> list[tuple[float, float]]:
        return [(axis.x(day), _TOP + height * (1 - float(percent) / 100)) for day, percent in points]

    parts = _ruled(axis, _TOP, _TOP + height)
    for percent in range(0, 101, 25):
        y = _TOP + height * (1 - percent / 100)
        parts.append(Line(points=[(_LEFT, y), (size.width - _RIGHT, y)], tone="grid"))
        parts.append(Words(x=_LEFT - 6, y=y + 4, text=f"{percent} %", anchor="end", tone="axis"))
    start = [(begins, Decimal(0))]
    reached = [point for point in forecast if point[0] <= on]
    known = reports[-1:] or reached[-1:] or start
    still = [(day, max(percent, known[0][1])) for day, percent in forecast if day > on]
    parts += [
        Line(points=place(start + planned), tone="plan", width=2),
        *([Line(points=place(known + still), tone="forecast", width=2, is_dashed=True)] if still else []),
        Line(points=place(start + reports), tone="actual", width=3),
        *(Mark(x=x, y=y, tone="actual", size=5) for x, y in place(reports)),
        *_today(axis, on, _TOP, _TOP + height, language),
        *_legend(language, size),
    ]
    return Figure(
        width=size.width, height=size.height, title=language.say(N_("S-curve of the work")),
        description=_told(project, on, language), parts=parts,
    )  # fmt: skip


def _told(project: ProjectRecord, on: date, language: Language) -> str:
    wanted, report = planned_percent(project, on), progress_of(project)
    if report is None:
        template = N_("By {day} the plan wants {planned} %; no progress is reported.")
        return language.say(template).format(day=language.write(on), planned=language.write(_round(wanted)))
    template = N_("By {day} the plan wants {planned} %; {percent} % are reported on {reported} by {who}.")
    return language.say(template).format(
        day=language.write(on), planned=language.write(_round(wanted)), percent=language.write(report.percent.normalize() + 0),
        reported=language.write(report.reported_on), who=report.reported_by,
    )  # fmt: skip


def _round(percent: Decimal | None) -> Decimal:
    return Decimal(round(percent or 0))


def _legend(language: Language, size: Size) -> list[Part]:
    parts: list[Part] = []
    x = float(_LEFT if size is SCREEN else 0)
    for tone, text, is_dashed in (
        ("plan", N_("Planned work"), False), ("actual", N_("Reported work"), False), ("forecast", N_("Forecast of the work"), True),
    ):  # fmt: skip
        said = language.say(text)
        parts.append(Line(points=[(x, 12), (x + 20, 12)], tone=tone, width=3, is_dashed=is_dashed))
        parts.append(Words(x=x + 24, y=16, text=said))
        x += 190 if size is SCREEN else 32 + text_width(said, 12)
    return parts


def milestone_gantt(project: ProjectRecord, on: date, language: Language, size: Size = SCREEN) -> Figure | None:
    """Return the milestones under one another: planned hollow, reached or expected filled, what lies between as a line."""
    planned = [one for one in project.milestones if one.planned_on]
    if not planned:
        return None

    def row(milestone: Milestone, axis: Axis, y: float) -> list[Part]:
        is_open = milestone.done_on is None
        tone = "late" if is_open and lateness(milestone, on) > 0 else "forecast" if is_open else "actual"
        first, last = milestone.planned_on or on, milestone.done_on or expected_on(milestone, on)
        last = max(first, last) if is_open else last
        return [
            Line(points=[(axis.x(first), y), (axis.x(last), y)], tone=tone, width=4),
            Mark(x=axis.x(last), y=y, tone=tone, is_hollow=is_open),
            Mark(x=axis.x(first), y=y, tone="plan", is_hollow=True, size=8),
        ]

    days = [day for one in planned for day in (one.planned_on, one.done_on or expected_on(one, on)) if day]
    return _gantt([(one.name, partial(row, one)) for one in planned], days, on, language, size)


def schedule_picture(project: ProjectRecord, on: date, language: Language) -> Figure | None:
    """Return curve and time plan beside each other, for a sheet of one page; None without milestones."""
    curve, gantt = s_curve(project, on, language, HALF), milestone_gantt(project, on, language, HALF)
    if curve is None or gantt is None:
        return curve or gantt
    return Figure(
        width=SHEET.width, height=max(curve.height, gantt.height), title=f"{curve.title}; {gantt.title}",
        description=curve.description, parts=[*curve.parts, *(moved(part, HALF.width + _BETWEEN) for part in gantt.parts)],
    )  # fmt: skip


def portfolio_gantt(
    projects: Sequence[ProjectRecord], on: date, language: Language, size: Size = SCREEN
) -> Figure | None:
    """Return the projects under one another: the plan as an outline, what is expected filled as far as is reported."""

    def row(project: ProjectRecord, axis: Axis, y: float) -> list[Part]:
        first, last, expected = _span(project, on)
        tone = "late" if delay_of(project, on).is_behind else "actual"
        report = progress_of(project)
        share = float(report.percent) / 100 if report else 0.0
        whole = axis.x(expected) - axis.x(first)
        return [
            Bar(x=axis.x(first), y=y - 9, width=axis.x(last) - axis.x(first), height=18, tone="plan", is_hollow=True),
            Line(points=[(axis.x(first), y), (axis.x(expected), y)], tone=tone, width=2),
            Bar(x=axis.x(first), y=y - 4, width=whole * share, height=8, tone=tone),
            Mark(x=axis.x(expected), y=y, tone=tone),
        ]

    shown = [one for one in projects if any(milestone.planned_on for milestone in one.milestones)]
    if not shown:
        return None
    days = [day for one in shown for day in _span(one, on)]
    return _gantt([(one.name, partial(row, one)) for one in shown], days, on, language, size)


def _span(project: ProjectRecord, on: date) -> tuple[date, date, date]:
    """Return the first and last planned day, and the day on which the last milestone was or will be reached."""
    planned = [one for one in project.milestones if one.planned_on]
    days = sorted(one.planned_on for one in planned if one.planned_on)
    return days[0], days[-1], max(one.done_on or max(expected_on(one, on), one.planned_on or on) for one in planned)


def _gantt(
    rows: Sequence[tuple[str, Callable[[Axis, float], list[Part]]]],
    days: Sequence[date],
    on: date,
    language: Language,
    size: Size,
) -> Figure:
    axis = _axis([*days, on], size.names, size.width - _RIGHT - 8)
    bottom = _TOP + size.row * len(rows)
    parts = _ruled(axis, _TOP, bottom)
    for number, (name, draw) in enumerate(rows):
        y = _TOP + size.row * (number + 0.5)
        parts.append(Words(x=0, y=y + 4, text=_short(name, int(size.names / _LETTER))))
        parts += draw(axis, y)
    parts += _today(axis, on, _TOP, bottom, language)
    names = "; ".join(name for name, _ in rows)
    return Figure(
        width=size.width, height=bottom + _BOTTOM, title=language.say(N_("Time plan")),
        description=language.say(N_("One line each, planned days hollow, reached or expected ones filled: {names}")).format(
            names=names
        ),
        parts=parts,
    )  # fmt: skip


def _axis(days: Sequence[date], left: float, right: float) -> Axis:
    """Return the time from the year of the first day to half a year after the last."""
    last = max(days)
    return Axis(begins=date(min(days).year, 1, 1), ends=date(last.year, 12, 31), left=left, right=right)


def _ruled(axis: Axis, top: float, bottom: float) -> list[Part]:
    parts: list[Part] = []
    for day, text in axis.ticks():
        x = axis.x(day)
        parts.append(Line(points=[(x, top), (x, bottom)], tone="grid"))
        parts.append(Words(x=x, y=bottom + 18, text=text, anchor="middle", tone="axis"))
    return parts


def _today(axis: Axis, on: date, top: float, bottom: float, language: Language) -> list[Part]:
    x = axis.x(on)
    return [
        Line(points=[(x, top), (x, bottom)], tone="today", is_dashed=True),
        Words(x=x, y=top - 5, text=language.write(on), anchor="end" if x > axis.right - 60 else "middle"),
    ]


def _short(name: str, longest: int) -> str:
    """Return a name cut to what fits before the time axis, at the end of a word."""
    if len(name) <= longest:
        return name
    cut = name[: longest - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"
