"""The import wizard: upload, questions, preview, confirm, report; each step at its own address."""

import tempfile
from pathlib import Path

from flask import Blueprint, jsonify, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from geodata.base.errors import GeodataError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.base.parsing import parse_id
from geodata.history.change_sets import get_change_set
from geodata.importing.results import Mode
from geodata.importing.sessions import keeping, listed, model, sessions
from geodata.importing.sessions.model import Stage, Task
from geodata.importing.sessions.returned import write_returned
from geodata.schema.roles import Role
from webmap.app.auth import allow, current_user
from webmap.app.errors import wants_json
from webmap.app.extensions import db_session, layers
from webmap.app.i18n import translate, translate_error
from webmap.app.requests import int_argument
from webmap.imports.answers import answers_of
from webmap.imports.filled import detail_title, filled_by
from webmap.imports.history_lines import counts_line
from webmap.imports.labels import STAGE_LABELS
from webmap.imports.pages import (
    PAGE,
    common_facts,
    confirm_page,
    preview_page,
    progress_page,
    questions_page,
    search_words,
    settings_here,
    upload_page,
)
from webmap.imports.rights import check_detail, import_of, writable, writable_kinds
from webmap.imports.steps import current_address, state_json, steps
from webmap.imports.uploads import check_room, store_uploads
from webmap.imports.values import field_labels, say

blueprint = Blueprint("imports", __name__, url_prefix="/imports")
EDITORS = allow(Role.GIS, Role.ADMIN)


@blueprint.get("")
@EDITORS
def index() -> str:
    """List the imports, the latest first."""
    session = db_session()
    sessions.settle_lost(session)
    page = int_argument("page", 1, low=1, high=100_000)
    names = [kind.layer.name for kind in writable_kinds()]
    found = sessions.list_imports(session, names, limit=PAGE + 1, offset=PAGE * (page - 1))
    undone = sessions.undone_by(session, [item.change_set_id for item in found if item.change_set_id])
    return render_template(
        "imports/list.html",
        imports=found[:PAGE], page=page, has_more=len(found) > PAGE, undone=undone, titles=_titles(),
        stages=STAGE_LABELS, address=current_address, detail_title=detail_title, has_worker=sessions.is_worker_running(session),
    )  # fmt: skip


@blueprint.get("/new")
@EDITORS
def new() -> ResponseReturnValue:
    """Show the first step: the layer and the files."""
    return upload_page()


@blueprint.post("/new")
@EDITORS
def upload() -> ResponseReturnValue:
    """Keep the files and have them checked in the background."""
    try:
        layer, _, detail = request.form.get("layer", "").partition("/")
        kind = writable(layer)
        if detail:
            check_detail(kind, detail)
        sessions.check_quota(db_session(), current_user().name)
        check_room(settings_here().upload_dir, request.content_length or 0)
        files = store_uploads(request.files.getlist("files"), settings_here())
    except (InvalidValueError, NotFoundError) as error:
        text = translate("Choose the layer first.") if isinstance(error, NotFoundError) else translate_error(error)
        if wants_json():
            return jsonify({"error": error.code, "message": text, "details": {}}), 400
        return upload_page(problem=text), 400
    session = db_session()
    added = [
        sessions.add_import(
            session, layer=kind.layer.name, user_name=current_user().name, file=file, detail=detail or None
        )
        for file in files
    ]
    session.commit()
    address = current_address(added[0]) if len(added) == 1 else url_for("imports.index")
    return jsonify({"next": address}) if wants_json() else redirect(address)


@blueprint.get("/<int:number>")
@EDITORS
def show(number: int) -> ResponseReturnValue:
    """Go to the step where an import stands."""
    return redirect(current_address(import_of(number)))


@blueprint.get("/<int:number>/state")
@EDITORS
def state(number: int) -> ResponseReturnValue:
    """Answer how far the background is."""
    found = import_of(number)
    return jsonify(state_json(found, worker=sessions.is_worker_running(db_session())))


@blueprint.get("/<int:number>/questions")
@EDITORS
def questions(number: int) -> ResponseReturnValue:
    """Show the second step: where the file is, how it is written, what is what."""
    found = import_of(number)
    if found.is_working:
        return progress_page(found, "imports.questions")
    return questions_page(found)


@blueprint.post("/<int:number>/questions")
@EDITORS
def answer(number: int) -> ResponseReturnValue:
    """Take the answers and have the file checked again."""
    found = import_of(number)
    kind = writable(found.layer)
    if not found.has_file:
        return questions_page(found, problem=translate("The uploaded file is no longer kept. Upload it again.")), 410
    sessions.answer(db_session(), found, answers_of(kind, found, request.form))
    db_session().commit()
    return redirect(url_for("imports.questions", number=number))


@blueprint.get("/<int:number>/preview")
@EDITORS
def preview(number: int) -> ResponseReturnValue:
    """Show the third step: what would change, and what is wrong."""
    found = import_of(number)
    if found.is_working:
        return progress_page(found, "imports.preview")
    if found.stage not in {Stage.READY, Stage.STORED, Stage.FAILED} or found.report.counts is None:
        return redirect(current_address(found))
    return preview_page(found)


@blueprint.post("/<int:number>/rows")
@EDITORS
def rows(number: int) -> ResponseReturnValue:
    """Remember which of the rows shown are taken, or take or leave out all that a list shows page by page."""
    found, session = import_of(number), db_session()
    everything = request.form.get("all")
    if everything:
        tab, search = request.form.get("tab", ""), search_words(request.form)
        if tab not in model.CHOSEN:
            raise InvalidValueError(name="tab", value=tab, reason=N_("choose one of the allowed values"))
        listed.choose_all(session, found, tab, search, take=everything == "take")
        session.commit()
        return redirect(url_for("imports.preview", number=number, tab=tab, search=search or None))
    shown = [parse_id("shown", text) for text in request.form.get("shown", "").split()]
    taken = [parse_id("row", text) for text in request.form.getlist("row")]
    listed.choose_rows(session, found, shown, taken)
    session.commit()
    if wants_json():
        return jsonify({"left_out": listed.count_excluded(session, found)})
    return redirect(url_for("imports.confirm", number=number))


@blueprint.post("/<int:number>/matches")
@EDITORS
def matches(number: int) -> ResponseReturnValue:
    """Take what was said of rows that resemble stored objects, and have the file compared again."""
    found, session = import_of(number), db_session()
    said = {
        parse_id("match", name.removeprefix("match.")): code
        for name, code in request.form.items()
        if name.startswith("match.")
    }
    decisions = {row: "" if code == "new" else code[1:] for row, code in said.items() if code}
    everything = request.form.get("all")
    if everything == "same":
        decisions |= sessions.sole_matches(session, found)
    elif everything == "new":
        decisions |= dict.fromkeys(sessions.open_matches(session, found), "")
    sessions.decide_matches(session, found, decisions)
    session.commit()
    return redirect(url_for("imports.preview", number=number))


@blueprint.get("/<int:number>/confirm")
@EDITORS
def confirm(number: int) -> ResponseReturnValue:
    """Show the fourth step: the mode, and what will be stored."""
    found = import_of(number)
    if found.is_working:
        return progress_page(found, "imports.confirm")
    if found.stage is not Stage.READY:
        return redirect(current_address(found))
    return confirm_page(found)


@blueprint.post("/<int:number>/confirm")
@EDITORS
def commit(number: int) -> ResponseReturnValue:
    """Have the preview stored."""
    found = import_of(number)
    counts = found.report.counts
    if counts is None:
        return redirect(current_address(found))  # there is no preview to confirm
    accept = "accept_partial" in request.form
    if found.options.mode is Mode.REPLACE and counts.absent and "accept_delete" not in request.form:
        return confirm_page(
            found, problem=translate("Say that the objects missing in the file are to be deleted.")
        ), 400
    try:
        sessions.confirm(
            db_session(), found, seen=request.form.get("mark", ""), accept_partial=accept, by=current_user().name
        )
    except GeodataError as error:
        db_session().rollback()
        return confirm_page(import_of(number), problem=translate_error(error)), 409
    db_session().commit()
    return redirect(url_for("imports.report", number=number))


@blueprint.get("/<int:number>/report")
@EDITORS
def report(number: int) -> ResponseReturnValue:
    """Show the fifth step: what was stored, or why nothing."""
    found = import_of(number)
    if found.is_working:
        return progress_page(found, "imports.report")
    if found.stage in {Stage.ASKING, Stage.REFUSED, Stage.READY}:
        return redirect(current_address(found))
    stored = get_change_set(db_session(), found.change_set_id) if found.change_set_id else None
    undone = sessions.undone_by(db_session(), [stored.id]) if stored else {}
    kind = layers().get(found.layer)
    return render_template(
        "imports/report.html",
        found=found, kind=kind, steps=steps(found, "imports.report"), stage=STAGE_LABELS[found.stage],
        reason=say(found.reason), stored=stored, undone_by=undone.get(stored.id) if stored else None,
        counts=counts_line(stored) if stored else [], labels=field_labels(filled_by(kind, found)),
        listed=listed.count_items(db_session(), found.id), **common_facts(found),
    )  # fmt: skip


@blueprint.post("/<int:number>/cancel")
@EDITORS
def cancel(number: int) -> ResponseReturnValue:
    """Stop what waits or runs, or forget what was not stored."""
    found = import_of(number)
    writable(found.layer)
    if found.is_working:
        sessions.request_cancel(db_session(), found, by=current_user().name)
    else:
        sessions.drop_import(db_session(), found, by=current_user().name)
    db_session().commit()
    return redirect(current_address(found) if found.task == Task.IMPORT else url_for("history.index"))


@blueprint.get("/<int:number>/file")
@EDITORS
def original(number: int) -> ResponseReturnValue:
    """Send the file as it was uploaded."""
    found = import_of(number)
    if not found.has_file or found.file_path is None:
        raise NotFoundError(N_("The original file is no longer kept."))
    return send_file(
        found.file_path, as_attachment=True, download_name=found.file_name, mimetype="application/octet-stream"
    )


@blueprint.get("/<int:number>/rejected")
@EDITORS
def rejected(number: int) -> ResponseReturnValue:
    """Send the rejected rows as a file to correct, with the reasons in a column."""
    found = import_of(number)
    path = keeping.rejected_file(found)
    if path is None:
        raise NotFoundError(N_("There is no file of rejected rows."))
    with tempfile.TemporaryDirectory() as folder:
        stem = f"{Path(found.file_name or 'import').stem}-tu-choi"
        written = write_returned(path, Path(folder), stem, say)
        # The open file outlives its folder: the answer streams from the descriptor.
        return send_file(written.open("rb"), as_attachment=True, download_name=written.name)


def _titles() -> dict[str, str]:
    return {kind.layer.name: translate(kind.layer.title) for kind in layers()}
