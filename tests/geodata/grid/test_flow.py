"""The AC flow against solutions of others: published cases, a SimBench network, pandapower (see reference/make.py)."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from geodata.grid.flow import Branch, Bus, Circuitry, Flow, Load, Shunt, Source, State

REFERENCE = Path(__file__).parent / "reference"
VOLTAGE_PU, POWER_MW = 1e-6, 1e-3


def reference(name):
    return json.loads((REFERENCE / f"{name}.json").read_text("utf-8"))


def circuitry_of(case):
    """A published case: what generators feed in at their solution stands as a load of the other sign."""
    buses, branches = case["buses"], case["branches"]
    return Circuitry(
        buses=tuple(Bus(code=str(number), voltage_kv=bus["kv"]) for number, bus in enumerate(buses)),
        branches=tuple(
            Branch(
                code=str(number), from_bus=row["from"], to_bus=row["to"], r_ohm=row["r_ohm"], x_ohm=row["x_ohm"],
                g_siemens=row["g_siemens"], b_siemens=row["b_siemens"], ratio=row["ratio"], shift_rad=row["shift_rad"],
            )
            for number, row in enumerate(branches)
        ),
        loads=tuple(
            Load(bus=number, p_mw=bus["p_mw"], q_mvar=bus["q_mvar"])
            for number, bus in enumerate(buses)
            if not bus["is_source"]
        ),
        sources=tuple(
            Source(bus=number, vm_pu=bus["vm_pu"], angle_rad=bus["va_rad"])
            for number, bus in enumerate(buses)
            if bus["is_source"]
        ),
        shunts=tuple(
            Shunt(bus=number, g_siemens=bus["shunt_g_siemens"], b_siemens=bus["shunt_b_siemens"])
            for number, bus in enumerate(buses)
            if bus["shunt_g_siemens"] or bus["shunt_b_siemens"]
        ),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["case9", "ieee14", "ieee30", "ieee39", "ieee118", "simbench_hv_urban"])
def test_a_published_network_has_its_published_voltages_and_flows(name):
    case = reference(name)
    solution = Flow(circuitry_of(case)).solve()
    assert solution.converged.all()
    assert solution.vm_pu[0] == pytest.approx([bus["vm_pu"] for bus in case["buses"]], abs=VOLTAGE_PU)
    assert solution.va_rad[0] == pytest.approx([bus["va_rad"] for bus in case["buses"]], abs=VOLTAGE_PU)
    for part in ("p_from_mw", "q_from_mvar", "p_to_mw", "q_to_mvar"):
        assert getattr(solution, part)[0] == pytest.approx([row[part] for row in case["branches"]], abs=POWER_MW)


@pytest.mark.parametrize("name", ["case9", "ieee14", "ieee39"])
def test_a_case_has_the_voltages_that_its_authors_print(name):
    """Printed by others than pandapower, to as many digits as they give (source and digits in published.json)."""
    printed, solution = reference("published")[name], Flow(circuitry_of(reference(name))).solve()
    assert solution.vm_pu[0] == pytest.approx(printed["vm_pu"], abs=printed["within_pu"])
    assert np.degrees(solution.va_rad[0]) == pytest.approx(printed["va_deg"], abs=printed["within_deg"])


def ring(load_mw=40.0):
    """Four 110 kV buses in a ring with one source."""
    links = ((0, 1), (1, 2), (2, 3), (3, 0))
    return Circuitry(
        buses=tuple(Bus(code=str(number), voltage_kv=110) for number in range(4)),
        branches=tuple(
            Branch(code=f"{a}-{b}", from_bus=a, to_bus=b, r_ohm=2, x_ohm=5, b_siemens=4e-5, rated_a=500)
            for a, b in links
        ),
        loads=tuple(Load(bus=number, p_mw=load_mw, q_mvar=load_mw / 3) for number in (1, 2, 3)),
        sources=(Source(bus=0, vm_pu=1.03),),
    )


@pytest.mark.parametrize("out", range(4))
def test_a_branch_out_is_the_network_rebuilt_without_it(out):
    whole = ring()
    rest = Circuitry(
        buses=whole.buses, loads=whole.loads, sources=whole.sources,
        branches=tuple(branch for number, branch in enumerate(whole.branches) if number != out),
    )  # fmt: skip
    found, rebuilt = Flow(whole).solve([State(branches_out=(out,))]), Flow(rest).solve()
    assert found.vm_pu[0] == pytest.approx(rebuilt.vm_pu[0], abs=1e-9)
    kept = [number for number in range(4) if number != out]
    assert found.current_a[0, kept] == pytest.approx(rebuilt.current_a[0], abs=1e-6)


def test_what_has_no_supply_is_dead_and_no_error():
    solution = Flow(ring()).solve([State(branches_out=(0, 3)), State(sources_out=(0,))])
    assert solution.converged.all()
    assert solution.energised.tolist() == [[True, False, False, False], [False] * 4]
    assert not solution.current_a.any()


def test_a_flow_without_solution_says_so_and_leaves_the_others_alone():
    solution = Flow(ring()).solve([State(), State(scale=30), State(added=((2, 1.0, 0.0),))])
    assert solution.converged.tolist() == [True, False, True]
    assert np.isnan(solution.vm_pu[1]).all()
    assert solution.vm_pu[2, 2] < solution.vm_pu[0, 2]


def test_units_are_megawatts_ohms_kilovolts_and_amperes():
    """One ohm at 110 kV and 11 MW: I = P/(√3·U) and losses = 3·I²·R, to the voltage drop of the ohm itself."""
    line = Circuitry(
        buses=(Bus(code="a", voltage_kv=110), Bus(code="b", voltage_kv=110)),
        branches=(Branch(code="l", from_bus=0, to_bus=1, r_ohm=1, x_ohm=0, rated_a=100),),
        loads=(Load(bus=1, p_mw=11, q_mvar=0),),
        sources=(Source(bus=0, vm_pu=1),),
    )
    solution = Flow(line).solve()
    current_a = 11e6 / (math.sqrt(3) * 110e3 * solution.vm_pu[0, 1])
    assert solution.current_a[0, 0] == pytest.approx(current_a, rel=1e-9)
    assert solution.loading_percent[0, 0] == pytest.approx(current_a, rel=1e-9)
    assert solution.losses_mw[0] == pytest.approx(3 * current_a**2 * 1 / 1e6, rel=1e-6)
