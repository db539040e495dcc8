"""Petrol and LPG sites with certificates; certificate and inspection states are derived.

Sources: petrol: Decree 83/2014/NĐ-CP, 95/2021, 80/2023, Circular 38/2014/TT-BCT (certificate: 5 years).
LPG: Decree 87/2018/NĐ-CP (10 years: unverified, so never assumed). Store class by tank volume: unverified.
"""

from sqlalchemy import case, func, literal

from geodata.base.i18n import N_
from geodata.layers.fuel_sites.site import Certificate, FuelSite, of_held, own_certificate
from geodata.layers.fuel_sites.states import (
    certificate_state,
    certificate_state_on,
    explain_certificate,
    holds_another,
    inspection_status,
)
from geodata.layers.fuel_sites.values import BusinessState, CertificateState, FuelKind, InspectionStatus
from geodata.schema.fields import Group, derived
from geodata.schema.filters import Choice, DateRange
from geodata.schema.roles import STAFF

__all__ = [
    "BusinessState",
    "Certificate",
    "CertificateState",
    "FuelKind",
    "FuelSite",
    "InspectionStatus",
    "certificate_state",
    "holds_another",
    "inspection_status",
]

FuelSite.certificate_state = derived(
    certificate_state(func.current_date()),
    label=N_("Certificate"),
    values=CertificateState,
    group=Group.STATE,
    explain=explain_certificate,
    on_day=certificate_state_on,
)
FuelSite.certificate_ends_on = derived(
    case((holds_another(func.current_date()), of_held("end")(func.current_date())), else_=own_certificate().end),
    label=N_("Certificate valid until"),
    filter=DateRange(),
    group=Group.STATE,
    on_day=of_held("end"),
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
