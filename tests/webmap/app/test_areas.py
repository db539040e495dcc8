"""An account limited to areas reads, counts, finds and takes along only what lies there, whatever it asks for."""

import csv
import io
import json
from datetime import date

import mapbox_vector_tile
import pytest
from sqlalchemy import String, column, func, select, table as plain_table, text
from sqlalchemy.orm import Session, aliased

from geodata.accounts.access import create_user
from geodata.accounts.reader import Reader, reading_as
from geodata.accounts.scopes import limit_user
from geodata.base.database import UnreadableError
from geodata.base.errors import ConflictError, InvalidValueError
from geodata.layers import LAYERS
from geodata.query.features import area_kinds
from geodata.query.spatial import NEIGHBOUR
from geodata.schema.roles import Role
from tests.conftest import PASSWORD
from webmap.app.areas import OPEN

UNITS = area_kinds(LAYERS)["unit"]
#: A ward in which each layer has something, and each has more beside it.
AREA = "unit=11581"
LIMITED = [kind for kind in LAYERS if not kind.layer.selects_as]
ALL = pytest.mark.parametrize("kind", LIMITED, ids=[kind.layer.name for kind in LIMITED])


def enter(app, name):
    client = app.test_client()
    assert client.post("/login", data={"username": name, "password": PASSWORD}).status_code == 302
    return client


@pytest.fixture
def limited(demo_app, demo_session):
    """A planner who is limited to one ward."""
    create_user(demo_session, name="phuong", role="planner", password=PASSWORD)
    limit_user(demo_session, LAYERS, "phuong", [AREA])
    demo_session.commit()
    return enter(demo_app, "phuong")


def inside(connection, kind, area=AREA):
    """Return id -> code of what lies in the area, worked out apart from the code under test."""
    unit = select(func.ST_Buffer(UNITS.column("geom"), -NEIGHBOUR)).where(
        UNITS.column("code") == area.partition("=")[2]
    )
    shape = connection.execute(unit.where(UNITS.column("valid_to").is_(None))).scalar_one()
    wanted = func.ST_Intersects(kind.column("geom"), shape)
    return dict(connection.execute(select(kind.id, kind.column("code")).where(wanted)).all())


def everything(connection, kind):
    return dict(connection.execute(select(kind.id, kind.column("code"))).all())


def test_the_area_of_these_tests_holds_something_and_not_everything(demo_connection):
    found = {kind.layer.name: len(inside(demo_connection, kind)) for kind in LIMITED}
    assert sum(1 for count in found.values() if count) >= 3, found
    assert all(found[kind.layer.name] < len(everything(demo_connection, kind)) for kind in LIMITED)


@ALL
def test_lists_counts_facets_and_files_hold_what_lies_in_the_area(limited, demo_connection, kind):
    own, name = inside(demo_connection, kind), kind.layer.name
    listed = limited.get(f"/api/layers/{name}/features?limit=1000").json
    assert {feature["id"] for feature in listed["features"]} == set(own)
    items = limited.get(f"/ogc/collections/{name}/items?limit=1000").json
    assert {feature["id"] for feature in items["features"]} == set(own)
    assert items["numberMatched"] == len(own)
    assert limited.get(f"/api/layers/{name}/facets").json["numberMatched"] == len(own)
    (described,) = [one for one in limited.get("/api/layers").json["layers"] if one["name"] == name]
    assert described["count"] == len(own)
    table = limited.get(f"/layers/{name}/export?format=csv").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table), delimiter=";" if ";" in table.splitlines()[0] else ","))
    assert {row["code"] for row in rows} == set(own.values())


@ALL
def test_an_object_elsewhere_is_not_there(limited, demo_connection, kind):
    own = inside(demo_connection, kind)
    name, other = kind.layer.name, next(iter(set(everything(demo_connection, kind)) - set(own)))
    for address in (f"/layers/{name}/features/{other}/popup", f"/layers/{name}/features/{other}/panel"):
        assert limited.get(address).status_code == 404
        for feature_id in own:
            assert limited.get(address.replace(str(other), str(feature_id))).status_code == 200
    for address in (f"/api/layers/{name}/features/{other}", f"/ogc/collections/{name}/items/{other}"):
        assert limited.get(address).status_code == 404
    code = everything(demo_connection, kind)[other]
    hits = limited.get("/api/search", query_string={"q": code}).json["hits"]
    assert code not in json.dumps(hits)


@ALL
def test_nothing_is_told_of_what_is_around_an_object_elsewhere(limited, demo_connection, kind):
    own = inside(demo_connection, kind)
    elsewhere = next(number for number in everything(demo_connection, kind) if number not in own)

    for path in ("/api/around", "/api/inside"):
        assert limited.get(f"{path}?around={kind.layer.name}:{elsewhere}:5000").status_code == 400
    for number in own:
        assert limited.get(f"/api/around?around={kind.layer.name}:{number}:5000").status_code == 200


@ALL
def test_tiles_hold_what_lies_in_the_area(limited, demo_connection, kind):
    own, name, found = inside(demo_connection, kind), kind.layer.name, set()
    for x in range(811, 820):
        for y in range(448, 456):
            answer = limited.get(f"/tiles/{name}/10/{x}/{y}.mvt")
            if answer.status_code == 200:
                tile = mapbox_vector_tile.decode(answer.data)
                found |= {feature["id"] for layer in tile.values() for feature in layer["features"]}
    assert found <= set(own)
    assert bool(found) == bool(own)


def test_pages_that_are_open_name_nothing_from_elsewhere_and_the_others_are_closed(limited, demo_app, demo_connection):
    strange = [
        code
        for kind in LIMITED
        for number, code in everything(demo_connection, kind).items()
        if number not in inside(demo_connection, kind)
    ]
    seen = set()
    for rule in demo_app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint == "static" or {"z", "number", "name"} & rule.arguments:
            continue
        values = {"layer": "markets", "slug": "clusters", "kind": "markets"}
        if rule.arguments - set(values):
            continue
        adapter = demo_app.url_map.bind("localhost")
        answer = limited.get(adapter.build(rule.endpoint, {key: values[key] for key in rule.arguments}))
        blueprint = rule.endpoint.partition(".")[0]
        if blueprint not in OPEN:
            assert answer.status_code in {302, 403, 404}, rule.endpoint
            continue
        assert answer.status_code in {200, 302, 400, 403, 404}, (rule.endpoint, answer.text)
        if answer.mimetype.startswith(("text/", "application/json", "application/geo")):
            assert not [code for code in strange if code in answer.text], rule.endpoint
            seen.add(rule.endpoint)
    assert {"map.index", "dashboard.index", "showcase.index"} <= seen


def test_the_map_opens_on_the_area_and_says_so(limited, demo_connection):
    text_ = limited.get("/").text
    name = demo_connection.execute(
        select(UNITS.name).where(UNITS.column("code") == "11581", UNITS.column("valid_to").is_(None))
    ).scalar_one()
    assert f"Chỉ gồm dữ liệu tại: {name}" in text_
    assert "/inspections" not in limited.get("/dashboard").text


def test_what_one_account_was_shown_is_never_shown_to_another(demo_engine, demo_accounts, make_app):
    """Over a pool, where tiles and counts are kept between requests."""
    app = make_app(demo_engine)
    with Session(demo_engine) as session:
        create_user(session, name="phuong-pool", role="planner", password=PASSWORD)
        limit_user(session, LAYERS, "phuong-pool", [AREA])
        session.commit()
    try:
        few, all_ = enter(app, "phuong-pool"), enter(app, demo_accounts["planner"])
        for address in ("/api/layers/markets/facets", "/tiles/markets/10/815/451.mvt", "/api/years?year=2030"):
            first, whole, again = (client.get(address) for client in (few, all_, few))
            assert first.data == again.data != whole.data
            assert first.headers.get("ETag") == again.headers.get("ETag")
            if "ETag" in first.headers:
                assert whole.headers["ETag"] != first.headers["ETag"]
                assert few.get(address, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 200
    finally:
        with demo_engine.begin() as connection:
            connection.execute(text("DELETE FROM account WHERE name = 'phuong-pool'"))


def test_an_administrator_sets_and_takes_back_areas_and_open_sessions_end(demo_app, demo_session, demo_login, limited):
    admin = demo_login("admin")
    assert "Chỉ xem: " in admin.get("/admin/users").text
    answer = admin.post("/admin/users/phuong/areas", data={"areas": []})
    assert answer.status_code == 302
    assert limited.get("/api/saved").status_code in {401, 404}
    again = enter(demo_app, "phuong")
    assert again.get("/api/layers/markets/facets").json["numberMatched"] > 1
    assert "Đổi địa bàn" in admin.get("/admin/audit").text
    refused = admin.post("/admin/users/phuong/areas", data={"areas": ["unit=nowhere"]})
    assert refused.status_code == 400
    assert "không có địa bàn này" in refused.text


def test_only_planners_are_limited_and_another_role_takes_the_areas_off(demo_session):
    for name, role in (("quy-hoach", "planner"), ("thanh-tra", "inspector")):
        create_user(demo_session, name=name, role=role, password=PASSWORD)
    with pytest.raises(ConflictError):
        limit_user(demo_session, LAYERS, "thanh-tra", [AREA])
    with pytest.raises(InvalidValueError):
        limit_user(demo_session, LAYERS, "quy-hoach", ["unit=0"])
    limit_user(demo_session, LAYERS, "quy-hoach", [AREA, AREA])
    from geodata.accounts.accounts import get_user, set_role

    assert get_user(demo_session, "quy-hoach").areas == [AREA]
    set_role(demo_session, "quy-hoach", "inspector")
    assert get_user(demo_session, "quy-hoach").areas == []


def test_nothing_is_seen_where_the_area_is_no_more(demo_app, demo_session, limited):
    demo_session.execute(text("UPDATE admin_unit SET code = 'moved' WHERE code = '11581'"))
    demo_session.commit()
    assert limited.get("/api/layers/markets/facets").json["numberMatched"] == 0
    assert json.loads(limited.get("/api/layers").data)["layers"]
    assert limited.get("/").status_code == 200


def readings(kind):
    """Return ways to ask for all codes of a layer, each a function of a connection; by name."""
    table = kind.__table__
    light = plain_table(table.name, column("code"), schema="public")
    alias = table.alias("other")
    by_name = f"SELECT code FROM {table.name}"
    return {
        "core": lambda own: own.scalars(select(table.c.code)),
        "alias": lambda own: own.scalars(select(alias.c.code)),
        "count": lambda own: own.scalars(select(table.c.code).where(table.c.id.in_(select(table.c.id)))),
        "attribute": lambda own: Session(own).scalars(select(kind.code)),
        "query": lambda own: [found.code for found in Session(own).query(kind.code, kind.name)],
        "object": lambda own: [found.code for found in Session(own).scalars(select(kind))],
        "object by alias": lambda own: [found.code for found in Session(own).query(aliased(kind))],
        "light": lambda own: own.scalars(select(light.c.code)),
        "text": lambda own: own.scalars(text(by_name)),
        "whole name": lambda own: own.scalars(text(f"SELECT code FROM public.{table.name}")),
        "quoted": lambda own: own.scalars(text(f'SELECT code FROM "{table.name}"')),
        "columns": lambda own: own.scalars(text(by_name).columns(code=String)),
        "statement": lambda own: Session(own).scalars(select(kind.code).from_statement(text(by_name))),
        "from": lambda own: own.scalars(select(column("code")).select_from(text(table.name))),
        "driver": lambda own: own.exec_driver_sql(by_name).scalars(),
    }


@ALL
@pytest.mark.parametrize(
    "reader", [Reader(role=Role.PLANNER, areas=(AREA,)), Reader(role=Role.GIS, day=date(2026, 1, 1))]
)
def test_however_a_table_is_asked_a_reader_gets_his_rows_or_an_error(demo_session, kind, reader):
    whole = set(demo_session.scalars(select(kind.code)))
    with reading_as(demo_session.connection(), LAYERS, reader) as own:
        ways = readings(kind)
        his = set(ways.pop("core")(own))
        refused = set()
        for name, read in ways.items():
            try:
                assert set(read(own)) == his, name
            except UnreadableError:
                refused.add(name)
    assert refused == {
        "object",
        "object by alias",
        "text",
        "whole name",
        "quoted",
        "columns",
        "statement",
        "from",
        "driver",
    }
    assert his < whole or reader.day
    assert set(demo_session.scalars(text(f"SELECT code FROM {kind.__tablename__}"))) == whole
