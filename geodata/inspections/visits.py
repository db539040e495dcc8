"""Visits: planned, written down as a draft by one or more people, opened for correction.

A paper in work changes nothing in the register; finishing it (`geodata.inspections.finishing`) does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geodata.accounts.accounts import record_audit
from geodata.base.errors import ConflictError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.inspections.campaign_of_visit import kind_under, sole_campaign
from geodata.inspections.entries import whole_text
from geodata.inspections.papers_content import Conflict, Content, clean_content, merge, takes_away
from geodata.inspections.pictures import FINISHED, bring_photos_back
from geodata.inspections.records import IN_WORK, PaperState, VisitPaper
from geodata.inspections.rights import Person, get_campaign, get_paper, own_papers, papers_of
from geodata.inspections.versions import ABANDONED, CONFLICT, MERGED, REPLACED, edition_content, keep_version
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.visits import VisitKind

MAX_REASON = 500


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What a save did: the version and content now, and what two people wrote differently."""

    version: int
    content: Content
    conflicts: list[Conflict] = field(default_factory=list)
    other: str = ""


def plan_visit(
    session: Session,
    person: Person,
    site_id: int,
    *,
    planned_on: date,
    kind: VisitKind = VisitKind.UNPLANNED,
    campaign_id: int | None = None,
    inspector: str | None = None,
    planned_at: str | None = None,
    route_id: int | None = None,
) -> VisitPaper:
    """Open a paper for a visit; one that somebody already has open for the site and day is returned instead."""
    if session.get(FuelSite, site_id) is None:
        raise NotFoundError(value=str(site_id))
    if campaign_id is not None:
        get_campaign(session, person, campaign_id)
    else:
        campaign_id = sole_campaign(session, site_id, planned_on)
    kind = kind_under(campaign_id, kind)
    inspector = inspector or person.name
    # A doubled request waits here for the first, and is then given its paper.
    key = f"visit {site_id} {inspector} {planned_on}"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    same = select(VisitPaper).where(
        VisitPaper.feature_id == site_id,
        VisitPaper.inspector == inspector,
        VisitPaper.planned_on == planned_on,
        VisitPaper.kind == kind,
        VisitPaper.state.in_(IN_WORK),
    )
    if (open_ := session.scalar(same)) is not None:
        open_.planned_at, open_.route_id = planned_at or open_.planned_at, route_id or open_.route_id
        return open_
    paper = VisitPaper(
        feature_id=site_id, campaign_id=campaign_id, kind=kind, state=PaperState.PLANNED, inspector=inspector,
        planned_on=planned_on, planned_at=planned_at, route_id=route_id, content={}, saved_by=person.name,
    )  # fmt: skip
    session.add(paper)
    session.flush()
    record_audit(session, by=person.name, action=N_("Planned a visit"), subject=f"visit {paper.id}", details=inspector)
    return paper


def save_draft(
    session: Session, person: Person, paper_id: int, *, version: int, raw: Mapping[str, object],
    base: Mapping[str, object] | None = None,
) -> Saved:  # fmt: skip
    """Save what somebody wrote on top of the version he read; what another saved meanwhile is merged, never lost.

    Fields that both changed come back as conflicts; his own version is kept beside. Raises ConflictError when the
    paper is finished.
    """
    paper = get_paper(session, person, paper_id, lock=True)
    if paper.state not in IN_WORK:
        raise ConflictError(FINISHED)
    mine = clean_content(raw)
    theirs: Content = dict(paper.content)
    if mine == theirs:
        return Saved(version=paper.version, content=theirs)
    merged, other = mine, ""
    conflicts: list[Conflict] = []
    if version != paper.version:
        merged, conflicts = merge(clean_content(base) if base is not None else None, mine, theirs)
        other = paper.saved_by
    elif takes_away(theirs, merged) and theirs != edition_content(session, paper):  # editions are kept already
        keep_version(session, paper, theirs, None, reason=REPLACED)
    if conflicts:
        keep_version(session, paper, mine, person, reason=CONFLICT)
    if other and other != person.name:
        keep_version(session, paper, theirs, None, reason=MERGED)
    write_paper(paper, merged, person)
    session.flush()
    return Saved(version=paper.version, content=merged, conflicts=conflicts, other=other if conflicts else "")


def correct_visit(session: Session, person: Person, paper_id: int, *, reason: str) -> VisitPaper:
    """Open a finished paper for a correction; the register keeps the edition in force until the next is finished.

    Raises InvalidValueError without a reason.
    """
    paper = get_paper(session, person, paper_id, lock=True)
    reason = clean_reason(reason)
    if not reason:
        raise InvalidValueError(name="reason", value="", reason=N_("say why the record is corrected"))
    if paper.state is PaperState.DONE:
        paper.state = PaperState.CORRECTING
        paper.correction_reason = reason
        record_audit(
            session,
            by=person.name,
            action=N_("Opened a visit for correction"),
            subject=f"visit {paper.id}",
            details=reason,
        )
    return paper


def abandon_correction(session: Session, person: Person, paper_id: int) -> VisitPaper:
    """Close a correction without an effect: the edition in force stands, what was written is kept as a version."""
    paper = get_paper(session, person, paper_id, lock=True)
    if paper.state is not PaperState.CORRECTING:
        raise ConflictError(N_("This record is not being corrected."))
    in_force = edition_content(session, paper)
    if paper.content != in_force:
        keep_version(session, paper, dict(paper.content), person, reason=ABANDONED)
        write_paper(paper, in_force, person)
    bring_photos_back(session, paper)
    paper.state, paper.correction_reason = PaperState.DONE, None
    record_audit(session, by=person.name, action=N_("Gave up a correction"), subject=f"visit {paper.id}")
    return paper


def clean_reason(text: str) -> str:
    """Return the reason of a correction. Raises InvalidValueError when it is too long to be kept whole."""
    return whole_text("reason", " ".join(text.split()), MAX_REASON)


def cancel_visit(session: Session, person: Person, paper_id: int) -> None:
    """Take a planned visit off the list; one with entries stays. Raises ConflictError."""
    paper = get_paper(session, person, paper_id, lock=True)
    if paper.state is not PaperState.PLANNED:
        raise ConflictError(N_("Only a visit that has not begun can be cancelled."))
    paper.state = PaperState.CANCELLED
    record_audit(session, by=person.name, action=N_("Cancelled a visit"), subject=f"visit {paper.id}")


def list_papers(
    session: Session, person: Person, *, day: date | None = None, in_work: bool = False, own: bool = False,
    limit: int = 100,
) -> list[tuple[VisitPaper, FuelSite]]:  # fmt: skip
    """Return papers with their sites that a person may open, in the order of the day."""
    query = select(VisitPaper, FuelSite).join(FuelSite, FuelSite.id == VisitPaper.feature_id).where(papers_of(person))
    query = query.where(VisitPaper.state != PaperState.CANCELLED)
    if day is not None:
        query = query.where(VisitPaper.planned_on == day)
    if in_work:
        query = query.where(VisitPaper.state.in_(IN_WORK))
    if own:
        query = query.where(own_papers(person.name))
    order = (VisitPaper.planned_on, VisitPaper.planned_at.nulls_last(), VisitPaper.id)
    return [(paper, site) for paper, site in session.execute(query.order_by(*order).limit(limit))]


def write_paper(paper: VisitPaper, content: Content, person: Person) -> None:
    """Let a paper say something new."""
    paper.content = content
    paper.version += 1
    paper.saved_by = person.name
    paper.saved_at = func.now()
    if paper.state is PaperState.PLANNED:
        paper.state = PaperState.DRAFT
