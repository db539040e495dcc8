"""Exports with geometry: GeoJSON written here, shapefile and GeoPackage through GDAL with the driver named."""

import csv
import json
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

import shapely

from geodata.base.crs import WGS84
from geodata.export.source import Batch, Data, plain, text_of
from geodata.schema.feature import GeometryType
from geodata.schema.fields import Field

_DBF_BYTES = 254
_TYPES = {GeometryType.POINT: "Point", GeometryType.LINE: "MultiLineString", GeometryType.POLYGON: "MultiPolygon"}


# GeoJSON ---------------------------------------------------------------------------------------------


def write_geojson(data: Data, path: Path) -> None:
    """Write GeoJSON; another CRS than WGS 84 stands in the older “crs” member."""
    names = [field.name for field in data.fields]
    with path.open("w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", ')
        if data.srid != WGS84:
            # RFC 7946 knows WGS 84 only; the older “crs” member is what GDAL and QGIS read for others.
            crs = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{data.srid}"}}
            file.write(f'"crs": {json.dumps(crs)}, ')
        file.write('"features": [\n')
        separator = ""
        for batch in data.batches:
            # GEOS writes the shortest digits that read back as the same number.
            shapes = shapely.to_geojson(batch.geometries) if batch.rows else []
            for row, shape in zip(batch.rows, shapes, strict=True):
                properties = dict(zip(names, map(plain, row), strict=True))
                text = json.dumps(properties, ensure_ascii=False, allow_nan=False)
                file.write(f'{separator}{{"type": "Feature", "geometry": {shape}, "properties": {text}}}')
                separator = ",\n"
        file.write("\n]}\n")


# Through GDAL ----------------------------------------------------------------------------------------


def write_gpkg(data: Data, path: Path) -> None:
    """Write a GeoPackage of one layer."""
    _write_driver(data, path, "GPKG", [field.name for field in data.fields], layer=data.name)


def write_shapefile(data: Data, path: Path) -> None:
    """Write a zip: UTF-8 with .cpg, ten-letter names that the import knows, and the list of what they mean."""
    names, layer = data.short_names(), data.name
    cuts = [0] * len(data.fields)
    data = replace(data, batches=(_cut_to_dbf(batch, cuts) for batch in data.batches))
    with tempfile.TemporaryDirectory() as folder:
        shape = Path(folder) / f"{layer}.shp"
        _write_driver(data, shape, "ESRI Shapefile", names, layer=layer)
        shape.with_suffix(".cpg").write_text("UTF-8", encoding="ascii")
        with (Path(folder) / f"{layer}.fields.csv").open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["column", "field", "label", "unit", "texts_cut_to_254_bytes"])
            described = zip(names, data.fields, cuts, strict=True)
            writer.writerows([name, field.name, field.label, field.unit, cut] for name, field, cut in described)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for item in sorted(Path(folder).iterdir()):
                archive.write(item, item.name)


def _cut_to_dbf(batch: Batch, cuts: list[int]) -> Batch:
    """Return rows with texts as long as a .dbf holds, cut between letters; how many were cut is added per field."""
    rows = []
    for row in batch.rows:
        cells = list(row)
        for index, value in enumerate(cells):
            if isinstance(value, str) and len(value) > _DBF_BYTES // 4 and len(value.encode()) > _DBF_BYTES:
                cells[index] = value.encode()[:_DBF_BYTES].decode("utf-8", "ignore")
                cuts[index] += 1
        rows.append(tuple(cells))
    return replace(batch, rows=rows)


def _write_driver(data: Data, path: Path, driver: str, names: Sequence[str], *, layer: str) -> None:
    # Late: it brings pandas and geopandas, which most processes need for nothing.
    import pyogrio.raw

    path.unlink(missing_ok=True)
    for batch in data.batches:
        columns = [
            _driver_column(field, [row[index] for row in batch.rows], driver) for index, field in enumerate(data.fields)
        ]
        pyogrio.raw.write(
            path,
            geometry=shapely.to_wkb(batch.geometries),
            field_data=[values for values, _ in columns],
            fields=list(names),
            field_mask=[mask for _, mask in columns],
            layer=layer,
            driver=driver,
            geometry_type=_TYPES[data.kind.layer.geometry],
            crs=f"EPSG:{data.srid}",
            encoding="UTF-8",
            append=path.exists(),
        )


def _driver_column(
    field: Field, values: list[Any], driver: str
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any] | None]:
    """Return an array and the mask of its missing values. A .dbf has no true and false with “unknown”: text there."""
    missing = np.array([value is None for value in values], dtype=bool)
    mask = missing if missing.any() else None
    if field.values is None and field.python_type is int:
        return np.array([0 if value is None else value for value in values], dtype="int64"), mask
    if field.values is None and field.python_type in (Decimal, float):
        return np.array([0.0 if value is None else float(value) for value in values], dtype="float64"), mask
    if field.python_type is bool and driver == "GPKG":
        return np.array([bool(value) for value in values], dtype=bool), mask
    if field.python_type is date and driver == "GPKG":
        return np.array(
            [np.datetime64("NaT") if value is None else np.datetime64(value, "D") for value in values],
            dtype="datetime64[D]",
        ), None
    return np.array([None if value is None else text_of(value) for value in values], dtype=object), None
