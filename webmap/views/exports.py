"""Exports: exactly what is filtered, in the format asked for."""

import tempfile
from pathlib import Path

from flask import Blueprint, Response, request, send_file
from sqlalchemy.orm import Session

from geodata.errors import InvalidValueError
from geodata.filters import CHOOSE
from geodata.spatial import measures_of
from webmap.auth import allow_public
from webmap.extensions import database
from webmap.requests import layer_request

blueprint = Blueprint("exports", __name__)


@blueprint.get("/layers/<layer>/export")
@allow_public
def export(layer: str) -> Response:
    """Answer a file with the features that the same arguments show on the map."""
    from geodata.exporting import FORMATS, export_features

    asked = layer_request(layer)
    name = request.args.get("format", "geojson")
    if name not in FORMATS:
        raise InvalidValueError(name="format", value=name, reason=CHOOSE, choices=list(FORMATS))
    with tempfile.TemporaryDirectory() as folder, database().reading() as connection, Session(connection) as session:
        conditions = asked.conditions(connection)
        path = export_features(
            session, asked.kind, asked.fields, conditions,
            format=name, crs=request.args.get("crs"), target=Path(folder) / layer, measures=measures_of(asked.kind, conditions),
        )  # fmt: skip
        # The open file outlives its folder: the answer streams from the descriptor.
        return send_file(path.open("rb"), download_name=path.name, as_attachment=True, mimetype=FORMATS[name].mimetype)
