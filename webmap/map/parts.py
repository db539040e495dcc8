"""What a page with a map gives to build_map: its layers in this request's role and language, and this site's settings."""

from collections.abc import Sequence

from flask import current_app, request

from geodata.accounts.access import visible_names
from geodata.base.crs import Bbox
from geodata.schema.feature import Feature
from webmap.app.auth import current_role
from webmap.app.ground import ground_spec
from webmap.app.i18n import current_language, translate
from webmap.app.settings import Settings
from webmap.folium import MapLayer, MapParts, build_map, describe_style
from webmap.folium.build import DEFAULT_ADDRESSES
from webmap.map.describe import tile_url


def is_shown(kind: type[Feature]) -> bool:
    """Return whether the map opens with a layer: what a base map draws too, only where there is none."""
    settings: Settings = current_app.config["SETTINGS"]
    has_basemap = bool(settings.basemap_url or settings.basemap_pmtiles)
    return kind.layer.shown and not (kind.layer.is_ground and has_basemap)


def map_layer(kind: type[Feature], *, shown: bool) -> MapLayer:
    """Return a layer as this request's role sees it; `shown` when the map opens."""
    return MapLayer(
        name=kind.layer.name,
        title=translate(kind.layer.title),
        geometry=kind.layer.geometry.value.lower(),
        tile_url=tile_url(kind.layer.name),
        min_zoom=kind.layer.min_zoom,
        shown=shown,
        is_ground=kind.layer.is_ground,
        style=describe_style(kind, visible_names(current_role(), kind), translate),
    )


def map_parts(shown: Sequence[MapLayer], home: Bbox) -> MapParts:
    """Return the parts of a map that opens at `home`, EPSG:4326, with addresses under where this site is reached."""
    settings: Settings = current_app.config["SETTINGS"]
    return build_map(
        shown,
        home=home,
        extent=settings.province.extent,
        metric_srid=settings.province.metric_srid,
        basemap_url=settings.basemap_url,
        attribution=settings.basemap_attribution,
        ground=ground_spec(),
        language=current_language(),
        addresses={name: request.script_root + address for name, address in DEFAULT_ADDRESSES.items()},
    )
