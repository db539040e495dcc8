"""The description of the whole public API for programs."""

from flask import Blueprint, Response, current_app, jsonify, request

from webmap.app.auth import allow_public, current_role
from webmap.app.extensions import layers
from webmap.ogc.answers import OPENAPI, check_json_arguments
from webmap.ogc.collections import service_title
from webmap.ogc.compression import compress
from webmap.openapi import describe_api

blueprint = Blueprint("openapi", __name__)
compress(blueprint)


@blueprint.get("/openapi.json", strict_slashes=False)
@allow_public
def index() -> Response:
    """Answer the OpenAPI document, as far as this person may know."""
    check_json_arguments()
    settings = current_app.config["SETTINGS"]
    document = describe_api(
        current_role(), layers(), settings.province,
        server=request.url_root.rstrip("/"), title=service_title(settings.department_name),
    )  # fmt: skip
    response = jsonify(document)
    response.headers["Content-Type"] = OPENAPI
    return response
