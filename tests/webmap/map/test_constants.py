"""What the map page is given comes as a file: for the role that asks, in the language of its name, kept as long as it is true."""

import gzip
import json
import re

import pytest

from geodata.accounts.access import Action, may, visible_fields
from geodata.layers import LAYERS
from geodata.schema.roles import Role
from webmap.folium import describe_style


def address_in(client, page="/"):
    (address,) = set(re.findall(r'"((?:/then/[^/]+)?/map/[^"]+\.js)"', client.get(page).get_data(as_text=True)))
    return address


def read(client, address, **headers):
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    return answer, json.loads(text.removeprefix("globalThis.given = ").removesuffix(";\n"))


@pytest.mark.parametrize("role", list(Role))
def test_it_holds_the_layers_and_symbols_of_the_role_that_asks(demo_login, role):
    client = demo_login(role.value)
    answer, given = read(client, address_in(client))
    kinds = [kind for kind in LAYERS if may(role, Action.VIEW, kind)]
    assert [layer["name"] for layer in given["layers"]] == [kind.layer.name for kind in kinds]
    for kind, layer in zip(kinds, given["layers"], strict=True):
        visible = frozenset(field.name for field in visible_fields(role, kind))
        named = {variation["field"] for variation in layer["style"]["variations"]}
        assert named <= visible
        expected = describe_style(kind, visible, lambda text: text)
        assert layer["style"]["classes"] == json.loads(json.dumps(expected["classes"]))
        assert layer["style"]["symbols"] == json.loads(json.dumps(expected["symbols"]))
    assert given["land"]
    assert "immutable" in answer.headers["Cache-Control"]
    assert "private" in answer.headers["Cache-Control"]


def test_each_language_has_its_own_and_the_name_decides_not_the_cookie(demo_app):
    client = demo_app.test_client()
    vietnamese, english = address_in(client), address_in(client, "/?lang=en")
    assert vietnamese != english
    assert read(client, vietnamese)[1]["texts"]["Clear filters"] == "Xóa lọc"
    assert read(client, english)[1]["texts"] == {}


def test_two_processes_call_the_same_by_the_same_name(demo_connection, make_app):
    assert address_in(make_app(demo_connection).test_client()) == address_in(make_app(demo_connection).test_client())


def test_who_asks_by_another_roles_name_gets_his_own_and_nobody_keeps_it(demo_app, demo_login):
    of_staff = address_in(demo_login("admin"))
    visitor = demo_app.test_client()
    answer, given = read(visitor, of_staff)
    assert given == read(visitor, address_in(visitor))[1]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert read(visitor, "/map/xx-0123.js")[0].headers["Cache-Control"] == "private, no-store"


def test_it_leaves_compressed_for_who_takes_it(demo_app):
    client = demo_app.test_client()
    address = address_in(client)
    plain, small = (client.get(address, headers={"Accept-Encoding": how}) for how in ("", "gzip"))
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == plain.data
    assert "Accept-Encoding" in small.headers["Vary"]


def test_the_map_of_an_earlier_day_asks_for_its_own_tiles(demo_login):
    client = demo_login("gis")
    page = "/then/2026-01-01/"
    _, given = read(client, address_in(client, page))
    assert all(layer["url"].startswith("/then/2026-01-01/tiles/") for layer in given["layers"])


def test_the_page_itself_says_little(demo_app):
    a_layer, the_rest = 1_000, 23_000  # bytes: its row of the list and its tab of the table
    assert len(demo_app.test_client().get("/").data) < the_rest + len(LAYERS) * a_layer
