"""The unit that a column is in, as its heading or a line above the table says, against the unit of its field."""

from decimal import Decimal

from geodata.base.i18n import N_
from geodata.base.units import unit_called, unit_of_heading
from geodata.importing.results import Problem, Severity, problem
from geodata.schema.fields import Field

_ONE = Decimal(1)
_NUMBERS = (int, float, Decimal)
#: Of things that have their size in their name, a line above the table says nothing: “Đơn vị tính: m” is no unit of areas.
_SAID_OF_ALL = frozenset({"money", "area", "volume", "mass", "power", "apparent power"})


def factor_of(heading: str, field: Field, said: str | None) -> tuple[Decimal, Problem | None]:
    """Return what the column's numbers are multiplied by to be in the field's unit, and what is to be told of it.

    `said`: the unit that stands above the table for all of its columns.
    """
    own = unit_called(field.unit) if field.unit and field.python_type in _NUMBERS else None
    if own is None:
        return _ONE, None
    found = unit_of_heading(heading)
    above = unit_called(said) if said and found is None else None
    if above is not None and above.measures == own.measures and above.measures in _SAID_OF_ALL:
        found = above
    if found is None or found == own or (found.measures, found.size) == (own.measures, own.size):
        return _ONE, None
    if found.measures != own.measures:
        template = N_(
            "The heading “{column}” says {said}, the field “{label}” is in {unit}: the numbers were taken as they are. "
            "Check them."
        )
        told = problem(
            "bad_value", template, field=field.name, severity=Severity.WARNING, column=heading, said=found.shown,
            label=field.label, unit=own.shown,
        )  # fmt: skip
        return _ONE, told
    template = N_("The numbers of “{column}” are in {said}, as the file says; they were converted to {unit}.")
    told = problem(
        "bad_value", template, field=field.name, severity=Severity.WARNING, column=heading, said=found.shown,
        unit=own.shown,
    )  # fmt: skip
    return found.size / own.size, told


__all__ = ["factor_of"]
