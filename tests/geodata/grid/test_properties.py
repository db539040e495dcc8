"""What holds of any network: headroom falls with load, grows with circuits, rows have no order, units fit each other."""

import math

import pytest
from hypothesis import given, settings, strategies as st

from geodata.grid.records import Records
from tests.geodata.grid.networks import hand_case
from tests.geodata.grid.test_study import by_code, document_of

loads = st.integers(5, 45)
#: What is over already may get worse by half a percent, so an overload leaves a crumb of its own.
CRUMB_MW = 0.6


@settings(max_examples=8, deadline=None)
@given(loads, loads, st.integers(1, 15), st.integers(1, 3))
def test_more_load_never_leaves_more_headroom(cat_hai, cat_ba, more, circuits):
    before = by_code(document_of(hand_case(cat_hai, cat_ba, circuits, units=(63, 63)))["stations"])
    after = by_code(document_of(hand_case(cat_hai, cat_ba + more, circuits, units=(63, 63)))["stations"])
    for code in ("CH", "CB"):
        for name in ("headroom_n0_mw", "headroom_n1_mw"):
            assert after[code][name] <= max(before[code][name], CRUMB_MW)


@settings(max_examples=8, deadline=None)
@given(loads, loads, st.integers(1, 2))
def test_a_parallel_circuit_never_lowers_the_headroom(cat_hai, cat_ba, circuits):
    before = by_code(document_of(hand_case(cat_hai, cat_ba, circuits, units=(63, 63)))["stations"])
    after = by_code(document_of(hand_case(cat_hai, cat_ba, circuits + 1, units=(63, 63)))["stations"])
    for code in ("CH", "CB"):
        assert after[code]["headroom_n0_mw"] >= before[code]["headroom_n0_mw"]
        # The exception: what is over already may get worse by half a percent, and where it no longer is, that crumb is gone.
        assert after[code]["headroom_n1_mw"] >= before[code]["headroom_n1_mw"] - CRUMB_MW


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False), loads, loads)
def test_the_order_of_rows_changes_nothing(random, cat_hai, cat_ba):
    records = hand_case(cat_hai, cat_ba, 2, units=(40, 25))
    stations, circuits = list(records.stations), list(records.circuits)
    random.shuffle(stations)
    random.shuffle(circuits)
    first, second = document_of(records), document_of(Records(stations=tuple(stations), circuits=tuple(circuits)))
    for part, key in (("stations", "code"), ("circuits", "code"), ("outages", "outage")):
        one, other = by_code(first[part], key), by_code(second[part], key)
        assert one.keys() == other.keys()
        for code, row in one.items():
            assert close(row, other[code])


def close(one, other):
    numbers = {name: value for name, value in one.items() if isinstance(value, float)}
    return all(other[name] == pytest.approx(value, abs=1e-7) for name, value in numbers.items())


@settings(max_examples=8, deadline=None)
@given(loads, loads, st.integers(1, 2))
def test_units_are_megawatts_megavolt_amperes_amperes_and_kilometres(cat_hai, cat_ba, circuits):
    """Each number is computed from others of other units: S = √3·U·I, losses = 3·I²·R, loading = S/ΣS and I/I rated."""
    document = document_of(hand_case(cat_hai, cat_ba, circuits, units=(63, 40)))
    stations = by_code(document["stations"])
    for row in document["circuits"]:
        kv = 110 * stations[row["from"]]["vm_pu"]
        at_start_a = math.hypot(row["p_from_mw"], row["q_from_mvar"]) / (math.sqrt(3) * kv) * 1000
        assert at_start_a <= row["current_a"] * (1 + 1e-9)  # the more loaded end counts
        assert at_start_a == pytest.approx(row["current_a"], rel=0.05)  # what the line charges is little
        assert row["loading_percent"] == pytest.approx(row["current_a"] / row["rated_a"] * 100)
        assert row["losses_mw"] == pytest.approx(row["p_from_mw"] + row["p_to_mw"], abs=1e-8)
        ohm = 0.157 * row["length_km"]
        assert row["losses_mw"] == pytest.approx(3 * (row["current_a"] / 1000) ** 2 * ohm, rel=0.05)
    for code in ("CH", "CB"):
        drawn_mva = math.hypot(stations[code]["load_mw"], stations[code]["load_mvar"])
        assert stations[code]["transformer_loading_percent"] == pytest.approx(drawn_mva / 103 * 100)
        assert (stations[code]["rated_mva"], stations[code]["firm_mva"]) == (103, 40)
    assert document["losses_mw"] == pytest.approx(sum(row["losses_mw"] for row in document["circuits"]), abs=1e-7)
