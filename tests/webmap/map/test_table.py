"""What the table and the filter panel ask of the server."""

import pytest

from geodata.layers import LAYERS
from tests.factories import make_feature

ALL = pytest.mark.parametrize("kind", list(LAYERS), ids=lambda kind: kind.layer.name)


def url(kind, tail="features"):
    return f"/api/layers/{kind.layer.name}/{tail}"


@ALL
def test_a_table_page_comes_without_geometry_and_count(client, session, kind):
    make_feature(session, kind, name="Một")
    answer = client.get(url(kind), query_string={"geometry": "false", "count": "false"}).json
    assert "numberMatched" not in answer
    assert [(f["geometry"], f["properties"]["name"]) for f in answer["features"]] == [(None, "Một")]


def test_whether_geometry_is_wanted_is_a_yes_or_no(client):
    kind = next(iter(LAYERS))
    assert client.get(url(kind), query_string={"geometry": "maybe"}).status_code == 400


@ALL
def test_pages_of_a_sorted_table_hold_every_row_once(client, session, kind):
    for number in range(7):
        make_feature(session, kind, name=f"Tên {number}", lon=106.6 + number / 100)
    seen, address = [], f"{url(kind)}?geometry=false&limit=3&sort=-name"
    while address:
        answer = client.get(address).json
        assert all(feature["geometry"] is None for feature in answer["features"])
        seen += [feature["properties"]["name"] for feature in answer["features"]]
        address = answer.get("next")
    assert seen == [f"Tên {number}" for number in reversed(range(7))]


@ALL
def test_a_sentence_names_its_filter(client, kind):
    answer = client.get(url(kind, "facets"), query_string={"q": "chợ", "near": "106.68,20.86,5"}).json
    assert [sentence["name"] for sentence in answer["sentences"]] == ["q", "near"]
    assert "chợ" in answer["sentences"][0]["text"]


def test_layers_say_which_filter_their_areas_are(client):
    told = {layer["name"]: layer["selects_as"] for layer in client.get("/api/layers").json["layers"]}
    assert told == {kind.layer.name: kind.layer.selects_as for kind in LAYERS}


def test_an_area_can_be_named_by_its_id(client, session):
    areas = next(kind for kind in LAYERS if kind.layer.selects_as)
    area = make_feature(session, areas, name="Khu một")
    answer = client.get(url(areas, "facets"), query_string={areas.layer.selects_as: f"id:{area.id}"})
    assert "Khu một" in answer.json["sentences"][0]["text"]
    assert client.get(url(areas), query_string={areas.layer.selects_as: "id:999999999"}).status_code == 400
    assert client.get(url(areas), query_string={areas.layer.selects_as: "id:"}).status_code == 400


def test_a_view_is_kept_replaced_and_forgotten(login):
    client = login("planner")
    assert client.get("/views").json == {"views": []}
    client.post("/views", data={"name": "  Chợ   quy hoạch ", "address": "/?z=12"})
    kept = client.post("/views", data={"name": "Chợ quy hoạch", "address": "/?z=13&all.q=ch%E1%BB%A3"}).json["views"]
    assert [(view["name"], view["address"]) for view in kept] == [("Chợ quy hoạch", "/?z=13&all.q=ch%E1%BB%A3")]
    assert client.delete(f"/views/{kept[0]['id']}").json == {"views": []}
    assert client.delete(f"/views/{kept[0]['id']}").status_code == 404


def test_views_belong_to_one_person(login):
    planner, inspector = login("planner"), login("inspector")
    (view,) = planner.post("/views", data={"name": "Của tôi", "address": "/"}).json["views"]
    assert inspector.get("/views").json == {"views": []}
    assert inspector.delete(f"/views/{view['id']}").status_code == 404
    assert len(planner.get("/views").json["views"]) == 1


def test_the_public_keeps_no_views(client):
    answer = client.get("/views", headers={"Accept": "application/json"})
    assert answer.status_code in {302, 401}


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("", "/"), (" ", "/"), ("x" * 81, "/"), ("a\x00b", "/"),
        ("a", ""), ("a", "//evil.example/"), ("a", "https://evil.example/"), ("a", "javascript:alert(1)"),
        ("a", "/login"), ("a", "/?" + "x" * 4001), ("a", "/?\x00"), ("a", "/?\\"),
    ],
)  # fmt: skip
def test_a_view_leads_to_the_map_and_has_a_name(login, name, address):
    client = login("planner")
    assert client.post("/views", data={"name": name, "address": address}).status_code == 400
    assert client.get("/views").json == {"views": []}
