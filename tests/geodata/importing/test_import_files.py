"""Files as they come: odd, damaged and hostile, each with the code it must get."""

import numpy as np
import pytest

import shapely

from tests.geodata.importing import files
from tests.geodata.importing.files import (
    PLACES,
    archive,
    csv,
    shapefile,
    shp_polygons,
)
from tests.geodata.importing.odd_files import GOOD, NAMES, ROWS, parts


def test_a_missing_index_is_rebuilt_and_said(tmp_path, preview):
    report = preview(GOOD["no_shx"](tmp_path / "a.zip")).report
    assert [problem.code for problem in report.problems] == ["missing_component"]


def test_a_missing_attribute_table_leaves_only_a_question_for_columns(tmp_path, preview):
    report = preview(shapefile(tmp_path / "a.zip", NAMES, ROWS, PLACES[:2], skip=(".dbf",))).report
    assert (report.status, report.question.about) == ("ask", "columns")


def test_several_layers_are_a_question(tmp_path, preview):
    path = archive(tmp_path / "a.zip", {**parts("cho"), **parts("tram")})
    report = preview(path).report
    assert (report.status, report.question.about) == ("ask", "layer")
    assert [choice.value for choice in report.question.choices] == ["cho", "tram"]
    assert preview(path, source_layer="tram").report.counts.new == 2
    assert preview(path, source_layer="other").report.reason == "no_layer"


def test_null_shapes_and_deleted_records_are_counted(tmp_path, preview):
    members = parts(points=[PLACES[0], None, PLACES[1]], rows=[*ROWS, ["C3", "Chợ Ga"]])
    report = preview(archive(tmp_path / "a.zip", members)).report
    assert (report.status, report.counts.new, report.counts.rejected) == ("partial", 2, 1)
    assert [(problem.row, problem.code) for problem in report.problems] == [(2, "null_geometry")]


@pytest.mark.parametrize("name", ["tcvn3", "vni", "cp1258", "viqr"])
@pytest.mark.parametrize("cpg", [None, "UTF-8"])
def test_old_vietnamese_shapefiles_are_stored_as_unicode(tmp_path, store, stored, name, cpg):
    encode = getattr(files, name)
    rows = [["C1", "Chợ Đổng Quốc Bình, phường Sở Dầu"], ["C2", "Chợ Lương Văn Can"]]
    path = shapefile(tmp_path / "a.zip", NAMES, rows, PLACES[:2], encode=encode, cpg=cpg)
    report = store(path)
    assert report.encoding.value == name
    assert [stored()[code].name for code in ("C1", "C2")] == ["Chợ Đổng Quốc Bình, phường Sở Dầu", "Chợ Lương Văn Can"]


def test_letters_with_several_readings_are_a_question_that_can_be_answered(tmp_path, preview):
    path = shapefile(
        tmp_path / "a.zip", NAMES, [["C1", "Café São José"]], PLACES[:1], encode=lambda text: text.encode("latin1")
    )
    report = preview(path).report
    assert (report.status, report.question.about) == ("ask", "encoding")
    assert all(choice.samples for choice in report.question.choices)
    assert preview(path, encoding="cp1252").report.counts.new == 1


def test_text_cut_at_the_column_is_noticed(tmp_path, preview):
    path = shapefile(
        tmp_path / "a.zip", ["MA", "TEN", "GHI_CHU"], [["C1", "Chợ", "Dài lắm " * 60]], PLACES[:1], width=254
    )
    assert [problem.code for problem in preview(path).report.problems] == ["too_long"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "tcvn3"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_text_tables_in_many_writings(tmp_path, store, stored, encoding, separator):
    text = "Mã;Tên;Kinh độ;Vĩ độ\nC1;Chợ Lương Văn Can;106.68;20.86\nC2;Chợ Đổng Quốc Bình;106.70;20.85\n".replace(
        ";", separator
    )
    data = files.tcvn3(text) if encoding == "tcvn3" else text.encode(encoding)
    assert store(csv(tmp_path / "a.csv", data)).status == "ok"
    assert stored()["C2"].name == "Chợ Đổng Quốc Bình"


@pytest.mark.parametrize(
    "driver",
    ["GPKG", "KML", "MapInfo File", "DXF", "GPX", "GPKG-9210", "MIF", "KMZ", "GML", "GeoJSONSeq", "FlatGeobuf"],
)
def test_other_formats(tmp_path, preview, driver):
    import pyogrio.raw

    extension = {
        "GPKG": "gpkg",
        "GPKG-9210": "gpkg",
        "KML": "kml",
        "MapInfo File": "tab",
        "DXF": "dxf",
        "GPX": "gpx",
        "MIF": "mif",
        "KMZ": "kml",
        "GML": "gml",
        "GeoJSONSeq": "geojsonl",
        "FlatGeobuf": "fgb",
    }
    path = tmp_path / f"waypoints.{extension[driver]}"
    srid = 9210 if driver == "GPKG-9210" else 4326
    points = shapely.points(files.to_crs(PLACES[:2], srid) if srid == 9210 else PLACES[:2])
    fields = (
        {"ma": ["C1", "C2"], "name": ["Chợ Sắt", "Chợ Ga"]} if driver not in {"DXF", "GPX"} else {"name": ["Sat", "Ga"]}
    )
    if driver == "DXF":
        fields = {}
    pyogrio.raw.write(
        path, geometry=shapely.to_wkb(points), field_data=[np.array(values, dtype=object) for values in fields.values()], fields=list(fields),
        geometry_type="Point", driver={"GPKG-9210": "GPKG", "MIF": "MapInfo File", "KMZ": "KML"}.get(driver, driver), crs=f"EPSG:{srid}",
        layer=None if driver == "DXF" else "waypoints",
    )  # fmt: skip
    if driver == "KMZ":
        path = archive(tmp_path / "a.kmz", {"doc.kml": path.read_bytes()})
    report = preview(path).report
    if driver == "DXF":
        assert (report.status, report.question.about) == ("ask", "crs")
    elif driver == "GPX":
        assert (report.status, report.question.about) == ("ask", "columns")
        assert preview(path, mapping={"code": "name"}).report.counts.new == 2
    else:
        assert (report.status, report.counts.new, report.crs.source) == ("ok", 2, "file")


@pytest.mark.parametrize("name", ["a.parquet", "a.zip"])
def test_geoparquet_is_refused_with_what_to_do(tmp_path, preview, name):
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + b"x" * 100)
    if name == "a.zip":
        archive(tmp_path / name, {"a.parquet": (tmp_path / "a.parquet").read_bytes()})
    report = preview(tmp_path / name).report
    assert (report.status, report.reason) == ("refused", "unsupported_format")
    assert "GeoPackage" in report.reason_text.say()


def test_a_workbook_with_titles_above_the_header(tmp_path, store, stored):
    import openpyxl

    book = openpyxl.Workbook()
    for row in [
        ["DANH SÁCH CHỢ"],
        [],
        ["Mã", "Tên", "X", "Y", "Hạng"],
        ["C1", "Chợ Sắt", 2307792.14, 596943.67, "Hạng 1"],
    ]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    report = store(tmp_path / "a.xlsx", crs="EPSG:9210")
    assert report.status == "ok"
    assert stored()["C1"].market_class == "1"


def test_polygons_go_through_the_driver_whole(tmp_path, preview):
    ring = [(106.68, 20.86), (106.68, 20.87), (106.69, 20.87), (106.69, 20.86), (106.68, 20.86)]
    shp, shx = shp_polygons([ring, ring])
    members = {**parts(), "lop.shp": shp, "lop.shx": shx}
    assert preview(archive(tmp_path / "a.zip", members), "industrial_clusters").report.counts.new == 2
