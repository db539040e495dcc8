"""What is left in an outage: other feeds and how much they carry, open circuits that could be closed."""

from dataclasses import replace

import pytest

from geodata.grid.feeds import remaining_feeds, reserves_of
from geodata.grid.flow import Flow
from geodata.grid.network import build_network
from geodata.grid.outages import effects, outage_of
from geodata.grid.records import Records, Scenario
from tests.geodata.grid.networks import HAND, YEAR, circuit, hand_case, station

DAY = Scenario.DAY_PEAK


def outage(records, *codes):
    """What is out, what it does, and what still feeds the stations it touches."""
    network = build_network(records, HAND, YEAR, DAY)
    flow, out = Flow(network.circuitry), outage_of(network, codes)
    (effect,) = effects(network, flow, [out], vm_min_pu=0.9)
    return effect, remaining_feeds(network, flow, out, effect)


def test_a_station_with_a_second_circuit_is_fed_by_it():
    effect, feeds = outage(hand_case(60, 40, 2), "CR-CH-1")
    assert not effect.dead
    assert [(feed.station, feed.by, feed.load_mw, feed.served_mw) for feed in feeds] == [("CH", ("CR-CH-2",), 60, 60)]


def test_transformers_that_are_left_carry_what_they_can():
    effect, (feed,) = outage(hand_case(45, 25, 2, units=(40, 25)), "CH/T1")
    assert not effect.dead
    assert feed.station == "CH"
    assert feed.served_mw == pytest.approx(25 * 0.95)  # 25 MVA at cos φ 0.95


def with_open_circuit(cat_ba_mw, km):
    """The hand case with one circuit, and an open one from another infeed to Cát Bà."""
    records = hand_case(20, cat_ba_mw, 1)
    tie = replace(circuit("TIE", "CB", "S2", km, from_km=38.6), is_open=True)
    return Records(stations=(*records.stations, station("S2", kv=220, at=38.6 + km)), circuits=(*records.circuits, tie))


def test_an_open_circuit_that_can_carry_all_brings_all_back():
    records = with_open_circuit(25, 10)
    effect, _ = outage(records, "CR-CH-1")
    assert set(effect.dead) == {"CH", "CB"}
    (reserve,) = reserves_of(records, HAND, YEAR, DAY, codes=["CR-CH-1"], dead=effect.dead)
    assert (reserve.circuit, set(reserve.stations)) == ("TIE", {"CH", "CB"})
    assert reserve.served_mw == reserve.load_mw == 45


def test_an_open_circuit_brings_no_more_than_its_rating():
    records = with_open_circuit(150, 10)
    effect, _ = outage(records, "CR-CH-1")
    (reserve,) = reserves_of(records, HAND, YEAR, DAY, codes=["CR-CH-1"], dead=effect.dead)
    assert 80 < reserve.served_mw < 97 * 1.03  # 510 A at 110 kV and a little above
    assert not reserves_of(records, HAND, YEAR, DAY, codes=["CR-CH-1", "TIE"], dead=effect.dead)


def test_an_infeed_that_loses_a_transformer_loads_the_others_and_one_that_loses_all_is_out():
    records = hand_case(45, 25, 2)
    infeed = replace(records.stations[0], transformers=station("X", units=(125, 63)).transformers)
    records = Records(stations=(infeed, *records.stations[1:]), circuits=records.circuits)
    one, _ = outage(records, "CR/T1")
    assert (one.worst.element, one.dead) == ("CR", ())
    assert one.worst.loading_percent > 100  # some 75 MVA on 63
    both, _ = outage(records, "CR/T1", "CR/T2")
    assert set(both.dead) == {"CH", "CB"}
