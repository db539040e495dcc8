"""Several people on one visit: who writes on its paper, and who else has opened one for the same site and day."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geodata.accounts.accounts import record_audit
from geodata.base.errors import ConflictError, ForbiddenError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.inspections.facts import list_inspectors, today
from geodata.inspections.records import IN_WORK, PaperState, VisitMember, VisitPaper
from geodata.inspections.rights import Person, get_paper, own_papers
from geodata.schema.roles import INSPECTION


def papers_of_others(session: Session, person: Person, site_id: int, day: date) -> list[VisitPaper]:
    """Return the papers that others have for a site and day and the person does not write on."""
    query = select(VisitPaper).where(
        VisitPaper.feature_id == site_id, VisitPaper.planned_on == day, VisitPaper.state != PaperState.CANCELLED,
        ~own_papers(person.name),
    )  # fmt: skip
    return list(session.scalars(query.order_by(VisitPaper.id)))


def join_visit(session: Session, person: Person, paper_id: int) -> VisitPaper:
    """Let somebody who stands at the same site write on a colleague's open paper of today; the audit log tells it.

    Raises NotFoundError, ForbiddenError, ConflictError when the paper is finished or of another day.
    """
    if person.role not in INSPECTION:
        raise ForbiddenError(roles=sorted(INSPECTION))
    paper = session.get(VisitPaper, paper_id)
    if paper is None:
        raise NotFoundError(value=str(paper_id))
    if paper.state not in IN_WORK or paper.planned_on != today(session):
        raise ConflictError(N_("Only an open visit of today can be joined."))
    _add(session, paper, person.name, by=person.name)
    return paper


def add_colleague(session: Session, person: Person, paper_id: int, name: str) -> None:
    """Take a colleague into the team of a paper in work. Raises InvalidValueError, ConflictError."""
    paper = get_paper(session, person, paper_id, lock=True)
    if paper.state not in IN_WORK:
        raise ConflictError(N_("This visit is already finished. Correct it instead."))
    if name not in dict(list_inspectors(session)):
        raise InvalidValueError(name="colleague", value=name[:40], reason=N_("choose an inspector"))
    _add(session, paper, name, by=person.name)


def list_members(session: Session, paper: VisitPaper) -> list[str]:
    """Return the full names of everybody who writes on a paper, its inspector first."""
    names = dict(list_inspectors(session))
    joined = select(VisitMember.account_name).where(VisitMember.paper_id == paper.id).order_by(VisitMember.joined_at)
    return [names.get(name, name) for name in [paper.inspector, *session.scalars(joined)]]


def _add(session: Session, paper: VisitPaper, name: str, *, by: str) -> None:
    if name == paper.inspector:
        return
    added = session.scalar(
        insert(VisitMember)
        .values(paper_id=paper.id, account_name=name)
        .on_conflict_do_nothing()
        .returning(VisitMember.account_name)
    )
    if added is not None:
        record_audit(session, by=by, action=N_("Joined a visit"), subject=f"visit {paper.id}", details=name)
