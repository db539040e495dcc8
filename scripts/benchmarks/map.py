"""The map page in a browser on 500,000 sites: first view, a filter until map and counts agree, what is refused.

Targets (issue 3): first view drawn within 1.5 s; a filter changes map and counts within 0.5 s.
"""

import gzip
import json
import re
import statistics
from typing import Any

from scripts.benchmarks._browser import browser, open_page
from scripts.benchmarks._seed import SITE, prepare_database
from scripts.benchmarks._server import ask, print_table, running_server
from scripts.benchmarks.tiles import plain_choice
from scripts.paths import ROOT, WORK

LOADS = 5

_FILTER = """
async ([layer, field, value]) => {
  const { state, layers } = webmap.page, started = performance.now();
  const counted = new Promise((done) => document.addEventListener("counted", () => done(performance.now()), { once: true }));
  state.setFilter(layer, field, value ? [value] : []);
  const drawn = await bench.untilIdle(), at = await counted;
  return [drawn - started, at - started];
}
"""


def main() -> int:
    """Fill, measure, print and write var/bench/map.json."""
    engine = prepare_database()
    rows: list[dict[str, object]] = []
    field = plain_choice(SITE)
    with running_server() as host:
        ask(host, "start", [("/", {})] * 4)
        with browser() as found:
            rows += _loads(found, f"http://{host}/", "first view, all layers")
            rows += _loads(found, f"http://{host}/?z=8&lat=20.75&lon=106.9&layers={SITE.layer.name}", "z8, sites")
            with open_page(found, f"http://{host}/?layers={SITE.layer.name}") as (page, noted):
                values = list(field.filter.labels)
                times = [page.evaluate(_FILTER, [SITE.layer.name, field.name, value]) for value in [*values, None]]
                rows.append(_row("filter by the server, first time: map", [drawn for drawn, _ in times]))
                rows.append(_row("filter by the server, first time: counts", [counted for _, counted in times]))
                again = [page.evaluate(_FILTER, [SITE.layer.name, field.name, value]) for value in [*values, None]]
                rows.append(_row("the same again: map", [drawn for drawn, _ in again]))
                rows.append(_row("the same again: counts", [counted for _, counted in again]))
                refused = page.evaluate("bench.refused")
            rows.append(
                {
                    "name": "refused by the policy; outside requests",
                    "median": refused,
                    "worst": noted["outside"],
                    "runs": 1,
                }
            )
    engine.dispose()
    size = script_size()
    rows.append({"name": "own scripts of the page, gzip KB", "median": size, "worst": size, "runs": 1})
    print_table(rows)
    (WORK / "bench" / "map.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False), "utf-8")
    return 0


def _loads(found: Any, address: str, name: str) -> list[dict[str, object]]:
    """Open the page several times with an empty browser cache; the first time the server's is empty too."""
    noted = []
    for _ in range(LOADS + 1):
        with open_page(found, address) as (_, facts):
            noted.append(facts)
    first, *others = noted
    return [
        _row(f"{name}: all drawn, first after a change", [first["drawn"]]),
        _row(f"{name}: all drawn", [facts["drawn"] for facts in others]),
        _row(f"{name}: blocking time", [facts["blocked"] for facts in others]),
        _row(f"{name}: first paint", [facts["painted"] for facts in others]),
    ]


def _row(name: str, times: list[float]) -> dict[str, object]:
    return {"name": name, "median": round(statistics.median(times)), "worst": round(max(times)), "runs": len(times)}


def script_size() -> float:
    """Return KB of our renderer's files, gzipped one by one as a server sends them."""
    folder = ROOT / "webmap" / "static" / "js"
    page = (ROOT / "webmap" / "templates" / "map" / "page.html").read_text("utf-8")
    names = set(re.findall(r"js/([\w-]+\.js)", page)) | {"webmap.js"}
    for name in list(names):
        names |= set(re.findall(r'from "\./([\w-]+\.js)"', (folder / name).read_text("utf-8")))
    return round(sum(len(gzip.compress((folder / name).read_bytes(), 6)) for name in names) / 1000, 1)


if __name__ == "__main__":
    raise SystemExit(main())
