"""OGC API – Tiles: the tiling scheme, and each layer's vector tiles in it.

A tile of ours is drawn 512 px wide, the scheme's are 256: tile matrix z is what a map shows at zoom z + 1.
"""

from typing import cast

from flask import url_for

from geodata.base.crs import WEB_MERCATOR, Province
from geodata.base.i18n import N_
from geodata.query.cells import TILE_PX, WORLD_M
from geodata.query.projections import CRS84, EPSG
from geodata.query.tiles import MAX_TILE_ZOOM, tile_range
from geodata.schema.feature import Feature, GeometryType
from webmap.app.i18n import translate
from webmap.ogc.answers import JSON, MVT, Document, Link, link
from webmap.ogc.collections import REL

SCHEME = "WebMercatorQuad"
SCHEME_URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{SCHEME}"
SCHEME_TITLE = "Google Maps Compatible for the World"
SCHEME_PX = 256
#: A pixel of the standards is 0.28 mm.
PIXEL_M = 0.00028
_DIMENSIONS = {GeometryType.POINT: 0, GeometryType.LINE: 1, GeometryType.POLYGON: 2}
#: What tiles say of an object; see geodata.query.tiles.
_ATTRIBUTES = {
    "c": {"type": "integer", "title": N_("Number of the symbol’s class")},
    "n": {"type": "integer", "title": N_("How many objects are merged into this point")},
    "o": {"type": "integer", "title": N_("Place beside a parallel line")},
    "t": {"type": "string", "title": N_("Label")},
    "code": {"type": "string", "title": N_("Code")},
    "name": {"type": "string", "title": N_("Name")},
}


def matrix_set() -> Document:
    """Return the tiling scheme, zoom by zoom."""
    return {
        "id": SCHEME,
        "title": SCHEME_TITLE,
        "uri": SCHEME_URI,
        "crs": f"{EPSG}{WEB_MERCATOR}",
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [_matrix(zoom) for zoom in range(MAX_TILE_ZOOM + 1)],
    }


def _matrix(zoom: int) -> Document:
    cell = WORLD_M / SCHEME_PX / 2**zoom
    return {
        "id": str(zoom),
        "scaleDenominator": cell / PIXEL_M,
        "cellSize": cell,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-WORLD_M / 2, WORLD_M / 2],
        "tileWidth": SCHEME_PX,
        "tileHeight": SCHEME_PX,
        "matrixWidth": 2**zoom,
        "matrixHeight": 2**zoom,
    }


def tileset_item(kind: type[Feature]) -> Document:
    """Return a layer's tile set as it stands in a list."""
    address = url_for("ogc_tiles.tileset", layer=kind.layer.name, _external=True)
    return {
        "title": translate(kind.layer.title),
        "dataType": "vector",
        "crs": f"{EPSG}{WEB_MERCATOR}",
        "tileMatrixSetURI": SCHEME_URI,
        "links": [link("self", address), _scheme_link()],
    }


def tileset(kind: type[Feature], province: Province) -> Document:
    """Return a layer's tile set: where its tiles are, how far they reach, what they hold."""
    west, south, east, north = province.extent
    name = kind.layer.name
    described = translate(N_("Made to be drawn {pixels} px wide: tile matrix z is what a map shows at zoom z + 1."))
    layers = [_layer(name, kind, _DIMENSIONS[kind.layer.geometry])]
    if kind.layer.geometry is GeometryType.POLYGON:
        layers.append(_layer(f"{name}_label", kind, 0))
    item = tileset_item(kind)
    return item | {
        "description": described.format(pixels=TILE_PX),
        "tileMatrixSetLimits": [_limits(province, zoom) for zoom in range(MAX_TILE_ZOOM + 1)],
        "boundingBox": {"lowerLeft": [west, south], "upperRight": [east, north], "crs": CRS84},
        "layers": layers,
        "links": [*cast(list[Link], item["links"]), link("item", tile_template(name), MVT) | {"templated": True}],
    }


def tile_template(name: str) -> str:
    """Return the address of a layer's tiles by the standard, row before column."""
    pattern = url_for("ogc_tiles.tile", layer=name, z=0, row=0, column=0, _external=True)
    return pattern.removesuffix("0/0/0") + "{tileMatrix}/{tileRow}/{tileCol}"


def xyz_template(name: str) -> str:
    """Return the address of the same tiles as programs without the standard want it."""
    return tile_template(name).replace("{tileMatrix}/{tileRow}/{tileCol}", "{z}/{y}/{x}")


def _layer(name: str, kind: type[Feature], dimension: int) -> Document:
    properties = {key: value | {"title": translate(str(value["title"]))} for key, value in _ATTRIBUTES.items()}
    return {
        "id": name,
        "title": translate(kind.layer.title),
        "dataType": "vector",
        "geometryDimension": dimension,
        "minTileMatrix": "0",
        "maxTileMatrix": str(MAX_TILE_ZOOM),
        "propertiesSchema": {"type": "object", "properties": properties},
    }


def _limits(province: Province, zoom: int) -> Document:
    left, right, top, bottom = tile_range(province.extent, zoom)
    return {
        "tileMatrix": str(zoom),
        "minTileRow": top,
        "maxTileRow": bottom,
        "minTileCol": left,
        "maxTileCol": right,
    }


def _scheme_link() -> Link:
    return link(f"{REL}/tiling-scheme", url_for("ogc_tiles.matrix_set", _external=True), JSON)
