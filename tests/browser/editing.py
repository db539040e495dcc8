"""What the tests of editing do on the map's page."""

import math
from urllib.parse import parse_qs, urlparse

from playwright.sync_api import Locator, Page, expect

from tests.conftest import PASSWORD

NOTICES = "#notices"
VIEW = {"z", "lon", "lat"}


def sign_in(page: Page, accounts: dict[str, str], role: str = "planner") -> None:
    """Fill the login's form; wait until the map offers to add."""
    page.fill("[name=username]", accounts[role])
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-add-object=markets]", state="attached")


def open_map(open_page, accounts: dict[str, str], viewport, path="/", role="planner", **options) -> Page:
    """The map as an account of that role sees it."""
    page = open_page(path, viewport, account=accounts[role], **options)
    page.wait_for_selector("[data-add-object=markets]", state="attached")
    return page


def form_of(page: Page) -> Locator:
    """The open form of an object."""
    return page.locator("form.edit-form")


def find(page: Page, name: str) -> None:
    """Find an object by its name and select it."""
    page.fill("#search-text", name)
    expect(page.locator("#search-hits")).to_contain_text(name)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def point_at(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Return where on the screen a place is, degrees to px."""
    box = page.locator(".leaflet-container").bounding_box()
    view = {name: float(values[0]) for name, values in parse_qs(urlparse(page.url).query).items() if name in VIEW}
    world = 256 * 2 ** view["z"]

    def flat(lon: float, lat: float) -> tuple[float, float]:
        north = math.asinh(math.tan(math.radians(lat))) / math.pi
        return (lon + 180) / 360 * world, (1 - north) / 2 * world

    (x, y), (middle_x, middle_y) = flat(lon, lat), flat(view["lon"], view["lat"])
    return box["x"] + box["width"] / 2 + x - middle_x, box["y"] + box["height"] / 2 + y - middle_y
