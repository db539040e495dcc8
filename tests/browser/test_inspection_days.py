"""Days of inspectors and their leader by thumb, 390 × 844: a route for two, what is signed stays, what is returned comes back."""

import io
import re
from datetime import date, timedelta

import pytest
from docx import Document
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.test_inspector_journey import background, demo_sql, draw, fill, origin, photo, today
from tests.browser.test_record_on_a_phone import open_form

__all__ = ["background", "demo_sql"]

pytestmark = pytest.mark.usefixtures("background")

#: What a thumb has to hit and is smaller than 44 px; a link within a sentence is as high as its line.
SMALL = """() => {
    document.querySelectorAll("main details").forEach((part) => { part.open = true; });
    const inSentence = (link) => link.matches("a") && getComputedStyle(link).display === "inline"
        && [...link.parentElement.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const target = (control) => control.matches("input[type=checkbox], input[type=radio], input[type=file]") ? control.closest("label") || control : control;
    const controls = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, canvas#signature")];
    return [...new Set(controls.filter((control) => control.offsetParent && !control.matches(".visually-hidden, .skip-link, .leaflet-container *") && !inSentence(control)).map(target))]
        .map((control) => [control, control.getBoundingClientRect()])
        .filter(([, box]) => box.width && box.height < 43.5)
        .map(([control, box]) => `${control.tagName} ${control.name || control.className} “${control.textContent.trim().slice(0, 40)}” ${Math.round(box.width)}×${Math.round(box.height)}`);
}"""
#: What reaches past the right edge of a phone.
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def phone(open_page, name: str, **options) -> Page:
    """Sign in on a phone."""
    return open_page("/inspections", PHONE, account=name, touch=True, is_mobile=True, **options)


def minutes(page: Page, address: str) -> str:
    """Return all words of minutes as DOCX."""
    answer = page.request.get(origin(page) + address)
    assert answer.status == 200
    document = Document(io.BytesIO(answer.body()))
    words = [paragraph.text for paragraph in document.paragraphs]
    words += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*words, f"pictures: {len(document.inline_shapes)}"])


def sign(page: Page) -> None:
    """Draw a signature and keep it."""
    draw(page)
    page.get_by_role("button", name="Lưu chữ ký").click()
    expect(page.locator("#signature-state")).to_have_text("Đã lưu chữ ký")


def finish(page: Page) -> int:
    """Finish a record; returns its number."""
    page.get_by_role("button", name="Hoàn thành").click()
    expect(page.locator("main")).to_contain_text("Biên bản")
    expect(page.locator("#visit")).to_have_count(0)
    return int(re.search(r"/visits/(\d+)", page.url)[1])


def correct(page: Page, reason: str) -> None:
    page.locator("summary", has_text="Đính chính").click()
    page.fill("[name=reason]", reason)
    page.get_by_role("button", name="Bắt đầu đính chính").click()
    expect(page.locator("#visit")).to_be_visible()


def write_violation(page: Page) -> None:
    """Write a violation of today; the decree offered is that of the day of the visit."""
    page.fill("[name=visited_on]", "2020-03-02")
    page.get_by_role("button", name="Thêm tồn tại").click()
    found = page.locator("#findings .finding-form").last
    found.locator("[value=violation]").check()
    expect(found.locator('[name$=".act"]')).to_have_value("Nghị định 97/2013/NĐ-CP")
    page.fill("[name=visited_on]", today().isoformat())
    expect(found.locator('[name$=".act"]')).to_have_value("Nghị định 99/2020/NĐ-CP")
    found.locator("textarea").fill("Không niêm yết giá")
    found.locator('[name$=".article"]').fill("35")
    found.locator('[name$=".due"]').fill((today() + timedelta(days=10)).isoformat())


def finish_signed(page: Page) -> tuple[int, str]:
    """Finish a record with a violation, a photo and a signature; returns its number and its minutes' words."""
    open_form(page, 10)
    page.get_by_role("button", name="Hoàn thành").click()
    expect(page.locator("main")).to_contain_text("Ghi người có mặt của cơ sở")
    write_violation(page)
    fill(page, signature=True)
    page.locator("#photo").set_input_files({"name": "anh.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    expect(page.locator("#photos img")).to_have_count(1)
    sign(page)
    expect(page.locator("[name=ended_at]")).not_to_have_value("")
    paper = finish(page)
    first = minutes(page, f"/inspections/visits/{paper}/minutes.docx?edition=1")
    assert "công nhận đúng" in first
    assert re.search(r"Số: \d+/BB-SCT", first)
    assert "hồi …… giờ" not in first
    return paper, first


def extend_deadline(page: Page) -> date:
    """Let the board give the violation thirty days more; returns its deadline."""
    page.goto(origin(page) + "/inspections/followup?due=soon")
    row = page.locator(".card-row", has_text="Không niêm yết giá").first
    row.locator("summary").click()
    extended = today() + timedelta(days=40)
    row.locator("[name=remedy_due_on]").fill(extended.isoformat())
    row.get_by_role("button", name="Lưu").click()
    return extended


def correct_deadline(page: Page, paper: int) -> None:
    """Correct the record, take its photo off and give another deadline; the board's is chosen to hold."""
    page.goto(f"{origin(page)}/inspections/visits/{paper}")
    correct(page, "Sửa lỗi chính tả")
    page.locator("#photos [data-remove-photo]").click()
    expect(page.locator("#photos")).to_contain_text("Đã bỏ ảnh")
    page.locator('#findings [name$=".due"]').fill((today() + timedelta(days=20)).isoformat())
    page.get_by_text("Không có chữ ký?").click()
    page.fill("[name=unsigned_reason]", "Cửa hàng trưởng đi vắng")
    expect(page.locator("#save-state")).to_contain_text("Đã lưu")
    page.get_by_role("button", name="Hoàn thành").click()
    expect(page.locator("main")).to_contain_text("Chọn nội dung có hiệu lực")
    page.locator('.clash [value^="register:"]').check(force=True)
    finish(page)


def check_both_editions(page: Page, paper: int, first: str) -> None:
    """Look whether the correction says what it is and the first edition is what it was."""
    second = minutes(page, f"/inspections/visits/{paper}/minutes.docx")
    assert "ĐÍNH CHÍNH LẦN 1" in second
    assert "Lý do đính chính: Sửa lỗi chính tả" in second
    assert "công nhận đúng" not in second
    assert "pictures: 0" in second
    assert minutes(page, f"/inspections/visits/{paper}/minutes.docx?edition=1") == first
    page.goto(f"{origin(page)}/inspections/visits/{paper}/editions/1")
    expect(page.locator("main")).to_contain_text("Bản này không còn hiệu lực.")
    expect(page.locator(".photos img")).to_have_count(2)


def recheck_and_correct(page: Page) -> str:
    """Re-check the violation, correct what came of it; returns the words of the minutes."""
    page.goto(origin(page) + "/inspections/followup?due=later")
    page.locator(".card-row", has_text="Không niêm yết giá").first.get_by_role("button", name="Phúc tra ngay").click()
    page.locator('[name^="remedy."][value="no"]').first.check()
    page.get_by_role("button", name="Như lần trước").first.click()
    expect(page.locator(".answers input:checked").first).to_be_visible()
    fill(page)
    expect(page.locator("#save-state")).to_contain_text("Đã lưu")
    recheck = finish(page)
    correct(page, "Ghi nhầm")
    page.locator('[name^="remedy."][value="yes"]').first.check()
    page.locator('[name^="remedy_note."]').first.fill("Đã treo bảng giá mới")
    expect(page.locator("#save-state")).to_contain_text("Đã lưu")
    finish(page)
    return minutes(page, f"/inspections/visits/{recheck}/minutes.docx")


def test_what_was_signed_stays_and_the_board_is_not_undone(open_page, accounts, demo_sql):
    page = phone(open_page, accounts["inspector"])
    paper, first = finish_signed(page)
    site = demo_sql("SELECT feature_id FROM inspection_paper WHERE id = :id", id=paper)
    extended = extend_deadline(page)
    correct_deadline(page, paper)
    assert demo_sql("SELECT remedy_due_on FROM inspection_finding WHERE feature_id = :id", id=site) == extended
    check_both_editions(page, paper, first)
    printed = recheck_and_correct(page)
    assert "Đã treo bảng giá mới" in printed
    assert "Đã khắc phục" in printed


def plan_for_two(page: Page, people: list[str], day: str) -> None:
    """Plan a day's route for two people out of the list, each in a colour of his own, and assign it."""
    page.goto(origin(page) + "/inspections/worklist?certificate_state=never_issued")
    for box in page.locator("#list .card-row [name=site]").all()[:4]:
        box.check()
    page.get_by_role("button", name="Lập tuyến").click()
    for name in people:
        page.locator(f'[name=person][value="{name}"]').check(force=True)
    page.fill("[name=day]", day)
    page.get_by_role("button", name="Tính thứ tự").click()
    expect(page.locator(".route")).to_have_count(2)
    colours = page.locator(".route .swatch").evaluate_all(
        "(all) => all.map((one) => getComputedStyle(one).backgroundColor)"
    )
    assert len(set(colours)) == 2
    page.get_by_role("button", name="Giao việc theo tuyến này").click()


def visit_next_stop(page: Page, day: str) -> int:
    """Come back to the route of a day and visit its next stop; returns the number of the record."""
    page.goto(f"{origin(page)}/inspections/day?day={day}")
    expect(page.locator('.next-stop a[href^="geo:"]')).to_be_visible()
    page.locator(".next-stop .btn-primary").click()
    fill(page, signature=True)
    sign(page)
    return finish(page)


def return_with_remark(leader: Page, paper: int) -> None:
    """Let the leader find the minutes on his board and return them."""
    leader.goto(origin(leader) + "/inspections/people")
    leader.locator(f'a[href^="/inspections/visits/{paper}"]').click()
    leader.fill("#review [name=remark]", "Ghi rõ số cột bơm")
    leader.get_by_role("button", name="Trả lại kèm ý kiến").click()


def correct_and_sign_anew(page: Page, paper: int) -> None:
    """Let the inspector see the remark, correct the record and have it signed again."""
    page.goto(origin(page) + "/inspections/people")
    expect(page.locator("main")).to_contain_text("Ghi rõ số cột bơm")
    page.locator(f'a[href^="/inspections/visits/{paper}"]').first.click()
    correct(page, "Theo ý kiến lãnh đạo")
    page.fill("[name=note]", "Bốn cột bơm")
    sign(page)
    finish(page)


def test_a_route_for_two_and_minutes_that_are_returned_and_come_back(open_page, accounts, demo_sql):
    leader, page = phone(open_page, accounts["leader"]), phone(open_page, accounts["inspector"])
    leader.locator(".campaign a").first.click()
    expect(leader.locator("main")).to_contain_text("đã kiểm tra")
    summary = leader.locator('a[href*="/summary.docx"]').first.get_attribute("href")
    assert leader.request.get(origin(leader) + summary).status == 200

    tomorrow = (today() + timedelta(days=1)).isoformat()
    plan_for_two(page, [accounts["inspector"], accounts["leader"]], tomorrow)
    paper = visit_next_stop(page, tomorrow)
    return_with_remark(leader, paper)
    correct_and_sign_anew(page, paper)
    leader.goto(f"{origin(leader)}/inspections/visits/{paper}")
    expect(leader.locator("#review")).to_contain_text("Đã đính chính sau lần trả lời trước")
    expect(leader.locator("main")).to_contain_text("cho đúng nội dung này")
    leader.get_by_role("button", name="Chấp nhận biên bản").click()
    page.reload()
    expect(page.locator("#review .tag-done")).to_be_visible()
    assert demo_sql("SELECT count(*) FROM inspection_review WHERE paper_id = :id", id=paper) == 2


def test_two_at_one_site_join_and_a_campaign_learns_of_the_visit(open_page, accounts, demo_sql):
    page, other = phone(open_page, accounts["inspector"]), phone(open_page, accounts["leader"])
    page.goto(origin(page) + "/inspections/worklist?order=")
    site = int(page.locator("#list [name=site]").nth(14).get_attribute("value"))
    other.goto(f"{origin(other)}/inspections/campaigns/new?site={site}")
    other.fill("[name=number]", f"{site}/KH-SCT")
    other.fill("[name=title]", "Kiểm tra niêm yết giá")
    other.get_by_role("button", name="Lập kế hoạch").click()
    expect(other.locator("h1")).to_contain_text(f"{site}/KH-SCT")
    for person in (page, other):
        person.goto(f"{origin(person)}/inspections/sites/{site}")
        person.get_by_role("button", name="Kiểm tra ngay").click()
    other.get_by_role("button", name="Cùng ghi biên bản này").click()
    expect(other.locator("#visit")).to_be_visible()
    assert other.url == page.url
    expect(page.locator('[name=campaign]:checked:not([value="0"])')).to_have_count(1)
    page.get_by_role("button", name="Thêm tồn tại").click()
    choice = page.locator(".catalogue-choice select").last
    code = choice.locator("option:not([value=''])").first.get_attribute("value")
    choice.select_option(code)
    expect(page.locator("#findings textarea").last).not_to_have_value("")
    page.locator('#findings [name$=".due"]').last.fill((today() + timedelta(days=10)).isoformat())
    fill(page)
    expect(page.locator("#save-state")).to_contain_text("Đã lưu")
    finish(page)
    expect(page.locator("main")).to_contain_text("theo danh mục")
    visited = "SELECT campaign_id IS NOT NULL AND kind = 'planned' FROM inspection_visit WHERE feature_id = :id"
    assert demo_sql(visited, id=site)


def test_a_complaint_leads_to_a_visit_that_answers_it(open_page, accounts, demo_sql):
    page = phone(open_page, accounts["inspector"])
    page.goto(origin(page) + "/inspections/complaints/new")
    page.fill(
        "[name=q]", demo_sql("SELECT name FROM fuel_site WHERE business_state = 'open' ORDER BY code DESC LIMIT 1")
    )
    page.get_by_role("button", name="Tìm").click()
    page.get_by_role("link", name="Chọn", exact=True).first.click()
    page.select_option("[name=topic]", "measure")
    page.fill("[name=about]", "Bơm thiếu xăng ở cột số 2")
    page.fill("[name=complainant]", "Lê Thị Bí Mật")
    page.get_by_role("button", name="Ghi", exact=True).click()
    expect(page.locator("#complaints")).to_contain_text("Bơm thiếu xăng")
    page.get_by_role("button", name="Kiểm tra ngay").click()
    page.locator('[name^="complaint."][value="partly"]').check(force=True)
    page.locator('[name^="complaint_note."]').fill("Cột 2 sai số vượt mức cho phép")
    fill(page)
    expect(page.locator("#save-state")).to_contain_text("Đã lưu")
    paper = finish(page)
    expect(page.locator("main")).to_contain_text("Đúng một phần")
    said = minutes(page, f"/inspections/visits/{paper}/minutes.docx")
    assert "Cột 2 sai số vượt mức cho phép" in said
    assert "Bí Mật" not in said
    assert demo_sql("SELECT outcome FROM inspection_complaint WHERE paper_id = :id", id=paper) == "partly"


def addresses(demo_sql) -> list[str]:
    """Return one address of every inspection page."""
    visit = demo_sql("SELECT min(id) FROM inspection_paper WHERE state = 'done'")
    form = demo_sql("SELECT max(id) FROM inspection_paper WHERE state IN ('draft', 'planned')")
    campaign, site = demo_sql("SELECT min(id) FROM inspection_campaign"), demo_sql("SELECT min(id) FROM fuel_site")
    route = demo_sql("SELECT max(id) FROM inspection_route WHERE result IS NOT NULL")
    rule, busy = (
        demo_sql("SELECT min(id) FROM inspection_violation"),
        demo_sql("SELECT inspector FROM inspection_paper WHERE state = 'planned' LIMIT 1"),
    )
    plain = (
        "",
        "/worklist",
        "/worklist/weights",
        "/visits",
        "/people",
        "/states",
        "/catalogue",
        "/catalogue/new",
        "/checklists",
    )
    more = (
        "/routes",
        "/complaints",
        "/complaints?closed=1",
        "/complaints/new",
        "/day",
        "/reminders",
        "/calendar",
        "/campaigns/new",
        *(f"/followup?due={due}" for due in ("overdue", "soon", "remedied")),
    )
    of = [
        (visit, "/visits/{}"), (visit, "/visits/{}/editions/1"), (form, "/visits/{}"), (campaign, "/campaigns/{}"),
        (campaign, "/campaigns/{}/edit"), (site, "/sites/{}"), (site, "/routes/new?site={}"),
        (site, "/complaints/new?site={}"), (busy, "/day?person={}"), (route, "/routes/{}"),
        (rule, "/catalogue/{}"), (busy, "/people/{}/open"),
    ]  # fmt: skip
    return [f"/inspections{path}" for path in (*plain, *more, *(path.format(value) for value, path in of if value))]


def test_every_target_of_every_page_is_large_enough_for_a_thumb(open_page, accounts, demo_sql):
    page = phone(open_page, accounts["leader"])
    open_form(page, 12)
    wrong = {}
    for address in addresses(demo_sql):
        page.goto(origin(page) + address)
        page.wait_for_load_state("domcontentloaded")
        found = [*page.evaluate(SMALL), *([f"{wide} px too wide"] if (wide := page.evaluate(TOO_WIDE)) > 0 else [])]
        if found:
            wrong[address] = found
    assert wrong == {}
