"""Heights (Z) and measures (M) that a flat map does not keep, told where there were some."""

from collections.abc import Sequence

import numpy as np

import shapely

from geodata.base.i18n import N_
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.table import Geometries
from geodata.importing.told import spans


def heights_note(has_height: Sequence[bool], rows: Sequence[int]) -> list[Problem]:
    """Return the warning that heights were dropped, with the rows that had some."""
    return _note(N_("Heights (Z) were dropped; the map keeps places only. Rows: {rows}."), has_height, rows)


def measures_note(has_measure: Sequence[bool], rows: Sequence[int]) -> list[Problem]:
    """Return the warning that measures were dropped, with the rows that had some."""
    return _note(N_("Measure values (M) were dropped; the map keeps places only. Rows: {rows}."), has_measure, rows)


def _note(template: str, has_some: Sequence[bool], rows: Sequence[int]) -> list[Problem]:
    found = [row for row, is_one in zip(rows, has_some, strict=True) if is_one]
    if not found:
        return []
    return [problem("wrong_geometry_type", template, severity=Severity.WARNING, rows=spans(found))]


def flattened(geometries: Geometries, rows: Sequence[int]) -> tuple[Geometries, list[Problem]]:
    """Return the geometries without Z, and the warning where a height other than 0 went."""
    is_3d = shapely.has_z(geometries)
    if not is_3d.any():
        return geometries, []
    high = np.zeros(len(geometries), dtype=bool)
    for index in np.flatnonzero(is_3d):
        z = shapely.get_coordinates(geometries[index], include_z=True)[:, 2]
        high[index] = bool((np.isfinite(z) & (z != 0)).any())
    flat: Geometries = shapely.force_2d(geometries)
    return flat, heights_note(high.tolist(), rows)
