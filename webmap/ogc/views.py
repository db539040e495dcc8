"""OGC API – Features: the layers for QGIS and other programs, and the same as pages."""

from flask import Blueprint, Response, current_app, request

from geodata.base.crs import Province
from geodata.editing import version_of
from geodata.query import features
from geodata.query.projections import find_system, offered_systems
from geodata.schema.roles import Role
from webmap.app.auth import allow_public, current_reader, current_role
from webmap.app.extensions import database, db_session
from webmap.app.i18n import current_language, format_word, translate
from webmap.app.links import map_address
from webmap.app.requests import layer_request, readable_layers
from webmap.map.present import present_value
from webmap.ogc.answers import GEOJSON, answer, answer_features, answer_schema, check_arguments, wants_page
from webmap.ogc.collections import CONFORMANCE, collection_link, describe_collection, landing
from webmap.ogc.compression import compress
from webmap.ogc.items import read_query, read_rows, read_texts
from webmap.ogc.schemas import layer_schema
from webmap.ogc.tilesets import xyz_template

blueprint = Blueprint("ogc", __name__, url_prefix="/ogc")
compress(blueprint)

#: Columns of the page that lists objects; a feature's own page has all.
LISTED_FIELDS = 6


@blueprint.get("/")
@allow_public
def index() -> Response:
    """Answer where everything is, and for people how to open it in QGIS."""
    check_arguments()
    document = landing(current_app.config["SETTINGS"].department_name)
    return answer(document, "landing", kinds=readable_layers(), is_public=current_role() is Role.PUBLIC)


@blueprint.get("/conformance", strict_slashes=False)
@allow_public
def conformance() -> Response:
    """Answer which parts of the standards are kept to."""
    check_arguments()
    return answer({"conformsTo": list(CONFORMANCE)}, "conformance")


@blueprint.get("/collections", strict_slashes=False)
@allow_public
def collections() -> Response:
    """Answer every layer this person may see."""
    check_arguments()
    with database().reading(current_reader()) as connection:
        found = [describe_collection(connection, kind, _province()) for kind in readable_layers()]
    return answer({"collections": found, "links": []}, "collections")


@blueprint.get("/collections/<layer>", strict_slashes=False)
@allow_public
def collection(layer: str) -> Response:
    """Answer one layer."""
    check_arguments()
    asked = layer_request(layer)
    with database().reading(current_reader()) as connection:
        document = describe_collection(connection, asked.kind, _province())
        count = features.count_features(connection, asked.kind)
    return answer(
        document, "collection", count=count, systems=offered_systems(_province()).values(), tiles=xyz_template(layer),
        map_address=map_address(layer),
    )  # fmt: skip


@blueprint.get("/collections/<layer>/queryables", strict_slashes=False)
@allow_public
def queryables(layer: str) -> Response:
    """Answer the fields one may filter by."""
    check_arguments()
    asked = layer_request(layer)
    wanted = [field for field in asked.fields if field.filter]
    schema = layer_schema(asked.kind, wanted, request.base_url, current_language())
    return answer_schema(schema, "schema", kind=asked.kind, fields=wanted, is_filters=True)


@blueprint.get("/collections/<layer>/schema", strict_slashes=False)
@allow_public
def schema(layer: str) -> Response:
    """Answer the fields of a layer's features."""
    check_arguments()
    asked = layer_request(layer)
    document = layer_schema(asked.kind, asked.fields, request.base_url, current_language())
    return answer_schema(document, "schema", kind=asked.kind, fields=asked.fields, is_filters=False)


@blueprint.get("/collections/<layer>/items", strict_slashes=False, provide_automatic_options=False)
@allow_public
def items(layer: str) -> Response:
    """Answer a page of a layer's features in the reference system asked for."""
    asked = layer_request(layer)
    with database().reading(current_reader()) as connection:
        query = read_query(connection, asked, _province())
        if wants_page():
            members, rows = read_rows(connection, asked, query)
            sentences = [condition.say(translate, format_word) for condition in query.conditions]
            response = answer(
                members, "items", media=GEOJSON, kind=asked.kind, fields=asked.fields[:LISTED_FIELDS], rows=rows,
                sentences=sentences, present=present_value,
            )  # fmt: skip
        else:
            response = answer_features(*read_texts(connection, asked, query))
    response.headers["Content-Crs"] = f"<{query.system.uri}>"
    return response


@blueprint.get("/collections/<layer>/items/<int:feature_id>", strict_slashes=False, provide_automatic_options=False)
@allow_public
def item(layer: str, feature_id: int) -> Response:
    """Answer one feature."""
    check_arguments("crs")
    asked = layer_request(layer)
    system = find_system(_province(), "crs", request.args.get("crs"))
    with database().reading(current_reader()) as connection:
        row = features.get_feature(connection, asked.kind, feature_id, asked.fields, system=system)
    document = features.as_geojson(row) | {"links": [collection_link(layer)]}
    response = answer(
        document, "item", media=GEOJSON, kind=asked.kind, fields=asked.fields, row=row, present=present_value,
        map_address=map_address(layer, selected=feature_id),
    )  # fmt: skip
    response.headers["Content-Crs"] = f"<{system.uri}>"
    response.set_etag(version_of(db_session(), asked.kind, feature_id) or "")
    return response


def _province() -> Province:
    province: Province = current_app.config["SETTINGS"].province
    return province
