"""A year's study from rows: DOMAIN.md's hand case, topology, outages, headroom, what is assumed."""

import json
import math
from dataclasses import replace

import pytest

from geodata.grid.network import build_network, bundled
from geodata.grid.parameters import Parameters
from geodata.grid.records import Circuit, LoadRow, Records, Scenario, Span, Transformer
from geodata.grid.report import as_document
from geodata.grid.study import run_study
from tests.geodata.grid.networks import HAND, YEAR, circuit, hand_case, station
from tests.geodata.grid.test_flow import reference

#: Load at Cát Hải and Cát Bà; circuits; highest loading %, lowest pu, losses MW; of two circuits N-1: %, pu.
HAND_TABLE = [
    ((45, 25), 1, 77.0, 0.9779, 1.94, None),
    ((45, 25), 2, 37.5, 1.0055, 0.91, (76.7, 0.9828)),
    ((60, 40), 1, 112.8, 0.9506, 4.24, None),
    ((60, 40), 2, 54.2, 0.9932, 1.95, (112.3, 0.9585)),
    ((80, 50), 1, 150.7, 0.9228, 7.51, None),
    ((80, 50), 2, 71.2, 0.9814, 3.35, (149.8, 0.9333)),
]


def study_of(records, parameters=HAND, year=YEAR, scenario=Scenario.DAY_PEAK):
    return run_study(records, parameters, year, scenario)


def document_of(records, parameters=HAND, **options):
    return as_document(study_of(records, parameters, **options))


def by_code(rows, key="code"):
    return {row[key]: row for row in rows}


@pytest.mark.parametrize(("load", "count", "percent", "pu", "losses_mw", "n1"), HAND_TABLE)
def test_the_hand_case_of_the_domain_brief(load, count, percent, pu, losses_mw, n1):
    document = document_of(hand_case(*load, count))
    assert max(row["loading_percent"] for row in document["circuits"]) == pytest.approx(percent, abs=0.05)
    assert min(row["vm_pu"] for row in document["stations"]) == pytest.approx(pu, abs=5e-5)
    assert document["losses_mw"] == pytest.approx(losses_mw, abs=0.005)
    circuits = [row for row in document["outages"] if row["kind"] == "circuit"]
    if n1:
        assert max(row["worst"]["loading_percent"] for row in circuits) == pytest.approx(n1[0], abs=0.05)
        assert min(row["vm_min_pu"] for row in circuits) == pytest.approx(n1[1], abs=5e-5)
    else:
        lost = by_code(circuits, "outage")["CR-CH-1"]
        assert (lost["converged"], lost["unserved_mw"], lost["dead"]) == (True, sum(load), ["CH", "CB"])


@pytest.mark.parametrize("case", reference("hand"), ids=lambda case: f"{case['load_mw']} × {case['circuits']}")
def test_the_hand_case_agrees_with_pandapower_also_with_each_circuit_out(case):
    document = document_of(hand_case(*case["load_mw"], case["circuits"]))
    agree(document, case)


def agree(document, case):
    """Voltages within 1e-6 pu and loading within 0.01 %, with nothing out and with each circuit out."""
    base = case["base"]
    for row in document["stations"]:
        assert row["vm_pu"] == pytest.approx(base["vm_pu"][row["code"]], abs=1e-6)
    for row in document["circuits"]:
        assert row["loading_percent"] == pytest.approx(base["loading_percent"][row["code"]], abs=0.01)
        assert row["p_from_mw"] == pytest.approx(base["p_from_mw"][row["code"]], abs=1e-3)
    assert document["losses_mw"] == pytest.approx(base["losses_mw"], abs=1e-4)
    outages = by_code(document["outages"], "outage")
    for code, state in case["out"].items():
        left = [percent for percent in state["loading_percent"].values() if percent is not None]
        assert outages[code]["worst"]["loading_percent"] == pytest.approx(max(left, default=0), abs=0.01)
        lit = {bus: pu for bus, pu in state["vm_pu"].items() if pu is not None}
        assert outages[code]["vm_min_pu"] == pytest.approx(min(lit.values()), abs=1e-6)
        assert set(outages[code]["dead"]) == set(state["vm_pu"]) - set(lit)


# --- headroom ------------------------------------------------------------------------------------------


def is_within_limits(records, code, added_mw):
    """The definition itself: with so much more drawn at a station, nothing is beyond its limit."""
    grown = tuple(
        replace(each, loads=(LoadRow(year=YEAR, kind="day_peak", p_mw=each.loads[0].p_mw + added_mw),))
        if each.code == code
        else each
        for each in records.stations
    )
    document = document_of(Records(stations=grown, circuits=records.circuits))
    own = by_code(document["stations"])[code]["transformer_loading_percent"]
    return (
        own <= 100
        and all(row["loading_percent"] <= 100 for row in document["circuits"])
        and all(row["vm_pu"] >= 0.945 for row in document["stations"])
    )


def test_headroom_is_the_last_step_before_something_is_beyond_its_limit():
    records = hand_case(45, 25, 1, units=(63, 63))
    room = by_code(document_of(records)["stations"])
    for code in ("CH", "CB"):
        found = room[code]["headroom_n0_mw"]
        assert is_within_limits(records, code, found)
        assert not is_within_limits(records, code, found + 0.1)
    assert room["CR"]["headroom_n0_mw"] is None


def test_the_binding_element_and_outage_are_named():
    document = document_of(hand_case(45, 25, 2, units=(63, 63, 63)))
    binding = by_code(document["stations"])["CH"]["binding"]
    assert binding["element"] in {"CR-CH-1", "CR-CH-2"}
    assert binding["outage"] in {"CR-CH-1", "CR-CH-2"} - {binding["element"]}
    assert 100 < binding["loading_percent"] < 101


def test_transformers_limit_with_all_in_and_with_the_largest_out():
    records = hand_case(20, 10, 2, units=(25, 16))
    room = by_code(document_of(records)["stations"])["CH"]
    assert room["firm_mva"] == 16
    tangent = math.tan(math.acos(0.95))
    assert room["headroom_n0_mw"] == pytest.approx(41 / math.hypot(1, tangent) - 20, abs=0.1)
    assert room["headroom_n1_mw"] <= 0.1  # 20 MW are 21 MVA, more than the 16 left: only 0.5 % more may be added
    assert room["binding"] | {"loading_percent": 0} == {
        "element": "CH",
        "outage": "CH/T1",
        "loading_percent": 0,
        "vm_pu": None,
    }


def test_a_station_with_one_transformer_has_no_firm_power():
    room = by_code(document_of(hand_case(20, 10, 2, units=(40,)))["stations"])["CH"]
    assert (room["firm_mva"], room["headroom_n1_mw"]) == (0, 0)
    assert room["headroom_n0_mw"] > 0


def test_what_is_beyond_a_limit_already_counts_only_when_it_gets_worse():
    document = document_of(hand_case(60, 40, 1, units=(63, 63)))
    assert {row["element"] for row in document["existing"] if row["outage"] is None} == {"CR-CH-1"}
    room = by_code(document["stations"])["CB"]
    assert 0.3 <= room["headroom_n0_mw"] <= 0.6  # half a percent of 510 A at 110 kV
    assert room["binding_n0"]["element"] == "CR-CH-1"


def test_a_voltage_below_its_limit_binds_too():
    records = Records(
        stations=(station("S", kv=220), station("A", 20, at=80, units=(63, 63))),
        circuits=(circuit("L", "S", "A", 80, conductor="AC-400/51"),),
    )
    binding = by_code(document_of(records)["stations"])["A"]["binding_n0"]
    assert (binding["element"], binding["loading_percent"]) == ("A", None)
    assert 0.94 < binding["vm_pu"] < 0.945


# --- topology and inputs ----------------------------------------------------------------------------------


def test_circuits_without_references_are_tied_to_the_stations_they_are_drawn_to():
    records = hand_case(60, 40, 1)
    drawn = Records(
        stations=records.stations,
        circuits=tuple(replace(each, ends=(None, None)) for each in records.circuits),
    )
    assert document_of(drawn)["circuits"] == document_of(records)["circuits"]


def test_a_circuit_drawn_backwards_is_the_same_circuit():
    records = hand_case(60, 40, 1)
    turned = Records(
        stations=records.stations,
        circuits=tuple(replace(each, parts=tuple(part[::-1] for part in each.parts)) for each in records.circuits),
    )
    assert document_of(turned) == document_of(records)


def test_a_circuit_that_ends_on_another_makes_a_junction_there():
    trunk = circuit("TRUNK", "S", "A", 20)
    tap = Circuit(
        code="TAP", name="TAP", voltage_kv=110, parts=(((5000.0, 0.0), (5000.0, 4000.0)),), ends=(None, "B"),
        conductor="AC-185/29", length_km=4.0,
    )  # fmt: skip
    records = Records(
        stations=(station("S", kv=220), station("A", 30, at=20), replace(station("B", 20), place=(5000.0, 4000.0))),
        circuits=(trunk, tap),
    )
    network = build_network(records, HAND, YEAR, Scenario.DAY_PEAK)
    lengths = [branch.r_ohm / 0.157 for branch in network.circuitry.branches]
    assert sorted(lengths) == pytest.approx([4, 5, 15])
    document = document_of(records)
    rows = by_code(document["circuits"])
    assert rows["TRUNK"]["p_from_mw"] > 50 > rows["TAP"]["p_from_mw"] > 20
    assert (rows["TAP"]["from"], rows["TAP"]["to"]) == (None, "B")
    assert by_code(document["outages"], "outage")["TRUNK"]["dead"] == ["A", "B"]


def test_stretches_that_meet_in_the_open_are_joined():
    records = Records(
        stations=(station("S", kv=220), station("A", 30, at=20)),
        circuits=(
            replace(circuit("ONE", "S", None, 12), ends=("S", None)),
            replace(circuit("TWO", None, "A", 8, from_km=12.1, to_km=20), ends=(None, "A")),
        ),
    )
    document = document_of(records)
    assert by_code(document["circuits"])["TWO"]["p_to_mw"] == pytest.approx(-30, abs=1e-6)
    assert not {row["problem"] for row in document["topology"]} & {"loose_end", "island"}


def test_a_station_a_circuit_passes_before_it_is_there_is_passed_through():
    records = hand_case(60, 40, 1)
    later = Records(
        stations=tuple(
            replace(each, span=Span(begins=2028, is_planned=True)) if each.code == "CH" else each
            for each in records.stations
        ),
        circuits=records.circuits,
    )
    document = document_of(later)
    assert {row["code"] for row in document["stations"]} == {"CR", "CB"}
    assert by_code(document["circuits"])["CH-CB-1"]["p_to_mw"] == pytest.approx(-40, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "code", "problem"),
    [
        ({"ends": ("CR", "NOWHERE")}, "CR-CH-1", "unknown_station"),
        ({"parts": (((0.0, 0.0), (20_000.0, 0.0)),)}, "CR-CH-1", "end_far"),
        ({"parts": (((0.0, 0.0), (20_000.0, 0.0)),), "ends": ("CR", None)}, "CR-CH-1", "loose_end"),
        ({"length_km": None}, "CR-CH-1", "no_length"),
        ({"length_km": 40.0}, "CR-CH-1", "length_mismatch"),
        ({"conductor": None}, "CR-CH-1", "no_rating"),
        ({"conductor": "Đồng 12"}, "CR-CH-1", "unknown_conductor"),
        ({"voltage_kv": None}, "CR-CH-1", "no_voltage"),
        ({"is_open": True}, "CH", "island"),
    ],
)
def test_what_is_wrong_with_a_circuit_is_told_before_any_number(change, code, problem):
    records = hand_case(45, 25, 1, units=(63, 63))
    changed = Records(
        stations=records.stations,
        circuits=tuple(replace(each, **change) if each.code == "CR-CH-1" else each for each in records.circuits),
    )
    found = {(row["code"], row["problem"]): row["metres"] for row in document_of(changed)["topology"]}
    assert (code, problem) in found
    if problem in {"loose_end", "end_far"}:
        assert found[code, problem] == pytest.approx(5000)


def test_a_network_without_faults_has_nothing_to_tell():
    records = hand_case(45, 25, 1, units=(63, 63))
    whole = tuple(
        replace(each, transformers=(Transformer(name="AT1", rated_mva=250),)) if each.code == "CR" else each
        for each in records.stations
    )
    assert not document_of(Records(stations=whole, circuits=records.circuits))["topology"]


def test_what_is_wrong_with_a_station_is_told_too():
    records = Records(
        stations=(station("S", kv=220), station("A", 60, at=5, units=(25,)), station("B", at=9)),
        circuits=(circuit("L", "S", "A", 5),),
    )
    found = {(row["code"], row["problem"]) for row in document_of(records)["topology"]}
    assert {("A", "load_implausible"), ("B", "no_transformer"), ("B", "no_load"), ("B", "not_connected")} <= found


def test_every_assumed_input_is_listed_and_counted():
    document = document_of(hand_case(60, 40, 1))
    listed = {(row["object"], row["parameter"]): row["value"] for row in document["assumed"]}
    assert listed["CH", "reactive_power_mvar"] == pytest.approx(60 * math.tan(math.acos(0.95)), abs=0.01)
    assert listed["AC-185/29", "r_ohm_per_km"] == 0.157
    assert document["inputs"]["assumed"] == len(document["assumed"])
    assert document["inputs"]["measured"] == 2


def test_on_a_hot_day_rated_currents_are_derated_and_the_result_says_so():
    usual, hot = document_of(hand_case(60, 40, 2)), document_of(hand_case(60, 40, 2), HAND.at_40c())
    for cold, warm in zip(usual["circuits"], hot["circuits"], strict=True):
        assert warm["current_a"] == pytest.approx(cold["current_a"])
        assert warm["loading_percent"] == pytest.approx(cold["loading_percent"] / 0.82)
    assert [row["value"] for row in hot["assumed"] if row["parameter"] == "derating_40c"] == [0.82] * 4
    assert not [row for row in usual["assumed"] if row["parameter"] == "derating_40c"]


def test_a_bundle_has_twice_the_rating_half_the_resistance_and_less_reactance():
    one = Parameters().find_conductor("AC-240/39")
    two = bundled(one, 2, 5.0, 0.4)
    assert (two.rating_a, two.r_ohm_per_km) == (one.rating_a * 2, one.r_ohm_per_km / 2)
    assert two.x_ohm_per_km == pytest.approx(one.x_ohm_per_km - 2 * math.pi * 50 * 2e-4 / 2 * math.log(0.4 / math.exp(math.log(5) - one.x_ohm_per_km / (2 * math.pi * 50 * 2e-4))))  # fmt: skip
    assert two.c_nf_per_km > one.c_nf_per_km


@pytest.mark.parametrize("written", ["AC-185/29", "AC185", "ac 185/24", "ACSR-185/29", "AC – 185"])
def test_a_conductor_is_known_in_any_writing(written):
    assert Parameters().find_conductor(written).name == "AC-185/29"


@pytest.mark.parametrize("written", ["ACCC-185", "Cu-95", "?", ""])
def test_another_conductor_is_not_taken_for_it(written):
    assert Parameters().find_conductor(written) is None


# --- years and scenarios -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("span", "years"),
    [
        (Span(), {2025, 2028}),
        (Span(begins=2027), {2028}),
        (Span(begins=2027, is_planned=True), {2028}),
        (Span(is_planned=True), set()),
        (Span(ends=2026), {2025}),
    ],
)
def test_an_element_takes_part_from_its_year_and_until_it_is_gone(span, years):
    assert {year for year in (2025, 2028) if span.covers(year)} == years


def test_the_load_of_a_year_is_the_highest_of_the_last_year_that_has_one():
    rows = (
        LoadRow(year=2024, kind="day_peak", p_mw=50, q_mvar=1),
        LoadRow(year=2026, kind="day_peak", p_mw=30, q_mvar=1),
        LoadRow(year=2026, kind="day_peak", p_mw=40, q_mvar=1),
        LoadRow(year=2026, kind="off_peak", p_mw=90, q_mvar=1),
        LoadRow(year=2030, kind="day_peak", p_mw=80, q_mvar=1),
    )
    records = Records(
        stations=(station("S", kv=220), replace(station("A", at=5), loads=rows)), circuits=(circuit("L", "S", "A", 5),)
    )
    found = {
        year: by_code(document_of(records, year=year)["stations"])["A"]["load_mw"] for year in (2020, 2025, 2028, 2031)
    }
    assert found == {2020: 50, 2025: 50, 2028: 40, 2031: 80}


def test_a_forecast_grows_from_the_last_load_and_low_is_below_high():
    records = Records(
        stations=(station("S", kv=220), station("A", 40, at=5, kind="evening_peak")),
        circuits=(circuit("L", "S", "A", 5),),
    )
    grown = {
        scenario: by_code(document_of(records, year=2030, scenario=scenario)["stations"])["A"]["load_mw"]
        for scenario in (Scenario.FORECAST_LOW, Scenario.FORECAST_BASE, Scenario.FORECAST_HIGH)
    }
    assert grown[Scenario.FORECAST_BASE] == pytest.approx(40 * 1.08**4)
    assert 40 < grown[Scenario.FORECAST_LOW] < grown[Scenario.FORECAST_BASE] < grown[Scenario.FORECAST_HIGH]


def test_a_flow_without_solution_says_where_and_at_which_load_the_voltage_gives_way():
    document = document_of(hand_case(400, 300, 1))
    assert not document["converged"]
    assert document["collapse"]["bus"] == "CB"
    assert 0.1 < document["collapse"]["share"] < 0.9
    json.dumps(document, allow_nan=False)


def test_an_outage_without_solution_says_so_too():
    document = document_of(hand_case(250, 110, 2))
    assert document["converged"]
    lost = by_code(document["outages"], "outage")["CR-CH-1"]
    assert (lost["converged"], lost["worst"], lost["unserved_mw"]) == (False, None, 0)
    assert lost["collapse"]["bus"] == "CB"
    assert 0.5 < lost["collapse"]["share"] < 1
    assert {"element": "CB", "outage": "CR-CH-1", "loading_percent": None, "vm_pu": 0.0} in document["existing"]


def test_an_infeed_out_is_carried_by_the_other():
    records = Records(
        stations=(station("S1", kv=220), station("A", 30, at=10), station("S2", kv=220, at=20)),
        circuits=(circuit("L1", "S1", "A", 10), circuit("L2", "A", "S2", 10, from_km=10)),
    )
    lost = by_code(document_of(records)["outages"], "outage")["S1"]
    assert (lost["kind"], lost["unserved_mw"], lost["dead"]) == ("infeed", 0, [])
    assert lost["worst"]["element"] == "L2"


def test_two_transformers_of_one_size_are_told_apart():
    records = hand_case(20, 10, 2, units=(40, 40))
    named = {row["outage"] for row in document_of(records)["outages"] if row["kind"] == "transformer"}
    assert named == {"CH/T1", "CH/T2", "CB/T1", "CB/T2"}
    assert Transformer(name="T1", rated_mva=40).span.covers(YEAR)
