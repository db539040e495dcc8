"""Proposals: the list, one with its difference, the decision about it, what is drawn of them, and which layers are reviewed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

import shapely

from geodata.accounts.access import visible_details, visible_names
from geodata.base.errors import GeodataError, NotFoundError
from geodata.base.i18n import N_
from geodata.editing import Edit, EditRefusedError, EditReport, ObjectChange, StaleError, load_present, proposals
from geodata.editing.proposals import GEOMETRY, Proposal, Status, edit_of
from geodata.editing.reviewed import reviewed_layers
from geodata.history.change_sets import ACTS
from geodata.schema.feature import Feature
from geodata.schema.roles import EDITORS, Role
from webmap.app.auth import allow, current_editor, current_user
from webmap.app.extensions import db_session, layers
from webmap.app.i18n import translate, translate_error
from webmap.folium.sketch import Sketch, build_sketch
from webmap.imports.values import Difference, metres, shown_value

blueprint = Blueprint("proposals", __name__, url_prefix="/proposals")

WRITERS = allow(Role.PLANNER, Role.GIS, Role.ADMIN)
REVIEWERS = allow(*EDITORS)
STATUS_LABELS = {
    "open": N_("waits"),
    "accepted": N_("accepted"),
    "returned": N_("returned"),
    "withdrawn": N_("withdrawn"),
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One thing that may be accepted or left out: a field, the place, a table of rows, the documents."""

    name: str
    difference: Difference


@dataclass(frozen=True, kw_only=True)
class Line:
    """One object of a proposal as the page shows it."""

    number: int
    change: ObjectChange
    parts: tuple[Part, ...]
    problems: tuple[str, ...]
    sketch: Sketch | None = None
    point: tuple[float, float] | None = None


@blueprint.get("")
@WRITERS
def index() -> str:
    """List what waits and what has been decided."""
    session, editor = db_session(), current_editor()
    return render_template(
        "editing/proposals.html",
        found=proposals.list_proposals(session, editor), labels=STATUS_LABELS,
        titles={kind.layer.name: translate(kind.layer.title) for kind in layers()},
        reviewed=reviewed_layers(session), kinds=[kind for kind in layers() if proposals.may_review(kind, editor)],
    )  # fmt: skip


@blueprint.get("/<int:number>")
@WRITERS
def show(number: int) -> str:
    """Show what accepting a proposal would do now."""
    return _page(number)


@blueprint.post("/<int:number>/accept")
@REVIEWERS
def accept(number: int) -> ResponseReturnValue:
    """Store what is ticked of a proposal as one change set."""
    found, kind = _found(number)
    versions = {
        int(id_): version
        for id_, _, version in (text.partition(":") for text in request.form.getlist("seen"))
        if id_.isascii() and id_.isdigit()
    }
    parts: dict[int, set[str]] = {}
    for text in request.form.getlist("part"):
        index, _, name = text.partition(":")
        if index.isascii() and index.isdigit() and len(index) < 6:
            parts.setdefault(int(index), set()).add(name)
    try:
        proposals.accept(db_session(), kind, found, current_editor(), versions=versions, parts=parts)
    except StaleError:
        return _page(number, N_("Somebody has changed an object since you looked. This is what it is now.")), 409
    except EditRefusedError as error:
        return _page(number, "; ".join(item.text.say(translate) for item in error.problems)), 422
    return redirect(url_for("proposals.show", number=number))


@blueprint.post("/<int:number>/return")
@REVIEWERS
def give_back(number: int) -> ResponseReturnValue:
    """Return a proposal with a remark."""
    found, kind = _found(number)
    proposals.give_back(db_session(), kind, found, current_editor(), request.form.get("remark", "").replace("\x00", ""))
    return redirect(url_for("proposals.show", number=number))


@blueprint.post("/<int:number>/withdraw")
@WRITERS
def withdraw(number: int) -> ResponseReturnValue:
    """Take back one's own proposal."""
    found, _ = _found(number)
    proposals.withdraw(db_session(), found, current_editor())
    return redirect(url_for("proposals.index"))


@blueprint.post("/layers")
@REVIEWERS
def set_layers() -> ResponseReturnValue:
    """Set which layers are reviewed."""
    wanted, editor, session = set(request.form.getlist("layer")), current_editor(), db_session()
    before = reviewed_layers(session)
    for kind in layers():
        name = kind.layer.name
        if proposals.may_review(kind, editor) and (name in wanted) != (name in before):
            proposals.set_reviewed(session, kind, name in wanted, editor)
    return redirect(url_for("proposals.index"))


@blueprint.get("/features")
@WRITERS
def features() -> Response:
    """Answer what waits as GeoJSON, EPSG:4326 (lon, lat): drawn apart from the layers, never counted."""
    session, made = db_session(), []
    for found in proposals.list_proposals(session, current_editor(), is_open=True):
        kind, edit = layers().get(found.layer), edit_of(found)
        stored = load_present(session, kind, [item.feature_id for item in edit.objects if item.feature_id is not None])
        for item in edit.objects:
            present = stored.get(item.feature_id) if item.feature_id is not None else None
            shape = item.geometry if item.geometry is not None else present.geometry if present else None
            if shape is None:
                continue
            about = {"proposal": found.id, "layer": found.layer, "by": found.proposed_by, "delete": item.is_deletion}
            about["address"] = url_for("proposals.show", number=found.id)
            about["title"] = translate(kind.layer.singular)
            made.append({"type": "Feature", "geometry": json.loads(shapely.to_geojson(shape)), "properties": about})
    return jsonify({"type": "FeatureCollection", "features": made})


def _found(number: int) -> tuple[Proposal, type[Feature]]:
    found = proposals.get_proposal(db_session(), number, current_editor())
    return found, layers().get(found.layer)


def _page(number: int, problem: str = "") -> str:
    found, kind = _found(number)
    editor, report = current_editor(), None
    if found.status == Status.OPEN.value:
        try:
            report = proposals.preview_proposal(db_session(), kind, found, editor)
        except NotFoundError:
            problem = problem or N_("An object of this proposal is there no more.")
        except GeodataError as error:
            problem = problem or translate_error(error)
        found, kind = _found(number)
    return render_template(
        "editing/proposal.html",
        found=found, kind=kind, lines=_lines(kind, report, edit_of(found)) if report else [], labels=STATUS_LABELS, problem=problem,
        may_review=proposals.may_review(kind, editor), is_own=found.proposed_by == current_user().name,
        reason=edit_of(found).reason,
    )  # fmt: skip


def _lines(kind: type[Feature], report: EditReport, edit: Edit) -> list[Line]:
    names = visible_names(current_editor().role, kind)
    titles = {
        detail.detail.name: translate(detail.detail.title) for detail in visible_details(current_editor().role, kind)
    }
    titles[ACTS] = translate(N_("Documents"))
    stored = load_present(db_session(), kind, [item.feature_id for item in edit.objects if item.feature_id is not None])
    lines = []
    for change in report.objects:
        was = stored[change.feature_id].geometry if change.feature_id in stored else None
        sketch, point = _sketch(was, edit.objects[change.index - 1].geometry)
        lines.append(
            Line(
                number=change.index,
                change=change,
                parts=(*_fields(kind, change, names), *_moved(change), *_rows(change, titles)),
                problems=tuple(
                    item.text.say(translate) for item in change.problems if item.field is None or item.field in names
                ),
                sketch=sketch,
                point=point,
            )
        )
    return lines


def _sketch(
    was: shapely.Geometry | None, wanted: shapely.Geometry | None
) -> tuple[Sketch | None, tuple[float, float] | None]:
    """Return the small map of where an object is and where it would be, and a place to look at; none for one that stays."""
    if wanted is None:
        return None, None
    told = [(shape, tone) for shape, tone in ((was, "was"), (wanted, "changed")) if shape is not None]
    labels = {"was": translate(N_("stored")), "changed": translate(N_("proposed"))}
    points = [(shape.x, shape.y, tone, labels[tone]) for shape, tone in told if shape.geom_type == "Point"]
    shapes = [(shape, tone) for shape, tone in told if shape.geom_type != "Point"]
    home = current_app.config["SETTINGS"].province.opening
    place = wanted.representative_point()
    return build_sketch(points, home, zoom_in=True, smallest=0.005, shapes=shapes), (place.x, place.y)


def _fields(kind: type[Feature], change: ObjectChange, names: frozenset[str]) -> list[Part]:
    by_name = {field.name: field for field in kind.fields()}
    return [
        Part(
            name=name,
            difference=Difference(
                label=translate(by_name[name].label),
                old=shown_value(by_name[name], old),
                new=shown_value(by_name[name], new),
            ),
        )
        for name, (old, new) in change.fields.items()
        if name in names
    ]


def _moved(change: ObjectChange) -> list[Part]:
    if change.moved_m is None:
        return []
    text = translate(N_("moved {distance}")).format(distance=metres(change.moved_m))
    return [Part(name=GEOMETRY, difference=Difference(label=translate(N_("Location")), old="", new=text))]


def _rows(change: ObjectChange, titles: Mapping[str, str]) -> list[Part]:
    template = translate(N_("{added} added, {changed} changed, {removed} removed"))
    return [
        Part(
            name=name,
            difference=Difference(
                label=titles[name], old="", new=template.format(added=added, changed=changed, removed=removed)
            ),
        )
        for name, (added, changed, removed) in change.rows.items()
        if name in titles
    ]
