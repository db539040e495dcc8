"""Further files of offices, instruments and phones by command: every question answered, values as meant, losses told."""

import pytest

import shapely

from geodata.importing.reading.archive import COMPONENTS
from geodata.layers import LAYERS
from tests.factories import make_feature
from tests.geodata.importing.files import archive
from tests.geodata.importing.further_files import FILES, REFUSED, WKB, rows, text
from tests.geodata.importing.test_office_files import CASES, door, ends_as_it_should

__all__ = ["door"]


@pytest.mark.parametrize("name", FILES)
def test_a_further_file_ends_as_it_should_by_command(door, monkeypatch, tmp_path, name):
    ends_as_it_should(door, monkeypatch, tmp_path, FILES[name])


@pytest.mark.parametrize(
    ("name", "options", "field", "values"),
    [
        ("litres in the heading", {}, "tank_volume_m3", ["25.00"]),
        ("kilograms behind a comma", {}, "lpg_capacity_t", ["25.00"]),
        ("litres in a cell", {}, "tank_volume_m3", ["25.00"]),
        ("a unit of something else", {}, "tank_volume_m3", ["25000.00"]),
        ("the unit above the table", {"crs": "EPSG:4326"}, "infrastructure_capital_vnd", ["1500000000"]),
        ("a row of units", {}, "tank_volume_m3", ["25.00"]),
        ("letters that became question marks", {}, "name", ["Cửa hàng ở đâu?"]),
        ("UTF-8 opened as Windows-1252", {}, "name", ["Chợ Sắt phường", "Chợ Ga"]),
        ("signs of web pages", {}, "name", ["Chợ Sắt & Ga"]),
        ("crossed out", {}, "certificate_no", ["15/GCN", "1"]),
        ("days with AM and PM", {"dates": "mdy"}, "certificate_issued_on", ["2020-05-06"]),
        ("points of an instrument", {"header_row": "0", "crs": "EPSG:9210", "coordinates": {"x": "cot_2", "y": "cot_3"},
                                     "mapping": {"code": "cot_1", "name": "cot_1"}}, "code", ["P1", "P2"]),
        ("points and texts of a drawing", {"crs": "EPSG:9210", "mapping": {"code": "name"}}, "name", ["CHXD 1", "CHXD 2"]),
        ("circles and texts of several lines", {"crs": "EPSG:9210", "mapping": {"code": "name"}}, "name", ["CHXD so 1"]),
        ("blocks with attributes", {"crs": "EPSG:9210", "mapping": {"code": "TEN"}}, "name", ["CHXD 1", "CHXD 2"]),
        ("texts alone", {"crs": "EPSG:9210", "mapping": {"code": "name"}}, "name", ["CHXD 1", "CHXD 2"]),
    ],
)  # fmt: skip
def test_values_are_what_their_author_meant(tmp_path, preview, name, options, field, values):
    file_name, layer, write, *_ = FILES[name]
    write(tmp_path / file_name)
    found = preview(tmp_path / file_name, layer, **options)
    assert [str(value) for value in found.rows.values[field]] == values


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(("a place", "a shape"))])
def test_places_are_found_in_whatever_writing(tmp_path, preview, name):
    file_name, layer, write, asked, *_ = FILES[name]
    write(tmp_path / file_name)
    found = preview(tmp_path / file_name, layer, crs="EPSG:9210" if asked else None)
    place = found.rows.geometries[0]
    is_metres = asked or name == "a shape with its number"
    assert (place.x, place.y) == pytest.approx((106.67552, 20.84547) if is_metres else (106.68, 20.86), abs=1e-4)


def test_rows_of_a_second_table_are_read_by_their_own_header(tmp_path, preview):
    file_name, layer, write, *_ = FILES["a second table below"]
    write(tmp_path / file_name)
    found = preview(tmp_path / file_name, layer, header_row="4")
    assert (found.rows.values["name"], found.rows.values["address"]) == (["y"], ["phố"])


def test_texts_between_two_objects_belong_to_neither(tmp_path, preview):
    from tests.geodata.importing.further_files import drawing, label, spot

    drawing(spot(596000, 2306000), spot(596010, 2306000), label(596005, 2306000, "?"), label(596001, 2306001, "A"))(
        tmp_path / "a.dxf"
    )
    found = preview(tmp_path / "a.dxf", "fuel_sites", crs="EPSG:9210", constants={"code": "C"})
    assert found.table.columns[found.table.names.index("name")] == ["A", None]
    assert any("between two" in item.text.say() for item in found.problems)


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_kind_of_file_says_what_to_do(tmp_path, preview, name):
    (tmp_path / name).write_bytes(b"x")
    report = preview(tmp_path / name, "fuel_sites").report
    assert (report.status, report.reason) == ("refused", "unsupported_format")
    assert REFUSED[name] in report.reason_text.say()
    assert name[1:] not in COMPONENTS


def test_an_archive_of_another_kind_called_zip_says_so(tmp_path, preview):
    (tmp_path / "a.zip").write_bytes(b"Rar!\x1a\x07\x00 and more")
    assert "Unpack it" in preview(tmp_path / "a.zip", "fuel_sites").report.reason_text.say()


def test_a_drawing_in_millimetres_says_so(tmp_path, preview):
    from tests.geodata.importing.further_files import drawing, spot

    drawing(spot(596123000, 2306123000))(tmp_path / "a.dxf")
    report = preview(tmp_path / "a.dxf", "fuel_sites").report
    assert (report.reason, "millimetres" in report.reason_text.say()) == ("crs_unknown", True)


def test_a_code_without_its_noughts_is_told(session, tmp_path, preview):
    make_feature(session, LAYERS.get("fuel_sites"), code="001", name="Cửa hàng")
    rows("1;Tên khác hẳn;106,55;20,86")(tmp_path / "a.csv")
    found = preview(tmp_path / "a.csv", "fuel_sites")
    assert [(item.row, item.rule) for item in found.problems if item.rule] == [(1, "code_noughts")]


def test_a_tax_code_without_its_nought_is_rejected_with_that_suspicion(tmp_path, preview):
    rows("A;x;106,68;20,86;200123456", head="MA;TEN;lon;lat;MST")(tmp_path / "a.csv")
    errors = [item for item in preview(tmp_path / "a.csv", "fuel_sites").problems if item.severity == "error"]
    assert ["0200123456" in item.suggestion.say() for item in errors] == [True]


def test_locks_of_an_open_workbook_are_no_layer(tmp_path, preview):
    table = "MA,TEN,lon,lat\nA,x,106.68,20.86\n"
    path = archive(tmp_path / "a.zip", {"ds.csv": table, "~$ds.csv": "x", "Thumbs.db": "x", "anh/1.jpg": "x"})
    assert preview(path, "fuel_sites").report.status == "ok"


def test_a_shape_that_is_none_rejects_its_row(tmp_path, preview):
    text(f"MA,TEN,geom\nA,x,{WKB}\nB,y,{WKB[:30]}\n")(tmp_path / "a.csv")
    found = preview(tmp_path / "a.csv", "fuel_sites", crs="EPSG:4326")
    assert [item.row for item in found.problems if item.severity == "error"] == [2]
    assert shapely.get_coordinates(found.rows.geometries).tolist() == [[106.68, 20.86]]


@pytest.mark.parametrize("suffix", ["xls", "ods"])
def test_older_sheets_tell_what_is_crossed_out_and_show_percent(preview, suffix):
    found = preview(CASES / f"gach_ngang.{suffix}", "fuel_sites")
    assert found.rows.values["certificate_no"] == ["15/GCN", "1"]
    assert found.rows.extra[0] == {"Tỷ lệ": "45.5%"}
    told = " ".join(item.text.say() for item in found.problems)
    assert "A part of the cell is crossed out" in told
    assert "The row is crossed out" in told


def test_the_unit_of_a_heading_holds_for_what_hangs_on_objects_too(session, tmp_path, preview):
    make_feature(session, LAYERS.get("substations"), code="T1", name="Trạm")
    rows("T1;T1;40000", head="MA_TRAM;TEN;Công suất (kVA)")(tmp_path / "a.csv")
    found = preview(tmp_path / "a.csv", "substations", detail="transformers")
    assert any("converted" in item.text.say() for item in found.problems), found.problems
    assert [str(line.fields["rated_mva"][1]) for line in found.lines] == ["40"]


@pytest.mark.parametrize("change", [str, str.upper, str.lower, str.title])
def test_vietnamese_that_is_right_is_left_alone_and_what_was_opened_wrongly_comes_back(tmp_path, preview, change):
    words = [
        "Xã An Dương",
        "ngã tư",
        "NGÃ Ở ĐÃ",
        "XÃ AN",
        "chùa Hà – số 5²",
        "«Ngã»",
        "50 °C",
        "tổ 3, ngõ 12 Đà Nẵng",
        "QUÁ, khá: bà",
    ]
    meant = [change(word) for word in words]
    for texts, expected in ((meant, meant), ([_as_windows(word) for word in meant], meant)):
        lines = [f"{number};{word};106,68;20,86" for number, word in enumerate(texts)]
        rows(*lines)(tmp_path / "a.csv")
        found = preview(tmp_path / "a.csv", "fuel_sites", encoding="utf-8")
        assert found.rows.values["name"] == expected


def _as_windows(text):
    """Return UTF-8 as Windows-1252 shows it; its five holes are the bytes themselves."""
    return "".join(
        bytes([byte]).decode("cp1252") if byte not in b"\x81\x8d\x8f\x90\x9d" else chr(byte) for byte in text.encode()
    )
