"""Which report a period has."""

from sqlalchemy.orm import Session

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.schema.registry import Registry
from webmap.papers import monthly
from webmap.papers.periods import Period, Span
from webmap.papers.written import Report

#: The paper of each span, by its name.
NAMES = {Span.MONTH: monthly.NAME}
TITLES = {monthly.NAME: monthly.TITLE}


def read_report(session: Session, registry: Registry, period: Period, *, office: str) -> Report:
    """Read the report of a period. Raises InvalidValueError where there is none of its length."""
    if period.span not in NAMES:
        raise InvalidValueError(name="period", value=period.text, reason=N_("there is no report of such a period"))
    return monthly.read_month(session, registry, period, office=office)
