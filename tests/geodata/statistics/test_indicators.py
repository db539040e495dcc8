"""Monthly figures: what fits each other, what does not, and how a month is stored."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from geodata.base.errors import InvalidValueError, NotFoundError
from geodata.statistics.figure_changes import record_month
from geodata.statistics.figure_checks import check_figures, month_before
from geodata.statistics.indicators import (
    FigureVersion,
    Indicator,
    IndicatorValue,
    Month,
    get_series,
    list_series,
)

JANUARY, FEBRUARY, MARCH = (date(2020, number, 1) for number in (1, 2, 3))


def month(period=FEBRUARY, **figures):
    return Month(period=period, **{name: Decimal(value) for name, value in figures.items()})


def february_2020(**changes):
    """The department's report of 02/03/2020."""
    return month(**({"value": "11159", "month_change_percent": "-8.84", "cumulative": "23400"} | changes))


def differing(checked, others=()):
    return [check for check in check_figures(checked, others) if not check.is_consistent]


def test_the_report_of_february_2020_fits_itself():
    (check,) = check_figures(february_2020())
    assert check.is_consistent
    assert check.message.values["then"] == 12241
    assert check.message.values["expected"] == Decimal("-8.84")


@pytest.mark.parametrize("slip", [{"value": "11195"}, {"cumulative": "24300"}, {"month_change_percent": "8.84"}])
def test_a_slip_of_the_keys_is_told(slip):
    (check,) = differing(february_2020(**slip))
    assert check.message.values["expected"] != check.message.values["given"]


def test_the_rounding_of_the_report_is_no_mistake():
    # 11.159,4 and 23.400,4 would both be printed as they are; the change then lies between −8,831 and −8,848 %.
    assert not differing(february_2020(month_change_percent="-8.83"))
    assert differing(february_2020(month_change_percent="-8.82"))


def test_the_year_so_far_grows_by_the_month():
    before = month(FEBRUARY, cumulative="23400")
    assert not differing(month(MARCH, value="11600", cumulative="35000"), [before])
    assert differing(month(MARCH, value="11600", cumulative="35010"), [before])


def test_in_january_the_year_so_far_is_the_month():
    assert not differing(month(JANUARY, value="12241", cumulative="12241"))
    assert differing(month(JANUARY, value="12241", cumulative="12000"))


def test_the_same_month_last_year_is_compared():
    last_year = month(date(2019, 2, 1), value="10070")
    assert not differing(month(value="11159", year_change_percent="10.82"), [last_year])
    assert differing(month(value="11159", year_change_percent="11.82"), [last_year])


def test_a_target_is_not_compared_with_what_happened():
    target = Month(period=JANUARY, version=FigureVersion.TARGET, value=Decimal(1), cumulative=Decimal(1))
    assert not differing(month(value="11159", cumulative="23400"), [target])


def test_what_is_missing_is_not_compared():
    assert check_figures(month(year_change_percent="30.11", month_change_percent="-10.16")) == []


def test_nothing_is_divided_by_nothing():
    assert check_figures(february_2020(value="0", cumulative="0", month_change_percent="0")) == []


def test_the_month_before_january_is_december():
    assert month_before(JANUARY) == date(2019, 12, 1)


@pytest.fixture
def retail(session):
    session.add(Indicator(code="retail", name="Bán lẻ", unit="bn VND"))
    session.flush()


def test_a_month_is_stored_and_corrected_in_place(session, retail):
    record_month(session, "retail", february_2020(value="1"), by="planner")
    record_month(session, "retail", february_2020(), by="admin")
    (stored,) = get_series(session.connection(), "retail").months
    assert stored.value == 11159
    assert session.query(IndicatorValue).one().entered_by == "admin"


def test_actual_and_target_of_a_month_live_side_by_side(session, retail):
    record_month(session, "retail", february_2020(), by="planner")
    target = Month(period=FEBRUARY, version=FigureVersion.TARGET, value=Decimal(12000))
    record_month(session, "retail", target, by="planner")
    series = get_series(session.connection(), "retail")
    assert {one.version for one in series.months} == {FigureVersion.ACTUAL, FigureVersion.TARGET}
    assert [one.value for one in series.months_of(FigureVersion.TARGET)] == [12000]


def test_an_empty_month_and_an_unknown_series_are_refused(session, retail):
    with pytest.raises(InvalidValueError):
        record_month(session, "retail", Month(period=FEBRUARY), by="planner")
    with pytest.raises(NotFoundError):
        record_month(session, "gdp", february_2020(), by="planner")


def test_the_database_keeps_months_by_their_first_day(session, retail):
    series = session.query(Indicator).one()
    session.add(IndicatorValue(indicator_id=series.id, period=date(2020, 2, 29), value=1))
    with pytest.raises(IntegrityError, match="period_is_a_month"):
        session.flush()


def test_the_demo_months_fit_each_other(demo_connection):
    series = list_series(demo_connection)
    assert {one.code for one in series} >= {"iip", "retail"}
    assert [check for one in series for this in one.months for check in differing(this, one.months)] == []
