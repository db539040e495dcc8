"""Tables of the inspection work: campaigns, targets, visits and findings.

States are derived from these rows and from dates, never typed in. Only the inspectors' side of the
house sees visits and findings (SECURITY.md, design rule 7).
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Identity, Text, UniqueConstraint, func
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
        name="visits", title=N_("Visits"), order_by=("-visited_on",), key=("visited_on", "kind"), roles=INSPECTION
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
