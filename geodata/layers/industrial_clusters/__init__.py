"""Industrial clusters (cụm công nghiệp, CCN) and the steps of their establishment dossier.

Sources: Decree 68/2017/NĐ-CP with 66/2020 until 30/04/2024, Decree 32/2024/NĐ-CP from 01/05/2024;
database and reports: Circular 15/2017/TT-BCT art. 12-13, then Circular 14/2024/TT-BCT.
"""

from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, Numeric, Text, case, cast, func, literal
from sqlalchemy.orm import Mapped

from geodata.base.i18n import N_
from geodata.layers.industrial_clusters.details import (
    ClusterDocument,
    ClusterKind,
    ClusterReport,
    ClusterStatus,
    DossierStep,
    WastewaterState,
)
from geodata.layers.industrial_clusters.public import SHOWCASE
from geodata.layers.industrial_clusters.reports import CLUSTERS_ONLY, REPORTED
from geodata.schema.charts import Chart
from geodata.schema.feature import Feature, GeometryType, Layer
from geodata.schema.fields import Group, derived, field
from geodata.schema.filters import Choice, DateRange, Range
from geodata.schema.grid import GridConsumers
from geodata.schema.lifecycle import Life
from geodata.schema.pipeline import Pipeline
from geodata.schema.portrayal import CROSSED, DOTTED, Style, Symbol, Variation
from geodata.schema.roles import EDITORS, STAFF, Access, Role
from geodata.schema.sense import InOrder, LeadingZero, SameScale

_HATCHED = Symbol(hatch=45, fill_opacity=0.55)
_PLANNED = Symbol(fill_opacity=0.06, dash=(7, 5))
_GREY = Symbol(fill="#8A8F98", stroke="#5F6670", fill_opacity=0.35, hatch=180)


class IndustrialCluster(Feature):
    """An industrial cluster. Geometry: its boundary. Areas in ha, money in VND, occupancy in %."""

    __tablename__ = "industrial_cluster"
    layer = Layer(
        name="industrial_clusters",
        pipeline=Pipeline(
            title=N_("Industrial clusters to be established"),
            field="status",
            states=(
                ClusterStatus.PROPOSED,
                ClusterStatus.LISTED,
                ClusterStatus.APPRAISING,
                ClusterStatus.SUBMITTED,
                ClusterStatus.ESTABLISHED,
                ClusterStatus.LAND_CLEARANCE,
                ClusterStatus.BUILDING,
            ),
            holder="investor",
            only=CLUSTERS_ONLY,
            steps="dossier_steps",
        ),
        sense=(
            InOrder(name="industrial_land_of_area", lesser="industrial_land_ha", greater="area_ha"),
            InOrder(name="leased_of_industrial_land", lesser="leased_area_ha", greater="industrial_land_ha"),
            InOrder(name="disbursed_of_capital", lesser="disbursed_capital_vnd", greater="infrastructure_capital_vnd"),
            SameScale(name="area_unit", fields=("area_ha", "planned_area_ha", "industrial_land_ha", "leased_area_ha")),
            SameScale(name="money_unit", fields=("infrastructure_capital_vnd", "disbursed_capital_vnd")),
            SameScale(name="power_unit", fields=("power_demand_mw",)),
            SameScale(name="price_unit", fields=("land_price_vnd_m2",)),
            LeadingZero(name="phone_zero", field="contact_phone", digits=10),
        ),
        code_names=("MA_CUM", "MA_CCN", "cluster_code"),
        title=N_("Industrial clusters"),
        singular=N_("Industrial cluster"),
        description=N_("Industrial clusters from proposal to full; parks and zones for context"),
        geometry=GeometryType.POLYGON,
        access=Access(write=EDITORS | {Role.PLANNER}),
        style=Style(
            base=Symbol(fill="#6A51A3", stroke="#4A3580", stroke_px=1.8, fill_opacity=0.45, weight=8),
            small=Symbol(shape="hexagon", size_px=17, glyph="factory"),
            by=(
                Variation(
                    field="status",
                    cases={
                        "appraising": Symbol(fill_opacity=0.06, dash=(7, 3, 2, 3)),
                        "submitted": Symbol(fill_opacity=0.06, dash=(14, 4)),
                        "listed": _PLANNED,
                        "proposed": Symbol(fill_opacity=0.06, dash=(2, 4)),
                        "established": Symbol(hatch=135, fill_opacity=0.35),
                        "land_clearance": Symbol(hatch=DOTTED, fill_opacity=0.55),
                        "building": _HATCHED,
                        "expanding": Symbol(hatch=CROSSED, fill_opacity=0.55),
                        "operating": Symbol(),
                        "full": Symbol(fill_opacity=0.85, stroke_px=2.6),
                        "suspended": _GREY,
                        "abolished": Symbol(
                            fill="#8A8F98", stroke="#5F6670", fill_opacity=0.12, dash=(1, 2), badge="cross"
                        ),
                    },
                    unknown=Symbol(fill="#FFFFFF", fill_opacity=0.5),
                ),
            ),
            label_fields=("name", "free_land_ha"),
            short=(("Cụm công nghiệp", "CCN"), ("Khu công nghiệp", "KCN")),
            label_min_zoom=8,
            label_rank=2,
            legend_note=N_("Industrial parks and economic zones are counted here too."),
        ),
        showcase=SHOWCASE,
        in_english={"industries": "industries_en"},
        refers={"admin_unit_code": "admin_units", "supplying_substation_code": "substations"},
        reported=REPORTED,
        charts=(
            Chart(
                title=N_("Industrial clusters by status"),
                field="status",
                only=CLUSTERS_ONLY,
                sums=("area_ha", "free_land_ha"),
            ),
            Chart(
                title=N_("Industrial clusters by occupancy"),
                field="occupancy_percent",
                spans=("..0", "0.1..49.9", "50..79.9", "80..99.9", "100.."),
                only=CLUSTERS_ONLY,
                sums=("industrial_land_ha", "free_land_ha"),
            ),
        ),
        life=Life(
            begins=("established_on", "valid_from"),
            status="status",
            planned=("proposed", "listed", "appraising", "submitted"),
            under_way=("established", "land_clearance", "building"),
            gone=("abolished",),
            sums=("area_ha", "free_land_ha"),
        ),
        grid=GridConsumers(
            supplied_by="supplying_substation_code",
            free_ha="free_land_ha",
            trade="industries",
            stated_mw="power_demand_mw",
        ),
    )
    details = (DossierStep, ClusterReport, ClusterDocument)

    kind: Mapped[ClusterKind | None] = field(label=N_("Kind"), values=ClusterKind, source_names=("LOAI", "LOAI_HINH"))
    status: Mapped[ClusterStatus | None] = field(
        label=N_("Status"), values=ClusterStatus, source_names=("TRANG_THAI", "TINH_TRANG"), group=Group.STATE
    )
    planned_area_ha: Mapped[Decimal | None] = field(
        label=N_("Planned area"),
        unit="ha",
        type_=Numeric(10, 2),
        source_names=("DIEN_TICH_QH", "DT_QH"),
        filter=Range(),
        group=Group.SIZE,
        check="planned_area_ha >= 0",
    )
    area_ha: Mapped[Decimal | None] = field(
        label=N_("Established area"),
        unit="ha",
        type_=Numeric(10, 2),
        source_names=("DIEN_TICH", "DIEN_TICH_TL", "DT_TL"),
        filter=Range(),
        group=Group.SIZE,
        check="area_ha >= 0",
    )
    industrial_land_ha: Mapped[Decimal | None] = field(
        label=N_("Industrial land"),
        unit="ha",
        type_=Numeric(10, 2),
        source_names=("DIEN_TICH_DAT_CN", "DAT_CN"),
        filter=Range(),
        group=Group.SIZE,
        check="industrial_land_ha >= 0",
    )
    leased_area_ha: Mapped[Decimal | None] = field(
        label=N_("Leased"),
        unit="ha",
        type_=Numeric(10, 2),
        source_names=("DT_DA_CHO_THUE", "DA_CHO_THUE"),
        filter=Range(),
        group=Group.SIZE,
        check="leased_area_ha >= 0",
    )
    free_land_ha: Mapped[Decimal | None] = derived(
        # greatest() skips missing values: land nobody has measured is not land that is let.
        case(
            (
                (industrial_land_ha - leased_area_ha).is_not(None),
                func.greatest(industrial_land_ha - leased_area_ha, literal(0), type_=Numeric()),
            )
        ),
        label=N_("Free land"),
        unit="ha",
        filter=Range(),
        group=Group.SIZE,
        help=N_("Industrial land not yet leased"),
    )
    occupancy_percent: Mapped[Decimal | None] = derived(
        func.round(cast(leased_area_ha * 100 / func.nullif(industrial_land_ha, 0), Numeric), 1, type_=Numeric()),
        label=N_("Occupancy"),
        unit="%",
        filter=Range(),
        group=Group.SIZE,
        help=N_("Leased area over industrial land, not over the total area"),
    )
    investor: Mapped[str | None] = field(
        label=N_("Infrastructure investor"),
        type_=Text,
        source_names=("CHU_DT", "CHU_DAU_TU"),
        searchable=True,
        group=Group.PEOPLE,
    )
    tax_code: Mapped[str | None] = field(
        label=N_("Tax code"),
        type_=Text,
        source_names=("MA_SO_DN", "MST"),
        group=Group.PEOPLE,
        roles=STAFF,
        check="tax_code ~ '^[0-9]{10}(-?[0-9]{3})?$'",
    )
    industries: Mapped[str | None] = field(
        label=N_("Industries"), type_=Text, source_names=("NGANH_NGHE",), group=Group.PEOPLE
    )
    industries_en: Mapped[str | None] = field(
        label=N_("Industries in English"),
        type_=Text,
        source_names=("NGANH_NGHE_EN",),
        group=Group.PEOPLE,
        in_panel=False,
    )
    land_price_vnd_m2: Mapped[int | None] = field(
        label=N_("Land price"),
        unit="VND/m²",
        type_=BigInteger,
        source_names=("GIA_DAT", "GIA_THUE_DAT", "DON_GIA"),
        filter=Range(),
        group=Group.SIZE,
        check="land_price_vnd_m2 >= 0",
        help=N_("Asked once for a square metre with infrastructure until the project ends, without VAT"),
    )
    price_stated_on: Mapped[date | None] = field(
        label=N_("Land price as of"), source_names=("NGAY_GIA", "GIA_TU_NGAY"), group=Group.SIZE
    )
    contact: Mapped[str | None] = field(
        label=N_("Contact for investors"), type_=Text, source_names=("LIEN_HE", "DAU_MOI"), group=Group.PEOPLE
    )
    contact_phone: Mapped[str | None] = field(
        label=N_("Phone"), type_=Text, source_names=("DIEN_THOAI", "SDT"), group=Group.PEOPLE
    )
    contact_email: Mapped[str | None] = field(
        label=N_("E-mail"),
        type_=Text,
        source_names=("EMAIL", "THU_DIEN_TU"),
        group=Group.PEOPLE,
        check="contact_email ~ '^[^@[:space:]]+@[^@[:space:]]+$'",
    )
    infrastructure_capital_vnd: Mapped[int | None] = field(
        label=N_("Infrastructure capital"),
        unit="VND",
        type_=BigInteger,
        source_names=("VON_DAU_TU_HT", "VON_DT"),
        group=Group.SIZE,
        check="infrastructure_capital_vnd >= 0",
    )
    disbursed_capital_vnd: Mapped[int | None] = field(
        label=N_("Disbursed"),
        unit="VND",
        type_=BigInteger,
        source_names=("VON_THUC_HIEN",),
        group=Group.SIZE,
        roles=STAFF,
        check="disbursed_capital_vnd >= 0",
    )
    project_count: Mapped[int | None] = field(
        label=N_("Projects"),
        source_names=("SO_DU_AN",),
        filter=Range(),
        group=Group.PEOPLE,
        check="project_count >= 0",
    )
    worker_count: Mapped[int | None] = field(
        label=N_("Workers"),
        source_names=("LAO_DONG", "SO_LAO_DONG"),
        filter=Range(),
        group=Group.PEOPLE,
        check="worker_count >= 0",
    )
    listing_decision_no: Mapped[str | None] = field(
        label=N_("Decision on the list"),
        type_=Text,
        source_names=("QD_BO_SUNG_QH",),
        group=Group.LEGAL,
        searchable=True,
    )
    establishment_decision_no: Mapped[str | None] = field(
        label=N_("Establishment decision"),
        type_=Text,
        source_names=("QD_THANH_LAP",),
        group=Group.LEGAL,
        searchable=True,
    )
    established_on: Mapped[date | None] = field(
        label=N_("Established on"), source_names=("NGAY_THANH_LAP",), filter=DateRange(), group=Group.LEGAL
    )
    detailed_plan_decision_no: Mapped[str | None] = field(
        label=N_("Detailed plan 1/500"), type_=Text, source_names=("QD_QHCT_1_500", "QD_QHCT"), group=Group.LEGAL
    )
    investment_approval_no: Mapped[str | None] = field(
        label=N_("Investment approval"), type_=Text, source_names=("QD_CHAP_THUAN_DT", "QD_CTDT"), group=Group.LEGAL
    )
    wastewater_capacity_m3_day: Mapped[int | None] = field(
        label=N_("Wastewater plant"),
        unit="m³/day",
        source_names=("XLNT_CONG_SUAT",),
        group=Group.SIZE,
        check="wastewater_capacity_m3_day >= 0",
    )
    wastewater_state: Mapped[WastewaterState | None] = field(
        label=N_("Wastewater state"), values=WastewaterState, source_names=("XLNT_TINH_TRANG",), group=Group.STATE
    )
    supplying_substation_code: Mapped[str | None] = field(
        label=N_("Supplying substation"),
        type_=Text,
        source_names=("CAP_DIEN_TBA", "TBA_CAP_DIEN"),
        filter=Choice(),
        group=Group.SIZE,
    )
    power_demand_mw: Mapped[Decimal | None] = field(
        label=N_("Further power demand"),
        unit="MW",
        type_=Numeric(8, 2),
        source_names=("NHU_CAU_DIEN", "CONG_SUAT_YC"),
        group=Group.SIZE,
        roles=STAFF,
        check="power_demand_mw >= 0",
        help=N_("What the cluster will draw besides today's load; computed from the free land where it is not stated"),
    )
    size_check: Mapped[str | None] = derived(
        case(
            (cast(area_ha, Numeric) > 75, literal("above_limit")),
            (cast(area_ha, Numeric) < 10, literal("below_limit")),
            (area_ha.is_not(None), literal("within_limit")),
        ),
        label=N_("Area against the decree"),
        group=Group.STATE,
        roles=STAFF,
        help=N_("10 to 75 ha, at least 5 ha in craft villages and mountain districts (Decree 32/2024/NĐ-CP art. 2)"),
        filter=Choice(
            {
                "above_limit": N_("Above 75 ha"),
                "below_limit": N_("Below 10 ha"),
                "within_limit": N_("Within 10 to 75 ha"),
            }
        ),
    )
