"""The worklist: filtered like the map, ranked with reasons, as page and as XLSX; and its weights."""

import io
from datetime import timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, func
from werkzeug.datastructures import MultiDict

from geodata.access import visible_fields
from geodata.errors import GeodataError, InvalidValueError
from geodata.filters import CHOOSE
from geodata.i18n import N_
from geodata.inspections import campaigns, facts, worklist
from geodata.inspections.sites import Site
from geodata.inspections.tables import write_worklist
from geodata.layer import Role
from webmap.auth import allow, current_role
from webmap.extensions import db_session, layers
from webmap.i18n import translate, translate_error
from webmap.query import FilterParser
from webmap.requests import int_argument
from webmap.views.inspections_common import (
    INSPECTORS,
    current_day,
    id_list,
    number_field,
    person,
    place_argument,
    render_page,
    say,
)

blueprint = Blueprint("worklist", __name__, url_prefix="/inspections/worklist")

#: Arguments of this page that are no filters of the layer.
_OWN = frozenset({"campaign", "visited", "product", "min_volume", "here", "order", "page", "site", "km", "lang"})
_VISITED = {"": N_("Any time"), "never": N_("Never"), "365": N_("Over a year ago"), "730": N_("Over two years ago")}
PAGE = 20
MAX_ROWS = 2000


@blueprint.get("")
@allow(*INSPECTORS)
def index() -> str:
    """Show who is next, and why."""
    session, who = db_session(), person()
    conditions, sentences = _conditions()
    here, page = place_argument("here"), int_argument("page", 1, low=1, high=10_000)
    found = worklist.rank_sites(
        session, conditions, here=here, nearest_first=request.args.get("order") == "near", page=page, size=PAGE
    )
    return render_page(
        "inspections/worklist.html",
        found=found, sentences=sentences, page=page, per_page=PAGE, weights=worklist.current_weights(session),
        units=facts.list_units(session), campaigns=campaigns.list_campaigns(session, who, current_day()),
        visited=_VISITED, arguments=request.args, chosen=set(id_list("site")),
        count_limit=worklist.COUNT_LIMIT, query=_query(), scope="; ".join(sentences), max_page=PAGE,
    )  # fmt: skip


@blueprint.get("/table.xlsx")
@allow(*INSPECTORS)
def as_table() -> Response:
    """Answer the filtered list as XLSX, ranked, with the reasons."""
    conditions, sentences = _conditions()
    found = worklist.rank_sites(db_session(), conditions, here=place_argument("here"), size=MAX_ROWS)
    content = write_worklist(found.sites, translate=translate, say=say, title="; ".join(sentences))
    return send_file(
        io.BytesIO(content), download_name="danh-sach-kiem-tra.xlsx", as_attachment=True,
        mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )  # fmt: skip


@blueprint.get("/weights")
@allow(*INSPECTORS)
def weights() -> str:
    """Show the weights and their versions."""
    return _weights_page()


@blueprint.post("/weights")
@allow(Role.ADMIN)
def change_weights() -> ResponseReturnValue:
    """Add a version of the weights."""
    try:
        points = {name: number_field(name, 0) or 0 for name in worklist.WEIGHTS}
        worklist.change_weights(
            db_session(), points=points, random_percent=number_field("random_percent", 0) or 0, by=person().name,
            note=request.form.get("note", "")[:300] or None,
        )  # fmt: skip
    except GeodataError as error:
        db_session().rollback()
        return _weights_page(translate_error(error)), 400
    db_session().commit()
    return redirect(url_for("worklist.weights"))


def _weights_page(problem: str = "") -> str:
    session = db_session()
    return render_page(
        "inspections/weights.html",
        weights=worklist.current_weights(session),
        labels=worklist.WEIGHTS,
        versions=worklist.list_weights(session),
        problem=problem,
    )


def _conditions() -> tuple[list[ColumnElement[bool]], list[str]]:
    """Return the conditions of this request's arguments, and what they say."""
    arguments = MultiDict((name, value) for name, value in request.args.items(multi=True) if name not in _OWN)
    parser = FilterParser(
        kind=Site, visible=visible_fields(current_role(), Site), registry=layers(),
        connection=db_session().connection(),
    )  # fmt: skip
    parsed = parser.parse(arguments)
    conditions = [condition.sql for condition in parsed]
    sentences = [_with_unit_names(condition.say(translate)) for condition in parsed]
    for condition, sentence in _own_conditions():
        conditions.append(condition)
        sentences.append(sentence)
    return conditions, sentences


def _own_conditions() -> list[tuple[ColumnElement[bool], str]]:
    found: list[tuple[ColumnElement[bool], str]] = []
    if campaign_id := number_field("campaign"):
        found.append(
            (worklist.in_campaign(campaign_id, open_only=True), translate(N_("still to visit in the campaign")))
        )
    visited = request.args.get("visited", "")
    if visited not in _VISITED:
        raise InvalidValueError(name="visited", value=visited[:20], reason=CHOOSE)
    if visited:
        day = None if visited == "never" else current_day() - timedelta(days=int(visited))
        label = f"{translate(N_('Last visit'))}: {translate(_VISITED[visited]).lower()}"
        found.append((worklist.not_visited_since(day), label))
    if product := request.args.get("product", "").strip()[:100]:
        folded = func.fold_text(Site.column("products"))
        found.append((func.strpos(folded, func.fold_text(product)) > 0, f"{translate(N_('Products'))}: {product}"))
    if volume := number_field("min_volume"):
        sentence = translate(N_("Tank volume from {volume} m³")).format(volume=volume)
        found.append((Site.column("tank_volume_m3") >= volume, sentence))
    return found


def _with_unit_names(sentence: str) -> str:
    wanted = request.args.getlist("admin_unit_code")
    if wanted and all(code in sentence for code in wanted):
        for code, name, _ in facts.list_units(db_session()):
            if code in wanted:
                sentence = sentence.replace(code, name)
    return sentence


def _query() -> str:
    """Return the filters of this page without page number and chosen sites."""
    return urlencode(
        [(name, value) for name, value in request.args.items(multi=True) if value and name not in {"page", "site"}]
    )
