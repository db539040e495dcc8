"""The shape of a study as it is kept and written: plain values, written by `report.py`.

None is what cannot be said: no solution, no supply, nothing known. Loadings are % of the rating, voltages shares of 110 kV.
"""

from typing import TypedDict


class Loading(TypedDict):
    """How far something is loaded, or how low its voltage is: one of the two is said."""

    loading_percent: float | None
    vm_pu: float | None


class Beyond(Loading):
    """What is beyond a limit, or ends a headroom; `outage`: when that is out, None or empty with nothing out."""

    element: str
    outage: str | None


class Heaviest(TypedDict):
    """The most loaded element that an outage leaves."""

    element: str
    loading_percent: float | None


class CollapsePoint(TypedDict):
    """Where the voltage gives way (`bus`), and the share of all loads that still had a solution."""

    share: float
    bus: str
    vm_pu: float


class StationRow(TypedDict):
    """A station of the year: `binding` ends its headroom with one element out (N-1), `binding_n0` with nothing out."""

    code: str
    name: str
    id: int
    is_infeed: bool
    vm_pu: float | None
    load_mw: float | None
    load_mvar: float | None
    transformer_loading_percent: float | None
    rated_mva: float | None
    firm_mva: float | None
    headroom_n0_mw: float | None
    headroom_n1_mw: float | None
    binding: Beyond | None
    binding_n0: Beyond | None


#: Codes of the stations a circuit ends at, None at a junction. `from` is no name that a class could have.
_Ends = TypedDict("_Ends", {"from": str | None, "to": str | None})


class CircuitRow(_Ends):
    """A circuit of the year; power flows from its first end where `p_from_mw` is positive."""

    code: str
    name: str
    id: int
    is_energised: bool
    loading_percent: float | None
    rated_a: float | None
    length_km: float | None
    current_a: float | None
    p_from_mw: float | None
    q_from_mvar: float | None
    p_to_mw: float | None
    losses_mw: float | None


class OutageRow(TypedDict):
    """What an outage does; `dead`: codes of the stations without supply, `unserved_mw` what they drew."""

    outage: str
    kind: str
    converged: bool
    worst: Heaviest | None
    vm_min_pu: float | None
    vm_min_at: str | None
    unserved_mw: float
    dead: list[str]
    collapse: CollapsePoint | None


class TowerLineRow(OutageRow):
    """What the outage of circuits on common towers does, and the km that they share."""

    circuits: list[str]
    km: float | None


class FindingRow(TypedDict):
    """What is wrong with the network's data at an object."""

    code: str
    problem: str
    metres: float | None
    about: str


class AssumedRow(TypedDict):
    """A value that nobody stated: of which object (or conductor), which, how much."""

    object: str
    parameter: str
    value: float | str
    unit: str


class StudyDocument(TypedDict):
    """The study of a year under a load. `inputs` counts the values by origin: measured, stated, assumed."""

    year: int
    scenario: str
    converged: bool
    stations: list[StationRow]
    circuits: list[CircuitRow]
    outages: list[OutageRow]
    tower_lines: list[TowerLineRow]
    losses_mw: float | None
    topology: list[FindingRow]
    assumed: list[AssumedRow]
    existing: list[Beyond]
    collapse: CollapsePoint | None
    inputs: dict[str, int]
