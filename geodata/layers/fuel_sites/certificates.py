"""The state of a site on a day, and the sentence that says why: one function, on plain values.

The same rules colour the map as SQL (the layer's derived fields); a property test holds the two together.
A day counts whole: a certificate is valid on its last day, a remedy is in time on the day it is due.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from geodata.base.i18n import N_
from geodata.base.message import Message, MessageValue
from geodata.layers.fuel_sites.values import EXPIRING_WITHIN_DAYS, PETROL_YEARS, WARNING_DAYS


@dataclass(frozen=True, kw_only=True)
class CertificateFacts:
    """One certificate as the register has it."""

    issued_on: date | None = None
    expires_on: date | None = None
    revoked_on: date | None = None
    suspended_from: date | None = None
    suspended_to: date | None = None


@dataclass(frozen=True, kw_only=True)
class FindingFacts:
    """One finding: when it was found, how serious, when it must be and was remedied."""

    found_on: date
    severity: str
    remedy_due_on: date | None = None
    remedied_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class SiteFacts:
    """All that the state of a site depends on. `certificates` in the order of their entry, the latest last."""

    kind: str | None = None
    certificate_record: str | None = None
    certificates: Sequence[CertificateFacts] = ()
    visits: Sequence[date] = ()
    findings: Sequence[FindingFacts] = ()


@dataclass(frozen=True, kw_only=True)
class SiteState:
    """Both states of a site on a day, each with its reason."""

    certificate: str
    certificate_reason: Message
    inspection: str
    inspection_reason: Message


def derive_state(facts: SiteFacts, on: date) -> SiteState:
    """Return the state of a site on a day, from what had happened by then."""
    certificate, certificate_reason = certificate_state(
        held_certificate(facts.certificates, on), kind=facts.kind, record=facts.certificate_record, on=on
    )
    inspection, inspection_reason = inspection_state(facts.visits, facts.findings, on)
    return SiteState(
        certificate=certificate,
        certificate_reason=certificate_reason,
        inspection=inspection,
        inspection_reason=inspection_reason,
    )


def held_certificate(certificates: Sequence[CertificateFacts], on: date) -> CertificateFacts | None:
    """Return the certificate that counts on a day: the one issued last by then; undated ones count as oldest."""
    issued = [
        certificate for certificate in certificates if certificate.issued_on is None or certificate.issued_on <= on
    ]
    return max(issued, key=lambda certificate: certificate.issued_on or date.min, default=None)


def years_later(day: date, years: int) -> date:
    """Return the same day years later; 29 February becomes 28 February, as PostgreSQL has it."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def last_day(held: CertificateFacts, kind: str | None) -> date | None:
    """Return the last day of validity: as written, else by the rule of the kind, else None."""
    if held.expires_on or not (held.issued_on and kind == "petrol"):
        return held.expires_on
    return years_later(held.issued_on, PETROL_YEARS)


def certificate_state(
    held: CertificateFacts | None, *, kind: str | None, record: str | None, on: date
) -> tuple[str, Message]:
    """Return the certificate state on a day and why."""
    held = held or CertificateFacts()
    if held.revoked_on and held.revoked_on <= on:
        return "revoked", Message(template=N_("Revoked on {day}"), values={"day": held.revoked_on})
    if _is_suspended(held, on):
        return "suspended", _suspension(held)
    end = last_day(held, kind)
    if end is None:
        return _without_end(held, record)
    basis, values = _basis(held, end)
    values |= {"end": end, "days": abs((end - on).days)}
    if end < on:
        return "expired", Message(template=_EXPIRED[basis], values=values)
    left = (end - on).days
    step = next((days for days in WARNING_DAYS if left <= days), None)
    if step is None:
        return "valid", Message(template=_VALID[basis], values=values)
    template = (
        N_("Last day today, {end}")
        if left == 0
        else N_("Expires on {end}, {days} days left (warning step {step} days)")
    )
    return "expiring", Message(template=template, values={**values, "step": step})


def inspection_state(visits: Sequence[date], findings: Sequence[FindingFacts], on: date) -> tuple[str, Message]:
    """Return the inspection state on a day and why, the most urgent first."""
    known = [finding for finding in findings if finding.found_on <= on]
    open_ = [finding for finding in known if finding.remedied_on is None or finding.remedied_on > on]
    due = min((finding.remedy_due_on for finding in open_ if finding.remedy_due_on), default=None)
    if due is not None and due < on:
        values: dict[str, MessageValue] = {"day": due, "days": (on - due).days, "count": len(open_)}
        return "remedy_overdue", Message(
            template=N_("Remedy due on {day}, {days} days overdue ({count} findings open)"), values=values
        )
    if open_:
        return _open_state(open_, due)
    if known:
        remedied = max(finding.remedied_on or on for finding in known)
        return "remedied", Message(
            template=N_("All {count} findings remedied, the last on {day}"),
            values={"count": len(known), "day": remedied},
        )
    visited = [day for day in visits if day <= on]
    if visited:
        return "passed", Message(template=N_("Visited on {day} without findings"), values={"day": max(visited)})
    return "not_inspected", Message(template=N_("No visit is recorded"))


def next_change(facts: SiteFacts, on: date) -> date | None:
    """Return the next day on which the state changes by itself, or None."""
    horizon = on + timedelta(days=1)
    held = held_certificate(facts.certificates, on)
    end = last_day(held, facts.kind) if held else None
    days = [finding.remedy_due_on + timedelta(days=1) for finding in facts.findings if finding.remedy_due_on]
    if end:
        days += [end - timedelta(days=EXPIRING_WITHIN_DAYS), end + timedelta(days=1)]
    return min((day for day in days if day >= horizon), default=None)


_EXPIRED = {
    "rule": N_("Expired on {end} (issued {issued}, valid for {years} years)"),
    "written": N_("Expired on {end} (issued {issued}, last day as written)"),
    "only end": N_("Expired on {end} (last day as written, day of issue unknown)"),
}
_VALID = {
    "rule": N_("Valid until {end} (issued {issued}, valid for {years} years)"),
    "written": N_("Valid until {end} (issued {issued}, last day as written)"),
    "only end": N_("Valid until {end} (last day as written, day of issue unknown)"),
}


def _basis(held: CertificateFacts, end: date) -> tuple[str, dict[str, MessageValue]]:
    """Return what the last day rests on, and the values that say it."""
    if held.issued_on is None:
        return "only end", {}
    for years in (PETROL_YEARS, 10):
        if years_later(held.issued_on, years) == end:
            return "rule", {"issued": held.issued_on, "years": years}
    return "written", {"issued": held.issued_on}


def _is_suspended(held: CertificateFacts, on: date) -> bool:
    begun = held.suspended_from is not None and held.suspended_from <= on
    return begun and (held.suspended_to is None or held.suspended_to >= on)


def _suspension(held: CertificateFacts) -> Message:
    values: dict[str, MessageValue] = {"start": held.suspended_from or ""}
    if held.suspended_to is None:
        return Message(template=N_("Suspended since {start} until further notice"), values=values)
    return Message(template=N_("Suspended from {start} to {end}"), values={**values, "end": held.suspended_to})


def _without_end(held: CertificateFacts, record: str | None) -> tuple[str, Message]:
    if record == "never_issued":
        return "never_issued", Message(template=N_("The register says that no certificate was ever issued"))
    if held.issued_on:
        return "unknown", Message(
            template=N_("Issued on {issued}; the end is not known and is not assumed for this kind of site"),
            values={"issued": held.issued_on},
        )
    return "unknown", Message(
        template=N_("The register has no certificate and no note; this is not the same as never issued")
    )


def _open_state(open_: Sequence[FindingFacts], due: date | None) -> tuple[str, Message]:
    values: dict[str, MessageValue] = {"count": len(open_), "day": min(finding.found_on for finding in open_)}
    is_violation = any(finding.severity == "violation" for finding in open_)
    state = "violation" if is_violation else "findings_open"
    if due is not None:
        template = (
            N_("Violation not yet remedied, due on {due} ({count} findings open)")
            if is_violation
            else N_("{count} findings open, the first due on {due}")
        )
        return state, Message(template=template, values={**values, "due": due})
    template = (
        N_("Violation found on {day}, no deadline set ({count} findings open)")
        if is_violation
        else N_("{count} findings open since {day}, no deadline set")
    )
    return state, Message(template=template, values=values)
