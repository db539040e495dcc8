"""A petrol or LPG site and its certificates: what the register holds of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Numeric, Text, UniqueConstraint, case, func, null, or_, select, text, union_all
from sqlalchemy.orm import Mapped, aliased

from geodata.base.i18n import N_
from geodata.layers.fuel_sites.values import (
    PETROL_YEARS,
    WARNING_DAYS,
    BusinessState,
    CertificateRecord,
    FuelKind,
    OwnershipKind,
    Siting,
)
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit
from geodata.schema.charts import Chart, Listed, Reported, ReportFigure
from geodata.schema.details import Detail, DetailInfo, parent
from geodata.schema.dues import Due
from geodata.schema.feature import Feature, GeometryType, Layer
from geodata.schema.fields import Group, field
from geodata.schema.filters import DateRange, Range
from geodata.schema.grid import GridConsumers
from geodata.schema.portrayal import Style, Symbol, Variation
from geodata.schema.roles import EDITORS, INSPECTION, STAFF, STEERING, Access, Role
from geodata.schema.sense import InOrder, LeadingZero, SameScale

#: What a site repeats of its latest certificate.
PARTS = (
    "certificate_no", "issued_on", "expires_on", "authority", "revoked_on", "suspended_from", "suspended_to",
)  # fmt: skip


def own_name(name: str) -> str:
    """Return what the site calls a part of its certificate."""
    return name if name.startswith("certificate_") else f"certificate_{name}"


class Certificate(Detail):
    """One certificate in the life of a site; the latest is repeated on the site itself."""

    __tablename__ = "certificate"
    __table_args__ = (UniqueConstraint("feature_id", "certificate_no"),)
    detail = DetailInfo(
        name="certificates",
        title=N_("Certificates"),
        order_by=("-issued_on",),
        key=("certificate_no",),
        repeats={name: own_name(name) for name in PARTS},
        known_from="issued_on",
    )

    feature_id: Mapped[int] = parent("fuel_site")
    certificate_no: Mapped[str] = field(
        label=N_("Certificate no."), source_names=("SO_GCN", "SO_GIAY", "SO_GIAY_CHUNG_NHAN"), type_=Text, required=True
    )
    issued_on: Mapped[date | None] = field(label=N_("Issued"), source_names=("NGAY_CAP",))
    expires_on: Mapped[date | None] = field(label=N_("Expires"), source_names=("NGAY_HET", "HET_HAN"))
    authority: Mapped[str | None] = field(label=N_("Authority"), source_names=("CO_QUAN_CAP", "NOI_CAP"), type_=Text)
    revoked_on: Mapped[date | None] = field(label=N_("Revoked"), source_names=("NGAY_THU_HOI",))
    suspended_from: Mapped[date | None] = field(label=N_("Suspended from"))
    suspended_to: Mapped[date | None] = field(label=N_("Suspended until"))


def of_held(name: str) -> Callable[[ColumnElement[date]], ColumnElement[Any]]:
    """Return what the certificate that counted on a day says."""
    return lambda day: asked_of_held(day, lambda held: getattr(held, name))


class FuelSite(Feature):
    """A petrol or LPG site. Geometry: a point. Volumes in m³, LPG in tonnes."""

    __tablename__ = "fuel_site"
    layer = Layer(
        grid=GridConsumers(only={"kind": ("lpg_depot", "lpg_bulk", "lpg_filling")}),
        name="fuel_sites",
        dues=(
            Due(
                title=N_("Certificates that end"),
                day="certificate_ends_on",
                days=WARNING_DAYS[0],
                only={"certificate_state": ("expiring",)},
                roles=STEERING,
            ),
        ),
        sense=(
            InOrder(name="certificate_days", lesser="certificate_issued_on", greater="certificate_expires_on"),
            InOrder(name="certificate_revoked", lesser="certificate_issued_on", greater="certificate_revoked_on"),
            InOrder(name="suspension_days", lesser="certificate_suspended_from", greater="certificate_suspended_to"),
            LeadingZero(name="phone_zero", field="contact_phone", digits=10),
            SameScale(name="volume_unit", fields=("tank_volume_m3", "lpg_capacity_t", "cylinder_stock_kg")),
        ),
        code_names=("MA_CUA_HANG", "MA_CH", "MA_CSKD", "site_code"),
        inspected=True,
        refers={"admin_unit_code": "admin_units"},
        title=N_("Petrol and LPG sites"),
        singular=N_("Petrol or LPG site"),
        description=N_("Petrol stores and LPG sites with certificate and inspection state"),
        geometry=GeometryType.POINT,
        access=Access(write=EDITORS),
        style=Style(
            base=Symbol(shape="drop", size_px=15, fill="#FFFFFF", stroke="#37474F", stroke_px=1.2, level=1, weight=1),
            by=(
                Variation(
                    field="certificate_state",
                    cases={
                        "revoked": Symbol(fill="#111111", weight=4),
                        "suspended": Symbol(fill="#111111", level=0.5, weight=4),
                        "never_issued": Symbol(fill="#B2182B", glyph="times", weight=4),
                        "expired": Symbol(fill="#E66101", glyph="minus", weight=4),
                        "expiring": Symbol(fill="#E6AB02", glyph="dot", weight=2),
                        "unknown": Symbol(fill="#FFFFFF", glyph="question"),
                        "valid": Symbol(fill="#1B9E77"),
                    },
                    unknown=Symbol(fill="#FFFFFF", glyph="question"),
                ),
                Variation(
                    field="kind",
                    cases={
                        "petrol": Symbol(shape="drop"),
                        "lpg_depot": Symbol(shape="hexagon", size_px=19),
                        "lpg_filling": Symbol(shape="triangle", size_px=19),
                        "lpg_bulk": Symbol(shape="square", size_px=17),
                        "lpg_supply": Symbol(shape="framed", size_px=17),
                        "lpg_shop": Symbol(shape="diamond"),
                    },
                    unknown=Symbol(shape="circle"),
                ),
                Variation(
                    field="inspection_status",
                    cases={
                        "remedy_overdue": Symbol(badge="alert", weight=5),
                        "violation": Symbol(badge="warning", weight=4),
                        "findings_open": Symbol(badge="open"),
                        "not_inspected": Symbol(),
                        "remedied": Symbol(badge="mended"),
                        "passed": Symbol(badge="tick"),
                    },
                ),
            ),
            label_min_zoom=14,
            label_rank=6,
            thin_below_zoom=12,
        ),
        listed=Listed(
            name="certificates",
            title=N_("List of sites by certificate"),
            subject=N_("Petrol and LPG sites by certificate, as on {day}"),
            by="certificate_state",
            columns=("trader", "certificate_no", "certificate_expires_on"),
            widths=(2.8, 3.1, 2.2),
        ),
        reported=Reported(
            place=6,
            figures=(
                ReportFigure(name="petrol", label=N_("Petrol stores"), only={"kind": ("petrol",)}),
                ReportFigure(
                    name="petrol_by_certificate",
                    label=N_("Petrol stores by certificate"),
                    only={"kind": ("petrol",)},
                    by="certificate_state",
                ),
                ReportFigure(
                    name="lpg",
                    label=N_("LPG sites"),
                    only={"kind": ("lpg_depot", "lpg_filling", "lpg_bulk", "lpg_supply", "lpg_shop")},
                ),
                ReportFigure(
                    name="remedy_overdue",
                    label=N_("Sites with an overdue remedy"),
                    only={"inspection_status": ("remedy_overdue",)},
                ),
            ),
        ),
        charts=(
            Chart(title=N_("Certificates by state"), field="certificate_state"),
            Chart(
                title=N_("Certificates that expire soon"),
                field="certificate_ends_on",
                days=WARNING_DAYS,
                only={"certificate_state": ("expiring",)},
            ),
        ),
    )
    details = (Certificate, InspectionVisit, Finding)

    kind: Mapped[FuelKind | None] = field(label=N_("Kind"), values=FuelKind, source_names=("LOAI", "LOAI_HINH"))
    business_state: Mapped[BusinessState | None] = field(
        label=N_("Trading"),
        values=BusinessState,
        source_names=("TINH_TRANG_KD", "TINH_TRANG", "TRANG_THAI"),
        group=Group.STATE,
    )
    certificate_no: Mapped[str | None] = field(
        label=N_("Certificate no."), type_=Text, source_names=("SO_GCN", "GCN", "SO_GIAY_CHUNG_NHAN"), group=Group.LEGAL, searchable=True,
        on_day=of_held("certificate_no"),
    )  # fmt: skip
    certificate_issued_on: Mapped[date | None] = field(
        label=N_("Certificate issued"), source_names=("NGAY_CAP", "NGAY_CAP_GCN", "NGAY_CAP_GIAY"), filter=DateRange(), group=Group.LEGAL,
        on_day=of_held("issued_on"),
    )  # fmt: skip
    certificate_expires_on: Mapped[date | None] = field(
        label=N_("Certificate expires"),
        source_names=("NGAY_HET", "NGAY_HET_HAN", "NGAY_HET_HAN_GCN", "HET_HAN_GCN", "HET_HAN", "CO_GIA_TRI_DEN"),
        filter=DateRange(),
        group=Group.LEGAL,
        on_day=of_held("expires_on"),
    )
    certificate_authority: Mapped[str | None] = field(
        label=N_("Issued by"),
        type_=Text,
        source_names=("CO_QUAN_CAP",),
        group=Group.LEGAL,
        on_day=of_held("authority"),
    )
    certificate_record: Mapped[CertificateRecord | None] = field(
        label=N_("Register says"), values=CertificateRecord, source_names=("TINH_TRANG_GCN",), group=Group.LEGAL
    )
    certificate_revoked_on: Mapped[date | None] = field(
        label=N_("Certificate revoked on"),
        source_names=("NGAY_THU_HOI",),
        group=Group.LEGAL,
        on_day=of_held("revoked_on"),
    )
    certificate_suspended_from: Mapped[date | None] = field(
        label=N_("Suspended from"), source_names=("TAM_NGUNG_TU",), group=Group.LEGAL, on_day=of_held("suspended_from")
    )
    certificate_suspended_to: Mapped[date | None] = field(
        label=N_("Suspended until"), source_names=("TAM_NGUNG_DEN",), group=Group.LEGAL, on_day=of_held("suspended_to")
    )
    trader: Mapped[str | None] = field(
        label=N_("Trader"),
        type_=Text,
        source_names=("THUONG_NHAN", "CHU_CH", "DOANH_NGHIEP"),
        group=Group.PEOPLE,
        searchable=True,
    )
    tax_code: Mapped[str | None] = field(
        label=N_("Tax code"),
        type_=Text,
        source_names=("MST", "MA_SO_THUE"),
        group=Group.PEOPLE,
        roles=STAFF,
        check="tax_code ~ '^[0-9]{10}(-?[0-9]{3})?$'",
    )
    contact_phone: Mapped[str | None] = field(
        label=N_("Phone"),
        type_=Text,
        source_names=("DIEN_THOAI", "SDT"),
        group=Group.PEOPLE,
        roles=INSPECTION | {Role.GIS},
    )
    ownership: Mapped[OwnershipKind | None] = field(
        label=N_("Ownership"), values=OwnershipKind, source_names=("SO_HUU",), group=Group.PEOPLE
    )
    tank_volume_m3: Mapped[Decimal | None] = field(
        label=N_("Tank volume"),
        unit="m³",
        type_=Numeric(10, 2),
        source_names=("DUNG_TICH", "TONG_DUNG_TICH"),
        filter=Range(),
        group=Group.SIZE,
        check="tank_volume_m3 >= 0",
    )
    lpg_capacity_t: Mapped[Decimal | None] = field(
        label=N_("LPG capacity"),
        unit="t",
        type_=Numeric(10, 2),
        source_names=("SUC_CHUA", "SUC_CHUA_TAN"),
        filter=Range(),
        group=Group.SIZE,
        roles=STAFF,
        check="lpg_capacity_t >= 0",
    )
    tank_count: Mapped[int | None] = field(
        label=N_("Tanks"), source_names=("SO_BE", "SO_BON"), group=Group.SIZE, check="tank_count >= 0"
    )
    cylinder_stock_kg: Mapped[Decimal | None] = field(
        label=N_("Cylinder stock"),
        unit="kg",
        type_=Numeric(12, 1),
        source_names=("TON_CHAI_KG",),
        group=Group.SIZE,
        roles=STAFF,
        check="cylinder_stock_kg >= 0",
    )
    brand: Mapped[str | None] = field(
        label=N_("Brand"), type_=Text, source_names=("THUONG_HIEU", "NHAN_HIEU"), group=Group.PEOPLE, searchable=True
    )
    supplier_contract_to: Mapped[date | None] = field(
        label=N_("Supply contract until"),
        source_names=("HD_CUNG_CAP_DEN",),
        group=Group.LEGAL,
        roles=STAFF,
        help=N_("At least one year for LPG shops (Decree 87/2018/NĐ-CP)"),
    )
    pressure_check_to: Mapped[date | None] = field(
        label=N_("Pressure vessel check until"), source_names=("KIEM_DINH_DEN",), group=Group.LEGAL, roles=STAFF
    )
    environment_paper_no: Mapped[str | None] = field(
        label=N_("Environment paper"), type_=Text, source_names=("GP_MOI_TRUONG", "HS_MOI_TRUONG"), group=Group.LEGAL
    )
    dispenser_count: Mapped[int | None] = field(
        label=N_("Dispensers"),
        source_names=("SO_COT_BOM", "COT_BOM"),
        filter=Range(),
        group=Group.SIZE,
        check="dispenser_count >= 0",
    )
    products: Mapped[str | None] = field(
        label=N_("Products"), type_=Text, source_names=("SAN_PHAM", "MAT_HANG"), group=Group.GENERAL
    )
    siting: Mapped[Siting | None] = field(label=N_("Siting"), values=Siting, source_names=("DIA_HINH",))
    opening_hours: Mapped[str | None] = field(label=N_("Opening hours"), type_=Text, source_names=("GIO_MO_CUA",))
    has_vapour_recovery: Mapped[bool | None] = field(label=N_("Vapour recovery"), source_names=("THU_HOI_HOI",))
    sells_lpg: Mapped[bool | None] = field(label=N_("Sells LPG cylinders"), source_names=("CO_BAN_LPG",))
    fire_safety_expires_on: Mapped[date | None] = field(
        label=N_("Fire safety paper until"), source_names=("PCCC_HET_HAN",), group=Group.LEGAL, roles=STAFF
    )


@dataclass(frozen=True, kw_only=True)
class HeldCertificate:
    """The columns of the certificate that counts: the site's own, or one out of its history."""

    certificate_no: ColumnElement[Any]
    authority: ColumnElement[Any]
    issued_on: ColumnElement[Any]
    expires_on: ColumnElement[Any]
    revoked_on: ColumnElement[Any]
    suspended_from: ColumnElement[Any]
    suspended_to: ColumnElement[Any]

    @property
    def end(self) -> ColumnElement[date]:
        """The last day of validity: as written, else by the rule for petrol."""
        by_rule = func.date(self.issued_on + text(f"interval '{PETROL_YEARS} years'"))
        return func.coalesce(self.expires_on, case((FuelSite.kind == FuelKind.PETROL, by_rule)))


def own_certificate() -> HeldCertificate:
    """Return the certificate that a site repeats: its latest."""
    return HeldCertificate(**{name: FuelSite.column(own_name(name)) for name in PARTS})


def asked_of_held(
    day: ColumnElement[date], question: Callable[[HeldCertificate], ColumnElement[Any]]
) -> ColumnElement[Any]:
    """Return a value of the certificate that counted on a day, the one issued last by then; NULL without one."""
    past = aliased(Certificate)
    history = select(past.id, *(getattr(past, name) for name in PARTS)).where(past.feature_id == FuelSite.id)
    own = select(null().label("id"), *(FuelSite.column(own_name(name)).label(name) for name in PARTS)).where(
        FuelSite.certificate_no.is_(None),
        or_(*(FuelSite.column(own_name(name)).is_not(None) for name in PARTS)),
    )
    known = union_all(history.correlate(FuelSite), own.correlate(FuelSite)).subquery()
    held = HeldCertificate(**{name: known.c[name] for name in PARTS})
    return (
        select(question(held))
        .where(or_(known.c.issued_on.is_(None), known.c.issued_on <= day))
        .order_by(known.c.issued_on.desc().nulls_last(), known.c.id)
        .limit(1)
        .correlate(FuelSite)
        .scalar_subquery()
    )
