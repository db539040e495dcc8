"""One visit: planned, written on the phone, saved at every step, finished, corrected, signed."""

import json
from typing import Any

from flask import Blueprint, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from geodata.base.database import TIME_ZONE
from geodata.base.errors import ConflictError, InvalidValueError
from geodata.base.i18n import N_
from geodata.inspections import (
    campaign_of_visit,
    complaints,
    facts,
    finishing,
    pictures,
    register,
    team,
    versions,
    visits,
)
from geodata.inspections.checklists import checklist
from geodata.inspections.completeness import UnfinishedError
from geodata.inspections.papers_content import SANCTION_DECREES, content_hash, findings_in, read_day, sanction_decree
from geodata.inspections.records import IN_WORK, VisitPaper
from geodata.inspections.requirements import read_requirements
from geodata.inspections.rights import get_paper
from geodata.inspections.visits import Saved
from geodata.layers.fuel_sites.certificates import derive_state
from geodata.layers.fuel_sites.visits import Severity, VisitKind
from geodata.schema.filters import CHOOSE
from webmap.app.auth import allow
from webmap.app.extensions import db_session
from webmap.app.i18n import translate_error
from webmap.inspections.form_fields import INSPECTORS, current_day, day_field, number_field, person, render_page
from webmap.inspections.words import Words, attribute_label

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
    site_id, day = number_field("site", 0) or 0, day_field("planned_on") or current_day()
    others = team.papers_of_others(db_session(), person(), site_id, day)
    if others and not request.form.get("separate"):
        site = facts.get_site(db_session(), site_id)
        names = dict(facts.list_inspectors(db_session()))
        page = render_page(
            "inspections/join.html", site=site, others=others, names=names, day=day, today=current_day(),
            form=request.form, in_work=IN_WORK,
        )  # fmt: skip
        return page, 409
    paper = visits.plan_visit(
        db_session(), person(), site_id, planned_on=day,
        kind=next(value for value in VisitKind if value == kind), campaign_id=number_field("campaign"),
    )  # fmt: skip
    db_session().commit()
    return redirect(url_for("visits.visit", paper_id=paper.id))


@blueprint.post("/<int:paper_id>/join")
@allow(*INSPECTORS)
def join(paper_id: int) -> ResponseReturnValue:
    """Write on the paper of a colleague who is at the same site."""
    team.join_visit(db_session(), person(), paper_id)
    db_session().commit()
    return redirect(url_for("visits.visit", paper_id=paper_id))


@blueprint.post("/<int:paper_id>/team")
@allow(*INSPECTORS)
def add_colleague(paper_id: int) -> ResponseReturnValue:
    """Take a colleague into the team of a visit."""
    team.add_colleague(db_session(), person(), paper_id, request.form.get("colleague", ""))
    db_session().commit()
    return redirect(url_for("visits.visit", paper_id=paper_id))


@blueprint.get("/<int:paper_id>")
@allow(*INSPECTORS)
def visit(paper_id: int) -> str:
    """Show the form of a visit in work, or the record of a finished one."""
    return _page(paper_id)


@blueprint.get("/<int:paper_id>/editions/<int:edition>")
@allow(*INSPECTORS)
def edition(paper_id: int, edition: int) -> str:
    """Show a finished edition, whatever became of the paper since."""
    paper = get_paper(db_session(), person(), paper_id)
    return _record_page(paper, edition)


@blueprint.put("/<int:paper_id>/draft")
@allow(*INSPECTORS)
def save(paper_id: int) -> ResponseReturnValue:
    """Save a draft sent by the page; 409 shows what two people wrote differently."""
    sent = request.get_json(silent=True)
    sent = sent if isinstance(sent, dict) else {}
    content, base, version = sent.get("content"), sent.get("base"), sent.get("version")
    if not isinstance(content, dict) or type(version) is not int:
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
            finishing.finish_visit(
                session, who, paper_id, version=version, raw=request.form, base=_base(),
                reason=request.form.get("reason", ""),
            )  # fmt: skip
        else:
            saved = visits.save_draft(session, who, paper_id, version=version, raw=request.form, base=_base())
            if saved.conflicts:
                session.commit()
                return _page(paper_id, saved=saved), 409
    except UnfinishedError as error:
        session.rollback()
        visits.save_draft(session, who, paper_id, version=version, raw=request.form, base=_base())
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
    """Open a finished visit for a correction, with its reason."""
    try:
        visits.correct_visit(db_session(), person(), paper_id, reason=request.form.get("reason", ""))
    except InvalidValueError as error:
        db_session().rollback()
        return _page(paper_id, problem=translate_error(error)), 400
    db_session().commit()
    return redirect(url_for("visits.visit", paper_id=paper_id))


@blueprint.post("/<int:paper_id>/abandon")
@allow(*INSPECTORS)
def abandon(paper_id: int) -> ResponseReturnValue:
    """Close a correction without an effect."""
    visits.abandon_correction(db_session(), person(), paper_id)
    db_session().commit()
    return redirect(url_for("visits.visit", paper_id=paper_id))


@blueprint.post("/<int:paper_id>/cancel")
@allow(*INSPECTORS)
def cancel(paper_id: int) -> ResponseReturnValue:
    """Take a visit that has not begun off the list."""
    visits.cancel_visit(db_session(), person(), paper_id)
    db_session().commit()
    return redirect(url_for("inspections.board"))


def _base() -> dict[str, object] | None:
    """Return the version the form was filled on, which the page's script sends along."""
    try:
        base = json.loads(request.form.get("base") or "null")
    except (ValueError, RecursionError):
        return None
    return base if isinstance(base, dict) else None


def _saved(paper_id: int, saved: Saved) -> ResponseReturnValue:
    session = db_session()
    paper = get_paper(session, person(), paper_id)
    words = _words(paper)
    conflicts = [
        vars(row)
        | {
            "label": words.label(row.name, saved.content),
            "mine_told": words.value(row.name, row.mine),
            "theirs_told": words.value(row.name, row.theirs),
        }
        for row in saved.conflicts
    ]
    answer = {
        "version": saved.version, "content": saved.content, "conflicts": conflicts, "other": saved.other,
        "signed": _signature_state(paper),
    }  # fmt: skip
    return jsonify(answer), 409 if conflicts else 200


def _words(paper: VisitPaper) -> Words:
    session = db_session()
    site = facts.get_site(session, paper.feature_id)
    earlier = versions.earlier_findings(session, paper, dict(paper.content))
    return Words(checklist(site.kind), {str(row.id): row.description for row in earlier}, _campaigns(paper))


def _campaigns(paper: VisitPaper) -> dict[str, str]:
    return {str(row.id): row.number for row in campaign_of_visit.choices(db_session(), paper)}


def _signature_state(paper: VisitPaper) -> str:
    """Return whether a signature covers what the paper says now (`valid`), something else (`stale`) or is not there."""
    session = db_session()
    photo_ids = [photo.id for photo in pictures.list_photos(session, paper.id)]
    edition, sha256 = paper.edition + 1, content_hash(dict(paper.content))
    if pictures.find_signature(session, paper.id, edition=edition, sha256=sha256, photo_ids=photo_ids):
        return "valid"
    return "stale" if pictures.was_signed(session, paper.id, edition) else "none"


def _page(
    paper_id: int, *, problem: str = "", unfinished: UnfinishedError | None = None, saved: Saved | None = None
) -> str:
    paper = get_paper(db_session(), person(), paper_id)
    if paper.state not in IN_WORK:
        return _record_page(paper, problem=problem)
    session, words = db_session(), _words(paper)
    site = facts.get_site(session, paper.feature_id)
    content = dict(paper.content)
    items = checklist(site.kind)
    earlier = versions.earlier_findings(session, paper, content)
    in_force = versions.edition_content(session, paper)
    asked = complaints.asked_complaints(session, paper, content)
    return render_page(
        "inspections/visit_form.html",
        paper=paper, site=site, content=content, items=items, place=facts.site_place(session, site.id),
        findings=findings_in(content), earlier=earlier, carried=_carried(content, [item.key for item in items], earlier, asked),
        complaints=asked, topics=complaints.Topic.labels(), outcomes=complaints.FOUND,
        pictures=pictures.list_photos(session, paper_id), versions=words.compare(versions.list_versions(session, paper_id)),
        severities=Severity.labels(), decree=sanction_decree(read_day(content.get("visited_on", "")) or current_day()),
        decrees=[[start.isoformat(), name] for start, name in SANCTION_DECREES],
        previous=versions.previous_answers(session, paper), members=team.list_members(session, paper),
        colleagues=facts.list_inspectors(session), today=current_day(),
        state=derive_state(facts.read_facts(session, site), current_day()), problem=problem,
        unfinished=unfinished.problems if unfinished else [], saved=saved, field_words=words,
        clashes=register.list_clashes(session, paper, content, in_force),
        kept_findings={row.key: vars(row) for row in findings_in(in_force)},
        clash_label=attribute_label, signed=_signature_state(paper), requirements=read_requirements(session, site.kind),
        campaigns=campaign_of_visit.choices(session, paper), time_zone=TIME_ZONE,
        # the same for everybody who opens the form: a default of one's own would look like a change
        leader=dict(facts.list_inspectors(session)).get(paper.inspector, paper.inspector),
    )  # fmt: skip


def _carried(content: dict[str, str], keys: list[str], earlier: list[Any], asked: list[Any]) -> list[tuple[str, str]]:
    """Return the fields the form does not ask for (any more): they go along as they are."""
    shown = {f"{group}.{key}" for group in ("answer", "remark") for key in keys}
    shown |= {f"{group}.{row.id}" for group in ("remedy", "remedy_note") for row in earlier}
    shown |= {f"{group}.{row.id}" for group in ("complaint", "complaint_note") for row in asked}
    groups = {"answer", "remark", "remedy", "remedy_note", "complaint", "complaint_note"}
    return [(name, value) for name, value in content.items() if name.partition(".")[0] in groups and name not in shown]


def _record_page(paper: VisitPaper, edition: int | None = None, *, problem: str = "") -> str:
    session = db_session()
    site = facts.get_site(session, paper.feature_id)
    record = versions.read_record(session, paper, edition)
    before = record.facts["before"]
    words = Words(record.facts["questions"], {str(row["id"]): row["description"] for row in before}, _campaigns(paper))
    return render_page(
        "inspections/visit.html",
        paper=paper, site=site, record=record, content=record.content, items=record.facts["questions"], before=before,
        complaints=record.facts.get("complaints", []), topics=complaints.Topic.labels(), outcomes=complaints.FOUND,
        place=facts.site_place(session, site.id), findings=findings_in(record.content),
        versions=words.compare(versions.list_versions(session, paper.id)), problem=problem,
        now=register.list_rows(session, paper), is_latest=edition is None or edition == paper.edition,
        state=derive_state(facts.read_facts(session, site), current_day()),
    )  # fmt: skip
