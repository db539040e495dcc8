"""Reading features: one, a page of them, how many, counts per value, their extent. Never writes."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Row,
    Select,
    any_,
    bindparam,
    func,
    inspect,
    literal,
    or_,
    select,
    tuple_,
)

from geodata.base.collation import by_name
from geodata.base.crs import Bbox
from geodata.base.database import ReadConnection
from geodata.base.errors import InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.base.values import FeatureRow, GeoJsonFeature
from geodata.query.cache import keep
from geodata.query.projections import LON_LAT, OfferedCrs
from geodata.query.summary import is_counted, summarise
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.filters import Condition, day_of

MAX_PAGE = 1000


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of features as rows; `next_cursor` is None on the last page."""

    rows: Sequence[FeatureRow]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number that each feature has beside its fields, by what is asked: never unknown, rounded in SQL."""

    field: Field
    column: ColumnElement[Decimal]

    @property
    def name(self) -> str:
        """The name of its column."""
        return self.field.name

    def of(self, row: FeatureRow) -> Decimal:
        """Return the number in a row that was read with it."""
        return cast(Decimal, row[self.name])


@dataclass(frozen=True, kw_only=True)
class Sort:
    """An order: a field's column or a measure, and the way."""

    name: str
    descending: bool = False
    measure: Measure | None = None


def parse_sort(
    kind: type[Feature], visible: Sequence[Field], text: str | None, measures: Sequence[Measure] = ()
) -> Sort:
    """Return the order of `name` or `-name`; by id without one. Raises InvalidValueError."""
    if not text:
        return Sort(name="id")
    name = text.removeprefix("-")
    measure = next((measure for measure in measures if measure.name == name), None)
    if measure is None and name != "id" and name not in {field.name for field in visible}:
        raise InvalidValueError(
            name="sort", value=text, reason=N_("sort by one of the layer's fields, “-” for descending")
        )
    return Sort(name=name, descending=text.startswith("-"), measure=measure)


def list_features(
    connection: ReadConnection,
    kind: type[Feature],
    fields: Sequence[Field],
    conditions: Iterable[Condition] = (),
    *,
    limit: int = 100,
    cursor: str | None = None,
    sort: Sort | None = None,
    with_geometry: bool = True,
    measures: Sequence[Measure] = (),
    system: OfferedCrs = LON_LAT,
) -> Page:
    """Return a page in keyset order, at most MAX_PAGE rows; geometry as GeoJSON text, EPSG:4326 (lon, lat) or `system`.

    `measures` are worked out for the page's rows alone, unless they are what is sorted by.
    """
    asked = tuple(conditions)
    measured = [measure.column.label(measure.name) for measure in measures]
    shown = _select(kind, fields, day_of(asked), with_geometry=with_geometry, system=system).add_columns(*measured)
    numbers, next_cursor = read_numbers(connection, kind, asked, limit=limit, cursor=cursor, sort=sort)
    wide = shown.where(kind.column("id") == any_(NUMBERS))
    rows = {row.id: row for row in connection.execute(wide, {NUMBERS.key: numbers})} if numbers else {}
    return Page(rows=[rows[number]._asdict() for number in numbers if number in rows], next_cursor=next_cursor)


#: The ids of a page: one parameter however many, as a list of its own length would be another statement each time.
NUMBERS = bindparam("numbers", type_=ARRAY(BigInteger))


def read_numbers(
    connection: ReadConnection,
    kind: type[Feature],
    conditions: Sequence[Condition],
    *,
    limit: int,
    cursor: str | None,
    sort: Sort | None,
) -> tuple[list[int], str | None]:
    """Return the ids of a page, in order, and where the next page starts.

    All fields of so many features are then asked by number: a statement that is the same whatever was asked.
    """
    sort = sort or Sort(name="id")
    limit = max(1, min(limit, MAX_PAGE))
    after = _read_cursor(kind, sort, cursor) if cursor else None
    day = day_of(conditions)
    wanted = tuple(condition.sql for condition in conditions)
    keys: list[Row[Any]] = []
    # The unknown come last, in a statement of their own: each of the two can follow an index.
    for is_known in (True, False) if _may_be_unknown(kind, sort) else (True,):
        if (is_known and after is not None and after[0] is None) or len(keys) > limit:
            continue
        started = after if after is not None and (after[0] is not None) == is_known else None
        found = _keys(kind, sort, wanted, started, day, is_known=is_known).limit(limit + 1 - len(keys))
        keys += connection.execute(found).all()
    numbers = [key.id for key in keys[:limit]]
    if len(keys) <= limit:
        return numbers, None
    last = keys[limit - 1]
    return numbers, _write_cursor(last.key, last.id)


def _keys(
    kind: type[Feature],
    sort: Sort,
    wanted: Sequence[ColumnElement[bool]],
    after: tuple[Any, int] | None,
    day: date | None,
    *,
    is_known: bool,
) -> Select[Any]:
    """Return sort key and id of the features wanted from a place on, in order; narrow, so that sorting is cheap."""
    key: ColumnElement[Any] = _sort_key(kind, sort, day)
    feature_id: ColumnElement[Any] = kind.column("id")
    if sort.measure:
        # Measuring is dear: once for each feature, not again to compare and to sort.
        measured = select(feature_id.label("id"), key.label("key")).where(*wanted).cte().prefix_with("MATERIALIZED")
        key, feature_id, wanted = measured.c.key, measured.c.id, ()
    statement = select(feature_id.label("id"), key.label("key")).where(*wanted)
    order = [key, feature_id] if is_known else [feature_id]
    if _may_be_unknown(kind, sort):
        statement = statement.where(key.is_not(None) if is_known else key.is_(None))
    if after:
        values = [literal(after[0], key.type), literal(after[1], BigInteger)][-len(order) :]
        statement = statement.where(
            tuple_(*order) < tuple_(*values) if sort.descending else tuple_(*order) > tuple_(*values)
        )
    return statement.order_by(*(column.desc() if sort.descending else column.asc() for column in order))


def _sort_key(kind: type[Feature], sort: Sort, day: date | None) -> ColumnElement[Any]:
    """Return what to sort by: texts in Vietnamese order, where Đ follows D."""
    if sort.measure:
        return sort.measure.column
    key, field = kind.column(sort.name, day), kind.field(sort.name)
    is_text = field is not None and field.python_type is str and field.values is None and not field.derived
    return by_name(key) if is_text and sort.name not in kind.layer.key else key


def _may_be_unknown(kind: type[Feature], sort: Sort) -> bool:
    column = inspect(kind).columns.get(sort.name)
    return sort.measure is None and (not isinstance(column, Column) or bool(column.nullable))


def count_features(connection: ReadConnection, kind: type[Feature], conditions: Iterable[Condition] = ()) -> int:
    """Return how many features the conditions keep."""
    asked = tuple(conditions)
    choices, others = _split(asked)
    if others:
        return connection.execute(
            select(func.count()).select_from(kind).where(*(each.sql for each in asked))
        ).scalar_one()
    return summarise(connection, kind, sorted({choice.name for choice in choices})).count(choices)


def get_feature(
    connection: ReadConnection,
    kind: type[Feature],
    feature_id: int,
    fields: Sequence[Field],
    day: date | None = None,
    *,
    system: OfferedCrs = LON_LAT,
) -> FeatureRow:
    """Return one feature as a row like those of list_features, today or on a day. Raises NotFoundError."""
    row = connection.execute(_select(kind, fields, day, system=system).where(kind.id == feature_id)).first()
    if row is None:
        raise NotFoundError(value=str(feature_id))
    return row._asdict()


def find_by_code(connection: ReadConnection, kind: type[Feature], code: str) -> int | None:
    """Return the id of the feature of that code, the one still valid first, or None."""
    statement = (
        select(kind.id).where(kind.code == code).order_by(kind.valid_to.desc().nulls_first(), kind.id.desc()).limit(1)
    )
    return connection.execute(statement).scalar()


def list_details(connection: ReadConnection, detail: type[Detail], feature_id: int) -> list[Mapping[str, object]]:
    """Return what hangs on a feature, in the detail's own order."""
    names = [field.name for field in detail.fields()]
    order = [
        detail.column(name.removeprefix("-")).desc() if name.startswith("-") else detail.column(name).asc().nulls_last()
        for name in detail.detail.order_by
    ]
    statement = (
        select(*(detail.column(name).label(name) for name in names))
        .where(detail.feature_id == feature_id)
        .order_by(*order, detail.id)
    )
    return [row._asdict() for row in connection.execute(statement)]


def facets(
    connection: ReadConnection, kind: type[Feature], fields: Sequence[Field], conditions: Sequence[Condition] = ()
) -> dict[str, dict[str, int]]:
    """Return counts per value of every choice field; a field's own condition is left out of its counts."""
    return count_facets(connection, kind, fields, conditions)[1]


def count_facets(
    connection: ReadConnection, kind: type[Feature], fields: Sequence[Field], conditions: Sequence[Condition] = ()
) -> tuple[int, dict[str, dict[str, int]]]:
    """Return how many features the conditions keep, and the facets, from one reading."""
    counted = [field.name for field in fields if is_counted(field)]
    choices, others = _split(conditions)
    others += [choice for choice in choices if choice.name not in counted]
    choices = [choice for choice in choices if choice.name in counted]
    summary = summarise(connection, kind, counted, others)
    return summary.count(choices), {name: summary.facet(name, choices) for name in counted}


def _split(conditions: Iterable[Condition]) -> tuple[list[Condition], list[Condition]]:
    """Return the conditions on closed sets of values, and the others."""
    found = list(conditions)
    return [c for c in found if c.choices is not None], [c for c in found if c.choices is None]


def extent(connection: ReadConnection, kind: type[Feature], conditions: Iterable[Condition] = ()) -> Bbox | None:
    """Return west, south, east, north in EPSG:4326, or None without features."""
    limits = [condition.sql for condition in conditions]
    box = select(func.ST_Extent(kind.column("geom")).label("box")).where(*limits).subquery()
    ends = select(func.ST_XMin(box.c.box), func.ST_YMin(box.c.box), func.ST_XMax(box.c.box), func.ST_YMax(box.c.box))

    def read() -> Bbox | None:
        row = connection.execute(ends).one()
        return None if row[0] is None else (row[0], row[1], row[2], row[3])

    return read() if limits else keep(connection, [kind.layer.name], ("extent", kind), read)


def sums_of(
    connection: ReadConnection, kind: type[Feature], names: Sequence[str], conditions: Iterable[Condition] = ()
) -> list[Decimal | None]:
    """Return the sum of each field over what the conditions keep; None where nothing is known of it."""
    if not names:
        return []
    conditions = list(conditions)
    day = day_of(conditions)
    totals = (func.sum(kind.column(name, day)) for name in names)
    return list(connection.execute(select(*totals).where(*(condition.sql for condition in conditions))).one())


def area_kinds(registry: Iterable[type[Feature]]) -> dict[str, type[Feature]]:
    """Return filter name -> the kind whose areas it names."""
    return {kind.layer.selects_as: kind for kind in registry if kind.layer.selects_as}


def json_value(value: object) -> object:
    """Return a stored value as JSON knows it: dates in ISO form, decimals as numbers with a point.

    QGIS and GDAL take a field for whole numbers when its first values look so, and cut the later ones.
    """
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return getattr(value, "value", value)


def as_geojson(row: FeatureRow) -> GeoJsonFeature:
    """Return a row of list_features as a GeoJSON feature."""
    properties = {name: json_value(value) for name, value in row.items() if name not in {"id", "geometry"}}
    geometry = row.get("geometry")
    return {
        "type": "Feature",
        "id": row["id"],
        "geometry": json.loads(geometry) if geometry else None,
        "properties": properties,
    }


def _select(
    kind: type[Feature],
    fields: Sequence[Field],
    day: date | None,
    *,
    with_geometry: bool = True,
    system: OfferedCrs = LON_LAT,
) -> Select[Any]:
    columns: list[ColumnElement[Any]] = [kind.id.label("id")]
    columns += [kind.column(field.name, day).label(field.name) for field in fields]
    if with_geometry:
        columns.append(system.geojson(kind.column("geom")).label("geometry"))
    return select(*columns)


def _write_cursor(value: object, feature_id: int) -> str:
    plain = value.isoformat() if isinstance(value, date | datetime) else value
    plain = str(plain) if isinstance(plain, Decimal) else getattr(plain, "value", plain)
    return base64.urlsafe_b64encode(json.dumps([plain, feature_id]).encode()).decode().rstrip("=")


def _read_cursor(kind: type[Feature], sort: Sort, cursor: str) -> tuple[Any, int]:
    try:
        value, feature_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        field = sort.measure.field if sort.measure else kind.field(sort.name)
        if value is not None and field is not None:
            if field.python_type in {date, datetime}:
                value = field.python_type.fromisoformat(value)
            elif field.python_type is Decimal:
                value = Decimal(value)
        return value, int(feature_id)
    except (ValueError, TypeError, ArithmeticError):
        raise InvalidValueError(name="cursor", value=cursor, reason=N_("take it from the “next” link")) from None


def have_illustration(connection: ReadConnection, kinds: Sequence[type[Feature]]) -> bool:
    """Say whether any of the layers holds features that are illustration only."""
    if not kinds:
        return False
    statement = select(or_(*(select(kind.id).where(kind.is_illustration).exists() for kind in kinds)))
    names = [kind.layer.name for kind in kinds]
    return keep(connection, names, ("illustration", *names), lambda: bool(connection.execute(statement).scalar_one()))


def point_and_extent(
    connection: ReadConnection, kind: type[Feature], feature_id: int
) -> tuple[tuple[float, float], tuple[float, float, float, float]]:
    """Return lon, lat of a point on the feature, and its west, south, east and north; EPSG:4326."""
    geom = kind.column("geom")
    point = func.ST_PointOnSurface(geom)
    sides = (func.ST_XMin(geom), func.ST_YMin(geom), func.ST_XMax(geom), func.ST_YMax(geom))
    lon, lat, *extent = connection.execute(
        select(func.ST_X(point), func.ST_Y(point), *sides).where(kind.id == feature_id)
    ).one()
    return (lon, lat), tuple(extent)
