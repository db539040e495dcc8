"""Reads what the states of sites depend on, and counts sites by state on any day. Judges nothing itself."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from geodata.accounts.accounts import Account
from geodata.base.collation import by_name
from geodata.base.database import ReadConnection
from geodata.base.errors import InvalidFilterError, NotFoundError
from geodata.layers.fuel_sites import Certificate, CertificateState, FuelSite, InspectionStatus
from geodata.layers.fuel_sites.certificates import CertificateFacts, FindingFacts, SiteFacts, SiteState, derive_state
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit
from geodata.schema.filters import CHOOSE, Condition
from geodata.schema.layer_filters import day_filter
from geodata.schema.registry import Registry
from geodata.schema.roles import INSPECTION

_PARTS = ("issued_on", "expires_on", "revoked_on", "suspended_from", "suspended_to")


def today(connection: ReadConnection | Session) -> date:
    """Return today in the province, as the map's states see it."""
    day: date = connection.execute(select(func.current_date())).scalar_one()
    return day


def now(connection: ReadConnection | Session) -> datetime:
    """Return the time of day in the province, without zone."""
    moment: datetime = connection.execute(select(func.localtimestamp())).scalar_one()
    return moment


def read_facts(session: Session, site: FuelSite) -> SiteFacts:
    """Return everything known about a site that its states depend on."""
    return read_facts_of(session, [site])[site.id]


def read_facts_of(session: Session, sites: Sequence[FuelSite]) -> dict[int, SiteFacts]:
    """Return site id -> everything known that the site's states depend on."""
    ids = [site.id for site in sites]
    certificates: dict[int, list[CertificateFacts]] = {number: [] for number in ids}
    for row in session.scalars(select(Certificate).where(Certificate.feature_id.in_(ids)).order_by(Certificate.id)):
        certificates[row.feature_id].append(CertificateFacts(**{name: getattr(row, name) for name in _PARTS}))
    visits: dict[int, list[date]] = {number: [] for number in ids}
    for number, day in session.execute(
        select(InspectionVisit.feature_id, InspectionVisit.visited_on).where(InspectionVisit.feature_id.in_(ids))
    ):
        visits[number].append(day)
    findings: dict[int, list[FindingFacts]] = {number: [] for number in ids}
    for found in session.scalars(select(Finding).where(Finding.feature_id.in_(ids))):
        findings[found.feature_id].append(
            FindingFacts(
                found_on=found.found_on,
                severity=found.severity,
                remedy_due_on=found.remedy_due_on,
                remedied_on=found.remedied_on,
            )
        )
    for site in sites:
        own = {name: getattr(site, f"certificate_{name}") for name in _PARTS}
        if site.certificate_no is None and any(own.values()):
            certificates[site.id].append(CertificateFacts(**own))
    return {
        site.id: SiteFacts(
            kind=site.kind, certificate_record=site.certificate_record, certificates=certificates[site.id],
            visits=visits[site.id], findings=findings[site.id],
        )
        for site in sites
    }  # fmt: skip


def list_states(
    session: Session, on: date, *, certificate: str | None = None, inspection: str | None = None,
    after: str = "", limit: int = 50,
) -> list[tuple[FuelSite, SiteState]]:  # fmt: skip
    """Return the sites there on a day with their states and reasons, in the order of their codes after one.

    Raises InvalidFilterError for a state that does not exist.
    """
    wanted = [_there(on).sql, FuelSite.code > after]
    for name, value, labels in (
        ("certificate_state", certificate, CertificateState.labels()),
        ("inspection_status", inspection, InspectionStatus.labels()),
    ):
        if value:
            wanted.append(_is(name, value, labels, on))
    sites = session.scalars(select(FuelSite).where(*wanted).order_by(FuelSite.code).limit(limit)).all()
    facts = read_facts_of(session, sites)
    return [(site, derive_state(facts[site.id], on)) for site in sites]


def _is(name: str, value: str, labels: dict[str, str], on: date) -> ColumnElement[bool]:
    if value not in labels:
        raise InvalidFilterError(name=name, value=value[:40], reason=CHOOSE, choices=[*labels])
    return FuelSite.column(name, on) == value


def _there(on: date) -> Condition:
    return day_filter("as_of", on, FuelSite.column("valid_from"), FuelSite.column("valid_to"))


def count_states(connection: ReadConnection | Session, on: date) -> dict[str, dict[str, int]]:
    """Return how many sites were in each certificate and inspection state on a day, past or not."""
    states = (
        select(
            FuelSite.column("certificate_state", on).label("certificate"),
            FuelSite.column("inspection_status", on).label("inspection"),
        )
        .where(_there(on).sql)
        .subquery()
    )
    found: dict[str, dict[str, int]] = {}
    for name in ("certificate", "inspection"):
        column = states.c[name]
        rows = connection.execute(select(column, func.count()).group_by(column))
        found[name] = {row[0]: row[1] for row in rows}
    return found


def list_units(session: Session, registry: Registry) -> list[tuple[str, str, int]]:
    """Return code, name and number of sites of the administrative units that have sites, in Vietnamese order."""
    unit = registry.get(FuelSite.layer.refers["admin_unit_code"])
    code = FuelSite.column("admin_unit_code")
    counts = select(code.label("code"), func.count().label("sites")).where(code.is_not(None)).group_by(code).subquery()
    query = (
        select(counts.c.code, func.min(unit.column("name")), counts.c.sites)
        .join(unit, unit.column("code") == counts.c.code)
        .where(or_(unit.column("valid_to").is_(None), unit.column("valid_to") >= func.current_date()))
        .group_by(counts.c.code, counts.c.sites)
        .order_by(by_name(func.min(unit.column("name"))))
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def get_site(session: Session, site_id: int) -> FuelSite:
    """Return a site. Raises NotFoundError."""
    site = session.get(FuelSite, site_id)
    if site is None:
        raise NotFoundError(value=str(site_id))
    return site


def list_sites(session: Session, ids: Sequence[int]) -> list[FuelSite]:
    """Return those of the sites that there are, in the order of their ids here."""
    found = {site.id: site for site in session.scalars(select(FuelSite).where(FuelSite.id.in_(ids)))}
    return [found[number] for number in ids if number in found]


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
