"""The worklist: filtered like the map, ranked with reasons, as page and as XLSX; and its weights."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement
from werkzeug.datastructures import MultiDict

from geodata.accounts.access import visible_fields
from geodata.base.errors import GeodataError, InvalidFilterError, InvalidValueError
from geodata.base.i18n import N_
from geodata.inspections import campaigns, facts, weights as ranking_weights, worklist
from geodata.inspections.entries import whole_text
from geodata.inspections.rights import get_campaign
from geodata.inspections.sites import Site
from geodata.inspections.tables import worklist_table
from geodata.schema.fields import Field
from geodata.schema.filters import CHOOSE, Condition
from webmap.app.auth import allow, current_reader, current_role
from webmap.app.extensions import database, db_session, layers
from webmap.app.gate import dear
from webmap.app.i18n import format_word, translate, translate_error
from webmap.app.query import FilterParser
from webmap.app.requests import int_argument, readable_layers
from webmap.inspections.files import send_table
from webmap.inspections.form_fields import (
    INSPECTORS,
    LEADING,
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
_OTHER_DAYS = frozenset({"as_of", "year"})
_VISITED = {"": N_("Any time"), "never": N_("Never"), "365": N_("Over a year ago"), "730": N_("Over two years ago")}
PAGE = 20
MAX_ROWS = 2000
#: The distances offered; any other up to MAX_KM may stand in the address.
_KM = (2, 5, 10, 20, 50)
MAX_KM = 500


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
    session.commit()
    return render_page(
        "inspections/worklist.html",
        found=found, sentences=sentences, page=page, per_page=PAGE,
        units=facts.list_units(session, layers()), campaigns=campaigns.list_campaigns(session, who, current_day()),
        visited=_VISITED, distances=_KM, arguments=request.args, chosen=set(id_list("site")),
        count_limit=worklist.COUNT_LIMIT, query=_query(), scope="; ".join(sentences), map=_map(found, page, here),
    )  # fmt: skip


def _map(found: worklist.Worklist, page: int, here: tuple[float, float] | None) -> dict[str, object]:
    """Return what the map draws of a page: each site under its rank, those drawn by lot without one."""
    first = (page - 1) * PAGE + 1
    return {
        "start": here,
        "pins": [
            {
                "lon": site.lon, "lat": site.lat, "label": "•" if site.by_lot else str(first + place),
                "title": site.name, "anchor": f"site-{site.id}", "kind": "skipped" if site.by_lot else 0,
            }
            for place, site in enumerate(found.sites)
        ],
    }  # fmt: skip


@blueprint.get("/table.xlsx")
@allow(*INSPECTORS)
@dear
def as_table() -> Response:
    """Answer the filtered list as XLSX, ranked, with the reasons."""
    conditions, sentences = _conditions()
    here, is_near = place_argument("here"), request.args.get("order") == "near"
    found = worklist.rank_sites(db_session(), conditions, here=here, nearest_first=is_near, size=MAX_ROWS)
    db_session().commit()
    table = worklist_table(
        found.sites,
        translate=translate,
        say=say,
        title=": ".join([translate(N_("Worklist")), *filter(None, ["; ".join(sentences)])]),
    )
    return send_table(
        table,
        "danh-sach-kiem-tra.xlsx",
        [(translate(N_("Filter")), "; ".join(sentences) or translate(N_("all objects, without a filter")))],
    )


@blueprint.get("/weights")
@allow(*INSPECTORS)
def weights() -> str:
    """Show the weights and their versions."""
    return _weights_page()


@blueprint.post("/weights")
@allow(*LEADING)
def change_weights() -> ResponseReturnValue:
    """Add a version of the weights."""
    try:
        points = {name: number_field(name, 0) or 0 for name in ranking_weights.WEIGHTS}
        ranking_weights.change_weights(
            db_session(), points=points, random_percent=number_field("random_percent", 0) or 0, by=person().name,
            note=whole_text("note", request.form.get("note", ""), 300) or None,
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
        weights=ranking_weights.current_weights(session),
        labels=ranking_weights.WEIGHTS,
        versions=ranking_weights.list_weights(session),
        problem=problem,
    )


def _conditions() -> tuple[list[ColumnElement[bool]], list[str]]:
    """Return the conditions of this request's arguments, and what they say."""
    visible = visible_fields(current_role(), Site)
    stored = {field.name: field for field in visible if field.name in worklist.STORED and field.filter is not None}
    conditions: list[ColumnElement[bool]] = []
    sentences: list[str] = []
    for name in request.args:
        values = [value for value in request.args.getlist(name) if value]
        if name in _OWN or not values:
            continue
        if name in _OTHER_DAYS:
            raise InvalidValueError(name=name, value=values[0][:20], reason=N_("the worklist is of today"))
        if name in stored:
            found: tuple[Condition, ...] = (_stored(stored[name], values),)
            conditions += [condition.sql for condition in found]
        else:
            found = _derived(visible, MultiDict((name, value) for value in values))
            conditions += [worklist.of_site(condition.sql) for condition in found]
        sentences += [_with_unit_names(condition.say(translate, format_word)) for condition in found]
    for sql, sentence in _own_conditions():
        conditions.append(sql)
        sentences.append(sentence)
    return conditions, sentences


def _derived(visible: Sequence[Field], arguments: MultiDict[str, str]) -> tuple[Condition, ...]:
    with database().reading(current_reader(), is_fresh=True) as connection:
        parser = FilterParser(kind=Site, visible=visible, readable=readable_layers(), connection=connection)
        return parser.parse(arguments)


def _stored(field: Field, values: list[str]) -> Condition:
    if field.filter is None or any("\x00" in value for value in values):
        raise InvalidFilterError(name=field.name, value="", reason=CHOOSE)
    return field.filter.parse(field.name, field.label, values, worklist.STORED[field.name].expression)


def _own_conditions() -> Iterator[tuple[ColumnElement[bool], str]]:
    if campaign_id := number_field("campaign"):
        campaign = get_campaign(db_session(), person(), campaign_id)
        yield worklist.in_campaign(campaign.id, open_only=True), translate(N_("still to visit in the campaign"))
    visited = request.args.get("visited", "")
    if visited not in _VISITED:
        raise InvalidValueError(name="visited", value=visited[:20], reason=CHOOSE)
    if visited:
        day = None if visited == "never" else current_day() - timedelta(days=int(visited))
        label = f"{translate(N_('Last visit'))}: {translate(_VISITED[visited]).lower()}"
        yield worklist.not_visited_since(day), label
    if product := request.args.get("product", "").strip().replace("\x00", "")[:100]:
        yield worklist.sells(product), f"{translate(N_('Products'))}: {product}"
    if volume := number_field("min_volume"):
        sentence = translate(N_("Tank volume from {volume} m³")).format(volume=volume)
        yield worklist.STORED["tank_volume_m3"] >= volume, sentence
    here, km = place_argument("here"), number_field("km")
    if km:
        if here is None:
            raise InvalidValueError(name="km", value=str(km), reason=N_("your place is needed"))
        yield worklist.within(here, min(km, MAX_KM)), translate(N_("within {km} km of me")).format(km=min(km, MAX_KM))


def _with_unit_names(sentence: str) -> str:
    wanted = request.args.getlist("admin_unit_code")
    if wanted and all(code in sentence for code in wanted):
        for code, name, _ in facts.list_units(db_session(), layers()):
            if code in wanted:
                sentence = sentence.replace(code, name)
    return sentence


def _query() -> str:
    """Return the filters of this page without page number and chosen sites."""
    return urlencode(
        [(name, value) for name, value in request.args.items(multi=True) if value and name not in {"page", "site"}]
    )
