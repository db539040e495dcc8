"""The parameters of the public API in OpenAPI's words: those shared by all layers, and each layer's own filters."""

from collections.abc import Iterable, Sequence

from geodata.base.crs import Province
from geodata.base.i18n import N_
from geodata.base.values import JsonObject
from geodata.query.features import MAX_PAGE, area_kinds
from geodata.query.projections import CRS84, offered_systems
from geodata.query.tiles import MAX_TILE_ZOOM
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.filters import UNKNOWN
from webmap.app.i18n import LANGUAGES, translate
from webmap.app.query import AS_OF
from webmap.ogc.answers import FORMS, Document
from webmap.ogc.items import DEFAULT_LIMIT

_TEXT = {"type": "string"}
_BOOLEAN = {"type": "boolean", "default": True}
_NATURAL = {"type": "integer", "minimum": 0}
_DAY = {"type": "string", "format": "date"}


def shared_parameters(province: Province) -> dict[str, Document]:
    """Return name -> parameter that means the same for every layer."""
    from geodata.export.formats import FORMATS

    systems = {"type": "string", "format": "uri", "enum": list(offered_systems(province)), "default": CRS84}
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_LIMIT}
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    return {
        "f": _query("f", {"type": "string", "enum": list(FORMS)}, N_("The form of the answer; else the Accept header decides")),
        "f-json": _query("f", {"type": "string", "enum": ["json"]}, N_("The form of the answer")),
        "lang": _query("lang", {"type": "string", "enum": list(LANGUAGES), "default": LANGUAGES[0]}, N_("Language of texts")),
        "limit": _query("limit", limit, N_("How many objects at most")),
        "cursor": _query("cursor", _TEXT, N_("Where to go on; it comes with the link to the next page")),
        "bbox": _query("bbox", numbers, N_("Only what meets this box: lower corner, upper corner"), explode=False),
        "bbox-crs": _query("bbox-crs", systems, N_("Reference system of the box, and with it the order of its axes")),
        "crs": _query("crs", systems, N_("Reference system of the answer, and with it the order of its axes")),
        "datetime": _query("datetime", _TEXT, N_("Only what is valid at a moment or in an interval like 2020-01-01/..")),
        "q": _query("q", _TEXT, N_("Only what has every word in code, name or address; accents do not matter")),
        "near": _query("near", _TEXT, N_("Only what lies near a point: lon,lat,km")),
        "around": _query("around", _TEXT, N_("Only what lies around an object: layer:id:metres")),
        "polygon": _query("polygon", _TEXT, N_("Only what meets a drawn area: lon,lat;lon,lat;…")),
        AS_OF: _query(AS_OF, _DAY, N_("States as they were on this day")),
        "sort": _query("sort", _TEXT, N_("A field to sort by, “-” before it for descending")),
        "geometry": _query("geometry", _BOOLEAN, N_("Whether geometries are wanted")),
        "count": _query("count", _BOOLEAN, N_("Whether the number of all matches is wanted")),
        "extent": _query("extent", _BOOLEAN, N_("Whether the box around all matches is wanted")),
        "search-layer": _query("layer", {"type": "array", "items": _TEXT}, N_("Only in these layers")),
        "search": _query("q", _TEXT, N_("What to look for")),
        "search-limit": _query("limit", {**limit, "maximum": 50, "default": 20}, N_("How many hits at most")),
        "inside-limit": _query("limit", {**limit, "maximum": 100, "default": 10}, N_("How many objects of a layer at most")),
        "chart-format": _query("format", {"type": "string", "enum": ["json", "csv"]}, N_("The form of the answer")),
        "file-format": _query("format", {"type": "string", "enum": list(FORMATS), "default": "geojson"}, N_("File format")),
        "heads": _query("heads", {"type": "string", "enum": ["names", "labels"], "default": "names"}, N_("Of Excel and CSV: names and codes for programs, or labels for people")),
        "columns": _query("columns", _TEXT, N_("Of a table for people: its columns in order, separated by commas")),
        "file-detail": _query("detail", _TEXT, N_("What hangs on the objects, a row each, instead of the objects themselves")),
        "file-crs": _query("crs", {**_TEXT, "example": f"EPSG:{province.metric_srid}"}, N_("Reference system of the file")),
        "years": _query("years", _TEXT, N_("At most four years, separated by commas")),
        "plans": _query("plans", {"type": "array", "items": _TEXT}, N_("Number of a plan for each year; empty means all")),
        "if-match": _header("If-Match", _TEXT, N_("The ETag of the version that is to be changed"), is_required=True),
        "content-crs": _header("Content-Crs", _TEXT, N_("Reference system of the body, <…>; WGS 84 (lon, lat) without it")),
        "feature_id": _path("feature_id", {**_NATURAL, "minimum": 1}, N_("Number of the object")),
        "export-number": _path("number", {**_NATURAL, "minimum": 1}, N_("Number of the file")),
        "z": _path("z", {**_NATURAL, "maximum": MAX_TILE_ZOOM}, N_("Zoom; what a map of 256 px tiles shows one zoom further")),
        **{name: _path(name, _NATURAL, N_("Column of the tile, from the west")) for name in ("x", "column")},
        **{name: _path(name, _NATURAL, N_("Row of the tile, from the north")) for name in ("y", "row")},
    }  # fmt: skip


def layer_parameters(
    kind: type[Feature], fields: Sequence[Field], readable: Iterable[type[Feature]]
) -> dict[str, Document]:
    """Return component name -> filter of one layer: its fields', its years', and by other layers' areas."""
    prefix = kind.layer.name
    found = {f"{prefix}.{field.name}": _filter(field) for field in fields if field.filter}
    life = kind.layer.life
    if life:
        found[f"{prefix}.year"] = _query("year", {"type": "integer"}, N_("What is there, or meant to be, in this year"))
    if life and life.plan in {field.name for field in fields}:
        found[f"{prefix}.plan"] = _query("plan", _TEXT, N_("What a plan of this number wants"))
    for name in area_kinds(readable):
        found[f"{prefix}.{name}"] = _query(name, _TEXT, N_("Only what lies in this area: its id or code"))
    return found


_EXPLAINED = {
    "choice": N_("one value or several"),
    "range": N_("a number or a range like 40.. or 40..60"),
    "date": N_("a day or a span like 2020-01-01..2020-12-31"),
    "text": N_("a part of the text; accents do not matter"),
}


def _filter(field: Field) -> Document:
    widget = field.filter.widget if field.filter else "text"
    title = translate(field.label) + (f" ({field.unit})" if field.unit else "")
    described = f"{title}: {translate(_EXPLAINED.get(widget, ''))}"
    if widget != "choice":
        return _query(field.name, _TEXT, described)
    labels = field.values.labels() if field.values else getattr(field.filter, "labels", None)
    values = {"enum": list(dict.fromkeys([*labels, UNKNOWN]))} if labels else {}
    return _query(field.name, {"type": "array", "items": {"type": "string", **values}}, described)


def _query(name: str, schema: JsonObject, description: str, *, explode: bool = True) -> Document:
    return {
        "name": name, "in": "query", "required": False, "description": translate(description), "schema": schema,
        "style": "form", "explode": explode,
    }  # fmt: skip


def _header(name: str, schema: JsonObject, description: str, *, is_required: bool = False) -> Document:
    return {
        "name": name, "in": "header", "required": is_required, "description": translate(description), "schema": schema,
    }  # fmt: skip


def _path(name: str, schema: JsonObject, description: str) -> Document:
    return {"name": name, "in": "path", "required": True, "description": translate(description), "schema": schema}
