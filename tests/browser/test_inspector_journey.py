"""The inspector's day on a phone: filter, route, visit with a violation and a photo, the map, the overdue board."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import mapbox_vector_tile
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import text

from geodata.base.database import TIME_ZONE, new_engine
from tests.browser.conftest import PHONE
from tests.conftest import PASSWORD, ROOT

pytestmark = pytest.mark.usefixtures("background")

PLACE = {"longitude": 106.69, "latitude": 20.85, "accuracy": 12}


@pytest.fixture
def demo_sql(served_url):
    """Read one value from the database behind the server."""
    engine = new_engine(served_url)

    def read(sql, **values):
        with engine.connect() as connection:
            return connection.execute(text(sql), values).scalar()

    yield read
    engine.dispose()


@pytest.fixture(scope="module")
def background(served_url) -> Iterator[None]:
    """A worker over the database behind the server."""
    environment = {**os.environ, "DATABASE_URL": served_url.render_as_string(hide_password=False)}
    process = subprocess.Popen([sys.executable, "-m", "geodata.jobs"], cwd=ROOT, env=environment)
    yield
    process.terminate()
    process.wait(timeout=60)


def sign_in(page: Page, name: str) -> None:
    page.goto(origin(page) + "/login?next=/inspections")
    page.fill("[name=username]", name)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(origin(page) + "/inspections")


def drawn_class(page: Page, demo_sql, site: int) -> int:
    """Return the number of the symbol that the map draws a site with, for whoever is signed in on the page."""
    where = "FROM fuel_site WHERE id = :site"
    x, y = (demo_sql(f"SELECT ST_{axis}(geom_3857) {where}", site=site) for axis in "XY")
    size = 2 * 20037508.342789244 / 2**16
    address = f"/tiles/fuel_sites/16/{int((x + 20037508.342789244) / size)}/{int((20037508.342789244 - y) / size)}.mvt"
    tile = mapbox_vector_tile.decode(page.request.get(origin(page) + address).body())
    return next(f["properties"]["c"] for f in tile["fuel_sites"]["features"] if f["id"] == site)


def origin(page: Page) -> str:
    return "/".join(page.url.split("/")[:3])


def photo() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (640, 480), "#0b4f8a").save(target, "JPEG")
    return target.getvalue()


def today() -> date:
    return datetime.now(ZoneInfo(TIME_ZONE)).date()


def draw(page: Page) -> None:
    """Sign with a finger."""
    page.locator("#signature").scroll_into_view_if_needed()
    box = page.locator("#signature").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 60, steps=5)
    page.mouse.up()


def fill(page: Page, *, position: bool = False, signature: bool = False) -> None:
    """Fill in what a record needs beside its findings; reasons where there is no position or signature."""
    page.fill("[name=people]", "Nguyễn Văn A, cửa hàng trưởng")
    page.evaluate("document.querySelectorAll('.answers [value=ok]').forEach((radio) => radio.click())")
    for wanted, summary, name in (
        (not position, "Không có vị trí?", "no_position_reason"),
        (not signature, "Không có chữ ký?", "unsigned_reason"),
    ):
        if wanted:
            page.get_by_text(summary).click()
            page.fill(f"[name={name}]", "Lý do thử")


def choose_first(page: Page, unit: str) -> tuple[str, int]:
    """Filter the list to petrol stores without a certificate in a commune; returns name and id of the first."""
    page.get_by_role("link", name="Thứ tự ưu tiên và lý do").click()
    page.locator('[name=certificate_state][value="never_issued"]').check()
    page.select_option("[name=kind]", "petrol")
    page.select_option("[name=admin_unit_code]", unit)
    page.get_by_role("button", name="Xem danh sách").click()
    first = page.locator("#list .card-row").first
    expect(first).to_contain_text("Chưa từng được cấp giấy chứng nhận")
    return first.locator(".site-name").inner_text(), int(first.locator("[name=site]").get_attribute("value"))


def plan_route(page: Page, name: str) -> None:
    """Make tomorrow's route of the first site, assign it, and find it again from the board."""
    page.locator("#list .card-row").first.locator("[name=site]").check()
    page.get_by_role("button", name="Lập tuyến").click()
    tomorrow = today() + timedelta(days=1)
    page.fill("[name=day]", tomorrow.isoformat())
    page.get_by_role("button", name="Tính thứ tự").click()
    expect(page.locator(".route").first).to_contain_text(name)
    expect(page.locator("main")).to_contain_text("đường chim bay")
    page.get_by_role("button", name="Giao việc theo tuyến này").click()
    expect(page.locator(".next-stop")).to_contain_text(name)
    page.get_by_role("link", name="Bảng việc").click()
    page.get_by_role("link", name="Tuyến hôm nay").first.click()
    page.fill("[name=day]", tomorrow.isoformat())
    page.get_by_role("button", name="Xem", exact=True).click()


def record_violation(page: Page) -> None:
    """Write down the next stop's visit of twenty days ago: a violation that is overdue since, a photo, a signature."""
    page.locator(".next-stop").get_by_role("link", name="Bắt đầu").click()
    visited = today() - timedelta(days=20)
    page.fill("[name=visited_on]", visited.isoformat())
    fill(page, position=True, signature=True)
    page.get_by_role("button", name="Lấy vị trí của tôi").click()
    expect(page.locator("#place")).to_contain_text("± 12 m")
    page.locator('[name="answer.certificate"][value="not_ok"]').check()
    finding = page.locator('[data-finding="item-certificate"]')
    finding.locator("[value=violation]").check()
    finding.locator('[name$=".article"]').fill("14")
    finding.locator('[name$=".clause"]').fill("2")
    finding.locator('[name$=".due"]').fill((visited + timedelta(days=10)).isoformat())
    page.locator("#photo").set_input_files({"name": "anh.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    expect(page.locator("#photos img")).to_have_count(1)
    draw(page)
    page.get_by_role("button", name="Lưu chữ ký").click()
    expect(page.locator("#signature-state")).to_have_text("Đã lưu chữ ký")
    expect(page.locator("#save-state")).to_contain_text("Đã lưu")
    page.get_by_role("button", name="Hoàn thành").click()
    expect(page.locator("main")).to_contain_text("Điều 14")
    expect(page.locator(".why")).to_contain_text("Quá hạn khắc phục")


def recheck(page: Page, name: str) -> None:
    """Find the site on the board of what is overdue and write down that it is remedied."""
    page.goto(origin(page) + "/inspections/followup")
    row = page.locator(".card-row", has_text=name)
    expect(row).to_contain_text("ngày quá hạn")
    row.get_by_role("button", name="Phúc tra ngay").click()
    expect(page.locator("main")).to_contain_text("Tồn tại chưa khắc phục từ trước")
    page.locator('[name^="remedy."][value="yes"]').first.check()
    page.locator('[name^="remedy_note."]').first.fill("Đã được cấp giấy chứng nhận")
    fill(page)
    expect(page.locator("#save-state")).to_contain_text("Đã lưu")
    page.get_by_role("button", name="Hoàn thành").click()
    expect(page.locator(".why")).to_contain_text("Đã khắc phục")


def test_an_inspector_works_through_his_day_on_a_phone(open_page, accounts, demo_sql):
    here = {"geolocation": PLACE, "permissions": ["geolocation"], "accept_downloads": True}
    page = open_page("/login", PHONE, touch=True, is_mobile=True, **here)
    sign_in(page, accounts["inspector"])
    unit = demo_sql(
        "SELECT admin_unit_code FROM fuel_site WHERE certificate_record = 'never_issued' AND business_state = 'open' "
        "AND NOT EXISTS (SELECT FROM inspection_visit v WHERE v.feature_id = fuel_site.id) ORDER BY code LIMIT 1"
    )
    name, site = choose_first(page, unit)
    before = drawn_class(page, demo_sql, site)
    plan_route(page, name)
    record_violation(page)
    page.get_by_role("link", name="Xem trên bản đồ").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("body")).to_contain_text(name)
    assert drawn_class(page, demo_sql, site) != before
    recheck(page, name)


def test_what_is_written_without_a_connection_is_still_there(open_page, accounts):
    page = open_page("/inspections", PHONE, account=accounts["inspector"], touch=True, is_mobile=True)
    page.goto(page.url + "/worklist?order=")
    page.locator("#list .site-name").nth(4).click()
    page.get_by_role("button", name="Kiểm tra ngay").click()
    page.wait_for_load_state("networkidle")
    page.route("**/draft", lambda route: route.abort())
    page.fill("[name=note]", "Mất mạng giữa sân")
    expect(page.locator("#save-state")).to_contain_text("Mất mạng")
    page.unroute("**/draft")
    page.reload()
    expect(page.locator("#restore")).to_be_visible()
    page.locator("#restore button").first.click()
    expect(page.locator("[name=note]")).to_have_value("Mất mạng giữa sân")
    expect(page.locator("#save-state")).to_contain_text("Đã lưu")
    page.reload()
    expect(page.locator("[name=note]")).to_have_value("Mất mạng giữa sân")


def test_photos_taken_without_a_connection_outlive_the_page_and_arrive_once(open_page, accounts, demo_sql):
    page = open_page("/inspections", PHONE, account=accounts["inspector"], touch=True, is_mobile=True)
    page.goto(page.url + "/worklist?order=")
    page.locator("#list .site-name").nth(5).click()
    page.get_by_role("button", name="Kiểm tra ngay").click()
    page.wait_for_load_state("networkidle")
    visit = int(page.url.rsplit("/", 1)[1])
    page.route("**/pictures", lambda route: route.abort())
    page.locator("#photo").set_input_files({"name": "anh.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    expect(page.locator("#photos .is-waiting")).to_have_count(1)
    expect(page.locator("#photo-state")).to_contain_text("1 ảnh đang chờ")
    page.reload()
    expect(page.locator("#photos .is-waiting")).to_contain_text("Chưa gửi")
    fill(page)
    page.get_by_role("button", name="Hoàn thành").click()
    expect(page.locator("#photo-state")).to_contain_text("1 ảnh đang chờ")
    assert demo_sql("SELECT state FROM inspection_paper WHERE id = :id", id=visit) != "done"
    expect(page.locator("#save-state")).to_contain_text("Đã lưu")

    page.unroute("**/pictures")
    page.get_by_role("button", name="Gửi lại").click()
    expect(page.locator("#photos .is-waiting")).to_have_count(0)
    expect(page.locator("#photos img")).to_have_count(1)
    page.reload()
    expect(page.locator("#photos img")).to_have_count(1)
    assert demo_sql("SELECT count(*) FROM inspection_picture WHERE paper_id = :id", id=visit) == 1
    page.get_by_role("button", name="Hoàn thành").click()
    expect(page.locator("main")).to_contain_text("Biên bản")


def test_two_people_on_one_visit_see_the_conflict_and_lose_nothing(open_page, accounts):
    mine = open_page("/inspections", PHONE, account=accounts["inspector"])
    mine.goto(mine.url + "/worklist")
    mine.locator("#list .site-name").nth(6).click()
    mine.get_by_role("button", name="Kiểm tra ngay").click()
    mine.wait_for_load_state("networkidle")
    theirs = open_page(mine.url.removeprefix(origin(mine)), PHONE, account=accounts["admin"])
    theirs.fill("[name=note]", "Bản của lãnh đạo")
    theirs.fill("[name=people]", "Chỉ lãnh đạo ghi")
    expect(theirs.locator("#save-state")).to_contain_text("Đã lưu")
    mine.fill("[name=note]", "Bản của tôi")
    conflicts = mine.locator("#conflicts")
    expect(conflicts).to_contain_text("Bản của lãnh đạo")
    expect(mine.locator("[name=people]")).to_have_value("Chỉ lãnh đạo ghi")
    with mine.expect_response("**/draft"):
        conflicts.get_by_role("button", name="Của tôi").click()
    mine.reload()
    expect(mine.locator("[name=note]")).to_have_value("Bản của tôi")
    mine.get_by_text("Các phiên bản đã lưu").click()
    expect(mine.locator("main")).to_contain_text("Lưu song song")
