"""The ground under the layers, out of the file of the setting BASEMAP_PMTILES: tiles as they are stored, under our own address."""

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from geodata.query.tiles import MAX_TILE_ZOOM
from webmap.app.auth import allow_public
from webmap.app.ground import open_ground
from webmap.map.tiles import MVT

blueprint = Blueprint("ground", __name__)

#: The address says which file it is: a tile never changes.
_KEPT = "public, max-age=31536000, immutable"


@blueprint.get("/basemap/<int:z>/<int:x>/<int:y>.mvt")
@allow_public
def tile(z: int, x: int, y: int) -> Response:
    """Answer a tile of the ground, 204 where there is nothing; 404 without a file."""
    archive = open_ground()
    if archive is None or z > MAX_TILE_ZOOM or x >= 2**z or y >= 2**z:
        raise NotFound
    found = archive.tile(z, x, y)
    if found is None:
        return Response(status=204, headers={"Cache-Control": _KEPT})
    response = Response(mimetype=MVT, headers={"Cache-Control": _KEPT})
    response.vary.add("Accept-Encoding")
    if archive.is_gzip and request.accept_encodings["gzip"]:
        response.headers["Content-Encoding"] = "gzip"
        response.data = found
    else:
        response.data = archive.plain(found)
    return response
