"""What hangs on a project: milestones, progress, obstacles, money by year, what it builds, meetings. Money in VND."""

from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, Numeric, Text
from sqlalchemy.orm import Mapped

from geodata.base.i18n import N_
from geodata.schema.details import Detail, DetailInfo, parent
from geodata.schema.dues import Due
from geodata.schema.fields import LabelledEnum, field
from geodata.schema.roles import STAFF, STEERING


class ProjectStatus(LabelledEnum):
    """Where the project stands by its papers."""

    PROPOSED = "proposed", N_("Proposed"), "đề xuất"
    PREPARING = "preparing", N_("Investment in preparation"), "chuẩn bị đầu tư", "chuẩn bị đt"
    BUILDING = "building", N_("Being built"), "đang thi công", "đang xây dựng"
    SUSPENDED = "suspended", N_("Suspended"), "tạm dừng", "tạm ngừng"
    DONE = "done", N_("Completed"), "hoàn thành"
    CANCELLED = "cancelled", N_("Cancelled"), "hủy bỏ", "dừng thực hiện"


#: Projects of which nothing falls due any more.
_STANDING_STILL = (ProjectStatus.DONE, ProjectStatus.CANCELLED)


class ObstacleState(LabelledEnum):
    """Where an obstacle (vướng mắc) stands."""

    OPEN = "open", N_("Not settled"), "chưa giải quyết"
    ACTING = "acting", N_("Being settled"), "đang giải quyết"
    SETTLED = "settled", N_("Settled"), "đã giải quyết"


class Change(LabelledEnum):
    """What a project does to an object of the map."""

    BUILDS = "builds", N_("Builds"), "xây mới"
    CHANGES = "changes", N_("Alters"), "cải tạo", "nâng cấp"
    REMOVES = "removes", N_("Removes"), "phá dỡ"


class CapitalYear(Detail):
    """A year's money of a project, VND: what the plan gives, what has been disbursed by the day of the report."""

    __tablename__ = "project_capital"
    detail = DetailInfo(
        name="capital_years",
        title=N_("Capital by year"),
        order_by=("budget_year",),
        key=("budget_year",),
        roles=STAFF,
        known_later={"reported_on": ("disbursed_vnd",)},
    )

    feature_id: Mapped[int] = parent("project")
    budget_year: Mapped[int] = field(
        label=N_("Year"), source_names=("NAM", "NAM_KH"), required=True, check="budget_year BETWEEN 1990 AND 2100"
    )
    planned_vnd: Mapped[int | None] = field(
        label=N_("Capital plan"),
        unit="VND",
        type_=BigInteger,
        source_names=("KE_HOACH_VON", "KH_VON"),
        check="planned_vnd >= 0",
    )
    disbursed_vnd: Mapped[int | None] = field(
        label=N_("Disbursed"), unit="VND", type_=BigInteger, source_names=("GIAI_NGAN",), check="disbursed_vnd >= 0"
    )
    reported_on: Mapped[date | None] = field(label=N_("Reported on"), source_names=("NGAY_BC", "NGAY_BAO_CAO"))
    source: Mapped[str | None] = field(label=N_("Source"), type_=Text, source_names=("NGUON",))


class Milestone(Detail):
    """A milestone (mốc): its planned day, the forecast with the day it was made, and the day it was reached."""

    __tablename__ = "project_milestone"
    detail = DetailInfo(
        name="milestones",
        title=N_("Milestones"),
        order_by=("planned_on", "id"),
        key=("name",),
        known_later={"done_on": (), "forecast_made_on": ("forecast_on",)},
        dues=(
            Due(
                title=N_("Milestones"),
                day="planned_on",
                done="done_on",
                what="name",
                days=30,
                unless={"status": _STANDING_STILL},
                roles=STEERING,
            ),
        ),
    )

    feature_id: Mapped[int] = parent("project")
    name: Mapped[str] = field(label=N_("Milestone"), type_=Text, source_names=("MOC", "TEN_MOC"), required=True)
    planned_on: Mapped[date | None] = field(label=N_("Planned on"), source_names=("KE_HOACH", "NGAY_KH"))
    forecast_on: Mapped[date | None] = field(label=N_("Forecast for"), source_names=("DU_BAO",), roles=STAFF)
    forecast_made_on: Mapped[date | None] = field(label=N_("Forecast made on"), source_names=("NGAY_DB",), roles=STAFF)
    done_on: Mapped[date | None] = field(label=N_("Reached on"), source_names=("THUC_TE", "HOAN_THANH"))
    share_percent: Mapped[Decimal | None] = field(
        label=N_("Share of the work"),
        unit="%",
        type_=Numeric(5, 2),
        source_names=("TY_TRONG",),
        check="share_percent BETWEEN 0 AND 100",
    )
    responsible: Mapped[str | None] = field(
        label=N_("Who must act"), type_=Text, source_names=("TRACH_NHIEM", "DON_VI"), roles=STAFF
    )
    source: Mapped[str | None] = field(label=N_("Source"), type_=Text, source_names=("NGUON",))


class ProgressReport(Detail):
    """How far the work is on a day, in % of the whole, and who says so."""

    __tablename__ = "project_progress"
    detail = DetailInfo(
        name="progress",
        title=N_("Progress"),
        order_by=("-reported_on",),
        key=("reported_on",),
        known_from="reported_on",
    )

    feature_id: Mapped[int] = parent("project")
    reported_on: Mapped[date] = field(label=N_("Day"), source_names=("NGAY", "NGAY_BC"), required=True)
    percent: Mapped[Decimal] = field(
        label=N_("Done so far"),
        unit="%",
        type_=Numeric(5, 2),
        source_names=("TIEN_DO", "PHAN_TRAM"),
        required=True,
        check="percent BETWEEN 0 AND 100",
    )
    reported_by: Mapped[str] = field(
        label=N_("Who says so"), type_=Text, source_names=("NGUOI_BC", "DON_VI_BC"), required=True
    )
    note: Mapped[str | None] = field(label=N_("Note"), type_=Text, source_names=("GHI_CHU",))


class Obstacle(Detail):
    """What holds a project up (vướng mắc), who must act by when, and whether it is settled."""

    __tablename__ = "project_obstacle"
    detail = DetailInfo(
        name="obstacles",
        title=N_("Obstacles"),
        order_by=("due_on", "raised_on"),
        key=("raised_on", "description"),
        roles=STAFF,
        known_from="raised_on",
        known_later={"settled_on": ()},
        dues=(
            Due(
                title=N_("Obstacles"),
                day="due_on",
                done="settled_on",
                what="description",
                days=14,
                only={"state": (ObstacleState.OPEN, ObstacleState.ACTING)},
                unless={"status": _STANDING_STILL},
                roles=STEERING,
            ),
        ),
    )

    feature_id: Mapped[int] = parent("project")
    raised_on: Mapped[date] = field(label=N_("Raised on"), source_names=("NGAY", "NGAY_NEU"), required=True)
    description: Mapped[str] = field(
        label=N_("Obstacle"), type_=Text, source_names=("VUONG_MAC", "NOI_DUNG"), required=True
    )
    responsible: Mapped[str] = field(
        label=N_("Who must act"), type_=Text, source_names=("TRACH_NHIEM", "DON_VI"), required=True
    )
    due_on: Mapped[date | None] = field(label=N_("Due"), source_names=("HAN", "NGAY_HAN"))
    state: Mapped[ObstacleState] = field(
        label=N_("State"), values=ObstacleState, source_names=("TRANG_THAI",), required=True
    )
    settled_on: Mapped[date | None] = field(label=N_("Settled on"), source_names=("NGAY_XONG",))
    note: Mapped[str | None] = field(label=N_("Note"), type_=Text, source_names=("GHI_CHU",))


class ProjectObject(Detail):
    """An object of another layer that the project builds or changes, named by its code."""

    __tablename__ = "project_object"
    detail = DetailInfo(
        name="objects",
        title=N_("Objects on the map"),
        order_by=("object_code",),
        key=("object_code",),
        names_object="object_code",
    )

    feature_id: Mapped[int] = parent("project")
    object_code: Mapped[str] = field(
        label=N_("Code of the object"), type_=Text, source_names=("MA_DOI_TUONG", "MA_DT"), required=True
    )
    change: Mapped[Change] = field(
        label=N_("What the project does"), values=Change, source_names=("TAC_DONG",), required=True
    )


class Meeting(Detail):
    """A meeting on a project and what it concluded."""

    __tablename__ = "project_meeting"
    detail = DetailInfo(
        name="meetings",
        title=N_("Meetings"),
        order_by=("-held_on",),
        key=("held_on", "subject"),
        roles=STAFF,
        known_from="held_on",
    )

    feature_id: Mapped[int] = parent("project")
    held_on: Mapped[date] = field(label=N_("Held on"), source_names=("NGAY", "NGAY_HOP"), required=True)
    subject: Mapped[str] = field(label=N_("Subject"), type_=Text, source_names=("NOI_DUNG", "CHU_DE"), required=True)
    conclusion: Mapped[str | None] = field(label=N_("Conclusion"), type_=Text, source_names=("KET_LUAN",))
    attendees: Mapped[str | None] = field(label=N_("Who was there"), type_=Text, source_names=("THANH_PHAN", "DU_HOP"))
    document_no: Mapped[str | None] = field(label=N_("Document"), type_=Text, source_names=("SO_VB", "VAN_BAN"))
