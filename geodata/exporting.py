"""Writing features to files: exactly the rows and fields asked for, so that importing the file changes nothing.

Vector formats go through GDAL with the driver named; CSV and XLSX are written here. Texts that a spreadsheet
would run as a formula are disarmed in CSV and written as plain text in XLSX.
"""

import csv
import json
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, func, select, type_coerce
from sqlalchemy.orm import Session

import pyogrio.raw
import pyproj
import shapely
from pyproj.transformer import AreaOfInterest

from geodata.column_names import LONGEST, short_names
from geodata.crs import WGS84, current_province
from geodata.errors import InvalidValueError
from geodata.features import Measure
from geodata.filters import Condition, day_of
from geodata.history import AnyGeometry
from geodata.i18n import N_
from geodata.layer import Feature, Field, GeometryType


@dataclass(frozen=True, kw_only=True)
class Format:
    """A file format: its extension, media type and, when GDAL writes it, its driver."""

    extension: str
    mimetype: str
    driver: str | None = None


FORMATS: dict[str, Format] = {
    "geojson": Format(extension=".geojson", mimetype="application/geo+json"),
    "shp": Format(extension=".zip", mimetype="application/zip", driver="ESRI Shapefile"),
    "gpkg": Format(extension=".gpkg", mimetype="application/geopackage+sqlite3", driver="GPKG"),
    "kml": Format(extension=".kml", mimetype="application/vnd.google-earth.kml+xml", driver="LIBKML"),
    "csv": Format(extension=".csv", mimetype="text/csv"),
    "xlsx": Format(extension=".xlsx", mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
#: Formats whose standard knows no other CRS.
_ALWAYS_WGS84 = frozenset({"kml"})
_DBF_BYTES = 254
_TYPES = {GeometryType.POINT: "Point", GeometryType.LINE: "MultiLineString", GeometryType.POLYGON: "MultiPolygon"}

_Points = np.ndarray[Any, np.dtype[np.float64]]
Conditions = Iterable[Condition | ColumnElement[bool]]


def format_of(path: Path) -> str | None:
    """Return the format that a file name asks for, or None."""
    extension = path.suffix.lower()
    return (
        "geojson"
        if extension == ".json"
        else next((name for name, item in FORMATS.items() if item.extension == extension), None)
    )


def export_features(
    session: Session,
    kind: type[Feature],
    fields: Sequence[Field],
    conditions: Conditions = (),
    *,
    format: str = "geojson",
    crs: str | None = None,
    target: Path,
    measures: Sequence[Measure] = (),
) -> Path:
    """Write the features that the conditions keep, in the order of their codes; return the file's path.

    `measures` follow the fields as columns of their own.
    `crs` is like EPSG:9210, WGS 84 without it. `target` gets the format's extension unless it has it.
    Raises InvalidValueError for an unknown format or CRS.
    """
    if format not in FORMATS:
        raise InvalidValueError(name="format", value=format, reason=", ".join(FORMATS))
    srid = parse_srid(crs)
    if format in _ALWAYS_WGS84 and srid != WGS84:
        raise InvalidValueError(name="crs", value=crs or "", reason=N_("KML is always in EPSG:4326"))
    wanted = FORMATS[format]
    path = target if target.suffix.lower() == wanted.extension else target.with_name(target.name + wanted.extension)
    data = _read(session, kind, fields, conditions, srid=srid, measures=measures)
    _WRITERS[format](data, path)
    return path


def parse_srid(crs: str | None) -> int:
    """Return the number of a CRS like EPSG:9210 that data can be moved to exactly. Raises InvalidValueError."""
    if crs is None or not crs.strip():
        return WGS84
    match = re.fullmatch(r"(?:EPSG:)?(\d{4,6})", crs.strip(), re.IGNORECASE)
    if match is None:
        raise InvalidValueError(name="crs", value=crs[:80], reason=N_("write it like EPSG:9210"))
    srid = int(match[1])
    try:
        _transformer(srid)
    except pyproj.exceptions.ProjError as error:
        raise InvalidValueError(name="crs", value=crs, reason=N_("this CRS is not known here")) from error
    return srid


def _transformer(srid: int) -> pyproj.Transformer:
    west, south, east, north = current_province().extent
    area = AreaOfInterest(west, south, east, north)
    # No ballpark: without the datum shift everything would be 224 m off in silence.
    return pyproj.Transformer.from_crs(WGS84, srid, always_xy=True, area_of_interest=area, allow_ballpark=False)


def _moved(transformer: pyproj.Transformer, points: _Points) -> _Points:
    """Return the points in the file's CRS, so that the way back ends where it began.

    PROJ inverts the seven parameters only to 0.7 mm; two corrections make it exact.
    """
    corrected = points
    for _ in range(2):
        there = transformer.transform(corrected[:, 0], corrected[:, 1])
        back = np.column_stack(transformer.transform(*there, direction="INVERSE"))
        corrected = corrected + (points - back)
    return np.column_stack(transformer.transform(corrected[:, 0], corrected[:, 1]))


@dataclass(frozen=True, kw_only=True)
class _Data:
    """What is written: stored values by field, geometry in the file's CRS."""

    kind: type[Feature]
    fields: tuple[Field, ...]
    rows: list[tuple[Any, ...]]
    geometries: np.ndarray[Any, np.dtype[np.object_]]
    srid: int

    def column(self, index: int) -> Iterator[Any]:
        """Return one field's values."""
        return (row[index] for row in self.rows)


def _read(
    session: Session,
    kind: type[Feature],
    fields: Sequence[Field],
    conditions: Conditions,
    *,
    srid: int,
    measures: Sequence[Measure],
) -> _Data:
    day = day_of(condition for condition in conditions if isinstance(condition, Condition))
    columns = [kind.column(field.name, day).label(field.name) for field in fields]
    columns += [measure.column.label(measure.name) for measure in measures]
    geometry = func.ST_AsBinary(type_coerce(kind.geom, AnyGeometry())).label("geom_wkb")
    clauses = [condition.sql if isinstance(condition, Condition) else condition for condition in conditions]
    order = [kind.column(name) for name in kind.layer.key]
    rows: list[tuple[Any, ...]] = []
    wkb: list[bytes] = []
    for *values, shape in session.execute(select(*columns, geometry).where(*clauses).order_by(*order, kind.id)):
        rows.append(tuple(values))
        wkb.append(bytes(shape))
    geometries = shapely.from_wkb(np.array(wkb, dtype=object)) if wkb else np.empty(0, dtype=object)
    if srid != WGS84 and len(geometries):
        geometries = shapely.transform(geometries, partial(_moved, _transformer(srid)))
    chosen = (*fields, *(measure.field for measure in measures))
    return _Data(kind=kind, fields=chosen, rows=rows, geometries=geometries, srid=srid)


def _plain(value: Any) -> Any:
    """Return a stored value as JSON knows it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return getattr(value, "value", value)


# GeoJSON ---------------------------------------------------------------------------------------------


def _write_geojson(data: _Data, path: Path) -> None:
    names = [field.name for field in data.fields]
    # GEOS writes the shortest digits that read back as the same number.
    shapes = shapely.to_geojson(data.geometries) if len(data.geometries) else []
    with path.open("w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", ')
        if data.srid != WGS84:
            # RFC 7946 knows WGS 84 only; the older “crs” member is what GDAL and QGIS read for others.
            crs = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{data.srid}"}}
            file.write(f'"crs": {json.dumps(crs)}, ')
        file.write('"features": [\n')
        for index, (row, shape) in enumerate(zip(data.rows, shapes, strict=True)):
            properties = dict(zip(names, map(_plain, row), strict=True))
            text = json.dumps(properties, ensure_ascii=False, allow_nan=False)
            file.write(",\n" if index else "")
            file.write(f'{{"type": "Feature", "geometry": {shape}, "properties": {text}}}')
        file.write("\n]}\n")


# Through GDAL ----------------------------------------------------------------------------------------


def _write_gpkg(data: _Data, path: Path) -> None:
    _write_driver(data, path, "GPKG", [field.name for field in data.fields], layer=data.kind.layer.name)


def _write_kml(data: _Data, path: Path) -> None:
    _write_driver(data, path, "LIBKML", [field.name for field in data.fields], layer=data.kind.layer.name)


def _write_shapefile(data: _Data, path: Path) -> None:
    """Write a zip: UTF-8 with .cpg, ten-letter names that the import knows, and the list of what they mean."""
    shorter = short_names(data.kind)
    names = [shorter.get(field.name, field.name[:LONGEST]) for field in data.fields]
    layer = data.kind.layer.name
    data, cuts = _cut_to_dbf(data)
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


def _cut_to_dbf(data: _Data) -> tuple[_Data, list[int]]:
    """Return the data with texts as long as a .dbf holds, cut between letters, and how many were cut per field."""
    cuts = [0] * len(data.fields)
    rows = []
    for row in data.rows:
        cells = list(row)
        for index, value in enumerate(cells):
            if isinstance(value, str) and len(value) > _DBF_BYTES // 4 and len(value.encode()) > _DBF_BYTES:
                cells[index] = value.encode()[:_DBF_BYTES].decode("utf-8", "ignore")
                cuts[index] += 1
        rows.append(tuple(cells))
    return replace(data, rows=rows), cuts


def _write_driver(data: _Data, path: Path, driver: str, names: Sequence[str], *, layer: str) -> None:
    columns = [_driver_column(field, list(data.column(index)), driver) for index, field in enumerate(data.fields)]
    path.unlink(missing_ok=True)
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(data.geometries),
        field_data=[values for values, _ in columns],
        fields=list(names),
        field_mask=[mask for _, mask in columns],
        layer=layer,
        driver=driver,
        geometry_type=_TYPES[data.kind.layer.geometry],
        crs=f"EPSG:{data.srid}",
        encoding="UTF-8",
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
    return np.array([None if value is None else _text(value) for value in values], dtype=object), None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    plain = _plain(value)
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, dict | list) else str(plain)


# Tables ----------------------------------------------------------------------------------------------


def _location_columns(data: _Data) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return names that tell the CRS, and the location of each row."""
    suffix = f"_epsg{data.srid}"
    if data.kind.is_point():
        names = ["lon", "lat"] if data.srid == WGS84 else [f"easting{suffix}", f"northing{suffix}"]
        return names, [(point.x, point.y) for point in data.geometries]
    return [f"wkt{suffix}"], [(text,) for text in shapely.to_wkt(data.geometries, rounding_precision=-1)]


_FORMULA = re.compile(r"[=+\-@\t\r']")


def csv_cell(value: Any) -> str:
    """Return a cell that no spreadsheet runs: the apostrophe is taken off again on import.

    A number with three decimals gets a fourth, since 1.234 would be one thousand in Vietnam.
    """
    if value is None:
        return ""
    if isinstance(value, Decimal | float):
        text = format(value.normalize(), "f") if isinstance(value, Decimal) else repr(value)
        return text + "0" if re.fullmatch(r"-?\d{1,3}\.\d{3}", text) else text
    text = _text(value)
    return f"'{text}" if isinstance(value, str) and _FORMULA.match(text) else text


def _write_csv(data: _Data, path: Path) -> None:
    names, places = _location_columns(data)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(field.name for field in data.fields), *names])
        writer.writerows(
            [csv_cell(value) for value in (*row, *place)] for row, place in zip(data.rows, places, strict=True)
        )


def _write_xlsx(data: _Data, path: Path) -> None:
    import xlsxwriter

    names, places = _location_columns(data)
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "constant_memory": True,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet(data.kind.layer.name[:31])
        bold = book.add_format({"bold": True})
        for column, name in enumerate([*(field.name for field in data.fields), *names]):
            sheet.write_string(0, column, name, bold)
        for number, (row, place) in enumerate(zip(data.rows, places, strict=True), 1):
            for column, value in enumerate((*row, *place)):
                _write_cell(sheet, number, column, value)


def _write_cell(sheet: Any, row: int, column: int, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float | Decimal) and abs(float(value)) < 1e15:
        sheet.write_number(row, column, float(value))
    else:
        # A cell holds 32,767 letters.
        sheet.write_string(row, column, _text(value)[:32_767])


_WRITERS = {
    "geojson": _write_geojson,
    "shp": _write_shapefile,
    "gpkg": _write_gpkg,
    "kml": _write_kml,
    "csv": _write_csv,
    "xlsx": _write_xlsx,
}
