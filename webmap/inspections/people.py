"""The board of every inspector, handing work over, and the leaders' answers to minutes."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from geodata.base.errors import ConflictError, InvalidValueError
from geodata.base.i18n import N_
from geodata.inspections import boards, facts, reviews
from geodata.inspections.records import VisitPaper
from geodata.inspections.reviews import Reviewed, ReviewState
from geodata.schema.filters import CHOOSE
from webmap.app.auth import allow
from webmap.app.extensions import db_session
from webmap.app.i18n import translate, translate_error
from webmap.inspections.form_fields import (
    INSPECTORS,
    LEADING,
    current_day,
    day_field,
    id_list,
    number_field,
    person,
    render_page,
)

blueprint = Blueprint("people", __name__, url_prefix="/inspections/people")

_DAYS_BACK = 90


@blueprint.app_context_processor
def _review() -> dict[str, object]:
    return {"review_of": review_of, "review_labels": ReviewState.labels()}


def review_of(paper: VisitPaper) -> Reviewed:
    """Return how far the minutes of a visit are, for the pages that show one."""
    return reviews.read_review(db_session(), paper)


@blueprint.get("")
@allow(*INSPECTORS)
def index() -> str:
    """Show what each inspector has planned, done and left open; an inspector sees the own row."""
    day = current_day()
    since = day_field("since", day - timedelta(days=_DAYS_BACK)) or day
    return render_page(
        "inspections/people.html",
        rows=boards.list_work(db_session(), person(), day, since), since=since, day=day,
        waiting=_minutes(ReviewState.RECEIVED), returned=_minutes(ReviewState.ISSUES),
    )  # fmt: skip


@blueprint.get("/<name>/open")
@allow(*LEADING)
def open_visits(name: str) -> str:
    """Show the unfinished visits of somebody, to hand them over."""
    session = db_session()
    return render_page(
        "inspections/handover.html",
        name=name, rows=boards.list_open(session, name), inspectors=facts.list_inspectors(session), today=current_day(),
    )  # fmt: skip


@blueprint.post("/<name>/open")
@allow(*LEADING)
def hand_over(name: str) -> ResponseReturnValue:
    """Give the chosen visits to somebody else."""
    count = boards.hand_over(db_session(), person(), id_list("paper"), request.form.get("to", ""))
    db_session().commit()
    flash(translate(N_("{count} visits are handed over.")).format(count=count), "success")
    return redirect(url_for("people.open_visits", name=name))


@blueprint.post("/assign")
@allow(*LEADING)
def assign() -> ResponseReturnValue:
    """Send somebody to a site on a day."""
    session, site = db_session(), number_field("site", 0) or 0
    try:
        paper = boards.assign(
            session, person(), site, to=request.form.get("person", ""), on=day_field("planned_on") or current_day(),
            today=current_day(),
        )  # fmt: skip
    except (ConflictError, InvalidValueError) as error:
        session.rollback()
        flash(translate_error(error), "error")
        return redirect(url_for("inspections.site", site_id=site))
    session.commit()
    flash(translate(N_("The visit is assigned.")), "success")
    return redirect(url_for("day.index", day=paper.planned_on.isoformat(), person=paper.inspector))


@blueprint.post("/minutes/<int:paper_id>")
@allow(*LEADING)
def answer(paper_id: int) -> ResponseReturnValue:
    """Accept the minutes of a visit, or return them with a remark."""
    session, text = db_session(), request.form.get("state", "")
    state = next((value for value in (ReviewState.ISSUES, ReviewState.ACCEPTED) if value == text), None)
    if state is None:
        raise InvalidValueError(name="state", value=text[:20], reason=CHOOSE)
    try:
        reviews.answer(
            session, person(), paper_id, state, version=number_field("version", 0) or 0,
            remark=request.form.get("remark", ""),
        )  # fmt: skip
    except (ConflictError, InvalidValueError) as error:
        session.rollback()
        flash(translate_error(error), "error")
    else:
        session.commit()
        done = N_("The minutes are accepted.") if state is ReviewState.ACCEPTED else N_("The minutes are returned.")
        flash(translate(done), "success")
    return redirect(url_for("visits.visit", paper_id=paper_id) + "#review")


def _minutes(state: ReviewState) -> list[object]:
    own = None if person().is_leader else person().name
    return list(reviews.list_papers(db_session(), state, inspector=own))
