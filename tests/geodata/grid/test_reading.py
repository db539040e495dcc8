"""The study of what the layers hold, and the command that prints it."""

import json

import pytest

from geodata.grid.parameters import Parameters
from geodata.grid.reading import grid_layers, read_records
from geodata.grid.records import Scenario
from geodata.grid.report import as_document
from geodata.grid.study import run_study
from geodata.grid.towers import tower_lines
from geodata.layers import LAYERS
from tests.geodata.grid.test_flow import reference
from tests.geodata.grid.test_study import agree

#: The keys other programs rely on (CONTRACT.md § Grid).
KEYS = {
    "stations": {
        "code", "vm_pu", "load_mw", "load_mvar", "transformer_loading_percent", "firm_mva", "headroom_n0_mw",
        "headroom_n1_mw", "binding",
    },
    "circuits": {
        "code", "from", "to", "loading_percent", "current_a", "p_from_mw", "q_from_mvar", "p_to_mw", "losses_mw",
    },
    "outages": {"outage", "worst", "vm_min_pu", "unserved_mw", "dead"},
    "topology": {"code", "problem", "metres"},
    "assumed": {"object", "parameter", "value", "unit"},
}  # fmt: skip


@pytest.fixture
def records(demo_connection):
    return read_records(demo_connection, LAYERS)


def test_the_layers_themselves_say_what_they_are_to_the_network():
    assert len(grid_layers(LAYERS)) == 2


def test_stations_and_circuits_come_with_what_hangs_on_them(records):
    stations = {station.code: station for station in records.stations}
    circuits = {circuit.code: circuit for circuit in records.circuits}
    cat_hai = stations["TBA-110-CATHAI"]
    assert {unit.rated_mva for unit in cat_hai.transformers} == {40}
    assert {row.kind for row in cat_hai.loads} == {"day_peak", "evening_peak", "off_peak", "forecast"}
    assert circuits["DZ-110-CHOROC-CATHAI-1"].ends == ("TBA-110-CHOROC", "TBA-110-CATHAI")
    assert circuits["DZ-110-CHOROC-CATHAI-1"].drawn_km == pytest.approx(18.18, rel=0.02)
    assert not circuits["DZ-110-CHOROC-CATHAI-2"].span.covers(2026)


def test_the_layer_tells_which_circuits_stand_alone_and_which_lie_in_the_sea(records):
    circuits = {circuit.code: circuit for circuit in records.circuits}
    assert circuits["DZ-110-DINHVU-DONGBAI-1"].is_cable
    assert circuits["DZ-110-ANLAC-HALY-1"].on_route == 1
    lines = {line.code for line in tower_lines(records.in_year(2028).circuits, Parameters())}
    assert "DZ-110-CHOROC-CATHAI-1+DZ-110-CHOROC-CATHAI-2" in lines
    assert not any("DINHVU-DONGBAI" in code for code in lines)


@pytest.mark.parametrize("scenario", ["day_peak", "off_peak"])
def test_the_demo_network_is_computed_in_the_shape_others_rely_on(records, scenario):
    document = as_document(run_study(records, Parameters(), 2026, Scenario(scenario)))
    assert (document["year"], document["scenario"], document["converged"]) == (2026, scenario, True)
    for part, keys in KEYS.items():
        assert document[part]
        assert all(keys <= row.keys() for row in document[part])
    assert all(row["binding"].keys() >= {"element", "outage", "loading_percent", "vm_pu"} for row in document["stations"] if row["binding"])  # fmt: skip
    json.dumps(document, allow_nan=False)


def test_a_plan_takes_part_from_its_year(records):
    def codes(year):
        return {
            row["code"] for row in as_document(run_study(records, Parameters(), year, Scenario.DAY_PEAK))["circuits"]
        }

    assert codes(2028) - codes(2026) == {"DZ-110-THUYNGUYEN2-NHICHIEU-1", "DZ-110-CHOROC-CATHAI-2"}


def test_the_demo_network_agrees_with_pandapower_also_with_each_circuit_out(records):
    case = reference("demo")
    document = as_document(run_study(records, Parameters(), case["year"], Scenario(case["scenario"])))
    assert {row["code"] for row in document["circuits"]} == {row["code"] for row in case["circuits"]}
    agree(document, case)
