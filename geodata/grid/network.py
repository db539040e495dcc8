"""A year's network ready to be solved: buses and pi sections from stations and circuits, with what had to be assumed.

The model is CONTRACT.md § Grid: circuits as pi sections with r, x, c per km of their conductor; loads at the stations'
110 kV buses; stations of 220 kV and more that circuits end at hold their voltage; transformers limit, they are no branch.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from geodata.grid.flow import FREQUENCY_HZ, Branch, Bus, Circuitry, Load, Source
from geodata.grid.parameters import Conductor, Parameters
from geodata.grid.records import INFEED_KV, STUDIED_KV, Circuit, LoadRow, Records, Scenario, Station, Transformer
from geodata.grid.topology import Finding, Problem, Stretch, Topology, drawn, islands, resolve
from geodata.grid.towers import TowerLine, tower_lines

#: A length that differs by less, in km, is not worth a word whatever its share.
SMALL_KM = 0.5


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """A value that nobody stated: of which object (or conductor), which, how much."""

    object: str
    parameter: str
    value: float | str
    unit: str


@dataclass(frozen=True, kw_only=True)
class StationModel:
    """A station in the network: its bus, what it draws, and its transformers in service (MVA, largest first).

    `rated_mva` is None where no transformer and no capacity is known, `firm_mva` where no transformer is.
    """

    code: str
    name: str
    id: int
    bus: int
    p_mw: float
    q_mvar: float
    is_infeed: bool
    transformers: tuple[Transformer, ...]
    rated_mva: float | None
    firm_mva: float | None


@dataclass(frozen=True, kw_only=True)
class CircuitModel:
    """A circuit in the network: the numbers of its branches from start to end, its rating and its ends' nodes."""

    code: str
    name: str
    id: int
    branches: tuple[int, ...]
    from_node: str
    to_node: str
    rated_a: float
    length_km: float


@dataclass(frozen=True, kw_only=True)
class Network:
    """A year's network. `sources` are the stations behind the sources of `circuitry`, in its order.

    `tower_lines` are the circuits that one tower carries. `inputs` counts the values that were measured, stated and assumed.
    """

    year: int
    scenario: Scenario
    circuitry: Circuitry
    stations: tuple[StationModel, ...]
    circuits: tuple[CircuitModel, ...]
    sources: tuple[str, ...]
    tower_lines: tuple[TowerLine, ...]
    findings: tuple[Finding, ...]
    assumed: tuple[Assumed, ...]
    inputs: Mapping[str, int]


def build_network(records: Records, parameters: Parameters, year: int, scenario: Scenario) -> Network:
    """Return the network of a year under a load."""
    return _Builder(records, parameters, year, scenario).network()


class _Builder:
    def __init__(self, records: Records, parameters: Parameters, year: int, scenario: Scenario) -> None:
        self.parameters, self.year, self.scenario = parameters, year, scenario
        self.findings: list[Finding] = []
        self.assumed: dict[tuple[str, str], Assumed] = {}
        self.inputs: Counter[str] = Counter(measured=0, stated=0, assumed=0)
        there = records.in_year(year)
        self.here = Records(
            stations=tuple(station for station in there.stations if self._is_studied(station)),
            circuits=tuple(sorted(filter(self._takes_part, there.circuits), key=lambda circuit: circuit.code)),
        )
        self.known = {station.code: station for station in records.stations}

    def network(self) -> Network:
        topology = resolve(self.here, self.known, self.parameters["snap_distance_m"])
        self.findings += topology.findings
        number = {node: place for place, node in enumerate(topology.nodes)}
        branches: list[Branch] = []
        circuits = tuple(
            self._circuit(circuit, topology.stretches[circuit.code], number, branches) for circuit in self.here.circuits
        )
        touched = {node for parts in topology.stretches.values() for part in parts for node in (part.from_node, part.to_node)}  # fmt: skip
        stations = tuple(
            self._station(station, number[station.code], station.code in touched)
            for station in self.here.stations
            if station.code in touched or not _feeds(station)
        )
        sources = tuple(station.code for station in stations if station.is_infeed)
        self._find_islands(topology, set(sources))
        circuitry = Circuitry(
            buses=tuple(Bus(code=node, voltage_kv=STUDIED_KV) for node in topology.nodes),
            branches=tuple(branches),
            loads=tuple(Load(bus=station.bus, p_mw=station.p_mw, q_mvar=station.q_mvar) for station in stations),
            sources=tuple(Source(bus=number[code], vm_pu=self.parameters["infeed_voltage_pu"]) for code in sources),
        )
        return Network(
            year=self.year, scenario=self.scenario, circuitry=circuitry, stations=stations, circuits=circuits,
            sources=sources, tower_lines=tower_lines(self.here.circuits, self.parameters), findings=tuple(self.findings), assumed=tuple(self.assumed.values()),
            inputs=dict(self.inputs),
        )  # fmt: skip

    def _is_studied(self, station: Station) -> bool:
        if station.voltage_kv is None:
            self._find(station.code, Problem.NO_VOLTAGE)
            self._assume(station.code, "voltage_kv", STUDIED_KV, "kV")
        return station.voltage_kv is None or station.voltage_kv >= STUDIED_KV

    def _takes_part(self, circuit: Circuit) -> bool:
        if circuit.is_open:
            return False
        if circuit.voltage_kv is None:
            self._find(circuit.code, Problem.NO_VOLTAGE)
            self._assume(circuit.code, "voltage_kv", STUDIED_KV, "kV")
        return circuit.voltage_kv in {None, STUDIED_KV}

    # --- circuits ---------------------------------------------------------------------------------

    def _circuit(
        self, circuit: Circuit, stretches: tuple[Stretch, ...], number: Mapping[str, int], branches: list[Branch]
    ) -> CircuitModel:
        length_km = self._length_km(circuit)
        conductor = self._conductor(circuit)
        rated_a = self._rated_a(circuit, conductor)
        first = len(branches)
        branches.extend(
            Branch(
                code=circuit.code,
                from_bus=number[stretch.from_node],
                to_bus=number[stretch.to_node],
                r_ohm=conductor.r_ohm_per_km * length_km * stretch.share,
                x_ohm=conductor.x_ohm_per_km * length_km * stretch.share,
                b_siemens=2 * math.pi * FREQUENCY_HZ * conductor.c_nf_per_km * 1e-9 * length_km * stretch.share,
                rated_a=rated_a,
            )
            for stretch in stretches
        )
        return CircuitModel(
            code=circuit.code, name=circuit.name, id=circuit.id, branches=tuple(range(first, len(branches))),
            from_node=stretches[0].from_node, to_node=stretches[-1].to_node, rated_a=rated_a, length_km=length_km,
        )  # fmt: skip

    def _length_km(self, circuit: Circuit) -> float:
        drawn_km = circuit.drawn_km or drawn(circuit).length / 1000
        if circuit.length_km is None:
            self._find(circuit.code, Problem.NO_LENGTH)
            self._assume(circuit.code, "length_km", round(drawn_km, 3), "km")
            return drawn_km
        self.inputs["stated"] += 1
        gap_km = abs(drawn_km - circuit.length_km)
        if gap_km > max(SMALL_KM, circuit.length_km * self.parameters["length_tolerance_percent"] / 100):
            self._find(circuit.code, Problem.LENGTH_MISMATCH, gap_km * 1000, f"{circuit.length_km:g} / {drawn_km:.2f}")
        return circuit.length_km

    def _conductor(self, circuit: Circuit) -> Conductor:
        found = self.parameters.find_conductor(circuit.conductor)
        if found is None:
            problem = Problem.UNKNOWN_CONDUCTOR if circuit.conductor else Problem.NO_CONDUCTOR
            self._find(circuit.code, problem, about=circuit.conductor or "")
            found = self.parameters.default_conductor
            self._assume(circuit.code, "conductor", found.name, "")
        else:
            self.inputs["stated"] += 1
        for part, unit in (("r_ohm_per_km", "Ω/km"), ("x_ohm_per_km", "Ω/km"), ("c_nf_per_km", "nF/km")):
            self._assume(found.name, part, getattr(found, part), unit)
        if circuit.bundle_count is None or circuit.bundle_count == 1:
            return found
        return bundled(
            found, circuit.bundle_count, self.parameters["phase_distance_m"], self.parameters["bundle_spacing_m"]
        )

    def _rated_a(self, circuit: Circuit, conductor: Conductor) -> float:
        share = self.parameters.rating_share
        if share != 1.0:
            self._assume(circuit.code, "derating_40c", share, "")
        if circuit.rating_a is not None:
            self.inputs["stated"] += 1
            return circuit.rating_a * share
        if not circuit.conductor:
            self._find(circuit.code, Problem.NO_RATING)
        self._assume(circuit.code, "rating_a", conductor.rating_a, "A")
        return conductor.rating_a * share

    # --- stations ---------------------------------------------------------------------------------

    def _station(self, station: Station, bus: int, touched: bool) -> StationModel:
        units = tuple(
            sorted(
                (unit for unit in station.transformers if unit.span.covers(self.year)),
                key=lambda unit: (-unit.rated_mva, unit.name),
            )
        )
        total = sum(unit.rated_mva for unit in units)
        if not units:
            self._find(station.code, Problem.NO_TRANSFORMER)
        if not touched:
            self._find(station.code, Problem.NOT_CONNECTED)
        self.inputs["stated"] += len(units)
        p_mw, q_mvar = self._load(station, total or station.capacity_mva)
        return StationModel(
            code=station.code, name=station.name, id=station.id, bus=bus, p_mw=p_mw, q_mvar=q_mvar,
            is_infeed=_feeds(station), transformers=units, rated_mva=total or station.capacity_mva,
            firm_mva=total - units[0].rated_mva if units else None,
        )  # fmt: skip

    def _load(self, station: Station, rated_mva: float | None) -> tuple[float, float]:
        row = self._load_row(station)
        if row is None:
            if not _feeds(station):
                self._find(station.code, Problem.NO_LOAD)
                self._assume(station.code, "active_power_mw", 0.0, "MW")
            return 0.0, 0.0
        self.inputs["stated" if self.scenario.value.startswith("forecast") else "measured"] += 1
        factor = 1.0
        if self.scenario.growth and self.year > row.year:
            percent = self.parameters[self.scenario.growth]
            factor = (1 + percent / 100) ** (self.year - row.year)
            self._assume(station.code, "growth", percent, "%/year")
        p_mw, q_mvar = row.p_mw * factor, (row.q_mvar or 0.0) * factor
        if row.q_mvar is None:
            q_mvar = p_mw * tangent(self.parameters["power_factor"])
            self._assume(station.code, "reactive_power_mvar", round(q_mvar, 2), "MVAr")
        if rated_mva and math.hypot(p_mw, q_mvar) > rated_mva * self.parameters["load_max_share"]:
            self._find(station.code, Problem.LOAD_IMPLAUSIBLE, about=f"{p_mw:.1f} MW / {rated_mva:g} MVA")
        return p_mw, q_mvar

    def _load_row(self, station: Station) -> LoadRow | None:
        """Return the highest load of the last year that has one; of a later year only where there is no earlier."""
        for kind in self.scenario.measured:
            rows = [row for row in station.loads if row.kind == kind]
            if not rows:
                continue
            past = [row.year for row in rows if row.year <= self.year]
            year = max(past) if past else min(row.year for row in rows)
            return max((row for row in rows if row.year == year), key=lambda row: math.hypot(row.p_mw, row.q_mvar or 0))
        return None

    # --- findings ---------------------------------------------------------------------------------

    def _find_islands(self, topology: Topology, sources: set[str]) -> None:
        links = [(part.from_node, part.to_node) for parts in topology.stretches.values() for part in parts]
        stations = {station.code for station in self.here.stations}
        for part in islands(topology.nodes, links):
            if not part & sources and len(part) > 1:
                for code in sorted(part & stations):
                    self._find(code, Problem.ISLAND)

    def _find(self, code: str, problem: Problem, metres: float | None = None, about: str = "") -> None:
        self.findings.append(Finding(code=code, problem=problem, metres=metres, about=about))

    def _assume(self, object_: str, parameter: str, value: float | str, unit: str) -> None:
        if (object_, parameter) not in self.assumed:
            self.inputs["assumed"] += 1
            self.assumed[object_, parameter] = Assumed(object=object_, parameter=parameter, value=value, unit=unit)


def _feeds(station: Station) -> bool:
    return station.voltage_kv is not None and station.voltage_kv >= INFEED_KV


def tangent(power_factor: float) -> float:
    """Return Q/P of a power factor, inductive."""
    return math.tan(math.acos(power_factor))


def bundled(conductor: Conductor, count: int, phase_distance_m: float, spacing_m: float) -> Conductor:
    """Return `count` conductors per phase, evenly on a circle of neighbours `spacing_m` apart, as one.

    x = ω·μ0/2π·ln(GMD/GMR), c = 2π·ε0/ln(GMD/r): both logarithms shrink by the bundle's mean distance.
    """
    x_per_log = 2 * math.pi * FREQUENCY_HZ * 2e-7 * 1000  # ohm/km
    c_times_log = 2 * math.pi * 8.8541878128e-12 * 1e12  # nF/km
    radius_m = spacing_m / (2 * math.sin(math.pi / count))
    between = [2 * radius_m * math.sin(math.pi * place / count) for place in range(1, count)]

    def mean_log(log: float) -> float:
        alone = math.log(phase_distance_m) - log
        return math.log(phase_distance_m) - (alone + sum(map(math.log, between))) / count

    return Conductor(
        name=conductor.name,
        rating_a=conductor.rating_a * count,
        r_ohm_per_km=conductor.r_ohm_per_km / count,
        x_ohm_per_km=x_per_log * mean_log(conductor.x_ohm_per_km / x_per_log),
        c_nf_per_km=c_times_log / mean_log(c_times_log / conductor.c_nf_per_km),
    )
