"""Legal acts: what an act is about, and what hangs on it; beside the map and as a page."""

from flask import Blueprint, render_template, url_for

from geodata.accounts.access import Action, may
from geodata.inspections import campaigns
from geodata.query import documents
from webmap.app.auth import allow_public, current_reader, current_role, may_open
from webmap.app.extensions import database, db_session, layers
from webmap.app.links import map_address
from webmap.inspections.form_fields import current_day, person

blueprint = Blueprint("documents", __name__, url_prefix="/documents")


@blueprint.get("/<int:act_id>")
@allow_public
def act(act_id: int) -> str:
    """Show an act as a page."""
    return render_template("documents/page.html", **_described(act_id))


@blueprint.get("/<int:act_id>/panel")
@allow_public
def panel(act_id: int) -> str:
    """Show an act beside the map."""
    return render_template("documents/act.html", **_described(act_id))


def _described(act_id: int) -> dict[str, object]:
    role = current_role()
    kinds = [kind for kind in layers() if may(role, Action.VIEW, kind)]
    with database().reading(current_reader()) as connection:
        found = documents.get_act(connection, act_id)
        linked = documents.features_of(connection, act_id, kinds)
    return {
        "act": found,
        "kind": found.kind.label,
        "linked": linked,
        "campaigns": _campaigns(found.number),
        "map_address": map_address,
    }


def _campaigns(number: str) -> list[tuple[str, str, str]]:
    """Return address, number and title of the campaigns ordered by or based on an act, as far as the person may see them."""
    if not may_open("inspections.campaign", current_role()):
        return []
    found = [progress.campaign for progress in campaigns.list_campaigns(db_session(), person(), current_day())]
    return [
        (url_for("inspections.campaign", campaign_id=campaign.id), campaign.number, campaign.title)
        for campaign in found
        if number == campaign.number or number in (campaign.legal_basis or "")
    ]
