"""Rows for tests: the least a feature needs, the rest as the test says."""

from itertools import count

from sqlalchemy.orm import Session

from geoalchemy2.shape import from_shape
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Point, Polygon

from geodata.base.crs import WGS84
from geodata.schema.feature import Feature, GeometryType

CENTRE = (106.6835, 20.8605)
_numbers = count(1)


def shape_for(kind: type[Feature], lon: float = CENTRE[0], lat: float = CENTRE[1], size: float = 0.005):
    """Return a small geometry of the layer's type around a place."""
    if kind.layer.geometry is GeometryType.POINT:
        return Point(lon, lat)
    if kind.layer.geometry is GeometryType.LINE:
        return MultiLineString([LineString([(lon - size, lat), (lon, lat + size / 2), (lon + size, lat)])])
    ring = [(lon - size, lat - size), (lon + size, lat - size), (lon + size, lat + size), (lon - size, lat + size)]
    return MultiPolygon([Polygon(ring)])


def make_feature(
    session: Session, kind: type[Feature], /, *, shape=None, lon=CENTRE[0], lat=CENTRE[1], **values
) -> Feature:
    """Store a feature and return it."""
    number = next(_numbers)
    values = {"code": f"T-{number:05d}", "name": f"Đối tượng số {number}"} | values
    shape = shape if shape is not None else shape_for(kind, lon, lat)
    feature = kind(geom=from_shape(shape, srid=WGS84), **values)
    session.add(feature)
    session.flush()
    return feature
