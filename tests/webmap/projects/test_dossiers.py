"""The board of dossiers: where each stands, since when, how late; what rings."""

import re
from datetime import date

import pytest

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
    text = " ".join(re.sub(r"<[^>]+>", " ", page.text).split())
    assert re.search(
        r"Đang thẩm định 2 .*Giang Biên .*Cụm công nghiệp Tân Trào .*hạn 10/03/2020 chậm [\d.]+ ngày", text
    )
    assert re.search(r'href="/\?layers=industrial_clusters[^"]*edit=?"', page.text)
    assert "edit=" not in sign_in(demo_app, "leader").get("/clusters/pipeline").text
    assert demo_app.test_client().get("/clusters/pipeline").status_code in {302, 401}


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
