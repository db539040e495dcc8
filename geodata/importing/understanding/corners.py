"""Areas and lines given as a table of corners: object, number of the corner, X, Y; closed here, checked like any other."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

import shapely

from geodata.base.i18n import N_
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.table import Geometries, Table, Value, as_objects
from geodata.importing.told import spans
from geodata.importing.understanding.rings import area_of_rings, points_of_ring
from geodata.schema.feature import GeometryType

_DIGITS = re.compile(r"\d+")


def is_corner_table(table: Table, key: int | None, corner: int | None, geometry: GeometryType) -> bool:
    """Say whether the rows of a table are corners: objects repeated, for a layer of areas or lines."""
    if geometry is GeometryType.POINT or key is None:
        return False
    keys = [value for value in table.columns[key] if value is not None]
    repeated = len(keys) - len(set(keys))
    return repeated > 0 and (corner is not None or repeated * 2 >= len(keys))


def with_keys_down(
    table: Table, key: int | None, corner: int | None, geometry: GeometryType
) -> tuple[Table, list[Problem]]:
    """Return the table with the name or code that stands at an object's first corner written at all of its corners."""
    if geometry is GeometryType.POINT or key is None or corner is None:
        return table, []
    cells = table.columns[key]
    is_below = [at > 0 and cell is None and table.columns[corner][at] is not None for at, cell in enumerate(cells)]
    if not any(is_below) or cells[0] is None:
        return table, []
    filled: list[Value] = []
    for at, cell in enumerate(cells):
        filled.append(filled[-1] if is_below[at] else cell)
    template = N_("Corners without “{column}” were taken for those of the object above them: rows {rows}.")
    rows = spans(int(row) for row, below in zip(table.rows, is_below, strict=True) if below)
    told = problem("bad_value", template, severity=Severity.WARNING, column=table.names[key], rows=rows)
    columns = tuple(filled if index == key else column for index, column in enumerate(table.columns))
    return replace(table, columns=columns), [told]


def from_corners(
    table: Table, geometries: Geometries, geometry: GeometryType, *, key: int, corner: int | None, used: frozenset[int]
) -> tuple[Table, Geometries, list[Problem]]:
    """Return one row an object, its shape from its corners, and what is wrong with some. CRS and axes stay."""
    groups: dict[Value, list[int]] = {}
    for position, value in enumerate(table.columns[key]):
        groups.setdefault(value, []).append(position)
    problems: list[Problem] = []
    shapes: list[shapely.Geometry | None] = []
    firsts = [positions[0] for positions in groups.values()]
    for positions in groups.values():
        shape = _shape(geometries[positions], _numbers(table, positions, corner), geometry)
        if shape is None:
            template = N_("The {count} corners of “{value}” make no shape; three different ones at least are needed.")
            problems.append(
                problem(
                    "invalid_geometry", template, row=int(table.rows[positions[0]]), field="geom",
                    value=table.columns[key][positions[0]], count=len(positions),
                )
            )  # fmt: skip
        shapes.append(shape)
        problems += _differences(table, positions, used | ({corner} if corner is not None else set()))
    told = problem(
        "wrong_geometry_type",
        N_("{count} rows of corners were joined to {objects} shapes and closed."),
        severity=Severity.WARNING,
        count=len(table),
        objects=len(groups),
    )
    whole = replace(
        table,
        rows=table.rows[firsts],
        columns=tuple([column[index] for index in firsts] for column in table.columns),
        lost={},
    )
    return whole, as_objects(shapes), [told, *problems]


def _numbers(table: Table, positions: Sequence[int], corner: int | None) -> list[int | None]:
    if corner is None:
        return [None] * len(positions)
    texts = [str(table.columns[corner][position]) for position in positions]
    found = [_DIGITS.search(text) for text in texts]
    return [int(match[0]) if match else None for match in found]


def _shape(points: Geometries, numbers: Sequence[int | None], geometry: GeometryType) -> shapely.Geometry | None:
    """Return the shape of one object's corners, in the order of the rows; a number that falls begins another part."""
    if any(point is None for point in points):
        return None
    xy = shapely.get_coordinates(points)
    parts: list[list[int]] = [[]]
    for index, number in enumerate(numbers):
        before = numbers[index - 1] if index else None
        if parts[-1] and number is not None and before is not None and number <= before and number <= 1:
            parts.append([])
        parts[-1].append(index)
    known = [number for number in numbers if number is not None]
    if len(parts) == 1 and len(known) == len(numbers) and len(set(known)) == len(known):
        parts = [sorted(parts[0], key=lambda index: numbers[index] or 0)]
    rings = [points_of_ring(xy[part]) for part in parts]
    if geometry is GeometryType.LINE:
        lines = [xy[part] for part in parts if len(part) > 1]
        return shapely.multilinestrings([shapely.LineString(line) for line in lines]) if lines else None
    if any(len(set(ring)) < 3 for ring in rings):
        return None
    areas = [shapely.Polygon(ring) for ring in rings]
    return area_of_rings(areas) or shapely.MultiPolygon(areas)


def _differences(table: Table, positions: Sequence[int], used: Collection[int]) -> list[Problem]:
    """Return a warning for each column in which the corners of one object say different things."""
    problems = []
    for index, column in enumerate(table.columns):
        if index in used:
            continue
        values = {column[position] for position in positions if column[position] is not None}
        if len(values) > 1:
            problems.append(
                problem(
                    "bad_value",
                    N_("The corners of one object say different things here; the first was taken: “{value}”."),
                    row=int(table.rows[positions[0]]),
                    field=table.names[index],
                    severity=Severity.WARNING,
                    value=column[positions[0]],
                )
            )
    return problems


__all__ = ["from_corners", "is_corner_table"]
