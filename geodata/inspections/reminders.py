"""What somebody has to be reminded of today: deadlines, missed and coming visits, certificates that end.

Computed from the records whenever it is asked: a reminder goes when its cause is gone, and none can be missed because
a job did not run.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import BigInteger, Select, cast, func, null, select
from sqlalchemy.orm import Session

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.inspections.followup import findings_of
from geodata.inspections.records import InspectionCampaign, InspectionTarget, PaperState, TargetState, VisitPaper
from geodata.inspections.reviews import ReviewState, is_in
from geodata.inspections.rights import Person, campaign_ids
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.visits import Finding

#: Days ahead: remedies that fall due, certificates that end.
REMEDY_DAYS = 7
CERTIFICATE_DAYS = 30
MOST = 100


class Reason(StrEnum):
    """Why somebody is reminded, the most urgent first."""

    RETURNED = "returned"
    OVERDUE = "overdue"
    MISSED = "missed"
    TOMORROW = "tomorrow"
    DUE = "due"
    CERTIFICATE = "certificate"


LABELS = {
    Reason.RETURNED: N_("Minutes returned with a remark"),
    Reason.OVERDUE: N_("Remedies overdue"),
    Reason.MISSED: N_("Planned visits that were not made"),
    Reason.TOMORROW: N_("Visits tomorrow"),
    Reason.DUE: N_("Remedies due within 7 days"),
    Reason.CERTIFICATE: N_("Certificates of target sites that end within 30 days"),
}


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """One thing to do: at which site, the day it is about and the sentence; `paper_id` of the visit it is about."""

    reason: Reason
    site: FuelSite
    day: date
    text: Message
    paper_id: int | None = None


def list_reminders(session: Session, person: Person, on: date) -> list[Reminder]:
    """Return a person's reminders, the most urgent first; at most MOST of each reason."""
    found: list[Reminder] = []
    for reason, query in _queries(person, on).items():
        for site, day, paper_id in session.execute(query.limit(MOST)):
            text = Message(template=_TEXTS[reason], values={"day": day, "days": abs((day - on).days)})
            found.append(Reminder(reason=reason, site=site, day=day, text=text, paper_id=paper_id))
    return found


def count_reminders(session: Session, person: Person, on: date) -> int:
    """Return how many reminders a person has; not more than MOST of each reason."""
    return sum(session.execute(_counting(person, on)).one())


@lru_cache(maxsize=256)
def _counting(person: Person, on: date) -> Select[*tuple[int, ...]]:
    """Return the statement of all counts; kept, because each page asks it and making it took a third of the page's work."""
    counts = [
        select(func.count()).select_from(query.with_only_columns(FuelSite.id).order_by(None).limit(MOST).subquery())
        for query in _queries(person, on).values()
    ]
    return select(*(count.scalar_subquery() for count in counts))


_NO_VISIT = cast(null(), BigInteger)
_TEXTS = {
    Reason.RETURNED: N_("The minutes of {day} are to be corrected"),
    Reason.OVERDUE: N_("The remedy was due on {day}, {days} days ago"),
    Reason.MISSED: N_("The visit was planned for {day}"),
    Reason.TOMORROW: N_("The visit is planned for tomorrow, {day}"),
    Reason.DUE: N_("The remedy is due on {day}, in {days} days"),
    Reason.CERTIFICATE: N_("The certificate ends on {day}, in {days} days"),
}


def _queries(person: Person, on: date) -> dict[Reason, Select[FuelSite, date, int | None]]:
    """Return what finds the site, day and visit of each reason's reminders, in order."""
    due = Finding.remedy_due_on
    open_ = (
        select(FuelSite, due, _NO_VISIT)
        .join(Finding, Finding.feature_id == FuelSite.id)
        .where(findings_of(person), Finding.remedied_on.is_(None))
        .order_by(due, Finding.id)
    )
    planned = VisitPaper.planned_on
    mine = (
        select(FuelSite, planned, VisitPaper.id)
        .join(VisitPaper, VisitPaper.feature_id == FuelSite.id)
        .where(VisitPaper.inspector == person.name, VisitPaper.state == PaperState.PLANNED)
        .order_by(planned, VisitPaper.planned_at.nulls_last(), VisitPaper.id)
    )
    end = FuelSite.column("certificate_ends_on")
    wanted = (
        select(InspectionTarget.feature_id)
        .join(InspectionCampaign, InspectionCampaign.id == InspectionTarget.campaign_id)
        .where(campaign_ids(person), InspectionTarget.state == TargetState.SELECTED)
    )
    ending = select(FuelSite, end, _NO_VISIT).where(
        FuelSite.id.in_(wanted), FuelSite.column("certificate_state") == "expiring"
    )
    returned = (
        select(FuelSite, planned, VisitPaper.id)
        .join(VisitPaper, VisitPaper.feature_id == FuelSite.id)
        .where(VisitPaper.inspector == person.name, is_in(ReviewState.ISSUES))
        .order_by(planned, VisitPaper.id)
    )
    return {
        Reason.RETURNED: returned,
        Reason.OVERDUE: open_.where(due < on),
        Reason.MISSED: mine.where(planned < on),
        Reason.TOMORROW: mine.where(planned == on + timedelta(days=1)),
        Reason.DUE: open_.where(due.between(on, on + timedelta(days=REMEDY_DAYS))),
        Reason.CERTIFICATE: ending.where(end <= on + timedelta(days=CERTIFICATE_DAYS)).order_by(end, FuelSite.id),
    }
