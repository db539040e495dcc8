"""Markets (chợ), existing and planned, and their area-use price plans.

Sources: Decree 02/2003/NĐ-CP with 114/2009, Decree 60/2024/NĐ-CP from 01/08/2024 (classes: art. 4).
"""

from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, Numeric, Text
from sqlalchemy.orm import Mapped

from geodata.base.i18n import N_
from geodata.schema.charts import Chart, Reported, ReportFigure
from geodata.schema.details import Detail, DetailInfo, parent
from geodata.schema.dues import Due
from geodata.schema.feature import Feature, GeometryType, Layer
from geodata.schema.fields import Group, LabelledEnum, field
from geodata.schema.filters import DateRange, Range
from geodata.schema.grid import GridConsumers
from geodata.schema.lifecycle import Life
from geodata.schema.pipeline import Pipeline, Term
from geodata.schema.portrayal import Style, Symbol, Variation
from geodata.schema.procedures import ProcedureStep
from geodata.schema.roles import EDITORS, STAFF, STEERING, Access, Role
from geodata.schema.sense import InOrder, SameScale


class MarketClass(LabelledEnum):
    """Decree 60/2024/NĐ-CP art. 4(2): over 400 stalls, 200 to 400, below 200 or not solid."""

    CLASS_1 = "1", N_("Class 1"), "hạng 1", "hạng i", "i"
    CLASS_2 = "2", N_("Class 2"), "hạng 2", "hạng ii", "ii"
    CLASS_3 = "3", N_("Class 3"), "hạng 3", "hạng iii", "iii"
    UNCLASSIFIED = "unclassified", N_("Unclassified"), "chưa phân hạng", "chưa xếp hạng"


class MarketStatus(LabelledEnum):
    """State of the market or of its project."""

    REBUILDING = "rebuilding", N_("Rebuilding"), "xây lại", "đang xây lại"
    BUILDING = "building", N_("Being built"), "xây mới", "đang xây dựng"
    PREPARING = "preparing", N_("Investment in preparation"), "chuẩn bị đt", "chuẩn bị đầu tư"
    SURVEYING = "surveying", N_("Site survey"), "khảo sát"
    PLANNED = "planned", N_("Planned"), "quy hoạch"
    SUSPENDED = "suspended", N_("Suspended"), "tạm dừng", "tạm ngừng"
    OPERATING = "operating", N_("Operating"), "hoạt động", "đang hoạt động"
    CLEARED = "cleared", N_("Cleared"), "giải tỏa", "đã giải tỏa"


class MarketKind(LabelledEnum):
    """Kind of market; spontaneous trading spots are kept apart."""

    RETAIL = "retail", N_("Retail market"), "dân sinh", "chợ dân sinh"
    WHOLESALE = "wholesale", N_("Wholesale market"), "đầu mối", "chợ đầu mối"
    TEMPORARY = "temporary", N_("Temporary market"), "tạm", "chợ tạm"
    NIGHT = "night", N_("Night market"), "đêm", "chợ đêm"
    SPONTANEOUS = "spontaneous", N_("Spontaneous trading spot"), "tự phát", "điểm kinh doanh tự phát"


class Structure(LabelledEnum):
    """Kết cấu."""

    PERMANENT = "permanent", N_("Permanent"), "kiên cố"
    SEMI_PERMANENT = "semi_permanent", N_("Semi-permanent"), "bán kiên cố"
    TEMPORARY = "temporary", N_("Temporary"), "tạm"


class ManagementModel(LabelledEnum):
    """Who runs the market."""

    BOARD = "board", N_("Management board"), "ban quản lý", "bql"
    TEAM = "team", N_("Management team"), "tổ quản lý"
    COMMUNE = "commune", N_("Commune or ward committee"), "ubnd xã", "ubnd phường", "ubnd xã, phường"
    ENTERPRISE = "enterprise", N_("Enterprise"), "doanh nghiệp"
    COOPERATIVE = "cooperative", N_("Cooperative"), "hợp tác xã", "htx"
    HOUSEHOLD = "household", N_("Household business"), "hộ"


class ConversionStep(LabelledEnum):
    """Conversion of the management model, from review to completion."""

    NONE = "none", N_("Not converting"), "không"
    REVIEW = "review", N_("Review"), "rà soát"
    PLAN = "plan", N_("Conversion plan"), "phương án"
    APPRAISAL = "appraisal", N_("Appraisal"), "thẩm định"
    APPROVED = "approved", N_("Approved"), "phê duyệt"
    SELECTION = "selection", N_("Selecting the operator"), "đấu giá", "lựa chọn"
    HANDOVER = "handover", N_("Handover"), "bàn giao"
    DONE = "done", N_("Completed"), "hoàn thành"


class CapitalSource(LabelledEnum):
    """Where the investment comes from."""

    BUDGET = "budget", N_("State budget"), "ngân sách"
    PRIVATE = "private", N_("Outside the budget"), "ngoài ngân sách", "xã hội hóa"
    MIXED = "mixed", N_("Mixed capital"), "hỗn hợp"


class PricePlanStatus(LabelledEnum):
    """State of a price plan."""

    DECLARED = "declared", N_("Declared"), "kê khai"
    APPRAISING = "appraising", N_("In appraisal"), "thẩm định"
    APPROVED = "approved", N_("Approved"), "đã duyệt"


class PricePlan(Detail):
    """A price for using market area (giá dịch vụ sử dụng diện tích bán hàng), VND per m² and month."""

    __tablename__ = "market_price_plan"
    detail = DetailInfo(
        name="price_plans",
        title=N_("Price plans"),
        order_by=("valid_from", "stall_group"),
        key=("stall_group", "valid_from"),
        term=Term(
            title=N_("Price plans that end"),
            begins="valid_from",
            ends="valid_to",
            per="stall_group",
            days=60,
            only={"status": (PricePlanStatus.APPROVED,)},
            before={"status": (PricePlanStatus.DECLARED, PricePlanStatus.APPRAISING)},
        ),
    )

    feature_id: Mapped[int] = parent("market")
    stall_group: Mapped[str] = field(
        label=N_("Stall group"), source_names=("NHOM", "NHOM_HANG", "VI_TRI"), type_=Text, required=True
    )
    price_vnd_m2_month: Mapped[int] = field(
        label=N_("Price"),
        source_names=("GIA", "DON_GIA", "MUC_GIA"),
        unit="VND/m²/month",
        required=True,
        check="price_vnd_m2_month > 0",
    )
    decision_no: Mapped[str | None] = field(label=N_("Decision"), source_names=("SO_QD", "QUYET_DINH"), type_=Text)
    valid_from: Mapped[date | None] = field(label=N_("Valid from"), source_names=("TU_NGAY", "NGAY_AP_DUNG"))
    valid_to: Mapped[date | None] = field(label=N_("Valid to"), source_names=("DEN_NGAY",))
    status: Mapped[PricePlanStatus | None] = field(
        label=N_("Status"), source_names=("TRANG_THAI",), values=PricePlanStatus
    )


class ConversionTask(LabelledEnum):
    """The steps by which a market changes its management, in the order of the procedure."""

    REVIEW = "review", N_("Review"), "rà soát"
    PLAN = "plan", N_("Conversion plan"), "phương án"
    APPRAISAL = "appraisal", N_("Appraisal"), "thẩm định"
    APPROVED = "approved", N_("Approval of the plan"), "phê duyệt"
    SELECTION = "selection", N_("Selecting the operator"), "đấu giá", "lựa chọn"
    HANDOVER = "handover", N_("Handover"), "bàn giao"


class ConversionDossier(ProcedureStep):
    """One step of the conversion of a market's management, due and done, and who holds it."""

    __tablename__ = "market_conversion_step"
    detail = DetailInfo(
        name="conversion_steps",
        title=N_("Conversion of the management"),
        order_by=("due_on",),
        key=("step",),
        roles=STAFF,
        known_later={"done_on": ("document_no",)},
        dues=(
            Due(
                title=N_("Conversions of markets"), day="due_on", done="done_on", what="step", days=14, roles=STEERING,
                has_page=True,
            ),
        ),
    )  # fmt: skip

    feature_id: Mapped[int] = parent("market")
    step: Mapped[ConversionTask] = field(
        label=N_("Step"), source_names=("BUOC", "THU_TUC"), values=ConversionTask, required=True
    )


_TEAL = "#00796B"


class Market(Feature):
    """A market. Geometry: a point at the main gate. Areas in m², money in VND."""

    __tablename__ = "market"
    layer = Layer(
        grid=GridConsumers(),
        pipeline=Pipeline(
            title=N_("Markets that change their management"),
            field="conversion_step",
            states=tuple(step for step in ConversionStep if step not in {ConversionStep.NONE, ConversionStep.DONE}),
            holder="manager",
            steps="conversion_steps",
            place=1,
        ),
        name="markets",
        sense=(
            InOrder(name="years_in_order", lesser="built_year", greater="commissioning_year"),
            SameScale(name="area_unit", fields=("land_area_m2", "floor_area_m2")),
            SameScale(name="trader_scale", fields=("trader_count", "stall_count")),
        ),
        code_names=("MA_CHO", "market_code"),
        title=N_("Markets"),
        singular=N_("Market"),
        description=N_("Markets in operation, being rebuilt and planned"),
        geometry=GeometryType.POINT,
        access=Access(write=EDITORS | {Role.PLANNER}),
        style=Style(
            base=Symbol(
                shape="circle",
                size_px=15,
                fill=_TEAL,
                stroke="#FFFFFF",
                stroke_px=1.5,
                level=1,
                glyph="market",
                weight=3,
            ),
            by=(
                Variation(
                    field="status",
                    cases={
                        "rebuilding": Symbol(level=0.5, stroke=_TEAL, badge="works", weight=5),
                        "building": Symbol(level=0.5, stroke=_TEAL, weight=5),
                        "preparing": Symbol(level=0.25, stroke=_TEAL, weight=5),
                        "surveying": Symbol(level=0, dash=(1, 2), stroke=_TEAL, weight=5),
                        "planned": Symbol(level=0, dash=(4, 3), stroke=_TEAL, weight=5),
                        "suspended": Symbol(fill="#C3C8CF", stroke="#5F6670"),
                        "operating": Symbol(),
                        "cleared": Symbol(fill="#8A8F98", badge="cross"),
                    },
                    unknown=Symbol(fill="#FFFFFF", stroke=_TEAL, level=0),
                ),
                Variation(
                    field="market_class",
                    cases={
                        "1": Symbol(size_px=20, glyph="one", weight=5),
                        "2": Symbol(size_px=17, glyph="two"),
                        "3": Symbol(size_px=15, glyph="three"),
                        "unclassified": Symbol(size_px=13, glyph="market"),
                    },
                    unknown=Symbol(size_px=13, glyph="question"),
                ),
            ),
            label_min_zoom=13,
            label_rank=4,
            thin_below_zoom=12,
        ),
        reported=Reported(
            place=3,
            figures=(
                ReportFigure(name="operating", label=N_("Markets in operation"), only={"status": ("operating",)}),
                ReportFigure(
                    name="by_class", label=N_("Markets by class"), only={"status": ("operating",)}, by="market_class"
                ),
                ReportFigure(
                    name="being_built",
                    label=N_("Markets being rebuilt or built"),
                    only={"status": ("rebuilding", "building")},
                ),
                ReportFigure(
                    name="converting",
                    label=N_("Markets converting their management"),
                    only={"conversion_step": ("review", "plan", "appraisal", "approved", "selection", "handover")},
                ),
            ),
        ),
        charts=(
            Chart(title=N_("Markets by class"), field="market_class", sums=("stall_count",)),
            Chart(title=N_("Markets by status of the project"), field="status", sums=("stall_count",)),
        ),
        refers={"admin_unit_code": "admin_units", "temporary_market_code": "markets"},
        life=Life(
            begins=("commissioning_year", "built_year", "valid_from"),
            status="status",
            planned=("planned", "surveying", "preparing"),
            under_way=("building", "rebuilding"),
            gone=("cleared",),
            due="commissioning_year",
        ),
    )
    details = (PricePlan, ConversionDossier)

    status: Mapped[MarketStatus | None] = field(
        label=N_("Status"), values=MarketStatus, source_names=("TRANG_THAI", "TINH_TRANG"), group=Group.STATE
    )
    market_class: Mapped[MarketClass | None] = field(
        label=N_("Class"), values=MarketClass, source_names=("HANG", "HANG_CHO"), group=Group.STATE
    )
    kind: Mapped[MarketKind | None] = field(label=N_("Kind"), values=MarketKind, source_names=("LOAI", "LOAI_HINH"))
    is_rural: Mapped[bool | None] = field(label=N_("Rural market"), source_names=("NONG_THON",))
    stall_count: Mapped[int | None] = field(
        label=N_("Stalls"), source_names=("SO_DIEM_KD",), filter=Range(), group=Group.SIZE, check="stall_count >= 0"
    )
    trader_count: Mapped[int | None] = field(
        label=N_("Traders"),
        source_names=("SO_HO", "SO_HO_KD"),
        filter=Range(),
        group=Group.SIZE,
        check="trader_count >= 0",
    )
    land_area_m2: Mapped[Decimal | None] = field(
        label=N_("Land"),
        unit="m²",
        type_=Numeric(12, 1),
        source_names=("DT_DAT", "DIEN_TICH"),
        filter=Range(),
        group=Group.SIZE,
        check="land_area_m2 >= 0",
    )
    floor_area_m2: Mapped[Decimal | None] = field(
        label=N_("Built floor"),
        unit="m²",
        type_=Numeric(12, 1),
        source_names=("DT_XD",),
        filter=Range(),
        group=Group.SIZE,
        check="floor_area_m2 >= 0",
    )
    structure: Mapped[Structure | None] = field(
        label=N_("Structure"), values=Structure, source_names=("KET_CAU",), group=Group.SIZE
    )
    built_year: Mapped[int | None] = field(
        label=N_("Built in"),
        source_names=("NAM_XD",),
        filter=Range(),
        group=Group.SIZE,
        check="built_year BETWEEN 1800 AND 2100",
    )
    commissioning_year: Mapped[int | None] = field(
        label=N_("Planned opening"),
        source_names=("NAM_HD", "NAM_DU_KIEN"),
        filter=Range(),
        group=Group.STATE,
        check="commissioning_year BETWEEN 1990 AND 2100",
    )
    management_model: Mapped[ManagementModel | None] = field(
        label=N_("Management model"), values=ManagementModel, source_names=("MO_HINH_QL",), group=Group.PEOPLE
    )
    conversion_step: Mapped[ConversionStep | None] = field(
        label=N_("Model conversion"), values=ConversionStep, source_names=("CHUYEN_DOI",), group=Group.PEOPLE
    )
    manager: Mapped[str | None] = field(
        label=N_("Operator"), type_=Text, source_names=("DON_VI_QL",), group=Group.PEOPLE, searchable=True
    )
    capital_vnd: Mapped[int | None] = field(
        label=N_("Investment"),
        unit="VND",
        type_=BigInteger,
        source_names=("VON",),
        group=Group.SIZE,
        check="capital_vnd >= 0",
    )
    capital_source: Mapped[CapitalSource | None] = field(
        label=N_("Capital source"), values=CapitalSource, source_names=("NGUON_VON",), group=Group.SIZE
    )
    document_no: Mapped[str | None] = field(
        label=N_("Document"), type_=Text, source_names=("SO_VB", "VAN_BAN"), group=Group.LEGAL, searchable=True
    )
    document_on: Mapped[date | None] = field(
        label=N_("Document of"), source_names=("NGAY_VB",), filter=DateRange(), group=Group.LEGAL
    )
    temporary_market_code: Mapped[str | None] = field(
        label=N_("Temporary market meanwhile"), type_=Text, source_names=("CHO_TAM",), group=Group.STATE
    )
    has_open_petition: Mapped[bool | None] = field(
        label=N_("Voter petition open"), source_names=("KIEN_NGHI",), group=Group.STATE, roles=STAFF
    )
    fire_safety_ok: Mapped[bool | None] = field(
        label=N_("Fire safety accepted"), source_names=("PCCC",), group=Group.STATE, roles=STAFF
    )
    waste_collected: Mapped[bool | None] = field(
        label=N_("Waste collected"), source_names=("THU_GOM_RAC", "RAC_THAI"), group=Group.STATE, roles=STAFF
    )
    food_safety_ok: Mapped[bool | None] = field(
        label=N_("Food safety met"), source_names=("ATTP", "AN_TOAN_TP"), group=Group.STATE, roles=STAFF
    )
