"""Petrol and LPG sites with certificates; certificate and inspection states are derived.

Sources: petrol: Decree 83/2014/NĐ-CP, 95/2021, 80/2023, Circular 38/2014/TT-BCT (certificate: 5 years).
LPG: Decree 87/2018/NĐ-CP (10 years: unverified, so never assumed). Store class by tank volume: unverified.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Numeric,
    Text,
    UniqueConstraint,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import Mapped, aliased

from geodata.base.i18n import N_
from geodata.layers.fuel_sites.certificates import CertificateFacts, certificate_state as explain_certificate
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit
from geodata.schema.charts import Chart, Reported, ReportFigure
from geodata.schema.details import Detail, DetailInfo, parent
from geodata.schema.explanations import Explanation
from geodata.schema.feature import Feature, GeometryType, Layer
from geodata.schema.fields import Group, LabelledEnum, derived, field
from geodata.schema.filters import Choice, DateRange, Range
from geodata.schema.grid import GridConsumers
from geodata.schema.portrayal import Style, Symbol, Variation
from geodata.schema.roles import EDITORS, INSPECTION, STAFF, Access, Role
from geodata.schema.sense import InOrder, SameScale

#: Days before the end from which a certificate counts as expiring (docs/domain.md R16, department policy).
EXPIRING_WITHIN_DAYS = 90


class FuelKind(LabelledEnum):
    """Petrol or one of the LPG types of Decree 87/2018/NĐ-CP."""

    PETROL = "petrol", N_("Petrol station"), "xăng dầu", "cửa hàng xăng dầu", "chxd"
    LPG_DEPOT = "lpg_depot", N_("LPG depot"), "kho lpg", "kho"
    LPG_FILLING = "lpg_filling", N_("LPG cylinder filling station"), "trạm nạp vào chai", "trạm nạp", "chiết nạp"
    LPG_BULK = "lpg_bulk", N_("LPG bulk filling station"), "trạm nạp vào xe bồn"
    LPG_SUPPLY = "lpg_supply", N_("LPG supply station"), "trạm cấp lpg", "trạm cấp"
    LPG_SHOP = "lpg_shop", N_("LPG cylinder shop"), "cửa hàng lpg", "cửa hàng bán lẻ chai", "cửa hàng gas"


class CertificateState(LabelledEnum):
    """State of the eligibility certificate, derived from dates; unknown is not “never issued”."""

    REVOKED = "revoked", N_("Revoked")
    SUSPENDED = "suspended", N_("Suspended")
    NEVER_ISSUED = "never_issued", N_("Never issued")
    EXPIRED = "expired", N_("Expired")
    EXPIRING = "expiring", N_("Expiring within 90 days")
    VALID = "valid", N_("Valid")
    UNKNOWN = "unknown", N_("Unknown")


class CertificateRecord(LabelledEnum):
    """What the register knows when there is no certificate number."""

    HELD = "held", N_("Certificate held"), "đã cấp", "có"
    NEVER_ISSUED = "never_issued", N_("Never issued"), "chưa được cấp", "chưa cấp", "chưa có"


class InspectionStatus(LabelledEnum):
    """Where the inspection work on a site stands, derived from visits and findings."""

    REMEDY_OVERDUE = "remedy_overdue", N_("Remedy overdue")
    VIOLATION = "violation", N_("Violation open")
    FINDINGS_OPEN = "findings_open", N_("Findings open")
    NOT_INSPECTED = "not_inspected", N_("Not inspected")
    REMEDIED = "remedied", N_("Remedied")
    PASSED = "passed", N_("Passed")


class BusinessState(LabelledEnum):
    """Whether the site trades; kept apart from its certificate."""

    OPEN = "open", N_("Open"), "đang hoạt động", "hoạt động"
    PAUSED = "paused", N_("Paused"), "tạm ngừng", "tạm dừng"
    CLOSED = "closed", N_("Closed"), "đóng cửa", "ngừng hoạt động"


class OwnershipKind(LabelledEnum):
    """How the trader holds the store."""

    OWNED = "owned", N_("Owned"), "sở hữu"
    RENTED = "rented", N_("Rented"), "thuê"
    AGENT = "agent", N_("Agent"), "đại lý"
    FRANCHISE = "franchise", N_("Franchise"), "nhượng quyền"


class Siting(LabelledEnum):
    """On land or floating."""

    LAND = "land", N_("On land"), "đất liền"
    FLOATING = "floating", N_("Floating"), "trên mặt nước"


#: What a site repeats of its latest certificate.
_PARTS = (
    "certificate_no", "issued_on", "expires_on", "authority", "revoked_on", "suspended_from", "suspended_to",
)  # fmt: skip


def _own(name: str) -> str:
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
        repeats={name: _own(name) for name in _PARTS},
        known_from="issued_on",
    )

    feature_id: Mapped[int] = parent("fuel_site")
    certificate_no: Mapped[str] = field(
        label=N_("Certificate no."), source_names=("SO_GCN", "SO_GIAY"), type_=Text, required=True
    )
    issued_on: Mapped[date | None] = field(label=N_("Issued"), source_names=("NGAY_CAP",))
    expires_on: Mapped[date | None] = field(label=N_("Expires"), source_names=("NGAY_HET", "HET_HAN"))
    authority: Mapped[str | None] = field(label=N_("Authority"), source_names=("CO_QUAN_CAP", "NOI_CAP"), type_=Text)
    revoked_on: Mapped[date | None] = field(label=N_("Revoked"), source_names=("NGAY_THU_HOI",))
    suspended_from: Mapped[date | None] = field(label=N_("Suspended from"))
    suspended_to: Mapped[date | None] = field(label=N_("Suspended until"))


def _of_held(name: str) -> Callable[[ColumnElement[date]], ColumnElement[Any]]:
    """Return what the certificate that counted on a day says."""
    return lambda day: _asked_of_held(day, lambda held: getattr(held, name))


class FuelSite(Feature):
    """A petrol or LPG site. Geometry: a point. Volumes in m³, LPG in tonnes."""

    __tablename__ = "fuel_site"
    layer = Layer(
        grid=GridConsumers(only={"kind": ("lpg_depot", "lpg_bulk", "lpg_filling")}),
        name="fuel_sites",
        sense=(
            InOrder(name="certificate_days", lesser="certificate_issued_on", greater="certificate_expires_on"),
            InOrder(name="certificate_revoked", lesser="certificate_issued_on", greater="certificate_revoked_on"),
            InOrder(name="suspension_days", lesser="certificate_suspended_from", greater="certificate_suspended_to"),
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
                        "lpg_supply": Symbol(shape="rounded"),
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
        reported=Reported(
            place=6,
            figures=(
                ReportFigure(label=N_("Petrol stores"), only={"kind": ("petrol",)}),
                ReportFigure(
                    label=N_("Petrol stores by certificate"), only={"kind": ("petrol",)}, by="certificate_state"
                ),
                ReportFigure(
                    label=N_("LPG sites"),
                    only={"kind": ("lpg_depot", "lpg_filling", "lpg_bulk", "lpg_supply", "lpg_shop")},
                ),
                ReportFigure(label=N_("Sites with an overdue remedy"), only={"inspection_status": ("remedy_overdue",)}),
            ),
        ),
        charts=(
            Chart(title=N_("Certificates by state"), field="certificate_state"),
            Chart(
                title=N_("Certificates that expire soon"),
                field="certificate_ends_on",
                days=(30, 60, 90),
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
        label=N_("Certificate no."), type_=Text, source_names=("SO_GCN", "GCN"), group=Group.LEGAL, searchable=True,
        on_day=_of_held("certificate_no"),
    )  # fmt: skip
    certificate_issued_on: Mapped[date | None] = field(
        label=N_("Certificate issued"), source_names=("NGAY_CAP",), filter=DateRange(), group=Group.LEGAL,
        on_day=_of_held("issued_on"),
    )  # fmt: skip
    certificate_expires_on: Mapped[date | None] = field(
        label=N_("Certificate expires"),
        source_names=("NGAY_HET", "NGAY_HET_HAN"),
        filter=DateRange(),
        group=Group.LEGAL,
        on_day=_of_held("expires_on"),
    )
    certificate_authority: Mapped[str | None] = field(
        label=N_("Issued by"),
        type_=Text,
        source_names=("CO_QUAN_CAP",),
        group=Group.LEGAL,
        on_day=_of_held("authority"),
    )
    certificate_record: Mapped[CertificateRecord | None] = field(
        label=N_("Register says"), values=CertificateRecord, source_names=("TINH_TRANG_GCN",), group=Group.LEGAL
    )
    certificate_revoked_on: Mapped[date | None] = field(
        label=N_("Certificate revoked on"),
        source_names=("NGAY_THU_HOI",),
        group=Group.LEGAL,
        on_day=_of_held("revoked_on"),
    )
    certificate_suspended_from: Mapped[date | None] = field(
        label=N_("Suspended from"), source_names=("TAM_NGUNG_TU",), group=Group.LEGAL, on_day=_of_held("suspended_from")
    )
    certificate_suspended_to: Mapped[date | None] = field(
        label=N_("Suspended until"), source_names=("TAM_NGUNG_DEN",), group=Group.LEGAL, on_day=_of_held("suspended_to")
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
        """The last day of validity: as written, else five years for petrol (Circular 38/2014/TT-BCT)."""
        five_years = func.date(self.issued_on + text("interval '5 years'"))
        return func.coalesce(self.expires_on, case((FuelSite.kind == FuelKind.PETROL, five_years)))


def own_certificate() -> HeldCertificate:
    """Return the certificate that a site repeats: its latest."""
    return HeldCertificate(**{name: FuelSite.column(_own(name)) for name in _PARTS})


def _asked_of_held(
    day: ColumnElement[date], question: Callable[[HeldCertificate], ColumnElement[Any]]
) -> ColumnElement[Any]:
    """Return a value of the certificate that counted on a day, the one issued last by then; NULL without one."""
    past = aliased(Certificate)
    history = select(past.id, *(getattr(past, name) for name in _PARTS)).where(past.feature_id == FuelSite.id)
    own = select(null().label("id"), *(FuelSite.column(_own(name)).label(name) for name in _PARTS)).where(
        FuelSite.certificate_no.is_(None),
        or_(*(FuelSite.column(_own(name)).is_not(None) for name in _PARTS)),
    )
    known = union_all(history.correlate(FuelSite), own.correlate(FuelSite)).subquery()
    held = HeldCertificate(**{name: known.c[name] for name in _PARTS})
    return (
        select(question(held))
        .where(or_(known.c.issued_on.is_(None), known.c.issued_on <= day))
        .order_by(known.c.issued_on.desc().nulls_last(), known.c.id)
        .limit(1)
        .correlate(FuelSite)
        .scalar_subquery()
    )


def certificate_state_on(day: ColumnElement[date]) -> ColumnElement[str]:
    """Return the state of the certificate that a site held on a day."""
    found = _asked_of_held(day, lambda held: _certificate_state(day, held))
    return func.coalesce(found, _without_certificate())


def certificate_state(on: ColumnElement[date]) -> ColumnElement[str]:
    """Return the state of a site on the day of the map: as `certificate_state_on`, read from the site where it can be."""
    return case((holds_another(on), certificate_state_on(on)), else_=_certificate_state(on, own_certificate()))


def holds_another(on: ColumnElement[date]) -> ColumnElement[bool]:
    """Return whether another certificate than the one that a site repeats may be held: that one is of a later day, or undated."""
    own = own_certificate()
    undated = and_(own.certificate_no.is_not(None), own.issued_on.is_(None))
    return func.coalesce(or_(own.issued_on > on, undated), false())


def _without_certificate() -> ColumnElement[str]:
    is_none = FuelSite.certificate_record == CertificateRecord.NEVER_ISSUED
    return case((is_none, literal("never_issued")), else_=literal("unknown"))


def _certificate_state(on: ColumnElement[date], held: HeldCertificate) -> ColumnElement[str]:
    """Return the certificate state of a site on a day; the last day still counts. In words: geodata.layers.fuel_sites.certificates."""
    end = held.end
    suspended = and_(held.suspended_from <= on, or_(held.suspended_to.is_(None), held.suspended_to >= on))
    return case(
        (held.revoked_on <= on, literal("revoked")),
        (suspended, literal("suspended")),
        (end < on, literal("expired")),
        (end <= on + EXPIRING_WITHIN_DAYS, literal("expiring")),
        (end.is_not(None), literal("valid")),
        else_=_without_certificate(),
    )


def _explain_certificate(site: Mapping[str, Any], on: date) -> Explanation:
    """Say why a site's own certificate is in its state."""
    if site["certificate_issued_on"] and site["certificate_issued_on"] > on:
        template = N_("A certificate issued on {issued} is entered; until that day the one before it counts, if any")
        return Explanation(template=template, words={"issued": site["certificate_issued_on"]})
    held = CertificateFacts(
        issued_on=site["certificate_issued_on"],
        expires_on=site["certificate_expires_on"],
        revoked_on=site["certificate_revoked_on"],
        suspended_from=site["certificate_suspended_from"],
        suspended_to=site["certificate_suspended_to"],
    )
    return explain_certificate(held, kind=site["kind"], record=site["certificate_record"], on=on)[1]


def inspection_status(on: ColumnElement[date]) -> ColumnElement[str]:
    """Return where the inspection work on a site stands on a day."""
    known = and_(Finding.feature_id == FuelSite.id, Finding.found_on <= on)
    is_open = and_(known, or_(Finding.remedied_on.is_(None), Finding.remedied_on > on))
    visited = and_(InspectionVisit.feature_id == FuelSite.id, InspectionVisit.visited_on <= on)
    return case(
        (_has(is_open, Finding.remedy_due_on < on), literal("remedy_overdue")),
        (_has(is_open, Finding.severity == "violation"), literal("violation")),
        (_has(is_open), literal("findings_open")),
        (_has(known), literal("remedied")),
        (_has(visited), literal("passed")),
        else_=literal("not_inspected"),
    )


def _has(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return whether a site has such a row; also inside queries that read visits or findings themselves."""
    return exists().where(*conditions).correlate(FuelSite)


FuelSite.certificate_state = derived(
    certificate_state(func.current_date()),
    label=N_("Certificate"),
    values=CertificateState,
    group=Group.STATE,
    explain=_explain_certificate,
    on_day=certificate_state_on,
)
FuelSite.certificate_ends_on = derived(
    case((holds_another(func.current_date()), _of_held("end")(func.current_date())), else_=own_certificate().end),
    label=N_("Certificate valid until"),
    filter=DateRange(),
    group=Group.STATE,
    on_day=_of_held("end"),
    help=N_("As written on the certificate, else five years after issue for petrol stores"),
)
FuelSite.inspection_status = derived(
    inspection_status(func.current_date()),
    label=N_("Inspection"),
    values=InspectionStatus,
    group=Group.STATE,
    roles=STAFF,
    on_day=inspection_status,
)
FuelSite.store_class = derived(
    case(
        (FuelSite.kind != FuelKind.PETROL, None),
        (FuelSite.tank_volume_m3 > 150, literal("1")),
        (FuelSite.tank_volume_m3 > 100, literal("2")),
        (FuelSite.tank_volume_m3.is_not(None), literal("3")),
    ),
    label=N_("Store class"),
    group=Group.SIZE,
    filter=Choice({"1": N_("Grade 1"), "2": N_("Grade 2"), "3": N_("Grade 3")}),
    help=N_("By total tank volume: over 150 m³, over 100 m³, up to 100 m³ (unverified)"),
)
