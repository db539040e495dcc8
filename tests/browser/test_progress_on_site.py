"""Progress entered on a phone on site: it survives a lost connection and a closed page."""

import io

from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.test_accessibility import AXE, SUMMARY


def photo() -> dict[str, object]:
    target = io.BytesIO()
    Image.new("RGB", (800, 600), "olive").save(target, "JPEG")
    return {"name": "yard.jpg", "mimeType": "image/jpeg", "buffer": target.getvalue()}


def test_what_is_entered_without_a_network_is_sent_when_there_is_one(open_page, accounts):
    page = open_page(
        "/projects/DA-CHO-DQB/site", PHONE, account=accounts["planner"], touch=True, allowed={"failed"},
        geolocation={"latitude": 20.853, "longitude": 106.702, "accuracy": 9}, permissions=["geolocation"],
    )  # fmt: skip
    page.fill("[name=percent]", "84,5")  # as it is written here, whatever language the browser speaks
    page.fill("[name=note]", "Đang lát nền")
    page.fill("[name=caption]", "Nền chợ")
    page.locator("[type=file][multiple]").set_input_files(photo())
    expect(page.locator("#chosen li")).to_have_count(1)
    page.click("#locate")
    expect(page.locator("#place")).to_contain_text("20,85300")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(SUMMARY) == []
    page.context.set_offline(True)
    page.click("form#site [type=submit]")
    expect(page.locator("#site-state")).to_contain_text("Chưa gửi: 2.")
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("#site-state")).to_contain_text("Đã gửi.")
    expect(page.locator("#waiting li")).to_have_count(0)
    page.get_by_role("link", name="Mở trang dự án").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator(".project-photos figcaption")).to_contain_text("Nền chợ")
    expect(page.locator(".facts").first).to_contain_text("84,5 %")
    picture = page.locator(".project-photos img")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("naturalWidth", 800)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(SUMMARY) == []
