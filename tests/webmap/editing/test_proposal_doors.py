"""What is proposed is told at no door to whom the object would not be told, and counts at none for anybody."""

import pytest

from geodata.accounts.access import create_user
from geodata.accounts.scopes import limit_user
from geodata.layers import LAYERS
from tests.conftest import PASSWORD
from tests.factories import make_feature

KIND = LAYERS.get("substations")
FAR = {"type": "Point", "coordinates": [106.9, 20.75]}
#: What stands in the proposals and nowhere else.
SECRET = "bimatquahan"
TILE = "/tiles/substations/11/1632/905.mvt"
DATA = (
    TILE, "/api/layers/substations/features?limit=100", "/api/layers/substations/facets", f"/api/search?q={SECRET[:8]}",
    "/ogc/collections/substations/items?limit=100", "/layers/substations/export?format=geojson",
)  # fmt: skip


@pytest.fixture
def proposed(app, login, session):
    """Two proposals about places far from the ward of a limited planner: (number of each, the limited client)."""
    make_feature(session, LAYERS.get("admin_units"), code="1", name="Phường 1")
    far = make_feature(session, KIND, lon=106.9, address="phố cũ")
    create_user(session, name="chi", role="planner", password=PASSWORD)
    limit_user(session, LAYERS, "chi", ["unit=1"])
    session.commit()
    login("gis").post("/proposals/layers", data={"layer": "substations"})
    planner = login("planner")
    new = {"id": None, "values": {"code": "MOI", "name": f"Trạm {SECRET}"}, "geometry": FAR}
    change = {"id": far.id, "values": {"address": f"phố {SECRET}"}}
    numbers = [
        planner.post("/edit/substations", json={"objects": [item], "reason": SECRET}).json["proposal"]
        for item in (new, change)
    ]
    limited = app.test_client()
    limited.post("/login", data={"username": "chi", "password": PASSWORD})
    return numbers, planner, limited, far.id


def told(client, address):
    return SECRET.encode() in client.get(address).data


def test_a_proposal_is_read_by_who_may_write_the_layer_and_sees_its_places_alone(proposed, login):
    numbers, planner, limited, _ = proposed
    pages = ["/proposals", "/proposals/features", *(f"/proposals/{number}" for number in numbers)]
    assert told(planner, "/proposals")
    assert told(planner, f"/proposals/{numbers[1]}")
    assert len(planner.get("/proposals/features").json["features"]) == 2
    for other in (limited, login("inspector"), login("leader"), login("public")):
        for page in pages:
            assert not told(other, page), page
    assert limited.get("/proposals/features").json["features"] == []
    assert [limited.get(f"/proposals/{number}").status_code for number in numbers] == [404, 404]
    assert login("public").get("/proposals").status_code in (302, 401, 403)


def test_no_door_of_the_data_tells_or_counts_what_waits(proposed, login):
    _, planner, limited, far = proposed
    objects = [f"/api/layers/substations/features/{far}", f"/layers/substations/features/{far}/popup"]
    objects += [f"/layers/substations/features/{far}/panel", f"/ogc/collections/substations/items/{far}"]
    for client in (planner, limited, login("leader"), login("public")):
        for address in (*DATA, *objects, "/history", f"/history/objects/substations/{far}"):
            assert not told(client, address), address
    assert planner.get("/api/layers/substations/features").json["numberMatched"] == 1


def test_a_limited_planner_neither_withdraws_nor_decides_what_he_may_not_read(proposed):
    numbers, planner, limited, _ = proposed
    for number in numbers:
        assert limited.post(f"/proposals/{number}/withdraw").status_code == 404
        assert limited.post(f"/proposals/{number}/accept", data={"part": "1:*"}).status_code == 403
        assert limited.post(f"/proposals/{number}/return", data={"remark": "không"}).status_code == 403
    assert planner.get("/proposals").text.count("chờ duyệt") == 2
