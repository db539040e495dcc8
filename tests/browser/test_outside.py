"""Maps of other servers: allowed by an administrator, switched on below the layers, credited, kept in the address, printed."""

import struct
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from geodata.accounts.outside import save_source
from geodata.base.database import new_engine
from tests.browser.conftest import DESK, PHONE
from tests.browser.test_accessibility import violations


def red_tile() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\xe0\x20\x20" * 256 for _ in range(256))
    head = struct.pack(">IIBBBBB", 256, 256, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Tiles:
    """A server of tiles on this machine; `asked` are the paths that were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.lets_take = True
        picture, tiles = red_tile(), self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                tiles.asked.append(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "image/png")
                self.send_header("Content-Length", str(len(picture)))
                if tiles.lets_take:
                    self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()
                self.wfile.write(picture)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def tiles() -> Iterator[Tiles]:
    made = Tiles()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def allowed(server, tiles) -> Iterator[Tiles]:
    """Tiles and a WMS of that server, for everybody."""
    engine = new_engine(server.database)
    form = {"attribution": "Cục Viễn thám", "opacity": "100", "audience": "everyone", "layers": "dat"}
    with Session(engine) as session:
        save_source(
            session, form | {"name": "Ảnh vệ tinh", "kind": "xyz", "address": tiles.origin + "/{z}/{x}/{y}.png"}
        )
        save_source(session, form | {"name": "Quy hoạch", "kind": "wms", "address": tiles.origin + "/ows"})
        session.commit()
    yield tiles
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM map_source")
    engine.dispose()


RED = """() => {
    const { map, layers } = webmap.page;
    const shown = [...document.querySelectorAll(".outside-layer img")].filter((tile) => tile.complete && tile.naturalWidth);
    const z = Number(getComputedStyle(document.querySelector(".outside-layer")).zIndex);
    const order = layers.map((layer) => layer.spec.zIndex).sort((a, b) => a - b);
    return { tiles: shown.length, isAboveLowest: z > order[0], isBelowOthers: z < order[1] };
}"""

#: Every line of credits is seen, however many there are: no button lies over one.
CREDITS_ARE_CLEAR = """() => {
    const buttons = document.querySelector(".drawer-toggles").getBoundingClientRect();
    const lines = [...document.querySelectorAll(".data-date, .attribution")].map((line) => line.getBoundingClientRect());
    const shown = lines.filter((line) => line.width);
    return shown.length > 1 && shown.every((line) => line.top >= buttons.bottom || line.left >= buttons.right || line.bottom <= buttons.top);
}"""


def switch(page: Page, name: str) -> None:
    page.locator(".own-layers label", has_text=name).click()


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_map_of_another_server_is_asked_for_only_when_switched_on_credited_and_kept_in_the_address(
    open_page, server, allowed, viewport
):
    page = open_page("/", viewport, allowed=[allowed.origin], touch=viewport is PHONE)
    if viewport is PHONE:
        for _ in range(2):
            page.locator("#layers-panel [data-sheet-handle]").click()
    expect(page.locator(".own-layers label", has_text="Ảnh vệ tinh")).to_be_attached()
    assert allowed.asked == []

    switch(page, "Ảnh vệ tinh")

    page.wait_for_function(f"() => ({RED})().tiles > 3")
    assert page.evaluate(RED) | {"tiles": 0} == {"tiles": 0, "isAboveLowest": True, "isBelowOthers": True}
    expect(page.locator("#attribution-outside")).to_have_text("Ảnh vệ tinh: Cục Viễn thám")
    page.wait_for_function(CREDITS_ARE_CLEAR)
    again = open_page(page.url.removeprefix(server.url), viewport, allowed=[allowed.origin])
    again.wait_for_function(f"() => ({RED})().tiles > 3")
    switch(page, "Ảnh vệ tinh")
    expect(page.locator(".outside-layer")).to_have_count(0)
    expect(page.locator("#attribution-outside")).to_be_empty()


def test_a_wms_is_asked_for_pictures_in_web_mercator(open_page, allowed):
    page = open_page("/", allowed=[allowed.origin])
    expect(page.locator(".own-layers label", has_text="Quy hoạch")).to_be_attached()

    switch(page, "Quy hoạch")

    page.wait_for_function("() => document.querySelectorAll('.outside-layer img.leaflet-tile-loaded').length > 3")
    assert "request=GetMap" in allowed.asked[0]
    assert "layers=dat" in allowed.asked[0]
    assert "crs=EPSG%3A3857" in allowed.asked[0]


PIXEL = """async () => {
    const sheet = webmap.page.print;
    return sheet.outside.map((layer) => [layer.isForPaper, layer.failures]);
}"""


@pytest.mark.parametrize("lets_take", [True, False], ids=["with CORS", "without"])
def test_a_sheet_prints_the_map_of_another_server_and_its_credit(open_page, allowed, lets_take):
    allowed.lets_take = lets_take
    page = open_page("/", allowed=[allowed.origin])
    switch(page, "Ảnh vệ tinh")
    page.wait_for_function(f"() => ({RED})().tiles > 3")

    page.locator('[data-map-tool="print"]').click()
    page.locator("dialog[open] button[type=submit]").click()
    expect(page.locator(".print-sheet[data-ready]")).to_be_visible()

    expect(page.locator(".print-facts")).to_contain_text("Ảnh vệ tinh: Cục Viễn thám")
    assert page.locator(".print-map .outside-layer img.leaflet-tile-loaded").count() > 3
    assert page.evaluate(PIXEL) == [[not lets_take, 0]]
    status = page.locator(".print-status")
    expect(status).to_contain_text("chỉ có trên giấy") if not lets_take else expect(status).to_be_empty()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Lưu ảnh PNG").click()
    assert saved.value.suggested_filename.endswith(".png")


def test_an_administrator_allows_a_map_on_the_page_and_sees_it_on_the_map(open_page, server, accounts, tiles, stored):
    page = open_page("/admin/map-sources", DESK, account=accounts["admin"], allowed=[tiles.origin])
    card = page.locator("#add")
    card.get_by_label("Tên").fill("Bản đồ nền của Sở")
    card.get_by_label("Địa chỉ").fill(tiles.origin + "/{z}/{x}/{y}.png")
    card.get_by_label("Ghi nguồn").fill("Sở Công Thương")
    card.get_by_role("button", name="Cho phép bản đồ này").click()
    expect(page.locator("[data-source]")).to_contain_text("Bản đồ nền của Sở")
    assert violations(page) == []

    page.goto(server.url)
    switch(page, "Bản đồ nền của Sở")

    page.wait_for_function(f"() => ({RED})().tiles > 3")
    page.goto(f"{server.url}/admin/map-sources")
    page.get_by_role("button", name="Xóa Bản đồ nền của Sở").click()
    expect(page.locator("[data-source]")).to_have_count(0)
    assert stored("SELECT count(*) FROM map_source") == 0
