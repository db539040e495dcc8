"""The import wizard and the history over HTTP, with real files; the background's work is done as the worker does it."""

import io
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

import pyogrio.raw
import shapely

from geodata.base.database import new_engine
from geodata.importing.sessions import keeping, model, runs, sessions
from geodata.importing.sessions.model import ImportSession, Stage
from geodata.layers import LAYERS
from tests.conftest import ROOT, migrated_database, sign_in
from tests.geodata.importing import files

MARKET = LAYERS.get("markets")
NAMES = ["Chợ Đổng Quốc Bình", "Chợ Tam Bạc", "Chợ Lương Văn Can", "Chợ Cố Đạo", "Chợ Hàng"]
COLUMNS = ["MA", "TEN", "HANG"]


@pytest.fixture(scope="module")
def database(worker):
    """A database of its own that other processes can see."""
    return migrated_database(f"wizard_{worker}")


@pytest.fixture
def engine(database, monkeypatch):
    """An empty start, and the address where the work looks for it."""
    monkeypatch.setenv("DATABASE_URL", database.render_as_string(hide_password=False))
    engine = new_engine(database)
    with engine.begin() as connection:
        connection.execute(
            text(
                "TRUNCATE import_session, change_set, market, substation, fuel_site, data_change, procrastinate_jobs,"
                " procrastinate_workers RESTART IDENTITY CASCADE"
            )
        )
        connection.execute(text("DELETE FROM account"))
    yield engine
    engine.dispose()


@pytest.fixture
def app(engine, make_app, tmp_path):
    """The application on that database."""
    return make_app(engine, upload_dir=tmp_path / "uploads")


@pytest.fixture
def gis(app):
    """Somebody who may import."""
    return sign_in(app, "gis")


@pytest.fixture
def session(engine):
    """A look into the database."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


def rows_of(count=14, **values):
    return [(f"CH-{i:02d}", f"{NAMES[i % 5]} số {i}", values.get("klass", "hạng 3")) for i in range(count)]


def places(count=14):
    return [(106.60 + 0.01 * i, 20.80 + 0.005 * i) for i in range(count)]


def legacy(path, rows=None, points=None):
    """Write what a district sends: VN-2000 without a .prj, TCVN3 without a .cpg."""
    rows = rows or rows_of()
    points = points or places(len(rows))
    return files.shapefile(path, COLUMNS, rows, files.to_crs(points, 9210), encode=files.tcvn3, prj=None)


def plain(path, rows=None, points=None):
    """Write the same in WGS 84 and UTF-8."""
    rows = rows or rows_of()
    return files.shapefile(path, COLUMNS, rows, points or places(len(rows)))


def send(client, *paths, layer="markets"):
    """Upload files; return the numbers of the imports."""
    data = {"layer": layer, "files": [(path.open("rb"), path.name) for path in paths]}
    answer = client.post("/imports/new", data=data, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.text
    return answer.location


def work(engine):
    """Do what waits, as the worker does it, in this process."""
    with Session(engine) as session:
        waiting = list(session.scalars(select(ImportSession.id).where(ImportSession.status.in_(model.WAITING))))
    for number in sorted(waiting):
        runs.run(engine, number, runs.claim(engine, number))


def upload(client, engine, path):
    """Upload one file and have it checked; return its number."""
    location = send(client, path)
    work(engine)
    return int(re.search(r"/imports/(\d+)", location)[1])


def found(engine, number):
    with Session(engine, expire_on_commit=False) as session:
        return sessions.get_import(session, number)


def store(client, engine, number, **form):
    """Confirm a preview and have it stored."""
    page = client.get(f"/imports/{number}/confirm")
    mark = re.search(r'name="mark" value="(\w+)"', page.text)
    assert mark, page.text
    answer = client.post(f"/imports/{number}/confirm", data={"mark": mark[1], **form})
    assert answer.status_code == 302, answer.text
    work(engine)
    return found(engine, number)


def markets(session):
    session.expire_all()
    return {market.code: market for market in session.scalars(select(MARKET))}


def test_a_legacy_shapefile_is_asked_about_previewed_and_stored_in_the_right_place(gis, engine, session, tmp_path):
    number = upload(gis, engine, legacy(tmp_path / "CHO.zip"))
    page = gis.get(f"/imports/{number}").location
    assert page.endswith("/questions")
    questions = gis.get(page).text
    assert "Chưa xác định được hệ tọa độ" in questions
    choices = re.findall(r'value="(EPSG:\d+)"', questions)
    assert {"EPSG:9209", "EPSG:9210"} <= set(choices), "the whole province, old Hải Dương too, is home"
    assert questions.count('class="sketch"') == len(choices) >= 3
    assert "TCVN3" in questions
    assert questions.count("Chợ Đổng Quốc Bình số 0") >= 1
    gis.post(f"/imports/{number}/questions", data={"crs": "EPSG:9210", "encoding": ""})
    work(engine)
    preview = gis.get(f"/imports/{number}/preview").text
    assert "Chợ Lương Văn Can số 2" in preview
    assert not markets(session)
    assert store(gis, engine, number).stage is Stage.STORED
    stored = markets(session)
    assert len(stored) == 14
    assert stored["CH-00"].name == "Chợ Đổng Quốc Bình số 0"
    metres = text(
        "SELECT ST_Distance(geom::geography, ST_SetSRID(ST_MakePoint(106.60, 20.80), 4326)::geography) FROM market WHERE code = 'CH-00'"
    )
    assert session.scalar(metres) < 1
    report = gis.get(f"/imports/{number}/report").text
    assert "EPSG:9210" in report
    assert found(engine, number).file_sha256 in report


def test_the_same_file_with_twelve_changes_takes_the_ten_that_were_ticked(gis, engine, session, tmp_path):
    first = upload(gis, engine, legacy(tmp_path / "CHO.zip"))
    gis.post(f"/imports/{first}/questions", data={"crs": "EPSG:9210"})
    work(engine)
    store(gis, engine, first)
    rows = [(code, name, "hạng 2" if i < 12 else klass) for i, (code, name, klass) in enumerate(rows_of())]
    second = upload(gis, engine, legacy(tmp_path / "CHO_thang_sau.zip", rows))
    assert found(engine, second).stage is Stage.READY, "the answer about the CRS was remembered"
    preview = gis.get(f"/imports/{second}/preview").text
    assert "theo lần nhập CHO.zip" in preview
    assert preview.count('name="row"') == 12
    assert "<del>Hạng 3</del>" in preview
    shown = " ".join(str(row) for row in range(1, 13))
    gis.post(f"/imports/{second}/rows", data={"shown": shown, "row": [str(row) for row in range(1, 11)]})
    assert gis.get(f"/imports/{second}/preview").text.count(" checked aria-label") == 10
    store(gis, engine, second)
    classes = {code: str(market.market_class) for code, market in markets(session).items()}
    assert sorted(classes.values()).count(classes["CH-00"]) == 10
    assert classes["CH-10"] == classes["CH-13"] != classes["CH-00"]


def test_an_identical_import_changes_nothing_and_says_so(gis, engine, tmp_path):
    store(gis, engine, upload(gis, engine, plain(tmp_path / "a.zip")))
    again = upload(gis, engine, plain(tmp_path / "b.zip"))
    counts = found(engine, again).report["counts"]
    assert (counts["new"], counts["changed"], counts["unchanged"]) == (0, 0, 14)
    assert "Không có gì thay đổi" in gis.get(f"/imports/{again}/preview").text
    assert "Không có gì thay đổi" in gis.get(f"/imports/{again}/confirm").text


def test_an_import_is_undone_although_a_colleague_edited_two_objects_since(app, gis, engine, session, tmp_path):
    store(gis, engine, upload(gis, engine, plain(tmp_path / "a.zip")))
    changed = [(code, name + " mới", klass) for code, name, klass in rows_of()]
    second = upload(gis, engine, plain(tmp_path / "b.zip", changed))
    change_set = store(gis, engine, second).change_set_id
    colleague = sign_in(app, "admin")
    edited = [(code, "Tên do đồng nghiệp đặt", klass) for code, name, klass in rows_of(2)]
    store(colleague, engine, upload(colleague, engine, plain(tmp_path / "c.zip", edited)))
    page = gis.get(f"/history/{change_set}/undo").text
    assert "CH-00" in page
    assert "CH-01" in page
    assert "CH-02" not in page
    answer = gis.post(f"/history/{change_set}/undo")
    work(engine)
    names = {code: market.name for code, market in markets(session).items()}
    assert names["CH-00"] == names["CH-01"] == "Tên do đồng nghiệp đặt"
    assert names["CH-02"] == rows_of()[2][1]
    done = gis.get(answer.location)
    assert gis.get(f"/imports/{re.search(r'/imports/([0-9]+)', answer.location)[1]}").location.startswith("/history/")
    assert done.status_code == 200
    assert "Đã hoàn tác" in gis.get("/imports").text
    assert gis.post(f"/history/{change_set}/undo").status_code == 409
    history = gis.get(f"/history/objects/markets/{markets(session)['CH-02'].id}").text
    assert "Chợ Lương Văn Can số 2 mới" in history


@pytest.mark.parametrize("role", ["public", "planner", "inspector"])
def test_only_gis_and_admin_reach_imports_and_history(app, role):
    client = sign_in(app, role)
    for path in (
        "/imports",
        "/imports/new",
        "/imports/1",
        "/imports/1/state",
        "/imports/1/file",
        *(["/history", "/history/1/undo"] if role != "planner" else []),
    ):
        answer = client.get(path)
        assert answer.status_code in ({302} if role == "public" else {403}), path
    assert client.post("/imports/new").status_code in {302, 403}


def test_a_planner_s_history_holds_only_what_planners_may_write(app, gis, engine, tmp_path):
    path = files.csv(tmp_path / "only-for-gis.csv", "MA,TEN,lon,lat\nA,Cửa hàng A,106.68,20.86\n")
    location = send(gis, path, layer="fuel_sites")
    work(engine)
    stored = store(gis, engine, int(re.search(r"/imports/(\d+)", location)[1]))
    client = sign_in(app, "planner")
    assert path.name in gis.get("/history").text
    assert path.name not in client.get("/history").text
    for path in (f"/history/{stored.change_set_id}", f"/history/{stored.change_set_id}/undo"):
        assert client.get(path).status_code == 403


def test_what_hangs_on_objects_goes_through_the_wizard_and_back(gis, engine, session, tmp_path):
    stations = files.csv(tmp_path / "tram.csv", "MA,TEN,lon,lat\nTR-1,Trạm 1,106.68,20.86\n")
    location = send(gis, stations, layer="substations")
    work(engine)
    store(gis, engine, int(re.search(r"/imports/(\d+)", location)[1]))
    assert "Trạm biến áp › Máy biến áp" in gis.get("/imports/new").text
    path = files.csv(tmp_path / "mba.csv", "CUA_TRAM,TEN_MBA,CONG_SUAT\nTR-1,T1,40\nTR-1,T2,63\nTR-9,T1,63\n")
    number = int(re.search(r"/imports/(\d+)", send(gis, path, layer="substations/transformers"))[1])
    work(engine)
    questions = gis.get(f"/imports/{number}/questions").text
    assert 'name="map.parent_code"' in questions
    assert 'name="crs"' not in questions
    gis.post(f"/imports/{number}/questions", data={"map.parent_code": "CUA_TRAM"})
    work(engine)
    preview = gis.get(f"/imports/{number}/preview").text
    assert preview.count('name="row"') == 2
    assert "Không có đối tượng nào của lớp này mang mã “TR-9”" in gis.get(f"/imports/{number}/preview?tab=error").text
    gis.post(f"/imports/{number}/rows", data={"shown": "1 2", "row": ["1"]})
    stored = store(gis, engine, number, accept_partial="1")
    assert (stored.stage, stored.report["counts"]["left_out"]) == (Stage.STORED, 1)
    rows = text("SELECT name FROM transformer ORDER BY name")
    assert list(session.scalars(rows)) == ["T1"]
    assert "T1" in gis.get(f"/history/{stored.change_set_id}").text
    gis.post(f"/history/{stored.change_set_id}/undo")
    work(engine)
    session.rollback()
    assert list(session.scalars(rows)) == []


def test_what_data_changed_since_the_preview_is_shown_again_before_it_is_stored(gis, engine, session, tmp_path):
    store(gis, engine, upload(gis, engine, plain(tmp_path / "a.zip")))
    number = upload(gis, engine, plain(tmp_path / "b.zip", rows_of(klass="hạng 2")))
    mark = re.search(r'name="mark" value="(\w+)"', gis.get(f"/imports/{number}/confirm").text)[1]
    other = upload(gis, engine, plain(tmp_path / "c.zip", rows_of(3, klass="hạng 1")))
    store(gis, engine, other)
    gis.post(f"/imports/{number}/confirm", data={"mark": mark})
    work(engine)
    assert found(engine, number).stage is Stage.READY
    assert "Dữ liệu đã thay đổi sau lần xem trước này" in gis.get(f"/imports/{number}/preview").text
    assert {str(market.market_class) for market in markets(session).values()} == {"1", "3"}
    assert gis.post(f"/imports/{number}/confirm", data={"mark": mark}).status_code == 409
    assert store(gis, engine, number).stage is Stage.STORED


def test_a_change_elsewhere_in_the_layer_does_not_disturb_a_confirmed_preview(gis, engine, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO data_change (layer, transaction_id) VALUES ('markets', 1)"))
    assert store(gis, engine, number).stage is Stage.STORED


def test_rejected_rows_come_back_with_their_reasons_and_can_be_sent_again(gis, engine, session, tmp_path):
    rows = [*rows_of(4), ("CH-90", "Chợ hỏng", "hạng chín"), ("CH-00", "Trùng mã", "hạng 3")]
    number = upload(gis, engine, plain(tmp_path / "a.zip", rows))
    page = gis.get(f"/imports/{number}/preview?tab=error").text
    assert "hạng chín" in page
    assert "Dòng 5" in page
    answer = gis.post(f"/imports/{number}/confirm", data={"mark": found(engine, number).facts["mark"]})
    assert answer.status_code == 409
    store(gis, engine, number, accept_partial="1")
    assert len(markets(session)) == 4
    download = gis.get(f"/imports/{number}/rejected")
    assert download.status_code == 200
    assert "a-tu-choi.zip" in download.headers["Content-Disposition"], "a shapefile comes back as one"
    path = tmp_path / "a-tu-choi.zip"
    path.write_bytes(download.data)
    with zipfile.ZipFile(path) as archive:
        dbf = archive.read("a-tu-choi.dbf").decode("utf-8", "ignore")
    assert "không thuộc các giá trị cho phép" in dbf
    again = upload(gis, engine, path)
    counts = found(engine, again).report["counts"]
    assert counts["read"] == 2
    assert counts["rejected"] == 1
    assert "LY_DO" not in gis.get(f"/imports/{again}/questions").text.upper().split("</SELECT>")[-1]


def mapinfo(folder, kind, columns):
    """Write a zipped MapInfo file of two points."""
    (folder / kind).mkdir()
    pyogrio.raw.write(
        folder / kind / f"cho.{kind}", geometry=shapely.to_wkb(shapely.points(files.PLACES[:2])), fields=["MA", "TEN", "HANG"],
        field_data=[np.array(column, dtype=object) for column in columns], geometry_type="Point", driver="MapInfo File",
        crs="EPSG:4326", encoding="UTF-8",
    )  # fmt: skip
    return files.archive(folder / "cho.zip", {part.name: part.read_bytes() for part in (folder / kind).iterdir()})


@pytest.mark.parametrize("kind", ["csv", "xlsx", "geojson", "mif", "tab"])
def test_rejected_rows_come_back_as_the_kind_of_file_they_came_in(gis, engine, tmp_path, kind):
    path = tmp_path / f"cho.{kind}"
    if kind == "csv":
        files.csv(path, "MA,TEN,HANG,lon,lat\nA-1,=1+1,hạng chín,106.68,20.86\nA-2,Tốt,hạng 1,106.69,20.86\n")
    elif kind == "geojson":
        bad = ({"MA": "A-1", "TEN": "=1+1", "HANG": "hạng chín"}, files.point())
        files.geojson(path, [bad, ({"MA": "A-2", "TEN": "Tốt", "HANG": "hạng 1"}, files.point(106.69))])
    elif kind in {"mif", "tab"}:
        path = mapinfo(tmp_path, kind, [["A-1", "A-2"], ["=1+1", "Tốt"], ["hạng chín", "hạng 1"]])
    else:
        import xlsxwriter

        with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate(
                [("MA", "TEN", "HANG", "lon", "lat"), ("A-1", "=1+1", "hạng chín", 106.68, 20.86),
                 ("A-2", "Tốt", "hạng 1", 106.69, 20.86)]
            ):  # fmt: skip
                sheet.write_row(number, 0, row)
    number = upload(gis, engine, path)
    assert found(engine, number).report["counts"]["rejected"] == 1
    answer = gis.get(f"/imports/{number}/rejected")
    ending = path.suffix
    assert f"cho-tu-choi{ending}" in answer.headers["Content-Disposition"]
    if kind in {"mif", "tab"}:
        with zipfile.ZipFile(io.BytesIO(answer.data)) as back:
            assert f"cho-tu-choi.{kind}" in back.namelist()
    if kind == "csv":
        assert "'=1+1" in answer.text
    (tmp_path / f"again{ending}").write_bytes(answer.data)
    again = found(engine, upload(gis, engine, tmp_path / f"again{ending}"))
    assert (again.report["counts"]["read"], again.report["counts"]["rejected"]) == (1, 1)
    assert "ly_do_tu_choi" not in again.report["unmapped"]


def test_a_table_of_values_is_given_once_and_remembered(gis, engine, session, tmp_path):
    rows = rows_of(3, klass="to đùng")
    number = upload(gis, engine, plain(tmp_path / "a.zip", rows))
    page = gis.get(f"/imports/{number}/questions").text
    assert "to đùng" in page
    gis.post(
        f"/imports/{number}/questions",
        data={"from.market_class.1": "to đùng", "value.market_class.1": "1"},
    )
    work(engine)
    assert found(engine, number).report["counts"]["rejected"] == 0
    store(gis, engine, number)
    assert {str(market.market_class) for market in markets(session).values()} == {"1"}
    again = upload(gis, engine, plain(tmp_path / "b.zip", rows))
    assert found(engine, again).report["counts"]["unchanged"] == 3


def test_a_mapping_of_columns_is_remembered_for_files_with_the_same_columns(gis, engine, session, tmp_path):
    def strange(path):
        rows = rows_of(3)
        return files.shapefile(path, ["KHOA", "GOI_LA", "HANG"], rows, places(3))

    number = upload(gis, engine, strange(tmp_path / "a.zip"))
    assert found(engine, number).stage is Stage.ASKING
    assert "Chưa nhận ra cột bắt buộc" in gis.get(f"/imports/{number}/questions").text
    gis.post(
        f"/imports/{number}/questions", data={"map.code": "KHOA", "map.name": "GOI_LA", "map.market_class": "HANG"}
    )
    work(engine)
    store(gis, engine, number)
    assert set(markets(session)) == {"CH-00", "CH-01", "CH-02"}
    again = upload(gis, engine, strange(tmp_path / "b.zip"))
    assert found(engine, again).report["counts"]["unchanged"] == 3


def test_the_encoding_can_be_switched_by_hand(gis, engine, tmp_path):
    number = upload(gis, engine, legacy(tmp_path / "a.zip"))
    gis.post(f"/imports/{number}/questions", data={"crs": "EPSG:9210", "encoding": "vni"})
    work(engine)
    assert found(engine, number).report["encoding"] == {"value": "vni", "from": "given"}
    assert "Đổng Quốc Bình" not in gis.get(f"/imports/{number}/preview?tab=new").text


def test_loose_parts_of_a_shapefile_are_one_import_and_several_files_are_several(gis, engine, tmp_path):
    packed = plain(tmp_path / "a.zip")
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "parts")
    parts = sorted((tmp_path / "parts").iterdir())
    assert re.search(r"/imports/\d+/", send(gis, *parts))
    work(engine)
    assert found(engine, 1).report["counts"]["new"] == 14
    assert send(gis, packed, plain(tmp_path / "b.zip")) == "/imports"
    work(engine)
    assert {found(engine, number).stage for number in (2, 3)} == {Stage.READY}


def test_replacing_a_layer_demands_a_word_about_what_is_deleted(gis, engine, session, tmp_path):
    store(gis, engine, upload(gis, engine, plain(tmp_path / "a.zip")))
    number = upload(gis, engine, plain(tmp_path / "b.zip", rows_of(10)))
    gis.post(f"/imports/{number}/questions", data={"mode": "replace"})
    work(engine)
    mark = found(engine, number).facts["mark"]
    assert "Xóa 4 đối tượng" in gis.get(f"/imports/{number}/confirm").text
    assert gis.post(f"/imports/{number}/confirm", data={"mark": mark}).status_code == 400
    change_set = store(gis, engine, number, accept_delete="1").change_set_id
    assert len(markets(session)) == 10
    gis.post(f"/history/{change_set}/undo")
    work(engine)
    assert len(markets(session)) == 14


def test_a_refused_file_gives_its_reason_and_stores_nothing(gis, engine, session, tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK no zip at all")
    number = upload(gis, engine, path)
    page = gis.get(f"/imports/{number}/questions")
    assert found(engine, number).stage is Stage.REFUSED
    assert "Tệp bị từ chối" in page.text
    assert not markets(session)


def test_uploading_nothing_or_into_no_layer_is_explained(gis):
    answer = gis.post("/imports/new", data={"layer": "markets"}, headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json["message"] == "Chưa chọn tệp nào."
    answer = gis.post("/imports/new", data={"layer": "", "files": (io.BytesIO(b"x"), "a.csv")})
    assert answer.status_code == 400
    assert "Hãy chọn lớp trước." in answer.text


def test_what_waits_can_be_cancelled_and_is_then_not_worked_on(gis, engine, tmp_path):
    send(gis, plain(tmp_path / "a.zip"))
    page = gis.get("/imports/1/questions").text
    assert "Bộ xử lý nền chưa chạy" in page
    assert gis.get("/imports/1/state").json["working"] is True
    gis.post("/imports/1/cancel")
    assert found(engine, 1).stage is Stage.CANCELLED
    assert not runs.claim(engine, 1)
    assert "Đã hủy. Chưa lưu gì." in gis.get("/imports/1/report").text


def test_giving_up_deletes_the_uploaded_file(gis, engine, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    assert list((tmp_path / "uploads").iterdir())
    gis.post(f"/imports/{number}/cancel")
    assert not list((tmp_path / "uploads").iterdir())


def test_the_original_comes_back_byte_for_byte_until_its_day_is_over(gis, engine, session, tmp_path):
    path = plain(tmp_path / "Chợ quận Ngô Quyền.zip")
    number = upload(gis, engine, path)
    store(gis, engine, number)
    answer = gis.get(f"/imports/{number}/file")
    assert answer.data == path.read_bytes()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "filename*=UTF-8''Ch%E1%BB%A3%20qu%E1%BA%ADn" in answer.headers["Content-Disposition"]
    later = datetime.now(UTC).date() + timedelta(days=400)
    assert keeping.forget_old_files(session, later) == 1
    assert gis.get(f"/imports/{number}/file").status_code == 404
    assert "không còn lưu" in gis.get(f"/imports/{number}/report").text


def start(engine, number):
    """Run a claimed import in a process of its own, as the worker does."""
    words = [sys.executable, "-m", "geodata.importing.sessions.runs", str(number), str(runs.claim(engine, number))]
    return subprocess.Popen(words, cwd=ROOT, env=dict(os.environ))


@contextmanager
def supervised(number):
    """Give the process that watches over an import as the worker's task does; nothing of it stays."""
    words = [sys.executable, "-c", f"from geodata.importing.sessions.runs import supervise; supervise({number})"]
    watcher = subprocess.Popen(words, cwd=ROOT, env=dict(os.environ))
    try:
        yield watcher
    finally:
        watcher.kill()
        watcher.wait()


def test_a_process_killed_while_storing_leaves_the_data_as_before_and_a_reason(gis, engine, session, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    mark = found(engine, number).facts["mark"]
    gis.post(f"/imports/{number}/confirm", data={"mark": mark})
    # The layer is held, so that the import is surely in the middle when it is killed.
    with Session(engine) as holder:
        holder.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('layer:markets', 0))"))
        process = start(engine, number)
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        wait_until(lambda: session.scalar(waiting) or session.rollback())
        process.send_signal(signal.SIGKILL)
        process.wait()
    with engine.begin() as connection:
        long_ago = datetime.now(UTC) - timedelta(minutes=5)
        connection.execute(update(ImportSession).values(heartbeat_at=long_ago))
    page = gis.get(f"/imports/{number}/report").text
    assert "Bộ xử lý nền dừng giữa chừng" in page
    assert not markets(session)
    gis.post(f"/imports/{number}/questions", data={})
    work(engine)
    assert store(gis, engine, number).stage is Stage.STORED
    assert len(markets(session)) == 14


def test_what_runs_is_cancelled_within_seconds_and_the_watcher_says_why(gis, engine, session, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    gis.post(f"/imports/{number}/confirm", data={"mark": found(engine, number).facts["mark"]})
    with Session(engine) as holder, supervised(number) as watcher:
        holder.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('layer:markets', 0))"))
        wait_until(lambda: found(engine, number).stage is Stage.STORING)
        gis.post(f"/imports/{number}/cancel")
        assert watcher.wait(timeout=90) == 0
        assert found(engine, number).stage is Stage.CANCELLED
    assert not markets(session)


def test_a_supervised_import_that_dies_tells_the_signal(gis, engine, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    gis.post(f"/imports/{number}/confirm", data={"mark": found(engine, number).facts["mark"]})
    with Session(engine) as holder, supervised(number) as watcher:
        holder.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('layer:markets', 0))"))
        os.kill(running_import(engine, watcher), signal.SIGKILL)
        assert watcher.wait(timeout=90) == 0
    assert found(engine, number).stage is Stage.FAILED
    assert "SIGKILL" in gis.get(f"/imports/{number}/report").text


def test_a_watcher_that_is_late_says_nothing_of_the_turn_that_follows(gis, engine, session, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    gis.post(f"/imports/{number}/questions", data={})
    checking = runs.claim(engine, number)
    runs.run(engine, number, checking)
    gis.post(f"/imports/{number}/confirm", data={"mark": found(engine, number).facts["mark"]})
    storing = runs.claim(engine, number)
    assert not sessions.end(session, number, checking, Stage.FAILED, runs.BROKEN)
    runs.run(engine, number, checking)
    assert found(engine, number).stage is Stage.STORING
    runs.run(engine, number, storing)
    assert found(engine, number).stage is Stage.STORED
    assert len(markets(session)) == 14


def test_a_killed_worker_takes_its_import_along_and_the_page_gives_the_reason(gis, engine, session, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    gis.post(f"/imports/{number}/confirm", data={"mark": found(engine, number).facts["mark"]})
    with Session(engine) as holder, supervised(number) as watcher:
        holder.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('layer:markets', 0))"))
        child = running_import(engine, watcher)
        watcher.kill()
        watcher.wait()
        wait_until(lambda: b"import_runs" not in command_of(child))
    assert found(engine, number).stage is Stage.STORING
    with engine.begin() as connection:
        connection.execute(update(ImportSession).values(heartbeat_at=datetime.now(UTC) - timedelta(minutes=5)))
    assert "Bộ xử lý nền dừng giữa chừng" in gis.get(f"/imports/{number}/report").text
    assert not markets(session)


def test_a_database_that_goes_away_while_storing_ends_the_import_with_a_reason(gis, engine, session, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    gis.post(f"/imports/{number}/confirm", data={"mark": found(engine, number).facts["mark"]})
    with Session(engine) as holder, supervised(number) as watcher:
        holder.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('layer:markets', 0))"))
        for backend in wait_until(lambda: waiting_backends(engine)):
            session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": backend})
        assert watcher.wait(timeout=90) == 0
    session.rollback()
    assert found(engine, number).stage is Stage.FAILED
    assert "dữ liệu vẫn như trước" in gis.get(f"/imports/{number}/report").text
    assert not markets(session)


def waiting_backends(engine):
    """Return the connections that wait for the layer."""
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with engine.begin() as connection:
        return list(connection.scalars(text(query)))


def running_import(engine, watcher):
    """Return the process that stores; a watcher may have had short-lived other children before it."""
    wait_until(lambda: waiting_backends(engine))
    (child,) = [pid for pid in children_of(watcher.pid) if b"-m\0geodata.importing.sessions.runs" in command_of(pid)]
    return child


def children_of(pid):
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def wait_until(condition, seconds=90):
    """Return the first true answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_two_imports_into_one_layer_wait_for_each_other_and_both_are_stored(gis, engine, session, tmp_path):
    first = upload(gis, engine, plain(tmp_path / "a.zip", rows_of(5)))
    other = [(f"KH-{i}", f"Chợ khác {i}", "hạng 3") for i in range(5)]
    second = upload(gis, engine, plain(tmp_path / "b.zip", other))
    for number in (first, second):
        gis.post(f"/imports/{number}/confirm", data={"mark": found(engine, number).facts["mark"]})
    processes = [start(engine, number) for number in (first, second)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    stages = {found(engine, number).stage for number in (first, second)}
    assert Stage.STORED in stages
    for number in (first, second):
        if found(engine, number).stage is Stage.READY:  # the other one came first: look again
            store(gis, engine, number)
    assert len(markets(session)) == 10


def test_rows_without_codes_are_recognised_when_somebody_says_they_are_the_same(gis, engine, session, tmp_path):
    store(gis, engine, upload(gis, engine, plain(tmp_path / "a.zip", rows_of(4), places(4))))
    rows = [(name.upper(), "hạng 2") for _, name, _ in rows_of(3)] + [("Chợ Khác", "hạng 2")]
    number = upload(gis, engine, files.shapefile(tmp_path / "b.zip", COLUMNS[1:], rows, places(4)))
    question = gis.get(f"/imports/{number}/questions").text
    assert "3 trên 4 dòng chỉ giống một đối tượng đã có" in question
    gis.post(f"/imports/{number}/questions", data={"match_asked": "1", "match": "1"})
    work(engine)
    page = gis.get(f"/imports/{number}/preview").text
    assert page.count("Là cùng một đối tượng: lấy mã") == 3
    assert "CH-00" in page
    mark = found(engine, number).facts["mark"]
    answer = gis.post(f"/imports/{number}/confirm", data={"mark": mark, "accept_partial": "1"})
    assert answer.status_code == 409
    assert "Hãy cho biết từng dòng" in answer.text
    gis.post(f"/imports/{number}/matches", data={"match.1": "=CH-00", "match.2": "new", "match.3": ""})
    work(engine)
    assert found(engine, number).facts["undecided"] == 1
    gis.post(f"/imports/{number}/matches", data={"all": "same"})
    work(engine)
    state = found(engine, number)
    assert (state.report["counts"]["changed"], state.report["counts"]["rejected"]) == (3, 1)
    store(gis, engine, number, accept_partial="1")
    kinds = {code: market.market_class for code, market in markets(session).items()}
    assert sorted(kinds) == ["CH-00", "CH-01", "CH-02", "CH-03"]
    assert kinds["CH-00"] != kinds["CH-03"]


def test_rows_with_another_code_are_said_to_be_new_at_once(gis, engine, session, tmp_path):
    store(gis, engine, upload(gis, engine, plain(tmp_path / "a.zip", rows_of(4), places(4))))
    rows = [(f"N-{code}", name, klass) for code, name, klass in rows_of(4)]
    number = upload(gis, engine, plain(tmp_path / "b.zip", rows, places(4)))
    assert found(engine, number).facts["undecided"] == 4
    gis.post(f"/imports/{number}/matches", data={"all": "new"})
    work(engine)
    assert found(engine, number).facts["undecided"] == 0
    store(gis, engine, number)
    assert len(markets(session)) == 8


def test_a_preview_of_thousands_of_rows_can_be_paged_through_to_its_end(gis, engine, tmp_path):
    text_rows = "".join(f"P-{i:05d},Chợ số {i},{106.5 + i * 1e-4:.4f},20.8\n" for i in range(2_300))
    number = upload(gis, engine, files.csv(tmp_path / "a.csv", "MA,TEN,lon,lat\n" + text_rows))
    first = gis.get(f"/imports/{number}/preview?tab=new").text
    assert "Trang 1" in first
    assert "P-00000" in first
    last = gis.get(f"/imports/{number}/preview?tab=new&page=46").text
    assert "P-02299" in last
    gis.post(f"/imports/{number}/rows", data={"shown": "2300", "row": []})
    assert store(gis, engine, number).report["counts"] == {
        "read": 2300, "new": 2299, "changed": 0, "unchanged": 0, "absent": 0, "rejected": 0, "left_out": 1,
    }  # fmt: skip


def many(path, count=2_300, klass="hạng 3", first=0):
    """Write a table of many markets; names tell every tenth apart."""
    lines = (
        f"P-{i:05d},{'Chợ Đầu Mối' if i % 10 == 0 else 'Chợ'} số {i},{klass},{106.5 + i * 1e-4:.4f},20.8\n"
        for i in range(first, first + count)
    )
    return files.csv(path, "MA,TEN,HANG,lon,lat\n" + "".join(lines))


def test_any_row_of_a_long_preview_is_found_and_can_be_left_out(gis, engine, session, tmp_path):
    number = upload(gis, engine, many(tmp_path / "a.csv"))
    by_code = gis.get(f"/imports/{number}/preview?tab=new&search=p-01234").text
    assert by_code.count('name="row"') == 1
    assert 'id="row-1235"' in by_code
    assert "Vẽ 1 trong 1 đối tượng" in by_code
    by_row = gis.get(f"/imports/{number}/preview?tab=new&search=1235").text
    assert 'id="row-1235"' in by_row
    assert 'id="row-1236"' in by_row, "a number is looked for in codes too"
    answer = gis.post(
        f"/imports/{number}/rows", data={"shown": "1235", "row": []}, headers={"Accept": "application/json"}
    )
    assert answer.json == {"left_out": 1}
    assert " checked aria-label" not in gis.get(f"/imports/{number}/preview?tab=new&search=p-01234").text
    assert store(gis, engine, number).report["counts"]["left_out"] == 1
    assert len(markets(session)) == 2_299
    assert "P-01234" not in markets(session)


def test_all_that_a_search_finds_is_left_out_and_taken_again_over_all_pages(gis, engine, session, tmp_path):
    number = upload(gis, engine, many(tmp_path / "a.csv"))
    page = gis.get(f"/imports/{number}/preview?tab=new&search=dau+moi")
    assert "Bỏ ra cả 230 dòng tìm thấy" in page.text
    assert "Trang 1/5" in page.text
    answer = gis.post(f"/imports/{number}/rows", data={"all": "leave", "tab": "new", "search": "đầu  MỐI"})
    assert "search=" in answer.location
    assert "230 dòng bị bỏ ra" in gis.get(answer.location).text
    gis.post(f"/imports/{number}/rows", data={"shown": "1 2", "row": ["1", "2"]})
    assert "2.071" in gis.get(f"/imports/{number}/confirm").text
    gis.post(f"/imports/{number}/rows", data={"all": "take", "tab": "new", "search": "P-0000"})
    gis.post(f"/imports/{number}/rows", data={"shown": "2", "row": []})
    assert store(gis, engine, number).report["counts"]["left_out"] == 230
    stored = set(markets(session))
    assert {"P-00000", "P-00002"} < stored
    assert not {"P-00001", "P-00010", "P-02290"} & stored


def test_a_whole_list_is_left_out_at_once_and_the_others_are_not(gis, engine, session, tmp_path):
    store(gis, engine, upload(gis, engine, many(tmp_path / "a.csv", 80)))
    number = upload(gis, engine, many(tmp_path / "b.csv", 120, klass="hạng 2"))
    gis.post(f"/imports/{number}/rows", data={"all": "leave", "tab": "changed"})
    assert "80 dòng bị bỏ ra" in gis.get(f"/imports/{number}/preview?tab=changed").text
    assert gis.get(f"/imports/{number}/preview?tab=new").text.count(" checked aria-label") == 40
    for tab in ("unchanged", "", "nothing"):
        assert gis.post(f"/imports/{number}/rows", data={"all": "leave", "tab": tab}).status_code == 400
    store(gis, engine, number)
    assert [str(market.market_class) for market in markets(session).values()].count("3") == 80


def test_a_search_says_which_list_has_what_is_looked_for(gis, engine, tmp_path):
    store(gis, engine, upload(gis, engine, many(tmp_path / "a.csv", 60)))
    number = upload(gis, engine, many(tmp_path / "b.csv", 70, first=50))
    page = gis.get(f"/imports/{number}/preview?tab=new&search=P-00003").text
    assert "Không dòng nào trong danh sách này" in page
    assert "Danh sách khác có" in page
    assert page.count("tìm thấy 1") == 1
    assert "P-00003" in gis.get(f"/imports/{number}/preview?tab=absent&search=P-00003").text
    nowhere = gis.get(f"/imports/{number}/preview?tab=new&search=không+đâu").text
    assert "Danh sách khác có" not in nowhere
    assert gis.get(f"/imports/{number}/preview?search={'9' * 90}").status_code == 200


def test_a_short_preview_has_no_search_and_no_buttons_for_many(gis, engine, tmp_path):
    page = gis.get(f"/imports/{upload(gis, engine, plain(tmp_path / 'a.zip'))}/preview").text
    assert 'name="row"' in page
    assert 'type="search"' not in page
    assert 'value="leave"' not in page


def test_every_rejected_row_is_listed_found_and_handed_back(gis, engine, tmp_path, monkeypatch):
    monkeypatch.setattr("geodata.importing.results.MAX_PROBLEMS", 10)
    bad = "".join(f"X-{i:03d},Chợ hỏng số {i},hạng chín,106.7,20.8\n" for i in range(120))
    number = upload(gis, engine, files.csv(tmp_path / "a.csv", "MA,TEN,HANG,lon,lat\nA,Tốt,hạng 1,106.6,20.8\n" + bad))
    assert "X-119" in gis.get(f"/imports/{number}/preview?tab=error&page=3").text
    one = gis.get(f"/imports/{number}/preview?tab=error&search=X-077").text
    assert one.count('class="problem-line') == 1
    assert "Chợ hỏng số 77" in one
    assert "Dòng 79" in one
    assert gis.get(f"/imports/{number}/rejected").text.count("X-") == 120


def test_what_was_left_out_stays_so_when_the_preview_is_made_anew(gis, engine, session, tmp_path):
    store(gis, engine, upload(gis, engine, many(tmp_path / "a.csv", 5)))
    number = upload(gis, engine, many(tmp_path / "b.csv", 8, klass="hạng 2"))
    gis.post(f"/imports/{number}/rows", data={"shown": "1 2 8", "row": ["1"]})
    mark = found(engine, number).facts["mark"]
    store(gis, engine, upload(gis, engine, many(tmp_path / "c.csv", 3, klass="hạng 1")))
    gis.post(f"/imports/{number}/confirm", data={"mark": mark})
    work(engine)
    assert found(engine, number).stage is Stage.READY
    assert found(engine, number).facts["mark"] != mark
    store(gis, engine, number)
    classes = {code: str(market.market_class) for code, market in markets(session).items()}
    assert "P-00007" not in classes
    assert (classes["P-00000"], classes["P-00001"], classes["P-00006"]) == ("2", "1", "2")


def test_a_confirmed_preview_is_stored_only_when_every_list_is_what_was_seen(gis, engine, session, tmp_path):
    """The counts are the same: only what one changed row was before is another."""
    store(gis, engine, upload(gis, engine, many(tmp_path / "a.csv", 60)))
    number = upload(gis, engine, many(tmp_path / "b.csv", 60, klass="hạng 2"))
    counts, mark = found(engine, number).report["counts"], found(engine, number).facts["mark"]
    gis.post(f"/imports/{number}/confirm", data={"mark": mark})
    with engine.begin() as connection:
        connection.execute(text("UPDATE market SET market_class = '1' WHERE code = 'P-00057'"))
    work(engine)
    state = found(engine, number)
    assert (state.stage, state.report["counts"]) == (Stage.READY, counts)
    assert state.facts["mark"] != mark
    assert "<del>Hạng 1</del>" in gis.get(f"/imports/{number}/preview?tab=changed&search=P-00057").text


def test_the_lists_of_a_preview_go_with_its_file_and_the_page_says_so(gis, engine, session, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    store(gis, engine, number)
    assert "CH-00" in gis.get(f"/imports/{number}/preview?tab=new").text
    keeping.forget_old_files(session, datetime.now(UTC).date() + timedelta(days=400))
    page = gis.get(f"/imports/{number}/preview?tab=new").text
    assert "CH-00" not in page
    assert "không còn được lưu giữ" in page


def test_a_moved_object_is_drawn_where_it_was_and_where_it_would_be(gis, engine, tmp_path):
    store(gis, engine, upload(gis, engine, plain(tmp_path / "a.zip", rows_of(2), places(2))))
    number = upload(gis, engine, plain(tmp_path / "b.zip", rows_of(2), [(106.6005, 20.80), places(2)[1]]))
    page = gis.get(f"/imports/{number}/preview?tab=changed").text
    assert page.count('class="move"') == 1
    assert 'class="dot was"' in page
    assert "Xem trên bản đồ" in page


def test_empty_lists_say_what_to_do(gis):
    assert "Chưa có lần nhập dữ liệu nào." in gis.get("/imports").text
    assert "Chưa có thay đổi nào." in gis.get("/history").text
    assert gis.get("/history?layer=markets").status_code == 200
    assert gis.get("/history?layer=nothing").status_code == 404
    assert gis.get("/imports/77").status_code == 404
    assert gis.get("/history/77").status_code == 404


def test_markup_in_a_file_is_shown_as_text(gis, engine, tmp_path):
    rows = [("X-1", "<script>alert(1)</script>", "<b>hạng</b>")]
    number = upload(gis, engine, plain(tmp_path / "<img src=x>.zip", rows))
    for page in ("preview", "preview?tab=error", "questions", "report"):
        text_ = gis.get(f"/imports/{number}/{page}", follow_redirects=True).text
        assert "<script>alert(1)" not in text_
        assert "<img src=x>" not in text_
        assert "<b>hạng" not in text_
