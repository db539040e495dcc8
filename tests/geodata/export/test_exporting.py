"""Files out of the database, and the same files in again."""

import csv
import io
import json
import zipfile

import openpyxl
import pytest

import shapely

from geodata.accounts.access import visible_fields
from geodata.base.errors import InvalidValueError
from geodata.export.formats import FORMATS, export_features, format_of
from geodata.importing import preview_import
from geodata.layers import LAYERS
from geodata.schema.roles import Role
from tests.factories import make_feature

CRS = {"geojson": [None, "EPSG:9210"], "shp": [None, "EPSG:9210", "EPSG:3405"], "gpkg": [None, "EPSG:9210"], "kml": [None],
       "csv": [None, "EPSG:9210"], "xlsx": [None, "EPSG:5897"]}  # fmt: skip


def export(session, kind, target, role=Role.ADMIN, conditions=(), **options):
    return export_features(session, kind, visible_fields(role, kind), conditions, target=target, **options)


def test_only_the_asked_fields_and_rows_leave(session, tmp_path):
    kind = LAYERS.get("markets")
    make_feature(session, kind, code="A", note="kín", trader_count=5)
    make_feature(session, kind, code="B", trader_count=50)
    path = export(session, kind, tmp_path / "out", Role.PUBLIC, [kind.trader_count > 10], format="geojson")
    (feature,) = json.loads(path.read_text(encoding="utf-8"))["features"]
    assert feature["properties"]["code"] == "B"
    assert "note" not in feature["properties"]


HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "＝1+1",
    "＠x",
    "－2",
    " =1",
    "'=1",
    "1.234",
    "00123",
    'a,b;"c"',
    "dòng\nhai",
]


@pytest.mark.parametrize("name", ["csv", "xlsx", "geojson", "gpkg", "shp"])
def test_texts_that_look_like_formulas_or_numbers_stay_texts(session, tmp_path, name):
    kind = LAYERS.get("markets")
    for number, text in enumerate(HOSTILE):
        make_feature(session, kind, code=f"C{number}", name=f"x{text}".strip().replace("\n", " "), address=text.strip())
    path = export(session, kind, tmp_path / "out", format=name)
    report = preview_import(session, kind, path).report
    assert report.counts.unchanged == len(HOSTILE)


def test_no_cell_of_a_csv_starts_a_formula(session, tmp_path):
    kind = LAYERS.get("markets")
    for number, text in enumerate(HOSTILE):
        make_feature(session, kind, code=f"C{number}", address=text)
    path = export(session, kind, tmp_path / "out", format="csv")
    cells = [cell for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))) for cell in row]
    assert not any(cell[:1] in {"=", "+", "-", "@", "\t", "\r"} for cell in cells if cell)


def test_no_cell_of_a_workbook_is_a_formula(session, tmp_path):
    kind = LAYERS.get("markets")
    make_feature(session, kind, code="A", address="=1+1")
    path = export(session, kind, tmp_path / "out", format="xlsx")
    cells = [cell for row in openpyxl.load_workbook(path).active.iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value == "=1+1"] == ["s"] or "=1+1" in [
        cell.value for cell in cells if cell.data_type != "f"
    ]


def test_a_shapefile_comes_with_its_encoding_and_the_names_of_its_columns(session, tmp_path):
    kind = LAYERS.get("markets")
    make_feature(session, kind, code="A", note="Ư" * 200)
    with zipfile.ZipFile(export(session, kind, tmp_path / "out", format="shp")) as archive:
        names = set(archive.namelist())
        assert {
            "markets.shp",
            "markets.shx",
            "markets.dbf",
            "markets.prj",
            "markets.cpg",
            "markets.fields.csv",
        } <= names
        assert archive.read("markets.cpg").decode() == "UTF-8"
        rows = list(csv.DictReader(io.StringIO(archive.read("markets.fields.csv").decode("utf-8-sig"))))
    assert all(len(row["column"]) <= 10 for row in rows)
    assert {row["field"]: row["texts_cut_to_254_bytes"] for row in rows}["note"] == "1"


def test_vn2000_export_is_within_a_millimetre(session, tmp_path):
    kind = LAYERS.get("markets")
    make_feature(session, kind, code="A", lon=106.6835, lat=20.8605)
    path = export(session, kind, tmp_path / "out", format="geojson", crs="EPSG:9210")
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["crs"]["properties"]["name"].endswith("9210")
    assert data["features"][0]["geometry"]["coordinates"] == pytest.approx([596943.67, 2307792.14], abs=0.01)


@pytest.mark.parametrize(
    "options",
    [
        {"format": "exe"},
        {"crs": "x"},
        {"crs": "EPSG:999999"},
        {"crs": "http://127.0.0.1/"},
        {"format": "kml", "crs": "EPSG:9210"},
    ],
)
def test_what_cannot_be_written_is_an_error(session, tmp_path, options):
    with pytest.raises(InvalidValueError):
        export(session, LAYERS.get("markets"), tmp_path / "out", **options)


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_selection_is_an_empty_file(session, tmp_path, name):
    path = export(session, LAYERS.get("planning_zones"), tmp_path / "out", format=name)
    assert path.stat().st_size > 0
    assert format_of(path) == name
    assert preview_import(session, LAYERS.get("planning_zones"), path).report.reason in {"empty_layer", "no_layer"}
    assert shapely.geos_version
