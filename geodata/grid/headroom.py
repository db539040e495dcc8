"""How much more a station can draw: found by search on the AC flow, with the element and outage that end it.

Definition (CONTRACT.md § Grid): the largest added P, at the model's power factor and to 0.1 MW, with which no circuit
and not the station's own transformers exceed 100 % and no voltage falls below its limit; N-0, and N-1 with each circuit
out in turn and the station's largest transformer out. What is beyond a limit already counts only when the addition makes
it worse by more than ALREADY_PERCENT or ALREADY_PU.

An infeed holds its voltage, so what is behind it is another area: each area is searched by itself, which changes no result.
"""

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.grid.flow import Circuitry, Floats, Flow, Load, Solution, State
from geodata.grid.network import Network, StationModel, tangent
from geodata.grid.outages import Overload
from geodata.grid.parameters import Parameters
from geodata.grid.topology import islands

#: What is beyond a limit already may get worse by so much.
ALREADY_PERCENT = 0.5
ALREADY_PU = 0.002
#: Powers are found to this step, MW.
STEP_MW = 0.1
#: A line to line voltage no bus of the studied network reaches, kV.
HIGHEST_KV = 130.0
#: So often the limit is guessed on a straight line; then the span is halved.
MOST_GUESSES = 6
#: Below a comparison's last digits, nothing is exceeded.
SLACK = 1e-7


@dataclass(frozen=True, kw_only=True)
class Binding:
    """What ends a headroom: the element beyond its limit one step further, and the outage in which (None: N-0)."""

    element: str
    outage: str | None
    loading_percent: float | None = None
    vm_pu: float | None = None


@dataclass(frozen=True, kw_only=True)
class Headroom:
    """MW a station can draw more, with all elements in and with one out; None for infeeds, which hold their voltage."""

    n0_mw: float | None
    n1_mw: float | None
    n0_binding: Binding | None = None
    n1_binding: Binding | None = None


@dataclass(frozen=True, kw_only=True)
class _End:
    """Where a search ended: the steps that hold, and what ends them: known, or `state` is beyond its limits at `beyond` steps."""

    steps: int
    binding: Binding | None = None
    state: int | None = None
    beyond: int = 0


#: A search asks how far states are beyond their limits at some steps, is told so by state, and returns where it ends.
_Steps = Generator[tuple[list[int], int], dict[int, float], _End]

NO_LIMIT = Headroom(n0_mw=None, n1_mw=None)
NO_SUPPLY = Headroom(n0_mw=0.0, n1_mw=0.0)


def headrooms(network: Network, parameters: Parameters) -> dict[str, Headroom]:
    """Return the headroom of every station, by code."""
    found = {station.code: NO_LIMIT if station.is_infeed else NO_SUPPLY for station in network.stations}
    for area in _areas(network):
        found |= _Search(area, parameters).headrooms()
    return found


def _areas(network: Network) -> Iterator[Network]:
    """Yield the parts of a network that only infeeds join, each with the infeeds at its edge."""
    circuitry = network.circuitry
    held = {source.bus for source in circuitry.sources}
    name = [bus.code for bus in circuitry.buses]
    inner = [bus.code for number, bus in enumerate(circuitry.buses) if number not in held]
    links = [
        (name[branch.from_bus], name[branch.to_bus])
        for branch in circuitry.branches
        if branch.from_bus not in held and branch.to_bus not in held
    ]
    for part in islands(inner, links):
        yield _area(network, {number for number, code in enumerate(name) if code in part}, held)


def _area(network: Network, inner: set[int], held: set[int]) -> Network:
    circuitry = network.circuitry
    chosen = [
        number
        for number, branch in enumerate(circuitry.branches)
        if {branch.from_bus, branch.to_bus} & inner
    ]  # fmt: skip
    edge = {
        bus for number in chosen for bus in (circuitry.branches[number].from_bus, circuitry.branches[number].to_bus)
    }
    buses = sorted(inner | edge & held)
    bus_at = {bus: place for place, bus in enumerate(buses)}
    branch_at = {number: place for place, number in enumerate(chosen)}
    return replace(
        network,
        circuitry=Circuitry(
            buses=tuple(circuitry.buses[bus] for bus in buses),
            branches=tuple(
                replace(branch, from_bus=bus_at[branch.from_bus], to_bus=bus_at[branch.to_bus])
                for branch in (circuitry.branches[number] for number in chosen)
            ),
            loads=tuple(_moved(load, bus_at) for load in circuitry.loads if load.bus in bus_at),
            sources=tuple(
                replace(source, bus=bus_at[source.bus]) for source in circuitry.sources if source.bus in bus_at
            ),
        ),
        stations=tuple(replace(station, bus=bus_at[station.bus]) for station in network.stations if station.bus in bus_at),
        # A circuit with a junction at an infeed has stretches in two areas; each sees its own.
        circuits=tuple(
            replace(circuit, branches=tuple(branch_at[number] for number in circuit.branches if number in branch_at))
            for circuit in network.circuits
            if any(number in branch_at for number in circuit.branches)
        ),
        sources=tuple(
            code for code, source in zip(network.sources, circuitry.sources, strict=True) if source.bus in bus_at
        ),
    )  # fmt: skip


def _moved(load: Load, bus_at: dict[int, int]) -> Load:
    return replace(load, bus=bus_at[load.bus])


class _Search:
    """The states of an area (row 0: nothing out, then each circuit out) and the limits that hold in each."""

    def __init__(self, area: Network, parameters: Parameters) -> None:
        self.area, self.parameters = area, parameters
        self.tangent = tangent(parameters["power_factor"])
        self.flow = Flow(area.circuitry)
        self.states = [State(), *(State(branches_out=circuit.branches) for circuit in area.circuits)]
        self.before = self.flow.solve(self.states)
        loading, vm = self.before.loading_percent, self.before.vm_pu
        ceiling = parameters["loading_max_percent"]
        self.loading_limit = np.where(loading > ceiling, loading + ALREADY_PERCENT, ceiling)
        floor = np.full(vm.shape, parameters["voltage_min_n1_pu"])
        floor[0] = parameters["voltage_min_n0_pu"]
        self.vm_limit = np.where(vm < floor, vm - ALREADY_PU, floor)
        self.margins_before = self._beyond_by(self.before, np.arange(len(self.states))).tolist()

    def is_supplied(self, station: StationModel) -> bool:
        """Say whether the station has voltage with nothing out."""
        return bool(self.before.energised[0, station.bus])

    def headrooms(self) -> dict[str, Headroom]:
        """Return what each supplied station of the area can draw more, by code."""
        stations = [station for station in self.area.stations if not station.is_infeed and self.is_supplied(station)]
        normal = self._side_by_side({station: self._normal(station) for station in stations})
        starts = {station: self._start(station, normal[station]) for station in stations}
        at_start = self._outages_at(stations, [starts[station].steps for station in stations])
        margins = {station: dict(enumerate(at_start[:, place].tolist(), 1)) for place, station in enumerate(stations)}
        single = self._side_by_side({station: self._least(starts[station], margins[station]) for station in stations})
        return {
            station.code: Headroom(
                n0_mw=round(normal[station].steps * STEP_MW, 1), n1_mw=round(single[station].steps * STEP_MW, 1),
                n0_binding=normal[station].binding, n1_binding=single[station].binding,
            )
            for station in stations
        }  # fmt: skip

    def _side_by_side(self, searches: Mapping[StationModel, _Steps]) -> dict[StationModel, _End]:
        """Return where each station's search ends: what all of them ask next is solved in one batch."""
        ends: dict[StationModel, _End] = {}
        answers: dict[StationModel, Any] = dict.fromkeys(searches)  # a search starts with None
        while answers:
            asked = {}
            for station, answer in answers.items():
                try:
                    asked[station] = searches[station].send(answer)
                except StopIteration as stop:
                    ends[station] = stop.value
            answers = self._margins(asked)
        return self._bound(ends)

    def _normal(self, station: StationModel) -> _Steps:
        """Search the steps with nothing out, and what ends them."""
        limit = self._own_limit(station, station.rated_mva, None) or _End(steps=self._ceiling(station))
        return (yield from self._least(limit, (yield [0], limit.steps)))

    def _start(self, station: StationModel, normal: _End) -> _End:
        """Return the steps that are left when each circuit is tried: what N-0 and the largest transformer out allow."""
        out = f"{station.code}/{station.transformers[0].name}" if station.transformers else None
        own = self._own_limit(station, station.firm_mva, out)
        return own if own is not None and own.steps < normal.steps else normal

    def _outages_at(self, stations: Sequence[StationModel], steps: Sequence[int]) -> Floats:
        """Return how far each circuit's outage (rows) is beyond its limits when each station draws so much more (columns)."""
        states = [
            State(added=((station.bus, step * STEP_MW, step * STEP_MW * self.tangent),))
            for station, step in zip(stations, steps, strict=True)
        ]
        found = np.empty((len(self.area.circuits), len(states)))
        for place, circuit in enumerate(self.area.circuits):
            after = Flow(self.area.circuitry, circuit.branches).solve(states)
            found[place] = self._beyond_by(after, np.full(len(states), place + 1))
        return found

    def _own_limit(self, station: StationModel, rated_mva: float | None, outage: str | None) -> _End | None:
        """Return the steps that the station's transformers allow, or None where they are unknown."""
        if rated_mva is None:
            return None

        def percent(steps: int) -> float:
            p_mw = steps * STEP_MW
            drawn = math.hypot(station.p_mw + p_mw, station.q_mvar + p_mw * self.tangent)
            return drawn / rated_mva * 100 if rated_mva else (math.inf if drawn else 0.0)

        if math.isinf(percent(0)) or rated_mva == 0:
            return _End(steps=0, binding=Binding(element=station.code, outage=outage))
        ceiling = self.parameters["loading_max_percent"]
        limit = percent(0) + ALREADY_PERCENT if percent(0) > ceiling else ceiling
        low, high = 0, int(rated_mva * 2 / STEP_MW)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if percent(middle) <= limit + SLACK else (low, middle)
        binding = Binding(element=station.code, outage=outage, loading_percent=percent(low + 1))
        return _End(steps=low, binding=binding)

    def _ceiling(self, station: StationModel) -> int:
        """Return more steps than the circuits that end at the station can ever carry."""
        power_mva = sum(
            math.sqrt(3) * HIGHEST_KV * (branch.rated_a or 0.0) / 1000
            for branch in self.area.circuitry.branches
            if station.bus in (branch.from_bus, branch.to_bus)
        )
        return int(2 * power_mva / STEP_MW) + 1

    def _least(self, limit: _End, at_limit: Mapping[int, float]) -> _Steps:
        """Search the largest steps up to a limit at which none of the states is beyond its limits.

        `at_limit`: state -> how far it is beyond them at that limit. A state that is within its limits at some power is
        so at every lower one: only the others are asked again.
        """
        low, at_low = 0, dict(enumerate(self.margins_before))
        high, at_high = limit.steps, _beyond(at_limit)
        if not at_high:
            return limit
        turns = 0
        while high - low > 1:
            middle = _guess(low, high, at_low, at_high) if turns < MOST_GUESSES else (low + high) // 2
            found = yield list(at_high), middle
            if worse := _beyond(found):
                high, at_high = middle, worse
            else:
                low, at_low = middle, found
            turns += 1
        return _End(steps=low, state=max(at_high, key=lambda number: at_high[number]), beyond=high)

    def _solved(self, asked: Sequence[tuple[StationModel, int, int]]) -> Solution:
        """Return the flows of (station, state, steps that it draws more)."""
        states = []
        for station, row, steps in asked:
            p_mw = steps * STEP_MW
            states.append(replace(self.states[row], added=((station.bus, p_mw, p_mw * self.tangent),)))
        return self.flow.solve(states)

    def _margins(self, asked: Mapping[StationModel, tuple[list[int], int]]) -> dict[StationModel, dict[int, float]]:
        """Return how far states are beyond their limits with so much more drawn: percentage points; negative within."""
        each = [(station, row, steps) for station, (rows, steps) in asked.items() for row in rows]
        found: dict[StationModel, dict[int, float]] = {station: {} for station in asked}
        if each:
            margins = self._beyond_by(self._solved(each), np.array([row for _, row, _ in each])).tolist()
            for (station, row, _), margin in zip(each, margins, strict=True):
                found[station][row] = margin
        return found

    def _beyond_by(self, after: Solution, rows: NDArray[np.int_]) -> Floats:
        over = _highest(after.loading_percent - self.loading_limit[rows])
        under = _highest((self.vm_limit[rows] - after.vm_pu) * 100)
        # The voltage collapses; without the addition it may have done so already.
        collapsed = np.where(self.before.converged[rows], np.inf, -np.inf)
        found: Floats = np.where(after.converged, np.maximum(over, under), collapsed)
        return found

    def _bound(self, ends: Mapping[StationModel, _End]) -> dict[StationModel, _End]:
        """Return the ends with the element that is most beyond its limit one step further."""
        asked = [(station, end.state, end.beyond) for station, end in ends.items() if end.state is not None]
        after = self._solved(asked)
        bound = dict(ends)
        for place, (station, row, _) in enumerate(asked):
            worst = self._worst(after, place, row)
            outage = self.area.circuits[row - 1].code if row else None
            binding = Binding(
                element=worst.element, outage=outage, loading_percent=worst.loading_percent, vm_pu=worst.vm_pu
            )
            bound[station] = _End(steps=ends[station].steps, binding=binding)
        return bound

    def _worst(self, after: Solution, place: int, row: int) -> Overload:
        """Return what is most beyond its limit in a state that is."""
        if not after.converged[place]:
            return self._collapsed(row)
        over: Floats = after.loading_percent[place] - self.loading_limit[row]
        under: Floats = (self.vm_limit[row] - after.vm_pu[place]) * 100
        if _highest(over[None])[0] >= _highest(under[None])[0]:
            branch = int(np.nanargmax(over))
            percent = float(after.loading_percent[place, branch])
            return Overload(element=self.area.circuitry.branches[branch].code, loading_percent=percent)
        bus = int(np.nanargmax(under))
        return Overload(element=self.area.circuitry.buses[bus].code, vm_pu=float(after.vm_pu[place, bus]))

    def _collapsed(self, row: int) -> Overload:
        bus = int(np.nanargmin(np.where(self.before.energised[row], self.before.vm_pu[row], np.inf)))
        return Overload(element=self.area.circuitry.buses[bus].code, vm_pu=0.0)


def _highest(values: Floats) -> Floats:
    """Return the highest of each row; what is undefined counts for nothing."""
    found: Floats = np.max(np.where(np.isnan(values), -np.inf, values), axis=1, initial=-np.inf)
    return found


def _beyond(margins: Mapping[int, float]) -> dict[int, float]:
    return {row: margin for row, margin in margins.items() if margin > SLACK}


def _guess(low: int, high: int, at_low: Mapping[int, float], at_high: Mapping[int, float]) -> int:
    """Return the steps between two at which, on a straight line, the first of the states reaches its limit."""
    first = float(high)
    for row, margin in at_high.items():
        before = min(at_low[row], 0.0)
        share = 0.5 if math.isinf(margin) or math.isinf(before) else before / (before - margin)
        first = min(first, low + (high - low) * share)
    return min(max(int(first), low + 1), high - 1)
