"""A file looked at: its rows where they lie, for the map of one person. No layer is asked for and nothing is stored.

Reading, encodings and places are those of the import; what the file leaves open is asked, what it lacks is left out.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sqlalchemy.orm import Session

import shapely

from geodata.base.errors import TooManyError
from geodata.base.i18n import N_
from geodata.importing.facts import number_style
from geodata.importing.limits import Limits
from geodata.importing.reading.sandbox import read_table
from geodata.importing.results import ImportOptions, Question, RefusedError
from geodata.importing.table import Geometries, Table
from geodata.importing.understanding.check import unusable_coordinates
from geodata.importing.understanding.coordinates import find_transformation, transform_geometries
from geodata.importing.understanding.decode import decode_table
from geodata.importing.understanding.locations import find_location_columns, is_degrees, read_locations
from geodata.importing.understanding.named_units import named_places
from geodata.importing.understanding.placing import Evidence, resolve_crs
from geodata.importing.understanding.province_area import province_area, unit_kind
from geodata.importing.understanding.values import text_of
from geodata.schema.registry import Registry

#: What a browser draws at once, and what one person may ask of the server for it.
LIMITS = Limits(
    file_bytes=20_000_000, archive_bytes=200_000_000, rows=20_000, memory_bytes=2**30, cpu_seconds=30, wall_seconds=40
)
MOST_CORNERS = 400_000
MOST_COLUMNS = 40
LONGEST_TEXT = 300


@dataclass(frozen=True, kw_only=True)
class Glance:
    """What a file shows: GeoJSON (EPSG:4326), how many rows have a place and how many none, and the CRS it was read in."""

    geojson: str
    count: int
    left_out: int
    crs: str


def glance_at(session: Session, registry: Registry, path: Path, options: ImportOptions) -> Glance | Question:
    """Return what a file shows, or what must be answered first (layer, encoding, crs or axes).

    Raises RefusedError for a file that cannot be read or holds no places, TooManyError for one with too many corners.
    """
    found = read_table(
        path, options.file_name or path.name, options.source_layer, LIMITS, header_row=options.header_row
    )
    if isinstance(found, Question):
        return found
    decoded = decode_table(found, options.encoding)
    if decoded.question is not None:
        return decoded.question
    table, geometries, order_is_known = _located(decoded.table)
    units = unit_kind(registry)
    places = None if options.crs else named_places(session, units, table)
    evidence = Evidence(places=places, area=province_area(session, units))
    placed = resolve_crs(table, geometries, options, evidence, order_is_known=order_is_known)
    if placed.question is not None:
        return placed.question
    transformation = find_transformation(placed.recognised) if placed.recognised else None
    if placed.refused is not None or placed.recognised is None or transformation is None:
        template = N_("No exact way from {crs} to WGS 84 is known.")
        raise placed.refused or RefusedError("crs_unknown", template, crs=table.crs or "?")
    usable = geometries.copy()
    usable[unusable_coordinates(geometries)] = None
    return _shown(table, transform_geometries(usable, transformation, swapped=placed.swapped), placed.recognised.name)


def _located(table: Table) -> tuple[Table, Geometries, bool]:
    """Return the table with its geometry in the file's coordinates, and whether their order is known."""
    if table.geometries is not None:
        return table, table.geometries, False
    columns = find_location_columns(table)
    if columns is None:
        raise RefusedError("null_geometry", N_("The file holds no places: no geometry and no columns of coordinates."))
    geometries, _, order_is_known = read_locations(table, columns, number_style(table))
    crs = columns.crs
    if columns.is_wgs84_by_name or (columns.pair is not None and crs is None and is_degrees(geometries)):
        crs = "EPSG:4326"
    return replace(table, crs=crs, crs_source="file" if crs else "none"), geometries, order_is_known


def _shown(table: Table, geometries: Geometries, crs: str) -> Glance:
    kept = np.flatnonzero(~shapely.is_missing(geometries) & ~shapely.is_empty(geometries))
    corners = int(shapely.get_num_coordinates(geometries[kept]).sum())
    if corners > MOST_CORNERS:
        raise TooManyError(
            N_("The file draws {count} corners; the map takes at most {most} of a file. Import it instead."),
            count=corners,
            most=MOST_CORNERS,
        )
    shapes = shapely.to_geojson(shapely.set_precision(shapely.force_2d(geometries[kept]), 1e-6, mode="pointwise"))
    names = table.names[:MOST_COLUMNS]
    features = [
        f'{{"type":"Feature","properties":{json.dumps(_values(table, names, int(row)), ensure_ascii=False)},"geometry":{shape}}}'
        for row, shape in zip(kept, shapes, strict=True)
    ]
    geojson = '{"type":"FeatureCollection","features":[' + ",".join(features) + "]}"
    return Glance(geojson=geojson, count=len(kept), left_out=len(table) - len(kept), crs=crs)


def _values(table: Table, names: tuple[str, ...], row: int) -> dict[str, str]:
    """Return the cells of a row that say something, as text."""
    texts = {name: text_of(table.columns[index][row]) for index, name in enumerate(names)}
    return {name: text[:LONGEST_TEXT] for name, text in texts.items() if text}
