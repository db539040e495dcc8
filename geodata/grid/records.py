"""What the study is made of, as plain rows: stations with transformers and loads, circuits, and when each is there.

Places are in metres in the province's zone (E, N). No database here: geodata.grid.reading fills these from the layers,
tests and other programs by hand.
"""

from dataclasses import dataclass, field
from enum import StrEnum

Point = tuple[float, float]
Line = tuple[Point, ...]

#: Networks below this voltage are fed by these stations and not part of the study; from the second on, stations feed it.
STUDIED_KV = 110
INFEED_KV = 220


class Scenario(StrEnum):
    """Which load is studied: one measured, one forecast, or the last one grown to the year."""

    DAY_PEAK = "day_peak"
    EVENING_PEAK = "evening_peak"
    OFF_PEAK = "off_peak"
    FORECAST = "forecast"
    FORECAST_LOW = "forecast_low"
    FORECAST_BASE = "forecast_base"
    FORECAST_HIGH = "forecast_high"

    @property
    def growth(self) -> str | None:
        """The parameter that says how fast the last load grows, or None where it is taken as it is."""
        return {
            Scenario.FORECAST_LOW: "growth_low_percent",
            Scenario.FORECAST_BASE: "growth_base_percent",
            Scenario.FORECAST_HIGH: "growth_high_percent",
        }.get(self)

    @property
    def measured(self) -> tuple[str, ...]:
        """The kinds of stored loads it takes, the first that a station has."""
        if self.growth:
            return (Scenario.FORECAST, Scenario.EVENING_PEAK, Scenario.DAY_PEAK)
        return (self,)


@dataclass(frozen=True, kw_only=True)
class Span:
    """When something is there: from a year, to a year, or only once its plan has a year."""

    begins: int | None = None
    ends: int | None = None
    is_planned: bool = False

    def covers(self, year: int) -> bool:
        """Say whether it takes part in a year. A plan without a year never does."""
        if self.ends is not None and self.ends < year:
            return False
        return not self.is_planned if self.begins is None else self.begins <= year


@dataclass(frozen=True, kw_only=True)
class Transformer:
    """A transformer of a station."""

    name: str
    rated_mva: float
    span: Span = Span()


@dataclass(frozen=True, kw_only=True)
class LoadRow:
    """A load, measured or forecast, of a year and a kind."""

    year: int
    kind: str
    p_mw: float
    q_mvar: float | None = None


@dataclass(frozen=True, kw_only=True)
class Station:
    """A substation with what stands and what is drawn in it."""

    code: str
    name: str
    voltage_kv: float | None
    place: Point
    capacity_mva: float | None = None
    transformers: tuple[Transformer, ...] = ()
    loads: tuple[LoadRow, ...] = ()
    span: Span = Span()
    id: int = 0


@dataclass(frozen=True, kw_only=True)
class Circuit:
    """A circuit, or a stretch of one. `parts` are its drawn lines; `ends` the codes of the stations it says it joins.

    `drawn_km` is the length on the ellipsoid, which differs a little from that of `parts` in the plane; `on_route` how
    many circuits its towers carry, where somebody says so.
    """

    code: str
    name: str
    voltage_kv: float | None
    parts: tuple[Line, ...]
    ends: tuple[str | None, str | None] = (None, None)
    length_km: float | None = None
    drawn_km: float | None = None
    conductor: str | None = None
    bundle_count: int | None = None
    rating_a: float | None = None
    is_open: bool = False
    is_cable: bool = False
    on_route: int | None = None
    span: Span = Span()
    id: int = 0


@dataclass(frozen=True, kw_only=True)
class Records:
    """All of it."""

    stations: tuple[Station, ...] = ()
    circuits: tuple[Circuit, ...] = field(default=())

    def in_year(self, year: int) -> "Records":
        """Return what takes part in a year."""
        return Records(
            stations=tuple(station for station in self.stations if station.span.covers(year)),
            circuits=tuple(circuit for circuit in self.circuits if circuit.span.covers(year)),
        )
