"""GDAL with one driver and no other: the file's content never chooses who reads it. Reader process only."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import shapely

from geodata.base.i18n import N_
from geodata.importing.results import RefusedError
from geodata.importing.table import Geometries, Value, empty_geometries

#: Every driver of the pinned pyogrio; all but the wanted one are switched off before GDAL loads.
DRIVERS = [
    "ADBC",
    "AIVector",
    "AVCBin",
    "AVCE00",
    "AmigoCloud",
    "CSV",
    "CSW",
    "Carto",
    "DGN",
    "DXF",
    "EDIGEO",
    "EEDA",
    "ESRIJSON",
    "Elasticsearch",
    "FlatGeobuf",
    "GDALG",
    "GML",
    "GPKG",
    "GPSBabel",
    "GPX",
    "GTFS",
    "GeoJSON",
    "GeoJSONSeq",
    "GeoRSS",
    "HTTP",
    "Idrisi",
    "JML",
    "JSONFG",
    "KML",
    "LIBKML",
    "LVBAG",
    "MBTiles",
    "MEM",
    "MVT",
    "MapML",
    "MiraMonVector",
    "NGW",
    "OAPIF",
    "ODS",
    "OGCAPI",
    "OGR_GMT",
    "OGR_PDS",
    "OGR_VRT",
    "OSM",
    "OpenFileGDB",
    "PCIDSK",
    "PDF",
    "PDS4",
    "PGDUMP",
    "PLSCENES",
    "PMTiles",
    "S57",
    "SQLite",
    "SXF",
    "Selafin",
    "TopoJSON",
    "VDV",
    "VFK",
    "VICAR",
    "WAsP",
    "WFS",
    "XLSX",
    "VRT",
    "GTI",
]
SPACED = ("ESRI Shapefile", "MapInfo File")


@dataclass(frozen=True, kw_only=True)
class DriverLayer:
    """What the driver returned: texts decoded by GDAL unless the driver leaves bytes.

    `closed` and `broken` are the positions of shapes whose outlines were not closed, and of those that cannot be made.
    `is_disguised`: each letter stands for one byte of a still unknown encoding.
    """

    names: tuple[str, ...]
    columns: tuple[list[Value], ...]
    geometries: Geometries
    crs: str | None
    encoding: str | None
    closed: tuple[int, ...] = ()
    broken: tuple[int, ...] = ()
    is_disguised: bool = False


def _load(driver: str) -> Any:
    wanted = {driver, "MEM"}
    skipped = [name for name in (*DRIVERS, *SPACED) if name not in wanted]
    # GDAL reads the process's own environment, once, when it loads.
    for name in ("GDAL_SKIP", "OGR_SKIP"):
        os.putenv(name, ",".join(skipped))
    import pyogrio
    import pyogrio.raw

    if unexpected := set(pyogrio.list_drivers()) - wanted:
        raise RefusedError(
            "unsupported_format", N_("Drivers that must be off are on: {names}."), names=", ".join(sorted(unexpected))
        )
    return pyogrio


def keep_blocks() -> None:
    """Let the driver of drawings give a block that is placed as one point with its attributes, not as its lines."""
    _load("DXF").set_gdal_config_options({"DXF_INLINE_BLOCKS": "FALSE"})


def list_layers(path: Path, driver: str) -> list[str]:
    """Return the layers of a file that have geometry."""
    pyogrio = _load(driver)
    try:
        return [str(name) for name, geometry in pyogrio.list_layers(path) if geometry is not None]
    except pyogrio.errors.DataSourceError as error:
        raise _malformed() from error


def read_layer(path: Path, driver: str, layer: str | None, encoding: str | None = None) -> DriverLayer:
    """Read one layer whole. Raises RefusedError."""
    pyogrio = _load(driver)
    is_disguised = False
    try:
        try:
            meta, _, wkb, fields = pyogrio.raw.read(path, layer=layer, encoding=encoding, force_2d=False)
        except UnicodeDecodeError:
            # One letter per byte: the encoding is found out later, or asked.
            is_disguised = True
            meta, _, wkb, fields = pyogrio.raw.read(path, layer=layer, encoding="ISO-8859-1", force_2d=False)
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.FieldError,
        pyogrio.errors.GeometryError,
        pyogrio.errors.FeatureError,
        UnicodeDecodeError,
        ValueError,
    ) as error:
        raise _malformed() from error
    geometries = empty_geometries(len(fields[0]) if fields else 0) if wkb is None else _shapes(wkb)
    closed, broken = _mend(geometries, wkb) if wkb is not None else ((), ())
    return DriverLayer(
        names=tuple(str(name) for name in meta["fields"]),
        columns=tuple(_plain(values) for values in fields),
        geometries=geometries,
        crs=meta["crs"],
        encoding=meta.get("encoding"),
        closed=closed,
        broken=broken,
        is_disguised=is_disguised,
    )


#: A point as WKB: byte order, type, coordinates.
_POINT = np.dtype([("order", "u1"), ("type", "<u4"), ("x", "<f8"), ("y", "<f8")])


def _shapes(wkb: NDArray[np.object_]) -> Geometries:
    """Return geometries of WKB; whole points are read at once, many times faster."""
    if None not in wkb and set(map(len, wkb)) == {_POINT.itemsize}:
        points = np.frombuffer(b"".join(wkb), dtype=_POINT)
        is_plain = (points["order"] == 1) & (points["type"] == shapely.GeometryType.POINT + 1)
        if is_plain.all() and np.isfinite(points["x"]).all() and np.isfinite(points["y"]).all():
            plain: Geometries = shapely.points(points["x"], points["y"])
            return plain
    shapes: Geometries = shapely.from_wkb(wkb, on_invalid="ignore")
    return shapes


def _mend(geometries: Geometries, wkb: NDArray[np.object_]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Close the outlines that a program left open, in place; return their positions and those of shapes that stay broken."""
    closed: list[int] = []
    broken: list[int] = []
    for at in np.flatnonzero(shapely.is_missing(geometries)).tolist():
        if wkb[at] is None:
            continue
        geometries[at] = shapely.from_wkb(wkb[at], on_invalid="fix")
        (broken if geometries[at] is None else closed).append(at)
    return tuple(closed), tuple(broken)


def _malformed() -> RefusedError:
    return RefusedError("malformed_file", N_("The file is damaged or not what its name says."))


def _plain(values: Any) -> list[Value]:
    """Return a column as JSON values: no NaN, dates as ISO text, bytes and lists as text."""
    if values.dtype.kind == "M":
        return [None if text == "NaT" else text for text in values.astype("datetime64[s]").astype(str).tolist()]
    cells: list[Value] = values.tolist()
    if set(map(type, cells)) <= {str, int, bool, type(None)}:
        return cells
    return [_plain_value(value) for value in cells]


def _plain_value(value: Any) -> Value:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, np.ndarray):
        return "\n".join(map(str, value.tolist())) or None
    return str(value)
