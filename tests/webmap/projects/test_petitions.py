"""Petitions of voters: what is overdue rings, and each leads to what it is about and back."""

import re

import pytest

from tests.conftest import sign_in
from tests.pages import squeezed


@pytest.fixture
def planner(demo_app):
    return sign_in(demo_app, "planner")


def words_of(answer):
    assert answer.status_code == 200, answer.text[:300]
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def panel_of(client, layer, code):
    (feature,) = client.get(f"/api/layers/{layer}/features?q={code}").json["features"]
    return client.get(f"/layers/{layer}/features/{feature['id']}/panel").text


def test_the_list_begins_with_what_is_overdue_and_says_by_how_much(planner):
    page = words_of(planner.get("/petitions"))
    assert re.search(r"Tiến độ xây lại chợ Đổng Quốc Bình .*Quá hạn trả lời hạn 20/11/2026 chậm \d+ ngày", page)
    assert page.index("Quá hạn trả lời hạn") < page.index("Chờ trả lời hạn")
    assert "Cấp điện mùa du lịch" not in words_of(planner.get("/petitions?answer=overdue"))


def test_an_overdue_answer_is_counted_on_the_bell_until_it_is_entered(demo_app, planner):
    rung = re.compile(r'href="/petitions"><span>[^<]*</span><strong>1</strong>')
    assert rung.search(squeezed(planner.get("/help").text))
    (petition,) = planner.get("/api/layers/petitions/features?q=KN-MAU-02").json["features"]
    form = planner.get(f"/edit/petitions/form?id={petition['id']}").text
    version = form.partition('data-version="')[2].partition('"')[0]
    values = {"answered_on": "2026-11-25", "answer": "Đã trả lời bằng văn bản"}
    saved = planner.post(
        "/edit/petitions", json={"objects": [{"id": petition["id"], "version": version, "values": values}]}
    )
    assert saved.status_code == 200, saved.text
    assert not rung.search(squeezed(planner.get("/help").text))
    assert "/petitions" not in sign_in(demo_app, "inspector").get("/help").text.partition('class="dropdown"')[0]


def test_a_petition_leads_to_its_project_or_object_and_they_lead_back(demo_app, planner):
    assert 'href="/projects/DA-CHO-DQB"' in planner.get("/petitions").text
    assert "Tiến độ xây lại chợ Đổng Quốc Bình" in words_of(planner.get("/projects/DA-CHO-DQB"))
    public = demo_app.test_client()
    assert "Chợ Đổng Quốc Bình" in panel_of(public, "petitions", "KN-DQB-2020")
    assert "Kiến nghị cử tri" in panel_of(public, "markets", "CHO-DQB")


def test_who_prepares_an_answer_is_for_staff_and_so_is_the_page(demo_app, planner):
    public = demo_app.test_client()
    assert "Phòng Quản lý thương mại" not in panel_of(public, "petitions", "KN-DQB-2020")
    assert "Phòng Quản lý thương mại" in panel_of(planner, "petitions", "KN-DQB-2020")
    assert public.get("/petitions").status_code in {302, 401}


def test_the_answer_of_a_past_day_is_that_of_the_day(planner):
    asked = "/api/layers/petitions/features?q=KN-DQB-2020&answer_state="
    assert planner.get(f"{asked}waiting&as_of=2020-03-01").json["numberMatched"] == 1
    assert planner.get(f"{asked}soon&as_of=2020-03-24").json["numberMatched"] == 1
    assert planner.get(f"{asked}answered&as_of=2020-03-25").json["numberMatched"] == 1
