"""A year's results as they are kept, and whether the data have changed since; what the pages of the network ask."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from geoalchemy2.shape import to_shape

from geodata.base.database import ReadConnection, reading_all, today
from geodata.grid.consumers import (
    Consumer,
    Cure,
    Supply,
    cures_in,
    read_consumers,
    supply_of,
    without_supply,
)
from geodata.grid.cures import Planned, curing_elements, over_since
from geodata.grid.documents import StudyDocument
from geodata.grid.events import EventPlan, GridEvent, events_without, list_events, plan_event
from geodata.grid.feeds import Feed, Reserve, remaining_feeds, reserves_of
from geodata.grid.flow import Flow
from geodata.grid.network import Network, build_network
from geodata.grid.outages import Effect, Overload, effects, outage_of
from geodata.grid.reading import layers_of, read_records
from geodata.grid.records import Scenario
from geodata.grid.report import as_document, made_worse
from geodata.grid.requests import committed_mw, list_requests
from geodata.grid.storms import Ring, elements_in
from geodata.grid.study import run_study
from geodata.grid.tables import (
    GridResult,
    GridRun,
    current_version,
    find_result,
    read_parameters,
    results_of,
    store_result,
)
from geodata.schema.grid import GridCircuits, GridStations
from geodata.schema.registry import Registry

LonLat = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A result with the moment it was computed; `is_stale` when stations, circuits or parameters changed since."""

    document: StudyDocument
    computed_at: datetime
    is_stale: bool


def kept_result(session: Session, registry: Registry, year: int, scenario: Scenario) -> Kept:
    """Return the result of a year and scenario; one that was never computed is computed now."""
    version = current_version(session, registry)
    result = find_result(session, year, scenario)
    if result is None:
        records, parameters = read_records(reading_all(session), registry), read_parameters(session)
        result = store_result(session, as_document(run_study(records, parameters, year, scenario)), version)
        session.refresh(result)
    return Kept(document=result.document, computed_at=result.computed_at, is_stale=result.version != version)


def progress_of(session: Session) -> tuple[int, int] | None:
    """Return how many results of how many the present computation has, or None when none is under way."""
    run = session.scalar(select(GridRun).where(GridRun.finished_at.is_(None)))
    return (run.done, run.total) if run else None


def computed_years(session: Session, scenario: Scenario) -> dict[int, StudyDocument]:
    """Return the results kept of this year and those after it, by year."""
    rows = session.scalars(results_of(scenario).where(GridResult.year >= today().year))
    return {row.year: row.document for row in rows}


def supplies(session: Session, registry: Registry, scenario: Scenario) -> list[Supply]:
    """Return what each consumer that will need power can get, from the years that are computed."""
    parameters = read_parameters(session)
    first = today().year
    documents = computed_years(session, scenario)
    requests = list_requests(session, registry)
    committed = {year: committed_mw(requests, year) for year in documents}
    return [
        supply_of(consumer, documents, committed, parameters, first)
        for consumer in read_consumers(reading_all(session), registry, parameters)
        if consumer.need_mw and documents
    ]


def cures_of(
    session: Session, registry: Registry, supplies: Iterable[Supply], scenario: Scenario, year: int | None
) -> dict[str, list[Cure]]:
    """Return of each consumer, by code, the planned elements that would free its need in a year, tried one by one."""
    if year is None:
        return {}
    records, parameters = read_records(reading_all(session), registry), read_parameters(session)
    committed = committed_mw(list_requests(session, registry), year)
    return cures_in(year, supplies, records, parameters, scenario, committed=committed)


@dataclass(frozen=True, kw_only=True)
class Impact:
    """What an outage does, and to whom; `consumers` by layer, `out` the codes that are out.

    `worse` is what it puts beyond a limit, `already` what is beyond one with nothing out and no worse now.
    `feeds` are the touched stations that something else still feeds, `reserves` the open circuits that would help,
    `events` those of that year which lose their station.
    """

    effect: Effect
    worse: tuple[Overload, ...]
    already: tuple[Overload, ...]
    network: Network
    out: tuple[str, ...]
    consumers: Mapping[str, list[Consumer]]
    feeds: tuple[Feed, ...]
    reserves: tuple[Reserve, ...]
    events: tuple[EventPlan, ...]


def impact_of(
    session: Session,
    registry: Registry,
    year: int,
    scenario: Scenario,
    *,
    out: Iterable[str] = (),
    area: tuple[Ring, ...] = (),
) -> Impact:
    """Return what happens when these elements, and all that lies in an area, are out at once."""
    records, parameters = read_records(reading_all(session), registry), read_parameters(session)
    network = build_network(records, parameters, year, scenario)
    codes = {*out, *(elements_in(reading_all(session), registry, area) if area else ())}
    outage = outage_of(network, codes)
    flow = Flow(network.circuitry)
    base, effect = effects(network, flow, [outage_of(network, ()), outage], vm_min_pu=parameters["voltage_min_n1_pu"])
    worse = made_worse(effect, base)
    consumers = without_supply(read_consumers(reading_all(session), registry, parameters), effect.dead)
    known = outage.circuits | outage.stations | {f"{code}/{unit}" for code, unit in outage.transformers}
    return Impact(
        effect=effect, worse=worse, already=tuple(each for each in effect.overloads if each not in worse), network=network, out=tuple(sorted(known)), consumers=consumers,
        feeds=remaining_feeds(network, flow, outage, effect),
        reserves=reserves_of(records, parameters, year, scenario, codes=codes, dead=effect.dead),
        events=_events_without(session, registry, effect, year, scenario),
    )  # fmt: skip


def _events_without(
    session: Session, registry: Registry, effect: Effect, year: int, scenario: Scenario
) -> tuple[EventPlan, ...]:
    listed = list_events(session)
    if not effect.dead or not listed:
        return ()
    document = kept_result(session, registry, year, scenario).document
    places = drawn_network(reading_all(session), registry).stations
    return tuple(events_without(listed, effect.dead, document, places, year))


def event_plan(
    session: Session,
    registry: Registry,
    event: GridEvent,
    document: StudyDocument,
    scenario: Scenario | None = None,
) -> EventPlan:
    """Return how an event is fed, from the result of its year; under a scenario, also what open circuits bring.

    Raises NotFoundError where the year has no station.
    """
    plan = plan_event(event, document, drawn_network(reading_all(session), registry).stations)
    if scenario is None or not plan.killing:
        return plan
    records, parameters = read_records(reading_all(session), registry), read_parameters(session)
    dead = next(row["dead"] for row in document["outages"] if row["outage"] == plan.killing[0])
    reserves = reserves_of(records, parameters, document["year"], scenario, codes=plan.killing[:1], dead=dead)
    return replace(plan, reserves=reserves)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Where stations and circuits are, code -> (lon, lat) and code -> lines of (lon, lat)."""

    stations: Mapping[str, LonLat]
    circuits: Mapping[str, tuple[tuple[LonLat, ...], ...]]


def drawn_network(connection: ReadConnection, registry: Registry) -> Drawn:
    """Return the geometry of stations and circuits in EPSG:4326."""
    stations: dict[str, LonLat] = {}
    circuits: dict[str, tuple[tuple[LonLat, ...], ...]] = {}
    for kind, _ in layers_of(registry, GridStations):
        for code, geom in connection.execute(select(kind.code, kind.column("geom"))):
            place = to_shape(geom)
            stations[code] = (place.x, place.y)
    for kind, _ in layers_of(registry, GridCircuits):
        for code, geom in connection.execute(select(kind.code, kind.column("geom"))):
            circuits[code] = tuple(tuple((x, y) for x, y, *_ in part.coords) for part in to_shape(geom).geoms)
    return Drawn(stations=stations, circuits=circuits)


@dataclass(frozen=True, kw_only=True)
class Remedies:
    """Of what is overloaded with nothing out: since which computed year, until when it is cured, and by which planned elements."""

    since: Mapping[str, int]
    cured: Mapping[str, int]
    by: Mapping[str, Sequence[Planned]]


def remedies_of(session: Session, registry: Registry, scenario: Scenario, document: StudyDocument) -> Remedies:
    """Return what is known of the end of a year's overloads."""
    year = document["year"]
    over = {row["element"] for row in document["existing"] if row["outage"] is None}
    computed = [row.document for row in session.scalars(results_of(scenario))]
    records, parameters = read_records(reading_all(session), registry), read_parameters(session)
    return Remedies(
        since=over_since([document, *computed]),
        cured=_cured_years(over, [one for one in computed if one["year"] > year]),
        by=curing_elements(records, parameters, year, scenario, over),
    )


def _cured_years(over: set[str], later: Iterable[StudyDocument]) -> dict[str, int]:
    """Return the first later computed year from which on what is over no longer is."""
    cured: dict[str, int] = {}
    open_ = set(over)
    for document in sorted(later, key=lambda document: -document["year"]):
        open_ -= {row["element"] for row in document["existing"] if row["outage"] is None}
        cured.update(dict.fromkeys(open_, document["year"]))
    return cured
