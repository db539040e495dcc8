"""The templates of papers: take the present one, put in a new one, see its trial, go back to an earlier one."""

import io

from flask import Blueprint, Response, jsonify, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from geodata.base.parsing import parse_whole
from geodata.papers import templates as stored
from geodata.schema.roles import Role
from webmap.app.auth import allow, current_role, current_user, may_open
from webmap.app.errors import wants_json
from webmap.app.extensions import db_session, layers
from webmap.app.gate import dear
from webmap.app.i18n import translate
from webmap.app.papers import DOCX, usual_template
from webmap.papers.kinds import all_forms, get_form
from webmap.templating.errors import Problem, TemplateRefusedError
from webmap.templating.fields import Fields, Group, Listing, leaves
from webmap.templating.filling import accept, trial_of
from webmap.templating.forms import Form
from webmap.templating.opening import MOST_BYTES

blueprint = Blueprint("paper_templates", __name__, url_prefix="/papers/templates")

#: Who uses papers may take their templates; who answers for their form changes them.
READING = allow(Role.PLANNER, Role.LEADER, Role.ADMIN)
CHANGING = allow(Role.LEADER, Role.ADMIN)


@blueprint.get("")
@READING
def index() -> str:
    """List the papers, each with the template in force."""
    rows = [(form, stored.template_in_force(db_session(), form.name)) for form in all_forms(layers())]
    return render_template("papers/templates.html", rows=rows)


@blueprint.get("/<name>")
@READING
def template(name: str) -> str:
    """Show a paper's fields, its template in force and every earlier one."""
    return _page(get_form(layers(), name))


@blueprint.post("/<name>")
@CHANGING
@dear
def upload(name: str) -> ResponseReturnValue:
    """Check a new template and put it in force."""
    form, sent = get_form(layers(), name), request.files.get("template")
    content = sent.stream.read(MOST_BYTES + 1) if sent else b""
    try:
        unused, trial = accept(content, form.all_fields)
    except TemplateRefusedError as refused:
        if wants_json():
            problems = [_for_programs(problem) for problem in refused.problems]
            said = {
                "error": refused.code,
                "message": translate(refused.said.template),
                "details": {"problems": problems},
            }
            return jsonify(said), 422
        return _page(form, problems=refused.problems), 422
    note = request.form.get("note", "").replace("\x00", "")
    row = stored.add_template(
        db_session(), form.name, content, trial=trial, unused=unused, note=note, by=current_user().name
    )
    db_session().commit()
    if wants_json():
        return jsonify({"version": row.version, "sha256": row.sha256, "unused": unused}), 201
    return redirect(url_for("paper_templates.template", name=form.name, _anchor="versions"))


@blueprint.post("/<name>/in-force")
@CHANGING
def in_force(name: str) -> ResponseReturnValue:
    """Put another version in force, 0 for the form that goes with the program."""
    form, version = get_form(layers(), name), parse_whole("version", request.form.get("version", ""), high=10**6)
    stored.put_in_force(db_session(), form.name, version, by=current_user().name)
    db_session().commit()
    return redirect(url_for("paper_templates.template", name=form.name, _anchor="versions"))


@blueprint.get("/<name>/<int:version>.docx")
@READING
def file(name: str, version: int) -> Response:
    """Answer a version as it was uploaded, 0 for the one that goes with the program."""
    form = get_form(layers(), name)
    content = stored.get_template(db_session(), form.name, version).content if version else usual_template(form)
    return _answer(content, f"mau-{form.name}-{version}")


@blueprint.get("/<name>/<int:version>/trial.docx")
@READING
def trial(name: str, version: int) -> Response:
    """Answer what a version makes of the fields' names in place of values."""
    form = get_form(layers(), name)
    if version:
        return _answer(stored.get_template(db_session(), form.name, version).trial, f"thu-{form.name}-{version}")
    return _answer(trial_of(usual_template(form), form.all_fields), f"thu-{form.name}-0")


def _answer(content: bytes, name: str) -> Response:
    return send_file(io.BytesIO(content), mimetype=DOCX, as_attachment=True, download_name=f"{name}.docx")


def _page(form: Form, problems: tuple[Problem, ...] = ()) -> str:
    versions = stored.list_templates(db_session(), form.name)
    return render_template(
        "papers/template.html",
        form=form,
        problems=problems,
        versions=versions,
        in_force=next((one.version for one in versions if one.is_in_force), 0),
        groups=list(_groups(form.all_fields)),
        labels=dict(leaves(form.all_fields)),
        most_mb=MOST_BYTES // 2**20,
        may_change=may_open("paper_templates.upload", current_role()),
    )


def _groups(fields: Fields) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return how to write the fields, in groups: heading, the loop around them, each with its label."""
    plain = [(f"{{{{ {name} }}}}", one.label) for name, one in fields.items() if not isinstance(one, Group | Listing)]
    found = [("", "", plain)]
    for name, one in fields.items():
        if isinstance(one, Group):
            found.append(
                (one.label, "", [(f"{{{{ {path} }}}}", label) for path, label in leaves(one.fields, f"{name}.")])
            )
        elif isinstance(one, Listing):
            found += _listing(one, name, "row")
    return found


def _listing(listing: Listing, path: str, row: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    plain = [
        (f"{{{{ {row}.{name} }}}}", one.label)
        for name, one in listing.fields.items()
        if not isinstance(one, Group | Listing)
    ]
    found = [(listing.label, f"{{% for {row} in {path} %}} … {{% endfor %}}", plain)]
    for name, one in listing.fields.items():
        if isinstance(one, Listing):
            found += _listing(one, f"{row}.{name}", "inner")
    return found


def _for_programs(problem: Problem) -> dict[str, object]:
    told = {
        "code": problem.code,
        "message": problem.message.say(translate),
        "where": problem.where,
        "place": problem.place,
    }
    return {**told, **problem.message.values}
