"""A feature for people: the popup on the map and the object panel beside it."""

from flask import Blueprint, render_template, request

from webmap.app.auth import allow_public
from webmap.app.extensions import database
from webmap.app.i18n import current_language
from webmap.app.query import asked_day
from webmap.app.requests import layer_request
from webmap.map.present import present_changes, present_feature

blueprint = Blueprint("features", __name__)


@blueprint.get("/layers/<layer>/features/<int:feature_id>/popup")
@allow_public
def popup(layer: str, feature_id: int) -> str:
    """Show the few facts that fit beside a symbol."""
    return render_template("map/popup.html", feature=_present(layer, feature_id, whole=False))


@blueprint.get("/layers/<layer>/features/<int:feature_id>/panel")
@allow_public
def panel(layer: str, feature_id: int) -> str:
    """Show everything this person may know about a feature."""
    asked, feature = layer_request(layer), _present(layer, feature_id)
    changes = present_changes(asked.kind, asked.fields, feature_id, current_language())
    return render_template("map/panel.html", feature=feature, changes=changes)


def _present(layer: str, feature_id: int, *, whole: bool = True) -> object:
    asked = layer_request(layer)
    with database().reading() as connection:
        return present_feature(
            connection, asked.kind, asked.fields, feature_id, current_language(),
            whole=whole, day=asked_day(request.args),
        )  # fmt: skip
