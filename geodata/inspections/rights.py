"""Who may open which inspection paper and campaign: own ones and those of one's campaigns; leaders see all.

Somebody's campaigns are those he made and those whose team he is in. A campaign without a team is its maker's and the
leaders' until they name one; illustration without a team is for everybody to try.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.orm import Session, aliased

from geodata.base.errors import ForbiddenError, HiddenError, NotFoundError
from geodata.inspections.records import CampaignMember, InspectionCampaign, VisitMember, VisitPaper
from geodata.schema.roles import INSPECTION, LEADERS, Role


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who asks: the account's name and the role that counts."""

    name: str
    role: Role

    @property
    def is_leader(self) -> bool:
        """Whether they see everybody's work."""
        return self.role in LEADERS


def campaign_ids(person: Person) -> ColumnElement[bool]:
    """Return the condition on InspectionCampaign that a person works on it."""
    return true() if person.is_leader else InspectionCampaign.id.in_(own_campaigns(person))


def own_campaigns(person: Person) -> Select[int]:
    """Return the ids of the campaigns an inspector works on; aliased, to stand inside queries of campaigns."""
    campaign, member = aliased(InspectionCampaign), aliased(CampaignMember)
    team = select(member.campaign_id)
    mine = team.where(member.account_name == person.name)
    to_try = and_(campaign.is_illustration, campaign.id.not_in(team))
    return select(campaign.id).where(or_(campaign.made_by == person.name, campaign.id.in_(mine), to_try))


def papers_of(person: Person) -> ColumnElement[bool]:
    """Return the condition on VisitPaper that a person may open it."""
    if person.role not in INSPECTION:
        raise ForbiddenError(roles=sorted(INSPECTION))
    if person.is_leader:
        return true()
    return or_(own_papers(person.name), VisitPaper.campaign_id.in_(own_campaigns(person)))


def own_papers(name: str) -> ColumnElement[bool]:
    """Return the condition on VisitPaper that somebody writes it: as its inspector or in its team."""
    joined = select(VisitMember.paper_id).where(VisitMember.account_name == name)
    return or_(VisitPaper.inspector == name, VisitPaper.id.in_(joined))


def get_paper(session: Session, person: Person, paper_id: int, *, lock: bool = False) -> VisitPaper:
    """Return a paper that the person may open. Raises NotFoundError, as HiddenError where it is somebody else's."""
    query = select(VisitPaper).where(VisitPaper.id == paper_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    paper = session.scalar(query)
    if paper is None:
        raise NotFoundError(value=str(paper_id))
    if session.scalar(select(VisitPaper.id).where(VisitPaper.id == paper_id, papers_of(person))) is None:
        raise HiddenError(value=str(paper_id))
    return paper


def get_campaign(session: Session, person: Person, campaign_id: int) -> InspectionCampaign:
    """Return a campaign that the person works on. Raises NotFoundError, as HiddenError where it is others'."""
    campaign = session.get(InspectionCampaign, campaign_id)
    if campaign is None:
        raise NotFoundError(value=str(campaign_id))
    mine = select(InspectionCampaign.id).where(InspectionCampaign.id == campaign_id, campaign_ids(person))
    if session.scalar(mine) is None:
        raise HiddenError(value=str(campaign_id))
    return campaign
