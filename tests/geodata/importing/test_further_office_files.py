"""Further kinds of what offices and phones write: read where it is plain, else told with what to do."""

import json

import pytest
from sqlalchemy import select, text

from geodata.history.undoing import undo
from geodata.layers import LAYERS
from tests.factories import make_feature
from tests.geodata.importing.files import csv, geojson, point
from tests.geodata.importing.test_office_files import CASES

SITES = LAYERS.get("fuel_sites")


def read(preview, path):
    found = preview(path, "fuel_sites")
    return {name: [*map(str, column)] for name, column in found.rows.values.items()}


@pytest.mark.parametrize(
    ("column", "cells", "field", "values"),
    [
        ("DUNG_TICH", ["75m3", "75 m³", "1.234,5 M3"], "tank_volume_m3", ["75.00", "75.00", "1234.50"]),
        ("NGAY_CAP", ["'02/03/2020", "2020.03.02", "2.3.2020"], "certificate_issued_on", ["2020-03-02"] * 3),
        ("Ngày cấp GCN", ["02/3/2020"], "certificate_issued_on", ["2020-03-02"]),
        ("Ngày hết hạn GCN", ["02/3/2025"], "certificate_expires_on", ["2025-03-02"]),
    ],
)
def test_a_cell_is_read_as_people_write_it(tmp_path, preview, column, cells, field, values):
    lines = [f"C{row};x;106,68;20,86;{cell}" for row, cell in enumerate(cells)]
    path = csv(tmp_path / "a.csv", "\n".join([f"MA;TEN;lon;lat;{column}", *lines]) + "\n")
    assert read(preview, path)[field] == values


def test_headings_of_parts_are_no_objects_where_rows_are_numbered(tmp_path, preview):
    rows = [
        "I;;Quận Hồng Bàng;;",
        "1;C1;Cửa hàng 1;106,68;20,86",
        "II.;;Quận Lê Chân;;",
        "2;C2;Cửa hàng 2;106,69;20,87",
    ]
    found = preview(csv(tmp_path / "a.csv", "\n".join(["STT;MA;TEN;lon;lat", *rows]) + "\n"), "fuel_sites")
    assert (found.report.status, found.report.counts.new) == ("ok", 2)
    assert [item.row for item in found.problems if item.code == "malformed_file"] == [1, 3]
    assert any("I Quận Hồng Bàng" in item.text.say() for item in found.problems)
    # Where nothing says that rows are numbered, a letter is a code.
    lettered = preview(csv(tmp_path / "b.csv", "MA,TEN,lon,lat\nI,x,106.68,20.86\nA,y,106.69,20.87\n"), "fuel_sites")
    assert lettered.report.counts.new == 2


def test_a_hyphen_that_only_looks_different_makes_no_other_code(tmp_path, preview):
    text_ = "MA,TEN,lon,lat\nCH-01,a,106.68,20.86\nCH\u201101,b,106.69,20.87\nCH\u201002,c,106.7,20.88\n"
    found = preview(csv(tmp_path / "a.csv", text_), "fuel_sites")
    assert [(item.row, item.code) for item in found.problems if item.severity == "error"] == [(2, "duplicate_in_file")]
    assert found.rows.values["code"] == ["CH-01", "CH-02"]
    assert {item.row for item in found.problems if "replaced" in item.text.say()} == {2, 3}


def test_a_telephone_that_lost_its_nought_is_told(tmp_path, preview):
    places = [
        ({"MA": f"C{row}", "TEN": "x", "SDT": phone}, point()) for row, phone in enumerate([912345678, "0912345678"])
    ]
    found = preview(geojson(tmp_path / "a.geojson", places), "fuel_sites")
    assert [(item.row, item.rule) for item in found.problems if item.rule] == [(1, "phone_zero")]


def test_a_row_with_exchanged_coordinates_is_rejected_with_that_suspicion(tmp_path, preview):
    text_ = "MA,TEN,lon,lat\nA,a,106.68,20.86\nB,b,20.87,106.69\nC,c,106.7,20.88\nD,d,110,20.9\n"
    found = preview(csv(tmp_path / "a.csv", text_), "fuel_sites")
    errors = {item.row: item.suggestion for item in found.problems if item.code == "out_of_extent"}
    assert set(errors) == {2, 4}
    assert "exchanged" in errors[2].say()
    assert errors[4] is None


@pytest.mark.parametrize(
    ("first", "second", "word"), [("2306,000", "596,000", "kilometres"), ("2306000", "48596000", "zone")]
)
def test_coordinates_that_fit_nowhere_are_refused_with_how_they_are_written(tmp_path, preview, first, second, word):
    report = preview(csv(tmp_path / "a.csv", f"MA;TEN;X;Y\nA;a;{first};{second}\n"), "fuel_sites").report
    assert (report.status, report.reason) == ("refused", "crs_unknown")
    assert word in report.reason_text.say()


def test_codes_with_signs_that_nobody_sees_are_the_same_objects(store, preview):
    store(CASES / "g30a_first.csv", "fuel_sites")
    counts = preview(CASES / "g30b_again_dirty_keys.csv", "fuel_sites").report.counts
    assert (counts.new, counts.rejected) == (0, 0)


def test_a_certificate_goes_back_with_the_import_that_brought_it(session, store):
    case = json.loads((CASES / "newcert.geojson").read_text("utf-8"))
    code = next(value for name, value in case["features"][0]["properties"].items() if name.lower() in {"code", "ma"})
    site = make_feature(session, SITES, code=code, name="Cửa hàng", certificate_no="CU-1")
    certificates = (
        select(text("certificate_no")).select_from(text("certificate")).where(text(f"feature_id = {site.id}"))
    )
    assert session.scalars(certificates).all() == ["CU-1"]
    report = store(CASES / "newcert.geojson", "fuel_sites")
    assert len(session.scalars(certificates).all()) == 2
    undo(session, report.import_id, LAYERS, user_name="an")
    assert session.scalars(certificates).all() == ["CU-1"]
