"""What lies inside the province: the areas of its present units as stored, and the water before its coast.

The box of the province only keeps out what is absurd (and is the database's own rule); a box this size holds whole
neighbouring towns. Here each object is judged for itself, and what is doubtful is told with the nearest unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

import pyproj
import shapely

from geodata.base.crs import WGS84, current_province
from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.base.transformers import transformer
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.table import Geometries, as_objects
from geodata.importing.told import by_row
from geodata.schema.feature import Feature, GeometryType
from geodata.schema.registry import Registry

#: Boundaries are drawn to this many metres; an object so near is not called outside.
BOUNDARY_M = 50.0
_SIMPLIFY_DEGREES = 0.0001


def unit_kind(registry: Registry) -> type[Feature] | None:
    """Return the layer whose areas other objects are said to lie in: the dated areas."""
    dated = (kind for kind in registry if kind.layer.geometry is GeometryType.POLYGON and len(kind.layer.key) > 1)
    return next(dated, None)


@dataclass(frozen=True, kw_only=True)
class ProvinceArea:
    """The present units: their areas (EPSG:4326) and names, all of them as one area, and the water that counts as theirs."""

    areas: Geometries
    names: tuple[str, ...]
    whole: shapely.Geometry

    def inside(self, geometries: Geometries) -> NDArray[np.bool_]:
        """Say which geometries (EPSG:4326) touch the province; missing ones do not."""
        found: NDArray[np.bool_] = shapely.intersects(self.whole, geometries)
        return found

    def nearest(self, geometry: shapely.Geometry) -> tuple[str, float]:
        """Return the nearest unit and how far away it is, in metres."""
        index = int(np.argmin(shapely.distance(self.areas, geometry)))
        near, there = shapely.shortest_line(self.areas[index], geometry).coords
        return self.names[index], float(_GEOD.inv(*near, *there)[2])


_GEOD = pyproj.Geod(ellps="WGS84")


def province_area(session: Session, kind: type[Feature] | None) -> ProvinceArea | None:
    """Return the area of the units in force, of the layer that has them; None where none are stored."""
    if kind is None:
        return None
    shape = func.ST_AsBinary(func.ST_Simplify(kind.geom, _SIMPLIFY_DEGREES, True))
    is_present = or_(kind.column("valid_to").is_(None), kind.column("valid_to") >= func.current_date())
    rows = session.execute(select(kind.name, shape).where(is_present)).all()
    if not rows:
        return None
    areas = as_objects([shapely.make_valid(shapely.from_wkb(bytes(data))) for _, data in rows])
    whole = _with_water(shapely.union_all(areas))
    shapely.prepare(whole)
    return ProvinceArea(areas=areas, names=tuple(str(name) for name, _ in rows), whole=whole)


def _with_water(land: shapely.Geometry) -> shapely.Geometry:
    """Return the land a little wider than drawn, and the water within the margin of it."""
    province = current_province()
    there = transformer(WGS84, province.metric_srid)
    metric = _moved(land, there)
    parts = [shapely.buffer(metric, BOUNDARY_M)]
    if len(province.waters) > 2 and province.sea_margin_m:
        waters = _moved(shapely.Polygon(province.waters), there)
        parts.append(shapely.intersection(shapely.buffer(metric, province.sea_margin_m), waters))
    back = transformer(province.metric_srid, WGS84)
    return _moved(shapely.union_all(parts), back)


def _moved(geometry: shapely.Geometry, transformer: pyproj.Transformer) -> shapely.Geometry:
    return shapely.transform(
        geometry, lambda points: np.column_stack(transformer.transform(points[:, 0], points[:, 1]))
    )


def outside_problems(
    area: ProvinceArea, geometries: Geometries, rows: Sequence[int], good: NDArray[np.bool_]
) -> list[Problem]:
    """Return a warning for each object that lies in none of the units, with the nearest one."""
    present = good & ~shapely.is_missing(geometries)
    outside = np.flatnonzero(present & ~area.inside(geometries))

    def told(index: int) -> Problem:
        name, metres = area.nearest(geometries[index])
        return problem(
            "out_of_extent",
            N_("The location is in none of the province's units; the nearest, {unit}, is {km} km away."),
            row=int(rows[index]),
            field="geom",
            severity=Severity.WARNING,
            suggestion=Message(template=N_("Check the coordinates and the coordinate system.")),
            unit=name,
            km=f"{metres / 1000:.1f}",
        )

    return by_row(outside.tolist(), told, rows)
