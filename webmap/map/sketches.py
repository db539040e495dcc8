"""Drawings with notes on the map: kept by who is signed in, looked at by who is signed in and has the link."""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify, request

from geodata.accounts.sketches import delete_sketch, read_sketch, save_sketch
from geodata.base.errors import ForbiddenError
from geodata.schema.roles import STAFF
from webmap.app.auth import allow, current_user
from webmap.app.extensions import db_session

blueprint = Blueprint("sketches", __name__, url_prefix="/sketches")


@blueprint.post("")
@allow(*STAFF)
def add() -> Response:
    """Keep the form's `shapes` as a new drawing, and answer it with its code."""
    return _kept(save_sketch(db_session(), _account(), request.form.get("shapes", "")))


@blueprint.get("/<code>")
@allow(*STAFF)
def show(code: str) -> Response:
    """Answer a drawing."""
    return _answer(code)


@blueprint.post("/<code>")
@allow(*STAFF)
def change(code: str) -> Response:
    """Keep the form's `shapes` in place of a drawing's; of somebody else's drawing a copy is made, which has another code."""
    return _kept(save_sketch(db_session(), _account(), request.form.get("shapes", ""), code))


@blueprint.delete("/<code>")
@allow(*STAFF)
def forget(code: str) -> tuple[str, int]:
    """Forget a drawing of one's own."""
    delete_sketch(db_session(), _account(), code)
    db_session().commit()
    return "", 204


def _kept(code: str) -> Response:
    db_session().commit()
    return _answer(code)


def _account() -> int:
    account_id = current_user().account_id
    if account_id is None:  # @allow lets nobody else in
        raise ForbiddenError(roles=sorted(STAFF))
    return account_id


def _answer(code: str) -> Response:
    drawn = read_sketch(db_session(), code, _account())
    shapes = [asdict(shape) for shape in drawn.shapes]
    return jsonify({"code": drawn.code, "by": drawn.by, "is_mine": drawn.is_mine, "shapes": shapes})
