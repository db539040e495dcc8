"""The page of a year of an indicator: drawings with their table, goals with what they ask, who may set them."""

import re

import pytest

from geodata.statistics.indicators import get_series

GOAL = {
    "series": "retail",
    "year": "2020",
    "scenario": "Phục hồi",
    "total": "150.000",
    "growth": "",
    "source": "Tờ trình",
}


@pytest.fixture
def planner(demo_login):
    return demo_login("planner")


@pytest.mark.parametrize(
    ("role", "status"), [("planner", 200), ("leader", 200), ("admin", 200), ("inspector", 403), ("gis", 403)]
)
def test_staff_who_report_see_it(demo_login, role, status):
    page = demo_login(role).get("/indicators/charts?series=retail&year=2020")
    assert page.status_code == status
    assert ("Lưu mục tiêu" in page.text) == (role in {"planner", "admin"})


def test_the_year_so_far_last_year_and_what_each_scenario_asks_stand_beside_the_drawing(planner):
    page = planner.get("/indicators/charts?series=retail&year=2020").text
    assert page.count('<rect class="now"') == 4  # two months, drawn for desks and phones
    assert page.count('<line class="level scenario"') == 6
    assert "154.285 tỷ đồng" in page
    assert "13.089 tỷ đồng" in page
    assert "+14,41 %" in page
    assert "Số minh họa" in page


def test_what_is_stated_and_what_is_computed_stand_side_by_side(planner):
    page = planner.get("/indicators/charts?series=retail&year=2020").text
    assert re.search(r"−8,84 %<small[^>]*>= −8,84 %", page)


def test_an_index_is_drawn_by_its_changes(planner):
    page = planner.get("/indicators/charts?series=iip&year=2020").text
    assert "≈ +19,29 %" in page
    assert 'name="total"' not in page


def test_a_goal_is_set_changed_and_taken_away(planner, demo_connection):
    def goals():
        months = get_series(demo_connection, "retail").months
        return [month for month in months if month.scenario == "Phục hồi"]

    assert planner.post("/indicators/charts", data=GOAL).status_code == 302
    assert [(one.cumulative, one.source) for one in goals()] == [(150000, "Tờ trình")]
    planner.post("/indicators/charts", data=GOAL | {"total": "151.000"})
    assert goals()[0].cumulative == 151000
    planner.post("/indicators/charts", data=GOAL | {"total": ""})
    assert goals() == []


@pytest.mark.parametrize(
    "slip",
    [{"total": "nhiều"}, {"total": ""}, {"total": "150,000.5"}, {"series": "iip"}, {"total": "", "growth": "9999999"}],
)
def test_what_is_no_goal_is_told_and_kept(planner, slip):
    answer = planner.post("/indicators/charts", data=GOAL | {"scenario": "Khác"} | slip)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_an_unknown_series_or_year_is_told(planner):
    assert planner.get("/indicators/charts?series=gdp").status_code == 404
    assert planner.get("/indicators/charts?series=retail&year=1066").status_code == 400


def test_leaders_set_no_goals(demo_login):
    assert demo_login("leader").post("/indicators/charts", data=GOAL).status_code == 403
