"""Numbered papers of campaigns: one that is issued takes the next number of its kind and year and stays as it is.

What is printed before is a draft without a number.
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Text, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.accounts.accounts import record_audit
from geodata.base.database import Base
from geodata.base.errors import NotFoundError
from geodata.base.i18n import N_
from geodata.base.values import JsonObject
from geodata.inspections.campaigns import list_targets, progress
from geodata.inspections.papers import CampaignFacts, facts_of, read_facts
from geodata.inspections.records import InspectionCampaign
from geodata.inspections.rights import Person, get_campaign
from geodata.inspections.series import take_number

#: Kind of paper -> its sign: DS for lists (danh sách), BC for reports (báo cáo).
SIGNS = {"targets": "DS-SCT", "summary": "BC-SCT"}
KIND_LABELS = {"targets": N_("Target list"), "summary": N_("Summary")}


class IssuedPaper(Base):
    """A paper of a campaign under its number, with all it says; never changed."""

    __tablename__ = "inspection_issued_paper"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("inspection_campaign.id", ondelete="RESTRICT"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    issued_on: Mapped[date]
    issued_by: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime] = mapped_column(server_default=func.now())
    facts: Mapped[JsonObject] = mapped_column(JSONB)


def issue_paper(session: Session, person: Person, campaign_id: int, kind: str, *, on: date, office: str) -> IssuedPaper:
    """Give a campaign's paper its number; asked twice on a day without news in between, it is the same paper.

    Raises NotFoundError for a kind of paper that there is not.
    """
    campaign = get_campaign(session, person, campaign_id)
    if kind not in SIGNS:
        raise NotFoundError(value=kind[:20])
    session.execute(select(InspectionCampaign.id).where(InspectionCampaign.id == campaign_id).with_for_update())
    facts = current_facts(session, campaign, on, office=office).as_json()
    last = next((row for row in list_issued(session, campaign_id) if row.kind == kind), None)
    if last is not None and last.issued_on == on and last.facts == facts:
        return last
    row = IssuedPaper(
        campaign_id=campaign_id, kind=kind, number=take_number(session, SIGNS[kind], on.year), issued_on=on,
        issued_by=person.name, facts=facts,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record_audit(
        session, by=person.name, action=N_("Issued a paper"), subject=f"campaign {campaign_id}", details=row.number
    )
    return row


def current_facts(session: Session, campaign: InspectionCampaign, on: date, *, office: str) -> CampaignFacts:
    """Return what the papers of a campaign would say on a day."""
    return read_facts(progress(session, campaign, on), list_targets(session, campaign, on), office=office)


def list_issued(session: Session, campaign_id: int) -> list[IssuedPaper]:
    """Return the numbered papers of a campaign, the latest first."""
    query = select(IssuedPaper).where(IssuedPaper.campaign_id == campaign_id).order_by(IssuedPaper.id.desc())
    return list(session.scalars(query))


def get_issued(session: Session, campaign_id: int, kind: str, paper_id: int) -> tuple[IssuedPaper, CampaignFacts]:
    """Return a numbered paper and what it says. Raises NotFoundError."""
    row = session.get(IssuedPaper, paper_id)
    if row is None or (row.campaign_id, row.kind) != (campaign_id, kind):
        raise NotFoundError(value=str(paper_id))
    return row, facts_of(row.facts)
