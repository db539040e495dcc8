"""The board of dossiers: where each stands, since when, how late; what rings."""

import re
from datetime import date

import pytest
from sqlalchemy import text

from geodata.layers import LAYERS
from geodata.layers.industrial_clusters.details import DossierStepKind
from geodata.layers.markets import PricePlan
from geodata.projects.dossiers import Dossier, Step, ending, overdue, with_terms
from tests.conftest import sign_in

APPRAISED = Step(step=DossierStepKind.PROPOSAL, due_on=date(2020, 1, 10), done_on=date(2020, 1, 8))
WAITING = Step(step=DossierStepKind.APPRAISAL, due_on=date(2020, 2, 14))
LATER = Step(step=DossierStepKind.ESTABLISHMENT, due_on=date(2020, 1, 1))


def dossier(*steps):
    return Dossier(id=1, code="C", name="Cụm mẫu", state="appraising", steps=steps)


def test_the_step_is_the_first_of_the_procedure_that_is_not_done():
    found = dossier(LATER, WAITING, APPRAISED)
    assert found.current == WAITING
    assert (found.days_in_step(date(2020, 2, 20)), found.days_late(date(2020, 2, 20))) == (43, 6)
    assert (dossier(APPRAISED).current, dossier(APPRAISED).days_late(date(2020, 2, 20))) == (None, None)


@pytest.mark.parametrize(("day", "count"), [(date(2020, 2, 14), 0), (date(2020, 2, 15), 1)])
def test_the_day_it_is_due_is_still_in_time(day, count):
    assert len(overdue([dossier(WAITING)], day)) == count


def test_the_board_shows_tan_trao_under_appraisal_and_how_late_it_is(demo_app):
    page = sign_in(demo_app, "planner").get("/clusters/pipeline")
    assert page.status_code == 200
    told = " ".join(re.sub(r"<[^>]+>", " ", page.text).split())
    assert re.search(
        r"Đang thẩm định 2 .*Giang Biên .*Cụm công nghiệp Tân Trào .*hạn 10/03/2020 chậm [\d.]+ ngày", told
    )
    assert re.search(r'href="/\?layers=industrial_clusters[^"]*edit=?"', page.text)
    assert "edit=" not in sign_in(demo_app, "leader").get("/clusters/pipeline").text
    assert demo_app.test_client().get("/clusters/pipeline").status_code in {302, 401}


def test_each_card_says_how_long_its_step_may_take_and_who_holds_it(demo_app):
    board = " ".join(re.sub(r"<[^>]+>", " ", sign_in(demo_app, "leader").get("/clusters/pipeline").text).split())
    assert re.search(r"Giang Biên .*?ngày ở bước này, thời hạn 143 ngày .*?Đơn vị đang giữ: Hội đồng thẩm định", board)
    markets = board.partition("Chợ chuyển đổi mô hình quản lý")[2].partition("Phương án giá")[0]
    assert re.search(r"1 quá hạn .*Chợ Núi Đối .*?Phương án chuyển đổi, hạn 31/10/2026 chậm [\d.]+ ngày", markets)
    assert "Đơn vị đang giữ: Ủy ban nhân dân xã Kiến Thụy" in markets
    assert re.search(r"Đã kê khai, đang thẩm định \d+ .*Chợ Đại Hà : Nhóm 1: mặt đường, ki-ốt, Đang thẩm định", board)


def test_a_conversion_moves_on_when_its_step_and_state_are_edited(demo_app, demo_session):
    planner = sign_in(demo_app, "planner")
    (market,) = planner.get("/api/layers/markets/features?q=CHO-NUIDOI").json["features"]
    form = planner.get(f"/edit/markets/form?id={market['id']}").text
    version = form.partition('data-version="')[2].partition('"')[0]
    step = demo_session.scalar(
        text("SELECT id FROM market_conversion_step WHERE feature_id = :id AND step = 'plan'"), {"id": market["id"]}
    )
    edited = {
        "id": market["id"], "version": version, "values": {"conversion_step": "appraisal"},
        "details": {"conversion_steps": [
            {"id": step, "values": {"done_on": "2026-11-20"}},
            {"values": {"step": "appraisal", "due_on": "2027-01-15", "held_by": "Sở Tài chính"}},
        ]},
    }  # fmt: skip
    answer = planner.post("/edit/markets", json={"objects": [edited]})
    assert answer.status_code == 200, answer.text
    board = " ".join(re.sub(r"<[^>]+>", " ", planner.get("/clusters/pipeline").text).split())
    markets = board.partition("Chợ chuyển đổi mô hình quản lý")[2].partition("Phương án giá")[0]
    assert "quá hạn" not in markets
    assert re.search(r"Thẩm định 2 .*Chợ Núi Đối .*?hạn 15/01/2027 .*?thời hạn 56 ngày .*?Sở Tài chính", markets)


def test_a_price_plan_rings_until_another_of_its_group_follows(demo_session):
    (table,) = with_terms(LAYERS)

    def read():
        found = ending(demo_session.connection(), *table, date(2020, 3, 1))
        return {(one.feature_id, one.group) for one in found if one.feature == "Chợ Đại Hà"}

    groups = read()
    assert groups
    for market_id, group in groups:
        demo_session.add(
            PricePlan(
                feature_id=market_id, stall_group=group, price_vnd_m2_month=1, status="approved", valid_from=date(2020, 4, 2)
            )
        )  # fmt: skip
    demo_session.flush()
    assert not read()


def test_the_bell_names_each_kind_where_several_concern_a_person(demo_app):
    page = sign_in(demo_app, "leader").get("/help").text
    menu = page.partition("bell")[2].partition("account-name")[0]
    assert 'href="/petitions"' in menu
    assert 'href="/clusters/pipeline"' in menu
    assert 'href="/inspections/reminders"' in menu
