"""Who next, and why: sites ranked by visible, versioned weights, with a fixed share drawn by lot.

The lot keeps the ranking honest: what is only ever found where one looks would confirm any weights.
"""

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session

from geoalchemy2 import Geography

from geodata.accounts import record_audit
from geodata.crs import WGS84
from geodata.errors import InvalidValueError
from geodata.explanations import Explanation
from geodata.i18n import N_
from geodata.inspection_records import (
    Finding,
    InspectionCampaign,
    InspectionTarget,
    InspectionVisit,
    RankingWeights,
    TargetState,
)
from geodata.layers.fuel_sites import BusinessState, FuelKind, FuelSite

#: Weight -> (label, default points).
WEIGHTS: dict[str, tuple[str, int]] = {
    "never_issued": (N_("Certificate never issued"), 40),
    "expired": (N_("Certificate expired"), 35),
    "revoked": (N_("Certificate revoked"), 30),
    "suspended": (N_("Certificate suspended"), 20),
    "unknown": (N_("Certificate unknown"), 15),
    "expiring": (N_("Certificate expiring (whole within 30 days, less up to 90)"), 12),
    "remedy_overdue": (N_("Remedy overdue"), 45),
    "violation": (N_("Violation open"), 30),
    "findings_open": (N_("Findings open"), 15),
    "never_visited": (N_("Never visited"), 20),
    "year_since_visit": (N_("Each year since the last visit (three at most)"), 6),
    "past_violation": (N_("Each violation of the last three years (three at most)"), 10),
    "volume": (N_("Tank volume (whole from 200 m³)"), 10),
    "lpg_large": (N_("LPG depot or filling station"), 8),
    "campaign": (N_("Target of a campaign, not yet visited"), 15),
    "closed": (N_("Closed: points taken off"), 60),
}
DEFAULT_RANDOM_PERCENT = 10
MAX_POINTS = 1000
#: More matches than this are told as “more than”.
COUNT_LIMIT = 10_000


@dataclass(frozen=True, kw_only=True)
class Weights:
    """One version of the weights; version 0 are the defaults."""

    version: int = 0
    points: Mapping[str, int] = field(default_factory=lambda: {name: points for name, (_, points) in WEIGHTS.items()})
    random_percent: int = DEFAULT_RANDOM_PERCENT


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason for a rank and its points."""

    points: int
    text: Explanation


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
    """A page of the worklist. `total` is cut at COUNT_LIMIT + 1."""

    sites: list[RankedSite]
    total: int
    has_next: bool


def current_weights(session: Session) -> Weights:
    """Return the latest weights, or the defaults."""
    row = session.scalar(select(RankingWeights).order_by(RankingWeights.version.desc()).limit(1))
    if row is None:
        return Weights()
    points = {**Weights().points, **{name: int(value) for name, value in row.weights.items() if name in WEIGHTS}}
    return Weights(version=row.version, points=points, random_percent=row.random_percent)


def list_weights(session: Session) -> list[RankingWeights]:
    """Return all versions, the latest first."""
    return list(session.scalars(select(RankingWeights).order_by(RankingWeights.version.desc())))


def change_weights(
    session: Session, *, points: Mapping[str, int], random_percent: int, by: str, note: str | None = None
) -> RankingWeights:
    """Add a version of the weights. Raises InvalidValueError."""
    for name, value in points.items():
        if name not in WEIGHTS or not 0 <= value <= MAX_POINTS:
            raise InvalidValueError(name=name, value=str(value), reason=N_("points from 0 to 1000"))
    if not 0 <= random_percent <= 50:
        raise InvalidValueError(name="random_percent", value=str(random_percent), reason=N_("from 0 to 50 percent"))
    row = RankingWeights(weights=dict(points), random_percent=random_percent, made_by=by, note=note)
    session.add(row)
    session.flush()
    record_audit(session, by=by, action=N_("Changed the ranking weights"), subject=f"v{row.version}", details=note)
    return row


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

    `here`: lon, lat in EPSG:4326 for distances. The lot changes with the month and is the same for everybody.
    """
    weights = weights or current_weights(session)
    wanted = list(conditions)
    lots = round(size * weights.random_percent / 100) if not nearest_first else 0
    ranked = size - lots
    order: tuple[ColumnElement[Any], ...] = (literal_column("score").desc(), literal_column("id"))
    if nearest_first and here:
        order = (literal_column("distance_m"), literal_column("id"))
    best = _ranking(weights, here, wanted).order_by(*order).limit(ranked + 1).offset((page - 1) * ranked)
    rows = session.execute(_named(best).order_by(*order)).all()
    sites = [_ranked(row._mapping) for row in rows[:ranked]]
    if lots and len(rows) > ranked:
        shown = FuelSite.id.not_in([site.id for site in sites])
        sites += _drawn(session, _drawn_ids(session, [*wanted, shown], lots=lots, page=page), weights, here)
    counted = select(FuelSite.id).where(*wanted).limit(COUNT_LIMIT + 1).subquery()
    total = session.execute(select(func.count()).select_from(counted)).scalar_one()
    return Worklist(sites=sites, total=total, has_next=len(rows) > ranked)


def not_visited_since(day: date | None) -> ColumnElement[bool]:
    """Return the condition that the last visit was before a day, or that there was none (None)."""
    visits = select(InspectionVisit.feature_id)
    if day is not None:
        visits = visits.where(InspectionVisit.visited_on >= day)
    return FuelSite.id.not_in(visits)


def in_campaign(campaign_id: int, *, open_only: bool = False) -> ColumnElement[bool]:
    """Return the condition that a site is a target of a campaign; open: selected and not yet visited under it."""
    targets = select(InspectionTarget.feature_id).where(InspectionTarget.campaign_id == campaign_id)
    if open_only:
        visited = select(InspectionVisit.feature_id).where(InspectionVisit.campaign_id == campaign_id)
        targets = targets.where(
            InspectionTarget.state == TargetState.SELECTED, InspectionTarget.feature_id.not_in(visited)
        )
    return FuelSite.id.in_(targets)


def _drawn_ids(session: Session, wanted: Sequence[ColumnElement[bool]], *, lots: int, page: int) -> list[int]:
    month = func.to_char(func.current_date(), "YYYY-MM")
    draw = func.md5(func.concat(month, "/", FuelSite.id))
    query = select(FuelSite.id).where(
        or_(FuelSite.valid_to.is_(None), FuelSite.valid_to >= func.current_date()), *wanted
    )
    return list(session.scalars(query.order_by(draw).limit(lots).offset((page - 1) * lots)))


def _drawn(
    session: Session, ids: Sequence[int], weights: Weights, here: tuple[float, float] | None
) -> list[RankedSite]:
    rows = session.execute(_named(_ranking(weights, here, [FuelSite.id.in_(ids)]))).all()
    lot = Reason(points=0, text=Explanation(template=N_("Drawn by lot, to keep the ranking honest")))
    found = {row.id: _ranked(row._mapping, lot) for row in rows}
    return [found[number] for number in ids]


def _ranking(weights: Weights, here: tuple[float, float] | None, wanted: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Return the query of the wanted sites with points per reason and what the reasons' words need.

    The derived states are worked out once a site, behind OFFSET 0: merged into the points they would be
    worked out at every mention, which is most of the time on 500,000 sites.
    """
    today = func.current_date()
    geom = FuelSite.column("geom")
    distance: ColumnElement[Any] = cast(literal(None), Float)
    if here is not None:
        origin = func.ST_SetSRID(func.ST_Point(*here), WGS84)
        distance = func.ST_Distance(cast(geom, Geography), cast(origin, Geography))
    site = (
        select(
            FuelSite.id, FuelSite.kind, FuelSite.tank_volume_m3, FuelSite.business_state,
            FuelSite.column("certificate_state").label("state"), FuelSite.column("certificate_ends_on").label("ends_on"),
            distance.label("distance_m"),
        )
        .where(or_(FuelSite.valid_to.is_(None), FuelSite.valid_to >= today), *wanted)
        .offset(0)
        .subquery("site")
    )  # fmt: skip
    visits = (
        select(InspectionVisit.feature_id, func.max(InspectionVisit.visited_on).label("last_visit"))
        .group_by(InspectionVisit.feature_id)
        .subquery("visits")
    )
    findings = _findings(today)
    targets = _open_targets()
    status = case(
        (findings.c.due < today, literal("remedy_overdue")),
        (findings.c.has_violation, literal("violation")),
        (findings.c.is_open, literal("findings_open")),
        (findings.c.feature_id.is_not(None), literal("remedied")),
        (visits.c.last_visit.is_not(None), literal("passed")),
        else_=literal("not_inspected"),
    )
    point = weights.points
    left = site.c.ends_on - today
    years = cast(func.least((today - visits.c.last_visit) / 365, 3), Integer)
    share = func.least(func.coalesce(site.c.tank_volume_m3, 0) / 200, 1)
    parts: dict[str, ColumnElement[Any]] = {
        "certificate": case(
            *(
                (site.c.state == name, point[name])
                for name in ("never_issued", "expired", "revoked", "suspended", "unknown")
            ),
            (and_(site.c.state == "expiring", left <= 30), point["expiring"]),
            (and_(site.c.state == "expiring", left <= 60), point["expiring"] * 2 // 3),
            (site.c.state == "expiring", point["expiring"] // 3),
            else_=0,
        ),
        "remedy": case(
            *((status == name, point[name]) for name in ("remedy_overdue", "violation", "findings_open")), else_=0
        ),
        "visit": case(
            (visits.c.last_visit.is_(None), point["never_visited"]),
            else_=func.greatest(years, 0) * point["year_since_visit"],
        ),
        "past": func.least(func.coalesce(findings.c.violations, 0), 3) * point["past_violation"],
        "volume": cast(func.round(share * point["volume"]), Integer),
        "large": case((site.c.kind.in_([FuelKind.LPG_DEPOT, FuelKind.LPG_FILLING]), point["lpg_large"]), else_=0),
        "campaign": case((targets.c.feature_id.is_not(None), point["campaign"]), else_=0),
        "closed": case((site.c.business_state == BusinessState.CLOSED, -point["closed"]), else_=0),
    }
    score: ColumnElement[Any] = reduce(operator.add, parts.values())
    return (
        select(
            site.c.id, site.c.kind, site.c.tank_volume_m3, site.c.state, site.c.ends_on, site.c.distance_m,
            status.label("status"), visits.c.last_visit, findings.c.violations, findings.c.due, targets.c.numbers,
            today.label("today"), score.label("score"),
            *(expression.label(f"p_{name}") for name, expression in parts.items()),
        )
        .select_from(site)
        .outerjoin(visits, visits.c.feature_id == site.c.id)
        .outerjoin(findings, findings.c.feature_id == site.c.id)
        .outerjoin(targets, targets.c.feature_id == site.c.id)
    )  # fmt: skip


def _named(query: Select[Any]) -> Select[Any]:
    """Return a page of the ranking with the sites' names and places: read for its few rows only."""
    page = query.subquery("page")
    geom = FuelSite.column("geom")
    return select(
        page, FuelSite.code, FuelSite.name, FuelSite.address,
        func.ST_X(geom).label("lon"), func.ST_Y(geom).label("lat"),
    ).join(FuelSite, FuelSite.id == page.c.id)  # fmt: skip


def _findings(today: ColumnElement[Any]) -> Any:
    """Return what is known of the findings of each site that has any."""
    is_open = and_(Finding.found_on <= today, or_(Finding.remedied_on.is_(None), Finding.remedied_on > today))
    recent = and_(Finding.severity == "violation", Finding.found_on > today - 3 * 365)
    return (
        select(
            Finding.feature_id,
            func.count().filter(recent).label("violations"),
            func.min(Finding.remedy_due_on).filter(is_open).label("due"),
            func.bool_or(and_(is_open, Finding.severity == "violation")).label("has_violation"),
            func.bool_or(is_open).label("is_open"),
        )
        .group_by(Finding.feature_id)
        .subquery("findings")
    )


def _open_targets() -> Any:
    """Return the sites that are targets of campaigns and not yet visited under them, with the campaigns' numbers."""
    visited = (
        select(InspectionVisit.id)
        .where(
            InspectionVisit.feature_id == InspectionTarget.feature_id,
            InspectionVisit.campaign_id == InspectionTarget.campaign_id,
        )
        .exists()
    )
    return (
        select(
            InspectionTarget.feature_id,
            func.string_agg(InspectionCampaign.number, literal(", ")).label("numbers"),
        )
        .join(InspectionCampaign, InspectionCampaign.id == InspectionTarget.campaign_id)
        .where(InspectionTarget.state == TargetState.SELECTED, ~visited)
        .group_by(InspectionTarget.feature_id)
        .subquery("targets")
    )


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
        id=row["id"], code=row["code"], name=row["name"], address=row["address"], kind=row["kind"],
        certificate=row["state"], inspection=row["status"],
        last_visit=row["last_visit"], lon=row["lon"], lat=row["lat"], distance_m=row["distance_m"],
        score=int(row["score"]), reasons=[*more, *reasons], by_lot=bool(more),
    )  # fmt: skip


def _reasons(row: Mapping[Any, Any]) -> Iterable[Reason]:
    today, ends_on, due = row["today"], row["ends_on"], row["due"]
    if row["p_certificate"]:
        words = {"day": ends_on or "", "days": abs((ends_on - today).days) if ends_on else 0}
        yield Reason(
            points=row["p_certificate"], text=Explanation(template=_CERTIFICATE_REASONS[row["state"]], words=words)
        )
    if row["p_remedy"]:
        late = (today - due).days if due else 0
        yield Reason(
            points=row["p_remedy"], text=Explanation(template=_REMEDY_REASONS[row["status"]], words={"days": late})
        )
    if row["p_visit"]:
        template = N_("Last visited on {day}") if row["last_visit"] else N_("Never visited")
        yield Reason(points=row["p_visit"], text=Explanation(template=template, words={"day": row["last_visit"] or ""}))
    if row["p_past"]:
        words = {"count": row["violations"]}
        yield Reason(
            points=row["p_past"], text=Explanation(template=N_("Violations in three years: {count}"), words=words)
        )
    if row["p_volume"]:
        words = {"volume": row["tank_volume_m3"]}
        yield Reason(points=row["p_volume"], text=Explanation(template=N_("Tanks of {volume} m³"), words=words))
    if row["p_large"]:
        yield Reason(points=row["p_large"], text=Explanation(template=N_("LPG depot or filling station")))
    if row["p_campaign"]:
        words = {"numbers": row["numbers"]}
        yield Reason(
            points=row["p_campaign"], text=Explanation(template=N_("Not yet visited under {numbers}"), words=words)
        )
    if row["p_closed"]:
        yield Reason(points=row["p_closed"], text=Explanation(template=N_("The site is closed")))
