"""The table of indicators in a browser: typed and pasted like a spreadsheet, nothing lost, one change a save."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.conftest import PASSWORD

YEAR = 2031  # of which nobody else has figures
PASTE = """(cell, text) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def table(open_page, accounts, stored):
    """table(viewport) -> the signed-in planner's table of an empty year."""

    def open_(viewport=DESK) -> Page:
        address = f"/indicators/grid?year={YEAR}"
        page = open_page(address, viewport, account=accounts["planner"], touch=viewport is PHONE)
        expect(cell(page, "retail", 1)).to_be_attached()
        return page

    yield open_
    stored(
        "WITH gone AS (DELETE FROM indicator_value WHERE period >= '2031-01-01' RETURNING 1) SELECT count(*) FROM gone"
    )


def sign_in(page: Page, name: str) -> None:
    page.fill("[name=username]", name)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")


def cell(page: Page, code: str, month: int, figure: str = "value"):
    return page.locator(f'[data-key="{code}|{YEAR}-{month:02}|actual||{figure}"]')


def test_arrows_enter_and_escape_move_and_ctrl_z_takes_back(table):
    page = table()
    cell(page, "retail", 1).focus()
    page.keyboard.type("12.241")
    page.keyboard.press("Enter")
    expect(cell(page, "retail", 1, "month_change_percent")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    expect(cell(page, "retail", 2)).to_be_focused()
    page.keyboard.type("99")
    page.keyboard.press("Escape")
    expect(cell(page, "retail", 2)).to_have_value("")
    page.keyboard.type("11.159")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#figure-count")).to_contain_text("2 ô")
    page.keyboard.press("Control+z")
    expect(cell(page, "retail", 2)).to_have_value("")
    expect(cell(page, "retail", 1)).to_have_value("12.241")
    page.keyboard.press("Control+y")
    expect(cell(page, "retail", 2)).to_have_value("11.159")


def test_a_block_of_excel_is_pasted_and_saved_as_one_change(table, stored):
    page = table()
    cell(page, "retail", 1).evaluate(PASTE, "12,241.5\t11,159\n\t-8.84\n")
    expect(cell(page, "retail", 1)).to_have_value("12.241,5")
    expect(cell(page, "retail", 2, "month_change_percent")).to_have_value("-8,84")
    expect(page.locator("#figure-said")).to_contain_text("đã đổi dấu phẩy và dấu chấm")
    page.locator("#source").fill("Báo cáo tháng 2/2031")
    before = stored("SELECT count(*) FROM change_set WHERE layer = 'indicators'")
    page.keyboard.press("Control+s")
    expect(page.locator(".alert-success")).to_be_visible()
    assert stored("SELECT count(*) FROM change_set WHERE layer = 'indicators'") == before + 1
    assert stored(f"SELECT source FROM indicator_value WHERE period = '{YEAR}-02-01'") == "Báo cáo tháng 2/2031"
    expect(cell(page, "retail", 1)).to_have_value("12.241,5")
    expect(page.locator("#figure-count")).to_be_empty()


def test_what_is_wrong_is_said_at_its_cell_and_what_does_not_fit_before_it_is_stored(table, stored):
    page = table()
    first = cell(page, "retail", 1)
    first.fill("mười hai")
    first.press("Tab")
    expect(first.locator("xpath=..")).to_contain_text("Không phải số")
    first.fill("12.241")
    cell(page, "retail", 1, "cumulative").fill("12.250")
    page.locator("#figure-save").click()
    expect(cell(page, "retail", 1, "cumulative").locator("xpath=..")).to_contain_text(
        "Tháng 1, lũy kế bằng giá trị trong tháng"
    )
    expect(page.locator("#figure-save")).to_have_text("Vẫn lưu như đã nhập")
    page.locator("#figure-save").click()
    expect(page.locator(".alert-success")).to_be_visible()
    expect(page.locator("td.differs")).to_have_count(1)


def test_a_lost_session_and_a_closed_page_lose_nothing(table, accounts):
    page = table()
    cell(page, "retail", 3).fill("13.000")
    cell(page, "retail", 3).press("Enter")
    page.context.clear_cookies()
    page.locator("#figure-save").click()
    link = page.locator("#figure-said a")
    expect(link).to_be_visible()
    link.click()
    sign_in(page, accounts["planner"])
    expect(cell(page, "retail", 3)).to_have_value("13.000")
    expect(page.locator("#figure-said")).to_contain_text("bản nháp")
    page.locator("#figure-save").click()
    expect(page.locator(".alert-success")).to_be_visible()


def test_what_a_colleague_stored_meanwhile_is_shown_at_the_cell(table, stored):
    page = table()
    stored(
        f"INSERT INTO indicator_value (indicator_id, period, value) SELECT id, '{YEAR}-04-01', 14000 FROM indicator "
        "WHERE code = 'retail' RETURNING id"
    )
    cell(page, "retail", 4).fill("14.500")
    page.locator("#figure-save").click()
    expect(cell(page, "retail", 4).locator("xpath=..")).to_contain_text("đã có người lưu 14.000")
    page.locator("#figure-save").click()
    expect(page.locator(".alert-success")).to_be_visible()
    assert stored(f"SELECT value FROM indicator_value WHERE period = '{YEAR}-04-01'") == 14500


def test_a_phone_shows_a_month_and_turns_it(table):
    page = table(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(cell(page, "retail", 1)).to_be_visible()
    expect(cell(page, "retail", 2)).to_be_hidden()
    page.locator("#month-after").tap()
    expect(page.locator("#month-shown")).to_have_text(re.compile("Tháng 2"))
    expect(cell(page, "retail", 2)).to_be_visible()
    assert cell(page, "retail", 2).bounding_box()["height"] >= 43.5
    cell(page, "retail", 2).fill("11.159")
    page.locator("#figure-save").tap()
    expect(page.locator(".alert-success")).to_be_visible()
