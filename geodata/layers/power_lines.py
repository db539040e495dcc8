"""Power lines, one row per circuit (mạch) between two substations: circuits of one route share its geometry.

A circuit that runs on through a substation has one row for each stretch; `circuit_name` makes them one.

Sources: docs/domain.md; corridor widths are rules with dates, not fields (Decree 14/2014/NĐ-CP,
Decree 62/2025/NĐ-CP).
"""

from dataclasses import replace
from decimal import Decimal

from sqlalchemy import Numeric, Text
from sqlalchemy.orm import Mapped

from geodata.base.i18n import N_
from geodata.schema.feature import Feature, GeometryType, Layer
from geodata.schema.fields import Group, LabelledEnum, field
from geodata.schema.filters import Choice, Range
from geodata.schema.grid import GridCircuits
from geodata.schema.lifecycle import Life
from geodata.schema.portrayal import Style, Symbol, Variation
from geodata.schema.roles import EDITORS, STAFF, Access, Role
from geodata.schema.sense import SameScale


class GridStatus(LabelledEnum):
    """State of a line or substation."""

    EXISTING = "existing", N_("Existing"), "hiện hữu", "hiện trạng", "đang vận hành"
    UPGRADING = "upgrading", N_("Being upgraded"), "nâng công suất", "cải tạo"
    BUILDING = "building", N_("Being built"), "đang xây", "đang xây dựng"
    PLANNED = "planned", N_("Planned"), "quy hoạch", "dự kiến"
    RESERVE = "reserve", N_("Reserve"), "dự phòng"


class Placement(LabelledEnum):
    """Overhead line or cable."""

    OVERHEAD = "overhead", N_("Overhead"), "trên không", "đdk"
    UNDERGROUND = "underground", N_("Underground"), "ngầm", "cáp ngầm"
    SUBMARINE = "submarine", N_("Submarine"), "cáp biển"


#: When a line or substation comes into service.
GRID_LIFE = Life(
    begins=("commissioning_year", "valid_from"),
    status="status",
    planned=("planned", "reserve"),
    under_way=("building",),
    plan="plan_document_no",
    due="commissioning_year",
)

#: Grid voltages of the layers, kV.
VOLTAGES = Choice({"500": "500 kV", "220": "220 kV", "110": "110 kV", "35": "35 kV", "22": "22 kV"})


class PowerLine(Feature):
    """One circuit of a power line. Geometry: its centre line. Length in km, rating in A."""

    __tablename__ = "power_line"
    layer = Layer(
        name="power_lines",
        sense=(SameScale(name="length_unit", fields=("length_km",)),),
        title=N_("Power lines"),
        singular=N_("Power line circuit"),
        description=N_("Circuits of 110 kV and above, existing, being built and planned"),
        geometry=GeometryType.LINE,
        access=Access(write=EDITORS | {Role.PLANNER}),
        style=Style(
            base=Symbol(stroke="#C2185B", stroke_px=2.2, weight=6),
            by=(
                Variation(
                    field="voltage_kv",
                    cases={
                        500: Symbol(stroke="#7F0000", stroke_px=4.4, core=True),
                        220: Symbol(stroke="#0B5CAD", stroke_px=3.2),
                        110: Symbol(stroke="#C2185B", stroke_px=2),
                        35: Symbol(stroke="#6D4C41", stroke_px=2.6, core=True),
                        22: Symbol(stroke="#6D4C41", stroke_px=1),
                    },
                    unknown=Symbol(stroke="#5F6670"),
                ),
                Variation(
                    field="status",
                    cases={
                        "building": Symbol(dash=(12, 5)),
                        "upgrading": Symbol(dash=(16, 3, 3, 3)),
                        "planned": Symbol(dash=(5, 5)),
                        "reserve": Symbol(dash=(2, 5)),
                        "existing": Symbol(),
                    },
                    unknown=Symbol(dash=(1, 4)),
                ),
            ),
            label_fields=("name",),
            label_min_zoom=12,
            label_rank=3,
            offset_field="circuit_number",
        ),
        refers={"from_substation_code": "substations", "to_substation_code": "substations"},
        whole_by="circuit_name",
        life=replace(GRID_LIFE, sums=("length_km",)),
        grid=GridCircuits(
            ends=("from_substation_code", "to_substation_code"),
            is_open="is_normally_open",
            on_route="circuit_count",
            cable=("placement", ("underground", "submarine")),
        ),
    )

    voltage_kv: Mapped[int | None] = field(
        label=N_("Voltage"),
        unit="kV",
        source_names=("DIEN_AP", "CAP_DA", "CAP_DIEN_AP"),
        filter=VOLTAGES,
        group=Group.STATE,
        check="voltage_kv BETWEEN 1 AND 1000",
    )
    status: Mapped[GridStatus | None] = field(
        label=N_("Status"), values=GridStatus, source_names=("TRANG_THAI", "TINH_TRANG"), group=Group.STATE
    )
    circuit_number: Mapped[int | None] = field(
        label=N_("Circuit"),
        source_names=("MACH",),
        filter=Choice(),
        in_tile=True,
        check="circuit_number BETWEEN 1 AND 9",
    )
    circuit_count: Mapped[int | None] = field(
        label=N_("Circuits on the route"), source_names=("SO_MACH",), check="circuit_count BETWEEN 1 AND 9"
    )
    circuit_name: Mapped[str | None] = field(
        label=N_("Part of the circuit"),
        help=N_("Stretches with the same name are one circuit, which runs on through the substations between them."),
        type_=Text,
        source_names=("TEN_MACH", "THUOC_MACH", "TUYEN_MACH"),
        filter=Choice(),
        searchable=True,
        index=True,
    )
    from_substation_code: Mapped[str | None] = field(
        label=N_("From"), type_=Text, source_names=("DIEM_DAU", "TU_TRAM"), filter=Choice(), index=True
    )
    to_substation_code: Mapped[str | None] = field(
        label=N_("To"), type_=Text, source_names=("DIEM_CUOI", "DEN_TRAM"), filter=Choice(), index=True
    )
    length_km: Mapped[Decimal | None] = field(
        label=N_("Length"),
        unit="km",
        type_=Numeric(9, 3),
        source_names=("CHIEU_DAI", "DAI_KM"),
        filter=Range(),
        group=Group.SIZE,
        check="length_km > 0",
    )
    conductor: Mapped[str | None] = field(
        label=N_("Conductor"), type_=Text, source_names=("DAY_DAN", "LOAI_DAY"), group=Group.SIZE
    )
    bundle_count: Mapped[int | None] = field(
        label=N_("Conductors per phase"),
        source_names=("PHAN_PHA", "SO_DAY_PHA"),
        group=Group.SIZE,
        check="bundle_count BETWEEN 1 AND 8",
    )
    rating_a: Mapped[int | None] = field(
        label=N_("Rated current"),
        unit="A",
        source_names=("DONG_CP",),
        filter=Range(),
        group=Group.SIZE,
        roles=STAFF,
        check="rating_a > 0",
    )
    tower_count: Mapped[int | None] = field(
        label=N_("Towers"), source_names=("SO_COT",), group=Group.SIZE, check="tower_count >= 0"
    )
    placement: Mapped[Placement | None] = field(label=N_("Placement"), values=Placement, source_names=("LOAI",))
    is_normally_open: Mapped[bool | None] = field(
        label=N_("Normally open"),
        help=N_("Stands ready but carries nothing until it is switched on"),
        source_names=("THUONG_MO", "MACH_HO"),
        group=Group.STATE,
        roles=STAFF,
    )
    owner: Mapped[str | None] = field(
        label=N_("Owner"), type_=Text, source_names=("CHU_SO_HUU", "DON_VI_QL"), group=Group.PEOPLE, searchable=True
    )
    commissioning_year: Mapped[int | None] = field(
        label=N_("Commissioning year"),
        source_names=("NAM_VH", "NAM_DD"),
        filter=Range(),
        group=Group.STATE,
        check="commissioning_year BETWEEN 1950 AND 2100",
    )
    progress_percent: Mapped[int | None] = field(
        label=N_("Works progress"),
        unit="%",
        source_names=("TIEN_DO",),
        group=Group.STATE,
        check="progress_percent BETWEEN 0 AND 100",
    )
    plan_document_no: Mapped[str | None] = field(
        label=N_("Plan document"), type_=Text, source_names=("VB_QH", "SO_VB"), group=Group.LEGAL, searchable=True
    )
