"""Complaints of the public: entered, listed, dismissed; a visit to the site closes them."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from geodata.base.errors import GeodataError
from geodata.base.i18n import N_
from geodata.inspections import complaints, facts
from geodata.inspections.complaints import Channel, Outcome, Topic, may_see_complainant
from webmap.app.auth import allow
from webmap.app.extensions import db_session
from webmap.app.i18n import name_fields, translate, translate_error
from webmap.inspections.form_fields import INSPECTORS, LEADING, current_day, number_field, person, render_page

blueprint = Blueprint("complaints", __name__, url_prefix="/inspections/complaints")

name_fields(
    {
        "received_on": N_("Received on"), "channel": N_("How it arrived"), "topic": N_("Topic"),
        "about": N_("What it is about"), "document_no": N_("Number of the letter"),
        "complainant": N_("Who complained"), "contact": N_("How to reach them"), "reason": N_("Reason"),
    }
)  # fmt: skip


@blueprint.get("")
@allow(*INSPECTORS)
def index() -> str:
    """List the complaints that are open, or those that are closed."""
    return _page()


@blueprint.get("/new")
@allow(*INSPECTORS)
def new() -> str:
    """Show the form of a new complaint; without a site, the search for one."""
    return _form(number_field("site"))


@blueprint.post("")
@allow(*INSPECTORS)
def enter() -> ResponseReturnValue:
    """Store a complaint."""
    session, site_id = db_session(), number_field("site", 0) or 0
    facts.get_site(session, site_id)
    try:
        complaints.enter_complaint(session, person(), site_id, request.form)
    except GeodataError as error:
        session.rollback()
        return _form(site_id, problem=translate_error(error)), 400
    session.commit()
    flash(translate(N_("The complaint is entered; the site is on the worklist because of it.")), "success")
    return redirect(url_for("inspections.site", site_id=site_id, _anchor="complaints"))


@blueprint.post("/<int:complaint_id>/dismiss")
@allow(*LEADING)
def dismiss(complaint_id: int) -> ResponseReturnValue:
    """Close a complaint without a visit."""
    try:
        complaints.dismiss_complaint(db_session(), person(), complaint_id, reason=request.form.get("reason", ""))
    except GeodataError as error:
        db_session().rollback()
        return _page(problem=translate_error(error)), 400
    db_session().commit()
    return redirect(url_for("complaints.index", closed=1))


def _page(problem: str = "") -> str:
    session, is_open = db_session(), not request.args.get("closed")
    return render_page(
        "inspections/complaints.html",
        rows=complaints.list_complaints(session, is_open=is_open), counts=complaints.count_complaints(session),
        is_open=is_open, today=current_day(), problem=problem, **labels(),
    )  # fmt: skip


def _form(site_id: int | None, problem: str = "") -> str:
    session, text = db_session(), request.args.get("q", "")[:100]
    site = facts.get_site(session, site_id) if site_id else None
    return render_page(
        "inspections/complaint_form.html",
        site=site, text=text, found=complaints.find_sites(session, text) if site is None else [], form=request.form,
        known=complaints.list_complaints(session, site_id=site.id) if site else [], today=current_day(),
        problem=problem, **labels(),
    )  # fmt: skip


def labels() -> dict[str, object]:
    """Return what templates need to tell a complaint."""
    who = person()
    return {
        "channels": Channel.labels(), "topics": Topic.labels(), "outcomes": Outcome.labels(),
        "sees_complainant": lambda row: may_see_complainant(who, row),
    }  # fmt: skip
