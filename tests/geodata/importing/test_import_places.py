"""Where a file's objects land, and what is asked before."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import pyproj
import shapely

from geodata.base.angles import parse_angle
from geodata.base.numbers import NumberStyle
from geodata.importing.understanding.coordinates import find_transformation, parse_crs
from geodata.layers import LAYERS
from tests.factories import make_feature
from tests.geodata.importing import files
from tests.geodata.importing.files import PLACES, csv, geojson, point, shapefile

NAMES = ["MA", "TEN"]
ROWS = [[f"C{number}", f"Chợ số {number}"] for number in range(len(PLACES))]

CUSTOM_PRJ = (
    'PROJCS["VN2000_HaiPhong_105_45",GEOGCS["GCS_VN_2000",DATUM["D_Vietnam_2000",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],'
    'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",105.75],PARAMETER["Scale_Factor",0.9999],'
    'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)
ON_WGS84 = (
    CUSTOM_PRJ.replace("GCS_VN_2000", "GCS_WGS_1984")
    .replace("D_Vietnam_2000", "D_WGS_1984")
    .replace("VN2000_HaiPhong_105_45", "Custom")
)


def metres(feature_point, place):
    _, _, distance = pyproj.Geod(ellps="WGS84").inv(*feature_point, *place)
    return distance


def coordinates_of(session, feature):
    from geoalchemy2.shape import to_shape

    shape = to_shape(feature.geom)
    return shape.x, shape.y


def test_the_known_point_of_zone_105_45_lands_within_a_metre():
    moved = find_transformation(parse_crs("EPSG:9210")).apply(np.array([[596943.67, 2307792.14]]))
    assert metres(moved[0], (106.6835, 20.8605)) < 1


def test_a_point_in_9210_is_stored_within_a_metre_of_its_wgs84_place(tmp_path, session, store, stored):
    points = files.to_crs(PLACES, 9210)
    report = store(shapefile(tmp_path / "a.zip", NAMES, ROWS, points, prj=files.PRJ_9210))
    assert (report.status, report.crs.value, report.crs.source) == ("ok", "EPSG:9210", "prj")
    assert "VN-2000 to WGS 84" in report.operation
    for (code, _), place in zip(ROWS, PLACES, strict=True):
        assert metres(coordinates_of(session, stored()[code]), place) < 1


@pytest.mark.parametrize("srid", [9210, 9209, 5897, 3405, 4756, 32648, 5899])
def test_every_usual_crs_is_transformed_exactly(tmp_path, session, store, stored, srid):
    points = files.to_crs(PLACES, srid)
    assert store(shapefile(tmp_path / "a.zip", NAMES, ROWS, points, prj=None), crs=f"EPSG:{srid}").status == "ok"
    assert metres(coordinates_of(session, stored()["C0"]), PLACES[0]) < 1


@pytest.mark.parametrize("wkt", [CUSTOM_PRJ, ON_WGS84])
def test_a_custom_vn2000_definition_is_recognised_by_its_parameters(wkt):
    found = parse_crs(wkt)
    assert (found.name, found.by_parameters) == ("EPSG:9210", True)


@pytest.mark.parametrize("srid", [9205, 9206, 9209, 9210, 9211, 9216, 5896, 5897, 5899, 3405, 4756, 32648, 4326])
def test_what_arcgis_writes_comes_back_as_the_same_crs(srid):
    assert parse_crs(pyproj.CRS.from_epsg(srid).to_wkt("WKT1_ESRI")).name == f"EPSG:{srid}"


@pytest.mark.parametrize(
    "text",
    ["http://127.0.0.1/x", "/etc/passwd", "EPSG:999999", "x", "", "+init=epsg:4326", '{"type": "x"}', "LOCAL_CS[x]"],
)
def test_only_names_and_definitions_are_a_crs(text):
    assert parse_crs(text) is None


@pytest.mark.parametrize(
    ("srid", "twin"), [(9210, "EPSG:9209"), (3405, "EPSG:32648"), (4326, "EPSG:4756"), (32648, "EPSG:3405")]
)
def test_without_a_prj_the_possible_answers_are_asked(tmp_path, preview, srid, twin):
    path = shapefile(tmp_path / "a.zip", NAMES, ROWS, files.to_crs(PLACES, srid), prj=None)
    report = preview(path).report
    assert (report.status, report.question.about) == ("ask", "crs")
    values = [choice.value for choice in report.question.choices]
    assert f"EPSG:{srid}" in values
    assert twin in values
    assert all(choice.share_inside > 0 and choice.bbox and choice.why.say() for choice in report.question.choices)
    assert preview(path, crs=f"EPSG:{srid}").report.status == "ok"


@pytest.fixture
def unit(session):
    ring = shapely.box(106.55, 20.75, 106.75, 20.90)
    shape = shapely.multipolygons([ring])
    return make_feature(session, LAYERS.get("admin_units"), shape=shape, name="Ngô Quyền", full_name="Phường Ngô Quyền")


@pytest.mark.parametrize("srid", [9210, 9209])
def test_the_unit_named_in_the_attributes_ranks_the_answers(tmp_path, preview, unit, srid):
    rows = [[*row, "phường Ngô Quyền"] for row in ROWS]
    path = shapefile(tmp_path / "a.zip", [*NAMES, "PHUONG"], rows, files.to_crs(PLACES, srid), prj=None)
    choices = preview(path).report.question.choices
    assert choices[0].value == f"EPSG:{srid}"
    assert choices[0].share_inside == 1


def test_a_prj_of_the_neighbouring_zone_is_noticed_by_the_units(tmp_path, preview, unit):
    rows = [[*row, "Phuong Ngo Quyen"] for row in ROWS]
    prj = pyproj.CRS.from_epsg(9209).to_wkt("WKT1_ESRI")
    report = preview(
        shapefile(tmp_path / "a.zip", [*NAMES, "PHUONG"], rows, files.to_crs(PLACES, 9210), prj=prj)
    ).report
    assert (report.status, report.question.about) == ("ask", "crs")
    assert report.question.choices[0].value == "EPSG:9210"
    assert "crs_mismatch" in {problem.code for problem in report.problems}


def test_a_prj_that_contradicts_the_coordinates_is_noticed(tmp_path, preview):
    report = preview(shapefile(tmp_path / "a.zip", NAMES, ROWS, files.to_crs(PLACES, 9210), prj=files.PRJ_WGS84)).report
    assert (report.status, report.question.about) == ("ask", "crs")
    assert "crs_mismatch" in {problem.code for problem in report.problems}


def test_plain_geojson_is_wgs84_unless_its_coordinates_say_otherwise(tmp_path, preview):
    good = preview(geojson(tmp_path / "a.geojson", [({"ma": "1", "ten": "x"}, point())])).report
    assert (good.status, good.crs.value, good.crs.source) == ("ok", "EPSG:4326", "file")
    bad = preview(geojson(tmp_path / "b.geojson", [({"ma": "1", "ten": "x"}, point(596943.67, 2307792.14))])).report
    assert (bad.status, bad.question.about) == ("ask", "crs")


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:EPSG::9210", "EPSG:9210", "urn:ogc:def:crs:EPSG:9.9:9210"])
def test_a_named_crs_of_geojson_is_taken(tmp_path, preview, name):
    crs = {"type": "name", "properties": {"name": name}}
    report = preview(
        geojson(tmp_path / "a.geojson", [({"ma": "1", "ten": "x"}, point(596943.67, 2307792.14))], crs=crs)
    ).report
    assert (report.status, report.crs.value) == ("ok", "EPSG:9210")


@pytest.mark.parametrize("prj", [files.PRJ_WGS84, files.PRJ_9210, None])
def test_exchanged_axes_are_asked_and_exchanged_back(tmp_path, session, preview, store, stored, prj):
    points = [(y, x) for x, y in (files.to_crs(PLACES, 9210) if prj != files.PRJ_WGS84 else PLACES)]
    path = shapefile(tmp_path / "a.zip", NAMES, ROWS, points, prj=prj)
    report = preview(path).report
    assert (report.status, report.question.about) == ("ask", "axes")
    assert "axes_swapped" in {problem.code for problem in report.problems}
    assert store(path, swap_axes=True, crs=None if prj else "EPSG:9210").status == "ok"
    assert metres(coordinates_of(session, stored()["C0"]), PLACES[0]) < 1


@pytest.mark.parametrize(
    ("header", "cells", "options"),
    [
        ("Mã;Tên;X;Y", "C0;Chợ;2.307.792,14;596.943,67", {"crs": "EPSG:9210"}),
        ("Mã;Tên;Y;X", "C0;Chợ;596943,67;2307792,14", {"crs": "EPSG:9210"}),
        ("Mã;Tên;X;Y", "C0;Chợ;596943.67;2307792.14", {"crs": "EPSG:9210"}),
        ("Mã;Tên;Tọa độ X;Tọa độ Y", "C0;Chợ;2307792.14;596943.67", {"crs": "EPSG:9210"}),
        ("Mã;Tên;easting_epsg9210;northing_epsg9210", "C0;Chợ;596943.67;2307792.14", {}),
        ("Mã;Tên;Kinh độ;Vĩ độ", "C0;Chợ;106°41'0.6\";20°51'37.8\"", {}),
        ("Mã;Tên;lon;lat", "C0;Chợ;106,6835;20,8605", {}),
        ("Mã;Tên;X;Y", "C0;Chợ;20.8605;106.6835", {"crs": "EPSG:4326"}),
        ("Mã;Tên;WKT", "C0;Chợ;POINT (106.6835 20.8605)", {"crs": "EPSG:4326"}),
    ],
)
def test_coordinates_in_columns_in_vietnamese_writing(tmp_path, session, store, stored, header, cells, options):
    assert store(csv(tmp_path / "a.csv", f"{header}\n{cells}\n"), **options).status == "ok"
    assert metres(coordinates_of(session, stored()["C0"]), PLACES[0]) < 2


def test_metres_without_a_crs_are_asked_even_in_a_table(tmp_path, preview):
    report = preview(csv(tmp_path / "a.csv", "Mã,Tên,X,Y\nC0,Chợ,2307792.14,596943.67\n")).report
    assert (report.status, report.question.about) == ("ask", "crs")


def test_reading_degrees_as_wgs84_is_said(tmp_path, preview):
    report = preview(csv(tmp_path / "a.csv", "Mã,Tên,lon,lat\nC0,Chợ,106.68,20.86\n")).report
    assert [(problem.code, problem.severity) for problem in report.problems] == [("crs_unknown", "warning")]


@pytest.mark.parametrize("cells", ["0,0", "abc,20.86", ",", "106.68,", "1e400,20", "106°99'0\",20.86"])
def test_a_row_without_a_place_is_rejected(tmp_path, preview, cells):
    report = preview(csv(tmp_path / "a.csv", f"Mã,Tên,lon,lat\nC0,Chợ,106.68,20.86\nC1,Chợ,{cells}\n")).report
    assert (report.status, report.counts.new, report.counts.rejected) == ("partial", 1, 1)
    assert {problem.code for problem in report.problems if problem.row == 2} <= {"bad_coordinates", "null_geometry"}


def test_points_outside_the_province_are_rejected_one_by_one(tmp_path, preview):
    points = [*PLACES, (105.85, 21.03), (-4.0, 40.0), (108.2, 16.0)]
    rows = [[f"C{number}", f"Chợ {number}"] for number in range(8)]
    report = preview(shapefile(tmp_path / "a.zip", NAMES, rows, points)).report
    assert (report.status, report.counts.new, report.counts.rejected) == ("partial", 5, 3)
    assert [(problem.row, problem.code) for problem in report.problems] == [(row, "out_of_extent") for row in (6, 7, 8)]


def test_a_missing_column_of_places_is_a_question(tmp_path, preview):
    report = preview(csv(tmp_path / "a.csv", "Mã,Tên\nC0,Chợ\n")).report
    assert (report.status, report.question.about) == ("ask", "columns")


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 179), st.integers(0, 59), st.integers(0, 59))
def test_degrees_minutes_seconds_round_trip(degrees, minutes, seconds):
    expected = degrees + minutes / 60 + seconds / 3600
    for text in (
        f"{degrees}°{minutes}'{seconds}\"",
        f"{degrees} {minutes} {seconds}",
        f"{degrees}°{minutes}′{seconds}″E",
    ):
        assert parse_angle(text, NumberStyle.UNKNOWN) == pytest.approx(expected)
