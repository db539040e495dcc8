"""What the same answer costs with 5,000 sites and with 500,000, and what 100 connections wait for whose caches are all cold.

Answers hold as many features in both: boxes around the nearest so many, tiles with about so many in them. One connection, nothing asked
twice; a ratio above one is what a hundred times the table costs.
"""

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Engine, func, select

from geodata.base.crs import WGS84
from geodata.base.database import new_engine
from scripts.base.paths import WORK
from scripts.benchmarks._database import own_database
from scripts.benchmarks._points import plain
from scripts.benchmarks._seed import SEED, SITE, fill_layers, prepare_database
from scripts.benchmarks._server import Request, Result, as_rows, ask, print_table, running_server
from scripts.benchmarks.tiles import SEARCHES, ZOOMS, draw_places, places_of, quoted, tile_at
from scripts.cluster.configuration import OWNER

FEW = 5_000
PLACES, NEAREST = 80, 200
TILE_FEATURES = range(100, 400)
CROWD, CROWD_S = 100, 20
_LAYER = f"/api/layers/{SITE.layer.name}"


def main() -> int:
    """Fill both, ask, print and write var/bench/growth.json."""
    many = prepare_database()
    with own_database("growth") as url:
        few = new_engine(url.set(username=OWNER))
        with few.begin() as connection:
            fill_layers(connection, FEW)
        with few.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM (ANALYZE)")
        before = _measure(few, plain(url))
        few.dispose()
    after = _measure(many, os.environ["DATABASE_URL"])
    rows = [
        {"asked": was.name, f"{FEW} sites, ms": was.p50_ms, "500000 sites, ms": now.p50_ms, "ratio": _ratio(was, now)}
        for was, now in zip(before, after, strict=True)
    ]
    print_table(rows)
    cold = as_rows([_crowd(many)])
    print_table(cold)
    many.dispose()
    (WORK / "bench" / "growth.json").write_text(json.dumps({"growth": rows, "cold": cold}, indent=1), "utf-8")
    return 0


def _ratio(was: Result, now: Result) -> float:
    return round(now.p50_ms / was.p50_ms, 1)


def _measure(engine: Engine, database: str) -> list[Result]:
    places = draw_places(np.random.default_rng(SEED), places_of(engine, SITE), PLACES)
    boxes = [_box_of_nearest(engine, place) for place in places]
    asked: dict[str, Sequence[Request]] = {
        f"GeoJSON of a box with {NEAREST}": [(f"{_LAYER}/features?limit=1000&bbox={box}", {}) for box in boxes],
        f"counts and facets of a box with {NEAREST}": [(f"{_LAYER}/facets?bbox={box}", {}) for box in boxes],
        f"a tile with {TILE_FEATURES.start} to {TILE_FEATURES.stop}": _tiles(engine, places),
        "the first page by name": [(f"{_LAYER}/features?sort=name&limit={10 + count}", {}) for count in range(40)],
        "search": [(f"/api/search?q={quoted(f'{text} {count}')}", {}) for text in SEARCHES for count in range(6)],
    }
    with running_server({"DATABASE_URL": database}) as host:
        for requests in asked.values():  # connections are opened and statements built before anything is measured
            ask(host, "start", list(requests[:2]) * 12, connections=8)
        return [ask(host, name, requests[2:], connections=1) for name, requests in asked.items()]


def _box_of_nearest(engine: Engine, place: tuple[float, float]) -> str:
    """Return the box around the nearest features of a place: west, south, east, north."""
    geom, point = SITE.column("geom"), func.ST_SetSRID(func.ST_MakePoint(*place), WGS84)
    nearest = select(geom.label("geom")).order_by(geom.op("<->")(point)).limit(NEAREST).subquery()
    box = func.ST_Extent(nearest.c.geom)
    with engine.connect() as connection:
        sides = connection.execute(
            select(func.ST_XMin(box), func.ST_YMin(box), func.ST_XMax(box), func.ST_YMax(box))
        ).one()
    return ",".join(f"{side:.6f}" for side in sides)


def _tiles(engine: Engine, places: Sequence[tuple[float, float]]) -> list[Request]:
    """Return, for each place, the first tile on the way down that holds about so many features."""
    found: dict[str, None] = {}
    with engine.connect() as connection:
        for place in places:
            for zoom in ZOOMS:
                x, y = tile_at(place, zoom)
                if _count(connection, zoom, x, y) in TILE_FEATURES:
                    found[f"/tiles/{SITE.layer.name}/{zoom}/{x}/{y}.mvt"] = None
                    break
    return [(path, {}) for path in found]


def _count(connection: Any, zoom: int, x: int, y: int) -> int:
    tile = func.ST_TileEnvelope(zoom, x, y)
    inside = SITE.column("geom").op("&&")(func.ST_Transform(tile, WGS84))
    return int(connection.scalar(select(func.count()).where(inside)))


def _crowd(engine: Engine) -> Result:
    """Ask a fresh server over many connections at once for tiles and boxes, each of them once."""
    rng = np.random.default_rng(SEED + 1)
    asked: dict[str, None] = {}
    for number, place in enumerate(draw_places(rng, places_of(engine, SITE), 6000)):
        zoom = int(rng.integers(ZOOMS.start + 3, ZOOMS.stop))
        x, y = tile_at(place, zoom)
        path = f"/tiles/{SITE.layer.name}/{zoom}/{x}/{y}.mvt"
        lon, lat = place
        box = f"{lon - 0.002:.5f},{lat - 0.002:.5f},{lon + 0.002:.5f},{lat + 0.002:.5f}"
        asked[path if number % 5 else f"{_LAYER}/features?limit=50&bbox={box}"] = None
    requests: list[Request] = [(path, {}) for path in asked]
    with running_server() as host:
        return ask(host, f"{CROWD} connections, caches cold", requests, connections=CROWD, seconds=CROWD_S)


if __name__ == "__main__":
    raise SystemExit(main())
