"""What waits for a reviewer is drawn apart, has a row in the legend that leads to the list, and is counted nowhere."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.editing import find, form_of, open_map

NAME = "Chợ Lương Văn Can"
ROW = ".proposed-row"


@pytest.fixture
def reviewed(stored):
    """Have the markets reviewed, and leave nothing of it."""
    stored("INSERT INTO reviewed_layer (layer, set_by) VALUES ('markets', 'gis-browser') RETURNING layer")
    yield
    stored("DELETE FROM reviewed_layer WHERE layer = 'markets' RETURNING layer")
    stored("DELETE FROM proposal RETURNING id")


@pytest.mark.usefixtures("reviewed")
@pytest.mark.parametrize(("viewport", "touch"), [(DESK, False), (PHONE, True)], ids=["desk", "phone"])
def test_a_proposal_has_its_own_symbol_and_row_until_it_is_decided(open_page, accounts, stored, viewport, touch):
    page = open_map(open_page, accounts, viewport, touch=touch, is_mobile=touch)
    before = stored("SELECT address FROM market WHERE name = :name", name=NAME)
    expect(page.locator(ROW)).to_have_count(0)
    find(page, NAME)
    page.locator("[data-edit-object]").first.click()
    form_of(page).locator("[name=address]").fill("Số 7 đường đề xuất")
    form_of(page).locator("[type=submit]").click()
    expect(page.locator("#notices")).to_contain_text("đang chờ duyệt")
    row = page.locator(ROW)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Đề xuất chờ duyệt")
    expect(row.locator(".number")).to_have_text("1")
    assert stored("SELECT address FROM market WHERE name = :name", name=NAME) == before

    page.goto(page.url.split("?")[0].rstrip("/") + row.get_attribute("href"))
    page.get_by_role("link", name="Chợ").first.click()
    expect(page.locator("main")).to_contain_text("Số 7 đường đề xuất")
    page.get_by_role("button", name="Rút").click()
    page.goto("/".join(page.url.split("/")[:3]))
    expect(page.locator("#layer-list .layer").first).to_be_attached()
    expect(page.locator(ROW)).to_have_count(0)
