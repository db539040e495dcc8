"""The map's tools that ask the server: what lies inside an area, and what is there by a year."""

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request, send_file, url_for
from werkzeug.datastructures import MultiDict

import shapely

from geodata.accounts.access import Action, may, visible_fields
from geodata.base.database import ReadConnection
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.base.values import FeatureRow
from geodata.query import features
from geodata.query.spatial import asked_ground, find_area, list_nearest, measures_of, parse_around
from geodata.query.years import (
    STATES,
    count_year,
    list_changes,
    list_plans,
    parse_year,
    plan_filter,
    this_year,
    year_span,
)
from geodata.schema.feature import Feature
from geodata.schema.filters import Condition
from webmap.app.auth import allow_public, current_reader, current_role
from webmap.app.extensions import database, layers
from webmap.app.gate import dear
from webmap.app.i18n import current_language, translate
from webmap.app.query import PLACES
from webmap.app.requests import LayerRequest, int_argument, readable_layers
from webmap.map.tables import about_file
from webmap.map.workbook import Sheet, shown_fields, write_workbook

blueprint = Blueprint("tools", __name__)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: With so many years the answer names what changes.
YEARS_COMPARED = 2
#: Arguments of these views that are no filters.
_OWN = frozenset({"limit", "lang", "years", "plans", "layers"})
_MOST_AREAS = 50


@dataclass(frozen=True, kw_only=True)
class AskedLayer:
    """A layer and the arguments that concern it: those without a layer's name, and its own."""

    request: LayerRequest
    arguments: MultiDict[str, str]

    @property
    def kind(self) -> type[Feature]:
        """The layer's kind."""
        return self.request.kind

    def conditions(self, connection: ReadConnection) -> tuple[Condition, ...]:
        """Return the conditions of its share of the arguments."""
        return self.request.conditions(connection, self.arguments)


@blueprint.app_context_processor
def _tools() -> dict[str, object]:
    return {"tool_addresses": tool_addresses}


def tool_addresses() -> dict[str, object]:
    """Return what the map's tools call, and by which filter a layer's areas select."""
    selects = {kind.layer.name: name for name, kind in features.area_kinds(layers()).items()}
    addresses = {"inside": url_for("tools.inside"), "around": url_for("tools.around")}
    return {**addresses, "years": url_for("tools.years"), "selects": selects}


@blueprint.get("/api/inside")
@allow_public
def inside() -> Response:
    """Answer what lies inside an area: per layer how many features, and the first of them with their measures."""
    _require_area()
    limit = int_argument("limit", 10, low=1, high=100)
    found = []
    with database().reading(current_reader()) as connection:
        for asked in asked_layers():
            conditions = asked.conditions(connection)
            count = features.count_features(connection, asked.kind, conditions)
            if not count:
                continue
            measures = measures_of(asked.kind, conditions)
            rows = _first_of(connection, asked, conditions, measures, limit)
            layer = asked.kind.layer
            address = url_for("exports.export", layer=layer.name)
            exports = {
                format: f"{address}?{_query([*asked.arguments.items(multi=True), ('format', format)])}"
                for format in ("geojson", "csv")
            }
            found.append(
                {"name": layer.name, "title": translate(layer.title), "count": count, "exports": exports}
                | {"measures": [measure.name for measure in measures], "features": rows}
            )
    workbook = f"{url_for('tools.inside_workbook')}?{_query(list(request.args.items(multi=True)))}"
    return jsonify({"count": sum(layer["count"] for layer in found), "layers": found, "workbook": workbook})


@blueprint.get("/layers/inside.xlsx")
@allow_public
@dear
def inside_workbook() -> Response:
    """Answer the same as an Excel file, one sheet for each layer."""
    _require_area()
    file = io.BytesIO()
    with database().reading(current_reader()) as connection:
        sheets = []
        for asked in asked_layers():
            conditions = asked.conditions(connection)
            if features.count_features(connection, asked.kind, conditions):
                measures = measures_of(asked.kind, conditions)
                sheets.append(Sheet(asked.kind, shown_fields(asked.request.fields), conditions, measures))
        write_workbook(connection, sheets, file, current_language(), about_file(connection, sheets))
    file.seek(0)
    return send_file(file, download_name=f"{translate('inside-the-area')}.xlsx", as_attachment=True, mimetype=XLSX)


@blueprint.get("/api/around")
@allow_public
def around() -> Response:
    """Answer an object and the ground up to a distance from it, as GeoJSON: `around=<layer>:<id>:<metres>`.

    Filters by areas (`unit=…`, several times) answer those areas.
    """
    with database().reading(current_reader()) as connection:
        found = [
            parse_around(
                connection,
                readable_layers(),
                "around",
                f"{kind.layer.name}:{find_area(connection, kind, name, value)[0]}:0",
            )
            for name, kind in features.area_kinds(readable_layers()).items()
            for value in request.args.getlist(name)[:_MOST_AREAS]
            if value
        ]
        if not found or request.args.get("around"):
            found.append(parse_around(connection, readable_layers(), "around", request.args.get("around", "")))
    drawn = [
        {"type": "Feature", "properties": {"part": part}, "geometry": json.loads(shapely.to_geojson(shape))}
        for asked in found
        for part, shape in (("object", asked.shape), ("ground", asked.ground()))
    ]
    last = found[-1]
    return jsonify({"type": "FeatureCollection", "name": last.title, "metres": last.metres, "features": drawn})


@blueprint.get("/api/years")
@allow_public
def years() -> Response:
    """Answer per layer what exists, is being built and is planned by each of at most four years.

    `plans`, one for each year, narrow that year's plans to those of a document; empty means all. With two years each layer also
    names what differs between them, and what is late.
    """
    described, plans = [], set[str]()
    with database().reading(current_reader()) as connection:
        now = this_year()  # of the day that is shown
        wanted = [parse_year("years", part) for part in request.args.get("years", str(now)).split(",")[:4]]
        asked_plans = [*request.args.getlist("plans"), *[""] * len(wanted)][: len(wanted)]
        for asked in asked_layers():
            told, offered = _by_years(connection, asked, wanted, asked_plans)
            described.extend(told)
            plans.update(offered)
    states = [{"name": name, "label": translate(label)} for name, label in STATES.items()]
    return jsonify({"this_year": now, "states": states, "layers": described, "plans": sorted(plans)})


def _by_years(
    connection: ReadConnection, asked: AskedLayer, years: list[int], plans: list[str]
) -> tuple[list[dict[str, object]], list[str]]:
    """Return what a layer is in these years, each under its plan, and the plans it knows; nothing of a layer without years."""
    life, kind = asked.kind.layer.life, asked.kind
    visible = {field.name: field for field in asked.request.fields}
    if life is None or not {life.status, *life.begins} <= set(visible):
        return [], []
    conditions = list(asked.conditions(connection))
    sums = [visible[name] for name in life.sums if name in visible]
    has_plans = life.plan in visible
    kept = [
        [*conditions, plan_filter("plan", plan, kind, life)] if plan and has_plans else conditions for plan in plans
    ]
    names = [field.name for field in sums]
    count, changes = (
        list_changes(connection, kind, life, (years[0], years[1]), (kept[0], kept[1]))
        if len(years) == YEARS_COMPARED
        else (0, [])
    )
    told: dict[str, object] = {
        "name": kind.layer.name,
        "title": translate(kind.layer.title),
        "span": year_span(connection, kind, life),
        "years": [
            asdict(count_year(connection, kind, life, year, wanted, sums=names))
            for year, wanted in zip(years, kept, strict=True)
        ],
        "has_plans": has_plans,
        "sums": [
            {"name": field.name, "label": translate(field.label), "unit": translate(field.unit)} for field in sums
        ],
        "change_count": count,
        "changes": [asdict(change) for change in changes],
    }
    return [told], list_plans(connection, kind, life) if has_plans else []


def asked_layers() -> Iterator[AskedLayer]:
    """Return every layer this person may see, with its share of the arguments `field=` and `layer.field=`."""
    role = current_role()
    for kind in layers():
        if not may(role, Action.VIEW, kind):
            continue
        arguments: MultiDict[str, str] = MultiDict()
        for name, value in request.args.items(multi=True):
            layer, dot, field = name.partition(".")
            if dot and layer == kind.layer.name:
                arguments.add(field, value)
            elif not dot and name not in _OWN:
                arguments.add(name, value)
        yield AskedLayer(request=LayerRequest(kind=kind, fields=visible_fields(role, kind)), arguments=arguments)


def _require_area() -> None:
    areas = {*PLACES, *features.area_kinds(layers())} - {"bbox"}
    if not any(request.args.get(name) for name in areas):
        raise InvalidValueError(name="polygon", value="", reason=N_("draw an area first"))


def _first_of(
    connection: ReadConnection,
    asked: AskedLayer,
    conditions: Sequence[Condition],
    measures: Sequence[features.Measure],
    limit: int,
) -> list[dict[str, object]]:
    """Return the first features: the nearest where there is something to be near to, else by name."""
    names = [field for field in asked.request.fields if field.name in {"name", "code"}]
    ground = asked_ground(conditions)
    if ground and ground.origin is not None:
        rows: Sequence[FeatureRow] = list_nearest(
            connection, asked.kind, names, conditions, ground.origin, measures=measures, limit=limit
        )
    else:
        rows = features.list_features(
            connection, asked.kind, names, conditions, limit=limit, sort=features.Sort(name="name"),
            with_geometry=False, measures=measures,
        ).rows  # fmt: skip
    return [{name: features.json_value(value) for name, value in row.items()} for row in rows]


def _query(arguments: list[tuple[str, str]]) -> str:
    return urlencode(arguments, safe=",;")
