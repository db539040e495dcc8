"""Map themes: kept once, then printed in three steps by whoever opens them (journey 4 of the planners)."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE

SHOWN = "layers=industrial_clusters,admin_units&industrial_clusters.free_land_ha=10.."
TITLE = "Cụm công nghiệp còn trên 10 ha"


def sheet_of(page):
    expect(page.locator(".print-sheet[data-ready]")).to_be_visible()
    return page.locator(".print-sheet")


def test_a_theme_is_printed_in_three_steps(open_page, server, accounts):
    page = open_page(f"/?z=10&lat=20.85&lon=106.65&{SHOWN}", DESK, account=accounts["leader"])
    expect(page.locator(".chip")).to_have_count(1)
    page.locator("[data-map-tool=print]").click()
    page.locator("[name=paper]").select_option("A3")
    page.locator("[name=scale]").fill("1:250.000")
    page.locator("[name=title]").fill(TITLE)
    page.locator(".print-dialog [type=submit]").click()
    sheet_of(page)
    page.get_by_role("button", name="Lưu làm chủ đề").click()
    expect(page.locator(".print-status")).to_contain_text("Đã lưu")

    page.goto(server.url)  # another day, another view
    expect(page.locator("#panel-summary")).not_to_be_empty()
    steps = [
        lambda: page.locator("[data-map-tool=print]").click(),
        lambda: page.get_by_label("Chủ đề").select_option(TITLE),
    ]
    for step in steps:
        step()
    sheet = sheet_of(page)  # the third is the button “Print”

    expect(sheet.locator("h1")).to_have_text(TITLE)
    assert sheet.evaluate("(sheet) => [sheet.style.width, sheet.style.height]") == ["420mm", "297mm"]
    expect(sheet.locator(".print-scale")).to_have_text("Tỷ lệ 1:250.000")
    expect(sheet.locator(".print-facts")).to_contain_text("Cụm công nghiệp: ")
    assert sheet.locator(".print-legend h3").all_inner_texts() == ["Cụm công nghiệp", "Đơn vị hành chính"]

    page.get_by_role("button", name="Xoay tờ").click()
    expect(page.locator(".print-sheet.is-portrait[data-ready]")).to_be_visible()


def test_an_address_with_a_sheet_opens_as_that_sheet(open_page):
    page = open_page(
        f"/?z=10&lat=20.85&lon=106.65&{SHOWN}&sheet=A4,portrait,300000,degrees&title=T%E1%BB%9D+m%E1%BB%99t"
    )
    sheet = sheet_of(page)

    expect(sheet.locator("h1")).to_have_text("Tờ một")
    expect(sheet.locator(".print-scale")).to_have_text("Tỷ lệ 1:300.000")
    assert sheet.locator(".print-grid text").filter(has_text=re.compile("°")).count() > 2
    page.locator(".print-bar").get_by_role("button", name="Đóng").click()
    page.locator("[data-tool=home]").click()
    expect(page).not_to_have_url(re.compile("sheet="))


def test_a_sheet_that_cannot_be_is_not_opened(open_page):
    page = open_page("/?sheet=A0,landscape,1,none")
    expect(page.locator("#panel-summary")).not_to_be_empty()
    expect(page.locator(".print-view")).to_have_count(0)


EVERYTHING = "layers=industrial_clusters,planning_zones,power_lines,substations,markets,fuel_sites,admin_units"
OVER_ONE_ANOTHER = """(sheet) => {
    const boxes = (selector) => [...sheet.querySelectorAll(selector)].map((one) => one.getBoundingClientRect());
    const over = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    const numbers = boxes('.print-grid text'), all = [...numbers, ...boxes('.print-names text')];
    return all.filter((one) => numbers.some((number) => number !== one && over(one, number))).length;
}"""


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize(
    ("sheet", "least_pt"),
    [("A4,landscape,250000", 5), ("A4,portrait,100000", 5.5), ("A3,landscape,200000", 6.5), ("A3,portrait,250000", 6)],
)
def test_a_long_legend_stays_readable_and_whole_and_names_leave_the_marks_free(open_page, viewport, sheet, least_pt):
    page = open_page(f"/?{EVERYTHING}&z=10&lat=20.85&lon=106.65&sheet={sheet},vn2000&title=To", viewport)
    made = sheet_of(page)
    legend = made.locator(".print-legend")

    assert legend.locator("h3").count() == 7
    assert legend.locator("li").first.evaluate("(row) => parseFloat(getComputedStyle(row).fontSize)") * 0.75 >= least_pt
    cut = "(box) => [box, ...box.querySelectorAll('li')].filter((one) => one.scrollWidth > one.clientWidth + 1).length"
    assert legend.evaluate(cut) == 0
    assert legend.evaluate("(box) => box.scrollHeight - box.clientHeight") <= 1
    assert made.locator(".print-names text").count() > 5
    assert made.evaluate(OVER_ONE_ANOTHER) == 0
