"""Complaints of the public: they raise a site on the worklist until a visit has looked into them; who complained stays secret."""

import io

import pytest
from docx import Document
from sqlalchemy import func, select

from geodata.accounts.accounts import AuditEntry
from geodata.inspections import worklist
from geodata.inspections.complaints import Complaint
from geodata.inspections.records import VisitPaper
from geodata.inspections.weights import WEIGHTS
from tests.conftest import sign_in
from tests.visit_forms import clean_visit, finish, open_visit

ADDRESS = "/inspections/complaints"
WHO, ABOUT = "Lê Thị Bí Mật", "Bơm thiếu xăng ở cột số 2"


def enter(client, site, day, **changes):
    form = {
        "site": site.id, "received_on": day.isoformat(), "channel": "phone", "topic": "measure", "about": ABOUT,
        "complainant": WHO, "contact": "0900 000 000",
    }  # fmt: skip
    return client.post(ADDRESS, data=form | changes)


def stored(session):
    session.expire_all()
    return session.scalars(select(Complaint)).one()


def points(session, site):
    return worklist.read_points(session, [site.id])[site.id]


def test_a_complaint_raises_its_site_by_its_own_weight_and_says_why(inspector, session, site, day):
    before = points(session, site)
    assert enter(inspector, site, day).status_code == 302
    assert points(session, site) == before + WEIGHTS["complaint"][1]
    page = inspector.get("/inspections/worklist").text
    assert "Phản ánh chưa xác minh: 1" in page
    assert ABOUT in inspector.get(f"/inspections/sites/{site.id}").text
    assert "1 phản ánh chờ xác minh" in inspector.get("/inspections").text
    entry = select(AuditEntry).where(AuditEntry.subject == f"complaint {stored(session).id}")
    assert WHO not in str(vars(session.scalars(entry).one()))


def test_a_form_that_is_sent_twice_is_one_complaint_and_other_words_are_another(inspector, leader, session, site, day):
    for _ in range(2):
        assert enter(inspector, site, day).status_code == 302
    first = stored(session)
    entries = select(AuditEntry).where(AuditEntry.subject == f"complaint {first.id}")
    assert len(session.scalars(entries).all()) == 1
    enter(inspector, site, day, about="Cột số 3 cũng thiếu")
    enter(leader, site, day)
    assert session.scalar(select(func.count()).select_from(Complaint)) == 3


def test_a_visit_answers_it_its_minutes_name_nobody_and_a_correction_opens_it_again(inspector, session, site, day):
    enter(inspector, site, day)
    number, before = stored(session).id, points(session, site)
    paper = open_visit(inspector, site)
    assert ABOUT in inspector.get(f"/inspections/visits/{paper}").text
    answered = clean_visit(day) | {f"complaint.{number}": "partly"}
    refused = finish(inspector, paper, answered)
    assert refused.status_code == 400
    assert "Ghi điều đã thấy về phản ánh" in refused.text
    answered[f"complaint_note.{number}"] = "Cột 2 sai số vượt mức cho phép"
    version = session.get_one(VisitPaper, paper, populate_existing=True).version
    assert finish(inspector, paper, answered, version).status_code == 302
    row = stored(session)
    assert (row.outcome, row.closed_on, row.paper_id) == ("partly", day, paper)
    assert points(session, site) < before
    document = Document(io.BytesIO(inspector.get(f"/inspections/visits/{paper}/minutes.docx").data))
    said = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "đúng một phần. Cột 2 sai số vượt mức cho phép" in said
    assert WHO not in said
    assert ABOUT not in said
    inspector.post(f"/inspections/visits/{paper}/correct", data={"reason": "Ghi nhầm cơ sở"})
    version = session.get_one(VisitPaper, paper, populate_existing=True).version
    assert finish(inspector, paper, clean_visit(day), version, reason="Ghi nhầm cơ sở").status_code == 302
    assert stored(session).closed_on is None
    assert points(session, site) >= WEIGHTS["complaint"][1]


def test_a_visit_that_does_not_answer_leaves_it_open(inspector, session, site, day):
    enter(inspector, site, day)
    assert finish(inspector, open_visit(inspector, site), clean_visit(day)).status_code == 302
    assert stored(session).closed_on is None


def test_who_complained_is_told_to_leaders_and_to_who_entered_it_only(app, inspector, leader, session, site, day):
    enter(leader, site, day)
    assert WHO in leader.get(ADDRESS).text
    page = inspector.get(ADDRESS).text
    assert ABOUT in page
    assert WHO not in page
    for role in ("planner", "gis"):
        assert sign_in(app, role).get(ADDRESS).status_code == 403
    public = app.test_client()
    assert public.get(ADDRESS).status_code in {302, 401}
    assert ABOUT not in public.get(f"/api/layers/fuel_sites/features/{site.id}").text


def test_only_a_leader_dismisses_one_and_says_why(inspector, leader, session, site, day):
    enter(inspector, site, day)
    number = stored(session).id
    assert inspector.post(f"{ADDRESS}/{number}/dismiss", data={"reason": "x"}).status_code == 403
    assert leader.post(f"{ADDRESS}/{number}/dismiss", data={"reason": " "}).status_code == 400
    assert leader.post(f"{ADDRESS}/{number}/dismiss", data={"reason": "Trùng đơn trước"}).status_code == 302
    assert (stored(session).outcome, stored(session).answer) == ("dismissed", "Trùng đơn trước")
    assert leader.post(f"{ADDRESS}/{number}/dismiss", data={"reason": "x"}).status_code == 400
    assert "Trùng đơn trước" in inspector.get(f"{ADDRESS}?closed=1").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"about": " "}, {"received_on": "2999-01-01"}, {"received_on": ""}, {"topic": "x"}, {"channel": ""},
        {"complainant": "x" * 201},
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_and_the_form_keeps_the_words(inspector, session, site, day, wrong):
    answer = enter(inspector, site, day, **wrong)
    assert answer.status_code == 400
    assert "0900 000 000" in answer.text
    assert session.scalars(select(Complaint)).all() == []


def test_a_site_is_found_by_its_name_and_known_complaints_are_shown_before_a_new_one(inspector, session, site, day):
    assert f"site={site.id}" in inspector.get(f"{ADDRESS}/new?q=chxd thu").text
    enter(inspector, site, day)
    assert ABOUT in inspector.get(f"{ADDRESS}/new?site={site.id}").text


def test_an_answer_to_a_complaint_that_there_is_not_makes_nothing_fail(inspector, session, site, day):
    paper = open_visit(inspector, site)
    content = clean_visit(day) | {"complaint.99999999999999999999": "partly", "complaint.x": "partly"}
    assert finish(inspector, paper, content).status_code == 302
    assert inspector.get(f"/inspections/visits/{paper}").status_code == 200
