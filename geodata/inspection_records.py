"""Tables of the inspection work: campaigns, targets, visits and findings.

States are derived from these rows and from dates, never typed in. Only the inspectors' side of the
house sees visits and findings (SECURITY.md, design rule 7).
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Identity,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geodata.database import Base
from geodata.i18n import N_
from geodata.layer import INSPECTION, Detail, DetailInfo, LabelledEnum, field, parent, stored


class CampaignField(LabelledEnum):
    """What a campaign looks at."""

    PETROL = "petrol", N_("Petrol retail")
    LPG_STORAGE = "lpg_storage", N_("LPG storage and filling")
    LPG_TRADE = "lpg_trade", N_("LPG trade")
    OTHER = "other", N_("Other")


class TargetState(LabelledEnum):
    """Whether a target is still to be visited."""

    SELECTED = "selected", N_("Selected")
    WAIVED = "waived", N_("Waived")


class VisitKind(LabelledEnum):
    """Planned under a campaign, unannounced, or a re-check of findings."""

    PLANNED = "planned", N_("Under a plan"), "kế hoạch"
    UNPLANNED = "unplanned", N_("Unplanned"), "đột xuất"
    RECHECK = "recheck", N_("Re-check"), "phúc tra"


class Severity(LabelledEnum):
    """How serious a finding is."""

    VIOLATION = "violation", N_("Administrative violation"), "vi phạm"
    MAJOR = "major", N_("Major shortcoming"), "tồn tại lớn"
    MINOR = "minor", N_("Minor shortcoming"), "tồn tại"


class PaperState(LabelledEnum):
    """How far the paper of one visit is."""

    PLANNED = "planned", N_("Visit planned")
    DRAFT = "draft", N_("Being written")
    DONE = "done", N_("Finished")
    CORRECTING = "correcting", N_("Being corrected")
    CANCELLED = "cancelled", N_("Cancelled")


class InspectionCampaign(Base):
    """A numbered inspection plan or decision (kế hoạch kiểm tra)."""

    __tablename__ = "inspection_campaign"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text)
    authority: Mapped[str | None] = mapped_column(Text)
    decided_on: Mapped[date | None]
    legal_basis: Mapped[str | None] = mapped_column(Text)
    field: Mapped[CampaignField] = mapped_column(stored(CampaignField))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    planned_count: Mapped[int | None]
    scope: Mapped[str | None] = mapped_column(Text)
    made_by: Mapped[str | None] = mapped_column(Text)
    is_illustration: Mapped[bool] = mapped_column(Boolean, default=False, server_default="false")


class InspectionTarget(Base):
    """A site chosen for a campaign, or waived with a reason."""

    __tablename__ = "inspection_target"
    __table_args__ = (UniqueConstraint("campaign_id", "feature_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("inspection_campaign.id", ondelete="CASCADE"), index=True)
    feature_id: Mapped[int] = mapped_column(ForeignKey("fuel_site.id", ondelete="CASCADE"), index=True)
    state: Mapped[TargetState] = mapped_column(
        stored(TargetState), default=TargetState.SELECTED, server_default="selected"
    )
    waive_reason: Mapped[str | None] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())


class InspectionVisit(Detail):
    """One visit of an inspection team (đợt kiểm tra)."""

    __tablename__ = "inspection_visit"
    detail = DetailInfo(
        name="visits",
        title=N_("Visits"),
        order_by=("-visited_on",),
        key=("visited_on", "kind"),
        roles=INSPECTION,
        known_from="visited_on",
    )

    feature_id: Mapped[int] = parent("fuel_site")
    campaign_id: Mapped[int | None] = mapped_column(
        ForeignKey("inspection_campaign.id", ondelete="SET NULL"), index=True
    )
    visited_on: Mapped[date] = field(label=N_("Visited on"), required=True)
    kind: Mapped[VisitKind] = field(label=N_("Kind"), values=VisitKind, required=True)
    decision_no: Mapped[str | None] = field(label=N_("Decision"), type_=Text)
    leader: Mapped[str | None] = field(label=N_("Team leader"), type_=Text)
    note: Mapped[str | None] = field(label=N_("Note"), type_=Text)


class Finding(Detail):
    """A shortcoming or violation found at a visit, with its deadline and what followed."""

    __tablename__ = "inspection_finding"
    detail = DetailInfo(
        name="findings",
        title=N_("Findings"),
        order_by=("-found_on",),
        key=("found_on", "description"),
        roles=INSPECTION,
        known_from="found_on",
        known_later={"remedied_on": ("remedy_evidence",), "rechecked_on": (), "fine_paid_on": ()},
    )

    feature_id: Mapped[int] = parent("fuel_site")
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("inspection_visit.id", ondelete="CASCADE"), index=True)
    found_on: Mapped[date] = field(label=N_("Found on"), required=True)
    severity: Mapped[Severity] = field(label=N_("Severity"), values=Severity, required=True)
    description: Mapped[str] = field(label=N_("Finding"), type_=Text, required=True)
    article: Mapped[str | None] = field(label=N_("Article, clause, point"), type_=Text)
    sanction_decision_no: Mapped[str | None] = field(label=N_("Sanction decision"), type_=Text)
    fine_vnd: Mapped[int | None] = field(label=N_("Fine"), unit="VND", type_=BigInteger, check="fine_vnd >= 0")
    remedy_due_on: Mapped[date | None] = field(label=N_("Remedy due"))
    remedied_on: Mapped[date | None] = field(label=N_("Remedied on"))
    extra_penalty: Mapped[str | None] = field(label=N_("Additional penalty"), type_=Text)
    fine_paid_on: Mapped[date | None] = field(label=N_("Fine paid on"))
    remedy_evidence: Mapped[str | None] = field(label=N_("Evidence of the remedy"), type_=Text)
    rechecked_on: Mapped[date | None] = field(label=N_("Re-checked on"))
    paper_key: Mapped[str | None] = mapped_column(Text)


class CampaignMember(Base):
    """Somebody of a campaign's team: he sees and edits its visits."""

    __tablename__ = "inspection_campaign_member"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("inspection_campaign.id", ondelete="CASCADE"), primary_key=True)
    account_name: Mapped[str] = mapped_column(Text, primary_key=True, index=True)


class DayRoute(Base):
    """The order in which inspectors visit sites on a day: what was asked and what came out, as JSON.

    Without result and `problem` it waits for the background, from `started_at` on it is being worked out.
    """

    __tablename__ = "inspection_route"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    day: Mapped[date]
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    request: Mapped[dict[str, Any]] = mapped_column(JSONB)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    assigned_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(Text)


class VisitPaper(Base):
    """The paper of one visit, from the plan to the signed minutes; finished, it writes the visit and its findings.

    `content` holds the form's fields by name. `version` grows with every save; who saves says which one he read.
    """

    __tablename__ = "inspection_paper"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    feature_id: Mapped[int] = mapped_column(ForeignKey("fuel_site.id", ondelete="CASCADE"), index=True)
    campaign_id: Mapped[int | None] = mapped_column(
        ForeignKey("inspection_campaign.id", ondelete="SET NULL"), index=True
    )
    route_id: Mapped[int | None] = mapped_column(ForeignKey("inspection_route.id", ondelete="SET NULL"))
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("inspection_visit.id", ondelete="SET NULL"), unique=True)
    kind: Mapped[VisitKind] = mapped_column(stored(VisitKind))
    state: Mapped[PaperState] = mapped_column(stored(PaperState))
    inspector: Mapped[str] = mapped_column(Text, index=True)
    planned_on: Mapped[date] = mapped_column(index=True)
    planned_at: Mapped[str | None] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    saved_by: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PaperVersion(Base):
    """A version of a paper that is kept: finished, corrected, or saved beside somebody else's."""

    __tablename__ = "inspection_paper_version"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("inspection_paper.id", ondelete="CASCADE"), index=True)
    version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    saved_by: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime] = mapped_column(server_default=func.now())
    reason: Mapped[str] = mapped_column(Text)


class PaperPicture(Base):
    """A photo or signature of a paper, re-encoded. `source_sha256` is of the file as sent: sent twice, stored once."""

    __tablename__ = "inspection_picture"
    __table_args__ = (UniqueConstraint("paper_id", "source_sha256"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("inspection_paper.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(Text)
    finding_key: Mapped[str | None] = mapped_column(Text)
    source_sha256: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    mimetype: Mapped[str] = mapped_column(Text)
    width: Mapped[int]
    height: Mapped[int]
    taken_at: Mapped[datetime | None]
    added_by: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RankingWeights(Base):
    """One version of the weights that order the worklist; the latest counts, none is ever changed."""

    __tablename__ = "inspection_weights"

    version: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    weights: Mapped[dict[str, Any]] = mapped_column(JSONB)
    random_percent: Mapped[int]
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    note: Mapped[str | None] = mapped_column(Text)


class CalendarFeed(Base):
    """The secret address of somebody's calendar feed; only its hash is kept."""

    __tablename__ = "inspection_calendar"

    account_name: Mapped[str] = mapped_column(Text, primary_key=True)
    token_sha256: Mapped[str] = mapped_column(Text, unique=True)
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
