"""The reference systems that answers may be asked for in: their OGC names, axis order, and boxes written in them.

Works on the numbers of geodata.base.crs; PROJ's own register says which axis comes first.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, func, or_

import pyproj

from geodata.base.crs import WEB_MERCATOR, WGS84, Bbox, Province
from geodata.base.errors import InvalidFilterError, InvalidValueError
from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.base.transformers import transformer
from geodata.schema.filters import Condition, parse_number
from geodata.schema.layer_filters import BBOX_PARTS, meets_box

#: Longitude before latitude, as GeoJSON and the project's own addresses have it.
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
DEGREE_DECIMALS, METRE_DECIMALS = 7, 3
#: Data lie inside the province's extent; a box is cut this much beyond it, degrees.
EXTENT_MARGIN = 0.1
#: A box's sides are bent lines elsewhere: so many pieces follow them.
PIECES = 16
BBOX_PARTS_WITH_HEIGHT = 6
#: A box without width or height is no polygon: it is grown by 0.1 mm, in degrees and in metres.
HAIR_DEGREES, HAIR_M = 1e-9, 1e-4


@dataclass(frozen=True, kw_only=True)
class OfferedCrs:
    """A reference system by its OGC name. `is_north_first`: coordinates are written latitude (northing) first."""

    uri: str
    srid: int
    name: str
    is_geographic: bool
    is_north_first: bool = False

    def geojson(self, geom: ColumnElement[object]) -> ColumnElement[str]:
        """Return the SQL of a stored geometry as GeoJSON text in this system and its axis order."""
        shape = geom if self.srid == WGS84 else func.ST_Transform(geom, self.srid)
        shape = func.ST_FlipCoordinates(shape) if self.is_north_first else shape
        decimals = DEGREE_DECIMALS if self.is_geographic else METRE_DECIMALS
        return func.ST_AsGeoJSON(shape, decimals, 0)  # 0: no “crs” member; the answer's header names it


LON_LAT = OfferedCrs(uri=CRS84, srid=WGS84, name="WGS 84 (lon, lat)", is_geographic=True)


@cache
def offered_systems(province: Province) -> dict[str, OfferedCrs]:
    """Return OGC name -> system: what the province's data may come and go in, the default first."""
    srids = dict.fromkeys((WGS84, province.metric_srid, *province.likely_srids, WEB_MERCATOR))
    return {CRS84: LON_LAT} | {system.uri: system for system in map(_system, srids)}


def find_system(province: Province, name: str, uri: str | None) -> OfferedCrs:
    """Return the system that a parameter names, CRS84 without one. Raises InvalidValueError."""
    systems = offered_systems(province)
    if not uri:
        return LON_LAT
    if uri not in systems:
        raise InvalidValueError(
            name=name, value=uri[:80], reason=N_("this CRS is not offered here"), choices=list(systems)
        )
    return systems[uri]


def box_filter(name: str, value: str, system: OfferedCrs, province: Province, geom: ColumnElement[Any]) -> Condition:
    """Return the condition that a geometry meets a box in a system, written in that system's axis order.

    A box in degrees whose west is east of its east crosses the 180th meridian. Raises InvalidFilterError.
    """
    reach = _extent_in(province, system)
    parts = [_cut(box, reach) for box in _parse_boxes(name, value, system)]
    found = [_meets(geom, box, system) for box in parts if box]
    # Nothing is stored outside the extent: an empty part keeps nothing, and PROJ never meets wild numbers.
    said = Message(template=N_("on the visible map"))
    return Condition(name=name, sql=or_(*found) if found else geom.is_(None), said=said)


def box_in(box: Bbox, srid: int) -> Bbox:
    """Return the box (easting first) around a box in EPSG:4326 (lon, lat)."""
    there: Bbox = transformer(WGS84, srid).transform_bounds(*box)
    return there


def _system(srid: int) -> OfferedCrs:
    crs = pyproj.CRS.from_epsg(srid)
    return OfferedCrs(
        uri=f"{EPSG}{srid}",
        srid=srid,
        name=f"{crs.name} (EPSG:{srid})",
        is_geographic=crs.is_geographic,
        is_north_first=crs.axis_info[0].direction == "north",
    )


@cache
def _extent_in(province: Province, system: OfferedCrs) -> Bbox:
    west, south, east, north = province.extent
    wide = (west - EXTENT_MARGIN, south - EXTENT_MARGIN, east + EXTENT_MARGIN, north + EXTENT_MARGIN)
    return box_in(wide, system.srid)


def _parse_boxes(name: str, value: str, system: OfferedCrs) -> list[Bbox]:
    numbers = [float(parse_number(name, part.strip())) for part in value.split(",")]
    if len(numbers) == BBOX_PARTS_WITH_HEIGHT:
        numbers = [*numbers[:2], *numbers[3:5]]  # features have no height
    if len(numbers) != BBOX_PARTS:
        raise InvalidFilterError(name=name, value=value, reason=N_("give four or six numbers"))
    west, south, east, north = (numbers[i] for i in (1, 0, 3, 2)) if system.is_north_first else numbers
    if south > north or (west > east and not system.is_geographic):
        raise InvalidFilterError(name=name, value=value, reason=N_("the lower corner comes first"))
    if west > east:
        return [(west, south, 180.0, north), (-180.0, south, east, north)]
    return [(west, south, east, north)]


def _cut(box: Bbox, reach: Bbox) -> Bbox | None:
    west, south = max(box[0], reach[0]), max(box[1], reach[1])
    east, north = min(box[2], reach[2]), min(box[3], reach[3])
    return (west, south, east, north) if west <= east and south <= north else None


def _meets(geom: ColumnElement[Any], box: Bbox, system: OfferedCrs) -> ColumnElement[bool]:
    hair = HAIR_DEGREES if system.is_geographic else HAIR_M
    west, south, east, north = wide = (box[0] - hair, box[1] - hair, box[2] + hair, box[3] + hair)
    if system.srid == WGS84:
        return meets_box(geom, wide)
    drawn = func.ST_Segmentize(func.ST_MakeEnvelope(*wide, system.srid), max(east - west, north - south) / PIECES)
    return func.ST_Intersects(geom, func.ST_Transform(drawn, WGS84))
