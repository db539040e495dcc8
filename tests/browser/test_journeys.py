"""Journeys in the number of steps they may take: a click each."""

from playwright.sync_api import expect

from tests.browser.conftest import PHONE


class Steps:
    """Counts what somebody does."""

    def __init__(self, page) -> None:
        self.page, self.taken = page, 0

    def click(self, locator) -> None:
        self.taken += 1
        locator.click()


def test_an_investor_finds_free_land_in_english_on_a_phone_in_two_steps(open_page):
    page = open_page("/?lang=en", PHONE, touch=True)
    steps = Steps(page)
    steps.click(page.get_by_role("button", name="Pages"))
    steps.click(page.get_by_role("link", name="Industrial clusters"))

    first = page.locator(".list-table tbody tr").first
    expect(first.locator(".headline")).to_contain_text("36.5")  # the largest free land stands first
    expect(page.locator("h1")).to_have_text("Industrial clusters")
    assert steps.taken <= 2
