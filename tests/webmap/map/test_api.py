"""The JSON API and the tiles, over HTTP, for every layer and role."""

from datetime import date

import mapbox_vector_tile
import pytest
from sqlalchemy.orm import Session

from geodata.accounts.access import visible_names
from geodata.layers import LAYERS
from geodata.schema.roles import Role
from tests.factories import CENTRE, make_feature
from tests.geodata.query.test_tiles import tile_at

ALL = pytest.mark.parametrize("kind", list(LAYERS), ids=[kind.layer.name for kind in LAYERS])


def url(kind, rest="features"):
    return f"/api/layers/{kind.layer.name}/{rest}"


def test_layers_are_described_with_fields_filters_legend_and_extent(client, session):
    for kind in LAYERS:
        make_feature(session, kind)
    described = client.get("/api/layers").json["layers"]
    assert [layer["name"] for layer in described] == [kind.layer.name for kind in LAYERS]
    for layer in described:
        kind = LAYERS.get(layer["name"])
        assert {field["name"] for field in layer["fields"]} == visible_names(Role.PUBLIC, kind)
        assert layer["count"] == 1
        assert layer["extent"][0] <= CENTRE[0] <= layer["extent"][2]
        assert all(field["label"] for field in layer["fields"])


@ALL
def test_a_page_of_features_links_to_the_next_until_all_were_seen(client, session, kind):
    made = {make_feature(session, kind).code for _ in range(5)}
    seen, address = [], url(kind) + "?limit=2&sort=-name"
    while address:
        page = client.get(address)
        assert page.mimetype == "application/geo+json"
        assert page.json["numberMatched"] == 5
        assert page.json["numberReturned"] == len(page.json["features"]) <= 2
        seen += [feature["properties"]["code"] for feature in page.json["features"]]
        address = page.json.get("next")
    assert sorted(seen) == sorted(made)


@ALL
def test_no_role_reads_a_field_that_it_may_not_see_anywhere(login, session, kind):
    feature = make_feature(session, kind)
    for role in Role:
        client = login(role)
        visible = visible_names(role, kind)
        one = client.get(url(kind, f"features/{feature.id}")).json
        assert set(one["properties"]) == visible
        for field in kind.fields():
            answer = client.get(url(kind, "facets"), query_string={field.name: _any_value(field)})
            assert answer.status_code == (200 if field.name in visible and field.filter else 400), (role, field.name)
        assert set(client.get(url(kind, "facets")).json["facets"]) <= visible


def _any_value(field):
    labels = getattr(field.filter, "labels", None)
    if labels:
        return next(iter(labels))
    return {"range": "1..", "date": "2020-01-01..", "choice": "1", "text": "a"}.get(
        getattr(field.filter, "widget", ""), "1"
    )


@ALL
def test_facets_features_and_tiles_agree_on_a_filter(client, session, kind):
    field = next(f for f in kind.fields() if f.values and not f.derived and f.roles is None)
    first, second = list(field.values)[:2]
    for value, lon in ((first, 0), (first, 0.01), (second, 0.02), (None, 0.03)):
        make_feature(session, kind, lon=CENTRE[0] + lon, **{field.name: value})
    arguments = {field.name: first.value}
    zoom, x, y = tile_at(*CENTRE, 9)
    tile = client.get(f"/tiles/{kind.layer.name}/{zoom}/{x}/{y}.mvt", query_string=arguments)
    drawn = mapbox_vector_tile.decode(tile.data)[kind.layer.name]["features"]
    assert sum(f["properties"].get("n", 1) for f in drawn) == 2
    assert client.get(url(kind), query_string=arguments).json["numberMatched"] == 2
    facets = client.get(url(kind, "facets"), query_string=arguments).json
    assert facets["numberMatched"] == 2
    assert facets["facets"][field.name] == {first.value: 2, second.value: 1, "unknown": 1}
    assert len(facets["sentences"]) == 1


@ALL
def test_a_tile_has_an_etag_that_changes_with_the_data(client, session, kind):
    zoom, x, y = tile_at(*CENTRE, 12)
    address = f"/tiles/{kind.layer.name}/{zoom}/{x}/{y}.mvt"
    assert client.get(address).status_code == 204
    # Versions count transactions, and this test has only one: write the row that the trigger would.
    from geodata.base.data_version import DataChange

    make_feature(session, kind)
    session.add(DataChange(layer=kind.layer.name, transaction_id=1))
    session.flush()
    first = client.get(address)
    assert first.status_code == 200
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    session.add(DataChange(layer=kind.layer.name, transaction_id=2))
    session.flush()
    assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_one_answer_may_hold_the_tiles_of_several_layers(client, session):
    zoom, x, y = tile_at(*CENTRE, 12)
    names = [kind.layer.name for kind in LAYERS]
    for kind in LAYERS:
        make_feature(session, kind)
    alone = [client.get(f"/tiles/{name}/{zoom}/{x}/{y}.mvt") for name in names]
    together = client.get(f"/tiles/{','.join(names)}/{zoom}/{x}/{y}.mvt")
    assert together.data == b"".join(answer.data for answer in alone)
    assert set(names) <= set(mapbox_vector_tile.decode(together.data))
    known = {"If-None-Match": together.headers["ETag"]}
    assert client.get(f"/tiles/{','.join(names)}/{zoom}/{x}/{y}.mvt", headers=known).status_code == 304
    assert client.get(f"/tiles/{','.join(names[1:])}/{zoom}/{x}/{y}.mvt", headers=known).status_code == 200
    assert client.get(f"/tiles/{names[0]},nothing/{zoom}/{x}/{y}.mvt").status_code == 404


def test_tiles_of_several_layers_are_new_when_one_of_them_is(client, session):
    from geodata.base.data_version import DataChange

    address = "/tiles/markets,substations/5/25/13.mvt"
    first = client.get(address).headers["ETag"]
    session.add(DataChange(layer="substations", transaction_id=1))
    session.flush()
    assert client.get(address).headers["ETag"] != first


def test_a_tile_of_a_signed_in_role_is_private(login):
    address = "/tiles/markets/5/25/13.mvt"
    assert "private" in login("planner").get(address).headers["Cache-Control"]
    assert "public" in login("public").get(address).headers["Cache-Control"]


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/api/layers/nothing/features", 404, "not_found"),
        ("/api/layers/markets/features/999999999", 404, "not_found"),
        ("/api/layers/markets/features?nonsense=1", 400, "invalid_filter"),
        ("/api/layers/markets/features?limit=0", 400, "invalid_value"),
        ("/api/layers/markets/features?limit=many", 400, "invalid_value"),
        ("/api/layers/markets/features?sort=secret", 400, "invalid_value"),
        ("/api/layers/markets/features?cursor=!!!", 400, "invalid_value"),
        ("/api/layers/markets/facets?status=gone", 400, "invalid_filter"),
        ("/tiles/markets/3/9/0.mvt", 404, "not_found"),
        ("/tiles/markets/21/0/0.mvt", 404, "not_found"),
        ("/tiles/markets/3/1/1.mvt?status=gone", 400, "invalid_filter"),
        ("/api/nowhere", 404, "not_found"),
    ],
)
def test_errors_are_json_with_a_code_and_a_vietnamese_reason(client, address, status, code):
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.json["error"] == code
    client.set_cookie("lang", "en")
    english = client.get(address).json["message"]
    assert answer.json["message"] != english


def test_search_finds_without_accents_and_with_a_typing_error(client, session):
    markets = LAYERS.get("markets")
    wanted = make_feature(session, markets, name="Chợ Đổng Quốc Bình", code="CHO-DQB")
    make_feature(session, markets, name="Chợ Sắt")
    for text in (
        "dong quoc binh",
        "Đổng Quốc",
        "dong quoc bnih",
        "dong xxxx quoc",
        "dnog quoc",
        "CHO-DQB",
        "cho dong quoc binh",
    ):
        hits = client.get("/api/search", query_string={"q": text}).json["hits"]
        assert hits, text
        assert hits[0]["id"] == wanted.id, text
        assert hits[0]["layer"] == "markets"
    assert client.get("/api/search", query_string={"q": "zzzzqqqq"}).json["hits"] == []
    assert client.get("/api/search", query_string={"q": "a" * 300}).status_code == 400


def test_a_search_among_areas_puts_the_best_name_first_and_marks_old_ones(client, session):
    units = next(kind for kind in LAYERS if kind.layer.selects_as and kind.layer.other_names)
    for name in ("An Biên", "Phường Chân Lê"):
        make_feature(session, units, name=name)
    make_feature(session, units, name="Lê Chân", valid_to=date(2025, 6, 30))
    wanted = make_feature(session, units, name="Lê Chân")
    make_feature(session, LAYERS.get("markets"), name="Lê Chân")

    found = client.get("/api/search", query_string={"q": "le chan", "layer": units.layer.name, "lang": "vi"}).json

    assert found["hits"][0]["id"] == wanted.id
    assert {hit["layer"] for hit in found["hits"]} == {units.layer.name}
    assert found["hits"][1]["label"] == "Lê Chân (cũ, đến 30/06/2025)"
    assert found["acts"] == []
    assert client.get("/api/search?q=a&layer=nothing").status_code == 404


def test_the_database_away_is_said_with_a_time_to_come_back(make_app):
    from geodata.base.database import new_engine

    engine = new_engine("postgresql://nobody@127.0.0.1:1/none")
    client = make_app(engine).test_client()
    answer = client.get("/api/layers/markets/features")
    assert answer.status_code == 503
    assert answer.json["error"] == "database_away"
    assert answer.headers["Retry-After"]
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_ready_means_the_schema_of_this_program(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json["schema"] == answer.json["expected"]


def test_versions_count_committed_transactions(engine):
    from geodata.base.data_version import data_version

    kind = LAYERS.get("markets")
    with Session(engine) as first, Session(engine) as second:
        before = data_version(first, kind.layer.name)
        first.rollback()
        made = [make_feature(session, kind, code=f"V-{n}") for n, session in enumerate((first, second))]
        second.commit()
        between = data_version(second, kind.layer.name)
        second.commit()
        first.commit()
        after = data_version(first, kind.layer.name)
        assert len({before, between, after}) == 3
        for session, feature in zip((first, second), made, strict=True):
            session.delete(feature)
            session.commit()


def test_what_hangs_on_objects_is_exported_as_far_as_a_role_may_see_it(demo_app):
    from tests.conftest import sign_in

    address = "/layers/substations/export?format=csv&detail="
    public, staff = demo_app.test_client(), sign_in(demo_app, "planner")
    heads = [
        client.get(address + "transformers").data.decode("utf-8-sig").splitlines()[0].split(",")
        for client in (public, staff)
    ]
    assert heads[0][:3] == ["parent_code", "name", "rated_mva"]
    assert set(heads[1]) - set(heads[0]) == {"short_circuit_percent"}
    assert public.get(address + "load_measurements").status_code == 400
    assert staff.get(address + "load_measurements").data.count(b"\n") > 1
