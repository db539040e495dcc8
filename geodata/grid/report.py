"""A study as one document of plain values, in the shape CONTRACT.md § Grid fixes for `./scripts/manage grid --json`."""

import math

from geodata.grid.documents import (
    AssumedRow,
    Beyond,
    CircuitRow,
    CollapsePoint,
    FindingRow,
    Loading,
    OutageRow,
    StationRow,
    StudyDocument,
    TowerLineRow,
)
from geodata.grid.headroom import ALREADY_PERCENT, ALREADY_PU, Binding
from geodata.grid.network import Assumed, Network
from geodata.grid.outages import Collapse, Effect, Overload
from geodata.grid.study import Study
from geodata.grid.topology import Finding
from geodata.grid.towers import TowerLine

#: Digits behind the point: far below what the flow's tolerance means, so that comparisons see no rounding.
DIGITS = 9


def as_document(study: Study) -> StudyDocument:
    """Return the study: MW, MVAr, MVA, A, %, pu, metres. What cannot be said is None.

    Beyond the contract: `tower_lines` (like `outages`, which are N-1, with their `circuits` and the `km` they share),
    `existing` (what is beyond a limit already, by outage), `collapse`, `inputs`.
    """
    network = study.network
    return {
        "year": network.year,
        "scenario": str(network.scenario),
        "converged": study.converged,
        "stations": _stations(study),
        "circuits": _circuits(study),
        "outages": [_outage(effect) for effect in study.outages],
        "tower_lines": [
            _tower_line(line, effect)
            for line, effect in zip(network.tower_lines, study.tower_lines, strict=True)
        ],
        "losses_mw": _number(study.losses_mw),
        "topology": [_finding(finding) for finding in network.findings],
        "assumed": [_assumed(assumed) for assumed in network.assumed],
        "existing": existing(study),
        "collapse": _collapse(study.collapse),
        "inputs": dict(network.inputs),
    }  # fmt: skip


def made_worse(effect: Effect, base: Effect) -> tuple[Overload, ...]:
    """Return what an outage puts beyond its limit, or farther beyond it than with nothing out."""
    before = {(overload.element, overload.vm_pu is None): overload for overload in base.overloads}
    return tuple(
        overload
        for overload in effect.overloads
        if _is_worse(overload, before.get((overload.element, overload.vm_pu is None)))
    )


def existing(study: Study) -> list[Beyond]:
    """Return what is beyond a limit without any addition, the worst first in each state; `outage` None: nothing out.

    An outage lists what it makes worse, not again all that is beyond its limit anyhow.
    """
    rows: list[Beyond] = [
        {"element": overload.element, "outage": effect.outage.code or None, **_how_far(overload)}
        for effect in (study.base, *study.outages)
        for overload in (effect.overloads if effect is study.base else made_worse(effect, study.base))
    ]
    over = {overload.element for overload in study.base.overloads if overload.vm_pu is None}
    own: list[Beyond] = [
        {
            "element": state.code,
            "outage": None,
            "loading_percent": _number(state.transformer_loading_percent),
            "vm_pu": None,
        }
        for state in study.stations
        if (state.transformer_loading_percent or 0) > 100 and state.code not in over
    ]
    return sorted(own + rows, key=lambda row: (row["outage"] or "", -(row["loading_percent"] or 0)))


def _is_worse(overload: Overload, before: Overload | None) -> bool:
    if before is None:
        return True
    more_percent = (overload.loading_percent or 0) - (before.loading_percent or 0)
    return more_percent > ALREADY_PERCENT or (before.vm_pu or 0) - (overload.vm_pu or 0) > ALREADY_PU


def _stations(study: Study) -> list[StationRow]:
    models = {station.code: station for station in study.network.stations}
    return [
        {
            "code": state.code,
            "name": models[state.code].name,
            "id": models[state.code].id,
            "is_infeed": models[state.code].is_infeed,
            "vm_pu": _number(state.vm_pu),
            "load_mw": _number(state.p_mw),
            "load_mvar": _number(state.q_mvar),
            "transformer_loading_percent": _number(state.transformer_loading_percent),
            "rated_mva": _number(models[state.code].rated_mva),
            "firm_mva": _number(models[state.code].firm_mva),
            "headroom_n0_mw": state.headroom.n0_mw,
            "headroom_n1_mw": state.headroom.n1_mw,
            "binding": _binding(state.headroom.n1_binding),
            "binding_n0": _binding(state.headroom.n0_binding),
        }
        for state in study.stations
    ]


def _circuits(study: Study) -> list[CircuitRow]:
    models = {circuit.code: circuit for circuit in study.network.circuits}
    return [
        {
            "code": flow.code,
            "name": models[flow.code].name,
            "id": models[flow.code].id,
            "from": _place(study.network, models[flow.code].from_node),
            "to": _place(study.network, models[flow.code].to_node),
            "is_energised": flow.is_energised,
            "loading_percent": _number(flow.loading_percent),
            "rated_a": _number(models[flow.code].rated_a),
            "length_km": _number(models[flow.code].length_km),
            "current_a": _number(flow.current_a),
            "p_from_mw": _number(flow.p_from_mw),
            "q_from_mvar": _number(flow.q_from_mvar),
            "p_to_mw": _number(flow.p_to_mw),
            "losses_mw": _number(flow.losses_mw),
        }
        for flow in study.circuits
    ]


def _place(network: Network, node: str) -> str | None:
    """Return the code of the station a circuit ends at, or None at a junction."""
    return None if node.startswith("+") else node


def _outage(effect: Effect) -> OutageRow:
    return {
        "outage": effect.outage.code,
        "kind": str(effect.outage.kind),
        "converged": effect.converged,
        "worst": {"element": effect.worst.element, "loading_percent": _number(effect.worst.loading_percent)}
        if effect.worst
        else None,
        "vm_min_pu": _number(effect.vm_min_pu),
        "vm_min_at": effect.vm_min_at,
        "unserved_mw": _rounded(effect.unserved_mw),
        "dead": list(effect.dead),
        "collapse": _collapse(effect.collapse),
    }


def _tower_line(line: TowerLine, effect: Effect) -> TowerLineRow:
    return {**_outage(effect), "circuits": list(line.circuits), "km": _number(line.length_km)}


def _finding(finding: Finding) -> FindingRow:
    return {
        "code": finding.code, "problem": str(finding.problem), "metres": _number(finding.metres), "about": finding.about,
    }  # fmt: skip


def _assumed(assumed: Assumed) -> AssumedRow:
    return {
        "object": assumed.object, "parameter": assumed.parameter, "value": assumed.value, "unit": assumed.unit,
    }  # fmt: skip


def _collapse(collapse: Collapse | None) -> CollapsePoint | None:
    return {"share": collapse.share, "bus": collapse.bus, "vm_pu": collapse.vm_pu} if collapse else None


def _binding(binding: Binding | None) -> Beyond | None:
    if binding is None:
        return None
    return {"element": binding.element, "outage": binding.outage, **_how_far(binding)}


def _how_far(overload: Overload | Binding) -> Loading:
    return {"loading_percent": _number(overload.loading_percent), "vm_pu": _number(overload.vm_pu)}


def _number(value: float | None) -> float | None:
    """Return a number JSON knows; neither infinite nor undefined."""
    return None if value is None or not math.isfinite(value) else _rounded(value)


def _rounded(value: float) -> float:
    return round(float(value), DIGITS)
