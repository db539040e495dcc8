"""The route of a day over HTTP: who and what goes on it, the page to come back to, order, leaving out, taking back."""

import re
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from geodata.accounts.access import create_user
from geodata.inspections import facts
from geodata.inspections.records import DayRoute, VisitPaper
from geodata.inspections.routes import plan_route
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.visits import Finding
from tests.conftest import PASSWORD, sign_in
from tests.factories import CENTRE, make_feature
from tests.pages import squeezed
from tests.webmap.background import take_jobs

ADDRESS = "/inspections/day"


@pytest.fixture
def sites(session):
    found = [
        make_feature(
            session, FuelSite, code=f"S-{n}", name=f"Cửa hàng {n}", kind="petrol", lon=CENTRE[0] + n / 200,
            certificate_record="never_issued", contact_phone="0225 300.100",
        )
        for n in range(1, 5)
    ]  # fmt: skip
    session.commit()
    return found


@pytest.fixture
def tomorrow(session):
    return facts.today(session) + timedelta(days=1)


@pytest.fixture
def colleague(app, session):
    create_user(session, name="colleague", role="inspector", password=PASSWORD, full_name="Đồng nghiệp")
    session.commit()
    client = app.test_client()
    client.post("/login", data={"username": "colleague", "password": PASSWORD})
    return client


@pytest.fixture
def ask(session, tomorrow):
    """Ask for a route and work it out as the background does; returns the answer."""

    def ask_(client, sites, person="inspector-test", **form):
        data = {"site": [site.id for site in sites], "person": person, "day": tomorrow.isoformat()} | form
        answer = client.post("/inspections/routes", data=data)
        for number in take_jobs(session, "plan_route"):
            plan_route(session, number)
        return answer

    return ask_


@pytest.fixture
def at(monkeypatch, session):
    """Let it be another time of today."""

    def at_(hour, minute):
        moment = datetime.combine(facts.today(session), datetime.min.time()).replace(hour=hour, minute=minute)
        monkeypatch.setattr("geodata.inspections.facts.now", lambda _: moment)
        return moment.date().isoformat()

    return at_


def papers(session, **where):
    session.expire_all()
    query = select(VisitPaper).filter_by(**where).order_by(VisitPaper.planned_at, VisitPaper.id)
    return list(session.scalars(query))


def result_of(session):
    session.expire_all()
    return session.scalars(select(DayRoute).order_by(DayRoute.id.desc())).first().result


def names_in_order(page):
    return re.findall(r'class="site-name" href="/inspections/visits/\d+">([^<]+)<', squeezed(page))


def test_an_assigned_route_is_a_page_to_come_back_to(session, inspector, sites, ask, tomorrow):
    made = ask(inspector, sites)
    assigned = inspector.post(f"{made.location}/assign")
    page = inspector.get(assigned.location).text
    assert "Điểm tiếp theo" in page
    assert 'href="tel:0225300100"' in page
    assert re.search(r'href="geo:[\d.]+,[\d.]+\?q=', page)
    assert re.search(r'href="https://[^"]+destination=[\d.]+,[\d.]+"', page)
    assert len(names_in_order(page)) == 4
    assert inspector.get(ADDRESS).status_code == 200
    for address in ("/inspections", "/inspections/visits", f"/inspections/visits/{papers(session)[0].id}"):
        assert f'href="{ADDRESS}' in inspector.get(address).text
    listed = inspector.get("/inspections/routes").text
    assert made.location in listed
    assert "Đã giao" in listed


def test_the_order_is_changed_by_hand_and_the_hours_follow(session, inspector, sites, ask, tomorrow):
    inspector.post(f"{ask(inspector, sites).location}/assign")
    address = f"{ADDRESS}?day={tomorrow}"
    before = names_in_order(inspector.get(address).text)
    last = papers(session)[-1]
    inspector.post(f"{ADDRESS}/visits/{last.id}/move", data={"move": "next"})
    after = names_in_order(inspector.get(address).text)
    assert after == [before[-1], *before[:-1]]
    hours = [paper.planned_at for paper in papers(session)]
    assert hours == sorted(set(hours))
    assert hours[0] >= "08:00"
    inspector.post(f"{ADDRESS}/visits/{last.id}/move", data={"move": "down"})
    assert names_in_order(inspector.get(address).text)[1] == before[-1]
    assert inspector.post(f"{ADDRESS}/visits/{last.id}/move", data={"move": "sideways"}).status_code == 400


def test_a_visit_is_left_out_only_with_a_reason_and_can_be_taken_back(session, inspector, sites, ask, tomorrow):
    inspector.post(f"{ask(inspector, sites[:2]).location}/assign")
    paper = papers(session)[0].id
    address = f"{ADDRESS}?day={tomorrow}"
    inspector.post(f"{ADDRESS}/visits/{paper}/skip", data={"reason": " "})
    assert papers(session, id=paper)[0].state == "planned"
    inspector.post(f"{ADDRESS}/visits/{paper}/skip", data={"reason": "Cơ sở đóng cửa", "other": "Đang sửa đường"})
    page = inspector.get(address).text
    assert "Đang sửa đường" in page
    assert "0 / 1" in page or "0/1" in page or "đã kiểm tra 0/1" in page.lower()
    inspector.post(f"{ADDRESS}/visits/{paper}/take-back")
    assert papers(session, id=paper)[0].skip_reason is None
    assert len(names_in_order(inspector.get(address).text)) == 2


def test_one_that_has_begun_keeps_its_place(session, inspector, sites, ask):
    inspector.post(f"{ask(inspector, sites[:2]).location}/assign")
    paper = papers(session)[0]
    inspector.put(f"/inspections/visits/{paper.id}/draft", json={"version": 1, "content": {"note": "x"}})
    assert inspector.post(f"{ADDRESS}/visits/{paper.id}/move", data={"move": "down"}).status_code == 409
    inspector.post(f"{ADDRESS}/visits/{paper.id}/skip", data={"reason": "x"})
    assert papers(session, id=paper.id)[0].state == "draft"


def test_closed_sites_are_not_planned_and_the_most_urgent_are_kept_when_time_is_short(session, inspector, sites, ask):
    sites[0].business_state = "closed"
    urgent = make_feature(session, FuelSite, code="S-9", name="Có vi phạm", kind="petrol", lon=CENTRE[0] + 0.06)
    quiet = [make_feature(session, FuelSite, kind="petrol", certificate_issued_on=date(2999, 1, 1)) for _ in range(3)]
    session.add(
        Finding(
            feature_id=urgent.id, found_on=facts.today(session) - timedelta(days=5), severity="violation",
            description="x", remedy_due_on=facts.today(session) + timedelta(days=5),
        )
    )  # fmt: skip
    session.commit()
    ask(
        inspector,
        [*quiet, sites[0], urgent],
        starts="08:00",
        ends="10:00",
        visit_minutes="45",
        start="{},{}".format(*CENTRE),
    )
    found = result_of(session)
    visited = [stop["id"] for stop in found["routes"][0]["stops"]]
    assert urgent.id in visited
    assert sites[0].id not in visited
    reasons = {row["id"]: row["reason"] for row in found["unassigned"]}
    assert reasons[sites[0].id] == "shut"
    assert set(reasons.values()) <= {"shut", "full"}
    assert "full" in reasons.values()


def test_nobody_is_sent_to_a_site_that_a_colleague_has_on_that_day(session, inspector, colleague, sites, ask):
    first = ask(inspector, sites[:2])
    second = ask(colleague, sites[:3], person="colleague")  # neither is assigned yet
    inspector.post(f"{first.location}/assign")
    colleague.post(f"{second.location}/assign")
    visits = [(paper.feature_id, paper.inspector) for paper in papers(session)]
    assert sorted(visits) == sorted(
        [(sites[0].id, "inspector-test"), (sites[1].id, "inspector-test"), (sites[2].id, "colleague")]
    )
    assert "đã nhận kiểm tra" in colleague.get(second.location).text
    third = ask(colleague, sites[:3], person="colleague")
    assert {row["reason"] for row in result_of(session)["unassigned"]} == {"taken"}
    assert "đã nhận kiểm tra" in colleague.get(third.location).text


def test_a_second_route_of_a_person_takes_up_what_he_has_already(session, inspector, sites, ask):
    inspector.post(f"{ask(inspector, sites[:2]).location}/assign")
    inspector.post(f"{ask(inspector, sites[2:]).location}/assign")
    visits = papers(session)
    assert len(visits) == 4
    assert len({paper.planned_at for paper in visits}) == 4


def test_today_s_route_begins_no_earlier_than_now_or_says_that_the_day_is_over(inspector, session, sites, ask, at):
    today = at(14, 2)
    ask(inspector, sites[:2], day=today)
    assert min(stop["arrive"] for stop in result_of(session)["routes"][0]["stops"]) >= 14 * 60 + 5
    today = at(21, 36)
    refused = ask(inspector, sites, day=today)
    assert refused.status_code == 400
    assert "phần còn lại của ngày không đủ" in refused.text
    offered = inspector.get(f"/inspections/routes/new?site={sites[0].id}").text
    assert f'name="day" value="{facts.today(session) + timedelta(days=1)}"' in offered
    yesterday = (facts.today(session) - timedelta(days=1)).isoformat()
    assert ask(inspector, sites, day=yesterday).status_code == 400


@pytest.mark.parametrize("who", ["nobody", "planner-test", "gone-away"])
def test_only_who_inspects_is_sent(app, session, inspector, sites, ask, who):
    sign_in(app, "planner")
    create_user(session, name="gone-away", role="inspector", password=PASSWORD)
    session.commit()
    if who == "gone-away":
        from geodata.accounts.access import disable_user

        disable_user(session, "gone-away", by="test")
        session.commit()
    answer = ask(inspector, sites, person=who)
    assert answer.status_code == 400
    assert who in answer.text


def test_nobody_changes_the_day_of_another(inspector, colleague, session, sites, ask):
    inspector.post(f"{ask(inspector, sites[:1]).location}/assign")
    paper = papers(session)[0].id
    for verb, data in (("move", {"move": "next"}), ("skip", {"reason": "x"}), ("take-back", {})):
        assert colleague.post(f"{ADDRESS}/visits/{paper}/{verb}", data=data).status_code == 404
    assert sites[0].name not in colleague.get(f"{ADDRESS}?person=inspector-test").text


def test_the_worklist_shows_its_page_on_a_map(inspector, sites):
    page = inspector.get("/inspections/worklist").text
    assert 'id="route-map"' in page
    assert f'"anchor": "site-{sites[0].id}"' in page.replace("&#34;", '"')
