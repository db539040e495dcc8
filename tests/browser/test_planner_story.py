"""A planner's days: a station, its circuit, a transformer and a load, a cluster, five markets; taken back later."""

from urllib.parse import urlparse

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.editing import NOTICES, form_of, open_map, point_at

NEAR = 6  # px beside what is meant: the end is snapped
START = "TBA-110-KIENAN"
CENTIMETRE = 1e-7  # degrees


class Planner:
    """Somebody at the map with a mouse or a finger."""

    def __init__(self, page: Page, stored, is_touch: bool, mark: str) -> None:
        self.page, self.stored, self.is_touch, self.mark = page, stored, is_touch, mark

    def press(self, where) -> None:
        locator = self.page.locator(where) if isinstance(where, str) else where
        if self.is_touch:
            locator.tap()
        else:
            locator.click()

    def press_at(self, x: float, y: float) -> None:
        map_ = self.page.locator(".leaflet-container")
        box = map_.bounding_box()
        where = {"x": x - box["x"], "y": y - box["y"]}
        if self.is_touch:
            map_.tap(position=where)
        else:
            map_.click(position=where)

    def go(self, path: str) -> None:
        """Open an address of the map, and wait until it is drawn."""
        self.page.goto(urlparse(self.page.url)._replace(path="/", query=path, fragment="").geturl())
        self.page.wait_for_selector("[data-add-object=markets]", state="attached")
        self.page.wait_for_load_state("networkidle")

    def add(self, layer: str) -> None:
        """“Add” at the layer; on the phone in the sheet at its full height."""
        if self.is_touch:
            handle = self.page.locator("#layers-panel [data-sheet-handle]")
            while self.page.locator("#layers-panel").get_attribute("data-height") != "full":
                handle.tap()
        self.press(f"[data-add-object={layer}]")
        expect(self.page.locator(".edit-bar")).to_be_visible()
        self.page.wait_for_load_state("networkidle")

    def edit(self) -> None:
        self.press(self.page.locator("[data-edit-object]:visible").first)
        expect(form_of(self.page)).to_be_visible()

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            field = form_of(self.page).locator(f".edit-field [name={name}]")
            if field.evaluate("(field) => field.tagName") == "SELECT":
                field.select_option(label=value)
            else:
                field.fill(value)

    def add_row(self, detail: str, **values: str) -> None:
        table = form_of(self.page).locator(f"[data-detail={detail}]")
        self.press(table.locator("[data-add-row]"))
        for name, value in values.items():
            field = table.locator(".edit-row.is-new").last.locator(f"[name={name}]")
            if field.evaluate("(field) => field.tagName") == "SELECT":
                field.select_option(label=value)
            else:
                field.fill(value)

    def finish(self) -> None:
        self.press(self.page.locator(".edit-bar").get_by_role("button", name="Hoàn thành", exact=True))
        expect(self.page.locator(".edit-bar")).to_have_count(0)

    def save(self) -> None:
        self.press(form_of(self.page).locator("[type=submit]"))
        expect(self.page.locator(NOTICES)).to_contain_text("Đã lưu")
        expect(form_of(self.page)).to_have_count(0)

    def place_of(self, code: str) -> tuple[float, float]:
        told = self.stored("SELECT ST_X(geom) || ' ' || ST_Y(geom) FROM substation WHERE code = :code", code=code)
        lon, lat = map(float, told.split())
        return point_at(self.page, lon, lat)


def add_station(planner: Planner) -> None:
    planner.go("layers=substations,power_lines&z=13&lat=20.84&lon=106.60")
    planner.add("substations")
    box = planner.page.locator(".leaflet-container").bounding_box()
    planner.press_at(box["x"] + box["width"] * 0.45, box["y"] + box["height"] * 0.4)
    expect(planner.page.locator(".edit-pin")).to_have_count(1)
    planner.finish()
    planner.fill(code=f"TBA-{planner.mark}", name=f"TBA 110 kV {planner.mark}", voltage_kv="110", status="Quy hoạch")
    planner.save()
    expect(planner.page.locator("#object-panel")).to_contain_text(f"TBA 110 kV {planner.mark}")


def draw_circuit(planner: Planner) -> None:
    planner.go("layers=substations,power_lines&z=12&lat=20.83&lon=106.61")
    planner.add("power_lines")
    (x, y), (far_x, far_y) = planner.place_of(START), planner.place_of(f"TBA-{planner.mark}")
    planner.press_at(x + NEAR, y - NEAR)
    planner.press_at((x + far_x) / 2 - 30, (y + far_y) / 2)
    planner.press_at(far_x + NEAR, far_y + NEAR)
    planner.finish()
    form = form_of(planner.page)
    expect(form.locator("[name=from_substation_code]")).to_have_value(START)
    expect(form.locator("[name=to_substation_code]")).to_have_value(f"TBA-{planner.mark}")
    expect(form.locator(".edit-size")).to_contain_text("km")
    planner.press(form.get_by_role("button", name="Lấy làm chiều dài"))
    planner.fill(code=f"DZ-{planner.mark}", name=f"Mạch {planner.mark}", voltage_kv="110", status="Quy hoạch")
    planner.save()
    gap = """SELECT ST_Distance(ST_EndPoint(ST_GeometryN(line.geom, 1)), station.geom)
        FROM power_line line JOIN substation station ON station.code = line.to_substation_code WHERE line.code = :code"""
    assert planner.stored(gap, code=f"DZ-{planner.mark}") < CENTIMETRE


def equip_station(planner: Planner) -> None:
    number = planner.stored("SELECT id FROM substation WHERE code = :code", code=f"TBA-{planner.mark}")
    planner.go(f"layers=substations&sel=substations:{number}&details=")
    planner.edit()
    planner.add_row("transformers", name="T1", rated_mva="63", is_planned="có")
    load = {"measured_at": "01/06/2028 19:00", "scenario": "Dự báo", "active_power_mw": "41,5"}
    planner.add_row("load_measurements", **load)
    planner.save()
    expect(planner.page.locator("#object-panel")).to_contain_text("41,5")


def enlarge_cluster(planner: Planner) -> None:
    """Drag a corner outwards; take the measured area; the share of leased land follows."""
    largest = "SELECT id FROM industrial_cluster WHERE leased_area_ha > 0 AND ST_NPoints(geom) < 40 ORDER BY area_ha DESC LIMIT 1"
    number = planner.stored(largest)
    corner = "SELECT ST_X(p) || ' ' || ST_Y(p) FROM (SELECT ST_PointN(ST_ExteriorRing(ST_GeometryN(geom, 1)), 1) p FROM industrial_cluster WHERE id = :id) c"
    lon, lat = map(float, planner.stored(corner, id=number).split())
    planner.go(f"layers=industrial_clusters&sel=industrial_clusters:{number}&details=&z=14&lat={lat}&lon={lon}")
    panel = planner.page.locator("#object-panel")
    planner.edit()
    planner.press("[data-draw]")
    handles = planner.page.locator(".marker-icon:not(.marker-icon-middle)")
    expect(handles.first).to_be_visible()
    area = form_of(planner.page).locator(".edit-size")
    said = area.inner_text()
    x, y = point_at(planner.page, lon, lat)
    drag(planner, (x, y), (x + 60, y + 60))
    expect(area).not_to_have_text(said)
    planner.finish()
    planner.press(form_of(planner.page).get_by_role("button", name="Lấy làm diện tích"))
    land = planner.stored("SELECT industrial_land_ha + 5 FROM industrial_cluster WHERE id = :id", id=number)
    planner.fill(industrial_land_ha=in_vietnamese(land))
    planner.save()
    expect(panel).to_contain_text(f"{in_vietnamese(land)} ha")
    share = "SELECT round(leased_area_ha * 100 / industrial_land_ha, 1) FROM industrial_cluster WHERE id = :id"
    expect(panel).to_contain_text(in_vietnamese(planner.stored(share, id=number)))
    drawn = "SELECT abs(area_ha - ST_Area(geom::geography) / 10000) FROM industrial_cluster WHERE id = :id"
    assert planner.stored(drawn, id=number) < 0.01


def in_vietnamese(number) -> str:
    return f"{number:f}".rstrip("0").rstrip(".").replace(".", ",")


def drag(planner: Planner, start: tuple[float, float], end: tuple[float, float]) -> None:
    """With the mouse, or with the events that a finger makes: the driver has no finger that moves."""
    if not planner.is_touch:
        planner.page.mouse.move(*start)
        planner.page.mouse.down()
        planner.page.mouse.move(*end, steps=5)
        planner.page.mouse.up()
        return
    client = planner.page.context.new_cdp_session(planner.page)
    steps = [(start[0] + (end[0] - start[0]) * k / 5, start[1] + (end[1] - start[1]) * k / 5) for k in range(6)]
    for kind, (x, y) in [("touchStart", start), *(("touchMove", step) for step in steps)]:
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def correct_markets(planner: Planner) -> None:
    page = planner.page
    planner.go("layers=markets&table=markets")
    expect(page.locator("#table-body tbody tr").first).to_be_visible()
    planner.press(page.get_by_role("button", name="Sửa trong bảng"))
    ticks = page.locator("#table-body tbody [type=checkbox]")
    for number in range(5):
        planner.press(ticks.nth(number))
    planner.press(page.get_by_role("button", name="Sửa nhiều"))
    page.locator("#batch-field").select_option(value="status")
    # Both devices change the same markets, one after the other.
    page.locator("#batch-value-status").select_option(label="Đang xây dựng" if planner.is_touch else "Đang xây lại")
    page.locator("#batch-reason").fill(f"theo báo cáo {planner.mark}")
    expect(page.locator(".batch-told li")).not_to_have_count(0)
    planner.press(page.locator(".batch-form [type=submit]"))
    expect(page.locator(NOTICES)).to_contain_text("Đã lưu")


def undo_days_later(planner: Planner) -> None:
    """The second of the changes, the circuit, is taken back from the history when three days have gone."""
    page, circuit = planner.page, f"DZ-{planner.mark}"
    number = planner.stored("SELECT change_set_id FROM power_line WHERE code = :code", code=circuit)
    planner.stored("UPDATE change_set SET made_at = made_at - interval '3 days' RETURNING id")
    page.goto(urlparse(page.url)._replace(path="/history", query="").geturl())
    listed = page.locator(".list-group-item").filter(has_text=f"Thay đổi số {number} ·")
    expect(listed).to_contain_text(f"Thêm: Mạch {planner.mark}")
    planner.press(listed.get_by_role("link", name="Hoàn tác"))
    planner.press(page.get_by_role("button", name="Hoàn tác"))
    expect(page.locator("main")).to_contain_text(f"Thay đổi số {number}")
    assert planner.stored("SELECT count(*) FROM power_line WHERE code = :code", code=circuit) == 0
    assert planner.stored("SELECT count(*) FROM substation WHERE code = :code", code=f"TBA-{planner.mark}") == 1


def see_history(planner: Planner) -> None:
    page = planner.page
    page.goto(urlparse(page.url)._replace(path="/history", query="").geturl())
    entries = page.locator(".list-group-item")
    expect(entries.filter(has_text=f"theo báo cáo {planner.mark}")).to_have_count(1)
    own = entries.filter(has_text="planner-browser")
    expect(own.filter(has_text=f"Sửa: TBA 110 kV {planner.mark} – ").first).to_contain_text("phụ tải")
    assert {"Trạm biến áp", "Đường dây", "Cụm công nghiệp", "Chợ"} <= {
        title for title in ("Trạm biến áp", "Đường dây", "Cụm công nghiệp", "Chợ") if own.filter(has_text=title).count()
    }


STEPS = (
    add_station, draw_circuit, equip_station, enlarge_cluster, correct_markets, undo_days_later, see_history,
)  # fmt: skip


@pytest.mark.parametrize(("viewport", "touch"), [(DESK, False), (PHONE, True)], ids=["desk", "phone"])
def test_a_planner_changes_what_he_sees_takes_one_change_back_days_later_and_sees_it_all(
    open_page, accounts, stored, viewport, touch
):
    page = open_map(open_page, accounts, viewport, touch=touch, is_mobile=touch)
    planner = Planner(page, stored, touch, "MOT" if touch else "HAI")
    for step in STEPS:
        step(planner)
