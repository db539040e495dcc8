"""The ground of a file of our own in the browser: drawn by day and by night, named, credited, and on paper."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from geodata.base.crs import HAI_PHONG
from geodata.base.database import new_engine
from geodata.basemap.making import make_basemap
from tests.browser.conftest import DESK
from tests.conftest import Server

SMALL = Path(__file__).parents[1] / "geodata" / "basemap" / "small.osm"
VIEW = "/?z=13&lat=20.8545&lon=106.6975"
#: The colour of the ground at a place of the map, and what the style sheet calls the sea.
COLOURS = """([lat, lon]) => {
    const { map, overlay } = webmap.page, at = map.latLngToContainerPoint([lat, lon]);
    const box = map.getContainer().getBoundingClientRect(), [x, y] = [box.left + at.x, box.top + at.y];
    const tile = [...document.querySelectorAll(".ground-tile")].find((one) => {
        const { left, top, right, bottom } = one.getBoundingClientRect();
        return one.width && left <= x && x < right && top <= y && y < bottom;
    });
    const { left, top, width } = tile.getBoundingClientRect(), k = tile.width / width;
    const [r, g, b] = tile.getContext("2d").getImageData((x - left) * k, (y - top) * k, 1, 1).data;
    const style = getComputedStyle(map.getContainer());
    const hex = "#" + [r, g, b].map((part) => part.toString(16).padStart(2, "0")).join("");
    return [hex, style.getPropertyValue("--map-sea"), style.getPropertyValue("--map-land")];
}"""


@pytest.fixture(scope="module")
def grounded(served_url, accounts, tmp_path_factory):
    target = tmp_path_factory.mktemp("ground") / "small.pmtiles"
    engine = new_engine(served_url)
    with engine.connect() as connection:
        make_basemap(connection, SMALL, target, HAI_PHONG.extent)
    engine.dispose()
    server = Server(served_url, BASEMAP_PMTILES=str(target))
    server.wait()
    yield server
    server.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_water_and_land_are_told_apart_by_day_and_by_night(open_page, grounded, scheme):
    page = open_page(VIEW, DESK, origin=grounded.url, color_scheme=scheme)

    lake, sea, land = page.evaluate(COLOURS, [20.8532, 106.699])
    beside, _, _ = page.evaluate(COLOURS, [20.84, 106.66])
    assert (lake, beside) == (sea, land)
    assert (sum(bytes.fromhex(land[1:])) > 600) is (scheme == "light")
    expect(page.locator("#attribution")).to_have_text("© OpenStreetMap · Đường bờ: Natural Earth")


def test_what_a_ground_draws_itself_is_not_drawn_twice(open_page, grounded):
    page = open_page(VIEW, DESK, origin=grounded.url)
    expect(page.locator("#show-waterways")).not_to_be_checked()
    page.locator("label[for=show-waterways]").click()
    page.wait_for_function("() => webmap.page.layers.find(({ spec }) => spec.isGround).isOnMap()")


def test_on_paper_the_ground_is_lines_with_its_names_and_its_credit(open_page, grounded):
    page = open_page(VIEW, DESK, origin=grounded.url)
    page.locator("[data-map-tool=print]").click()
    page.locator(".print-dialog [type=submit]").click()
    expect(page.locator(".print-sheet[data-ready]")).to_be_visible()

    names = page.locator(".print-names text").all_text_contents()
    assert "Sông Cấm" in names
    assert page.locator(".print-map .ground-layer.is-replaced").count() == 1
    assert page.locator(".print-vector path").count() > 20
    expect(page.locator(".print-facts")).to_contain_text("© OpenStreetMap · Đường bờ: Natural Earth")
