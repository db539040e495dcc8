"""The map by finger alone at 390 × 844, and by keyboard alone on a desk: every part in one walk each."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE

TARGET = 43.5  # px: a finger's


def small_targets(page: Page, where: str) -> list[str]:
    """Return the controls of a part that a finger would miss."""
    return page.locator(where).evaluate_all(
        """(controls, least) => controls.filter((control) => control.checkVisibility()).map((control) => [control.outerHTML.slice(0, 90), control.getBoundingClientRect()])
            .filter(([, box]) => box.height && Math.min(box.width, box.height) < least).map(([html, box]) => `${html} ${box.width}×${box.height}`)""",
        TARGET,
    )


def fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_finger_filters_in_the_sheet_and_the_back_button_takes_it_back(phone):
    count = phone.locator('[data-layer="markets"] .layer-count')
    before = count.inner_text()
    phone.locator("#tab-filters").tap()
    sheet = phone.locator("#layers-panel")
    expect(sheet).to_have_attribute("data-height", "half")
    phone.locator('[data-filters="markets"] > summary').tap()
    phone.locator("label[for=filter-markets-status-operating]").tap()
    expect(phone.locator(".chip")).to_have_count(1)
    expect(count).not_to_have_text(before)
    assert small_targets(phone, "#filter-panel .btn, .chips .btn-close, .chip-action") == []

    phone.go_back()
    expect(phone.locator(".chip")).to_have_count(0)
    expect(count).to_have_text(before)

    phone.locator("#tab-layers").tap()
    phone.locator("[data-sheet-handle]").first.tap()
    expect(sheet).to_have_attribute("data-height", "full")
    expect(phone.locator("#show-fuel_sites")).to_be_in_viewport()
    phone.locator("label[for=show-fuel_sites]").tap()
    expect(phone.locator("#show-fuel_sites")).not_to_be_checked()
    phone.locator("[data-sheet-handle]").first.tap()
    expect(sheet).to_have_attribute("data-height", "peek")

    assert fits(phone)


def test_a_finger_searches_opens_an_object_and_a_table_row(phone):
    phone.locator("#search-text").tap()
    phone.keyboard.type("dong quoc binh")
    phone.locator("#search-hits [role=option]").first.tap()
    expect(phone.locator(".feature-popup h3")).to_contain_text("Đổng Quốc Bình")
    phone.locator("[data-open-panel]").tap()
    panel = phone.locator("#object-panel")
    expect(panel.locator("h2")).to_contain_text("Đổng Quốc Bình")
    expect(panel).to_have_attribute("data-height", "half")
    at = phone.evaluate("""() => { const { page } = webmap, box = page.map.getContainer().getBoundingClientRect();
        return page.map.latLngToContainerPoint(page.overlay.selected.latlng).y + box.y; }""")
    assert at < panel.bounding_box()["y"]  # the sheet leaves the object to be seen
    assert (
        small_targets(phone, "#object-panel button:not([data-sheet-handle])") == []
    )  # the handle reaches farther than it shows
    panel.locator("[data-sheet-handle]").tap()
    expect(panel).to_have_attribute("data-height", "full")
    phone.locator("[data-close-object]").tap()
    expect(panel).to_be_hidden()

    phone.locator("#table-toggle").tap()
    phone.locator('[data-table-layer="markets"]').tap()
    row = phone.locator("#table-body tbody .row-button").nth(2)
    name = row.inner_text()
    assert fits(phone)
    expect(phone.locator("#charts-csv")).to_be_hidden()
    row.tap()
    expect(phone.locator("#table-drawer")).to_be_hidden()
    expect(phone.locator(".feature-popup h3")).to_have_text(name)


def test_a_finger_measures_chooses_a_year_and_sees_the_sheet_of_paper(phone):
    def open_tool(name):
        phone.locator("[data-tools-toggle]").tap()
        phone.locator(f"[data-map-tool={name}]").tap()

    card = phone.locator("#tool-card")
    open_tool("measure")
    box = phone.locator(".folium-map").bounding_box()
    for across in (0.3, 0.7):
        phone.touchscreen.tap(box["x"] + box["width"] * across, box["y"] + box["height"] * 0.6)
    card.get_by_role("button", name="Vẽ xong").tap()
    expect(phone.locator("#measured")).to_have_text(re.compile(r"\d.*km"))
    assert small_targets(phone, "#tool-card button") == []
    card.locator(".tool-head button").tap()

    open_tool("years")
    expect(card.locator(".year-table td").first).to_be_visible()
    phone.locator("#year-slider").fill("2030")
    expect(phone).to_have_url(re.compile("year=2030"))
    assert card.bounding_box()["y"] + card.bounding_box()["height"] < 844 - 88
    card.get_by_role("button", name="Bỏ lọc theo năm").tap()
    expect(card).to_be_hidden()
    assert "year=" not in phone.url

    open_tool("print")
    phone.locator(".print-dialog [type=submit]").tap()
    expect(phone.locator(".print-sheet[data-ready]")).to_be_visible()
    sheet = phone.locator(".print-sheet").bounding_box()
    assert sheet["x"] >= 0
    assert sheet["x"] + sheet["width"] <= 390
    assert small_targets(phone, ".print-bar button") == []
    assert phone.locator(".print-bar").evaluate("(bar) => bar.scrollWidth <= innerWidth")
    phone.get_by_role("button", name="Đóng", exact=True).last.tap()
    expect(phone.locator(".print-view")).to_have_count(0)


def test_a_phone_finds_its_place_and_a_refusal_is_told(open_page):
    place = {"latitude": 20.86, "longitude": 106.68}
    page = open_page("/", PHONE, touch=True, geolocation=place, permissions=["geolocation"])
    page.locator("[data-tool=locate]").tap()
    expect(page).to_have_url(re.compile(r"lat=20\.8[56]"))
    page.context.clear_permissions()
    page.locator("[data-tool=locate]").tap()
    expect(page.locator(".notice")).to_be_visible()


def test_a_link_opens_on_a_phone_what_was_seen_on_a_desk(open_page, server, page):
    page.goto(f"{server.url}/?z=13&lat=20.85&lon=106.69&layers=markets&markets.status=operating")
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator('[data-layer="markets"] .layer-count')).not_to_be_empty()
    told = page.locator('[data-layer="markets"] .layer-count').inner_text()
    shared = open_page(page.url.removeprefix(server.url), PHONE, touch=True)
    expect(shared.locator(".chip")).to_have_count(1)
    expect(shared.locator('[data-layer="markets"] .layer-count')).to_have_text(told)
    assert shared.evaluate("webmap.page.map.getZoom()") == 13


def tab_to(page: Page, wanted: str, most: int = 60) -> None:
    """Press Tab until the focus is there; fail when it never comes."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", wanted):
            return
    pytest.fail(f"Tab never reaches {wanted}")


def blur_all(page):
    """Let the keyboard begin at the top of the page again."""
    page.locator("body").focus()
    page.evaluate("document.activeElement.blur()")


def test_the_keyboard_alone_walks_search_legend_filter_table_and_panel(page):
    tab_to(page, "#search-text")
    page.keyboard.type("dong quoc binh")
    expect(page.locator("#search-hits [role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#object-panel h2")).to_contain_text("Đổng Quốc Bình")
    expect(page.locator("#object-panel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#object-panel")).to_be_hidden()

    blur_all(page)
    tab_to(page, "#tab-layers")
    tab_to(page, '[data-layer="markets"] .legend-row', 120)
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(page.locator(".chip")).to_have_count(0)

    page.locator("#tab-layers").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-filters")).to_be_focused()
    expect(page.locator("#filter-all-q")).to_be_visible()
    tab_to(page, "#filter-all-q")
    page.keyboard.type("an duong")
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator(".chip")).to_contain_text("có chứa")

    tab_to(page, "#table-toggle", 120)
    page.keyboard.press("Enter")
    expect(page.locator("#table-body .row-button").first).to_be_visible()
    page.locator('#table-tabs [aria-selected="true"]').focus()
    with page.expect_response(re.compile("/api/layers/markets/features")):
        page.keyboard.press("ArrowRight")
    expect(page.locator('[data-table-layer="markets"]')).to_have_attribute("aria-selected", "true")
    expect(page.locator("#table-body")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#table-body .row-button").first).to_be_visible()
    tab_to(page, ".row-button")
    name = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    expect(page.locator(".feature-popup h3")).to_have_text(name)
    page.locator("[data-open-panel]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#object-panel h2")).to_have_text(name)
    expect(page.locator("#object-panel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#object-panel")).to_be_hidden()
    expect(page.locator(".folium-map")).to_be_focused()
