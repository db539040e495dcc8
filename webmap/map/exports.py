"""Exports: exactly what is filtered, in the format asked for; at once, or in the background where that takes long."""

import secrets
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from geodata.accounts.access import visible_details
from geodata.base.errors import InvalidValueError, NotFoundError, TooManyError
from geodata.base.i18n import N_
from geodata.export import runs
from geodata.export.runs import ExportRun, Making
from geodata.importing.sessions.sessions import is_worker_running
from geodata.query.features import count_features
from geodata.query.spatial import measures_of
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.filters import CHOOSE
from geodata.schema.roles import STAFF, Role, is_for
from webmap.app.auth import allow, allow_public, current_reader, current_role, current_user
from webmap.app.errors import wants_json
from webmap.app.extensions import database, db_session, layers
from webmap.app.gate import dear
from webmap.app.i18n import format_number, translate
from webmap.app.requests import LayerRequest, layer_request
from webmap.app.settings import Settings
from webmap.map.tables import FOR_PEOPLE, table_for_people, wants_labels

blueprint = Blueprint("exports", __name__)

#: What somebody may take along without signing in; for accounts larger files are made in the background.
MOST_FOR_EVERYBODY = 100_000
_FOR_EVERYBODY = N_(
    "These are {count} objects; without signing in a file holds at most {most}. Narrow the filter, or take them page by"
    " page from the open interface (/ogc/)."
)


@blueprint.get("/layers/<layer>/export")
@allow_public
@dear
def export(layer: str) -> ResponseReturnValue:
    """Answer a file with the features that the same arguments show on the map.

    `heads=labels` answers Excel and CSV as people read them: `columns` in their order, `sort`, values in words; without
    it every field has its name and codes, so that importing the file changes nothing.
    """
    from geodata.export.formats import FORMATS, check_count, export_details, export_features

    asked, name = layer_request(layer), _format()
    detail = _detail(asked.kind)
    if detail is None and wants_labels() and name in FOR_PEOPLE:
        return table_for_people(asked, name)
    with (
        tempfile.TemporaryDirectory() as folder,
        database().reading(current_reader(), in_transaction=True) as connection,
    ):
        conditions = asked.conditions(connection)
        is_public = current_role() is Role.PUBLIC
        try:
            most, text = (MOST_FOR_EVERYBODY, _FOR_EVERYBODY) if is_public else (runs.MOST_AT_ONCE, _IN_BACKGROUND)
            check_count(connection, asked.kind, conditions, most, text)
        except TooManyError as error:
            if is_public or detail is not None or wants_json():
                raise
            return _offer(asked, int(str(error.details["count"]))), 202
        if detail is not None:
            path = export_details(
                connection, asked.kind, detail, visible_columns(current_role(), detail), conditions,
                format=name, crs=request.args.get("crs"), target=Path(folder) / f"{layer}-{detail.detail.name}",
            )  # fmt: skip
        else:
            path = export_features(
                connection, asked.kind, asked.fields, conditions,
                format=name, crs=request.args.get("crs"), target=Path(folder) / layer, measures=measures_of(asked.kind, conditions),
            )  # fmt: skip
        # The open file outlives its folder: the answer streams from the descriptor.
        return send_file(path.open("rb"), download_name=path.name, as_attachment=True, mimetype=FORMATS[name].mimetype)


@blueprint.post("/layers/<layer>/export")
@allow(*STAFF)
@dear
def order(layer: str) -> ResponseReturnValue:
    """Have the file of the same address made in the background."""
    from geodata.export.source import parse_srid

    asked, name, user = layer_request(layer), _format(), current_user()
    if request.args.get("detail"):
        reason = N_("what hangs on objects is handed out at once only")
        raise InvalidValueError(name="detail", value=request.args["detail"][:80], reason=reason)
    parse_srid(request.args.get("crs"))
    with database().reading(current_reader()) as connection:
        conditions = asked.conditions(connection)
        count = count_features(connection, asked.kind, conditions)
    settings: Settings = current_app.config["SETTINGS"]
    run = runs.request_export(
        db_session(), account_name=user.name, role=user.role.value, areas=user.areas, layer=layer, format=name,
        arguments=list(request.args.items(multi=True)), rows_total=count,
        path=settings.upload_dir / "exports" / secrets.token_hex(16),
    )  # fmt: skip
    db_session().commit()
    address = url_for("exports.show", number=run.id)
    return (jsonify({"next": address}), 202) if wants_json() else redirect(address)


@blueprint.get("/exports")
@allow(*STAFF)
def index() -> str:
    """List one's own large files."""
    return _page()


@blueprint.get("/exports/<int:number>")
@allow(*STAFF)
def show(number: int) -> str:
    """Show how far the background is with a file, and the link when it is there."""
    run = _run(number)
    return _page(run=run, state=_state(run))


@blueprint.get("/exports/<int:number>/state")
@allow(*STAFF)
def state(number: int) -> Response:
    """Answer how far the background is with a file."""
    return jsonify(_state(_run(number)))


@blueprint.get("/exports/<int:number>/file")
@allow(*STAFF)
def fetch(number: int) -> Response:
    """Answer a file that has been made."""
    from geodata.export.formats import FORMATS

    run = _run(number)
    if run.making is not Making.DONE or not Path(run.file_path).is_file():
        raise NotFoundError(value=str(number))
    return send_file(
        Path(run.file_path).open("rb"), download_name=run.file_name, as_attachment=True, mimetype=FORMATS[run.format].mimetype
    )  # fmt: skip


_IN_BACKGROUND = N_(
    "These are {count} objects; a file at once holds at most {most}. Ask for it by POST at the same address: it is made in"
    " the background."
)
_STEPS = {
    Making.WAITING: N_("Waiting for the background"), Making.RUNNING: N_("Writing the file"),
    Making.DONE: N_("The file is ready"), Making.FAILED: N_("The file could not be made"),
}  # fmt: skip


def _format() -> str:
    """Return the format asked for. Raises InvalidValueError."""
    from geodata.export.formats import FORMATS

    name = request.args.get("format", "geojson")
    if name not in FORMATS:
        raise InvalidValueError(name="format", value=name, reason=CHOOSE, choices=list(FORMATS))
    return name


def _run(number: int) -> ExportRun:
    user = current_user()
    return runs.get_export(db_session(), number, account_name=user.name, role=user.role.value, areas=user.areas)


def _state(run: ExportRun) -> dict[str, object]:
    """Return what the page asks for each second; the same as of an import."""
    total = run.rows_total
    rows = translate(N_("{done} of {total} rows")).format(done=format_number(run.rows_done), total=format_number(total))
    return {
        "stage": run.making, "working": run.ended_at is None, "waiting": run.making is Making.WAITING,
        "worker": is_worker_running(db_session()), "step": translate(_STEPS[run.making]),
        "share": round(min(run.rows_done / total, 1), 3) if total and run.rows_done else None,
        "rows": rows, "left": "", "next": url_for("exports.index"),
    }  # fmt: skip


def _offer(asked: LayerRequest, count: int) -> str:
    """Return the page that offers to make a file in the background."""
    layer = asked.kind.layer
    address = f"{url_for('exports.order', layer=layer.name)}?{urlencode(list(request.args.items(multi=True)))}"
    return _page(asked={"count": count, "title": translate(layer.title), "address": address})


def _page(**parts: Any) -> str:
    titles = {kind.layer.name: translate(kind.layer.title) for kind in layers()}
    return render_template(
        "map/export.html", titles=titles, runs=runs.list_exports(db_session(), current_user().name), **parts
    )


def _detail(kind: type[Feature]) -> type[Detail] | None:
    """Return what hangs on the objects and was asked for, None for the objects. Raises InvalidValueError."""
    name = request.args.get("detail")
    if not name:
        return None
    known = {detail.detail.name: detail for detail in visible_details(current_role(), kind)}
    if name not in known:
        raise InvalidValueError(name="detail", value=name[:80], reason=CHOOSE, choices=list(known))
    return known[name]


def visible_columns(role: Role, detail: type[Detail]) -> list[Field]:
    """Return the stored fields of a detail that a role may see."""
    return [field for field in detail.fields() if not field.derived and is_for(role, field.roles)]
