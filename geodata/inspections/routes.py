"""Day routes: which inspector visits which site when, solved by VROOM in the background.

Distances are straight lines times a factor where no routing table says better, and labelled so; coordinates are
EPSG:4326 (lon, lat), times minutes of the day.
"""

import logging
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import numpy as np
import vroom
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from geodata.accounts import record_audit
from geodata.database import TIME_ZONE
from geodata.errors import ConfigurationError, ConflictError, InvalidValueError, NotFoundError
from geodata.i18n import N_
from geodata.inspection_records import DayRoute, InspectionCampaign, VisitKind
from geodata.inspections.followup import Due, list_follow_ups
from geodata.inspections.rights import Person
from geodata.inspections.routing_table import RoutingTable, read_routing_table
from geodata.inspections.visits import plan_visit
from geodata.layers.fuel_sites import FuelSite

log = logging.getLogger(__name__)

Matrix = np.ndarray[Any, np.dtype[np.float64]]

EARTH_M = 6_371_000
MAX_STOPS = 400
#: VROOM gives its best answer so far after this; twice at most (urgent ones first), so three seconds in all.
SOLVE_WITHIN = timedelta(seconds=1.2)
MAX_PEOPLE = 20
#: A route that has been worked on for so long is not any more: a worker takes three seconds.
LOST_AFTER = timedelta(seconds=60)
_HOURS = re.compile(r"(\d{1,2})[:h](\d{2})?\s*[-–]\s*(\d{1,2})[:h](\d{2})?")
_MINUTE = 60

TABLE_BROKEN = N_("The routing table cannot be read. The administrator finds the reason in the worker's log.")
NOT_READY = N_("This route is not worked out yet.")
NOT_SOLVED = N_("The order could not be worked out. Try again, or with fewer sites.")

REASONS = {
    "closed": N_("Not open long enough within working hours"),
    "far": N_("Too far to go and come back within working hours"),
    "full": N_("The day is full"),
}


@dataclass(frozen=True, kw_only=True)
class RouteOptions:
    """The working day. Minutes of the day; speed in km/h; `factor` turns straight lines into roads."""

    starts: int = 8 * 60
    ends: int = 17 * 60
    lunch_from: int = 11 * 60 + 30
    lunch_to: int = 13 * 60 + 30
    lunch_minutes: int = 60
    visit_minutes: int = 45
    speed_kmh: float = 30
    factor: float = 1.4

    def check(self) -> None:
        """Raise InvalidValueError for a day that cannot be."""
        if not 0 <= self.starts < self.ends <= 24 * 60:
            raise InvalidValueError(
                name="starts", value=clock(self.starts), reason=N_("the day must end after it starts")
            )
        if not 5 <= self.visit_minutes <= 480 or not 0 <= self.lunch_minutes <= 180:
            raise InvalidValueError(
                name="visit_minutes", value=str(self.visit_minutes), reason=N_("a visit takes 5 to 480 minutes")
            )
        if not 5 <= self.speed_kmh <= 120 or not 1 <= self.factor <= 3:
            raise InvalidValueError(
                name="speed_kmh", value=str(self.speed_kmh), reason=N_("speed 5 to 120 km/h, factor 1 to 3")
            )


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A site to visit; `opens` and `closes` in minutes of the day. `code`: its name in a routing table."""

    id: int
    code: str = ""
    lon: float
    lat: float
    opens: int = 0
    closes: int = 24 * 60
    is_urgent: bool = False


class Planning(StrEnum):
    """How far the background is with a route; lost: its worker was ended in the middle."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"


def read_opening_hours(text: str | None) -> tuple[int, int]:
    """Return minutes of opening and closing out of “05:00-22:00”; the whole day when it cannot be read."""
    match = _HOURS.search(text or "")
    if not match:
        return 0, 24 * 60
    first, last = (int(match[i]) * 60 + int(match[i + 1] or 0) for i in (1, 3))
    return (first, last) if first < last <= 24 * 60 else (0, 24 * 60)


def clock(minutes: int) -> str:
    """Return minutes of the day as 08:05."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@dataclass(frozen=True, kw_only=True)
class _Ways:
    """Metres and seconds from each place to each; the start is place 0. `known`: ways out of the routing table."""

    metres: Matrix
    seconds: Matrix
    known: int = 0


def solve(
    stops: Sequence[Stop],
    people: Sequence[str],
    start: tuple[float, float],
    options: RouteOptions,
    table: RoutingTable | None = None,
) -> dict[str, Any]:
    """Return each person's stops with arrival times, and the unassigned ones with the reason.

    Urgent ones come in the morning where that is possible, and before others in any case.
    """
    options.check()
    ways = _ways(stops, start, options, table)
    found = _solve_once(stops, people, ways, options, urgent_until=options.lunch_from)
    urgent = {stop.id for stop in stops if stop.is_urgent}
    if urgent & set(found["unassigned"]):
        found = _solve_once(stops, people, ways, options, urgent_until=None)
    left = set(found["unassigned"])
    reasons = [
        {"id": stop.id, "reason": _reason(stop, ways.seconds[0, index + 1] + ways.seconds[index + 1, 0], options)}
        for index, stop in enumerate(stops)
        if stop.id in left
    ]
    result = {"routes": found["routes"], "unassigned": reasons}
    if table is not None:
        result["table"] = {"name": table.name, "known": ways.known, "ways": len(stops) * (len(stops) - 1)}
    return result


def request_route(
    session: Session, person: Person, *, day: date, site_ids: Sequence[int], people: Sequence[str],
    start: tuple[float, float], options: RouteOptions, campaign_id: int | None = None,
) -> DayRoute:  # fmt: skip
    """Store what is asked of a day, for plan_route. Raises InvalidValueError, NotFoundError."""
    if not site_ids or len(site_ids) > MAX_STOPS:
        raise InvalidValueError(name="site", value=str(len(site_ids)), reason=N_("choose 1 to 400 sites"))
    if not people or len(people) > MAX_PEOPLE:
        raise InvalidValueError(name="person", value=str(len(people)), reason=N_("choose 1 to 20 people"))
    options.check()
    if campaign_id is not None and session.get(InspectionCampaign, campaign_id) is None:
        raise NotFoundError(value=str(campaign_id))
    urgent = {row.site.id for row in list_follow_ups(session, person, Due.OVERDUE, day, limit=1000)}
    geom = FuelSite.column("geom")
    rows = session.execute(
        select(FuelSite.id, FuelSite.code, FuelSite.opening_hours, func.ST_X(geom), func.ST_Y(geom)).where(
            FuelSite.id.in_(site_ids)
        )
    ).all()
    stops = []
    for site, code, hours, lon, lat in rows:
        opens, closes = read_opening_hours(hours)
        stops.append(Stop(id=site, code=code, lon=lon, lat=lat, opens=opens, closes=closes, is_urgent=site in urgent))
    request = {
        "people": list(people), "start": list(start), "options": asdict(options), "campaign_id": campaign_id,
        "places": {str(stop.id): [stop.lon, stop.lat] for stop in stops}, "stops": [asdict(stop) for stop in stops],
    }  # fmt: skip
    route = DayRoute(day=day, made_by=person.name, request=request)
    session.add(route)
    session.flush()
    record_audit(
        session, by=person.name, action=N_("Planned a day route"), subject=f"route {route.id}", details=str(day)
    )
    return route


def plan_route(session: Session, route_id: int) -> None:
    """Work out a route that waits, and store it or why not; the background's work. Commits before and after."""
    claimed = session.execute(
        update(DayRoute)
        .where(DayRoute.id == route_id, DayRoute.result.is_(None), DayRoute.started_at.is_(None))
        .values(started_at=func.clock_timestamp(), problem=None)
    )
    session.commit()
    if not claimed.rowcount:  # type: ignore[attr-defined]
        return
    route = session.get_one(DayRoute, route_id)
    request = route.request
    stops = [Stop(**stop) for stop in request["stops"]]
    lon, lat = request["start"]
    session.commit()
    try:
        table = read_routing_table([stop.code for stop in stops])
        route.result = solve(stops, request["people"], (lon, lat), RouteOptions(**request["options"]), table)
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
    if route is None or not (
        person.is_leader or person.name == route.made_by or person.name in route.request.get("people", [])
    ):
        raise NotFoundError(value=str(route_id))
    return route


def assign_route(session: Session, person: Person, route: DayRoute) -> int:
    """Turn the stops of a route into planned visits. Returns how many. Raises ConflictError the second time."""
    if route.assigned_at is not None:
        raise ConflictError(N_("This route has already been assigned."))
    if route.result is None:
        raise ConflictError(NOT_READY)
    count = 0
    rechecks = {row.site.id for row in list_follow_ups(session, person, Due.OVERDUE, route.day, limit=1000)}
    for each in (route.result or {}).get("routes", []):
        for stop in each["stops"]:
            kind = VisitKind.RECHECK if stop["id"] in rechecks else VisitKind.UNPLANNED
            plan_visit(
                session, person, stop["id"], planned_on=route.day, inspector=each["person"], route_id=route.id,
                planned_at=clock(stop["arrive"]), campaign_id=route.request.get("campaign_id"), kind=kind,
            )  # fmt: skip
            count += 1
    route.assigned_at = datetime.now(ZoneInfo(TIME_ZONE))
    return count


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


def _ways(
    stops: Sequence[Stop], start: tuple[float, float], options: RouteOptions, table: RoutingTable | None
) -> _Ways:
    """Return the ways between the start and the stops: out of the table, else great circles times the factor."""
    metres = _distances([start, *((stop.lon, stop.lat) for stop in stops)], options)
    seconds = metres / (options.speed_kmh / 3.6)
    known = 0
    for i, here in enumerate(stops if table else (), start=1):
        for j, there in enumerate(stops, start=1):
            leg = table.leg(here.code, there.code) if table and i != j else None
            if leg is not None:
                seconds[i, j] = leg.seconds
                metres[i, j] = metres[i, j] if leg.metres is None else leg.metres
                known += 1
    return _Ways(metres=metres, seconds=seconds, known=known)


def _distances(places: Sequence[tuple[float, float]], options: RouteOptions) -> Matrix:
    """Return metres between places (EPSG:4326): great circles times the factor."""
    lon, lat = np.radians(np.array(places, dtype=float)).T
    half = (
        np.sin((lat[:, None] - lat) / 2) ** 2
        + np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    )
    metres: Matrix = 2 * EARTH_M * np.arcsin(np.sqrt(half)) * options.factor
    return metres


def _solve_once(
    stops: Sequence[Stop], people: Sequence[str], ways: _Ways, options: RouteOptions, *, urgent_until: int | None
) -> dict[str, Any]:
    distances = ways.metres
    problem = vroom.Input()
    problem.set_durations_matrix("car", np.rint(ways.seconds).astype(np.uint32))
    day = vroom.TimeWindow(options.starts * _MINUTE, options.ends * _MINUTE)
    for number, _ in enumerate(people):
        lunch = vroom.Break(
            number + 1,
            time_windows=[
                vroom.TimeWindow(
                    options.lunch_from * _MINUTE,
                    max(options.lunch_to - options.lunch_minutes, options.lunch_from) * _MINUTE,
                )
            ],
            service=options.lunch_minutes * _MINUTE,
        )
        has_lunch = options.lunch_minutes and options.starts <= options.lunch_from and options.lunch_to <= options.ends
        problem.add_vehicle(vroom.Vehicle(number, start=0, end=0, time_window=day, breaks=[lunch] if has_lunch else []))
    possible = []
    for index, stop in enumerate(stops):
        first, last = _window(stop, options)
        if stop.is_urgent and urgent_until is not None:
            last = max(min(last, urgent_until), first)
        if first > last:
            continue
        possible.append(stop.id)
        problem.add_job(
            vroom.Job(
                stop.id, location=index + 1, default_service=options.visit_minutes * _MINUTE,
                priority=100 if stop.is_urgent else 10,
                time_windows=[vroom.TimeWindow(first * _MINUTE, last * _MINUTE)],
            )
        )  # fmt: skip
    steps = (
        problem.solve(1 if len(stops) > 100 else 5, nb_threads=2, timeout=SOLVE_WITHIN).to_dict()
        if possible
        else {"routes": []}
    )
    routes: list[dict[str, Any]] = [{"person": name, "stops": [], "back": None, "metres": 0} for name in people]
    place = {stop.id: index + 1 for index, stop in enumerate(stops)}
    for found in steps["routes"]:
        route, here = routes[found["vehicle"]], 0
        for step in found["steps"]:
            if step["type"] == "job":
                there = place[step["id"]]
                arrive = step["arrival"] + step.get("waiting_time", 0)
                route["stops"].append(
                    {
                        "id": step["id"],
                        "arrive": math.ceil(arrive / _MINUTE),
                        "leave": math.ceil((arrive + step["service"]) / _MINUTE),
                        "metres": round(float(distances[here, there])),
                    }
                )
                route["metres"] += round(float(distances[here, there]))
                here = there
            elif step["type"] == "break":
                route["lunch"] = math.ceil((step["arrival"] + step.get("waiting_time", 0)) / _MINUTE)
            elif step["type"] == "end":
                route["back"] = math.ceil(step["arrival"] / _MINUTE)
                route["metres"] += round(float(distances[here, 0]))
    taken = {stop["id"] for route in routes for stop in route["stops"]}
    return {"routes": routes, "unassigned": [stop.id for stop in stops if stop.id not in taken]}


def _window(stop: Stop, options: RouteOptions) -> tuple[int, int]:
    """Return the first and last minute at which a visit may begin."""
    return max(stop.opens, options.starts), min(stop.closes, options.ends) - options.visit_minutes


def _reason(stop: Stop, seconds: float, options: RouteOptions) -> str:
    """Return why a site is on no route; `seconds`: there and back."""
    first, last = _window(stop, options)
    if first > last:
        return "closed"
    if options.starts + seconds / _MINUTE + options.visit_minutes > options.ends:
        return "far"
    return "full"
