"""Events that must not lose power: which station feeds their place on their day, its N-1 state, what stands in reserve."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Double, Identity, Numeric, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from pyproj import Geod

from geodata.base.database import Base
from geodata.base.errors import InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.grid.documents import StationRow, StudyDocument
from geodata.grid.feeds import Reserve

LonLat = tuple[float, float]

#: So many other stations are named as reserve, the nearest first.
NEIGHBOURS = 3
#: An event needs no more, MW.
MAX_POWER_MW = 5000
_ELLIPSOID = Geod(ellps="WGS84")


class GridEvent(Base):
    """An event at a place (EPSG:4326) from a day to a day; `station_code` where somebody said what feeds it."""

    __tablename__ = "grid_event"
    __table_args__ = (
        CheckConstraint("begins_on <= ends_on", name="days_in_order"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="place_range"),
        CheckConstraint("power_mw > 0 AND power_mw <= 5000", name="power_range"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    lon: Mapped[float] = mapped_column(Double)
    lat: Mapped[float] = mapped_column(Double)
    begins_on: Mapped[date]
    ends_on: Mapped[date]
    power_mw: Mapped[float | None] = mapped_column(Numeric(8, 2))
    station_code: Mapped[str | None] = mapped_column(Text)
    is_illustration: Mapped[bool] = mapped_column(server_default="false")
    entered_by: Mapped[str | None] = mapped_column(Text)
    entered_at: Mapped[datetime] = mapped_column(server_default=func.now())


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """Another station near an event: km on the ellipsoid, MW it could take over with one element out."""

    code: str
    name: str
    km: float
    headroom_n1_mw: float | None


@dataclass(frozen=True, kw_only=True)
class EventPlan:
    """How an event is fed. `station` is the row of the year's result; `killing` the single outages that leave it dark.

    `is_secure`: no single outage does, and what it needs more is there with any one element out.
    """

    event: GridEvent
    station: StationRow
    km: float
    is_named: bool
    killing: tuple[str, ...]
    is_secure: bool
    neighbours: tuple[Neighbour, ...]
    reserves: tuple[Reserve, ...] = ()


def list_events(session: Session) -> list[GridEvent]:
    """Return the events, the next first, then the past ones."""
    past = GridEvent.ends_on < func.current_date()
    return list(session.scalars(select(GridEvent).order_by(past, GridEvent.begins_on, GridEvent.id)))


def get_event(session: Session, number: int) -> GridEvent:
    """Return an event. Raises NotFoundError."""
    event = session.get(GridEvent, number)
    if event is None:
        raise NotFoundError(value=str(number))
    return event


def check_event(event: GridEvent) -> GridEvent:
    """Return an event as it may be stored. Raises InvalidValueError."""
    event.name = event.name.strip()[:300]
    if not event.name:
        raise InvalidValueError(name="name", value="", reason=N_("say what it is"))
    if event.ends_on < event.begins_on:
        raise InvalidValueError(name="ends_on", value=str(event.ends_on), reason=N_("the last day is before the first"))
    if event.power_mw is not None and not 0 < event.power_mw <= MAX_POWER_MW:
        value = f"{event.power_mw:g}"
        raise InvalidValueError(name="power_mw", value=value, reason=N_("give a power above 0 and up to 5000 MW"))
    return event


def plan_event(event: GridEvent, document: StudyDocument, places: Mapping[str, LonLat]) -> EventPlan:
    """Return how an event is fed, from the result of its year and the stations' places (lon, lat).

    It is fed by the station it names, else by the nearest one of that year (assumed). Raises NotFoundError without any.
    """
    rows = {row["code"]: row for row in document["stations"] if not row["is_infeed"] and row["code"] in places}
    by_km = sorted((_km((event.lon, event.lat), places[code]), code) for code in rows)
    if not by_km:
        raise NotFoundError(value=event.name)
    is_named = event.station_code in rows
    km, code = next(((km, code) for km, code in by_km if code == event.station_code), by_km[0])
    killing = tuple(row["outage"] for row in document["outages"] if code in row["dead"])
    room = rows[code]["headroom_n1_mw"]
    return EventPlan(
        event=event, station=rows[code], km=km, is_named=is_named, killing=killing,
        is_secure=not killing and room is not None and room >= float(event.power_mw or 0),
        neighbours=tuple(
            Neighbour(code=other, name=rows[other]["name"], km=far, headroom_n1_mw=rows[other]["headroom_n1_mw"])
            for far, other in by_km
            if other != code and not set(killing) & _killing(document, other)
        )[:NEIGHBOURS],
    )  # fmt: skip


def _killing(document: StudyDocument, code: str) -> set[str]:
    return {row["outage"] for row in document["outages"] if code in row["dead"]}


def events_without(
    events: Iterable[GridEvent], dead: Iterable[str], document: StudyDocument, places: Mapping[str, LonLat], year: int
) -> list[EventPlan]:
    """Return the events of a year that stations without supply feed."""
    gone = set(dead)
    if not gone:
        return []
    plans = [
        plan_event(event, document, places) for event in events if event.begins_on.year <= year <= event.ends_on.year
    ]
    return [plan for plan in plans if plan.station["code"] in gone]


def _km(one: LonLat, other: LonLat) -> float:
    _, _, metres = _ELLIPSOID.inv(one[0], one[1], other[0], other[1])
    return float(metres) / 1000
