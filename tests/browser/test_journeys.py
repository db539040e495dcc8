"""Journeys in the number of steps they may take: a click or a field each, from the start page."""

import io

from docx import Document
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.conftest import PASSWORD

FREE_LAND = "/?layers=industrial_clusters,admin_units&industrial_clusters.free_land_ha=10..&z=10&lat=20.85&lon=106.65"


class Steps:
    """Counts what somebody does: every click, every field, every key that sends something off."""

    def __init__(self, page: Page) -> None:
        self.page, self.taken = page, 0

    def click(self, locator) -> None:
        self.taken += 1
        locator.click()

    def fill(self, locator, text: str) -> None:
        self.taken += 1
        locator.fill(text)

    def choose(self, locator, label: str) -> None:
        self.taken += 1
        locator.select_option(label)

    def press(self, key: str) -> None:
        self.taken += 1
        self.page.keyboard.press(key)

    def search(self, text: str) -> None:
        """Type, wait for the hits, take the first: two steps."""
        self.fill(self.page.locator("#search-text"), text)
        expect(self.page.locator("#search-hits [role=option]").first).to_be_visible()
        self.press("Enter")


def start_as(open_page, accounts, role, viewport=DESK, **options) -> Page:
    """The start page, signed in."""
    page = open_page("/login", viewport, **options)
    page.fill("[name=username]", accounts[role])
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    expect(page.locator("#panel-summary")).not_to_be_empty()
    return page


def test_a_planner_finds_a_market_its_rebuilding_its_prices_and_its_paper_in_two_steps(open_page, accounts):
    page = start_as(open_page, accounts, "planner")
    steps = Steps(page)
    steps.search("cho dong quoc binh")

    panel = page.locator("#object-panel")
    expect(panel.locator("h2").first).to_have_text("Chợ Đổng Quốc Bình")
    for told in ("Đang xây lại", "Năm dự kiến hoạt động"):
        expect(panel).to_contain_text(told)
    expect(panel.get_by_role("table").filter(has_text="đồng/m²/tháng")).to_be_visible()
    expect(panel.locator("[data-open-act]").first).to_be_visible()
    assert steps.taken <= 2


def test_what_is_found_is_seen_although_its_layer_was_off(open_page):
    page = open_page("/?layers=admin_units")
    Steps(page).search("cho dong quoc binh")
    expect(page.locator("#object-panel h2").first).to_have_text("Chợ Đổng Quốc Bình")
    expect(page.locator("#show-markets")).to_be_checked()


def test_a_planner_sees_what_of_the_grid_is_planned_by_2025_and_what_changes_in_four_steps(open_page, accounts):
    page = start_as(open_page, accounts, "planner")
    steps = Steps(page)
    steps.click(page.locator("[data-map-tool=years]"))
    expect(page.locator(".year-table td").first).to_be_visible()
    steps.fill(page.locator("#year-slider"), "2025")

    changes = page.locator(".year-changes")
    late = page.locator("[data-changes=power_lines] .is-late")
    expect(late).to_contain_text("Đường dây 110 kV Cát Hải – Cát Bà, mạch 2")  # was to be there in 2022
    expect(late).to_contain_text("2022 · Chậm")
    expect(changes).to_contain_text("TBA 110 kV Cát Bà")
    steps.fill(page.locator("#year-slider"), "2030")
    comes = page.locator("[data-changes=power_lines] .is-comes")
    expect(comes.first).to_contain_text("2028 · Quy hoạch đến năm đó")
    steps.click(comes.first.get_by_role("button"))
    expect(page.locator(".feature-popup h3")).to_contain_text("110 kV")
    assert steps.taken <= 4


def test_what_changes_is_named_and_ringed_on_both_maps(open_page):
    page = open_page("/?compare=2026,2030&layers=power_lines,substations")
    listed = page.locator(".compare .year-changes li")
    expect(page.locator("[data-changes=power_lines] li")).to_have_count(3)
    count = listed.count()
    for side in page.locator(".compare-map").all():
        expect(side.locator("path.leaflet-interactive, .leaflet-overlay-pane path")).to_have_count(count)
    page.locator("[data-compare-plan='1']").select_option("QH-MAU-2021")
    expect(page.locator("[data-changes=power_lines] li")).to_have_count(2)


def test_a_planner_takes_everything_inside_the_bach_dang_zone_as_a_workbook_in_four_steps(open_page, accounts):
    page = start_as(open_page, accounts, "planner")
    steps = Steps(page)
    steps.search("khong gian bach dang")
    expect(page.locator("#object-panel h2").first).to_contain_text("không gian Bạch Đằng")
    steps.click(page.get_by_role("button", name="Xung quanh có gì"))
    expect(page.locator(".inside-result h2")).to_be_visible()
    titles = [each.get_attribute("data-inside") for each in page.locator("[data-inside]").all()]
    with page.expect_download() as download:
        steps.click(page.locator(".inside-result a.btn").first)

    book = load_workbook(io.BytesIO(download.value.path().read_bytes()))
    assert len(book.sheetnames) == len(titles) + 1  # a sheet for each layer, and what the file is
    assert steps.taken <= 4


def test_a_planner_prints_clusters_with_free_land_on_a3_in_five_steps(open_page, accounts, server):
    page = start_as(open_page, accounts, "planner")
    title = "Cụm còn trên 10 ha"
    keep_theme(page, server.url + FREE_LAND, title)
    page.goto(server.url)
    expect(page.locator("#panel-summary")).not_to_be_empty()

    steps = Steps(page)
    steps.click(page.locator("[data-map-tool=print]"))
    steps.choose(page.get_by_label("Chủ đề"), title)
    sheet = page.locator(".print-sheet[data-ready]")
    expect(sheet).to_be_visible()
    page.evaluate("() => { window.print = () => { window.printed = true; }; }")
    steps.click(page.locator(".print-view").get_by_role("button", name="In hoặc lưu PDF"))
    page.wait_for_function("() => window.printed")

    assert sheet.evaluate("(sheet) => [sheet.style.width, sheet.style.height]") == ["420mm", "297mm"]
    expect(sheet.locator(".print-scale")).to_contain_text("Tỷ lệ 1:")
    expect(sheet.locator(".print-legend")).to_contain_text("Cụm công nghiệp")
    assert steps.taken <= 5


def keep_theme(page: Page, address: str, title: str) -> None:
    """Keep what an address shows as a theme on A3, as the department does once."""
    page.goto(address)
    expect(page.locator(".chip")).to_have_count(1)
    page.locator("[data-map-tool=print]").click()
    page.locator("[name=paper]").select_option("A3")
    page.locator("[name=title]").fill(title)
    page.locator(".print-dialog [type=submit]").click()
    expect(page.locator(".print-sheet[data-ready]")).to_be_visible()
    page.get_by_role("button", name="Lưu làm chủ đề").click()
    expect(page.locator(".print-status")).to_contain_text("Đã lưu")


def test_an_investor_finds_free_land_in_english_on_a_phone_in_two_steps(open_page):
    page = open_page("/?lang=en", PHONE, touch=True)
    steps = Steps(page)
    steps.click(page.get_by_role("button", name="Pages"))
    steps.click(page.get_by_role("link", name="Industrial clusters"))

    expect(page.locator("h1")).to_have_text("Industrial clusters")
    expect(page.locator(".small-map")).to_be_in_viewport(ratio=1)
    first = page.locator(".list-table tbody tr").first
    expect(first.locator(".headline")).to_contain_text("36.5")  # the largest free land stands first
    expect(first.locator(".headline")).to_have_attribute("data-label", "Free land")
    assert steps.taken <= 2


def test_a_leader_sees_how_far_a_campaign_is_and_takes_its_summary_in_three_steps(open_page, accounts):
    page = start_as(open_page, accounts, "leader")
    steps = Steps(page)
    steps.click(page.get_by_role("link", name="Kiểm tra", exact=True))
    campaign = page.locator("article.campaign").filter(has_text="2810/QĐ-UBND")
    expect(campaign).to_contain_text("7/10")
    expect(campaign).to_contain_text("quá hạn")
    steps.click(campaign.get_by_role("link", name="2810/QĐ-UBND"))
    with page.expect_download() as download:
        steps.click(page.locator('a[href*="/summary.docx"]').first)

    document = Document(io.BytesIO(download.value.path().read_bytes()))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert "2810/QĐ-UBND" in " ".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
    assert steps.taken <= 3
