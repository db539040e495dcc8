"""A feature for people: the popup on the map and the object panel beside it."""

from flask import Blueprint, render_template, request

from webmap.auth import allow_public
from webmap.extensions import database
from webmap.i18n import current_language
from webmap.present import present_feature
from webmap.query import asked_day
from webmap.requests import layer_request

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
    return render_template("map/panel.html", feature=_present(layer, feature_id))


def _present(layer: str, feature_id: int, *, whole: bool = True) -> object:
    asked = layer_request(layer)
    with database().reading() as connection:
        return present_feature(
            connection, asked.kind, asked.fields, feature_id, current_language(),
            whole=whole, day=asked_day(request.args),
        )  # fmt: skip
