"""The whole public API as one OpenAPI document, written from the registry by what a role may see.

OpenAPI cannot say that one parameter depends on another: what concerns a layer stands once for each layer.
Paths are whole (`/ogc/collections/…`): QGIS and GDAL send “name = 'x'” to the server where they find the parameter
under `/collections/…`, and our text filters keep more than what is equal.
"""

from collections.abc import Iterable, Iterator

from geodata.accounts.access import Action, may, readable_by, visible_fields
from geodata.base.crs import Province
from geodata.base.i18n import N_
from geodata.schema.feature import Feature
from geodata.schema.roles import Role
from webmap.app.i18n import current_language, translate
from webmap.ogc.answers import GEOJSON, HTML, JSON, OPENAPI, SCHEMA, Document
from webmap.ogc.schemas import field_schema
from webmap.openapi.operations import OPERATIONS, Operation
from webmap.openapi.parameters import layer_parameters, shared_parameters

VERSION = "1.0.0"
_JSON_FORMS = {JSON, GEOJSON, SCHEMA, OPENAPI}
_ERRORS = {
    "400": N_("A parameter is unknown or has a wrong value; the message says which."),
    "403": N_("The role does not allow this."),
    "404": N_("There is no such object, layer or tile."),
    "503": N_("The database does not answer, or would take too long."),
}

_WRITE_ERRORS = {
    "401": N_("Nobody is signed in, or the token is unknown, has ended or was revoked."),
    "408": N_("The request did not come in time."),
    "412": N_("Somebody changed the object since; the ETag of If-Match is of an older version."),
    "415": N_("The body is no GeoJSON feature."),
    "422": N_("Some values cannot be stored; `details.problems` names each field, with a code and a message."),
    "428": N_("The header If-Match is missing."),
}


def describe_api(
    role: Role, layers: Iterable[type[Feature]], province: Province, *, server: str, title: str
) -> Document:
    """Return the document for somebody of a role."""
    kinds = readable_by(role, layers)
    own = {kind.layer.name: layer_parameters(kind, visible_fields(role, kind), kinds) for kind in kinds}
    parameters = shared_parameters(province)
    for found in own.values():
        parameters |= found
    paths: dict[str, Document] = {}
    for operation in OPERATIONS:
        for kind in kinds if operation.by_layer else (None,):
            if operation.writes and (kind is None or not may(role, Action.WRITE, kind)):
                continue
            path = operation.path.replace("{layer}", kind.layer.name) if kind else operation.path
            filters = own[kind.layer.name] if kind and operation.filters else {}
            described = _operation(operation, kind, [*operation.parameters, *filters])
            paths.setdefault(path, {})[operation.method] = described
    return {
        "openapi": "3.0.3",
        "info": {
            "title": title,
            "version": VERSION,
            "description": translate(N_("Without signing in, what is public; filters are named like the fields. Who sends a personal token may do what its owner may.")),
        },
        "servers": [{"url": server}],
        "tags": [{"name": name} for name in dict.fromkeys(operation.tag for operation in OPERATIONS)],
        "paths": paths,
        "components": {
            "parameters": parameters,
            "responses": {code: _error(text) for code, text in (_ERRORS | _WRITE_ERRORS).items()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _SCHEMAS | {kind.layer.name: _properties(kind, role) for kind in kinds}
            | {f"{kind.layer.name}.{form}": schema for kind in kinds for form, schema in _geojson(kind.layer.name)},
        },
    }  # fmt: skip


def _operation(operation: Operation, kind: type[Feature] | None, parameters: Iterable[str]) -> Document:
    title = f"{translate(kind.layer.title)}: " if kind else ""
    content = {media: {"schema": _schema(operation, media, kind)} for media in operation.media}
    answers: Document = {operation.success: {"description": translate(N_("The answer.")), "content": content}}
    if not content:
        answers = {operation.success: {"description": translate(N_("It is done."))}}
    if operation.is_for_staff:
        answers["302"] = {"description": translate(N_("Nobody is signed in: to the page where one signs in."))}
    if operation.may_be_empty:
        answers["204"] = {"description": translate(N_("Nothing is there."))}
        answers["304"] = {"description": translate(N_("The client has it already."))}
    body: Document = {}
    if operation.writes:
        answers |= {code: {"$ref": f"#/components/responses/{code}"} for code in _WRITE_ERRORS}
        if content and kind:
            schema = {"$ref": f"#/components/schemas/{kind.layer.name}.sent"}
            body = {"requestBody": {"required": True, "content": {GEOJSON: {"schema": schema}}}}
            body["security"] = [{"token": []}]
    return body | {
        "tags": [operation.tag],
        "operationId": _name(operation, kind),
        "summary": title + translate(operation.summary),
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in parameters],
        "responses": answers | {code: {"$ref": f"#/components/responses/{code}"} for code in _ERRORS},
    }


def _name(operation: Operation, kind: type[Feature] | None) -> str:
    filled = operation.path.replace("{layer}", kind.layer.name if kind else "")
    return f"{operation.method}." + ".".join(part.strip("{}") for part in filled.replace(".", "/").split("/") if part)


def _schema(operation: Operation, media: str, kind: type[Feature] | None) -> Document:
    if media not in _JSON_FORMS:
        return {"$ref": "#/components/schemas/file"}
    name = f"{kind.layer.name}.{operation.schema}" if kind and operation.schema != "object" else operation.schema
    return {"$ref": f"#/components/schemas/{name}"}


def _properties(kind: type[Feature], role: Role) -> Document:
    fields = {field.name: field_schema(field, current_language()) for field in visible_fields(role, kind)}
    return {"type": "object", "properties": {name: schema | {"nullable": True} for name, schema in fields.items()}}


def _geojson(name: str) -> Iterator[tuple[str, Document]]:
    """Return the forms in which features of a layer are sent and answered; those of a file have no number and no links."""
    properties = {"$ref": f"#/components/schemas/{name}"}
    bare = {
        "type": {"type": "string", "enum": ["Feature"]},
        "geometry": {"type": "object", "nullable": True},
        "properties": properties,
    }
    numbered = {**bare, "id": {"type": "integer"}, "links": _LINKS}
    yield "sent", {"type": "object", "required": ["type", "properties"], "properties": bare}
    yield "feature", {"type": "object", "required": ["type", "id", "geometry", "properties"], "properties": numbered}
    counted = {
        "numberMatched": {"type": "integer", "minimum": 0},
        "numberReturned": {"type": "integer", "minimum": 0},
        "timeStamp": {"type": "string", "format": "date-time"},
        "links": _LINKS,
    }
    yield "collection", _collection({"$ref": f"#/components/schemas/{name}.feature"}, counted)
    yield "exported", _collection({"$ref": f"#/components/schemas/{name}.sent"}, {})


def _collection(feature: Document, members: Document) -> Document:
    kind = {"type": "string", "enum": ["FeatureCollection"]}
    features = {"type": "array", "items": feature}
    return {
        "type": "object",
        "required": ["type", "features"],
        "properties": {"type": kind, "features": features, **members},
    }


def _error(text: str) -> Document:
    """Return an error: as JSON for programs; who opens the address of a page or a file gets a page."""
    forms = {JSON: {"$ref": "#/components/schemas/error"}, HTML: {"type": "string"}}
    return {"description": translate(text), "content": {media: {"schema": schema} for media, schema in forms.items()}}


_LINKS: Document = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}
_SCHEMAS: Document = {
    "object": {"type": "object"},
    "file": {"type": "string", "format": "binary"},
    "link": {
        "type": "object",
        "required": ["rel", "href"],
        "properties": {name: {"type": "string"} for name in ("rel", "href", "type", "title")},
    },
    "error": {
        "type": "object",
        "required": ["error", "message", "details"],
        "properties": {
            "error": {"type": "string", "example": "invalid_filter"},
            "message": {"type": "string"},
            "details": {"type": "object"},
        },
    },
}
