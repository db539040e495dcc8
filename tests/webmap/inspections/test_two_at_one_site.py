"""Two people at one site: joined in one record, or each with his own; conflicts are told in words."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from geodata.accounts.access import create_user
from geodata.inspections.records import VisitPaper
from tests.conftest import PASSWORD
from tests.visit_forms import clean_visit, finish, minutes, open_visit, save, violation


@pytest.fixture
def second(app, session):
    """Another inspector."""
    create_user(session, name="second-test", role="inspector", password=PASSWORD)
    session.commit()
    client = app.test_client()
    assert client.post("/login", data={"username": "second-test", "password": PASSWORD}).status_code == 302
    return client


def test_a_second_person_at_the_site_is_offered_to_join_and_then_writes_on_the_same_record(
    session, inspector, second, site, day
):
    paper = open_visit(inspector, site)
    assert second.get(f"/inspections/visits/{paper}").status_code == 404
    offered = second.post("/inspections/visits", data={"site": site.id})
    assert offered.status_code == 409
    assert f"/inspections/visits/{paper}/join" in offered.text
    assert session.scalars(select(VisitPaper)).one().id == paper
    assert second.post(f"/inspections/visits/{paper}/join").status_code == 302
    assert save(second, paper, {"note": "Người thứ hai"}, 1, {}).status_code == 200
    assert site.name in second.get("/inspections/visits").text
    assert finish(inspector, paper, violation(day) | {"note": "Người thứ hai"}, 2).status_code == 302
    assert "second-test" in minutes(inspector, paper)[0]
    assert "/join" not in second.post("/inspections/visits", data={"site": site.id}).headers.get("Location", "")


def test_who_wants_a_record_of_his_own_gets_one_and_nobody_joins_a_finished_or_past_one(
    session, inspector, second, site, day
):
    paper = open_visit(inspector, site)
    own = second.post("/inspections/visits", data={"site": site.id, "separate": "1"})
    assert own.status_code == 302
    finish(inspector, paper, clean_visit(day))
    assert second.post(f"/inspections/visits/{paper}/join").status_code == 409
    past = open_visit(inspector, site, planned_on=(day - timedelta(days=1)).isoformat())
    assert second.post(f"/inspections/visits/{past}/join").status_code == 409


def test_a_conflict_is_told_in_words(inspector, leader, site):
    paper = open_visit(inspector, site)
    save(leader, paper, {"answer.fire": "ok", "finding.a1.severity": "major"}, 1, {})
    told = save(inspector, paper, {"answer.fire": "not_ok", "finding.a1.severity": "minor"}, 1, {})
    assert told.status_code == 409
    words = {row["name"]: (row["mine_told"], row["theirs_told"]) for row in told.json["conflicts"]}
    assert words["answer.fire"] == ("Không đạt", "Đạt")
    assert "Tồn tại lớn" in words["finding.a1.severity"]
