"""The web server the benchmarks ask, as ./scripts/serve runs it, and clients that keep their connections."""

import contextlib
import http.client
import os
import re
import secrets
import statistics
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType

from scripts.base.console import announce
from scripts.base.paths import PYTHON, ROOT
from scripts.base.ports import free_port
from scripts.base.processes import stop_group
from scripts.benchmarks._seed import PASSWORD

WORKERS = 2
CONNECTIONS = 4
READY_SECONDS = 180.0


@contextlib.contextmanager
def running_server(settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """Give the address of a server with settings beside those of this process, on loopback only, without a base map."""
    port = free_port()
    command = [
        str(PYTHON), "-P", "-m", "granian", "--interface", "rsgi", "--factory", "--no-ws", "--host", "127.0.0.1",
        "--port", str(port), "--workers", str(WORKERS), "--log-level", "warning", "webmap.front:create_front",
    ]  # fmt: skip
    environment = {**os.environ, "SECRET_KEY": secrets.token_urlsafe(32), "BASEMAP_URL": "", **settings}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        _wait(port)
        yield f"127.0.0.1:{port}"
    finally:
        stop_group(process, grace_seconds=20)


def _wait(port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not become ready")


@dataclass(frozen=True, kw_only=True)
class Result:
    """What asking a list of addresses came to; times in milliseconds."""

    name: str
    requests: int
    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    mean_kb: float
    errors: int


Request = tuple[str, dict[str, str]]


def ask(
    host: str, name: str, requests: Sequence[Request], *, connections: int = CONNECTIONS, seconds: float = 10
) -> Result:
    """Ask each address once over a few kept connections, for at most so many seconds."""
    waiting = iter(requests)
    lock, times, sizes, errors = threading.Lock(), list[float](), list[int](), list[int]()
    deadline = time.monotonic() + seconds

    def work() -> None:
        connection = http.client.HTTPConnection(host, timeout=30)
        while time.monotonic() < deadline:
            with lock:
                request = next(waiting, None)
            if request is None:
                break
            started = time.perf_counter()
            connection.request("GET", request[0], headers=request[1])
            answer = connection.getresponse()
            body = answer.read()
            times.append((time.perf_counter() - started) * 1000)
            sizes.append(len(body))
            if answer.status >= 400:
                errors.append(answer.status)
        connection.close()

    started = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - started
    times.sort()
    return Result(
        name=name,
        requests=len(times),
        per_second=round(len(times) / took, 1),
        p50_ms=round(statistics.median(times), 1),
        p95_ms=_percentile(times, 0.95),
        p99_ms=_percentile(times, 0.99),
        mean_kb=round(sum(sizes) / len(sizes) / 1000, 1),
        errors=len(errors),
    )


def _percentile(times: Sequence[float], share: float) -> float:
    return round(times[min(len(times) - 1, int(len(times) * share))], 1)


def sign_in(host: str, name: str, password: str = PASSWORD) -> str:
    """Return the cookie of a signed-in account of the benchmarks."""
    jar = urllib.request.HTTPCookieProcessor()
    browser = urllib.request.build_opener(jar)
    page = browser.open(f"http://{host}/login").read().decode()
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    form = {"username": name, "password": password, "csrf_token": found[1] if found else ""}
    browser.open(f"http://{host}/login", urllib.parse.urlencode(form).encode())
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar.cookiejar)


def print_table(rows: Sequence[dict[str, object]]) -> None:
    """Print rows with the same keys as a Markdown table."""
    announce("| " + " | ".join(rows[0]) + " |")
    announce("|" + " --- |" * len(rows[0]))
    for row in rows:
        announce("| " + " | ".join(str(value) for value in row.values()) + " |")


def as_rows(results: Sequence[Result]) -> list[dict[str, object]]:
    """Return results as rows of a table."""
    return [asdict(result) for result in results]
