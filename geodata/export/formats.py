"""Writing features to files: exactly the rows and fields asked for, so that importing the file changes nothing.

Shapefile and GeoPackage go through GDAL with the driver named, the others are written here. Texts that a spreadsheet
would run as a formula are disarmed in CSV and written as plain text in XLSX. Rows come from a cursor and leave in
batches: memory does not grow with their number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import func, select, type_coerce

from geodata.base.crs import WGS84
from geodata.base.database import ReadConnection
from geodata.base.errors import InvalidValueError, TooManyError
from geodata.base.i18n import N_
from geodata.export.kml import write_kml
from geodata.export.source import PARENT, Conditions, Data, batches_of, parse_srid, read_rows, told
from geodata.export.tables import write_csv, write_xlsx
from geodata.export.vector import write_geojson, write_gpkg, write_shapefile
from geodata.history.documents import AnyGeometry
from geodata.query.features import Measure
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.filters import Condition


@dataclass(frozen=True, kw_only=True)
class Format:
    """A file format: its extension and media type."""

    extension: str
    mimetype: str


FORMATS: dict[str, Format] = {
    "geojson": Format(extension=".geojson", mimetype="application/geo+json"),
    "shp": Format(extension=".zip", mimetype="application/zip"),
    "gpkg": Format(extension=".gpkg", mimetype="application/geopackage+sqlite3"),
    "kml": Format(extension=".kml", mimetype="application/vnd.google-earth.kml+xml"),
    "csv": Format(extension=".csv", mimetype="text/csv"),
    "xlsx": Format(extension=".xlsx", mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
#: Formats whose standard knows no other CRS.
_ALWAYS_WGS84 = frozenset({"kml"})
#: More is nothing that Google Earth shows.
MOST_KML = 50_000


def format_of(path: Path) -> str | None:
    """Return the format that a file name asks for, or None."""
    extension = path.suffix.lower()
    return (
        "geojson"
        if extension == ".json"
        else next((name for name, item in FORMATS.items() if item.extension == extension), None)
    )


def export_features(
    connection: ReadConnection,
    kind: type[Feature],
    fields: Sequence[Field],
    conditions: Conditions = (),
    *,
    format: str = "geojson",
    crs: str | None = None,
    target: Path,
    measures: Sequence[Measure] = (),
    progress: Callable[[int], None] = lambda _rows: None,
) -> Path:
    """Write the features that the conditions keep, in the order of their codes; return the file's path.

    `measures` follow the fields as columns of their own.
    `progress` is told how many rows there are so far. `crs` is like EPSG:9210, WGS 84 without it. `target` gets the format's extension unless it has it.
    Raises InvalidValueError for an unknown format or CRS.
    """
    srid = _srid_for(format, crs)
    if format == "kml":
        check_count(connection, kind, conditions := tuple(conditions), MOST_KML, _KML_HOLDS)
    data = read_rows(connection, kind, fields, conditions, srid=srid, measures=measures)
    return _written(format, replace(data, batches=told(data.batches, progress)), target)


def export_details(
    connection: ReadConnection,
    kind: type[Feature],
    detail: type[Detail],
    fields: Sequence[Field],
    conditions: Conditions = (),
    *,
    format: str = "csv",
    crs: str | None = None,
    target: Path,
) -> Path:
    """Write what hangs on the features that the conditions keep, a row each, by code and key; return the file's path.

    Formats of maps show each row at its feature's place; tables have none. Raises as export_features().
    """
    srid = _srid_for(format, crs)
    columns = [kind.code.label(PARENT.name), *(detail.column(field.name).label(field.name) for field in fields)]
    geometry = func.ST_AsBinary(type_coerce(kind.geom, AnyGeometry())).label("geom_wkb")
    clauses = [condition.sql if isinstance(condition, Condition) else condition for condition in conditions]
    order = [detail.column(name) for name in detail.detail.key]
    statement = (
        select(*columns, geometry)
        .join(detail, detail.feature_id == kind.id)
        .where(*clauses)
        .order_by(kind.code, *order, detail.id)
    )
    batches = batches_of(connection, statement, srid)
    return _written(
        format, Data(kind=kind, fields=(PARENT, *fields), batches=batches, srid=srid, detail=detail), target
    )


def _srid_for(format: str, crs: str | None) -> int:
    if format not in FORMATS:
        raise InvalidValueError(name="format", value=format, reason=", ".join(FORMATS))
    srid = parse_srid(crs)
    if format in _ALWAYS_WGS84 and srid != WGS84:
        raise InvalidValueError(name="crs", value=crs or "", reason=N_("KML is always in EPSG:4326"))
    return srid


def _written(format: str, data: "Data", target: Path) -> Path:
    """Write the file; its name gets the format's ending unless it has it."""
    wanted = FORMATS[format]
    path = target if target.suffix.lower() == wanted.extension else target.with_name(target.name + wanted.extension)
    _WRITERS[format](data, path)
    return path


_KML_HOLDS = N_(
    "A KML file holds at most {most} objects, these are {count}. Narrow the filter or choose another format."
)


def check_count(connection: ReadConnection, kind: type[Feature], conditions: Conditions, most: int, text: str) -> int:
    """Return how many features the conditions keep. Raises TooManyError with the text when they are more than `most`."""
    clauses = [condition.sql if isinstance(condition, Condition) else condition for condition in conditions]
    count = connection.execute(select(func.count()).select_from(kind).where(*clauses)).scalar_one()
    if count > most:
        raise TooManyError(text, count=count, most=most)
    return int(count)


_WRITERS = {
    "geojson": write_geojson,
    "shp": write_shapefile,
    "gpkg": write_gpkg,
    "kml": write_kml,
    "csv": write_csv,
    "xlsx": write_xlsx,
}
