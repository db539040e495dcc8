"""Certificate and inspection states of a site on a day, worked out by the database; in words: `certificates`."""

from datetime import date
from typing import TypedDict, cast

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    or_,
)

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.base.values import FeatureRow
from geodata.layers.fuel_sites.certificates import CertificateFacts, certificate_state as state_in_words
from geodata.layers.fuel_sites.site import FuelSite, HeldCertificate, asked_of_held, own_certificate
from geodata.layers.fuel_sites.values import EXPIRING_WITHIN_DAYS, CertificateRecord
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit


def certificate_state_on(day: ColumnElement[date]) -> ColumnElement[str]:
    """Return the state of the certificate that a site held on a day."""
    found = asked_of_held(day, lambda held: _certificate_state(day, held))
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
    """Return the certificate state of a site on a day; the last day still counts. In words: `certificates`."""
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


class _Certificate(TypedDict):
    """The columns of a site's own certificate."""

    kind: str | None
    certificate_record: str | None
    certificate_issued_on: date | None
    certificate_expires_on: date | None
    certificate_revoked_on: date | None
    certificate_suspended_from: date | None
    certificate_suspended_to: date | None


def explain_certificate(row: FeatureRow, on: date) -> Message:
    """Say why a site's own certificate is in its state."""
    site = cast(_Certificate, row)
    if site["certificate_issued_on"] and site["certificate_issued_on"] > on:
        template = N_("A certificate issued on {issued} is entered; until that day the one before it counts, if any")
        return Message(template=template, values={"issued": site["certificate_issued_on"]})
    held = CertificateFacts(
        issued_on=site["certificate_issued_on"],
        expires_on=site["certificate_expires_on"],
        revoked_on=site["certificate_revoked_on"],
        suspended_from=site["certificate_suspended_from"],
        suspended_to=site["certificate_suspended_to"],
    )
    return state_in_words(held, kind=site["kind"], record=site["certificate_record"], on=on)[1]


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
