"""Files of one's own on the map: dropped, asked about, seen, kept for the tab, removed."""

import json

from playwright.sync_api import expect

from tests.browser.conftest import DESK

#: VN-2000, zone 105°45', kinh tuyến trục của Hải Phòng: Chợ Sắt.
TABLE = "Tên,X,Y\nChợ của tôi,2307660,596560\nKho của tôi,2304440,606700\n"
DROP = """([name, content]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([content], name));
    const area = document.querySelector(".map-area");
    const fire = (type) => area.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    fire("dragover");
    const isMarked = area.classList.contains("is-dropping");
    fire("drop");
    return isMarked;
}"""


ARRIVES = "() => { webmap.page.map.once('moveend', () => { window.arrived = true; }); }"
#: Where the object is on the page.
PLACE = """() => {
    const { map } = webmap.page;
    let found;
    map.eachLayer((layer) => { if (layer.feature?.properties["Tên"] === "Chợ của tôi") found = layer.getLatLng(); });
    const { x, y } = map.latLngToContainerPoint(found), { left, top } = map.getContainer().getBoundingClientRect();
    return [left + x, top + y];
}"""


def test_a_dropped_file_is_seen_asked_about_kept_for_the_tab_and_removed(open_page, server, accounts):
    page = open_page("/?layers=admin_units", DESK, account=accounts["gis"])
    own = page.locator(".own-layers")
    expect(own).to_be_attached()

    assert page.evaluate(DROP, ["bang.csv", TABLE])
    page.locator(".own-question button", has_text="EPSG:9210").click()
    expect(own.locator("li")).to_contain_text("bang.csv")
    expect(own.locator("li small")).to_contain_text("2 đối tượng · EPSG:9210")
    expect(own.get_by_role("link", name="Nhập vào lớp")).to_have_attribute("href", "/imports/new")

    page.reload()
    expect(own.locator("li")).to_contain_text("bang.csv")
    page.evaluate(ARRIVES)
    own.get_by_role("button", name="Phóng đến “bang.csv”").click()
    page.wait_for_function("() => window.arrived")  # while the map zooms its objects are not yet where they will be
    page.mouse.click(*page.evaluate(PLACE))
    expect(page.locator(".own-popup")).to_contain_text("Chợ của tôi")

    own.get_by_role("button", name="Bỏ “bang.csv”").click()
    expect(own.locator("li")).to_have_count(0)
    assert page.evaluate("sessionStorage.getItem('webmap-own')") == "[]"


def test_what_cannot_be_read_is_told_in_words(open_page, server, accounts):
    page = open_page("/", DESK, account=accounts["planner"])
    expect(page.locator(".own-layers")).to_be_attached()

    page.evaluate(DROP, ["gia.csv", "Tên,Giá\nA,1\n"])
    expect(page.locator(".notice")).to_contain_text("không có vị trí")
    page.evaluate(DROP, ["x.geojson", json.dumps({"type": "FeatureCollection", "features": []})])
    expect(page.locator(".own-layers a")).to_have_count(0)  # who may not import is not led there
