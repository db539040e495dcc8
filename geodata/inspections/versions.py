"""The kept versions of a visit's paper: every finished edition with its words, photos, signature and facts.

Nothing that was written is lost: a save that takes words away keeps what stood there before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from geodata.base.errors import NotFoundError
from geodata.inspections.checklists import checklist
from geodata.inspections.complaints import asked_complaints, complaint_facts
from geodata.inspections.documents import EarlierFinding, VisitFacts
from geodata.inspections.facts import list_inspectors, today
from geodata.inspections.papers_content import Content, content_hash, read_day
from geodata.inspections.pictures import find_signature, list_photos
from geodata.inspections.records import IN_WORK, PaperPicture, PaperVersion, VisitPaper
from geodata.inspections.rights import Person
from geodata.inspections.series import MINUTES, take_number
from geodata.inspections.team import list_members
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.visits import Finding

#: Why a version is kept beside the finished ones; anything else is the reason of a correction.
CONFLICT, MERGED, REPLACED, ABANDONED, FIRST = "conflict", "before merging", "replaced", "abandoned", "finished"


@dataclass(frozen=True, kw_only=True)
class Record:
    """One edition of a paper, or the draft in work (`edition` None), with all its minutes say."""

    paper: VisitPaper
    edition: int | None
    content: Content
    facts: VisitFacts
    photos: Sequence[PaperPicture]
    signature: PaperPicture | None
    sha256: str
    saved_by: str
    saved_at: datetime | None
    reason: str = ""
    replaced_on: datetime | None = None

    @property
    def correction(self) -> int:
        """Return which correction it is: 0 for the first edition and a draft."""
        return max((self.edition or 1) - 1, 0)


def keep_version(session: Session, paper: VisitPaper, content: Content, person: Person | None, *, reason: str) -> None:
    """Keep a version beside the finished ones; without a person it is of whoever saved the paper last."""
    by = person.name if person else paper.saved_by
    session.add(PaperVersion(paper_id=paper.id, version=paper.version, content=content, saved_by=by, reason=reason))
    session.flush()


def keep_edition(session: Session, paper: VisitPaper, person: Person, *, reason: str) -> PaperVersion:
    """Keep the paper as its next finished edition."""
    site = session.get_one(FuelSite, paper.feature_id)
    paper.edition += 1
    content: Content = dict(paper.content)
    if paper.number is None:
        visited_on = read_day(content.get("visited_on", "")) or paper.planned_on
        paper.number = take_number(session, MINUTES, visited_on.year)
    row = PaperVersion(
        paper_id=paper.id, version=paper.version, content=content, saved_by=person.name, reason=reason,
        edition=paper.edition, content_sha256=content_hash(content),
        picture_ids=[photo.id for photo in list_photos(session, paper.id)], facts=read_facts(session, paper, site) | {"by": dict(list_inspectors(session)).get(person.name, person.name)},
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def edition_content(session: Session, paper: VisitPaper) -> Content:
    """Return the content of the edition in force; empty before the first."""
    row = _edition(session, paper.id, paper.edition) if paper.edition else None
    return dict(row.content) if row else {}


def read_record(session: Session, paper: VisitPaper, edition: int | None = None) -> Record:
    """Return an edition, the one in force unless another is asked for; the draft when there is none yet.

    Raises NotFoundError for an edition that was never finished.
    """
    site = session.get_one(FuelSite, paper.feature_id)
    number = paper.edition if edition is None else edition
    if not number and paper.state in IN_WORK:
        return _draft(session, paper, site)
    row = _edition(session, paper.id, number) if number else None
    if row is None:
        if edition is not None:
            raise NotFoundError(value=str(edition))
        return _draft(session, paper, site)
    ids = row.picture_ids or []
    photos = session.scalars(select(PaperPicture).where(PaperPicture.id.in_(ids)).order_by(PaperPicture.id))
    earlier = _edition(session, paper.id, number - 1) if number > 1 else None
    return Record(
        paper=paper, edition=number, content=dict(row.content), facts=row.facts or read_facts(session, paper, site),
        photos=list(photos), saved_by=row.saved_by, saved_at=row.saved_at, sha256=row.content_sha256 or "",
        signature=find_signature(session, paper.id, edition=number, sha256=row.content_sha256 or "", photo_ids=ids),
        reason=row.reason if number > 1 else "", replaced_on=earlier.saved_at if earlier else None,
    )  # fmt: skip


def list_versions(session: Session, paper_id: int) -> list[PaperVersion]:
    """Return the kept versions of a paper, the latest first."""
    query = select(PaperVersion).where(PaperVersion.paper_id == paper_id).order_by(PaperVersion.id.desc())
    return list(session.scalars(query))


def earlier_findings(session: Session, paper: VisitPaper, content: Content) -> list[Finding]:
    """Return what a visit asks after: other visits' findings that are open on its day, and those it has answered.

    A correction asks after the same ones as the edition it corrects.
    """
    wanted = {int(name[7:]) for name in content if name.startswith("remedy.") and name[7:].isdigit()}
    kept = _edition(session, paper.id, paper.edition) if paper.edition else None
    if kept is not None:
        wanted |= {row["id"] for row in (kept.facts["before"] if kept.facts else ())}
    query = select(Finding).where(Finding.feature_id == paper.feature_id)
    if paper.visit_id is not None:
        query = query.where(Finding.visit_id.is_distinct_from(paper.visit_id))
    rows = session.scalars(query.order_by(Finding.remedy_due_on.nulls_last(), Finding.id))
    if kept is not None:
        return [row for row in rows if row.id in wanted]
    day = read_day(content.get("visited_on", "")) or max(paper.planned_on, today(session))
    return [row for row in rows if row.id in wanted or (row.remedied_on is None and row.found_on <= day)]


def previous_answers(session: Session, paper: VisitPaper) -> tuple[date, Content] | None:
    """Return the day and the answers and remarks of the site's last record before this one, or None."""
    day = PaperVersion.content["visited_on"].astext
    query = (
        select(PaperVersion.content)
        .join(VisitPaper, and_(VisitPaper.id == PaperVersion.paper_id, VisitPaper.edition == PaperVersion.edition))
        .where(VisitPaper.feature_id == paper.feature_id, VisitPaper.id != paper.id)
        .order_by(day.desc(), PaperVersion.id.desc())
    )
    for content in session.scalars(query):
        answers = {name: text for name, text in content.items() if name.startswith(("answer.", "remark."))}
        on = read_day(content.get("visited_on", ""))
        if on and any(name.startswith("answer.") for name in answers):
            return on, answers
    return None


def read_facts(session: Session, paper: VisitPaper, site: FuelSite) -> VisitFacts:
    """Return what minutes say beside the paper's words, as JSON: the site, the questions, earlier findings, people."""
    expires_on = site.certificate_expires_on
    return {
        "site": {
            "name": site.name, "code": site.code, "address": site.address, "trader": site.trader,
            "tax_code": site.tax_code, "kind": site.kind, "certificate_no": site.certificate_no,
            "certificate_expires_on": expires_on.isoformat() if expires_on else None,
        },
        "number": paper.number,
        "kind": paper.kind.value,
        "questions": [[item.key, item.text] for item in checklist(site.kind)],
        "inspector": list_members(session, paper)[0],
        "team": list_members(session, paper)[1:],
        "complaints": complaint_facts(asked_complaints(session, paper, dict(paper.content))),
        "before": [_finding_facts(row) for row in earlier_findings(session, paper, dict(paper.content))],
    }  # fmt: skip


def _finding_facts(row: Finding) -> EarlierFinding:
    due = row.remedy_due_on.isoformat() if row.remedy_due_on else None
    return {
        "id": row.id, "description": row.description, "severity": row.severity.value, "article": row.article,
        "found_on": row.found_on.isoformat(), "due": due,
    }  # fmt: skip


def _edition(session: Session, paper_id: int, number: int) -> PaperVersion | None:
    query = select(PaperVersion).where(PaperVersion.paper_id == paper_id, PaperVersion.edition == number)
    return session.scalar(query)


def _draft(session: Session, paper: VisitPaper, site: FuelSite) -> Record:
    return Record(
        paper=paper, edition=None, content=dict(paper.content), facts=read_facts(session, paper, site),
        photos=list_photos(session, paper.id), signature=None, sha256=content_hash(dict(paper.content)),
        saved_by=paper.saved_by, saved_at=paper.saved_at,
    )  # fmt: skip
