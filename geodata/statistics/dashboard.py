"""Figures over layers: what a chart of the registry counts, sums over a selection, how far campaigns are.

A bar is a filter: the condition that counts it is parsed from the same text that opens the map.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geodata.base.database import ReadConnection
from geodata.base.errors import NotFoundError
from geodata.inspections.campaigns import Progress, progress
from geodata.inspections.records import InspectionCampaign
from geodata.schema.charts import Chart
from geodata.schema.feature import Feature
from geodata.schema.filters import Choice, Condition

UNKNOWN = "unknown"

#: What a map shows: filters as field -> values.
Filters = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: the value it stands for (a stored value, a span, a number of days), its count and sums, its filters."""

    value: str
    count: int
    filters: Filters
    sums: tuple[Decimal | None, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ChartFigures:
    """A chart with its numbers. `total` counts every feature once, also where bars overlap."""

    chart: Chart
    bars: tuple[Bar, ...]
    total: int
    as_of: date | None


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Count and sums of a selection."""

    count: int
    sums: Mapping[str, Decimal | None] = field(default_factory=dict)


def chart_figures(connection: ReadConnection, kind: type[Feature], chart: Chart) -> ChartFigures:
    """Return a chart's bars in the order of its values; values that nothing has are left out."""
    only = conditions_of(kind, chart.only)
    wanted = _wanted(connection, kind, chart)
    conditions = [(value, _condition(kind, chart.field, text)) for value, text in wanted]
    columns = []
    for _, condition in conditions:
        columns.append(func.count().filter(condition.sql))
        columns += [func.sum(kind.column(name)).filter(condition.sql) for name in chart.sums]
    as_of = func.date(func.max(kind.column("updated_at")))
    statement = select(func.count(), as_of, *columns).select_from(kind).where(*(c.sql for c in only))
    total, newest, *numbers = connection.execute(statement).one()
    step = 1 + len(chart.sums)
    bars = []
    for index, (value, text) in enumerate(wanted):
        count, *sums = numbers[index * step : (index + 1) * step]
        if count or chart.days:
            filters = {**chart.only, chart.field: (text,)}
            bars.append(Bar(value=value, count=count, filters=filters, sums=tuple(sums)))
    return ChartFigures(chart=chart, bars=tuple(bars), total=total, as_of=newest)


def conditions_of(kind: type[Feature], filters: Filters) -> tuple[Condition, ...]:
    """Return the conditions of filters written down in the registry."""
    return tuple(_condition(kind, name, *values) for name, values in filters.items())


def totals(
    connection: ReadConnection, kind: type[Feature], names: Sequence[str], conditions: Sequence[Condition]
) -> Totals:
    """Return how many features the conditions keep, and the sums of these number fields."""
    columns: list[Any] = [func.sum(kind.column(name)) for name in names]
    statement = select(func.count(), *columns).select_from(kind).where(*(condition.sql for condition in conditions))
    count, *sums = connection.execute(statement).one()
    return Totals(count=count, sums=dict(zip(names, sums, strict=True)))


def newest_change(connection: ReadConnection, kind: type[Feature], conditions: Sequence[Condition] = ()) -> date | None:
    """Return the day of the last change of a selection, or None when it is empty."""
    statement = select(func.date(func.max(kind.column("updated_at")))).where(*(c.sql for c in conditions))
    day: date | None = connection.execute(statement).scalar()
    return day


def names_of(connection: ReadConnection, kind: type[Feature], codes: Sequence[str]) -> dict[str, str]:
    """Return code -> name of these features; of several with one code, the one still valid."""
    if not codes:
        return {}
    order = (kind.column("valid_to").desc().nulls_first(), kind.id.desc())
    statement = select(kind.code, kind.name).where(kind.code.in_(codes)).order_by(kind.code, *order)
    names: dict[str, str] = {}
    for code, name in connection.execute(statement):
        names.setdefault(code, name)
    return names


def values_of(
    connection: ReadConnection, kind: type[Feature], name: str, conditions: Sequence[Condition] = ()
) -> list[str]:
    """Return the values a field takes in a selection."""
    column = kind.column(name)
    statement = select(column).where(column.is_not(None), *(c.sql for c in conditions)).distinct().order_by(column)
    return [str(value) for value in connection.execute(statement).scalars()]


def campaign_progress(session: Session) -> list[Progress]:
    """Return how far every campaign is today, the newest first: totals for planners, who see no single visit."""
    return progress_on(session, session.execute(select(func.current_date())).scalar_one())


def progress_on(session: Session, on: date) -> list[Progress]:
    """Return how far every campaign is on a day, the newest first."""
    order = (InspectionCampaign.decided_on.desc().nulls_last(), InspectionCampaign.number)
    campaigns = session.scalars(select(InspectionCampaign).order_by(*order)).all()
    return [progress(session, campaign, on) for campaign in campaigns]


def _wanted(connection: ReadConnection, kind: type[Feature], chart: Chart) -> list[tuple[str, str]]:
    """Return (value, filter text) of the bars a chart may have."""
    if chart.spans:
        return [(span, span) for span in chart.spans]
    if chart.days:
        today = connection.execute(select(func.current_date())).scalar_one()
        return [(str(days), f"{today}..{today + timedelta(days=days)}") for days in chart.days]
    spec = kind.field(chart.field)
    labels = spec.values.labels() if spec and spec.values else getattr(spec and spec.filter, "labels", None) or {}
    return [(value, value) for value in dict.fromkeys([*labels, UNKNOWN])]


def _condition(kind: type[Feature], name: str, *values: str) -> Condition:
    spec = kind.field(name)
    if spec is None or spec.filter is None:
        raise NotFoundError(value=name)
    if isinstance(spec.filter, Choice) and spec.filter.labels is None:
        raise NotFoundError(value=name)
    return spec.filter.parse(name, spec.label, values, kind.column(name))
