"""Vector tiles, cached by the version of the data that lie in them and by what the person may see."""

import gzip
import hashlib
from collections.abc import Sequence
from functools import partial

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from geodata.base.data_version import Source, Versions, data_versions
from geodata.base.database import ReadConnection
from geodata.query.tiles import MAX_TILE_ZOOM, read_tile, tile_reach
from geodata.schema.roles import Role
from webmap.app.auth import allow_public, current_reader, current_role
from webmap.app.extensions import database
from webmap.app.kept import holds_while
from webmap.app.observe import TILES
from webmap.app.query import RESERVED
from webmap.app.requests import LayerRequest, layer_request
from webmap.map.tile_cache import new_tile_cache

blueprint = Blueprint("tiles", __name__)
cache = new_tile_cache(max_bytes=64 * 2**20)

MVT = "application/vnd.mapbox-vector-tile"
GZIP_MARK = b"\x1f\x8b"
#: Higher levels take twice the time for a few percent.
GZIP_LEVEL = 5
LEAST_BYTES = 500


@blueprint.get("/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt")
@allow_public
def tile(layer: str, z: int, x: int, y: int) -> Response:
    """Answer one tile of a layer, or of several, `a,b`; 204 when it is empty, 304 when the client has it.

    Vector tiles add up: those of several layers are put one after the other.
    """
    return answer_tile(layer.split(","), z, x, y)


def answer_tile(names: list[str], z: int, x: int, y: int, *, is_named: bool = False) -> Response:
    """Return the answer for one tile of these layers, whatever address asks for it; with code and name of each object."""
    if z > MAX_TILE_ZOOM or x >= 2**z or y >= 2**z:
        raise NotFound
    asked = [layer_request(name) for name in dict.fromkeys(names)]
    with database().reading(current_reader()) as connection:
        versions = data_versions(connection)
        parts = [_Part(connection, one, (z, x, y), versions, is_named=is_named) for one in asked]
        key = parts[0].key if len(parts) == 1 else _digest([part.key for part in parts])
        is_small = bool(request.accept_encodings["gzip"])
        etag = f"{key[:32]}-gz" if is_small else key[:32]
        response = Response(mimetype=MVT)
        response.set_etag(etag)
        audience = "public" if current_role() is Role.PUBLIC else "private"
        response.headers["Cache-Control"] = f"{audience}, no-cache"
        response.vary.update(["Cookie", "Authorization", "Accept-Encoding"])
        if request.if_none_match.contains(etag):
            response.status_code = 304
            return response
        response.data = _small(etag, parts) if is_small else _whole(parts)
    response.status_code = 200 if response.data else 204
    if all(value and name not in RESERVED for name, value in request.args.items(multi=True)):
        count = partial(TILES.labels("yes").inc, len(parts))
        holds_while({part.source: part.version for part in parts}, count, is_worded=False)
    if response.data.startswith(GZIP_MARK):
        response.headers["Content-Encoding"] = "gzip"
    return response


def _whole(parts: Sequence["_Part"]) -> bytes:
    return b"".join(part.content() for part in parts)


def _small(key: str, parts: Sequence["_Part"]) -> bytes:
    """Return an answer compressed; kept so, as compressing costs more than all else of a kept tile."""
    made = False

    def make() -> bytes:
        nonlocal made
        made = True
        return compressed(_whole(parts))

    content = cache.get_or_make(key, make)
    if not made:
        TILES.labels("yes").inc(len(parts))
    return content


def compressed(tile: bytes) -> bytes:
    """Return a tile as it is sent to who takes gzip: compressed, or as it is where that gains nothing.

    No vector tile begins as gzip does: its first byte names field 3 (Mapbox Vector Tile 2.1, 4.1).
    """
    return gzip.compress(tile, GZIP_LEVEL, mtime=0) if len(tile) >= LEAST_BYTES else tile


class _Part:
    """A layer's part of the answer: what it is kept by, and its bytes."""

    def __init__(
        self,
        connection: ReadConnection,
        asked: LayerRequest,
        place: tuple[int, int, int],
        versions: Versions,
        *,
        is_named: bool,
    ) -> None:
        name = asked.kind.layer.name
        self._connection, self._asked, self._place, self._is_named = connection, asked, place, is_named
        self._conditions = asked.conditions(connection)
        # What a filter asks may lie elsewhere, and an earlier day has its own history.
        self._is_for_all = not current_reader().reads_apart
        is_local = self._is_for_all and not self._conditions
        read = (name, *(one.reads for one in self._conditions if one.reads))
        self.source = Source(read, tile_reach(place) if is_local else None)
        self.version = versions.of(self.source)
        self.key = _digest(
            (
                request.script_root,
                current_reader().areas,
                name,
                *place,
                self.version,
                sorted(asked.names),
                _understood(),
                is_named,
            )
        )

    def content(self) -> bytes:
        is_kept = True

        def make() -> bytes:
            nonlocal is_kept
            is_kept = False
            asked = self._asked
            return read_tile(
                self._connection, asked.kind, asked.names, self._place, self._conditions,
                is_named=self._is_named, is_for_all=self._is_for_all,
            )  # fmt: skip

        content = cache.get_or_make(self.key, make)
        TILES.labels("yes" if is_kept else "no").inc()
        return content


def _understood() -> list[tuple[str, str]]:
    """Return the arguments that decide what is drawn: those of other addresses would each keep the tile once more."""
    return sorted({(name, value) for name, value in request.args.items(multi=True) if value and name not in RESERVED})


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()
