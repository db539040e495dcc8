"""What is left in an outage: stations that another circuit or transformer still feeds, and open circuits that could be closed.

How much an open circuit brings is found on the AC flow: the largest share of what it lights again at which nothing is
loaded beyond its limit and no voltage is below the one for a single outage.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from geodata.grid.flow import Floats, Flow, State
from geodata.grid.network import Network, StationModel, build_network
from geodata.grid.outages import Effect, Outage, outage_of, state_of
from geodata.grid.parameters import Parameters
from geodata.grid.records import Records, Scenario

#: Shares of a load are found to one in so many.
SHARES = 100


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A station that an outage touches and that still has supply: by which circuits, how much of its load, MW."""

    station: str
    by: tuple[str, ...]
    load_mw: float
    served_mw: float


@dataclass(frozen=True, kw_only=True)
class Reserve:
    """An open circuit that lights stations again when it is closed: which, and how much of their load, MW."""

    circuit: str
    name: str
    stations: tuple[str, ...]
    load_mw: float
    served_mw: float


def remaining_feeds(network: Network, flow: Flow, outage: Outage, effect: Effect) -> tuple[Feed, ...]:
    """Return the stations at the ends of what is out that still have supply."""
    units = {code for code, _ in outage.transformers}
    ends = {
        node
        for circuit in network.circuits
        if circuit.code in outage.circuits or {circuit.from_node, circuit.to_node} & (outage.stations | outage.infeeds)
        for node in (circuit.from_node, circuit.to_node)
    }
    solution = flow.solve([state_of(network, outage)])
    if not effect.converged:
        return ()
    found = []
    for station in network.stations:
        if station.is_infeed or station.code in effect.dead or station.code not in ends | units or not station.p_mw:
            continue
        left_mva = sum(
            unit.rated_mva for unit in station.transformers if (station.code, unit.name) not in outage.transformers
        )
        drawn_mva = float(np.hypot(station.p_mw, station.q_mvar))
        share = min(1.0, left_mva / drawn_mva) if station.transformers else 1.0
        found.append(
            Feed(
                station=station.code, by=_bringing(network, solution.p_from_mw[0], solution.p_to_mw[0], station.bus),
                load_mw=station.p_mw, served_mw=station.p_mw * share,
            )
        )  # fmt: skip
    return tuple(found)


def _bringing(network: Network, p_from_mw: Floats, p_to_mw: Floats, bus: int) -> tuple[str, ...]:
    """Return the circuits that bring power to a bus, the most first."""
    brought: dict[str, float] = {}
    for circuit in network.circuits:
        for number in circuit.branches:
            branch = network.circuitry.branches[number]
            if bus == branch.to_bus:
                brought[circuit.code] = -float(p_to_mw[number])
            elif bus == branch.from_bus:
                brought[circuit.code] = -float(p_from_mw[number])
    return tuple(code for code, mw in sorted(brought.items(), key=lambda pair: -pair[1]) if mw > 0)


def reserves_of(
    records: Records,
    parameters: Parameters,
    year: int,
    scenario: Scenario,
    *,
    codes: Iterable[str],
    dead: Iterable[str],
) -> tuple[Reserve, ...]:
    """Return the open circuits that, closed one by one, would light dead stations again; what brings most first."""
    wanted, gone = set(codes), set(dead)
    found = []
    for circuit in records.in_year(year).circuits:
        if not gone or not circuit.is_open or circuit.code in wanted:
            continue
        closed = replace(
            records,
            circuits=tuple(replace(each, is_open=False) if each is circuit else each for each in records.circuits),
        )
        network = build_network(closed, parameters, year, scenario)
        reserve = _tried(network, parameters, outage_of(network, wanted), gone)
        if reserve is not None:
            stations, load_mw, served_mw = reserve
            found.append(
                Reserve(
                    circuit=circuit.code, name=circuit.name, stations=stations, load_mw=load_mw, served_mw=served_mw
                )
            )
    return tuple(sorted(found, key=lambda reserve: -reserve.served_mw))


def _tried(
    network: Network, parameters: Parameters, outage: Outage, gone: set[str]
) -> tuple[tuple[str, ...], float, float] | None:
    """Return the stations lit again, their load and what of it can be carried; None where none is."""
    flow, state = Flow(network.circuitry), state_of(network, outage)
    lost = outage.stations
    again = [station for station in network.stations if station.code in gone - lost and station.p_mw]
    unloaded = flow.solve([_with_share(state, again, 0.0)])
    if not unloaded.converged[0]:
        return None
    lit = [station for station in again if unloaded.energised[0, station.bus]]
    if not lit:
        return None

    def is_carried(share: float) -> bool:
        solution = flow.solve([_with_share(state, lit, share)])
        if not solution.converged[0]:
            return False
        over = np.nanmax(solution.loading_percent[0], initial=0.0)
        before = np.nanmax(unloaded.loading_percent[0], initial=0.0)
        lowest = np.min(solution.vm_pu[0][solution.energised[0]])
        return bool(
            over <= max(parameters["loading_max_percent"], before) and lowest >= parameters["voltage_min_n1_pu"]
        )

    low, high = 0, SHARES + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_carried(middle / SHARES) else (low, middle)
    load_mw = sum(station.p_mw for station in lit)
    return tuple(station.code for station in lit), load_mw, load_mw * low / SHARES


def _with_share(state: State, stations: Iterable[StationModel], share: float) -> State:
    added = tuple((one.bus, -one.p_mw * (1 - share), -one.q_mvar * (1 - share)) for one in stations)
    return replace(state, added=added)
