"""Today's route: the next visit, the order of the day, what was left out and why."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from geodata.base.errors import ConflictError, InvalidValueError
from geodata.base.i18n import N_
from geodata.inspections import day as days, facts
from geodata.inspections.day import Day
from geodata.inspections.records import VisitPaper
from geodata.schema.filters import CHOOSE
from webmap.app.auth import allow
from webmap.app.extensions import db_session
from webmap.app.i18n import translate, translate_error
from webmap.inspections.form_fields import INSPECTORS, current_day, day_field, person, render_page

blueprint = Blueprint("day", __name__, url_prefix="/inspections/day")

#: Offered as reasons for leaving a visit out; any other text may be written.
REASONS = (N_("Closed when we came"), N_("Nobody responsible was there"), N_("No time left"), N_("Weather or road"))


@blueprint.get("")
@allow(*INSPECTORS)
def index() -> str:
    """Show the visits of a day in their order, the next one first; a leader may look at anybody's."""
    session, day = db_session(), day_field("day", current_day()) or current_day()
    names = dict(facts.list_inspectors(session))
    who = request.args.get("person", "") if person().is_leader else ""
    if who and who not in names:
        raise InvalidValueError(name="person", value=who[:40], reason=CHOOSE)
    found = days.read_day(session, who or person().name, day)
    return render_page(
        "inspections/day.html",
        found=found, day=day, today=current_day(), names=names, reasons=REASONS, moves=days, map=_map(found),
    )  # fmt: skip


@blueprint.post("/visits/<int:paper_id>/move")
@allow(*INSPECTORS)
def move(paper_id: int) -> ResponseReturnValue:
    """Put a visit earlier, later or next."""
    session = db_session()
    paper = days.move_stop(session, person(), paper_id, request.form.get("move", ""), now=facts.now(session))
    session.commit()
    return _back(paper)


@blueprint.post("/visits/<int:paper_id>/skip")
@allow(*INSPECTORS)
def skip(paper_id: int) -> ResponseReturnValue:
    """Leave a visit out, with the reason."""
    session = db_session()
    reason = request.form.get("other", "").strip() or request.form.get("reason", "")
    try:
        paper = days.skip_stop(session, person(), paper_id, reason=reason)
    except (ConflictError, InvalidValueError) as error:
        session.rollback()
        flash(translate_error(error), "error")
        return redirect(request.referrer or url_for("day.index"))
    session.commit()
    flash(translate(N_("The visit is left out. It can be taken back below.")), "success")
    return _back(paper)


@blueprint.post("/visits/<int:paper_id>/take-back")
@allow(*INSPECTORS)
def take_back(paper_id: int) -> ResponseReturnValue:
    """Put a visit that was left out back in."""
    session = db_session()
    paper = days.take_back(session, person(), paper_id)
    session.commit()
    return _back(paper)


def _back(paper: VisitPaper) -> ResponseReturnValue:
    other = paper.inspector if paper.inspector != person().name else None
    return redirect(url_for("day.index", day=paper.planned_on.isoformat(), person=other) + f"#visit-{paper.id}")


def _map(found: Day) -> dict[str, object]:
    """Return what the map draws: the way through what is left, and every stop with its state."""
    going = [stop for stop in found.stops if not stop.is_skipped]
    return {
        "start": found.start,
        "routes": [{"person": found.inspector, "points": [[stop.lon, stop.lat] for stop in going]}],
        "pins": [
            {
                "lon": stop.lon, "lat": stop.lat, "label": str(stop.number), "title": stop.site.name,
                "kind": "done" if stop.is_done else "skipped" if stop.is_skipped else "next" if stop is found.next else 0,
                "anchor": f"visit-{stop.paper.id}",
            }
            for stop in found.stops
        ],
    }  # fmt: skip
