"""The land of the backdrop, read from the files installed with the other browser assets.

Source: Natural Earth 1:10m land (public domain) as packaged in world-atlas (TopoJSON, EPSG:4326).
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from geodata.base.crs import Bbox

LAND = Path(__file__).parents[1] / "static" / "vendor" / "world-atlas" / "land-10m.json"

#: The backdrop reaches this far beyond the province on every side, in degrees.
MARGIN_DEG = 4.0

#: Islands smaller than this are left out: the page carries the outlines.
SMALLEST_DEG = 0.02

Ring = list[tuple[float, float]]


@cache
def land_rings(extent: Bbox, path: Path = LAND) -> list[list[float]]:
    """Return the rings of land around an extent as flat lon, lat lists; none when the file is missing."""
    if not path.exists():
        return []
    topology = json.loads(path.read_bytes())
    west, south, east, north = extent
    reach = (west - MARGIN_DEG, south - MARGIN_DEG, east + MARGIN_DEG, north + MARGIN_DEG)
    arcs = _decode(topology)
    rings = []
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]:
            whole = _join(polygon[0], arcs)
            ring = clip(whole, reach) if _overlaps(whole, reach) else []
            if ring and _size(ring) > SMALLEST_DEG:
                rings.append([round(value, 3) for point in ring for value in point])
    return rings


def clip(ring: Ring, reach: Bbox) -> Ring:
    """Return a ring cut to a box (Sutherland and Hodgman); empty when it lies outside."""
    west, south, east, north = reach
    for axis, limit, sign in ((0, west, 1), (0, east, -1), (1, south, 1), (1, north, -1)):
        cut: Ring = []
        for index, point in enumerate(ring):
            before = ring[index - 1]
            inside, was_inside = ((p[axis] - limit) * sign >= 0 for p in (point, before))
            if inside != was_inside:
                share = (limit - before[axis]) / (point[axis] - before[axis])
                cut.append((before[0] + share * (point[0] - before[0]), before[1] + share * (point[1] - before[1])))
            if inside:
                cut.append(point)
        ring = cut
    return ring


def _overlaps(ring: Ring, box: Bbox) -> bool:
    """Say whether a ring's extent touches a box: nearly all rings of the world do not, and cutting costs."""
    west, south, east, north = box
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return min(xs) <= east and max(xs) >= west and min(ys) <= north and max(ys) >= south


def _size(ring: Ring) -> float:
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return max(max(xs) - min(xs), max(ys) - min(ys))


def _decode(topology: Any) -> list[Ring]:
    """Return the arcs in degrees; a TopoJSON arc is a list of integer steps."""
    (scale_x, scale_y), (move_x, move_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for steps in topology["arcs"]:
        x = y = 0
        arc: Ring = []
        for step_x, step_y in steps:
            x, y = x + step_x, y + step_y
            arc.append((x * scale_x + move_x, y * scale_y + move_y))
        arcs.append(arc)
    return arcs


def _join(indices: list[int], arcs: list[Ring]) -> Ring:
    """Return the ring of these arcs; ~i means arc i backwards, and arcs share their end points."""
    ring: Ring = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring.extend(arc[1:] if ring else arc)
    return ring
