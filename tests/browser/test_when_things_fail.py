"""Login ended, server gone, slow network, nothing found: each is told where one looks, with what to do."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from geodata.base.database import new_engine
from tests.browser.conftest import DESK, PHONE
from tests.browser.failing import BOTH, ENDED, GONE, cut, filter_text, mend, notice, open_tool, uncovered
from tests.conftest import PASSWORD


@pytest.fixture
def open_as(open_page, server, accounts):
    """open_as(role, path, viewport) -> the page, signed in."""

    def open_(role, path, viewport) -> Page:
        return open_page(path, viewport, account=accounts[role], touch=viewport is PHONE)

    return open_


@pytest.fixture
def end_logins(served_url, accounts):
    """End every session of a role in the database, as the administrator does who disables an account."""
    engine = new_engine(served_url)
    sql = "DELETE FROM login_session USING account WHERE account.id = account_id AND account.name = :name"

    def end(role):
        with engine.begin() as connection:
            assert connection.execute(text(sql), {"name": accounts[role]}).rowcount

    yield end
    engine.dispose()


@BOTH
def test_an_ended_login_is_told_by_the_map_and_leads_back_to_the_same_place(open_as, end_logins, accounts, viewport):
    page = open_as("planner", "/?layers=substations,markets&markets.status=operating", viewport)
    page.locator("#tab-filters").click()
    expect(page.locator("#filter-all-q")).to_be_visible()
    end_logins("planner")
    filter_text(page, "an duong")

    told = notice(page, ENDED)
    expect(told).to_be_visible()
    assert uncovered(told)
    expect(page.locator('[data-layer="substations"] .layer-count')).to_be_empty()
    drawn = page.evaluate("""() => webmap.page.layers.flatMap((layer) => {
        let count = 0;
        layer.eachShown((tile, features) => { count += features ? features.count : 0; });
        return layer.spec.name === "substations" ? [count] : [];
    })""")
    assert drawn == [0]  # public tiles would be drawn with the planner's symbols

    told.get_by_role("link", name="Đăng nhập").click()
    page.fill("[name=username]", accounts["planner"])
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_count(2)
    expect(page.locator('[data-layer="markets"] .layer-count')).not_to_be_empty()
    expect(page.locator(".notice")).to_have_count(0)


def popup_instead(page):
    """Close the panel of the market that was found, and show its popup."""
    expect(page.locator("#object-panel h2").first).to_contain_text("Đổng Quốc Bình")
    number = page.evaluate("webmap.page.overlay.selected.id")
    page.locator("[data-close-object]").click()
    page.evaluate("(id) => webmap.page.selection.show({ layer: 'markets', id })", number)


@pytest.fixture
def without_views(stored):
    """Have no saved view, whoever saved some before."""
    stored("WITH gone AS (DELETE FROM saved_view RETURNING 1) SELECT count(*) FROM gone")


@BOTH
@pytest.mark.usefixtures("without_views")
def test_table_popup_search_and_views_say_that_the_login_has_ended(open_as, viewport):
    page = open_as("planner", "/", viewport)
    filter_text(page, "")
    expect(page.locator("#view-list .empty")).to_be_visible()
    page.locator("#search-text").fill("dong quoc binh")
    page.keyboard.press("Enter")
    if viewport is not PHONE:  # on a desk the panel opens at once
        popup_instead(page)
    expect(page.locator(".feature-popup h3")).to_be_visible()
    page.context.clear_cookies()

    page.locator("[data-open-panel]").click()
    expect(page.locator("#object-body")).to_contain_text(ENDED)
    expect(page.locator("#object-body").get_by_role("link", name="Đăng nhập")).to_be_visible()
    assert uncovered(notice(page, ENDED))
    page.locator("[data-close-object]").click()

    page.locator("#search-text").fill("cat bi")
    expect(page.locator("#search-hits")).to_contain_text(ENDED)
    page.keyboard.press("Escape")

    page.locator("#view-name").scroll_into_view_if_needed()
    page.locator("#view-name").fill("Chợ ở An Dương")
    page.keyboard.press("Enter")
    expect(page.locator("#view-note")).to_contain_text("Hãy đăng nhập lại")
    expect(page.locator("#view-name")).to_have_value("Chợ ở An Dương")

    page.locator("#layers-panel").evaluate("(sheet) => { if (sheet.dataset.height) sheet.dataset.height = 'peek'; }")
    page.locator("#table-toggle").click()
    expect(page.locator("#table-body")).to_contain_text(ENDED)
    assert uncovered(notice(page, ENDED))


def test_a_report_says_in_its_own_window_that_the_login_has_ended(open_as):
    page = open_as("planner", "/?layers=markets", PHONE)
    open_tool(page, "print")
    page.locator(".print-dialog [type=submit]").click()
    expect(page.locator(".print-sheet[data-ready]")).to_be_attached()
    page.context.clear_cookies()
    page.locator("[data-report-format=docx]").click()

    link = page.locator(".print-status").get_by_role("link", name="Đăng nhập")
    expect(page.locator(".print-status")).to_contain_text(ENDED)
    assert uncovered(link)
    link.click()
    expect(page).to_have_url(re.compile(r"/login\?next=.*markets"))


def test_a_login_on_another_tab_asks_to_load_the_page_again(open_page, server, accounts):
    page = open_page("/?layers=substations")
    other = page.context.new_page()
    other.goto(f"{server.url}/login")
    other.fill("[name=username]", accounts["planner"])
    other.fill("[name=password]", PASSWORD)
    with other.expect_navigation():
        other.keyboard.press("Enter")

    page.locator("#table-toggle").click()
    notice(page, "Tài khoản đăng nhập đã thay đổi").get_by_role("link", name="Tải lại").click()

    expect(page.locator("#table-body tbody tr").first).to_be_visible()
    expect(page.locator(".notice")).to_have_count(0)


@BOTH
def test_a_map_whose_server_is_gone_says_so_once_and_comes_back(open_page, viewport):
    page = open_page("/", viewport, touch=viewport is PHONE)
    page.locator("#tab-filters").click()
    expect(page.locator("#filter-all-q")).to_be_visible()
    cut(page)
    filter_text(page, "an duong")
    told = notice(page, GONE)
    expect(told).to_be_visible()
    expect(page.locator(".notice")).to_have_count(1)
    assert uncovered(told)
    expect(page.locator(".chip")).to_contain_text("an duong")
    told.get_by_role("button", name="Thử lại").click()
    expect(told).to_be_visible()

    mend(page)  # it asks again by itself

    expect(page.locator(".notice")).to_have_count(0)
    expect(page.locator(".chip")).to_contain_text("có chứa")
    expect(page.locator('[data-layer="markets"] .layer-count')).not_to_be_empty()
    page.wait_for_function("() => webmap.page.layers.every((layer) => layer.failures === 0)")


@BOTH
def test_every_part_of_the_page_says_what_it_misses_and_tries_again(open_page, viewport):
    page = open_page("/", viewport, touch=viewport is PHONE)
    cut(page)
    page.locator("#search-text").fill("dong quoc binh")
    expect(page.locator("#search-hits")).to_contain_text("Hãy kiểm tra kết nối rồi nhấn Enter")
    mend(page)
    page.keyboard.press("Enter")
    if viewport is not PHONE:  # on a desk the panel opens at once
        popup_instead(page)
    expect(page.locator(".feature-popup h3")).to_contain_text("Đổng Quốc Bình")

    cut(page)
    page.locator("[data-open-panel]").click()
    panel = page.locator("#object-body")
    expect(panel).to_contain_text("Chưa tải được đối tượng này")
    mend(page)
    panel.get_by_role("button", name="Thử lại").click()
    expect(panel.locator("h2")).to_contain_text("Đổng Quốc Bình")
    page.locator("[data-close-object]").click()

    cut(page)
    page.locator("#table-toggle").click()
    table = page.locator("#table-body")
    expect(table).to_contain_text("Chưa tải được bảng")
    mend(page)
    table.get_by_role("button", name="Thử lại").click()
    expect(table.locator("tbody tr").first).to_be_visible()
    page.locator("#table-close").click()

    cut(page)
    open_tool(page, "years")
    card = page.locator("#tool-card")
    expect(card).to_contain_text("Chưa tải được số liệu")
    mend(page)
    card.get_by_role("button", name="Thử lại").click()
    expect(card.locator("td").first).to_be_visible()
    cut(page)
    card.get_by_role("button", name="So sánh hai năm").click()
    comparison = page.locator(".compare")
    expect(comparison).to_contain_text("Chưa tải được số liệu")
    mend(page)
    comparison.get_by_role("button", name="Thử lại").click()
    expect(comparison.locator("[data-compared]").first).to_be_visible()


def test_filters_and_their_areas_say_what_they_miss_and_try_again(open_page):
    page = open_page("/")
    cut(page)
    page.locator("#tab-filters").click()
    panel = page.locator("#filter-panel")
    expect(panel).to_contain_text("Chưa tải được bộ lọc")
    mend(page)
    panel.get_by_role("button", name="Thử lại").click()
    expect(page.locator("#filter-all-q")).to_be_visible()
    cut(page)
    page.locator("#filter-all-unit").fill("gia vien")
    expect(page.locator("#areas-unit")).to_contain_text("Hãy kiểm tra kết nối")
    mend(page)


@pytest.mark.usefixtures("without_views")
def test_an_area_a_view_and_a_report_without_a_server_lose_nothing(open_as):
    page = open_as("planner", "/?layers=markets", DESK)
    open_tool(page, "inside")
    page.locator("[data-shape=circle]").click()
    box = page.locator(".folium-map").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.6
    cut(page)
    for across in (0, 60):
        page.mouse.click(x + across, y)
    expect(page.locator("#tool-card")).to_contain_text("Máy chủ không trả lời")
    mend(page)
    page.locator("#tool-card .tool-head button").click()

    page.locator("#tab-filters").click()
    expect(page.locator("#filter-all-q")).to_be_visible()
    cut(page)
    page.locator("#view-name").fill("Cần giữ lại")
    page.keyboard.press("Enter")
    expect(page.locator("#view-note")).to_contain_text("kiểm tra kết nối")
    expect(page.locator("#view-name")).to_have_value("Cần giữ lại")
    mend(page)
    page.locator("#view-name").press("Enter")
    expect(page.locator("#view-list a")).to_have_text("Cần giữ lại")
    page.locator("#view-list .btn-close").click()
    expect(page.locator("#view-list a")).to_have_count(0)

    page.locator("#layers-panel").evaluate("(sheet) => { if (sheet.dataset.height) sheet.dataset.height = 'peek'; }")
    open_tool(page, "print")
    page.locator(".print-dialog [type=submit]").click()
    expect(page.locator(".print-sheet[data-ready]")).to_be_attached()
    cut(page)
    page.locator("[data-report-format=docx]").click()
    status = page.locator(".print-status")
    expect(status).to_contain_text("Chưa lập được báo cáo")
    mend(page)
    with page.expect_download() as download:
        status.get_by_role("button", name="Thử lại").click()
    assert download.value.suggested_filename.endswith(".docx")


def test_a_sheet_with_holes_says_which_and_is_drawn_again(open_page):
    page = open_page("/?layers=markets,substations")
    page.context.route("**/tiles/*markets*/**", lambda route: route.abort())
    open_tool(page, "print")
    page.locator(".print-dialog [type=submit]").click()
    status = page.locator(".print-status")
    expect(status).to_contain_text("“Chợ”")
    page.context.unroute("**/tiles/*markets*/**")
    status.get_by_role("button", name="Thử lại").click()
    expect(page.locator(".print-sheet[data-ready]")).to_be_attached()
    expect(status).to_be_empty()
    expect(page.locator(".print-sheet")).to_have_count(1)
