"""Maps of other servers: allowed by an administrator alone, shown to whom they are for, and no further host in the policy."""

import json
import re

import pytest
from sqlalchemy import text

from geodata.accounts.outside import list_sources, save_source
from geodata.base.errors import InvalidValueError

TILES = {
    "name": "Ảnh vệ tinh 2025",
    "kind": "xyz",
    "address": "https://anh.example.vn:8443/tiles/{z}/{x}/{y}.png?key=a1",
    "attribution": "Cục Viễn thám quốc gia",
    "opacity": "80",
    "audience": "staff",
}
WMS = TILES | {"name": "Quy hoạch", "kind": "wms", "address": "https://wms.example.vn/ows", "layers": "dat,duong"}


def policy_of(answer) -> str:
    return re.search(r"img-src [^;]*", answer.headers["Content-Security-Policy"])[0]


def told_to(client) -> list[dict]:
    found = re.search(r'id="outside-layers">(.*?)</script>', client.get("/").get_data(as_text=True))
    return json.loads(found[1]) if found else []


def test_an_administrator_allows_changes_and_removes_a_map_and_the_audit_log_tells(login, session):
    admin = login("admin")
    assert admin.post("/admin/map-sources", data=TILES).status_code == 302
    [source] = list_sources(session)
    admin.post(f"/admin/map-sources/{source.id}", data=TILES | {"opacity": "55"})
    assert told_to(admin)[0] | {"id": 0} == {
        "id": 0, "name": TILES["name"], "kind": "xyz", "address": TILES["address"], "layers": "",
        "attribution": TILES["attribution"], "opacity": 55,
    }  # fmt: skip

    assert admin.post(f"/admin/map-sources/{source.id}/remove").status_code == 302

    assert told_to(admin) == []
    lines = session.scalars(text("SELECT action FROM audit_entry WHERE action LIKE 'map_source%' ORDER BY id")).all()
    assert lines == ["map_source_added", "map_source_changed", "map_source_removed"]
    assert "anh.example.vn" in admin.get("/admin/audit").get_data(as_text=True)


@pytest.mark.parametrize("role", ["planner", "inspector", "leader", "gis"])
def test_nobody_else_allows_a_map(login, session, role):
    client = login(role)
    assert client.get("/admin/map-sources").status_code == 403
    assert client.post("/admin/map-sources", data=TILES).status_code == 403
    assert list_sources(session) == []


@pytest.mark.parametrize(
    ("audience", "roles"),
    [("everyone", {"public", "planner", "gis"}), ("staff", {"planner", "gis"}), ("editors", {"gis"})],
)
def test_a_map_and_its_host_are_told_only_to_whom_it_is_for(client, login, session, audience, roles):
    save_source(session, TILES | {"audience": audience})
    session.commit()

    for role in ("public", "planner", "gis"):
        asking = client if role == "public" else login(role)
        assert bool(told_to(asking)) == (role in roles), role
        assert ("https://anh.example.vn:8443" in policy_of(asking.get("/"))) == (role in roles), role
        assert "example.vn" not in asking.get("/help").headers["Content-Security-Policy"]


def test_the_policy_names_exactly_the_hosts_that_are_allowed(client, session):
    for source in (TILES, WMS):
        save_source(session, source | {"audience": "everyone"})
    session.commit()
    before = policy_of(client.get("/help"))

    assert policy_of(client.get("/")) == f"{before} https://anh.example.vn:8443 https://wms.example.vn"


def test_addresses_of_wmts_are_asked_for_like_other_tiles(session):
    address = "https://wmts.example.vn/lop/{Style}/{TileMatrix}/{TileRow}/{TileCol}.png"
    save_source(session, TILES | {"kind": "wmts", "address": address})

    assert list_sources(session)[0].address == "https://wmts.example.vn/lop/default/{z}/{y}/{x}.png"


@pytest.mark.parametrize(
    "changes",
    [
        {"address": "https://a.example/{z}/{x}.png"},
        {"address": "https://a.example/{z}/{x}/{y}/{key}.png"},
        {"address": "https://{s}.a.example/{z}/{x}/{y}.png"},
        {"address": "https://{z}.a.example/1/{x}/{y}.png"},
        {"address": "https://*.example/{z}/{x}/{y}.png"},
        {"address": "https://a.example;script-src/{z}/{x}/{y}.png"},
        {"address": "https://a.example 'unsafe-inline'/{z}/{x}/{y}.png"},
        {"address": "https://user:word@a.example/{z}/{x}/{y}.png"},
        {"address": "javascript:alert(1)//{z}/{x}/{y}"},
        {"address": "//a.example/{z}/{x}/{y}.png"},
        {"address": "https://a.example:99999/{z}/{x}/{y}.png"},
        {"address": "https://a.example/{z}/{x}/{y}.png?" + "a" * 1000},
        {"kind": "wms", "address": "https://a.example/{z}", "layers": "a"},
        {"kind": "wms", "address": "https://a.example/ows", "layers": ""},
        {"kind": "ftp"},
        {"audience": "nobody"},
        {"opacity": "5"},
        {"opacity": "²"},
        {"name": " "},
        {"name": "a" * 81},
        {"attribution": ""},
    ],
    ids=str,
)
def test_what_is_no_map_of_another_server_is_refused(session, changes):
    with pytest.raises(InvalidValueError):
        save_source(session, TILES | changes)
    assert list_sources(session) == []


def test_what_is_refused_stays_in_the_form(login, session):
    answer = login("admin").post("/admin/map-sources", data=TILES | {"address": "https://a.example/khong-co-o.png"})

    assert answer.status_code == 400
    assert 'value="https://a.example/khong-co-o.png"' in answer.get_data(as_text=True)


def test_two_maps_do_not_share_a_name_and_an_unknown_one_is_not_found(login, session):
    admin = login("admin")
    assert [admin.post("/admin/map-sources", data=TILES).status_code for _ in range(2)] == [302, 400]
    assert admin.post("/admin/map-sources/987654", data=TILES | {"name": "khác"}).status_code == 400
