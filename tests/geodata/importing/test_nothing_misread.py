"""Nothing is misread in silence: letters that are lost, columns that were cut, objects that lie elsewhere."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import pyogrio.raw
import pyproj
import shapely

from geodata.accounts.access import visible_fields
from geodata.export.formats import export_features
from geodata.importing import ImportOptions, preview_import
from geodata.layers import LAYERS
from geodata.schema.roles import Role
from tests.factories import make_feature
from tests.geodata.importing import files
from tests.geodata.importing.files import PLACES, csv, geojson, point, shapefile
from tests.geodata.importing.test_import_encoding import NAMES as VIETNAMESE

CASES = Path(__file__).parent / "cases"
ENCODERS = {"tcvn3": files.tcvn3, "vni": files.vni, "cp1258": files.cp1258, "utf-8": str.encode}


def texts_of(found):
    """Every text that a preview would store, names of further columns too."""
    if found.rows is None:
        return ""
    extra = [row or {} for row in found.rows.extra or []]
    return " ".join(map(str, [*found.rows.values.values(), *extra]))


# letters ------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    written=st.sampled_from(sorted(ENCODERS)),
    said=st.sampled_from([None, "utf-8", "tcvn3", "vni", "cp1258", "viqr", "cp1252", "utf-8-twice", "ascii", "gbk"]),
    kind=st.sampled_from(["shp", "csv", "geojson"]),
    noise=st.binary(max_size=3),
)
def test_whatever_encoding_is_said_no_lost_letter_would_be_stored(tmp_path, preview, written, said, kind, noise):
    encode = ENCODERS[written]
    names = [*VIETNAMESE[:4], "Chợ Phường"]
    rows = [[f"C{number}", name] for number, name in enumerate(names)]
    if kind == "shp":
        path = shapefile(
            tmp_path / "a.zip", ["MA", "TEN"], rows, PLACES[: len(rows)], encode=lambda text: encode(text) + noise
        )
    elif kind == "csv":
        lines = [b"MA,TEN,lon,lat", *[b"%s,%s,106.68,20.86" % (code.encode(), encode(name)) for code, name in rows]]
        path = csv(tmp_path / "a.csv", b"\n".join(lines) + noise)
    else:
        path = geojson(tmp_path / "a.geojson", [({"ma": code, "ten": "@@" + name}, point()) for code, name in rows])
        path.write_bytes(b"".join(encode(part) if part else noise for part in path.read_text("utf-8").split("@@")))
    found = preview(path, encoding=said)
    assert "\ufffd" not in texts_of(found)
    if found.report.question is not None:
        assert found.report.question.about in {"encoding", "columns"}
        assert found.report.question.choices


@pytest.mark.parametrize("name", ["tcvn3", "vni", "cp1258"])
def test_a_wrong_encoding_that_is_given_is_asked_about(tmp_path, preview, name):
    rows = [[f"C{number}", text] for number, text in enumerate(VIETNAMESE)]
    path = shapefile(tmp_path / "a.zip", ["MA", "TEN"], rows, [PLACES[0]] * len(rows), encode=ENCODERS[name])
    report = preview(path, encoding="utf-8").report
    assert (report.status, report.question.about) == ("ask", "encoding")
    assert report.question.choices[0].value == name
    assert preview(path, encoding=report.question.choices[0].value).report.status == "ok"


def test_a_file_with_some_damaged_letters_is_asked_about_and_only_these_rows_are_rejected(preview):
    path = CASES / "c11_invalid_utf8.geojson"
    report = preview(path, "fuel_sites").report
    assert (report.status, report.question.about, report.question.choices[0].value) == ("ask", "encoding", "utf-8")
    answered = preview(path, "fuel_sites", encoding="utf-8")
    assert {item.row for item in answered.problems if item.code == "encoding_unknown"} == {1}
    assert len(answered.rows.rows) > 0
    assert "\ufffd" not in texts_of(answered)


def test_letters_lost_before_the_file_was_made_reject_their_row(tmp_path, preview):
    features = [({"ma": "A", "ten": "Chợ S\ufffdt", "x": "y"}, point()), ({"ma": "B", "ten": "Chợ Sắt"}, point())]
    report = preview(geojson(tmp_path / "a.geojson", features)).report
    assert (report.status, report.counts.new, report.counts.rejected) == ("partial", 1, 1)


@pytest.mark.parametrize("name", ["hex", "zlib", "rot13", "base64"])
def test_a_codec_that_is_no_encoding_of_texts_is_an_unknown_one(tmp_path, preview, name):
    from geodata.base.errors import InvalidValueError

    path = csv(tmp_path / "a.csv", "MA,TEN,lon,lat\nA,Chợ,106.68,20.86\n")
    with pytest.raises(InvalidValueError):
        preview(path, encoding=name)


# columns cut to ten letters -----------------------------------------------------------------------


def test_a_cut_column_that_fits_several_fields_is_asked_about_and_can_be_answered(tmp_path, preview):
    path = shapefile(
        tmp_path / "a.zip", ["MA", "TEN", "certificat"], [["A", "Cửa hàng", "12/GCN"]], PLACES[:1], cpg="UTF-8"
    )
    report = preview(path, "fuel_sites").report
    assert (report.status, report.question.about) == ("ask", "columns")
    values = [choice.value for choice in report.question.choices]
    assert {"certificate_no=certificat", "certificate_record=certificat"} <= set(values)
    field, _, column = values[0].partition("=")
    assert preview(path, "fuel_sites", mapping={field: column}).report.mapping[field] == column
    none = preview(path, "fuel_sites", mapping={value.partition("=")[0]: "" for value in values}).report
    assert (none.status, none.unmapped) == ("ok", ("certificat",))


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.PLANNER, Role.GIS])
@pytest.mark.parametrize("kind", list(LAYERS), ids=lambda kind: kind.layer.name)
def test_a_shapefile_that_another_program_made_of_our_geopackage_changes_nothing(demo_session, tmp_path, kind, role):
    package = export_features(demo_session, kind, visible_fields(role, kind), (), target=tmp_path / "a", format="gpkg")
    meta, _, shapes, columns = pyogrio.raw.read(package)
    with pytest.warns(RuntimeWarning):
        pyogrio.raw.write(
            tmp_path / "b.shp", geometry=shapes, field_data=columns, fields=meta["fields"],
            geometry_type=meta["geometry_type"], crs=meta["crs"], driver="ESRI Shapefile", encoding="UTF-8",
        )  # fmt: skip
    report = preview_import(demo_session, kind, tmp_path / "b.shp", ImportOptions()).report
    assert (report.status, report.question) == ("ok", None)
    assert (report.counts.changed, report.counts.new, report.counts.unchanged) == (0, 0, report.counts.read)


# where it is --------------------------------------------------------------------------------------


def unit(session, name, box, **fields):
    return make_feature(
        session, LAYERS.get("admin_units"), shape=shapely.multipolygons([shapely.box(*box)]), name=name, **fields
    )


@pytest.fixture
def units(session):
    unit(session, "Ngô Quyền", (106.55, 20.75, 106.75, 20.90), full_name="Phường Ngô Quyền")
    unit(session, "Thành Đông", (106.25, 20.85, 106.40, 21.00), full_name="Phường Thành Đông")


def warned(report):
    return {item.row for item in report.problems if item.code == "out_of_extent" and item.severity == "warning"}


def test_objects_in_none_of_the_units_are_told_one_by_one(units, tmp_path, preview):
    places = [(106.60, 20.80), (106.50, 20.80), (106.80, 20.76), (107.5, 20.4)]
    names = ["inside", "on land between the units", "at sea before the coast", "far out at sea"]
    features = [({"ma": name, "ten": name}, point(*place)) for name, place in zip(names, places, strict=True)]
    report = preview(geojson(tmp_path / "a.geojson", features)).report
    assert report.status == "ok"
    assert warned(report) == {2, 4}


def test_neighbouring_towns_are_outside_the_province(demo_session):
    report = preview_import(demo_session, LAYERS.get("fuel_sites"), CASES / "outside.geojson", ImportOptions()).report
    assert warned(report) == {1, 2, 3, 4, 5, 6}
    assert all("km" in item.text.say() for item in report.problems)


@pytest.mark.parametrize("named", ["Phường Thành Đông", "Thành Đông", "P. Thành Đông"])
def test_a_file_that_lies_in_other_units_than_it_names_is_asked_about(units, tmp_path, preview, named):
    features = [({"ma": f"C{number}", "ten": "x", "PHUONG_XA": named}, point(106.6, 20.8)) for number in range(3)]
    path = geojson(tmp_path / "a.geojson", features)
    report = preview(path).report
    assert (report.status, report.question.about) == ("ask", "crs")
    assert "EPSG:4326" in [choice.value for choice in report.question.choices]
    kept = preview(path, crs="EPSG:4326").report
    assert (kept.status, warned(kept)) == ("ok", {1, 2, 3})


@pytest.mark.parametrize("address", ["Số 5, phố Ga, phường Thành Đông", "P. Thành Đông - Hải Dương"])
def test_addresses_in_other_units_are_told_row_by_row(units, tmp_path, preview, address):
    features = [({"ma": f"C{number}", "ten": "x", "DIA_CHI": address}, point(106.6, 20.8)) for number in range(3)]
    report = preview(geojson(tmp_path / "a.geojson", features)).report
    assert (report.status, warned(report)) == ("ok", {1, 2, 3})


def test_one_object_that_lies_elsewhere_than_it_says_is_told(units, tmp_path, preview):
    features = [({"ma": f"C{number}", "ten": "x", "PHUONG": "Ngô Quyền"}, point(106.6, 20.8)) for number in range(4)]
    features.append(({"ma": "Z", "ten": "x", "PHUONG": "Thành Đông"}, point(106.6, 20.8)))
    assert warned(preview(geojson(tmp_path / "a.geojson", features)).report) == {5}


def test_the_zone_of_the_other_half_of_the_province_is_among_the_answers(demo_session):
    path = CASES / "haiduong_9209_noprj.zip"
    question = preview_import(demo_session, LAYERS.get("fuel_sites"), path, ImportOptions()).report.question
    assert {"EPSG:9209", "EPSG:9210"} <= {choice.value for choice in question.choices[:2]}


@pytest.mark.parametrize("way", ["MIF", "prj"])
def test_the_datum_of_one_system_with_the_projection_of_the_other_is_asked_about(tmp_path, preview, way):
    from tests.geodata.importing.test_import_places import ON_WGS84

    if way == "MIF":
        path, layer = CASES / "mi_utf8_104.zip", "fuel_sites"
    else:
        points = files.to_crs(PLACES[:1], 9210)
        path, layer = shapefile(tmp_path / "a.zip", ["MA", "TEN"], [["A", "Chợ"]], points, prj=ON_WGS84), "markets"
    asked = preview(path, layer).report
    assert (asked.status, asked.question.about) == ("ask", "crs")
    answers = [choice.value for choice in asked.question.choices]
    assert answers == ["EPSG:9210", "WGS84:9210"]
    first, second = (preview(path, layer, crs=answer).rows.geometries[0] for answer in answers)
    metres = pyproj.Geod(ellps="WGS84").inv(first.x, first.y, second.x, second.y)[2]
    assert 150 < metres < 260


def test_an_operation_made_for_another_place_is_told(preview):
    report = preview(CASES / "g40_hn72.zip", "fuel_sites").report
    told = [item for item in report.problems if item.code == "crs_unknown"]
    assert len(told) == 1
    assert "Hanoi 1972" in told[0].text.say()
    assert "Vung Tau" in told[0].text.say()


def test_the_exact_operation_is_no_reason_for_a_warning(tmp_path, preview):
    rows = [["A", "Chợ"]]
    path = shapefile(tmp_path / "a.zip", ["MA", "TEN"], rows, files.to_crs(PLACES[:1], 9210), prj=files.PRJ_9210)
    assert preview(path).report.problems == ()
