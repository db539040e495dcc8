"""The map's tools as people use them: measured truly, listed completely, printed to scale."""

import json
import re
import urllib.request
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect

from pyproj import Geod

from tests.browser.conftest import PHONE

GEOD = Geod(ellps="WGS84")
RING = [(106.60, 20.80), (106.75, 20.82), (106.72, 20.93), (106.61, 20.90)]


def places(ring):
    return [{"lng": lon, "lat": lat} for lon, lat in ring]


def in_module(page: Page, name, call, argument):
    return page.evaluate(
        f"async (given) => {{ const m = await import('/static/src/tools/{name}'); return {call}; }}", argument
    )


def middle(page: Page):
    box = page.locator(".folium-map").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def number(text):
    """Return the first number of a Vietnamese text."""
    return float(re.search(r"[\d.,]+", text).group().replace(".", "").replace(",", "."))


def click_latlng(page: Page, x, y):
    """Click a place of the page and return it as lon, lat."""
    page.mouse.click(x, y)
    box = page.locator(".folium-map").bounding_box()
    at = [x - box["x"], y - box["y"]]
    found = page.evaluate(
        "(at) => { const p = webmap.page.map.containerPointToLatLng(at); return [p.lng, p.lat]; }", at
    )
    return tuple(found)


def answer(server, path, **arguments):
    with urllib.request.urlopen(f"{server.url}{path}?{urlencode(arguments)}") as reply:
        return json.load(reply)


def test_lengths_and_areas_are_those_of_the_ellipsoid(page):
    perimeter = in_module(page, "geodesy.js", "m.length([...given, given[0]])", places(RING))
    area = in_module(page, "geodesy.js", "m.area(given)", places(RING))

    true_area, true_perimeter = GEOD.polygon_area_perimeter(*zip(*RING, strict=True))
    assert perimeter == pytest.approx(true_perimeter, abs=0.001)
    assert area == pytest.approx(abs(true_area), rel=1e-4)


def test_a_distance_is_measured_while_drawing_and_esc_leaves(page):
    x, y = middle(page)
    page.locator("[data-map-tool=measure]").click()
    first = click_latlng(page, x - 120, y - 40)
    second = click_latlng(page, x + 60, y + 80)
    page.mouse.move(x + 61, y + 80)

    true = GEOD.inv(*first, *second)[2] / 1000
    assert number(page.locator("#measured").inner_text()) == pytest.approx(true, abs=0.2)

    page.locator(".folium-map").press("Backspace")
    page.keyboard.press("Escape")
    expect(page.locator("#measured")).to_have_text("–")
    page.keyboard.press("Escape")
    expect(page.locator("#tool-card")).to_be_hidden()
    expect(page.locator(".leaflet-popup")).to_have_count(0)


def test_points_can_be_set_with_the_keyboard_alone(page):
    page.locator("[data-map-tool=measure]").press("Enter")
    canvas = page.locator(".folium-map")
    canvas.press("Enter")
    page.evaluate("webmap.page.map.panBy([200, 0], { animate: false })")
    canvas.press("Enter")
    canvas.press("Shift+Enter")

    assert number(page.locator("#measured").inner_text()) > 1
    expect(page.get_by_role("button", name="Đo lại")).to_be_focused()


def test_everything_inside_a_rectangle_is_listed_exported_and_filters_the_map(page, server):
    x, y = middle(page)
    page.locator("[data-map-tool=inside]").click()
    page.locator("[data-shape=rectangle]").click()
    west, north = click_latlng(page, x - 120, y - 90)
    east, south = click_latlng(page, x + 120, y + 90)
    expect(page.locator(".inside-result h2")).to_be_visible()

    pixel = 360 / (256 * 2 ** page.evaluate("webmap.page.map.getZoom()"))  # degrees of longitude
    for layer in page.locator("[data-inside]").all():
        name = layer.get_attribute("data-inside")
        listed = parse_qs(urlsplit(layer.locator(".inside-files a").first.get_attribute("href")).query)
        corners = [tuple(map(float, corner.split(","))) for corner in listed["polygon"][0].split(";")]
        assert [value for corner in corners for value in corner] == pytest.approx(
            [west, north, east, north, east, south, west, south], abs=pixel
        )
        usual = {key: value[0] for key, value in listed.items() if key != "format"}
        matched = answer(server, f"/api/layers/{name}/features", limit=1, **usual)["numberMatched"]
        assert number(layer.locator(".inside-count").inner_text()) == matched
    with page.expect_download() as download:
        page.locator(".inside-result a.btn").click()
    assert download.value.suggested_filename.endswith(".xlsx")

    page.get_by_role("button", name="Lọc bản đồ theo vùng này").click()

    assert "all.polygon" in parse_qs(urlsplit(page.url).query)
    expect(page.locator("#chips")).to_contain_text("trong vùng đã vẽ")


def test_a_selected_zone_is_taken_as_the_area(page, server):
    zone = answer(server, "/api/layers/planning_zones/features", limit=1)["features"][0]
    page.evaluate("(id) => webmap.page.selection.show({ layer: 'planning_zones', id }, { fly: true })", zone["id"])
    expect(page.locator(".feature-popup")).to_be_visible()
    page.locator("[data-map-tool=inside]").click()
    page.get_by_role("button", name="Đối tượng đang chọn").click()

    expect(page.locator(".inside-result .subtitle")).to_have_text(zone["properties"]["name"])
    expect(page.locator('[data-inside="planning_zones"]')).to_contain_text(zone["properties"]["name"])


def test_the_year_filters_the_map_and_tells_what_changes(page, server):
    page.locator("[data-map-tool=years]").click()
    expect(page.locator(".year-table td").first).to_be_visible()
    page.locator("#year-slider").fill("2030")

    expect(page).to_have_url(re.compile(r"power_lines\.year=2030"))
    told = answer(server, "/api/years", years="2026,2030")
    for layer in told["layers"]:
        row = page.locator(f'[data-year-layer="{layer["name"]}"] td')
        expect(row.nth(2)).to_have_text(str(layer["years"][1]["planned"] or "–"))
    page.get_by_role("button", name="So sánh hai năm").click()
    expect(page).to_have_url(re.compile(r"compare=2026,2030"))
    expect(page.locator(".compare .year-numbers [data-compared]")).to_have_count(len(told["layers"]))


@pytest.mark.parametrize(
    ("paper", "direction", "size"), [("A3", "landscape", (420, 297)), ("A4", "portrait", (210, 297))]
)
def test_the_sheet_has_its_paper_and_its_scale(page, paper, direction, size):
    page.locator("[data-map-tool=print]").click()
    page.locator("[name=paper]").select_option(paper)
    page.locator("[name=direction]").select_option(direction)
    page.locator("[name=scale]").fill("1:100.000")
    page.locator("[name=title]").fill("Cụm công nghiệp: đất trống trên 10 ha")
    page.locator(".print-dialog [type=submit]").click()
    expect(page.locator(".print-sheet[data-ready]")).to_be_visible()

    bar = page.locator(".print-scale-bar .bar").evaluate("(bar) => bar.getBBox().width")
    metres = float(page.locator(".print-scale-bar").get_attribute("data-metres"))
    assert bar / 1000 * 100_000 == pytest.approx(metres, rel=1e-6)
    west, east, paper_px = page.evaluate("""() => {
        const { map, factor } = webmap.page.print, size = map.getSize(), at = (x) => map.containerPointToLatLng([x, size.y / 2]);
        const place = ({ lng, lat }) => [lng, lat];
        return [place(at(0)), place(at(size.x)), size.x * factor];
    }""")
    ground = GEOD.inv(*west, *east)[2]
    assert ground / (paper_px / 96 * 0.0254) == pytest.approx(100_000, rel=2e-3)
    north, south, high_px = page.evaluate("""() => {
        const { map, factorY } = webmap.page.print, size = map.getSize(), quarter = size.y / 4;
        const at = (y) => { const { lng, lat } = map.containerPointToLatLng([size.x / 2, size.y / 2 + y]); return [lng, lat]; };
        return [at(-quarter), at(quarter), 2 * quarter * factorY];
    }""")
    assert GEOD.inv(*north, *south)[2] / (high_px / 96 * 0.0254) == pytest.approx(100_000, rel=1e-3)
    numbers = page.locator(".print-grid text").all_inner_texts()
    assert len(numbers) >= 6
    assert "VN-2000" in page.locator(".print-facts").inner_text()
    assert page.locator(".print-names text").count() > 0
    assert page.locator(".print-legend li").count() > 3
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert not re.search(rb"/Subtype\s*/Image", pdf), "the map is drawn in lines and areas, not as a picture"
    assert pdf.count(b"/ToUnicode") > 0
    boxes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert [tuple(round(float(side) / 72 * 25.4) for side in box) for box in boxes] == [size]


def test_the_picture_is_the_sheet(page):
    page.locator("[data-map-tool=print]").click()
    page.locator(".print-dialog [type=submit]").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Lưu ảnh PNG").click()

    from PIL import Image

    with Image.open(download.value.path()) as picture:
        assert picture.width / picture.height == pytest.approx(297 / 210, rel=0.01)
        assert len(picture.convert("RGB").getcolors(2**24)) > 100
    page.get_by_role("button", name="Đóng", exact=True).last.click()
    expect(page.locator(".print-view")).to_have_count(0)


def test_the_tools_work_on_a_phone(open_page):
    phone = open_page("/", PHONE, touch=True)
    phone.locator("[data-tools-toggle]").tap()
    phone.locator("[data-map-tool=inside]").tap()
    phone.locator("[data-shape=circle]").tap()
    x, y = middle(phone)
    phone.touchscreen.tap(x, y + 20)
    phone.touchscreen.tap(x + 60, y + 20)

    expect(phone.locator(".inside-result h2")).to_be_visible()


def open_object(page: Page, server, layer, **arguments):
    """Open the panel of a layer's first object, and return the object."""
    found = answer(server, f"/api/layers/{layer}/features", limit=1, **arguments)["features"][0]
    page.goto(f"{server.url}/?sel={layer}:{found['id']}&details")
    expect(page.locator(".feature-panel h2")).to_have_text(found["properties"]["name"])
    return found


def test_what_is_around_an_object_is_told_with_its_distance_and_filters_the_map(page, server):
    station = open_object(page, server, "substations")
    page.get_by_role("button", name="Xung quanh có gì").click()
    expect(page.locator(".inside-result h2")).to_be_visible()
    page.get_by_label("Trong khoảng cách").fill("3000")
    page.get_by_label("Trong khoảng cách").press("Enter")
    expect(page.locator(".inside-result .subtitle")).to_contain_text("3,00")

    around = f"substations:{station['id']}:3000"
    told = {layer["name"]: layer for layer in answer(server, "/api/inside", around=around)["layers"]}
    assert told
    for layer in page.locator("[data-inside]").all():
        expected = told[layer.get_attribute("data-inside")]
        first = expected["features"][0]
        expect(layer.locator(".inside-link").first).to_contain_text(first["name"])
        if first["distance_m"] >= 1000:
            shown = layer.locator(".inside-link span").first.inner_text()
            assert number(shown) == pytest.approx(first["distance_m"] / 1000, abs=0.006)

    page.get_by_role("button", name="Lọc bản đồ theo vùng này").click()
    assert parse_qs(urlsplit(page.url).query)["all.around"] == [around]
    expect(page.locator("#chips")).to_contain_text("không quá 3 km")
    drawn = """(count) => window.webmap?.page?.map
        && Object.values(webmap.page.map._layers).filter((layer) => layer.feature?.properties?.part).length === count"""
    page.wait_for_function(drawn, arg=2)
    page.reload()
    page.wait_for_function(drawn, arg=2)
    page.locator("#chips button").first.click()
    page.wait_for_function(drawn, arg=0)


def test_an_area_without_distance_tells_how_much_of_each_object_lies_in_it(page, server):
    area = open_object(page, server, "industrial_clusters")
    page.get_by_role("button", name="Xung quanh có gì").click()

    expect(page.locator(".inside-result .subtitle")).to_have_text(area["properties"]["name"])
    expect(page.locator(".inside-result")).to_contain_text("%")
    page.get_by_label("Trong khoảng cách").fill("60000")
    page.get_by_label("Trong khoảng cách").press("Enter")
    expect(page.locator(".tool-detail").first).to_contain_text("từ 0 đến 50.000 m")
    page.locator(".inside-result .subtitle button").click()
    expect(page.locator(".feature-panel h2")).to_have_text(area["properties"]["name"])


def test_a_tool_lies_under_no_panel_on_a_tablet(open_page, server):
    page = open_page("/", {"width": 820, "height": 1180})
    open_object(page, server, "planning_zones")
    page.get_by_role("button", name="Xung quanh có gì").click()
    expect(page.locator(".inside-result h2")).to_be_visible()
    left = {name: page.locator(name).first.bounding_box()["x"] for name in (".tool-card:visible", ".map-area")}
    assert left[".tool-card:visible"] >= left[".map-area"]
