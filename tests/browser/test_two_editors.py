"""Two people and one object; and what was typed when the browser closed, the session ended or the network was lost."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.editing import NOTICES, form_of, open_map, sign_in


@pytest.fixture
def market(stored):
    """A market of the demo data: its id."""
    return stored("SELECT id FROM market WHERE name = 'Chợ Lương Văn Can'")


def value_of(stored, market: int, column: str) -> object:
    return stored(f"SELECT {column} FROM market WHERE id = :id", id=market)


def open_form(open_page, accounts, market: int, role="planner", viewport=DESK, **options) -> Page:
    path = f"/?layers=markets&sel=markets:{market}&details=&edit="
    page = open_map(open_page, accounts, viewport, path=path, role=role, **options)
    expect(form_of(page)).to_be_visible()
    return page


def save(page: Page) -> None:
    form_of(page).locator("[type=submit]").click()


def test_the_second_of_two_editors_sees_both_versions_chooses_and_loses_nothing(open_page, accounts, stored, market):
    second = open_form(open_page, accounts, market)
    first = open_form(open_page, accounts, market, role="gis")
    first_form, form = form_of(first), form_of(second)
    first_form.locator("[name=address]").fill("Số 1 phố Một")
    first_form.locator("[name=trader_count]").fill("111")
    first_form.locator("[name=stall_count]").fill("77")
    save(first)
    expect(first.locator(NOTICES)).to_contain_text("Đã lưu")

    form.locator("[name=address]").fill("Số 2 phố Hai")
    form.locator("[name=trader_count]").fill("222")
    form.locator("[name=note]").fill("ghi chú của người thứ hai")
    save(second)
    choices = form.locator(".edit-conflict")
    expect(choices).to_have_count(2)
    address = choices.filter(has_text="phố Hai")
    expect(address).to_contain_text("Số 1 phố Một")
    expect(form.locator("[name=stall_count]")).to_have_value("77")
    address.get_by_label("Số 1 phố Một").check()
    save(second)
    expect(second.locator(NOTICES)).to_contain_text("Đã lưu")
    assert value_of(stored, market, "address") == "Số 1 phố Một"
    assert value_of(stored, market, "trader_count") == 222
    assert value_of(stored, market, "stall_count") == 77
    assert value_of(stored, market, "note") == "ghi chú của người thứ hai"


def test_rows_and_places_of_two_editors_are_kept_or_chosen(open_page, accounts, stored):
    station = stored("SELECT feature_id FROM transformer GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1")
    path = f"/?layers=substations&sel=substations:{station}&details=&edit="
    second = open_map(open_page, accounts, DESK, path=path)
    first = open_map(open_page, accounts, DESK, path=path, role="gis")
    for page, lon in ((first, "106.7101"), (second, "106.7202")):
        form = form_of(page)
        form.locator(".edit-typed summary").click()
        form.locator("#edit-coordinates").fill(f"20.8505 {lon}")
        form.locator("[data-take-coordinates]").click()
        expect(page.locator(".edit-bar")).to_be_visible()
    rows = "[data-detail=transformers] .edit-rows > .edit-row"
    first_row, second_row = (form_of(page).locator(rows).first for page in (first, second))
    first_row.locator("[name=rated_mva]").fill("41")
    form_of(first).locator(rows).nth(1).locator("[data-remove-row]").click()
    save(first)
    expect(first.locator(NOTICES)).to_contain_text("Đã lưu")

    second_row.locator("[name=rated_mva]").fill("42")
    save(second)
    form = form_of(second)
    expect(form.locator(".edit-conflict")).to_have_count(2)
    expect(form.locator(rows)).to_have_count(
        stored("SELECT count(*) FROM transformer WHERE feature_id = :id", id=station)
    )
    form.get_by_label("Của người kia: 41").check()
    save(second)
    expect(second.locator(NOTICES)).to_contain_text("Đã lưu")
    capacities = "SELECT array_agg(rated_mva::int) FROM transformer WHERE feature_id = :id"
    assert 41 in stored(capacities, id=station)
    assert 42 not in stored(capacities, id=station)
    assert stored("SELECT ST_X(geom) FROM substation WHERE id = :id", id=station) == pytest.approx(106.7202)


def test_what_somebody_deleted_meanwhile_can_be_added_again(open_page, accounts, stored):
    number = stored(
        "INSERT INTO market (code, name, status, geom) VALUES "
        "('XOA-1', 'Chợ sẽ bị xoá', 'operating', ST_SetSRID(ST_MakePoint(106.7, 20.85), 4326)) RETURNING id"
    )
    page = open_form(open_page, accounts, number)
    form_of(page).locator("[name=address]").fill("phố còn lại")
    stored("DELETE FROM market WHERE id = :id RETURNING id", id=number)
    save(page)
    form_of(page).get_by_role("button", name="Thêm lại").click()
    expect(page.locator(NOTICES)).to_contain_text("Đã lưu")
    assert stored("SELECT address FROM market WHERE code = 'XOA-1'") == "phố còn lại"


@pytest.mark.parametrize(("viewport", "touch"), [(DESK, False), (PHONE, True)], ids=["desk", "phone"])
def test_a_half_filled_form_survives_a_lost_network_an_ended_session_and_a_closed_browser(
    open_page, accounts, stored, market, viewport, touch
):
    page = open_form(open_page, accounts, market, viewport=viewport, touch=touch, is_mobile=touch)
    typed = f"phố dở dang {viewport['width']}"
    form_of(page).locator("[name=address]").fill(typed)
    page.context.set_offline(True)
    save(page)
    expect(form_of(page).locator(".edit-messages")).to_contain_text("được giữ trên thiết bị")
    page.context.set_offline(False)

    page.context.clear_cookies()
    save(page)
    expect(form_of(page).locator(".edit-messages")).to_contain_text("Phiên làm việc")
    form_of(page).get_by_role("link", name="Đăng nhập").click()
    sign_in(page, accounts)
    page.locator(NOTICES).get_by_role("button", name="Mở").click()
    expect(form_of(page).locator(".edit-messages")).to_contain_text("bản nháp")

    device = page.context.storage_state()  # all that a closed browser leaves
    path = f"/?layers=markets&sel=markets:{market}&details=&edit="
    again = open_page(path, viewport, touch=touch, is_mobile=touch, storage_state=device)
    form_of(again).get_by_role("button", name="Dùng tiếp").click()
    expect(form_of(again).locator("[name=address]")).to_have_value(typed)
    save(again)
    expect(again.locator(NOTICES)).to_contain_text("Đã lưu")
    assert value_of(stored, market, "address") == typed


def test_a_draft_does_not_overwrite_what_was_stored_since(open_page, accounts, stored, market):
    page = open_form(open_page, accounts, market)
    form_of(page).locator("[name=address]").fill("phố của bản nháp")
    page.context.set_offline(True)
    save(page)
    expect(form_of(page).locator(".edit-messages")).to_contain_text("được giữ trên thiết bị")
    page.context.set_offline(False)
    stored("UPDATE market SET address = 'phố mới hơn' WHERE id = :id RETURNING id", id=market)
    page.goto(f"{open_page.origin}/?layers=markets&sel=markets:{market}&details=&edit=")
    form_of(page).get_by_role("button", name="Dùng tiếp").click()
    expect(form_of(page).locator(".edit-conflict")).to_contain_text("phố mới hơn")
    form_of(page).get_by_label("phố mới hơn").check()
    form_of(page).locator("[name=note]").fill("và thêm một ghi chú")
    save(page)
    expect(page.locator(NOTICES)).to_contain_text("Đã lưu")
    assert value_of(stored, market, "address") == "phố mới hơn"
