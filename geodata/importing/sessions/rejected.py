"""Rejected rows as a file to correct and send again: the columns as they came, and the reasons in one more."""

import csv
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

import shapely

from geodata.base.message import same
from geodata.importing.preview import Preview
from geodata.importing.results import Severity
from geodata.importing.table import Geometries, Table
from geodata.importing.understanding.match import REASON_COLUMN


def write_rejected(preview: Preview, path: Path, translate: Callable[[str], str] = same) -> int:
    """Write the rejected rows of a preview as CSV, geometry as WKT in the file's own CRS; return how many.

    The column of reasons is ignored when the file is sent again.
    """
    table = preview.table
    if table is None:
        return 0
    reasons: dict[int, list[str]] = defaultdict(list)
    for item in preview.problems:
        if item.row is not None and item.severity is Severity.ERROR:
            hint = f" {item.suggestion.say(translate)}" if item.suggestion else ""
            reasons[item.row].append(f"{item.field or ''}: {item.text.say(translate)}{hint}")
    crs = (preview.report.crs.value or "").replace("EPSG:", "")
    shapes = _wkt(table)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            [*table.names, *([f"wkt_epsg{crs}" if crs.isdigit() else "wkt"] if shapes else []), REASON_COLUMN]
        )
        count = 0
        for index, row in enumerate(table.rows.tolist()):
            if row in reasons:
                cells = ["" if column[index] is None else column[index] for column in table.columns]
                writer.writerow([*cells, *([shapes[index]] if shapes else []), " | ".join(reasons[row])])
                count += 1
    return count


def _wkt(table: Table) -> list[str]:
    geometries: Geometries | None = table.geometries
    if geometries is None:
        return []
    texts = shapely.to_wkt(geometries, rounding_precision=-1)
    return [text or "" for text in np.asarray(texts, dtype=object).tolist()]
