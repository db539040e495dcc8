"""DXF drawings: their entities; for a layer of areas the closed outlines, with the text inside as name.

For a layer of points its points, placed blocks and circles, with the text beside them: drawn_points.
"""

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

import shapely

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.reading import drivers
from geodata.importing.reading.archive import Source
from geodata.importing.reading.formats.closed_lines import area_of_outline
from geodata.importing.reading.formats.drawn_points import NAME, as_points
from geodata.importing.reading.formats.driven import driver_table
from geodata.importing.reading.formats.picking import malformed, pick
from geodata.importing.reading.formats.sheet import Hints
from geodata.importing.results import Severity, problem
from geodata.importing.table import Geometries, Table, Value, as_objects
from geodata.importing.told import spans

AREA, POINT = "MULTIPOLYGON", "POINT"


def read_drawing(source: Source, inner: str | None, _limits: Limits, hints: Hints) -> Table:
    """Read the drawing's entities."""
    head = source.path.read_bytes()[:4096]
    if not re.search(rb"^\s*0\s*\r?\n\s*SECTION", head, re.MULTILINE):
        raise malformed(N_("The file is no DXF drawing in text form."))
    if hints.geometry == POINT:
        drivers.keep_blocks()
    names = [name for name in drivers.list_layers(source.path, "DXF") if name != "blocks"]
    table = replace(driver_table(source, "DXF", pick(names, inner), "dxf"), layer=source.name)
    if hints.geometry == POINT:
        return as_points(table)
    return _areas(table) if hints.geometry == AREA else table


def _areas(table: Table) -> Table:
    """Return the closed outlines of a drawing as areas; a drawing without any stays as it is."""
    shapes = table.geometries
    if shapes is None:
        return table
    outlines = as_objects([area_of_outline(shape) for shape in shapes])
    is_area = ~shapely.is_missing(outlines)
    if not is_area.any():
        return table
    kept = np.flatnonzero(is_area)
    texts, used = _texts_inside(table, outlines[kept])
    left = np.flatnonzero(~is_area & ~used)
    names = [name for name in table.names if name.lower() != "text"]
    columns = [table.columns[table.names.index(name)] for name in names]
    told = [
        problem(
            "wrong_geometry_type",
            N_("{count} closed outlines were read as areas; the text inside is in the column “{column}”."),
            severity=Severity.WARNING,
            count=len(kept),
            column=NAME,
        )
    ]
    if len(left):
        rows = spans(table.rows[left].tolist())
        template = N_("What is no closed outline was left out: {count} entities, rows {rows}.")
        told.append(problem("wrong_geometry_type", template, severity=Severity.WARNING, count=len(left), rows=rows))
    return replace(
        table,
        rows=table.rows[kept],
        names=(*names, *([NAME] if any(texts) else [])),
        columns=(*([column[index] for index in kept] for column in columns), *([texts] if any(texts) else [])),
        geometries=outlines[kept],
        problems=(*table.problems, *told),
    )


def _texts_inside(table: Table, areas: Geometries) -> tuple[list[Value], NDArray[np.bool_]]:
    """Return for each area the texts inside it, and which entities those are; a text belongs to the smallest area."""
    used = np.zeros(len(table), dtype=bool)
    at = next((index for index, name in enumerate(table.names) if name.lower() == "text"), None)
    texts: list[list[str]] = [[] for _ in areas]
    if at is None or table.geometries is None:
        return [None] * len(areas), used
    sizes = shapely.area(areas)
    for index, (shape, text) in enumerate(zip(table.geometries, table.columns[at], strict=True)):
        if shape is None or shape.geom_type != "Point" or not text:
            continue
        inside = np.flatnonzero(shapely.intersects(areas, shape))
        if len(inside):
            texts[int(inside[np.argmin(sizes[inside])])].append(" ".join(str(text).split()))
            used[index] = True
    return [" ".join(parts) or None for parts in texts], used
