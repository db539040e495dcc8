"""Areas in which all is out at once: drawn ones as text, imported ones from a file of polygons."""

from pathlib import Path

import numpy as np
from sqlalchemy import select

import shapely
from geoalchemy2.shape import to_shape
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geodata.base.crs import WGS84
from geodata.base.database import ReadConnection
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.grid.reading import layers_of
from geodata.importing import Limits
from geodata.importing.reading.sandbox import read_table
from geodata.importing.results import Question
from geodata.schema.grid import GridCircuits, GridStations
from geodata.schema.registry import Registry

LonLat = tuple[float, float]
Ring = tuple[LonLat, ...]

#: An address holds so many corners; an imported outline is simplified until it has no more.
MOST_CORNERS = 250
_LIMITS = Limits(file_bytes=20_000_000, rows=10_000, memory_bytes=1024 * 1024 * 1024, cpu_seconds=30, wall_seconds=40)


def parse_rings(text: str) -> tuple[Ring, ...]:
    """Read “lon lat, lon lat, …; lon lat, …”: the outlines of an area. Raises InvalidValueError."""
    try:
        rings = tuple(_ring(part) for part in text.split(";") if part.strip())
    except ValueError:
        rings = ((),) if text.strip() else ()
    corners = sum(map(len, rings))
    if any(len(ring) < 3 for ring in rings) or corners > 4 * MOST_CORNERS:
        raise InvalidValueError(
            name="area", value=text[:40], reason=N_("give three or more corners as “lon lat, lon lat”")
        )
    return rings


def _ring(text: str) -> Ring:
    pairs = [tuple(float(word) for word in pair.split()) for pair in text.split(",")]
    ring = tuple((lon, lat) for lon, lat in pairs)
    if not all(abs(lon) <= 180 and abs(lat) <= 90 for lon, lat in ring):
        raise ValueError("outside the globe")
    return ring


def write_rings(rings: tuple[Ring, ...]) -> str:
    """Return rings as parse_rings() reads them."""
    return ";".join(",".join(f"{lon:.5f} {lat:.5f}" for lon, lat in ring) for ring in rings)


def read_area(path: Path, file_name: str) -> tuple[Ring, ...]:
    """Return the outlines of all polygons of a file (GeoJSON, KML, zipped shapefile, GeoPackage …), lon and lat.

    Holes are left out. Outlines of many corners are simplified outward by no more than that needs. Raises
    InvalidValueError for a file without polygons or of an unknown coordinate system, RefusedError for one that is unsafe.
    """
    table = read_table(path, file_name, None, _LIMITS, geometry="multipolygon")
    if isinstance(table, Question):
        raise InvalidValueError(name="file", value=file_name[:80], reason=N_("it holds several layers; give one"))
    shapes = [] if table.geometries is None else [shape for shape in table.geometries if shape is not None]
    areas = [
        part.buffer(0) for shape in shapes for part in getattr(shape, "geoms", [shape]) if part.geom_type == "Polygon"
    ]
    if not areas:
        raise InvalidValueError(name="file", value=file_name[:80], reason=N_("it holds no area"))
    return _outlines(_in_degrees(shapely.union_all(areas), table.crs, file_name))


def _in_degrees(area: BaseGeometry, crs: str | None, file_name: str) -> BaseGeometry:
    west, south, east, north = area.bounds
    if crs is None and -180 <= west <= east <= 180 and -90 <= south <= north <= 90:
        return area
    try:
        known = CRS.from_user_input(crs)
    except CRSError:
        reason = N_("its coordinate system is not known; give it in WGS 84")
        raise InvalidValueError(name="file", value=file_name[:80], reason=reason) from None
    turn = Transformer.from_crs(known, WGS84, always_xy=True).transform
    turned: BaseGeometry = shapely.transform(area, lambda points: np.column_stack(turn(points[:, 0], points[:, 1])))
    return turned


def _outlines(area: BaseGeometry) -> tuple[Ring, ...]:
    parts = [Polygon(part.exterior) for part in getattr(area, "geoms", [area]) if part.geom_type == "Polygon"]
    whole, step = MultiPolygon(parts), 0.0002
    while shapely.get_num_coordinates(whole) > MOST_CORNERS:
        wider = shapely.union_all([part.buffer(step).simplify(step) for part in whole.geoms])
        whole = MultiPolygon([Polygon(part.exterior) for part in getattr(wider, "geoms", [wider])])
        step *= 2
    return tuple(tuple((x, y) for x, y, *_ in part.exterior.coords[:-1]) for part in whole.geoms)


def elements_in(connection: ReadConnection, registry: Registry, rings: tuple[Ring, ...]) -> set[str]:
    """Return the codes of stations and circuits that lie in or cross an area."""
    area = shapely.union_all([Polygon(ring).buffer(0) for ring in rings])
    found: set[str] = set()
    for kind, _ in [*layers_of(registry, GridStations), *layers_of(registry, GridCircuits)]:
        for code, geom in connection.execute(select(kind.code, kind.column("geom"))):
            if to_shape(geom).intersects(area):
                found.add(code)
    return found
