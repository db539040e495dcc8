"""OGC API – Features Part 4: programs create, replace, change and delete features, each call one change set."""

from flask import Blueprint, Response, abort, current_app, jsonify, request, url_for

from geodata.accounts.access import Action, may
from geodata.accounts.accounts import ACCOUNT_ROLES
from geodata.editing import Edit, EditReport, ObjectEdit, StaleError, commit_edit, version_of
from geodata.editing.reviewed import must_propose
from geodata.editing.rights import check_layer, writable_fields
from geodata.query import features
from geodata.schema.feature import Feature
from webmap.app.auth import allow, allow_public, current_editor, current_reader, current_user
from webmap.app.errors import error_response
from webmap.app.extensions import database, db_session
from webmap.app.i18n import translate
from webmap.app.requests import LayerRequest, layer_request
from webmap.ogc.answers import GEOJSON, check_arguments
from webmap.ogc.transactions import TAKEN, expected_version, read_feature, whole_values

blueprint = Blueprint("ogc_edit", __name__, url_prefix="/ogc")

MEMBERS = allow(*ACCOUNT_ROLES)
READING = ("GET", "HEAD", "OPTIONS")


@blueprint.route("/collections/<layer>/items", methods=["OPTIONS"], strict_slashes=False)
@allow_public
def collection_methods(layer: str) -> Response:
    """Answer by the header Allow whether the asker may add features: QGIS offers to edit by it."""
    return _methods(layer, "POST")


@blueprint.route("/collections/<layer>/items/<int:feature_id>", methods=["OPTIONS"], strict_slashes=False)
@allow_public
def feature_methods(layer: str, feature_id: int) -> Response:
    """Answer by the header Allow whether the asker may change and delete features."""
    return _methods(layer, "PUT", "PATCH", "DELETE")


def _methods(layer: str, *writing: str) -> Response:
    kind, editor = layer_request(layer).kind, current_editor()
    is_writer = may(editor.role, Action.WRITE, kind) and not current_user().is_reading_only
    writes = is_writer and not must_propose(db_session(), kind, editor)
    response = Response(status=204)
    response.headers["Allow"] = ", ".join((*READING, *writing) if writes else READING)
    return response


@blueprint.post("/collections/<layer>/items", provide_automatic_options=False)
@MEMBERS
def create(layer: str) -> Response:
    """Store a new feature."""
    asked = _writable(layer)
    properties, shape, _ = read_feature(current_app.config["SETTINGS"].province)
    said = {name: value for name, value in properties.items() if value is not None}  # a program sends every field
    report = _commit(asked.kind, ObjectEdit(values=said, geometry=shape))
    (made,) = report.objects
    response = _feature(asked, made.feature_id or 0, made.version)
    response.status_code = 201
    response.headers["Location"] = url_for("ogc.item", layer=layer, feature_id=made.feature_id, _external=True)
    return response


@blueprint.put("/collections/<layer>/items/<int:feature_id>", provide_automatic_options=False)
@MEMBERS
def replace(layer: str, feature_id: int) -> Response:
    """Make a feature what the body says; fields that it does not name are emptied."""
    asked, version = _expected(layer, feature_id)
    properties, shape, _ = read_feature(current_app.config["SETTINGS"].province)
    values = whole_values(properties, writable_fields(asked.kind, current_editor()))
    return _change(asked, ObjectEdit(feature_id=feature_id, version=version, values=values, geometry=shape))


@blueprint.patch("/collections/<layer>/items/<int:feature_id>", provide_automatic_options=False)
@MEMBERS
def update(layer: str, feature_id: int) -> Response:
    """Change what the body names of a feature (JSON merge patch)."""
    asked, version = _expected(layer, feature_id)
    properties, shape, _ = read_feature(current_app.config["SETTINGS"].province)
    return _change(asked, ObjectEdit(feature_id=feature_id, version=version, values=properties, geometry=shape))


@blueprint.delete("/collections/<layer>/items/<int:feature_id>", provide_automatic_options=False)
@MEMBERS
def delete(layer: str, feature_id: int) -> Response:
    """Delete a feature; its change set brings it back."""
    asked, version = _expected(layer, feature_id, takes_body=False)
    try:
        _commit(asked.kind, ObjectEdit(feature_id=feature_id, version=version, is_deletion=True))
    except StaleError:
        return _stale()
    return Response(status=204)


def _writable(layer: str, *, takes_body: bool = True) -> LayerRequest:
    check_arguments()
    asked = layer_request(layer)
    check_layer(asked.kind, current_editor())
    if takes_body and request.mimetype not in TAKEN:
        abort(415)
    return asked


def _expected(layer: str, feature_id: int, *, takes_body: bool = True) -> tuple[LayerRequest, str | None]:
    """Return the layer and the version that is to be changed; a feature one may not see is not there."""
    asked = _writable(layer, takes_body=takes_body)
    with database().reading(current_reader()) as connection:
        features.get_feature(connection, asked.kind, feature_id, ())
    version = expected_version()
    if version == "":
        abort(428)
    return asked, version


def _change(asked: LayerRequest, edit: ObjectEdit) -> Response:
    try:
        report = _commit(asked.kind, edit)
    except StaleError:
        return _stale()
    (changed,) = report.objects
    return _feature(asked, edit.feature_id or 0, changed.version)


def _commit(kind: type[Feature], edit: ObjectEdit) -> EditReport:
    return commit_edit(db_session(), kind, Edit(objects=[edit]), current_editor())


def _feature(asked: LayerRequest, feature_id: int, version: str | None) -> Response:
    with database().reading(current_reader()) as connection:
        row = features.get_feature(connection, asked.kind, feature_id, asked.fields)
        version = version or version_of(connection, asked.kind, feature_id)
    response = jsonify(features.as_geojson(row))
    response.mimetype = GEOJSON
    response.set_etag(version or "")
    return response


def _stale() -> Response:
    return error_response(412, "changed_since", translate(StaleError.template))
