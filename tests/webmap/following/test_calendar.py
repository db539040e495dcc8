"""The calendar behind a secret address: what falls due for the role of its owner, by his rights at the fetch."""

import re

import pytest
from icalendar import Calendar

from geodata.accounts.access import disable_user, set_role
from geodata.accounts.scopes import limit_user
from geodata.layers import LAYERS
from geodata.schema.roles import STAFF, STEERING
from tests.conftest import sign_in


def address_of(client):
    page = client.post("/calendar").text
    return re.search(r"http://localhost(/calendar/[\w-]+\.ics)", page)[1]


def titles(app, address):
    answer = app.test_client().get(address)
    assert answer.status_code == 200, answer.text[:300]
    assert answer.mimetype == "text/calendar"
    return [str(event["summary"]) for event in Calendar.from_ical(answer.data).walk("VEVENT")]


def kinds(found):
    return {title.partition(":")[0] for title in found}


@pytest.mark.parametrize("role", sorted(STEERING))
def test_who_steers_gets_milestones_petitions_reports_dossiers_price_plans_and_certificates(demo_app, role):
    found = titles(demo_app, address_of(sign_in(demo_app, role)))
    wanted = {"Mốc tiến độ", "Trả lời kiến nghị", "Báo cáo", "Các bước hồ sơ", "Giấy chứng nhận sắp hết hạn"}
    assert wanted <= kinds(found)
    assert "Phương án giá sắp hết hiệu lực" in kinds(found)
    assert any("Báo cáo cụm công nghiệp năm 2026" in title for title in found)


def test_others_get_what_they_follow(demo_app):
    gis = sign_in(demo_app, "gis")
    address = address_of(gis)
    assert titles(demo_app, address) == []
    gis.post("/following", data={"layer": "projects", "code": "DA-CATBA-M2"})
    found = titles(demo_app, address)
    assert {"Mốc tiến độ", "Vướng mắc"} == kinds(found)
    assert all("mạch 2 Chợ Rộc" in title for title in found)


@pytest.mark.parametrize("role", sorted(STAFF - STEERING))
def test_each_other_role_has_an_address_and_gets_what_it_follows_and_may_see(demo_app, role):
    client = sign_in(demo_app, role)
    address = address_of(client)
    before = titles(demo_app, address)
    client.post("/following", data={"layer": "projects", "code": "DA-CHO-DQB"})
    found = titles(demo_app, address)
    assert [one for one in found if one not in before and "Đổng Quốc Bình" in one]
    assert kinds(found) & {"Báo cáo", "Các bước hồ sơ", "Giấy chứng nhận sắp hết hạn"} == set()


def test_rights_are_asked_at_each_fetch(demo_app, demo_session):
    address = address_of(sign_in(demo_app, "planner"))
    whole = titles(demo_app, address)
    limit_user(demo_session, LAYERS, "planner-test", ["unit=11581"])
    demo_session.commit()
    part = titles(demo_app, address)
    assert set(part) < set(whole)
    assert "Báo cáo" not in kinds(part)
    limit_user(demo_session, LAYERS, "planner-test", [])
    set_role(demo_session, "planner-test", "gis")
    demo_session.commit()
    assert titles(demo_app, address) == []
    disable_user(demo_session, "planner-test")
    demo_session.commit()
    assert demo_app.test_client().get(address).status_code == 404


def test_an_address_that_was_ended_or_replaced_opens_nothing(demo_app):
    planner = sign_in(demo_app, "planner")
    first = address_of(planner)
    second = address_of(planner)
    assert demo_app.test_client().get(first).status_code == 404
    assert titles(demo_app, second)
    planner.post("/calendar/end")
    assert demo_app.test_client().get(second).status_code == 404
    assert "Hủy địa chỉ" not in planner.get("/calendar").text
