"""What exists, is being built or is planned by a year. Reads a layer's Life; knows no layer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, and_, case, cast, extract, func, literal, or_, select

from geodata.base.collation import by_name
from geodata.base.database import ReadConnection, today
from geodata.base.errors import InvalidFilterError, InvalidValueError
from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.base.parsing import parse_whole
from geodata.schema.feature import Feature
from geodata.schema.filters import Condition
from geodata.schema.lifecycle import Life

FIRST_YEAR, LAST_YEAR = 1900, 2100
#: A plan's number is no longer, and a layer offers no more of them.
MAX_NUMBER, MAX_PLANS = 100, 50
EXISTING, UNDER_WAY, PLANNED, LATE = "existing", "under_way", "planned", "late"
STATES = {
    EXISTING: N_("Existing"),
    UNDER_WAY: N_("Being built"),
    PLANNED: N_("Planned by then"),
    LATE: N_("Late, its year has passed"),
}
#: So many features of a layer are named as changing; their number is told all the same.
MAX_CHANGES = 200


@dataclass(frozen=True, kw_only=True)
class YearCount:
    """How many features of a layer exist, are being built, are planned by a year and are late; `sums` are of all of them."""

    year: int
    existing: int
    under_way: int
    planned: int
    late: int
    sums: dict[str, float]

    @property
    def total(self) -> int:
        """All of them."""
        return self.existing + self.under_way + self.planned + self.late


@dataclass(frozen=True, kw_only=True)
class Change:
    """A feature that is something else in one year than in another, or late: its states, "" where it is not there.

    `year`: when it begins or is due; place in EPSG:4326 (lon, lat).
    """

    id: int
    code: str
    name: str
    year: int | None
    before: str
    after: str
    lon: float
    lat: float


def this_year() -> int:
    """Return the year where the data belong."""
    return today().year


def parse_year(name: str, value: str) -> int:
    """Return the year. Raises InvalidFilterError."""
    try:
        return parse_whole(name, value, low=FIRST_YEAR, high=LAST_YEAR)
    except InvalidValueError:
        reason = N_("a year between 1900 and 2100 is needed")
        raise InvalidFilterError(name=name, value=value[:80], reason=reason) from None


def year_filter(name: str, value: str, kind: type[Feature], life: Life) -> Condition:
    """Return the condition that a feature is there, or is meant to be there, in a year."""
    year = parse_year(name, value)
    return Condition(
        name=name,
        sql=_is_there(kind, life, year),
        said=Message(template=N_("by the year {year}"), values={"year": str(year)}),
    )


def plan_filter(name: str, value: str, kind: type[Feature], life: Life) -> Condition:
    """Return the condition that a feature is no mere plan, or one of the plan of that number."""
    if life.plan is None or not value.strip() or len(value) > MAX_NUMBER:
        raise InvalidFilterError(name=name, value=value[:80], reason=N_("give the number of a plan"))
    return Condition(
        name=name,
        sql=or_(_state(kind, life) == EXISTING, kind.column(life.plan) == value.strip()),
        said=Message(template=N_("plans of {value} only"), values={"value": value.strip()}),
    )


def list_plans(connection: ReadConnection, kind: type[Feature], life: Life) -> list[str]:
    """Return the numbers of the plans that want something of this layer."""
    if life.plan is None:
        return []
    number = kind.column(life.plan)
    wanted = select(number).where(number.is_not(None), _state(kind, life) != EXISTING).distinct()
    return [str(row[0]) for row in connection.execute(wanted.order_by(number).limit(MAX_PLANS))]


def count_year(
    connection: ReadConnection,
    kind: type[Feature],
    life: Life,
    year: int,
    conditions: Iterable[Condition] = (),
    *,
    sums: Sequence[str] = (),
) -> YearCount:
    """Return the numbers of one year among what the conditions keep."""
    state = _state_by(kind, life, year).label("state")
    totals = [func.coalesce(func.sum(kind.column(name)), 0) for name in sums]
    wanted = [condition.sql for condition in conditions]
    rows = connection.execute(
        select(state, func.count(), *totals).where(_is_there(kind, life, year), *wanted).group_by(state)
    ).all()
    found = {str(row[0]): int(row[1]) for row in rows}
    added = {name: float(sum(row[2 + place] for row in rows)) for place, name in enumerate(sums)}
    return YearCount(year=year, **{name: found.get(name, 0) for name in STATES}, sums=added)


def list_changes(
    connection: ReadConnection,
    kind: type[Feature],
    life: Life,
    years: tuple[int, int],
    conditions: tuple[Sequence[Condition], Sequence[Condition]],
) -> tuple[int, list[Change]]:
    """Return how many features differ between two years or are late in the second, and the first of them by year and name."""
    before, after = (
        case(
            (and_(_is_there(kind, life, year), *(one.sql for one in wanted)), _state_by(kind, life, year)),
            else_=literal(""),
        )
        for year, wanted in zip(years, conditions, strict=True)
    )
    point = func.ST_PointOnSurface(kind.column("geom"))
    differs = or_(before != after, after == LATE)
    found = select(
        kind.id, kind.code, kind.name, _begins(kind, life).label("year"), before.label("before"), after.label("after"),
        func.ST_X(point).label("lon"), func.ST_Y(point).label("lat"), func.count().over().label("all"),
    ).where(differs)  # fmt: skip
    rows = connection.execute(
        found.order_by(_begins(kind, life).nulls_last(), by_name(kind.name), kind.id).limit(MAX_CHANGES)
    ).all()
    changes = [
        Change(
            id=row.id,
            code=row.code,
            name=row.name,
            year=row.year,
            before=row.before,
            after=row.after,
            lon=row.lon,
            lat=row.lat,
        )
        for row in rows
    ]
    return (rows[0].all if rows else 0), changes


def year_span(connection: ReadConnection, kind: type[Feature], life: Life) -> tuple[int, int] | None:
    """Return the first and last year that a layer's features name, or None."""
    begins = _begins(kind, life)
    first, last = connection.execute(select(func.min(begins), func.max(begins))).one()
    return (int(first), int(last)) if first is not None else None


def _begins(kind: type[Feature], life: Life) -> ColumnElement[int]:
    years = [_year_of(kind, name) for name in life.begins]
    return func.coalesce(*years) if len(years) > 1 else years[0]


def _year_of(kind: type[Feature], name: str) -> ColumnElement[int]:
    field, column = kind.field(name), kind.column(name)
    is_year = field is not None and field.python_type is int
    return column if is_year else cast(extract("year", column), Integer)


def _state(kind: type[Feature], life: Life) -> ColumnElement[str]:
    status = kind.column(life.status)
    return case((status.in_(life.planned), PLANNED), (status.in_(life.under_way), UNDER_WAY), else_=EXISTING)


def _state_by(kind: type[Feature], life: Life, year: int) -> ColumnElement[str]:
    """Return the state by a year: what should have been there before this year is late, works due by then are expected to be done."""
    state = _state(kind, life)
    if life.due is None:
        return state
    due = _year_of(kind, life.due)
    return case(
        (and_(state != EXISTING, due < this_year()), literal(LATE)),
        (and_(state == UNDER_WAY, due <= year, literal(year > this_year())), literal(PLANNED)),
        else_=state,
    )


def _is_there(kind: type[Feature], life: Life, year: int) -> ColumnElement[bool]:
    """Leave out plans without a year; keep what stands without one."""
    begins, state = _begins(kind, life), _state(kind, life)
    parts = [begins <= year, and_(begins.is_(None), state != PLANNED)]
    if year >= this_year():
        parts.append(state == UNDER_WAY)  # works go on until they are done
    there = [or_(*parts), or_(kind.valid_to.is_(None), extract("year", kind.valid_to) >= year)]
    if life.gone and year >= this_year():
        status = kind.column(life.status)
        there.append(or_(status.is_(None), status.not_in(life.gone)))
    return and_(*there)
