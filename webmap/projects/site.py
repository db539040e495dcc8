"""Progress as it is seen on site, entered from a phone: how far the work is, a note, photos with the device's place.

The page sends words and photos one by one, each again until it is confirmed: the same report or photo sent twice counts once.
"""

import re
from datetime import date

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from geodata.accounts.access import Action, may
from geodata.base.database import today
from geodata.base.errors import ForbiddenError, InvalidValueError
from geodata.base.i18n import N_
from geodata.base.parsing import parse_day
from geodata.editing import Edit, ObjectEdit, RowEdit, commit_edit
from geodata.layers.projects import Project
from geodata.layers.projects.details import ProgressReport
from geodata.photos.reading import MAX_BYTES, MAX_HEAD_BYTES, read_photo
from geodata.projects import photos
from geodata.projects.photos import Place
from geodata.projects.records import ProjectRecord
from geodata.schema.roles import STAFF, Role
from webmap.app.auth import allow, current_editor, current_reader, current_role, current_user
from webmap.app.errors import wants_json
from webmap.app.extensions import database, db_session
from webmap.projects.views import one_project

blueprint = Blueprint("project_site", __name__, url_prefix="/projects")

#: Who may write projects at all; whether he may, the layer says.
WRITERS = allow(Role.PLANNER, Role.GIS, Role.ADMIN)
PROGRESS = ProgressReport.detail.name
WHOLE = 100
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?")


@blueprint.get("/<code>/site")
@WRITERS
def form(code: str) -> str:
    """Show the form for the site."""
    project = _writable(code)
    reports = sorted(project.reports, key=lambda one: one.reported_on, reverse=True)
    return render_template("projects/site.html", project=project, today=today(), last=reports[0] if reports else None)


@blueprint.post("/<code>/site")
@WRITERS
def enter(code: str) -> ResponseReturnValue:
    """Keep what is sent: a report with `percent`, a `photo`, or both."""
    project, day = _writable(code), _said_day()
    if not request.form.get("percent", "").strip() and not request.files.get("photo"):
        raise InvalidValueError(N_("Say how far the work is, or take a photo."))
    if request.form.get("percent", "").strip():
        _report(project, day)
    sent = request.files.get("photo")
    if sent:
        _keep_photo(project, day)
    if wants_json():
        return jsonify({"ok": True})
    return redirect(url_for("projects.project", code=project.code) + "#photos")


@blueprint.get("/<code>/photos/<int:photo_id>")
@allow(*STAFF)
def photo(code: str, photo_id: int) -> Response:
    """Answer a photo of a project."""
    row = photos.get_photo(db_session(), one_project(code, today()).id, photo_id)
    response = Response(row.content, mimetype=row.mimetype)
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@blueprint.post("/<code>/photos/<int:photo_id>/caption")
@WRITERS
def caption(code: str, photo_id: int) -> ResponseReturnValue:
    """Write what a photo shows."""
    project = _writable(code)
    said = request.form.get("caption", "").replace("\x00", "")
    photos.set_caption(db_session(), project.id, photo_id, said, by=current_user().name)
    db_session().commit()
    return redirect(url_for("projects.project", code=project.code) + "#photos")


@blueprint.post("/<code>/photos/<int:photo_id>/remove")
@WRITERS
def remove(code: str, photo_id: int) -> ResponseReturnValue:
    """Take a photo off."""
    project = _writable(code)
    photos.remove_photo(db_session(), project.id, photo_id, by=current_user().name)
    db_session().commit()
    return redirect(url_for("projects.project", code=project.code) + "#photos")


def _writable(code: str) -> ProjectRecord:
    """Return a project that the person asking may write. Raises NotFoundError, ForbiddenError."""
    if not may(current_role(), Action.WRITE, Project):
        raise ForbiddenError(roles=sorted(Project.layer.access.write))
    return one_project(code, today())


def _said_day() -> date:
    text = request.form.get("reported_on", "").strip()
    day = parse_day("reported_on", text) if text else today()
    if day > today():
        raise InvalidValueError(N_("The day is still to come."))
    return day


def _report(project: ProjectRecord, day: date) -> None:
    """Write the report of a day as an edit of the project; a second one of the day takes its place. Raises EditRefusedError."""
    with database().reading(current_reader()) as connection:
        known = connection.scalar(
            select(ProgressReport.id).where(ProgressReport.feature_id == project.id, ProgressReport.reported_on == day)
        )
    values = {"percent": _percent(), "note": request.form.get("note", "").replace("\x00", "").strip() or None}
    row = RowEdit(
        row_id=known, values=values | {"reported_on": day.isoformat(), "reported_by": current_user().display_name}
    )
    change = ObjectEdit(feature_id=project.id, details={PROGRESS: (row,)})
    commit_edit(db_session(), Project, Edit(objects=(change,)), current_editor())


def _percent() -> str:
    """Return how far the work is, 0 to 100, with a point. Raises InvalidValueError."""
    text = request.form["percent"].strip().replace(",", ".")
    if not _PERCENT.fullmatch(text) or float(text) > WHOLE:
        raise InvalidValueError(name="percent", value=text[:20], reason=N_("a number from 0 to 100 is needed"))
    return text


def _keep_photo(project: ProjectRecord, day: date) -> None:
    sent, head = request.files["photo"], request.files.get("head")
    picture = read_photo(
        sent.stream.read(MAX_BYTES + 1), head=head.stream.read(MAX_HEAD_BYTES) if head else b"",
        original_sha256=request.form.get("original_sha256", ""),
    )  # fmt: skip
    caption = request.form.get("caption", "").replace("\x00", "")
    photos.add_photo(
        db_session(), project.id, picture, by=current_user().display_name, said_on=day, caption=caption, place=_place()
    )
    db_session().commit()


def _place() -> Place | None:
    """Return where the device was, if it said so in numbers that are degrees."""
    lon, lat = (request.form.get(name, type=float) for name in ("lon", "lat"))
    if lon is None or lat is None or not (abs(lon) <= 180 and abs(lat) <= 90):
        return None
    accuracy = request.form.get("accuracy_m", type=float)
    return Place(
        lon=lon, lat=lat, accuracy_m=round(accuracy) if accuracy is not None and 0 <= accuracy < 10**6 else None
    )
