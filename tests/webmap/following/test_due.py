"""What falls due: each role's page and bell, by day."""

import re
from datetime import date

import pytest
from sqlalchemy import text

from geodata.base.database import as_today
from geodata.layers import LAYERS
from tests.conftest import sign_in
from tests.pages import squeezed
from webmap.papers.due import due_reports


def words_of(answer):
    assert answer.status_code == 200, answer.text[:300]
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


@pytest.mark.parametrize("role", ["planner", "leader", "admin"])
def test_who_steers_reads_milestones_obstacles_certificates_petitions_dossiers_and_reports(demo_app, role):
    page = words_of(sign_in(demo_app, role).get("/due"))
    for title in ("Mốc tiến độ", "Vướng mắc", "Giấy chứng nhận sắp hết hạn", "Trả lời kiến nghị", "Các bước hồ sơ"):
        assert title in page, title
    assert re.search(r"mạch 2 Chợ Rộc [^:]*: Đóng điện", page)


@pytest.mark.parametrize("role", ["inspector", "gis", "public"])
def test_others_have_no_such_page(demo_app, role):
    assert sign_in(demo_app, role).get("/due").status_code in {302, 401, 403}


def test_the_bell_counts_what_no_other_page_rings_for(demo_app, demo_connection):
    leader = sign_in(demo_app, "leader")
    bell = re.compile(r'href="/due"><span>[^<]*</span><strong>(\d+)</strong>')
    before = int(bell.search(squeezed(leader.get("/help").text))[1])
    done = demo_connection.execute(
        text(
            "UPDATE project_milestone SET done_on = planned_on WHERE done_on IS NULL AND planned_on < current_date"
            " AND feature_id IN (SELECT id FROM project WHERE status IS DISTINCT FROM 'done' AND status IS DISTINCT FROM 'cancelled')"
        )
    ).rowcount
    assert done
    assert int(bell.search(squeezed(leader.get("/help").text))[1]) == before - done


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 6, 14), ["2026-H1"]),
        (date(2026, 5, 10), []),
        (date(2026, 11, 20), ["2026"]),
        (date(2026, 12, 14), ["2026"]),
        (date(2026, 9, 20), []),
    ],
)
def test_half_yearly_and_yearly_reports_are_due_in_june_and_december(demo_connection, day, expected):
    with as_today(day):
        found = [one.period.text for one in due_reports(demo_connection, LAYERS, day)]
    assert [text for text in found if not re.fullmatch(r"\d{4}-\d{2}", text)] == expected


def test_a_report_that_was_sent_is_due_no_longer(demo_app):
    leader = sign_in(demo_app, "leader")
    with as_today(date(2026, 12, 1)):
        assert "tháng của Sở : 11/2026" in words_of(leader.get("/due"))
        assert leader.post("/papers/2026-11/send", data={}).status_code == 302
        assert "tháng của Sở : 11/2026" not in words_of(leader.get("/due"))
