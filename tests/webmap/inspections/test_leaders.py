"""Leaders: they see and steer the work of all, and answer minutes; inspectors see what was answered."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from geodata.accounts.access import create_user, disable_user
from geodata.accounts.accounts import AuditEntry
from geodata.inspections.records import InspectionCampaign, VisitPaper
from geodata.layers.fuel_sites import FuelSite
from tests.conftest import PASSWORD
from tests.factories import make_feature
from tests.pages import squeezed
from tests.visit_forms import clean_visit


@pytest.fixture
def colleague(session):
    create_user(session, name="colleague", role="inspector", password=PASSWORD, full_name="Đồng nghiệp")
    session.commit()
    return "colleague"


def visit_now(client, site, **form):
    return int(client.post("/inspections/visits", data={"site": site.id, **form}).location.rsplit("/", 1)[1])


def paper_of(session, number):
    session.expire_all()
    return session.get_one(VisitPaper, number)


def finish(client, session, number, day, **more):
    content = clean_visit(day, **more)
    version = paper_of(session, number).version
    answer = client.post(f"/inspections/visits/{number}", data={**content, "version": version, "action": "finish"})
    assert answer.status_code == 302, answer.text


def reply(leader, session, number, state, remark="", version=None):
    data = {"state": state, "remark": remark, "version": version or paper_of(session, number).version}
    return leader.post(f"/inspections/people/minutes/{number}", data=data, follow_redirects=True).text


@pytest.fixture
def handed_in(session, inspector, site, day):
    number = visit_now(inspector, site)
    finish(inspector, session, number, day)
    return number


def test_minutes_are_received_returned_corrected_and_accepted(session, inspector, leader, handed_in, day):
    assert "Đã nhận" in inspector.get(f"/inspections/visits/{handed_in}").text
    assert "CHXD thử" in leader.get("/inspections/people").text
    assert "hãy ghi nội dung cần đính chính" in reply(leader, session, handed_in, "issues")
    reply(leader, session, handed_in, "issues", "Thiếu tên người làm chứng")
    for address in (f"/inspections/visits/{handed_in}", "/inspections/reminders", "/inspections/people"):
        page = inspector.get(address).text
        assert "Thiếu tên người làm chứng" in page or "cần đính chính" in page, address
    inspector.post(f"/inspections/visits/{handed_in}/correct", data={"reason": "Ghi nhầm"})
    assert "Thiếu tên người làm chứng" in inspector.get(f"/inspections/visits/{handed_in}").text
    finish(inspector, session, handed_in, day, people="Nguyễn Văn A", reason="Bổ sung")
    page = leader.get(f"/inspections/visits/{handed_in}").text
    assert "cần đọc lại" in page
    assert "Đã chấp nhận" in reply(leader, session, handed_in, "accepted")
    assert "cần đính chính" not in inspector.get("/inspections/reminders").text


def test_an_accepted_record_that_is_corrected_is_received_again(session, inspector, leader, handed_in, day):
    reply(leader, session, handed_in, "accepted")
    inspector.post(f"/inspections/visits/{handed_in}/correct", data={"reason": "Ghi nhầm"})
    finish(inspector, session, handed_in, day, note="Thêm", reason="Bổ sung")
    page = inspector.get(f"/inspections/visits/{handed_in}").text
    assert 'tag-new">Đã nhận' in squeezed(page)


def test_an_answer_to_an_older_version_is_refused(session, leader, handed_in):
    assert "Biên bản đã thay đổi" in reply(leader, session, handed_in, "accepted", version=1)


def test_nobody_accepts_his_own_minutes(session, leader, site, day):
    number = visit_now(leader, site)
    finish(leader, session, number, day)
    assert "chính mình" in reply(leader, session, number, "accepted")
    assert "Chấp nhận biên bản" not in leader.get(f"/inspections/visits/{number}").text


def test_an_inspector_leads_nothing(session, inspector, site, day, colleague, handed_in):
    assert inspector.post(f"/inspections/people/minutes/{handed_in}", data={"state": "accepted"}).status_code == 403
    assert inspector.post("/inspections/people/assign", data={"site": site.id, "person": colleague}).status_code == 403
    assert inspector.get("/inspections/people/colleague/open").status_code == 403
    page = inspector.get("/inspections/people").text
    assert "inspector-test" in page
    assert "Đồng nghiệp" not in page


def test_a_leader_assigns_a_visit_and_hands_it_over_with_what_is_written(
    session, inspector, leader, site, day, colleague
):
    tomorrow = (day + timedelta(days=1)).isoformat()
    sent = leader.post(
        "/inspections/people/assign", data={"site": site.id, "person": "inspector-test", "planned_on": tomorrow}
    )
    assert site.name in leader.get(sent.location).text
    again = {"site": site.id, "person": colleague, "planned_on": tomorrow}
    refused = leader.post("/inspections/people/assign", data=again, follow_redirects=True)
    assert "đã nhận kiểm tra" in refused.text
    paper = session.scalars(select(VisitPaper)).one()
    draft = {"version": paper.version, "content": {"note": "Đã gọi trước"}}
    assert inspector.put(f"/inspections/visits/{paper.id}/draft", json=draft).status_code == 200
    assert site.name in leader.get("/inspections/people/inspector-test/open").text
    leader.post("/inspections/people/inspector-test/open", data={"paper": paper.id, "to": colleague})
    moved = paper_of(session, paper.id)
    assert (moved.inspector, moved.content["note"]) == (colleague, "Đã gọi trước")
    assert inspector.get(f"/inspections/visits/{paper.id}").status_code == 404
    told = session.scalars(select(AuditEntry).where(AuditEntry.action == "Handed over a visit")).one()
    assert told.details == "inspector-test → colleague"


def test_the_board_counts_planned_missed_done_and_open_by_inspector(session, inspector, leader, site, day, handed_in):
    for days in (-3, 2):
        other = make_feature(session, FuelSite, kind="petrol")
        session.commit()
        visit_now(inspector, other, planned_on=(day + timedelta(days=days)).isoformat())
    third = make_feature(session, FuelSite, kind="petrol")
    session.commit()
    number = visit_now(inspector, third)
    bad = {
        "finding.a.severity": "violation", "finding.a.description": "x", "finding.a.act": "Nghị định 99/2020/NĐ-CP",
        "finding.a.article": "14", "finding.a.due": (day - timedelta(days=10)).isoformat(),
    }  # fmt: skip
    finish(inspector, session, number, day - timedelta(days=20), **bad)
    row = leader.get("/inspections/people").text.split("person=inspector-test")[1].split("</tr>")[0]
    numbers = [part.split("<")[0] for part in row.split('class="number')[1:]]
    assert [text.split(">")[1] for text in numbers] == ["1", "1", "2", "0", "2", "0", "1", "1"]


def test_the_work_of_somebody_who_left_can_still_be_handed_over(session, inspector, leader, site, colleague):
    number = visit_now(inspector, site)
    disable_user(session, "inspector-test", by="test")
    session.commit()
    assert "không còn kiểm tra" in leader.get("/inspections/people").text
    leader.post("/inspections/people/inspector-test/open", data={"paper": number, "to": colleague})
    assert paper_of(session, number).inspector == colleague


def test_a_leader_edits_every_campaign_and_the_audit_log_tells_it_in_words(session, leader, day):
    campaign = InspectionCampaign(number="1/KH", title="Cũ", field="petrol", made_by="inspector-test")
    session.add(campaign)
    session.commit()
    address = f"/inspections/campaigns/{campaign.id}/edit"
    assert 'value="Cũ"' in leader.get(address).text
    data = {"number": "1/KH", "title": "Mới", "field": "petrol", "ends_on": day.isoformat()}
    assert leader.post(address, data=data).status_code == 302
    told = session.scalars(select(AuditEntry).where(AuditEntry.subject == "1/KH")).one().details
    assert told == f"Tên: Cũ → Mới; Đến ngày: – → {day:%d/%m/%Y}"
    wrong = data | {"starts_on": (day + timedelta(days=1)).isoformat()}
    assert leader.post(address, data=wrong).status_code == 400
    session.expire_all()
    assert session.scalars(select(InspectionCampaign)).one().starts_on is None
