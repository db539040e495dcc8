"""Vector tiles, cached by data version and by what the person may see."""

import hashlib

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from geodata.data_version import data_version
from geodata.layer import Role
from geodata.tiles import MAX_TILE_ZOOM, read_tile
from webmap.auth import allow_public, current_role
from webmap.extensions import areas_of_reader, database
from webmap.requests import layer_request
from webmap.tile_cache import TileCache

blueprint = Blueprint("tiles", __name__)
cache = TileCache(max_bytes=64 * 2**20)

MVT = "application/vnd.mapbox-vector-tile"


@blueprint.get("/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt")
@allow_public
def tile(layer: str, z: int, x: int, y: int) -> Response:
    """Answer one tile; 204 when it is empty, 304 when the client has it."""
    return answer_tile(layer, z, x, y)


def answer_tile(layer: str, z: int, x: int, y: int) -> Response:
    """Return the answer for one tile, whatever address asks for it."""
    if z > MAX_TILE_ZOOM or x >= 2**z or y >= 2**z:
        raise NotFound
    asked = layer_request(layer)
    with database().reading() as connection:
        conditions = asked.conditions(connection)
        watched = [layer, *(condition.reads for condition in conditions if condition.reads)]
        version = data_version(connection, *watched)
        arguments = sorted(request.args.items(multi=True))
        key = hashlib.sha256(
            repr(
                (request.script_root, areas_of_reader(), layer, z, x, y, version, sorted(asked.names), arguments)
            ).encode()
        ).hexdigest()
        response = Response(mimetype=MVT)
        response.set_etag(key[:32])
        audience = "public" if current_role() is Role.PUBLIC else "private"
        response.headers["Cache-Control"] = f"{audience}, no-cache"
        response.vary.add("Cookie")
        if request.if_none_match.contains(key[:32]):
            response.status_code = 304
            return response
        content = cache.get(key)
        if content is None:
            content = read_tile(connection, asked.kind, asked.names, (z, x, y), conditions)
            cache.put(key, content)
    response.data = content
    response.status_code = 200 if content else 204
    return response
