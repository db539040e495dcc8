"""The import wizard and the history over HTTP, with real files; the background's work is done as the worker does it."""

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from geodata.importing.results import Known
from geodata.importing.sessions import keeping, runs
from geodata.importing.sessions.model import Stage
from geodata.layers import LAYERS
from tests.conftest import sign_in
from tests.factories import make_feature
from tests.geodata.importing import files
from tests.pages import squeezed
from tests.webmap.imports.wizard import found, legacy, markets, places, plain, rows_of, send, store, upload, work


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
    assert squeezed(gis.get(f"/imports/{second}/preview").text).count(" checked aria-label") == 10
    store(gis, engine, second)
    classes = {code: str(market.market_class) for code, market in markets(session).items()}
    assert sorted(classes.values()).count(classes["CH-00"]) == 10
    assert classes["CH-10"] == classes["CH-13"] != classes["CH-00"]


def test_an_identical_import_changes_nothing_and_says_so(gis, engine, tmp_path):
    store(gis, engine, upload(gis, engine, plain(tmp_path / "a.zip")))
    again = upload(gis, engine, plain(tmp_path / "b.zip"))
    counts = found(engine, again).report.counts
    assert (counts.new, counts.changed, counts.unchanged) == (0, 0, 14)
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
    assert "Trạm biến áp › Máy biến áp" in squeezed(gis.get("/imports/new").text)
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
    assert (stored.stage, stored.report.counts.left_out) == (Stage.STORED, 1)
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


def test_a_preview_that_found_nothing_to_change_is_made_anew_on_demand_when_the_data_have_changed(
    gis, engine, tmp_path
):
    store(gis, engine, upload(gis, engine, plain(tmp_path / "a.zip")))
    number = upload(gis, engine, plain(tmp_path / "b.zip"))
    pages = [f"/imports/{number}/{step}" for step in ("preview", "confirm")]
    offer = "Lập lại bản xem trước</button>"
    assert not [page for page in pages if offer in squeezed(gis.get(page).text)]
    store(gis, engine, upload(gis, engine, plain(tmp_path / "c.zip", rows_of(3, klass="hạng 1"))))
    assert [page for page in pages if offer in squeezed(gis.get(page).text)] == pages
    gis.post(f"/imports/{number}/questions", data={"mode": "upsert"})
    work(engine)
    assert found(engine, number).report.counts.changed == 3
    assert not [page for page in pages if offer in squeezed(gis.get(page).text)]


def test_a_change_elsewhere_in_the_layer_does_not_disturb_a_confirmed_preview(gis, engine, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO data_change (layer, transaction_id) VALUES ('markets', 1)"))
    assert store(gis, engine, number).stage is Stage.STORED


@pytest.mark.parametrize(
    ("mode", "stage"), [("upsert", Stage.STORED), ("append", Stage.STORED), ("replace", Stage.READY)]
)
def test_what_others_add_meanwhile_disturbs_only_what_would_remove_it(gis, engine, session, tmp_path, mode, stage):
    """Where a layer is edited all the time, nothing could be confirmed otherwise."""
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    gis.post(f"/imports/{number}/questions", data={"mode": mode})
    work(engine)
    mark = re.search(r'name="mark" value="(\w+)"', gis.get(f"/imports/{number}/confirm").text)[1]
    make_feature(session, LAYERS.get("markets"), code="CUA-NGUOI-KHAC")
    session.commit()
    answer = gis.post(f"/imports/{number}/confirm", data={"mark": mark, "accept_delete": "1"})
    assert answer.status_code == 302
    work(engine)
    assert found(engine, number).stage is stage
    is_told = "Dữ liệu đã thay đổi sau lần xem trước này" in gis.get(f"/imports/{number}/preview").text
    assert is_told == (stage is Stage.READY)
    session.rollback()
    assert "CUA-NGUOI-KHAC" in markets(session)


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
    assert found(engine, number).report.counts.rejected == 0
    store(gis, engine, number)
    assert {str(market.market_class) for market in markets(session).values()} == {"1"}
    again = upload(gis, engine, plain(tmp_path / "b.zip", rows))
    assert found(engine, again).report.counts.unchanged == 3


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
    assert found(engine, again).report.counts.unchanged == 3


def test_the_encoding_can_be_switched_by_hand(gis, engine, tmp_path):
    number = upload(gis, engine, legacy(tmp_path / "a.zip"))
    gis.post(f"/imports/{number}/questions", data={"crs": "EPSG:9210", "encoding": "vni"})
    work(engine)
    assert found(engine, number).report.encoding == Known(value="vni", source="given")
    assert "Đổng Quốc Bình" not in gis.get(f"/imports/{number}/preview?tab=new").text


def test_loose_parts_of_a_shapefile_are_one_import_and_several_files_are_several(gis, engine, tmp_path):
    packed = plain(tmp_path / "a.zip")
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "parts")
    parts = sorted((tmp_path / "parts").iterdir())
    assert re.search(r"/imports/\d+/", send(gis, *parts))
    work(engine)
    assert found(engine, 1).report.counts.new == 14
    assert send(gis, packed, plain(tmp_path / "b.zip")) == "/imports"
    work(engine)
    assert {found(engine, number).stage for number in (2, 3)} == {Stage.READY}


def test_replacing_a_layer_demands_a_word_about_what_is_deleted(gis, engine, session, tmp_path):
    store(gis, engine, upload(gis, engine, plain(tmp_path / "a.zip")))
    number = upload(gis, engine, plain(tmp_path / "b.zip", rows_of(10)))
    gis.post(f"/imports/{number}/questions", data={"mode": "replace"})
    work(engine)
    mark = found(engine, number).facts.mark
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


def test_markup_in_a_file_is_shown_as_text(gis, engine, tmp_path):
    rows = [("X-1", "<script>alert(1)</script>", "<b>hạng</b>")]
    number = upload(gis, engine, plain(tmp_path / "<img src=x>.zip", rows))
    for page in ("preview", "preview?tab=error", "questions", "report"):
        text_ = gis.get(f"/imports/{number}/{page}", follow_redirects=True).text
        assert "<script>alert(1)" not in text_
        assert "<img src=x>" not in text_
        assert "<b>hạng" not in text_
