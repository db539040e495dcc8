"""Which circuits share towers, and what one tower line takes."""

from dataclasses import replace

import pytest

from geodata.grid.outages import outage_of
from geodata.grid.parameters import Parameters
from geodata.grid.records import Records, Scenario
from geodata.grid.report import as_document
from geodata.grid.study import run_study
from geodata.grid.towers import tower_lines
from tests.geodata.grid.networks import HAND, YEAR, circuit, hand_case


def at(code, *places, **other):
    """A circuit drawn through these places, km."""
    drawn = tuple((x * 1000, y * 1000) for x, y in places)
    return replace(circuit(code, None, None, 1), parts=(drawn,), **other)


def found(*circuits):
    return [(line.code, pytest.approx(line.length_km, abs=0.15)) for line in tower_lines(circuits, Parameters())]


def test_circuits_drawn_beside_each_other_share_towers_over_their_common_length():
    one, other = at("A", (0, 0), (10, 0)), at("B", (4, 0.02), (10, 0.02), (10, 5))
    assert found(one, other) == [("A+B", 6)]
    assert found(one, at("C", (0, 0.05), (10, 0.05))) == []


def test_circuits_that_only_meet_at_a_station_or_cross_share_none():
    assert found(at("A", (0, 0), (10, 0)), at("B", (0, 0), (0, 10)), at("C", (5, -5), (5, 5))) == []


@pytest.mark.parametrize("alone", [{"is_cable": True}, {"on_route": 1}])
def test_a_cable_and_a_circuit_that_is_alone_on_its_route_share_none(alone):
    assert found(at("A", (0, 0), (10, 0)), at("B", (0, 0), (10, 0), **alone)) == []


def test_a_tower_takes_what_stands_on_it_and_not_what_stands_with_that_elsewhere():
    """A with B first, then B with C: no tower carries all three."""
    a, b, c = at("A", (0, 0), (5, 0)), at("B", (0, 0), (10, 0)), at("C", (5.2, 0), (10, 0))
    assert found(a, b, c) == [("A+B", 5), ("B+C", 4.8)]


def test_three_circuits_on_one_line_are_one_tower_line_where_all_three_stand():
    a, b, c = at("A", (0, 0), (10, 0)), at("B", (0, 0), (10, 0)), at("C", (0, 0), (4, 0), (4, 5))
    assert found(a, b, c) == [("A+B+C", 4)]


def test_a_tower_line_loses_what_each_of_its_circuits_alone_would_not():
    document = as_document(run_study(hand_case(45, 25, 2), HAND, YEAR, Scenario.DAY_PEAK))
    alone = {row["outage"]: row["unserved_mw"] for row in document["outages"] if row["kind"] == "circuit"}
    assert set(alone.values()) == {0}
    lost = {row["outage"]: row for row in document["tower_lines"]}
    assert lost["CR-CH-1+CR-CH-2"]["unserved_mw"] == 70
    assert lost["CR-CH-1+CR-CH-2"]["dead"] == ["CH", "CB"]
    assert (lost["CH-CB-1+CH-CB-2"]["unserved_mw"], lost["CH-CB-1+CH-CB-2"]["km"]) == (25, pytest.approx(13.6, abs=0.2))


def test_tower_lines_change_nothing_of_n_1():
    records = hand_case(45, 25, 2, units=(63, 63))
    apart = Records(stations=records.stations, circuits=tuple(replace(each, on_route=1) for each in records.circuits))
    together, alone = (as_document(run_study(each, HAND, YEAR, Scenario.DAY_PEAK)) for each in (records, apart))
    assert together["tower_lines"]
    assert not alone["tower_lines"]
    for part in ("stations", "circuits", "outages", "existing"):
        assert together[part] == alone[part]


def test_a_tower_line_is_chosen_by_its_code():
    network = run_study(hand_case(45, 25, 2), HAND, YEAR, Scenario.DAY_PEAK).network
    assert outage_of(network, ["CR-CH-1+CR-CH-2"]).circuits == {"CR-CH-1", "CR-CH-2"}
