"""Shapes are split and merged, places come from the menu and the device, rows from a spreadsheet."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.editing import NOTICES, form_of, open_map, point_at

SPLIT = "SELECT count(*) FROM industrial_cluster WHERE code IN ('PHAN-2', :code)"


def save(page: Page) -> None:
    form_of(page).locator("[type=submit]").click()
    expect(page.locator(NOTICES)).to_contain_text("Đã lưu")


class Drawer:
    """Somebody who draws with a mouse or a finger."""

    def __init__(self, page: Page, touch: bool) -> None:
        self.page, self.touch = page, touch

    def press(self, name: str) -> None:
        button = self.page.locator(".edit-bar").get_by_role("button", name=name, exact=True)
        if self.touch:
            button.tap()
        else:
            button.click()

    def tool(self, name: str) -> None:
        """Choose a tool of the menu, which closes."""
        summary = self.page.locator(".edit-tool-menu summary")
        if self.touch:
            summary.tap()
        else:
            summary.click()
        self.press(name)

    def points(self, *places: tuple[float, float]) -> None:
        for x, y in places:
            if self.touch:
                self.page.touchscreen.tap(x, y)
            else:
                self.page.mouse.move(x, y, steps=3)
                self.page.mouse.click(x, y)
            self.page.wait_for_timeout(60)  # two taps at once would be one double tap

    def size(self) -> float:
        """What the bar says of the size, in the unit it says it in."""
        return float(self.page.locator(".edit-live").inner_text().split("\u202f")[0].replace(".", "").replace(",", "."))

    def has_size(self, size: float) -> None:
        expect(self.page.locator(".edit-live")).to_have_text(re.compile(rf"^{size:.2f}\u202f".replace(".", ",", 1)))

    def back(self) -> None:
        self.press("Lùi một bước")

    def handles(self) -> list[tuple[float, float]]:
        """The corners, px of the window, in their order."""
        found = self.page.locator(".marker-icon:not(.marker-icon-middle)")
        places = "(icons) => icons.map((icon) => icon.getBoundingClientRect()).map((at) => [at.x + at.width / 2, at.y + at.height / 2])"
        return [(x, y) for x, y in found.evaluate_all(places)]


def draw(open_page, accounts, layer: str, number: object, viewport, touch: bool) -> Drawer:
    path = f"/?layers={layer}&sel={layer}:{number}&details=&edit="
    page = open_map(open_page, accounts, viewport, path=path, touch=touch, is_mobile=touch)
    page.locator("[data-draw]").click()
    expect(page.locator(".marker-icon").first).to_be_visible()
    expect(page.locator(".edit-live")).not_to_be_empty()  # the server's answer to the first look
    return Drawer(page, touch)


def outline(page: Page) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of the drawn outline, px."""
    box = page.locator(".leaflet-interactive[stroke='#0b4f8a']").first.bounding_box()
    return box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]


DEVICES = pytest.mark.parametrize(("viewport", "touch"), [(DESK, False), (PHONE, True)], ids=["desk", "phone"])
NEIGHBOUR = """INSERT INTO industrial_cluster (code, name, status, geom)
    SELECT :code, 'Cụm kề bên', status, ST_Translate(geom, 0, (ST_YMin(geom) - ST_YMax(geom)) * 0.8)
    FROM industrial_cluster WHERE id = :id RETURNING id"""
GONE = "DELETE FROM {table} WHERE code = :code RETURNING 1"
OUTLINE = (
    "SELECT id FROM industrial_cluster WHERE ST_NumGeometries(geom) = 1 AND ST_NPoints(geom) < 30 ORDER BY id LIMIT 1"
)


@pytest.fixture
def beside(stored):
    """beside(table, sql, code=…, id=…) -> the id of a row put beside another; what the test left of it goes."""
    put: list[tuple[str, str]] = []

    def add(table: str, sql: str, code: str, id: object) -> object:
        put.append((table, code))
        return stored(sql, code=code, id=id)

    yield add
    for table, code in put:
        stored(GONE.format(table=table), code=code)


@DEVICES
def test_an_outline_gets_a_hole_a_buffer_and_its_neighbour_each_taken_back(
    open_page, accounts, stored, beside, viewport, touch
):
    number = stored(OUTLINE)
    neighbour = beside("industrial_cluster", NEIGHBOUR, code=f"KE-{viewport['width']}", id=number)
    drawer = draw(open_page, accounts, "industrial_clusters", number, viewport, touch)
    page = drawer.page
    left, top, right, bottom = outline(page)
    x, y, whole = (left + right) / 2, (top + bottom) / 2, drawer.size()

    drawer.tool("Khoét")
    drawer.points((x - 20, y - 20), (x + 20, y - 20), (x + 20, y + 20), (x - 20, y + 20))
    drawer.back()
    drawer.press("Làm lại")
    drawer.press("Hoàn thành")
    expect(page.locator(".edit-live")).not_to_have_text(re.compile(f"^{whole:.2f}".replace(".", ",")))
    assert 0 < drawer.size() < whole
    drawer.back()
    drawer.has_size(whole)

    drawer.tool("Áp dụng")
    expect(page.locator(".edit-live")).not_to_have_text(re.compile(f"^{whole:.2f}".replace(".", ",")))
    assert drawer.size() > whole
    drawer.back()
    drawer.has_size(whole)

    drawer.tool("Gộp")
    page.keyboard.press("Escape")
    expect(page.locator(".edit-bar p")).to_contain_text("Kéo điểm")
    drawer.tool("Gộp")
    drawer.points((x, bottom + 25))
    expect(form_of(page).locator(".edit-size")).to_contain_text("xóa 1 đối tượng đã gộp")
    expect(page.locator(".edit-warnings li").filter(has_text="Cụm kề bên")).to_have_count(0)
    merged = drawer.size()
    assert whole < merged < 2 * whole
    drawer.press("Hoàn thành")
    expect(form_of(page).locator(".edit-asked [name=source]")).to_be_visible()
    form_of(page).locator("[name=source]").fill("Quyết định gộp")
    save(page)
    assert stored("SELECT count(*) FROM industrial_cluster WHERE id = :id", id=neighbour) == 0
    area = "SELECT round((ST_Area(geom::geography) / 10000)::numeric, 1) FROM industrial_cluster WHERE id = :id"
    assert float(stored(area, id=number)) == pytest.approx(merged, abs=0.1)
    page.locator(NOTICES).get_by_role("button", name="Hoàn tác").click()
    expect(page.locator(NOTICES)).to_contain_text("Đã hoàn tác")
    assert stored("SELECT count(*) FROM industrial_cluster WHERE id = :id", id=neighbour) == 1


TWIN = """INSERT INTO power_line (code, name, voltage_kv, status, geom)
    SELECT :code, 'Đường song song', voltage_kv, status, ST_Multi(ST_LineSubstring(ST_Translate(ST_GeometryN(geom, 1), 0, 0.002), 0, 0.6))
    FROM power_line WHERE id = :id RETURNING id"""
ALONG = """SELECT ST_Covers(ST_Buffer(other.geom, 1e-7), own.geom) AND ST_Length(own.geom) > ST_Length(other.geom) * 0.9
    FROM power_line own, power_line other WHERE own.id = :id AND other.id = :twin"""
PLACE = "SELECT ST_X(p) || ' ' || ST_Y(p) FROM (SELECT ST_LineInterpolatePoint(ST_GeometryN(geom, 1), :share) p FROM power_line WHERE id = :id) l"


def stored_place(stored, line: object, share: float) -> tuple[float, float]:
    """A place along a stored line: lon, lat."""
    lon, lat = map(float, stored(PLACE, id=line, share=share).split())
    return lon, lat


@DEVICES
def test_a_line_is_extended_split_and_drawn_along_another(open_page, accounts, stored, beside, viewport, touch):
    number = stored("SELECT id FROM power_line WHERE ST_NumGeometries(geom) = 1 ORDER BY ST_Length(geom) LIMIT 1")
    twin = beside("power_line", TWIN, code=f"SONG-{viewport['width']}", id=number)
    drawer = draw(open_page, accounts, "power_lines", number, viewport, touch)
    page, corners = drawer.page, drawer.handles()
    (x, y), whole = corners[-1], page.locator(".edit-live").inner_text()

    drawer.tool("Kéo dài")
    drawer.points((x, y), (x - 30, y - 40))
    drawer.press("Hoàn thành")
    expect(page.locator(".edit-live")).not_to_have_text(whole)
    assert len(drawer.handles()) == len(corners) + 1
    drawer.back()
    expect(page.locator(".edit-live")).to_have_text(whole)

    (x, y), (far_x, far_y) = corners[0], corners[1]
    drawer.tool("Tách")
    middle = ((x + far_x) / 2, (y + far_y) / 2)
    drawer.points((middle[0] - 45, middle[1] - 45), (middle[0] + 45, middle[1] + 45))
    drawer.press("Hoàn thành")
    expect(form_of(page).get_by_label("Mã phần 2")).to_have_count(1)
    drawer.back()
    expect(form_of(page).get_by_label("Mã phần 2")).to_have_count(0)

    drawer.tool("Vẽ theo")
    start, end, middle = (point_at(page, *stored_place(stored, twin, share)) for share in (0, 1, 0.5))
    drawer.points(middle)
    expect(page.locator(".edit-bar p")).to_contain_text("Bấm điểm đầu, điểm cuối")
    drawer.points(start, end)
    drawer.press("Hoàn thành")
    expect(page.locator(".edit-live")).not_to_have_text(whole)
    drawer.press("Hoàn thành")
    save(page)
    assert stored(ALONG, id=number, twin=twin)
    page.locator(NOTICES).get_by_role("button", name="Hoàn tác").click()
    expect(page.locator(NOTICES)).to_contain_text("Đã hoàn tác")


def test_an_outline_is_split_and_the_second_part_is_asked_for_its_code(open_page, accounts, stored):
    row = "SELECT id || ' ' || code FROM industrial_cluster WHERE ST_NumGeometries(geom) = 1 ORDER BY id DESC LIMIT 1"
    number, code = stored(row).split(" ", 1)
    path = f"/?layers=industrial_clusters&sel=industrial_clusters:{number}&details=&edit="
    page = open_map(open_page, accounts, DESK, path=path)
    area = "SELECT sum(ST_Area(geom)) FROM industrial_cluster WHERE code IN ('PHAN-2', :code)"
    before = stored(area, code=code)
    page.locator("[data-draw]").click()
    expect(page.locator(".marker-icon").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.locator(".edit-tool-menu summary").click()
    page.get_by_role("button", name="Tách").click()
    middle = page.locator(".leaflet-interactive[stroke='#0b4f8a']").first.bounding_box()
    x = middle["x"] + middle["width"] / 2
    for y in (middle["y"] - 30, middle["y"] + middle["height"] + 30):
        page.mouse.move(x, y, steps=3)
        page.mouse.click(x, y)
    page.get_by_role("button", name="Hoàn thành", exact=True).click()
    form = form_of(page)
    form.get_by_label("Mã phần 2").fill("PHAN-2")
    page.get_by_role("button", name="Hoàn thành", exact=True).click()
    save(page)
    assert stored(SPLIT, code=code) == 2
    assert stored(area, code=code) == pytest.approx(before, rel=1e-9)
    page.locator(NOTICES).get_by_role("button", name="Hoàn tác").click()
    expect(page.locator(NOTICES)).to_contain_text("Đã hoàn tác")
    assert stored(SPLIT, code=code) == 1


def test_the_menu_of_a_place_adds_there_and_the_device_tells_where_one_stands(open_page, accounts):
    here = {"latitude": 20.8601, "longitude": 106.6802, "accuracy": 7}
    page = open_map(open_page, accounts, DESK, geolocation=here, permissions=["geolocation"])
    page.locator(".leaflet-container").click(button="right", position={"x": 300, "y": 300})
    page.locator(".place-menu").get_by_role("button", name="Thêm tại đây: Chợ").click()
    form = form_of(page)
    expect(page.locator(".edit-pin")).to_have_count(1)
    form.locator("[data-here]").click()
    expect(form.locator("[name=location_accuracy]")).to_have_value("gps")
    expect(form.locator("[name=source]")).to_have_value("GPS, ± 7 m")
    expect(form.locator(".edit-size")).to_contain_text("20,86010")


@pytest.mark.parametrize(("viewport", "touch"), [(DESK, False), (PHONE, True)], ids=["desk", "phone"])
def test_rows_are_pasted_from_a_spreadsheet(open_page, accounts, stored, viewport, touch):
    number = stored("SELECT id FROM substation ORDER BY id DESC LIMIT 1")
    path = f"/?layers=substations&sel=substations:{number}&details=&edit="
    page = open_map(open_page, accounts, viewport, path=path, touch=touch, is_mobile=touch)
    mark = "P" if touch else "D"
    table = form_of(page).locator("[data-detail=transformers]")
    table.locator("[data-paste-rows]").click()
    table.locator(".edit-paste textarea").fill(f"{mark}8\t63\t110/22\n{mark}9\t40,5\n")
    table.locator("[data-take-rows]").click()
    expect(table.locator(".edit-row.is-new")).to_have_count(2)
    save(page)
    rated = "SELECT sum(rated_mva) FROM transformer WHERE feature_id = :id AND name IN (:one, :two)"
    assert float(stored(rated, id=number, one=f"{mark}8", two=f"{mark}9")) == 103.5
