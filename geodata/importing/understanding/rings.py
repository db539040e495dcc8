"""Areas from rings, whatever their direction and order: a ring inside an odd number of others is a hole."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import shapely


def area_of_rings(rings: Sequence[shapely.Polygon]) -> shapely.MultiPolygon | None:
    """Return the area that rings enclose by the even-odd rule; None where they cross or are no rings."""
    if not rings or not all(shapely.is_valid(rings)):
        return None
    ordered = sorted(rings, key=lambda ring: -ring.area)
    depths: list[int] = []
    shells: list[tuple[shapely.Polygon, list[shapely.Polygon]]] = []
    owner: dict[int, int] = {}
    for index, ring in enumerate(ordered):
        around = [other for other in range(index) if ordered[other].contains(ring)]
        if any(ordered[other].crosses(ring) or ordered[other].overlaps(ring) for other in range(index)):
            return None
        depths.append(len(around))
        if len(around) % 2 == 0:
            owner[index] = len(shells)
            shells.append((ring, []))
        else:
            inner = max(around, key=lambda other: depths[other])
            shells[owner[inner]][1].append(ring)
    parts = [shapely.Polygon(shell.exterior, [hole.exterior for hole in holes]) for shell, holes in shells]
    found = shapely.MultiPolygon(parts)
    return found if shapely.is_valid(found) else None


def rings_of(geometry: shapely.Geometry) -> list[shapely.Polygon]:
    """Return every ring of an area as an area of its own."""
    parts = shapely.get_parts(geometry)
    return [
        shapely.Polygon(ring)
        for part in parts
        if isinstance(part, shapely.Polygon)
        for ring in (part.exterior, *part.interiors)
    ]


def with_rings_in_order(geometry: shapely.Geometry) -> shapely.Geometry | None:
    """Return an invalid area with the same rings as shells and holes where they belong, or None."""
    if geometry is None or not geometry.geom_type.endswith("Polygon"):
        return None
    rings = [ring for ring in rings_of(geometry) if not ring.is_empty]
    if len(rings) < 2 or len(rings) > 2_000:
        return None
    return area_of_rings(rings)


def points_of_ring(points: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Return the corners of a ring once each: without repetitions and without the closing one."""
    kept: list[tuple[float, float]] = []
    for x, y in points.tolist():
        if not kept or kept[-1] != (x, y):
            kept.append((x, y))
    return kept[:-1] if len(kept) > 1 and kept[0] == kept[-1] else kept
