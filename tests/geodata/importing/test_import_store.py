"""What an import changes, row by row, and what it leaves alone."""

from datetime import date

import pytest

import shapely

from geodata.base.errors import InvalidValueError
from geodata.importing.sessions.rejected import write_rejected
from geodata.layers import LAYERS
from tests.factories import make_feature
from tests.geodata.importing.files import BOW_TIE, SPIKE, csv, geojson, point, square

HEAD = "MA,TEN,SO_HO,lon,lat\n"


def table(path, *rows):
    return csv(path, HEAD + "".join(row + "\n" for row in rows))


A = "A,Chợ An,10,106.68,20.86"
B = "B,Chợ Ba,20,106.69,20.86"
C = "C,Chợ Cá,30,106.70,20.86"


def counts(report):
    return {name: number for name, number in vars(report.counts).items() if number}


def test_an_identical_second_import_changes_nothing(tmp_path, store, stored):
    path = table(tmp_path / "a.csv", A, B)
    assert counts(store(path)) == {"read": 2, "new": 2}
    before = {code: feature.updated_at for code, feature in stored().items()}
    report = store(path)
    assert counts(report) == {"read": 2, "unchanged": 2}
    assert report.import_id
    assert {code: feature.updated_at for code, feature in stored().items()} == before


def test_upsert_changes_by_code_and_keeps_what_the_file_does_not_have(tmp_path, store, stored):
    store(table(tmp_path / "a.csv", A, B))
    report = store(table(tmp_path / "b.csv", "A,Chợ An,11,106.68,20.86", C))
    assert counts(report) == {"read": 2, "new": 1, "changed": 1, "absent": 1}
    assert {code: feature.trader_count for code, feature in stored().items()} == {"A": 11, "B": 20, "C": 30}


def test_a_preview_says_old_and_new_and_how_far_a_place_moved_and_stores_nothing(tmp_path, store, listed, stored):
    store(table(tmp_path / "a.csv", A, C))
    lists = listed(table(tmp_path / "b.csv", "A,Chợ An,11,106.69,20.86", B))
    (changed,), (new,), (absent,) = lists["changed"], lists["new"], lists["absent"]
    assert (changed.row_number, changed.code, changed.name) == (1, "A", "Chợ An")
    assert changed.data["fields"] == {"trader_count": [10, 11]}
    assert changed.data["moved_m"] == pytest.approx(1040, abs=5)
    assert changed.data["old_point"] == pytest.approx([106.68, 20.86])
    assert (new.row_number, new.code, new.data) == (2, "B", {"point": [pytest.approx(106.69), pytest.approx(20.86)]})
    assert (absent.row_number, absent.code) == (None, "C")
    assert sorted(stored()) == ["A", "C"]


def test_a_preview_lists_fractions_choices_dates_and_other_columns_as_they_are_written(tmp_path, store, listed):
    head = "MA,TEN,HANG,floor_area_m2,valid_from,Màu sơn,Số cột cờ,lon,lat\n"
    store(csv(tmp_path / "a.csv", head + "A,Chợ An,hạng 3,1200.5,2020-01-02,cũ,7,106.68,20.86\n"))
    (changed,) = listed(csv(tmp_path / "b.csv", head + "A,Chợ An,hạng 2,1200.8,,mới,7,106.68,20.86\n"))["changed"]
    assert changed.data["moved_m"] is changed.data["old_point"] is None
    fields = changed.data["fields"]
    assert fields.pop("Màu sơn") == ["cũ", "mới"]
    assert fields.pop("market_class") == ["3", "2"]
    assert fields.pop("valid_from") == ["2020-01-02", None]
    assert fields == {"floor_area_m2": ["1200.5", "1200.8"]}


def test_the_places_in_each_list_of_a_preview_have_no_gap_and_follow_the_file(tmp_path, store, listed):
    store(table(tmp_path / "a.csv", A, B, C))
    rows = [C, "N2,Mới,1,106.71,20.86", "B,Chợ Ba,21,106.69,20.86", "N1,Mới,1,106.72,20.86", A]
    lists = listed(table(tmp_path / "b.csv", *rows))
    assert [(item.position, item.row_number, item.code) for item in lists["new"]] == [(1, 2, "N2"), (2, 4, "N1")]
    assert [(item.position, item.row_number, item.code) for item in lists["unchanged"]] == [(1, 1, "C"), (2, 5, "A")]


def test_a_preview_names_every_problem_and_the_report_the_first(tmp_path, preview, monkeypatch):
    monkeypatch.setattr("geodata.importing.results.MAX_PROBLEMS", 1)
    found = preview(table(tmp_path / "a.csv", A, *(f"X{i},Chợ,nhiều,106.68,20.86" for i in range(3))))
    assert len(found.report.problems) == 1
    assert found.report.problems_omitted == len(found.problems) - 1
    assert [problem.row for problem in found.problems if problem.severity == "error"] == [2, 3, 4]
    assert write_rejected(found, tmp_path / "back.csv") == 3


def test_append_refuses_codes_that_are_there(tmp_path, store, preview):
    store(table(tmp_path / "a.csv", A))
    report = preview(table(tmp_path / "b.csv", A, B), mode="append").report
    assert (report.status, counts(report)) == ("partial", {"read": 2, "new": 1, "rejected": 1})
    assert [(problem.row, problem.code) for problem in report.problems if problem.severity == "error"] == [
        (1, "duplicate_existing")
    ]


def test_replace_makes_the_layer_what_the_file_says(tmp_path, store, stored):
    store(table(tmp_path / "a.csv", A, B))
    report = store(table(tmp_path / "b.csv", B, C), mode="replace")
    assert counts(report) == {"read": 2, "new": 1, "unchanged": 1, "absent": 1}
    assert sorted(stored()) == ["B", "C"]


def test_replace_does_not_delete_what_a_rejected_row_means(tmp_path, store, stored):
    store(table(tmp_path / "a.csv", A, B))
    store(table(tmp_path / "b.csv", "A,Chợ An,nhiều,106.68,20.86", B), mode="replace", accept_partial=True)
    assert sorted(stored()) == ["A", "B"]


def test_nothing_is_stored_while_a_row_is_rejected_unless_accepted(tmp_path, store, stored):
    path = table(tmp_path / "a.csv", A, "B,Chợ Ba,nhiều,106.69,20.86")
    report = store(path)
    assert (report.status, report.import_id, stored()) == ("partial", None, {})
    report = store(path, accept_partial=True)
    assert (report.status, bool(report.import_id), list(stored())) == ("partial", True, ["A"])


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        ("A,Chợ hai,1,106.68,20.86", "code", "duplicate_in_file"), (",Chợ,1,106.68,20.86", "code", "missing_field"),
        ("D,,1,106.68,20.86", "name", "missing_field"), ("D,Chợ,-5,106.68,20.86", "trader_count", "bad_value"),
        ("D,Chợ,x,106.68,20.86", "trader_count", "bad_value"), ("D" * 65 + ",Chợ,1,106.68,20.86", "code", "too_long"),
        ("D," + "x" * 301 + ",1,106.68,20.86", "name", "too_long"), ("D,Chợ,1,10.0,20.86", "geom", "out_of_extent"),
        ("D,Chợ,1,,", "geom", "null_geometry"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_with_field_and_code(tmp_path, preview, row, field, code):
    report = preview(table(tmp_path / "a.csv", A, row)).report
    assert [
        (problem.row, problem.field, problem.code) for problem in report.problems if problem.severity == "error"
    ] == [(2, field, code)]


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ("ma,ten,dia_chi", "address"), ("MÃ,TÊN,ĐỊA CHỈ", "address"), ("Ma,Ten,Hạng", "market_class"), ("MA,TEN,SO_HO", "trader_count"),
        ("code,name,MANAGEMENT", "management_model"), ("code,full_name,commission", "commissioning_year"), ("MA,TEN,MO_HINH_QL", "management_model"),
    ],
)  # fmt: skip
def test_usual_columns_are_recognised(tmp_path, preview, columns, field):
    report = preview(csv(tmp_path / "a.csv", f"{columns},lon,lat\nA,Chợ,,106.68,20.86\n")).report
    assert set(report.mapping) == {"code", "name", field}


def test_columns_without_a_field_are_kept_and_compared(tmp_path, store, stored):
    head = "MA,TEN,Người quản lý chợ,OBJECTID,lon,lat\n"
    store(csv(tmp_path / "a.csv", f"{head}A,Chợ,Ông A,1,106.68,20.86\n"))
    assert stored()["A"].extra == {"Người quản lý chợ": "Ông A"}
    report = store(csv(tmp_path / "b.csv", f"{head}A,Chợ,Bà B,99,106.68,20.86\n"))
    assert counts(report) == {"read": 1, "changed": 1}
    assert counts(store(table(tmp_path / "c.csv", "A,Chợ,,106.68,20.86"))) == {"read": 1, "unchanged": 1}
    assert stored()["A"].extra == {"Người quản lý chợ": "Bà B"}


def test_a_given_mapping_and_constants_fill_fields(tmp_path, store, stored):
    path = csv(tmp_path / "a.csv", "id,label,lon,lat\n1030101.0,Chợ,106.68,20.86\n")
    report = store(
        path, mapping={"code": "ID", "name": "label"}, constants={"valid_from": "01/07/2025", "status": "hoạt động"}
    )
    assert report.status == "ok"
    assert (stored()["1030101"].valid_from, stored()["1030101"].status) == (date(2025, 7, 1), "operating")


@pytest.mark.parametrize(
    "options",
    [{"mapping": {"nothing": "TEN"}}, {"mapping": {"code": "nothing"}}, {"constants": {"nothing": "1"}}, {"constants": {"status": "xyz"}},
     {"encoding": "nothing"}],
)  # fmt: skip
def test_an_option_that_fits_nothing_is_an_error(tmp_path, preview, options):
    with pytest.raises(InvalidValueError):
        preview(table(tmp_path / "a.csv", A), **options)


def test_without_a_code_column_the_likely_ones_are_asked(tmp_path, preview):
    report = preview(
        csv(tmp_path / "a.csv", "nhóm,stt,TEN,lon,lat\n1,1,Chợ,106.68,20.86\n1,2,Chợ,106.69,20.86\n")
    ).report
    assert (report.status, report.question.about) == ("ask", "columns")
    assert report.question.choices[0].value == "stt"


def test_real_data_take_the_illustration_mark_away(tmp_path, session, store, stored):
    make_feature(session, LAYERS.get("markets"), code="A", name="Chợ An", is_illustration=True)
    store(table(tmp_path / "a.csv", A))
    assert stored()["A"].is_illustration is False
    store(csv(tmp_path / "b.csv", "MA,TEN,MINH_HOA,lon,lat\nA,Chợ An,có,106.68,20.86\n"))
    assert stored()["A"].is_illustration is True


def test_the_same_name_at_the_same_place_under_another_code_is_pointed_out(tmp_path, store, preview):
    store(table(tmp_path / "a.csv", A))
    report = preview(table(tmp_path / "b.csv", "Z,CHỢ AN,10,106.6801,20.86")).report
    assert [
        (problem.row, problem.code, problem.severity) for problem in report.problems if problem.code.startswith("dup")
    ] == [(1, "duplicate_existing", "warning")]


def test_a_unit_is_known_by_code_and_date(tmp_path, session, store, stored):
    kind = LAYERS.get("admin_units")
    make_feature(session, kind, code="11341", name="Gia Viên", valid_from=date(2004, 1, 1), valid_to=date(2025, 6, 30))
    make_feature(session, kind, code="11341", name="Ngô Quyền", valid_from=date(2025, 7, 1))
    path = geojson(tmp_path / "a.geojson", [({"code": "11341", "name": "Ngô Quyền mới"}, square())])
    assert counts(store(path, "admin_units")) == {"read": 1, "changed": 1, "absent": 1}
    names = {feature.name for feature in session.query(kind)}
    assert names == {"Gia Viên", "Ngô Quyền mới"}
    assert counts(store(path, "admin_units")) == {"read": 1, "unchanged": 1, "absent": 1}
    options = {"constants": {"valid_from": "1990-01-01", "valid_to": "2003-12-31"}}
    assert counts(store(path, "admin_units", **options))["new"] == 1


def test_a_former_unit_is_not_overwritten_by_a_file_without_dates(tmp_path, session, store):
    make_feature(
        session, LAYERS.get("admin_units"), code="1", name="Cũ", valid_from=date(2004, 1, 1), valid_to=date(2025, 6, 30)
    )
    report = store(geojson(tmp_path / "a.geojson", [({"code": "1", "name": "Mới"}, square())]), "admin_units")
    assert counts(report) == {"read": 1, "new": 1, "absent": 1}


# Geometry ----------------------------------------------------------------------------------------------


def polygon(*rings):
    return {"type": "Polygon", "coordinates": [[list(position) for position in ring] for ring in rings]}


RING = [(106.68, 20.86), (106.69, 20.86), (106.69, 20.87), (106.68, 20.87), (106.68, 20.86)]


def one(path, geometry):
    return geojson(path, [({"ma": "1", "ten": "x"}, geometry)])


def test_a_ring_that_starts_elsewhere_or_turns_round_is_the_same(tmp_path, store):
    store(one(tmp_path / "a.geojson", polygon(RING)), "planning_zones")
    turned = [*RING[2:], *RING[1:3]]
    for ring in (turned, RING[::-1], turned[::-1]):
        assert counts(store(one(tmp_path / "b.geojson", polygon(ring)), "planning_zones")) == {
            "read": 1,
            "unchanged": 1,
        }
    multi = {"type": "MultiPolygon", "coordinates": [polygon(RING)["coordinates"]]}
    assert counts(store(one(tmp_path / "c.geojson", multi), "planning_zones")) == {"read": 1, "unchanged": 1}


def test_an_invalid_area_is_repaired_and_told_with_its_area(tmp_path, store, session):
    report = store(one(tmp_path / "a.geojson", polygon(SPIKE)), "planning_zones")
    (problem,) = report.problems
    assert (report.status, problem.row, problem.code, problem.severity) == ("ok", 1, "invalid_geometry", "warning")
    assert problem.text.values["before"] == problem.text.values["after"]


def test_a_repair_that_loses_too_much_is_refused(tmp_path, preview):
    report = preview(one(tmp_path / "a.geojson", polygon(BOW_TIE)), "planning_zones").report
    assert [(problem.code, problem.severity) for problem in report.problems] == [("invalid_geometry", "error")]


def test_a_scribble_is_given_up_on_within_its_limits(tmp_path, preview):
    import random

    from geodata.importing import Limits

    chance = random.Random(1)
    ring = [(106.6 + chance.random() / 10, 20.8 + chance.random() / 10) for _ in range(1500)]
    path = one(tmp_path / "a.geojson", polygon([*ring, ring[0]]))
    report = preview(path, "planning_zones", limits=Limits(cpu_seconds=2, wall_seconds=4)).report
    assert [(problem.row, problem.code) for problem in report.problems] == [(1, "invalid_geometry")]


def test_too_many_vertices_are_refused_before_any_check(tmp_path, preview):
    from geodata.importing import Limits

    path = geojson(
        tmp_path / "a.geojson",
        [({"ma": "1", "ten": "x"}, polygon(RING)), ({"ma": "2", "ten": "x"}, polygon(RING[:3] + RING[4:]))],
    )
    report = preview(path, "planning_zones", limits=Limits(vertices_per_feature=4)).report
    assert [(problem.row, problem.code) for problem in report.problems] == [(1, "too_complex")]


@pytest.mark.parametrize(
    ("layer", "geometry", "status"),
    [
        ("markets", {"type": "MultiPoint", "coordinates": [[106.68, 20.86]]}, "ok"),
        ("markets", {"type": "MultiPoint", "coordinates": [[106.68, 20.86], [106.69, 20.86]]}, "refused"),
        ("markets", {"type": "Point", "coordinates": [106.68, 20.86, 12.5]}, "ok"),
        ("power_lines", {"type": "LineString", "coordinates": [[106.68, 20.86], [106.69, 20.86]]}, "ok"),
        ("power_lines", polygon(RING), "refused"),
        ("planning_zones", {"type": "GeometryCollection", "geometries": [polygon(RING)]}, "ok"),
        ("planning_zones", {"type": "Polygon", "coordinates": []}, "refused"),
        ("planning_zones", {"type": "Polygon", "coordinates": "x"}, "refused"),
    ],
)
def test_types_are_promoted_or_refused(tmp_path, preview, layer, geometry, status):
    assert preview(one(tmp_path / "a.geojson", geometry), layer).report.status == status


# Rejected rows -----------------------------------------------------------------------------------------


def test_rejected_rows_go_out_with_reasons_and_come_in_corrected(tmp_path, store, preview, stored):
    found = preview(table(tmp_path / "a.csv", A, "B,Chợ Ba,nhiều,106.69,20.86"))
    assert write_rejected(found, tmp_path / "rejected.csv") == 1
    text = (tmp_path / "rejected.csv").read_text(encoding="utf-8-sig")
    assert "nhiều" in text
    assert "trader_count" in text
    assert "Chợ An" not in text
    (tmp_path / "rejected.csv").write_text(text.replace("nhiều", "20", 1), encoding="utf-8")
    assert counts(store(tmp_path / "rejected.csv")) == {"read": 1, "new": 1}
    assert stored()["B"].extra == {}


def test_rejected_shapes_keep_their_geometry_and_crs(tmp_path, preview):
    features = [({"ma": "1", "ten": "x", "trang_thai": "??"}, point(596943.67, 2307792.14))]
    crs = {"type": "name", "properties": {"name": "EPSG:9210"}}
    found = preview(geojson(tmp_path / "a.geojson", features, crs=crs))
    write_rejected(found, tmp_path / "r.csv")
    text = (tmp_path / "r.csv").read_text(encoding="utf-8-sig").replace("??", "hoạt động", 1)
    (tmp_path / "r.csv").write_text(text, encoding="utf-8")
    again = preview(tmp_path / "r.csv").report
    assert (again.status, again.crs.value) == ("ok", "EPSG:9210")


def test_rows_can_be_left_out(tmp_path, store, stored):
    assert store(table(tmp_path / "a.csv", A, B), excluded_rows=frozenset({1})).status == "ok"
    assert list(stored()) == ["B"]


def test_ten_thousand_points_import_in_seconds(tmp_path, store):
    import time

    lines = [
        f"T{number},Chợ {number},{number % 50},{106.5 + number % 100 / 250},{20.7 + number // 100 / 500}"
        for number in range(10_000)
    ]
    start = time.monotonic()
    assert store(table(tmp_path / "a.csv", *lines)).counts.new == 10_000
    assert time.monotonic() - start < 15
    assert shapely.geos_version
