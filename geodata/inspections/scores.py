"""What the worklist is ordered and filtered by, kept a row a site, so that half a million rank in one index.

The row is filled by the very select that ranks one site alone, from the one derivation of the states. Triggers
mark each site whose register, visits, findings, targets or complaints change, whatever door changes them; `holds_until` is the
day on which a row changes by itself. Whoever reads works off marks and due rows first, or ranks without the table.
"""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Identity,
    Index,
    Integer,
    Select,
    SmallInteger,
    Text,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import BIT, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.base.database import Base, rows_changed
from geodata.inspections.score_sources import YEAR, among, findings_of, later, open_complaints, open_targets, visits_of
from geodata.inspections.weights import Weights, current_weights, weights_of
from geodata.layers.fuel_sites import (
    BusinessState,
    FuelKind,
    FuelSite,
    certificate_state,
    holds_another,
    inspection_status,
)
from geodata.layers.fuel_sites.values import WARNING_DAYS

#: Up to so many outdated rows are worked off by whoever reads the list; more are left to the background.
AT_ONCE = 3_000
#: A register of so many sites is ranked anew at once when the weights change; a larger one in the background.
SMALL_REGISTER = 20_000
#: From so many on, ranking all is quicker than ranking these.
MANY = 50_000
#: Only one at a time writes scores.
LOCK = 20200303

_KEPT = (
    "certificate_state", "inspection_status", "kind", "admin_unit_code", "last_visit", "tank_volume_m3", "lon", "lat",
)  # fmt: skip


class SiteScore(Base):
    """A site's rank and what it is filtered by, from `holds_until` on no longer true. Place in EPSG:4326.

    `lot` is drawn anew for each month. No foreign key: a deleted site is a mark like any other change.
    """

    __tablename__ = "inspection_score"
    __table_args__ = (
        Index("ix_inspection_score_score", text("score DESC"), "feature_id", postgresql_include=_KEPT),
        Index("ix_inspection_score_lot", "lot", "feature_id", postgresql_include=_KEPT),
        Index("ix_inspection_score_lat_lon", "lat", "lon"),
        Index(
            "ix_inspection_score_products", "products", postgresql_using="gin",
            postgresql_ops={"products": "gin_trgm_ops"},
        ),
    )  # fmt: skip

    feature_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    score: Mapped[int]
    lot: Mapped[int]
    holds_until: Mapped[date | None] = mapped_column(index=True)
    last_visit: Mapped[date | None]
    lon: Mapped[float] = mapped_column(Double)
    lat: Mapped[float] = mapped_column(Double)
    tank_volume_m3: Mapped[float | None] = mapped_column(Double)
    certificate_state: Mapped[str] = mapped_column(Text)
    inspection_status: Mapped[str] = mapped_column(Text)
    kind: Mapped[str | None] = mapped_column(Text)
    admin_unit_code: Mapped[str | None] = mapped_column(Text, index=True)
    products: Mapped[str | None] = mapped_column(Text)


class ScoreRun(Base):
    """By which weights and for which month's lots the scores were made; one row. No version: not yet made."""

    __tablename__ = "inspection_score_run"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False, server_default="1")
    weights_version: Mapped[int | None] = mapped_column(BigInteger)
    month: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime | None]


class ScoreMark(Base):
    """A site that changed since its score was made; written by triggers only."""

    __tablename__ = "inspection_score_mark"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    feature_id: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What a ranking rests on: the weights, and whether the stored scores may be read.

    `latest_version` is another than the weights' while the background still ranks by new ones.
    """

    weights: Weights
    is_stored: bool
    latest_version: int


def prepare(session: Session, weights: Weights | None = None) -> Basis:
    """Bring the stored scores up to date if that is quick, and say what can be read. The caller commits."""
    latest = current_weights(session)
    wanted = weights or latest
    if wanted.version == latest.version and wanted != latest:
        return Basis(weights=wanted, is_stored=False, latest_version=latest.version)
    outdated = count_outdated(session)
    run = _run(session)
    is_current = run == (latest.version, _month(session))
    if outdated or not is_current:
        small = _is_small(session)
        if (small or (outdated and outdated <= AT_ONCE and run[0] is not None)) and _lock(session):
            _refresh(session, latest if small and not is_current else None)
            outdated, run = 0, _run(session)
    if outdated or run[0] is None or (weights is not None and weights.version != run[0]):
        return Basis(weights=wanted, is_stored=False, latest_version=latest.version)
    found = latest if run[0] == latest.version else weights_of(session, run[0])
    return Basis(weights=found, is_stored=True, latest_version=latest.version)


def refresh(session: Session, *, check_all: bool = False) -> int | None:
    """Bring the stored scores up to date however long that takes; the background's work.

    Returns how many rows were written, None while somebody else is at it. `check_all` compares every row,
    also those that nothing marked.
    """
    latest = current_weights(session)
    is_current = _run(session) == (latest.version, _month(session))
    if is_current and not check_all and not count_outdated(session):
        return 0
    if not _lock(session):
        return None
    return _refresh(session, latest if check_all or not is_current else None)


def count_outdated(session: Session) -> int:
    """Return how many marks and due rows there are, cut at AT_ONCE + 1."""
    marks = select(literal(1)).select_from(ScoreMark).limit(AT_ONCE + 1).subquery()
    due = select(literal(1)).where(SiteScore.holds_until <= func.current_date()).limit(AT_ONCE + 1).subquery()
    count = select(func.count())
    query = select(count.select_from(marks).scalar_subquery() + count.select_from(due).scalar_subquery())
    return min(int(session.execute(query).scalar_one()), AT_ONCE + 1)


def ranking(
    weights: Weights, *, on: ColumnElement[date] | None = None, ids: Sequence[int] | None = None
) -> Select[Any]:
    """Return the select of sites with states, points per reason and what the reasons' words need, on a day.

    Without `ids`: of all sites. The states are worked out once a site, behind OFFSET 0: merged into the points
    they would be worked out at every mention.
    """
    day: ColumnElement[Any] = func.current_date() if on is None else on
    geom = FuelSite.column("geom")
    site_query = select(
        FuelSite.id, FuelSite.kind, FuelSite.tank_volume_m3, FuelSite.business_state, FuelSite.admin_unit_code,
        FuelSite.products, FuelSite.column("valid_to").label("valid_to"),
        certificate_state(day).label("certificate_state"), inspection_status(day).label("inspection_status"),
        FuelSite.column("certificate_ends_on").label("ends_on"), holds_another(day).label("holds_another"),
        *(FuelSite.column(f"certificate_{name}").label(name) for name in _DATED),
        func.ST_X(geom).label("lon"), func.ST_Y(geom).label("lat"),
    ).where(or_(FuelSite.valid_to.is_(None), FuelSite.valid_to >= day), *among(FuelSite.id, ids))  # fmt: skip
    site = site_query.offset(0).subquery("site")
    visits, findings, targets = visits_of(day, ids), findings_of(day, ids), open_targets(ids)
    complaints = open_complaints(day, ids)
    parts = _parts(
        weights.points, day, site=site.c, visits=visits.c, findings=findings.c, targets=targets.c,
        complaints=complaints.c,
    )  # fmt: skip
    score: ColumnElement[Any] = reduce(operator.add, parts.values())
    return (
        select(
            site.c.id.label("feature_id"), cast(score, Integer).label("score"),
            site.c.lon, site.c.lat, site.c.kind, site.c.admin_unit_code, site.c.tank_volume_m3, site.c.products,
            site.c.certificate_state, site.c.inspection_status, site.c.ends_on,
            visits.c.last_visit, findings.c.violations, findings.c.due, targets.c.numbers,
            complaints.c.complaints, complaints.c.complained_on,
            _holds_until(day, site.c, visits.c, findings.c).label("holds_until"), day.label("today"),
            *(expression.label(f"p_{name}") for name, expression in parts.items()),
        )
        .select_from(site)
        .outerjoin(visits, visits.c.feature_id == site.c.id)
        .outerjoin(findings, findings.c.feature_id == site.c.id)
        .outerjoin(targets, targets.c.feature_id == site.c.id)
        .outerjoin(complaints, complaints.c.feature_id == site.c.id)
    )  # fmt: skip


def score_rows(
    weights: Weights, *, on: ColumnElement[date] | None = None, ids: Sequence[int] | None = None
) -> Select[Any]:
    """Return the rows of the stored table, worked out now: what fills it, and what stands in for it."""
    found = ranking(weights, on=on, ids=ids).subquery("found")
    made: dict[str, ColumnElement[Any]] = {
        "lot": lot_of(literal_column("to_char(CURRENT_DATE, 'YYYY-MM')"), found.c.feature_id),
        "tank_volume_m3": cast(found.c.tank_volume_m3, Double),
        "kind": cast(found.c.kind, Text),
        "products": func.fold_text(found.c.products),
    }
    return select(*((made[name] if name in made else found.c[name]).label(name) for name in COLUMNS))


COLUMNS = tuple(column.name for column in SiteScore.__table__.columns)
_DATED = ("revoked_on", "suspended_from", "suspended_to")


def _refresh(session: Session, whole: Weights | None) -> int:
    """Work off marks and due rows, or with weights rank all; the lock is held."""
    ids = set(session.scalars(delete(ScoreMark).returning(ScoreMark.feature_id)))
    ids |= set(session.scalars(select(SiteScore.feature_id).where(SiteScore.holds_until <= func.current_date())))
    version = _run(session)[0]
    if whole is None and (version is None or len(ids) > MANY):
        whole = current_weights(session)
    if whole is not None:
        written = _write(session, whole, None)
        now = {"weights_version": whole.version, "month": _month(session), "made_at": func.now()}
        session.execute(update(ScoreRun).values(now))
        return written
    return _write(session, weights_of(session, version or 0), sorted(ids)) if ids else 0


def _write(session: Session, weights: Weights, ids: Sequence[int] | None) -> int:
    """Store the rows that differ from what is stored, and forget those of sites that are no more."""
    rows = score_rows(weights, ids=ids)
    new = insert(SiteScore).from_select(list(COLUMNS), rows)
    values = {name: new.excluded[name] for name in COLUMNS if name != "feature_id"}
    differs = or_(*(getattr(SiteScore, name).is_distinct_from(value) for name, value in values.items()))
    written = session.execute(
        new.on_conflict_do_update(index_elements=["feature_id"], set_=values, where=differs),
        execution_options={"synchronize_session": False, "preserve_rowcount": True},
    )
    is_there = exists().where(
        FuelSite.id == SiteScore.feature_id,
        or_(FuelSite.column("valid_to").is_(None), FuelSite.column("valid_to") >= func.current_date()),
    )
    gone = session.execute(
        delete(SiteScore).where(~is_there, *among(SiteScore.feature_id, ids)),
        execution_options={"synchronize_session": False, "preserve_rowcount": True},
    )
    return rows_changed(written) + rows_changed(gone)


def _run(session: Session) -> tuple[int | None, str | None]:
    row = session.execute(select(ScoreRun.weights_version, ScoreRun.month)).one()
    return row[0], row[1]


def _month(session: Session) -> str:
    return str(session.execute(select(func.to_char(func.current_date(), "YYYY-MM"))).scalar_one())


def _is_small(session: Session) -> bool:
    some = select(FuelSite.id).limit(SMALL_REGISTER + 1).subquery()
    return int(session.execute(select(func.count()).select_from(some)).scalar_one()) <= SMALL_REGISTER


def _lock(session: Session) -> bool:
    return bool(session.execute(select(func.pg_try_advisory_xact_lock(LOCK))).scalar_one())


def lot_of(month: ColumnElement[Any], site: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a number drawn for a site and month, the same on every machine."""
    drawn = func.substr(func.md5(func.concat(month, "/", site)), 1, 8)
    return cast(cast(func.concat("x", drawn), BIT(32)), Integer)


def _parts(
    point: Mapping[str, int],
    day: ColumnElement[Any],
    *,
    site: Any,
    visits: Any,
    findings: Any,
    targets: Any,
    complaints: Any,
) -> dict[str, ColumnElement[Any]]:
    """Return the points of each reason."""
    left = site.ends_on - day
    years = cast(func.least(func.floor((day - visits.last_visit) / YEAR), 3), Integer)
    share = func.least(func.coalesce(site.tank_volume_m3, 0) / 200, 1)
    return {
        "certificate": case(
            *(
                (site.certificate_state == name, point[name])
                for name in ("never_issued", "expired", "revoked", "suspended", "unknown")
            ),
            (and_(site.certificate_state == "expiring", left <= WARNING_DAYS[0]), point["expiring"]),
            (and_(site.certificate_state == "expiring", left <= WARNING_DAYS[1]), point["expiring"] * 2 // 3),
            (site.certificate_state == "expiring", point["expiring"] // 3),
            else_=0,
        ),
        "remedy": case(
            *(
                (site.inspection_status == name, point[name])
                for name in ("remedy_overdue", "violation", "findings_open")
            ),
            else_=0,
        ),
        "visit": case(
            (visits.last_visit.is_(None), point["never_visited"]), else_=func.greatest(years, 0) * point["year_since_visit"]
        ),
        "past": func.least(func.coalesce(findings.violations, 0), 3) * point["past_violation"],
        "volume": cast(func.round(share * point["volume"]), Integer),
        "large": case((site.kind.in_([FuelKind.LPG_DEPOT, FuelKind.LPG_FILLING]), point["lpg_large"]), else_=0),
        "complaint": case((complaints.feature_id.is_not(None), point["complaint"]), else_=0),
        "campaign": case((targets.feature_id.is_not(None), point["campaign"]), else_=0),
        "closed": case((site.business_state == BusinessState.CLOSED, -point["closed"]), else_=0),
    }  # fmt: skip


def _holds_until(day: ColumnElement[Any], site: Any, visits: Any, findings: Any) -> ColumnElement[Any]:
    """Return the first later day on which state, points or belonging to the list may change by themselves."""
    turns = [site.revoked_on, site.suspended_from, site.suspended_to + 1, site.ends_on + 1, site.valid_to + 1]
    turns += [site.ends_on - days for days in reversed(WARNING_DAYS)]
    turns.append(case((site.holds_another, day + 1)))  # which one is held then is asked anew each day
    turns += [visits.last_visit + years * YEAR for years in (1, 2, 3)]
    return func.least(*(later(turn, day) for turn in turns), visits.next_visit, findings.next_turn)
