"""Many objects at once: previewed, and stored as it was previewed."""

from urllib.parse import parse_qsl

from flask import Blueprint, Response, jsonify, request
from werkzeug.datastructures import MultiDict

from geodata.accounts.accounts import ACCOUNT_ROLES
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.editing import (
    Edit,
    EditReport,
    Outcome,
    StaleError,
    batch_edit,
    commit_edit,
    ids_of,
    mark_of,
    preview_edit,
    propose,
)
from geodata.editing.edits import EditAnswer
from geodata.editing.reviewed import must_propose
from webmap.app.auth import allow, current_editor, current_reader
from webmap.app.errors import error_response
from webmap.app.extensions import database, db_session
from webmap.app.i18n import translate
from webmap.app.requests import LayerRequest
from webmap.editing.sent import read_batch, read_body, whole_numbers
from webmap.editing.views import told_proposed, writable

blueprint = Blueprint("batch_editing", __name__, url_prefix="/edit")

MEMBERS = allow(*ACCOUNT_ROLES)
#: So many objects of each outcome are listed in a preview; the counts are of all.
LISTED = 100


@blueprint.post("/<layer>/batch/preview")
@MEMBERS
def preview(layer: str) -> Response:
    """Answer what a batch would change, and the mark by which it may be stored as it was looked at."""
    asked = writable(layer)
    edit = _edit(asked)
    report = preview_edit(db_session(), asked.kind, edit, current_editor())
    db_session().rollback()
    return jsonify(_told(report) | {"mark": mark_of(edit)})


@blueprint.post("/<layer>/batch")
@MEMBERS
def save(layer: str) -> Response:
    """Store a batch as one change set: all of it, or with `partial` what is not refused."""
    asked = writable(layer)
    edit = _edit(asked)
    if request.get_json()["mark"] != mark_of(edit):
        return _stale(StaleError([]))
    is_partial = bool(request.get_json().get("partial"))
    try:
        if must_propose(db_session(), asked.kind, current_editor()):
            return told_proposed(propose(db_session(), asked.kind, edit, current_editor()))
        report = commit_edit(db_session(), asked.kind, edit, current_editor(), accept_partial=is_partial)
    except StaleError as error:
        return _stale(error)
    return jsonify(_told(report))


def _edit(asked: LayerRequest) -> Edit:
    body = read_body()
    if not isinstance(body.setdefault("mark", ""), str):
        raise InvalidValueError(name="mark", value="", reason=N_("it is no text"))
    values, reason, style = read_batch(body)
    among = None if body.get("ids") is None else whole_numbers("ids", body["ids"])
    filters = body.get("filters")
    if among is None and not isinstance(filters, str):
        raise InvalidValueError(name="ids", value="", reason=N_("a list is expected"))
    is_filtered = among is None and isinstance(filters, str)
    arguments = MultiDict(parse_qsl(str(filters), keep_blank_values=True) if is_filtered else [])
    with database().reading(current_reader()) as connection:
        ids = ids_of(connection, asked.kind, asked.conditions(connection, arguments), among=among)
    return batch_edit(db_session(), asked.kind, ids, values, reason=reason, style=style)


def _told(report: EditReport) -> EditAnswer:
    """Return the report with the objects that say something, the refused ones first."""
    order = [Outcome.REJECTED, Outcome.STALE, Outcome.CHANGED]
    shown = [item for outcome in order for item in report.objects if item.outcome is outcome]
    short = EditReport(layer=report.layer, change_set_id=report.change_set_id, objects=tuple(shown[:LISTED]))
    return {**short.as_json(translate), "counts": report.counts}


def _stale(error: StaleError) -> Response:
    return error_response(409, error.code, translate(error.template), {"ids": list(error.ids)})
