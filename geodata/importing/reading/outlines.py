"""Outlines that a program left open, or of too few points to be one: closed and told, or rejected with the reason."""

from collections.abc import Sequence

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.told import by_row


def outline_problems(closed: Sequence[int], broken: Sequence[int], rows: Sequence[int]) -> list[Problem]:
    """Return the warnings for outlines that were closed, and the errors for shapes that cannot be made."""
    template = N_("The outline did not end where it begins; it was closed.")
    too_few = N_("A part of the shape has too few corners; the shape cannot be read.")
    what = Message(template=N_("Open the file in QGIS, run “Fix geometries” on the layer, and send the result."))
    told = by_row(
        closed,
        lambda at: problem("invalid_geometry", template, row=int(rows[at]), field="geom", severity=Severity.WARNING),
        rows,
    )
    told += [problem("invalid_geometry", too_few, row=int(rows[at]), field="geom", suggestion=what) for at in broken]
    return told
