"""The 110 kV network on the map: colours and arrows, a year and a load, what fails, a storm, two loads side by side."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.test_accessibility import violations

MAP = "/?z=11&lat=20.80&lon=106.90&layers=substations,power_lines"
#: Which of the circuits drawn is circuit 2 Chợ Rộc–Cát Hải.
ON_TOWERS = """async () => (await (await fetch("/grid/map.json?year=2028&scenario=forecast")).json()).features
  .filter(({ geometry }) => geometry.type !== "Point")
  .findIndex(({ properties }) => properties.code === "DZ-110-CHOROC-CATHAI-2")"""
CIRCUIT = "Đường dây 110 kV Chợ Rộc – Cát Hải, mạch 1"


@pytest.fixture
def opened(open_page, server, accounts):
    """The map of a planner, at a window's size."""

    def open_(viewport, query="") -> Page:
        return open_page(MAP + query, viewport, account=accounts["planner"], touch=viewport is PHONE)

    return open_


def open_tool(page: Page, touch: bool):
    if touch:
        page.locator("[data-tools-toggle]").tap()
    page.locator("[data-map-tool=grid]").click()
    expect(page.locator(".grid-node").first).to_be_visible()


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_what_fails_with_a_circuit_is_three_steps_from_the_map(opened, viewport):
    page = opened(viewport)
    open_tool(page, viewport is PHONE)
    page.locator("#grid-scenario").select_option("forecast")
    entry = page.locator(".grid-beyond button", has_text="Chợ Rộc – Cát Hải")
    expect(entry).to_be_visible()
    expect(page.locator(".grid-wire.over").first).to_be_attached()
    expect(page.locator(".grid-arrow").first).to_be_attached()
    entry.click()
    if viewport is PHONE:
        page.locator(".tool-head .icon-button").tap()
    expect(page.locator(".leaflet-popup")).to_contain_text(CIRCUIT)
    page.locator("[data-grid-out]").click()
    expect(page.locator(".grid-panel")).to_contain_text("mất điện: TBA 110 kV Cát Bà, TBA 110 kV Cát Hải")
    expect(page.locator(".grid-node.dead")).to_have_count(2)
    expect(page.locator(".grid-key")).to_contain_text("chỉ để định hướng")


def test_a_drawn_storm_takes_all_in_it_and_the_address_keeps_year_and_load(opened):
    page = opened(DESK, "&grid=forecast&power_lines.year=2028")
    expect(page.locator(".grid-wire").first).to_be_attached()
    expect(page.locator(".grid-key")).to_contain_text("2028 · Dự báo")
    page.locator("[data-map-tool=grid]").click()
    page.locator("[data-grid-storm]").click()
    for place in ((760, 380), (1000, 380), (1000, 600), (760, 600), (760, 380)):
        page.mouse.click(*place, delay=30)
    expect(page.locator(".grid-panel")).to_contain_text("Bão: các phần tử trong vùng")
    expect(page.locator(".grid-storm")).to_be_attached()
    expect(page).to_have_url(re.compile(r"grid=forecast"))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_tower_line_is_chosen_on_the_map_and_axe_finds_nothing_there(opened, language):
    page = opened(DESK, f"&grid=forecast&power_lines.year=2027&lang={language}")
    page.locator("[data-map-tool=grid]").click()
    page.locator(".grid-beyond button", has_text="Chợ Rộc – Cát Hải").click()
    expect(page.locator(".leaflet-popup [data-grid-out]")).to_have_count(
        1
    )  # alone on its towers until circuit 2 is there
    page.locator("#grid-year").fill("2028")
    expect(page.locator(".grid-key")).to_contain_text("2028")
    page.locator(".grid-node[aria-label*='Cát Hải']").first.wait_for()
    circuit = page.locator("path.grid-reach").nth(page.evaluate(ON_TOWERS))
    circuit.dispatch_event("click")
    page.locator("[data-grid-out*='+']").click()
    expect(page.locator(".grid-node.dead")).to_have_count(2)
    assert violations(page) == []


def test_the_network_is_on_the_sheet_and_in_its_picture_with_legend_and_basis(opened):
    page = opened(DESK, "&grid=forecast&power_lines.year=2027")
    expect(page.locator(".grid-wire.over").first).to_be_attached()
    page.locator("[data-map-tool=print]").click()
    page.locator(".print-dialog [type=submit]").click()
    expect(page.locator(".print-sheet[data-ready] .print-network path[stroke='#b2182b']").first).to_be_attached()
    expect(page.locator(".print-legend")).to_contain_text("2027 · Dự báo")
    note = page.locator(".print-facts .grid-key-note")
    expect(note).to_contain_text("Chỉ để định hướng")
    expect(note).to_contain_text(re.compile(r"Tiêu chí quy hoạch N-1.*giả định"))
    with page.expect_download() as saved:
        page.get_by_role("button", name="PNG").click()
    picture = Image.open(io.BytesIO(saved.value.path().read_bytes())).convert("RGB")
    sheet, box = (page.locator(part).bounding_box() for part in (".print-sheet", ".print-map"))
    left, top = (box[side] - sheet[side] for side in ("x", "y"))
    share = picture.width / sheet["width"]
    of_map = tuple(round(part * share) for part in (left, top, left + box["width"], top + box["height"]))
    colours = {colour for _, colour in picture.crop(of_map).getcolors(picture.width * picture.height)}
    assert {(0xB2, 0x18, 0x2B), (0x0B, 0x5C, 0xAD)} <= colours  # an overloaded circuit, an infeed


def test_two_loads_stand_side_by_side(opened):
    page = opened(DESK, "&compare=2027,2027&grids=off_peak&grids=forecast_high")
    expect(page.locator(".compare-map .grid-node").first).to_be_attached()
    expect(page.locator(".compare-network h3")).to_have_text(["2027 · Thấp điểm", "2027 · Dự báo, tăng trưởng cao"])
    over = [side.locator(".grid-wire.over").count() for side in page.locator(".compare-map").all()]
    assert over[0] < over[1]


def test_the_public_has_no_such_tool_and_no_such_sheet(open_page):
    page = open_page(MAP + "&grid=forecast")
    expect(page.locator("[data-map-tool=grid]")).to_have_count(0)
    assert "/grid" not in page.content()
    page.locator("[data-map-tool=print]").click()
    page.locator(".print-dialog [type=submit]").click()
    expect(page.locator(".print-sheet[data-ready]")).to_be_visible()
    expect(page.locator(".print-network, .grid-key-note")).to_have_count(0)
