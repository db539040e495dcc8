"""What an inspector has to be reminded of: a number on every page, and the list behind it."""

from flask import Blueprint, url_for

from geodata.inspections import reminders
from geodata.inspections.reminders import LABELS
from webmap.app.auth import allow, current_role
from webmap.app.bell import Reminders, rings_for
from webmap.app.extensions import db_session
from webmap.app.i18n import translate
from webmap.inspections.form_fields import INSPECTORS, current_day, person, render_page

blueprint = Blueprint("reminders", __name__, url_prefix="/inspections/reminders")


def reminder_bell() -> Reminders | None:
    """Return the number of reminders and where they are, or None for who inspects nothing."""
    if current_role() not in INSPECTORS:
        return None
    count = reminders.count_reminders(db_session(), person(), current_day())
    return Reminders(label=translate("Inspections"), count=count, address=url_for("reminders.index"))


rings_for(blueprint, reminder_bell)


@blueprint.get("")
@allow(*INSPECTORS)
def index() -> str:
    """Show the reminders under their reasons."""
    found = reminders.list_reminders(db_session(), person(), current_day())
    groups = [(label, [row for row in found if row.reason is reason]) for reason, label in LABELS.items()]
    return render_page("inspections/reminders.html", groups=[group for group in groups if group[1]])
