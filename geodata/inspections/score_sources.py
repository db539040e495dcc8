"""What the points of a ranking are worked out from: a site's visits, findings, open targets and open complaints on a day.

Each is a subquery with one row a site, of all sites or of some.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)

from geodata.inspections.complaints import Complaint
from geodata.inspections.records import InspectionCampaign, InspectionTarget, TargetState
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit

YEAR = 365


def visits_of(day: ColumnElement[Any], ids: Sequence[int] | None) -> Any:
    """Return the last visit of each site that has any by the day, and the next one already written down."""
    been = InspectionVisit.visited_on <= day
    return (
        select(
            InspectionVisit.feature_id,
            func.max(InspectionVisit.visited_on).filter(been).label("last_visit"),
            func.min(InspectionVisit.visited_on).filter(~been).label("next_visit"),
        )
        .where(*among(InspectionVisit.feature_id, ids))
        .group_by(InspectionVisit.feature_id)
        .subquery("visits")
    )


def findings_of(day: ColumnElement[Any], ids: Sequence[int] | None) -> Any:
    """Return what the points and words need of the findings of each site that has any."""
    is_open = and_(Finding.found_on <= day, or_(Finding.remedied_on.is_(None), Finding.remedied_on > day))
    forgotten_on = Finding.found_on + 3 * YEAR
    recent = and_(Finding.severity == "violation", Finding.found_on <= day, forgotten_on > day)
    overdue_on = Finding.remedy_due_on + 1
    turns: tuple[Any, ...] = (Finding.found_on, Finding.remedied_on, overdue_on, forgotten_on)
    return (
        select(
            Finding.feature_id,
            func.count().filter(recent).label("violations"),
            func.min(Finding.remedy_due_on).filter(is_open).label("due"),
            func.min(func.least(*(later(turn, day) for turn in turns))).label("next_turn"),
        )
        .where(*among(Finding.feature_id, ids))
        .group_by(Finding.feature_id)
        .subquery("findings")
    )


def open_targets(ids: Sequence[int] | None) -> Any:
    """Return the sites that are targets of campaigns and not yet visited under them, with the campaigns' numbers."""
    visited = exists().where(
        InspectionVisit.feature_id == InspectionTarget.feature_id,
        InspectionVisit.campaign_id == InspectionTarget.campaign_id,
    )
    return (
        select(
            InspectionTarget.feature_id,
            func.string_agg(InspectionCampaign.number, literal(", ")).label("numbers"),
        )
        .join(InspectionCampaign, InspectionCampaign.id == InspectionTarget.campaign_id)
        .where(InspectionTarget.state == TargetState.SELECTED, ~visited, *among(InspectionTarget.feature_id, ids))
        .group_by(InspectionTarget.feature_id)
        .subquery("targets")
    )


def open_complaints(day: ColumnElement[Any], ids: Sequence[int] | None) -> Any:
    """Return the sites that somebody complained about and nobody has looked into by the day."""
    is_open = or_(Complaint.closed_on.is_(None), Complaint.closed_on > day)
    return (
        select(
            Complaint.feature_id,
            func.count().label("complaints"),
            func.min(Complaint.received_on).label("complained_on"),
        )
        .where(Complaint.received_on <= day, is_open, *among(Complaint.feature_id, ids))
        .group_by(Complaint.feature_id)
        .subquery("complaints")
    )


def among(column: ColumnElement[Any] | Any, ids: Sequence[int] | None) -> list[ColumnElement[bool]]:
    """Return the condition that a column is one of these ids; none for all."""
    return [] if ids is None else [column == func.any(bindparam(None, list(ids), ARRAY(BigInteger)))]


def later(turn: ColumnElement[Any], day: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a day if it lies after another, else nothing."""
    return cast(case((turn > day, turn)), Date)
