"""The documents of a feature's public page: taken along by everybody, put there by who may write the layer."""

import io
from dataclasses import dataclass

from flask import Blueprint, Response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from geodata.accounts.access import Action, may
from geodata.attachments import stored
from geodata.attachments.reading import MAX_BYTES, read_file
from geodata.base.database import ReadConnection
from geodata.base.errors import ForbiddenError, InvalidValueError
from geodata.base.i18n import N_
from geodata.query import features
from geodata.schema.filters import CHOOSE
from geodata.schema.roles import STAFF, Role
from webmap.app.auth import allow, allow_public, current_reader, current_role, current_user
from webmap.app.extensions import database, db_session, layers
from webmap.app.gate import dear
from webmap.showcase.pages import Shown, find_showcase, this_one

blueprint = Blueprint("showcase_files", __name__)

#: Who may write a layer with a public page; whether he may write this one, the layer says.
WRITERS = allow(Role.PLANNER, Role.GIS, Role.ADMIN)
_ACTIONS = ("publish", "hide", "remove")


@dataclass(frozen=True, kw_only=True)
class Owner:
    """The feature on which documents hang."""

    shown: Shown
    id: int
    code: str
    name: str

    @property
    def layer(self) -> str:
        """The name of its layer."""
        return self.shown.kind.layer.name


@blueprint.get("/<slug>/<code>/documents")
@WRITERS
def index(slug: str, code: str) -> str:
    """Show the documents with who put them there, and the form for another."""
    owner = _writable(slug, code)
    files = stored.list_files(db_session(), owner.layer, owner.id, with_removed=True)
    return render_template("showcase/files.html", owner=owner, slug=slug, files=files, most_mb=MAX_BYTES // 2**20)


@blueprint.post("/<slug>/<code>/documents")
@WRITERS
@dear
def add(slug: str, code: str) -> ResponseReturnValue:
    """Keep a document."""
    owner, sent = _writable(slug, code), request.files.get("file")
    if not sent:
        raise InvalidValueError(name="file", value="", reason=N_("choose a file"))
    received = read_file(sent.filename or "", sent.stream.read(MAX_BYTES + 1))
    stored.add_file(
        db_session(), owner.layer, owner.id, received, title=request.form.get("title", ""),
        title_en=request.form.get("title_en", ""), is_public=bool(request.form.get("public")), by=current_user().name,
    )  # fmt: skip
    db_session().commit()
    return redirect(url_for("showcase_files.index", slug=slug, code=code))


@blueprint.post("/<slug>/<code>/documents/<int:file_id>")
@WRITERS
def change(slug: str, code: str, file_id: int) -> ResponseReturnValue:
    """Make a document public, hide it, or take it off."""
    owner, action = _writable(slug, code), request.form.get("action", "")
    if action not in _ACTIONS:
        raise InvalidValueError(name="action", value=action[:20], reason=CHOOSE, choices=list(_ACTIONS))
    row = stored.get_file(db_session(), owner.layer, owner.id, file_id)
    if action == "remove":
        stored.remove_file(db_session(), row, by=current_user().name)
    else:
        stored.set_public(db_session(), row, action == "publish", by=current_user().name)
    db_session().commit()
    return redirect(url_for("showcase_files.index", slug=slug, code=code))


@blueprint.get("/<slug>/<code>/documents/<int:file_id>")
@allow_public
def take(slug: str, code: str, file_id: int) -> Response:
    """Answer a document as a file to keep; staff may take those too that are not public."""
    shown = find_showcase(layers(), slug)
    with database().reading(current_reader()) as connection, Session(connection) as session:
        owner = _owner(connection, shown, code)
        only_public = current_role() not in STAFF
        row = stored.get_file(session, owner.layer, owner.id, file_id, only_public=only_public)
        response = send_file(io.BytesIO(row.content), download_name=row.name, as_attachment=True, mimetype=row.mimetype)
    response.headers["Cache-Control"] = "public, max-age=300" if row.is_public else "private, no-store"
    return response


def _writable(slug: str, code: str) -> Owner:
    """Return a feature of a public page that the person asking may write. Raises NotFoundError, ForbiddenError."""
    shown = find_showcase(layers(), slug)
    if shown.spec.downloads is None or not may(current_role(), Action.WRITE, shown.kind):
        raise ForbiddenError(roles=sorted(shown.kind.layer.access.write))
    with database().reading(current_reader()) as connection:
        return _owner(connection, shown, code)


def _owner(connection: ReadConnection, shown: Shown, code: str) -> Owner:
    this_one(connection, shown, code)
    feature_id = features.find_by_code(connection, shown.kind, code) or 0
    row = features.get_feature(connection, shown.kind, feature_id, [shown.field("name")])
    return Owner(shown=shown, id=feature_id, code=code, name=row["name"])
