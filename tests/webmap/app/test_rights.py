"""Every id from outside is asked for by somebody: what is not his is answered as what is not there, and written down."""

import re

import pytest
from sqlalchemy import func, select

from geodata.accounts.access import create_user
from geodata.accounts.accounts import AuditEntry
from geodata.accounts.scopes import limit_user
from geodata.importing.sessions import sessions
from geodata.importing.sessions.documents import Facts, StoredCounts, StoredReport
from geodata.importing.sessions.model import ImportSession, Stage, Task
from geodata.inspections.records import DayRoute, InspectionCampaign, VisitPaper
from geodata.layers import LAYERS
from geodata.layers.fuel_sites import FuelSite
from geodata.query.documents import FeatureDocument, LegalAct
from tests.conftest import PASSWORD, sign_in
from tests.factories import make_feature
from tests.webmap.app.test_areas import AREA, enter, inside


@pytest.fixture
def others(session):
    """What belongs to another inspector: a visit, a campaign and a route."""
    site = make_feature(session, FuelSite, code="S-1", name="CHXD thử", kind="petrol")
    campaign = InspectionCampaign(number="9/KH", title="Kín", field="petrol", made_by="else")
    session.add(campaign)
    session.flush()
    paper = VisitPaper(
        feature_id=site.id, kind="unplanned", state="planned", inspector="else", planned_on=func.current_date(),
        content={}, saved_by="else", campaign_id=campaign.id,
    )  # fmt: skip
    route = DayRoute(day=func.current_date(), made_by="else", request={"people": ["else"], "places": {}})
    session.add_all([paper, route])
    session.commit()
    return {"site": site.id, "campaign": campaign.id, "paper": paper.id, "route": route.id}


ADDRESSES = (
    "/inspections/visits/{paper}", "/inspections/visits/{paper}/minutes.pdf", "/inspections/visits/{paper}/pictures/1",
    "/inspections/visits/{paper}/editions/1",
    "/inspections/campaigns/{campaign}", "/inspections/campaigns/{campaign}/targets.xlsx",
    "/inspections/campaigns/{campaign}/targets.pdf", "/inspections/campaigns/{campaign}/picks",
    "/inspections/worklist?campaign={campaign}", "/inspections/worklist/table.xlsx?campaign={campaign}",
    "/inspections/routes/{route}", "/inspections/routes/{route}/state", "/inspections/routes/{route}.gpx",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_somebody_else_s_is_answered_as_what_is_not_there(app, others, address):
    client = sign_in(app, "inspector")
    name = address.partition("{")[2].partition("}")[0]
    own, absent = address.format(**others), address.format(**{name: 999_999_999})
    first, second = client.get(own), client.get(absent)
    assert (first.status_code, second.status_code) == (404, 404)
    assert said(first, others[name]) == said(second, 999_999_999)


def said(answer, number):
    """Return what the page says, without the id that was asked for."""
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", answer.text, re.DOTALL)
    return (heading[1] if heading else answer.text).replace(f"“{number}”", "")


def test_a_refusal_is_written_down_once(app, session, others):
    client = sign_in(app, "inspector")
    for _ in range(3):
        client.get(f"/inspections/campaigns/{others['campaign']}")
        client.get("/admin/users")
    lines = session.execute(
        select(AuditEntry.account_name, AuditEntry.details).where(AuditEntry.action == "Was refused")
    ).all()
    assert lines == [
        ("inspector-test", f"GET /inspections/campaigns/{others['campaign']}"), ("inspector-test", "GET /admin/users"),
    ]  # fmt: skip


def test_a_file_taken_along_is_written_down_with_what_was_asked_for(app, session):
    assert sign_in(app, "planner").get("/layers/markets/export?format=csv&q=ch").status_code == 200
    assert app.test_client().get("/layers/markets/export?format=csv").status_code == 200
    lines = session.execute(
        select(AuditEntry.account_name, AuditEntry.details).where(AuditEntry.action == "Downloaded a file")
    )
    assert lines.all() == [("planner-test", "GET /layers/markets/export?format=csv&q=ch")]


def test_who_confirms_another_s_import_is_written_down(session):
    found = ImportSession(
        task=Task.IMPORT, layer="markets", user_name="uploader", status=Stage.READY, file_name="a.csv",
        report=StoredReport(counts=StoredCounts(new=2)), facts=Facts(mark="m"),
    )  # fmt: skip
    session.add(found)
    session.commit()
    sessions.confirm(session, found, seen="m", accept_partial=False, by="gis-test")
    assert (found.user_name, found.options.confirmed_by) == ("uploader", "gis-test")
    line = session.scalars(select(AuditEntry).where(AuditEntry.action == "Confirmed an import")).one()
    assert (line.account_name, line.subject) == ("gis-test", f"import {found.id}")


def test_who_sees_a_part_of_the_province_learns_no_number_of_the_whole(demo_app, demo_session, demo_connection):
    create_user(demo_session, name="phuong", role="planner", password=PASSWORD)
    limit_user(demo_session, LAYERS, "phuong", [AREA])
    market = LAYERS.get("markets")
    act = LegalAct(number="77/2026/QĐ-THỬ", kind="decision")
    demo_session.add(act)
    demo_session.flush()
    every = set(demo_session.scalars(select(market.id)))
    for number in every:
        demo_session.add(FeatureDocument(layer="markets", feature_id=number, legal_act_id=act.id))
    demo_session.commit()
    own, client = inside(demo_connection, market), enter(demo_app, "phuong")
    (told,) = client.get("/api/search?q=77/2026/QĐ-THỬ").json["acts"]
    assert told["features"] == len(own) < len(every)
    whole = sign_in(demo_app, "planner")
    assert whole.get("/api/search?q=77/2026/QĐ-THỬ").json["acts"][0]["features"] == len(every)
    assert client.get("/indicators").status_code == 403
    assert 'id="indicators"' in whole.get("/dashboard").text
    assert 'id="indicators"' not in client.get("/dashboard").text
