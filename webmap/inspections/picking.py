"""Choosing a campaign's sites on the map: one by one, all in an area, all that a filter keeps; and taking them back."""

from dataclasses import asdict
from urllib.parse import parse_qsl

from flask import Blueprint, Response, jsonify, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from geodata.base.errors import InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.base.parsing import LARGEST_ID, parse_id
from geodata.inspections import campaigns
from geodata.inspections.records import InspectionCampaign
from geodata.inspections.rights import get_campaign
from geodata.query import features
from webmap.app.auth import allow, current_reader, current_role
from webmap.app.extensions import database, db_session
from webmap.app.requests import layer_request
from webmap.inspections.form_fields import INSPECTORS, SITES, person

blueprint = Blueprint("picking", __name__, url_prefix="/inspections/campaigns")

#: Sites added in one step; more is a whole province by mistake.
MOST = 1000


@blueprint.app_context_processor
def _picking() -> dict[str, object]:
    return {"picking": picking, "pick_address": pick_address}


def picking() -> dict[str, object] | None:
    """Return the campaign whose sites are chosen on this map page (`?plan=`), or None; also when it is not theirs."""
    text = request.args.get("plan", "")
    if current_role() not in INSPECTORS or not text:
        return None
    try:
        campaign = get_campaign(db_session(), person(), parse_id("plan", text))
    except (NotFoundError, InvalidValueError):
        return None
    return {
        "number": campaign.number,
        "layer": SITES,
        "picks": url_for("picking.picks", campaign_id=campaign.id),
        "back": url_for("inspections.campaign", campaign_id=campaign.id),
    }


def pick_address(campaign: InspectionCampaign) -> str:
    """Return the address of the map on which a campaign's sites are chosen."""
    return url_for("map.index", plan=campaign.id)


@blueprint.get("/<int:campaign_id>/picks")
@allow(*INSPECTORS)
def picks(campaign_id: int) -> Response:
    """Answer the chosen sites with their places and clashes."""
    return _answer(db_session(), get_campaign(db_session(), person(), campaign_id))


@blueprint.post("/<int:campaign_id>/picks")
@allow(*INSPECTORS)
def pick(campaign_id: int) -> Response:
    """Add and take back sites by id, or add all that a filter of the map keeps; answers what changed, to undo it."""
    session, who = db_session(), person()
    campaign = get_campaign(session, who, campaign_id)
    sent = request.get_json(silent=True)
    sent = sent if isinstance(sent, dict) else {}
    wanted = _ids(sent, "add")
    if isinstance(within := sent.get("within"), str):
        wanted += _found(within)
    added = campaigns.add_targets(session, campaign, wanted, by=who.name)
    unwanted = _ids(sent, "remove")
    removed = campaigns.remove_targets(session, campaign, unwanted, by=who.name) if unwanted else []
    session.commit()
    return _answer(session, campaign, added=added, removed=removed)


def _answer(session: Session, campaign: InspectionCampaign, **changes: list[int]) -> Response:
    return jsonify({"sites": [asdict(row) for row in campaigns.list_picks(session, campaign)], **changes})


def _ids(sent: dict[str, object], name: str) -> list[int]:
    ids = sent.get(name, [])
    if not isinstance(ids, list) or not all(type(number) is int and 0 < number <= LARGEST_ID for number in ids):
        raise InvalidValueError(name=name, value=str(ids)[:40], reason=N_("a list of numbers is needed"))
    _check_size(name, len(ids))
    return list(ids)


def _found(query: str) -> list[int]:
    """Return the ids of the sites that the map's filters keep, as they stand in its address."""
    asked = layer_request(SITES)
    with database().reading(current_reader(), is_fresh=True) as connection:
        conditions = asked.conditions(connection, MultiDict(parse_qsl(query[:20_000])))
        if not conditions:
            raise InvalidValueError(name="within", value="", reason=N_("filter or draw an area first"))
        _check_size("within", features.count_features(connection, asked.kind, conditions))
        page = features.list_features(connection, asked.kind, (), conditions, limit=MOST, with_geometry=False)
    return [row["id"] for row in page.rows]


def _check_size(name: str, count: int) -> None:
    if count > MOST:
        raise InvalidValueError(
            name=name, value=str(count), reason=N_("at most 1,000 sites at once; narrow the filter or the area")
        )
