"""Complaints of the public about sites: entered by an inspector, on the worklist until a visit has looked into them.

Who complained is told to leaders and to who entered it only (after the Law on Denunciations 25/2018/QH14,
article 9; unverified), and stands on no paper. Nothing is deleted; what is no matter of the department is dismissed by a leader, with the reason.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import BigInteger, ForeignKey, Identity, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.accounts.accounts import record_audit
from geodata.base.collation import by_name
from geodata.base.database import Base
from geodata.base.errors import ConflictError, ForbiddenError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.base.parsing import parse_day
from geodata.inspections.documents import ComplaintFacts
from geodata.inspections.entries import whole_text
from geodata.inspections.facts import today
from geodata.inspections.papers_content import Content, read_day
from geodata.inspections.records import PaperVersion, VisitPaper
from geodata.inspections.rights import Person
from geodata.layers.fuel_sites import FuelSite
from geodata.schema.fields import LabelledEnum, stored
from geodata.schema.filters import CHOOSE
from geodata.schema.roles import LEADERS

_EARLIEST = date(2000, 1, 1)
_LENGTH = {"about": 4000, "document_no": 100, "complainant": 200, "contact": 200}
MAX_REASON = 500
Chosen = TypeVar("Chosen", bound=LabelledEnum)


class Channel(LabelledEnum):
    """How a complaint arrived."""

    PHONE = "phone", N_("By telephone")
    LETTER = "letter", N_("By letter")
    IN_PERSON = "in_person", N_("In person")
    ONLINE = "online", N_("Online")
    OFFICE = "office", N_("From another office")
    PRESS = "press", N_("From the press")


class Topic(LabelledEnum):
    """What a complaint is about."""

    PRICE = "price", N_("Price")
    MEASURE = "measure", N_("Measuring")
    QUALITY = "quality", N_("Quality of goods")
    SAFETY = "safety", N_("Fire and safety")
    CLOSED = "closed", N_("Does not sell in opening hours")
    LICENCE = "licence", N_("Sells without a certificate")
    OTHER = "other", N_("Other matter")


class Outcome(LabelledEnum):
    """What came of a complaint."""

    CONFIRMED = "confirmed", N_("Confirmed")
    PARTLY = "partly", N_("Partly confirmed")
    NOT_CONFIRMED = "not_confirmed", N_("Not confirmed")
    DISMISSED = "dismissed", N_("Dismissed without a visit")


#: What a visit may answer.
FOUND = {value: label for value, label in Outcome.labels().items() if value != Outcome.DISMISSED}


class Complaint(Base):
    """A complaint about a site: when, from where, about what; who, as far as it is known; closed by a visit."""

    __tablename__ = "inspection_complaint"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    feature_id: Mapped[int] = mapped_column(ForeignKey("fuel_site.id", ondelete="RESTRICT"), index=True)
    received_on: Mapped[date]
    channel: Mapped[Channel] = mapped_column(stored(Channel))
    topic: Mapped[Topic] = mapped_column(stored(Topic))
    about: Mapped[str] = mapped_column(Text)
    document_no: Mapped[str | None] = mapped_column(Text)
    complainant: Mapped[str | None] = mapped_column(Text)
    contact: Mapped[str | None] = mapped_column(Text)
    entered_by: Mapped[str] = mapped_column(Text)
    entered_at: Mapped[datetime] = mapped_column(server_default=func.now())
    outcome: Mapped[Outcome | None] = mapped_column(stored(Outcome))
    answer: Mapped[str | None] = mapped_column(Text)
    closed_on: Mapped[date | None]
    closed_by: Mapped[str | None] = mapped_column(Text)
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("inspection_paper.id", ondelete="SET NULL"), index=True)


def may_see_complainant(person: Person, row: Complaint) -> bool:
    """Return whether somebody is told who complained."""
    return person.role in LEADERS or row.entered_by == person.name


def enter_complaint(session: Session, person: Person, site_id: int, raw: Mapping[str, str]) -> Complaint:
    """Store a complaint about a site, once however often the same form is sent. Raises NotFoundError, InvalidValueError.

    The entry is kept whole or refused.
    """
    site = session.get(FuelSite, site_id, with_for_update={"key_share": True})  # two sendings of one form take turns
    if site is None:
        raise NotFoundError(value=str(site_id))
    received_on = parse_day("received_on", raw.get("received_on", "").strip(), first=_EARLIEST, last=today(session))
    texts = {name: whole_text(name, raw.get(name, ""), longest) or None for name, longest in _LENGTH.items()}
    if texts["about"] is None:
        raise InvalidValueError(name="about", value="", reason=N_("say what the complaint is about"))
    said = {
        "feature_id": site_id, "received_on": received_on, "channel": _chosen(Channel, "channel", raw),
        "topic": _chosen(Topic, "topic", raw), "entered_by": person.name, **texts,
    }  # fmt: skip
    same = select(Complaint).filter_by(**said).where(Complaint.closed_on.is_(None)).order_by(Complaint.id).limit(1)
    if (known := session.scalar(same)) is not None:
        return known
    row = Complaint(**said)
    session.add(row)
    session.flush()
    record_audit(
        session, by=person.name, action=N_("Entered a complaint"), subject=f"complaint {row.id}", details=site.code
    )
    return row


def dismiss_complaint(session: Session, person: Person, complaint_id: int, *, reason: str) -> Complaint:
    """Close a complaint without a visit; leaders only, with a reason. Raises ForbiddenError, ConflictError."""
    if person.role not in LEADERS:
        raise ForbiddenError(roles=sorted(LEADERS))
    row = session.get(Complaint, complaint_id, with_for_update=True)
    if row is None:
        raise NotFoundError(value=str(complaint_id))
    answer = whole_text("reason", reason, MAX_REASON)
    if not answer:
        raise InvalidValueError(name="reason", value="", reason=N_("say why it is dismissed"))
    if row.closed_on is not None:
        raise ConflictError(N_("This complaint is closed already."))
    _close(row, Outcome.DISMISSED, answer, on=today(session), by=person.name)
    record_audit(
        session, by=person.name, action=N_("Dismissed a complaint"), subject=f"complaint {row.id}", details=answer
    )
    return row


def list_complaints(
    session: Session, *, is_open: bool = True, site_id: int | None = None, limit: int = 200
) -> list[tuple[Complaint, FuelSite]]:
    """Return complaints with their sites: open ones the oldest first, closed ones the latest first."""
    query = select(Complaint, FuelSite).join(FuelSite, FuelSite.id == Complaint.feature_id)
    query = query.where(Complaint.closed_on.is_(None) if is_open else Complaint.closed_on.is_not(None))
    if site_id is not None:
        query = query.where(Complaint.feature_id == site_id)
    order = (Complaint.received_on, Complaint.id) if is_open else (Complaint.closed_on.desc(), Complaint.id.desc())
    return [(row, site) for row, site in session.execute(query.order_by(*order).limit(limit))]


def count_complaints(session: Session) -> dict[bool, int]:
    """Return how many complaints are open (True) and closed (False)."""
    is_open = Complaint.closed_on.is_(None)
    rows = session.execute(select(is_open, func.count()).group_by(is_open))
    return {True: 0, False: 0} | {row[0]: row[1] for row in rows}


def find_sites(session: Session, text: str, *, limit: int = 20) -> list[FuelSite]:
    """Return the sites whose name, code or address has all words of a text, accents and case ignored."""
    words = text.split()[:8]
    if not words:
        return []
    written = func.fold_text(func.concat_ws(" ", FuelSite.name, FuelSite.code, FuelSite.address))
    has = [func.strpos(written, func.fold_text(word)) > 0 for word in words]
    return list(
        session.scalars(select(FuelSite).where(*has).order_by(by_name(FuelSite.name), FuelSite.id).limit(limit))
    )


def asked_complaints(session: Session, paper: VisitPaper, content: Content) -> list[Complaint]:
    """Return what a visit looks into: complaints open on its day, and those it has answered."""
    day = read_day(content.get("visited_on", "")) or max(paper.planned_on, today(session))
    query = select(Complaint).where(Complaint.feature_id == paper.feature_id)
    return [
        row
        for row in session.scalars(query.order_by(Complaint.received_on, Complaint.id))
        if (row.closed_on is None and row.received_on <= day)
        or row.paper_id == paper.id
        or f"complaint.{row.id}" in content
    ]


def settle_complaints(session: Session, paper: VisitPaper, content: Content, visited_on: date, *, by: str) -> None:
    """Close what a finished paper answers; what its correction no longer does is told by another paper, or open again.

    What another visit or a leader closed stays closed as it is.
    """
    for row in asked_complaints(session, paper, content):
        if row.closed_on is not None and row.paper_id != paper.id:
            continue
        before = (row.paper_id, row.outcome, row.answer, row.closed_on)
        if content.get(f"complaint.{row.id}") in FOUND:
            _answer(row, paper, content, visited_on, by=by)
        elif row.paper_id == paper.id and (other := _other_answer(session, row, paper)):
            other_paper, said, who = other
            _answer(row, other_paper, said, read_day(said.get("visited_on", "")) or other_paper.planned_on, by=who)
        elif row.paper_id == paper.id:
            row.outcome = row.answer = row.closed_on = row.closed_by = row.paper_id = None
        if before != (row.paper_id, row.outcome, row.answer, row.closed_on):
            _tell(session, row, N_("Answered a complaint") if row.outcome else N_("Opened a complaint again"), by)


def _answer(row: Complaint, paper: VisitPaper, content: Content, on: date, *, by: str) -> None:
    """Close a complaint with what a paper says of it."""
    outcome = next(kind for kind in Outcome if kind == content[f"complaint.{row.id}"])
    _close(row, outcome, content.get(f"complaint_note.{row.id}", ""), on=on, by=by)
    row.paper_id = paper.id


def _other_answer(session: Session, row: Complaint, paper: VisitPaper) -> tuple[VisitPaper, Content, str] | None:
    """Return the paper finished last, of those but one, whose edition in force answers a complaint; what it says and whose it is."""
    in_force = (PaperVersion.paper_id == VisitPaper.id) & (PaperVersion.edition == VisitPaper.edition)
    query = (
        select(VisitPaper, PaperVersion.content, PaperVersion.saved_by)
        .join(PaperVersion, in_force)
        .where(VisitPaper.feature_id == row.feature_id, VisitPaper.id != paper.id)
        .where(PaperVersion.content[f"complaint.{row.id}"].astext.in_(list(FOUND)))
        .order_by(PaperVersion.id.desc())
        .limit(1)
    )
    found = session.execute(query).first()
    return (found[0], dict(found[1]), found[2]) if found else None


def complaint_facts(rows: Sequence[Complaint]) -> list[ComplaintFacts]:
    """Return what minutes say of complaints, as JSON: nothing of who complained, nor in which words."""
    return [{"id": row.id, "topic": row.topic.value, "received_on": row.received_on.isoformat()} for row in rows]


def _close(row: Complaint, outcome: Outcome, answer: str, *, on: date, by: str) -> None:
    row.outcome, row.answer, row.closed_on, row.closed_by = outcome, answer, on, by


def _tell(session: Session, row: Complaint, action: str, by: str) -> None:
    details = f"visit {row.paper_id}" if row.paper_id else None
    record_audit(session, by=by, action=action, subject=f"complaint {row.id}", details=details)


def _chosen(kind: type[Chosen], name: str, raw: Mapping[str, str]) -> Chosen:
    value = raw.get(name, "")
    found = next((member for member in kind if member == value), None)
    if found is None:
        raise InvalidValueError(name=name, value=value[:20], reason=CHOOSE)
    return found
