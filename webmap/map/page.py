"""The map page: a Folium map embedded by parts; the features come as tiles, what seldom changes as a file that is kept."""

from flask import Blueprint, Response, current_app, render_template, request, url_for
from sqlalchemy.orm import Session

from geodata.accounts.access import Action, may
from geodata.accounts.outside import sources_for
from geodata.accounts.scopes import extent_of
from geodata.history.change_sets import latest_change
from geodata.query import features
from webmap.app.as_stored import shown_until
from webmap.app.auth import allow_public, current_reader, current_role
from webmap.app.extensions import database, layers
from webmap.app.i18n import LANGUAGES, answer_in
from webmap.app.security import allow_images
from webmap.app.settings import Settings
from webmap.app.static_files import ONE_YEAR_S
from webmap.map.constants import map_constants
from webmap.map.outside import describe_source

blueprint = Blueprint("map", __name__)


@blueprint.get("/")
@allow_public
def index() -> str:
    """Show the map with every layer this person may see."""
    settings, areas = _settings(), current_reader().areas
    kinds = [kind for kind in layers() if may(current_role(), Action.VIEW, kind)]
    with database().reading(current_reader()) as connection:
        illustration = features.have_illustration(connection, kinds)
        changed_at = latest_change(connection, [kind.layer.name for kind in kinds], shown_until())
        outside = sources_for(Session(connection), current_role())
        own = extent_of(connection, layers(), areas) if areas else None
    allow_images(source.origin for source in outside)
    constants = map_constants(own or settings.province.opening)
    return render_template(
        "map/page.html",
        map_parts=constants.parts,
        map_layers=constants.shown,
        constants=url_for("map.constants", name=constants.name),
        has_illustration=illustration,
        changed_at=changed_at,
        outside=[describe_source(source) for source in outside],
        may_import=any(may(current_role(), Action.WRITE, kind) for kind in kinds),
        province=settings.province,
    )


@blueprint.get("/map/<name>.js")
@allow_public
def constants(name: str) -> Response:
    """Answer what the map page is given, to be kept for good; under another name than today's the same, to be kept by nobody."""
    language = name.partition("-")[0]
    if language in LANGUAGES:
        answer_in(language)
    found = map_constants(_settings().province.opening)
    is_small = bool(request.accept_encodings["gzip"])
    response = Response(found.compressed if is_small else found.script, mimetype="text/javascript")
    response.vary.add("Accept-Encoding")
    if is_small:
        response.headers["Content-Encoding"] = "gzip"
    if name == found.name:
        response.cache_control.private = True
        response.cache_control.max_age = ONE_YEAR_S
        response.cache_control.immutable = True
    return response


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
