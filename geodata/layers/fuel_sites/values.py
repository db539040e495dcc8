"""What the fields of a petrol or LPG site may say."""

from geodata.base.i18n import N_
from geodata.schema.fields import LabelledEnum

#: Years a petrol store's certificate is valid (Circular 38/2014/TT-BCT). LPG: unverified, so never assumed.
PETROL_YEARS = 5
#: Days before the end at which the department warns (docs/domain.md R16); from the first warning on it is expiring.
WARNING_DAYS = (30, 60, 90)
EXPIRING_WITHIN_DAYS = WARNING_DAYS[-1]


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
