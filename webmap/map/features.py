"""A feature for people: the popup on the map and the object panel beside it."""

from flask import Blueprint, render_template, request

from geodata.following.follows import find_follow
from geodata.schema.feature import Feature
from geodata.schema.roles import Role
from webmap.app.as_stored import shown_until
from webmap.app.auth import allow_public, current_reader, current_role, current_user
from webmap.app.extensions import database, db_session
from webmap.app.i18n import current_language
from webmap.app.query import asked_day
from webmap.app.requests import layer_request
from webmap.map.present import FeatureView, present_changes, present_feature

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
    return render_template("map/panel.html", feature=feature, changes=changes, follow=_follow(asked.kind, feature))


def _follow(kind: type[Feature], feature: FeatureView) -> dict[str, object] | None:
    """Return how the object can be followed, and the number by which the person asking does; None for who is not signed in."""
    account = current_user().account_id
    if current_role() is Role.PUBLIC or account is None or shown_until() is not None:
        return None
    known = find_follow(db_session(), account, layer=kind.layer.name, code=feature.code)
    return {"layer": kind.layer.name, "id": known.id if known else "", "is_area": kind.layer.selects_as is not None}


def _present(layer: str, feature_id: int, *, whole: bool = True) -> FeatureView:
    asked = layer_request(layer)
    with database().reading(current_reader()) as connection:
        return present_feature(
            connection, asked.kind, asked.fields, feature_id, current_language(),
            whole=whole, day=asked_day(request.args),
        )  # fmt: skip
