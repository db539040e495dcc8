"""What the inspection pages share: who asks, days and numbers out of forms, sentences and labels."""

from datetime import date
from typing import Any

from flask import render_template, request

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.base.parsing import parse_day, parse_id, parse_whole
from geodata.inspections.facts import today
from geodata.inspections.followup import DUE_LABELS
from geodata.inspections.records import CampaignField, PaperState, TargetState
from geodata.inspections.rights import Person
from geodata.inspections.sites import CertificateState, FuelKind, InspectionStatus, Site
from geodata.layers.fuel_sites.visits import Severity, VisitKind
from geodata.schema.roles import Role
from webmap.app.auth import current_role, current_user
from webmap.app.extensions import db_session
from webmap.app.i18n import format_value, name_fields, translate

INSPECTORS = (Role.INSPECTOR, Role.LEADER, Role.ADMIN)
LEADING = (Role.LEADER, Role.ADMIN)
SITES = Site.layer.name
#: The largest number that a form takes: fines in đồng are the largest there are.
MOST = 10**15 - 1

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
    "replaced": N_("Kept before it was written anew"),
    "abandoned": N_("Kept from a correction that was given up"),
    "finished": N_("Finished"),
}


name_fields(
    {
        "fine_vnd": N_("Fine"), "fine_paid_on": N_("Fine paid on"), "remedied_on": N_("Remedied on"),
        "remedy_due_on": N_("Remedy due"), "remedy_evidence": N_("Evidence of the remedy"), "planned_on": N_("Day"),
        "visit_minutes": N_("Minutes per visit"), "lunch_minutes": N_("Lunch, minutes"), "speed_kmh": N_("Speed, km/h"),
        "starts": N_("Begin"), "ends": N_("End"), "person": N_("Inspector"), "remark": N_("Remark"),
        "starts_on": N_("Runs from"), "ends_on": N_("Until"), "decided_on": N_("Decided"), "team": N_("Team"),
        "visited_on": N_("Visited on"), "min_volume": N_("Tank volume from, m³"), "photo": N_("Photo"),
    }
)  # fmt: skip


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
    return parse_day(name, text)


def number_field(name: str, default: int | None = None) -> int | None:
    """Return a whole number out of the form; dots and spaces between thousands are read. Raises InvalidValueError."""
    text = request.values.get(name, "").replace(".", "").replace(" ", "").strip()
    if not text:
        return default
    return parse_whole(name, text, high=MOST)


def id_list(name: str) -> list[int]:
    """Return the ids of a repeated field, each once. Raises InvalidValueError."""
    return list(dict.fromkeys(parse_id(name, text) for text in request.values.getlist(name) if text))


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


def say(explanation: Message) -> str:
    """Return a sentence in the language of the request."""
    return explanation.say(translate, format_value)


def written_day(text: str | None) -> str:
    """Return a day out of a form as the language writes it; what is no day as it stands."""
    try:
        return format_value(date.fromisoformat(text or ""))
    except ValueError:
        return text or ""


def words() -> dict[str, object]:
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
        "is_leader": current_role() in LEADING,
    }


def render_page(template: str, **context: Any) -> str:
    """Return an inspection page with the labels that all of them use."""
    return render_template(template, w=words(), **context)
