"""What people follow: what others change of it is told to whom may see it, and falls silent once it was looked at."""

import re

import pytest
from sqlalchemy import text

from geodata.accounts.access import create_user
from geodata.accounts.scopes import limit_user
from geodata.layers import LAYERS
from tests.conftest import PASSWORD, sign_in
from tests.pages import squeezed

#: A ward, and markets within it and beyond it.
AREA = "11581"


@pytest.fixture
def planner(demo_app):
    return sign_in(demo_app, "planner")


@pytest.fixture
def gis(demo_app):
    return sign_in(demo_app, "gis")


@pytest.fixture
def limited(demo_app, demo_session):
    """A planner who is limited to one ward."""
    create_user(demo_session, name="phuong", role="planner", password=PASSWORD)
    limit_user(demo_session, LAYERS, "phuong", [f"unit={AREA}"])
    demo_session.commit()
    return enter(demo_app)


def enter(app):
    client = app.test_client()
    assert client.post("/login", data={"username": "phuong", "password": PASSWORD}).status_code == 302
    return client


def words_of(answer):
    assert answer.status_code == 200, answer.text[:300]
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def object_of(client, layer, code):
    (feature,) = client.get(f"/api/layers/{layer}/features?q={code}").json["features"]
    return feature


def edit(client, layer, code, details=None, **values):
    number = object_of(client, layer, code)["id"]
    form = client.get(f"/edit/{layer}/form?id={number}").text
    version = form.partition('data-version="')[2].partition('"')[0]
    edited = {"id": number, "version": version, "values": values} | ({"details": details} if details else {})
    answer = client.post(f"/edit/{layer}", json={"objects": [edited]})
    assert answer.status_code == 200, answer.text


def follow(client, **form):
    answer = client.post("/following", data=form, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.json["id"]


def look(client):
    """Say that one has looked, as the page's button does."""
    mark = re.search(r'name="mark" value="([^"]+)"', client.get("/following").text)
    client.post("/following/seen", data={"mark": mark[1]} if mark else {"mark": "0"})


def rung(client):
    """Return the number that the bell shows for what is followed; None without one."""
    found = re.search(r'href="/following"><span>[^<]*</span><strong>(\d+)</strong>', squeezed(client.get("/help").text))
    return int(found[1]) if found else None


def test_what_another_changes_of_a_followed_object_rings_until_it_is_looked_at(planner, gis):
    number = follow(planner, layer="markets", code="CHO-DQB")
    assert rung(planner) == 0
    edit(gis, "markets", "CHO-DQB", stall_count=321)
    assert rung(planner) == 1
    page = words_of(planner.get("/following"))
    assert "Chợ Đổng Quốc Bình 1 mới" in page
    assert re.search(r"thay đổi: Số điểm kinh doanh, người thực hiện gis-test", page)
    look(planner)
    assert rung(planner) == 0
    assert "Chưa có gì mới." in words_of(planner.get("/following"))
    planner.post(f"/following/{number}/stop")
    assert rung(planner) is None


def test_what_i_change_myself_is_no_news_for_me(gis):
    follow(gis, layer="markets", code="CHO-DQB")
    edit(gis, "markets", "CHO-DQB", stall_count=322)
    assert "Chưa có gì mới." in words_of(gis.get("/following"))


def test_a_change_of_what_the_role_may_not_see_is_not_told_at_all(demo_app, planner, gis):
    leader = sign_in(demo_app, "leader")
    code = gis.get("/api/layers/fuel_sites/features?limit=1").json["features"][0]["properties"]["code"]
    for client in (planner, leader):
        follow(client, layer="fuel_sites", code=code)
    edit(gis, "fuel_sites", code, contact_phone="0225 3123 456")
    assert rung(leader) == 1
    assert rung(planner) == 0
    assert "Chưa có gì mới." in words_of(planner.get("/following"))


def test_who_is_not_signed_in_follows_nothing(demo_app):
    public = demo_app.test_client()
    assert public.get("/following").status_code == 302
    assert public.post("/following", data={"layer": "markets", "code": "CHO-DQB"}).status_code == 302


def test_progress_entered_for_a_project_is_told_with_its_table(planner, gis):
    follow(planner, layer="projects", code="DA-CHO-DQB")
    rows = [{"values": {"reported_on": "2026-11-20", "percent": "81", "reported_by": "Ban quản lý chợ"}}]
    edit(gis, "projects", "DA-CHO-DQB", details={"progress": rows})
    page = words_of(planner.get("/following"))
    assert "Xây lại chợ Đổng Quốc Bình" in page
    assert "thay đổi: Tiến độ, người thực hiện gis-test" in page


def test_who_follows_a_project_is_told_of_the_objects_that_it_builds_or_changes(planner, gis):
    number = follow(planner, layer="projects", code="DA-CHO-DQB")
    edit(gis, "markets", "CHO-TAM-DQB", stall_count=87)
    assert rung(planner) == 1
    assert re.search(r"Chợ tạm Đổng Quốc Bình .*thay đổi: Số điểm kinh doanh", words_of(planner.get("/following")))
    look(planner)
    rows = [{"values": {"object_code": "CHO-KS-01", "change": "changes"}}]
    edit(gis, "projects", "DA-CHO-DQB", details={"objects": rows})
    page = words_of(planner.get("/following"))
    assert "mới thuộc phạm vi theo dõi" in page
    planner.post(f"/following/{number}/stop")


def test_of_a_followed_project_who_is_limited_to_its_area_is_told_of_no_object_beyond_it(demo_app, demo_session, gis):
    project = object_of(gis, "projects", "DA-CHO-DQB")["properties"]
    unit = next(
        code
        for code in demo_session.scalars(text("SELECT code FROM admin_unit WHERE valid_to IS NULL"))
        if project["code"] in codes_in(gis, "projects", code) and "CHO-TAM-DQB" not in codes_in(gis, "markets", code)
    )
    create_user(demo_session, name="phuong", role="planner", password=PASSWORD)
    limit_user(demo_session, LAYERS, "phuong", [f"unit={unit}"])
    demo_session.commit()
    here = enter(demo_app)
    follow(here, layer="projects", code="DA-CHO-DQB")
    edit(gis, "markets", "CHO-TAM-DQB", stall_count=88)
    assert rung(here) == 0
    edit(gis, "markets", "CHO-DQB", stall_count=324)
    assert rung(here) == 1


def codes_in(client, layer, unit):
    found = client.get(f"/api/layers/{layer}/features?unit={unit}&limit=1000").json["features"]
    return {one["properties"]["code"] for one in found}


def test_what_begins_and_ceases_to_match_a_followed_filter_is_told(planner, gis):
    follow(planner, address="/?layers=markets&markets.market_class=3&z=12&lat=20.8&lon=106.6")
    edit(gis, "markets", "CHO-DQB", market_class="3")
    assert re.search(r"Chợ Đổng Quốc Bình Chợ mới thuộc phạm vi theo dõi", words_of(planner.get("/following")))
    look(planner)
    edit(gis, "markets", "CHO-DQB", market_class="2")
    assert re.search(r"Chợ Đổng Quốc Bình Chợ không còn thuộc phạm vi theo dõi", words_of(planner.get("/following")))


def test_a_followed_unit_tells_what_changes_in_it_and_not_beside_it(planner, gis, demo_connection):
    follow(planner, layer="admin_units", code=AREA)
    inside = gis.get(f"/api/layers/markets/features?unit={AREA}").json["features"]
    beside = next(
        one
        for one in gis.get("/api/layers/markets/features?limit=200").json["features"]
        if one["properties"]["code"] not in {other["properties"]["code"] for other in inside}
    )
    assert inside
    edit(gis, "markets", beside["properties"]["code"], stall_count=11)
    assert rung(planner) == 0
    edit(gis, "markets", inside[0]["properties"]["code"], stall_count=12)
    assert rung(planner) == 1
    assert inside[0]["properties"]["name"] in words_of(planner.get("/following"))


def test_who_is_limited_to_an_area_is_told_of_nothing_beyond_it(limited, gis):
    beside = next(
        one
        for one in gis.get("/api/layers/markets/features?limit=200").json["features"]
        if one["properties"]["code"]
        not in {
            other["properties"]["code"]
            for other in gis.get(f"/api/layers/markets/features?unit={AREA}").json["features"]
        }
    )
    refused = limited.post("/following", data={"layer": "markets", "code": beside["properties"]["code"]})
    assert refused.status_code == 404
    follow(limited, address="/?layers=markets&markets.q=cho")
    edit(gis, "markets", beside["properties"]["code"], stall_count=13)
    page = words_of(limited.get("/following"))
    assert beside["properties"]["name"] not in page
    assert "Chưa có gì mới." in page


def test_what_is_taken_out_of_ones_area_is_counted_and_not_named(demo_app, limited, gis, demo_session):
    inside = gis.get(f"/api/layers/markets/features?unit={AREA}").json["features"][0]
    follow(limited, layer="markets", code=inside["properties"]["code"])
    limit_user(demo_session, LAYERS, "phuong", ["unit=11311"])
    demo_session.commit()
    edit(gis, "markets", inside["properties"]["code"], stall_count=14)
    page = words_of(enter(demo_app).get("/following"))
    assert "Đối tượng không còn, hoặc bạn không còn quyền xem." in page
    assert "1 đối tượng đã bị xóa hoặc bạn không còn quyền xem" in page
    assert "người thực hiện" not in page


def test_an_import_that_commits_late_is_news_though_its_number_is_older(planner, gis, demo_connection):
    follow(planner, layer="markets", code="CHO-DQB")
    number = object_of(gis, "markets", "CHO-DQB")["id"]
    demo_connection.execute(text("SELECT nextval(pg_get_serial_sequence('change_set', 'id'))"))
    late = demo_connection.scalar(text("SELECT last_value FROM change_set_id_seq"))
    edit(gis, "markets", "CHO-DQB", stall_count=15)
    look(planner)
    assert rung(planner) == 0
    demo_connection.execute(
        text(
            "INSERT INTO change_set (id, kind, layer, user_name) OVERRIDING SYSTEM VALUE VALUES (:id, 'edit', 'markets', 'x')"
        ),
        {"id": late},
    )
    demo_connection.execute(
        text(
            "INSERT INTO feature_change (change_set_id, layer, feature_id, code, before, after)"
            " VALUES (:id, 'markets', :number, 'CHO-DQB', '{\"stall_count\": 15}', '{\"stall_count\": 16}')"
        ),
        {"id": late, "number": number},
    )
    assert rung(planner) == 1


def test_what_comes_while_i_read_stays_new(planner, gis):
    follow(planner, layer="markets", code="CHO-DQB")
    edit(gis, "markets", "CHO-DQB", stall_count=17)
    mark = re.search(r'name="mark" value="([^"]+)"', planner.get("/following").text)[1]
    edit(gis, "markets", "CHO-DQB", stall_count=18)
    planner.post("/following/seen", data={"mark": mark})
    assert rung(planner) == 1


def test_nobody_stops_or_looks_at_what_another_follows(planner, gis):
    number = follow(planner, layer="markets", code="CHO-DQB")
    assert gis.post(f"/following/{number}/stop").status_code == 404
    assert gis.post("/following/seen", data={"number": number, "mark": "0"}).status_code == 404
    assert "Chợ Đổng Quốc Bình" in words_of(planner.get("/following"))


def test_a_filter_is_followed_once_wherever_the_map_stood(planner):
    first = follow(planner, address="/?z=12&lat=20.8&lon=106.6&layers=markets&markets.q=cho&sel=markets:3&details=")
    assert follow(planner, address="/?layers=markets&markets.q=cho&table=markets") == first
    assert "Chợ: chữ có “cho”" in words_of(planner.get("/following")) or "“cho”" in words_of(planner.get("/following"))


@pytest.mark.parametrize(
    "address", ["https://example.org/?layers=markets", "//x/?layers=markets", "/help", "/?layers=nothing"]
)
def test_what_is_no_filter_of_the_map_is_not_followed(planner, address):
    assert planner.post("/following", data={"address": address}).status_code == 400
    assert "Bạn chưa theo dõi mục nào." in words_of(planner.get("/following"))


def test_the_panel_the_project_and_a_saved_view_have_the_button(demo_app, planner):
    number = object_of(planner, "markets", "CHO-DQB")["id"]
    panel = planner.get(f"/layers/markets/features/{number}/panel").text
    assert 'data-follow="/following" data-layer="markets" data-code="CHO-DQB" data-number=""' in squeezed(panel)
    assert "data-follow" not in demo_app.test_client().get(f"/layers/markets/features/{number}/panel").text
    planner.post("/following", data={"layer": "projects", "code": "DA-CHO-DQB"})
    assert "Thôi theo dõi" in words_of(planner.get("/projects/DA-CHO-DQB"))
    planner.post("/views", data={"name": "Chợ", "address": "/?layers=markets&markets.q=cho&z=12&lat=20.8&lon=106.6"})
    assert planner.get("/views").json["views"][0]["follow"] is None
    followed = follow(planner, address="/?layers=markets&markets.q=cho", name="Chợ")
    assert planner.get("/views").json["views"][0]["follow"] == followed
