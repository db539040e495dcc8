"""A headless Chromium on the map page, and what it can tell: when all was drawn, what blocked, what was refused."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
SIZE: ViewportSize = {"width": 1440, "height": 900}
PATIENCE_MS = 60_000

#: Runs before the page's own scripts: notes long tasks, refusals and the moment when no layer loads any more.
_WATCH = """
(() => {
  const seen = window.bench = { tasks: [], refused: 0, drawn: null };
  new PerformanceObserver((list) => { for (const e of list.getEntries()) seen.tasks.push([e.startTime, e.duration]); })
    .observe({ type: "longtask", buffered: true });
  document.addEventListener("securitypolicyviolation", () => { seen.refused++; });
  const idle = () => {
    const page = window.webmap && window.webmap.page;
    const on = page ? page.layers.filter((layer) => layer._map) : [];
    return page && page.state && on.length && on.every((layer) => !layer.isLoading());
  };
  seen.idle = idle;
  seen.untilIdle = () => new Promise((done) => {
    const look = () => (idle() ? requestAnimationFrame(() => done(performance.now())) : requestAnimationFrame(look));
    requestAnimationFrame(look);
  });
  seen.whenDrawn = seen.untilIdle().then((at) => { seen.drawn = at; });
  seen.longest = () => {
    const tiles = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/tiles/"));
    const since = Math.min(...tiles.map(({ responseEnd }) => responseEnd));
    return Math.max(0, ...seen.tasks.filter(([at]) => at >= since && at < seen.drawn).map(([, ms]) => ms));
  };
  seen.blocked = (from, to) => seen.tasks.filter(([at]) => at >= from && at < to).reduce((sum, [, ms]) => sum + Math.max(0, ms - 50), 0);
})();
"""


@contextlib.contextmanager
def browser(*flags: str) -> Iterator[Browser]:
    """Give a browser without GPU; CHROMIUM_PATH names another one."""
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM_PATH") or (CHROMIUM if os.path.exists(CHROMIUM) else None)  # noqa: PTH110
        found = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *flags])
        yield found
        found.close()


@contextlib.contextmanager
def open_page(found: Browser, address: str, *, cookie: str = "") -> Iterator[tuple[Page, dict[str, Any]]]:
    """Open an address with empty caches and give the page when all is drawn, with what was noted; `cookie`: of who is signed in."""
    context = found.new_context(viewport=SIZE)
    if cookie:
        pairs = [part.split("=", 1) for part in cookie.split("; ")]
        context.add_cookies([{"name": name, "value": value, "url": address} for name, value in pairs])
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(_WATCH)
    outside: list[str] = []
    host = "/".join(address.split("/")[:3])
    page.on("request", lambda request: None if _is_ours(request.url, host) else outside.append(request.url))
    page.goto(address, wait_until="commit")
    noted = page.evaluate(
        "() => bench.whenDrawn.then(() => ({ drawn: bench.drawn, blocked: bench.blocked(0, bench.drawn), longest: bench.longest(), refused: bench.refused,"
        " painted: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0 }))"
    )
    noted["outside"] = len(outside)
    try:
        yield page, noted
    finally:
        context.close()


def _is_ours(url: str, host: str) -> bool:
    return url.startswith((host, "data:", "blob:", "about:"))
