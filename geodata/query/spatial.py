"""Places that a person asks for, as filters: an area drawn or named, what is near a point, what is around an object.

Also how far each feature is from such a place, and how much of it lies there.
"""

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Numeric, and_, cast, func, or_, select

import pyproj
import shapely
from geoalchemy2 import Geography

from geodata.base.collation import by_name
from geodata.base.crs import WGS84
from geodata.base.database import ReadConnection
from geodata.base.errors import InvalidFilterError
from geodata.base.i18n import N_
from geodata.base.message import AsWritten, Message, MessageValue
from geodata.base.values import FeatureRow
from geodata.query import features
from geodata.query.features import Measure
from geodata.schema.feature import Feature, GeometryType
from geodata.schema.fields import Field
from geodata.schema.filters import Condition, Ground, parse_number

#: What overlaps an area by less, in degrees (0.1 m), is its neighbour and not inside.
NEIGHBOUR = 1e-6
MAX_CORNERS = 500
MIN_CORNERS = 3
NEAR_PARTS = 3
MAX_NEAR_KM = 500
AROUND_PARTS = 3
MAX_AROUND_M = 50_000
M_PER_KM = 1000
M2_PER_HA = 10_000
#: Straight pieces of a quarter of a circle: the polygon is less than 0.04 % of the distance inside the true line.
QUARTER = 32
#: The polygon drawn a little wider holds all that is near enough, drawn a little narrower nothing that is not.
MARGIN = 0.002
#: A distance measured twice may differ by rounding.
MILLIMETRE = 0.001

#: What is told of a feature and a place: metres to the centimetre, sizes to the square metre and the decimetre.
DISTANCE = Field(name="distance_m", label=N_("Distance"), unit="m", python_type=Decimal, derived=True)
AREA_INSIDE = Field(name="overlap_ha", label=N_("Area inside"), unit="ha", python_type=Decimal, derived=True)
LENGTH_INSIDE = Field(name="overlap_km", label=N_("Length inside"), unit="km", python_type=Decimal, derived=True)
SHARE_INSIDE = Field(name="share_percent", label=N_("Share inside"), unit="%", python_type=Decimal, derived=True)
MEASURED = (DISTANCE, AREA_INSIDE, LENGTH_INSIDE, SHARE_INSIDE)

Column = ColumnElement[Any]


@dataclass(frozen=True, kw_only=True)
class Around:
    """An object and a distance from it: shape in EPSG:4326 (lon, lat), metres on the ellipsoid."""

    kind: type[Feature]
    id: int
    title: str
    shape: shapely.Geometry
    metres: float

    def ground(self) -> shapely.Geometry:
        """Return the object with the ground up to that distance, EPSG:4326 (lon, lat)."""
        return ground_within(self.shape, self.metres)


@functools.lru_cache(maxsize=256)
def ground_within(shape: shapely.Geometry, metres: float) -> shapely.Geometry:
    """Return all that is up to some metres from a shape, EPSG:4326 (lon, lat)."""
    if metres <= 0:
        return shape
    middle = shapely.centroid(shape)
    to_metres, to_degrees = _local_plane(round(middle.x, 2), round(middle.y, 2))
    wide = shapely.buffer(shapely.transform(shape, to_metres), metres, quad_segs=QUARTER)
    return shapely.transform(wide, to_degrees)


@functools.lru_cache(maxsize=256)
def _local_plane(lon: float, lat: float) -> tuple[Any, Any]:
    """Return functions from degrees to metres and back, true to 1:20,000 within 60 km of the meridian."""
    plane = pyproj.Proj(proj="tmerc", lon_0=lon, lat_0=lat, k=1, ellps="WGS84")
    return (
        lambda points: np.column_stack(plane(points[:, 0], points[:, 1])),
        lambda points: np.column_stack(plane(points[:, 0], points[:, 1], inverse=True)),
    )


# Filters ---------------------------------------------------------------------------------------------


def near_filter(name: str, value: str, geom: Column) -> Condition:
    """Return the condition that a geometry lies within km of a point; `value` is lon,lat,km."""
    parts = [float(parse_number(name, part.strip())) for part in value.split(",")]
    if len(parts) != NEAR_PARTS or not (
        -180 <= parts[0] <= 180 and -90 <= parts[1] <= 90 and 0 < parts[2] <= MAX_NEAR_KM
    ):
        raise InvalidFilterError(name=name, value=value, reason=N_("give lon,lat,km with at most 500 km"))
    lon, lat, km = parts
    point = func.ST_SetSRID(func.ST_Point(lon, lat), WGS84)
    # The box lets the index work; a degree of latitude has at least 110.5 km, of longitude cos(lat) times that.
    lat_margin, lon_margin = km / 110.5, km / (110.5 * max(math.cos(math.radians(lat)), 0.01))
    box = func.ST_Expand(point, lon_margin, lat_margin)
    origin = shapely.Point(lon, lat)
    return Condition(
        name=name,
        sql=and_(
            geom.op("&&")(box),
            func.ST_DWithin(cast(geom, Geography), cast(point, Geography), km * M_PER_KM),
        ),
        said=Message(
            template=N_("within {km} km of {lat}, {lon}"),
            values={"km": round(km, 3), "lat": round(lat, 5), "lon": round(lon, 5)},
        ),
        ground=Ground(area=_literal(ground_within(origin, km * M_PER_KM)), origin=origin),
    )


def polygon_filter(name: str, value: str, geom: Column, *, shrink: bool = False) -> Condition:
    """Return the condition that a geometry meets a drawn area; `value` is lon,lat;lon,lat;… in degrees.

    `shrink` takes off NEIGHBOUR at the edge, so that what only touches the area does not meet it.
    """
    area = parse_polygon(name, value)
    return Condition(
        name=name,
        sql=func.ST_Intersects(geom, _literal(_shrunk(area) if shrink else area)),
        said=Message(template=N_("inside the drawn area")),
        ground=Ground(area=_literal(area)),
    )


def parse_polygon(name: str, value: str) -> shapely.Polygon:
    """Return the area of lon,lat;lon,lat;… (EPSG:4326). Raises InvalidFilterError."""

    def refuse(reason: str) -> InvalidFilterError:
        return InvalidFilterError(name=name, value=value[:80], reason=reason)

    corners = [corner for corner in value.split(";") if corner]
    if not MIN_CORNERS <= len(corners) <= MAX_CORNERS:
        raise refuse(N_("an area has 3 to 500 corners"))
    try:
        points = [(float(lon), float(lat)) for lon, lat in (corner.split(",") for corner in corners)]
    except ValueError:
        raise refuse(N_("write the corners like 106.68,20.86;106.70,20.86;106.70,20.88")) from None
    if not all(math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90 for lon, lat in points):
        raise refuse(N_("write the corners like 106.68,20.86;106.70,20.86;106.70,20.88"))
    area = shapely.Polygon(points)
    if not area.is_valid or area.is_empty:
        raise refuse(N_("the sides of the area cross; draw them without crossing"))
    return area


def find_area(connection: ReadConnection, area_kind: type[Feature], name: str, value: str) -> tuple[int, str]:
    """Return id and name of a stored area; `value` is its code or `id:<id>`. Raises InvalidFilterError."""
    number = value.removeprefix("id:")  # a former unit may share its code with a new one
    feature_id = None if number != value else features.find_by_code(connection, area_kind, value)
    if feature_id is None and _is_id(number):
        feature_id = int(number)
    found = select(area_kind.name).where(area_kind.id == feature_id)
    title = None if feature_id is None else connection.execute(found).scalar()
    if feature_id is None or title is None:
        raise InvalidFilterError(name=name, value=value, reason=N_("there is no such area; give its code"))
    return feature_id, str(title)


def area_filter(
    connection: ReadConnection, area_kind: type[Feature], name: str, value: str, kind: type[Feature]
) -> Condition:
    """Return the condition that a feature meets a stored area; `value` is its code or `id:<id>`.

    Raises InvalidFilterError.
    """
    feature_id, title = find_area(connection, area_kind, name, value)
    stored = area_kind.column("geom")
    whole = select(stored).where(area_kind.id == feature_id).scalar_subquery()
    # Of areas and lines, what only touches the area's edge is its neighbour.
    shrunk = select(func.ST_Buffer(stored, -NEIGHBOUR)).where(area_kind.id == feature_id).scalar_subquery()
    return Condition(
        name=name,
        sql=func.ST_Intersects(kind.column("geom"), whole if kind.is_point() else shrunk),
        said=Message(template="{field}: {value}", values={"field": area_kind.layer.singular, "value": title}),
        ground=Ground(area=whole),
        reads=area_kind.layer.name,
    )


def around_filter(name: str, around: Around, kind: type[Feature]) -> Condition:
    """Return the condition that a feature lies within a distance of an object, which itself is left out.

    At 0 m it meets the object; what only touches an area's edge does not.
    """
    parts = [_within(kind, around.shape, around.metres)]
    if kind is around.kind:
        parts.append(kind.id != around.id)
    values: dict[str, MessageValue] = {"name": AsWritten(around.title)}
    if around.metres == 0:
        template = N_("meets {name}")
    elif around.metres < M_PER_KM:
        template, values["metres"] = N_("within {metres} m of {name}"), _plain(around.metres)
    else:
        template, values["km"] = N_("within {km} km of {name}"), _plain(around.metres / M_PER_KM)
    return Condition(
        name=name,
        sql=and_(*parts),
        said=Message(template=template, values=values),
        ground=Ground(area=_literal(around.ground()), origin=around.shape),
        reads=around.kind.layer.name,
    )


def parse_around(connection: ReadConnection, readable: Iterable[type[Feature]], name: str, value: str) -> Around:
    """Return the object and distance of `<layer>:<id>:<metres>`, among layers that may be read.

    Raises InvalidFilterError.
    """
    parts = value.split(":")
    if len(parts) != AROUND_PARTS or not _is_id(parts[1]):
        raise InvalidFilterError(name=name, value=value[:80], reason=N_("write it like layer:id:metres"))
    metres = float(parse_number(name, parts[2]))
    if not 0 <= metres <= MAX_AROUND_M:
        raise InvalidFilterError(name=name, value=value[:80], reason=N_("give a distance from 0 to 50,000 metres"))
    kind = next((kind for kind in readable if kind.layer.name == parts[0]), None)
    found = None
    if kind is not None:
        columns = (kind.name, func.ST_AsBinary(kind.column("geom")))
        found = connection.execute(select(*columns).where(kind.id == int(parts[1]))).one_or_none()
    if kind is None or found is None:
        raise InvalidFilterError(name=name, value=value[:80], reason=N_("there is no such object"))
    title, shape = found
    return Around(kind=kind, id=int(parts[1]), title=title, shape=shapely.from_wkb(bytes(shape)), metres=metres)


def _within(kind: type[Feature], shape: shapely.Geometry, metres: float) -> Column:
    """Return the condition that a feature is at most some metres from a shape (EPSG:4326).

    Polygons decide nearly all; only what lies between them is measured on the ellipsoid.
    """
    geom: Column = kind.column("geom")
    if metres <= 0:
        return func.ST_Intersects(geom, _literal(shape if kind.is_point() else _shrunk(shape)))
    outer = ground_within(shape, metres * (1 + MARGIN))
    inner = ground_within(shape, metres * (1 - MARGIN))
    return and_(
        func.ST_Intersects(geom, _literal(outer)),
        or_(
            func.ST_Intersects(geom, _literal(inner)),
            func.ST_DWithin(cast(geom, Geography), cast(_literal(shape), Geography), metres),
        ),
    )


# Measures --------------------------------------------------------------------------------------------


def asked_ground(conditions: Iterable[Condition]) -> Ground | None:
    """Return where conditions look: the first area, and the first place that distances are told from; None for neither."""
    grounds = [condition.ground for condition in conditions if condition.ground]
    origin = next((ground.origin for ground in grounds if ground.origin is not None), None)
    return Ground(area=grounds[0].area, origin=origin) if grounds else None


def measures_of(kind: type[Feature], conditions: Iterable[Condition]) -> list[Measure]:
    """Return what can be told of a layer's features and the place asked for: metres from it, how much lies inside."""
    ground = asked_ground(conditions)
    if ground is None:
        return []
    geom: Column = kind.column("geom")
    made = []
    if ground.origin is not None:
        made.append(Measure(field=DISTANCE, column=distance_from(kind, ground.origin)))
    if kind.is_point():
        return made
    is_area = kind.layer.geometry is GeometryType.POLYGON
    size, field, scale = (
        (func.ST_Area, AREA_INSIDE, M2_PER_HA) if is_area else (func.ST_Length, LENGTH_INSIDE, M_PER_KM)
    )
    inside, whole = size(cast(func.ST_Intersection(geom, ground.area), Geography)), size(cast(geom, Geography))
    share = func.least(100, 100 * inside / func.nullif(whole, 0))
    made.append(Measure(field=field, column=_rounded(inside / scale, 4)))
    made.append(Measure(field=SHARE_INSIDE, column=_rounded(share, 2)))
    return made


def distance_from(kind: type[Feature], origin: shapely.Geometry) -> Column:
    """Return how far a layer's features are from a shape (EPSG:4326): metres on the ellipsoid, to the centimetre."""
    return _rounded(_metres_from(kind, origin), 2)


def _metres_from(kind: type[Feature], origin: shapely.Geometry) -> Column:
    return func.ST_Distance(cast(kind.column("geom"), Geography), cast(_literal(origin), Geography))


def _rounded(number: Column, decimals: int) -> Column:
    """Return a number as it is told. Measured again it is the same, so that it can say where the next page begins."""
    return func.round(cast(number, Numeric), decimals, type_=Numeric)


def list_nearest(
    connection: ReadConnection,
    kind: type[Feature],
    fields: Sequence[Field],
    conditions: Sequence[Condition],
    origin: shapely.Geometry,
    *,
    measures: Sequence[Measure],
    limit: int,
) -> list[FeatureRow]:
    """Return the features nearest to a shape (EPSG:4326), nearest first, each with its measures; no geometry."""
    geom: Column = kind.column("geom")
    kept = [condition.sql for condition in conditions]
    metres = _metres_from(kind, origin)
    # Degrees are not metres: the nearest in degrees only tell how far the nearest can be at most.
    first = (
        select(metres.label("metres")).where(*kept).order_by(geom.op("<->")(_literal(origin))).limit(limit).subquery()
    )
    farthest = connection.execute(select(func.max(first.c.metres))).scalar()
    if farthest is None:
        return []
    columns = [kind.column(field.name).label(field.name) for field in fields]
    told = [measure.column.label(measure.name) for measure in measures]
    near = select(kind.id.label("id"), *columns, *told).where(*kept, _within(kind, origin, farthest + MILLIMETRE))
    overlap = [measure.column.desc() for measure in measures if measure.field in (AREA_INSIDE, LENGTH_INSIDE)]
    rows = connection.execute(near.order_by(metres, *overlap, by_name(kind.name), kind.id).limit(limit))
    return [row._asdict() for row in rows]


def _literal(shape: shapely.Geometry) -> Column:
    return func.ST_GeomFromWKB(shapely.to_wkb(shape), WGS84)


def _shrunk(shape: shapely.Geometry) -> shapely.Geometry:
    """Return an area without its edge, any other shape as it is."""
    if shapely.get_dimensions(shape) != 2:
        return shape
    inner = shapely.buffer(shape, -NEIGHBOUR)
    return shape if inner.is_empty else inner


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < len(str(2**63))


def _plain(number: float) -> int | float:
    return int(number) if number == int(number) else round(number, 3)
