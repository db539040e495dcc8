"""200 connections of mixed reading with an import, exports and 40 idle sockets for 60 s, twice: statuses, times, memory, health.

What should come of it: no 5xx but deliberate 503, health under 100 ms, p99 of tiles under 1 s, memory back within 20 %.
"""

import http.client
import io
import json
import os
import random
import re
import socket
import statistics
import subprocess
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from geodata.accounts.access import create_user
from geodata.base.database import new_engine
from geodata.demo import load_demo
from geodata.layers import LAYERS
from scripts.base.console import announce
from scripts.base.paths import PYTHON, ROOT, WORK
from scripts.benchmarks._database import own_database
from scripts.benchmarks._seed import PASSWORD
from scripts.benchmarks._server import print_table, running_server

SECONDS = 60
READERS, IDLE = 200, 40
REST_SECONDS = 15
ROWS = 20_000
#: What is looked at, and the first layer of points, into which is imported and out of which is exported.
NAMES = [kind.layer.name for kind in LAYERS if not kind.layer.selects_as]
POINTS = next(kind.layer.name for kind in LAYERS if kind.is_point())
#: Deliberate refusals: each says when to come back.
DELIBERATE = {429, 503}


@dataclass
class Tally:
    """What came of each kind of request; times in milliseconds."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, status: int, began: float) -> None:
        """Note one answer; status 0 is a connection that broke."""
        with self.lock:
            self.times[kind].append((time.perf_counter() - began) * 1000)
            self.statuses[kind][status] += 1

    def rows(self) -> list[dict[str, object]]:
        """Return a line for each kind."""
        return [
            {
                "kind": kind, "requests": len(times), "p50_ms": round(statistics.median(times), 1),
                "p99_ms": round(sorted(times)[int(len(times) * 0.99)], 1), "worst_ms": round(max(times), 1),
                "statuses": " ".join(f"{status}×{count}" for status, count in sorted(self.statuses[kind].items())),
            }
            for kind, times in sorted(self.times.items())
        ]  # fmt: skip


def main() -> int:
    """Fill a database, load the server, print and write var/bench/load.json; 1 when an aim is missed."""
    with own_database("load") as url:
        engine = new_engine(url)
        with Session(engine) as session:
            load_demo(session)
            for role in ("gis", "planner"):
                create_user(session, name=f"load-{role}", role=role, password=PASSWORD)
            session.commit()
        engine.dispose()
        os.environ["DATABASE_URL"] = url.render_as_string(hide_password=False)
        with running_server() as host, _worker():
            result = _measure(host)
    (WORK / "bench" / "load.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    missed = [name for name, is_met in result["aims"].items() if not is_met]
    announce(f"memory {result['memory_mb']} MB; missed: {', '.join(missed) or 'nothing'}")
    return 1 if missed else 0


@contextmanager
def _worker() -> Iterator[None]:
    process = subprocess.Popen(
        [PYTHON, "-P", "-m", "geodata.jobs", "webmap.map.export_runs", "webmap.worker"],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def _measure(host: str) -> dict[str, dict[str, object]]:
    """Load it for a minute, and again: what the first minute leaves is what had to be loaded once, what the second adds would go on."""
    tally = Tally()
    _read(host, tally, Tally(), time.monotonic() + 5)
    memory = {"started": _memory_mb()}
    _load(host, tally)
    time.sleep(REST_SECONDS)
    memory["loaded once"] = _memory_mb()
    _load(host, tally)
    time.sleep(REST_SECONDS)
    memory["loaded twice"] = _memory_mb()
    rows = tally.rows()
    print_table(rows)
    return {"rows": {str(row["kind"]): row for row in rows}, "memory_mb": {**memory}, "aims": _aims(tally, memory)}


def _load(host: str, tally: Tally) -> None:
    """Have everybody read, export and import for a minute beside sockets that only announce."""
    until = time.monotonic() + SECONDS
    work: list[Callable[[], None]] = [lambda: _read(host, tally, None, until) for _ in range(READERS)]
    work += [lambda: _export(host, tally, until) for _ in range(2)]
    work += [lambda: _import(host, tally)]
    with ExitStack() as stack:
        # A process of its own: two hundred threads beside it would be measured as well.
        asker = stack.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn")))
        health = asker.submit(_health, host, SECONDS)
        for _ in range(IDLE):
            stack.enter_context(_announced(host))
        threads = [threading.Thread(target=one) for one in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        tally.times["health"], tally.statuses["health"] = health.result()


def _aims(tally: Tally, memory: dict[str, float]) -> dict[str, object]:
    times = {kind: sorted(found) for kind, found in tally.times.items()}
    bad = {
        status for counts in tally.statuses.values() for status in counts if status == 0 or status >= 500
    } - DELIBERATE
    return {
        "no 5xx but deliberate ones": not bad,
        "health under 100 ms": times["health"][-1] < 100,
        "p99 of tiles under 1 s": times["tile"][int(len(times["tile"]) * 0.99)] < 1000,
        "memory back within 20 %": memory["loaded twice"] <= memory["loaded once"] * 1.2,
    }


def _addresses(rng: random.Random) -> tuple[str, str]:
    layer = rng.choice(NAMES)
    zoom = rng.choice((9, 10, 11, 12))
    x, y = int(0.79611 * 2**zoom) + rng.randint(-1, 1), int(0.44092 * 2**zoom) + rng.randint(-1, 1)
    return rng.choice([
        ("tile", f"/tiles/{layer}/{zoom}/{x}/{y}.mvt"), ("tile", f"/tiles/{','.join(NAMES)}/{zoom}/{x}/{y}.mvt"),
        ("tile", f"/tiles/{layer}/{zoom}/{x}/{y}.mvt"), ("list", f"/api/layers/{layer}/features?limit=50&sort=name"),
        ("facets", f"/api/layers/{layer}/facets"), ("search", f"/api/search?q={rng.choice(('cho', 'xang', 'cum', 'tram'))}"),
        ("page", "/"),
    ])  # fmt: skip


def _ask(connection: http.client.HTTPConnection, tally: Tally, kind: str, address: str, **options: Any) -> bytes:
    began = time.perf_counter()
    try:
        connection.request(str(options.pop("method", "GET")), address, **options)
        answer = connection.getresponse()
        body = answer.read()
        tally.add(kind, answer.status, began)
    except (OSError, http.client.HTTPException):
        connection.close()
        tally.add(kind, 0, began)
        return b""
    return body


def _read(host: str, tally: Tally, other: Tally | None, until: float) -> None:
    """Read like a map does, with a pause as people make it."""
    rng = random.Random(threading.get_ident())  # noqa: S311  (what is asked for is no secret)
    connection = http.client.HTTPConnection(host, timeout=60)
    while time.monotonic() < until:
        _ask(connection, other or tally, *_addresses(rng))
        time.sleep(rng.uniform(0.2, 2))
    connection.close()


def _health(host: str, seconds: float) -> tuple[list[float], Counter[int]]:
    """Ask whether it lives, five times a second, and return times in ms and statuses."""
    tally, until = Tally(), time.monotonic() + seconds
    connection = http.client.HTTPConnection(host, timeout=60)
    while time.monotonic() < until:
        _ask(connection, tally, "health", "/healthz")
        time.sleep(0.2)
    return tally.times["health"], tally.statuses["health"]


def _announced(host: str) -> socket.socket:
    name, _, port = host.partition(":")
    client = socket.create_connection((name, int(port)), timeout=60)
    client.sendall(b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n")
    return client


def _signed_in(host: str, role: str) -> tuple[http.client.HTTPConnection, dict[str, str]]:
    """Sign in, again where the server is too busy just then: it is what comes after that is measured."""
    until = time.monotonic() + SECONDS
    while True:
        connection = http.client.HTTPConnection(host, timeout=120)
        connection.request("GET", "/login")
        answer = connection.getresponse()
        cookie, page = (answer.getheader("Set-Cookie") or "").partition(";")[0], answer.read().decode()
        form = urlencode({"username": f"load-{role}", "password": PASSWORD, "csrf_token": _token(page)})
        kind = "application/x-www-form-urlencoded"
        connection.request("POST", "/login", form, {"Cookie": cookie, "Content-Type": kind})
        answer = connection.getresponse()
        answer.read()
        if answer.status == 302:
            return connection, {"Cookie": (answer.getheader("Set-Cookie") or "").partition(";")[0]}
        connection.close()
        if time.monotonic() > until:
            raise SystemExit(f"cannot sign in as {role}: {answer.status}")
        time.sleep(0.5)


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    return found[1] if found else ""


def _export(host: str, tally: Tally, until: float) -> None:
    connection, headers = _signed_in(host, "planner")
    formats: Sequence[str] = ("geojson", "csv", "xlsx", "gpkg")
    while time.monotonic() < until:
        for format_ in formats:
            _ask(connection, tally, "export", f"/layers/{POINTS}/export?format={format_}", headers=headers)
        time.sleep(1)


def _import(host: str, tally: Tally) -> None:
    connection, headers = _signed_in(host, "gis")
    connection.request("GET", "/imports/new", headers=headers)
    answer = connection.getresponse()
    token = _token(answer.read().decode())
    if given := answer.getheader("Set-Cookie"):  # the session that the token belongs to
        headers = {"Cookie": given.partition(";")[0]}
    lines = io.StringIO()
    lines.write("MA,TEN,lon,lat\n")
    for number in range(ROWS):
        lines.write(f"TAI-{number},Điểm tải {number},{106.4 + number % 200 * 0.002},{20.7 + number // 200 * 0.002}\n")
    edge = "load-edge"
    fields = f'--{edge}\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    file = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="tai.csv"\r\n\r\n{lines.getvalue()}\r\n--{edge}--\r\n'
    body = (fields % ("csrf_token", token) + fields % ("layer", POINTS) + file).encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={edge}", "Accept": "application/json"}
    _ask(connection, tally, "import", "/imports/new", method="POST", body=body, headers=headers | kind)


def _memory_mb() -> float:
    """Return the resident memory of the web processes."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            is_web = b"webmap.front" in (status.parent / "cmdline").read_bytes()
            is_ours = f"PPid:\t{os.getpid()}" in status.read_text() or _parent_is_ours(status)
            found = re.search(r"VmRSS:\s+(\d+)", status.read_text())
            total += int(found[1]) if is_web and is_ours and found else 0
        except OSError:
            continue
    return round(total / 1024, 1)


def _parent_is_ours(status: Path) -> bool:
    parent = re.search(r"PPid:\s+(\d+)", status.read_text())
    grand = Path(f"/proc/{parent[1]}/status") if parent else status
    return f"PPid:\t{os.getpid()}" in grand.read_text()


if __name__ == "__main__":
    raise SystemExit(main())
