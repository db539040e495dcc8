"""axe finds nothing on the form, the drawing tools, a conflict and the change of many, in either language."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.editing import form_of, open_map
from tests.browser.test_accessibility import violations

LOOKS = [("vi", DESK, "light"), ("en", PHONE, "dark")]


def open_form(open_page, accounts, stored, language: str, viewport, scheme: str) -> Page:
    number = stored("SELECT id FROM industrial_cluster ORDER BY id LIMIT 1")
    path = f"/?lang={language}&layers=industrial_clusters&sel=industrial_clusters:{number}&details=&edit="
    options = {"touch": True, "is_mobile": True} if viewport is PHONE else {}
    page = open_map(open_page, accounts, viewport, path=path, color_scheme=scheme, **options)
    expect(form_of(page)).to_be_visible()
    return page


def walk(page: Page) -> dict[str, list[str]]:
    """Return step -> what axe found: the form, problems at fields, the tools."""
    found = {"form": violations(page)}
    form = form_of(page)
    for summary in form.locator("details > summary").all():
        summary.click()
    for button in form.locator("[data-paste-rows], [data-add-row]").all():
        button.click()
    form.locator("[name=valid_from]").fill("31/02/2026")
    form.locator("[type=submit]").click()
    expect(form.locator("[data-problem-for=valid_from] .edit-problem")).to_be_visible()
    found["problems"] = violations(page)
    form.locator("[data-draw]").click()
    expect(page.locator(".marker-icon").first).to_be_visible()
    page.locator(".edit-tool-menu summary").click()
    found["tools"] = violations(page)
    page.locator(".edit-tools").get_by_role("button").last.click()
    page.locator(".edit-bar > .btn-primary").click()
    expect(form.locator(".edit-asked")).to_be_visible()
    found["another place"] = violations(page)
    page.locator("[data-cancel]").click()
    page.fill("#search-text", "20.8601 106.6802")
    expect(page.locator("#search-hits [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator(".place-menu")).to_be_visible()
    found["menu of a place"] = violations(page)
    return found


@pytest.mark.parametrize(("language", "viewport", "scheme"), LOOKS, ids=["vi-desk", "en-phone-dark"])
def test_axe_finds_nothing_on_form_and_drawing_tools(open_page, accounts, stored, language, viewport, scheme):
    page = open_form(open_page, accounts, stored, language, viewport, scheme)
    assert {step: told for step, told in walk(page).items() if told} == {}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_axe_finds_nothing_where_two_editors_meet_or_many_are_changed(open_page, accounts, stored, language):
    page = open_form(open_page, accounts, stored, language, DESK, "light")
    form_of(page).locator("[name=address]").fill("phố của tôi")
    stored("UPDATE industrial_cluster SET address = 'phố của họ ' || :language RETURNING id", language=language)
    form_of(page).locator("[type=submit]").click()
    expect(page.locator(".edit-conflict")).to_be_visible()
    found = {"conflict": violations(page)}
    page.locator("[data-cancel]").click()
    page.locator("#table-toggle").click()
    page.locator(".table-editing button").nth(1).click()
    page.locator("#batch-field").select_option(value="status")
    page.locator("#batch-all").check()
    page.locator("#batch-value-status").select_option(index=1)
    expect(page.locator(".batch-told li")).not_to_have_count(0)
    found["many"] = violations(page)
    assert {step: told for step, told in found.items() if told} == {}
