"""Day routes: hours, lunch, opening, urgency, unassigned ones with the reason."""

import random
from itertools import pairwise, permutations

import pytest
from hypothesis import example, given, settings, strategies as st

from geodata.base.errors import ConfigurationError, InvalidValueError
from geodata.inspections.routing import RouteOptions, Stop, keep_order, read_opening_hours, solve
from geodata.inspections.routing_table import read_routing_table

START = (106.68, 20.86)
OPTIONS = RouteOptions()


def stop(number, lon=106.70, lat=20.87, **more):
    return Stop(id=number, lon=lon, lat=lat, **more)


def order(found, person=0):
    return [each["id"] for each in found["routes"][person]["stops"]]


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("05:00-22:00", (300, 1320)),
        ("6h30 – 21h", (390, 1260)),
        (None, (0, 1440)),
        ("cả ngày", (0, 1440)),
        ("22:00-05:00", (0, 1440)),
    ],
)
def test_opening_hours_are_read_or_assumed_open(text, hours):
    assert read_opening_hours(text) == hours


def test_a_visit_lies_within_working_and_opening_hours_and_outside_lunch():
    stops = [stop(n, lon=106.6 + n / 100, opens=600 if n == 3 else 0, closes=1320) for n in range(1, 9)]
    found = solve(stops, ["a"], START, OPTIONS)
    lunch = found["routes"][0]["lunch"]
    for each in found["routes"][0]["stops"]:
        assert OPTIONS.starts <= each["arrive"]
        assert each["leave"] <= OPTIONS.ends
        assert each["leave"] <= lunch + 1 or each["arrive"] >= lunch + OPTIONS.lunch_minutes - 1
        assert each["id"] != 3 or each["arrive"] >= 600
    assert OPTIONS.lunch_from <= lunch <= OPTIONS.lunch_to
    assert found["routes"][0]["back"] <= OPTIONS.ends


def test_urgent_sites_come_in_the_morning():
    stops = [stop(n, lon=106.69 + n / 1000) for n in range(1, 7)] + [stop(9, lon=106.55, is_urgent=True)]
    found = solve(stops, ["a"], START, OPTIONS)
    urgent = next(each for each in found["routes"][0]["stops"] if each["id"] == 9)
    assert urgent["arrive"] <= OPTIONS.lunch_from


def test_what_does_not_fit_says_why():
    stops = [stop(n) for n in range(1, 30)] + [stop(50, opens=1200, closes=1320), stop(60, lon=109.5, lat=12.0)]
    found = solve(stops, ["a"], START, OPTIONS)
    reasons = {row["id"]: row["reason"] for row in found["unassigned"]}
    assert reasons[50] == "closed"
    assert reasons[60] == "far"
    assert "full" in reasons.values()
    assert len(order(found)) + len(reasons) == len(stops)


def test_nothing_possible_is_told_not_failed():
    found = solve([stop(1, opens=1200, closes=1260)], ["a"], START, OPTIONS)
    assert order(found) == []
    assert found["unassigned"] == [{"id": 1, "reason": "closed"}]


@pytest.mark.parametrize("options", [{"starts": 1000, "ends": 900}, {"visit_minutes": 0}, {"speed_kmh": 500}])
def test_a_day_that_cannot_be_is_refused(options):
    with pytest.raises(InvalidValueError):
        solve([stop(1)], ["a"], START, RouteOptions(**options))


def test_300_sites_and_5_inspectors_are_routed_the_urgent_ones_all():
    chance = random.Random(3)
    stops = [
        stop(n, lon=106.4 + chance.random() * 0.6, lat=20.65 + chance.random() * 0.35, closes=1320, is_urgent=n < 6)
        for n in range(1, 301)
    ]
    found = solve(stops, list("abcde"), START, OPTIONS)
    assert sum(len(each["stops"]) for each in found["routes"]) > 25
    assert {1, 2, 3, 4, 5} <= {each["id"] for route in found["routes"] for each in route["stops"]}


def test_one_urgent_site_that_cannot_fit_does_not_cost_the_others_their_place():
    stops = [stop(1, opens=780, closes=900, is_urgent=True), stop(2, lon=109.5, lat=12.0, is_urgent=True)]
    stops += [stop(n, lon=106.69 + n / 1000, is_urgent=True) for n in range(3, 6)]
    found = solve(stops, ["a"], START, OPTIONS)
    arrive = {each["id"]: each["arrive"] for each in found["routes"][0]["stops"]}
    assert arrive.keys() == {1, 3, 4, 5}
    assert arrive[1] >= 780
    assert all(arrive[number] <= OPTIONS.lunch_from for number in (3, 4, 5))
    assert found["unassigned"] == [{"id": 2, "reason": "far"}]


def test_a_visit_that_somebody_has_already_stays_with_him_before_all_others():
    mine = stop(90, lon=106.95, person=1)
    found = solve([mine, *(stop(n) for n in range(1, 30))], ["a", "b"], START, OPTIONS)
    assert 90 in order(found, 1)
    assert 90 not in order(found, 0)


SHORT = RouteOptions(starts=480, ends=720, lunch_minutes=0, visit_minutes=45)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.sampled_from([(0, 1440), (540, 620), (600, 700)])), min_size=1, max_size=5
    )
)
@example([(0, (0, 1440)), (1, (540, 620)), (10, (0, 1440)), (1, (600, 700)), (2, (0, 1440))])
def test_a_site_is_dropped_only_when_it_does_not_fit_beside_those_before_it(places):
    stops = [
        stop(number, lon=START[0] + far / 100, opens=opens, closes=closes)
        for number, (far, (opens, closes)) in enumerate(places, start=1)
    ]
    kept = set(order(solve(stops, ["a"], START, SHORT)))
    for each in stops:
        before = [other for other in stops if other.id < each.id and other.id in kept]
        if each.id not in kept:
            assert not fits([*before, each])


def fits(stops) -> bool:
    """Whether one person can visit all of them in some order and come back ten minutes before the end."""
    home = stop(0, lon=START[0], lat=START[1])
    for each in permutations(stops):
        *legs, back = keep_order([*each, home], START, SHORT.starts, SHORT)
        if not any(leg.is_late for leg in legs) and back.arrive <= SHORT.ends - 10:
            return True
    return False


def test_an_order_that_is_kept_tells_where_it_comes_too_late_and_leaves_room_for_lunch():
    stops = [stop(n, lon=106.68 + n / 1000, closes=500 if n == 2 else 1440) for n in range(1, 7)]
    legs = keep_order(stops, START, OPTIONS.starts, OPTIONS)
    assert [leg.id for leg in legs] == [1, 2, 3, 4, 5, 6]
    assert [leg.is_late for leg in legs] == [False, True, False, False, False, False]
    gaps = [after.arrive - before.leave for before, after in pairwise(legs)]
    assert sum(gap >= OPTIONS.lunch_minutes for gap in gaps) == 1


@pytest.fixture
def table(monkeypatch, tmp_path):
    """Write the file of the setting."""

    def write(content):
        path = tmp_path / "duong-bo.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        monkeypatch.setenv("ROUTING_TABLE", str(path))

    return write


def test_a_routing_table_replaces_the_estimate_both_ways_and_the_rest_stays_estimated(table):
    table("from,to,minutes,km\na,b,100,60\nx,y,5,1\n")
    found = solve(
        [stop(1, code="a"), stop(2, code="b", lon=106.701), stop(3, code="c", lon=106.702)],
        ["p"],
        START,
        OPTIONS,
        read_routing_table("abc"),
    )
    assert found["table"] == {"name": "duong-bo", "known": 2, "ways": 6}
    stops = found["routes"][0]["stops"]
    # A hundred minutes between neighbours: the third is visited between them.
    assert [each["id"] for each in stops] in ([1, 3, 2], [2, 3, 1])


def test_minutes_of_the_table_are_driven(table):
    table("\ufefffrom,to,minutes\na,b,90\nb,a,90\n")
    found = solve([stop(1, code="a"), stop(2, code="b")], ["p"], START, OPTIONS, read_routing_table(["a", "b"]))
    first, second = found["routes"][0]["stops"]
    assert second["arrive"] - first["leave"] >= 90


def test_without_the_setting_there_is_no_table(monkeypatch):
    monkeypatch.delenv("ROUTING_TABLE", raising=False)
    assert read_routing_table(["a"]) is None
    assert "table" not in solve([stop(1)], ["a"], START, OPTIONS)


@pytest.mark.parametrize(
    "content",
    ["from,to\na,b\n", "from,to,minutes\na,b,soon\n", "from,to,minutes\na,b,-1\n", "from,to,minutes\na,b\n",
     "from,to,minutes,km\na,b,1,nan\n", b"\xff\xfe\x00", ""],
)  # fmt: skip
def test_a_table_that_makes_no_sense_is_refused(table, content):
    table(content)
    with pytest.raises(ConfigurationError):
        read_routing_table(["a", "b"])


def test_a_table_that_is_not_there_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("ROUTING_TABLE", str(tmp_path / "none.csv"))
    with pytest.raises(ConfigurationError):
        read_routing_table(["a"])
