"""What an inspector has to be reminded of: a number on every page, and the list behind it."""

from flask import Blueprint, url_for
from sqlalchemy.exc import SQLAlchemyError

from geodata.inspections import reminders
from geodata.inspections.reminders import LABELS
from webmap.auth import allow, current_role
from webmap.extensions import db_session
from webmap.views.inspections_common import INSPECTORS, current_day, person, render_page

blueprint = Blueprint("reminders", __name__, url_prefix="/inspections/reminders")


@blueprint.app_context_processor
def _bell() -> dict[str, object]:
    return {"reminder_bell": reminder_bell}


def reminder_bell() -> dict[str, object] | None:
    """Return the number of reminders and where they are, or None for who inspects nothing."""
    if current_role() not in INSPECTORS:
        return None
    try:
        count = reminders.count_reminders(db_session(), person(), current_day())
    except SQLAlchemyError:  # an error page is shown without a bell
        return None
    return {"count": count, "address": url_for("reminders.index")}


@blueprint.get("")
@allow(*INSPECTORS)
def index() -> str:
    """Show the reminders under their reasons."""
    found = reminders.list_reminders(db_session(), person(), current_day())
    groups = [(label, [row for row in found if row.reason is reason]) for reason, label in LABELS.items()]
    return render_page("inspections/reminders.html", groups=[group for group in groups if group[1]])
