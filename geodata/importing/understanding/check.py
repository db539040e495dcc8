"""Checks on geometry, vectorised: missing, wrong type, outside, too large, invalid (repaired where little is lost)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pyproj
import shapely

from geodata.base.crs import WGS84, current_province
from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.base.transformers import transformer
from geodata.importing.limits import Limits
from geodata.importing.reading.sandbox import repair
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.table import Geometries
from geodata.importing.told import by_row
from geodata.importing.understanding.rings import with_rings_in_order
from geodata.schema.feature import GeometryType

#: A repair that changes the area (or length) by more than this share is refused.
MOST_LOSS = 0.01

_POINT, _LINE, _POLYGON, _MULTI_POINT, _MULTI_LINE, _MULTI_POLYGON = 0, 1, 3, 4, 5, 6
_COLLECTION = 7
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
_CORNERS = N_(
    "In a table, write each corner in a row of its own, in their order, with the object's code in each; or the shape as WKT."
)
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
    unusable: NDArray[np.bool_] = present & (absurd | origin)
    return unusable


def check_geometries(
    kind: GeometryType, geometries: Geometries, rows: NDArray[np.int64], already_bad: NDArray[np.bool_], limits: Limits
) -> CheckedGeometries:
    """Return the geometries as the layer stores them (EPSG:4326) and what is wrong with the others."""
    found = _Rejections(rows, ~already_bad)
    is_missing = shapely.is_missing(geometries) | shapely.is_empty(geometries)
    found.reject(is_missing, "null_geometry", N_("The row has no geometry."))
    bounds = shapely.bounds(geometries)
    is_nowhere = ~np.isfinite(bounds).all(axis=1)
    found.reject(is_nowhere, "bad_coordinates", N_("The coordinates are no place on earth."))
    geometries, told = without_labels(kind, unwrapped(geometries), rows)
    found.problems += told
    _reject_other_types(found, kind, geometries)
    _reject_large(found, geometries, limits)
    _reject_outside(found, bounds)
    geometries = geometries.copy()
    geometries[~found.good] = None
    invalid = found.good & ~shapely.is_valid(geometries)
    if invalid.any():
        problems, geometries[invalid] = _repair(geometries, rows, np.flatnonzero(invalid), limits)
        found.problems += problems
    good = found.good & ~shapely.is_missing(geometries)
    return CheckedGeometries(geometries=_promote(kind, geometries), good=good, problems=tuple(found.problems))


class _Rejections:
    """Which rows are still good, and what is wrong with the others: the first thing found of each."""

    def __init__(self, rows: NDArray[np.int64], good: NDArray[np.bool_]) -> None:
        self.rows, self.good = rows, good
        self.problems: list[Problem] = []

    def reject(
        self, mask: NDArray[np.bool_], code: str, template: str, hint: str | None = None, **details: str | int
    ) -> None:
        """Reject the good rows of a mask; `hint` says what to do."""
        text, suggestion = Message(template=template, values=details), Message(template=hint) if hint else None
        self.problems += [
            Problem(code=code, text=text, row=int(row), field="geom", suggestion=suggestion)
            for row in self.rows[mask & self.good]
        ]
        self.good = self.good & ~mask


def _reject_other_types(found: _Rejections, kind: GeometryType, geometries: Geometries) -> None:
    types = shapely.get_type_id(geometries)
    right = np.isin(types, _ACCEPTED[kind])
    if kind is GeometryType.POINT:
        right &= shapely.get_num_geometries(geometries) == 1
    for other in np.unique(types[found.good & ~right]):
        found.reject(
            ~right & (types == other),
            "wrong_geometry_type",
            N_("The layer holds {wanted}; this is {found}."),
            hint=_CORNERS if kind is not GeometryType.POINT and other == _POINT else None,
            wanted=_NAMES[kind],
            found=_FOUND.get(int(other), N_("a mixed collection")),
        )


def _reject_large(found: _Rejections, geometries: Geometries, limits: Limits) -> None:
    counts = (
        ("vertices_per_feature", shapely.get_num_coordinates, N_("The geometry has more than {limit} corners.")),
        ("parts_per_feature", shapely.get_num_geometries, N_("The geometry has more than {limit} parts.")),
    )
    for name, count, template in counts:
        most = getattr(limits, name)
        found.reject(count(geometries) > most, "too_complex", template, limit=most, name=name)


def _reject_outside(found: _Rejections, bounds: NDArray[np.float64]) -> None:
    west, south, east, north = current_province().extent
    inside = (bounds[:, 0] >= west) & (bounds[:, 1] >= south) & (bounds[:, 2] <= east) & (bounds[:, 3] <= north)
    exchanged = (bounds[:, 1] >= west) & (bounds[:, 0] >= south) & (bounds[:, 3] <= east) & (bounds[:, 2] <= north)
    told = {"west": str(west), "south": str(south), "east": str(east), "north": str(north)}
    template = N_("The location is outside the province (west {west}, south {south}, east {east}, north {north}).")
    hint = N_("Longitude and latitude seem to be exchanged in this row.")
    found.reject(~inside & exchanged, "out_of_extent", template, hint, **told)
    found.reject(~inside, "out_of_extent", template, **told)


def unwrapped(geometries: Geometries) -> Geometries:
    """Return collections of shapes of one kind as that kind: programs wrap a single point so."""
    result: Geometries = geometries.copy()
    makes = {
        frozenset({_POINT}): shapely.multipoints, frozenset({_LINE}): shapely.multilinestrings,
        frozenset({_POLYGON}): shapely.multipolygons,
    }  # fmt: skip
    for index in np.flatnonzero(shapely.get_type_id(geometries) == _COLLECTION):
        singles = shapely.get_parts(shapely.get_parts(geometries[index]))
        make = makes.get(frozenset(shapely.get_type_id(singles).tolist()))
        result[index] = make(singles) if make else geometries[index]
    return result


def without_labels(
    kind: GeometryType, geometries: Geometries, rows: NDArray[np.int64]
) -> tuple[Geometries, list[Problem]]:
    """Return areas and lines without the point that marks where their label stands, as KML keeps both together."""
    if kind is GeometryType.POINT:
        return geometries, []
    result: Geometries = geometries.copy()
    wanted = {_LINE, _MULTI_LINE} if kind is GeometryType.LINE else {_POLYGON, _MULTI_POLYGON}
    found = []
    for index in np.flatnonzero(shapely.get_type_id(geometries) == _COLLECTION):
        parts = shapely.get_parts(geometries[index])
        types = shapely.get_type_id(parts)
        kinds, labels = set(types.tolist()), {_POINT, _MULTI_POINT}
        if kinds & labels and kinds & wanted and kinds <= wanted | labels:
            singles = shapely.get_parts(parts[np.isin(types, list(wanted))])
            make = shapely.multilinestrings if kind is GeometryType.LINE else shapely.multipolygons
            result[index] = make(singles)
            found.append(int(index))
    told = by_row(
        found,
        lambda at: problem(
            "wrong_geometry_type",
            N_("The point beside the shape (its label) was left out."),
            row=int(rows[at]),
            field="geom",
            severity=Severity.WARNING,
        ),
        rows.tolist(),
    )
    return result, told


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
    metric = transformer(WGS84, current_province().metric_srid)
    problems: list[Problem] = []
    result: Geometries = np.full(len(damaged), None, dtype=object)
    for index, (before, after) in enumerate(zip(damaged, fixed, strict=True)):
        row, why = int(rows[invalid[index]]), _why(before)
        if (ordered := with_rings_in_order(before)) is not None:
            template = N_("The rings of the area ran the wrong way round; its parts and holes were put in order.")
            problems.append(problem("invalid_geometry", template, row=row, field="geom", severity=Severity.WARNING))
            result[index] = ordered
            continue
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
        details: dict[str, Any] = {
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


#: GEOS's words for what is wrong with a shape -> ours.
_REASONS = {
    "Self-intersection": N_("the outline crosses itself"),
    "Ring Self-intersection": N_("the outline touches or crosses itself"),
    "Hole lies outside shell": N_("a hole lies outside the area"),
    "Holes are nested": N_("a hole lies in another one"),
    "Nested shells": N_("a part lies in another one"),
    "Interior is disconnected": N_("a hole cuts the area in two"),
    "Too few points in geometry component": N_("it has too few corners"),
    "Duplicate Rings": N_("an outline is there twice"),
}


def _why(geometry: shapely.Geometry) -> str:
    """Return why a shape is invalid, in words that are translated."""
    reason = shapely.is_valid_reason(geometry).split("[", 1)[0].strip()
    return _REASONS.get(reason, N_("its outline is wrong"))


def _size(geometry: shapely.Geometry, metric: pyproj.Transformer) -> float:
    """Return the area in m², or the length in m of a line."""
    moved = shapely.transform(geometry, lambda points: np.column_stack(metric.transform(points[:, 0], points[:, 1])))
    return abs(float(shapely.area(moved))) or float(shapely.length(moved))


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
