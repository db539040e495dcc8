"""The tile renderer alone, warm server: docs/speed.md's numbers (loads, pan and zoom, filter, toggle, highlight, clicks)."""

import json
import re
import statistics
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from scripts.base.paths import WORK
from scripts.benchmarks._browser import browser, open_page
from scripts.benchmarks._seed import SITE, prepare_database
from scripts.benchmarks._server import ask, print_table, running_server

LOADS, RUNS, CLICKS = 5, 5, 20
Z8, Z12, Z15 = "z=8&lat=20.75&lon=106.9", "z=12&lat=20.86&lon=106.7", "z=15&lat=20.86&lon=106.7"

_MOVE = """
async (seconds) => {
  const map = webmap.page.map, frames = [], started = performance.now();
  let last = started, running = true;
  const frame = (at) => { frames.push(at - last); last = at; if (running) requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  const wait = (ms) => new Promise((done) => setTimeout(done, ms)), home = map.getZoom();
  for (let step = 0; performance.now() - started < seconds * 1000; step++) {
    if (step % 5 === 4) map.setZoom(map.getZoom() > home ? home : home + 1);
    else map.panBy([step % 2 ? -300 : 300, step % 3 ? 120 : -120], { duration: 0.4 });
    await wait(500);
  }
  running = false;
  const sorted = frames.slice(2).sort((a, b) => a - b), ended = performance.now();
  const tasks = bench.tasks.filter(([at]) => at >= started && at < ended);
  return { rate: sorted.length * 1000 / (ended - started), p95: sorted[Math.floor(sorted.length * 0.95)], tasks: tasks.reduce((sum, [, ms]) => sum + ms, 0) };
}
"""
_MASK = """
async (name) => {
  const layer = webmap.page.layers.find((one) => one.spec.name === name), times = [];
  for (const keep of [(number) => number % 2 === 0, null]) {
    const started = performance.now();
    layer.setMask(keep);
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - started);
  }
  return times;
}
"""
_TOGGLE = """
async (name) => {
  const layer = webmap.page.layers.find((one) => one.spec.name === name), map = webmap.page.map;
  layer.remove();
  await new Promise(requestAnimationFrame);
  const started = performance.now();
  layer.addTo(map);
  return await bench.untilIdle() - started;
}
"""
_HIGHLIGHT = """
async ([x, y]) => {
  const { overlay } = webmap.page, started = performance.now();
  const hit = overlay.pick(L.point(x, y), 200)[0];
  overlay.select(hit);
  await new Promise(requestAnimationFrame);
  const took = performance.now() - started;
  overlay.select(null);
  return took;
}
"""
#: Places of single sites with nothing else near, in px of the window.
_ALONE = """
([name, count]) => {
  const { map, layers } = webmap.page, layer = layers.find((one) => one.spec.name === name), all = [];
  const size = map.getSize(), box = map.getContainer().getBoundingClientRect(), origin = map.getPixelBounds().min;
  layer.eachShown((tile, features) => {
    for (let i = 0; features && i < features.count; i++) {
      const k = 2 * features.parts[features.first[i]];
      all.push({ id: features.id[i], x: tile.coords.x * 512 + features.xy[k] / 8 - origin.x, y: tile.coords.y * 512 + features.xy[k + 1] / 8 - origin.y });
    }
  });
  const near = (a, b) => Math.hypot(a.x - b.x, a.y - b.y) < 24 && a.id !== b.id;
  const free = all.filter((a) => a.x > 60 && a.y > 60 && a.x < size.x - 60 && a.y < size.y - 60 && !all.some((b) => near(a, b)));
  const shown = free.map((a) => ({ id: a.id, x: a.x + box.left, y: a.y + box.top }))
    .filter((a) => document.elementFromPoint(a.x, a.y)?.closest(".leaflet-container"));
  return [...new Map(shown.map((a) => [a.id, a])).values()].slice(0, count);
}
"""


def main() -> int:
    """Fill, measure, print and write var/bench/renderer.json."""
    engine = prepare_database()
    name = SITE.layer.name
    rows: list[dict[str, object]] = []
    with running_server() as host:
        ask(host, "start", [("/", {})] * 4)
        address = f"http://{host}/?layers={name}&"
        with browser() as found:
            for view, drawn_target, blocked_target in ((Z8, 1200, 200), (Z12, 1000, 50)):
                facts = [_load(found, address + view) for _ in range(LOADS + 2)][2:]
                rows.append(_row(f"{view[:4]} all drawn, ms", [fact["drawn"] for fact in facts], f"≤ {drawn_target}"))
                rows.append(
                    _row(f"{view[:4]} blocking time, ms", [fact["blocked"] for fact in facts], f"≤ {blocked_target}")
                )
            rows += _at_z8(found, address + Z8, name)
            rows += _at_z15(found, address + Z15, name)
        with browser() as found:
            rows.append(
                _row(
                    "memory of the page's processes after 2 min of moving, MB", [_memory(found, address + Z8)], "≤ 450"
                )
            )
        with browser("--disable-3d-apis") as found:
            rows.append(_row("z8 all drawn without 3D interfaces, ms", [_load(found, address + Z8)["drawn"]], "works"))
    engine.dispose()
    print_table(rows)
    (WORK / "bench" / "renderer.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False), "utf-8")
    return 0


def _load(found: Any, address: str) -> dict[str, Any]:
    with open_page(found, address) as (_, noted):
        return noted


def _at_z8(found: Any, address: str, name: str) -> list[dict[str, object]]:
    with open_page(found, address) as (page, _):
        moves = [page.evaluate(_MOVE, 10) for _ in range(3)]
        page.evaluate("() => bench.untilIdle()")
        masks = [time for _ in range(RUNS) for time in page.evaluate(_MASK, name)]
        toggles = [page.evaluate(_TOGGLE, name) for _ in range(RUNS)]
    return [
        _row("z8 pan and zoom, frames/s", [move["rate"] for move in moves], "≥ 45"),
        _row("z8 pan and zoom, p95 of a frame, ms", [move["p95"] for move in moves], "≤ 35"),
        _row("z8 pan and zoom, long tasks in 10 s, ms", [move["tasks"] for move in moves], "≤ 500"),
        _row("z8 filter on or off, ms", masks, "≤ 150"),
        _row("z8 layer shown again, ms", toggles, "≤ 250"),
    ]


def _at_z15(found: Any, address: str, name: str) -> list[dict[str, object]]:
    with open_page(found, address) as (page, noted):
        alone = page.evaluate(_ALONE, [name, CLICKS])
        marks = [page.evaluate(_HIGHLIGHT, [700, 450]) for _ in range(RUNS)]
        right = sum(_click(page, place) for place in alone)
        refused = page.evaluate("bench.refused")
    return [
        _row("z15 highlight one, ms", marks, "≤ 50"),
        _row(f"z15 clicks right of {len(alone)}", [right], f"{CLICKS}"),
        _row("refused by the policy + outside requests", [refused + noted["outside"]], "0"),
    ]


def _memory(found: Browser, address: str) -> float:
    """Return the memory of the browser's processes that draw, after two minutes of pan and zoom."""
    with open_page(found, address) as (page, _):
        page.evaluate(_MOVE, 120)
        session = found.new_browser_cdp_session()
        processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
        return sum(_memory_mb(process["id"]) for process in processes if process["type"] in {"renderer", "GPU"})


def _memory_mb(process: int) -> float:
    """Return the memory of a process; what it shares with others is divided among them, so that a sum counts it once."""
    try:
        shares = Path(f"/proc/{process}/smaps_rollup").read_text("utf-8")
    except (ProcessLookupError, FileNotFoundError):  # the browser ends the ones it kept in reserve
        return 0.0
    return int(re.findall(r"Pss:\s+(\d+) kB", shares)[0]) / 1024


def _click(page: Page, place: dict[str, Any]) -> bool:
    page.evaluate("() => { L.Popup.prototype.options.autoPan = false; }")  # the next place must stay where it is
    page.mouse.click(place["x"], place["y"])
    got = page.evaluate("() => webmap.page.state.selection && webmap.page.state.selection.id")
    page.evaluate("() => webmap.page.selection.drop()")
    page.wait_for_selector(".leaflet-popup", state="detached")  # while it fades out it covers other places
    return bool(got == place["id"])


def _row(name: str, values: list[float], target: str) -> dict[str, object]:
    return {
        "name": name,
        "median": round(statistics.median(values)),
        "best": round(min(values)),
        "worst": round(max(values)),
        "target": target,
    }


if __name__ == "__main__":
    raise SystemExit(main())
