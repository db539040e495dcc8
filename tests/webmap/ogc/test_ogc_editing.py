"""OGC API – Features Part 4 with personal tokens: what QGIS and scripts may write, and how they are refused."""

import itertools
import json

import pytest

from shapely.geometry import mapping

from geodata.accounts.access import Action, Role, create_user, may
from geodata.accounts.tokens import add_token, list_tokens, revoke_token
from geodata.history.change_sets import list_change_sets
from geodata.history.undoing import undo
from geodata.layers import LAYERS
from tests.conftest import PASSWORD
from tests.factories import make_feature, shape_for

ALL = pytest.mark.parametrize("kind", list(LAYERS), ids=[kind.layer.name for kind in LAYERS])
NUMBERS = itertools.count(1)


@pytest.fixture
def token(session):
    """Return a token of a new account of a role."""

    def make(role, *, write=True, **options):
        name = f"{role}-{next(NUMBERS)}"
        create_user(session, name=name, role=role, password=PASSWORD)
        made, secret = add_token(session, name, name="QGIS", can_write=write, **options)
        session.commit()
        return made, {"Authorization": f"Bearer {secret}"}

    return make


def feature(kind, **properties):
    return {"type": "Feature", "geometry": mapping(shape_for(kind)), "properties": properties}


@pytest.fixture
def send(app):
    def call(method, path, headers, body=None, **more):
        data = None if body is None else json.dumps(body)
        own = {"Content-Type": "application/geo+json", **headers, **{k.replace("_", "-"): v for k, v in more.items()}}
        return app.test_client().open(path, method=method, headers=own, data=data)

    return call


@ALL
@pytest.mark.parametrize("role", [role.value for role in Role])
def test_each_role_writes_exactly_what_access_says(session, send, token, app, kind, role):
    app.config["WTF_CSRF_ENABLED"] = True  # a token needs no form
    headers = token(role)[1] if role != "public" else {}
    items = f"/ogc/collections/{kind.layer.name}/items"
    stored = make_feature(session, kind)
    session.commit()
    etag = app.test_client().get(f"{items}/{stored.id}", headers=headers).headers["ETag"]
    refused = 401 if role == "public" else 403
    allowed = may(Role(role), Action.WRITE, kind)
    answers = [
        (send("POST", items, headers, feature(kind, code="N-1", name="Mới")), 201),
        (send("PATCH", f"{items}/{stored.id}", headers, {"properties": {"name": "Khác"}}, If_Match=etag), 200),
    ]
    if allowed:
        etag = answers[-1][0].headers["ETag"]
    answers.append(
        (send("PUT", f"{items}/{stored.id}", headers, feature(kind, code="N-2", name="Thay"), If_Match=etag), 200)
    )
    if allowed:
        etag = answers[-1][0].headers["ETag"]
    answers.append((send("DELETE", f"{items}/{stored.id}", headers, If_Match=etag), 204))
    assert [answer.status_code for answer, _ in answers] == [good if allowed else refused for _, good in answers]
    assert len(list_change_sets(session)) == (4 if allowed else 0)


def test_a_change_made_elsewhere_since_is_412_and_no_version_is_428(session, send, token):
    kind = LAYERS.get("markets")
    made = make_feature(session, kind)
    session.commit()
    path, (_, headers) = f"/ogc/collections/markets/items/{made.id}", token("planner")
    first = send("GET", path, headers).headers["ETag"]
    body = {"type": "Feature", "properties": {"trader_count": 5}}
    assert send("PATCH", path, headers, body).status_code == 428
    done = send("PATCH", path, headers, body, If_Match=first)
    assert (done.status_code, done.json["properties"]["trader_count"]) == (200, 5)
    assert (
        done.headers["ETag"] == send("GET", f"/api/layers/markets/features/{made.id}", headers).headers["ETag"] != first
    )
    late = send("PATCH", path, headers, {"properties": {"stall_count": 1}}, If_Match=first)
    assert (late.status_code, late.json["error"]) == (412, "changed_since")
    assert send("DELETE", path, headers, If_Match=first).status_code == 412
    (change_set,) = list_change_sets(session)
    undo(session, change_set.id, LAYERS, user_name="an")
    assert send("GET", path, headers).headers["ETag"] == first


def test_a_replacement_empties_what_it_does_not_name_and_reads_what_an_answer_says(session, send, token):
    kind = LAYERS.get("substations")
    made = make_feature(session, kind, owner="EVN", voltage_kv=110)
    session.commit()
    path, (_, headers) = f"/ogc/collections/substations/items/{made.id}", token("gis")
    whole = send("GET", path, headers)
    same = send("PUT", path, headers, whole.json, If_Match=whole.headers["ETag"])
    assert (same.status_code, same.headers["ETag"]) == (200, whole.headers["ETag"])
    assert list_change_sets(session) == []
    del whole.json["properties"]["owner"]
    answer = send(
        "PUT",
        path,
        headers,
        whole.json | {"properties": {k: v for k, v in whole.json["properties"].items() if k != "owner"}},
        If_Match=whole.headers["ETag"],
    )
    assert (answer.json["properties"]["owner"], answer.json["properties"]["voltage_kv"]) == (None, 110)


@pytest.mark.parametrize(
    ("body", "status", "problems"),
    [
        ({"type": "Feature", "geometry": {"type": "Point", "coordinates": [106.7, 20.86]}, "properties": {"code": "A"}}, 422, [("name", "missing_field")]),
        ({"type": "Feature", "geometry": None, "properties": {"code": "A", "name": "a"}}, 422, [("geom", "null_geometry")]),
        ({"type": "Feature", "geometry": {"type": "Point", "coordinates": [6, 20]}, "properties": {"code": "A", "name": "a"}}, 422, [("geom", "out_of_extent")]),
        ({"type": "Feature", "geometry": {"type": "Point", "coordinates": [106.7, 20.86]}, "properties": {"code": "A", "name": "a", "trader_count": "nhiều", "x": 1}}, 422, [("x", "bad_value"), ("trader_count", "bad_value")]),
        ({"type": "Feature", "geometry": {"type": "Point", "coordinates": ["x"]}, "properties": {}}, 400, None),
        ({"type": "FeatureCollection", "features": []}, 400, None),
        ([], 400, None),
        ({"type": "Feature", "properties": []}, 422, [("code", "missing_field"), ("name", "missing_field"), ("geom", "null_geometry")]),
    ],
)  # fmt: skip
def test_what_cannot_be_stored_is_told_field_by_field(send, token, body, status, problems):
    answer = send("POST", "/ogc/collections/markets/items", token("planner")[1], body)
    assert answer.status_code == status, answer.text
    if problems is not None:
        assert answer.json["error"] == "invalid"
        found = [(item["field"], item["code"]) for item in answer.json["details"]["problems"]]
        assert sorted(found) == sorted(problems)
        assert all(item["message"] for item in answer.json["details"]["problems"])


def test_coordinates_in_the_provinces_own_system_are_taken(session, send, token):
    body = feature(LAYERS.get("markets"), code="V", name="VN-2000")
    body["geometry"] = {"type": "Point", "coordinates": [597_000, 2_307_800]}
    crs = "<http://www.opengis.net/def/crs/EPSG/0/9210>"
    system = send("POST", "/ogc/collections/markets/items", token("gis")[1], body, Content_Crs=crs)
    assert system.status_code == 201, system.text
    lon, lat = system.json["geometry"]["coordinates"]
    assert (round(lon, 2), round(lat, 2)) == (106.68, 20.86)
    assert send("GET", system.headers["Location"], {}).status_code == 200
    assert (
        send("POST", "/ogc/collections/markets/items", token("gis")[1], body, Content_Crs="<urn:x>").status_code == 400
    )


@pytest.mark.parametrize("path", ["/api/layers", "/ogc/collections", "/tiles/markets/10/815/449.mvt", "/openapi.json"])
def test_an_unknown_ended_or_revoked_token_is_401_and_one_for_reading_does_not_write(session, send, token, path):
    (made, headers) = token("planner", write=False)
    assert send("GET", path, headers).status_code in {200, 204}
    refused = send(
        "POST", "/ogc/collections/markets/items", headers, feature(LAYERS.get("markets"), code="A", name="a")
    )
    assert (refused.status_code, refused.json["error"]) == (403, "token_reads_only")
    assert send("GET", path, {"Authorization": "Bearer wmt_nothing"}).status_code == 401
    revoke_token(session, made.id)
    session.commit()
    assert send("GET", path, headers).status_code == 401


def test_a_token_opens_no_page_and_ends_with_its_account(session, send, token):
    from geodata.accounts.access import disable_user

    _, headers = token("gis")
    assert send("GET", "/account", headers).status_code == 302
    disable_user(session, list_tokens(session)[0][1])
    session.commit()
    assert send("GET", "/api/layers", headers).status_code == 401


def test_a_token_is_made_and_revoked_on_the_account_page(session, login):
    client = login("planner")
    page = client.post("/account/tokens", data={"name": "QGIS", "days": "30", "can_write": "1"}).text
    secret = page.split('id="token-secret" value="')[1].split('"')[0]
    assert client.get("/api/layers", headers={"Authorization": f"Bearer {secret}"}).headers["X-Role"] == "planner"
    (token, owner) = list_tokens(session)[0]
    assert (owner, token.can_write, token.name) == ("planner-test", True, "QGIS")
    assert secret not in client.get("/account").text
    assert client.post(f"/account/tokens/{token.id}/revoke").status_code == 302
    assert list_tokens(session) == []
    assert client.post("/account/tokens", data={"name": "", "days": "30"}).status_code == 400


def test_the_description_names_what_a_role_may_write(login):
    for role, expected in (("public", {"get"}), ("planner", {"get", "put", "patch", "delete"})):
        paths = login(role).get("/openapi.json").json["paths"]
        assert set(paths["/ogc/collections/markets/items/{feature_id}"]) == expected
        assert set(paths["/ogc/collections/fuel_sites/items/{feature_id}"]) == {"get"}


def test_options_tell_who_may_write(session, send, token):
    kind = LAYERS.get("markets")
    stored = make_feature(session, kind)
    session.commit()
    items = "/ogc/collections/markets/items"

    def allowed(path, headers):
        return set(send("OPTIONS", path, headers).headers["Allow"].split(", "))

    reading = {"GET", "HEAD", "OPTIONS"}
    assert allowed(items, {}) == allowed(items, token("gis", write=False)[1]) == reading
    writer = token("gis")[1]
    assert allowed(items, writer) == reading | {"POST"}
    assert allowed(f"{items}/{stored.id}", writer) == reading | {"PUT", "PATCH", "DELETE"}


def test_a_program_that_sends_every_field_and_any_version_as_qgis_does_writes(session, send, token):
    """What QGIS 3.32 and later sends: no ETag of its own, so its connection names any version for all requests."""
    unit = make_feature(session, LAYERS.get("admin_units"), code="QG-UNIT")
    session.commit()
    headers = token("gis")[1] | {"If-Match": "*"}
    kind = LAYERS.get("markets")
    items = "/ogc/collections/markets/items"
    every = {field.name: None for field in kind.fields()}
    place = mapping(shape_for(LAYERS.get("admin_units")).representative_point())
    body = {"type": "Feature", "geometry": place, "properties": every | {"code": "QG-1", "name": "Chợ QGIS"}}
    made = send("POST", items, headers, body)
    assert made.status_code == 201
    assert made.json["properties"]["admin_unit_code"] == unit.code
    address = f"{items}/{made.json['id']}"
    merge = {**headers, "Content-Type": "application/merge-patch+json"}
    assert send("PATCH", address, merge, {"properties": {"name": "Chợ mới"}}).json["properties"]["name"] == "Chợ mới"
    moved = send("PATCH", address, merge, {"geometry": {"type": "Point", "coordinates": [106.61, 20.81]}})
    assert moved.json["geometry"]["coordinates"] == [106.61, 20.81]
    assert send("DELETE", address, headers).status_code == 204
