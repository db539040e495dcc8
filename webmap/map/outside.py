"""The administrator's page of the maps of other servers, and what the map page is told of them."""

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from geodata.accounts.outside import (
    MAX_ADDRESS,
    MAX_ATTRIBUTION,
    MAX_NAME,
    Audience,
    MapSource,
    SourceKind,
    list_sources,
    remove_source,
    save_source,
)
from geodata.base.errors import GeodataError
from geodata.schema.roles import Role
from webmap.app.auth import allow, current_user
from webmap.app.extensions import db_session
from webmap.app.i18n import translate_error

blueprint = Blueprint("outside", __name__, url_prefix="/admin/map-sources")


def describe_source(source: MapSource) -> dict[str, str | int]:
    """Return what the map page needs to show a map of another server."""
    return {
        "id": source.id,
        "name": source.name,
        "kind": source.kind,
        "address": source.address,
        "layers": source.layers,
        "attribution": source.attribution,
        "opacity": source.opacity,
    }


@blueprint.get("")
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """List the maps of other servers that are allowed."""
    return _page(done=request.args.get("done", ""))


@blueprint.post("")
@allow(Role.ADMIN)
def add() -> ResponseReturnValue:
    """Allow another one."""
    return _change("added", None, lambda by: save_source(db_session(), request.form, by=by))


@blueprint.post("/<int:source_id>")
@allow(Role.ADMIN)
def change(source_id: int) -> ResponseReturnValue:
    """Change one."""
    return _change("changed", source_id, lambda by: save_source(db_session(), request.form, source_id=source_id, by=by))


@blueprint.post("/<int:source_id>/remove")
@allow(Role.ADMIN)
def remove(source_id: int) -> ResponseReturnValue:
    """No longer allow one."""
    return _change("removed", None, lambda by: remove_source(db_session(), source_id, by=by))


def _change(done: str, source_id: int | None, act: Callable[[str], None]) -> ResponseReturnValue:
    try:
        act(current_user().name)
    except GeodataError as error:
        db_session().rollback()
        return _page(problem=translate_error(error), form=request.form.to_dict(), changing=source_id), 400
    db_session().commit()
    return redirect(url_for("outside.index", done=done))


def _page(*, problem: str = "", done: str = "", form: dict[str, str] | None = None, changing: int | None = None) -> str:
    return render_template(
        "map/outside.html",
        sources=list_sources(db_session()),
        problem=problem,
        done=done,
        form=form,
        changing=changing,
        kinds=SourceKind.labels(),
        audiences=Audience.labels(),
        longest={"name": MAX_NAME, "address": MAX_ADDRESS, "attribution": MAX_ATTRIBUTION},
    )
