"""GET /api/layers/<layer>/charts: the map's charts as JSON and as a file."""

import csv
import io

import pytest

from geodata.layers import LAYERS
from tests.factories import make_feature

ALL = pytest.mark.parametrize("kind", list(LAYERS), ids=lambda kind: kind.layer.name)


def charts(client, kind, /, **arguments):
    answer = client.get(f"/api/layers/{kind.layer.name}/charts", query_string=arguments)
    assert answer.status_code == 200, answer.text
    return answer.json


@ALL
@pytest.mark.parametrize("role", ["public", "planner", "inspector"])
def test_charts_agree_with_the_facets_of_the_same_filters(demo_login, kind, role):
    client = demo_login(role)
    for filters in ({}, {"q": "an"}, {"near": "106.68,20.86,12"}, {"bbox": "106.5,20.7,106.75,21"}):
        facets = client.get(f"/api/layers/{kind.layer.name}/facets", query_string=filters).json
        found = charts(client, kind, **filters)
        assert found["numberMatched"] == facets["numberMatched"]
        for chart in found["charts"]:
            for bar in chart["bars"] if chart["field"] in facets["facets"] else []:
                assert bar["count"] == facets["facets"][chart["field"]].get(bar["value"], 0)


@ALL
def test_a_number_or_year_bar_opens_what_it_counts(demo_login, kind):
    client, address = demo_login("admin"), f"/api/layers/{kind.layer.name}/features"
    for chart in charts(client, kind)["charts"]:
        for bar in (*chart["bars"], chart["unknown"]):
            opened = client.get(address, query_string={"limit": 1, chart["field"]: bar["value"]})
            assert opened.json["numberMatched"] == bar["count"]


@ALL
def test_bars_speak_the_language_with_its_numbers(demo_login, kind):
    client = demo_login("public")
    vietnamese, english = (charts(client, kind, lang=language)["charts"] for language in ("vi", "en"))
    assert [one["field"] for one in vietnamese] == [one["field"] for one in english]
    assert [one["label"] for one in vietnamese] != [one["label"] for one in english]
    assert {one["unknown"]["label"] for one in vietnamese} == {"Chưa rõ"}


def test_large_numbers_are_written_as_in_vietnam(session, client):
    kind = LAYERS.get("industrial_clusters")
    for index in range(11):
        make_feature(session, kind, code=str(index), worker_count=1000 * index)
    (chart,) = (one for one in charts(client, kind)["charts"] if one["field"] == "worker_count")
    assert chart["bars"][2]["label"] == "2.000–2.999"
    assert chart["bars"][2]["tick"] == "2.000"


def test_codes_of_another_layer_are_told_by_its_names(session, client):
    kind = LAYERS.get("markets")
    make_feature(session, LAYERS.get("admin_units"), code="11", name="Gia Viên")
    make_feature(session, kind, code="a", admin_unit_code="11")
    make_feature(session, kind, code="b", admin_unit_code="99")
    (chart,) = (one for one in charts(client, kind)["charts"] if one["field"] == "admin_unit_code")
    assert {(bar["value"], bar["label"]) for bar in chart["bars"]} == {("11", "Gia Viên"), ("99", "99")}


def test_many_values_end_in_one_bar_of_the_others(session, client):
    kind = LAYERS.get("markets")
    for index in range(20):
        make_feature(session, kind, code=f"{index}", admin_unit_code=f"{index:02}")
    make_feature(session, kind, code="x", admin_unit_code="19")
    (chart,) = (one for one in charts(client, kind)["charts"] if one["field"] == "admin_unit_code")
    assert len(chart["bars"]) == 12
    assert chart["bars"][0] | {"sums": []} == {"value": "19", "label": "19", "count": 2, "sums": []}
    assert (chart["rest"]["value"], chart["rest"]["count"]) == ("", 8)
    narrowed = charts(client, kind, admin_unit_code="18")
    (chart,) = (one for one in narrowed["charts"] if one["field"] == "admin_unit_code")
    assert "18" in {bar["value"] for bar in chart["bars"]}, "what is chosen is always listed"


def test_the_same_figures_come_as_a_file_that_no_spreadsheet_runs(session, client):
    kind = LAYERS.get("markets")
    make_feature(session, kind, code="a", admin_unit_code="=1+1", stall_count=40)
    answer = client.get("/api/layers/markets/charts?format=csv")
    assert answer.mimetype == "text/csv"
    assert "markets-charts.csv" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0][:4] == ["Trường", "Giá trị", "Số lượng", "Tỷ trọng (%)"]
    assert rows[1][:3] == ["Tổng cộng", "", "1"]
    assert any(row[1] == "'=1+1" for row in rows)
    assert not any(row[1].startswith("=") for row in rows)


@pytest.mark.parametrize(
    "query", ["nonsense=1", "format=xml", "bbox=1,2", "bbox=a,b,c,d", "status=nonsense", "as_of=x", "q=%00"]
)
def test_what_is_not_understood_is_refused(client, query):
    assert client.get(f"/api/layers/markets/charts?{query}").status_code == 400


def test_a_layer_that_is_not_there_has_no_charts(client):
    assert client.get("/api/layers/nothing/charts").status_code == 404


def test_an_inspector_sees_bars_that_the_public_does_not(session, login):
    kind = LAYERS.get("fuel_sites")
    make_feature(session, kind, code="a", lpg_capacity_t=12)
    public, inspector = (charts(login(role), kind) for role in ("public", "inspector"))
    fields = [{one["field"] for one in found["charts"]} | set(found["blank"]) for found in (public, inspector)]
    assert {"lpg_capacity_t", "inspection_status"} <= fields[1] - fields[0]
    assert public["numberMatched"] == inspector["numberMatched"] == 1


def test_an_account_limited_to_an_area_counts_what_lies_there(demo_app, demo_session):
    from geodata.accounts.access import create_user
    from geodata.accounts.scopes import limit_user
    from tests.conftest import PASSWORD

    unit = demo_session.execute(
        LAYERS.get("markets").__table__.select().where(LAYERS.get("markets").admin_unit_code.is_not(None))
    ).first()
    create_user(demo_session, name="limited", role="planner", password=PASSWORD)
    limit_user(demo_session, LAYERS, "limited", [f"unit={unit.admin_unit_code}"])
    demo_session.commit()
    client = demo_app.test_client()
    client.post("/login", data={"username": "limited", "password": PASSWORD})
    everything = charts(demo_app.test_client(), LAYERS.get("markets"))["numberMatched"]
    found = charts(client, LAYERS.get("markets"))
    assert found["numberMatched"] == client.get("/api/layers/markets/facets").json["numberMatched"] < everything
