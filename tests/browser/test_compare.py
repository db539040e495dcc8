"""Two years side by side: two maps that move as one, and the numbers that change."""

import json
import re
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from geodata.base.crs import HAI_PHONG
from tests.browser.conftest import DESK, PHONE
from tests.browser.test_accessibility import AXE, SUMMARY


def open_comparison(page: Page, touch=False):
    if touch:
        page.locator("[data-tools-toggle]").tap()
    page.locator("[data-map-tool=compare]").click()
    expect(page.locator(".compare-numbers [data-compared]").first).to_be_visible()


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_two_years_stand_side_by_side_with_the_numbers_that_change(open_page, server, viewport):
    page = open_page("/", viewport, touch=viewport is PHONE)
    open_comparison(page, touch=viewport is PHONE)
    page.locator('[data-compare-year="0"]').fill("2012")
    page.keyboard.press("Enter")
    page.locator('[data-compare-year="1"]').fill("2030")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(r"compare=2012,2030"))
    with urllib.request.urlopen(f"{server.url}/api/years?years=2012,2030") as answer:
        answered = json.load(answer)
    for layer in answered["layers"]:
        before, after = (sum(year[state["name"]] for state in answered["states"]) for year in layer["years"])
        cells = page.locator(f'[data-compared="{layer["name"]}"] td')
        expect(cells.nth(0)).to_have_text(str(before))
        expect(cells.nth(1)).to_have_text(str(after))
    boxes = [side.bounding_box() for side in page.locator(".compare-map").all()]
    first, second = (box["x"] if viewport is DESK else box["y"] for box in boxes)
    assert first < second
    assert all(box["height"] > 120 and box["width"] > 300 for box in boxes)


@pytest.mark.parametrize("address", ["/", "/?compare=2020,2030"])
def test_both_years_show_the_whole_city_where_the_map_shows_it(open_page, address):
    page = open_page(address, PHONE, touch=True)
    if address == "/":
        open_comparison(page, touch=True)
    expect(page.locator(".compare-numbers [data-compared]").first).to_be_visible()
    west, south, east, north = HAI_PHONG.opening
    page.locator(".compare-map").first.focus()
    page.keyboard.press("+")
    expect(page).to_have_url(re.compile(r"lat="))
    place = {name: float(value) for name, value in re.findall(r"(lat|lon)=([\d.]+)", page.url)}
    assert place["lat"] == pytest.approx((south + north) / 2, abs=0.02)
    assert place["lon"] == pytest.approx((west + east) / 2, abs=0.02)


def test_both_maps_move_as_one_and_the_address_keeps_them(page, open_page, server):
    open_comparison(page)
    left, right = (page.locator(".compare-map").nth(side).bounding_box() for side in (0, 1))
    middle = (right["x"] + right["width"] / 2, right["y"] + right["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - 90, middle[1] - 40, steps=5)
    page.mouse.up()

    panes = page.locator(".compare-map .leaflet-map-pane")
    expect(panes).to_have_count(2)
    moves = [pane.evaluate("(pane) => new DOMMatrix(getComputedStyle(pane).transform).e") for pane in panes.all()]
    assert moves[0] == pytest.approx(moves[1], abs=1)
    assert moves[0] != 0
    expect(page).to_have_url(re.compile(r"lat="))
    again = open_page(page.url.removeprefix(server.url))
    expect(again.locator(".compare-numbers [data-compared]").first).to_be_visible()
    assert left["width"] == pytest.approx(right["width"], abs=4)


def test_the_comparison_closes_by_keyboard_and_by_going_back(page):
    open_comparison(page)
    expect(page.locator('[data-compare-year="0"]')).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".compare")).to_have_count(0)
    expect(page.locator("[data-map-tool=compare]")).to_be_focused()
    assert "compare=" not in page.url

    page.go_back()
    expect(page.locator(".compare")).to_be_visible()
    page.go_back()
    expect(page.locator(".compare")).to_have_count(0)


def test_the_comparison_prints_on_one_sheet_with_its_table(page):
    open_comparison(page)
    page.evaluate("() => { window.print = () => { window.printed = true; }; }")
    page.locator("[data-compare-print]").click()
    page.wait_for_function("() => window.printed")

    pdf = page.pdf(format="A4", landscape=True, print_background=True)

    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 2
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    expect(page.locator(".compare.is-printed")).to_have_count(0)


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("path", ["/?compare=2015,2030", "/?act=1", "/documents/1"])
def test_axe_finds_nothing_in_the_comparison_and_on_a_document(open_page, path, viewport):
    page = open_page(path, viewport, bypass_csp=True)
    page.locator(".year-numbers, .act-panel").first.wait_for()
    page.evaluate(AXE.read_text(encoding="utf-8"))

    assert page.evaluate(SUMMARY) == []
