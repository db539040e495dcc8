"""What a layer's features are to the power network: stations, circuits or consumers, and which fields tell of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class GridStations:
    """Says that a layer's features are the stations of the power network, and in which fields what is told of them.

    `transformers`, `loads` and `requests` are tables that hang on it: rated_mva, commissioning_year, is_planned of the
    first, measured_at, scenario, active_power_mw, reactive_power_mvar of the second, and of those who want power
    applicant, power_mw, from_year, state (waiting, accepted, …), document_no, note.
    """

    voltage_kv: str = "voltage_kv"
    capacity_mva: str = "capacity_mva"
    transformers: str = "transformers"
    loads: str = "load_measurements"
    requests: str = "load_requests"


@dataclass(frozen=True, kw_only=True)
class GridCircuits:
    """Says that a layer's features are the circuits of the power network.

    `ends`: the codes of the stations they join. `on_route`: how many circuits its towers carry. `cable`: the field that
    tells a cable, which stands on no towers, and its values that do.
    """

    ends: tuple[str, str]
    voltage_kv: str = "voltage_kv"
    length_km: str = "length_km"
    conductor: str = "conductor"
    bundle_count: str = "bundle_count"
    rating_a: str = "rating_a"
    is_open: str | None = None
    on_route: str | None = None
    cable: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, kw_only=True)
class GridConsumers:
    """Says that a layer's features draw from the power network: from the station `supplied_by` names, else the nearest.

    `free_ha`: land that will be built on and need power; `trade`: what is made there, which tells how much a hectare
    needs; `stated_mw`: the need where somebody stated it. `only`: field -> the values that count at all.
    """

    supplied_by: str | None = None
    free_ha: str | None = None
    trade: str | None = None
    stated_mw: str | None = None
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
