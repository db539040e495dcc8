"""Which circuits stand on the same towers: what one fallen tower takes at once.

Nobody stores towers, so this is an assumption stated with its two parameters: overhead circuits drawn nearer to each
other than `tower_distance_m`, over `tower_stretch_m` or more, share towers there. Cables never do, nor does a circuit
that says it is alone on its route.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from shapely import STRtree, line_interpolate_point

from geodata.grid.parameters import Parameters
from geodata.grid.records import Circuit
from geodata.grid.topology import drawn

#: Lines are compared at points so far apart, m.
STEP_M = 100.0


@dataclass(frozen=True, kw_only=True)
class TowerLine:
    """Circuits on the same towers, by code, and over how many km of them. `code` names it."""

    circuits: tuple[str, ...]
    length_km: float

    @property
    def code(self) -> str:
        """The circuits' codes, joined."""
        return "+".join(self.circuits)


def tower_lines(circuits: Iterable[Circuit], parameters: Parameters) -> tuple[TowerLine, ...]:
    """Return the largest sets of circuits that share towers somewhere, by code. Their lines are in metres."""
    standing = [circuit for circuit in circuits if not circuit.is_cable and circuit.on_route != 1]
    lines = [drawn(circuit) for circuit in standing]
    owner = np.repeat(np.arange(len(lines)), [int(line.length // STEP_M) + 1 for line in lines])
    if not len(owner):
        return ()
    places = np.concatenate([np.arange(int(line.length // STEP_M) + 1) * STEP_M for line in lines])
    points = line_interpolate_point(np.array(lines, dtype=object)[owner], places)
    point, near = STRtree(lines).query(points, predicate="dwithin", distance=parameters["tower_distance_m"])
    beside: dict[int, set[int]] = {}
    for number, line in zip(point.tolist(), near.tolist(), strict=True):
        beside.setdefault(number, set()).add(line)
    met = Counter(frozenset(together) for together in beside.values() if len(together) > 1)
    # Each line of a set has points there; where others stand beside them, the set shares towers too.
    shared_m = {
        found: sum(count * STEP_M / len(other) for other, count in met.items() if other >= found) for found in met
    }
    shared_m = {found: length_m for found, length_m in shared_m.items() if length_m >= parameters["tower_stretch_m"]}
    largest = [found for found in shared_m if not any(found < other for other in shared_m)]
    named = [
        TowerLine(circuits=tuple(sorted(standing[line].code for line in found)), length_km=shared_m[found] / 1000)
        for found in largest
    ]
    return tuple(sorted(named, key=lambda line: line.code))
