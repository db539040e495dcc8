"""Following from the panel and the filters, on a desk and on a phone, and what is told then."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.test_accessibility import AXE, SUMMARY


@pytest.fixture
def enter(open_page, accounts):
    """enter(role, path, viewport) -> Page of somebody who has signed in."""

    def enter(role, path="/", viewport=DESK):
        return open_page(path, viewport, account=accounts[role], touch=viewport is PHONE)

    return enter


@pytest.fixture
def market(stored):
    """Id of a market, and whatever a test changed of it is put back."""
    yield stored("SELECT id FROM market WHERE code = 'CHO-DQB'")
    stored("DELETE FROM follow RETURNING id")


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_planner_follows_from_the_panel_and_reads_what_another_changed(enter, stored, market, viewport):
    page = enter("planner", f"/?layers=markets&sel=markets:{market}&details=", viewport)
    if viewport is PHONE:
        page.locator("#object-panel [data-sheet-handle]").press("Enter")
    button = page.locator("#object-panel [data-follow]")
    button.click()
    expect(button).to_have_text(re.compile("Thôi theo dõi"))
    change = stored(
        "WITH c AS (INSERT INTO change_set (kind, layer, user_name) VALUES ('edit', 'markets', 'gis-browser') RETURNING id)"
        " INSERT INTO feature_change (change_set_id, layer, feature_id, code, before, after)"
        " SELECT id, 'markets', :market, 'CHO-DQB', '{\"stall_count\": 1}', '{\"stall_count\": 2}' FROM c RETURNING change_set_id",
        market=market,
    )
    page.goto(page.url.partition("/?")[0] + "/following")
    news = page.locator("article.follow")
    expect(news).to_contain_text("thay đổi: Số điểm kinh doanh, người thực hiện gis-browser")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(SUMMARY) == []
    news.get_by_role("button", name="Đã xem").click()
    expect(page.locator("article.follow")).to_contain_text("Chưa có gì mới.")
    page.get_by_role("button", name="Thôi theo dõi").click()
    expect(page.locator(".empty")).to_contain_text("Bạn chưa theo dõi mục nào")
    stored("DELETE FROM change_set WHERE id = :change RETURNING id", change=change)


def test_a_saved_view_and_the_filters_of_the_moment_are_followed(enter, market):
    page = enter("planner", "/?layers=markets&markets.market_class=3")
    page.click("#tab-filters")
    page.fill("#view-name", "Chợ hạng 3")
    page.click("#view-form [type=submit]")
    button = page.get_by_role("button", name="Theo dõi “Chợ hạng 3”")
    button.click()
    expect(page.get_by_role("button", name="Thôi theo dõi “Chợ hạng 3”")).to_be_visible()
    page.get_by_role("button", name="Theo dõi kết quả bộ lọc này").click()
    expect(page.locator("#notices")).to_contain_text("Chợ hạng 3")
    page.goto(page.url.partition("/?")[0] + "/following")
    expect(page.locator("article.follow")).to_have_count(1)
    expect(page.locator("article.follow h2")).to_have_text("Chợ hạng 3")
