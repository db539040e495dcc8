"""Day routes: which inspector visits which site when, asked for, worked out in the background, assigned.

A site that is closed, or that somebody visits on that day already, is left out and told; what a person has planned
already stays his. Coordinates are EPSG:4326 (lon, lat), times minutes of the day.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session

from geodata.accounts.accounts import record_audit
from geodata.base.database import TIME_ZONE, rows_changed
from geodata.base.errors import ConfigurationError, ConflictError, HiddenError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.inspections.documents import KeptOptions, KeptStop, LeftOut, RouteRequest, RouteStop
from geodata.inspections.facts import list_inspectors
from geodata.inspections.followup import Due, list_follow_ups
from geodata.inspections.records import DayRoute, InspectionCampaign, PaperState, VisitPaper
from geodata.inspections.rights import Person
from geodata.inspections.routing import RouteOptions, Stop, clock, read_opening_hours, solve
from geodata.inspections.routing_table import read_routing_table
from geodata.inspections.visits import plan_visit
from geodata.inspections.worklist import read_points
from geodata.jobs import defer
from geodata.layers.fuel_sites import BusinessState, FuelSite
from geodata.layers.fuel_sites.visits import VisitKind

log = logging.getLogger(__name__)

#: The task of the queue that works a route out.
PLAN_ROUTE = "plan_route"

MAX_STOPS = 400
MAX_PEOPLE = 20
#: A route that has been worked on for so long is not any more: a worker takes three seconds.
LOST_AFTER = timedelta(seconds=60)
#: A day that is planned while it runs begins at the next multiple of so many minutes.
_STEP = 5
#: Only one route of a day is assigned at a time: two would send two people to one site.
_ASSIGN_LOCK = 20200304

TABLE_BROKEN = N_("The routing table cannot be read. The administrator finds the reason in the worker's log.")
NOT_READY = N_("This route is not worked out yet.")
NOT_SOLVED = N_("The order could not be worked out. Try again, or with fewer sites.")

#: Why a site is on no route; the first two are known before the order is worked out.
REASONS = {
    "shut": N_("The site is closed"),
    "taken": N_("{name} has it on that day already"),
    "closed": N_("Not open long enough within working hours"),
    "far": N_("Too far to go and come back within working hours"),
    "full": N_("No time left beside the more urgent ones"),
}


class Planning(StrEnum):
    """How far the background is with a route; lost: its worker was ended in the middle."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"


@dataclass(frozen=True, kw_only=True)
class _Planned:
    """A visit of a day as far as a new route must know it."""

    site: int
    inspector: str
    is_open: bool


def request_route(
    session: Session, person: Person, *, day: date, site_ids: Sequence[int], people: Sequence[str],
    start: tuple[float, float], options: RouteOptions, now: datetime, campaign_id: int | None = None,
) -> DayRoute:  # fmt: skip
    """Store what is asked of a day, with the job that works it out. Raises InvalidValueError, NotFoundError.

    The sites go in the order of the worklist. `now`: the local time; today's route begins no earlier.
    """
    people = list(dict.fromkeys(people))
    if not site_ids or len(site_ids) > MAX_STOPS:
        raise InvalidValueError(name="site", value=str(len(site_ids)), reason=N_("choose 1 to 400 sites"))
    if not people or len(people) > MAX_PEOPLE:
        raise InvalidValueError(name="person", value=str(len(people)), reason=N_("choose 1 to 20 people"))
    if unknown := set(people) - {name for name, _ in list_inspectors(session)}:
        raise InvalidValueError(name="person", value=min(unknown)[:40], reason=N_("nobody of this name inspects"))
    options.check()
    options = from_now_on(options, day, now)
    if campaign_id is not None and session.get(InspectionCampaign, campaign_id) is None:
        raise NotFoundError(value=str(campaign_id))
    stops, left_out = _stops_of(session, person, day, site_ids, people)
    request: RouteRequest = {
        "people": people, "start": list(start), "options": cast(KeptOptions, asdict(options)), "campaign_id": campaign_id,
        "places": {str(stop.id): [stop.lon, stop.lat] for stop in stops} | {str(row["id"]): row["place"] for row in left_out},
        "stops": [cast(KeptStop, asdict(stop)) for stop in stops], "left_out": left_out,
    }  # fmt: skip
    route = DayRoute(day=day, made_by=person.name, request=request)
    session.add(route)
    session.flush()
    defer(session, PLAN_ROUTE, number=route.id)
    record_audit(
        session, by=person.name, action=N_("Planned a day route"), subject=f"route {route.id}", details=str(day)
    )
    return route


def _stops_of(
    session: Session, person: Person, day: date, site_ids: Sequence[int], people: Sequence[str]
) -> tuple[list[Stop], list[LeftOut]]:
    """Return the stops of a day by their urgency, with what these people have planned already, and the sites left out."""
    planned = _planned_on(session, day)
    own = {row.site: row.inspector for row in planned if row.is_open and row.inspector in people}
    taken = {row.site: row.inspector for row in planned if row.site not in own}
    urgent = {row.site.id for row in list_follow_ups(session, person, Due.OVERDUE, day, limit=1000)}
    stops: list[Stop] = []
    left_out: list[LeftOut] = []
    for row in _sites(session, [*own, *site_ids]):
        place = [row.lon, row.lat]
        if row.is_shut:
            left_out.append({"id": row.id, "reason": "shut", "place": place})
            continue
        if row.id in taken:
            left_out.append({"id": row.id, "reason": "taken", "person": taken[row.id], "place": place})
            continue
        opens, closes = read_opening_hours(row.opening_hours)
        whose = people.index(own[row.id]) if row.id in own else None
        stops.append(
            Stop(
                id=row.id, code=row.code, lon=row.lon, lat=row.lat, opens=opens, closes=closes,
                is_urgent=row.id in urgent, person=whose,
            )
        )  # fmt: skip
    return _by_urgency(session, stops), left_out


def from_now_on(options: RouteOptions, day: date, now: datetime) -> RouteOptions:
    """Return the working day as far as it is still to come. Raises InvalidValueError when it is over."""
    if day < now.date():
        raise InvalidValueError(name="day", value=day.isoformat(), reason=N_("the day is over; choose a later one"))
    if day > now.date():
        return options
    minute = now.hour * 60 + now.minute
    starts = max(options.starts, -(-minute // _STEP) * _STEP)
    if starts + options.visit_minutes > options.ends:
        raise InvalidValueError(
            name="day", value=f"{day.isoformat()} {clock(minute)}",
            reason=N_("no visit fits into what is left of this day; choose a later day or a later end"),
        )  # fmt: skip
    return replace(options, starts=starts)


def _sites(session: Session, ids: Sequence[int]) -> Sequence[Any]:
    """Return the sites of a route as rows; `is_shut`: it trades no more."""
    geom = FuelSite.column("geom")
    is_shut = or_(FuelSite.business_state == BusinessState.CLOSED, FuelSite.column("valid_to") < func.current_date())
    columns = (FuelSite.id, FuelSite.code, FuelSite.opening_hours, func.coalesce(is_shut, False).label("is_shut"))
    places = (func.ST_X(geom).label("lon"), func.ST_Y(geom).label("lat"))
    return session.execute(select(*columns, *places).where(FuelSite.id.in_(ids)).order_by(FuelSite.id)).all()


def _by_urgency(session: Session, stops: Sequence[Stop]) -> list[Stop]:
    """Return stops in the order in which they are fitted in: what is promised, what is overdue, then by rank."""
    points = read_points(session, [stop.id for stop in stops])
    return sorted(stops, key=lambda stop: (stop.person is None, not stop.is_urgent, -points.get(stop.id, 0), stop.id))


def _planned_on(session: Session, day: date) -> list[_Planned]:
    query = select(VisitPaper.feature_id, VisitPaper.inspector, VisitPaper.state).where(
        VisitPaper.planned_on == day, VisitPaper.state != PaperState.CANCELLED
    )
    # One that has begun comes last: the site is then nobody's to plan any more.
    rows = sorted(session.execute(query).all(), key=lambda row: row[2] is not PaperState.PLANNED)
    return [_Planned(site=site, inspector=who, is_open=state is PaperState.PLANNED) for site, who, state in rows]


def waiting_routes() -> Select[int]:
    """Return the numbers of the routes that wait for the background."""
    return select(DayRoute.id).where(_is_open(), DayRoute.started_at.is_(None))


def _is_open() -> ColumnElement[bool]:
    return and_(DayRoute.result.is_(None), DayRoute.problem.is_(None))


def plan_route(session: Session, route_id: int, *, is_retry: bool = False) -> None:
    """Work out a route that waits, and store it or why not; the background's work. Commits before and after.

    A retry also takes a route that has been started: whoever started it was lost.
    """
    claim = update(DayRoute).where(DayRoute.id == route_id, _is_open())
    if not is_retry:
        claim = claim.where(DayRoute.started_at.is_(None))
    claimed = session.execute(claim.values(started_at=func.clock_timestamp()))
    session.commit()
    if not rows_changed(claimed):
        return
    route = session.get_one(DayRoute, route_id)
    request = route.request
    stops = [Stop(**stop) for stop in request["stops"]]
    lon, lat = request["start"]
    session.commit()
    try:
        table = read_routing_table([stop.code for stop in stops])
        found = solve(stops, request["people"], (lon, lat), RouteOptions(**request["options"]), table)
        route.result = found | {"unassigned": [*request.get("left_out", []), *found["unassigned"]]}
    except ConfigurationError:
        log.exception("route %s: the routing table", route_id)
        route.problem = TABLE_BROKEN
    except Exception:
        log.exception("route %s", route_id)
        route.problem = NOT_SOLVED
    session.commit()


def ask_again(session: Session, route: DayRoute) -> None:
    """Let a route that failed or got lost wait for the background once more. Raises ConflictError."""
    if planning(session, route) not in {Planning.FAILED, Planning.LOST}:
        raise ConflictError(N_("This route is being worked out or is ready."))
    route.started_at, route.problem = None, None
    session.flush()
    defer(session, PLAN_ROUTE, number=route.id)


def planning(session: Session, route: DayRoute) -> Planning:
    """Return how far the background is with a route."""
    if route.result is not None:
        return Planning.DONE
    if route.problem:
        return Planning.FAILED
    if route.started_at is None:
        return Planning.WAITING
    now = session.execute(select(func.clock_timestamp())).scalar_one()
    return Planning.LOST if now - route.started_at > LOST_AFTER else Planning.RUNNING


def get_route(session: Session, person: Person, route_id: int) -> DayRoute:
    """Return a route that the person made, goes, or leads. Raises NotFoundError."""
    route = session.get(DayRoute, route_id)
    if route is None:
        raise NotFoundError(value=str(route_id))
    if not (person.is_leader or person.name == route.made_by or person.name in route.request.get("people", [])):
        raise HiddenError(value=str(route_id))
    return route


def assign_route(session: Session, person: Person, route: DayRoute) -> int:
    """Turn the stops of a route into planned visits. Returns how many. Raises ConflictError the second time.

    What somebody else took on since the route was worked out is left to him and told on the route.
    """
    if route.assigned_at is not None:
        raise ConflictError(N_("This route has already been assigned."))
    if route.result is None:
        raise ConflictError(NOT_READY)
    session.execute(select(func.pg_advisory_xact_lock(_ASSIGN_LOCK, route.day.toordinal())))
    planned = {row.site: row for row in _planned_on(session, route.day)}
    rechecks = {row.site.id for row in list_follow_ups(session, person, Due.OVERDUE, route.day, limit=1000)}
    count, taken = 0, list[LeftOut]()
    for each in route.result["routes"]:
        for stop in each["stops"]:
            there = planned.get(stop["id"])
            if there is not None and not (there.is_open and there.inspector == each["person"]):
                taken.append({"id": stop["id"], "reason": "taken", "person": there.inspector})
                continue
            _plan_stop(session, person, route, each["person"], stop, is_recheck=stop["id"] in rechecks)
            count += 1
    if taken:
        gone = {row["id"] for row in taken}
        routes = [
            each | {"stops": [s for s in each["stops"] if s["id"] not in gone]} for each in route.result["routes"]
        ]
        route.result = route.result | {"routes": routes, "unassigned": [*route.result["unassigned"], *taken]}
    route.assigned_at = datetime.now(ZoneInfo(TIME_ZONE))
    record_audit(
        session, by=person.name, action=N_("Assigned a day route"), subject=f"route {route.id}", details=str(count)
    )
    return count


def _plan_stop(
    session: Session, person: Person, route: DayRoute, inspector: str, stop: RouteStop, *, is_recheck: bool
) -> None:
    """Make a stop a visit; one that its person has planned for the day already only gets its hour."""
    own = select(VisitPaper).where(
        VisitPaper.feature_id == stop["id"], VisitPaper.planned_on == route.day, VisitPaper.inspector == inspector,
        VisitPaper.state == PaperState.PLANNED,
    )  # fmt: skip
    if (paper := session.scalars(own).first()) is not None:
        paper.planned_at, paper.route_id = clock(stop["arrive"]), route.id
        return
    plan_visit(
        session, person, stop["id"], planned_on=route.day, inspector=inspector, route_id=route.id,
        planned_at=clock(stop["arrive"]), campaign_id=route.request.get("campaign_id"),
        kind=VisitKind.RECHECK if is_recheck else VisitKind.UNPLANNED,
    )  # fmt: skip


def list_routes(session: Session, person: Person, since: date, *, limit: int = 100) -> list[DayRoute]:
    """Return the routes from a day on that a person made, goes or leads, the latest day first."""
    query = select(DayRoute).where(DayRoute.day >= since)
    if not person.is_leader:
        goes = DayRoute.request["people"].contains([person.name])
        query = query.where(or_(DayRoute.made_by == person.name, goes))
    return list(session.scalars(query.order_by(DayRoute.day.desc(), DayRoute.id.desc()).limit(limit)))


def sites_of(session: Session, route: DayRoute) -> dict[int, FuelSite]:
    """Return the sites of a route by id."""
    ids = [int(number) for number in route.request["places"]]
    return {site.id: site for site in session.scalars(select(FuelSite).where(FuelSite.id.in_(ids)))}


def write_gpx(route: DayRoute, person: str, sites: dict[int, FuelSite]) -> bytes:
    """Return one person's route as GPX 1.1, for phones and car navigation. Raises ConflictError before it is ready."""
    if route.result is None:
        raise ConflictError(NOT_READY)
    root = ET.Element("gpx", {"version": "1.1", "creator": "webmap", "xmlns": "http://www.topografix.com/GPX/1/1"})
    track = ET.SubElement(root, "rte")
    ET.SubElement(track, "name").text = f"{route.day:%d/%m/%Y} {person}"
    for each in (route.result or {}).get("routes", []):
        if each["person"] != person:
            continue
        for number, stop in enumerate(each["stops"], start=1):
            lon, lat = route.request["places"][str(stop["id"])]
            point = ET.SubElement(track, "rtept", {"lat": f"{lat:.7f}", "lon": f"{lon:.7f}"})
            ET.SubElement(point, "name").text = f"{number}. {sites[stop['id']].name}"
            ET.SubElement(point, "desc").text = clock(stop["arrive"])
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
