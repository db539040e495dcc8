"""Projects in words: delay with its sentence, money in millions or billions, who must act; for pages and papers."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from geodata.base.i18n import N_
from geodata.layers.projects import ScheduleState
from geodata.projects.pictures import Language
from geodata.projects.records import CapitalYear, ProjectRecord
from geodata.projects.schedule import Delay, Duty, delay_of, explain, planned_percent, progress_of
from geodata.schema.fields import LabelledEnum
from webmap.app.i18n import format_number, format_word, translate

_BILLION, _MILLION = Decimal(10) ** 9, Decimal(10) ** 6
TONES = {
    ScheduleState.LATE: "late", ScheduleState.AT_RISK: "risk", ScheduleState.ON_TRACK: "fine", ScheduleState.FINISHED: "done",
    ScheduleState.STOPPED: "none", ScheduleState.NO_PLAN: "none",
}  # fmt: skip
ICONS = {
    "late": "exclamation-triangle-fill", "risk": "hourglass-split", "fine": "check-circle", "done": "check-circle-fill",
    "none": "dash-circle",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Money:
    """What a project was given and has spent, VND, summed over the years that are known."""

    planned_vnd: int
    disbursed_vnd: int

    @property
    def percent(self) -> Decimal | None:
        """How much of the plan is disbursed, %."""
        return Decimal(self.disbursed_vnd) * 100 / self.planned_vnd if self.planned_vnd else None


@dataclass(frozen=True, kw_only=True)
class Line:
    """A project as a list shows it."""

    project: ProjectRecord
    delay: Delay
    label: str
    tone: str
    icon: str
    reason: str
    progress: str
    planned: str
    reported_by: str
    reported_on: date | None
    open_obstacles: int
    money: Money


def language_of(language: str) -> Language:
    """Return how pictures write words and values in a language."""
    return Language(say=lambda text: translate(text, language), write=lambda value: format_word(value, language))


def describe(project: ProjectRecord, on: date, language: str) -> Line:
    """Return a project as known on a day, in words."""
    delay, report, planned = delay_of(project, on), progress_of(project), planned_percent(project, on)
    tone = TONES[delay.state]
    spoken = language_of(language)
    return Line(
        project=project,
        delay=delay,
        label=translate(delay.state.label, language),
        tone=tone,
        icon=ICONS[tone],
        reason=explain(delay).say(spoken.say, spoken.write),
        progress=percent(report.percent, language) if report else "",
        planned=percent(planned, language),
        reported_by=report.reported_by if report else "",
        reported_on=report.reported_on if report else None,
        open_obstacles=sum(one.state != "settled" for one in project.obstacles),
        money=money_of(project.capital, on),
    )


def money_of(capital: tuple[CapitalYear, ...], on: date) -> Money:
    """Return plan and disbursement up to the year of a day."""
    years = [one for one in capital if one.budget_year <= on.year]
    return Money(
        planned_vnd=sum(one.planned_vnd or 0 for one in years),
        disbursed_vnd=sum(one.disbursed_vnd or 0 for one in years),
    )


def percent(value: Decimal | None, language: str) -> str:
    """Return a share in whole or tenths of a per cent, or nothing."""
    return "" if value is None else f"{format_number(Decimal(round(value, 1)).normalize() + 0, language)} %"


def money(vnd: int | None, language: str) -> str:
    """Return an amount as people say it: billions, below one millions; nothing for what is not known."""
    if vnd is None:
        return ""
    unit, word = (_BILLION, "bn VND") if abs(vnd) >= _BILLION else (_MILLION, "million VND")
    return f"{format_number(Decimal(round(vnd / unit, 1)).normalize() + 0, language)} {translate(word, language)}"


def label(value: LabelledEnum | None, language: str) -> str:
    """Return the word for a value of a closed set."""
    return translate(value.label, language) if value is not None else ""


def overdue(duty: Duty, language: str) -> str:
    """Return how late something is, or how much time is left."""
    if duty.days is None:
        return translate("no deadline set", language)
    template = N_("{days} days late") if duty.days > 0 else N_("{days} days left") if duty.days else N_("due today")
    return translate(template, language).format(days=format_number(abs(duty.days), language))
