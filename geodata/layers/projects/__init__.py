"""Projects and key works (dự án, công trình trọng điểm): money, milestones, progress, obstacles, what they build.

A milestone is late when its planned day has passed and it is not done, and in danger when its forecast is later than
its plan. A project is as late as its latest open milestone; when all are done, as its last one was. In words and for
papers: geodata.projects.schedule.
"""

from datetime import date
from decimal import Decimal
from typing import Any, TypedDict, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    SQLColumnExpression,
    Text,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Mapped

from geodata.base.i18n import N_
from geodata.base.message import AsWritten, Message
from geodata.base.values import FeatureRow
from geodata.layers.projects.details import (
    CapitalYear,
    Meeting,
    Milestone,
    Obstacle,
    ObstacleState,
    ProgressReport,
    ProjectObject,
    ProjectStatus,
)
from geodata.schema.charts import Chart, Reported, ReportFigure
from geodata.schema.feature import Feature, GeometryType, Layer
from geodata.schema.fields import Group, LabelledEnum, derived, field
from geodata.schema.filters import DateRange, Range
from geodata.schema.portrayal import Style, Symbol, Variation
from geodata.schema.roles import EDITORS, STAFF, Access, Role


class ProjectKind(LabelledEnum):
    """What is built."""

    POWER_LINE = "power_line", N_("A power line"), "đường dây", "lưới điện"
    SUBSTATION = "substation", N_("Substation"), "trạm biến áp", "tba"
    CLUSTER = "cluster", N_("Industrial cluster"), "cụm công nghiệp", "ccn"
    MARKET = "market", N_("Market"), "chợ"
    RESORT = "resort", N_("Supply of a resort"), "khu du lịch", "cấp điện khu du lịch"
    OTHER = "other", N_("Other"), "khác"


class ScheduleState(LabelledEnum):
    """How a project keeps its milestones."""

    LATE = "late", N_("Late")
    AT_RISK = "at_risk", N_("Late by forecast")
    ON_TRACK = "on_track", N_("On schedule")
    FINISHED = "finished", N_("All milestones done")
    STOPPED = "stopped", N_("Project cancelled")
    NO_PLAN = "no_plan", N_("No planned milestone")


_NAVY = "#1A237E"


class Project(Feature):
    """A project. Geometry: one point that stands for it; what it builds has its own. Money in VND, progress in %."""

    __tablename__ = "project"
    layer = Layer(
        name="projects",
        code_names=("MA_DU_AN", "MA_DA", "project_code"),
        title=N_("Projects and key works"),
        singular=N_("Project"),
        description=N_("Projects and key works: progress, milestones, obstacles, what they build"),
        geometry=GeometryType.POINT,
        # The symbol would lie on what the project builds: shown when asked for.
        shown=False,
        tracked=True,
        access=Access(write=EDITORS | {Role.PLANNER}),
        style=Style(
            base=Symbol(shape="flag", size_px=19, fill=_NAVY, stroke=_NAVY, stroke_px=1.5, level=1, weight=6),
            by=(
                Variation(
                    field="status",
                    cases={
                        "building": Symbol(level=0.6),
                        "preparing": Symbol(level=0, dash=(4, 2.5)),
                        "proposed": Symbol(level=0, dash=(1, 2)),
                        "suspended": Symbol(fill="#8A8F98", stroke="#5F6670"),
                        "done": Symbol(),
                        "cancelled": Symbol(level=0, badge="cross"),
                    },
                    unknown=Symbol(level=0),
                ),
                Variation(
                    field="schedule_state",
                    cases={
                        "late": Symbol(badge="alert", weight=9),
                        "at_risk": Symbol(badge="warning", weight=8),
                        "on_track": Symbol(),
                        "finished": Symbol(badge="tick"),
                        "stopped": Symbol(badge="cross"),
                        "no_plan": Symbol(badge="open"),
                    },
                ),
            ),
            label_min_zoom=11,
            label_rank=2,
        ),
        reported=Reported(
            place=5,
            figures=(
                ReportFigure(name="by_schedule", label=N_("Projects by schedule"), by="schedule_state"),
                ReportFigure(
                    name="with_obstacles",
                    label=N_("Projects with open obstacles"),
                    only={"open_obstacle_count": ("1..",)},
                ),
            ),
        ),
        charts=(
            Chart(title=N_("Projects by schedule"), field="schedule_state", sums=("total_capital_vnd",)),
            Chart(title=N_("Projects by kind"), field="kind", sums=("total_capital_vnd",)),
        ),
        refers={"admin_unit_code": "admin_units"},
    )
    details = (Milestone, ProgressReport, Obstacle, CapitalYear, ProjectObject, Meeting)

    kind: Mapped[ProjectKind | None] = field(label=N_("Kind"), values=ProjectKind, source_names=("LOAI", "LOAI_DA"))
    status: Mapped[ProjectStatus | None] = field(
        label=N_("Status"), values=ProjectStatus, source_names=("TRANG_THAI", "TINH_TRANG"), group=Group.STATE
    )
    owner: Mapped[str | None] = field(
        label=N_("Project owner"),
        type_=Text,
        source_names=("CHU_DT", "CHU_DAU_TU"),
        group=Group.PEOPLE,
        searchable=True,
    )
    total_capital_vnd: Mapped[int | None] = field(
        label=N_("Total investment"),
        unit="VND",
        type_=BigInteger,
        source_names=("TONG_MUC_DT", "TMDT"),
        filter=Range(),
        group=Group.SIZE,
        check="total_capital_vnd >= 0",
    )
    document_no: Mapped[str | None] = field(
        label=N_("Document"), type_=Text, source_names=("SO_VB", "VAN_BAN"), group=Group.LEGAL, searchable=True
    )
    document_on: Mapped[date | None] = field(
        label=N_("Document of"), source_names=("NGAY_VB",), filter=DateRange(), group=Group.LEGAL
    )


def _is_open(day: ColumnElement[date]) -> ColumnElement[bool]:
    """Whether a planned milestone of the project is not reached on a day."""
    return and_(
        Milestone.feature_id == Project.id,
        Milestone.planned_on.is_not(None),
        or_(Milestone.done_on.is_(None), Milestone.done_on > day),
    )


def _forecast(day: ColumnElement[date]) -> ColumnElement[date]:
    """Return a milestone's forecast, as far as it was made by that day."""
    is_known = or_(Milestone.forecast_made_on.is_(None), Milestone.forecast_made_on <= day)
    return case((is_known, Milestone.forecast_on))


def _lateness(day: ColumnElement[date]) -> ColumnElement[int]:
    """Return by how many days an open milestone is late on a day: by its forecast, or by what has passed already."""
    return func.greatest(_forecast(day), day) - Milestone.planned_on


def _of_worst(value: SQLColumnExpression[Any], day: ColumnElement[date]) -> ColumnElement[Any]:
    """Return a value of the open milestone that is the most late."""
    return (
        select(value)
        .where(_is_open(day))
        .order_by(_lateness(day).desc(), Milestone.planned_on, Milestone.id)
        .limit(1)
        .correlate(Project)
        .scalar_subquery()
    )


def _of_last(value: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    """Return a value of the milestone that is planned last."""
    return (
        select(value)
        .where(Milestone.feature_id == Project.id, Milestone.planned_on.is_not(None))
        .order_by(Milestone.planned_on.desc(), Milestone.id.desc())
        .limit(1)
        .correlate(Project)
        .scalar_subquery()
    )


def _has(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(*conditions).correlate(Project)


def _is_planned() -> ColumnElement[bool]:
    return _has(Milestone.feature_id == Project.id, Milestone.planned_on.is_not(None))


def schedule_state(day: ColumnElement[date]) -> ColumnElement[str]:
    """Return how a project keeps its milestones on a day."""
    return case(
        (Project.status == ProjectStatus.CANCELLED, literal("stopped")),
        (~_is_planned(), literal("no_plan")),
        (~_has(_is_open(day)), literal("finished")),
        (_has(_is_open(day), Milestone.planned_on < day), literal("late")),
        (_has(_is_open(day), _forecast(day) > Milestone.planned_on), literal("at_risk")),
        else_=literal("on_track"),
    )


def delay_days(day: ColumnElement[date]) -> ColumnElement[int]:
    """Return a project's delay in days on a day, never below 0; NULL without a plan or when it is cancelled."""
    past = func.coalesce(_of_worst(_lateness(day), day), _of_last(Milestone.done_on - Milestone.planned_on))
    is_judged = and_(Project.status.is_distinct_from(ProjectStatus.CANCELLED), _is_planned())
    return case((is_judged, func.greatest(past, literal(0, Integer), type_=Integer)))


def late_milestone(day: ColumnElement[date]) -> ColumnElement[str]:
    """Return the name of the open milestone that makes the delay, or NULL."""
    return case((and_(_of_worst(_lateness(day), day) > 0, delay_days(day) > 0), _of_worst(Milestone.name, day)))


def _latest_report(value: SQLColumnExpression[Any], day: ColumnElement[date]) -> ColumnElement[Any]:
    return (
        select(value)
        .where(ProgressReport.feature_id == Project.id, ProgressReport.reported_on <= day)
        .order_by(ProgressReport.reported_on.desc(), ProgressReport.id.desc())
        .limit(1)
        .correlate(Project)
        .scalar_subquery()
    )


def progress_percent(day: ColumnElement[date]) -> ColumnElement[Decimal]:
    """Return the progress last reported by a day, in %."""
    return _latest_report(ProgressReport.percent, day)


def progress_reported_on(day: ColumnElement[date]) -> ColumnElement[date]:
    """Return the day of the progress last reported by a day."""
    return _latest_report(ProgressReport.reported_on, day)


def open_obstacles(day: ColumnElement[date]) -> ColumnElement[int]:
    """Return how many obstacles stand open on a day."""
    is_open = or_(
        Obstacle.settled_on > day, and_(Obstacle.settled_on.is_(None), Obstacle.state != ObstacleState.SETTLED)
    )
    return (
        select(func.count())
        .where(Obstacle.feature_id == Project.id, Obstacle.raised_on <= day, is_open)
        .correlate(Project)
        .scalar_subquery()
    )


class _Schedule(TypedDict):
    """The columns that say whether a project is late."""

    late_milestone: str | None
    delay_days: int | None


def _explain_schedule(row: FeatureRow, _on: date) -> Message:
    """Say which milestone makes a project late, and by how much."""
    project = cast(_Schedule, row)
    if project["late_milestone"] and project["delay_days"] is not None:
        template = N_("“{milestone}” is {days} days behind the plan")
        return Message(
            template=template, values={"milestone": AsWritten(project["late_milestone"]), "days": project["delay_days"]}
        )
    if project["delay_days"]:
        template = N_("The last milestone was reached {days} days after the plan")
        return Message(template=template, values={"days": project["delay_days"]})
    if project["delay_days"] is None:
        return Message(template=N_("Without planned milestones no delay can be computed"))
    return Message(template=N_("No milestone is behind the plan"))


_TODAY = func.current_date()

Project.schedule_state = derived(
    schedule_state(_TODAY),
    label=N_("Schedule"),
    values=ScheduleState,
    group=Group.STATE,
    roles=STAFF,
    explain=_explain_schedule,
    on_day=schedule_state,
)
Project.delay_days = derived(
    delay_days(_TODAY),
    label=N_("Delay"),
    unit="days",
    filter=Range(),
    group=Group.STATE,
    roles=STAFF,
    on_day=delay_days,
    help=N_("Of the open milestone that is the most late, by its forecast or by what has passed already"),
)
Project.late_milestone = derived(
    late_milestone(_TODAY), label=N_("Late milestone"), group=Group.STATE, roles=STAFF, on_day=late_milestone
)
Project.progress_percent = derived(
    progress_percent(_TODAY),
    label=N_("Progress"),
    unit="%",
    filter=Range(),
    group=Group.STATE,
    on_day=progress_percent,
    help=N_("As last reported; who says so stands beside it"),
)
Project.progress_reported_on = derived(
    progress_reported_on(_TODAY),
    label=N_("Progress reported on"),
    filter=DateRange(),
    group=Group.STATE,
    on_day=progress_reported_on,
)
Project.planned_finish_on = derived(
    _of_last(Milestone.planned_on), label=N_("Planned completion"), filter=DateRange(), group=Group.STATE
)
Project.open_obstacle_count = derived(
    open_obstacles(_TODAY),
    label=N_("Open obstacles"),
    filter=Range(),
    group=Group.STATE,
    roles=STAFF,
    on_day=open_obstacles,
)
