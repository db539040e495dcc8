"""What falls due is counted as it is listed."""

from datetime import date, timedelta

import pytest

from geodata.following.dues import count_dues, read_dues
from geodata.layers import LAYERS
from geodata.schema.roles import Role


@pytest.mark.parametrize("role", list(Role))
def test_as_much_is_counted_as_is_listed_of_what_has_no_page(demo_connection, role):
    days = [date(2020, 1, 1) + timedelta(days=step) for step in range(0, 3000, 250)]
    listed = {day: sum(not one.due.has_page for one in read_dues(demo_connection, role, LAYERS, day)) for day in days}
    assert {day: count_dues(demo_connection, role, LAYERS, day) for day in days} == listed
    assert any(listed.values()) == (role in {Role.PLANNER, Role.LEADER, Role.ADMIN})
