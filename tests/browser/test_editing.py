"""Editing on the map: a form with its problems at their fields, saved and taken back; a point added by a click."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.editing import find, open_map

NAME = "Chợ Lương Văn Can"
LAYER = "markets"


@pytest.mark.parametrize(("viewport", "touch"), [(DESK, False), (PHONE, True)], ids=["desk", "phone"])
def test_a_value_is_refused_at_its_field_saved_shown_and_taken_back(open_page, accounts, stored, viewport, touch):
    page = open_map(open_page, accounts, viewport, touch=touch, is_mobile=touch)
    address = stored("SELECT address FROM market WHERE name = :name", name=NAME)
    find(page, NAME)
    page.locator("[data-edit-object]").first.click()
    form = page.locator("form.edit-form")
    form.locator("[name=valid_from]").fill("31/02/2026")
    form.locator("[name=address]").fill("Số 5 đường thử")
    form.locator("[type=submit]").click()
    expect(form.locator("[data-problem-for=valid_from] .edit-problem")).to_be_visible()
    expect(form.locator(".edit-messages")).to_contain_text("Chưa lưu")
    expect(form.locator("[name=address]")).to_have_value("Số 5 đường thử")

    form.locator("[name=valid_from]").fill("")
    form.locator("[type=submit]").click()
    expect(page.locator("#notices")).to_contain_text("Đã lưu")
    expect(page.locator("#object-panel")).to_contain_text("Số 5 đường thử")
    newest = "SELECT kind FROM change_set ORDER BY id DESC LIMIT 1"
    assert stored(newest) == "edit"

    page.locator("#notices").get_by_role("button", name="Hoàn tác").click()
    expect(page.locator("#object-panel")).not_to_contain_text("Số 5 đường thử")
    assert stored("SELECT address FROM market WHERE name = :name", name=NAME) == address


def test_a_point_is_added_by_a_click_moved_and_taken_back(open_page, accounts, stored):
    page = open_map(open_page, accounts, DESK)
    page.locator(f"[data-add-object={LAYER}]").click()
    form = page.locator("form.edit-form")
    expect(page.locator(".edit-bar")).to_contain_text("Bấm")
    box = page.locator(".leaflet-container").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(x, y)
    pin = page.locator(".edit-pin").last
    expect(pin).to_be_visible()
    expect(page.locator(".edit-bar")).to_contain_text("Kéo điểm")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 20, steps=4)
    page.mouse.up()
    page.locator(".edit-bar").get_by_role("button", name="Hoàn thành", exact=True).click()
    form.locator("[name=name]").fill("Chợ thử nghiệm")
    form.locator("[name=code]").fill("THU-1")
    form.locator("[type=submit]").click()
    expect(page.locator("#object-panel")).to_contain_text("Chợ thử nghiệm")
    count = "SELECT count(*) FROM market WHERE code = 'THU-1'"
    assert stored(count) == 1
    page.locator("#notices").get_by_role("button", name="Hoàn tác").click()
    expect(page.locator("#notices")).to_contain_text("Đã hoàn tác")
    assert stored(count) == 0


def test_an_address_leads_to_the_form_of_what_it_names(open_page, accounts, stored):
    number = stored("SELECT id FROM market WHERE name = :name", name=NAME)
    page = open_map(open_page, accounts, DESK, path=f"/?layers={LAYER}&sel={LAYER}:{number}&details=&edit=")
    expect(page.locator("form.edit-form [name=name]")).to_have_value(NAME)


def test_who_may_not_write_is_offered_no_editing(open_page):
    page = open_page("/", DESK)
    find(page, NAME)
    expect(page.locator("#object-panel h2")).to_contain_text(NAME)
    expect(page.locator("[data-edit-object], [data-add-object]")).to_have_count(0)
