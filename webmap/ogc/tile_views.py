"""OGC API – Tiles, and our symbols for programs that draw the layers themselves."""

from flask import Blueprint, Response, current_app, jsonify, request, url_for

from geodata.accounts.access import readable_by
from geodata.base.crs import WEB_MERCATOR, Province
from geodata.query.projections import box_in
from geodata.query.tiles import MAX_TILE_ZOOM
from geodata.schema.roles import Role
from webmap.app.auth import allow_public
from webmap.app.extensions import layers
from webmap.app.requests import layer_request
from webmap.map.tiles import answer_tile
from webmap.ogc import tilesets as described
from webmap.ogc.answers import check_json_arguments, link
from webmap.ogc.collections import service_title
from webmap.ogc.compression import compress
from webmap.ogc.gl_style import gl_style
from webmap.ogc.qgis_project import Service, qgis_project

blueprint = Blueprint("ogc_tiles", __name__, url_prefix="/ogc")
compress(blueprint)

QGIS = "application/x-qgis-project"
STYLE = "application/vnd.mapbox.style+json"


@blueprint.get("/tileMatrixSets", strict_slashes=False)
@allow_public
def matrix_sets() -> Response:
    """Answer the tiling schemes: one."""
    check_json_arguments()
    links = [link("self", url_for("ogc_tiles.matrix_set", _external=True))]
    one = {"id": described.SCHEME, "title": described.SCHEME_TITLE, "uri": described.SCHEME_URI, "links": links}
    return jsonify({"tileMatrixSets": [one], "links": [link("self", request.base_url)]})


@blueprint.get(f"/tileMatrixSets/{described.SCHEME}", strict_slashes=False)
@allow_public
def matrix_set() -> Response:
    """Answer the tiling scheme."""
    check_json_arguments()
    return jsonify(described.matrix_set())


@blueprint.get("/collections/<layer>/tiles", strict_slashes=False)
@allow_public
def tilesets(layer: str) -> Response:
    """Answer the tile sets of a layer: one."""
    check_json_arguments()
    asked = layer_request(layer)
    return jsonify({"tilesets": [described.tileset_item(asked.kind)], "links": [link("self", request.base_url)]})


@blueprint.get(f"/collections/<layer>/tiles/{described.SCHEME}", strict_slashes=False)
@allow_public
def tileset(layer: str) -> Response:
    """Answer where a layer's tiles are and what they hold."""
    check_json_arguments()
    return jsonify(described.tileset(layer_request(layer).kind, _province()))


@blueprint.get(f"/collections/<layer>/tiles/{described.SCHEME}/<int:z>/<int:row>/<int:column>")
@allow_public
def tile(layer: str, z: int, row: int, column: int) -> Response:
    """Answer one tile, that of /tiles with code and name of each object beside; the standard has the row first."""
    return answer_tile([layer], z, column, row, is_named=True)


@blueprint.get("/collections/<layer>/styles", strict_slashes=False)
@allow_public
def styles(layer: str) -> Response:
    """Answer the styles of a layer: one."""
    check_json_arguments()
    layer_request(layer)
    address = url_for("ogc_tiles.style", layer=layer, _external=True)
    return jsonify({"default": "default", "styles": [{"id": "default", "links": [link("stylesheet", address, STYLE)]}]})


@blueprint.get("/collections/<layer>/styles/default", strict_slashes=False)
@allow_public
def style(layer: str) -> Response:
    """Answer a layer's symbols as a style for its vector tiles."""
    check_json_arguments()
    asked = layer_request(layer)
    source = {
        "tiles": [described.xyz_template(layer)],
        "maxzoom": MAX_TILE_ZOOM,
        "bounds": list(_province().extent),
    }
    return jsonify(gl_style(asked.kind, asked.names, source))


@blueprint.get("/project.qgs", strict_slashes=False)
@allow_public
def project() -> Response:
    """Answer a QGIS project with every layer that everybody may see, as a file."""
    check_json_arguments()
    service = Service(
        address=url_for("ogc.index", _external=True),
        title=service_title(current_app.config["SETTINGS"].department_name),
        home=box_in(_province().opening, WEB_MERCATOR),
    )
    response = Response(qgis_project(readable_by(Role.PUBLIC, layers()), service), mimetype=QGIS)
    response.headers["Content-Disposition"] = 'attachment; filename="webmap.qgs"'
    return response


def _province() -> Province:
    province: Province = current_app.config["SETTINGS"].province
    return province
