"""Land out of the lines of the coast: OpenStreetMap has land on the left of each."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

import shapely
from shapely import LineString, Polygon, STRtree


def land_of(coast: Sequence[LineString], box: Polygon) -> list[Polygon]:
    """Return the land within a box, in the lines' CRS; all of the box where no coast cuts it."""
    near = [line for line in coast if line.intersects(box)]
    edges = shapely.union_all([box.boundary, *(line.intersection(box) for line in near)])
    faces = [face for face in shapely.get_parts(shapely.polygonize(shapely.get_parts(edges))) if face.area]
    tree = STRtree(near)
    return [face for face in faces if _is_land(face, near, tree, box)] if near else [box]


def _is_land(face: Polygon, coast: Sequence[LineString], tree: STRtree, box: Polygon) -> bool:
    """Say whether a face lies to the left of the coast; one that no coast bounds is land.

    Rings are turned so that the face is on their left, too: it is land where ring and coast run the same way.
    """
    turned = shapely.geometry.polygon.orient(face)
    for ring in (turned.exterior, *turned.interiors):
        corners = np.asarray(ring.coords)
        for start, end in pairwise(corners):
            middle = shapely.Point((start + end) / 2)
            if middle.distance(box.boundary) > 1e-9:
                return _runs_along(coast[int(tree.nearest(middle))], middle, end - start)
    return True


def _runs_along(line: LineString, place: shapely.Point, way: np.ndarray) -> bool:
    """Say whether a line goes this way at a place on it."""
    at = line.project(place)
    step = min(1e-6, line.length / 10)
    before, after = line.interpolate(max(at - step, 0)), line.interpolate(min(at + step, line.length))
    return float((after.x - before.x) * way[0] + (after.y - before.y) * way[1]) > 0
