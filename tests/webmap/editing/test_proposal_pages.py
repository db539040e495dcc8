"""Proposals over HTTP: what a planner saves waits, what a reviewer decides is told."""

import json

import pytest

import shapely

from geodata.layers import LAYERS
from tests.factories import make_feature, shape_for

KIND = LAYERS.get("markets")


@pytest.fixture
def made(session):
    made = make_feature(session, KIND, address="phố 1", trader_count=5)
    session.commit()
    return made


def test_what_a_planner_saves_in_a_reviewed_layer_waits_and_is_accepted_in_part(login, session, made):
    gis, planner = login("gis"), login("planner")
    assert gis.post("/proposals/layers", data={"layer": "markets"}).status_code == 302
    values = {"address": "phố 2", "trader_count": "7"}
    saved = planner.post("/edit/markets", json={"objects": [{"id": made.id, "values": values}], "reason": "đo lại"})
    number = saved.json["proposal"]
    session.expire_all()
    assert made.address == "phố 1"
    drawn = planner.get("/proposals/features").json["features"]
    assert [item["properties"]["proposal"] for item in drawn] == [number]
    assert planner.get("/proposals").text.count("chờ duyệt") == 1

    page = gis.get(f"/proposals/{number}").text
    assert all(text in page for text in ("phố 1", "phố 2", "planner-test", "đo lại"))
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    assert planner.post(f"/proposals/{number}/accept", data={"seen": seen}).status_code == 403
    decided = gis.post(f"/proposals/{number}/accept", data={"seen": seen, "part": "1:address"})
    assert decided.status_code == 302
    session.expire_all()
    assert (made.address, made.trader_count) == ("phố 2", 5)
    told = planner.get(f"/proposals/{number}").text
    assert "đã duyệt: gis-test" in told
    assert planner.get("/proposals/features").json["features"] == []


def test_a_batch_of_a_reviewed_layer_waits_too_and_is_returned_with_a_remark(login, session, made):
    gis, planner = login("gis"), login("planner")
    gis.post("/proposals/layers", data={"layer": "markets"})
    body = {"ids": [made.id], "values": {"address": "phố 9"}}
    mark = planner.post("/edit/markets/batch/preview", json=body).json["mark"]
    number = planner.post("/edit/markets/batch", json=body | {"mark": mark}).json["proposal"]
    assert gis.post(f"/proposals/{number}/return", data={"remark": " "}).status_code == 400
    assert gis.post(f"/proposals/{number}/return", data={"remark": "thiếu văn bản"}).status_code == 302
    assert "thiếu văn bản" in planner.get("/proposals").text
    session.expire_all()
    assert made.address == "phố 1"


def test_a_program_is_told_that_the_layer_is_reviewed(login, made):
    login("gis").post("/proposals/layers", data={"layer": "markets"})
    planner = login("planner")
    address = f"/ogc/collections/markets/items/{made.id}"
    answer = planner.patch(address, json={"properties": {"address": "x"}}, headers={"If-Match": "*"})
    assert (answer.status_code, answer.json["error"]) == (403, "review_required")


@pytest.mark.parametrize(
    ("layer", "drawn"),
    [("markets", '<circle class="dot {tone}"'), ("industrial_clusters", '<path class="shape {tone} area"')],
)
def test_a_proposed_place_is_drawn_beside_the_stored_one(login, session, layer, drawn):
    kind = LAYERS.get(layer)
    made = make_feature(session, kind)
    session.commit()
    gis, planner = login("gis"), login("planner")
    gis.post("/proposals/layers", data={"layer": layer})
    moved = shapely.transform(shape_for(kind), lambda points: points + 0.001)
    shape = json.loads(shapely.to_geojson(moved))
    saved = planner.post(f"/edit/{layer}", json={"objects": [{"id": made.id, "geometry": shape}]})
    page = gis.get(f"/proposals/{saved.json['proposal']}").text
    assert [page.count(drawn.format(tone=tone)) for tone in ("was", "changed")] == [1, 1]

    added = {"values": {"code": "MỚI", "name": "Mới"}, "geometry": shape}
    saved = planner.post(f"/edit/{layer}", json={"objects": [added]})
    page = gis.get(f"/proposals/{saved.json['proposal']}").text
    assert [page.count(drawn.format(tone=tone)) for tone in ("was", "changed")] == [0, 1]
