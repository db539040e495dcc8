"""One save of figures is one change set: all or nothing, not over what somebody else stored, and taken back."""

from datetime import date
from decimal import Decimal

import pytest

from geodata.base.errors import ConflictError, NotFoundError
from geodata.statistics.figure_changes import (
    Cell,
    CellsChangedError,
    CellsRefusedError,
    Origin,
    list_change_sets,
    list_changes,
    record_month,
    store_cells,
    take_back,
)
from geodata.statistics.indicators import FigureVersion, Indicator, Month, MonthKey, get_series

JANUARY, FEBRUARY = MonthKey(date(2020, 1, 1)), MonthKey(date(2020, 2, 1))
BY = Origin(by="planner", source="Báo cáo tháng 2")


@pytest.fixture
def retail(session):
    session.add_all(
        [
            Indicator(code="retail", name="Bán lẻ", unit="bn VND"),
            Indicator(code="iip", name="IIP", unit="%", is_index=True),
        ]
    )
    session.flush()


def cell(value, month=FEBRUARY, figure="value", before=None, code="retail"):
    number, was = (None if each is None else Decimal(each) for each in (value, before))
    return Cell(code=code, month=month, figure=figure, value=number, before=was)


def stored(session, month=FEBRUARY, code="retail"):
    return next((one for one in get_series(session.connection(), code).months if one.key == month), None)


def test_many_cells_are_one_change_set_with_its_source(session, retail):
    made = store_cells(session, [cell("12241", JANUARY), cell("11159"), cell("23400", figure="cumulative")], BY)
    assert made.counts == {"cells": 3, "months": 2}
    assert [one.id for one in list_change_sets(session, limit=5)] == [made.id]
    assert (stored(session).value, stored(session).cumulative, stored(session).source) == (
        11159,
        23400,
        "Báo cáo tháng 2",
    )


def test_what_is_stored_already_makes_no_change_set(session, retail):
    store_cells(session, [cell("11159")], BY)
    assert store_cells(session, [cell("11159.0", before="11159")], BY) is None


def test_an_emptied_month_is_gone(session, retail):
    store_cells(session, [cell("11159")], BY)
    store_cells(session, [cell(None, before="11159")], BY)
    assert stored(session) is None


def test_what_somebody_else_stored_since_is_not_overwritten(session, retail):
    store_cells(session, [cell("11159")], BY)
    with pytest.raises(CellsChangedError) as refused:
        store_cells(session, [cell("12000"), cell("1", JANUARY)], BY)
    assert [problem.message.values["stored"] for problem in refused.value.problems] == [11159]
    assert stored(session, JANUARY) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": "5", "code": "iip"},
        {"value": "1e13"},
        {"value": "5", "code": "gdp"},
        {"value": "5", "figure": "sales"},
        {"value": "5", "month": MonthKey(date(1066, 1, 1))},
        {"value": "5", "month": MonthKey(date(2020, 1, 2))},
        {"value": "5", "month": MonthKey(date(2020, 1, 1), FigureVersion.ACTUAL, "Cao")},
    ],
)
def test_one_impossible_cell_stores_none(session, retail, wrong):
    with pytest.raises(CellsRefusedError):
        store_cells(session, [cell("11159"), cell(**wrong)], BY)
    assert stored(session) is None


def test_scenarios_of_a_month_stand_side_by_side(session, retail):
    keys = [MonthKey(date(2020, 12, 1), FigureVersion.SCENARIO, name) for name in ("Cao", "Thấp")]
    store_cells(
        session, [cell(value, key, "cumulative") for value, key in zip(("160000", "150000"), keys, strict=True)], BY
    )
    assert [stored(session, key).cumulative for key in keys] == [160000, 150000]


def test_a_save_is_taken_back_and_the_undoing_too(session, retail):
    store_cells(session, [cell("11159")], BY)
    second = store_cells(session, [cell("11195", before="11159"), cell("7", JANUARY)], BY)
    undoing, kept = take_back(session, second.id, by="admin")
    assert (stored(session).value, stored(session, JANUARY), kept) == (11159, None, [])
    with pytest.raises(ConflictError):
        take_back(session, second.id, by="admin")
    take_back(session, undoing.id, by="admin")
    assert (stored(session).value, stored(session, JANUARY).value) == (11195, 7)


def test_an_undo_leaves_what_was_changed_again_and_says_so(session, retail):
    first = store_cells(session, [cell("11159"), cell("23400", figure="cumulative")], BY)
    store_cells(session, [cell("11160", before="11159")], BY)
    _, kept = take_back(session, first.id, by="admin")
    assert (stored(session).value, stored(session).cumulative) == (11160, None)
    assert [(one.key, one.after.value) for one in kept] == [(FEBRUARY, 11160)]


def test_the_form_of_one_month_is_in_the_history_too(session, retail):
    record_month(session, "retail", Month(period=date(2020, 2, 1), value=Decimal(11159)), by="planner")
    (found,) = list_change_sets(session, limit=5)
    assert list_changes(session, found.id)[0].figures() == [("value", None, 11159)]


def test_a_change_set_of_a_layer_is_none_of_indicators(session, retail):
    with pytest.raises(NotFoundError):
        take_back(session, 10**9, by="admin")
