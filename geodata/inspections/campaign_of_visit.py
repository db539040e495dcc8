"""Which campaign a visit belongs to: the open one that wants the site, whatever way led there; asked when several do."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from geodata.inspections.records import InspectionCampaign, InspectionTarget, TargetState, VisitPaper
from geodata.layers.fuel_sites.visits import VisitKind

#: The form's answer that the visit belongs to no campaign.
NONE = "0"


def open_campaigns(session: Session, site_id: int, day: date) -> list[InspectionCampaign]:
    """Return the campaigns that want a site and run on a day, by number; without dates one runs always."""
    query = (
        select(InspectionCampaign)
        .join(InspectionTarget, InspectionTarget.campaign_id == InspectionCampaign.id)
        .where(
            InspectionTarget.feature_id == site_id,
            InspectionTarget.state == TargetState.SELECTED,
            or_(InspectionCampaign.starts_on.is_(None), InspectionCampaign.starts_on <= day),
            or_(InspectionCampaign.ends_on.is_(None), InspectionCampaign.ends_on >= day),
        )
        .order_by(InspectionCampaign.number)
    )
    return list(session.scalars(query))


def sole_campaign(session: Session, site_id: int, day: date) -> int | None:
    """Return the one open campaign that wants a site on a day; None when there is none or several."""
    found = open_campaigns(session, site_id, day)
    return found[0].id if len(found) == 1 else None


def choices(session: Session, paper: VisitPaper, day: date | None = None) -> list[InspectionCampaign]:
    """Return the campaigns that a paper may belong to: the open ones, and the one under which it was planned.

    Without a day: of the day that the paper tells, else of the planned one.
    """
    found = open_campaigns(session, paper.feature_id, day or _day_of(paper))
    if paper.campaign_id is not None and all(row.id != paper.campaign_id for row in found):
        found.append(session.get_one(InspectionCampaign, paper.campaign_id))
    return found


def settle(session: Session, paper: VisitPaper, content: Mapping[str, str], day: date) -> bool:
    """Give a paper its campaign as the form says, else the only one there is. False when the form must say which."""
    offered = {str(row.id): row.id for row in choices(session, paper, day)}
    answer = content.get("campaign", "")
    if answer == NONE:
        return _set(paper, None)
    if answer in offered:
        return _set(paper, offered[answer])
    if paper.campaign_id is not None or len(offered) < 2:
        return _set(paper, next(iter(offered.values()), None) if paper.campaign_id is None else paper.campaign_id)
    return False


def kind_under(campaign_id: int | None, kind: VisitKind) -> VisitKind:
    """Return the kind of a visit as it follows from its campaign; a re-check stays one."""
    if kind is VisitKind.RECHECK:
        return kind
    return VisitKind.UNPLANNED if campaign_id is None else VisitKind.PLANNED


def _day_of(paper: VisitPaper) -> date:
    try:
        return date.fromisoformat(paper.content.get("visited_on", ""))
    except ValueError:
        return paper.planned_on


def _set(paper: VisitPaper, campaign_id: int | None) -> bool:
    paper.campaign_id = campaign_id
    paper.kind = kind_under(campaign_id, paper.kind)
    return True
