"""Where circuits end: at the stations they name, else at what they are drawn to meet. Says what does not fit.

A circuit that ends on another one makes a T-junction there; loose ends that meet each other make a joint.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from shapely import LineString, MultiLineString, Point as ShapelyPoint, line_merge
from shapely.geometry.base import BaseGeometry

from geodata.grid.records import Circuit, Point, Records, Station


class Problem(StrEnum):
    """What keeps a network from being computed as it is meant."""

    ISLAND = "island"
    LOOSE_END = "loose_end"
    END_FAR = "end_far"
    UNKNOWN_STATION = "unknown_station"
    NO_LENGTH = "no_length"
    NO_CONDUCTOR = "no_conductor"
    UNKNOWN_CONDUCTOR = "unknown_conductor"
    NO_RATING = "no_rating"
    LENGTH_MISMATCH = "length_mismatch"
    NO_VOLTAGE = "no_voltage"
    NO_TRANSFORMER = "no_transformer"
    NO_LOAD = "no_load"
    LOAD_IMPLAUSIBLE = "load_implausible"
    NOT_CONNECTED = "not_connected"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A problem of an object; `metres` where a distance tells it, `about` what it concerns (a code, a type, a figure)."""

    code: str
    problem: Problem
    metres: float | None = None
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A part of a circuit between two nodes; `share` of the circuit's whole length."""

    from_node: str
    to_node: str
    share: float


@dataclass(frozen=True, kw_only=True)
class Topology:
    """The nodes (stations by code, junctions by a made-up one) and each circuit's stretches, from its start to its end."""

    nodes: tuple[str, ...]
    stretches: Mapping[str, tuple[Stretch, ...]]
    findings: tuple[Finding, ...]


def drawn(circuit: Circuit) -> BaseGeometry:
    """Return the circuit as drawn, its parts joined where they meet; in metres."""
    return line_merge(MultiLineString([LineString(part) for part in circuit.parts]))


def resolve(here: Records, known: Mapping[str, Station], snap_m: float) -> Topology:
    """Return how the circuits of a year hang together. `known` are all stations, also those not there in that year."""
    return _Resolver(here, known, snap_m).topology()


@dataclass(kw_only=True)
class _End:
    """One end of a circuit: where it is drawn, what it names, and, once found, its node."""

    circuit: str
    side: int
    place: Point
    node: str = ""
    gap_m: float | None = None


class _Resolver:
    def __init__(self, here: Records, known: Mapping[str, Station], snap_m: float) -> None:
        self.here, self.known, self.snap_m = here, known, snap_m
        self.lines = {circuit.code: drawn(circuit) for circuit in here.circuits}
        self.findings: list[Finding] = []
        #: Circuit -> (metres from its start, node) of the junctions on it.
        self.junctions: dict[str, list[tuple[float, str]]] = {}

    def topology(self) -> Topology:
        ends = [end for circuit in self.here.circuits for end in self._ends(circuit)]
        loose = [end for end in ends if not end.node and not self._meets_station(end)]
        self._join(loose)
        for end in [end for end in loose if not end.node]:
            self._tee(end)
        by_circuit: dict[str, list[_End]] = {}
        for end in ends:
            by_circuit.setdefault(end.circuit, []).append(end)
        stretches = {code: self._stretches(code, *pair) for code, pair in by_circuit.items()}
        stations = [station.code for station in self.here.stations]
        others = (node for parts in stretches.values() for part in parts for node in (part.from_node, part.to_node))
        return Topology(
            nodes=tuple(dict.fromkeys([*stations, *others])), stretches=stretches, findings=tuple(self.findings)
        )

    def _ends(self, circuit: Circuit) -> tuple[_End, _End]:
        start, finish = _boundary(self.lines[circuit.code])
        named = [self.known.get(code) if code else None for code in circuit.ends]
        if _reads_backwards(named, start, finish):
            start, finish = finish, start
        ends = (
            _End(circuit=circuit.code, side=0, place=start),
            _End(circuit=circuit.code, side=1, place=finish),
        )
        for end, station, code in zip(ends, named, circuit.ends, strict=True):
            if station is not None:
                end.node = station.code
                gap_m = _distance(end.place, station.place)
                if gap_m > self.snap_m:
                    self._find(circuit.code, Problem.END_FAR, gap_m, station.code)
            elif code:
                self._find(circuit.code, Problem.UNKNOWN_STATION, None, code)
        return ends

    def _meets_station(self, end: _End) -> bool:
        gaps = [(_distance(end.place, station.place), station.code) for station in self.here.stations]
        end.gap_m, code = min(gaps, default=(None, ""))
        other = next(other for other in self.here.circuits if other.code == end.circuit).ends[1 - end.side]
        if end.gap_m is not None and end.gap_m <= self.snap_m and code != other:
            end.node = code
        return bool(end.node)

    def _join(self, loose: Sequence[_End]) -> None:
        """Make one node of loose ends of different circuits that meet."""
        for place, end in enumerate(loose):
            for other in loose[:place]:
                if other.circuit != end.circuit and _distance(other.place, end.place) <= self.snap_m:
                    other.node = other.node or f"+{other.circuit}"
                    end.node = other.node
                    break

    def _tee(self, end: _End) -> None:
        """Let an end meet the nearest other circuit, or leave it loose."""
        point = ShapelyPoint(end.place)
        gaps = [(line.distance(point), code) for code, line in self.lines.items() if code != end.circuit]
        gap_m, code = min(gaps, default=(None, ""))
        end.node = f"+{end.circuit}:{end.side}"
        if gap_m is not None and gap_m <= self.snap_m:
            self.junctions.setdefault(code, []).append((self.lines[code].project(point), end.node))
            return
        known = [gap for gap in (gap_m, end.gap_m) if gap is not None]
        self._find(end.circuit, Problem.LOOSE_END, min(known, default=None))

    def _stretches(self, code: str, start: _End, finish: _End) -> tuple[Stretch, ...]:
        line = self.lines[code]
        whole = line.length or 1.0
        junctions = sorted((place / whole, node) for place, node in self.junctions.get(code, []))
        if _distance(start.place, _boundary(line)[0]) > _distance(finish.place, _boundary(line)[0]):
            junctions = sorted((1 - share, node) for share, node in junctions)
        points = [(0.0, start.node), *junctions, (1.0, finish.node)]
        return tuple(
            Stretch(from_node=node, to_node=next_node, share=next_share - share)
            for (share, node), (next_share, next_node) in pairwise(points)
        )

    def _find(self, code: str, problem: Problem, metres: float | None, about: str = "") -> None:
        self.findings.append(Finding(code=code, problem=problem, metres=metres, about=about))


def _boundary(line: BaseGeometry) -> tuple[Point, Point]:
    parts = list(getattr(line, "geoms", [line]))
    first, last = parts[0].coords[0], parts[-1].coords[-1]
    return (first[0], first[1]), (last[0], last[1])


def _reads_backwards(named: Sequence[Station | None], start: Point, finish: Point) -> bool:
    """Say whether a line is drawn from what it names as its end to what it names as its start."""
    as_drawn = against = 0.0
    for station, here, there in zip(named, (start, finish), (finish, start), strict=True):
        if station is not None:
            as_drawn += _distance(station.place, here)
            against += _distance(station.place, there)
    return against < as_drawn


def _distance(one: Point, other: Point) -> float:
    return float(((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) ** 0.5)


def islands(nodes: Iterable[str], links: Iterable[tuple[str, str]]) -> list[set[str]]:
    """Return the parts of a network that hang together, in the order of their first nodes."""
    part_of: dict[str, set[str]] = {node: {node} for node in nodes}
    for one, other in links:
        if part_of[one] is not part_of[other]:
            small, large = sorted((part_of[one], part_of[other]), key=len)
            large |= small
            part_of.update(dict.fromkeys(small, large))
    return list({id(part): part for part in part_of.values()}.values())
