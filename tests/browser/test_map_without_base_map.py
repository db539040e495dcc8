"""What is read off the map where there is no base map, where it fails, and by night: rivers, places, names, symbols."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_map_render import DRAWN, look_at
from tests.conftest import Server


def names_at(page, lon, lat, zoom) -> set[str]:
    look_at(page, lon, lat, zoom)
    page.wait_for_function("() => webmap.page.layers.every((layer) => !layer._map || !layer.isLoading())")
    page.wait_for_function("() => webmap.page.overlay.named.length > 3")
    return set(page.evaluate("webmap.page.overlay.named.map((name) => name.text)"))


def test_without_a_base_map_rivers_and_places_tell_where_one_is(page):
    assert page.evaluate("webmap.page.map.hasLayer(webmap.page.land)")
    expect(page.locator("#show-waterways")).to_be_checked()
    assert {"Chí Linh", "Hải Dương"} & names_at(page, 106.6, 20.85, 9), "places at the scale of the region"
    assert {"Chí Linh", "Gia Lộc", "Thanh Miện"} <= names_at(page, 106.6, 20.85, 10)
    assert {"Sông Luộc", "Sông Thái Bình"} & names_at(page, 106.45, 20.75, 11)
    assert {"Sông Cấm", "Sông Bạch Đằng"} <= names_at(page, 106.75, 20.87, 13)


def test_a_park_is_named_though_a_station_stands_in_its_middle(page):
    names = names_at(page, 106.7, 20.9, 13)
    assert {"TBA 110 kV VSIP", "KCN VSIP Hải Phòng"} <= names


#: Symbols whose lower half no pixel tells from the dark land.
LOST = """async () => {
    const { setInks } = await import("/static/src/map/inks.js");
    const { sprite } = await import("/static/src/map/symbols.js");
    setInks(webmap.page.config.inks);
    const lost = [];
    for (const { spec, points } of webmap.page.layers) {
        if (spec.geometry !== "point") continue;
        for (const symbol of new Set(points)) {
            const { canvas } = sprite(symbol, 1, 2, true), { width } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, width / 2, width, width / 2);
            const far = (i) => data[i + 3] > 128 && Math.max(data[i] - 28, data[i + 1] - 39, data[i + 2] - 51) > 80;
            const seen = Array.from({ length: data.length / 4 }, (_, i) => far(4 * i)).filter(Boolean).length;
            if (seen < width / 2) lost.push([spec.name, symbol]);
        }
    }
    return lost;
}"""


def test_by_night_every_symbol_stands_out_from_the_land(open_page):
    page = open_page(color_scheme="dark")
    page.wait_for_function("() => webmap.page.overlay.named.length > 3")
    assert page.evaluate(LOST) == []


def test_without_a_base_map_only_our_own_host_is_asked(page):
    assert page.evaluate("webmap.page.basemap") is None
    assert page.evaluate("webmap.page.map.hasLayer(webmap.page.land)")


@pytest.fixture(scope="module")
def server_with_dead_basemap(served_url, accounts):
    server = Server(served_url, BASEMAP_URL="http://127.0.0.1:9/{z}/{x}/{y}.png")
    server.wait()
    yield server
    server.stop()


def test_when_the_base_map_fails_the_land_stays_and_a_note_says_so(open_page, server_with_dead_basemap):
    page = open_page("/", origin=server_with_dead_basemap.url, allowed=["http://127.0.0.1:9"])

    expect(page.locator(".notice")).to_contain_text("bản đồ nền")
    expect(page.locator("#show-waterways")).to_be_checked()
    assert page.evaluate("webmap.page.map.hasLayer(webmap.page.land)")
    assert page.evaluate(DRAWN) > 0


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (390, 844)])
def test_the_note_about_the_base_map_covers_no_button_nor_what_is_told_of_an_object_and_comes_once(
    open_page, server_with_dead_basemap, width, height
):
    page = open_page(
        "/?sel=substations:1",
        {"width": width, "height": height},
        origin=server_with_dead_basemap.url,
        allowed=["http://127.0.0.1:9"],
        touch=width < 500,
    )
    note = page.locator(".notice")
    expect(note).to_be_visible()
    expect(page.locator(".leaflet-popup")).to_be_visible()
    inside = note.bounding_box()
    for seen in page.locator(".map-area .map-button:visible, .leaflet-popup-content-wrapper").all():
        box = seen.bounding_box()
        is_beside = box["x"] >= inside["x"] + inside["width"] or box["x"] + box["width"] <= inside["x"]
        assert is_beside or box["y"] >= inside["y"] + inside["height"] or box["y"] + box["height"] <= inside["y"]
    note.get_by_role("button").click()
    page.reload()
    page.wait_for_function("() => webmap.page.map.hasLayer(webmap.page.land)")
    expect(note).to_have_count(0)
