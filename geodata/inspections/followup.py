"""What follows from findings: sanction, deadline, evidence, re-check; overdue ones; history of a site and an owner."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from geodata.accounts.accounts import record_audit
from geodata.base.errors import ForbiddenError, HiddenError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.inspections.records import IN_WORK, InspectionCampaign, PaperState, VisitPaper
from geodata.inspections.rights import Person, own_campaigns, own_papers
from geodata.inspections.told import told_change
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit, VisitKind
from geodata.schema.roles import INSPECTION

SOON_DAYS = 14
MAX_REMEDY_DAYS = 3653


class Due(StrEnum):
    """Which open findings the board shows."""

    OVERDUE = "overdue"
    SOON = "soon"
    LATER = "later"
    UNDATED = "undated"
    REMEDIED = "remedied"


DUE_LABELS = {
    Due.OVERDUE: N_("Overdue"),
    Due.SOON: N_("Due within 14 days"),
    Due.LATER: N_("Due later"),
    Due.UNDATED: N_("No deadline set"),
    Due.REMEDIED: N_("Remedied"),
}


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """A finding on the board. `days` until the deadline, negative when overdue; `paper_id` of a planned re-check."""

    finding: Finding
    site: FuelSite
    visit: InspectionVisit | None
    campaign: InspectionCampaign | None
    days: int | None
    recheck: VisitPaper | None


def findings_of(person: Person) -> ColumnElement[bool]:
    """Return the condition on Finding that a person may follow it up: own visits and those of his campaigns."""
    if person.role not in INSPECTION:
        raise ForbiddenError(roles=sorted(INSPECTION))
    if person.is_leader:
        return Finding.id.is_not(None)
    own = select(VisitPaper.visit_id).where(own_papers(person.name), VisitPaper.visit_id.is_not(None))
    visit = aliased(InspectionVisit)
    visits = select(visit.id).where(or_(visit.id.in_(own), visit.campaign_id.in_(own_campaigns(person))))
    return or_(Finding.visit_id.is_(None), Finding.visit_id.in_(visits))


def list_follow_ups(session: Session, person: Person, due: Due, on: date, *, limit: int = 200) -> list[FollowUp]:
    """Return findings of one column of the board, the most urgent first."""
    query = (
        select(Finding, FuelSite, InspectionVisit, InspectionCampaign)
        .join(FuelSite, FuelSite.id == Finding.feature_id)
        .outerjoin(InspectionVisit, InspectionVisit.id == Finding.visit_id)
        .outerjoin(InspectionCampaign, InspectionCampaign.id == InspectionVisit.campaign_id)
        .where(findings_of(person), _is(due, on))
        .order_by(Finding.remedied_on.desc() if due is Due.REMEDIED else Finding.remedy_due_on, Finding.id)
        .limit(limit)
    )
    rows = session.execute(query).all()
    sites = [site.id for _, site, _, _ in rows]
    rechecks = {
        paper.feature_id: paper
        for paper in session.scalars(
            select(VisitPaper).where(
                VisitPaper.feature_id.in_(sites),
                VisitPaper.kind == VisitKind.RECHECK,
                VisitPaper.state.in_(IN_WORK),
            )
        )
    }
    return [
        FollowUp(
            finding=finding, site=site, visit=visit, campaign=campaign, recheck=rechecks.get(site.id),
            days=(finding.remedy_due_on - on).days if finding.remedy_due_on else None,
        )
        for finding, site, visit, campaign in rows
    ]  # fmt: skip


def count_follow_ups(session: Session, person: Person, on: date) -> dict[Due, int]:
    """Return how many findings each column of the board has."""
    columns = [func.count().filter(_is(due, on)) for due in Due]
    row = session.execute(select(*columns).select_from(Finding).where(findings_of(person))).one()
    return dict(zip(Due, row, strict=True))


def get_finding(session: Session, person: Person, finding_id: int) -> Finding:
    """Return a finding the person may follow up. Raises NotFoundError, as HiddenError where it is others'."""
    finding = session.get(Finding, finding_id, with_for_update=True)
    if finding is None:
        raise NotFoundError(value=str(finding_id))
    if session.scalar(select(Finding.id).where(Finding.id == finding_id, findings_of(person))) is None:
        raise HiddenError(value=str(finding_id))
    return finding


def record_follow_up(
    session: Session,
    person: Person,
    finding_id: int,
    *,
    sanction_decision_no: str | None,
    fine_vnd: int | None,
    extra_penalty: str | None,
    fine_paid_on: date | None,
    remedy_due_on: date | None,
    remedied_on: date | None,
    remedy_evidence: str | None,
    on: date,
) -> Finding:
    """Write what followed from a finding; every change goes into the audit log. Raises InvalidValueError."""
    finding = get_finding(session, person, finding_id)
    if fine_vnd is not None and not 0 <= fine_vnd <= 10**12:
        raise InvalidValueError(name="fine_vnd", value=str(fine_vnd), reason=N_("a fine from 0 VND"))
    for name, day in (("remedied_on", remedied_on), ("fine_paid_on", fine_paid_on)):
        if day is not None and not finding.found_on <= day <= on:
            raise InvalidValueError(name=name, value=day.isoformat(), reason=N_("a day between the finding and today"))
    latest = finding.found_on + timedelta(days=MAX_REMEDY_DAYS)
    if remedy_due_on not in {None, finding.remedy_due_on} and not finding.found_on <= remedy_due_on <= latest:
        reason = N_("a day from that of the finding on, within ten years")
        raise InvalidValueError(name="remedy_due_on", value=remedy_due_on.isoformat(), reason=reason)
    if remedied_on is not None and not (remedy_evidence or "").strip():
        raise InvalidValueError(name="remedy_evidence", value="", reason=N_("say what shows that it is remedied"))
    new = {
        "sanction_decision_no": sanction_decision_no, "fine_vnd": fine_vnd, "extra_penalty": extra_penalty,
        "fine_paid_on": fine_paid_on, "remedy_due_on": remedy_due_on, "remedied_on": remedied_on,
        "remedy_evidence": remedy_evidence,
    }  # fmt: skip
    changed = {name: value for name, value in new.items() if getattr(finding, name) != value}
    told = "; ".join(told_change(name, getattr(finding, name), value) for name, value in changed.items())
    for name, value in changed.items():
        setattr(finding, name, value)
    if changed:
        record_audit(
            session, by=person.name, action=N_("Followed up a finding"), subject=f"finding {finding.id}", details=told
        )
    session.flush()
    return finding


def site_history(session: Session, site_id: int) -> list[tuple[InspectionVisit, list[Finding], VisitPaper | None]]:
    """Return the visits of a site with their findings, the latest first."""
    visits = session.scalars(
        select(InspectionVisit)
        .where(InspectionVisit.feature_id == site_id)
        .order_by(InspectionVisit.visited_on.desc(), InspectionVisit.id.desc())
    ).all()
    findings: dict[int | None, list[Finding]] = {}
    for finding in session.scalars(select(Finding).where(Finding.feature_id == site_id).order_by(Finding.id)):
        findings.setdefault(finding.visit_id, []).append(finding)
    papers = {
        paper.visit_id: paper
        for paper in session.scalars(
            select(VisitPaper).where(VisitPaper.feature_id == site_id, VisitPaper.state != PaperState.CANCELLED)
        )
    }
    return [(visit, findings.get(visit.id, []), papers.get(visit.id)) for visit in visits]


def owner_sites(session: Session, site: FuelSite) -> list[tuple[FuelSite, int, int]]:
    """Return the other sites of the same owner with their visits and violations; by tax code, else by name."""
    if not site.tax_code and not site.trader:
        return []
    same = FuelSite.tax_code == site.tax_code if site.tax_code else FuelSite.trader == site.trader
    visits = select(func.count()).where(InspectionVisit.feature_id == FuelSite.id).scalar_subquery()
    violations = (
        select(func.count()).where(Finding.feature_id == FuelSite.id, Finding.severity == "violation").scalar_subquery()
    )
    query = select(FuelSite, visits, violations).where(same, FuelSite.id != site.id).order_by(FuelSite.code).limit(100)
    return [(other, visited, found) for other, visited, found in session.execute(query)]


def _is(due: Due, on: date) -> ColumnElement[bool]:
    if due is Due.REMEDIED:
        return Finding.remedied_on.is_not(None)
    day = Finding.remedy_due_on
    soon = on + timedelta(days=SOON_DAYS)
    span = {
        Due.OVERDUE: day < on,
        Due.SOON: and_(day >= on, day <= soon),
        Due.LATER: day > soon,
        Due.UNDATED: day.is_(None),
    }[due]
    return and_(Finding.remedied_on.is_(None), span)
