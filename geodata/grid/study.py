"""One year under one load, whole: flow, outages, headroom. What the command prints and the pages show.

Every result is indicative: a planning criterion, no legal duty, and only as good as the inputs it lists.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from geodata.grid.flow import Flow, Solution
from geodata.grid.headroom import Headroom, headrooms
from geodata.grid.network import Network, build_network
from geodata.grid.outages import (
    Collapse,
    Effect,
    Outage,
    OutageKind,
    circuit_loading,
    delivered_mva,
    effects,
    single_outages,
    tower_outages,
    transformer_loading,
)
from geodata.grid.parameters import Parameters
from geodata.grid.records import Records, Scenario


@dataclass(frozen=True, kw_only=True)
class CircuitFlow:
    """What a circuit carries with nothing out; P and Q at its start, P at its end, both counted into it.

    None where the flow has no solution; `is_energised`: whether it has supply.
    """

    code: str
    is_energised: bool = False
    loading_percent: float | None = None
    current_a: float | None = None
    p_from_mw: float | None = None
    q_from_mvar: float | None = None
    p_to_mw: float | None = None
    losses_mw: float | None = None


@dataclass(frozen=True, kw_only=True)
class StationState:
    """What a station is with nothing out; None where it has no supply or nothing is known of its transformers."""

    code: str
    vm_pu: float | None
    p_mw: float
    q_mvar: float
    transformer_loading_percent: float | None
    headroom: Headroom


@dataclass(frozen=True, kw_only=True)
class Study:
    """The results of a year and scenario. `base` is the state with nothing out, told like an outage.

    `outages` are N-1; `tower_lines` what each takes whose towers carry several circuits.
    """

    network: Network
    converged: bool
    collapse: Collapse | None
    base: Effect
    stations: tuple[StationState, ...]
    circuits: tuple[CircuitFlow, ...]
    outages: tuple[Effect, ...]
    tower_lines: tuple[Effect, ...]
    losses_mw: float


def run_study(records: Records, parameters: Parameters, year: int, scenario: Scenario) -> Study:
    """Return the study of a year under a load."""
    return study_network(build_network(records, parameters, year, scenario), parameters)


def study_network(network: Network, parameters: Parameters) -> Study:
    """Return the study of a network that is built already."""
    flow = Flow(network.circuitry)
    solution = flow.solve()
    nothing = Outage(kind=OutageKind.SEVERAL, code="")
    (base,) = effects(network, flow, [nothing], vm_min_pu=parameters["voltage_min_n0_pu"])
    converged = bool(solution.converged[0])
    room: Mapping[str, Headroom] = headrooms(network, parameters) if converged else {}
    unknown = Headroom(n0_mw=None, n1_mw=None)
    floor = parameters["voltage_min_n1_pu"]
    stations = tuple(
        StationState(
            code=station.code,
            vm_pu=float(solution.vm_pu[0, station.bus]) if solution.energised[0, station.bus] else None,
            p_mw=station.p_mw,
            q_mvar=station.q_mvar,
            transformer_loading_percent=_loading_of(network, solution, place),
            headroom=room.get(station.code, unknown),
        )
        for place, station in enumerate(network.stations)
    )
    return Study(
        network=network,
        converged=converged,
        collapse=base.collapse,
        base=base,
        stations=stations,
        circuits=_circuits(network, solution)
        if converged
        else tuple(CircuitFlow(code=circuit.code) for circuit in network.circuits),
        outages=tuple(effects(network, flow, single_outages(network), vm_min_pu=floor)),
        tower_lines=tuple(effects(network, flow, tower_outages(network), vm_min_pu=floor)),
        losses_mw=float(solution.losses_mw[0]) if converged else 0.0,
    )


def _loading_of(network: Network, solution: Solution, place: int) -> float | None:
    """Return the loading of a station's transformers; an infeed's carry what it delivers."""
    station = network.stations[place]
    if not station.is_infeed:
        return transformer_loading(station)
    drawn = delivered_mva(network, solution, 0, station.code)
    return None if np.isnan(drawn) else transformer_loading(station, drawn_mva=drawn)


def _circuits(network: Network, solution: Solution) -> tuple[CircuitFlow, ...]:
    loading = circuit_loading(network, solution, 0)
    losses = solution.p_from_mw[0] + solution.p_to_mw[0]
    return tuple(
        CircuitFlow(
            code=circuit.code,
            is_energised=bool(solution.energised[0, network.circuitry.branches[circuit.branches[0]].from_bus]),
            loading_percent=float(percent),
            current_a=float(percent) * circuit.rated_a / 100,
            p_from_mw=float(solution.p_from_mw[0, circuit.branches[0]]),
            q_from_mvar=float(solution.q_from_mvar[0, circuit.branches[0]]),
            p_to_mw=float(solution.p_to_mw[0, circuit.branches[-1]]),
            losses_mw=float(sum(losses[list(circuit.branches)])),
        )
        for circuit, percent in zip(network.circuits, loading, strict=True)
    )
