"""Visits of a site and what was found. Only the inspectors' side of the house sees them (docs/domain.md)."""

from datetime import date

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from geodata.base.i18n import N_
from geodata.schema.details import Detail, DetailInfo, parent
from geodata.schema.dues import Due
from geodata.schema.fields import LabelledEnum, field
from geodata.schema.roles import INSPECTION


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


class InspectionVisit(Detail):
    """One visit of an inspection team (đợt kiểm tra)."""

    __tablename__ = "inspection_visit"
    detail = DetailInfo(
        name="visits",
        title=N_("Visits"),
        order_by=("-visited_on",),
        key=("visited_on", "kind"),
        roles=INSPECTION,
        is_kept_elsewhere=True,
        known_from="visited_on",
    )

    feature_id: Mapped[int] = parent("fuel_site", is_record=True)
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
        is_kept_elsewhere=True,
        updated_by_file=("remedied_on", "remedy_evidence", "rechecked_on", "fine_paid_on"),
        known_from="found_on",
        known_later={"remedied_on": ("remedy_evidence",), "rechecked_on": (), "fine_paid_on": ()},
        dues=(
            Due(
                title=N_("Remedies"), day="remedy_due_on", done="remedied_on", what="description", days=7, has_page=True
            ),
        ),
    )

    feature_id: Mapped[int] = parent("fuel_site", is_record=True)
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("inspection_visit.id", ondelete="CASCADE"), index=True)
    found_on: Mapped[date] = field(label=N_("Found on"), source_names=("NGAY_LAP", "NGAY_PHAT_HIEN"), required=True)
    severity: Mapped[Severity] = field(label=N_("Severity"), values=Severity, required=True)
    description: Mapped[str] = field(
        label=N_("Finding"), source_names=("NOI_DUNG", "VI_PHAM"), type_=Text, required=True
    )
    article: Mapped[str | None] = field(label=N_("Article, clause, point"), type_=Text)
    sanction_decision_no: Mapped[str | None] = field(label=N_("Sanction decision"), type_=Text)
    fine_vnd: Mapped[int | None] = field(label=N_("Fine"), unit="VND", type_=BigInteger, check="fine_vnd >= 0")
    remedy_due_on: Mapped[date | None] = field(label=N_("Remedy due"))
    remedied_on: Mapped[date | None] = field(label=N_("Remedied on"), source_names=("NGAY_KHAC_PHUC",))
    extra_penalty: Mapped[str | None] = field(label=N_("Additional penalty"), type_=Text)
    fine_paid_on: Mapped[date | None] = field(label=N_("Fine paid on"), source_names=("NGAY_NOP_PHAT",))
    remedy_evidence: Mapped[str | None] = field(
        label=N_("Evidence of the remedy"), source_names=("BANG_CHUNG",), type_=Text
    )
    rechecked_on: Mapped[date | None] = field(label=N_("Re-checked on"), source_names=("NGAY_KIEM_TRA_LAI",))
    paper_key: Mapped[str | None] = mapped_column(Text)
