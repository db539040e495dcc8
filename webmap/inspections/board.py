"""The inspectors' board, campaigns with their targets, and the history of a site."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from geodata.base.errors import GeodataError
from geodata.inspections import campaigns, complaints, facts, followup, issued, visits, worklist
from geodata.inspections.followup import Due
from geodata.inspections.records import CampaignField, InspectionCampaign
from geodata.inspections.rights import get_campaign
from geodata.layers.fuel_sites.certificates import derive_state
from webmap.app.auth import allow
from webmap.app.extensions import db_session
from webmap.app.i18n import translate_error
from webmap.inspections.complaints import labels
from webmap.inspections.form_fields import INSPECTORS, current_day, day_field, id_list, person, render_page

blueprint = Blueprint("inspections", __name__, url_prefix="/inspections")


@blueprint.get("")
@allow(*INSPECTORS)
def board() -> str:
    """Show what is to be done: my visits today, overdue remedies, who next, campaigns."""
    session, who, day = db_session(), person(), current_day()
    ranked = worklist.rank_sites(session, size=5)
    session.commit()
    return render_page(
        "inspections/board.html",
        day=day,
        today=visits.list_papers(session, who, day=day, own=True),
        unfinished=[
            row for row in visits.list_papers(session, who, in_work=True, own=True) if row[0].planned_on != day
        ],
        overdue=followup.list_follow_ups(session, who, Due.OVERDUE, day, limit=5),
        counts=followup.count_follow_ups(session, who, day),
        next_sites=ranked.sites,
        campaigns=campaigns.list_campaigns(session, who, day),
        states=facts.count_states(session, day),
        complaint_count=complaints.count_complaints(session)[True],
    )


@blueprint.get("/campaigns/<int:campaign_id>")
@allow(*INSPECTORS)
def campaign(campaign_id: int) -> str:
    """Show a campaign's progress and targets."""
    return _campaign_page(campaign_id)


@blueprint.get("/campaigns/new")
@allow(*INSPECTORS)
def new_campaign() -> str:
    """Show the form of a new campaign, for the sites chosen on the worklist."""
    return _campaign_form()


@blueprint.post("/campaigns")
@allow(*INSPECTORS)
def add_campaign() -> ResponseReturnValue:
    """Store a campaign with its targets."""
    session, who, form = db_session(), person(), request.form
    try:
        added = campaigns.add_campaign(session, team=form.getlist("team"), by=who.name, **_described())
        campaigns.add_targets(session, added, id_list("site"), by=who.name)
    except GeodataError as error:
        session.rollback()
        return _campaign_form(problem=translate_error(error)), 400
    session.commit()
    return redirect(url_for("inspections.campaign", campaign_id=added.id))


@blueprint.get("/campaigns/<int:campaign_id>/edit")
@allow(*INSPECTORS)
def campaign_form(campaign_id: int) -> str:
    """Show the form of a campaign that is there."""
    return _campaign_form(get_campaign(db_session(), person(), campaign_id))


@blueprint.post("/campaigns/<int:campaign_id>/edit")
@allow(*INSPECTORS)
def edit_campaign(campaign_id: int) -> ResponseReturnValue:
    """Change what a campaign says of itself."""
    session = db_session()
    found = get_campaign(session, person(), campaign_id)
    try:
        campaigns.edit_campaign(session, found, by=person().name, **_described())
    except GeodataError as error:
        session.rollback()
        return _campaign_form(get_campaign(session, person(), campaign_id), problem=translate_error(error)), 400
    session.commit()
    return redirect(url_for("inspections.campaign", campaign_id=campaign_id))


@blueprint.post("/campaigns/<int:campaign_id>/targets")
@allow(*INSPECTORS)
def add_targets(campaign_id: int) -> ResponseReturnValue:
    """Add the chosen sites to a campaign."""
    found = get_campaign(db_session(), person(), campaign_id)
    campaigns.add_targets(db_session(), found, id_list("site"), by=person().name)
    db_session().commit()
    return redirect(url_for("inspections.campaign", campaign_id=campaign_id))


@blueprint.post("/campaigns/<int:campaign_id>/team")
@allow(*INSPECTORS)
def set_team(campaign_id: int) -> ResponseReturnValue:
    """Name who works on a campaign."""
    found = get_campaign(db_session(), person(), campaign_id)
    campaigns.set_team(db_session(), found, request.form.getlist("team"), by=person().name)
    db_session().commit()
    return redirect(url_for("inspections.board"))


@blueprint.post("/campaigns/<int:campaign_id>/targets/<int:site_id>/waive")
@allow(*INSPECTORS)
def waive_target(campaign_id: int, site_id: int) -> ResponseReturnValue:
    """Take a target off with a reason, or back on without one."""
    found = get_campaign(db_session(), person(), campaign_id)
    campaigns.waive_target(db_session(), found, site_id, reason=request.form.get("reason", ""), by=person().name)
    db_session().commit()
    return redirect(url_for("inspections.campaign", campaign_id=campaign_id))


@blueprint.get("/sites/<int:site_id>")
@allow(*INSPECTORS)
def site(site_id: int) -> str:
    """Show a site's state on a day, its visits and findings, and its owner's other sites."""
    session, day = db_session(), day_field("on", current_day()) or current_day()
    found = facts.get_site(session, site_id)
    return render_page(
        "inspections/site.html",
        site=found,
        day=day,
        today=current_day(),
        state=derive_state(facts.read_facts(session, found), day),
        place=facts.site_place(session, site_id),
        history=followup.site_history(session, site_id),
        owner=followup.owner_sites(session, found),
        inspectors=facts.list_inspectors(session),
        complaints=[
            row
            for is_open in (True, False)
            for row, _ in complaints.list_complaints(session, is_open=is_open, site_id=site_id)
        ],
        **labels(),
    )


def _campaign_page(campaign_id: int, problem: str = "") -> str:
    session, who, day = db_session(), person(), day_field("on", current_day()) or current_day()
    found = get_campaign(session, who, campaign_id)
    return render_page(
        "inspections/campaign.html",
        progress=campaigns.progress(session, found, day),
        targets=campaigns.list_targets(session, found, day),
        team=campaigns.list_team(session, found),
        inspectors=facts.list_inspectors(session),
        issued=issued.list_issued(session, campaign_id),
        paper_kinds=issued.KIND_LABELS,
        problem=problem,
        day=day,
    )


def _described() -> campaigns.Described:
    """Return what the form says of a campaign."""
    form = request.form
    return {
        "number": form.get("number", ""),
        "title": form.get("title", ""),
        "field": form.get("field", ""),
        "authority": form.get("authority", "").strip()[:200] or None,
        "legal_basis": form.get("legal_basis", "").strip()[:300] or None,
        "scope": form.get("scope", "").strip()[:1000] or None,
        "decided_on": day_field("decided_on"),
        "starts_on": day_field("starts_on"),
        "ends_on": day_field("ends_on"),
    }


def _campaign_form(campaign: InspectionCampaign | None = None, problem: str = "") -> str:
    told: Any = request.form
    if campaign is not None and not told:
        told = {name: getattr(campaign, name) or "" for name in campaigns.DESCRIBED}
    return render_page(
        "inspections/campaign_form.html",
        sites=id_list("site"),
        scope=request.values.get("scope", "") or told.get("scope", ""),
        fields=CampaignField.labels(),
        inspectors=facts.list_inspectors(db_session()),
        problem=problem,
        form=told,
        campaign=campaign,
    )
