"""The automatic figures of a month: each is a filter of the map, so that its link shows exactly what was counted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, func, select
from werkzeug.datastructures import MultiDict

from geodata.accounts.access import visible_fields
from geodata.base.database import today
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.schema.charts import ReportFigure
from geodata.schema.feature import Feature
from geodata.schema.filters import Choice, Condition
from geodata.schema.roles import Role
from geodata.statistics.indicators import month_before, year_before
from webmap.app.query import AS_OF, FilterParser

Filters = Mapping[str, tuple[str, ...]]
#: Figures are those that any of the staff may read: a report is the same whoever makes it.
READER = Role.PLANNER


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure with the filters that count it: at the month's end, a month earlier, a year earlier.

    `values`: of these three days; None where nothing is known to add up. `codes`: the rows counted at the month's end.
    """

    layer: str
    label: str
    value_label: str
    unit: str
    filters: Filters
    values: tuple[Decimal | None, Decimal | None, Decimal | None]
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
    """The figures of one layer."""

    title: str
    figures: tuple[Figure, ...]


def parse_month(text: str) -> date:
    """Return the first day of a month written 2020-02. Raises InvalidValueError."""
    year, dash, month = text.strip().partition("-")
    if not (dash and len(year) == 4 and len(month) == 2 and (year + month).isascii() and (year + month).isdigit()):
        raise InvalidValueError(name="period", value=text[:20], reason=N_("a month like 2020-02 is needed"))
    if not (1991 <= int(year) <= 2100 and 1 <= int(month) <= 12):
        raise InvalidValueError(name="period", value=text[:20], reason=N_("a month like 2020-02 is needed"))
    return date(int(year), int(month), 1)


def month_after(period: date) -> date:
    """Return the first day of the month after."""
    return (period + timedelta(days=31)).replace(day=1)


def cut_off(period: date) -> date:
    """Return the day of a month's figures: its last one, of the running month today."""
    last = month_after(period) - timedelta(days=1)
    return min(last, today()) if period <= today() else last


def month_sections(connection: Connection, kinds: Iterable[type[Feature]], period: date) -> list[Section]:
    """Return the figures of a month, section by section."""
    reported = [kind for kind in kinds if kind.layer.reported]
    reported.sort(key=lambda kind: kind.layer.reported.place if kind.layer.reported else 0)
    return [
        Section(title=kind.layer.title, figures=tuple(_figures(connection, kind, tuple(kinds), period)))
        for kind in reported
    ]


def _figures(
    connection: Connection, kind: type[Feature], kinds: Sequence[type[Feature]], period: date
) -> Iterator[Figure]:
    assert kind.layer.reported is not None  # noqa: S101  (the caller takes such layers only)
    for spec in kind.layer.reported.figures:
        for value, value_label in _values_of(kind, spec):
            months = (period, month_before(period), year_before(period))
            asked = [_filters(spec, value, month) for month in months]
            parsed = [_conditions(connection, kind, kinds, filters) for filters in asked]
            counted = [_count(connection, kind, spec, conditions) for conditions in parsed]
            if spec.by and not any(counted):
                continue
            field = kind.field(spec.sums) if spec.sums else None
            yield Figure(
                layer=kind.layer.name,
                label=spec.label,
                value_label=value_label,
                unit=field.unit if field else "",
                filters=asked[0],
                values=(counted[0], counted[1], counted[2]),
                codes=_codes(connection, kind, parsed[0]),
            )


def _values_of(kind: type[Feature], spec: ReportFigure) -> list[tuple[str, str]]:
    """Return the values for which a figure is told, with their labels: one without value where it is told once."""
    if not spec.by:
        return [("", "")]
    field = kind.field(spec.by)
    choice = field.filter if field else None
    return list(choice.labels.items()) if isinstance(choice, Choice) and choice.labels else []


def _filters(spec: ReportFigure, value: str, period: date) -> Filters:
    filters = dict(spec.only)
    if spec.by:
        filters[spec.by] = (value,)
    if spec.within:
        filters[spec.within] = (f"{period}..{cut_off(period)}",)
    return filters | {AS_OF: (cut_off(period).isoformat(),)}


def _conditions(
    connection: Connection, kind: type[Feature], kinds: Sequence[type[Feature]], filters: Filters
) -> tuple[Condition, ...]:
    arguments = MultiDict([(name, value) for name, values in filters.items() for value in values])
    visible = visible_fields(READER, kind)
    return FilterParser(kind=kind, visible=visible, readable=kinds, connection=connection).parse(arguments)


def _count(
    connection: Connection, kind: type[Feature], spec: ReportFigure, conditions: Sequence[Condition]
) -> Decimal | None:
    column: Any = func.sum(kind.column(spec.sums)) if spec.sums else func.count()
    found = connection.execute(select(column).select_from(kind).where(*(each.sql for each in conditions))).scalar()
    return None if found is None else Decimal(found)


def _codes(connection: Connection, kind: type[Feature], conditions: Sequence[Condition]) -> tuple[str, ...]:
    query = select(kind.column("code")).where(*(each.sql for each in conditions)).order_by(kind.column("code"))
    return tuple(connection.execute(query).scalars())


def as_kept(sections: Iterable[Section]) -> list[dict[str, Any]]:
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
