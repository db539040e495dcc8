"""Administrative units with their validity dates: the 114 of 2025-07-01 and the earlier ones.

Unit codes are reused after a reform (11341 was phường Gia Viên, now phường Ngô Quyền), so the key is
(code, valid_from). Codes: General Statistics Office; those of province 30 lie in province 31 since then.
"""

from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, Numeric, Text, case, func, literal
from sqlalchemy.orm import Mapped

from geodata.base.i18n import N_
from geodata.schema.feature import Feature, GeometryType, Layer
from geodata.schema.fields import Group, LabelledEnum, derived, field
from geodata.schema.filters import Choice, Range
from geodata.schema.portrayal import Style, Symbol, Variation
from geodata.schema.sense import InOrder, SameScale


class UnitKind(LabelledEnum):
    """Kinds of unit, of every vintage."""

    WARD = "ward", N_("Ward"), "phường"
    COMMUNE = "commune", N_("Commune"), "xã"
    TOWNSHIP = "township", N_("Township"), "thị trấn"
    SPECIAL_ZONE = "special_zone", N_("Special zone"), "đặc khu"
    URBAN_DISTRICT = "urban_district", N_("Urban district"), "quận"
    DISTRICT = "district", N_("Rural district"), "huyện"
    TOWN = "town", N_("Town"), "thị xã", "thành phố"
    PROVINCE = "province", N_("Province or city"), "tỉnh"


class UnitValidity(LabelledEnum):
    """Whether the unit still exists."""

    CURRENT = "current", N_("Current unit")
    FORMER = "former", N_("Former unit")


class AdminUnit(Feature):
    """An administrative unit. Geometry: its area. Area in km² as published."""

    __tablename__ = "admin_unit"
    layer = Layer(
        name="admin_units",
        sense=(
            SameScale(name="area_unit", fields=("area_km2",)),
            InOrder(name="validity_days", lesser="valid_from", greater="valid_to"),
        ),
        title=N_("Administrative units"),
        singular=N_("Administrative unit"),
        description=N_("Wards, communes and special zones since 1 July 2025, and former units"),
        geometry=GeometryType.POLYGON,
        selects_as="unit",
        key=("code", "valid_from"),
        other_names=("full_name", "formed_from"),
        style=Style(
            base=Symbol(fill="#FFFFFF", fill_opacity=0.0, stroke="#8D97A5", stroke_px=1),
            by=(
                Variation(
                    field="validity",
                    cases={"current": Symbol(), "former": Symbol(dash=(4, 4), stroke="#A78BBA")},
                    opens_with=("current",),
                ),
            ),
            label_min_zoom=10,
            label_rank=9,
            first_named="has_district_name",
            first_min_zoom=8,
        ),
    )

    kind: Mapped[UnitKind | None] = field(
        label=N_("Kind"), values=UnitKind, source_names=("LOAI", "WARD_TYPE", "CAP"), searchable=False
    )
    full_name: Mapped[str | None] = field(
        label=N_("Full official name"), type_=Text, source_names=("TEN_DAY_DU", "FULL_NAME"), searchable=True
    )
    name_en: Mapped[str | None] = field(
        label=N_("Name without accents"), type_=Text, source_names=("NAME_EN", "TEN_EN")
    )
    area_km2: Mapped[Decimal | None] = field(
        label=N_("Area"),
        unit="km²",
        type_=Numeric(10, 3),
        source_names=("DIEN_TICH", "AREA_KM2"),
        filter=Range(),
        group=Group.SIZE,
        check="area_km2 >= 0",
    )
    population: Mapped[int | None] = field(
        label=N_("Population"), source_names=("DAN_SO",), filter=Range(), group=Group.SIZE, check="population >= 0"
    )
    former_province: Mapped[str | None] = field(
        label=N_("Former province"),
        type_=Text,
        source_names=("OLD_PROVINCE", "TINH_CU", "PROVINCE_VN"),
        filter=Choice(),
    )
    former_district: Mapped[str | None] = field(
        label=N_("Former district"),
        type_=Text,
        source_names=("OLD_DISTRICT", "HUYEN_CU", "DISTRICT_VN"),
        filter=Choice(),
        searchable=True,
    )
    formed_from: Mapped[str | None] = field(
        label=N_("Formed from"),
        type_=Text,
        source_names=("HINH_THANH_TU", "SAP_NHAP_TU", "FORMED_FROM"),
        searchable=True,
        help=N_("Units of before that it was formed from, separated by commas"),
    )
    founding_document_no: Mapped[str | None] = field(
        label=N_("Document"), type_=Text, source_names=("SO_NQ", "VAN_BAN"), group=Group.LEGAL
    )


AdminUnit.has_district_name = derived(
    func.right(AdminUnit.former_district, func.length(AdminUnit.name)) == AdminUnit.name,
    label=N_("Has the name of the former district"),
    in_panel=False,
)


def _validity(on: ColumnElement[date]) -> ColumnElement[str]:
    return case((AdminUnit.valid_to < on, literal("former")), else_=literal("current"))


AdminUnit.validity = derived(
    _validity(func.current_date()),
    label=N_("Validity"),
    values=UnitValidity,
    group=Group.STATE,
    on_day=_validity,
)
