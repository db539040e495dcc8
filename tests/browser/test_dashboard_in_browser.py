"""The dashboard on a desk and a phone: what it draws fits, and its bars open the map filtered."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_every_chart_leads_to_the_map_with_its_number(open_page, accounts, viewport):
    page = open_page("/dashboard", viewport, account=accounts["planner"], touch=viewport is PHONE)
    charts = page.locator(".card-panel:has(a.bar-row)")
    expect(charts.first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for index in range(charts.count()):
        bars = charts.nth(index).locator("a.bar-row")
        numbers = [int(text.replace(".", "")) for text in bars.locator(".bar-number").all_inner_texts()]
        bar = bars.nth(numbers.index(max(numbers)))
        count = bar.locator(".bar-number").inner_text()
        bar.scroll_into_view_if_needed()
        if viewport is PHONE:
            assert bar.bounding_box()["height"] >= 43.5
            bar.tap()
        else:
            bar.click()
        expect(page.locator("#chips .chip").first).to_be_visible()
        counts = page.locator(".layer:not(.is-off) .layer-count")
        expect(counts.first).to_have_text(count)
        page.go_back()
        expect(page).to_have_url(re.compile("/dashboard"))
