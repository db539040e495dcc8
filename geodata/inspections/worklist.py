"""Who next, and why: sites ranked by visible, versioned weights, with a fixed share drawn by lot.

The lot keeps the ranking honest: what is only ever found where one looks would confirm any weights. Order and
filters read the stored scores; what is shown of a site is worked out at that moment.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Double, Float, Select, and_, cast, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from geoalchemy2 import Geography

from geodata.base.crs import WGS84
from geodata.base.i18n import N_
from geodata.base.message import AsWritten, Message
from geodata.inspections.records import InspectionTarget, TargetState
from geodata.inspections.scores import Basis, SiteScore, prepare, ranking, score_rows
from geodata.inspections.weights import Weights, current_weights
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.visits import InspectionVisit

#: More matches than this are told as “more than”.
COUNT_LIMIT = 10_000
#: So many matches are put in order by themselves.
FEW = 3_000
CIRCLES_KM = (1, 4, 16)
#: What the stored scores hold of a site, by the name of its field.
STORED: Mapping[str, InstrumentedAttribute[Any]] = {
    name: getattr(SiteScore, name)
    for name in ("certificate_state", "inspection_status", "kind", "admin_unit_code", "tank_volume_m3")
}


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason for a rank and its points."""

    points: int
    text: Message


@dataclass(frozen=True, kw_only=True)
class RankedSite:
    """A site on the worklist. Place in EPSG:4326; `distance_m` from where the person stands."""

    id: int
    code: str
    name: str
    address: str | None
    kind: str | None
    certificate: str
    inspection: str
    last_visit: date | None
    lon: float
    lat: float
    distance_m: float | None
    score: int
    reasons: list[Reason]
    by_lot: bool = False


@dataclass(frozen=True, kw_only=True)
class Worklist:
    """A page of the worklist and what it rests on. `total` is cut at COUNT_LIMIT + 1."""

    sites: list[RankedSite]
    total: int
    has_next: bool
    basis: Basis


def rank_sites(
    session: Session,
    conditions: Iterable[ColumnElement[bool]] = (),
    *,
    weights: Weights | None = None,
    here: tuple[float, float] | None = None,
    nearest_first: bool = False,
    page: int = 1,
    size: int = 20,
) -> Worklist:
    """Return a page of sites, the most urgent first; on each page a share is drawn by lot instead.

    `conditions` on SiteScore; what else is known of a site by of_site(). `here`: lon, lat in EPSG:4326 for
    distances. The lot changes with the month and is the same for everybody. The caller commits: scores that
    were outdated have been worked off.
    """
    basis = prepare(session, weights)
    wanted = list(conditions)
    lots = round(size * basis.weights.random_percent / 100) if not nearest_first else 0
    ranked = size - lots
    near = here if nearest_first else None
    rank = (SiteScore.score.desc(), SiteScore.feature_id) if near is None else (_metres(near), SiteScore.feature_id)
    lot = (SiteScore.lot, SiteScore.feature_id)
    # Few matches are read once and put in order here; of many the indexes give the first without reading the rest.
    matches = _ids(session, select(SiteScore.feature_id).where(*wanted).limit(COUNT_LIMIT + 1), basis)
    few: list[ColumnElement[bool]] | None = [SiteScore.feature_id.in_(matches)] if len(matches) <= FEW else None
    first = (page - 1) * ranked
    best = few or [*wanted, *_close_by(session, wanted, near, first + ranked, basis)]
    ids = _ids(session, _ordered(best, rank, first, ranked + 1), basis) if matches else []
    sites = _read(session, ids[:ranked], basis.weights, here)
    if lots and len(ids) > ranked:
        others = [*(few or wanted), SiteScore.feature_id.not_in(ids[:ranked])]
        drawn = _ids(session, _ordered(others, lot, (page - 1) * lots, lots), basis)
        why = Reason(points=0, text=Message(template=N_("Drawn by lot, to keep the ranking honest")))
        sites += _read(session, drawn, basis.weights, here, why)
    return Worklist(sites=sites, total=len(matches), has_next=len(ids) > ranked, basis=basis)


def read_points(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """Return site id -> the points by which the list ranks it, worked out now."""
    found = ranking(current_weights(session), ids=ids).subquery("found")
    return {row[0]: row[1] for row in session.execute(select(found.c.feature_id, found.c.score))}


def _ordered(
    wanted: Sequence[ColumnElement[bool]], order: tuple[ColumnElement[Any] | Any, ...], first: int, count: int
) -> Select[Any]:
    return select(SiteScore.feature_id).where(*wanted).order_by(*order).limit(count).offset(first)


def _close_by(
    session: Session, wanted: Sequence[ColumnElement[bool]], near: tuple[float, float] | None, needed: int, basis: Basis
) -> list[ColumnElement[bool]]:
    """Return the condition of a circle that surely holds the nearest: measuring to half a million takes too long."""
    if near is None or not basis.is_stored:
        return []
    for km in CIRCLES_KM:
        circle = within(near, km)
        inside = select(SiteScore.feature_id).where(*wanted, circle).limit(needed + 1)
        if len(_ids(session, inside, basis)) > needed:
            return [circle]
    return []


def of_site(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition on FuelSite as one on the scores."""
    return SiteScore.feature_id.in_(select(FuelSite.id).where(condition))


def not_visited_since(day: date | None) -> ColumnElement[bool]:
    """Return the condition that the last visit was before a day, or that there was none (None)."""
    never = SiteScore.last_visit.is_(None)
    return never if day is None else or_(never, SiteScore.last_visit < day)


def sells(product: str) -> ColumnElement[bool]:
    """Return the condition that a site's products contain a text, accents and case ignored."""
    if any(sign in product for sign in "%_\\"):
        return func.strpos(SiteScore.products, func.fold_text(product)) > 0
    return SiteScore.products.contains(func.fold_text(product), autoescape=False)


def within(here: tuple[float, float], km: float) -> ColumnElement[bool]:
    """Return the condition that a site lies within km of a place (lon, lat, EPSG:4326)."""
    lon, lat = here
    high, wide = km / 110.5, km / (110.5 * max(math.cos(math.radians(lat)), 0.01))
    return and_(
        SiteScore.lon.between(lon - wide, lon + wide),
        SiteScore.lat.between(lat - high, lat + high),
        _metres(here) <= km * 1000,
    )


def in_campaign(campaign_id: int, *, open_only: bool = False) -> ColumnElement[bool]:
    """Return the condition that a site is a target of a campaign; open: selected and not yet visited under it."""
    targets = select(InspectionTarget.feature_id).where(InspectionTarget.campaign_id == campaign_id)
    if open_only:
        visited = select(InspectionVisit.feature_id).where(InspectionVisit.campaign_id == campaign_id)
        targets = targets.where(
            InspectionTarget.state == TargetState.SELECTED, InspectionTarget.feature_id.not_in(visited)
        )
    return SiteScore.feature_id.in_(targets)


def _metres(here: tuple[float, float]) -> ColumnElement[float]:
    """Return the distance to a place, in plain arithmetic: the ellipsoid's metres a degree at the latitude between.

    A geodesic for each of half a million sites would take a second; this differs by less than a thousandth
    within 100 km.
    """
    lon, lat = (literal(part, Double) for part in here)
    between = (SiteScore.lat + lat) / 2
    north = (SiteScore.lat - lat) * (111_132.95 - 559.85 * func.cosd(2 * between))
    east = (SiteScore.lon - lon) * (111_412.88 * func.cosd(between) - 93.5 * func.cosd(3 * between))
    return func.sqrt(north * north + east * east)


def _over(query: Select[Any], basis: Basis) -> Select[Any]:
    """Return the query over the stored scores, or over the same rows worked out now under the table's name."""
    return query if basis.is_stored else query.add_cte(score_rows(basis.weights).cte(SiteScore.__tablename__))


def _ids(session: Session, query: Select[Any], basis: Basis) -> list[int]:
    return list(session.scalars(_over(query, basis)))


def _read(
    session: Session, ids: Sequence[int], weights: Weights, here: tuple[float, float] | None, *more: Reason
) -> list[RankedSite]:
    """Return sites in the order of their ids, each ranked anew: states and reasons are never older than the page."""
    if not ids:
        return []
    found = ranking(weights, ids=ids).subquery("found")
    distance: ColumnElement[Any] = cast(literal(None), Float)
    if here is not None:
        origin = func.ST_SetSRID(func.ST_Point(*here), WGS84)
        distance = func.ST_Distance(cast(FuelSite.column("geom"), Geography), cast(origin, Geography))
    query = select(found, FuelSite.code, FuelSite.name, FuelSite.address, distance.label("distance_m")).join(
        FuelSite, FuelSite.id == found.c.feature_id
    )
    rows = {row.feature_id: _ranked(row._mapping, *more) for row in session.execute(query)}
    return [rows[number] for number in ids if number in rows]


_CERTIFICATE_REASONS = {
    "never_issued": N_("No certificate was ever issued"),
    "expired": N_("Certificate expired {days} days ago, on {day}"),
    "revoked": N_("Certificate revoked"),
    "suspended": N_("Certificate suspended"),
    "unknown": N_("Nothing is known about a certificate"),
    "expiring": N_("Certificate ends in {days} days, on {day}"),
}
_REMEDY_REASONS = {
    "remedy_overdue": N_("Remedy overdue by {days} days"),
    "violation": N_("A violation is open"),
    "findings_open": N_("Findings are open"),
}


def _ranked(row: Mapping[Any, Any], *more: Reason) -> RankedSite:
    reasons = sorted(_reasons(row), key=lambda reason: -abs(reason.points))
    return RankedSite(
        id=row["feature_id"], code=row["code"], name=row["name"], address=row["address"], kind=row["kind"],
        certificate=row["certificate_state"], inspection=row["inspection_status"],
        last_visit=row["last_visit"], lon=row["lon"], lat=row["lat"], distance_m=row["distance_m"],
        score=int(row["score"]), reasons=[*more, *reasons], by_lot=bool(more),
    )  # fmt: skip


def _reasons(row: Mapping[Any, Any]) -> Iterable[Reason]:
    today, ends_on, due = row["today"], row["ends_on"], row["due"]
    if row["p_certificate"]:
        values = {"day": ends_on or "", "days": abs((ends_on - today).days) if ends_on else 0}
        yield Reason(
            points=row["p_certificate"],
            text=Message(template=_CERTIFICATE_REASONS[row["certificate_state"]], values=values),
        )
    if row["p_remedy"]:
        late = (today - due).days if due else 0
        yield Reason(
            points=row["p_remedy"],
            text=Message(template=_REMEDY_REASONS[row["inspection_status"]], values={"days": late}),
        )
    if row["p_visit"]:
        template = N_("Last visited on {day}") if row["last_visit"] else N_("Never visited")
        yield Reason(points=row["p_visit"], text=Message(template=template, values={"day": row["last_visit"] or ""}))
    if row["p_past"]:
        values = {"count": row["violations"]}
        yield Reason(
            points=row["p_past"], text=Message(template=N_("Violations in three years: {count}"), values=values)
        )
    if row["p_volume"]:
        values = {"volume": row["tank_volume_m3"]}
        yield Reason(points=row["p_volume"], text=Message(template=N_("Tanks of {volume} m³"), values=values))
    if row["p_large"]:
        yield Reason(points=row["p_large"], text=Message(template=N_("LPG depot or filling station")))
    if row["p_complaint"]:
        values = {"count": row["complaints"], "day": row["complained_on"]}
        template = N_("Complaints not yet looked into: {count}, the oldest of {day}")
        yield Reason(points=row["p_complaint"], text=Message(template=template, values=values))
    if row["p_campaign"]:
        values = {"numbers": AsWritten(row["numbers"])}
        yield Reason(
            points=row["p_campaign"], text=Message(template=N_("Not yet visited under {numbers}"), values=values)
        )
    if row["p_closed"]:
        yield Reason(points=row["p_closed"], text=Message(template=N_("The site is closed")))
