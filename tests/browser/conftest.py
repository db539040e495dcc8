"""A real Chromium. Every test ends by asking: nothing refused, nothing asked elsewhere, no script error."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright
from sqlalchemy import text

from geodata.base.database import new_engine
from scripts.install.system import find_chromium
from tests.conftest import PASSWORD

ARTEFACTS = Path(__file__).parents[2] / "var" / "screenshots"
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
#: How long a page may take on a machine that is busy with other tests: longer than anybody waits, ms.
PATIENCE = 40_000
#: What Chromium does not do here. Each window of tests would draw the list of suggestions below its address line, twice, as
#: pages in a process of their own: as much work as many a page of ours. A later switch replaces an earlier one, so that
#: what Playwright switches off is said again.
_DISABLED = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup",
    "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying",
    "OptimizationHints", "PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning",
)  # fmt: skip
_SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    f"--disable-features={','.join(_DISABLED)}",
)
_WATCH = """
    window.refused = [];
    document.addEventListener("securitypolicyviolation", (e) => refused.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the session."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=_SWITCHES)
        yield browser
        browser.close()


class Watched:
    """What went wrong on a page. `allowed` are further hosts it may ask; `expected` matches errors a test provokes."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page, self.origin = page, origin
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self.allowed: set[str] = set()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        url = request.url
        if not url.startswith((self.origin, "data:", "blob:")):
            self.hosts.add(re.sub(r"(\w+://[^/]+).*", r"\1", url))

    def check(self) -> None:
        """Fail when the page asked another host, broke its policy or threw."""
        assert self.hosts <= self.allowed
        assert self.errors == []
        assert self.page.evaluate("window.refused") == []


def photograph(pages: list[Page], name: str) -> None:
    """Keep what a test's pages look like at its end: drawing them once more takes as long as many a test."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"\W+", "_", name)
    for number, page in enumerate(pages):
        page.screenshot(path=ARTEFACTS / f"{name}{number or ''}.png")


def sign_in(context: BrowserContext, origin: str, account: str) -> None:
    """Sign an account in without drawing the login's page and the one behind it: its form is pressed by tests of its own."""
    form = context.request.get(f"{origin}/login").text()
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token, form
    sent = {"csrf_token": token[1], "username": account, "password": PASSWORD}
    answer = context.request.post(f"{origin}/login", form=sent, max_redirects=0)
    assert answer.status == 302, answer.text()


@pytest.fixture
def open_page(browser: Browser, server, heavy: bool, request: pytest.FixtureRequest) -> Iterator[object]:
    """open_page(path, viewport, account, origin, allowed) -> Page, drawn; checked at the end, photographed where the test failed."""
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []

    def open_(path="/", viewport=DESK, *, account=None, origin=None, allowed=(), touch=False, **options) -> Page:
        origin = origin or server.url
        context = browser.new_context(viewport=viewport, has_touch=touch, locale="vi-VN", **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if account:
            sign_in(context, origin, account)
        page = context.new_page()
        page.add_init_script(_WATCH)
        watch = Watched(page, origin)
        watch.allowed = set(allowed)
        watched.append(watch)
        page.goto(origin + path)
        page.wait_for_load_state("networkidle")
        return page

    vars(open_)["origin"] = server.url
    failed = request.session.testsfailed
    yield open_
    if request.session.testsfailed > failed or heavy:
        photograph([watch.page for watch in watched], request.node.name)
    for watch in watched:
        watch.check()
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page) -> Page:
    """The map at its start, on a desk."""
    return _counted(open_page())


@pytest.fixture
def phone(open_page) -> Page:
    """The map at its start, on a phone."""
    return _counted(open_page("/", PHONE, touch=True, device_scale_factor=2))


def _counted(page: Page) -> Page:
    """The map when it has told how much there is: a quiet network alone may be the pause before it asks."""
    expect(page.locator("#panel-summary")).not_to_be_empty()
    return page


@pytest.fixture
def stored(server):
    """stored(sql) -> the first value of what the server's database holds, or of what is changed there."""
    engine = new_engine(server.database)

    def ask(sql: str, **values: object) -> object:
        with engine.begin() as connection:
            return connection.execute(text(sql), values).scalar()

    yield ask
    engine.dispose()
