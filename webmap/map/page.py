"""The map page: a Folium map embedded by parts; the features come as tiles."""

from flask import Blueprint, current_app, render_template, request

from geodata.accounts.access import Action, may, visible_fields
from geodata.accounts.scopes import extent_of
from geodata.history.change_sets import latest_change
from geodata.query import features
from webmap.app.as_stored import shown_until
from webmap.app.auth import allow_public, current_role
from webmap.app.extensions import areas_of_reader, database, layers
from webmap.app.ground import ground_spec
from webmap.app.i18n import current_language, translate
from webmap.app.settings import Settings
from webmap.folium import MapLayer, build_map
from webmap.folium.build import DEFAULT_ADDRESSES
from webmap.folium.style import describe_style
from webmap.map.describe import tile_url

blueprint = Blueprint("map", __name__)


@blueprint.get("/")
@allow_public
def index() -> str:
    """Show the map with every layer this person may see."""
    role, settings = current_role(), _settings()
    kinds = [kind for kind in layers() if may(role, Action.VIEW, kind)]
    shown = [
        MapLayer(
            name=kind.layer.name,
            title=translate(kind.layer.title),
            geometry=kind.layer.geometry.value.lower(),
            tile_url=tile_url(kind.layer.name),
            min_zoom=kind.layer.min_zoom,
            shown=kind.layer.shown,
            style=describe_style(kind, frozenset(f.name for f in visible_fields(role, kind)), translate),
        )
        for kind in kinds
    ]
    areas = areas_of_reader()
    with database().reading() as connection:
        illustration = features.have_illustration(connection, kinds)
        changed_at = latest_change(connection, [kind.layer.name for kind in kinds], shown_until())
        own = extent_of(connection, layers(), areas) if areas else None
    parts = build_map(
        shown,
        home=own or settings.province.opening,
        extent=settings.province.extent,
        metric_srid=settings.province.metric_srid,
        basemap_url=settings.basemap_url,
        attribution=settings.basemap_attribution,
        ground=ground_spec(),
        language=current_language(),
        addresses={name: request.script_root + address for name, address in DEFAULT_ADDRESSES.items()},
    )
    return render_template(
        "map/page.html",
        map_parts=parts,
        map_layers=shown,
        has_illustration=illustration,
        changed_at=changed_at,
        may_import=any(may(role, Action.WRITE, kind) for kind in kinds),
        province=settings.province,
    )


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
