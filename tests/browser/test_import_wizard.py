"""Journeys 10 to 12 in a real Chromium, with a real worker: import, update in part, undo beside a colleague's edits."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.base.database import new_engine
from tests.conftest import PASSWORD, ROOT, Server, migrated_database
from tests.geodata.importing import files

NAMES = ["Chợ Đổng Quốc Bình", "Chợ Tam Bạc", "Chợ Lương Văn Can", "Chợ Cố Đạo", "Chợ Hàng"]


def shapefile(path, rows):
    """Write a zipped shapefile as a district sends it: VN-2000 without .prj, TCVN3 without .cpg."""
    points = [(106.60 + 0.01 * i, 20.80 + 0.005 * i) for i in range(len(rows))]
    return files.shapefile(
        path, ["MA", "TEN", "HANG"], rows, files.to_crs(points, 9210), encode=files.tcvn3, prj=None, stem="CHO"
    )


@pytest.fixture(scope="module")
def wizard(worker, tmp_path_factory) -> Iterator[Server]:
    """A server and a worker over a database of their own, with two people who may import."""
    from geodata.accounts.access import create_user

    url = migrated_database(f"journey_{worker}")
    engine = new_engine(url)
    with Session(engine) as session:
        for name in ("an", "binh"):
            create_user(session, name=name, role="gis", password=PASSWORD)
        session.commit()
    engine.dispose()
    environment = {**os.environ, "DATABASE_URL": url.render_as_string(hide_password=False)}
    background = subprocess.Popen([sys.executable, "-m", "geodata.jobs"], cwd=ROOT, env=environment)
    server = Server(url, UPLOAD_DIR=str(tmp_path_factory.mktemp("uploads")))
    server.wait()
    yield server
    server.stop()
    background.terminate()
    background.wait(timeout=20)


def sign_in(open_page, wizard, name):
    page = open_page("/imports", account=name, origin=wizard.url)
    page.set_default_timeout(60_000)  # the work is done by another process, which a busy machine lets wait
    return page


def send(page, path):
    page.click("a.btn-primary[href='/imports/new']")
    page.select_option("#layer", "markets")
    page.set_input_files("#files", str(path))
    page.click("#upload button[type=submit]")


def store(page):
    page.click(".sticky-actions .btn-primary")
    page.click("form.panel .btn-primary")
    page.wait_for_selector(".alert-success")


def stored(wizard):
    engine = new_engine(wizard.database)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT code, name, market_class, ST_X(geom), ST_Y(geom) FROM market")).all()
    engine.dispose()
    return {code: (name, klass, lon, lat) for code, name, klass, lon, lat in rows}


def test_a_legacy_file_is_imported_updated_in_part_and_undone_beside_a_colleagues_edits(open_page, wizard, tmp_path):
    first = [(f"CH-{i:02d}", f"{NAMES[i % 5]} số {i}", "hạng 3") for i in range(14)]
    page = sign_in(open_page, wizard, "an")
    import_a_legacy_file(page, wizard, shapefile(tmp_path / "CHO.zip", first))
    second = [(code, name + " (mới)" if i < 12 else name, klass) for i, (code, name, klass) in enumerate(first)]
    update_in_part(page, wizard, shapefile(tmp_path / "CHO-thang-sau.zip", second))

    # A colleague edits two of the objects meanwhile
    colleague = sign_in(open_page, wizard, "binh")
    edited = [(code, "Tên đồng nghiệp sửa", "hạng 3") for code, *_ in first[:2]]
    send(colleague, shapefile(tmp_path / "sua.zip", edited))
    colleague.wait_for_selector(".preview-tabs")
    store(colleague)

    undo_beside_the_colleague(page, wizard)
    names = {code: name for code, (name, *_) in stored(wizard).items()}
    assert names["CH-00"] == names["CH-01"] == "Tên đồng nghiệp sửa"
    assert [names[f"CH-{i:02d}"] for i in range(2, 14)] == [name for _, name, _ in first[2:]]


def import_a_legacy_file(page, wizard, path):
    """Journey 10: right place, right names, preview, stored."""
    send(page, path)
    page.wait_for_selector(".crs-choices")
    assert page.locator(".crs-choice svg.sketch circle").count() >= 14
    page.check("input[name=crs][value='EPSG:9210']")
    page.click("form .actions .btn-primary")
    page.wait_for_selector(".preview-tabs")
    assert page.locator(".change-line").count() == 14
    address = page.url
    page.goto(address)
    assert page.locator(".change-line").count() == 14, "the step can be opened again by its address"
    store(page)
    name, klass, lon, lat = stored(wizard)["CH-02"]
    assert (name, klass) == ("Chợ Lương Văn Can số 2", "3")
    assert abs(lon - 106.62) < 1e-5
    assert abs(lat - 20.81) < 1e-5


def update_in_part(page, wizard, path):
    """Journey 11: a month later with 12 changes, 10 are taken."""
    page.goto(wizard.url + "/imports")
    send(page, path)
    page.wait_for_selector(".preview-tabs")
    ticks = page.locator("input[name=row]")
    assert ticks.count() == 12
    ticks.nth(10).uncheck()
    ticks.nth(11).uncheck()
    page.get_by_text("2 dòng bị bỏ ra").wait_for()
    page.reload()
    assert page.locator("input[name=row]:checked").count() == 10, "the choice survives a reload"
    store(page)
    assert sum(name.endswith("(mới)") for name, *_ in stored(wizard).values()) == 10


def undo_beside_the_colleague(page, wizard):
    """Journey 12: undo, and the colleague's edits stay."""
    page.goto(wizard.url + "/imports")
    page.locator("li", has_text="CHO-thang-sau.zip").get_by_role("link", name="Hoàn tác").click()
    page.wait_for_selector(".kept-list")
    assert page.locator(".kept-list li").count() == 2
    page.click(".btn-danger")
    page.wait_for_url(re.compile(r"/history/\d+$"))
    assert page.locator(".kept-list li").count() == 2


def test_one_row_in_the_middle_of_a_long_file_is_found_and_left_out(open_page, wizard, tmp_path):
    page = sign_in(open_page, wizard, "an")
    lines = "".join(f"D-{i:04d},Chợ dài số {i},{106.5 + i * 1e-4:.4f},20.8\n" for i in range(700))
    send(page, files.csv(tmp_path / "dai.csv", "MA,TEN,lon,lat\n" + lines))
    page.wait_for_selector(".preview-tabs")
    page.fill("input[name=search]", "cho dai so 345")
    page.keyboard.press("Enter")
    page.get_by_text("tìm thấy 1").wait_for()
    tick = page.locator("input[name=row]")
    assert tick.count() == 1
    tick.uncheck()
    page.get_by_text("1 dòng bị bỏ ra").wait_for()
    page.fill("input[name=search]", "d-06")
    page.keyboard.press("Enter")
    page.click("button[value=leave]")
    page.get_by_text("101 dòng bị bỏ ra").wait_for()
    assert page.locator("input[name=row]:checked").count() == 0
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("button[value=leave]").bounding_box()["height"] >= 44
    store(page)
    codes = {code for code in stored(wizard) if code.startswith("D-")}
    assert len(codes) == 599
    assert "D-0345" not in codes


@pytest.mark.parametrize("path", ["/imports", "/imports/new", "/history"])
def test_the_pages_fit_a_phone(open_page, wizard, path):
    page = sign_in(open_page, wizard, "an")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(wizard.url + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.evaluate(
        "[...document.querySelectorAll('main .btn')].filter(b => b.offsetHeight && b.offsetHeight < 44).length"
    )
    assert small == 0


def test_a_dropped_file_is_taken_and_its_upload_is_shown(open_page, wizard, tmp_path):
    page = sign_in(open_page, wizard, "an")
    page.goto(wizard.url + "/imports/new?layer=markets")
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["MA,TEN,lon,lat\\nX-1,Cho,106.68,20.86\\n"], "cho.csv"));
            document.getElementById("drop-zone").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }"""
    )
    assert "cho.csv" in page.inner_text("#chosen-files")
    page.click("#upload button[type=submit]")
    page.wait_for_selector(".preview-tabs")
    assert page.locator(".change-line").count() == 1
