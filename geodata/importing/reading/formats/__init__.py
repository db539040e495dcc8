"""One reader a format. They run in the limited reader process and return a Table or ask which layer or header is meant."""

from collections.abc import Callable, Sequence

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.reading.archive import Source
from geodata.importing.reading.formats.closed_lines import with_closed_lines
from geodata.importing.reading.formats.delimited import read_delimited
from geodata.importing.reading.formats.drawing import AREA, read_drawing
from geodata.importing.reading.formats.driven import (
    read_flatgeobuf,
    read_geodatabase,
    read_geopackage,
    read_gml,
    read_gpx,
    read_sequence,
)
from geodata.importing.reading.formats.geojson import read_geojson
from geodata.importing.reading.formats.kml import read_kml
from geodata.importing.reading.formats.mapinfo import read_mapinfo
from geodata.importing.reading.formats.picking import AskError, choose_source, too_many_rows
from geodata.importing.reading.formats.sheet import Hints
from geodata.importing.reading.formats.written_errors import without_written_errors
from geodata.importing.reading.shapefile import read_shapefile
from geodata.importing.results import RefusedError
from geodata.importing.table import Table

Reader = Callable[[Source, str | None, Limits, Hints], Table]


def _workbook(source: Source, inner: str | None, limits: Limits, hints: Hints) -> Table:
    from geodata.importing.reading.formats.workbooks import read_any_workbook

    return read_any_workbook(source, inner, limits, hints)


READERS: dict[str, Reader] = {
    ".shp": lambda source, _inner, limits, _hints: read_shapefile(source, limits),
    ".geojson": read_geojson,
    ".json": read_geojson,
    ".geojsonl": read_sequence,
    ".geojsons": read_sequence,
    ".ndjson": read_sequence,
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".xlsx": _workbook,
    ".xlsm": _workbook,
    ".xls": _workbook,
    ".ods": _workbook,
    ".gpkg": read_geopackage,
    ".gdb": read_geodatabase,
    ".fgb": read_flatgeobuf,
    ".gml": read_gml,
    ".kml": read_kml,
    ".kmz": read_kml,
    ".gpx": read_gpx,
    ".tab": read_mapinfo,
    ".mif": read_mapinfo,
    ".dxf": read_drawing,
}


def read_source(sources: Sequence[Source], wanted: str | None, limits: Limits, hints: Hints) -> Table:
    """Read one layer of what was sent. Raises RefusedError, AskError."""
    source, inner = choose_source(sources, wanted)
    table = READERS[source.extension](source, inner, limits, hints)
    if not len(table):
        raise RefusedError("empty_layer", N_("The layer “{layer}” has no rows."), layer=table.layer)
    if len(table.names) > limits.columns:
        template = N_("The layer has more than {limit} columns.")
        raise RefusedError("limit_exceeded", template, limit=limits.columns, name="columns")
    if len(table) > limits.rows:
        raise too_many_rows(limits)
    if hints.geometry == AREA:
        table = with_closed_lines(table)
    return without_written_errors(table)


__all__ = ["READERS", "AskError", "Hints", "read_source"]
