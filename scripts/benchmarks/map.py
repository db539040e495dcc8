"""The map page in a browser on 500,000 sites: first view, a filter until map and counts agree, what is refused.

Targets (issue 3): first view drawn within 1.5 s; a filter changes map and counts within 0.5 s.
"""

import gzip
import json
import statistics
from typing import Any

from sqlalchemy import Engine, func, insert, select, update

from geodata.base.data_version import DataChange
from geodata.layers import LAYERS
from scripts.base.paths import WORK
from scripts.benchmarks._browser import browser, open_page
from scripts.benchmarks._seed import SITE, prepare_database
from scripts.benchmarks._server import ask, print_table, running_server
from scripts.benchmarks.tiles import plain_choice
from scripts.install import bundle

LOADS, CHANGES = 5, 3

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
            rows += _loads(found, engine, f"http://{host}/", "first view, all layers")
            rows += _loads(
                found, engine, f"http://{host}/?z=8&lat=20.75&lon=106.9&layers={SITE.layer.name}", "z8, sites"
            )
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


def _loads(found: Any, engine: Engine, address: str, name: str) -> list[dict[str, object]]:
    """Open the page several times with an empty browser cache.

    The first time both web processes are as they started; each of the last times every layer has just changed, first in one object, then everywhere.
    """
    first, *others = [_facts(found, address) for _ in range(LOADS + 1)]
    changed: dict[str, list[float]] = {}
    for name_of_change, change in (
        ("an object of each layer was saved", _save_one),
        ("each layer changed everywhere", _note_change),
    ):
        for _ in range(CHANGES):
            change(engine)
            changed.setdefault(name_of_change, []).append(_facts(found, address)["drawn"])
    return [
        _row(f"{name}: all drawn, first after the start", [first["drawn"]]),
        *(_row(f"{name}: all drawn, just after {change}", times) for change, times in changed.items()),
        _row(f"{name}: all drawn", [facts["drawn"] for facts in others]),
        _row(f"{name}: blocking time", [facts["blocked"] for facts in others]),
        _row(f"{name}: longest task while tiles arrive", [facts["longest"] for facts in others]),
        _row(f"{name}: first paint", [facts["painted"] for facts in others]),
    ]


def _facts(found: Any, address: str) -> dict[str, Any]:
    with open_page(found, address) as (_, facts):
        return facts


def _save_one(engine: Engine) -> None:
    """Change an object of each layer, in the middle of those that lie there."""
    with engine.begin() as connection:
        for kind in LAYERS:
            number = select(func.count(kind.id) / 2).scalar_subquery()
            one = select(kind.id).order_by(kind.id).offset(number).limit(1).scalar_subquery()
            connection.execute(update(kind).where(kind.id == one).values(name=kind.name))


def _note_change(engine: Engine) -> None:
    """Write what the triggers write when a transaction changes every layer: nothing kept is of use any more."""
    rows = [{"layer": kind.layer.name} for kind in LAYERS]
    with engine.begin() as connection:
        connection.execute(insert(DataChange).values(transaction_id=func.txid_current()), rows)


def _row(name: str, times: list[float]) -> dict[str, object]:
    return {"name": name, "median": round(statistics.median(times)), "worst": round(max(times)), "runs": len(times)}


def script_size() -> float:
    """Return KB of the map page's own scripts as a server sends them: the entries and all they import."""
    manifest = bundle.read_manifest()
    entries = [
        name for name in manifest["imports"] if name.startswith(("src/map/", "src/tools/")) and "showcase" not in name
    ]
    names = {name for entry in entries for name in (manifest["files"][entry], *manifest["imports"][entry])}
    return round(sum(len(gzip.compress((bundle.STATIC / name).read_bytes(), 6)) for name in names) / 1000, 1)


if __name__ == "__main__":
    raise SystemExit(main())
