"""What a web process does before its first request: it asks itself what everybody asks first, and sets aside what stays."""

import gc
import logging
from collections.abc import Iterator

from flask import Flask

from geodata.query.tiles import tile_range
from geodata.schema.registry import Registry
from webmap.app.settings import Settings

log = logging.getLogger(__name__)

#: The zoom of the first view on a desk.
OPENING_ZOOM = 9


def get_ready(app: Flask, settings: Settings) -> None:
    """Let an application build what its first requests would build, and leave its lasting objects alone from then on.

    Seven threads that build their first statements at once keep everybody waiting, and so does a look through all objects
    for circles: it holds every thread for a third of a second, `/healthz` too.
    """
    with app.test_client() as client:
        host = settings.trusted_hosts[0].lstrip(".")
        for address in _first_questions(app.extensions["database"].layers, settings):
            status = client.get(address, base_url=f"http://{host}").status_code
            if status >= 500:  # the database is not there yet: whoever asks later builds it
                log.info("not asked beforehand: %s answered %s", address, status)
                break
    gc.collect()
    gc.freeze()


def _first_questions(layers: Registry, settings: Settings) -> Iterator[str]:
    yield "/readyz"
    yield "/"
    names = [kind.layer.name for kind in layers if kind.layer.shown]
    left, right, top, bottom = tile_range(settings.province.opening, OPENING_ZOOM)
    places = [(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]
    yield from (f"/tiles/{','.join(names)}/{OPENING_ZOOM}/{x}/{y}.mvt" for x, y in places)
    for name in names:
        yield f"/api/layers/{name}/facets"
        yield f"/api/layers/{name}/features?limit=50&sort=name"
    yield "/api/search?q=a"
