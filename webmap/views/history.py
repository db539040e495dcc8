"""History: change sets, what each did to every object, what happened to one object, and the way back."""

from datetime import date, timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from geodata import history as changes, import_sessions
from geodata.access import Action, may
from geodata.database import today
from geodata.errors import ConflictError, InvalidValueError
from geodata.i18n import N_
from geodata.import_runs import defer_run
from geodata.layer import Role
from webmap import import_pages as words, then
from webmap.auth import allow, current_role, current_user
from webmap.extensions import database, db_session, layers
from webmap.i18n import translate, translate_error
from webmap.requests import int_argument
from webmap.views.imports import writable

blueprint = Blueprint("history", __name__, url_prefix="/history")

EDITORS = allow(Role.GIS, Role.ADMIN)
PAGE = 50
#: Undoing more objects than this is not tried beforehand: the report lists what was kept.
MAX_TRIED = 20_000


@blueprint.get("")
@EDITORS
def index() -> str:
    """List the change sets, the latest first."""
    name = request.args.get("layer") or None
    before = int_argument("before", 0, low=0, high=2**53)
    session = db_session()
    if name is not None:
        layers().get(name)
    found = changes.list_change_sets(session, layer=name, limit=PAGE + 1, before_id=before or None)
    shown = [item for item in found[:PAGE] if may(current_role(), Action.VIEW, layers().get(item.layer))]
    return render_template(
        "history/list.html",
        change_sets=shown, more=found[PAGE - 1].id if len(found) > PAGE else None, layer=name, kinds=list(layers()),
        titles=_titles(), labels=words.KIND_LABELS, counts=words.counts_line,
        undone=import_sessions.undone_by(session, [item.id for item in shown]), last_day=today() - timedelta(days=1),
    )  # fmt: skip


@blueprint.get("/map")
@EDITORS
def map_then() -> ResponseReturnValue:
    """Open the map as it was stored at the end of a day."""
    try:
        day = date.fromisoformat(request.args.get("day", ""))
    except ValueError as error:
        raise InvalidValueError(
            name="day", value=request.args.get("day", ""), reason=N_("a day as 2026-12-31")
        ) from error
    return redirect(then.address_of(day))


@blueprint.get("/<int:number>")
@EDITORS
def change_set(number: int) -> str:
    """Show what a change set did, object by object."""
    session = db_session()
    found = changes.get_change_set(session, number)
    kind = writable(found.layer)
    page = int_argument("page", 1, low=1, high=1_000_000)
    count = changes.count_changes(session, number)
    objects = [
        (item, *words.history_differences(kind, item.before, item.after))
        for item in changes.changes_in(session, number, limit=PAGE, offset=PAGE * (page - 1))
    ]
    made_by = import_sessions.import_of_change_set(session, number)
    undoing = import_sessions.undo_of_change_set(session, number)
    return render_template(
        "history/change_set.html",
        found=found, kind=kind, objects=objects, count=count, page=page, pages=-(-count // PAGE), made_by=made_by,
        counts=words.counts_line(found), labels=words.field_labels(kind), label=words.KIND_LABELS.get(found.kind, found.kind),
        undone_by=import_sessions.undone_by(session, [number]).get(number),
        kept=words.kept_lines(kind, undoing.report.get("kept", [])) if undoing else [],
    )  # fmt: skip


@blueprint.get("/objects/<layer>/<int:feature_id>")
@EDITORS
def feature(layer: str, feature_id: int) -> str:
    """Show what happened to one object."""
    kind = writable(layer)
    entries = [
        (entry, *words.history_differences(kind, entry.before, entry.after))
        for entry in changes.changes_of(db_session(), layer, feature_id)
    ]
    latest = next((entry.after or entry.before for entry, _, _ in entries), None) or {}
    return render_template(
        "history/feature.html",
        kind=kind, entries=entries, latest=latest, feature_id=feature_id, labels=words.KIND_LABELS,
        exists=bool(entries and entries[0][0].after),
    )  # fmt: skip


@blueprint.get("/<int:number>/undo")
@EDITORS
def undo(number: int) -> ResponseReturnValue:
    """Show what undoing would do, and which later edits stay."""
    return _undo_page(number)


@blueprint.post("/<int:number>/undo")
@EDITORS
def undo_now(number: int) -> ResponseReturnValue:
    """Have a change set undone in the background."""
    session = db_session()
    found = changes.get_change_set(session, number)
    writable(found.layer)
    try:
        run = import_sessions.add_undo(session, found, user_name=current_user().name)
    except ConflictError as error:
        session.rollback()
        return _undo_page(number, problem=translate_error(error)), 409
    session.commit()
    defer_run(run.id)
    return redirect(url_for("imports.report", number=run.id))


def _undo_page(number: int, problem: str = "") -> str:
    session = db_session()
    found = changes.get_change_set(session, number)
    kind = writable(found.layer)
    undone = import_sessions.undone_by(session, [number]).get(number)
    count = changes.count_changes(session, number)
    report = None
    if undone is None and count <= MAX_TRIED:
        with database().session() as trial:
            report = changes.preview_undo(trial, number)
    kept = words.kept_lines(kind, report.as_json()["kept"]) if report else []
    return render_template(
        "history/undo.html",
        found=found, kind=kind, report=report, kept=kept, undone_by=undone, count=count, problem=problem,
        label=words.KIND_LABELS.get(found.kind, found.kind), has_worker=import_sessions.is_worker_running(session),
    )  # fmt: skip


def _titles() -> dict[str, str]:
    return {kind.layer.name: translate(kind.layer.title) for kind in layers()}
