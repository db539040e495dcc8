"""One visit: planned, written on the phone, saved at every step, finished, corrected; its pictures."""

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from geodata.errors import ConflictError, InvalidValueError
from geodata.filters import CHOOSE
from geodata.i18n import N_
from geodata.inspection_records import Severity, VisitKind
from geodata.inspections import facts, visits
from geodata.inspections.checklists import checklist
from geodata.inspections.papers_content import findings_in, sanction_decree
from geodata.inspections.photos import MAX_BYTES, read_photo, read_signature
from geodata.inspections.rights import get_paper
from geodata.inspections.states import derive_state
from geodata.inspections.visits import IN_WORK, Saved, UnfinishedError
from webmap.auth import allow
from webmap.extensions import db_session
from webmap.i18n import translate, translate_error
from webmap.views.inspections_common import INSPECTORS, current_day, day_field, number_field, person, render_page

blueprint = Blueprint("visits", __name__, url_prefix="/inspections/visits")


@blueprint.get("")
@allow(*INSPECTORS)
def index() -> str:
    """List the visits of a day that this person may open."""
    day = day_field("day", current_day()) or current_day()
    return render_page(
        "inspections/visits.html",
        day=day,
        today=current_day(),
        papers=visits.list_papers(db_session(), person(), day=day),
    )


@blueprint.post("")
@allow(*INSPECTORS)
def plan() -> ResponseReturnValue:
    """Open the paper of a visit to a site, today unless a day is given."""
    kind = request.form.get("kind", VisitKind.UNPLANNED.value)
    if kind not in VisitKind.labels():
        raise InvalidValueError(name="kind", value=kind[:20], reason=CHOOSE)
    paper = visits.plan_visit(
        db_session(), person(), number_field("site", 0) or 0, planned_on=day_field("planned_on") or current_day(),
        kind=next(value for value in VisitKind if value == kind), campaign_id=number_field("campaign"),
    )  # fmt: skip
    db_session().commit()
    return redirect(url_for("visits.visit", paper_id=paper.id))


@blueprint.get("/<int:paper_id>")
@allow(*INSPECTORS)
def visit(paper_id: int) -> str:
    """Show the form of a visit in work, or the record of a finished one."""
    return _page(paper_id)


@blueprint.put("/<int:paper_id>/draft")
@allow(*INSPECTORS)
def save(paper_id: int) -> ResponseReturnValue:
    """Save a draft sent by the page; 409 shows what two people wrote differently."""
    sent = request.get_json(silent=True) or {}
    content, base, version = sent.get("content"), sent.get("base"), sent.get("version")
    if not isinstance(content, dict) or not isinstance(version, int):
        raise InvalidValueError(name="content", value="", reason=N_("it must be a form's fields and a version"))
    saved = visits.save_draft(
        db_session(), person(), paper_id, version=version, raw=content, base=base if isinstance(base, dict) else None
    )
    db_session().commit()
    return _saved(paper_id, saved)


@blueprint.post("/<int:paper_id>")
@allow(*INSPECTORS)
def submit(paper_id: int) -> ResponseReturnValue:
    """Save or finish a visit without script: the same fields, sent as a form."""
    session, who, version = db_session(), person(), number_field("version", 0) or 0
    try:
        if request.form.get("action") == "finish":
            visits.finish_visit(
                session, who, paper_id, version=version, raw=request.form, reason=request.form.get("reason", "")
            )
        else:
            saved = visits.save_draft(session, who, paper_id, version=version, raw=request.form)
            if saved.conflicts:
                session.commit()
                return _page(paper_id, saved=saved), 409
    except UnfinishedError as error:
        session.rollback()
        visits.save_draft(session, who, paper_id, version=version, raw=request.form)
        session.commit()
        return _page(paper_id, unfinished=error), 400
    except ConflictError as error:
        session.commit()
        return _page(paper_id, problem=translate_error(error)), 409
    session.commit()
    return redirect(url_for("visits.visit", paper_id=paper_id))


@blueprint.post("/<int:paper_id>/correct")
@allow(*INSPECTORS)
def correct(paper_id: int) -> ResponseReturnValue:
    """Open a finished visit for correction."""
    visits.correct_visit(db_session(), person(), paper_id)
    db_session().commit()
    return redirect(url_for("visits.visit", paper_id=paper_id))


@blueprint.post("/<int:paper_id>/cancel")
@allow(*INSPECTORS)
def cancel(paper_id: int) -> ResponseReturnValue:
    """Take a visit that has not begun off the list."""
    visits.cancel_visit(db_session(), person(), paper_id)
    db_session().commit()
    return redirect(url_for("inspections.board"))


@blueprint.post("/<int:paper_id>/pictures")
@allow(*INSPECTORS)
def add_picture(paper_id: int) -> ResponseReturnValue:
    """Keep a photo or a signature; sending it again after a lost answer does no harm."""
    purpose = "photo"
    if signature := request.form.get("signature"):
        picture, purpose = read_signature(signature), "signature"
    else:
        sent = request.files.get("photo")
        if sent is None:
            raise InvalidValueError(name="photo", value="", reason=N_("a JPEG, PNG or WebP picture is needed"))
        picture = read_photo(sent.stream.read(MAX_BYTES + 1))
    row = visits.add_picture(
        db_session(),
        person(),
        paper_id,
        picture,
        purpose=purpose,
        finding_key=request.form.get("finding", "")[:40] or None,
    )
    db_session().commit()
    if not request.headers.get("X-Requested-With"):
        return redirect(url_for("visits.visit", paper_id=paper_id))
    address = url_for("visits.picture", paper_id=paper_id, picture_id=row.id)
    return jsonify({"id": row.id, "address": address, "sha256": row.source_sha256, "purpose": row.purpose})


@blueprint.get("/<int:paper_id>/pictures/<int:picture_id>")
@allow(*INSPECTORS)
def picture(paper_id: int, picture_id: int) -> Response:
    """Answer a picture to somebody who may open the visit."""
    row = visits.get_picture(db_session(), person(), paper_id, picture_id)
    response = Response(row.content, mimetype=row.mimetype)
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@blueprint.post("/<int:paper_id>/pictures/<int:picture_id>/remove")
@allow(*INSPECTORS)
def remove_picture(paper_id: int, picture_id: int) -> ResponseReturnValue:
    """Take a picture off."""
    visits.remove_picture(db_session(), person(), paper_id, picture_id)
    db_session().commit()
    if request.headers.get("X-Requested-With"):
        return jsonify({"removed": picture_id})
    return redirect(url_for("visits.visit", paper_id=paper_id))


def _saved(paper_id: int, saved: Saved) -> ResponseReturnValue:
    conflicts = [vars(conflict) | {"label": _field_label(paper_id, conflict.name)} for conflict in saved.conflicts]
    answer = {"version": saved.version, "content": saved.content, "conflicts": conflicts, "other": saved.other}
    return jsonify(answer), 409 if conflicts else 200


def _field_label(paper_id: int, name: str) -> str:
    """Return what a field is called on the form."""
    group, _, rest = name.partition(".")
    if group in {"answer", "remark"}:
        paper = get_paper(db_session(), person(), paper_id)
        items = {item.key: item.text for item in checklist(facts.get_site(db_session(), paper.feature_id).kind)}
        return translate(items.get(rest, rest))
    if group == "finding":
        return f"{translate(N_('Finding'))} · {translate(_FINDING_LABELS.get(rest.partition('.')[2], rest))}"
    return translate(_FIELD_LABELS.get(group, group))


_FIELD_LABELS = {
    "visited_on": N_("Visited on"), "decision_no": N_("Decision"), "leader": N_("Team leader"), "note": N_("Note"),
    "people": N_("People present"), "remedy": N_("Remedied"), "remedy_note": N_("Evidence of the remedy"),
}  # fmt: skip
_FINDING_LABELS = {
    "description": N_("What was found"), "severity": N_("Severity"), "due": N_("Remedy due"), "act": N_("Decree"),
    "article": N_("Article"), "clause": N_("Clause"), "point": N_("Point"),
}  # fmt: skip


def _page(
    paper_id: int, *, problem: str = "", unfinished: UnfinishedError | None = None, saved: Saved | None = None
) -> str:
    session, who = db_session(), person()
    paper = get_paper(session, who, paper_id)
    site = facts.get_site(session, paper.feature_id)
    content = dict(paper.content)
    template = "inspections/visit_form.html" if paper.state in IN_WORK else "inspections/visit.html"
    return render_page(
        template,
        paper=paper, site=site, content=content, items=checklist(site.kind), place=facts.site_place(session, site.id),
        findings=findings_in(content), open_findings=visits.open_findings(session, site.id),
        pictures=visits.list_pictures(session, paper_id), versions=visits.list_versions(session, paper_id),
        severities=Severity.labels(), decree=sanction_decree(current_day()), today=current_day(),
        state=derive_state(facts.read_facts(session, site), current_day()), problem=problem,
        unfinished=unfinished.problems if unfinished else [], saved=saved,
        conflict_labels={c.name: _field_label(paper_id, c.name) for c in saved.conflicts} if saved else {},
        # the same for everybody who opens the form: a default of one's own would look like a change
        leader=dict(facts.list_inspectors(session)).get(paper.inspector, paper.inspector),
    )  # fmt: skip
