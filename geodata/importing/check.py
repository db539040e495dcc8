"""Checks on geometry, vectorised: missing, wrong type, outside, too large, invalid (repaired where little is lost)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import pyproj
import shapely

from geodata.crs import current_province
from geodata.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.results import Problem, Severity, Text, problem
from geodata.importing.sandbox import repair
from geodata.importing.table import Geometries
from geodata.layer import GeometryType

#: A repair that changes the area (or length) by more than this share is refused.
MOST_LOSS = 0.01

_POINT, _LINE, _POLYGON, _MULTI_POINT, _MULTI_LINE, _MULTI_POLYGON = 0, 1, 3, 4, 5, 6
_ACCEPTED = {
    GeometryType.POINT: (_POINT, _MULTI_POINT),
    GeometryType.LINE: (_LINE, _MULTI_LINE),
    GeometryType.POLYGON: (_POLYGON, _MULTI_POLYGON),
}
_NAMES = {
    GeometryType.POINT: N_("points"),
    GeometryType.LINE: N_("lines"),
    GeometryType.POLYGON: N_("areas"),
}
_FOUND = {
    0: N_("a point"), 1: N_("a line"), 2: N_("a line"), 3: N_("an area"), 4: N_("several points"), 5: N_("a line"),
    6: N_("an area"), 7: N_("a mixed collection"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CheckedGeometries:
    """Geometries fit to be stored; `good` says which rows have one."""

    geometries: Geometries
    good: NDArray[np.bool_]
    problems: tuple[Problem, ...]


def unusable_coordinates(geometries: Geometries) -> NDArray[np.bool_]:
    """Say which present geometries hold coordinates that are no place: not finite, absurd, or the origin."""
    bounds = shapely.bounds(geometries)
    present = ~shapely.is_missing(geometries) & ~shapely.is_empty(geometries)
    with np.errstate(invalid="ignore"):
        absurd = ~np.isfinite(bounds).all(axis=1) | (np.abs(bounds) > 1e8).any(axis=1)
        origin = (bounds == 0).all(axis=1) | (
            (bounds[:, 0] == 500_000) & (bounds[:, 2] == 500_000) & (shapely.get_type_id(geometries) == 0)
        )
    return present & (absurd | origin)  # type: ignore[no-any-return]


def check_geometries(
    kind: GeometryType, geometries: Geometries, rows: NDArray[np.int64], already_bad: NDArray[np.bool_], limits: Limits
) -> CheckedGeometries:
    """Return the geometries as the layer stores them (EPSG:4326) and what is wrong with the others."""
    problems: list[Problem] = []
    good = ~already_bad

    def reject(mask: NDArray[np.bool_], code: str, template: str, **details: str | int) -> None:
        nonlocal good
        problems.extend(
            Problem(code=code, text=Text(template=template, details=details), row=int(row), field="geom")
            for row in rows[mask & good]
        )
        good = good & ~mask

    reject(
        shapely.is_missing(geometries) | shapely.is_empty(geometries), "null_geometry", N_("The row has no geometry.")
    )
    bounds = shapely.bounds(geometries)
    reject(~np.isfinite(bounds).all(axis=1), "bad_coordinates", N_("The coordinates are no place on earth."))
    types = shapely.get_type_id(geometries)
    right = np.isin(types, _ACCEPTED[kind])
    if kind is GeometryType.POINT:
        right &= shapely.get_num_geometries(geometries) == 1
    for found in np.unique(types[good & ~right]):
        reject(
            ~right & (types == found),
            "wrong_geometry_type",
            N_("The layer holds {wanted}; this is {found}."),
            wanted=_NAMES[kind],
            found=_FOUND.get(int(found), N_("a mixed collection")),
        )
    vertices = shapely.get_num_coordinates(geometries)
    reject(
        vertices > limits.vertices_per_feature,
        "too_complex",
        N_("The geometry has more vertices than the limit vertices_per_feature, {limit}."),
        limit=limits.vertices_per_feature,
    )
    reject(
        shapely.get_num_geometries(geometries) > limits.parts_per_feature,
        "too_complex",
        N_("The geometry has more parts than the limit parts_per_feature, {limit}."),
        limit=limits.parts_per_feature,
    )
    west, south, east, north = current_province().extent
    inside = (bounds[:, 0] >= west) & (bounds[:, 1] >= south) & (bounds[:, 2] <= east) & (bounds[:, 3] <= north)
    reject(
        ~inside,
        "out_of_extent",
        N_("The location is outside the province (west {west}, south {south}, east {east}, north {north})."),
        west=str(west),
        south=str(south),
        east=str(east),
        north=str(north),
    )
    geometries = geometries.copy()
    geometries[~good] = None
    invalid = good & ~shapely.is_valid(geometries)
    if invalid.any():
        found_problems, repaired = _repair(geometries, rows, np.flatnonzero(invalid), limits)
        problems += found_problems
        geometries[invalid] = repaired
        good = good & ~shapely.is_missing(geometries)
    return CheckedGeometries(geometries=_promote(kind, geometries), good=good, problems=tuple(problems))


def _promote(kind: GeometryType, geometries: Geometries) -> Geometries:
    """Return single lines and areas as multi, and a multi-point of one as a point."""
    result: Geometries = geometries.copy()
    types = shapely.get_type_id(geometries)
    if kind is GeometryType.POINT:
        multi = types == _MULTI_POINT
        if multi.any():
            result[multi] = shapely.get_geometry(geometries[multi], 0)
        return result
    single = types == (_LINE if kind is GeometryType.LINE else _POLYGON)
    if single.any():
        make = shapely.multilinestrings if kind is GeometryType.LINE else shapely.multipolygons
        result[single] = make(geometries[single], indices=np.arange(int(single.sum())))
    return result


def _repair(
    geometries: Geometries, rows: NDArray[np.int64], invalid: Sequence[int] | NDArray[np.intp], limits: Limits
) -> tuple[list[Problem], Geometries]:
    """Return the repaired geometries (None where refused) and a problem for each, with area before and after."""
    damaged = geometries[invalid]
    fixed = repair(damaged, limits)
    metric = pyproj.Transformer.from_crs(4326, current_province().metric_srid, always_xy=True)
    problems: list[Problem] = []
    result: Geometries = np.full(len(damaged), None, dtype=object)
    for index, (before, after) in enumerate(zip(damaged, fixed, strict=True)):
        row, why = int(rows[invalid[index]]), shapely.is_valid_reason(before)
        if after is None or not shapely.is_valid(after) or shapely.is_empty(after):
            problems.append(
                problem(
                    "invalid_geometry",
                    N_("The geometry is invalid ({why}) and cannot be repaired."),
                    row=row,
                    field="geom",
                    why=why,
                )
            )
            continue
        size_before, size_after = (_size(item, metric) for item in (before, after))
        loss = abs(size_after - size_before) / max(size_before, size_after, 1e-9)
        details = {
            "why": why,
            "before": f"{size_before:.0f}",
            "after": f"{size_after:.0f}",
            "loss": f"{loss * 100:.1f}",
        }
        if loss > MOST_LOSS:
            template = N_(
                "The geometry is invalid ({why}). Repairing it would change {before} into {after} (m² or m, {loss} %), too much."
            )
            problems.append(problem("invalid_geometry", template, row=row, field="geom", **details))
            continue
        template = N_("The geometry was invalid ({why}) and was repaired: {before} before, {after} after (m² or m).")
        problems.append(
            problem("invalid_geometry", template, row=row, field="geom", severity=Severity.WARNING, **details)
        )
        result[index] = after
    return problems, result


def _size(geometry: shapely.Geometry, metric: pyproj.Transformer) -> float:
    """Return the area in m², or the length in m of a line."""
    moved = shapely.transform(geometry, lambda points: np.column_stack(metric.transform(points[:, 0], points[:, 1])))
    return float(shapely.area(moved)) or float(shapely.length(moved))


def same_place(first: Geometries, second: Geometries) -> NDArray[np.bool_]:
    """Say which pairs are the same shape: to 1e-9 degrees, whatever the ring start, direction and order of parts."""
    same = np.zeros(len(first), dtype=bool)
    for shift in (0.0, 0.5e-9):
        left, right = (
            shapely.normalize(shapely.transform(item, lambda points, by=shift: np.round(points + by, 9)))
            for item in (first, second)
        )
        same |= shapely.equals_exact(left, right, tolerance=2.5e-9)
    return same
