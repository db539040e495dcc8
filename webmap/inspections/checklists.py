"""What the record of each kind of site must hold before it may be finished: set by leaders, read by every inspector."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from geodata.inspections.completeness import REQUIREMENT_LABELS, Requirements
from geodata.inspections.requirements import read_requirements, set_requirements
from geodata.inspections.sites import FuelKind
from webmap.app.auth import allow
from webmap.app.extensions import db_session
from webmap.inspections.form_fields import INSPECTORS, person, render_page

blueprint = Blueprint("checklists", __name__, url_prefix="/inspections/checklists")


@blueprint.get("")
@allow(*INSPECTORS)
def index() -> str:
    """Show the demands of every checklist."""
    kinds = FuelKind.labels()
    return render_page(
        "inspections/checklists.html",
        kinds={kind: (label, read_requirements(db_session(), kind)) for kind, label in kinds.items()},
        demands=REQUIREMENT_LABELS,
    )


@blueprint.post("/<kind>")
@allow(*INSPECTORS)
def record(kind: str) -> ResponseReturnValue:
    """Set the demands of a checklist."""
    demands = Requirements(**{name: name in request.form.getlist("demand") for name in REQUIREMENT_LABELS})
    set_requirements(db_session(), person(), kind, demands)
    db_session().commit()
    return redirect(url_for("checklists.index"))
