"""The order of a day: VROOM under the rule that nobody is left out for somebody less urgent.

Coordinates are EPSG:4326 (lon, lat), times minutes of the day, distances metres. Where no routing table says better,
ways are straight lines times a factor.
"""

import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import vroom

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.inspections.documents import PersonRoute, RouteResult
from geodata.inspections.routing_table import RoutingTable

Matrix = np.ndarray[Any, np.dtype[np.float64]]

EARTH_M = 6_371_000
#: VROOM gives its best answer so far after this.
SOLVE_WITHIN = timedelta(seconds=0.6)
#: After so many seconds the rest is fitted in by one more answer; a page waits for no route longer than that.
DECIDE_WITHIN_S = 2.0
#: VROOM adds priorities up. Kept stops weigh more than all that are tried at once; of these each more than all after it.
_KEPT = 100
#: So few stops are always looked at thoroughly: a tight day of theirs has one order, which a quick look misses.
FEW = 12
_TRIED = (32, 16, 8, 4, 2)
_HOURS = re.compile(r"(\d{1,2})[:h](\d{2})?\s*[-–]\s*(\d{1,2})[:h](\d{2})?")
_MINUTE = 60
_DAY = 24 * 60


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
        if not 0 <= self.starts < self.ends <= _DAY:
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

    @property
    def lunch_window(self) -> tuple[int, int] | None:
        """First and last minute at which lunch may begin; None when the day has none."""
        first = max(self.lunch_from, self.starts)
        last = min(self.lunch_to, self.ends) - self.lunch_minutes
        return (first, last) if self.lunch_minutes and first <= last else None


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A site to visit; `opens` and `closes` in minutes of the day. `code`: its name in a routing table.

    `person`: who has it already, as a number among the people; nobody else may take it.
    """

    id: int
    code: str = ""
    lon: float
    lat: float
    opens: int = 0
    closes: int = _DAY
    is_urgent: bool = False
    person: int | None = None


@dataclass(frozen=True, kw_only=True)
class Leg:
    """A stop of an order that is kept as it is, with its times; `is_late`: closed or after hours by then."""

    id: int
    arrive: int
    leave: int
    metres: int
    is_late: bool


def read_opening_hours(text: str | None) -> tuple[int, int]:
    """Return minutes of opening and closing out of “05:00-22:00”; the whole day when it cannot be read."""
    match = _HOURS.search(text or "")
    if not match:
        return 0, _DAY
    first, last = (int(match[i]) * 60 + int(match[i + 1] or 0) for i in (1, 3))
    return (first, last) if first < last <= _DAY else (0, _DAY)


def clock(minutes: int) -> str:
    """Return minutes of the day as 08:05."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@dataclass(frozen=True, kw_only=True)
class _Ways:
    """Metres and seconds from each place to each; the start is place 0. `known`: ways out of the routing table."""

    metres: Matrix
    seconds: Matrix
    known: int = 0


@dataclass(frozen=True, kw_only=True)
class _Try:
    """A stop as VROOM gets it: its place in the matrices, when a visit may begin, and how much it weighs."""

    stop: Stop
    place: int
    first: int
    last: int
    priority: int = _KEPT


def solve(
    stops: Sequence[Stop],
    people: Sequence[str],
    start: tuple[float, float],
    options: RouteOptions,
    table: RoutingTable | None = None,
) -> RouteResult:
    """Return each person's stops with arrival times, and the unassigned ones with the reason.

    The stops come in the order of their urgency. One is left out only when it does not fit beside those before it;
    urgent ones are visited in the morning where that is possible, each by itself.
    """
    options.check()
    ways = _ways(stops, start, options, table)
    answers = _Answers(people, ways, options)
    tries = [_Try(stop=s, place=i, first=f, last=t) for i, s in enumerate(stops, 1) for f, t in [_window(s, options)]]
    possible = [each for each in tries if _reason(each, ways, options) == "full"]
    kept, steps = _choose(possible, answers, options)
    routes = _read(steps, people, {each.stop.id: each.place for each in tries}, ways)
    taken = {each.stop.id for each in kept}
    result: RouteResult = {
        "routes": routes,
        "unassigned": [
            {"id": each.stop.id, "reason": _reason(each, ways, options)} for each in tries if each.stop.id not in taken
        ],
    }
    if table is not None:
        result["table"] = {"name": table.name, "known": ways.known, "ways": len(stops) * (len(stops) - 1)}
    return result


def keep_order(
    stops: Sequence[Stop], start: tuple[float, float] | None, begins: int, options: RouteOptions,
    table: RoutingTable | None = None,
) -> list[Leg]:  # fmt: skip
    """Return the times of stops in the order in which they are given, from `begins` on; without a start from the first.

    Lunch is taken as late as it may be, or before a visit that would leave no room for it.
    """
    if not stops:
        return []
    ways = _ways(stops, start or (stops[0].lon, stops[0].lat), options, table)
    lunch = options.lunch_window if begins <= options.lunch_from else None
    legs, clock_now, here = [], float(begins), 0
    for there, stop in enumerate(stops, start=1):
        arrive = max(clock_now + ways.seconds[here, there] / _MINUTE, stop.opens)
        if lunch is not None and arrive + options.visit_minutes > lunch[1]:
            clock_now = max(clock_now, lunch[0]) + options.lunch_minutes
            lunch = None
            arrive = max(clock_now + ways.seconds[here, there] / _MINUTE, stop.opens)
        clock_now = arrive + options.visit_minutes
        legs.append(
            Leg(
                id=stop.id, arrive=math.ceil(arrive), leave=math.ceil(clock_now),
                metres=round(float(ways.metres[here, there])),
                is_late=math.ceil(clock_now) > min(stop.closes, options.ends),
            )
        )  # fmt: skip
        here = there
    return legs


def _choose(
    possible: Sequence[_Try], answers: "_Answers", options: RouteOptions
) -> tuple[list[_Try], list[dict[str, Any]]]:
    """Return the stops that are visited, and VROOM's answer for them."""
    kept: list[_Try] = []
    steps: list[dict[str, Any]] = []
    rest, until = list(possible), time.monotonic() + DECIDE_WITHIN_S
    while rest and time.monotonic() < until:
        tried, rest = rest[: len(_TRIED)], rest[len(_TRIED) :]
        more, found = _add(kept, tried, answers, options)
        if more is not None:
            kept, steps = more, found
        if len(kept) == len(possible) - len(rest) or not rest:
            continue
        # Some were left out: is there room for any of the others at all?
        fitted, found = answers.find(kept, [replace(each, priority=0) for each in rest])
        if fitted is None or len(fitted) == len(kept):
            rest = []
    if rest:
        fitted, found = answers.find(kept, [replace(each, priority=0) for each in rest])
        kept, steps = (kept, steps) if fitted is None else (fitted, found)
    final, found = answers.find(kept, [], thorough=True)
    return (kept, steps) if final is None else (final, found)


def _add(
    kept: list[_Try], tried: Sequence[_Try], answers: "_Answers", options: RouteOptions
) -> tuple[list[_Try] | None, list[dict[str, Any]]]:
    """Return those kept with those of the next that fit too, the more urgent first; None when none of them does."""
    wishes = [_in_the_morning(each, options) for each in tried]
    weighed = [replace(each, priority=weight) for each, weight in zip(wishes, _TRIED, strict=False)]
    fitted, steps = answers.find(kept, weighed)
    if fitted is not None and len(fitted) == len(kept) + len(tried):
        return fitted, steps
    if not any(each.stop.is_urgent for each in tried):
        return (fitted, steps) if fitted is not None and len(fitted) > len(kept) else (None, [])
    found: list[_Try] | None = None
    for each, wish in zip(tried, wishes, strict=True):
        for wanted in dict.fromkeys((wish, each)):
            fitted, answer = answers.find(found or kept, [replace(wanted, priority=_TRIED[0])])
            if fitted is not None and len(fitted) > len(found or kept):
                found, steps = fitted, answer
                break
    return found, steps


def _in_the_morning(each: _Try, options: RouteOptions) -> _Try:
    if not each.stop.is_urgent or each.first > options.lunch_from:
        return each
    return replace(each, last=min(each.last, options.lunch_from))


class _Answers:
    """VROOM's answers for one day: the same people, ways and hours, other stops."""

    def __init__(self, people: Sequence[str], ways: _Ways, options: RouteOptions) -> None:
        self._people, self._options = people, options
        self._seconds = np.rint(ways.seconds).astype(np.uint32)

    def find(
        self, kept: Sequence[_Try], tried: Sequence[_Try], *, thorough: bool = False
    ) -> tuple[list[_Try] | None, list[dict[str, Any]]]:
        """Return those that fit and their routes; None when one of `kept` would be lost."""
        if not kept and not tried:
            return [], []
        problem = vroom.Input()
        problem.set_durations_matrix("car", self._seconds)
        for number, _ in enumerate(self._people):
            problem.add_vehicle(self._vehicle(number))
        for each in (*kept, *tried):
            problem.add_job(self._job(each))
        level = 5 if thorough or len(kept) + len(tried) <= FEW else 1
        answer = problem.solve(level, nb_threads=2, timeout=SOLVE_WITHIN).to_dict()
        routes = answer["routes"]
        there = {step["id"] for route in routes for step in route["steps"] if step["type"] == "job"}
        if any(each.stop.id not in there for each in kept):
            return None, []
        return [replace(each, priority=_KEPT) for each in (*kept, *tried) if each.stop.id in there], routes

    def _vehicle(self, number: int) -> vroom.Vehicle:
        day = vroom.TimeWindow(self._options.starts * _MINUTE, self._options.ends * _MINUTE)
        breaks = []
        if (lunch := self._options.lunch_window) is not None:
            window = vroom.TimeWindow(lunch[0] * _MINUTE, lunch[1] * _MINUTE)
            breaks = [vroom.Break(number + 1, time_windows=[window], service=self._options.lunch_minutes * _MINUTE)]
        return vroom.Vehicle(number, start=0, end=0, time_window=day, breaks=breaks, skills={number + 1})

    def _job(self, each: _Try) -> vroom.Job:
        return vroom.Job(
            each.stop.id, location=each.place, default_service=self._options.visit_minutes * _MINUTE,
            priority=each.priority, skills=None if each.stop.person is None else {each.stop.person + 1},
            time_windows=[vroom.TimeWindow(each.first * _MINUTE, each.last * _MINUTE)],
        )  # fmt: skip


def _read(
    steps: Sequence[dict[str, Any]], people: Sequence[str], place: dict[int, int], ways: _Ways
) -> list[PersonRoute]:
    """Return VROOM's routes as they are stored: minutes and metres, one entry a person."""
    routes: list[PersonRoute] = [{"person": name, "stops": [], "back": None, "metres": 0} for name in people]
    for found in steps:
        route, here = routes[found["vehicle"]], 0
        for step in found["steps"]:
            arrive = step["arrival"] + step.get("waiting_time", 0)
            if step["type"] == "job":
                there = place[step["id"]]
                metres = round(float(ways.metres[here, there]))
                leave = arrive + step["service"]
                route["stops"].append(
                    {
                        "id": step["id"],
                        "arrive": math.ceil(arrive / _MINUTE),
                        "leave": math.ceil(leave / _MINUTE),
                        "metres": metres,
                    }
                )
                route["metres"] += metres
                here = there
            elif step["type"] == "break":
                route["lunch"] = math.ceil(arrive / _MINUTE)
            elif step["type"] == "end":
                route["back"] = math.ceil(step["arrival"] / _MINUTE)
                route["metres"] += round(float(ways.metres[here, 0]))
    return routes


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


def _window(stop: Stop, options: RouteOptions) -> tuple[int, int]:
    """Return the first and last minute at which a visit may begin."""
    return max(stop.opens, options.starts), min(stop.closes, options.ends) - options.visit_minutes


def _reason(each: _Try, ways: _Ways, options: RouteOptions) -> str:
    """Return why a site is on no route: shut, too far, or else there was no room left."""
    if each.first > each.last:
        return "closed"
    there, back = (float(way) / _MINUTE for way in (ways.seconds[0, each.place], ways.seconds[each.place, 0]))
    begins = max(options.starts + there, each.first)
    if begins > each.last:
        return "far"
    return "far" if begins + options.visit_minutes + back > options.ends else "full"
