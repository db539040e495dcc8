"""axe-core finds nothing on the map page whatever is open on it: panels, table, charts, search, tools, sheet, comparison."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.test_accessibility import violations

#: What opens each part, and what says that it has come. On a phone some buttons are folded: they are pressed where they are.
PARTS = {
    "filters": ("#tab-filters", "#filter-panel:not([hidden])"),
    "legends": ("#tab-layers", "#layers-body:not([hidden])"),
    "table": ("#table-toggle", "#table-body tbody tr"),
    "columns": ("#columns-button", "#column-menu.show"),
    "export": ("#export-button", ".export-menu.show"),
    "charts": ("[data-drawer-view=charts]", "#charts-body .chart-card"),
    "measure": ("[data-map-tool=measure]", "#tool-card:not([hidden])"),
    "inside": ("[data-map-tool=inside]", "#tool-card:not([hidden])"),
    "notes": ("[data-map-tool=notes]", "#tool-card:not([hidden])"),
    "years": ("[data-map-tool=years]", "#tool-card:not([hidden]) input"),
    "print": ("[data-map-tool=print]", ".print-dialog"),
    "sheet": (".print-dialog [type=submit]", ".print-sheet[data-ready]"),
}


def press(page: Page, selector: str):
    page.evaluate("(selector) => document.querySelector(selector).click()", selector)


def found_in_parts(page: Page) -> dict[str, list[str]]:
    found = {}
    for name, (button, sign) in PARTS.items():
        press(page, button)
        expect(page.locator(sign).first).to_be_visible()
        found[name] = violations(page)
        if name in {"columns", "export"}:
            press(page, button)
    return found


def found_in_object(page: Page) -> dict[str, list[str]]:
    box = page.locator("#search-text")
    box.fill("cho dong quoc binh")
    expect(page.locator("#search-hits li").first).to_be_visible()
    found = {"search": violations(page)}
    box.press("Enter")
    expect(page.locator(".leaflet-popup, #object-panel:not([hidden])").first).to_be_visible()
    found["object"] = violations(page)
    return found


#: Each role, screen and light once: a walk takes half a minute.
WALKS = [("public", DESK, "light"), ("planner", DESK, "dark"), ("public", PHONE, "dark"), ("planner", PHONE, "light")]


@pytest.mark.parametrize(
    ("role", "viewport", "scheme"), WALKS, ids=[f"{role}-{view['width']}-{scheme}" for role, view, scheme in WALKS]
)
def test_axe_finds_nothing_whatever_is_open_on_the_map(open_page, accounts, role, viewport, scheme):
    page = open_page("/", viewport, account=accounts.get(role), touch=viewport is PHONE, color_scheme=scheme)
    expect(page.locator("#panel-summary")).not_to_be_empty()

    found = found_in_object(page) | found_in_parts(page)

    assert {name: problems for name, problems in found.items() if problems} == {}
