"""Reads what the states of sites depend on, and counts sites by state on any day. Judges nothing itself."""

from datetime import date

from sqlalchemy import Connection, Date, func, literal, null, or_, select, true, union_all
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.selectable import LateralFromClause

from geodata.accounts import Account
from geodata.errors import NotFoundError
from geodata.inspection_records import Finding, InspectionVisit
from geodata.inspections.states import CertificateFacts, FindingFacts, SiteFacts
from geodata.layer import INSPECTION
from geodata.layers import LAYERS
from geodata.layers.fuel_sites import Certificate, FuelSite, HeldCertificate, certificate_state, inspection_status

_PARTS = ("issued_on", "expires_on", "revoked_on", "suspended_from", "suspended_to")


def today(connection: Connection | Session) -> date:
    """Return today in the province, as the map's states see it."""
    day: date = connection.execute(select(func.current_date())).scalar_one()
    return day


def read_facts(session: Session, site: FuelSite) -> SiteFacts:
    """Return everything known about a site that its states depend on."""
    certificates = [
        CertificateFacts(**{name: getattr(row, name) for name in _PARTS})
        for row in session.scalars(
            select(Certificate).where(Certificate.feature_id == site.id).order_by(Certificate.id)
        )
    ]
    own = {name: getattr(site, f"certificate_{name}") for name in _PARTS}
    if site.certificate_no is None and any(own.values()):
        certificates.append(CertificateFacts(**own))
    visits = session.scalars(select(InspectionVisit.visited_on).where(InspectionVisit.feature_id == site.id))
    findings = session.scalars(select(Finding).where(Finding.feature_id == site.id))
    return SiteFacts(
        kind=site.kind,
        certificate_record=site.certificate_record,
        certificates=certificates,
        visits=list(visits),
        findings=[
            FindingFacts(
                found_on=row.found_on,
                severity=row.severity,
                remedy_due_on=row.remedy_due_on,
                remedied_on=row.remedied_on,
            )
            for row in findings
        ],
    )


def count_states(connection: Connection | Session, on: date) -> dict[str, dict[str, int]]:
    """Return how many sites were in each certificate and inspection state on a day, past or not."""
    day = literal(on, Date)
    held = _held_on(on)
    columns = HeldCertificate(**{name: held.c[name] for name in _PARTS})
    states = (
        select(certificate_state(day, columns).label("certificate"), inspection_status(day).label("inspection"))
        .select_from(FuelSite)
        .outerjoin(held, true())
        .where(
            or_(FuelSite.valid_from.is_(None), FuelSite.valid_from <= on),
            or_(FuelSite.valid_to.is_(None), FuelSite.valid_to >= on),
        )
        .subquery()
    )
    found: dict[str, dict[str, int]] = {}
    for name in ("certificate", "inspection"):
        column = states.c[name]
        rows = connection.execute(select(column, func.count()).group_by(column))
        found[name] = {row[0]: row[1] for row in rows}
    return found


def _held_on(on: date) -> LateralFromClause:
    """Return the certificate that counted on a day, beside its site: the SQL of states.held_certificate."""
    past = aliased(Certificate)
    history = select(past.id, *(getattr(past, name) for name in _PARTS)).where(past.feature_id == FuelSite.id)
    own = select(null().label("id"), *(FuelSite.column(f"certificate_{name}") for name in _PARTS)).where(
        FuelSite.certificate_no.is_(None),
        or_(*(FuelSite.column(f"certificate_{name}").is_not(None) for name in _PARTS)),
    )
    known = union_all(history.correlate(FuelSite), own.correlate(FuelSite)).subquery()
    return (
        select(*(known.c[name] for name in _PARTS))
        .where(or_(known.c.issued_on.is_(None), known.c.issued_on <= on))
        .order_by(known.c.issued_on.desc().nulls_last(), known.c.id)
        .limit(1)
        .lateral("held")
    )


def list_units(session: Session) -> list[tuple[str, str, int]]:
    """Return code, name and number of sites of the administrative units that have sites, in Vietnamese order."""
    unit = LAYERS.get("admin_units")
    code = FuelSite.column("admin_unit_code")
    counts = select(code.label("code"), func.count().label("sites")).where(code.is_not(None)).group_by(code).subquery()
    query = (
        select(counts.c.code, func.min(unit.column("name")), counts.c.sites)
        .join(unit, unit.column("code") == counts.c.code)
        .where(or_(unit.column("valid_to").is_(None), unit.column("valid_to") >= func.current_date()))
        .group_by(counts.c.code, counts.c.sites)
        .order_by(func.min(unit.column("name")).collate("vi_icu"))
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def get_site(session: Session, site_id: int) -> FuelSite:
    """Return a site. Raises NotFoundError."""
    site = session.get(FuelSite, site_id)
    if site is None:
        raise NotFoundError(value=str(site_id))
    return site


def site_place(session: Session, site_id: int) -> tuple[float, float]:
    """Return lon, lat of a site, EPSG:4326."""
    geom = FuelSite.column("geom")
    row = session.execute(select(func.ST_X(geom), func.ST_Y(geom)).where(FuelSite.id == site_id)).one()
    return row[0], row[1]


def list_inspectors(session: Session) -> list[tuple[str, str]]:
    """Return name and full name of everybody who may be sent out."""
    query = select(Account.name, Account.full_name).where(
        Account.role.in_([role.value for role in INSPECTION]), Account.disabled_at.is_(None)
    )
    return [(name, full_name or name) for name, full_name in session.execute(query.order_by(Account.name))]
