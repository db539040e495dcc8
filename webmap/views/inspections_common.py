"""What the inspection pages share: who asks, days and numbers out of forms, sentences and labels."""

from datetime import date
from typing import Any

from flask import render_template, request

from geodata.errors import InvalidValueError
from geodata.explanations import Explanation
from geodata.i18n import N_
from geodata.inspection_records import CampaignField, PaperState, Severity, TargetState, VisitKind
from geodata.inspections.facts import today
from geodata.inspections.followup import DUE_LABELS
from geodata.inspections.rights import Person
from geodata.inspections.sites import CertificateState, FuelKind, InspectionStatus, Site
from geodata.layer import Role
from webmap.auth import current_role, current_user
from webmap.extensions import db_session
from webmap.i18n import format_value, translate

INSPECTORS = (Role.INSPECTOR, Role.ADMIN)
SITES = Site.layer.name

#: Shape and colour class of a state; the word beside it says the same.
TONES = {
    "revoked": "dark", "suspended": "dark", "never_issued": "red", "expired": "orange", "expiring": "amber",
    "valid": "green", "unknown": "none", "remedy_overdue": "red", "violation": "red", "findings_open": "amber",
    "not_inspected": "none", "remedied": "green", "passed": "green",
}  # fmt: skip


#: Why a version of a paper is kept; anything else is the reason of a correction.
VERSION_REASONS = {
    "conflict": N_("Kept beside another's version"),
    "before merging": N_("Kept before merging"),
    "finished": N_("Finished"),
}


def person() -> Person:
    """Return who asks."""
    return Person(name=current_user().name, role=current_role())


def current_day() -> date:
    """Return today in the province."""
    return today(db_session())


def day_field(name: str, default: date | None = None) -> date | None:
    """Return a day out of the form or address. Raises InvalidValueError."""
    text = request.values.get(name, "").strip()
    if not text:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidValueError(name=name, value=text[:40], reason=N_("a day like 2020-03-02 is needed")) from None


def number_field(name: str, default: int | None = None) -> int | None:
    """Return a whole number out of the form; dots and spaces between thousands are read. Raises InvalidValueError."""
    text = request.values.get(name, "").replace(".", "").replace(" ", "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise InvalidValueError(name=name, value=text[:40], reason=N_("a whole number is needed"))
    return int(text)


def id_list(name: str) -> list[int]:
    """Return the ids of a repeated field, each once."""
    return list(dict.fromkeys(int(text) for text in request.values.getlist(name) if text.isascii() and text.isdigit()))


def place_argument(name: str) -> tuple[float, float] | None:
    """Return lon, lat out of “lon,lat”, or None. Raises InvalidValueError."""
    text = request.values.get(name, "").strip()
    if not text:
        return None
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        lon, lat = 999.0, 999.0
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise InvalidValueError(name=name, value=text[:40], reason=N_("give lon,lat in degrees"))
    return lon, lat


def say(explanation: Explanation) -> str:
    """Return a sentence in the language of the request."""
    return explanation.say(translate, format_value)


def written_day(text: str | None) -> str:
    """Return a day out of a form as the language writes it; what is no day as it stands."""
    try:
        return format_value(date.fromisoformat(text or ""))
    except ValueError:
        return text or ""


def words() -> dict[str, Any]:
    """Return labels and helpers that all inspection templates use."""
    return {
        "certificate_labels": CertificateState.labels(),
        "inspection_labels": InspectionStatus.labels(),
        "kind_labels": FuelKind.labels(),
        "severity_labels": Severity.labels(),
        "paper_labels": PaperState.labels(),
        "visit_labels": VisitKind.labels(),
        "target_labels": TargetState.labels(),
        "field_labels": CampaignField.labels(),
        "due_labels": DUE_LABELS,
        "version_reasons": VERSION_REASONS,
        "tones": TONES,
        "say": say,
        "day": written_day,
        "sites_layer": SITES,
        "is_leader": current_role() is Role.ADMIN,
    }


def render_page(template: str, **context: Any) -> str:
    """Return an inspection page with the labels that all of them use."""
    return render_template(template, w=words(), **context)
