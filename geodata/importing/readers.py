"""One reader per format. Runs in the limited reader process; returns a Table or asks which layer."""

import codecs
import csv
import io
import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import shapely

from geodata.i18n import N_
from geodata.importing import drivers
from geodata.importing.archive import Source
from geodata.importing.limits import Limits
from geodata.importing.results import Choice, Problem, Question, RefusedError, Severity, Text, problem
from geodata.importing.shapefile import read_shapefile
from geodata.importing.table import Geometries, Table, Value, as_objects, empty_geometries, row_numbers

_LONGEST_GAP = 5_000
_CRS_NAME = re.compile(r"(?:urn:ogc:def:crs:)?(EPSG|OGC)(?::[\d.]*)?:(\w+)$", re.IGNORECASE)


class AskLayerError(Exception):
    """Several layers are there and none was named."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(", ".join(names))
        why = Text(template=N_("a layer of the file"))
        self.question = Question(about="layer", choices=tuple(Choice(value=name, why=why) for name in names))


def malformed(
    template: str = N_("The file is damaged or not what its name says: {reason}."), **details: Any
) -> RefusedError:
    """Return the refusal for a file that does not parse."""
    return RefusedError("malformed_file", template, **details)


def read_source(sources: Sequence[Source], wanted: str | None, limits: Limits) -> Table:
    """Read one layer of what was sent. Raises RefusedError, AskLayerError."""
    source, inner = _choose(sources, wanted)
    table = READERS[source.extension](source, inner, limits)
    if not len(table):
        raise RefusedError("empty_layer", N_("The layer “{layer}” has no rows."), layer=table.layer)
    if len(table.names) > limits.columns:
        raise RefusedError(
            "limit_exceeded", N_("The layer has more columns than the limit columns, {limit}."), limit=limits.columns
        )
    if len(table) > limits.rows:
        raise _too_many_rows(limits)
    return table


def _too_many_rows(limits: Limits) -> RefusedError:
    return RefusedError(
        "limit_exceeded", N_("The layer has more rows than the limit rows, {limit}."), limit=limits.rows
    )


def _choose(sources: Sequence[Source], wanted: str | None) -> tuple[Source, str | None]:
    if wanted is None:
        if len(sources) > 1:
            raise AskLayerError([source.name for source in sources])
        return sources[0], None
    for source in sources:
        if source.name.casefold() == wanted.casefold():
            return source, None
    for source in sources:
        if wanted.casefold().startswith(f"{source.name.casefold()}/"):
            return source, wanted[len(source.name) + 1 :]
    if len(sources) == 1:
        return sources[0], wanted
    raise _no_such_layer(wanted, [source.name for source in sources])


def _no_such_layer(wanted: str, names: Sequence[str]) -> RefusedError:
    return RefusedError(
        "no_layer", N_("There is no layer “{layer}”; there are: {names}."), layer=wanted, names=", ".join(names)
    )


def _pick(names: Sequence[str], wanted: str | None) -> str:
    if not names:
        raise RefusedError("no_layer", N_("The file holds no layer that can be imported."))
    if wanted is None:
        if len(names) > 1:
            raise AskLayerError(names)
        return names[0]
    found = next((name for name in names if name.casefold() == wanted.casefold()), None)
    if found is None:
        raise _no_such_layer(wanted, names)
    return found


# GeoJSON ---------------------------------------------------------------------------------------------


def read_geojson(source: Source, _inner: str | None, limits: Limits) -> Table:
    """Read GeoJSON with a parser of our own: a “crs” link would make the driver fetch it."""
    text, texts = _text_of(source.path)
    try:
        # "bytes" texts have one letter per byte; JSON's own signs are ASCII in each of those encodings.
        data = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise malformed(reason=str(error)[:200]) from error
    features = _features(data)
    if len(features) > limits.rows:
        raise _too_many_rows(limits)
    problems: list[Problem] = []
    shapes: list[Any] = []
    attributes: dict[str, list[Value]] = {}
    for index, feature in enumerate(features):
        is_feature = isinstance(feature, dict)
        shapes.append(feature.get("geometry") if is_feature else None)
        properties = feature.get("properties") if is_feature else None
        for name, value in (properties if isinstance(properties, dict) else {}).items():
            column = attributes.get(name)
            if column is None:
                column = attributes[name] = [None] * index
            column.extend([None] * (index - len(column)))
            column.append(_json_value(value))
    for column in attributes.values():
        column.extend([None] * (len(features) - len(column)))
    geometries = _geojson_geometries(shapes, problems)
    name, crs_source = _geojson_crs(data)
    return Table(
        layer=source.name,
        format="geojson",
        rows=row_numbers(len(features)),
        names=tuple(attributes),
        columns=tuple(attributes.values()),
        geometries=geometries,
        texts=texts,
        crs=name,
        crs_source=crs_source,
        problems=tuple(problems),
    )


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _features(data: Any) -> list[Any]:
    kind = data.get("type") if isinstance(data, dict) else None
    if kind == "FeatureCollection" and isinstance(data.get("features"), list):
        features: list[Any] = data["features"]
        return features
    if kind == "Feature":
        return [data]
    if kind in {
        "Point",
        "MultiPoint",
        "LineString",
        "MultiLineString",
        "Polygon",
        "MultiPolygon",
        "GeometryCollection",
    }:
        return [{"type": "Feature", "geometry": data, "properties": {}}]
    if kind == "Topology":
        raise RefusedError("unsupported_format", N_("TopoJSON cannot be imported; save it as GeoJSON."))
    raise malformed(N_("The file is no GeoJSON: it has no “FeatureCollection”."))


def _json_value(value: Any) -> Value:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and value - value != 0:
        return None
    return value  # type: ignore[no-any-return]


def _geojson_crs(data: Any) -> tuple[str | None, str]:
    """Return the named CRS; without one GeoJSON is WGS 84 by its standard (RFC 7946)."""
    crs = data.get("crs") if isinstance(data, dict) else None
    if crs is None:
        return "EPSG:4326", "file"
    if not isinstance(crs, dict) or crs.get("type") != "name":
        raise RefusedError(
            "external_reference", N_("The file's “crs” points outside the file; only a name like EPSG:9210 is taken.")
        )
    properties = crs.get("properties")
    name = str(properties.get("name") if isinstance(properties, dict) else "")[:100]
    match = _CRS_NAME.fullmatch(name.strip())
    if match is None:
        return None, "none"
    if match[2].upper() == "CRS84":
        return "EPSG:4326", "file"
    return (f"EPSG:{match[2]}", "file") if match[1].upper() == "EPSG" and match[2].isdigit() else (None, "none")


def _geojson_geometries(shapes: list[Any], problems: list[Problem]) -> Geometries:
    geometries = empty_geometries(len(shapes))
    points = [
        index
        for index, shape in enumerate(shapes)
        if isinstance(shape, dict) and shape.get("type") == "Point" and _is_position(shape.get("coordinates"))
    ]
    if points:
        coordinates = np.array([shapes[index]["coordinates"][:2] for index in points], dtype=float)
        geometries[points] = shapely.points(coordinates)
    done = set(points)
    for index, shape in enumerate(shapes):
        if index in done or shape is None:
            continue
        try:
            geometries[index] = shapely.from_geojson(json.dumps(shape))
        except (shapely.errors.GEOSException, ValueError, TypeError, RecursionError) as error:
            problems.append(
                problem(
                    "bad_coordinates",
                    N_("The geometry cannot be read: {reason}."),
                    row=index + 1,
                    reason=str(error)[:120],
                )
            )
    return geometries


def _is_position(value: Any) -> bool:
    return isinstance(value, list) and len(value) >= 2 and all(type(item) in (int, float) for item in value[:2])


# Text files ------------------------------------------------------------------------------------------


def _text_of(path: Path) -> tuple[str, str]:
    """Return a text file and whether its letters are already Unicode or still bytes."""
    data = path.read_bytes()
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            try:
                return data.decode(encoding), "unicode"
            except UnicodeDecodeError as error:
                raise malformed(reason=str(error)[:120]) from error
    if b"\x00" in data[:4096]:
        try:
            text = data.decode("utf-16-le" if data[1:2] == b"\x00" else "utf-16-be")
        except UnicodeDecodeError as error:
            raise malformed(N_("The file is not text.")) from error
        if sum(char.isascii() and (char.isprintable() or char.isspace()) for char in text[:400]) * 3 < len(text[:400]):
            raise malformed(N_("The file is not text."))
        return text, "unicode"
    try:
        return data.decode("utf-8"), "unicode"
    except UnicodeDecodeError:
        return data.decode("latin1"), "bytes"


def read_csv(source: Source, _inner: str | None, limits: Limits) -> Table:
    """Read a text table; the separator is the one that fits the header."""
    text, texts = _text_of(source.path)
    if text.lstrip()[:1] in {"<", "{"} or "\x00" in text[:4096]:
        raise malformed(N_("The file is not a table of comma-separated values."))
    csv.field_size_limit(max(limits.text_length * 2, 4_000_000))
    header = text.split("\n", 1)[0]
    separator = max("\t;,|", key=header.count)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        names = [name.strip() for name in next(rows, [])]
        body = ([_without_guard(cell) for cell in row] for row in rows)
        return _table_of_rows(source.name, "csv", names, body, limits, texts=texts)
    except csv.Error as error:
        raise malformed(reason=str(error)) from error


def _without_guard(cell: str) -> str:
    """Return a cell without the apostrophe that keeps spreadsheets from running it as a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in set("=+-@\t\r'") else cell


def _table_of_rows(
    layer: str, format_: str, names: Sequence[str], rows: Iterable[Sequence[Value]], limits: Limits, *, texts: str
) -> Table:
    width = len(names)
    if not any(names):
        raise RefusedError("empty_layer", N_("The table has no header."))
    if len({name.casefold() for name in names if name}) < sum(1 for name in names if name):
        names = _distinct(names)
    numbers: list[int] = []
    cells: list[Sequence[Value]] = []
    problems: list[Problem] = []
    for number, row in enumerate(rows, 1):
        if number > limits.rows:
            raise _too_many_rows(limits)
        if not any(value not in (None, "") for value in row):
            continue
        if len(row) != width:
            if len(row) > width and any(value not in (None, "") for value in row[width:]):
                problems.append(
                    problem(
                        "malformed_file",
                        N_("The row has {count} cells, the header has {width}."),
                        row=number,
                        count=len(row),
                        width=width,
                    )
                )
            row = [*row[:width], *[None] * (width - len(row))]  # noqa: PLW2901
        numbers.append(number)
        cells.append(row)
    kept = [index for index, name in enumerate(names) if name]
    columns = (
        [[(cell if cell != "" else None) for cell in column] for column in zip(*cells, strict=True)]
        if cells
        else [[] for _ in names]
    )
    return Table(
        layer=layer,
        format=format_,
        rows=np.array(numbers, dtype=np.int64),
        names=tuple(names[index] for index in kept),
        columns=tuple(columns[index] for index in kept),
        texts=texts,
        problems=tuple(problems),
    )


def _distinct(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    result = []
    for name in names:
        count = seen[name.casefold()] = seen.get(name.casefold(), 0) + 1
        result.append(name if count == 1 or not name else f"{name}_{count}")
    return result


def read_xlsx(source: Source, inner: str | None, limits: Limits) -> Table:
    """Read one sheet of a workbook, values only."""
    import zipfile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    if not zipfile.is_zipfile(source.path):
        raise malformed(N_("The file is no XLSX workbook."))
    with zipfile.ZipFile(source.path) as archive:
        if sum(info.file_size for info in archive.infolist()) > limits.archive_bytes // 4:
            raise RefusedError("limit_exceeded", N_("Unpacked, the archive is larger than the limit archive_bytes."))
    try:
        book = load_workbook(source.path, read_only=True, data_only=True, keep_links=False)
        sheets = [sheet.title for sheet in book.worksheets if _has_rows(sheet)]
        if not sheets:
            raise RefusedError("empty_layer", N_("The workbook has no rows."))
        sheet = book[_pick(sheets, inner)]
        names, header_row = _header_of_sheet(sheet.iter_rows(max_col=limits.columns + 1, max_row=200, values_only=True))
        body = _until_long_gap(
            sheet.iter_rows(min_row=header_row + 1, max_col=len(names), max_row=limits.rows + 200, values_only=True)
        )
        return _table_of_rows(
            sheet.title if len(sheets) > 1 else source.name,
            "xlsx",
            names,
            ([_cell(value) for value in row] for row in body),
            limits,
            texts="unicode",
        )
    except (InvalidFileException, KeyError, ValueError, TypeError, OSError, AttributeError, SyntaxError) as error:
        raise malformed(reason=f"{type(error).__name__}: {error}"[:160]) from error


def _has_rows(sheet: Any) -> bool:
    return any(
        any(value is not None for value in row) for row in sheet.iter_rows(max_row=30, max_col=50, values_only=True)
    )


def _header_of_sheet(rows: Iterable[Sequence[Any]]) -> tuple[list[str], int]:
    """Return the header and its row number, titles above it skipped: the first row with more than one filled cell."""
    for number, row in enumerate(rows, 1):
        filled = [value for value in row if value not in (None, "")]
        if len(filled) > 1:
            names = [str(value).strip() if value is not None else "" for value in row]
            while names and not names[-1]:
                names.pop()
            return names, number
    raise RefusedError("empty_layer", N_("The table has no header."))


def _until_long_gap(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Return rows up to thousands of empty ones: a stray cell at the sheet's far end is no data."""
    gap = 0
    for row in rows:
        gap = 0 if any(value is not None for value in row) else gap + 1
        if gap > _LONGEST_GAP:
            return
        yield row


def _cell(value: Any) -> Value:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    text = str(value)
    return text.removesuffix(" 00:00:00")


# Through the driver ----------------------------------------------------------------------------------


def _driver_table(
    source: Source, driver: str, layer: str, format_: str, *, crs: str | None = None, encoding: str | None = None
) -> Table:
    found = drivers.read_layer(source.path, driver, layer, encoding)
    count = len(found.geometries)
    srs = crs or found.crs
    return Table(
        layer=layer,
        format=format_,
        rows=row_numbers(count),
        names=found.names,
        columns=found.columns,
        geometries=found.geometries,
        texts="unicode",
        crs=srs,
        crs_source="file" if srs else "none",
    )


def read_gpkg(source: Source, inner: str | None, limits: Limits) -> Table:
    """Read a real table of a GeoPackage; views could be endless."""
    with source.path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\x00":
            raise malformed(N_("The file is no GeoPackage."))
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
        raise malformed(reason=str(error)[:200]) from error
    if not names and views:
        raise RefusedError("unsupported_format", N_("The GeoPackage holds only views; save them as tables."))
    layer = _pick(names, inner)
    return _driver_table(source, "GPKG", layer, "gpkg")


def _refuse_dtd(path: Path, root: bytes) -> bytes:
    data = path.read_bytes()
    plain = data.replace(b"\x00", b"")
    if b"<!DOCTYPE" in plain[:100_000] or b"<!ENTITY" in plain:
        raise RefusedError("external_reference", N_("The file declares XML entities (DOCTYPE); that is not taken."))
    if root not in plain[:4096].lower():
        raise malformed(N_("The file is not what its name says."))
    return plain


def read_kml(source: Source, inner: str | None, _limits: Limits) -> Table:
    """Read KML; links to the network are not followed."""
    data = _refuse_dtd(source.path, b"<kml")
    problems = []
    if b"<NetworkLink" in data:
        problems.append(
            problem(
                "external_reference",
                N_("Links to other places (NetworkLink) were not followed."),
                severity=Severity.WARNING,
            )
        )
        if b"<Placemark" not in data:
            raise RefusedError(
                "external_reference", N_("The file only links to other places (NetworkLink); send the data itself.")
            )
    names = drivers.list_layers(source.path, "LIBKML")
    if inner is None and len(names) > 1:
        counted = {name: drivers.read_layer(source.path, "LIBKML", name) for name in names}
        names = [name for name in names if len(counted[name].geometries)] or names[:1]
    elif not names:
        names = [source.name] if b"<Placemark" in data else []
    table = _driver_table(source, "LIBKML", _pick(names, inner), "kml", crs="EPSG:4326")
    return _without(
        table,
        {
            "id",
            "timestamp",
            "begin",
            "end",
            "altitudemode",
            "tessellate",
            "extrude",
            "visibility",
            "draworder",
            "icon",
            "snippet",
            "description",
        },
        problems,
    )


def _without(table: Table, dropped: set[str], problems: list[Problem]) -> Table:
    """Return the table without a driver's own empty columns."""
    from dataclasses import replace

    kept = [
        index
        for index, name in enumerate(table.names)
        if not (name.lower() in dropped and all(value in (None, "", -1, 0, False) for value in table.columns[index]))
        and name.lower() not in {"id", "tessellate", "extrude", "visibility", "draworder"}
    ]
    return replace(
        table,
        names=tuple(table.names[index] for index in kept),
        columns=tuple(table.columns[index] for index in kept),
        problems=(*table.problems, *problems),
    )


def read_gpx(source: Source, inner: str | None, _limits: Limits) -> Table:
    """Read way points, routes or tracks of a GPX file."""
    data = _refuse_dtd(source.path, b"<gpx")
    marks = {"waypoints": b"<wpt", "routes": b"<rte>", "tracks": b"<trk>"}
    names = [name for name, mark in marks.items() if mark in data]
    if not names:
        raise RefusedError("empty_layer", N_("The file has no way points, routes or tracks."))
    return _driver_table(source, "GPX", _pick(names, inner), "gpx", crs="EPSG:4326")


def read_mapinfo(source: Source, inner: str | None, _limits: Limits) -> Table:
    """Read a MapInfo table, its own data only."""
    head = source.path.read_bytes()[:65536]
    if source.extension == ".tab":
        if not head.lstrip().lower().startswith(b"!table"):
            raise malformed(N_("The file is no MapInfo table."))
        if not re.search(rb"type\s+native", head, re.IGNORECASE) or re.search(rb'file\s+"', head, re.IGNORECASE):
            raise RefusedError(
                "external_reference", N_("The MapInfo table points to other data; send the table itself.")
            )
        missing = {".dat", ".map", ".id"} - source.components
    else:
        if not head.lstrip().lower().startswith(b"version"):
            raise malformed(N_("The file is no MapInfo MIF file."))
        missing = {".mid"} - source.components if re.search(rb"columns\s+[1-9]", head, re.IGNORECASE) else set()
    if missing:
        raise RefusedError(
            "missing_component",
            N_("The parts {names} of the MapInfo table are missing."),
            names=", ".join(sorted(missing)),
        )
    names = drivers.list_layers(source.path, "MapInfo File")
    table = _driver_table(source, "MapInfo File", _pick(names, inner), "mapinfo")
    return _named(table, source.name)


def _named(table: Table, name: str) -> Table:
    from dataclasses import replace

    return replace(table, layer=name)


def read_dxf(source: Source, inner: str | None, _limits: Limits) -> Table:
    """Read the drawing's entities."""
    head = source.path.read_bytes()[:4096]
    if not re.search(rb"^\s*0\s*\r?\n\s*SECTION", head, re.MULTILINE):
        raise malformed(N_("The file is no DXF drawing in text form."))
    names = drivers.list_layers(source.path, "DXF")
    return _named(_driver_table(source, "DXF", _pick(names, inner), "dxf"), source.name)


def _shapefile(source: Source, _inner: str | None, limits: Limits) -> Table:
    return read_shapefile(source, limits)


READERS: dict[str, Callable[[Source, str | None, Limits], Table]] = {
    ".shp": _shapefile,
    ".geojson": read_geojson,
    ".json": read_geojson,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".txt": read_csv,
    ".xlsx": read_xlsx,
    ".gpkg": read_gpkg,
    ".kml": read_kml,
    ".kmz": read_kml,
    ".gpx": read_gpx,
    ".tab": read_mapinfo,
    ".mif": read_mapinfo,
    ".dxf": read_dxf,
}

__all__ = ["AskLayerError", "as_objects", "read_source"]
