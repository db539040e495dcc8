"""What happens when one element fails: each circuit, transformer and infeed in turn, or any set of them at once.

A part that loses its supply is dead: its stations and megawatts are named, it is no error.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from geodata.grid.flow import Floats, Flow, Solution, State
from geodata.grid.network import Network, StationModel


class OutageKind(StrEnum):
    """What is out."""

    CIRCUIT = "circuit"
    TRANSFORMER = "transformer"
    INFEED = "infeed"
    STATION = "station"
    TOWER_LINE = "tower_line"
    SEVERAL = "several"


@dataclass(frozen=True, kw_only=True)
class Outage:
    """Elements that are out together. `code` names it; a transformer is named station/transformer."""

    kind: OutageKind
    code: str
    circuits: frozenset[str] = frozenset()
    infeeds: frozenset[str] = frozenset()
    stations: frozenset[str] = frozenset()
    transformers: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Overload:
    """An element beyond a limit: a circuit's or transformers' loading in %, or a station's voltage in pu."""

    element: str
    loading_percent: float | None = None
    vm_pu: float | None = None


@dataclass(frozen=True, kw_only=True)
class Collapse:
    """Where a flow that has no solution gives way: the share of all loads that still had one, and the lowest voltage."""

    share: float
    bus: str
    vm_pu: float


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What an outage does. `worst` is the most loaded element that is left; `dead` the stations without supply.

    Where the flow has no solution, `collapse` says where it gives way, and that place is beyond its limit with 0 pu.
    `unserved_mw` counts what they drew, and what a station's remaining transformers cannot carry only if none is left.
    """

    outage: Outage
    converged: bool
    worst: Overload | None
    vm_min_pu: float | None
    vm_min_at: str | None
    unserved_mw: float
    dead: tuple[str, ...]
    collapse: Collapse | None
    overloads: tuple[Overload, ...]


def single_outages(network: Network) -> list[Outage]:
    """Return each circuit, each transformer of a station and each infeed, one by one (N-1)."""
    found = [
        Outage(kind=OutageKind.CIRCUIT, code=circuit.code, circuits=frozenset({circuit.code}))
        for circuit in network.circuits
    ]
    found += [
        Outage(
            kind=OutageKind.TRANSFORMER,
            code=f"{station.code}/{unit.name}",
            transformers=frozenset({(station.code, unit.name)}),
        )
        for station in network.stations
        for unit in station.transformers
    ]
    return found + [Outage(kind=OutageKind.INFEED, code=code, infeeds=frozenset({code})) for code in network.sources]


def tower_outages(network: Network) -> list[Outage]:
    """Return each tower line with all its circuits: one event that takes several elements, so no part of N-1."""
    return [
        Outage(kind=OutageKind.TOWER_LINE, code=line.code, circuits=frozenset(line.circuits))
        for line in network.tower_lines
    ]


def outage_of(network: Network, codes: Iterable[str]) -> Outage:
    """Return the outage of these circuits, tower lines, stations and transformers (station/transformer).

    Others are left out.
    """
    wanted = set(codes)
    wanted |= {circuit for line in network.tower_lines if line.code in wanted for circuit in line.circuits}
    units = {(station.code, unit.name) for station in network.stations for unit in station.transformers}
    return Outage(
        kind=OutageKind.SEVERAL,
        code=", ".join(sorted(wanted)),
        circuits=frozenset(circuit.code for circuit in network.circuits if circuit.code in wanted),
        stations=frozenset(station.code for station in network.stations if station.code in wanted),
        transformers=frozenset(unit for unit in units if "/".join(unit) in wanted),
    )


def state_of(network: Network, outage: Outage) -> State:
    """Return the state of the network's branches and sources in an outage; a lost station takes its circuits along."""
    branches = [
        branch
        for circuit in network.circuits
        if circuit.code in outage.circuits or {circuit.from_node, circuit.to_node} & outage.stations
        for branch in circuit.branches
    ]
    off = outage.infeeds | outage.stations | _without_units(network, outage)
    sources = [place for place, code in enumerate(network.sources) if code in off]
    return State(branches_out=tuple(branches), sources_out=tuple(sources))


def effects(network: Network, flow: Flow, outages: Sequence[Outage], *, vm_min_pu: float) -> list[Effect]:
    """Return what each outage does."""
    # Transformers are no branches: where only they are out, the flow is the one without any outage.
    states = [state_of(network, outage) for outage in outages]
    distinct = list(dict.fromkeys(states))
    solution = flow.solve(distinct)
    place = {state: number for number, state in enumerate(distinct)}
    return [
        _effect(network, solution, place[state], outage, vm_min_pu)
        if solution.converged[place[state]]
        else _collapsed(network, flow, state, outage)
        for state, outage in zip(states, outages, strict=True)
    ]


def _collapsed(network: Network, flow: Flow, state: State, outage: Outage) -> Effect:
    """Return an effect of which only is known where the voltage gives way, and which stations have lost all transformers."""
    collapse = collapse_of(flow, state)
    dead = [
        station for station in network.stations if station.code in _without_units(network, outage) | outage.stations
    ]
    return Effect(
        outage=outage, converged=False, worst=None, vm_min_pu=None, vm_min_at=None,
        unserved_mw=sum(station.p_mw for station in dead), dead=tuple(station.code for station in dead),
        collapse=collapse, overloads=(Overload(element=collapse.bus, vm_pu=0.0),),
    )  # fmt: skip


def collapse_of(flow: Flow, state: State) -> Collapse:
    """Return the largest share of the loads at which a state has a solution, to one in a thousand, and its lowest voltage."""
    low, high = 0, 1000
    while high - low > 1:
        middle = (low + high) // 2
        done = bool(flow.solve([replace(state, scale=middle / 1000)]).converged[0])
        low, high = (middle, high) if done else (low, middle)
    solution = flow.solve([replace(state, scale=low / 1000)])
    voltages = np.where(solution.energised[0], solution.vm_pu[0], np.inf)
    bus = int(np.argmin(voltages))
    return Collapse(share=low / 1000, bus=flow.circuitry.buses[bus].code, vm_pu=float(voltages[bus]))


def circuit_loading(network: Network, solution: Solution, row: int) -> Floats:
    """Return the loading of each circuit in one state, %: that of its most loaded stretch."""
    currents = solution.current_a[row]
    return np.array([max(currents[list(circuit.branches)]) / circuit.rated_a * 100 for circuit in network.circuits])


def transformer_loading(
    station: StationModel, out: Iterable[str] = (), *, drawn_mva: float | None = None
) -> float | None:
    """Return S over the rated power of a station's transformers that are left, %; infinite where none is left.

    `drawn_mva`: what goes through them where it is not the station's own load.
    """
    gone = set(out)
    left = sum(unit.rated_mva for unit in station.transformers if unit.name not in gone)
    rated = left if station.transformers else station.rated_mva
    drawn = float(np.hypot(station.p_mw, station.q_mvar)) if drawn_mva is None else drawn_mva
    if rated is None:
        return None
    return drawn / rated * 100 if rated else (float("inf") if drawn else 0.0)


def _effect(network: Network, solution: Solution, row: int, outage: Outage, vm_min_pu: float) -> Effect:
    lit = solution.energised[row]
    # An infeed without transformers still has what the 110 kV side brings.
    without = (_without_units(network, outage) - set(network.sources)) | outage.stations
    dead = [
        station
        for station in network.stations
        if station.code in without or not lit[station.bus]
    ]  # fmt: skip
    gone = {station.code for station in dead}
    own = _own_units(network, solution, row, outage, gone)
    circuits = _circuits_left(network, solution, row, outage)
    voltages = np.where(lit, solution.vm_pu[row], np.inf)
    lowest = int(np.argmin(voltages)) if lit.any() else None
    # Where the flow is the one without any outage, only what the outage itself touches is told.
    told = own if own and not (outage.circuits or outage.infeeds or outage.stations) else [*circuits, *own]
    others = [] if told is own else _infeeds_and_voltages(network, solution, row, gone)
    return Effect(
        outage=outage,
        converged=True,
        worst=max(told, key=lambda overload: overload.loading_percent or 0.0, default=None),
        vm_min_pu=float(voltages[lowest]) if lowest is not None else None,
        vm_min_at=network.circuitry.buses[lowest].code if lowest is not None else None,
        unserved_mw=sum(station.p_mw for station in dead),
        dead=tuple(station.code for station in dead if not station.is_infeed or station.p_mw),
        collapse=None,
        overloads=tuple(overload for overload in [*told, *others] if _is_beyond(overload, vm_min_pu)),
    )


def _units_out(outage: Outage) -> dict[str, set[str]]:
    units: dict[str, set[str]] = {}
    for code, name in outage.transformers:
        units.setdefault(code, set()).add(name)
    return units


def _without_units(network: Network, outage: Outage) -> set[str]:
    """Return the stations all of whose transformers are out."""
    units = _units_out(outage)
    return {
        station.code
        for station in network.stations
        if station.code in units and units[station.code] >= {unit.name for unit in station.transformers}
    }


def delivered_mva(network: Network, solution: Solution, row: int, code: str) -> float:
    """Return what an infeed delivers in a state; undefined where the state has no solution."""
    source = network.sources.index(code)
    return float(np.hypot(solution.source_p_mw[row, source], solution.source_q_mvar[row, source]))


def _own_units(network: Network, solution: Solution, row: int, outage: Outage, dead: set[str]) -> list[Overload]:
    """Return the loading of the transformers that are left where some are out."""
    units = _units_out(outage)
    found = []
    for station in network.stations:
        if station.code not in units or station.code in dead:
            continue
        drawn = delivered_mva(network, solution, row, station.code) if station.is_infeed else None
        percent = transformer_loading(station, units[station.code], drawn_mva=drawn)
        if percent is not None and np.isfinite(percent):
            found.append(Overload(element=station.code, loading_percent=percent))
    return found


def _circuits_left(network: Network, solution: Solution, row: int, outage: Outage) -> list[Overload]:
    loading = circuit_loading(network, solution, row)
    return [
        Overload(element=circuit.code, loading_percent=float(percent))
        for circuit, percent in zip(network.circuits, loading, strict=True)
        if circuit.code not in outage.circuits
    ]


def _infeeds_and_voltages(network: Network, solution: Solution, row: int, dead: set[str]) -> list[Overload]:
    """Return the loading of the infeeds' transformers and the voltages of stations in a state."""
    lit = [station for station in network.stations if station.code not in dead and solution.energised[row, station.bus]]
    infeeds = [
        Overload(element=station.code, loading_percent=percent)
        for station in lit
        if station.is_infeed
        if (percent := transformer_loading(station, drawn_mva=delivered_mva(network, solution, row, station.code)))
    ]
    return infeeds + [
        Overload(element=station.code, vm_pu=float(solution.vm_pu[row, station.bus])) for station in lit
    ]  # fmt: skip


def _is_beyond(overload: Overload, vm_min_pu: float) -> bool:
    if overload.loading_percent is not None:
        return overload.loading_percent > 100
    return overload.vm_pu is not None and overload.vm_pu < vm_min_pu
