"""A project as plain rows, as far as they were known on a day: milestones, reports, obstacles, money, what it builds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields as dataclass_fields, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import SQLColumnExpression, literal, or_, select, union_all

from geodata.base.collation import by_name
from geodata.base.database import ReadConnection
from geodata.layers.projects import Project, ProjectKind
from geodata.layers.projects.details import (
    CapitalYear as CapitalTable,
    Change,
    Meeting as MeetingTable,
    Milestone as MilestoneTable,
    Obstacle as ObstacleTable,
    ObstacleState,
    ProgressReport as ProgressTable,
    ProjectObject as ObjectTable,
    ProjectStatus,
)
from geodata.schema.details import Detail
from geodata.schema.registry import Registry

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")


@dataclass(frozen=True, kw_only=True)
class Milestone:
    """A milestone: days, its share of the whole work in %, and who answers for it."""

    name: str
    planned_on: date | None = None
    forecast_on: date | None = None
    forecast_made_on: date | None = None
    done_on: date | None = None
    share_percent: Decimal | None = None
    responsible: str | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """How far the work was on a day, in %, and who said so."""

    reported_on: date
    percent: Decimal
    reported_by: str
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """What holds a project up, and who must act by when."""

    raised_on: date
    description: str
    responsible: str
    state: ObstacleState
    due_on: date | None = None
    settled_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class CapitalYear:
    """A year's money, VND."""

    budget_year: int
    planned_vnd: int | None = None
    disbursed_vnd: int | None = None
    reported_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """A meeting and what it concluded."""

    held_on: date
    subject: str
    conclusion: str | None = None
    attendees: str | None = None
    document_no: str | None = None


@dataclass(frozen=True, kw_only=True)
class BuiltObject:
    """An object that a project builds or changes; without a layer when its code is in none."""

    object_code: str
    change: Change
    layer: str = ""
    id: int = 0
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class _StoredObject:
    """What is stored of an object that a project builds."""

    object_code: str
    change: Change


@dataclass(frozen=True, kw_only=True)
class ProjectRecord:
    """A project and all that hangs on it."""

    id: int
    code: str
    name: str
    kind: ProjectKind | None = None
    status: ProjectStatus | None = None
    owner: str | None = None
    total_capital_vnd: int | None = None
    document_no: str | None = None
    document_on: date | None = None
    address: str | None = None
    note: str | None = None
    source: str | None = None
    is_illustration: bool = False
    milestones: tuple[Milestone, ...] = ()
    reports: tuple[Report, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    capital: tuple[CapitalYear, ...] = ()
    objects: tuple[BuiltObject, ...] = ()
    meetings: tuple[Meeting, ...] = ()

    def known_on(self, on: date) -> "ProjectRecord":
        """Return what was known of the project on a day: later reports, forecasts and results are left out."""
        return replace(
            self,
            milestones=tuple(_milestone_on(one, on) for one in self.milestones),
            reports=tuple(one for one in self.reports if one.reported_on <= on),
            obstacles=tuple(_obstacle_on(one, on) for one in self.obstacles if one.raised_on <= on),
            capital=tuple(_capital_on(one, on) for one in self.capital),
            meetings=tuple(one for one in self.meetings if one.held_on <= on),
        )


def _milestone_on(milestone: Milestone, on: date) -> Milestone:
    if milestone.forecast_made_on and milestone.forecast_made_on > on:
        milestone = replace(milestone, forecast_on=None, forecast_made_on=None)
    return replace(milestone, done_on=None) if milestone.done_on and milestone.done_on > on else milestone


def _obstacle_on(obstacle: Obstacle, on: date) -> Obstacle:
    if obstacle.settled_on and obstacle.settled_on > on:
        return replace(obstacle, settled_on=None, state=ObstacleState.OPEN)
    return obstacle


def _capital_on(capital: CapitalYear, on: date) -> CapitalYear:
    is_later = capital.reported_on is not None and capital.reported_on > on
    return replace(capital, disbursed_vnd=None, reported_on=None) if is_later else capital


_OWN = (
    "id", "code", "name", "kind", "status", "owner", "total_capital_vnd", "document_no", "document_on", "address", "note",
    "source", "is_illustration",
)  # fmt: skip


def read_projects(
    connection: ReadConnection, registry: Registry, on: date, code: str | None = None
) -> list[ProjectRecord]:
    """Return the projects that there were on a day, as known then, by name; of a code, that one whenever it was."""
    query = select(*(Project.column(name).label(name) for name in _OWN)).order_by(by_name(Project.name), Project.id)
    if code is not None:
        query = query.where(Project.code == code)
    else:
        query = query.where(
            or_(Project.valid_from.is_(None), Project.valid_from <= on),
            or_(Project.valid_to.is_(None), Project.valid_to >= on),
        )
    records = [ProjectRecord(**row._asdict()) for row in connection.execute(query)]
    ids = [record.id for record in records]
    hanging: dict[str, dict[int, list[Any]]] = {
        "milestones": _rows(connection, MilestoneTable, Milestone, ids, MilestoneTable.planned_on.asc()),
        "reports": _rows(connection, ProgressTable, Report, ids, ProgressTable.reported_on.asc()),
        "obstacles": _rows(connection, ObstacleTable, Obstacle, ids, ObstacleTable.raised_on.asc()),
        "capital": _rows(connection, CapitalTable, CapitalYear, ids, CapitalTable.budget_year.asc()),
        "meetings": _rows(connection, MeetingTable, Meeting, ids, MeetingTable.held_on.desc()),
        "objects": _objects(connection, registry, ids),
    }
    whole = [replace(record, **_of_project(hanging, record.id)) for record in records]
    return [record.known_on(on) for record in whole]


def _of_project(hanging: Mapping[str, Mapping[int, Sequence[Any]]], project_id: int) -> dict[str, Any]:
    return {name: tuple(rows.get(project_id, ())) for name, rows in hanging.items()}


def _rows(
    connection: ReadConnection,
    table: type[Detail],
    made: type[Row],
    ids: Collection[int],
    order: SQLColumnExpression[Any],
) -> dict[int, list[Row]]:
    """Return the rows of a table that hang on these projects, by project."""
    names = [field.name for field in dataclass_fields(made)]
    columns = [table.column(name).label(name) for name in names]
    query = select(table.feature_id, *columns).where(table.feature_id.in_(ids)).order_by(order, table.id)
    found: dict[int, list[Row]] = {}
    for feature_id, *values in connection.execute(query):
        found.setdefault(feature_id, []).append(made(**dict(zip(names, values, strict=True))))
    return found


def _objects(connection: ReadConnection, registry: Registry, ids: Sequence[int]) -> dict[int, list[BuiltObject]]:
    """Return what the projects build, each code looked up in every other layer."""
    found = _rows(connection, ObjectTable, _StoredObject, ids, ObjectTable.object_code.asc())
    codes = {row.object_code for rows in found.values() for row in rows}
    known: dict[str, tuple[str, int, str]] = {}
    if codes:
        parts = [
            select(kind.column("code"), literal(kind.layer.name), kind.id, kind.name).where(
                kind.column("code").in_(codes), kind.column("valid_to").is_(None)
            )
            for kind in registry
            if kind is not Project
        ]
        known = {code: (layer, id_, name) for code, layer, id_, name in connection.execute(union_all(*parts))}
    return {feature_id: [_built(row, known.get(row.object_code)) for row in rows] for feature_id, rows in found.items()}


def _built(row: _StoredObject, found: tuple[str, int, str] | None) -> BuiltObject:
    layer, id_, name = found or ("", 0, "")
    return BuiltObject(object_code=row.object_code, change=row.change, layer=layer, id=id_, name=name)
