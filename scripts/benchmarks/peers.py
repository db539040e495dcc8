"""Ours beside tipg, MapServer, nginx and bare SQL, on the same tables in the same minutes, in turns.

Each round asks every contender the same things, one after the other; a ratio is of one round, the figure the median of the
rounds. `./scripts/bench peers --quick` takes fewer and shorter ones (under three minutes).
"""

import json
import os
import re
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from psycopg import ClientCursor, connect
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from geodata.accounts.access import visible_names
from geodata.base.database import database_url, reading_all
from geodata.query.tiles import read_tile
from geodata.schema.feature import Feature
from geodata.schema.roles import Role
from scripts.base.console import announce
from scripts.base.paths import WORK
from scripts.benchmarks import _packages, _peers
from scripts.benchmarks._seed import AREA, SEED, SITE, prepare_database
from scripts.benchmarks._server import CONNECTIONS, Request, ask, print_table, running_server
from scripts.benchmarks.tiles import ZOOMS, box_around, draw_places, places_of, plain_choice, tile_at
from scripts.install.system import find_binaries

IS_QUICK = os.environ.get("BENCH_QUICK") == "1"
ROUNDS, SECONDS, AT_ONCE = (2, 3.0, 24) if IS_QUICK else (5, 8.0, 60)
#: Nobody is asked for longer for one lot of tiles.
LONGEST_S = 120
#: wrk asks its one thread's connections for one address after the other.
_SCRIPT = """
local paths, place = {}, 0
for line in io.lines("%s") do paths[#paths + 1] = line end
request = function() place = place %% #paths + 1; return wrk.format("GET", paths[place]) end
"""
#: Bytes of the kept tiles that are asked for again and again.
KEPT = (20_000, 198_000)
#: Boxes that nobody was asked for before are enough for so many answers a second.
MOST_PER_S = 200

#: One contender's turn in a round: its answers a second.
Turn = Callable[[int], float]


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What all are asked; `limit` names the contender that bounds the others, `wanted` is what ours should reach."""

    name: str
    limit: str
    turns: dict[str, Turn]
    wanted: str


@dataclass(frozen=True)
class Hosts:
    """Where everybody listens."""

    ours: str
    tipg: str
    nginx: str


def main() -> int:
    """Fill, install, ask in turns, print and write var/bench/peers.json."""
    engine = prepare_database()
    _peers.install_peers()
    kinds, database = (SITE, AREA), database_url()
    with (
        running_server() as ours,
        _peers.running_tipg(database, kinds) as tipg,
        _peers.running_nginx(ours, database, kinds) as nginx,
    ):
        rows = [_row(workload) for workload in _workloads(engine, Hosts(ours, tipg, nginx))]
    engine.dispose()
    print_table(rows)
    (WORK / "bench" / "peers.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False), "utf-8")
    return 0


def _row(workload: Workload) -> dict[str, object]:
    """Ask everybody in turns; return medians and the medians of the rounds' ratios."""
    rates: dict[str, list[float]] = {name: [] for name in workload.turns}
    for number in range(ROUNDS):
        for name, turn in workload.turns.items():
            rates[name].append(turn(number))
    ours = rates["ours"]
    shares = {
        name: statistics.median(own / other for own, other in zip(ours, others, strict=True) if other)
        for name, others in rates.items()
        if name != "ours" and any(others)
    }
    told = {name: f"{statistics.median(values):,.0f}/s" for name, values in rates.items()}
    announce(f"{workload.name}: {told}")
    return {
        "workload": workload.name,
        "limit": f"{workload.limit} {told[workload.limit]}",
        "others": "; ".join(f"{name} {rate}" for name, rate in told.items() if name not in {"ours", workload.limit}),
        "ours": told["ours"],
        "ours / others": "; ".join(f"{name} {share:.2f}" for name, share in shares.items()),
        "wanted": workload.wanted,
    }


def _workloads(engine: Engine, hosts: Hosts) -> Iterator[Workload]:
    """Give one after the other: making one asks for tiles, which the one before must not find kept."""
    rng = np.random.default_rng(SEED)
    for kind, wanted in ((SITE, "2 × tipg, 0.85 × own SQL"), (AREA, "0.85 × own SQL")):
        yield _cold(engine, hosts, rng, kind, wanted)
    for size in KEPT:
        yield _kept(engine, hosts, rng, size)
    name = SITE.layer.name
    yield _boxes(engine, hosts, rng, "GeoJSON of a box, 1000", f"/api/layers/{name}/features?limit=1000&bbox=")
    yield _boxes(engine, hosts, rng, "OGC items of a box, 1000", f"/ogc/collections/{name}/items?limit=1000&bbox=")
    yield _lists(hosts)


def _cold(engine: Engine, hosts: Hosts, rng: Any, kind: type[Feature], wanted: str) -> Workload:
    """Tiles that nobody asked for before, others in each round, and as many of each zoom; each is asked for once."""
    tiles = sorted(_some_tiles(engine, rng, kind, ROUNDS * AT_ONCE))
    lots = [tiles[number::ROUNDS] for number in range(ROUNDS)]
    table = kind.__tablename__

    def over(host: str, address: Callable[[int, int, int], str]) -> Turn:
        # A server builds its statements with its first answers: here of tiles where nothing is.
        far_away: list[Request] = [(address(zoom, place, 0), {}) for place in range(8) for zoom in ZOOMS]

        def turn(number: int) -> float:
            if number == 0:
                ask(host, "", far_away, seconds=SECONDS)
            return _each_once(host, [address(*tile) for tile in lots[number]])

        return turn

    return Workload(
        name=f"tiles z{ZOOMS[0]}–{ZOOMS[-1]}, {table}, cold", limit="own SQL", wanted=wanted,
        turns={
            "own SQL": lambda number: _bare_once([_own_sql(engine, kind, tile) for tile in lots[number]]),
            "tipg": over(hosts.tipg, lambda z, x, y: f"/collections/public.{table}/tiles/WebMercatorQuad/{z}/{x}/{y}?properties=code,name"),
            "MapServer": over(hosts.nginx, lambda z, x, y: f"/mapserver?mode=tile&tilemode=gmap&tile={x}+{y}+{z}&layers={table}_tiles&map.imagetype=mvt"),
            "ours": over(hosts.ours, lambda z, x, y: f"/tiles/{kind.layer.name}/{z}/{x}/{y}.mvt"),
        },
    )  # fmt: skip


def _kept(engine: Engine, hosts: Hosts, rng: Any, size: int) -> Workload:
    """One tile of about a size, again and again, by a client in C."""
    path = _tile_of_size(engine, hosts.ours, rng, size)
    # Under a name of its own: nginx remembers how long a file is.
    (_peers.static_folder() / f"tile-{size}").write_bytes(_peers.fetch(hosts.ours, path))
    return Workload(
        name=f"a kept tile of {size // 1000} kB", limit="nginx, a file", wanted="0.10 alone, 0.70 behind nginx",
        turns={
            "nginx, a file": lambda _: _hammer(hosts.nginx, [f"/static/tile-{size}"]),
            "ours behind nginx": lambda _: _hammer(hosts.nginx, [f"/cached{path}"]),
            "ours": lambda _: _hammer(hosts.ours, [path]),
        },
    )  # fmt: skip


def _boxes(engine: Engine, hosts: Hosts, rng: Any, name: str, ours: str) -> Workload:
    """Ask for the features of boxes, at most a thousand of each; of more boxes than anybody gets through."""
    places = draw_places(rng, places_of(engine, SITE), int(ROUNDS * SECONDS * MOST_PER_S))
    boxes = [box_around(place) for place in places]
    table = SITE.__tablename__

    def over(host: str, address: str) -> Turn:
        def turn(number: int) -> float:
            return _hammer(host, [address + box for box in boxes[number::ROUNDS]])

        return turn

    found = f"/mapserver?SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME={table}&OUTPUTFORMAT=geojson&MAXFEATURES=1000&SRSNAME=EPSG:4326&BBOX="
    return Workload(
        name=name, limit="plain SQL", wanted="2 × plain SQL, 12 × tipg",
        turns={
            "plain SQL": lambda number: _bare([_plain_box(box) for box in boxes[number :: ROUNDS]]),
            "tipg": over(hosts.tipg, f"/collections/public.{table}/items?limit=1000&bbox="),
            "MapServer": lambda number: _hammer(hosts.nginx, [found + _north_first(box) for box in boxes[number :: ROUNDS]]),
            "ours": over(hosts.ours, ours),
        },
    )  # fmt: skip


def _lists(hosts: Hosts) -> Workload:
    """Fifty features of a choice."""
    field = plain_choice(SITE)
    values, table = list(field.filter.labels), SITE.__tablename__

    def over(host: str, address: str) -> Turn:
        return lambda _: _hammer(host, [address.format(value=value) for value in values])

    listed = f"SELECT json_agg(t) FROM (SELECT id, code, name, {field.name} FROM {table} WHERE {field.name} = '{{value}}' ORDER BY id LIMIT 50) AS t"
    return Workload(
        name="a list of 50 of a choice", limit="bare SQL", wanted="0.4 × bare SQL",
        turns={
            "bare SQL": lambda _: _bare([listed.format(value=value) for value in values]),
            "tipg": over(hosts.tipg, f"/collections/public.{table}/items?limit=50&{field.name}={{value}}"),
            "ours": over(hosts.ours, f"/api/layers/{SITE.layer.name}/features?limit=50&{field.name}={{value}}"),
        },
    )  # fmt: skip


# --- asking ----------------------------------------------------------------------------------------


def _each_once(host: str, paths: Sequence[str]) -> float:
    """Return how many answers a second came until all were there."""
    result = ask(host, "", [(path, {}) for path in paths], seconds=LONGEST_S)
    if result.errors or result.requests != len(paths):
        raise RuntimeError(f"{result.errors} of {result.requests} were refused, such as {paths[0]}")
    return result.per_second


def _hammer(host: str, paths: Sequence[str]) -> float:
    """Return how many answers a second wrk gets, over as many connections as the others, going round these addresses."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "paths").write_text("\n".join(paths), "utf-8")
        script = Path(folder) / "ask.lua"
        script.write_text(_SCRIPT % (Path(folder) / "paths"), "utf-8")
        told = subprocess.run(
            [str(_peers.FOLDER / "root/usr/bin/wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS:.0f}s", "-s", str(script), f"http://{host}"],
            capture_output=True, text=True, check=True,
            env={**os.environ, "LD_LIBRARY_PATH": _packages.libraries(_peers.FOLDER)},
        ).stdout  # fmt: skip
    if "Non-2xx" in told:
        raise RuntimeError(f"{host}{paths[0]}: {told}")
    found = re.search(r"Requests/sec:\s*([\d.]+)", told)
    return float(found[1]) if found else 0.0


def _bare_once(statements: Sequence[str]) -> float:
    """Return how many of these statements a second were answered, each once, over as many connections as the others."""
    url = database_url().set(drivername="postgresql").render_as_string(hide_password=False)
    waiting, lock = iter(statements), threading.Lock()

    def work(_number: int) -> None:
        with connect(url, autocommit=True, options="-c jit=off") as connection:  # as the application's sessions have it
            while True:
                with lock:
                    statement = next(waiting, None)
                if statement is None:
                    return
                connection.execute(statement.encode()).fetchall()

    started = time.monotonic()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(work, range(CONNECTIONS)))
    return len(statements) / (time.monotonic() - started)


def _bare(statements: Sequence[str]) -> float:
    """Return how many of these statements a second pgbench gets through, drawn at random."""
    url = database_url().set(drivername="postgresql").render_as_string(hide_password=False)
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, statement in enumerate(statements[:120]):  # pgbench takes 128
            path = Path(folder) / f"{number}.sql"
            path.write_text(statement.replace("\n", " ") + ";\n", "utf-8")
            files += ["-f", str(path)]
        binaries = find_binaries()
        assert binaries  # noqa: S101 - the benchmark's own cluster runs from them
        command = [str(binaries.path("pgbench")), "-n", f"-c{CONNECTIONS}", "-j2", f"-T{SECONDS:.0f}", *files, url]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+)", told.stdout)
    if told.returncode or not found:
        raise RuntimeError(told.stderr[-500:])
    return float(found[1])


# --- what is asked for -------------------------------------------------------------------------------


def _some_tiles(engine: Engine, rng: Any, kind: type[Feature], count: int) -> list[tuple[int, int, int]]:
    """Return tiles (zoom, x, y) around objects, each once, as many of each zoom as there are."""
    found: dict[tuple[int, int, int], None] = {}
    for place in draw_places(rng, places_of(engine, kind), count * 6):
        zoom = int(rng.choice(list(ZOOMS)))
        found[(zoom, *tile_at(place, zoom))] = None
    return list(found)[:count]


def _tile_of_size(engine: Engine, host: str, rng: Any, size: int) -> str:
    """Return the address of the tile nearest in size to so many bytes."""
    tiles = [f"/tiles/{SITE.layer.name}/{z}/{x}/{y}.mvt" for z, x, y in _some_tiles(engine, rng, SITE, 40)]
    return min(tiles, key=lambda path: abs(len(_peers.fetch(host, path)) - size))


def _own_sql(engine: Engine, kind: type[Feature], tile: tuple[int, int, int]) -> str:
    """Return the statement with which this application asks for a tile, its values written in; stored points it writes itself."""
    told: list[str] = []
    url = database_url().set(drivername="postgresql").render_as_string(hide_password=False)

    def take(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        with connect(url, cursor_factory=ClientCursor) as writing:
            told.append(ClientCursor(writing).mogrify(statement, parameters))

    with Session(engine) as session:
        connection = reading_all(session)
        event.listen(connection, "before_cursor_execute", take)
        read_tile(connection, kind, visible_names(Role.PUBLIC, kind), tile, is_for_all=True)
    return told[-1]


def _plain_box(box: str) -> str:
    west, south, east, north = box.split(",")
    return f"""
        SELECT json_build_object('type', 'FeatureCollection', 'features', json_agg(ST_AsGeoJSON(t)::json)) FROM (
          SELECT * FROM {SITE.__tablename__}
          WHERE geom && ST_MakeEnvelope({west}, {south}, {east}, {north}, 4326) LIMIT 1000) AS t"""


def _north_first(box: str) -> str:
    """Return a box as WFS 1.1 wants it: latitude first."""
    west, south, east, north = box.split(",")
    return f"{south},{west},{north},{east},urn:ogc:def:crs:EPSG::4326"


if __name__ == "__main__":
    raise SystemExit(main())
