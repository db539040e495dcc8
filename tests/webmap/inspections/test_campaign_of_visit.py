"""A visit reaches the campaign that wants its site, whatever way led there."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from geodata.inspections.records import InspectionCampaign, InspectionTarget, VisitPaper
from geodata.inspections.routes import plan_route
from geodata.layers.fuel_sites.visits import InspectionVisit
from tests.visit_forms import clean_visit
from tests.webmap.background import take_jobs


@pytest.fixture
def campaign(session, day):
    """campaign(number, site, starts, ends): one that everybody may try, its period in days from today."""

    def campaign_(number, site, starts=-10, ends=10):
        made = InspectionCampaign(
            number=number, title="Thử", field="petrol", is_illustration=True,
            starts_on=day + timedelta(days=starts), ends_on=day + timedelta(days=ends),
        )  # fmt: skip
        session.add(made)
        session.flush()
        session.add(InspectionTarget(campaign_id=made.id, feature_id=site.id))
        session.commit()
        return made

    return campaign_


def visit_now(client, site, **form):
    return int(client.post("/inspections/visits", data={"site": site.id, **form}).location.rsplit("/", 1)[1])


def finish(client, session, paper, day, **more):
    session.expire_all()
    version = session.get_one(VisitPaper, paper).version
    content = clean_visit(day, **more)
    return client.post(f"/inspections/visits/{paper}", data={**content, "version": version, "action": "finish"})


def only_visit(session):
    session.expire_all()
    return session.scalars(select(InspectionVisit)).one()


def test_a_visit_by_filter_and_route_is_the_campaign_s(session, inspector, site, day, campaign):
    wanted = campaign("1/KH", site)
    tomorrow = (day + timedelta(days=1)).isoformat()
    made = inspector.post("/inspections/routes", data={"site": site.id, "person": "inspector-test", "day": tomorrow})
    (route,) = take_jobs(session, "plan_route")
    plan_route(session, route)
    inspector.post(f"{made.location}/assign")
    paper = session.scalars(select(VisitPaper)).one()
    assert (paper.campaign_id, paper.kind) == (wanted.id, "planned")
    assert finish(inspector, session, paper.id, day).status_code == 302
    assert (only_visit(session).campaign_id, only_visit(session).kind) == (wanted.id, "planned")
    assert "<strong>1/1</strong>" in inspector.get(f"/inspections/campaigns/{wanted.id}").text
    assert site.name not in inspector.get(f"/inspections/worklist?campaign={wanted.id}").text


def test_of_several_campaigns_one_is_asked_for(session, inspector, site, day, campaign):
    first, second = campaign("1/KH", site), campaign("2/KH", site)
    paper = visit_now(inspector, site)
    page = inspector.get(f"/inspections/visits/{paper}").text
    assert "hãy chọn" in page
    refused = finish(inspector, session, paper, day)
    assert refused.status_code == 400
    assert "Nhiều kế hoạch có cơ sở này" in refused.text
    assert finish(inspector, session, paper, day, campaign="99999").status_code == 400
    assert finish(inspector, session, paper, day, campaign=str(second.id)).status_code == 302
    assert only_visit(session).campaign_id == second.id
    assert "<strong>0/1</strong>" in inspector.get(f"/inspections/campaigns/{first.id}").text


def test_a_visit_may_be_said_to_be_under_no_campaign(session, inspector, site, day, campaign):
    campaign("1/KH", site)
    paper = visit_now(inspector, site)
    assert finish(inspector, session, paper, day, campaign="0").status_code == 302
    assert (only_visit(session).campaign_id, only_visit(session).kind) == (None, "unplanned")


def test_a_campaign_that_is_over_or_waived_the_site_takes_no_visit(session, inspector, site, day, campaign):
    campaign("1/KH", site, -30, -1)
    waived = campaign("2/KH", site)
    session.scalars(select(InspectionTarget).where(InspectionTarget.campaign_id == waived.id)).one().state = "waived"
    session.commit()
    paper = visit_now(inspector, site)
    assert finish(inspector, session, paper, day).status_code == 302
    assert only_visit(session).campaign_id is None


def test_what_counts_is_the_day_of_the_visit_not_that_of_the_plan(session, inspector, site, day, campaign):
    ended = campaign("1/KH", site, -30, -5)
    paper = visit_now(inspector, site)
    assert finish(inspector, session, paper, day - timedelta(days=6)).status_code == 302
    assert only_visit(session).campaign_id == ended.id


def test_a_site_that_becomes_a_target_while_the_visit_is_written_counts(session, inspector, site, day, campaign):
    paper = visit_now(inspector, site)
    later = campaign("1/KH", site)
    assert finish(inspector, session, paper, day).status_code == 302
    assert only_visit(session).campaign_id == later.id


def test_a_correction_can_move_a_visit_to_its_campaign(session, inspector, site, day, campaign):
    wanted = campaign("1/KH", site)
    paper = visit_now(inspector, site)
    finish(inspector, session, paper, day, campaign="0")
    inspector.post(f"/inspections/visits/{paper}/correct", data={"reason": "Ghi nhầm"})
    corrected = finish(inspector, session, paper, day, campaign=str(wanted.id), reason="Ghi nhầm")
    assert corrected.status_code == 302
    assert only_visit(session).campaign_id == wanted.id


def test_without_dates_a_campaign_runs_always(session, inspector, site, campaign):
    made = campaign("1/KH", site)
    made.starts_on = made.ends_on = None
    session.commit()
    paper = visit_now(inspector, site)
    assert finish(inspector, session, paper, date(2020, 3, 2)).status_code == 302
    assert only_visit(session).campaign_id == made.id
