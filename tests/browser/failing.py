"""A network that is cut, slow or mended, for tests; and where the page tells it."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Page

from tests.browser.conftest import DESK, PHONE

BOTH = pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
ENDED = "Phiên làm việc đã kết thúc"
GONE = re.compile(r"Máy chủ không trả lời cho ([2-9]|[1-9]\d) lớp")


def notice(page: Page, words):
    return page.locator(".notice", has_text=words)


def uncovered(locator):
    """Whether the middle of what is seen is really this: nothing lies over it, nothing cuts it off."""
    return locator.evaluate("""(box) => {
        const { left, top, width, height } = box.getBoundingClientRect(), at = document.elementFromPoint(left + width / 2, top + height / 2);
        return width > 0 && left >= 0 && left + width <= innerWidth + 1 && Boolean(at) && box.contains(at);
    }""")


def filter_text(page: Page, words):
    if page.locator("#filter-panel").is_hidden():
        page.locator("#tab-filters").click()
    page.locator("#filter-all-q").fill(words)
    page.keyboard.press("Enter")


def open_tool(page: Page, name):
    toggle = page.locator("[data-tools-toggle]")
    if toggle.is_visible():
        toggle.click()
    page.locator(f"[data-map-tool={name}]").click()


def cut(page: Page):
    """Nothing reaches the server any more. A request says so: a busy browser sends some after it was told to hold them."""
    page.context.route("**/*", lambda route: route.abort())
    page.wait_for_function("() => fetch('/healthz').then(() => false, () => true)")


def mend(page: Page):
    page.context.unroute("**/*")


class Hold:
    """Answers that are held back until they are let go."""

    def __init__(self, page: Page) -> None:
        self.page, self.routes, self.is_on = page, [], True
        page.context.route("**/*", self._take)

    def _take(self, route) -> None:
        if self.is_on:
            self.routes.append(route)
        else:
            route.continue_()

    def release(self) -> None:
        self.is_on = False
        for route in self.routes:
            with suppress(Error):  # the page has given it up itself
                route.continue_()
        self.routes = []
