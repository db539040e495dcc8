"""The states of all sites on a day, past or not: how many, which, and why."""

from flask import Blueprint, request

from geodata.inspections import facts
from geodata.schema.filters import parse_day
from webmap.app.auth import allow
from webmap.app.extensions import db_session
from webmap.inspections.form_fields import INSPECTORS, current_day, render_page

blueprint = Blueprint("states", __name__, url_prefix="/inspections/states")

PAGE = 50


@blueprint.get("")
@allow(*INSPECTORS)
def index() -> str:
    """Show the counts by state on a day beside today's, and the sites with the sentence that says why."""
    session, today = db_session(), current_day()
    text = request.args.get("date", "").strip()
    day = parse_day("date", text) if text else today
    chosen = {name: request.args.get(name, "") for name in ("certificate", "inspection")}
    sites = facts.list_states(session, day, **chosen, after=request.args.get("after", ""), limit=PAGE + 1)
    return render_page(
        "inspections/states.html",
        day=day,
        today=today,
        counts=facts.count_states(session, day),
        counts_today=facts.count_states(session, today),
        chosen=chosen,
        sites=sites[:PAGE],
        more=sites[PAGE - 1][0].code if len(sites) > PAGE else "",
    )
