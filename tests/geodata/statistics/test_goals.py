"""What a year is to reach and what that asks of the months left; and what is computed beside what is stated."""

from datetime import date
from decimal import Decimal

import pytest

from geodata.statistics.figure_checks import compute_figures
from geodata.statistics.goals import goals_of, standing_of
from geodata.statistics.indicators import FigureVersion, Month, Series, get_series

TARGET, SCENARIO = FigureVersion.TARGET, FigureVersion.SCENARIO


def month(year, number, version=FigureVersion.ACTUAL, scenario="", **figures):
    numbers = {name: Decimal(value) for name, value in figures.items()}
    return Month(period=date(year, number, 1), version=version, scenario=scenario, **numbers)


def series(*months, is_index=False):
    return Series(code="x", name="X", name_en=None, unit="bn VND", is_index=is_index, months=months)


def test_a_growth_on_last_year_is_a_total_and_asks_a_mean_of_the_months_left():
    given = series(
        month(2019, 2, cumulative="200"), month(2019, 12, cumulative="1200"), month(2020, 2, cumulative="220"),
        month(2020, 12, TARGET, cumulative_change_percent="10"),
    )  # fmt: skip
    (goal,) = goals_of(given, 2020)
    assert goal.total == 1320
    assert goal.needed_a_month == 110
    assert goal.needed_growth_percent == 10
    assert round(goal.share_percent, 4) == Decimal("16.6667")


def test_a_total_is_a_growth_and_scenarios_follow_the_plan():
    given = series(
        month(2019, 12, cumulative="1000"), month(2020, 12, SCENARIO, "Thấp", cumulative="1050"),
        month(2020, 12, TARGET, cumulative="1100"),
    )  # fmt: skip
    assert [(goal.version, goal.growth_percent, goal.needed_a_month) for goal in goals_of(given, 2020)] == [
        (TARGET, 10, None),
        (SCENARIO, 5, None),
    ]


def test_of_an_index_the_growth_needed_is_rough():
    given = series(
        month(2020, 2, cumulative_change_percent="24"), month(2020, 12, TARGET, cumulative_change_percent="20"), is_index=True
    )  # fmt: skip
    (goal,) = goals_of(given, 2020)
    assert (goal.needed_growth_percent, goal.is_rough) == (Decimal("19.2"), True)


def test_a_goal_that_is_reached_says_so_and_a_year_that_is_over_asks_nothing():
    given = series(month(2020, 12, cumulative="1100"), month(2020, 12, TARGET, cumulative="1000"))
    (goal,) = goals_of(given, 2020)
    assert (goal.is_reached, goal.needed_a_month) == (True, None)
    assert standing_of(given, 2020).months_left == 0


def test_a_report_of_a_month_knows_no_later_one():
    given = series(
        month(2020, 2, cumulative="220"), month(2020, 3, cumulative="340"), month(2020, 12, TARGET, cumulative="1320")
    )
    assert [goals_of(given, 2020, until)[0].needed_a_month for until in (2, 3)] == [110, Decimal(980) / 9]


def test_without_a_month_of_the_year_nothing_is_needed_yet():
    given = series(month(2020, 12, TARGET, cumulative="1200"))
    (goal,) = goals_of(given, 2020)
    assert (goal.needed_a_month, goal.needed_growth_percent, standing_of(given, 2020).month) == (None, None, 0)


def test_the_demo_scenarios_of_2020_ask_what_plain_sums_do(demo_connection):
    retail = get_series(demo_connection, "retail")
    plan = goals_of(retail, 2020)[0]
    assert round(plan.total, 2) == round(Decimal("135338") * Decimal("1.14"), 2)
    assert round(plan.needed_a_month, 4) == round((Decimal("135338") * Decimal("1.14") - 23400) / 10, 4)
    then = Decimal(23400) / Decimal("1.1175")
    wanted = ((Decimal("135338") * Decimal("1.14") - 23400) / (135338 - then) - 1) * 100
    assert abs(plan.needed_growth_percent - wanted) < Decimal("1e-9")
    assert [goal.scenario for goal in goals_of(retail, 2020)[1:]] == ["1. Thấp", "2. Cơ sở", "3. Cao"]
    assert all(goal.source for goal in goals_of(retail, 2020))


def test_what_is_computed_counts_estimates_where_nothing_is_reported():
    given = (
        month(2020, 1, FigureVersion.ESTIMATE, value="100"),
        month(2020, 2, value="110", month_change_percent="12"),
    )
    found = compute_figures(given[1], given)
    assert (found["month_change_percent"].value, found["month_change_percent"].differs) == (10, True)
    assert found["cumulative"].value == 210


@pytest.mark.parametrize(("stated", "differs"), [("10", False), ("10.4", False), ("12", True)])
def test_only_what_roundings_cannot_explain_differs(stated, differs):
    given = (month(2019, 2, value="100"), month(2020, 2, value="110", year_change_percent=stated))
    assert compute_figures(given[1], given)["year_change_percent"].differs is differs


def test_a_sum_with_a_month_missing_is_none():
    given = (month(2020, 1, value="100"), month(2020, 3, value="110"))
    assert "cumulative" not in compute_figures(given[1], given)
