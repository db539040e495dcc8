"""Odder files by command: every question answered, values as their authors meant them, losses told."""

import datetime
import sqlite3
import zipfile

import pytest

from geodata.layers import LAYERS
from tests.factories import make_feature
from tests.geodata.importing.files import PLACES, PRJ_WGS84, archive, dbf, shp_points, tcvn3
from tests.geodata.importing.further_files import rows, text
from tests.geodata.importing.odder_files import ODDER, REFUSED_TEXTS
from tests.geodata.importing.test_office_files import CASES, door, ends_as_it_should

__all__ = ["door"]
DAY = datetime.date(2026, 3, 15)


@pytest.mark.parametrize("name", ODDER)
def test_an_odder_file_ends_as_it_should_by_command(door, monkeypatch, tmp_path, name):
    ends_as_it_should(door, monkeypatch, tmp_path, ODDER[name])


@pytest.mark.parametrize(
    ("name", "options", "field", "values"),
    [
        ("words beside a day", {}, "certificate_issued_on", [DAY, DAY]),
        ("years of two figures", {}, "certificate_issued_on", [datetime.date(2021, 3, 15), datetime.date(1998, 3, 16)]),
        ("months by name", {}, "certificate_issued_on", [DAY] * 5),
        ("days of databases", {}, "certificate_issued_on", [None] * 3),
        ("ticks", {}, "sells_lpg", [True] * 4),
        ("words for no", {}, "sells_lpg", [False] * 4),
        ("counted things", {}, "tank_count", [3, 3]),
        ("what marks a text", {}, "code", ["001", "002"]),
        ("what marks a text", {}, "contact_phone", ["0912345678", "0912345679"]),
        ("single quotes", {}, "name", ["x; y", "z"]),
        ("nothing, as databases write it", {}, "contact_phone", [None, None]),
        ("numbers of telephones with gaps", {}, "contact_phone", ["912345678", None, "2253836123"]),
        ("a code and a name over several lines", {}, "code", ["CH-01"]),
        ("a code and a name over several lines", {}, "name", ["Cửa hàng số 1"]),
        ("lines in two encodings", {"encoding": "tcvn3"}, "name", ["Chợ Sắt", "chợ phường Đổng Quốc Bình"]),
        ("columns with Vietnamese names", {}, "code", ["CH-01"]),
        ("objects inside objects", {}, "products", ["RON95, DO"]),
        ("objects inside objects", {}, "certificate_no", ["12"]),
    ],
)  # fmt: skip
def test_values_are_what_their_author_meant(tmp_path, preview, name, options, field, values):
    file_name, layer, write, *_ = ODDER[name]
    write(tmp_path / file_name)
    assert preview(tmp_path / file_name, layer, **options).rows.values[field] == values


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("columns with Vietnamese names", [None]),
        ("folders of one name", [{"folder": "Tuyến"}] * 2),
        ("objects inside objects", [{"gcn / noi": '{"a": 1}'}]),
    ],
)
def test_what_no_field_takes_is_kept_under_the_name_that_the_file_gives_it(tmp_path, preview, name, extra):
    file_name, layer, write, *_ = ODDER[name]
    write(tmp_path / file_name)
    found = preview(tmp_path / file_name, layer, mapping={} if "folders" not in name else {"code": "Name"})
    assert (found.rows.extra or [None]) == extra


@pytest.mark.parametrize("name", ["danh_muc.gdb.zip", "danh_muc_gpkg.zip"])
def test_codes_of_a_list_are_read_as_the_list_calls_them(preview, name):
    found = preview(CASES / name, "fuel_sites", mapping={"kind": ""})
    assert found.rows.values["brand"] == ["Petrolimex", "PVOIL"]
    assert any("codes of a list" in item.text.say() for item in found.problems)


def test_a_number_that_is_none_keeps_what_is_stored(tmp_path, preview):
    names, widths = ["MA", "TEN", "DUNG_TICH"], 80
    data = bytearray(dbf(names, [["A", "x", "nan"]], width=widths))
    data[32 + 2 * 32 + 11] = ord("F")
    data[32 + 2 * 32 + 17] = 2
    shp, shx = shp_points(PLACES[:1])
    parts = {"l.shp": shp, "l.shx": shx, "l.dbf": bytes(data), "l.prj": PRJ_WGS84.encode()}
    found = preview(archive(tmp_path / "a.zip", parts), "fuel_sites")
    assert found.rows.values["tank_volume_m3"] == [None]
    assert ["“nan”" in item.text.say() for item in found.problems] == [True]


def test_a_geopackage_with_other_letters_is_asked_about(tmp_path, preview):
    with zipfile.ZipFile(CASES / "danh_muc_gpkg.zip") as whole:
        whole.extract("danh_muc.gpkg", tmp_path)
    connection = sqlite3.connect(tmp_path / "danh_muc.gpkg")
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    names = [tcvn3("chợ phường Đổng Quốc Bình"), tcvn3("cửa hàng xăng dầu đường Lạch Tray")]
    for code, name in zip("AB", names, strict=True):
        connection.execute("UPDATE ch SET ten = CAST(? AS TEXT) WHERE ma = ?", (name, code))
    connection.commit()
    connection.close()
    found = preview(tmp_path / "danh_muc.gpkg", "fuel_sites", mapping={"kind": ""})
    assert found.report.encoding.value == "tcvn3"
    assert found.rows.values["name"] == ["chợ phường Đổng Quốc Bình", "cửa hàng xăng dầu đường Lạch Tray"]


@pytest.mark.parametrize(
    "cell", ["18h30 ngày 15/3/2026", "15/3/26 18:30", "15/03/2026 18:30", "2026-03-15 18:30:00", "18:30, 15/3/2026", "15-Mar-2026 18 giờ 30"]
)  # fmt: skip
def test_times_are_read_as_people_write_them(session, tmp_path, preview, cell):
    make_feature(session, LAYERS.get("substations"), code="T1", name="Trạm")
    text(f"MA_TRAM;THOI_DIEM;KICH_BAN;P_MW\nT1;{cell};cao điểm ngày;25,5\n")(tmp_path / "a.csv")
    found = preview(tmp_path / "a.csv", "substations", detail="load_measurements")
    assert not found.problems
    assert [str(line.fields["measured_at"][1])[:16].replace("T", " ") for line in found.lines] == ["2026-03-15 18:30"]


@pytest.mark.parametrize("word", ["Thẩm định", "thành lập", "GPMB"])
def test_steps_of_a_dossier_are_read_in_vietnamese(session, tmp_path, preview, word):
    make_feature(session, LAYERS.get("industrial_clusters"), code="C1", name="CCN")
    text(f"MA_CUM;BUOC\nC1;{word}\n")(tmp_path / "a.csv")
    assert len(preview(tmp_path / "a.csv", "industrial_clusters", detail="dossier_steps").lines) == 1


def test_places_alone_make_no_line_and_say_how_to_write_one(tmp_path, preview):
    rows("A;x;106,68;20,86")(tmp_path / "a.csv")
    (error,) = [item for item in preview(tmp_path / "a.csv", "power_lines").problems if item.severity == "error"]
    assert "each corner in a row" in error.suggestion.say()


def test_cells_of_the_file_are_told_as_they_stand_there(tmp_path):
    """“None” and “Name” are words of the catalogue, too."""
    from geodata.base.message import Message

    assert (
        Message(template="“{value}”", values={"value": "None"}).say(lambda words: words.replace("None", "?"))
        == "“None”"
    )


@pytest.mark.parametrize("name", REFUSED_TEXTS)
def test_what_cannot_be_read_is_refused_with_what_to_do(tmp_path, preview, name):
    body, word = REFUSED_TEXTS[name]
    (tmp_path / name).write_text(body, encoding="utf-8")
    report = preview(tmp_path / name, "industrial_clusters").report
    assert report.status == "refused"
    assert word in report.reason_text.say()
