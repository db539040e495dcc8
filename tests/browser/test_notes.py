"""Drawing on the map by hand: drawn, named, undone, kept in the address and in a saved view, seen by a colleague, printed."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.conftest import PASSWORD


def sign_in(page: Page, name: str) -> None:
    page.fill("[name=username]", name)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    expect(page.locator("[data-map-tool=notes]")).to_be_attached()


def spot(page: Page, dx: float, dy: float) -> tuple[float, float]:
    """A place of the screen, from the middle of the map."""
    box = page.locator(".folium-map").bounding_box()
    return box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy


def code_of(page: Page) -> str:
    page.wait_for_function("() => new URLSearchParams(location.search).has('notes')")
    return parse_qs(urlsplit(page.url).query)["notes"][0]


def draw_point(page: Page, note: str, dx: float = -60, dy: float = 40) -> None:
    page.get_by_role("button", name="Điểm", exact=True).click()
    page.mouse.click(*spot(page, dx, dy))
    box = page.locator(".note-list input").last
    expect(box).to_be_focused()
    box.fill(note)
    box.press("Enter")


def test_a_drawing_is_made_undone_kept_shared_and_printed(open_page, server, accounts):
    page = open_page("/login?next=/%3Fz=13%26lat=20.86%26lon=106.68", DESK)
    sign_in(page, accounts["planner"])
    page.locator("[data-map-tool=notes]").click()
    draw_point(page, "Xem lại ranh giới")
    page.get_by_role("radio", name="Xanh dương").check()
    page.get_by_role("button", name="Vùng", exact=True).click()
    for dx, dy in ((-200, -120), (-80, -120), (-80, -20)):
        page.mouse.click(*spot(page, dx, dy))
    page.get_by_role("button", name="Vẽ xong").click()
    page.get_by_role("button", name="Đường", exact=True).click()
    page.mouse.click(*spot(page, -260, 90))
    page.mouse.dblclick(*spot(page, -120, 110))
    expect(page.locator(".note-list li")).to_have_count(3)
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.locator(".note-list li")).to_have_count(2)
    expect(page.locator(".tool-detail[role=status]")).to_contain_text("Đã lưu")
    code = code_of(page)

    colleague = open_page(
        "/login?next=" + page.url.removeprefix(server.url).replace("&", "%26").replace("?", "%3F"), DESK
    )
    sign_in(colleague, accounts["leader"])
    expect(colleague.locator("svg.map-notes text")).to_have_text("Xem lại ranh giới")
    assert colleague.locator("svg.map-notes path").count() == 2
    colleague.locator("[data-map-tool=notes]").click()
    draw_point(colleague, "Ý kiến khác", 60, 60)
    colleague.wait_for_function("(code) => !location.search.includes(code)", arg=code)

    page.reload()
    expect(page.locator("svg.map-notes text")).to_have_text("Xem lại ranh giới")
    page.locator('[data-map-tool="print"]').click()
    page.locator("dialog[open] button[type=submit]").click()
    sheet = page.locator(".print-sheet[data-ready]")
    expect(sheet.locator("svg.map-notes text")).to_have_text("Xem lại ranh giới")
    expect(sheet.locator(".print-facts")).to_contain_text("Nét vẽ tay là ghi chú, không phải dữ liệu")


def test_a_saved_view_brings_the_drawing_back(open_page, server, accounts):
    page = open_page("/login?next=/", DESK)
    sign_in(page, accounts["planner"])
    page.locator("[data-map-tool=notes]").click()
    draw_point(page, "Điểm họp thứ sáu")
    code = code_of(page)
    page.locator("#tab-filters").click()
    page.locator("#view-form [name=name]").fill("Họp thứ sáu")
    page.locator("#view-form [type=submit]").click()
    link = page.locator("#view-list a", has_text="Họp thứ sáu")
    expect(link).to_be_visible()

    page.get_by_role("button", name="Bỏ khỏi bản đồ").click()
    expect(page.locator("svg.map-notes")).to_have_count(0)
    assert "notes=" not in page.url
    page.goto(server.url + link.get_attribute("href"))

    expect(page.locator("svg.map-notes text")).to_have_text("Điểm họp thứ sáu")
    assert code in page.url


def test_the_public_draws_for_the_moment_and_is_told_that_a_link_wants_a_login(open_page):
    page = open_page("/?notes=" + "a" * 22)
    expect(page.locator("#notices")).to_contain_text("bản vẽ dành cho người đã đăng nhập")
    page = open_page("/")
    page.locator("[data-map-tool=notes]").click()
    draw_point(page, "Chỉ để xem")

    expect(page.locator("svg.map-notes text")).to_have_text("Chỉ để xem")
    expect(page.locator(".tool-detail[role=status]")).to_contain_text("đăng nhập để lưu")
    assert "notes=" not in page.url


def test_by_finger_a_phone_draws_a_line_and_takes_its_point_back(open_page, server, accounts):
    page = open_page("/login?next=/%3Fz=13%26lat=20.86%26lon=106.68", PHONE, touch=True)
    sign_in(page, accounts["planner"])
    page.locator("[data-tools-toggle]").tap()
    page.locator("[data-map-tool=notes]").tap()
    page.get_by_role("button", name="Đường", exact=True).tap()
    for dx, dy in ((-120, -40), (-60, 0), (20, -20)):
        page.touchscreen.tap(*spot(page, dx, dy))
    page.get_by_role("button", name="Hoàn tác").tap()
    page.get_by_role("button", name="Vẽ xong").tap()

    expect(page.locator(".note-list li")).to_have_count(1)
    expect(page.locator("svg.map-notes path").first).to_have_attribute(
        "d", re.compile(r"^M-?[\d.]+ -?[\d.]+L-?[\d.]+ -?[\d.]+$")
    )
    code_of(page)
