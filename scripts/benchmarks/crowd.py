"""As many as ask at once while a million rows are imported: mixed reading behind nginx as documented, requests a second, p99.

27,000 sites as of 34 provinces, and the demo data. What people ask is what a map asks: tiles of all layers around the city, lists and
counts, now and then a search or the page itself. First as fast as the machine answers, then by people who pause between two questions,
so that it is a good 5,000 a second, without and with somebody's import (the wizard's, at the worker's priority); all of it, people,
nginx, web servers, database and import, shares two cores.
"""

import json
import os
import random
import re
import signal
import subprocess
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from geodata.base.database import new_engine
from geodata.demo import load_demo
from scripts.base.console import announce
from scripts.base.paths import WORK
from scripts.benchmarks import _between, _packages
from scripts.benchmarks._database import own_database
from scripts.benchmarks._points import plain, run_import, write_points
from scripts.benchmarks._seed import SEED, SITE
from scripts.benchmarks._server import print_table, running_server
from scripts.benchmarks._wizard import take_through
from scripts.benchmarks.load import NAMES, POINTS

SITES, ROWS = 27_000, 1_000_000
CALM_S, CONNECTIONS = 20, 128
#: Between an answer and the next question of a connection: 128 of them ask 5,500 times a second when answers take 1 ms.
PAUSE_MS = 22
#: Of a thousand requests.
PAGES, SEARCHES, LISTS = 10, 5, 45
#: wrk tells its own percentiles for all answers alike.
_SCRIPT = """
local paths = {}
for line in io.lines("%s") do paths[#paths + 1] = line end
math.randomseed(%d)
local pause = %d
if pause > 0 then delay = function() return math.random(pause - 10, pause + 10) end end
request = function() return wrk.format("GET", paths[math.random(#paths)]) end
done = function(summary, latency)
  io.write(string.format("TOLD %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration,
    summary.errors.status + summary.errors.timeout + summary.errors.read, latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a crowd was given."""

    name: str
    per_second: int
    p50_ms: float
    p99_ms: float
    refused: int
    requests: int


def main() -> int:
    """Fill, let them ask in calm and during an import, print and write var/bench/crowd.json."""
    _between.install_between()
    with tempfile.TemporaryDirectory(prefix="bench-crowd-") as folder, own_database("crowd") as url:
        home = Path(folder)
        write_points(home / "few.gpkg", SITES)
        write_points(home / "many.gpkg", ROWS)
        engine = new_engine(url)
        with Session(engine) as session:
            load_demo(session)
            session.commit()
        engine.dispose()
        run_import(url, home / "few.gpkg")
        (home / "asked").write_text("\n".join(_addresses()), "utf-8")
        with running_server({"DATABASE_URL": plain(url)}) as web, _between.running_nginx([web], home) as nginx:
            _crowd("to warm up", nginx, home, 5)
            found = [
                _crowd("as fast as it goes, nothing beside", nginx, home, CALM_S),
                _crowd("with pauses, nothing beside", nginx, home, CALM_S, PAUSE_MS),
            ]
            started = time.monotonic()
            with ThreadPoolExecutor(1) as pool:
                importing = pool.submit(take_through, url, home / "many.gpkg", SITE.layer.name, ())
                found.append(_crowd("with pauses, during an import", nginx, home, None, PAUSE_MS, until=importing))
            seconds = time.monotonic() - started
    rows = [asdict(result) for result in found]
    print_table(rows)
    announce(f"{ROWS} rows imported meanwhile in {seconds:.0f} s")
    (WORK / "bench" / "crowd.json").write_text(
        json.dumps({"rows": rows, "import_s": round(seconds, 1)}, indent=1), "utf-8"
    )
    return 0


def _addresses() -> list[str]:
    """Return a thousand addresses, each as often as it is asked for."""
    rng = random.Random(SEED)  # noqa: S311 - what is asked for is no secret
    some = [f"/api/layers/{layer}/{what}" for layer in NAMES for what in ("facets", "features?limit=50&sort=name")]
    searches = [f"/api/search?q={word}" for word in ("cho", "xang", "cum", "tram")]
    tiles = []
    for _ in range(1000 - PAGES - SEARCHES - LISTS):
        zoom = rng.choice((9, 10, 11, 12, 13))
        x, y = (int(share * 2**zoom) + rng.randint(-2, 2) for share in (0.79611, 0.44092))
        tiles.append(f"/tiles/{rng.choice((','.join(NAMES), POINTS))}/{zoom}/{x}/{y}.mvt")
    return [*["/"] * PAGES, *rng.choices(searches, k=SEARCHES), *rng.choices(some, k=LISTS), *tiles]


def _crowd(
    name: str, host: str, home: Path, seconds: int | None, pause_ms: int = 0, *, until: Future[None] | None = None
) -> Result:
    script = home / "ask.lua"
    script.write_text(_SCRIPT % (home / "asked", SEED, pause_ms), "utf-8")
    words = [
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds or 3600}s",
        "-s",
        str(script),
        "-H",
        "Accept-Encoding: gzip",
        f"http://{host}",
    ]
    asking = subprocess.Popen(
        [str(_between.FOLDER / "root/usr/bin/wrk"), *words], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "LD_LIBRARY_PATH": _packages.libraries(_between.FOLDER)},
    )  # fmt: skip
    try:
        if until:
            until.result()  # an import that fails is no figure
            asking.send_signal(signal.SIGINT)  # it tells what there was until now
        told, _ = asking.communicate()
    finally:
        asking.kill()
    found = re.search(r"TOLD (\d+) (\d+) (\d+) (\d+) (\d+)", told)
    if not found:
        raise RuntimeError(told)
    requests, took, refused, p50, p99 = map(int, found.groups())
    result = Result(
        name=name, per_second=round(requests / took * 1e6), p50_ms=round(p50 / 1000, 1), p99_ms=round(p99 / 1000, 1),
        refused=refused, requests=requests,
    )  # fmt: skip
    announce(str(result))
    return result


if __name__ == "__main__":
    raise SystemExit(main())
