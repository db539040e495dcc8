"""Who draws from which station: what hangs on it when it fails, and what industrial land will need and can get.

A feature that names its station is supplied by it; any other is taken to be supplied by the nearest one (assumed).
What is said of one cluster takes no account of the others: each is asked for alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Float, cast, func, select

from geodata.base.database import ReadConnection
from geodata.grid.cures import planned_elements
from geodata.grid.documents import StudyDocument
from geodata.grid.headroom import headrooms
from geodata.grid.network import build_network
from geodata.grid.parameters import Parameters
from geodata.grid.reading import layers_of
from geodata.grid.records import Records, Scenario
from geodata.schema.feature import Feature
from geodata.schema.grid import GridConsumers, GridStations
from geodata.schema.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Reach:
    """A station within reach of a consumer, km on the ellipsoid."""

    code: str
    name: str
    km: float


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """A feature that draws power. `need_mw` is what its land will need in the end, None where it will need no more.

    `is_stated` tells a need that somebody stated from one computed from hectares.
    """

    layer: str
    id: int
    code: str
    name: str
    supplied_by: str | None
    is_named: bool
    need_mw: float | None = None
    is_stated: bool = False
    free_ha: float | None = None
    mw_per_ha: float | None = None
    reach: tuple[Reach, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a station within reach can give in each year, MW with one element out, less what is accepted there already."""

    station: Reach
    is_named: bool
    by_year: Mapping[int, float | None]


@dataclass(frozen=True, kw_only=True)
class Supply:
    """A consumer's need by year and who can carry it: `until` is the last year in which one of the stations can."""

    consumer: Consumer
    need_by_year: Mapping[int, float]
    offers: tuple[Offer, ...]
    carrier: str | None
    until: int | None
    short_from: int | None
    short_mw: float | None

    def missing_mw(self, year: int) -> float:
        """Return what the best station within reach lacks of the need in a year; 0 where it carries it or is not computed."""
        most = max((offer.by_year.get(year) or 0.0 for offer in self.offers), default=0.0)
        lacks = self.need_by_year.get(year, 0.0) - most
        return lacks if lacks > 1e-9 else 0.0


@dataclass(frozen=True, kw_only=True)
class Cure:
    """A planned element that would free the need: which, planned for which year, at which station, with how many MW."""

    code: str
    name: str
    begins: int | None
    station: str
    headroom_mw: float


def read_consumers(connection: ReadConnection, registry: Registry, parameters: Parameters) -> list[Consumer]:
    """Return what draws from the network, with the stations within reach of what will need more."""
    stations = next((kind for kind, _ in layers_of(registry, GridStations)), None)
    if stations is None:
        return []
    return [
        consumer
        for kind, grid in layers_of(registry, GridConsumers)
        for consumer in _consumers(connection, kind, grid, stations, parameters)
    ]


def _consumers(
    connection: ReadConnection,
    kind: type[Feature],
    grid: GridConsumers,
    stations: type[Feature],
    parameters: Parameters,
) -> Iterable[Consumer]:
    reach = _reach(connection, kind, stations, parameters["cluster_reach_km"]) if grid.free_ha else {}
    nearest = (
        select(stations.code)
        .where(stations.valid_to.is_(None))
        .order_by(stations.column("geom").op("<->")(kind.column("geom")))
        .limit(1)
        .scalar_subquery()
    )
    names = [name for name in (grid.supplied_by, grid.free_ha, grid.stated_mw, grid.trade) if name]
    columns = [kind.column(name).label(name) for name in names]
    query = select(kind.id, kind.code, kind.name, nearest.label("nearest"), *columns).where(kind.valid_to.is_(None))
    for name, values in grid.only.items():
        query = query.where(kind.column(name).in_(values))
    life = kind.layer.life
    if life is not None and life.gone:
        query = query.where(func.coalesce(kind.column(life.status), "").not_in(life.gone))
    for row in connection.execute(query.order_by(kind.code)).mappings():
        named = row[grid.supplied_by] if grid.supplied_by else None
        yield Consumer(
            layer=kind.layer.name, id=row["id"], code=row["code"], name=row["name"],
            supplied_by=named or row["nearest"], is_named=bool(named), reach=tuple(reach.get(row["id"], ())),
            **_need(dict(row), grid, parameters),
        )  # fmt: skip


def _need(row: Mapping[str, Any], grid: GridConsumers, parameters: Parameters) -> dict[str, Any]:
    if grid.free_ha is None:
        return {}
    free_ha = row[grid.free_ha]
    if grid.stated_mw and row[grid.stated_mw] is not None:
        return {"need_mw": float(row[grid.stated_mw]), "is_stated": True, "free_ha": free_ha and float(free_ha)}
    if free_ha is None:
        return {}
    mw_per_ha = parameters.mw_per_ha(row[grid.trade] if grid.trade else None)
    return {"need_mw": float(free_ha) * mw_per_ha, "free_ha": float(free_ha), "mw_per_ha": mw_per_ha}


def _reach(
    connection: ReadConnection, kind: type[Feature], stations: type[Feature], reach_km: float
) -> dict[int, list[Reach]]:
    here, there = func.geography(kind.column("geom")), func.geography(stations.column("geom"))
    km = cast(func.ST_Distance(here, there), Float) / 1000
    query = (
        select(kind.id, stations.code, stations.name, km.label("km"))
        .join(stations, func.ST_DWithin(here, there, reach_km * 1000))
        .where(kind.valid_to.is_(None), stations.valid_to.is_(None))
        .order_by(kind.id, km)
    )
    found: dict[int, list[Reach]] = {}
    for number, code, name, distance in connection.execute(query):
        found.setdefault(number, []).append(Reach(code=code, name=name, km=float(distance)))
    return found


def need_in(consumer: Consumer, year: int, this_year: int, parameters: Parameters) -> float:
    """Return the MW needed more than today in a year: free land is built on evenly over the years of build-out."""
    share = (year - this_year) / max(parameters["cluster_buildout_years"], 1e-9)
    return (consumer.need_mw or 0.0) * min(max(share, 0.0), 1.0)


def supply_of(
    consumer: Consumer,
    documents: Mapping[int, StudyDocument],
    committed: Mapping[int, Mapping[str, tuple[float, float]]],
    parameters: Parameters,
    this_year: int,
) -> Supply:
    """Return how a consumer's need fits what the stations within reach can give, from each year's results."""
    years = sorted(documents)
    need = {year: need_in(consumer, year, this_year, parameters) for year in years}
    rooms = {year: {row["code"]: row["headroom_n1_mw"] for row in documents[year]["stations"]} for year in years}

    def left(code: str, year: int) -> float | None:
        room = rooms[year].get(code)
        return None if room is None else max(room - committed.get(year, {}).get(code, (0.0, 0.0))[0], 0.0)

    offers = tuple(
        Offer(
            station=station,
            is_named=consumer.is_named and station.code == consumer.supplied_by,
            by_year={year: left(station.code, year) for year in years},
        )
        for station in consumer.reach
    )
    lasting = [(last, offer.is_named, -offer.station.km, offer) for offer in offers if (last := _until(offer, need))]
    best = max(lasting, key=lambda found: found[:3], default=None)
    until = best[0] if best else None
    short_from = next((year for year in years if until is None or year > until), None)
    most = max((offer.by_year[short_from] or 0.0 for offer in offers), default=0.0) if short_from else 0.0
    return Supply(
        consumer=consumer, need_by_year=need, offers=offers, carrier=best[3].station.code if best else None,
        until=until, short_from=short_from if consumer.need_mw else None,
        short_mw=max(need[short_from] - most, 0.0) if short_from and consumer.need_mw else None,
    )  # fmt: skip


def _until(offer: Offer, need: Mapping[int, float]) -> int | None:
    """Return the last year up to which a station carries the need without a gap, or None."""
    last = None
    for year in sorted(need):
        if need[year] > (offer.by_year[year] or 0.0) + 1e-9:
            break
        last = year
    return last


def cures_in(
    year: int,
    supplies: Iterable[Supply],
    records: Records,
    parameters: Parameters,
    scenario: Scenario,
    *,
    committed: Mapping[str, tuple[float, float]],
) -> dict[str, list[Cure]]:
    """Return of each consumer, by code, the planned elements that one by one would let a station carry its need in a year.

    `committed`: station -> (accepted, waiting) MW in that year; what is accepted is not there for the consumer.
    """
    short = [supply for supply in supplies if supply.missing_mw(year)]
    found: dict[str, list[Cure]] = {}
    for planned in planned_elements(records, year) if short else ():
        rooms = headrooms(build_network(planned.records, parameters, year, scenario), parameters)
        for supply in short:
            for station in supply.consumer.reach:
                room = rooms.get(station.code)
                if room is None or room.n1_mw is None:
                    continue
                left_mw = room.n1_mw - committed.get(station.code, (0.0, 0.0))[0]
                if left_mw >= supply.need_by_year[year]:
                    found.setdefault(supply.consumer.code, []).append(
                        Cure(
                            code=planned.code,
                            name=planned.name,
                            begins=planned.begins,
                            station=station.code,
                            headroom_mw=left_mw,
                        )
                    )
    return found


def without_supply(consumers: Iterable[Consumer], dead: Iterable[str]) -> dict[str, list[Consumer]]:
    """Return by layer what hangs on stations that have no supply."""
    gone = set(dead)
    found: dict[str, list[Consumer]] = {}
    for consumer in consumers:
        if consumer.supplied_by in gone:
            found.setdefault(consumer.layer, []).append(consumer)
    return found
