"""Campaigns (kế hoạch kiểm tra): targets, waivers, clashes with other campaigns, progress."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NotRequired, TypedDict, Unpack

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from geodata.accounts.accounts import record_audit
from geodata.base.collation import by_name
from geodata.base.errors import ConflictError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.inspections.entries import whole_text
from geodata.inspections.facts import list_inspectors
from geodata.inspections.records import (
    CampaignField,
    CampaignMember,
    InspectionCampaign,
    InspectionTarget,
    PaperState,
    TargetState,
    VisitPaper,
)
from geodata.inspections.rights import Person, campaign_ids
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit
from geodata.schema.filters import CHOOSE


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a campaign is. `overdue`: not visited although the campaign's period is over."""

    campaign: InspectionCampaign
    planned: int
    done: int
    waived: int
    overdue: int
    violations: int
    open_remedies: int
    overdue_remedies: int
    fines_vnd: int

    @property
    def percent(self) -> int:
        """Visited targets in percent of those not waived."""
        return round(100 * self.done / self.planned) if self.planned else 0

    @property
    def left(self) -> int:
        """Targets still to be visited."""
        return self.planned - self.done


@dataclass(frozen=True, kw_only=True)
class TargetRow:
    """A target with what came of it, and the numbers of other campaigns that want the same site."""

    target: InspectionTarget
    site: FuelSite
    visited_on: date | None
    findings: int
    open_findings: int
    clashes: list[str]


@dataclass(frozen=True, kw_only=True)
class Pick:
    """A chosen site as the map shows it: EPSG:4326, and the numbers of other campaigns that want it too."""

    id: int
    name: str
    code: str
    lon: float
    lat: float
    is_waived: bool
    is_visited: bool
    clashes: list[str]


def list_campaigns(session: Session, person: Person, on: date) -> list[Progress]:
    """Return the campaigns a person works on with their progress, those that still run first."""
    query = select(InspectionCampaign).where(campaign_ids(person))
    found = [progress(session, campaign, on) for campaign in session.scalars(query)]
    return sorted(found, key=lambda row: (row.left == 0, -(row.campaign.decided_on or date.min).toordinal()))


def progress(session: Session, campaign: InspectionCampaign, on: date) -> Progress:
    """Return how far a campaign is on a day."""
    targets = select(InspectionTarget).where(InspectionTarget.campaign_id == campaign.id).subquery()
    visited = (
        select(InspectionVisit.id)
        .where(
            InspectionVisit.campaign_id == campaign.id,
            InspectionVisit.feature_id == targets.c.feature_id,
            InspectionVisit.visited_on <= on,
        )
        .exists()
    )
    selected = targets.c.state == TargetState.SELECTED
    planned, done, waived = session.execute(
        select(
            func.count().filter(selected),
            func.count().filter(and_(selected, visited)),
            func.count().filter(~selected),
        ).select_from(targets)
    ).one()
    is_open = or_(Finding.remedied_on.is_(None), Finding.remedied_on > on)
    violations, open_, overdue, fines = session.execute(
        select(
            func.count().filter(Finding.severity == "violation"),
            func.count().filter(is_open),
            func.count().filter(and_(is_open, Finding.remedy_due_on < on)),
            func.coalesce(func.sum(Finding.fine_vnd), 0),
        )
        .join(InspectionVisit, InspectionVisit.id == Finding.visit_id)
        .where(InspectionVisit.campaign_id == campaign.id, Finding.found_on <= on)
    ).one()
    is_over = campaign.ends_on is not None and campaign.ends_on < on
    return Progress(
        campaign=campaign, planned=planned, done=done, waived=waived, overdue=planned - done if is_over else 0,
        violations=violations, open_remedies=open_, overdue_remedies=overdue, fines_vnd=int(fines or 0),
    )  # fmt: skip


def list_targets(session: Session, campaign: InspectionCampaign, on: date) -> list[TargetRow]:
    """Return a campaign's targets: still to visit, visited, waived."""
    query = (
        select(InspectionTarget, FuelSite)
        .join(FuelSite, FuelSite.id == InspectionTarget.feature_id)
        .where(InspectionTarget.campaign_id == campaign.id)
        .order_by(FuelSite.code)
    )
    last = (
        select(InspectionVisit.feature_id, func.max(InspectionVisit.visited_on))
        .where(InspectionVisit.campaign_id == campaign.id)
        .group_by(InspectionVisit.feature_id)
    )
    visits: dict[int, date] = {row[0]: row[1] for row in session.execute(last)}
    is_open = or_(Finding.remedied_on.is_(None), Finding.remedied_on > on)
    findings = {
        site: (count, still)
        for site, count, still in session.execute(
            select(Finding.feature_id, func.count(), func.count().filter(is_open))
            .join(InspectionVisit, InspectionVisit.id == Finding.visit_id)
            .where(InspectionVisit.campaign_id == campaign.id)
            .group_by(Finding.feature_id)
        )
    }
    clashes = find_clashes(session, campaign)
    rows = [
        TargetRow(
            target=target, site=site, visited_on=visits.get(site.id), findings=findings.get(site.id, (0, 0))[0],
            open_findings=findings.get(site.id, (0, 0))[1], clashes=clashes.get(site.id, []),
        )
        for target, site in session.execute(query)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row.target.state == TargetState.WAIVED, row.visited_on is not None))


def find_clashes(session: Session, campaign: InspectionCampaign) -> dict[int, list[str]]:
    """Return site -> numbers of other campaigns in the same months that want it too."""
    mine, theirs, other = InspectionTarget, aliased(InspectionTarget), aliased(InspectionCampaign)
    overlap: list[ColumnElement[bool]] = []
    if campaign.ends_on is not None:
        overlap.append(or_(other.starts_on.is_(None), other.starts_on <= campaign.ends_on))
    if campaign.starts_on is not None:
        overlap.append(or_(other.ends_on.is_(None), other.ends_on >= campaign.starts_on))
    query = (
        select(mine.feature_id, other.number)
        .join(theirs, and_(theirs.feature_id == mine.feature_id, theirs.campaign_id != mine.campaign_id))
        .join(other, other.id == theirs.campaign_id)
        .where(
            mine.campaign_id == campaign.id,
            mine.state == TargetState.SELECTED,
            theirs.state == TargetState.SELECTED,
            *overlap,
        )
        .order_by(other.number)
    )
    found: dict[int, list[str]] = {}
    for site, number in session.execute(query):
        found.setdefault(site, []).append(number)
    return found


def add_campaign(
    session: Session,
    *,
    number: str,
    title: str,
    field: str,
    by: str,
    authority: str | None = None,
    legal_basis: str | None = None,
    decided_on: date | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    scope: str | None = None,
    team: Iterable[str] = (),
) -> InspectionCampaign:
    """Store a new campaign. Raises InvalidValueError, ConflictError when the number is taken."""
    campaign = InspectionCampaign(made_by=by)
    _describe(
        session, campaign, number=number, title=title, field=field, authority=authority, legal_basis=legal_basis,
        decided_on=decided_on, starts_on=starts_on, ends_on=ends_on, scope=scope,
    )  # fmt: skip
    session.add_all(CampaignMember(campaign_id=campaign.id, account_name=name) for name in dict.fromkeys(team))
    session.flush()
    record_audit(session, by=by, action=N_("Added an inspection campaign"), subject=campaign.number)
    return campaign


class Described(TypedDict):
    """What a campaign says of itself."""

    number: str
    title: str
    field: str
    authority: NotRequired[str | None]
    legal_basis: NotRequired[str | None]
    decided_on: NotRequired[date | None]
    starts_on: NotRequired[date | None]
    ends_on: NotRequired[date | None]
    scope: NotRequired[str | None]


def edit_campaign(session: Session, campaign: InspectionCampaign, *, by: str, **told: Unpack[Described]) -> None:
    """Change what a campaign says of itself; each change goes into the audit log, old → new.

    Raises InvalidValueError, ConflictError when the number is taken.
    """
    before = {name: getattr(campaign, name) for name in DESCRIBED}
    _describe(session, campaign, **told)
    changes = [(DESCRIBED[name], old, getattr(campaign, name)) for name, old in before.items()]
    text = "; ".join(f"{label}: {_word(old)} → {_word(new)}" for label, old, new in changes if old != new)
    if text:
        record_audit(session, by=by, action=N_("Changed an inspection campaign"), subject=campaign.number, details=text)


#: What a campaign says of itself, with the words by which the audit log, which is Vietnamese, names it.
DESCRIBED = {
    "number": "Số", "title": "Tên", "field": "Lĩnh vực", "authority": "Cơ quan ban hành", "legal_basis": "Căn cứ",
    "decided_on": "Ngày ban hành", "starts_on": "Từ ngày", "ends_on": "Đến ngày", "scope": "Phạm vi",
}  # fmt: skip


def _word(value: object) -> str:
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value or "–")


def _describe(
    session: Session, campaign: InspectionCampaign, *, number: str, title: str, field: str, authority: str | None = None,
    legal_basis: str | None = None, decided_on: date | None = None, starts_on: date | None = None,
    ends_on: date | None = None, scope: str | None = None,
) -> None:  # fmt: skip
    if not number.strip() or not title.strip():
        raise InvalidValueError(name="number", value=number, reason=N_("number and title are needed"))
    if field not in CampaignField.labels():
        raise InvalidValueError(name="field", value=field[:40], reason=CHOOSE)
    if starts_on and ends_on and ends_on < starts_on:
        raise InvalidValueError(name="ends_on", value=ends_on.isoformat(), reason=N_("the end is before the start"))
    new = {
        "number": whole_text("number", number, 100), "title": whole_text("title", title, 300),
        "field": next(value for value in CampaignField if value == field), "authority": authority,
        "legal_basis": legal_basis, "decided_on": decided_on, "starts_on": starts_on, "ends_on": ends_on, "scope": scope,
    }  # fmt: skip
    try:
        with session.begin_nested():
            for name, value in new.items():
                setattr(campaign, name, value)
            session.add(campaign)
    except IntegrityError:
        raise ConflictError(N_("There is already a campaign with the number {number}."), number=number) from None


def list_team(session: Session, campaign: InspectionCampaign) -> list[str]:
    """Return the account names of a campaign's team."""
    query = select(CampaignMember.account_name).where(CampaignMember.campaign_id == campaign.id)
    return list(session.scalars(query.order_by(CampaignMember.account_name)))


def set_team(session: Session, campaign: InspectionCampaign, names: Iterable[str], *, by: str) -> None:
    """Name a campaign's team anew. Raises InvalidValueError for somebody who may not inspect."""
    wanted = set(names)
    if unknown := wanted - {name for name, _ in list_inspectors(session)}:
        raise InvalidValueError(name="team", value=min(unknown)[:40], reason=CHOOSE)
    before = set(list_team(session, campaign))
    if wanted == before:
        return
    session.execute(delete(CampaignMember).where(CampaignMember.campaign_id == campaign.id))
    session.add_all(CampaignMember(campaign_id=campaign.id, account_name=name) for name in sorted(wanted))
    session.flush()
    told = f"{', '.join(sorted(before)) or '–'} → {', '.join(sorted(wanted)) or '–'}"
    record_audit(session, by=by, action=N_("Changed the team of a campaign"), subject=campaign.number, details=told)


def add_targets(session: Session, campaign: InspectionCampaign, sites: Sequence[int], *, by: str) -> list[int]:
    """Add sites to a campaign; those already in stay as they are. Returns which are new."""
    if not sites:
        return []
    known = set(session.scalars(select(FuelSite.id).where(FuelSite.id.in_(sites))))
    if missing := set(sites) - known:
        raise NotFoundError(value=", ".join(str(number) for number in sorted(missing)[:5]))
    rows = [{"campaign_id": campaign.id, "feature_id": site} for site in dict.fromkeys(sites)]
    added = list(
        session.scalars(
            insert(InspectionTarget).values(rows).on_conflict_do_nothing().returning(InspectionTarget.feature_id)
        )
    )
    _count_targets(session, campaign)
    record_audit(
        session, by=by, action=N_("Added targets to a campaign"), subject=campaign.number, details=str(len(added))
    )
    return added


def remove_targets(session: Session, campaign: InspectionCampaign, sites: Sequence[int], *, by: str) -> list[int]:
    """Take back sites that were chosen; returns which went. Waived ones stay with their reason.

    Raises ConflictError for one that has a visit.
    """
    wanted = (
        InspectionTarget.campaign_id == campaign.id,
        InspectionTarget.feature_id.in_(sites),
        InspectionTarget.state == TargetState.SELECTED,
    )
    for paper in (InspectionVisit, VisitPaper):
        query = select(FuelSite.name).join(paper, paper.feature_id == FuelSite.id)
        query = query.where(paper.campaign_id == campaign.id, FuelSite.id.in_(sites))
        if paper is VisitPaper:
            query = query.where(VisitPaper.state != PaperState.CANCELLED)
        if (name := session.scalar(query.limit(1))) is not None:
            raise ConflictError(
                N_("{name} has a visit under this campaign; waive it with a reason instead."), name=name
            )
    removed = list(session.scalars(delete(InspectionTarget).where(*wanted).returning(InspectionTarget.feature_id)))
    if removed:
        _count_targets(session, campaign)
        record_audit(
            session, by=by, action=N_("Removed targets from a campaign"), subject=campaign.number,
            details=str(len(removed)),
        )  # fmt: skip
    return removed


def list_picks(session: Session, campaign: InspectionCampaign) -> list[Pick]:
    """Return the sites chosen for a campaign with their places, by name."""
    visited = (
        select(InspectionVisit.id)
        .where(InspectionVisit.campaign_id == campaign.id, InspectionVisit.feature_id == FuelSite.id)
        .exists()
    )
    geom = FuelSite.column("geom")
    query = (
        select(
            FuelSite.id, FuelSite.name, FuelSite.code, func.ST_X(geom), func.ST_Y(geom), InspectionTarget.state, visited
        )
        .join(InspectionTarget, InspectionTarget.feature_id == FuelSite.id)
        .where(InspectionTarget.campaign_id == campaign.id)
        .order_by(by_name(FuelSite.name), FuelSite.id)
    )
    clashes = find_clashes(session, campaign)
    return [
        Pick(
            id=row[0], name=row[1], code=row[2], lon=row[3], lat=row[4], is_waived=row[5] is TargetState.WAIVED,
            is_visited=row[6], clashes=clashes.get(row[0], []),
        )
        for row in session.execute(query)
    ]  # fmt: skip


def _count_targets(session: Session, campaign: InspectionCampaign) -> None:
    campaign.planned_count = session.scalar(select(func.count()).where(InspectionTarget.campaign_id == campaign.id))


def _code(session: Session, site: int) -> str:
    return session.scalars(select(FuelSite.code).where(FuelSite.id == site)).one()


def waive_target(session: Session, campaign: InspectionCampaign, site: int, *, reason: str, by: str) -> None:
    """Take a site off a campaign with the reason, or back on with an empty one."""
    target = session.scalar(
        select(InspectionTarget).where(InspectionTarget.campaign_id == campaign.id, InspectionTarget.feature_id == site)
    )
    if target is None:
        raise NotFoundError(value=str(site))
    text = whole_text("reason", reason, 500)
    target.state = TargetState.WAIVED if text else TargetState.SELECTED
    target.waive_reason = text or None
    action = N_("Waived a target") if text else N_("Took a target back")
    record_audit(session, by=by, action=action, subject=campaign.number, details=f"{_code(session, site)}: {text}")
    session.flush()
