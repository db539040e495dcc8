"""Closed lines as areas, for a layer of areas: paths drawn in Google Earth, tracks walked round a place with a phone."""

from dataclasses import replace

import numpy as np

import shapely

from geodata.base.i18n import N_
from geodata.importing.results import Severity, problem
from geodata.importing.table import Table, as_objects
from geodata.importing.told import spans

#: Ends of an outline that lie this near each other, as a share of its length, are one point.
CLOSED = 1e-6
#: Whoever walks round a place with a phone never ends exactly where he began.
_WALKED = 0.05
#: What is not drawn but walked.
_TRACKS = frozenset({"gpx"})
_FEWEST = 4


def area_of_outline(shape: shapely.Geometry | None, closed: float = CLOSED) -> shapely.Geometry | None:
    """Return the area of a shape that is one already, or a line whose ends meet; None for what is neither.

    `closed`: how near the ends lie, as a share of the line's length.
    """
    if shape is None or shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shape
    if shape.geom_type == "MultiLineString" and len(shape.geoms) == 1:
        shape = shape.geoms[0]
    if shape.geom_type != "LineString" or len(shape.coords) < _FEWEST:
        return None
    first, last = shape.coords[0], shape.coords[-1]
    gap = float(np.hypot(first[0] - last[0], first[1] - last[1]))
    if gap > closed * max(shape.length, 1e-12):
        return None
    return shapely.Polygon([*(shape.coords if gap and closed > CLOSED else shape.coords[:-1]), first])


def with_closed_lines(table: Table) -> Table:
    """Return the table with its closed lines as areas, told with their rows."""
    if table.geometries is None:
        return table
    closed = _WALKED if table.format in _TRACKS else CLOSED
    is_line = np.isin(shapely.get_type_id(table.geometries), (1, 5))
    found = {int(at): area for at in np.flatnonzero(is_line) if (area := area_of_outline(table.geometries[at], closed))}
    if not found:
        return table
    shapes = as_objects([found.get(at, shape) for at, shape in enumerate(table.geometries)])
    told = problem(
        "wrong_geometry_type",
        N_("{count} closed lines were read as areas: rows {rows}."),
        severity=Severity.WARNING,
        count=len(found),
        rows=spans(table.rows[list(found)].tolist()),
    )
    return replace(table, geometries=shapes, problems=(*table.problems, told))
