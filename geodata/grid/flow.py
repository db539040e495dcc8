"""AC power flow of a balanced network: buses, branches, loads and sources in; voltages, flows and currents out.

The equations are solved by power-grid-model (Newton's method, C++), many states of one network at once. Knows buses
and branches only, nothing of substations, years or limits.

Model: a branch is a pi section, r + jx in series, half of g + jb at each end; a source holds its voltage whatever
it delivers. Powers in MW and MVAr, loads count positive; voltages in per unit of the bus; currents in A.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from power_grid_model import (
    CalculationMethod,
    ComponentType,
    DatasetType,
    LoadGenType,
    PowerGridModel,
    initialize_array,
)

Floats = NDArray[np.float64]

FREQUENCY_HZ = 50.0
#: Short-circuit power of a source in VA, so high that its voltage stays what it is set to (within 1e-9 pu).
STIFF_VA = 1e20
#: Newton's method ends when no voltage changes by more, in pu.
TOLERANCE_PU = 1e-9
MAX_ITERATIONS = 25


@dataclass(frozen=True, kw_only=True)
class Bus:
    """A place where branches meet. `voltage_kv` is its nominal voltage, line to line."""

    code: str
    voltage_kv: float


@dataclass(frozen=True, kw_only=True)
class Branch:
    """A circuit or transformer between two buses (their numbers in the network).

    `ratio` and `shift_rad` are of an ideal transformer at the from end; 1 and 0 for a line. `rated_a` may be unknown.
    """

    code: str
    from_bus: int
    to_bus: int
    r_ohm: float
    x_ohm: float
    b_siemens: float = 0.0
    g_siemens: float = 0.0
    rated_a: float | None = None
    ratio: float = 1.0
    shift_rad: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is drawn at a bus, MW and MVAr; negative where a generator feeds in."""

    bus: int
    p_mw: float
    q_mvar: float


@dataclass(frozen=True, kw_only=True)
class Shunt:
    """A capacitor or reactor at a bus, in siemens; capacitors have positive b."""

    bus: int
    g_siemens: float
    b_siemens: float


@dataclass(frozen=True, kw_only=True)
class Source:
    """An infeed that holds the voltage of its bus."""

    bus: int
    vm_pu: float
    angle_rad: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Circuitry:
    """A network to be solved. Each bus has at most one load."""

    buses: tuple[Bus, ...]
    branches: tuple[Branch, ...]
    loads: tuple[Load, ...]
    sources: tuple[Source, ...]
    shunts: tuple[Shunt, ...] = ()


@dataclass(frozen=True, kw_only=True)
class State:
    """One state of a network: branches and sources (numbers) that are out, and what is drawn besides, bus -> (MW, MVAr)."""

    branches_out: tuple[int, ...] = ()
    sources_out: tuple[int, ...] = ()
    added: tuple[tuple[int, float, float], ...] = ()
    scale: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Solution:
    """Solved states, one row each. NaN where a state did not converge; 0 pu and 0 A at what has no supply.

    `vm_pu`, `va_rad`, `energised` (states × buses); `p_from_mw` … `current_a`, `loading_percent` (states × branches;
    loading is NaN where the rating is unknown); `source_p_mw`, `source_q_mvar` (states × sources); `converged` (states).
    """

    vm_pu: Floats
    va_rad: Floats
    energised: NDArray[np.bool_]
    p_from_mw: Floats
    q_from_mvar: Floats
    p_to_mw: Floats
    q_to_mvar: Floats
    current_a: Floats
    loading_percent: Floats
    source_p_mw: Floats
    source_q_mvar: Floats
    converged: NDArray[np.bool_]

    @property
    def losses_mw(self) -> Floats:
        """What the branches take up, in each state."""
        total: Floats = (self.p_from_mw + self.p_to_mw).sum(axis=1)
        return total


class Flow:
    """A network made ready once, to be solved in many states.

    States that differ in loads alone take less than half the time of those in which other branches are out, so
    `branches_out` (numbers) may be out in all of them.
    """

    def __init__(self, circuitry: Circuitry, branches_out: Sequence[int] = ()) -> None:
        self.circuitry = circuitry
        self._always_out = list(branches_out)
        buses, branches = len(circuitry.buses), len(circuitry.branches)
        self._drawn = np.zeros((buses, 2))
        for load in circuitry.loads:
            self._drawn[load.bus] += (load.p_mw, load.q_mvar)
        self._rated = np.array([branch.rated_a or np.nan for branch in circuitry.branches])
        self._branch_ids = buses + np.arange(branches)
        self._load_ids = buses + branches + np.arange(buses)
        self._source_ids = 2 * buses + branches + np.arange(len(circuitry.sources))
        self._model = PowerGridModel(self._input(), system_frequency=FREQUENCY_HZ) if circuitry.sources else None

    def solve(self, states: Sequence[State] = (State(),)) -> Solution:
        """Return the solution of each state. A part without a source has no voltage; that is no error."""
        if self._model is None or not states:
            return self._dead(len(states))
        result = self._model.calculate_power_flow(
            update_data=self._update(states),
            calculation_method=CalculationMethod.newton_raphson,
            error_tolerance=TOLERANCE_PU,
            max_iterations=MAX_ITERATIONS,
            continue_on_batch_error=True,
            output_component_types=[ComponentType.node, ComponentType.generic_branch, ComponentType.source],
        )
        return self._solution(result, len(states))

    def _input(self) -> dict[ComponentType, Any]:
        circuitry = self.circuitry
        nodes = initialize_array(DatasetType.input, ComponentType.node, len(circuitry.buses))
        nodes["id"] = np.arange(len(circuitry.buses))
        nodes["u_rated"] = [bus.voltage_kv * 1e3 for bus in circuitry.buses]
        loads = initialize_array(DatasetType.input, ComponentType.sym_load, len(circuitry.buses))
        loads["id"], loads["node"], loads["status"] = self._load_ids, nodes["id"], 1
        loads["type"] = LoadGenType.const_power
        loads["p_specified"], loads["q_specified"] = self._drawn.T * 1e6
        sources = initialize_array(DatasetType.input, ComponentType.source, len(circuitry.sources))
        sources["id"], sources["status"], sources["sk"] = self._source_ids, 1, STIFF_VA
        sources["node"] = [source.bus for source in circuitry.sources]
        sources["u_ref"] = [source.vm_pu for source in circuitry.sources]
        sources["u_ref_angle"] = [source.angle_rad for source in circuitry.sources]
        shunts = initialize_array(DatasetType.input, ComponentType.shunt, len(circuitry.shunts))
        shunts["id"] = 10**6 + np.arange(len(circuitry.shunts))
        shunts["node"] = [shunt.bus for shunt in circuitry.shunts]
        shunts["status"] = 1
        shunts["g1"] = [shunt.g_siemens for shunt in circuitry.shunts]
        shunts["b1"] = [shunt.b_siemens for shunt in circuitry.shunts]
        return {
            ComponentType.node: nodes,
            ComponentType.generic_branch: self._branches(),
            ComponentType.sym_load: loads,
            ComponentType.source: sources,
            ComponentType.shunt: shunts,
        }

    def _branches(self) -> Any:
        branches = self.circuitry.branches
        rows = initialize_array(DatasetType.input, ComponentType.generic_branch, len(branches))
        rows["id"] = self._branch_ids
        rows["from_node"] = [branch.from_bus for branch in branches]
        rows["to_node"] = [branch.to_bus for branch in branches]
        rows["from_status"] = rows["to_status"] = 1
        rows["from_status"][self._always_out] = rows["to_status"][self._always_out] = 0
        rows["r1"] = [branch.r_ohm for branch in branches]
        rows["x1"] = [branch.x_ohm for branch in branches]
        rows["g1"] = [branch.g_siemens for branch in branches]
        rows["b1"] = [branch.b_siemens for branch in branches]
        rows["k"] = [branch.ratio for branch in branches]
        rows["theta"] = [branch.shift_rad for branch in branches]
        return rows

    def _update(self, states: Sequence[State]) -> dict[ComponentType, Any]:
        outs = [out for state in states for out in state.branches_out]
        branches = initialize_array(DatasetType.update, ComponentType.generic_branch, len(outs))
        branches["id"] = self._branch_ids[outs] if outs else []
        branches["from_status"] = branches["to_status"] = 0
        off = [out for state in states for out in state.sources_out]
        sources = initialize_array(DatasetType.update, ComponentType.source, len(off))
        sources["id"] = self._source_ids[off] if off else []
        sources["status"] = 0
        return {
            ComponentType.generic_branch: _sparse(branches, [len(state.branches_out) for state in states]),
            ComponentType.source: _sparse(sources, [len(state.sources_out) for state in states]),
            ComponentType.sym_load: self._drawn_in(states),
        }

    def _drawn_in(self, states: Sequence[State]) -> Any:
        """Return the loads that differ from the network's own, state by state."""
        changed: list[tuple[int, float, float]] = []
        sizes = []
        for state in states:
            drawn = {bus: tuple(self._drawn[bus] * state.scale) for bus in self._scaled(state)}
            for bus, p_mw, q_mvar in state.added:
                p_before, q_before = drawn.get(bus, tuple(self._drawn[bus]))
                drawn[bus] = (p_before + p_mw, q_before + q_mvar)
            changed.extend((bus, p_mw, q_mvar) for bus, (p_mw, q_mvar) in drawn.items())
            sizes.append(len(drawn))
        rows = initialize_array(DatasetType.update, ComponentType.sym_load, len(changed))
        if changed:
            table = np.array(changed)
            rows["id"] = self._load_ids[table[:, 0].astype(int)]
            rows["p_specified"], rows["q_specified"] = table[:, 1] * 1e6, table[:, 2] * 1e6
        return _sparse(rows, sizes)

    def _scaled(self, state: State) -> range:
        return range(len(self.circuitry.buses) if state.scale != 1.0 else 0)

    def _solution(self, result: dict[Any, Any], count: int) -> Solution:
        nodes, branches, sources = (
            result[component] for component in (ComponentType.node, ComponentType.generic_branch, ComponentType.source)
        )
        error = self._model.batch_error if self._model else None
        converged = np.ones(count, dtype=bool)
        if error is not None:
            converged[error.failed_scenarios] = False
        known = np.where(converged, 1.0, np.nan)[:, None]
        current = np.maximum(branches["i_from"], branches["i_to"]) * known
        return Solution(
            vm_pu=nodes["u_pu"] * known,
            va_rad=nodes["u_angle"] * known,
            energised=(nodes["energized"] == 1) & converged[:, None],
            p_from_mw=branches["p_from"] / 1e6 * known,
            q_from_mvar=branches["q_from"] / 1e6 * known,
            p_to_mw=branches["p_to"] / 1e6 * known,
            q_to_mvar=branches["q_to"] / 1e6 * known,
            current_a=current,
            loading_percent=current / self._rated * 100,
            source_p_mw=sources["p"] / 1e6 * known,
            source_q_mvar=sources["q"] / 1e6 * known,
            converged=converged,
        )

    def _dead(self, count: int) -> Solution:
        """Return what a network without any source gives: nothing."""
        buses = np.zeros((count, len(self.circuitry.buses)))
        branches = np.zeros((count, len(self.circuitry.branches)))
        none = np.zeros((count, 0))
        return Solution(
            vm_pu=buses, va_rad=buses, energised=buses.astype(bool), p_from_mw=branches, q_from_mvar=branches,
            p_to_mw=branches, q_to_mvar=branches, current_a=branches, loading_percent=branches / self._rated,
            source_p_mw=none, source_q_mvar=none, converged=np.ones(count, dtype=bool),
        )  # fmt: skip


def _sparse(rows: Any, sizes: Sequence[int]) -> dict[str, object]:
    return {"data": rows, "indptr": np.concatenate(([0], np.cumsum(sizes, dtype=np.int64))).astype(np.int64)}
