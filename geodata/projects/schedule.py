"""What is late, by how much and because of whom: the words for what geodata.layers.projects computes in SQL."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from geodata.base.i18n import N_
from geodata.base.message import AsWritten, Message, MessageValue
from geodata.layers.projects import ScheduleState
from geodata.layers.projects.details import ObstacleState, ProjectStatus
from geodata.projects.records import Milestone, Obstacle, ProjectRecord, Report

WHOLE = Decimal(100)


@dataclass(frozen=True, kw_only=True)
class Delay:
    """How a project keeps its milestones on a day: by how many days it is behind, and which milestone makes it so."""

    state: ScheduleState
    days: int | None = None
    milestone: Milestone | None = None
    expected_on: date | None = None

    @property
    def is_behind(self) -> bool:
        """Whether an open milestone is late, or will be by its forecast."""
        return self.state in {ScheduleState.LATE, ScheduleState.AT_RISK}


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Something that somebody must do for a project: an open milestone that is behind, or an open obstacle.

    `days`: how late it is on the day, for a milestone by its forecast too; negative while there is time.
    """

    who: str
    project: ProjectRecord
    what: str
    is_obstacle: bool
    due_on: date | None
    days: int | None
    expected_on: date | None = None


def delay_of(project: ProjectRecord, on: date) -> Delay:
    """Return the delay of a project, as known on that day (ProjectRecord.known_on)."""
    if project.status == ProjectStatus.CANCELLED:
        return Delay(state=ScheduleState.STOPPED)
    planned = [one for one in project.milestones if one.planned_on]
    if not planned:
        return Delay(state=ScheduleState.NO_PLAN)
    still_open = [one for one in planned if one.done_on is None]
    if not still_open:
        last = max(enumerate(planned), key=lambda each: (_planned(each[1]), each[0]))[1]
        days = (last.done_on - _planned(last)).days if last.done_on else 0
        return Delay(state=ScheduleState.FINISHED, days=max(days, 0), milestone=last, expected_on=last.done_on)
    worst = min(still_open, key=lambda one: (-lateness(one, on), _planned(one)))
    days = max(lateness(worst, on), 0)
    expected = expected_on(worst, on) if days else max(_planned(one) for one in still_open)
    if any(_planned(one) < on for one in still_open):
        state = ScheduleState.LATE
    elif any(one.forecast_on and one.forecast_on > _planned(one) for one in still_open):
        state = ScheduleState.AT_RISK
    else:
        state = ScheduleState.ON_TRACK
    return Delay(state=state, days=days, milestone=worst if days else None, expected_on=expected)


def expected_on(milestone: Milestone, on: date) -> date:
    """Return when an open milestone can be reached at the earliest: its forecast, but not before today."""
    return max(milestone.forecast_on or on, on)


def lateness(milestone: Milestone, on: date) -> int:
    """Return by how many days an open milestone is behind; negative while there is time."""
    return (expected_on(milestone, on) - _planned(milestone)).days


def explain(delay: Delay) -> Message:
    """Return the sentence that says why a project is as late as it is."""
    milestone = delay.milestone
    if delay.state == ScheduleState.STOPPED:
        return Message(template=N_("The project is cancelled"))
    if delay.state == ScheduleState.NO_PLAN:
        return Message(template=N_("Without planned milestones no delay can be computed"))
    if milestone is None or milestone.planned_on is None:
        return Message(template=N_("No milestone is behind the plan"))
    values: dict[str, MessageValue] = {
        "milestone": AsWritten(milestone.name), "planned": milestone.planned_on, "days": delay.days or 0
    }  # fmt: skip
    if delay.state == ScheduleState.FINISHED and milestone.done_on:
        template = (
            N_("“{milestone}” was planned for {planned} and reached on {done}, {days} days late")
            if delay.days
            else N_("“{milestone}” was planned for {planned} and reached in time, on {done}")
        )
        return Message(template=template, values={**values, "done": milestone.done_on})
    if milestone.forecast_on and milestone.forecast_on == delay.expected_on:
        template = N_("“{milestone}” was planned for {planned}, the forecast is {forecast}: {days} days late")
        return Message(template=template, values={**values, "forecast": milestone.forecast_on})
    return Message(
        template=N_("“{milestone}” was planned for {planned} and is not reached: {days} days late"), values=values
    )


def progress_of(project: ProjectRecord) -> Report | None:
    """Return the progress last reported."""
    return project.reports[-1] if project.reports else None


def planned_curve(project: ProjectRecord) -> list[tuple[date, Decimal]]:
    """Return day and cumulated share in % by the plan; equal shares where not every milestone has one."""
    return _curve(project, [(one, one.planned_on) for one in project.milestones])


def forecast_curve(project: ProjectRecord, on: date) -> list[tuple[date, Decimal]]:
    """Return day and cumulated share in % by what was reached and what is forecast."""
    days = [(one, one.done_on or expected_on(one, on)) for one in project.milestones if one.planned_on]
    return _curve(project, days)


def planned_percent(project: ProjectRecord, on: date) -> Decimal | None:
    """Return what the plan wants on a day in %: the share of the milestones planned by then."""
    curve = planned_curve(project)
    return max((percent for day, percent in curve if day <= on), default=Decimal(0)) if curve else None


def has_shares(project: ProjectRecord) -> bool:
    """Whether every planned milestone has a share of the work; otherwise equal ones are assumed."""
    planned = [one for one in project.milestones if one.planned_on]
    return bool(planned) and all(one.share_percent for one in planned)


def _curve(project: ProjectRecord, days: Iterable[tuple[Milestone, date | None]]) -> list[tuple[date, Decimal]]:
    dated = sorted(((day, one) for one, day in days if day), key=lambda each: each[0])
    is_known = has_shares(project)
    shares = [one.share_percent if is_known and one.share_percent else Decimal(1) for _, one in dated]
    total, reached = sum(shares, Decimal(0)), Decimal(0)
    curve = []
    for (day, _), share in zip(dated, shares, strict=True):
        reached += share
        curve.append((day, reached * WHOLE / total))
    return curve


def duties(projects: Sequence[ProjectRecord], on: date) -> list[Duty]:
    """Return who must do what: open milestones that are behind and open obstacles, the latest first."""
    found: list[Duty] = []
    for project in projects:
        if project.status == ProjectStatus.CANCELLED:
            continue
        found += [_of_milestone(project, one, on) for one in project.milestones if _is_behind(one, on)]
        found += [_of_obstacle(project, one, on) for one in project.obstacles if one.state != ObstacleState.SETTLED]
    return sorted(found, key=lambda duty: (-(duty.days if duty.days is not None else -(10**6)), duty.who, duty.what))


def _is_behind(milestone: Milestone, on: date) -> bool:
    return milestone.planned_on is not None and milestone.done_on is None and lateness(milestone, on) > 0


def _of_milestone(project: ProjectRecord, milestone: Milestone, on: date) -> Duty:
    return Duty(
        who=milestone.responsible or project.owner or "", project=project, what=milestone.name, is_obstacle=False,
        due_on=milestone.planned_on, days=lateness(milestone, on), expected_on=milestone.forecast_on,
    )  # fmt: skip


def _of_obstacle(project: ProjectRecord, obstacle: Obstacle, on: date) -> Duty:
    return Duty(
        who=obstacle.responsible, project=project, what=obstacle.description, is_obstacle=True, due_on=obstacle.due_on,
        days=(on - obstacle.due_on).days if obstacle.due_on else None,
    )  # fmt: skip


def by_person(found: Sequence[Duty]) -> list[tuple[str, list[Duty]]]:
    """Return the duties under who must act, those with the latest first."""
    groups: dict[str, list[Duty]] = {}
    for duty in found:
        groups.setdefault(duty.who, []).append(duty)
    return list(groups.items())


def _planned(milestone: Milestone) -> date:
    assert milestone.planned_on is not None  # noqa: S101  (callers take planned ones only)
    return milestone.planned_on
