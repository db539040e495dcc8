"""Formats that GDAL reads whole, one driver each: GeoPackage, File Geodatabase, FlatGeobuf, sequences, GML, Esri JSON, GPX."""

import json
import re
import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.reading import drivers
from geodata.importing.reading.archive import Source
from geodata.importing.reading.formats.coded_values import (
    lists_of_geodatabase,
    lists_of_geopackage,
    with_names_of_codes,
)
from geodata.importing.reading.formats.picking import malformed, pick
from geodata.importing.reading.formats.sheet import Hints
from geodata.importing.reading.heights import flattened
from geodata.importing.reading.outlines import outline_problems
from geodata.importing.results import Problem, RefusedError, Severity, problem
from geodata.importing.table import Table, Value, row_numbers

_WAL = "-wal"


def driver_table(
    source: Source, driver: str, layer: str, format_: str, *, crs: str | None = None, encoding: str | None = None
) -> Table:
    """Return one layer as its driver reads it."""
    found = drivers.read_layer(source.path, driver, layer, encoding)
    rows = row_numbers(len(found.geometries))
    geometries, problems = flattened(found.geometries, rows.tolist())
    srs = crs or found.crs
    return Table(
        layer=layer,
        format=format_,
        rows=rows,
        names=found.names,
        columns=found.columns,
        geometries=geometries,
        texts="bytes" if found.is_disguised else "unicode",
        crs=srs,
        crs_source="file" if srs else "none",
        problems=(*problems, *outline_problems(found.closed, found.broken, rows.tolist())),
    )


def read_geopackage(source: Source, inner: str | None, _limits: Limits, _hints: Hints) -> Table:
    """Read a real table of a GeoPackage; views could be endless."""
    with source.path.open("rb") as file:
        head = file.read(20)
    if head[:16] != b"SQLite format 3\x00":
        raise malformed(N_("The file is no GeoPackage."))
    source, problems = _with_last_edits(source, head)
    query = (
        "SELECT c.table_name FROM gpkg_contents c JOIN sqlite_master m ON m.name = c.table_name AND m.type = 'table' "
        "WHERE c.data_type = 'features' ORDER BY 1"
    )
    try:
        connection = sqlite3.connect(f"{source.path.as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            names = [str(name) for (name,) in connection.execute(query)]
            views = connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE type IN ('view', 'trigger') "
                "AND name NOT LIKE 'rtree%' AND name NOT LIKE 'trigger%' AND name NOT LIKE 'gpkg%'"
            ).fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise malformed(N_("The GeoPackage is damaged.")) from error
    if not names and views:
        raise RefusedError("unsupported_format", N_("The GeoPackage holds only views; save them as tables."))
    layer = pick(names, inner)
    table = with_names_of_codes(driver_table(source, "GPKG", layer, "gpkg"), lists_of_geopackage(source, layer))
    return replace(table, problems=(*table.problems, *problems))


def _with_last_edits(source: Source, head: bytes) -> tuple[Source, Sequence[Problem]]:
    """Return the GeoPackage with the edits that lie beside it in its -wal; what cannot be there is told."""
    if _WAL not in source.components:
        if head[18:20] != b"\x02\x02":
            return source, ()
        note = problem(
            "missing_component",
            N_("The GeoPackage was still open in another program (QGIS) when it was copied; its last edits may be missing. "
               "Close it there and send it again, or send the file ending in -wal too."),
            severity=Severity.WARNING,
        )  # fmt: skip
        return source, (note,)
    copy = source.path.with_name("whole.gpkg")
    shutil.copyfile(source.path, copy)
    shutil.copyfile(Path(f"{source.path}{_WAL}"), Path(f"{copy}{_WAL}"))
    try:
        connection = sqlite3.connect(copy)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            connection.execute("PRAGMA journal_mode=DELETE").fetchall()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise malformed(
            N_("The edits beside the GeoPackage (-wal) are damaged. Close it in QGIS and send it again.")
        ) from error
    note = problem(
        "missing_component",
        N_("The last edits, in the file ending in -wal, were read with the GeoPackage."),
        severity=Severity.WARNING,
    )
    return replace(source, path=copy), (note,)


def read_geodatabase(source: Source, inner: str | None, _limits: Limits, _hints: Hints) -> Table:
    """Read one feature class of a File Geodatabase, a folder of files."""
    names = drivers.list_layers(source.path, "OpenFileGDB")
    layer = pick(names, inner)
    table = driver_table(source, "OpenFileGDB", layer, "gdb")
    return with_names_of_codes(table, lists_of_geodatabase(source, layer))


def read_flatgeobuf(source: Source, inner: str | None, _limits: Limits, _hints: Hints) -> Table:
    """Read a FlatGeobuf file."""
    with source.path.open("rb") as file:
        if file.read(3) != b"fgb":
            raise malformed(N_("The file is no FlatGeobuf."))
    names = drivers.list_layers(source.path, "FlatGeobuf")
    return replace(driver_table(source, "FlatGeobuf", pick(names, inner), "fgb"), layer=source.name)


def is_sequence(text: str) -> bool:
    """Say whether a text is a sequence of JSON objects, one a line (GeoJSONSeq)."""
    lines = [line.strip("\x1e \r\t") for line in text[:200_000].split("\n")]
    first = next((line for line in lines if line), "")
    try:
        found = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("type") == "Feature"


def read_sequence(source: Source, inner: str | None, _limits: Limits, _hints: Hints) -> Table:
    """Read a sequence of GeoJSON features, one a line."""
    names = drivers.list_layers(source.path, "GeoJSONSeq")
    return replace(
        driver_table(source, "GeoJSONSeq", pick(names, inner), "geojsonl", crs="EPSG:4326"), layer=source.name
    )


def is_esri(data: Any) -> bool:
    """Say whether parsed JSON is Esri's: features of attributes and a geometry type."""
    return isinstance(data, dict) and "features" in data and ("geometryType" in data or "spatialReference" in data)


def read_esri_json(source: Source, inner: str | None, _limits: Limits, _hints: Hints) -> Table:
    """Read Esri JSON, as map services answer."""
    names = drivers.list_layers(source.path, "ESRIJSON")
    return replace(driver_table(source, "ESRIJSON", pick(names, inner), "esrijson"), layer=source.name)


def xml_of(path: Path, root: bytes) -> bytes:
    """Return an XML file's bytes with that root. Raises RefusedError for entities and for other files."""
    data = path.read_bytes()
    plain = data.replace(b"\x00", b"")
    if b"<!DOCTYPE" in plain[:100_000] or b"<!ENTITY" in plain:
        raise RefusedError("external_reference", N_("The file declares XML entities (DOCTYPE); that is not taken."))
    if root not in plain[:4096].lower():
        raise malformed(N_("The file is not what its name says."))
    return data


def read_gml(source: Source, inner: str | None, _limits: Limits, _hints: Hints) -> Table:
    """Read GML; schemas and parts that lie elsewhere are not fetched."""
    xml_of(source.path, b"opengis.net/gml")
    names = drivers.list_layers(source.path, "GML")
    table = driver_table(source, "GML", pick(names, inner), "gml")
    return drivers_columns_dropped(table, {"gml_id", "lowercorner", "uppercorner"})


def drivers_columns_dropped(table: Table, dropped: set[str]) -> Table:
    """Return the table without columns that a driver adds."""
    kept = [index for index, name in enumerate(table.names) if name.lower() not in dropped]
    return replace(
        table,
        names=tuple(table.names[index] for index in kept),
        columns=tuple(table.columns[index] for index in kept),
    )


def read_gpx(source: Source, inner: str | None, _limits: Limits, _hints: Hints) -> Table:
    """Read way points, routes or tracks of a GPX file."""
    data = xml_of(source.path, b"<gpx")
    marks = {"waypoints": rb"<wpt\b", "routes": rb"<rte\b", "tracks": rb"<trk\b"}
    names = [name for name, mark in marks.items() if re.search(mark, data)]
    if not names:
        raise RefusedError("empty_layer", N_("The file has no way points, routes or tracks."))
    table = driver_table(source, "GPX", pick(names, inner), "gpx", crs="EPSG:4326")
    # The driver lists all that the format knows.
    empty = {
        name.lower() for name, column in zip(table.names, table.columns, strict=True) if not any(map(_is_said, column))
    }
    return drivers_columns_dropped(table, empty)


def _is_said(value: Value) -> bool:
    return value not in (None, "")
