"""What hangs on an industrial cluster, and the closed sets of its fields."""

from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, Numeric, Text
from sqlalchemy.orm import Mapped

from geodata.base.i18n import N_
from geodata.schema.details import Detail, DetailInfo, parent
from geodata.schema.dues import Due
from geodata.schema.fields import LabelledEnum, field
from geodata.schema.procedures import ProcedureStep
from geodata.schema.roles import STAFF, STEERING


class ClusterKind(LabelledEnum):
    """Clusters, and the parks and zones shown beside them (other law, other authority)."""

    CLUSTER = "cluster", N_("Industrial cluster"), "ccn", "cụm công nghiệp"
    CRAFT_VILLAGE = "craft_village", N_("Craft-village cluster"), "ccn làng nghề", "làng nghề"
    PARK = "park", N_("Industrial park"), "kcn", "khu công nghiệp"
    ECONOMIC_ZONE = "economic_zone", N_("Economic zone"), "kkt", "khu kinh tế"


class ClusterStatus(LabelledEnum):
    """The pipeline from proposal to full, with its side tracks."""

    OPERATING = "operating", N_("Operating"), "hoạt động", "đang hoạt động"
    FULL = "full", N_("Fully let"), "lấp đầy"
    EXPANDING = "expanding", N_("Expanding"), "mở rộng"
    BUILDING = "building", N_("Building infrastructure"), "xây dựng hạ tầng", "đang xây dựng"
    LAND_CLEARANCE = "land_clearance", N_("Land clearance"), "gpmb", "giải phóng mặt bằng"
    ESTABLISHED = "established", N_("Established"), "đã thành lập", "thành lập"
    SUBMITTED = "submitted", N_("Submitted for approval"), "trình ubnd", "trình phê duyệt"
    APPRAISING = "appraising", N_("In appraisal"), "đang thẩm định", "thẩm định"
    LISTED = "listed", N_("In the approved list"), "trong danh mục qh", "quy hoạch"
    PROPOSED = "proposed", N_("Proposed"), "đề xuất"
    SUSPENDED = "suspended", N_("Suspended"), "tạm dừng", "tạm ngừng"
    ABOLISHED = "abolished", N_("Abolished"), "bãi bỏ"


class WastewaterState(LabelledEnum):
    """State of the central wastewater plant."""

    NONE = "none", N_("None"), "không", "chưa có"
    BUILDING = "building", N_("Being built"), "đang xây"
    RUNNING = "running", N_("Running"), "vận hành"


class DossierStepKind(LabelledEnum):
    """Steps of an establishment dossier."""

    PROPOSAL = "proposal", N_("Proposal received"), "tiếp nhận đề xuất", "tiếp nhận", "đề xuất"
    APPRAISAL = "appraisal", N_("Appraisal"), "thẩm định"
    INVESTMENT_REPORT = (
        "investment_report",
        N_("Investment report to the city"),
        "báo cáo đầu tư trình thành phố",
        "báo cáo đầu tư",
    )
    ESTABLISHMENT = "establishment", N_("Establishment decision"), "quyết định thành lập", "thành lập"
    DETAILED_PLAN = "detailed_plan", N_("Detailed plan 1/500"), "quy hoạch chi tiết 1/500", "quy hoạch chi tiết"
    LAND_CLEARANCE = "land_clearance", N_("Land clearance"), "giải phóng mặt bằng", "GPMB"
    INFRASTRUCTURE = "infrastructure", N_("Infrastructure works"), "xây dựng hạ tầng kỹ thuật", "xây dựng hạ tầng"


class DossierStep(ProcedureStep):
    """One step of a cluster's dossier, due and done."""

    __tablename__ = "cluster_dossier_step"
    detail = DetailInfo(
        name="dossier_steps",
        title=N_("Dossier"),
        order_by=("due_on",),
        key=("step",),
        roles=STAFF,
        known_later={"done_on": ("document_no",)},
        dues=(
            Due(
                title=N_("Dossier steps"),
                day="due_on",
                done="done_on",
                what="step",
                days=14,
                roles=STEERING,
                has_page=True,
            ),
        ),
    )

    feature_id: Mapped[int] = parent("industrial_cluster")
    step: Mapped[DossierStepKind] = field(
        label=N_("Step"), source_names=("BUOC", "THU_TUC"), values=DossierStepKind, required=True
    )


class ClusterReport(Detail):
    """A half-yearly report on a cluster (Circular 14/2024/TT-BCT: to 14 June and to 14 December). Money in VND."""

    __tablename__ = "cluster_report"
    detail = DetailInfo(
        name="reports",
        title=N_("Periodic reports"),
        order_by=("-period_ends_on",),
        key=("period_ends_on",),
        roles=STAFF,
        known_from="period_ends_on",
    )

    feature_id: Mapped[int] = parent("industrial_cluster")
    period_ends_on: Mapped[date] = field(label=N_("Period to"), source_names=("KY_BAO_CAO", "DEN_NGAY"), required=True)
    leased_area_ha: Mapped[Decimal | None] = field(
        label=N_("Leased"),
        source_names=("DT_DA_CHO_THUE",),
        unit="ha",
        type_=Numeric(10, 2),
        check="leased_area_ha >= 0",
    )
    project_count: Mapped[int | None] = field(
        label=N_("Projects"), source_names=("SO_DU_AN",), check="project_count >= 0"
    )
    registered_capital_vnd: Mapped[int | None] = field(
        label=N_("Registered capital"),
        source_names=("VON_DK", "VON_DANG_KY"),
        unit="VND",
        type_=BigInteger,
        check="registered_capital_vnd >= 0",
    )
    worker_count: Mapped[int | None] = field(label=N_("Workers"), check="worker_count >= 0")
    revenue_vnd: Mapped[int | None] = field(label=N_("Revenue"), unit="VND", type_=BigInteger, check="revenue_vnd >= 0")
    budget_paid_vnd: Mapped[int | None] = field(
        label=N_("Paid to the budget"), unit="VND", type_=BigInteger, check="budget_paid_vnd >= 0"
    )


class ClusterDocument(Detail):
    """A document that investors may take along: a leaflet, a price list, a scanned decision; published elsewhere, named here."""

    __tablename__ = "cluster_document"
    detail = DetailInfo(
        name="downloads", title=N_("Documents to download"), order_by=("-published_on", "title"), key=("link",)
    )

    feature_id: Mapped[int] = parent("industrial_cluster")
    title: Mapped[str] = field(
        label=N_("Name of the document"), source_names=("TEN", "TIEU_DE"), type_=Text, required=True
    )
    title_en: Mapped[str | None] = field(
        label=N_("Name of the document in English"), source_names=("TIEU_DE_EN",), type_=Text
    )
    link: Mapped[str] = field(
        label=N_("Address of the file"),
        source_names=("LIEN_KET", "URL"),
        type_=Text,
        required=True,
        check="link ~ '^https://[^[:space:]]+$' AND length(link) <= 500",
        help=N_("Where it is published, beginning with https://"),
    )
    published_on: Mapped[date | None] = field(label=N_("Published on"), source_names=("NGAY", "NGAY_DANG"))
