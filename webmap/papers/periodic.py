"""Which report a period has."""

from geodata.base.database import ReadConnection
from geodata.schema.registry import Registry
from webmap.papers import monthly
from webmap.papers.periods import Period, Span
from webmap.papers.statutory import find_statutory, read_statutory, wanted_fields
from webmap.papers.statutory_form import statutory_form
from webmap.papers.written import Report
from webmap.templating.forms import Form


def periodic_forms(registry: Registry) -> dict[Span, Form]:
    """Return the form of the report of each length of period."""
    forms = {Span.MONTH: monthly.form(registry)}
    if found := find_statutory(registry):
        kind, statutory = found
        wanted = wanted_fields(kind, statutory)
        forms |= {span: statutory_form(kind, statutory, wanted, span) for span in (Span.HALF_YEAR, Span.YEAR)}
    return forms


def read_report(connection: ReadConnection, registry: Registry, period: Period, *, office: str) -> Report:
    """Read the report of a period. Raises InvalidValueError where there is none of its length."""
    if period.span is Span.MONTH:
        return monthly.read_month(connection, registry, period, office=office)
    return read_statutory(connection, registry, period, office=office)
