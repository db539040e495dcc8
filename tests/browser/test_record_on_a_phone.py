"""A record on a phone: a mis-tap is undone, a finding without words refuses the end, what cannot be sent stays."""

import io

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.test_inspector_journey import draw, fill, origin


def open_form(page: Page, number: int) -> None:
    """Open a new record of a site of the worklist."""
    page.goto(origin(page) + "/inspections/worklist?order=")
    page.locator("#list .site-name").nth(number).click()
    page.get_by_role("button", name="Kiểm tra ngay").click()
    page.wait_for_load_state("networkidle")


def large_photo() -> bytes:
    target = io.BytesIO()
    Image.effect_noise((3000, 2200), 90).convert("RGB").save(target, "JPEG", quality=95)
    return target.getvalue()


def test_nothing_said_is_lost_on_a_phone(open_page, accounts):
    page = open_page("/inspections", PHONE, account=accounts["inspector"], touch=True, is_mobile=True)
    open_form(page, 8)
    fill(page, signature=True)

    page.locator('[name="answer.price"][value="not_ok"]').check()
    page.locator('[name="finding.item-price.description"]').fill("Không niêm yết giá")
    page.locator('[name="answer.price"][value="ok"]').check()
    expect(page.locator('[name="finding.item-price.description"]')).to_have_value("Không niêm yết giá")
    page.locator('[data-finding="item-price"] [data-remove-finding]').click()
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.locator('[name="finding.item-price.description"]')).to_have_value("Không niêm yết giá")

    page.get_by_role("button", name="Thêm tồn tại").click()
    added = page.locator("#findings .finding-form").last
    added.locator("[value=violation]").check()
    added.locator('[name$=".article"]').fill("14")
    page.route("**/pictures", lambda route: route.abort())
    draw(page)
    page.get_by_role("button", name="Lưu chữ ký").click()
    expect(page.locator("#signature-state")).to_contain_text("giữ trên máy này")
    expect(page.locator("#save-state")).to_contain_text("Đã lưu")
    page.reload()
    page.unroute("**/pictures")
    page.locator("#photo").set_input_files(
        [
            {"name": "lon.jpg", "mimeType": "image/jpeg", "buffer": large_photo()},
            {"name": "hong.heic", "mimeType": "image/heic", "buffer": b"broken"},
        ]
    )
    expect(page.locator("#photos img")).to_have_count(1)
    expect(page.locator("#photo-problems")).to_contain_text("hong.heic")
    expect(page.locator("#signature-state")).to_have_text("Đã lưu chữ ký")
    page.get_by_role("button", name="Hoàn thành").click()
    expect(page.locator("main")).to_contain_text("Ghi nội dung tồn tại")
    expect(page.locator("#photo-problems")).to_contain_text("hong.heic")
    page.get_by_role("button", name="Đã biết").click()
    expect(page.locator("#photo-problems .refused")).to_have_count(0)
