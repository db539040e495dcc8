"""What each inspector has planned, done and left open, and handing it over to another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from geodata.accounts.accounts import Account, record_audit
from geodata.base.collation import name_key
from geodata.base.errors import ConflictError, ForbiddenError, InvalidValueError
from geodata.base.i18n import N_
from geodata.inspections.facts import list_inspectors
from geodata.inspections.records import PaperState, VisitPaper
from geodata.inspections.reviews import ReviewState, is_in
from geodata.inspections.rights import Person
from geodata.inspections.visits import plan_visit
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.visits import Finding, VisitKind
from geodata.schema.filters import CHOOSE
from geodata.schema.roles import INSPECTION, LEADERS

_OPEN = (PaperState.PLANNED, PaperState.DRAFT)


@dataclass(frozen=True, kw_only=True)
class Work:
    """One inspector's numbers. `done` and `skipped` since a day, the others of now."""

    name: str
    full_name: str
    is_active: bool
    planned: int = 0
    overdue: int = 0
    done: int = 0
    skipped: int = 0
    received: int = 0
    returned: int = 0
    open_findings: int = 0
    overdue_findings: int = 0


def list_work(session: Session, person: Person, on: date, since: date) -> list[Work]:
    """Return the numbers of everybody who inspects or has inspected work; an inspector sees only his own.

    Planned: visits from the day on; overdue: planned before it and not made. Done by the day of planning since `since`.
    """
    papers = _papers(session, on, since)
    findings = _findings(session, on)
    accounts = session.execute(select(Account.name, Account.full_name, Account.role, Account.disabled_at)).all()
    roles = {role.value for role in INSPECTION}
    known = {name: (full or name, role in roles and gone is None) for name, full, role, gone in accounts}
    names = {name for name, (_, is_active) in known.items() if is_active} | papers.keys() | findings.keys()
    if not person.is_leader:
        names &= {person.name}
    rows = [
        Work(
            name=name, full_name=known.get(name, (name, False))[0], is_active=known.get(name, (name, False))[1],
            **papers.get(name, {}), **findings.get(name, {}),
        )
        for name in names
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (not row.is_active, -row.overdue, name_key(row.full_name)))


def list_open(session: Session, inspector: str) -> Sequence[tuple[VisitPaper, FuelSite]]:
    """Return the visits of somebody that are not finished, in the order of their days."""
    query = (
        select(VisitPaper, FuelSite)
        .join(FuelSite, FuelSite.id == VisitPaper.feature_id)
        .where(VisitPaper.inspector == inspector, VisitPaper.state.in_(_OPEN))
        .order_by(VisitPaper.planned_on, VisitPaper.planned_at.nulls_last(), VisitPaper.id)
    )
    return [(paper, site) for paper, site in session.execute(query)]


def hand_over(session: Session, person: Person, paper_ids: Sequence[int], to: str) -> int:
    """Give unfinished visits to somebody else. Returns how many. Raises ForbiddenError, InvalidValueError.

    What is written in them stays and goes with them.
    """
    _check_may(session, person, to)
    query = select(VisitPaper).where(VisitPaper.id.in_(paper_ids), VisitPaper.state.in_(_OPEN)).with_for_update()
    papers = [paper for paper in session.scalars(query) if paper.inspector != to]
    for paper in papers:
        told = f"{paper.inspector} → {to}"
        paper.inspector, paper.route_id = to, None
        record_audit(
            session, by=person.name, action=N_("Handed over a visit"), subject=f"visit {paper.id}", details=told
        )
    return len(papers)


def assign(session: Session, person: Person, site_id: int, *, to: str, on: date, today: date) -> VisitPaper:
    """Send somebody to a site on a day. Raises ForbiddenError, InvalidValueError, ConflictError when somebody has it."""
    _check_may(session, person, to)
    if on < today:
        raise InvalidValueError(
            name="planned_on", value=on.isoformat(), reason=N_("the day is over; choose a later one")
        )
    other = select(VisitPaper.inspector).where(
        VisitPaper.feature_id == site_id, VisitPaper.planned_on == on, VisitPaper.state != PaperState.CANCELLED
    )
    if (name := session.scalars(other).first()) is not None:
        raise ConflictError(N_("{name} has this site on that day now."), name=name)
    return plan_visit(session, person, site_id, planned_on=on, inspector=to, kind=VisitKind.UNPLANNED)


def _check_may(session: Session, person: Person, to: str) -> None:
    if not person.is_leader:
        raise ForbiddenError(roles=sorted(LEADERS))
    if to not in {name for name, _ in list_inspectors(session)}:
        raise InvalidValueError(name="person", value=to[:40], reason=CHOOSE)


def _papers(session: Session, on: date, since: date) -> dict[str, dict[str, int]]:
    finished = VisitPaper.state.in_([PaperState.DONE, PaperState.CORRECTING])
    numbers = {
        "planned": (VisitPaper.state.in_(_OPEN), VisitPaper.planned_on >= on),
        "overdue": (VisitPaper.state.in_(_OPEN), VisitPaper.planned_on < on),
        "done": (finished, VisitPaper.planned_on >= since),
        "skipped": (VisitPaper.skip_reason.is_not(None), VisitPaper.planned_on >= since),
        "received": (is_in(ReviewState.RECEIVED),),
        "returned": (is_in(ReviewState.ISSUES),),
    }
    columns = [func.count().filter(*condition).label(name) for name, condition in numbers.items()]
    query = select(VisitPaper.inspector, *columns).group_by(VisitPaper.inspector)
    return {row[0]: dict(zip(numbers, row[1:], strict=True)) for row in session.execute(query)}


def _findings(session: Session, on: date) -> dict[str, dict[str, int]]:
    still_open = or_(Finding.remedied_on.is_(None), Finding.remedied_on > on)
    query = (
        select(
            VisitPaper.inspector,
            func.count().filter(still_open),
            func.count().filter(still_open, Finding.remedy_due_on < on),
        )
        .join(Finding, Finding.visit_id == VisitPaper.visit_id)
        .group_by(VisitPaper.inspector)
    )
    return {row[0]: {"open_findings": row[1], "overdue_findings": row[2]} for row in session.execute(query)}
