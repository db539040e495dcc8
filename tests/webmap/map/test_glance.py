"""A file looked at on the map: read as an import reads it, shown where it lies, stored nowhere."""

import io
import json
import zipfile

import pytest
from sqlalchemy import text

import geopandas
from shapely import Point, box

from geodata.base.crs import HAI_PHONG

PLACES = {"Chợ Sắt": (106.6786, 20.8601), "Kho Đình Vũ": (106.7758, 20.8312)}


def frame(geometries, crs="EPSG:4326", **columns):
    return geopandas.GeoDataFrame(columns, geometry=geometries, crs=crs)


def zipped_shapefile(tmp_path, crs, *, with_prj=True):
    points = frame([Point(*place) for place in PLACES.values()], TEN=list(PLACES)).to_crs(crs)
    points.to_file(tmp_path / "diem.shp", encoding="utf-8")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(tmp_path.glob("diem.*")):
            if with_prj or path.suffix != ".prj":
                archive.write(path, path.name)
    return content.getvalue()


def look(client, name, content, **answers):
    sent = {"file": (io.BytesIO(content), name), **answers}
    return client.post("/glance", data=sent, headers={"Accept": "application/json"})


def shown(answer):
    assert answer.status_code == 200, answer.text
    features = json.loads(answer.json["geojson"])["features"]
    return {
        feature["properties"].get("TEN") or feature["properties"].get("Tên"): feature["geometry"]
        for feature in features
    }


@pytest.fixture
def client(demo_login):
    return demo_login("planner")


def assert_in_place(found):
    for name, (lon, lat) in PLACES.items():
        assert found[name]["type"] == "Point"
        assert found[name]["coordinates"] == pytest.approx([lon, lat], abs=1e-5)


def test_a_shapefile_in_vn2000_lies_where_its_points_are(client, tmp_path):
    answer = look(client, "diem.zip", zipped_shapefile(tmp_path, HAI_PHONG.metric_srid))
    assert_in_place(shown(answer))
    assert (answer.json["count"], answer.json["left_out"]) == (2, 0)


def test_without_a_prj_the_system_is_asked_and_the_answer_places_it(client, tmp_path):
    content = zipped_shapefile(tmp_path, HAI_PHONG.metric_srid, with_prj=False)
    question = look(client, "diem.zip", content).json["question"]
    assert question["about"] == "crs"
    assert f"EPSG:{HAI_PHONG.metric_srid}" in [choice["value"] for choice in question["choices"]]

    assert_in_place(shown(look(client, "diem.zip", content, crs=f"EPSG:{HAI_PHONG.metric_srid}")))


def test_a_table_with_columns_of_coordinates_is_shown_and_rows_without_are_counted(client):
    rows = "\n".join(f"{name};{lon};{lat}" for name, (lon, lat) in PLACES.items())
    answer = look(client, "bang.csv", f"Tên;Kinh độ;Vĩ độ\n{rows}\nKhông rõ;;\n".encode())
    assert_in_place(shown(answer))
    assert answer.json["left_out"] == 1


def test_areas_keep_their_shape(client):
    area = frame([box(106.6, 20.8, 106.7, 20.9)], TEN=["Vùng"]).to_json().encode()
    assert shown(look(client, "vung.geojson", area))["Vùng"]["type"] == "Polygon"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bang.csv", "Tên;Giá\nA;1\nB;2\n".encode(), "vị trí"),
        ("x.zip", b"PK nothing of the kind", ""),
        ("x.pdf", b"%PDF-1.4", ""),
    ],
    ids=["no places", "broken zip", "another kind"],
)
def test_what_cannot_be_shown_says_why(client, name, content, said):
    answer = look(client, name, content)
    assert 400 <= answer.status_code < 500
    assert said in answer.json["message"]


def test_nothing_is_stored_and_only_staff_may_ask(client, demo_login, demo_connection, tmp_path):
    def rows():
        counted = "SELECT (SELECT count(*) FROM change_set) + (SELECT count(*) FROM import_session)"
        return demo_connection.scalar(text(counted))

    before = rows()
    content = zipped_shapefile(tmp_path, HAI_PHONG.metric_srid)
    assert look(client, "diem.zip", content).status_code == 200
    assert rows() == before
    assert look(demo_login("public"), "diem.zip", content).status_code == 401
