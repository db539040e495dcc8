"""Somebody's visits of one day in the order in which he goes: the next one, left out, put in another order.

The order is that of the planned hours; whoever changes it gets the hours worked out anew. Coordinates are EPSG:4326
(lon, lat), distances metres of straight lines times the factor of the route, or of the routing table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from geodata.accounts.accounts import record_audit
from geodata.base.errors import ConflictError, InvalidValueError
from geodata.base.i18n import N_
from geodata.inspections.entries import whole_text
from geodata.inspections.records import DayRoute, PaperState, VisitPaper
from geodata.inspections.rights import Person, get_paper
from geodata.inspections.routing import RouteOptions, Stop, clock, keep_order, read_opening_hours
from geodata.inspections.routing_table import read_routing_table
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.visits import Finding

#: What one may do to a place in the order.
UP, DOWN, NEXT = "up", "down", "next"
MOVES = (UP, DOWN, NEXT)
_LAST_MINUTE = 24 * 60 - 1


@dataclass(frozen=True, kw_only=True)
class DayStop:
    """A visit of the day. `number` counts those that are not left out; `metres` from the stop before or the start."""

    paper: VisitPaper
    site: FuelSite
    number: int
    lon: float
    lat: float
    metres: int | None
    open_findings: int
    is_late: bool

    @property
    def is_done(self) -> bool:
        """Whether the visit is written down and finished."""
        return self.paper.state in {PaperState.DONE, PaperState.CORRECTING}

    @property
    def is_skipped(self) -> bool:
        """Whether the visit was left out."""
        return self.paper.state is PaperState.CANCELLED

    @property
    def can_move(self) -> bool:
        """Whether its place in the order is still open."""
        return self.paper.state is PaperState.PLANNED


@dataclass(frozen=True, kw_only=True)
class Day:
    """The visits of somebody on a day. `start` of the route they come from, if any; `routes` its numbers."""

    inspector: str
    day: date
    stops: list[DayStop]
    start: tuple[float, float] | None
    routes: list[int]

    @property
    def next(self) -> DayStop | None:
        """The visit that has begun, else the first that has not."""
        left = [stop for stop in self.stops if not stop.is_done and not stop.is_skipped]
        begun = [stop for stop in left if stop.paper.state is PaperState.DRAFT]
        return next(iter(begun or left), None)

    @property
    def done(self) -> int:
        """How many are finished."""
        return sum(stop.is_done for stop in self.stops)

    @property
    def planned(self) -> int:
        """How many were not left out."""
        return sum(not stop.is_skipped for stop in self.stops)


def read_day(session: Session, inspector: str, day: date) -> Day:
    """Return the visits of an inspector on a day, those left out with a reason at the end."""
    geom = FuelSite.column("geom")
    still_open = (
        select(func.count())
        .where(Finding.feature_id == FuelSite.id, Finding.remedied_on.is_(None))
        .correlate(FuelSite)
        .scalar_subquery()
    )
    skipped = VisitPaper.state == PaperState.CANCELLED
    rows = session.execute(
        select(VisitPaper, FuelSite, func.ST_X(geom), func.ST_Y(geom), still_open)
        .join(FuelSite, FuelSite.id == VisitPaper.feature_id)
        .where(VisitPaper.inspector == inspector, VisitPaper.planned_on == day)
        .where(or_(~skipped, VisitPaper.skip_reason.is_not(None)))
        .order_by(skipped, VisitPaper.planned_at.nulls_last(), VisitPaper.id)
    ).all()
    routes = sorted({paper.route_id for paper, *_ in rows if paper.route_id is not None})
    start, options = _frame(session, routes)
    going = [row for row in rows if row[0].state is not PaperState.CANCELLED]
    order = [_stop(paper, site, lon, lat) for paper, site, lon, lat, _ in going]
    legs = {leg.id: leg for leg in keep_order(order, start, options.starts, options)}
    first = None if start is not None or not order else order[0].id
    stops: list[DayStop] = []
    for paper, site, lon, lat, findings in rows:
        leg = legs.get(paper.id)
        stops.append(
            DayStop(
                paper=paper, site=site, lon=lon, lat=lat, open_findings=findings,
                number=len(stops) + 1, metres=leg.metres if leg and paper.id != first else None,
                is_late=paper.state is PaperState.PLANNED and _is_late(paper, site, options),
            )
        )  # fmt: skip
    return Day(inspector=inspector, day=day, stops=stops, start=start, routes=routes)


def move_stop(session: Session, person: Person, paper_id: int, move: str, *, now: datetime) -> VisitPaper:
    """Put a visit earlier, later or next in its day, and work out the hours from then on. Raises ConflictError."""
    if move not in MOVES:
        raise InvalidValueError(name="move", value=move[:20], reason=N_("choose one of those offered"))
    paper = get_paper(session, person, paper_id, lock=True)
    day = read_day(session, paper.inspector, paper.planned_on)
    order = [stop for stop in day.stops if stop.can_move]
    place = next((number for number, stop in enumerate(order) if stop.paper.id == paper_id), None)
    if place is None:
        raise ConflictError(N_("This visit has begun or is finished; its place in the order stays."))
    to = {UP: max(place - 1, 0), DOWN: min(place + 1, len(order) - 1), NEXT: 0}[move]
    if to != place:
        order.insert(to, order.pop(place))
        _work_out_hours(session, day, order, now)
        record_audit(
            session, by=person.name, action=N_("Changed the order of a day"), subject=f"visit {paper.id}",
            details=f"{place + 1} → {to + 1}",
        )  # fmt: skip
    return paper


def skip_stop(session: Session, person: Person, paper_id: int, *, reason: str) -> VisitPaper:
    """Leave out a planned visit, with the reason. Raises InvalidValueError, ConflictError once it has begun."""
    paper = get_paper(session, person, paper_id, lock=True)
    text = whole_text("reason", reason, 300)
    if not text:
        raise InvalidValueError(name="reason", value="", reason=N_("say why the visit is left out"))
    if paper.state is not PaperState.PLANNED:
        raise ConflictError(N_("Only a visit that has not begun can be left out."))
    paper.state, paper.skip_reason = PaperState.CANCELLED, text
    record_audit(session, by=person.name, action=N_("Left out a visit"), subject=f"visit {paper.id}", details=text)
    return paper


def take_back(session: Session, person: Person, paper_id: int) -> VisitPaper:
    """Put a visit that was left out back into its day. Raises ConflictError when somebody else goes there now."""
    paper = get_paper(session, person, paper_id, lock=True)
    if paper.state is not PaperState.CANCELLED or paper.skip_reason is None:
        raise ConflictError(N_("This visit was not left out."))
    other = select(VisitPaper.inspector).where(
        VisitPaper.feature_id == paper.feature_id, VisitPaper.planned_on == paper.planned_on,
        VisitPaper.id != paper.id, VisitPaper.state != PaperState.CANCELLED,
    )  # fmt: skip
    if (name := session.scalars(other).first()) is not None:
        raise ConflictError(N_("{name} has this site on that day now."), name=name)
    paper.state, paper.skip_reason = PaperState.PLANNED, None
    record_audit(session, by=person.name, action=N_("Took a visit back in"), subject=f"visit {paper.id}")
    return paper


def _frame(session: Session, routes: Sequence[int]) -> tuple[tuple[float, float] | None, RouteOptions]:
    """Return start and working day of the latest route."""
    route = session.get(DayRoute, routes[-1]) if routes else None
    if route is None:
        return None, RouteOptions()
    lon, lat = route.request["start"]
    return (lon, lat), RouteOptions(**route.request["options"])


def _work_out_hours(session: Session, day: Day, order: Sequence[DayStop], now: datetime) -> None:
    """Give the visits still to make their hours in this order, after what is done and not before now."""
    start, options = _frame(session, day.routes)
    begun = [stop for stop in day.stops if stop.is_done or stop.paper.state is PaperState.DRAFT]
    begins = options.starts
    if begun:
        start = (begun[-1].lon, begun[-1].lat)
        times = [_minutes(stop.paper.planned_at) for stop in begun]
        begins = max([begins, *(minute + options.visit_minutes for minute in times if minute is not None)])
    if day.day == now.date():
        begins = max(begins, now.hour * 60 + now.minute)
    stops = [_stop(stop.paper, stop.site, stop.lon, stop.lat) for stop in order]
    table = read_routing_table([stop.code for stop in stops])
    papers = {stop.paper.id: stop.paper for stop in order}
    for number, leg in enumerate(keep_order(stops, start, begins, options, table)):
        # Even what lies beyond midnight keeps its place in the order.
        papers[leg.id].planned_at = clock(min(leg.arrive, _LAST_MINUTE - len(stops) + 1 + number))
    session.flush()


def _is_late(paper: VisitPaper, site: FuelSite, options: RouteOptions) -> bool:
    minute = _minutes(paper.planned_at)
    if minute is None:
        return False
    return minute + options.visit_minutes > min(read_opening_hours(site.opening_hours)[1], options.ends)


def _stop(paper: VisitPaper, site: FuelSite, lon: float, lat: float) -> Stop:
    opens, closes = read_opening_hours(site.opening_hours)
    return Stop(id=paper.id, code=site.code, lon=lon, lat=lat, opens=opens, closes=closes)


def _minutes(text: str | None) -> int | None:
    if not text:
        return None
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
