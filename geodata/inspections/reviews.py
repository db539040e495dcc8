"""The leaders' answers to minutes: received, has issues, accepted; each answer is of one version.

A correction is a new version and is received again, so nothing accepted ever changes under the acceptance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Identity, Text, and_, exists, func, or_, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from geodata.accounts.accounts import record_audit
from geodata.base.database import Base
from geodata.base.errors import ConflictError, ForbiddenError, InvalidValueError
from geodata.base.i18n import N_
from geodata.inspections.entries import whole_text
from geodata.inspections.records import PaperState, VisitPaper
from geodata.inspections.rights import Person, get_paper
from geodata.layers.fuel_sites import FuelSite
from geodata.schema.fields import LabelledEnum, stored
from geodata.schema.roles import LEADERS


class ReviewState(LabelledEnum):
    """How far the minutes of a visit are with the leaders."""

    RECEIVED = "received", N_("Received")
    ISSUES = "issues", N_("Has issues")
    ACCEPTED = "accepted", N_("Accepted as it is")


class Review(Base):
    """One answer to one version of a paper; none is ever changed."""

    __tablename__ = "inspection_review"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("inspection_paper.id", ondelete="CASCADE"), index=True)
    version: Mapped[int]
    state: Mapped[ReviewState] = mapped_column(stored(ReviewState))
    remark: Mapped[str | None] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """Where the minutes stand, and every answer, the latest first. No state: not handed in yet."""

    state: ReviewState | None
    answers: list[Review]


def read_review(session: Session, paper: VisitPaper) -> Reviewed:
    """Return how far the minutes of a paper are."""
    query = select(Review).where(Review.paper_id == paper.id).order_by(Review.id.desc())
    answers = list(session.scalars(query))
    if paper.state is PaperState.DONE:
        latest = answers[0] if answers else None
        state = latest.state if latest is not None and latest.version == paper.version else ReviewState.RECEIVED
        return Reviewed(state=state, answers=answers)
    state_before = answers[0].state if answers and paper.state is PaperState.CORRECTING else None
    return Reviewed(state=ReviewState.ISSUES if state_before is ReviewState.ISSUES else None, answers=answers)


def answer(
    session: Session, person: Person, paper_id: int, state: ReviewState, *, version: int, remark: str = ""
) -> Review:
    """Accept the minutes of a visit, or return them with a remark.

    Raises ForbiddenError for who leads nothing and for one's own minutes, ConflictError when they have changed.
    """
    if not person.is_leader:
        raise ForbiddenError(roles=sorted(LEADERS))
    paper = get_paper(session, person, paper_id, lock=True)
    if paper.state is not PaperState.DONE or paper.version != version:
        raise ConflictError(N_("These minutes have been changed since you read them. Read the new version first."))
    text = whole_text("remark", remark, 2000)
    if state is ReviewState.ACCEPTED and paper.inspector == person.name:
        raise ConflictError(N_("Nobody accepts his own minutes; another leader does."))
    if state is ReviewState.ISSUES and not text:
        raise InvalidValueError(name="remark", value="", reason=N_("say what has to be corrected"))
    made = Review(paper_id=paper.id, version=paper.version, state=state, remark=text or None, made_by=person.name)
    session.add(made)
    action = N_("Accepted minutes") if state is ReviewState.ACCEPTED else N_("Returned minutes")
    record_audit(session, by=person.name, action=action, subject=f"visit {paper.id}", details=text or None)
    return made


def is_in(state: ReviewState) -> ColumnElement[bool]:
    """Return the condition on VisitPaper that its minutes are so far."""
    other = aliased(Review)
    latest = select(func.max(other.id)).where(other.paper_id == VisitPaper.id).correlate(VisitPaper).scalar_subquery()
    same = exists().where(
        Review.id == latest, Review.version == VisitPaper.version, Review.state != ReviewState.RECEIVED
    )
    if state is ReviewState.RECEIVED:
        return and_(VisitPaper.state == PaperState.DONE, ~same)
    found = exists().where(Review.id == latest, Review.version == VisitPaper.version, Review.state == state)
    answered = and_(VisitPaper.state == PaperState.DONE, found)
    if state is ReviewState.ACCEPTED:
        return answered
    being_corrected = exists().where(Review.id == latest, Review.state == ReviewState.ISSUES)
    return or_(answered, and_(VisitPaper.state == PaperState.CORRECTING, being_corrected))


def list_papers(
    session: Session, state: ReviewState, *, inspector: str | None = None, limit: int = 200
) -> Sequence[tuple[VisitPaper, FuelSite, str | None]]:
    """Return papers whose minutes are so far with site and last remark, those that wait longest first."""
    other = aliased(Review)
    remark = (
        select(other.remark)
        .where(other.paper_id == VisitPaper.id)
        .order_by(other.id.desc())
        .limit(1)
        .correlate(VisitPaper)
        .scalar_subquery()
    )
    query = select(VisitPaper, FuelSite, remark).join(FuelSite, FuelSite.id == VisitPaper.feature_id)
    query = query.where(is_in(state))
    if inspector is not None:
        query = query.where(VisitPaper.inspector == inspector)
    rows = session.execute(query.order_by(VisitPaper.saved_at, VisitPaper.id).limit(limit))
    return [(paper, site, text) for paper, site, text in rows]
