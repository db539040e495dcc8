"""A campaign's sites chosen on the map: on a phone, by an area, and with the keyboard alone; undo."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from geodata.base.database import new_engine
from tests.browser.conftest import DESK, PHONE

SITE = "CHXD mẫu 010"


@pytest.fixture
def campaign(served_url, accounts, request):
    """Give a campaign of its own, without sites, made by the inspector."""
    engine = new_engine(served_url)
    sql = "INSERT INTO inspection_campaign (number, title, field, made_by) VALUES (:number, 'Thử', 'petrol', :by) RETURNING id"
    with engine.begin() as connection:
        values = {"number": request.node.name[:90], "by": accounts["inspector"]}
        number = connection.execute(text(sql), values).scalar()
    yield number
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM inspection_campaign WHERE id = :id"), {"id": number})
    engine.dispose()


def open_map(open_page, accounts, campaign, viewport, **options) -> Page:
    page = open_page(f"/inspections/campaigns/{campaign}", viewport, account=accounts["inspector"], **options)
    page.get_by_role("link", name="Chọn trên bản đồ").first.click()
    expect(page.locator("#plan-count")).to_have_text("0")
    return page


def find(page: Page, name: str) -> None:
    page.fill("#search-text", name)
    expect(page.locator("#search-hits")).to_contain_text(name)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def test_on_a_phone_one_site_then_all_in_an_area_and_undo(open_page, accounts, campaign):
    page = open_map(open_page, accounts, campaign, PHONE, touch=True, is_mobile=True)
    find(page, SITE)
    page.get_by_role("button", name="Thêm vào kế hoạch").tap()
    expect(page.locator("#plan-count")).to_have_text("1")
    expect(page.locator("#plan-status")).to_contain_text(f"Đã thêm {SITE}.")
    expect(page.locator("[data-plan-site]")).to_have_text("Bỏ khỏi kế hoạch")
    page.locator("#plan-undo").tap()
    expect(page.locator("#plan-count")).to_have_text("0")

    page.locator("[data-tools-toggle]").tap()
    page.locator("[data-map-tool=inside]").tap()
    page.locator("[data-shape=rectangle]").tap()
    box = page.locator(".folium-map").bounding_box()
    for across, down in ((0.1, 0.51), (0.7, 0.65)):
        page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
    page.locator("#plan-area").tap()
    expect(page.locator("#tool-card")).to_contain_text("Đã thêm")
    expect(page.locator("#plan-count")).not_to_have_text("0")
    page.locator("[data-close-object]").tap()
    page.get_by_role("link", name="Xong").tap()
    expect(page.locator("main")).to_contain_text(SITE)


def test_with_the_keyboard_alone(open_page, accounts, campaign):
    page = open_map(open_page, accounts, campaign, DESK)
    page.locator("#search-text").focus()
    page.keyboard.type(SITE)
    expect(page.locator("#search-hits")).to_contain_text(SITE)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    add = page.locator("[data-plan-site]")
    add.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#plan-count")).to_have_text("1")
    page.locator("#plan-list-toggle").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name=f"Bỏ khỏi kế hoạch: {SITE}").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#plan-count")).to_have_text("0")
    expect(page.locator("#plan-list-toggle")).to_be_focused()
    page.locator("#plan-undo").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#plan-count")).to_have_text("1")
    page.reload()
    expect(page.locator("#plan-count")).to_have_text("1")


def test_what_the_filter_keeps_is_added_at_once(open_page, accounts, campaign):
    page = open_map(open_page, accounts, campaign, DESK)
    page.goto(page.url.split("?")[0] + f"?plan={campaign}&fuel_sites.certificate_state=never_issued")
    button = page.get_by_role("button", name="Thêm 10 cơ sở đang lọc")
    button.click()
    expect(page.locator("#plan-count")).to_have_text("10")
    expect(page.locator("#plan-status")).to_contain_text("Trùng với 2810/QĐ-UBND")
