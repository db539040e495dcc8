"""A file dropped on the map: read by the import's own limited process, shown to who dropped it, stored nowhere."""

from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Blueprint, Response, jsonify, request

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.importing.glance import glance_at
from geodata.importing.results import ImportOptions, Question
from geodata.schema.roles import STAFF
from webmap.app.auth import allow
from webmap.app.extensions import db_session, layers
from webmap.app.gate import dear
from webmap.app.i18n import translate

blueprint = Blueprint("glance", __name__)

#: What may be answered here, once; all else is for the import.
ANSWERS = frozenset({"layer", "encoding", "crs", "axes"})


@blueprint.post("/glance")
@allow(*STAFF)
@dear
def look() -> Response:
    """Answer the file's rows as GeoJSON, or the question that must be answered first."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise InvalidValueError(name="file", value="", reason=N_("choose a file"))
    said = {name: request.form.get(name) or None for name in ANSWERS}
    options = ImportOptions(
        source_layer=said["layer"],
        encoding=said["encoding"],
        crs=said["crs"],
        swap_axes=said["axes"] == "swap",
        file_name=sent.filename,
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        sent.save(path)
        found = glance_at(db_session(), layers(), path, options)
    if isinstance(found, Question):
        if found.about not in ANSWERS or said[found.about]:
            reason = N_("what it holds must be told first; import it")
            raise InvalidValueError(name="file", value=sent.filename[:80], reason=reason)
        return jsonify({"question": found.as_json(translate)})
    head = {"count": found.count, "left_out": found.left_out, "crs": found.crs}
    return jsonify({**head, "geojson": found.geojson})
