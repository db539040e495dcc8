"""What a planner does beside drawing: types coordinates, steers by keys, edits cells, copies, deletes, picks references."""

import re
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.editing import NOTICES, find, form_of, open_map

OUTLINE = "SELECT id FROM industrial_cluster WHERE ST_NumGeometries(geom) = 1 ORDER BY id LIMIT 1"
BESIDE = """SELECT ST_Y(p) || ' ' || ST_X(p) FROM
    (SELECT ST_Project(geom::geography, 40, 0)::geometry p FROM substation WHERE code = 'TBA-110-KIENAN') s"""
BOW_TIE = "20.80 106.60\n20.82 106.62\n20.80 106.62\n20.82 106.60"


def type_places(page: Page, text: str, system: str = "") -> None:
    form = form_of(page)
    expect(form).to_be_visible()
    if form.locator(".edit-typed:not([open])").count():
        form.locator(".edit-typed summary").click()
    if system:
        form.locator("#edit-system").select_option(label=system)
    form.locator("#edit-coordinates").fill(text)
    form.locator("[data-take-coordinates]").click()


def finish(page: Page) -> None:
    page.locator(".edit-bar").get_by_role("button", name="Hoàn thành", exact=True).click()


def save(page: Page) -> None:
    form_of(page).locator("[type=submit]").click()
    expect(page.locator(NOTICES)).to_contain_text("Đã lưu")
    expect(form_of(page)).to_have_count(0)


def take_back(page: Page) -> None:
    page.locator(NOTICES).get_by_role("button", name="Hoàn tác").click()
    expect(page.locator(NOTICES)).to_contain_text("Đã hoàn tác")


def test_typed_places_are_read_as_people_write_them_and_what_is_wrong_is_told(open_page, accounts, stored):
    number = stored(OUTLINE)
    path = f"/?layers=industrial_clusters,power_lines,substations&sel=industrial_clusters:{number}&details=&edit="
    page = open_map(open_page, accounts, DESK, path=path)
    warned = page.locator(".edit-warnings")
    type_places(page, BOW_TIE)
    expect(warned).to_contain_text("tự cắt")
    expect(page.locator(".edit-spot")).to_have_count(1)
    form_of(page).locator("[type=submit]").click()
    expect(form_of(page).locator("[data-problem-for=geom] .edit-problem").last).not_to_be_empty()

    form_of(page).locator("[name=area_ha]").fill("400")
    type_places(page, "20°48'00\" 106°36'00\"\n20°49'12\" 106°36'00\"\n20°49'12\" 106°37'12\"\n20°48'00\" 106°37'12\"")
    expect(page.locator(".edit-live")).to_have_text("461,02\u202fha")
    expect(warned).to_contain_text("lệch 15 %")
    type_places(page, "Y=0 X=0")
    expect(form_of(page).locator(".edit-place > .edit-problem")).to_be_visible()
    page.locator("[data-cancel]").click()

    find(page, "Đường dây 110 kV Lê Chân – Lạch Tray")
    expect(page.locator("#object-panel h2")).to_contain_text("Lạch Tray")  # no longer the one of before
    page.locator("#object-panel [data-edit-object]").click()
    expect(form_of(page).locator("h2")).to_contain_text("Lạch Tray")
    type_places(page, f"20.84 106.66\n{stored(BESIDE)}")
    expect(warned).to_contain_text("cách “TBA 110 kV Kiến An” 40 m, chưa nối vào")
    page.locator("[data-cancel]").click()


def test_an_object_is_drawn_by_keys_alone(open_page, accounts, stored):
    page = open_map(open_page, accounts, DESK, path="/?layers=power_lines&z=14&lat=20.83&lon=106.62")
    page.locator("[data-add-object=power_lines]").press("Enter")
    expect(page.locator(".edit-bar")).to_contain_text("Bấm")
    here = page.get_by_role("button", name="Thêm điểm tại dấu thập")
    map_ = page.locator(".leaflet-container")
    expect(here).to_be_enabled()
    here.press("Enter")
    for key in ("ArrowRight", "ArrowDown"):
        middle = page.url
        map_.press(key)
        expect(page).not_to_have_url(middle)
        here.press("Enter")
    here.press("Control+z")
    here.press("Control+y")
    expect(page.locator(".edit-live")).to_contain_text("km")
    page.get_by_role("button", name="Hoàn thành", exact=True).press("Enter")
    form = form_of(page)
    expect(form.locator(".edit-size")).to_contain_text("3 điểm")
    form.locator("[data-draw]").press("Enter")
    walk = page.get_by_role("button", name=re.compile("Đỉnh kế tiếp"))
    walk.press("Enter")
    for key, count in (("Insert", 4), ("Shift+ArrowUp", 4), ("Delete", 3), ("Control+z", 4)):
        walk.press(key)
        expect(form.locator(".edit-size")).to_contain_text(f"{count} điểm")
    walk.press("Escape")
    expect(page.locator(".edit-bar")).to_have_count(0)
    form.locator("[name=code]").fill("PHIM-1")
    form.locator("[name=name]").fill("Mạch bằng phím")
    form.locator("[name=voltage_kv]").fill("110")
    form.locator("[type=submit]").press("Enter")
    expect(page.locator(NOTICES)).to_contain_text("Đã lưu")
    assert stored("SELECT ST_NPoints(geom) FROM power_line WHERE code = 'PHIM-1'") == 4
    take_back(page)


@pytest.mark.parametrize(("viewport", "touch"), [(DESK, False), (PHONE, True)], ids=["desk", "phone"])
def test_cells_are_changed_objects_copied_and_deleted_with_a_reason(open_page, accounts, stored, viewport, touch):
    path = "/?layers=markets&markets.status=operating&table=markets&z=12&lat=20.84&lon=106.68"
    page = open_map(open_page, accounts, viewport, path=path, touch=touch, is_mobile=touch)
    row = page.locator("#table-body tbody tr").first
    expect(row).to_be_visible()
    number = int(row.get_attribute("data-id"))
    page.get_by_role("button", name="Sửa trong bảng").click()
    cell = row.locator("td[data-field=trader_count]")
    cell.locator("button").click()
    cell.locator("input").fill("không phải số")
    cell.locator("input").press("Enter")
    expect(cell.locator(".edit-problem")).not_to_be_empty()
    cell.locator("input").press("Escape")
    cell.locator("button").click()
    cell.locator("input").fill("4321")
    cell.locator("input").press("Enter")
    expect(page.locator(NOTICES)).to_contain_text("Đã lưu")
    expect(row.locator("td[data-field=trader_count]")).to_contain_text("4.321")
    assert stored("SELECT trader_count FROM market WHERE id = :id", id=number) == 4321
    shown = {name: values for name, values in parse_qs(urlparse(page.url).query).items() if name != "table"}
    assert (shown["markets.status"], shown["layers"]) == (["operating"], ["markets"])
    take_back(page)

    row.get_by_role("button", name="Sửa", exact=False).first.click()
    form = form_of(page)
    name = form.locator("[name=name]").input_value()
    form.locator("[data-copy-object]").click()
    expect(form.locator("[name=name]")).to_have_value(name)
    expect(form.locator("h2")).to_have_text("Thêm")
    code = f"SAO-{viewport['width']}"
    form.locator("[name=code]").fill(code, force=True)
    finish(page)  # a copy's place is drawn; it is typed here
    type_places(page, "20.8601 106.6835")
    finish(page)
    save(page)
    copy = stored("SELECT id FROM market WHERE code = :code", code=code)
    assert stored("SELECT status FROM market WHERE id = :id", id=copy) == "operating"

    page.locator("[data-edit-object]:visible").first.click()
    form.locator("[data-delete]").click()
    page.get_by_role("button", name="Xóa", exact=True).first.click()
    expect(page.locator("#edit-why")).to_be_focused()
    page.locator("#edit-why").fill("trùng với chợ đã có")
    form.locator(".edit-messages").get_by_role("button", name="Xóa").click()
    expect(form).to_be_hidden()
    assert stored("SELECT count(*) FROM market WHERE id = :id", id=copy) == 0
    rest = stored("SELECT count(*) FROM market WHERE status = 'operating'")
    expect(page.locator("#table-count")).to_have_text(f"1–{rest} trong số {rest}")
    assert stored("SELECT reason FROM change_set ORDER BY id DESC LIMIT 1") == "trùng với chợ đã có"
    assert parse_qs(urlparse(page.url).query)["markets.status"] == ["operating"]


def test_references_and_documents_are_picked_and_the_unit_follows_the_place_until_it_is_chosen(
    open_page, accounts, stored
):
    page = open_map(open_page, accounts, DESK, path="/?layers=markets,admin_units&z=12&lat=20.84&lon=106.68")
    page.fill("#search-text", "thêm chợ")
    page.locator("#search-hits [role=option]").filter(has_text="Thêm: Chợ").click()
    form = form_of(page)
    unit = form.locator("[name=admin_unit_code]")
    type_places(page, "20.8601 106.6802")
    lies = "SELECT code FROM admin_unit WHERE ST_Covers(geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)) ORDER BY ST_Area(geom) LIMIT 1"
    expect(unit).to_have_value(stored(lies, lon=106.6802, lat=20.8601))
    type_places(page, "20.72 106.60")
    there = stored(lies, lon=106.60, lat=20.72)
    expect(unit).to_have_value(there)
    other = stored(
        "SELECT code || '|' || name FROM admin_unit WHERE code <> :there AND valid_to IS NULL LIMIT 1", there=there
    )
    code, name = other.split("|")
    unit.fill(name)
    expect(form.locator(f"#edit-admin_unit_code-list option[value='{code}']")).to_have_count(1)
    unit.fill(code)
    expect(form.locator("[data-problem-for=admin_unit_code] [data-reference-name]")).to_have_text(name)
    type_places(page, "20.8601 106.6802")
    finish(page)
    form.locator("#edit-act").fill("14/2024/TT-BCT")
    act = form.locator("#edit-act-choices option").first
    expect(act).to_have_count(1)
    form.locator("#edit-act").fill(act.get_attribute("value"))
    form.get_by_role("button", name="Gắn", exact=False).click()
    form.locator("[name=code]").fill("CHON-1")
    form.locator("[name=name]").fill("Chợ chọn đơn vị")
    save(page)
    acts = """SELECT count(*) FROM feature_document d JOIN market m ON m.id = d.feature_id AND d.layer = 'markets'
        WHERE m.code = 'CHON-1'"""
    assert stored("SELECT admin_unit_code FROM market WHERE code = 'CHON-1'") == code
    assert stored(acts) == 1
    page.locator("[data-edit-object]:visible").first.click()
    form.locator("[data-remove-act]").click()
    save(page)
    assert stored(acts) == 0
    stored("DELETE FROM market WHERE code = 'CHON-1' RETURNING 1")
