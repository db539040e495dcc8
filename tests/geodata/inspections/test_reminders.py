"""Reminders: what is due, missed, tomorrow or about to end, for whom; the bell; alarms in the calendar feed."""

from datetime import date, timedelta

import pytest
from icalendar import Calendar

from geodata.inspections.calendar import new_feed, write_feed
from geodata.inspections.facts import today
from geodata.inspections.records import InspectionCampaign, InspectionTarget, VisitPaper
from geodata.inspections.reminders import count_reminders, list_reminders
from geodata.inspections.rights import Person
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit
from geodata.schema.roles import Role
from tests.factories import CENTRE, make_feature

ON = date(2024, 2, 28)
ME = Person(name="inspector-test", role=Role.INSPECTOR)
LEADER = Person(name="leader", role=Role.ADMIN)


@pytest.fixture
def campaign(session):
    campaign = InspectionCampaign(number="12/KH-SCT", title="Thử", field="petrol", made_by=ME.name)
    session.add(campaign)
    session.flush()
    return campaign


def site(session, **values):
    return make_feature(session, FuelSite, kind="petrol", **values)


def found(session, campaign, due, remedied_on=None):
    place = site(session)
    visit = InspectionVisit(
        feature_id=place.id, campaign_id=campaign and campaign.id, visited_on=ON - timedelta(days=60), kind="planned"
    )
    session.add(visit)
    session.flush()
    session.add(
        Finding(
            feature_id=place.id, visit_id=visit.id, found_on=visit.visited_on, severity="violation", description="…",
            remedy_due_on=due, remedied_on=remedied_on,
        )
    )  # fmt: skip
    session.flush()


def planned(session, day, state="planned", by=ME.name, at=None):
    paper = VisitPaper(
        feature_id=site(session).id,
        kind="unplanned",
        state=state,
        inspector=by,
        planned_on=day,
        planned_at=at,
        saved_by=by,
    )
    session.add(paper)
    session.flush()
    return paper


def reasons(session, person=ME, on=ON):
    assert count_reminders(session, person, on) == len(list_reminders(session, person, on))
    return [reminder.reason.value for reminder in list_reminders(session, person, on)]


@pytest.mark.parametrize(
    ("days", "reason"), [(-1, ["overdue"]), (0, ["due"]), (7, ["due"]), (8, []), (-400, ["overdue"])]
)
def test_a_remedy_reminds_a_week_ahead_and_until_it_is_done(session, campaign, days, reason):
    found(session, campaign, ON + timedelta(days=days))
    assert reasons(session) == reason


def test_a_remedied_finding_and_those_of_others_remind_nobody_but_the_leader(session, campaign):
    found(session, campaign, ON, remedied_on=ON)
    assert reasons(session) == []
    campaign.made_by = "somebody"
    found(session, campaign, ON)
    assert reasons(session) == []
    assert reasons(session, LEADER) == ["due"]


def test_tomorrow_s_visits_and_those_not_made_remind_their_inspector(session):
    planned(session, date(2024, 2, 29))  # the day after 28 February of a leap year
    planned(session, ON - timedelta(days=1))
    planned(session, ON)
    planned(session, date(2024, 2, 29), state="cancelled")
    planned(session, date(2024, 2, 29), by="somebody")
    assert reasons(session) == ["missed", "tomorrow"]


def test_a_certificate_of_a_target_site_reminds_thirty_days_before_its_end(session, campaign):
    on = today(session)
    for days in (0, 30, 31, -1):
        target = site(session, certificate_no="1", certificate_expires_on=on + timedelta(days=days))
        session.add(InspectionTarget(campaign_id=campaign.id, feature_id=target.id))
    site(session, certificate_no="1", certificate_expires_on=on)  # nobody's target
    session.flush()
    assert reasons(session, on=on) == ["certificate", "certificate"]


def test_the_bell_is_for_inspectors_and_leads_to_the_list(session, login, campaign):
    on = today(session)
    found(session, campaign, on - timedelta(days=3))
    session.commit()
    inspector = login("inspector")
    page = inspector.get("/inspections").text
    assert 'aria-label="1 nhắc việc"' in page
    assert 'aria-label="1 nhắc việc"' in inspector.get("/").text
    assert "đã quá 3 ngày" in inspector.get("/inspections/reminders").text
    for role in ("public", "planner", "gis"):
        client = login(role)
        assert "/inspections/reminders" not in client.get("/").text
        assert client.get("/inspections/reminders").status_code == (302 if role == "public" else 403)
        assert ("nhắc việc" in client.get("/").text) is (role == "planner")  # petitions and dossiers are his


def test_the_calendar_reminds_an_hour_before_and_the_noon_before(session, login):
    login("inspector")
    planned(session, ON, at="09:30")
    planned(session, ON)
    planned(session, ON, state="done")
    feed = write_feed(session, new_feed(session, ME.name)).decode()
    assert feed.count("BEGIN:VEVENT") == 3
    assert feed.count("BEGIN:VALARM") == feed.count("END:VALARM") == 2
    assert "TRIGGER:-PT1H" in feed
    assert "TRIGGER:-PT12H" in feed


def test_an_event_has_place_coordinates_link_and_person_and_survives_being_read(session, login):
    login("inspector")
    paper = planned(session, ON, at="09:30")
    where = session.get_one(FuelSite, paper.feature_id)
    where.name, where.address = "Cửa hàng; số 1, “Đình Vũ”", "Km 3, phường Đông Hải " * 6
    session.flush()
    token = new_feed(session, ME.name)
    feed = write_feed(session, token, link=lambda number: f"https://sct.example/inspections/visits/{number}")
    assert all(len(line) <= 75 for line in feed.split(b"\r\n"))
    event = next(iter(Calendar.from_ical(feed).walk("VEVENT")))
    assert str(event["summary"]) == f"Kiểm tra: {where.name}"
    assert str(event["location"]) == f"{where.name}, {where.address}"
    assert (event["geo"].latitude, event["geo"].longitude) == pytest.approx((CENTRE[1], CENTRE[0]))
    assert str(event["url"]) == f"https://sct.example/inspections/visits/{paper.id}"
    assert str(event["contact"]) == ME.name
    assert event.decoded("dtstart").isoformat() == f"{ON}T02:30:00+00:00"
