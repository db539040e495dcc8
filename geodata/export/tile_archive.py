"""A layer's tiles in one file that any static server or CDN hands out by byte ranges: PMTiles, version 3."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from geodata.base.crs import Bbox
from geodata.base.database import ReadConnection
from geodata.query.tiles import is_inhabited, read_tile
from geodata.schema.feature import Feature

_Tile = tuple[int, int, int]


def write_archive(
    connection: ReadConnection,
    kind: type[Feature],
    visible: frozenset[str],
    target: Path,
    *,
    extent: Bbox,
    max_zoom: int,
    report: Callable[[int, int], None] = lambda _zoom, _tiles: None,
) -> int:
    """Write a layer's tiles of zoom 0 to `max_zoom`, with what `visible` fields tell, and return how many there are.

    The same tiles as the server's, gzip, with code and name of each object. `extent` (EPSG:4326, lon and lat) is what a viewer
    shows first. One transaction with repeatable reading gives one state of the data. `report(zoom, tiles)` hears of each zoom.
    The file is there whole or not at all.
    """
    part = target.with_name(f"{target.name}.part")
    count, level = 0, [(0, 0, 0)]
    try:
        with part.open("wb") as stream:
            writer = Writer(stream)
            for zoom in range(max_zoom + 1):
                level = [tile for tile in level if is_inhabited(connection, kind, tile)]
                for tile in sorted(level, key=lambda tile: zxy_to_tileid(*tile)):
                    content = read_tile(connection, kind, visible, tile, is_named=True)
                    if content:
                        writer.write_tile(zxy_to_tileid(*tile), gzip.compress(content, mtime=0))
                        count += 1
                report(zoom, count)
                level = [child for tile in level for child in _children(tile)]
            writer.finalize(_header(extent, max_zoom), _metadata(kind, visible, max_zoom))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return count


def _children(tile: _Tile) -> Iterator[_Tile]:
    zoom, x, y = tile
    yield from ((zoom + 1, 2 * x + right, 2 * y + below) for right in (0, 1) for below in (0, 1))


def _header(extent: Bbox, max_zoom: int) -> dict[str, Any]:
    west, south, east, north = (round(degrees * 10_000_000) for degrees in extent)
    return {
        "tile_type": TileType.MVT, "tile_compression": Compression.GZIP, "center_zoom": min(9, max_zoom),
        "min_lon_e7": west, "min_lat_e7": south, "max_lon_e7": east, "max_lat_e7": north,
        "center_lon_e7": (west + east) // 2, "center_lat_e7": (south + north) // 2,
    }  # fmt: skip


def _metadata(kind: type[Feature], visible: frozenset[str], max_zoom: int) -> dict[str, Any]:
    layer = kind.layer
    fields = {"c": "Number"} | {name: "String" for name in ("code", "name") if name in visible}
    described = {"id": layer.name, "fields": fields, "minzoom": 0, "maxzoom": max_zoom}
    return {"name": layer.name, "type": "overlay", "vector_layers": [described]}
