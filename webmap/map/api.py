"""The JSON API of layers and features, and search."""

from dataclasses import asdict
from functools import lru_cache
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, jsonify, request, url_for

from geodata.accounts.access import Action, may, visible_fields
from geodata.base.database import ReadConnection
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.editing import version_of
from geodata.query import features
from geodata.query.distributions import Distributions, distributions, summable
from geodata.query.documents import search_acts
from geodata.query.geojson import list_geojson, write_collection
from geodata.query.kinds import Lexicon, find_of_kind
from geodata.query.places import parse_place
from geodata.query.search import CALLED_SO, Hit, search
from geodata.query.spatial import measures_of
from geodata.schema.feature import Feature
from geodata.schema.filters import CHOOSE, Condition
from geodata.schema.layer_filters import parse_bbox
from geodata.schema.roles import Role
from geodata.statistics.dashboard import names_of
from webmap.app.auth import allow_public, current_reader, current_role
from webmap.app.extensions import database, db_session, layers
from webmap.app.i18n import LANGUAGES, current_language, format_value, format_word, translate
from webmap.app.kept import holds_until_a_change
from webmap.app.requests import int_argument, layer_request
from webmap.map.coordinates import name_system
from webmap.map.describe import describe_field, describe_layer
from webmap.map.distributions import describe_distributions, write_csv

blueprint = Blueprint("api", __name__, url_prefix="/api")


@blueprint.get("/layers")
@allow_public
def list_layers() -> Response:
    """Describe every layer this person may see: fields, filters, legend, extent."""
    role = current_role()
    with database().reading(current_reader()) as connection:
        holds_until_a_change(connection)
        described = [
            describe_layer(connection, kind, role, current_language())
            for kind in layers()
            if may(role, Action.VIEW, kind)
        ]
    return jsonify({"layers": described})


@blueprint.get("/layers/<layer>/features")
@allow_public
def list_features(layer: str) -> Response:
    """Answer a page of features as GeoJSON; `geometry=false` and `count=false` leave out what a table can spare.

    Where a place is asked for, each row has its distance and what lies inside, described in `measures`.
    """
    asked = layer_request(layer)
    limit, cursor = int_argument("limit", 100, low=1, high=features.MAX_PAGE), request.args.get("cursor")
    with database().reading(current_reader()) as connection:
        holds_until_a_change(connection)
        conditions = asked.conditions(connection)
        measures = measures_of(asked.kind, conditions)
        sort = features.parse_sort(asked.kind, asked.fields, request.args.get("sort"), measures)
        page = list_geojson(
            connection, asked.kind, asked.fields, conditions, limit=limit, cursor=cursor, sort=sort,
            with_geometry=_is_wanted("geometry"), measures=measures,
        )  # fmt: skip
        answer: dict[str, object] = {"type": "FeatureCollection"}
        if _is_wanted("count"):
            is_all = cursor is None and page.next_cursor is None
            counted = page.count if is_all else features.count_features(connection, asked.kind, conditions)
            answer["numberMatched"] = counted
    answer["numberReturned"] = page.count
    if measures:
        answer["measures"] = [describe_field(measure.field, current_language()) for measure in measures]
    if page.next_cursor:
        arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
        query = urlencode([*arguments, ("cursor", page.next_cursor)])
        href = f"{url_for('api.list_features', layer=layer)}?{query}"
        answer |= {"next": href, "links": [{"rel": "next", "href": href, "type": "application/geo+json"}]}
    return Response(write_collection(answer, page.content), mimetype="application/geo+json")


@blueprint.get("/layers/<layer>/features/<int:feature_id>")
@allow_public
def one_feature(layer: str, feature_id: int) -> Response:
    """Answer one feature as GeoJSON."""
    asked = layer_request(layer)
    with database().reading(current_reader()) as connection:
        row = features.get_feature(connection, asked.kind, feature_id, asked.fields)
    response = jsonify(features.as_geojson(row))
    response.mimetype = "application/geo+json"
    response.set_etag(version_of(db_session(), asked.kind, feature_id) or "")
    return response


@blueprint.get("/layers/<layer>/facets")
@allow_public
def layer_facets(layer: str) -> Response:
    """Answer how many features match, and how many per value of each choice; `extent=true` adds where they lie."""
    asked = layer_request(layer)
    with database().reading(current_reader()) as connection:
        holds_until_a_change(connection)
        conditions = asked.conditions(connection)
        matched, counts = features.count_facets(connection, asked.kind, asked.fields, conditions)
        extent = features.extent(connection, asked.kind, conditions) if _is_asked("extent") else None
    sentences = [_sentence(condition) for condition in conditions]
    answer = {"numberMatched": matched, "facets": counts, "sentences": sentences}
    return jsonify(answer | ({"extent": extent} if _is_asked("extent") else {}))


def _sentence(condition: Condition) -> dict[str, object]:
    """Return a filter in words, and each of several values alone."""
    said = [each.say(translate, format_word) for each in condition.alternatives]
    words: dict[str, object] = {"name": condition.name, "text": condition.say(translate, format_word)}
    return words | ({"parts": said} if said else {})


@blueprint.get("/layers/<layer>/charts")
@allow_public
def layer_charts(layer: str) -> Response:
    """Answer how what matches is spread over each field, as bars; `format=csv` answers the figures as a file."""
    asked = layer_request(layer)
    name, language = request.args.get("format") or "json", current_language()
    if name not in {"json", "csv"}:
        raise InvalidValueError(name="format", value=name[:20], reason=CHOOSE)
    arguments = request.args.copy()
    boxes = [box for box in arguments.poplist("bbox") if box]
    bbox = parse_bbox("bbox", boxes[-1]) if boxes else None
    with database().reading(current_reader()) as connection:
        holds_until_a_change(connection)
        conditions = asked.conditions(connection, arguments)
        found = distributions(connection, asked.kind, asked.fields, conditions, bbox=bbox)
        names = _names_of_codes(connection, asked.kind, found)
    described = describe_distributions(found, summable(asked.kind, asked.fields), names, language)
    if name == "json":
        return jsonify(described)
    headers = {"Content-Disposition": f'attachment; filename="{layer}-charts.csv"'}
    return Response(write_csv(described, language), mimetype="text/csv", headers=headers)


def _names_of_codes(connection: ReadConnection, kind: type[Feature], found: Distributions) -> dict[str, dict[str, str]]:
    """Return the names behind the codes that charts list, of layers this person may see."""
    names = {}
    for chart in found.charts:
        other = layers().find(kind.layer.refers.get(chart.field.name, ""))
        if other is not None and may(current_role(), Action.VIEW, other):
            names[chart.field.name] = names_of(connection, other, [bar.value for bar in chart.bars])
    return names


def _is_wanted(name: str) -> bool:
    """Whether a part of the answer is wanted; it is, unless the argument says false."""
    return _flag(name, usual="true")


def _is_asked(name: str) -> bool:
    """Whether something beside the usual answer is wanted; it is not, unless the argument says true."""
    return _flag(name, usual="false")


def _flag(name: str, *, usual: str) -> bool:
    text = request.args.get(name) or usual
    if text not in {"true", "false"}:
        raise InvalidValueError(name=name, value=text[:20], reason=N_("choose true or false"))
    return text == "true"


@blueprint.get("/search")
@allow_public
def search_everything() -> Response:
    """Answer the best hits over all layers this person may see, or over those that `layer` names."""
    text = request.args.get("q", "").strip()
    if len(text) > 200:
        raise InvalidValueError(name="q", value=text[:50], reason=N_("at most 200 characters"))
    role = current_role()
    kinds = [kind for kind in layers() if may(role, Action.VIEW, kind)]
    if chosen := [name for name in request.args.getlist("layer") if name]:
        asked = {layer_request(name).kind for name in chosen}
        kinds = [kind for kind in kinds if kind in asked]
    with database().reading(current_reader()) as connection:
        holds_until_a_change(connection)
        hits = _hits(connection, kinds, text, int_argument("limit", 20, low=1, high=50))
        acts = [] if chosen else search_acts(connection, text, kinds)
    titles = {kind.layer.name: translate(kind.layer.singular) for kind in kinds}
    return jsonify(
        {
            "query": text,
            "hits": [asdict(hit) | {"kind": titles[hit.layer], "label": _shown_name(hit)} for hit in hits],
            "acts": [
                {"id": act.id, "number": act.number, "kind": translate(act.kind.label), "summary": act.summary,
                 "issued_on": format_value(act.issued_on), "features": act.features, "address": url_for("documents.act", act_id=act.id)}
                for act in acts
            ],
        }
    )  # fmt: skip


def _hits(connection: ReadConnection, kinds: list[type[Feature]], text: str, limit: int) -> list[Hit]:
    """Return what is called so, then what is of the kind that is asked for, then what else fits."""
    hits = search(connection, kinds, text, limit)
    meaning = _lexicon(current_role(), tuple(kinds)).read(text)
    of_kind = find_of_kind(connection, meaning, limit) if meaning else []
    called_so = [hit for hit in hits if hit.score >= CALLED_SO]
    found: dict[tuple[str, int], Hit] = {}
    for hit in (*called_so, *of_kind, *hits):  # what is of the kind asked for is more than alike
        found.setdefault((hit.layer, hit.id), hit)
    return list(found.values())[:limit]


@lru_cache(maxsize=32)
def _lexicon(role: Role, kinds: tuple[type[Feature], ...]) -> Lexicon:
    """Return the words by which a role may ask for a kind, in every language of the pages."""
    fields = {kind: visible_fields(role, kind) for kind in kinds}
    return Lexicon(fields, lambda label: {translate(label, language) for language in LANGUAGES})


def _shown_name(hit: Hit) -> str:
    """Return a hit's name as people know it; what is no more says so: “Quận Ngô Quyền (cũ, đến 30/06/2025)”."""
    name = hit.official_name or hit.name
    if hit.ended_on is None:
        return name
    return translate(N_("{name} (former, until {day})")).format(name=name, day=format_value(hit.ended_on))


@blueprint.get("/coordinates")
@allow_public
def coordinates() -> Response:
    """Answer the places a text may mean, the likeliest first; none when it is not coordinates."""
    guesses = parse_place(request.args.get("q", ""), current_app.config["SETTINGS"].province)
    return jsonify({"places": [asdict(guess) | {"system": name_system(guess.srid)} for guess in guesses]})
