"""What each checklist demands before a record may be finished: a setting of the leaders, sensible until they set it."""

from sqlalchemy.orm import Session

from geodata.accounts.accounts import record_audit
from geodata.base.errors import ForbiddenError, InvalidValueError
from geodata.base.i18n import N_
from geodata.inspections.completeness import Requirements
from geodata.inspections.records import ChecklistRule
from geodata.inspections.rights import Person
from geodata.inspections.told import DEMANDS
from geodata.layers.fuel_sites import FuelKind
from geodata.schema.roles import Role


def read_requirements(session: Session, kind: str | None) -> Requirements:
    """Return the demands of a kind of site's checklist."""
    row = session.get(ChecklistRule, str(kind)) if kind else None
    return Requirements(**row.demands) if row else Requirements()


def set_requirements(session: Session, person: Person, kind: str, demands: Requirements) -> None:
    """Set what a kind's checklist demands from now on. Raises ForbiddenError, InvalidValueError."""
    if not person.is_leader:
        raise ForbiddenError(roles=[Role.ADMIN.value])
    if kind not in FuelKind.labels():
        raise InvalidValueError(name="kind", value=kind[:20], reason=N_("choose a kind of site"))
    if demands == read_requirements(session, kind):
        return
    row = session.get(ChecklistRule, kind)
    if row is None:
        row = ChecklistRule(kind=kind)
        session.add(row)
    row.demands, row.set_by = demands.as_row(), person.name
    wanted = [word for name, word in DEMANDS.items() if getattr(demands, name)]
    action = N_("Set what a record must hold")
    record_audit(session, by=person.name, action=action, subject=f"checklist {kind}", details="; ".join(wanted) or "–")
