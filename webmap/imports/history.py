"""History: change sets, what each did to every object, what happened to one object, and the way back."""

from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from geodata.accounts.access import Action, may
from geodata.base.database import today
from geodata.base.errors import ConflictError, ForbiddenError
from geodata.base.parsing import LARGEST_ID, parse_day
from geodata.history import change_sets as changes, undoing
from geodata.history.gists import gists_of
from geodata.importing.details import detail_of
from geodata.importing.sessions import sessions
from geodata.query.documents import act_numbers
from geodata.schema.feature import Feature
from geodata.schema.roles import EDITORS as ALL_EDITORS, Role
from webmap.app import as_stored
from webmap.app.auth import allow, current_role, current_user
from webmap.app.extensions import db_session, layers
from webmap.app.i18n import translate, translate_error
from webmap.app.requests import int_argument
from webmap.imports.gists import line_of
from webmap.imports.history_lines import HangingLine, counts_line, hanging_lines, history_differences, kept_lines
from webmap.imports.labels import KIND_LABELS
from webmap.imports.rights import writable
from webmap.imports.values import field_labels

blueprint = Blueprint("history", __name__, url_prefix="/history")

WRITERS = allow(Role.PLANNER, Role.GIS, Role.ADMIN)
PAGE = 50
#: Undoing more objects than this is not tried beforehand: the report lists what was kept.
MAX_TRIED = 20_000


@blueprint.get("")
@WRITERS
def index() -> str:
    """List the change sets, the latest first."""
    name = request.args.get("layer") or None
    before = int_argument("before", 0, low=0, high=LARGEST_ID)
    session = db_session()
    if name is not None:
        layers().get(name)
    known = [kind.layer.name for kind in layers()]
    found = changes.list_change_sets(session, layer=name, layers=known, limit=PAGE + 1, before_id=before or None)
    shown = [item for item in found[:PAGE] if may(current_role(), Action.WRITE, layers().get(item.layer))]
    gists = gists_of(session, shown, layers())
    return render_template(
        "imports/history/list.html",
        lines={item.id: line_of(layers().get(item.layer), item, gists.get(item.id)) for item in shown},
        change_sets=shown, more=found[PAGE - 1].id if len(found) > PAGE else None, layer=name, kinds=list(layers()),
        titles=_titles(), counts=counts_line,
        may_undo=may_undo, undone=sessions.undone_by(session, [item.id for item in shown]), last_day=today() - timedelta(days=1),
    )  # fmt: skip


@blueprint.get("/map")
@WRITERS
def map_then() -> ResponseReturnValue:
    """Open the map as it was stored at the end of a day."""
    return redirect(as_stored.address_of(parse_day("day", request.args.get("day", ""))))


@blueprint.get("/<int:number>")
@WRITERS
def change_set(number: int) -> str:
    """Show what a change set did, object by object."""
    session = db_session()
    found = changes.get_change_set(session, number)
    kind = writable(found.layer)
    page = int_argument("page", 1, low=1, high=1_000_000)
    count = changes.count_changes(session, number, layers())
    objects = [
        (item, *history_differences(kind, item.before, item.after))
        for item in changes.changes_in(session, number, layers(), limit=PAGE, offset=PAGE * (page - 1))
    ]
    others = changes.only_hanging_in(session, kind, number, limit=PAGE) if page == 1 else []
    made_by = sessions.import_of_change_set(session, number)
    undoing = sessions.undo_of_change_set(session, number)
    return render_template(
        "imports/history/change_set.html",
        found=found, kind=kind, objects=objects, count=count, page=page, pages=-(-count // PAGE), made_by=made_by,
        counts=counts_line(found), labels=field_labels(kind), line=_line(found, kind),
        undone_by=sessions.undone_by(session, [number]).get(number),
        kept=kept_lines(kind, undoing.report.kept) if undoing else [], may_undo=may_undo,
        hanging=_hanging(session, kind, number, [*(item.feature_id for item, _, _ in objects), *(row.id for row in others)]),
        others=others, detail=detail_of(kind, str(found.mapping.get("detail") or "")),
    )  # fmt: skip


@blueprint.get("/objects/<layer>/<int:feature_id>")
@WRITERS
def feature(layer: str, feature_id: int) -> str:
    """Show what happened to one object."""
    kind = writable(layer)
    entries = [
        (entry, *history_differences(kind, entry.before, entry.after))
        for entry in changes.changes_of(db_session(), layer, feature_id, layers())
    ]
    latest = next((entry.after or entry.before for entry, _, _ in entries), None) or {}
    return render_template(
        "imports/history/feature.html",
        kind=kind, entries=entries, latest=latest, feature_id=feature_id, labels=KIND_LABELS,
        exists=bool(entries and entries[0][0].after),
    )  # fmt: skip


@blueprint.get("/<int:number>/undo")
@WRITERS
def undo(number: int) -> ResponseReturnValue:
    """Show what undoing would do, and which later edits stay."""
    return _undo_page(number)


@blueprint.post("/<int:number>/undo")
@WRITERS
def undo_now(number: int) -> ResponseReturnValue:
    """Undo an edit at once, an import in the background: the report of that one is for those who import."""
    session = db_session()
    found = changes.get_change_set(session, number)
    _check_undo(found)
    try:
        if _is_at_once(session, found):
            report = undoing.undo(session, number, layers(), user_name=current_user().name)
            return redirect(url_for("history.change_set", number=report.change_set_id))
        run = sessions.add_undo(session, found, user_name=current_user().name)
    except ConflictError as error:
        session.rollback()
        return _undo_page(number, problem=translate_error(error)), 409
    session.commit()
    return redirect(url_for("imports.report", number=run.id))


def _undo_page(number: int, problem: str = "") -> str:
    session = db_session()
    found = changes.get_change_set(session, number)
    kind = _check_undo(found)
    undone = sessions.undone_by(session, [number]).get(number)
    count = changes.count_changes(session, number, layers())
    report = None
    if undone is None and count <= MAX_TRIED:
        report = undoing.preview_undo(session, number, layers())  # rolls back; no second connection
    kept = kept_lines(kind, report.kept) if report else []
    return render_template(
        "imports/history/undo.html",
        found=found, kind=kind, report=report, kept=kept, undone_by=undone, count=count, problem=problem,
        line=_line(found, kind), is_at_once=_is_at_once(session, found), has_worker=sessions.is_worker_running(session),
    )  # fmt: skip


def may_undo(change_set: changes.ChangeSet) -> bool:
    """Say whether the person asking may undo a change set: editors of all data any, others their own."""
    if not may(current_role(), Action.WRITE, layers().get(change_set.layer)):
        return False
    return current_role() in ALL_EDITORS or change_set.user_name == current_user().name


def _line(change_set: changes.ChangeSet, kind: type[Feature]) -> str:
    return line_of(kind, change_set, gists_of(db_session(), [change_set], layers()).get(change_set.id))


def _is_at_once(session: Session, change_set: changes.ChangeSet) -> bool:
    """Say whether a change set is an edit, or the undoing of one, and so on: few objects."""
    while change_set.undoes_id is not None:
        change_set = changes.get_change_set(session, change_set.undoes_id)
    return change_set.kind == changes.ChangeKind.EDIT


def _check_undo(change_set: changes.ChangeSet) -> type[Feature]:
    kind = writable(change_set.layer)
    if not may_undo(change_set):
        raise ForbiddenError(roles=sorted(ALL_EDITORS))
    return kind


def _hanging(session: Session, kind: type[Feature], number: int, ids: list[int]) -> dict[int, list[HangingLine]]:
    found = changes.hanging_changes_in(session, kind, number, ids)
    acts = [(change.after or change.before or {}).get("legal_act_id") for change in found]
    numbers = act_numbers(session, [act for act in acts if isinstance(act, int)])
    return hanging_lines(kind, found, numbers)


def _titles() -> dict[str, str]:
    return {kind.layer.name: translate(kind.layer.title) for kind in layers()}
