"""The map as people see it: drawn, clickable, filtered, restored, by mouse, keyboard and finger."""

import json
import urllib.request
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

import shapely.geometry
from pyproj import Transformer

from geodata.base.crs import HAI_PHONG, VN2000_TOWGS84, WGS84, vn2000_proj4
from tests.browser.conftest import DESK, PHONE

#: How many tiles show something: Leaflet hides those that it was told a fault of.
DRAWN = """() => [...document.querySelectorAll("canvas.mvt-tile")]
    .filter((tile) => tile.width > 0 && getComputedStyle(tile).visibility === "visible").length"""


def features(server, layer, limit=200):
    with urllib.request.urlopen(f"{server.url}/api/layers/{layer}/features?limit={limit}") as answer:
        return json.load(answer)["features"]


def look_at(page: Page, lon, lat, zoom=17):
    page.evaluate(
        "([lat, lon, zoom]) => webmap.page.map.setView([lat, lon], zoom, { animate: false })", [lat, lon, zoom]
    )
    page.wait_for_function("() => webmap.page.layers.every((layer) => !layer._map || !layer.isLoading())")


def click_middle(page: Page):
    box = page.locator(".folium-map").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def query(page: Page):
    return parse_qs(urlsplit(page.url).query, keep_blank_values=True)


def test_every_layer_is_drawn_and_counted(page, server):
    # The network may be quiet for a moment before the first tile is asked for.
    page.wait_for_function(f"() => ({DRAWN})() > 0")
    page.wait_for_function("() => Number(document.querySelector('canvas[data-labels]')?.dataset.labels) > 10")
    listed = page.locator("#layer-list .layer")
    assert listed.count() == page.evaluate("webmap.page.layers.length")
    expect(page.locator('[data-layer="markets"] .layer-count')).to_have_text(str(len(features(server, "markets"))))


def test_clicks_find_the_sites_they_hit(page, server):
    sites = features(server, "fuel_sites")[:200:16]
    found = 0
    for site in sites:
        look_at(page, *site["geometry"]["coordinates"])
        click_middle(page)
        heading = page.locator(".feature-popup h3").first
        expect(heading).to_be_visible()
        found += heading.inner_text() == site["properties"]["name"]
        page.keyboard.press("Escape")
        expect(page.locator(".feature-popup")).to_have_count(0)
    assert found == len(sites)


def test_details_open_beside_the_map_and_can_be_shared(page, server, open_page):
    market = features(server, "markets")[0]
    look_at(page, *market["geometry"]["coordinates"])
    click_middle(page)
    page.locator("[data-open-panel]").click()
    expect(page.locator("#object-panel h2")).to_have_text(market["properties"]["name"])

    shared = open_page(page.url.removeprefix(server.url))

    expect(shared.locator("#object-panel h2")).to_have_text(market["properties"]["name"])
    assert query(shared)["sel"] == [f"markets:{market['id']}"]


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_line_that_is_asked_for_is_shown_whole_beside_its_panel(open_page, server, viewport):
    line = max(features(server, "power_lines"), key=lambda line: line["properties"]["length_km"] or 0)
    page = open_page(f"/?sel=power_lines:{line['id']}&details=", viewport, touch=viewport is PHONE)
    expect(page.locator("#object-panel h2")).to_have_text(line["properties"]["name"])

    panel, area = page.locator("#object-panel").bounding_box(), page.locator(".folium-map").bounding_box()
    right, bottom = (390, panel["y"]) if viewport is PHONE else (panel["x"], area["y"] + area["height"])
    for lon, lat in shapely.get_coordinates(shapely.geometry.shape(line["geometry"])):
        point = page.evaluate("(at) => webmap.page.map.latLngToContainerPoint(at)", [lat, lon])
        assert area["x"] < area["x"] + point["x"] < right
        assert area["y"] < area["y"] + point["y"] < bottom


def test_the_halo_stays_while_the_map_is_moved(page, server):
    market = features(server, "markets")[0]
    look_at(page, *market["geometry"]["coordinates"], zoom=14)
    click_middle(page)
    expect(page.locator(".feature-popup")).to_be_visible()

    page.evaluate("webmap.page.map.panBy([180, 90], { animate: false })")

    assert page.evaluate("webmap.page.overlay.selected.id") == market["id"]
    assert "sel" in query(page)


def test_a_legend_row_hides_its_class_and_says_so(page, open_page, server):
    row = page.locator('[data-layer="markets"] .legend-row:visible').first
    name = row.locator(".name").inner_text()
    total = page.locator('[data-layer="markets"] .layer-count')
    before = total.inner_text()

    row.click()

    expect(row).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".chip")).to_have_count(1)
    expect(total).not_to_have_text(before)
    again = open_page(page.url.removeprefix(server.url))
    expect(again.locator('[data-layer="markets"] .layer-count')).to_have_text(total.inner_text())
    again.locator(".chip .btn-close").click()
    expect(again.locator('[data-layer="markets"] .layer-count')).to_have_text(before)
    assert name


def test_a_layer_that_is_switched_off_stays_off_in_the_address(page, open_page, server):
    page.locator("#show-fuel_sites").uncheck()

    assert "fuel_sites" not in query(page)["layers"][0].split(",")
    again = open_page(page.url.removeprefix(server.url))
    expect(again.locator("#show-fuel_sites")).not_to_be_checked()
    assert again.evaluate("webmap.page.layers.filter((layer) => layer._map).every((l) => l.spec.name !== 'fuel_sites')")


def test_the_map_works_with_the_keyboard_alone(page, server):
    market = features(server, "markets")[0]
    look_at(page, *market["geometry"]["coordinates"])
    page.locator(".folium-map").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".feature-popup h3")).to_have_text(market["properties"]["name"])

    page.keyboard.press("Escape")

    expect(page.locator(".feature-popup")).to_have_count(0)
    assert "sel" not in query(page)
    before = page.evaluate("webmap.page.map.getCenter().lng")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("before => webmap.page.map.getCenter().lng > before", arg=before)


def test_every_control_has_a_name(page):
    nameless = page.evaluate("""() => [...document.querySelectorAll("button, a[href], input")]
        .filter((control) => control.offsetParent && !(control.getAttribute("aria-label") || control.textContent.trim()
            || control.title || control.labels?.length)).map((control) => control.outerHTML.slice(0, 120))""")
    assert nameless == []


def test_search_without_accents_leads_to_the_object(page):
    page.locator("#search-text").fill("dong quoc binh")
    expect(page.locator("#search-hits [role=option]").first).to_contain_text("Đổng Quốc Bình")

    page.keyboard.press("Enter")

    expect(page.locator("#object-panel h2").first).to_contain_text("Đổng Quốc Bình")


def test_lost_counts_name_their_layer_and_come_back(open_page):
    page = open_page()
    page.route("**/markets/facets*", lambda route: route.abort())
    page.locator('[data-layer="markets"] .legend-row[aria-pressed]').first.click()
    notice = page.locator(".notice")
    expect(notice).to_contain_text("Không đếm được lớp “Chợ”")

    expect(notice.get_by_role("button", name="Thử lại")).to_be_visible()
    page.unroute("**/markets/facets*")

    # It asks again by itself; who does not want to wait presses the button.
    expect(notice).to_have_count(0)
    expect(page.locator('[data-layer="markets"] .layer-count')).not_to_be_empty()


def test_lost_tiles_name_their_layer_and_come_back(open_page):
    page = open_page()
    page.route("**/tiles/*markets*/**", lambda route: route.abort())
    page.evaluate("webmap.page.map.setView([20.85, 106.69], 14, { animate: false })")
    notice = page.locator(".notice")
    expect(notice).to_contain_text("Chợ")

    expect(notice.get_by_role("button", name="Thử lại")).to_be_visible()
    page.unroute("**/tiles/*markets*/**")

    expect(notice).to_have_count(0)
    page.wait_for_function("() => webmap.page.layers.every((layer) => layer.failures === 0)")


def test_offline_a_nearer_look_shows_what_is_known_and_comes_back_by_itself(page):
    shown = "webmap.page.layers.find(({ spec }) => spec.name === 'substations')"
    known = (
        f"(() => {{ let n = 0; {shown}.eachShown((tile, features) => {{ n += features?.count ?? 0; }}); return n; }})()"
    )
    page.wait_for_function(f"() => {known} > 0")
    page.route("**/tiles/**", lambda route: route.abort())
    page.evaluate("webmap.page.map.setZoom(Math.round(webmap.page.map.getZoom()) + 1, { animate: false })")
    expect(page.locator(".notice")).to_contain_text("Máy chủ")
    assert page.evaluate(known) > 0
    page.wait_for_function(f"() => ({DRAWN})() > 3")

    page.unroute("**/tiles/**")

    expect(page.locator(".notice")).to_have_count(0)
    page.wait_for_function("() => webmap.page.layers.every((layer) => layer.failures === 0)")
    page.wait_for_function(f"() => ({DRAWN})() > 3")


def test_where_nothing_is_known_of_a_place_it_is_drawn_when_the_server_is_back(open_page):
    page = open_page()
    page.route("**/tiles/**", lambda route: route.abort())
    page.reload()
    expect(page.locator(".notice")).to_contain_text("Máy chủ")
    assert page.evaluate(DRAWN) == 0

    page.unroute("**/tiles/**")

    page.wait_for_function("() => webmap.page.layers.every((layer) => layer.failures === 0)")
    page.wait_for_function(f"() => ({DRAWN})() > 3")


def test_a_link_from_another_turn_of_the_world_is_brought_home(open_page):
    page = open_page("/?z=12&lat=20.86&lon=466.68")
    assert page.evaluate("webmap.page.map.getCenter().lng") == pytest.approx(106.68, abs=1e-3)


def test_no_symbol_hides_a_weightier_one(open_page):
    page = open_page("/?z=11&lat=20.86&lon=106.68")
    page.wait_for_function(f"() => ({DRAWN})() > 0")
    shown = page.evaluate(
        """() => {
            const places = { substations: [], fuel_sites: [] };
            for (const layer of webmap.page.layers) {
                if (!(layer.spec.name in places)) continue;
                layer.eachShown((tile) => places[layer.spec.name].push(...(tile.places ?? [])));
            }
            return places;
        }"""
    )
    whole, dot = 2, 1
    assert shown["substations"].count(whole) > 10
    assert shown["fuel_sites"].count(dot) > 50
    assert shown["fuel_sites"].count(whole) < shown["fuel_sites"].count(dot)


NAMED = """() => {
    const { overlay, map } = webmap.page;
    const [left, top] = overlay.view();
    const box = map.getContainer().getBoundingClientRect();
    const parts = [...document.querySelectorAll(".map-button, .drawer-toggles, [data-sheet], #chips, .status-bar > *")];
    const covers = parts.map((part) => part.getBoundingClientRect()).filter((r) => r.width && r.height);
    return overlay.named.map(({ text, box: [x1, y1, x2, y2] }) => {
        const [a, b, c, d] = [box.x + x1 - left, box.y + y1 - top, box.x + x2 - left, box.y + y2 - top];
        const isWhole = a >= box.left && b >= box.top && c <= box.right && d <= box.bottom;
        return { text, isClear: isWhole && !covers.some((r) => a < r.right && c > r.left && b < r.bottom && d > r.top) };
    });
}"""


@pytest.mark.parametrize(("width", "height", "least"), [(1920, 1080, 10), (1440, 900, 10), (390, 844, 4)])
def test_the_first_view_names_clusters_and_stations_and_cuts_and_covers_no_name(open_page, width, height, least):
    page = open_page("/", {"width": width, "height": height}, touch=width < 500)
    page.wait_for_function("() => webmap.page.layers.every((layer) => !layer._map || !layer.isLoading())")
    page.wait_for_function("() => webmap.page.overlay.named.length >= 8")

    for place in (None, [20.855, 106.683, 13], [20.72, 107.04, 12]):
        if place:
            look_at(page, place[1], place[0], place[2])
        # While they are drawn anew there are none for a moment.
        clear = (
            f"() => {{ const all = ({NAMED})(); return all.length && all.every((name) => name.isClear) ? all : null; }}"
        )
        names = [name["text"] for name in page.wait_for_function(clear).json_value()]
        if not place:
            assert sum(name.startswith("TBA") for name in names) >= least
            assert sum(name.startswith(("CCN", "KCN", "Khu")) for name in names) >= least


def test_metric_coordinates_agree_with_proj(page):
    projected = Transformer.from_crs(WGS84, vn2000_proj4(HAI_PHONG.metric_srid), always_xy=True)
    west, south, east, north = HAI_PHONG.extent
    places = [(lon, lat) for lon in (west, 106.6835, east) for lat in (south, 20.8605, north)]

    shown = page.evaluate(
        """async (places) => {
            const { toVn2000 } = await import("/static/src/map/vn2000.js");
            return places.map(([lon, lat]) => toVn2000(lat, lon, webmap.page.config.projection));
        }""",
        places,
    )

    assert len(VN2000_TOWGS84) == 7
    for (lon, lat), found in zip(places, shown, strict=True):
        east_m, north_m = projected.transform(lon, lat)
        assert abs(found["x"] - north_m) < 0.05
        assert abs(found["y"] - east_m) < 0.05


def test_a_phone_shows_the_map_whole_and_one_sheet(phone):
    sheet = phone.locator("#layers-panel")
    assert sheet.bounding_box()["height"] == pytest.approx(88, abs=2)

    phone.locator("#layers-panel [data-sheet-handle]").click()

    phone.wait_for_function("() => document.querySelector('#layers-panel').offsetHeight > 300")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390


def test_everything_on_a_phone_is_large_enough_for_a_finger(phone):
    phone.locator("#layers-panel [data-sheet-handle]").click()
    small = phone.evaluate("""() => [...document.querySelectorAll("header button, header a, .map-area button, #layers-panel .layer-row button, .legend-row")]
        .filter((control) => control.offsetParent).map((control) => [control.className, control.getBoundingClientRect()])
        .filter(([, box]) => box.height && Math.min(box.width, box.height) < 43.5).map(([name, box]) => [name, box.width, box.height])""")
    assert small == []


@pytest.mark.parametrize("zoom", [8, 11, 13, 15])
def test_the_map_is_photographed_at(open_page, zoom):
    page = open_page(f"/?z={zoom}&lat=20.853&lon=106.69")

    assert page.evaluate(DRAWN) > 0


SCREENS = [(390, 844), (360, 640), (768, 1024), (1024, 768), (844, 390), (1440, 900)]


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_the_first_view_shows_the_whole_city_with_nothing_over_it(open_page, width, height):
    page = open_page("/", {"width": width, "height": height})
    city, seen, covers = page.evaluate(
        """() => {
            const { map, config } = webmap.page, home = L.latLngBounds(config.home), box = map.getContainer().getBoundingClientRect();
            const [first, last] = [home.getNorthWest(), home.getSouthEast()].map((corner) => map.latLngToContainerPoint(corner));
            const sides = ({ left, top, right, bottom }) => [left, top, right, bottom];
            const parts = [...document.querySelectorAll("header, .side-panel, .map-tools, #tool-set, .drawer-toggles")];
            return [[box.x + first.x, box.y + first.y, box.x + last.x, box.y + last.y], sides(box),
                parts.filter((part) => part.offsetWidth).map((part) => sides(part.getBoundingClientRect()))];
        }"""
    )
    assert seen[0] <= city[0] < city[2] <= seen[2]
    assert seen[1] <= city[1] < city[3] <= seen[3]
    beside = [
        other[2] <= city[0] or other[0] >= city[2] or other[3] <= city[1] or other[1] >= city[3] for other in covers
    ]
    assert all(beside)
    assert len(covers) >= 4


def test_the_first_view_is_as_large_as_the_screen_allows(open_page):
    page = open_page("/", {"width": 1440, "height": 900})
    zoom = page.evaluate("webmap.page.map.getZoom()")
    # A quarter of a zoom is the step; buttons and a margin lie beside the city.
    assert zoom >= page.evaluate("webmap.page.map.getBoundsZoom(webmap.page.config.home)") - 0.5
    page.evaluate("webmap.page.map.setZoom(14, { animate: false })")
    page.locator('[data-tool="home"]').click()
    page.wait_for_function(f"webmap.page.map.getZoom() === {zoom}")


@pytest.mark.parametrize("opened", ["table=markets", "table=markets&charts", "sel=markets:{id}&details"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_link_shows_its_place_beside_all_that_it_opens_each_time_anew(open_page, server, opened, viewport):
    first = features(server, "markets", 1)[0]["id"]
    page = open_page(f"/?z=12&lat=20.85&lon=106.68&{opened.format(id=first)}", viewport)
    for _ in range(2):
        expect(page.locator("#table-body tbody tr, #charts-body .chart-card, #object-body h2").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        centre = page.evaluate("(({ lat, lng }) => [lat, lng])(webmap.page.map.getCenter())")
        asked = {
            name: float(value[0])
            for name, value in parse_qs(urlsplit(page.url).query).items()
            if name in {"lat", "lon"}
        }
        assert centre == pytest.approx([20.85, 106.68], abs=7e-4), "within two pixels"
        assert asked == {"lat": 20.85, "lon": 106.68}
        page.reload()
