"""The search box: kinds of answers stand together, documents lead to what hangs on them."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_document_number_leads_to_what_hangs_on_it(open_page, viewport):
    page = open_page("/", viewport, touch=viewport is PHONE)
    page.locator("#search-text").fill("2810/qd-ubnd")
    first = page.locator("#search-hits [role=option]").first
    expect(first).to_contain_text("2810/QĐ-UBND")
    expect(first).to_have_attribute("aria-selected", "true")
    page.locator("#search-text").press("Enter")

    expect(page.locator(".act-panel h2")).to_have_text("2810/QĐ-UBND")
    expect(page).to_have_url(re.compile(r"act=\d+"))
    page.reload()
    link = page.locator("[data-show-id]").first
    name = link.evaluate("(link) => link.firstChild.data")
    link.click()
    expect(page.locator("#object-panel h2")).to_have_text(name)
    assert "act=" not in page.url
    page.locator(".documents a[data-open-act]").first.click()
    expect(page.locator(".act-panel h2")).to_be_visible()


def test_answers_stand_in_groups_and_arrows_walk_through_all(page):
    page.locator("#search-text").fill("tan lien")
    options = page.locator("#search-hits [role=option]:not([aria-disabled])")  # not the sentence that it is searching
    expect(options.first).to_be_visible()
    groups = page.locator("#search-hits [role=group]")
    assert groups.count() == len({group.get_attribute("aria-labelledby") for group in groups.all()}) > 0
    for index in range(1, options.count()):
        page.keyboard.press("ArrowDown")
        expect(options.nth(index)).to_have_attribute("aria-selected", "true")
