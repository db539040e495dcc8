"""Areas that a person draws, as filters."""

import math

from sqlalchemy import ColumnElement, func

import shapely

from geodata.crs import WGS84
from geodata.errors import InvalidFilterError
from geodata.filters import NEIGHBOUR, Condition
from geodata.i18n import N_

MAX_CORNERS = 500
MIN_CORNERS = 3


def polygon_filter(name: str, value: str, geom: ColumnElement[object], *, shrink: bool = False) -> Condition:
    """Return the condition that a geometry meets a drawn area; `value` is lon,lat;lon,lat;… in degrees.

    `shrink` takes off NEIGHBOUR at the edge, so that what only touches the area does not meet it.
    """
    area: shapely.Geometry = parse_polygon(name, value)
    inner = area.buffer(-NEIGHBOUR) if shrink else area
    area = inner if not inner.is_empty else area
    return Condition(
        name=name,
        sql=func.ST_Intersects(geom, func.ST_GeomFromText(area.wkt, WGS84)),
        sentence=N_("inside the drawn area"),
        words={"field": ""},
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
