"""An investor's way: which clusters have free land, in English, on a phone; then the paper for the table."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE

DRAWN = "() => webmap.page.layers.every((layer) => !layer.isLoading()) && document.querySelectorAll('canvas.mvt-tile').length > 0"

#: Where a feature is drawn on the page, px.
PLACE_OF = """(id) => {
    const { map, layers } = webmap.page, box = map.getContainer().getBoundingClientRect();
    for (let y = 0; y < box.height; y += 3) for (let x = 0; x < box.width; x += 3) {
        const hit = webmap.page.overlay.pick(L.point(x, y))[0];
        if (hit?.id === id) return [box.x + x + 2, box.y + y + 2];
    }
    return null;
}"""


def test_an_investor_finds_free_land_in_two_steps_on_a_phone(open_page):
    page = open_page("/?lang=en", PHONE, touch=True)
    page.get_by_role("button", name="Pages").tap()
    page.get_by_role("link", name="Industrial clusters").tap()
    first = page.locator("[data-list] tbody tr").first
    free = first.locator("td.headline")
    expect(free).to_have_attribute("data-label", "Free land")
    expect(free).to_contain_text("ha")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_map_beside_the_list_shows_what_the_list_shows(open_page):
    page = open_page("/clusters")
    page.wait_for_function(DRAWN)
    with page.expect_request(re.compile(r"/tiles/.*free_land_ha=10")):
        page.get_by_label("Đất còn trống").select_option("10..")
        page.get_by_role("button", name="Lọc", exact=True).click()
    expect(page.locator(".said")).to_have_text(re.compile("10"))
    rows = page.locator("[data-list] tbody tr")
    listed = {int(row.get_attribute("data-id")) for row in rows.all()}
    page.wait_for_function(DRAWN)
    page.evaluate("() => webmap.page.map.setZoom(webmap.page.map.getZoom())")
    on_map = page.evaluate("""() => {
        const found = new Set();
        for (const layer of webmap.page.layers) layer.eachShown((tile, features) => { if (features) for (let i = 0; i < features.count; i++) found.add(features.id[i]); });
        return [...found];
    }""")
    assert on_map
    assert set(on_map) <= listed


def test_a_row_is_marked_on_the_map(open_page):
    page = open_page("/clusters")
    page.wait_for_function(DRAWN)
    row = page.locator("[data-list] tbody tr").first
    row.hover()
    assert page.evaluate("webmap.page.overlay.selected?.id") == int(row.get_attribute("data-id"))


def test_a_fact_sheet_leads_to_the_map_and_back(open_page):
    page = open_page("/clusters")
    link = page.locator("[data-list] tbody a").first
    name = link.inner_text()
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.wait_for_function(DRAWN)
    page.get_by_role("link", name="Mở trên bản đồ").click()
    expect(page.locator("#object-panel")).to_contain_text(name)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_a_phone_shows_the_map_first_and_a_symbol_leads_to_its_line(open_page):
    phone = open_page("/clusters", PHONE, touch=True)
    phone.wait_for_function(DRAWN)
    map_, row = phone.locator(".small-map").bounding_box(), phone.locator("[data-list] tbody tr").first.bounding_box()
    assert map_["height"] >= 280
    assert map_["y"] + map_["height"] <= PHONE["height"]  # whole on the first screen
    assert map_["y"] < row["y"]
    expect(phone.locator(".showcase-filters")).to_be_hidden()
    phone.locator(".filter-fold summary").tap()
    expect(phone.locator(".showcase-filters")).to_be_visible()

    last = phone.locator("[data-list] tbody tr").nth(3)
    number = int(last.get_attribute("data-id"))
    at = phone.evaluate(PLACE_OF, number)
    phone.touchscreen.tap(*at)

    expect(phone.locator("[data-list] tr.is-marked")).to_have_attribute("data-id", str(number))
    expect(last).to_be_in_viewport()


@pytest.mark.parametrize("viewport", [{"width": 1440, "height": 900}, PHONE], ids=["desk", "phone"])
def test_three_clusters_side_by_side_fit_their_screen(open_page, viewport):
    page = open_page("/clusters?lang=en", viewport)
    for box in page.locator("[data-list] .pick input").all()[:3]:
        box.check()
    page.get_by_role("button", name="Compare").click()

    expect(page.locator(".compare-table thead a")).to_have_count(3)
    expect(page.locator(".compare-table tbody tr").filter(has_text="Nearest seaport")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_no_figure_of_a_fact_sheet_runs_out_of_a_phone(open_page):
    page = open_page("/clusters/CCN-QUANGPHUC?lang=en", PHONE)
    expect(page.locator(".fact-unit").filter(has_text="VND/m²").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    broken = """() => [...document.querySelectorAll('.fact-unit')].filter((unit) => {
        const range = document.createRange();
        range.selectNodeContents(unit);
        return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1;
    }).map((unit) => unit.textContent)"""
    assert page.evaluate(broken) == [], "a unit is broken in two lines"


def test_the_fact_sheet_prints_without_its_buttons(open_page):
    page = open_page("/clusters/CCN-TANLIEN")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="In")).to_be_hidden()
    expect(page.locator(".top-bar")).to_be_hidden()
    expect(page.locator(".key-facts")).to_be_visible()


@pytest.mark.parametrize("viewport", [{"width": 800, "height": 600}, PHONE], ids=["desk", "phone"])
def test_the_page_fits_into_a_frame_of_another_site(open_page, viewport):
    page = open_page("/clusters?embed=1&lang=en", viewport)
    expect(page.locator(".top-bar")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    page.locator("[data-list] tbody a").first.click()
    expect(page.locator(".top-bar")).to_have_count(0)
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_bar_of_the_dashboard_opens_the_map_filtered(open_page, server, accounts):
    page = open_page("/dashboard", account=accounts["planner"])
    bar = page.locator("a.bar-row").first
    count = bar.locator(".bar-number").inner_text()
    bar.click()
    expect(page.locator("#chips .chip").first).to_be_visible()
    expect(page.locator(".layer:not(.is-off) .layer-count").first).to_have_text(count)


def test_on_a_phone_the_map_of_a_cluster_stands_before_its_other_facts(open_page):
    page = open_page("/clusters/CCN-QUANGPHUC?lang=en", PHONE, touch=True)
    expect(page.locator(".small-map")).to_be_visible()
    top = {name: page.locator(name).first.bounding_box()["y"] for name in (".key-facts", ".small-map", ".sheet-facts")}
    assert top[".key-facts"] < top[".small-map"] < top[".sheet-facts"]
