"""Tiles, lists, counts and search over HTTP on 500,000 sites, with two web processes.

Every row: how many requests a second over four kept connections, and how long one took. “cold” asks each
tile once of a fresh server; “one at a time” is what a person alone waits.
"""

import http.client
import json
import math
from typing import Any

import numpy as np
from sqlalchemy import Engine, func, select

from geodata.schema.feature import Feature
from scripts.base.paths import WORK
from scripts.benchmarks._seed import AREA, LINE, SEED, SITE, prepare_database
from scripts.benchmarks._server import Request, Result, as_rows, ask, print_table, running_server

ZOOMS = range(6, 15)
TILES = 250
SEARCHES = ("xang dau nguyen", "Cửa hàng gas", "BM-0012345", "dong quoc bnih", "nguyễn văn an", "cho do son", "456")


def main() -> int:
    """Fill, measure, print and write var/bench/tiles.json."""
    engine = prepare_database()
    rng = np.random.default_rng(SEED)
    results: list[Result] = []
    site, field = SITE.layer.name, plain_choice(SITE)
    values = list(field.filter.labels)
    with running_server() as host:
        # A first answer of each kind opens connections and reads catalogues; nobody measures that.
        ask(host, "start", [(f"/tiles/{kind.layer.name}/14/13000/7200.mvt", {}) for kind in (SITE, AREA)] * 8)
        results.append(ask(host, "counts and facets, first after a change", [_api(site, "facets")], connections=1))
        filtered = [_api(site, f"facets?{field.name}={value}") for value in values]
        results.append(ask(host, "facets of a choice, one at a time", filtered * 10, connections=1))
        for kind, places in ((SITE, places_of(engine, SITE)), (AREA, places_of(engine, AREA))):
            tiles = [_tile(kind, place, zoom) for place, zoom in _draw(rng, places)]
            name = kind.layer.geometry.name.lower()
            results.append(ask(host, f"tiles z6-14, {name}s, cold", tiles, seconds=30))
            results.append(ask(host, f"tiles z6-14, {name}s, kept", tiles * 4))
            results.append(ask(host, f"tiles z6-14, {name}s, 304", _known(host, tiles[:60]) * 20))
        first = [_tile(SITE, place, 9) for place in ((106.5, 20.9), (107.1, 20.9), (106.5, 20.5), (107.1, 20.5))]
        some: list[Request] = [(f"{path}?{field.name}={values[0]}", {}) for path, _ in first]
        results.append(ask(host, "4 tiles of the first view, filtered, cold", some))
        boxes = [box_around(place) for place in draw_places(rng, places_of(engine, SITE), 300)]
        results.append(
            ask(host, "GeoJSON of a box, limit 1000", [_api(site, f"features?limit=1000&bbox={b}") for b in boxes])
        )
        pages = [_api(site, f"features?limit=50&{field.name}={value}") for value in values]
        results.append(ask(host, "filtered list, page of 50", pages * 100, seconds=6))
        grounds = _grounds(engine)
        results.append(
            ask(host, "counts around an object", [_api(site, f"facets?{g}") for g in grounds], connections=1)
        )
        nearest: list[Request] = [(f"/api/inside?{ground}", {}) for ground in grounds]
        results.append(ask(host, "all layers around an object, nearest first", nearest, connections=1))
        results.append(ask(host, "charts, first after a change", [_api(site, "charts")], connections=1))
        spread = [_api(site, f"charts?{field.name}={value}&bbox={boxes[0]}") for value in values]
        results.append(ask(host, "charts of a choice in the visible map", spread * 10, connections=1))
        table = [_api(site, "features?limit=50&sort=name"), _api(site, "features?limit=50&sort=-name")]
        results.append(ask(host, "first table page by name, one at a time", table * 25, connections=1))
        unsorted = [_api(site, "features?limit=50&sort=-updated_at")]
        results.append(ask(host, "first table page by a field without index", unsorted * 10, connections=1))
        results += _searches(host)
    engine.dispose()
    rows = as_rows(results)
    print_table(rows)
    (WORK / "bench" / "tiles.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False), "utf-8")
    return int(any(result.errors for result in results))


def plain_choice(kind: type[Feature]) -> Any:
    """Return a choice that is stored and does not shape the symbol: the server has to filter by it."""
    drawn = {variation.field for variation in kind.layer.style.by}
    return next(f for f in kind.fields() if f.values and f.name not in drawn and not f.derived and f.roles is None)


def _searches(host: str) -> list[Result]:
    """Ask for texts again and again; and four at once for what nobody asked: with another limit it is another question, and the same work."""
    lots: list[list[Request]] = [
        [(f"/api/search?limit={limit}&q={quoted(text)}", {}) for text in SEARCHES] for limit in range(12, 1, -1)
    ]
    again = lots[0]
    ask(host, "start", again * 4)
    return [
        ask(host, "search, one at a time", again * 10, connections=1),
        ask(host, "search, never asked before, four at once", [request for lot in lots[1:] for request in lot]),
    ]


def _api(layer: str, rest: str) -> Request:
    return f"/api/layers/{layer}/{rest}", {}


def quoted(text: str) -> str:
    """Return a text as it stands in an address."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def places_of(engine: Engine, kind: type[Feature]) -> list[tuple[float, float]]:
    """Return where every thirteenth object is, degrees (lon, lat)."""
    centre = func.ST_Centroid(kind.column("geom"))
    with engine.connect() as connection:
        rows = connection.execute(
            select(func.ST_X(centre), func.ST_Y(centre)).where(kind.id % 13 == 0).order_by(kind.id)
        )
        return [(row[0], row[1]) for row in rows]


def draw_places(rng: np.random.Generator, places: list[tuple[float, float]], count: int) -> list[tuple[float, float]]:
    """Return places drawn at random, some more than once."""
    return [places[index] for index in rng.integers(0, len(places), count)]


def _draw(rng: np.random.Generator, places: list[tuple[float, float]]) -> list[tuple[tuple[float, float], int]]:
    """Return places and zooms, each tile once."""
    found: dict[tuple[int, int, int], tuple[tuple[float, float], int]] = {}
    for place in draw_places(rng, places, TILES * 4):
        zoom = int(rng.choice(list(ZOOMS)))
        found.setdefault((zoom, *tile_at(place, zoom)), (place, zoom))
    return list(found.values())[:TILES]


def tile_at(place: tuple[float, float], zoom: int) -> tuple[int, int]:
    """Return column and row of the tile that holds a place (lon, lat)."""
    lon, lat = place
    x = int((lon + 180) / 360 * 2**zoom)
    return x, int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom)


def _tile(kind: type[Feature], place: tuple[float, float], zoom: int) -> Request:
    x, y = tile_at(place, zoom)
    return f"/tiles/{kind.layer.name}/{zoom}/{x}/{y}.mvt", {}


def _known(host: str, tiles: list[Request]) -> list[Request]:
    """Return the requests of a browser that has these tiles."""
    connection = http.client.HTTPConnection(host, timeout=30)
    known = []
    for path, _ in tiles:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        known.append((path, {"If-None-Match": answer.headers["ETag"]}))
    return known


def _grounds(engine: Engine) -> list[str]:
    """Return filters for what is up to 0.5 and 5 km from the first lines and areas."""
    with engine.connect() as connection:
        return [
            f"around={kind.layer.name}:{number}:{metres}"
            for kind in (LINE, AREA)
            for number in connection.scalars(select(kind.id).order_by(kind.id).limit(10))
            for metres in (500, 5000)
        ]


def box_around(place: tuple[float, float]) -> str:
    """Return a box of some 4 by 3 km around a place, degrees: west, south, east, north."""
    lon, lat = place
    return f"{lon - 0.02:.4f},{lat - 0.015:.4f},{lon + 0.02:.4f},{lat + 0.015:.4f}"


if __name__ == "__main__":
    raise SystemExit(main())
