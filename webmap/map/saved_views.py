"""Saved views of the map: listed, kept and forgotten by the one who is signed in."""

from flask import Blueprint, Response, jsonify, request

from geodata.accounts.saved_views import SavedView, delete_view, list_views, save_view
from geodata.base.errors import ForbiddenError, InvalidValueError
from geodata.following.follows import list_follows
from geodata.schema.roles import STAFF
from webmap.app.addresses import read_address
from webmap.app.auth import allow, current_user
from webmap.app.extensions import db_session
from webmap.app.requests import readable_layers

blueprint = Blueprint("saved_views", __name__, url_prefix="/views")


@blueprint.get("")
@allow(*STAFF)
def index() -> Response:
    """Answer the views of the person asking."""
    return _answer()


@blueprint.post("")
@allow(*STAFF)
def save() -> Response:
    """Keep the form's `address` under its `name`."""
    save_view(db_session(), _account(), request.form.get("name", ""), request.form.get("address", ""))
    db_session().commit()
    return _answer()


@blueprint.delete("/<int:view_id>")
@allow(*STAFF)
def forget(view_id: int) -> Response:
    """Forget one view."""
    delete_view(db_session(), _account(), view_id)
    db_session().commit()
    return _answer()


def _account() -> int:
    account_id = current_user().account_id
    if account_id is None:  # @allow lets nobody else in
        raise ForbiddenError(roles=sorted(STAFF))
    return account_id


def _answer() -> Response:
    views = list_views(db_session(), _account())
    followed = {one.address or "": one.id for one in list_follows(db_session(), _account())}
    return jsonify(
        {
            "views": [
                {"id": view.id, "name": view.name, "address": view.address, "follow": followed.get(_filters(view))}
                for view in views
            ]
        }
    )


def _filters(view: SavedView) -> str:
    """Return the address by which what a view shows is followed; “?” for one that shows no layer any more."""
    try:
        return read_address(view.address, readable_layers()).address()
    except InvalidValueError:
        return "?"
