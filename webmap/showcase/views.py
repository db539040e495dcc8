"""The public page of a layer that has one: list with map, fact sheets, both embeddable in other sites."""

import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from geodata.accounts.access import Action, may
from geodata.base.crs import Bbox
from geodata.base.errors import InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from webmap.app.auth import allow_public, current_reader, current_role
from webmap.app.extensions import database, layers
from webmap.app.gate import dear
from webmap.app.i18n import DEFAULT_LANGUAGE, current_language
from webmap.app.links import map_address
from webmap.app.security import embeddable
from webmap.app.settings import Settings
from webmap.folium import MapParts
from webmap.map.parts import map_layer, map_parts
from webmap.showcase.pages import Shown, comparison, count_text, fact_sheet, find_showcase, list_page, this_one

blueprint = Blueprint("showcase", __name__)

#: What a feature is offered as -> what the file is, in words.
FILES = {
    "xlsx": N_("Figures as Excel"),
    "kml": N_("Boundary for Google Earth (KML)"),
    "geojson": N_("Boundary as GeoJSON"),
    "shp": N_("Boundary as shapefile"),
}

LEAST_COMPARED, MOST_COMPARED = 2, 3


@blueprint.get("/<slug>")
@allow_public
@embeddable
def index(slug: str) -> ResponseReturnValue:
    """List the features of the page, and show them on a map."""
    shown = find_showcase(layers(), slug)
    if any(value == "" for name, value in request.args.items(multi=True)):
        return redirect(_address("showcase.index", slug=slug, **_given()))
    language = current_language()
    with database().reading(current_reader()) as connection:
        page = list_page(connection, shown, request.args, language)
    return render_template(
        "showcase/list.html",
        page=page,
        spec=shown.spec,
        count=count_text(page.totals.count, language),
        map_parts=_map(shown, page.extent),
        open_map=map_address(shown.kind.layer.name, {**shown.spec.only, **_filters(shown)}),
        **_frame(),
    )


@blueprint.get("/<slug>/compare")
@allow_public
@embeddable
def compare(slug: str) -> ResponseReturnValue:
    """Show two or three features side by side."""
    shown = find_showcase(layers(), slug)
    codes = list(dict.fromkeys(request.args.getlist("code")))
    if not LEAST_COMPARED <= len(codes) <= MOST_COMPARED:
        raise InvalidValueError(name="code", value=", ".join(codes)[:80], reason=N_("choose two or three to compare"))
    with database().reading(current_reader()) as connection:
        sheets = [fact_sheet(connection, shown, code, current_language()) for code in codes]
    return render_template(
        "showcase/compare.html", sheets=sheets, lines=comparison(sheets), spec=shown.spec, **_frame()
    )


@blueprint.get("/<slug>/<code>")
@allow_public
@embeddable
def sheet(slug: str, code: str) -> ResponseReturnValue:
    """Show the fact sheet of one feature."""
    shown = find_showcase(layers(), slug)
    with database().reading(current_reader()) as connection:
        facts = fact_sheet(connection, shown, code, current_language())
    return render_template(
        "showcase/sheet.html",
        sheet=facts,
        files=FILES,
        spec=shown.spec,
        map_parts=_map(shown, facts.extent),
        open_map=map_address(shown.kind.layer.name, selected=facts.feature.id),
        map_address=map_address,
        may_write=shown.spec.downloads is not None and may(current_role(), Action.WRITE, shown.kind),
        **_frame(),
    )


@blueprint.get("/<slug>/<code>/file/<name>")
@allow_public
@dear
def file(slug: str, code: str, name: str) -> ResponseReturnValue:
    """Answer what everybody may know of one feature, its boundary included, as a file that other programs open."""
    from geodata.export.formats import FORMATS, export_features

    shown = find_showcase(layers(), slug)
    if name not in FILES:
        raise NotFoundError(value=name)
    with (
        tempfile.TemporaryDirectory() as folder,
        database().reading(current_reader(), in_transaction=True) as connection,
    ):
        conditions = this_one(connection, shown, code)
        path = export_features(
            connection, shown.kind, shown.fields, conditions, format=name, target=Path(folder) / code
        )
        # The open file outlives its folder: the answer streams from the descriptor.
        return send_file(path.open("rb"), download_name=path.name, as_attachment=True, mimetype=FORMATS[name].mimetype)


def _frame() -> dict[str, object]:
    """Return how the page is framed, and what writes addresses that keep the frame and the language."""
    is_embedded = bool(request.args.get("embed"))
    return {"is_embedded": is_embedded, "address": _address, "given": _given}


def _address(endpoint: str, **values: Any) -> str:
    """Return an address inside the same frame: cookies do not reach a frame on another site, so the language goes along."""
    if request.args.get("embed"):
        values.setdefault("embed", "1")
        values.setdefault("lang", current_language())
    elif request.args.get("lang") and current_language() != DEFAULT_LANGUAGE:
        values.setdefault("lang", current_language())
    return url_for(endpoint, **values)


def _given(*left_out: str) -> dict[str, list[str]]:
    """Return the arguments of this request that say something, without some."""
    return {
        name: values
        for name in request.args
        if name not in left_out and (values := [value for value in request.args.getlist(name) if value])
    }


def _filters(shown: Shown) -> dict[str, tuple[str, ...]]:
    names = {field.name for field in shown.fields if field.filter}
    return {name: tuple(values) for name, values in _given().items() if name in names}


def _map(shown: Shown, extent: Bbox | None) -> MapParts:
    settings: Settings = current_app.config["SETTINGS"]
    return map_parts([map_layer(shown.kind, shown=True)], extent or settings.province.opening)
