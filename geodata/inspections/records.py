"""Tables of the inspection work: campaigns, targets, visits and findings.

States are derived from these rows and from dates, never typed in. Only the inspectors' side of the
house sees visits and findings (docs/domain.md).
"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geodata.base.database import Base
from geodata.base.i18n import N_
from geodata.inspections.documents import RouteRequest, RouteResult, VisitFacts
from geodata.inspections.papers_content import Content
from geodata.layers.fuel_sites.visits import VisitKind
from geodata.schema.fields import LabelledEnum, stored


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


class PaperState(LabelledEnum):
    """How far the paper of one visit is."""

    PLANNED = "planned", N_("Visit planned")
    DRAFT = "draft", N_("Being written")
    DONE = "done", N_("Finished")
    CORRECTING = "correcting", N_("Being corrected")
    CANCELLED = "cancelled", N_("Cancelled")


#: Papers that are written on.
IN_WORK = (PaperState.PLANNED, PaperState.DRAFT, PaperState.CORRECTING)


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
    feature_id: Mapped[int] = mapped_column(ForeignKey("fuel_site.id", ondelete="RESTRICT"), index=True)
    state: Mapped[TargetState] = mapped_column(
        stored(TargetState), default=TargetState.SELECTED, server_default="selected"
    )
    waive_reason: Mapped[str | None] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())


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
    request: Mapped[RouteRequest] = mapped_column(JSONB)
    result: Mapped[RouteResult | None] = mapped_column(JSONB)
    assigned_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(Text)


class VisitPaper(Base):
    """The paper of one visit, from the plan to the signed minutes; finished, it writes the visit and its findings.

    `content` holds the form's fields by name. `version` grows with every save; who saves says which one he read.
    `edition` counts how often it was finished. While it is corrected, `correction_reason` says why.
    """

    __tablename__ = "inspection_paper"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    feature_id: Mapped[int] = mapped_column(ForeignKey("fuel_site.id", ondelete="RESTRICT"), index=True)
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
    #: Why a planned visit was left out on its day; it is then cancelled.
    skip_reason: Mapped[str | None] = mapped_column(Text)
    content: Mapped[Content] = mapped_column(JSONB, default=dict, server_default="{}")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    saved_by: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime] = mapped_column(server_default=func.now())
    edition: Mapped[int] = mapped_column(default=0, server_default="0")
    correction_reason: Mapped[str | None] = mapped_column(Text)
    #: Of its minutes, from the series of their year; given when it is first finished, the same in every edition.
    number: Mapped[str | None] = mapped_column(Text)


class VisitMember(Base):
    """Somebody who writes on a visit's paper beside its inspector."""

    __tablename__ = "inspection_paper_member"

    paper_id: Mapped[int] = mapped_column(ForeignKey("inspection_paper.id", ondelete="CASCADE"), primary_key=True)
    account_name: Mapped[str] = mapped_column(Text, primary_key=True, index=True)
    joined_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PaperVersion(Base):
    """A version of a paper that is kept, never changed: finished, corrected, replaced, or saved beside somebody else's.

    A finished one has an `edition` (1, 2, …), the hash of its content, the ids of its photos and, as `facts`, what
    its minutes say of the site, the questions and earlier findings: they print alike for ever.
    """

    __tablename__ = "inspection_paper_version"
    __table_args__ = (UniqueConstraint("paper_id", "edition"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("inspection_paper.id", ondelete="CASCADE"), index=True)
    version: Mapped[int]
    content: Mapped[Content] = mapped_column(JSONB)
    saved_by: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime] = mapped_column(server_default=func.now())
    reason: Mapped[str] = mapped_column(Text)
    edition: Mapped[int | None]
    content_sha256: Mapped[str | None] = mapped_column(Text)
    picture_ids: Mapped[list[int] | None] = mapped_column(JSONB)
    facts: Mapped[VisitFacts | None] = mapped_column(JSONB)


class PaperPicture(Base):
    """A photo or signature of a paper, re-encoded. `source_sha256` is of the file as sent: sent twice, stored once.

    `original_sha256` is of the file on the phone, as the phone told it, where it was made small before it was sent.
    Removing is marking: the versions that show it keep it. A signature holds for one content of one edition
    (`signed_sha256`) and for the photos that were there (`signed_picture_ids`).
    """

    __tablename__ = "inspection_picture"
    __table_args__ = (
        Index(
            "uq_inspection_picture_photo", "paper_id", "source_sha256", unique=True,
            postgresql_where=text("purpose = 'photo'"),
        ),
        Index(
            "uq_inspection_picture_signature", "paper_id", "source_sha256", "edition", "signed_sha256", unique=True,
            postgresql_where=text("purpose = 'signature'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("inspection_paper.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(Text)
    finding_key: Mapped[str | None] = mapped_column(Text)
    source_sha256: Mapped[str] = mapped_column(Text)
    original_sha256: Mapped[str | None] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    mimetype: Mapped[str] = mapped_column(Text)
    width: Mapped[int]
    height: Mapped[int]
    taken_at: Mapped[datetime | None]
    added_by: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())
    removed_by: Mapped[str | None] = mapped_column(Text)
    removed_at: Mapped[datetime | None]
    edition: Mapped[int | None]
    signed_sha256: Mapped[str | None] = mapped_column(Text)
    signed_picture_ids: Mapped[list[int] | None] = mapped_column(JSONB)


class ChecklistRule(Base):
    """What the checklist of a kind of site demands of a record before it may be finished."""

    __tablename__ = "inspection_checklist_rule"

    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    demands: Mapped[dict[str, bool]] = mapped_column(JSONB)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class RankingWeights(Base):
    """One version of the weights that order the worklist; the latest counts, none is ever changed."""

    __tablename__ = "inspection_weights"

    version: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    weights: Mapped[dict[str, int]] = mapped_column(JSONB)
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
