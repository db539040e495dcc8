"""Rejected rows on their way back: kept as plain data when found, written like the file they came from when asked for.

Kept apart from the language, so that the reasons are written in that of whoever downloads them.
"""

import csv
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import shapely

from geodata.base.formulas import disarm
from geodata.base.message import Message
from geodata.base.typed_json import from_json, to_json
from geodata.base.workbook import Cell, Table, write_workbook
from geodata.importing.preview import Preview
from geodata.importing.results import Severity
from geodata.importing.table import as_objects
from geodata.importing.understanding.match import REASON_COLUMN

#: The driver and the ending for each kind of file; what is not here comes back as CSV with WKT.
_DRIVERS = {
    "shp": ("ESRI Shapefile", ".shp"),
    "gpkg": ("GPKG", ".gpkg"),
    "geojson": ("GeoJSON", ".geojson"),
    "kml": ("KML", ".kml"),
    "tab": ("MapInfo File", ".tab"),
    "mif": ("MapInfo File", ".mif"),
}
_DBF_BYTES = 254
Say = Callable[[Message], str]


@dataclass(frozen=True, kw_only=True)
class _Reason:
    """Why a row was rejected: the field, the sentence, and what to do."""

    field: str
    text: Message
    hint: Message | None = None


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """Rejected rows as plain data: the columns as they came, shapes as hexadecimal WKB in the file's CRS, reasons by row."""

    format: str
    crs: str | None = None
    names: tuple[str, ...] = ()
    columns: tuple[tuple[object, ...], ...] = ()
    shapes: tuple[str | None, ...] | None = None
    reasons: tuple[tuple[_Reason, ...], ...] = ()


def keep_rejected(preview: Preview, path: Path) -> int:
    """Write the rejected rows of a preview as plain data; return how many."""
    table = preview.table
    reasons: dict[int, list[_Reason]] = defaultdict(list)
    for item in preview.problems:
        if item.row is not None and item.severity is Severity.ERROR:
            reasons[item.row].append(_Reason(field=item.field or "", text=item.text, hint=item.suggestion))
    if table is None or not reasons:
        return 0
    chosen = [index for index, row in enumerate(table.rows.tolist()) if row in reasons]
    shapes = None if table.geometries is None else shapely.to_wkb(table.geometries[chosen], hex=True).tolist()
    kept = _Kept(
        format=table.format,
        crs=preview.report.crs.value,
        names=table.names,
        columns=tuple(tuple(column[index] for index in chosen) for column in table.columns),
        shapes=shapes,
        reasons=tuple(tuple(reasons[int(table.rows[index])]) for index in chosen),
    )
    path.write_text(json.dumps(to_json(kept), ensure_ascii=False, default=str), encoding="utf-8")
    return len(chosen)


def write_returned(kept_path: Path, folder: Path, stem: str, say: Say) -> Path:
    """Write kept rows as a file of the kind they came in, and return it. `say` makes a sentence of a kept text."""
    kept = from_json(_Kept, json.loads(kept_path.read_text(encoding="utf-8")))
    reasons = [" | ".join(_sentence(item, say) for item in items) for items in kept.reasons]
    names = [*kept.names, REASON_COLUMN]
    columns: list[Sequence[object]] = [*kept.columns, reasons]
    driver = _DRIVERS.get(kept.format)
    if kept.shapes is not None and driver is not None and _may_be_one_layer(kept.shapes):
        return _write_layer(driver[0], folder / f"{stem}{driver[1]}", names, columns, kept)
    if kept.shapes is not None:
        srid = (kept.crs or "").replace("EPSG:", "")
        names.insert(-1, f"wkt_epsg{srid}" if srid.isdigit() else "wkt")
        columns.insert(-1, [shapely.to_wkt(shapely.from_wkb(shape), rounding_precision=-1) for shape in kept.shapes])
    if kept.format in {"xlsx", "xlsm", "xls", "ods"}:
        return _write_xlsx(folder / f"{stem}.xlsx", names, columns)
    return _write_csv(folder / f"{stem}.csv", names, columns)


def _sentence(reason: _Reason, say: Say) -> str:
    words = say(reason.text) + (f" {say(reason.hint)}" if reason.hint else "")
    return f"{reason.field}: {words}" if reason.field else words


def _may_be_one_layer(shapes: Sequence[str | None]) -> bool:
    """Say whether all shapes are of one kind; a shapefile takes no others."""
    kinds = {shape.geom_type.removeprefix("Multi") for shape in map(shapely.from_wkb, shapes) if shape is not None}
    return len(kinds) == 1


def _write_layer(
    driver: str,
    target: Path,
    names: Sequence[str],
    columns: Sequence[Sequence[Any]],
    kept: _Kept,
) -> Path:
    # Late: it brings pandas and geopandas, which most processes need for nothing.
    import pyogrio.raw

    suffix = target.suffix
    shapes = as_objects([shapely.from_wkb(shape) for shape in kept.shapes or ()])
    is_multi = any(shape is not None and shape.geom_type.startswith("Multi") for shape in shapes)
    kind = next(shape.geom_type.removeprefix("Multi") for shape in shapes if shape is not None)
    data = [_texts(column, _DBF_BYTES if suffix == ".shp" else None) for column in columns]
    pyogrio.raw.write(
        target,
        geometry=np.asarray(shapely.to_wkb(shapes), dtype=object),
        field_data=data,
        fields=_short(names) if suffix == ".shp" else list(names),
        geometry_type=f"Multi{kind}" if is_multi and suffix != ".shp" else kind,
        crs=kept.crs,
        driver=driver,
        encoding="UTF-8",
    )
    if suffix not in {".shp", ".tab", ".mif"}:
        return target
    packed = target.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(target.parent.glob("*")):
            if part.stem == target.stem and part != packed:
                archive.write(part, part.name)
    return packed


def _texts(column: Sequence[Any], most_bytes: int | None) -> np.ndarray[Any, np.dtype[np.object_]]:
    texts = ["" if cell is None else str(cell) for cell in column]
    if most_bytes is not None:
        texts = [text.encode()[:most_bytes].decode("utf-8", "ignore") for text in texts]
    return np.asarray(texts, dtype=object)


def _short(names: Sequence[str]) -> list[str]:
    """Return names that a .dbf can hold; the column of reasons is recognised by its first ten letters."""
    short: list[str] = []
    for name in names:
        cut = name.encode()[:10].decode("utf-8", "ignore")
        short.append(cut if cut not in short else f"{cut[:8]}{len(short):02d}")
    return short


def _write_csv(path: Path, names: Sequence[str], columns: Sequence[Sequence[Any]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([_safe(cell) for cell in row] for row in zip(*columns, strict=True))
    return path


def _safe(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; the import takes the sign off again."""
    if cell is None:
        return ""
    is_number = isinstance(cell, str) and re.fullmatch(r"[+-]?[\d.,]+", cell)
    return disarm(cell) if isinstance(cell, str) and not is_number else cell


def _write_xlsx(path: Path, names: Sequence[str], columns: Sequence[Sequence[Any]]) -> Path:
    rows = ([_cell(cell) for cell in row] for row in zip(*columns, strict=True))
    write_workbook(path, [Table(name="1", heads=names, rows=rows, beside=0)])
    return path


def _cell(cell: Any) -> Cell:
    """Return a number as such, anything else as text."""
    return cell if cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool)) else str(cell)
