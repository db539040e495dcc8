"""The import wizard: upload, questions, preview, confirm, report; each step at its own address."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, jsonify, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from geodata.accounts.access import Action, may, visible_details
from geodata.base.errors import ForbiddenError, GeodataError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.base.parsing import parse_id
from geodata.history.change_sets import get_change_set
from geodata.importing.details import PARENT_FIELD, detail_fields, detail_of, file_details
from geodata.importing.sessions import keeping, listed, model, sessions
from geodata.importing.sessions.model import ImportSession, Stage, Task
from geodata.importing.sessions.returned import write_returned
from geodata.importing.understanding.match import importable_fields
from geodata.schema.described import Described
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.roles import Role
from webmap.app.auth import allow, current_role, current_user
from webmap.app.errors import wants_json
from webmap.app.extensions import db_session, layers
from webmap.app.i18n import translate, translate_error
from webmap.app.requests import int_argument
from webmap.app.settings import Settings
from webmap.folium.sketch import Sketch, build_sketch
from webmap.imports import pages as words
from webmap.imports.uploads import check_room, store_uploads

blueprint = Blueprint("imports", __name__, url_prefix="/imports")

EDITORS = allow(Role.GIS, Role.ADMIN)
PAGE = 50
#: The lists of a preview, in the order of their tabs; the last two are problems.
TABS = {
    "changed": N_("Changed"),
    "new": N_("New"),
    "unchanged": N_("Unchanged"),
    "match": N_("The same object?"),
    "absent": N_("Not in the file"),
    "error": N_("Rejected"),
    "warning": N_("Warnings"),
}
_LONGEST_SEARCH = 100
#: Degrees shown around a move: a few metres are seen too.
_MOVE_MARGIN = 0.0003


def writable_kinds() -> list[type[Feature]]:
    """Return the layers into which the person asking may import."""
    return [kind for kind in layers() if may(current_role(), Action.WRITE, kind)]


def writable(name: str) -> type[Feature]:
    """Return a layer that the person asking may change. Raises NotFoundError, ForbiddenError."""
    kind = layers().get(name)
    if not may(current_role(), Action.WRITE, kind):
        raise ForbiddenError(roles=sorted(kind.layer.access.write))
    return kind


def _tabs(found: ImportSession) -> dict[str, str]:
    """Return the lists of a preview; what hangs on objects is known by its key and never merely alike."""
    return {name: label for name, label in TABS.items() if name != "match" or not found.options.get("detail")}


def offered_details(kind: type[Feature]) -> list[type[Detail]]:
    """Return the details that files may fill, as far as the person asking may see them."""
    seen = visible_details(current_role(), kind)
    return [detail for detail in file_details(kind) if detail in seen]


def _check_detail(kind: type[Feature], name: str) -> None:
    """Raise NotFoundError, or ForbiddenError for a detail that the person asking may not see."""
    detail = detail_of(kind, name)
    if detail is None:
        raise NotFoundError(value=name)
    if detail not in offered_details(kind):
        raise ForbiddenError(roles=sorted(detail.detail.roles or ()))


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
        stages=words.STAGE_LABELS, address=words.current_address, detail_title=_detail_title, has_worker=sessions.is_worker_running(session),
    )  # fmt: skip


@blueprint.get("/new")
@EDITORS
def new() -> ResponseReturnValue:
    """Show the first step: the layer and the files."""
    return _upload_page()


@blueprint.post("/new")
@EDITORS
def upload() -> ResponseReturnValue:
    """Keep the files and have them checked in the background."""
    try:
        layer, _, detail = request.form.get("layer", "").partition("/")
        kind = writable(layer)
        if detail:
            _check_detail(kind, detail)
        sessions.check_quota(db_session(), current_user().name)
        check_room(_settings().upload_dir, request.content_length or 0)
        files = store_uploads(request.files.getlist("files"), _settings())
    except (InvalidValueError, NotFoundError) as error:
        text = translate("Choose the layer first.") if isinstance(error, NotFoundError) else translate_error(error)
        if wants_json():
            return jsonify({"error": error.code, "message": text, "details": {}}), 400
        return _upload_page(problem=text), 400
    session = db_session()
    added = [
        sessions.add_import(
            session, layer=kind.layer.name, user_name=current_user().name, file=file, detail=detail or None
        )
        for file in files
    ]
    session.commit()
    address = words.current_address(added[0]) if len(added) == 1 else url_for("imports.index")
    return jsonify({"next": address}) if wants_json() else redirect(address)


@blueprint.get("/<int:number>")
@EDITORS
def show(number: int) -> ResponseReturnValue:
    """Go to the step where an import stands."""
    return redirect(words.current_address(_import(number)))


@blueprint.get("/<int:number>/state")
@EDITORS
def state(number: int) -> ResponseReturnValue:
    """Answer how far the background is."""
    found = _import(number)
    return jsonify(words.state_json(found, worker=sessions.is_worker_running(db_session())))


@blueprint.get("/<int:number>/questions")
@EDITORS
def questions(number: int) -> ResponseReturnValue:
    """Show the second step: where the file is, how it is written, what is what."""
    found = _import(number)
    if found.is_working:
        return _progress_page(found, "imports.questions")
    return _questions_page(found)


@blueprint.post("/<int:number>/questions")
@EDITORS
def answer(number: int) -> ResponseReturnValue:
    """Take the answers and have the file checked again."""
    found = _import(number)
    kind = writable(found.layer)
    if not found.has_file:
        return _questions_page(found, problem=translate("The uploaded file is no longer kept. Upload it again.")), 410
    sessions.answer(db_session(), found, _answers(kind, found, request.form))
    db_session().commit()
    return redirect(url_for("imports.questions", number=number))


@blueprint.get("/<int:number>/preview")
@EDITORS
def preview(number: int) -> ResponseReturnValue:
    """Show the third step: what would change, and what is wrong."""
    found = _import(number)
    if found.is_working:
        return _progress_page(found, "imports.preview")
    if found.stage not in {Stage.READY, Stage.STORED, Stage.FAILED} or not found.report.get("counts"):
        return redirect(words.current_address(found))
    return _preview_page(found)


@blueprint.post("/<int:number>/rows")
@EDITORS
def rows(number: int) -> ResponseReturnValue:
    """Remember which of the rows shown are taken, or take or leave out all that a list shows page by page."""
    found, session = _import(number), db_session()
    everything = request.form.get("all")
    if everything:
        tab, search = request.form.get("tab", ""), _search(request.form)
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
    found, session = _import(number), db_session()
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
    found = _import(number)
    if found.is_working:
        return _progress_page(found, "imports.confirm")
    if found.stage is not Stage.READY:
        return redirect(words.current_address(found))
    return _confirm_page(found)


@blueprint.post("/<int:number>/confirm")
@EDITORS
def commit(number: int) -> ResponseReturnValue:
    """Have the preview stored."""
    found = _import(number)
    if not found.report.get("counts"):
        return redirect(words.current_address(found))  # there is no preview to confirm
    accept = "accept_partial" in request.form
    if (
        found.options.get("mode") == "replace"
        and found.report["counts"]["absent"]
        and "accept_delete" not in request.form
    ):
        return _confirm_page(
            found, problem=translate("Say that the objects missing in the file are to be deleted.")
        ), 400
    try:
        sessions.confirm(
            db_session(), found, seen=request.form.get("mark", ""), accept_partial=accept, by=current_user().name
        )
    except GeodataError as error:
        db_session().rollback()
        return _confirm_page(_import(number), problem=translate_error(error)), 409
    db_session().commit()
    return redirect(url_for("imports.report", number=number))


@blueprint.get("/<int:number>/report")
@EDITORS
def report(number: int) -> ResponseReturnValue:
    """Show the fifth step: what was stored, or why nothing."""
    found = _import(number)
    if found.is_working:
        return _progress_page(found, "imports.report")
    if found.stage in {Stage.ASKING, Stage.REFUSED, Stage.READY}:
        return redirect(words.current_address(found))
    stored = get_change_set(db_session(), found.change_set_id) if found.change_set_id else None
    undone = sessions.undone_by(db_session(), [stored.id]) if stored else {}
    kind = layers().get(found.layer)
    return render_template(
        "imports/report.html",
        found=found, kind=kind, steps=words.steps(found, "imports.report"), stage=words.STAGE_LABELS[found.stage],
        reason=words.say(found.reason), stored=stored, undone_by=undone.get(stored.id) if stored else None,
        counts=words.counts_line(stored) if stored else [], labels=words.field_labels(filled_by(kind, found)),
        listed=listed.count_items(db_session(), found.id), **_facts(found),
    )  # fmt: skip


@blueprint.post("/<int:number>/cancel")
@EDITORS
def cancel(number: int) -> ResponseReturnValue:
    """Stop what waits or runs, or forget what was not stored."""
    found = _import(number)
    writable(found.layer)
    if found.is_working:
        sessions.request_cancel(db_session(), found, by=current_user().name)
    else:
        sessions.drop_import(db_session(), found, by=current_user().name)
    db_session().commit()
    return redirect(words.current_address(found) if found.task == Task.IMPORT else url_for("history.index"))


@blueprint.get("/<int:number>/file")
@EDITORS
def original(number: int) -> ResponseReturnValue:
    """Send the file as it was uploaded."""
    found = _import(number)
    if not found.has_file or found.file_path is None:
        raise NotFoundError(N_("The original file is no longer kept."))
    return send_file(
        found.file_path, as_attachment=True, download_name=found.file_name, mimetype="application/octet-stream"
    )


@blueprint.get("/<int:number>/rejected")
@EDITORS
def rejected(number: int) -> ResponseReturnValue:
    """Send the rejected rows as a file to correct, with the reasons in a column."""
    found = _import(number)
    path = keeping.rejected_file(found)
    if path is None:
        raise NotFoundError(N_("There is no file of rejected rows."))
    with tempfile.TemporaryDirectory() as folder:
        stem = f"{Path(found.file_name or 'import').stem}-tu-choi"
        written = write_returned(path, Path(folder), stem, words.say)
        # The open file outlives its folder: the answer streams from the descriptor.
        return send_file(written.open("rb"), as_attachment=True, download_name=written.name)


# pages --------------------------------------------------------------------------------------------


def _upload_page(problem: str = "") -> str:
    settings = _settings()
    return render_template(
        "imports/new.html",
        kinds=writable_kinds(), details=offered_details, steps=words.steps(None, "imports.new"), problem=problem,
        chosen=request.values.get("layer", ""), max_mb=settings.max_upload_mb, keep_days=settings.upload_keep_days,
        has_worker=sessions.is_worker_running(db_session()),
        quota=(sessions.MOST_FILES_A_MINUTE, sessions.MOST_FILES_AN_HOUR, sessions.MOST_BYTES_AN_HOUR // 2**30),
    )  # fmt: skip


def _progress_page(found: ImportSession, here: str) -> ResponseReturnValue:
    has_worker = sessions.is_worker_running(db_session())
    return render_template(
        "imports/progress.html",
        found=found, kind=layers().get(found.layer), steps=words.steps(found, here),
        state=words.state_json(found, worker=has_worker), has_worker=has_worker,
    )  # fmt: skip


def _questions_page(found: ImportSession, problem: str = "") -> str:
    kind = layers().get(found.layer)
    question = found.report.get("question") or {}
    places = {place["value"]: place["points"] for place in found.facts.get("places", [])}
    home = _settings().province.opening
    choices = [
        {
            **choice,
            "why": words.say(choice["why"]),
            "sketch": build_sketch([(x, y, "place", "") for x, y in places[choice["value"]]], home)
            if choice["value"] in places
            else None,
        }
        for choice in question.get("choices", [])
    ]
    fields = fields_of(kind, found)
    return render_template(
        "imports/questions.html",
        found=found, kind=kind, steps=words.steps(found, "imports.questions"), problem=problem, about=question.get("about"),
        choices=choices, fields=fields, options=found.options, cut_columns=words.cut_columns(filled_by(kind, found), found), reason=words.say(found.reason),
        problems=_problems(found, kind, ("error", "warning"), limit=20), kinds=writable_kinds(),
        allowed={field.name: field.values.labels() for field in fields if field.values}, **_facts(found),
    )  # fmt: skip


def _preview_page(found: ImportSession) -> str:
    session, kind = db_session(), layers().get(found.layer)
    lengths = listed.count_items(session, found.id)
    counts = found.report["counts"]
    totals = {name: counts.get(name, 0) for name in TABS} | {
        "error": counts["rejected"], "warning": lengths.get("warning", 0), "match": lengths.get("match", 0),
    }  # fmt: skip
    undecided = sessions.undecided(found) if found.stage is Stage.READY else 0
    first = next((name for name in ("changed", "new", "error") if totals[name]), "unchanged")
    first = "match" if undecided else first
    tab = request.args.get("tab", first)
    if tab not in TABS:
        raise InvalidValueError(name="tab", value=tab, reason=N_("choose one of the allowed values"))
    page, search = int_argument("page", 1, low=1, high=100_000), _search(request.args)
    hits = listed.count_found(session, found.id, search) if search else lengths
    items = listed.items_of(session, found.id, tab, limit=PAGE, offset=PAGE * (page - 1), search=search)
    may_choose = found.stage is Stage.READY and tab in model.CHOSEN
    shown = [item.row_number for item in items if item.row_number] if may_choose else []
    excluded = listed.excluded_among(session, found, shown) if shown else frozenset()
    is_problem = tab in {"error", "warning"}
    proposals = [words.match_line(item) for item in items] if tab == "match" else []
    lines = (
        [] if is_problem or proposals else [words.change_line(filled_by(kind, found), item, excluded) for item in items]
    )
    dots = [(*line.point, tab, f"{line.code} {line.name}") for line in lines if line.point]
    dots += [(*line.point, "new", f"{line.code} {line.name}") for line in proposals]
    return render_template(
        "imports/preview.html",
        found=found, kind=kind, steps=words.steps(found, "imports.preview"), tabs=_tabs(found), tab=tab, totals=totals,
        listed=lengths, hits=hits, search=search, page=page, pages=-(-hits.get(tab, 0) // PAGE), lines=lines,
        problems=[words.problem_line(filled_by(kind, found), item) for item in items] if is_problem else [],
        sketch=build_sketch(dots, _settings().province.opening) if dots else None,
        proposals=proposals, undecided=undecided, may_decide=found.stage is Stage.READY and found.has_file,
        moves={line.row: _move_sketch(line) for line in lines if line.old_point},
        may_choose=may_choose, left_out=listed.count_excluded(session, found) if may_choose else 0,
        is_long=bool(search) or any(count > PAGE for count in lengths.values()), reason=words.say(found.reason),
        has_rejected=keeping.rejected_file(found) is not None, **_facts(found),
    )  # fmt: skip


def _move_sketch(line: words.ChangeLine) -> Sketch:
    """Return the picture of where an object was and where the file puts it."""
    assert line.old_point is not None  # noqa: S101 - only of objects that move
    assert line.point is not None  # noqa: S101
    places = [(*line.old_point, "was", translate("stored")), (*line.point, "changed", translate("in the file"))]
    return build_sketch(places, _settings().province.opening, zoom_in=True, smallest=_MOVE_MARGIN)


def _confirm_page(found: ImportSession, problem: str = "") -> str:
    kind = layers().get(found.layer)
    excluded = listed.count_excluded_by_list(db_session(), found)
    counts = dict(found.report["counts"])
    will = {name: counts[name] - excluded.get(name, 0) for name in model.CHOSEN}
    return render_template(
        "imports/confirm.html",
        found=found, kind=kind, steps=words.steps(found, "imports.confirm"), counts=counts, will=will,
        left_out=sum(excluded.values()), modes=words.DETAIL_MODE_TEXTS if found.options.get("detail") else words.MODE_TEXTS, mode=found.options.get("mode", "upsert"),
        mark=sessions.preview_mark(found), problem=problem, undecided=sessions.undecided(found), **_facts(found),
    )  # fmt: skip


def _facts(found: ImportSession) -> dict[str, Any]:
    """Return what every page says about a file: CRS, encoding, where the answers come from."""
    remembered = get_change_set(db_session(), found.remembered_from) if found.remembered_from else None
    detail = detail_of(layers().get(found.layer), found.options.get("detail") or "")
    return {
        "facts": found.facts,
        "detail": detail,
        "crs": _known(found, "crs", remembered.crs if remembered else None),
        "encoding": _known(found, "encoding", remembered.encoding if remembered else None),
        "remembered": remembered,
        "sources": words.SOURCE_TEXTS,
        "encodings": words.ENCODING_LABELS,
    }


def _known(found: ImportSession, name: str, remembered: str | None) -> dict[str, Any]:
    """Return a fact about the file; what was given only by an earlier import says so."""
    known = dict(found.report.get(name) or {})
    if known.get("from") == "given" and known.get("value") == remembered:
        known["from"] = "remembered"
    return known


def _problems(found: ImportSession, kind: type[Feature], names: tuple[str, ...], *, limit: int) -> list[Any]:
    return [
        words.problem_line(filled_by(kind, found), item)
        for name in names
        for item in listed.items_of(db_session(), found.id, name, limit=limit)
    ]


# parsing ------------------------------------------------------------------------------------------


def _answers(kind: type[Feature], found: ImportSession, form: Mapping[str, str]) -> dict[str, Any]:
    """Return the answers of the form; what is not in it stays as it was."""
    answers: dict[str, Any] = {}
    for name in ("source_layer", "header_row", "dates", "crs", "encoding"):
        if name in form:
            answers[name] = form[name].strip() or None
    if form.get("crs") == "other":
        answers["crs"] = form.get("crs_other", "").strip() or None
    if "places" in form:
        answers["coordinates"] = words.columns_of_places(form)
    if form.get("axes"):
        answers["swap_axes"] = form["axes"] == "swap"
    if "match_asked" in form:
        answers["match"] = "match" in form
    if form.get("mode") in words.MODE_TEXTS:
        answers["mode"] = form["mode"]
    answers |= _columns_and_values(kind, found, form)
    if "forget" in form:
        answers |= {"forget": True, "crs": None, "encoding": None, "mapping": {}, "constants": {}, "values": {}}
        answers |= {"swap_axes": False, "match": False, "matches": {}}
        answers |= {"header_row": None, "dates": None, "coordinates": {}}
    return answers


def _columns_and_values(kind: type[Feature], found: ImportSession, form: Mapping[str, str]) -> dict[str, Any]:
    """Return what the form says of columns, constants and values."""
    answers: dict[str, Any] = {}
    names = {field.name for field in fields_of(kind, found)}
    columns = {name: form[f"map.{name}"] for name in names if f"map.{name}" in form}
    if columns:
        before = found.report.get("mapping") or {}
        changed = {name: column for name, column in columns.items() if column != before.get(name, "")}
        answers["mapping"] = {**(found.options.get("mapping") or {}), **changed}
        answers["constants"] = {
            name: form[f"set.{name}"].strip() for name in names if form.get(f"set.{name}", "").strip()
        }
    if cut := words.fields_of_cut_columns(found, form):
        answers["mapping"] = {**answers.get("mapping", found.options.get("mapping") or {}), **cut}
    tables = _value_tables(names, form)
    if tables:
        answers["values"] = {**(found.options.get("values") or {}), **tables}
    return answers


def fields_of(kind: type[Feature], found: ImportSession) -> tuple[Field, ...]:
    """Return the fields that a file may fill: the layer's, or those of what hangs on its objects."""
    detail = detail_of(kind, found.options.get("detail") or "")
    return importable_fields(kind) if detail is None else (PARENT_FIELD, *detail_fields(detail))


def filled_by(kind: type[Feature], found: ImportSession) -> type[Described]:
    """Return what a file fills: the layer, or what hangs on its objects."""
    return detail_of(kind, found.options.get("detail") or "") or kind


def _search(sent: Mapping[str, str]) -> str:
    """Return what is looked for in the lists of a preview."""
    return " ".join(sent.get("search", "").split())[:_LONGEST_SEARCH]


def _value_tables(names: set[str], form: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return field -> cell -> allowed value of inputs value.FIELD.N beside from.FIELD.N."""
    tables: dict[str, dict[str, str]] = {}
    for key, chosen in form.items():
        start, _, rest = key.partition(".")
        name, _, index = rest.partition(".")
        source = form.get(f"from.{name}.{index}")
        if start == "value" and name in names and source is not None and chosen:
            tables.setdefault(name, {})[source] = chosen
    return tables


def _import(number: int) -> ImportSession:
    session = db_session()
    found = sessions.get_import(session, number)
    if found.is_working:
        sessions.settle_lost(session)
        found = sessions.get_import(session, number)
    kind = writable(found.layer)
    if detail := found.options.get("detail"):
        _check_detail(kind, detail)
    return found


def _detail_title(found: ImportSession) -> str:
    """Return the title of the detail that an import fills, or nothing."""
    detail = detail_of(layers().get(found.layer), found.options.get("detail") or "")
    return translate(detail.detail.title) if detail else ""


def _titles() -> dict[str, str]:
    return {kind.layer.name: translate(kind.layer.title) for kind in layers()}


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
