"""Builds the map as three texts (header, html, script) that the page puts in their places.

Only constants of the registry and of the settings go in: names of features reach the browser as tiles
and as fragments of the server, never through a folium object.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypedDict, cast

from branca.element import Figure
from folium import TileLayer
from markupsafe import Markup

from geodata.base.crs import VN2000_TM3, VN2000_TOWGS84, Bbox
from geodata.schema.portrayal import INKS
from webmap.folium.assets import land_rings
from webmap.folium.elements import BareMap, GroundLayer, LandLayer, MvtLayer, Opening
from webmap.folium.style import LayerStyle

MIN_ZOOM = 8
MAX_ZOOM = 19
#: The map may stand between two zooms, so that what is asked for fills the screen, of a wall too.
ZOOM_STEP = 0.25

#: Addresses the page's scripts call; {layer} and {id} are filled in there.
DEFAULT_ADDRESSES = {
    "layers": "/api/layers",
    "facets": "/api/layers/{layer}/facets",
    "charts": "/api/layers/{layer}/charts",
    "features": "/api/layers/{layer}/features",
    "export": "/layers/{layer}/export",
    "popup": "/layers/{layer}/features/{id}/popup",
    "panel": "/layers/{layer}/features/{id}/panel",
    "feature": "/api/layers/{layer}/features/{id}",
    "search": "/api/search",
    "coordinates": "/api/coordinates",
    "act": "/documents/{id}/panel",
    "login": "/login",
}


@dataclass(frozen=True, kw_only=True)
class MapLayer:
    """One data layer of the map. `style` is what describe_style() returns; `title` is translated.

    `is_ground`: a base map shows the same; where that fails, the layer is shown.
    """

    name: str
    title: str
    geometry: str
    tile_url: str
    min_zoom: int
    shown: bool
    style: LayerStyle
    is_ground: bool = False


@dataclass(frozen=True, kw_only=True)
class MapParts:
    """The rendered map: the page writes `script` into its own `<script nonce>`.

    There `given` has to be known: layers and outlines of land ([lon, lat, lon, lat, …] each), most of all that is said.
    Constants of the registry and of the settings only: the one reviewed place that makes markup of text.
    """

    header: str
    html: Markup
    script: Markup
    given: dict[str, object]


_OPTIONS = {
    "zoom_control": False,
    "attribution_control": False,
    "min_zoom": MIN_ZOOM,
    "max_zoom": MAX_ZOOM,
    "zoom_snap": ZOOM_STEP,
}


def build_map(
    layers: Sequence[MapLayer],
    *,
    home: Bbox,
    basemap_url: str = "",
    attribution: str = "",
    ground: dict[str, object] | None = None,
    language: str = "vi",
    extent: Bbox | None = None,
    metric_srid: int = 9210,
    addresses: Mapping[str, str] = DEFAULT_ADDRESSES,
) -> MapParts:
    """Return the map of these layers, the first one on top. Bboxes are EPSG:4326 (west, south, east, north).

    `ground` is a base map of our own (geodata.basemap.archive.Ground.spec), in place of the one at `basemap_url`.
    """
    west, south, east, north = home
    map_ = BareMap(tiles=None)
    map_.options = dict(_OPTIONS)
    land = LandLayer()
    land.add_to(map_)
    basemap = GroundLayer(ground) if ground else _basemap(basemap_url, attribution)
    if basemap:
        basemap.add_to(map_)
    drawn = [MvtLayer(layer.name, index, show=layer.shown) for index, layer in enumerate(layers)]
    for element in reversed(drawn):
        element.add_to(map_)
    config: dict[str, object] = {
        "inks": asdict(INKS),
        "language": language,
        "home": [[south, west], [north, east]],
        "projection": projection(metric_srid),
        "addresses": dict(addresses),
    }
    map_.add_child(Opening(map_, drawn, basemap=basemap, land=land, config=config))
    figure = cast(Figure, map_.get_root())
    figure.render()
    return MapParts(
        header=figure.header.render(),
        html=Markup(figure.html.render()),  # noqa: S704 - constants, as JSON escaped for a script
        script=Markup(figure.script.render()),  # noqa: S704 - the same
        given={
            "layers": [_spec(layer, index) for index, layer in enumerate(layers)],
            "land": land_rings(extent or home),
        },
    )


class Projection(TypedDict):
    """A VN-2000 zone: its central meridian, degrees east, and the seven parameters to WGS 84 (metres, seconds, ppm)."""

    srid: int
    meridian: float
    towgs84: list[float]


def projection(srid: int) -> Projection:
    """Return what the page needs to show metric coordinates of a VN-2000 TM-3 zone by itself."""
    return {"srid": srid, "meridian": VN2000_TM3[srid], "towgs84": list(VN2000_TOWGS84)}


def _basemap(url: str, attribution: str) -> TileLayer | None:
    """Return the raster base map, or None without one. The page writes the attribution, as text."""
    if not url:
        return None
    return TileLayer(
        tiles=url,
        attr=attribution or " ",
        name="basemap",
        control=False,
        max_zoom=MAX_ZOOM,
        max_native_zoom=MAX_ZOOM,
        referrer_policy="strict-origin-when-cross-origin",  # openstreetmap.org refuses requests without one
    )


def _spec(layer: MapLayer, index: int) -> dict[str, object]:
    return {
        "name": layer.name,
        "title": layer.title,
        "geometry": layer.geometry,
        "url": layer.tile_url,
        "minZoom": layer.min_zoom,
        "shown": layer.shown,
        "isGround": layer.is_ground,
        "zIndex": 10 * (100 - index),  # maps of other servers lie between the lowest layer and the next
        "style": layer.style,
    }
