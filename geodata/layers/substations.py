"""Substations (trạm biến áp), their transformers and load measurements.

Loading (mang tải) = S / S rated; load factor (hệ số phụ tải) = P average / P max: different things.
Bands: over 80 % heavily loaded, over 100 % overloaded is practice, unverified as a legal limit
(docs/domain.md). N-1 here is a planning criterion, not a legal duty.
"""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Numeric, Text, case, cast, func, literal, select
from sqlalchemy.orm import Mapped

from geodata.base.i18n import N_
from geodata.layers.power_lines import GRID_LIFE, VOLTAGES, GridStatus
from geodata.schema.charts import Chart, Reported, ReportFigure
from geodata.schema.details import Detail, DetailInfo, parent
from geodata.schema.feature import Feature, GeometryType, Layer
from geodata.schema.fields import Group, LabelledEnum, derived, field
from geodata.schema.filters import DateRange, Range
from geodata.schema.grid import GridStations
from geodata.schema.portrayal import Style, Symbol, Variation
from geodata.schema.roles import EDITORS, STAFF, Access, Role
from geodata.schema.sense import SameScale


class Scenario(LabelledEnum):
    """When a load was measured or for what it is forecast."""

    DAY_PEAK = "day_peak", N_("Day peak"), "cao điểm ngày"
    EVENING_PEAK = "evening_peak", N_("Evening peak"), "cao điểm đêm"
    OFF_PEAK = "off_peak", N_("Off-peak"), "thấp điểm"
    FORECAST = "forecast", N_("Forecast"), "dự báo"


class Operation(LabelledEnum):
    """Attended or remotely operated."""

    ATTENDED = "attended", N_("Attended"), "người trực", "có người trực"
    UNATTENDED = "unattended", N_("Unattended"), "không người trực"


class LoadingBand(LabelledEnum):
    """Peak apparent power over rated power."""

    OVER_100 = "over_100", N_("Over 100 %")
    FROM_80 = "80_100", N_("80–100 %")
    FROM_60 = "60_80", N_("60–80 %")
    UP_TO_60 = "up_to_60", N_("Up to 60 %")


class Transformer(Detail):
    """A transformer (máy biến áp): 16/25/40/63 MVA at 110 kV, 125/250 MVA at 220 kV."""

    __tablename__ = "transformer"
    detail = DetailInfo(name="transformers", title=N_("Transformers"), order_by=("name",), key=("name",))

    feature_id: Mapped[int] = parent("substation")
    name: Mapped[str] = field(
        label=N_("Transformer"),
        source_names=("TEN", "TEN_MBA", "MBA", "MAY_BIEN_AP", "Tên máy"),
        type_=Text,
        required=True,
    )
    rated_mva: Mapped[Decimal] = field(
        label=N_("Rated power"),
        source_names=("CONG_SUAT", "CS_MVA", "SDM_MVA", "Công suất định mức"),
        unit="MVA",
        type_=Numeric(8, 2),
        required=True,
        check="rated_mva > 0",
    )
    voltages: Mapped[str | None] = field(
        label=N_("Voltages"), source_names=("DIEN_AP", "CAP_DIEN_AP"), unit="kV", type_=Text
    )
    short_circuit_percent: Mapped[Decimal | None] = field(
        label=N_("Short-circuit voltage"),
        source_names=("UK", "UN", "Điện áp ngắn mạch"),
        unit="%",
        type_=Numeric(5, 2),
        roles=STAFF,
    )
    commissioning_year: Mapped[int | None] = field(
        label=N_("Commissioning year"), source_names=("NAM_VH", "NAM_VAN_HANH", "Năm vận hành")
    )
    is_planned: Mapped[bool | None] = field(label=N_("Planned"), source_names=("QUY_HOACH",))


class LoadMeasurement(Detail):
    """A load at one moment, P in MW and Q in MVAr, measured or forecast. Not public."""

    __tablename__ = "load_measurement"
    detail = DetailInfo(
        name="load_measurements",
        title=N_("Loads"),
        order_by=("-measured_at",),
        key=("measured_at", "scenario"),
        roles=STAFF,
    )

    feature_id: Mapped[int] = parent("substation")
    measured_at: Mapped[datetime] = field(
        label=N_("Time"), source_names=("THOI_DIEM", "THOI_GIAN", "GIO_DO"), required=True
    )
    scenario: Mapped[Scenario] = field(
        label=N_("Scenario"), source_names=("CHE_DO", "KICH_BAN"), values=Scenario, required=True
    )
    active_power_mw: Mapped[Decimal] = field(
        label=N_("Active power"),
        source_names=("P_MW", "P", "CS_TAC_DUNG"),
        unit="MW",
        type_=Numeric(9, 2),
        required=True,
        check="active_power_mw >= 0",
    )
    reactive_power_mvar: Mapped[Decimal | None] = field(
        label=N_("Reactive power"), source_names=("Q_MVAR", "Q", "CS_PHAN_KHANG"), unit="MVAr", type_=Numeric(9, 2)
    )
    source: Mapped[str | None] = field(label=N_("Source"), type_=Text)


class RequestState(LabelledEnum):
    """Where a request for power stands."""

    WAITING = "waiting", N_("Waiting"), "đang chờ", "chờ", "đang xem xét"
    ACCEPTED = "accepted", N_("Agreed"), "đã thỏa thuận", "chấp thuận", "đồng ý"
    CONNECTED = "connected", N_("Connected"), "đã đấu nối", "đã đóng điện"
    REFUSED = "refused", N_("Refused or withdrawn"), "từ chối", "rút"


class LoadRequest(Detail):
    """A request to draw power at a station (đăng ký phụ tải): who, how many MW, from which year. Not public."""

    __tablename__ = "load_request"
    detail = DetailInfo(
        name="load_requests",
        title=N_("Requests for power"),
        order_by=("from_year", "applicant"),
        key=("applicant", "from_year"),
        roles=STAFF,
    )

    feature_id: Mapped[int] = parent("substation")
    applicant: Mapped[str] = field(
        label=N_("Who asks"),
        source_names=("KHACH_HANG", "DON_VI", "DON_VI_DK", "Đơn vị đăng ký", "Tên khách hàng"),
        type_=Text,
        required=True,
        check="length(applicant) <= 300",
    )
    power_mw: Mapped[Decimal] = field(
        label=N_("Power"),
        source_names=("P_MW", "CONG_SUAT", "CS_MW", "CS_DANG_KY", "Công suất đăng ký"),
        unit="MW",
        type_=Numeric(8, 2),
        required=True,
        check="power_mw > 0 AND power_mw <= 5000",
    )
    from_year: Mapped[int] = field(
        label=N_("From year"),
        source_names=("NAM", "TU_NAM", "NAM_DK", "Năm đóng điện"),
        required=True,
        check="from_year BETWEEN 2000 AND 2100",
    )
    state: Mapped[RequestState] = field(
        label=N_("State"),
        source_names=("TRANG_THAI", "TINH_TRANG"),
        values=RequestState,
        required=True,
    )
    document_no: Mapped[str | None] = field(label=N_("Document"), type_=Text, source_names=("SO_VB", "VAN_BAN"))
    note: Mapped[str | None] = field(label=N_("Note"), type_=Text, source_names=("GHI_CHU",))


class Substation(Feature):
    """A substation. Geometry: a point. Capacity in MVA, loading in % of the rated transformers."""

    __tablename__ = "substation"
    layer = Layer(
        name="substations",
        sense=(SameScale(name="power_unit", fields=("capacity_mva",)),),
        code_names=("MA_TRAM", "TRAM", "station_code"),
        title=N_("Substations"),
        singular=N_("Substation"),
        description=N_("Substations of 110 kV and above with capacity and loading"),
        geometry=GeometryType.POINT,
        access=Access(write=EDITORS | {Role.PLANNER}),
        style=Style(
            base=Symbol(
                shape="square",
                size_px=15,
                fill="#FFFFFF",
                stroke="#263238",
                stroke_px=1.8,
                level=1,
                glyph="bolt",
                weight=7,
            ),
            by=(
                Variation(
                    field="status",
                    cases={
                        "planned": Symbol(dash=(3, 2.5), stroke="#C2185B"),
                        "building": Symbol(dash=(7, 2.5), stroke="#C2185B"),
                        "upgrading": Symbol(stroke_px=3),
                        "reserve": Symbol(stroke="#8A8F98", dash=(1, 2)),
                        "existing": Symbol(),
                    },
                    unknown=Symbol(stroke="#8A8F98"),
                ),
                Variation(
                    field="voltage_kv",
                    cases={
                        500: Symbol(size_px=24, shape="octagon", weight=9),
                        220: Symbol(size_px=20, shape="framed", weight=9),
                        110: Symbol(size_px=16, shape="rounded"),
                    },
                    unknown=Symbol(size_px=13, shape="circle"),
                ),
                Variation(
                    field="loading_band",
                    cases={
                        "over_100": Symbol(fill="#B2182B", badge="alert", weight=10),
                        "80_100": Symbol(fill="#E66101"),
                        "60_80": Symbol(fill="#E6AB02", level=0.7),
                        "up_to_60": Symbol(fill="#1B9E77", level=0.4),
                    },
                    unknown=Symbol(fill="#FFFFFF", level=0),
                ),
            ),
            label_fields=("name",),
            label_min_zoom=9,
            label_rank=1,
            thin_below_zoom=8,
        ),
        reported=Reported(
            place=4,
            figures=(
                ReportFigure(
                    name="over_80", label=N_("Substations over 80 %"), only={"loading_band": ("80_100", "over_100")}
                ),
                ReportFigure(name="over_100", label=N_("Substations over 100 %"), only={"loading_band": ("over_100",)}),
                ReportFigure(
                    name="over_n_1",
                    label=N_("Substations overloaded with one transformer out"),
                    only={"n_minus_1_percent": ("100.1..",)},
                ),
            ),
        ),
        charts=(Chart(title=N_("Substations by loading"), field="loading_band", sums=("capacity_mva",)),),
        refers={"admin_unit_code": "admin_units"},
        life=replace(GRID_LIFE, sums=("capacity_mva",)),
        grid=GridStations(),
    )
    details = (Transformer, LoadMeasurement, LoadRequest)

    voltage_kv: Mapped[int | None] = field(
        label=N_("Voltage"),
        unit="kV",
        source_names=("DIEN_AP", "CAP_DIEN_AP", "CAP_DA"),
        filter=VOLTAGES,
        group=Group.STATE,
        check="voltage_kv BETWEEN 1 AND 1000",
    )
    status: Mapped[GridStatus | None] = field(
        label=N_("Status"), values=GridStatus, source_names=("TRANG_THAI", "TINH_TRANG"), group=Group.STATE
    )
    capacity_mva: Mapped[Decimal | None] = field(
        label=N_("Capacity"),
        unit="MVA",
        type_=Numeric(9, 2),
        source_names=("CONG_SUAT", "S_DM", "TONG_CS"),
        filter=Range(),
        group=Group.SIZE,
        check="capacity_mva > 0",
    )
    dispatch_code: Mapped[str | None] = field(
        label=N_("Dispatch code"), type_=Text, source_names=("MA_DIEU_DO", "SO_HIEU"), searchable=True
    )
    operation: Mapped[Operation | None] = field(label=N_("Operation"), values=Operation, source_names=("CHE_DO",))
    owner: Mapped[str | None] = field(
        label=N_("Owner"), type_=Text, source_names=("CHU_SO_HUU", "DON_VI_QL"), group=Group.PEOPLE, searchable=True
    )
    commissioned_on: Mapped[date | None] = field(
        label=N_("Commissioned on"), source_names=("NGAY_VH", "NGAY_DD"), filter=DateRange(), group=Group.STATE
    )
    commissioning_year: Mapped[int | None] = field(
        label=N_("Commissioning year"),
        source_names=("NAM_VH", "NAM_DD"),
        filter=Range(),
        group=Group.STATE,
        check="commissioning_year BETWEEN 1950 AND 2100",
    )
    plan_document_no: Mapped[str | None] = field(
        label=N_("Plan document"), type_=Text, source_names=("VB_QH", "SO_VB"), group=Group.LEGAL, searchable=True
    )


_in_service = Transformer.is_planned.is_not(True)
_rated_mva = (
    select(func.sum(Transformer.rated_mva))
    .where(Transformer.feature_id == Substation.id, _in_service)
    .correlate_except(Transformer)
    .scalar_subquery()
)
_largest_mva = (
    select(func.max(Transformer.rated_mva))
    .where(Transformer.feature_id == Substation.id, _in_service)
    .correlate_except(Transformer)
    .scalar_subquery()
)
_peak_mva = (
    select(
        func.max(
            func.sqrt(
                func.power(LoadMeasurement.active_power_mw, 2)
                + func.power(func.coalesce(LoadMeasurement.reactive_power_mvar, 0), 2)
            )
        )
    )
    .where(LoadMeasurement.feature_id == Substation.id, LoadMeasurement.scenario != "forecast")
    .correlate_except(LoadMeasurement)
    .scalar_subquery()
)
_loading = _peak_mva * 100 / func.nullif(func.coalesce(_rated_mva, Substation.capacity_mva), 0)

Substation.peak_load_mva = derived(
    func.round(cast(_peak_mva, Numeric), 1, type_=Numeric()),
    label=N_("Peak load"),
    unit="MVA",
    roles=STAFF,
    filter=Range(),
    group=Group.SIZE,
    help=N_("Highest measured apparent power; forecasts are left out"),
)
Substation.loading_percent = derived(
    func.round(cast(_loading, Numeric), 1, type_=Numeric()),
    label=N_("Loading"),
    unit="%",
    roles=STAFF,
    filter=Range(),
    group=Group.SIZE,
    help=N_("Peak load over the rated power of the transformers in service"),
)
Substation.loading_band = derived(
    case(
        (_loading > 100, literal("over_100")),
        (_loading > 80, literal("80_100")),
        (_loading > 60, literal("60_80")),
        (_loading.is_not(None), literal("up_to_60")),
    ),
    label=N_("Loading band"),
    values=LoadingBand,
    roles=STAFF,
    group=Group.STATE,
)
Substation.n_minus_1_percent = derived(
    func.round(cast(_peak_mva * 100 / func.nullif(_rated_mva - _largest_mva, 0), Numeric), 1, type_=Numeric()),
    label=N_("Loading with the largest transformer out"),
    unit="%",
    roles=STAFF,
    filter=Range(),
    group=Group.SIZE,
    help=N_("Planning criterion N-1; empty where there is only one transformer"),
)
