"""What day routes and visits keep as JSON: days as ISO 8601, times minutes of the day, places EPSG:4326 (lon, lat)."""

from typing import NotRequired, TypedDict


class KeptStop(TypedDict):
    """A site to visit as a route keeps it: the fields of `routing.Stop`."""

    id: int
    code: str
    lon: float
    lat: float
    opens: int
    closes: int
    is_urgent: bool
    person: int | None


class KeptOptions(TypedDict):
    """The working day of a route: the fields of `routing.RouteOptions`."""

    starts: int
    ends: int
    lunch_from: int
    lunch_to: int
    lunch_minutes: int
    visit_minutes: int
    speed_kmh: float
    factor: float


class LeftOut(TypedDict):
    """A site on no route and why; `person` has it already. `place` only where it was never a stop."""

    id: int
    reason: str
    person: NotRequired[str]
    place: NotRequired[list[float]]


class RouteRequest(TypedDict):
    """What was asked of a day; `places`: id of each site, as text, -> where it is."""

    people: list[str]
    start: list[float]
    options: KeptOptions
    campaign_id: int | None
    places: dict[str, list[float]]
    stops: list[KeptStop]
    left_out: NotRequired[list[LeftOut]]


class RouteStop(TypedDict):
    """A stop of a person's day; `metres` from the one before."""

    id: int
    arrive: int
    leave: int
    metres: int


class PersonRoute(TypedDict):
    """One person's day: `back` at the start again, None without a stop; `lunch` begins."""

    person: str
    stops: list[RouteStop]
    back: int | None
    metres: int
    lunch: NotRequired[int]


class TableUse(TypedDict):
    """How many of the ways between the stops a routing table knew."""

    name: str
    known: int
    ways: int


class RouteResult(TypedDict):
    """What came out; `table` where a routing table was there."""

    routes: list[PersonRoute]
    unassigned: list[LeftOut]
    table: NotRequired[TableUse]


class SiteFacts(TypedDict):
    """What minutes say of the site."""

    name: str
    code: str
    address: str | None
    trader: str | None
    tax_code: str | None
    kind: str | None
    certificate_no: str | None
    certificate_expires_on: str | None


class EarlierFinding(TypedDict):
    """A finding of an earlier visit that is asked after; `due`: the day of its remedy."""

    id: int
    description: str
    severity: str
    article: str | None
    found_on: str
    due: str | None


class ComplaintFacts(TypedDict):
    """What minutes say of a complaint: nothing of who complained, nor in which words."""

    id: int
    topic: str
    received_on: str


class VisitFacts(TypedDict):
    """What minutes say beside the paper's words. `questions`: item and text; `by` only in a finished edition.

    What may be missing is so in editions that were finished before it was kept.
    """

    site: SiteFacts
    number: NotRequired[str | None]
    kind: str
    questions: list[list[str]]
    inspector: str
    team: NotRequired[list[str]]
    complaints: NotRequired[list[ComplaintFacts]]
    before: list[EarlierFinding]
    by: NotRequired[str]
