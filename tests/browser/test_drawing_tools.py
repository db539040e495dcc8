"""Shapes are split and merged, places come from the menu and the device, rows from a spreadsheet."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.editing import NOTICES, form_of, open_map

SPLIT = "SELECT count(*) FROM industrial_cluster WHERE code IN ('PHAN-2', :code)"


def save(page: Page) -> None:
    form_of(page).locator("[type=submit]").click()
    expect(page.locator(NOTICES)).to_contain_text("Đã lưu")


def test_an_outline_is_split_and_the_second_part_is_asked_for_its_code(open_page, accounts, stored):
    row = "SELECT id || ' ' || code FROM industrial_cluster WHERE ST_NumGeometries(geom) = 1 ORDER BY id DESC LIMIT 1"
    number, code = stored(row).split(" ", 1)
    path = f"/?layers=industrial_clusters&sel=industrial_clusters:{number}&details=&edit="
    page = open_map(open_page, accounts, DESK, path=path)
    area = "SELECT sum(ST_Area(geom)) FROM industrial_cluster WHERE code IN ('PHAN-2', :code)"
    before = stored(area, code=code)
    page.locator("[data-draw]").click()
    expect(page.locator(".marker-icon").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.locator(".edit-tool-menu summary").click()
    page.get_by_role("button", name="Tách").click()
    middle = page.locator(".leaflet-interactive[stroke='#0b4f8a']").first.bounding_box()
    x = middle["x"] + middle["width"] / 2
    for y in (middle["y"] - 30, middle["y"] + middle["height"] + 30):
        page.mouse.move(x, y, steps=3)
        page.mouse.click(x, y)
    page.get_by_role("button", name="Hoàn thành", exact=True).click()
    form = form_of(page)
    form.get_by_label("Mã phần 2").fill("PHAN-2")
    page.get_by_role("button", name="Hoàn thành", exact=True).click()
    save(page)
    assert stored(SPLIT, code=code) == 2
    assert stored(area, code=code) == pytest.approx(before, rel=1e-9)
    page.locator(NOTICES).get_by_role("button", name="Hoàn tác").click()
    expect(page.locator(NOTICES)).to_contain_text("Đã hoàn tác")
    assert stored(SPLIT, code=code) == 1


def test_the_menu_of_a_place_adds_there_and_the_device_tells_where_one_stands(open_page, accounts):
    here = {"latitude": 20.8601, "longitude": 106.6802, "accuracy": 7}
    page = open_map(open_page, accounts, DESK, geolocation=here, permissions=["geolocation"])
    page.locator(".leaflet-container").click(button="right", position={"x": 300, "y": 300})
    page.locator(".place-menu").get_by_role("button", name="Thêm tại đây: Chợ").click()
    form = form_of(page)
    expect(page.locator(".edit-pin")).to_have_count(1)
    form.locator("[data-here]").click()
    expect(form.locator("[name=location_accuracy]")).to_have_value("gps")
    expect(form.locator("[name=source]")).to_have_value("GPS, ± 7 m")
    expect(form.locator(".edit-size")).to_contain_text("20,86010")


@pytest.mark.parametrize(("viewport", "touch"), [(DESK, False), (PHONE, True)], ids=["desk", "phone"])
def test_rows_are_pasted_from_a_spreadsheet(open_page, accounts, stored, viewport, touch):
    number = stored("SELECT id FROM substation ORDER BY id DESC LIMIT 1")
    path = f"/?layers=substations&sel=substations:{number}&details=&edit="
    page = open_map(open_page, accounts, viewport, path=path, touch=touch, is_mobile=touch)
    mark = "P" if touch else "D"
    table = form_of(page).locator("[data-detail=transformers]")
    table.locator("[data-paste-rows]").click()
    table.locator(".edit-paste textarea").fill(f"{mark}8\t63\t110/22\n{mark}9\t40,5\n")
    table.locator("[data-take-rows]").click()
    expect(table.locator(".edit-row.is-new")).to_have_count(2)
    save(page)
    rated = "SELECT sum(rated_mva) FROM transformer WHERE feature_id = :id AND name IN (:one, :two)"
    assert float(stored(rated, id=number, one=f"{mark}8", two=f"{mark}9")) == 103.5
