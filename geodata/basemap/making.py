"""Makes the file of vector tiles: PostGIS cuts what the extract holds into tiles, in tables that last as long as the work.

Layers are those of Protomaps' basemap: earth, landuse, water (areas and lines), roads, places; attributes `kind`, `kind_detail`, `name`.
Borders and buildings are left out: borders come from the layers, and the map is to be quiet.
"""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import psycopg
from pmtiles.tile import Compression, TileType, tileid_to_zxy, zxy_to_tileid
from pmtiles.writer import Writer
from sqlalchemy import Connection

import shapely

from geodata.base.crs import WEB_MERCATOR, WGS84, Bbox
from geodata.basemap.coast import land_of
from geodata.basemap.extract import box_of, read_extract
from geodata.query.cells import WORLD_M
from geodata.query.mvt import EXTENT
from geodata.query.tiles import tile_range

MIN_ZOOM = 5
MAX_ZOOM = 14
ATTRIBUTION = "© OpenStreetMap"
#: Beyond the extent that is asked for, degrees: the map is moved a little further.
MARGIN_DEG = 0.15
_BUFFER = 64
_FIELDS = {"kind": "String", "kind_detail": "String", "name": "String"}
LAYERS = ("earth", "landuse", "water", "roads", "places")

_TABLES = (
    "CREATE TEMP TABLE ground_read (layer text, kind text, detail text, zoom int, name text, geom geometry) ON COMMIT DROP",
    f"""CREATE TEMP TABLE ground (
        id serial, layer text, kind text, kind_detail text, zoom int, name text, area float, geom geometry(Geometry, {WEB_MERCATOR})
    ) ON COMMIT DROP""",
)
#: A coast of thousands of corners is cut in pieces: else each tile would look at all of them.
_CUT = f"""
INSERT INTO ground (layer, kind, kind_detail, zoom, name, area, geom)
SELECT layer, kind, nullif(detail, ''), zoom, nullif(name, ''), ST_Area(drawn), piece
FROM (SELECT *, ST_Transform(ST_ClipByBox2D(ST_SetSRID(geom, {WGS84}), box), {WEB_MERCATOR}) AS drawn
      FROM ground_read, ST_MakeEnvelope(%s, %s, %s, %s, {WGS84}) AS box WHERE ST_SetSRID(geom, {WGS84}) && box) AS cut,
     LATERAL ST_Subdivide(drawn, 500) AS piece
WHERE NOT ST_IsEmpty(drawn)
"""  # noqa: S608 - constants of ours
#: Areas under 3 × 3 px of a 512 px tile are nothing to see; lines of one name and kind are one.
_SHOWN = f"""
WITH place AS (SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS tile, {WORLD_M} / 512 / 2 ^ %(z)s AS pixel),
drawn AS (
    SELECT ground.*, ST_Dimension(geom) = 1 AS is_line, place.* FROM ground, place
    WHERE geom && ST_Expand(tile, pixel * 512 * {_BUFFER} / {EXTENT}) AND zoom <= %(z)s
      AND (ST_Dimension(geom) < 2 OR area > 9 * pixel ^ 2)
),
joined AS (
    SELECT layer, kind, kind_detail, name, min(zoom) AS zoom, max(area) AS area, tile, pixel,
           CASE WHEN is_line THEN ST_LineMerge(ST_Collect(geom)) ELSE (array_agg(geom))[1] END AS geom
    FROM drawn GROUP BY layer, kind, kind_detail, name, tile, pixel, is_line, CASE WHEN is_line THEN 0 ELSE id END
),
shown AS (
    SELECT layer, kind, kind_detail, name, ST_AsMVTGeom(ST_Simplify(geom, pixel / 2, true), tile, {EXTENT}, {_BUFFER}, true) AS geom
    FROM joined ORDER BY zoom DESC, area DESC, name
)
"""  # noqa: S608 - constants of ours
_LAYER = """(
    SELECT ST_AsMVT(row, '{layer}', {extent}, 'geom')
    FROM (SELECT kind, kind_detail, name, geom FROM shown WHERE layer = '{layer}' AND geom IS NOT NULL) AS row
)"""
_TILE = _SHOWN + "SELECT " + " || ".join(_LAYER.format(layer=layer, extent=EXTENT) for layer in LAYERS)


def make_basemap(
    connection: Connection,
    extract: Path,
    target: Path,
    extent: Bbox,
    *,
    report: Callable[[int, int], None] = lambda _d, _n: None,
) -> int:
    """Write the tiles of an extract within an extent (EPSG:4326) and return how many there are.

    `report(done, all)` hears of the work. Nothing stays in the database. Raises ExtractError.
    """
    west, south, east, north = extent
    reach = (west - MARGIN_DEG, south - MARGIN_DEG, east + MARGIN_DEG, north + MARGIN_DEG)
    if cut := box_of(extract):
        reach = (max(reach[0], cut[0]), max(reach[1], cut[1]), min(reach[2], cut[2]), min(reach[3], cut[3]))
    driver = cast("psycopg.Connection", connection.connection.driver_connection)
    with driver.transaction(), driver.cursor() as cursor:
        _load(cursor, extract, reach)
        part = target.with_name(target.name + ".part")
        with part.open("wb") as stream:
            count = _write(cursor, stream, reach, report)
    part.replace(target)
    return count


def _load(cursor: psycopg.Cursor, extract: Path, reach: Bbox) -> None:
    """Bring what the extract holds into the tables of the work."""
    for statement in _TABLES:
        cursor.execute(statement)
    coast = []
    with cursor.copy("COPY ground_read (layer, kind, detail, zoom, name, geom) FROM STDIN") as copy:
        for thing in read_extract(extract):
            if thing.layer == "coast":
                coast.append(shapely.from_wkb(thing.geom))
            else:
                copy.write_row((thing.layer, thing.kind, thing.detail, thing.zoom, thing.name, thing.geom))
        for land in land_of(coast, shapely.box(*reach)):
            copy.write_row(("earth", "earth", "", 0, "", land.wkb_hex))
    cursor.execute(_CUT, reach)
    cursor.execute("CREATE INDEX ON ground USING gist (geom)")
    cursor.execute("ANALYZE ground")


def _write(cursor: psycopg.Cursor, stream: object, reach: Bbox, report: Callable[[int, int], None]) -> int:
    writer = Writer(stream)
    wanted = sorted(_tile_ids(reach))
    count = 0
    for done, number in enumerate(wanted):
        z, x, y = tileid_to_zxy(number)
        cursor.execute(_TILE, {"z": z, "x": x, "y": y})
        row = cursor.fetchone()
        if row and row[0]:
            writer.write_tile(number, gzip.compress(row[0], mtime=0))
            count += 1
        report(done + 1, len(wanted))
    writer.finalize(_header(reach), _metadata())
    return count


def _tile_ids(reach: Bbox) -> Iterator[int]:
    for zoom in range(MIN_ZOOM, MAX_ZOOM + 1):
        left, right, top, bottom = tile_range(reach, zoom)
        for x in range(left, right + 1):
            for y in range(top, bottom + 1):
                yield zxy_to_tileid(zoom, x, y)


def _header(reach: Bbox) -> dict[str, object]:
    west, south, east, north = (round(degrees * 10_000_000) for degrees in reach)
    return {
        "tile_type": TileType.MVT, "tile_compression": Compression.GZIP,
        "min_lon_e7": west, "min_lat_e7": south, "max_lon_e7": east, "max_lat_e7": north,
        "center_zoom": MIN_ZOOM, "center_lon_e7": (west + east) // 2, "center_lat_e7": (south + north) // 2,
    }  # fmt: skip


def _metadata() -> dict[str, object]:
    layers = [{"id": layer, "fields": _FIELDS, "minzoom": MIN_ZOOM, "maxzoom": MAX_ZOOM} for layer in LAYERS]
    return {"name": "ground", "type": "baselayer", "attribution": ATTRIBUTION, "vector_layers": layers}
