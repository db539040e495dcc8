"""Visits: planned, written down as a draft by one or two people, finished, corrected. Old versions stay.

A paper in work changes nothing in the register; finishing it writes the visit and its findings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geodata.accounts import record_audit
from geodata.errors import ConflictError, InvalidValueError, NotFoundError
from geodata.i18n import N_
from geodata.inspection_records import (
    Finding,
    InspectionVisit,
    PaperPicture,
    PaperState,
    PaperVersion,
    Severity,
    VisitKind,
    VisitPaper,
)
from geodata.inspections.checklists import checklist
from geodata.inspections.facts import today
from geodata.inspections.papers_content import (
    Conflict,
    Content,
    WrittenFinding,
    clean_content,
    findings_in,
    merge,
)
from geodata.inspections.photos import Picture
from geodata.inspections.rights import Person, get_campaign, get_paper, papers_of
from geodata.layers.fuel_sites import FuelSite

MAX_PICTURES = 40
IN_WORK = (PaperState.PLANNED, PaperState.DRAFT, PaperState.CORRECTING)
_EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What a save did: the version and content now, and what two people wrote differently."""

    version: int
    content: Content
    conflicts: list[Conflict] = field(default_factory=list)
    other: str = ""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A field that keeps a paper from being finished."""

    name: str
    message: str


class UnfinishedError(InvalidValueError):
    """The paper cannot be finished yet; `problems` name the fields."""

    code = "unfinished"
    template = N_("The visit cannot be finished yet: {count} entries are missing or wrong.")

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(count=len(self.problems))


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
        kind = VisitKind.PLANNED if kind is VisitKind.UNPLANNED else kind
    inspector = inspector or person.name
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
        raise ConflictError(N_("This visit is already finished. Correct it instead."))
    mine = clean_content(raw)
    theirs: Content = dict(paper.content)
    if mine == theirs:
        return Saved(version=paper.version, content=theirs)
    merged, other = mine, ""
    conflicts: list[Conflict] = []
    if version != paper.version:
        merged, conflicts = merge(clean_content(base) if base is not None else None, mine, theirs)
        other = paper.saved_by
    if conflicts:
        _keep(session, paper, mine, person, reason="conflict")
    if other and other != person.name:
        _keep(session, paper, theirs, None, reason="before merging")
    _write(paper, merged, person)
    session.flush()
    return Saved(version=paper.version, content=merged, conflicts=conflicts, other=other if conflicts else "")


def finish_visit(
    session: Session, person: Person, paper_id: int, *, version: int, raw: Mapping[str, object], reason: str = ""
) -> VisitPaper:
    """Write the visit and its findings into the register. Raises UnfinishedError, ConflictError.

    A correction needs a reason and brings the register to what the paper now says; follow-up entries stay.
    """
    paper = get_paper(session, person, paper_id, lock=True)
    if paper.state not in IN_WORK:
        raise ConflictError(N_("This visit is already finished. Correct it instead."))
    content = clean_content(raw)
    if version != paper.version and content != paper.content:
        _keep(session, paper, content, person, reason="conflict")
        raise ConflictError(
            N_("Somebody changed this visit in the meantime. Your text is kept; compare both versions.")
        )
    site = session.get_one(FuelSite, paper.feature_id)
    is_correction = paper.state is PaperState.CORRECTING
    problems = check_content(content, site, today(session))
    if is_correction and not reason.strip():
        problems.append(Problem(name="reason", message=N_("Say why the record is corrected.")))
    if problems:
        raise UnfinishedError(problems)
    _write(paper, content, person)
    visit = _record_visit(session, paper, content)
    _record_findings(session, paper, visit, content)
    _record_remedies(session, paper, content, visit.visited_on)
    paper.state = PaperState.DONE
    _keep(session, paper, content, person, reason=reason.strip()[:500] or "finished")
    action = N_("Corrected a visit") if is_correction else N_("Finished a visit")
    record_audit(
        session, by=person.name, action=action, subject=f"visit {paper.id}", details=f"{site.code} {reason}".strip()
    )
    session.flush()
    return paper


def correct_visit(session: Session, person: Person, paper_id: int) -> VisitPaper:
    """Open a finished paper again; the register keeps the old entry until the correction is finished."""
    paper = get_paper(session, person, paper_id, lock=True)
    if paper.state is PaperState.DONE:
        paper.state = PaperState.CORRECTING
        record_audit(session, by=person.name, action=N_("Opened a visit for correction"), subject=f"visit {paper.id}")
    return paper


def cancel_visit(session: Session, person: Person, paper_id: int) -> None:
    """Take a planned visit off the list; one with entries stays. Raises ConflictError."""
    paper = get_paper(session, person, paper_id, lock=True)
    if paper.state is not PaperState.PLANNED:
        raise ConflictError(N_("Only a visit that has not begun can be cancelled."))
    paper.state = PaperState.CANCELLED
    record_audit(session, by=person.name, action=N_("Cancelled a visit"), subject=f"visit {paper.id}")


def check_content(content: Content, site: FuelSite, on: date) -> list[Problem]:
    """Return what keeps a paper from being finished."""
    problems = []
    visited_on = _date(content.get("visited_on", ""))
    if visited_on is None:
        problems.append(Problem(name="visited_on", message=N_("Give the day of the visit.")))
    elif not _EARLIEST <= visited_on <= on:
        problems.append(
            Problem(name="visited_on", message=N_("The day of the visit lies in the future or too far back."))
        )
    answered = {name.partition(".")[2] for name in content if name.startswith("answer.")}
    if not answered & {item.key for item in checklist(site.kind)} and not any(
        name.startswith("remedy.") for name in content
    ):
        problems.append(Problem(name="answer", message=N_("Answer at least one question of the checklist.")))
    for finding in findings_in(content):
        problems += _check_finding(finding, visited_on)
    return problems


def add_picture(
    session: Session,
    person: Person,
    paper_id: int,
    picture: Picture,
    *,
    purpose: str = "photo",
    finding_key: str | None = None,
) -> PaperPicture:
    """Keep a picture; the same file sent twice is stored once. A new signature replaces the old one."""
    paper = get_paper(session, person, paper_id, lock=True)
    if paper.state not in IN_WORK:
        raise ConflictError(N_("This visit is already finished. Correct it instead."))
    query = select(PaperPicture).where(PaperPicture.paper_id == paper.id)
    present = list(session.scalars(query))
    for known in present:
        if known.source_sha256 == picture.source_sha256:
            return known
        if purpose == "signature" and known.purpose == "signature":
            session.delete(known)
    if len(present) >= MAX_PICTURES:
        raise InvalidValueError(name="photo", value=str(len(present)), reason=N_("at most 40 pictures a visit"))
    row = PaperPicture(
        paper_id=paper.id, purpose=purpose, finding_key=finding_key, source_sha256=picture.source_sha256,
        content=picture.content, mimetype=picture.mimetype, width=picture.width, height=picture.height,
        taken_at=picture.taken_at, added_by=person.name,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def remove_picture(session: Session, person: Person, paper_id: int, picture_id: int) -> None:
    """Take a picture off a paper in work."""
    paper = get_paper(session, person, paper_id, lock=True)
    picture = get_picture(session, person, paper_id, picture_id)
    if paper.state not in IN_WORK:
        raise ConflictError(N_("This visit is already finished. Correct it instead."))
    session.delete(picture)
    record_audit(
        session,
        by=person.name,
        action=N_("Removed a picture"),
        subject=f"visit {paper.id}",
        details=picture.source_sha256,
    )


def get_picture(session: Session, person: Person, paper_id: int, picture_id: int) -> PaperPicture:
    """Return a picture of a paper that the person may open. Raises NotFoundError, ForbiddenError."""
    get_paper(session, person, paper_id)
    picture = session.get(PaperPicture, picture_id)
    if picture is None or picture.paper_id != paper_id:
        raise NotFoundError(value=str(picture_id))
    return picture


def list_pictures(session: Session, paper_id: int) -> list[PaperPicture]:
    """Return a paper's pictures without their content, oldest first."""
    return list(
        session.scalars(select(PaperPicture).where(PaperPicture.paper_id == paper_id).order_by(PaperPicture.id))
    )


def list_versions(session: Session, paper_id: int) -> list[PaperVersion]:
    """Return the kept versions of a paper, the latest first."""
    query = select(PaperVersion).where(PaperVersion.paper_id == paper_id).order_by(PaperVersion.id.desc())
    return list(session.scalars(query))


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
        query = query.where(VisitPaper.inspector == person.name)
    order = (VisitPaper.planned_on, VisitPaper.planned_at.nulls_last(), VisitPaper.id)
    return [(paper, site) for paper, site in session.execute(query.order_by(*order).limit(limit))]


def open_findings(session: Session, site_id: int) -> list[Finding]:
    """Return what is still open at a site, the earliest deadline first."""
    query = select(Finding).where(Finding.feature_id == site_id, Finding.remedied_on.is_(None))
    return list(session.scalars(query.order_by(Finding.remedy_due_on.nulls_last(), Finding.id)))


def _write(paper: VisitPaper, content: Content, person: Person) -> None:
    paper.content = content
    paper.version += 1
    paper.saved_by = person.name
    paper.saved_at = func.now()
    if paper.state is PaperState.PLANNED:
        paper.state = PaperState.DRAFT


def _keep(session: Session, paper: VisitPaper, content: Content, person: Person | None, *, reason: str) -> None:
    kept = PaperVersion(paper_id=paper.id, version=paper.version, content=content, reason=reason)
    kept.saved_by = person.name if person else paper.saved_by
    session.add(kept)
    session.flush()


def _record_visit(session: Session, paper: VisitPaper, content: Content) -> InspectionVisit:
    visit = session.get(InspectionVisit, paper.visit_id) if paper.visit_id else None
    if visit is None:
        visit = InspectionVisit(feature_id=paper.feature_id, campaign_id=paper.campaign_id)
        session.add(visit)
    visit.visited_on = date.fromisoformat(content["visited_on"])
    visit.kind = paper.kind
    visit.decision_no = content.get("decision_no")
    visit.leader = content.get("leader") or paper.inspector
    visit.note = content.get("note")
    session.flush()
    paper.visit_id = visit.id
    return visit


def _record_findings(session: Session, paper: VisitPaper, visit: InspectionVisit, content: Content) -> None:
    known = {row.paper_key: row for row in session.scalars(select(Finding).where(Finding.visit_id == visit.id))}
    for written in findings_in(content):
        row = known.pop(written.key, None)
        if row is None:
            row = Finding(feature_id=paper.feature_id, visit_id=visit.id, paper_key=written.key)
            session.add(row)
        row.found_on = visit.visited_on
        row.severity = next((value for value in Severity if value == written.severity), Severity.MINOR)
        row.description = written.description
        row.article = written.reference or None
        row.remedy_due_on = _date(written.due)
    for row in known.values():
        if row.paper_key:
            record_audit(
                session, by=paper.saved_by, action=N_("Removed a finding by correction"), subject=f"visit {paper.id}",
                details=row.description,
            )  # fmt: skip
            session.delete(row)


def _record_remedies(session: Session, paper: VisitPaper, content: Content, visited_on: date) -> None:
    for finding in session.scalars(select(Finding).where(Finding.feature_id == paper.feature_id)):
        answer = content.get(f"remedy.{finding.id}")
        if answer is None:
            continue
        finding.rechecked_on = visited_on
        if answer == "yes":
            finding.remedied_on = max(visited_on, finding.found_on)
        elif finding.remedied_on == visited_on:
            finding.remedied_on = None
        finding.remedy_evidence = content.get(f"remedy_note.{finding.id}") or finding.remedy_evidence


def _check_finding(finding: WrittenFinding, visited_on: date | None) -> list[Problem]:
    problems = []
    name = f"finding.{finding.key}"
    if not finding.description:
        problems.append(Problem(name=f"{name}.description", message=N_("Say what was found.")))
    if finding.severity not in Severity.labels():
        problems.append(Problem(name=f"{name}.severity", message=N_("Choose how serious the finding is.")))
    due = _date(finding.due)
    if finding.due and due is None:
        problems.append(Problem(name=f"{name}.due", message=N_("The deadline is not a day.")))
    if due and visited_on and due < visited_on:
        problems.append(Problem(name=f"{name}.due", message=N_("The deadline lies before the visit.")))
    if finding.severity == "violation":
        if not (finding.article and finding.act):
            problems.append(
                Problem(name=f"{name}.article", message=N_("A violation needs the decree and the article."))
            )
        if not finding.due:
            problems.append(Problem(name=f"{name}.due", message=N_("A violation needs a deadline for its remedy.")))
    return problems


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
