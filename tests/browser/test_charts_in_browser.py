"""The map's charts: a bar filters map, counts and table; the address keeps all of it."""

import re

from playwright.sync_api import expect


def bar(page, field, value):
    return page.locator(f'[data-chart="{field}"] [data-bar="{field} {value}"]')


def test_a_bar_filters_the_map_and_keeps_the_others_to_choose(page, server, open_page):
    page.locator("#charts-toggle").click()
    page.locator("#table-tab-markets").click()
    operating = bar(page, "status", "operating")
    expected = operating.locator(".bar-number").inner_text()
    others = page.locator('[data-chart="status"] button.bar-row').count()

    operating.click()

    expect(operating).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator('[data-layer="markets"] .layer-count')).to_have_text(expected)
    expect(page.locator("#charts-count")).to_contain_text(re.compile(rf"^{expected}\b"))
    expect(page.locator('[data-chart="status"] button.bar-row')).to_have_count(others)

    again = open_page(page.url.removeprefix(server.url))
    expect(bar(again, "status", "operating")).to_have_attribute("aria-pressed", "true")
    again.locator('[data-drawer-view="table"]').click()
    expect(again.locator("#table-count")).to_contain_text(expected)


def test_a_chosen_bar_is_let_go_by_keyboard_and_by_the_back_button(page):
    page.locator("#charts-toggle").click()
    page.locator("#table-tab-markets").click()
    operating = bar(page, "status", "operating")
    operating.focus()
    page.keyboard.press("Enter")
    expect(operating).to_have_attribute("aria-pressed", "true")
    expect(operating).to_be_focused()
    page.keyboard.press("Enter")
    expect(operating).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".chip")).to_have_count(0)
    page.go_back()
    expect(operating).to_have_attribute("aria-pressed", "true")


def test_the_charts_count_what_is_seen_as_the_map_is_moved(page):
    page.locator("#charts-toggle").click()
    page.locator("#table-tab-markets").click()
    count = page.locator("#charts-count")
    expect(count).to_contain_text(re.compile(r"\d"))
    everywhere = count.inner_text()
    page.locator("#table-here").check()
    for _ in range(3):
        zoom = page.evaluate("webmap.page.map.getZoom()")
        page.locator('[data-tool="zoom-in"]').click()
        page.wait_for_function("(before) => webmap.page.map.getZoom() > before", arg=zoom)
    expect(count).not_to_have_text(everywhere)
    expect(page).to_have_url(re.compile(r"[?&]here"))


def test_a_span_of_numbers_is_taken_with_shift(page):
    page.locator("#charts-toggle").click()
    page.locator("#table-tab-markets").click()
    columns = page.locator('[data-chart="stall_count"] .column-button')
    columns.nth(1).click()
    expect(columns.nth(1)).to_have_attribute("aria-pressed", "true")
    columns.nth(3).click(modifiers=["Shift"])
    for index in (1, 2, 3):
        expect(columns.nth(index)).to_have_attribute("aria-pressed", "true")
    expect(columns.nth(4)).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".chip")).to_have_count(1)
