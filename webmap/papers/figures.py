"""The automatic figures of a period: each is a filter of the map, so that its link shows exactly what was counted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from geodata.accounts.access import visible_fields
from geodata.base.database import ReadConnection
from geodata.papers.sent import KeptFigure
from geodata.schema.charts import ReportFigure
from geodata.schema.feature import Feature
from geodata.schema.filters import Choice, Condition
from geodata.schema.roles import Role
from webmap.app.query import AS_OF, FilterParser
from webmap.papers.periods import Period

Filters = Mapping[str, tuple[str, ...]]
Values = tuple[Decimal | None, Decimal | None, Decimal | None]
#: Figures are those that any of the staff may read: a report is the same whoever makes it.
READER = Role.PLANNER


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure with the filters that count it: at the period's end, at that of the period before, and a year earlier.

    `values`: of these three days; None where nothing is known to add up. `codes`: the rows counted at the period's end.
    """

    layer: str
    name: str
    label: str
    value_label: str
    unit: str
    filters: Filters
    values: Values
    codes: tuple[str, ...]

    @property
    def key(self) -> str:
        """What the figure is called where versions of a report are compared."""
        return f"{self.layer}: {self.label}" + (f": {self.value_label}" if self.value_label else "")

    @property
    def query(self) -> str:
        """The address of the rows for programs."""
        arguments = [(name, value) for name, values in self.filters.items() for value in values]
        return f"/api/layers/{self.layer}/features?{urlencode(arguments, safe=':,')}"


@dataclass(frozen=True, kw_only=True)
class Section:
    """The figures of one layer. `named`: all of them, also those of values that nothing has; `figures`: what is told."""

    layer: str
    title: str
    named: tuple[Figure, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures that are told: of a choice only the values that something has or had."""
        return tuple(one for one in self.named if not one.value_label or any(one.values))


def month_sections(connection: ReadConnection, kinds: Iterable[type[Feature]], period: Period) -> list[Section]:
    """Return the figures of a month, section by section."""
    reported = [(kind, kind.layer.reported) for kind in kinds if kind.layer.reported]
    reported.sort(key=lambda pair: pair[1].place)
    return [
        section_of(connection, kind, one.figures, tuple(kinds), period, title=kind.layer.title)
        for kind, one in reported
    ]


def section_of(
    connection: ReadConnection, kind: type[Feature], specs: Iterable[ReportFigure], kinds: Sequence[type[Feature]], period: Period,
    *, title: str,
) -> Section:  # fmt: skip
    """Return a layer's figures of a period."""
    named = tuple(_figures(connection, kind, specs, kinds, period))
    return Section(layer=kind.layer.name, title=title, named=named)


def section_on(
    connection: ReadConnection,
    kind: type[Feature],
    specs: Iterable[ReportFigure],
    kinds: Sequence[type[Feature]],
    day: date,
    *,
    title: str,
) -> Section:
    """Return a layer's figures of a day alone: there is nothing that they are compared with."""
    named = tuple(
        _figure(connection, kind, spec, value, asked=(_filters(spec, value[0], day, day),), kinds=kinds)
        for spec in specs
        for value in _values_of(kind, spec)
    )
    return Section(layer=kind.layer.name, title=title, named=named)


def figure_names(kind: type[Feature], specs: Iterable[ReportFigure]) -> Iterator[tuple[str, str, str]]:
    """Return name, label and label of the value of each figure that there can be."""
    for spec in specs:
        for value, value_label in _values_of(kind, spec):
            yield f"{spec.name}_{value}" if value else spec.name, spec.label, value_label


def _figures(
    connection: ReadConnection,
    kind: type[Feature],
    specs: Iterable[ReportFigure],
    kinds: Sequence[type[Feature]],
    period: Period,
) -> Iterator[Figure]:
    periods = (period, period.before, period.last_year)
    for spec in specs:
        for value in _values_of(kind, spec):
            asked = [_filters(spec, value[0], one.first, one.cut_off) for one in periods]
            yield _figure(connection, kind, spec, value, asked=asked, kinds=kinds)


def _figure(
    connection: ReadConnection, kind: type[Feature], spec: ReportFigure, value: tuple[str, str], *, asked: Sequence[Filters],
    kinds: Sequence[type[Feature]],
) -> Figure:  # fmt: skip
    """Return a figure counted by filters, the first of which are those of its day."""
    parsed = [conditions_of(connection, kind, kinds, filters) for filters in asked]
    counted = [_count(connection, kind, spec, conditions) for conditions in parsed]
    now, before, last_year = (*counted, None, None)[:3]
    field = kind.field(spec.sums) if spec.sums else None
    return Figure(
        layer=kind.layer.name,
        name=f"{spec.name}_{value[0]}" if value[0] else spec.name,
        label=spec.label,
        value_label=value[1],
        unit=field.unit if field else "",
        filters=asked[0],
        values=(now, before, last_year),
        codes=codes_of(connection, kind, parsed[0]),
    )


def _values_of(kind: type[Feature], spec: ReportFigure) -> list[tuple[str, str]]:
    """Return the values for which a figure is told, with their labels: one without value where it is told once."""
    if not spec.by:
        return [("", "")]
    field = kind.field(spec.by)
    choice = field.filter if field else None
    return list(choice.labels.items()) if isinstance(choice, Choice) and choice.labels else []


def _filters(spec: ReportFigure, value: str, first: date, last: date) -> Filters:
    filters = dict(spec.only)
    if spec.by:
        filters[spec.by] = (value,)
    if spec.within:
        filters[spec.within] = (f"{first}..{last}",)
    return filters | {AS_OF: (last.isoformat(),)}


def conditions_of(
    connection: ReadConnection, kind: type[Feature], kinds: Sequence[type[Feature]], filters: Filters
) -> tuple[Condition, ...]:
    """Return filters of the map as conditions, read as the staff may read them."""
    arguments = MultiDict([(name, value) for name, values in filters.items() for value in values])
    visible = visible_fields(READER, kind)
    return FilterParser(kind=kind, visible=visible, readable=kinds, connection=connection).parse(arguments)


def _count(
    connection: ReadConnection, kind: type[Feature], spec: ReportFigure, conditions: Sequence[Condition]
) -> Decimal | None:
    column: Any = func.sum(kind.column(spec.sums)) if spec.sums else func.count()
    found = connection.execute(select(column).select_from(kind).where(*(each.sql for each in conditions))).scalar()
    return None if found is None else Decimal(found)


def codes_of(connection: ReadConnection, kind: type[Feature], conditions: Sequence[Condition]) -> tuple[str, ...]:
    """Return the codes of the rows that conditions keep."""
    query = select(kind.column("code")).where(*(each.sql for each in conditions)).order_by(kind.column("code"))
    return tuple(connection.execute(query).scalars())


def as_kept(sections: Iterable[Section]) -> list[KeptFigure]:
    """Return the figures with their rows as they are kept when the paper is sent."""
    return [
        {
            "key": figure.key,
            "value": None if figure.values[0] is None else str(figure.values[0]),
            "filters": {name: list(values) for name, values in figure.filters.items()},
            "rows": list(figure.codes),
        }
        for section in sections
        for figure in section.figures
    ]
