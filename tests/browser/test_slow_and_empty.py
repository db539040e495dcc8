"""Slow answers and nothing found: awaited, said, with the way out."""

from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.failing import BOTH, Hold, filter_text, notice, open_tool, uncovered


@BOTH
def test_a_slow_answer_shows_that_it_is_awaited_and_arrives(open_page, viewport):
    page = open_page("/", viewport, touch=viewport is PHONE)
    page.locator("#tab-filters").click()
    expect(page.locator("#filter-all-q")).to_be_visible()
    page.clock.install()
    hold = Hold(page)
    sign = page.locator(".working")
    expect(sign).to_be_hidden()
    filter_text(page, "an duong")
    page.clock.run_for(500)
    expect(sign).to_be_visible()
    assert uncovered(sign)
    page.clock.run_for(8000)
    expect(notice(page, "Mạng chậm")).to_be_visible()

    hold.release()
    expect(page.locator(".chip")).to_contain_text("có chứa")
    expect(sign).to_be_hidden()
    expect(page.locator(".notice")).to_have_count(0)
    expect(page.locator('[data-layer="markets"] .layer-count')).not_to_be_empty()


def test_search_popup_and_table_show_that_they_wait(open_page):
    page = open_page("/?layers=markets", PHONE, touch=True)
    hold = Hold(page)
    page.locator("#search-text").fill("dong quoc binh")
    expect(page.locator("#search-hits")).to_contain_text("Đang tìm…")
    hold.release()
    expect(page.locator("#search-hits [role=option]").first).to_contain_text("Đổng Quốc Bình")
    hold.is_on = True
    page.keyboard.press("Enter")
    expect(page.locator(".working")).to_be_visible()
    hold.release()
    expect(page.locator(".feature-popup h3")).to_be_visible()
    page.keyboard.press("Escape")

    hold.is_on = True
    page.locator("#table-toggle").click()
    expect(page.locator("#table-body .skeleton").first).to_be_visible()
    hold.release()
    expect(page.locator("#table-body tbody tr").first).to_be_visible()
    expect(page.locator(".working")).to_be_hidden()


@BOTH
def test_a_filter_that_meets_nothing_says_so_on_map_and_table_with_the_way_out(open_page, viewport):
    page = open_page("/", viewport, touch=viewport is PHONE)
    filter_text(page, "zzzz không có")
    told = notice(page, "Không có đối tượng nào khớp bộ lọc")
    expect(told.get_by_role("button", name="Bỏ lọc")).to_be_visible()
    assert uncovered(told)
    page.locator("#layers-panel").evaluate("(sheet) => { if (sheet.dataset.height) sheet.dataset.height = 'peek'; }")
    page.locator("#table-toggle").click()
    table = page.locator("#table-body")
    expect(table).to_contain_text("Không có đối tượng nào khớp bộ lọc")

    table.get_by_role("button", name="Xóa lọc").click()

    expect(table.locator("tbody tr").first).to_be_visible()
    expect(page.locator(".notice")).to_have_count(0)
    expect(page.locator(".chip")).to_have_count(0)


def test_an_empty_map_section_and_an_empty_search_say_what_else_to_try(open_page):
    page = open_page("/?table=markets&z=16&lat=20.4&lon=107.9")
    expect(page.locator("#table-body tbody tr").first).to_be_visible()
    page.locator("#table-here").check()
    table = page.locator("#table-body")
    expect(table).to_contain_text("Không có đối tượng nào trong khung bản đồ")
    table.get_by_role("button", name="Liệt kê cả lớp").click()
    expect(table.locator("tbody tr").first).to_be_visible()
    expect(page.locator("#table-here")).not_to_be_checked()

    page.locator("#search-text").fill("qwxzjk 99999")
    expect(page.locator("#search-hits")).to_contain_text("Không tìm thấy “qwxzjk 99999”")
    expect(page.locator("#search-hits")).to_contain_text("Hãy thử ít từ hơn")


def test_an_area_without_objects_says_so(open_page):
    page = open_page("/?z=14&lat=20.4&lon=107.9", PHONE, touch=True)
    open_tool(page, "inside")
    page.locator("[data-shape=circle]").click()
    box = page.locator(".folium-map").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.6
    for across in (0, 60):
        page.touchscreen.tap(x + across, y)
    expect(page.locator("#tool-card")).to_contain_text("Không có đối tượng nào trong vùng này")
