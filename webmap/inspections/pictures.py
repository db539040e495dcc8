"""The pictures of a visit: photos and signatures as the phone sends them, once; removed, put back, tied to a finding."""

import json

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.inspections import pictures
from geodata.inspections.papers_content import Content, clean_content
from geodata.inspections.records import PaperPicture
from geodata.inspections.rights import get_paper
from geodata.photos.reading import MAX_BYTES, MAX_HEAD_BYTES, read_photo, read_signature
from webmap.app.auth import allow
from webmap.app.extensions import db_session
from webmap.inspections.form_fields import INSPECTORS, number_field, person

blueprint = Blueprint("pictures", __name__, url_prefix="/inspections/visits/<int:paper_id>/pictures")

_FINDING_KEY_LENGTH = 40


@blueprint.post("")
@allow(*INSPECTORS)
def add(paper_id: int) -> ResponseReturnValue:
    """Keep a photo or a signature; sending it again after a lost answer does no harm."""
    row = _keep_signature(paper_id) if request.form.get("signature") else _keep_photo(paper_id)
    db_session().commit()
    if not request.headers.get("X-Requested-With"):
        return redirect(url_for("visits.visit", paper_id=paper_id))
    address = url_for("pictures.show", paper_id=paper_id, picture_id=row.id)
    return jsonify(
        {
            "id": row.id, "address": address, "sha256": row.source_sha256, "purpose": row.purpose,
            "finding": row.finding_key,
        }
    )  # fmt: skip


@blueprint.get("/<int:picture_id>")
@allow(*INSPECTORS)
def show(paper_id: int, picture_id: int) -> Response:
    """Answer a picture to somebody who may open the visit."""
    row = pictures.get_picture(db_session(), person(), paper_id, picture_id)
    response = Response(row.content, mimetype=row.mimetype)
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@blueprint.post("/<int:picture_id>/remove")
@allow(*INSPECTORS)
def remove(paper_id: int, picture_id: int) -> ResponseReturnValue:
    """Take a photo off, or put it back (`back`)."""
    is_back = bool(request.form.get("back"))
    pictures.remove_photo(db_session(), person(), paper_id, picture_id, back=is_back)
    db_session().commit()
    return _done(paper_id, {"removed": not is_back})


@blueprint.post("/<int:picture_id>/finding")
@allow(*INSPECTORS)
def tie(paper_id: int, picture_id: int) -> ResponseReturnValue:
    """Say which finding a photo shows; without one it shows the whole."""
    key = _finding_key()
    pictures.tie_photo(db_session(), person(), paper_id, picture_id, key)
    db_session().commit()
    return _done(paper_id, {"finding": key})


def _done(paper_id: int, told: dict[str, object]) -> ResponseReturnValue:
    if request.headers.get("X-Requested-With"):
        return jsonify(told)
    return redirect(url_for("visits.visit", paper_id=paper_id))


def _keep_photo(paper_id: int) -> PaperPicture:
    sent = request.files.get("photo")
    if sent is None:
        raise InvalidValueError(name="photo", value="", reason=N_("a JPEG, HEIC, PNG or WebP picture is needed"))
    head = request.files.get("head")
    picture = read_photo(
        sent.stream.read(MAX_BYTES + 1), head=head.stream.read(MAX_HEAD_BYTES) if head else b"",
        original_sha256=request.form.get("original_sha256", ""),
    )  # fmt: skip
    return pictures.add_photo(db_session(), person(), paper_id, picture, finding_key=_finding_key())


def _keep_signature(paper_id: int) -> PaperPicture:
    session, who = db_session(), person()
    paper = get_paper(session, who, paper_id)
    content = (
        _signed_content() if request.form.get("content") else {key: str(value) for key, value in paper.content.items()}
    )
    edition = number_field("edition", paper.edition + 1) or 0
    picture = read_signature(request.form["signature"])
    return pictures.add_signature(session, who, paper_id, picture, content=content, edition=edition)


def _signed_content() -> Content:
    """Return the words that were on the screen when somebody signed."""
    try:
        content = json.loads(request.form["content"])
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise InvalidValueError(name="content", value="", reason=N_("it must be a form's fields and a version"))
    return clean_content(content)


def _finding_key() -> str | None:
    key = request.form.get("finding", "")
    if len(key) > _FINDING_KEY_LENGTH:
        raise InvalidValueError(name="finding", value=key[:20] + "…", reason=N_("the record has no such field"))
    return key or None
