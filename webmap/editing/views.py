"""The addresses of editing: the form, what it is checked and stored by, references to pick, geometry, undo."""

import json
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, request, url_for
from sqlalchemy import func, select

import shapely

from geodata.accounts.access import Action, may, visible_fields
from geodata.accounts.accounts import ACCOUNT_ROLES
from geodata.base.collation import by_name
from geodata.base.crs import Province
from geodata.base.errors import ForbiddenError, InvalidValueError
from geodata.base.i18n import N_
from geodata.editing import Edit, StaleError, commit_edit, load_present, propose
from geodata.editing.geometry import look_at
from geodata.editing.proposals import Proposal
from geodata.editing.reviewed import must_propose
from geodata.editing.rights import check_layer
from geodata.editing.shaping import Tool, apply_tool
from geodata.history.change_sets import get_change_set
from geodata.history.undoing import undo
from geodata.query import features
from geodata.query.documents import search_acts
from geodata.query.places import metre_systems, parse_place
from geodata.schema.feature import Feature, GeometryType
from geodata.schema.roles import EDITORS
from webmap.app.auth import allow, current_editor, current_reader, current_user
from webmap.app.errors import error_response
from webmap.app.extensions import database, db_session, layers
from webmap.app.i18n import format_number, translate
from webmap.app.requests import LayerRequest, layer_request, readable_layers
from webmap.editing.form import ASKED_WHEN_MOVED, build_form
from webmap.editing.sent import read_body, read_edit, whole_number, whole_numbers
from webmap.map.coordinates import name_system
from webmap.ogc.transactions import read_shape

blueprint = Blueprint("editing", __name__, url_prefix="/edit")

MEMBERS = allow(*ACCOUNT_ROLES)
#: So many references are offered.
OFFERED = 12
#: So many of the latest codes must differ in their number alone before the next one is proposed.
FEWEST_ALIKE = 5
LONGEST_NUMBER = 10


@blueprint.app_context_processor
def _editing() -> dict[str, object]:
    return {"editable_layers": editable_layers}


def editable_layers() -> dict[str, object]:
    """Return layer → title and address of what the person asking may edit; empty for most people."""
    editor = current_editor()
    return {
        kind.layer.name: {
            "title": translate(kind.layer.singular),
            "address": url_for("editing.save", layer=kind.layer.name),
        }
        for kind in layers()
        if may(editor.role, Action.WRITE, kind) and may(editor.role, Action.VIEW, kind)
    }


def writable(layer: str) -> LayerRequest:
    """Return a layer that the person asking may edit. Raises NotFoundError, ForbiddenError."""
    asked = layer_request(layer)
    check_layer(asked.kind, current_editor())
    return asked


@blueprint.get("/<layer>/form")
@MEMBERS
def form(layer: str) -> str:
    """Answer the form of an object (`id`), of a copy of one (`copy`), or of a new one."""
    asked = writable(layer)
    text = request.args.get("id") or request.args.get("copy")
    present, derived = None, {}
    if text:
        id_ = whole_number("id", int(text) if text.isascii() and text.isdigit() else text)
        with database().reading(current_reader()) as connection:
            worked_out = [spec for spec in visible_fields(current_editor().role, asked.kind) if spec.derived]
            row = features.get_feature(connection, asked.kind, id_, worked_out)
            derived = {spec.name: row.get(spec.name) for spec in worked_out}
        present = load_present(db_session(), asked.kind, [id_]).get(id_)
    given = {"code": _next_code(asked.kind)} if present is None or "copy" in request.args else {}
    shown = build_form(
        db_session(),
        asked.kind,
        present,
        given,
        registry=layers(),
        editor=current_editor(),
        derived=derived,
        is_copy="copy" in request.args,
    )
    systems = [(srid, name_system(srid)) for srid in metre_systems(_province())]
    return render_template("editing/form.html", form=shown, systems=systems, asked_when_moved=ASKED_WHEN_MOVED)


@blueprint.post("/<layer>")
@MEMBERS
def save(layer: str) -> Response:
    """Store what was sent as one change set, or nothing of it."""
    kind, edit = writable(layer).kind, read_edit(read_body(), _province())
    _check_seen(kind, edit)
    try:
        if must_propose(db_session(), kind, current_editor()):
            return told_proposed(propose(db_session(), kind, edit, current_editor()))
        report = commit_edit(db_session(), kind, edit, current_editor())
    except StaleError as error:
        return error_response(409, error.code, translate(error.template), {"ids": list(error.ids)})
    return jsonify(report.as_json(translate))


def told_proposed(made: Proposal) -> Response:
    """Answer that an edit waits for a reviewer."""
    return jsonify({"proposal": made.id, "address": url_for("proposals.show", number=made.id), "objects": []})


@blueprint.get("/<layer>/choices")
@MEMBERS
def choices(layer: str) -> Response:
    """Answer objects of a layer whose code or name has the text asked for: (code, name)."""
    kind, text = layer_request(layer).kind, request.args.get("q", "").replace("\x00", "")[:100]
    folded = func.fold_text(text)
    found = (
        select(kind.code, kind.name)
        .where(func.strpos(kind.column("search_text"), folded) > 0, kind.column("valid_to").is_(None))
        .order_by(kind.code != text, func.strpos(func.fold_text(kind.name), folded), by_name(kind.name))
        .limit(OFFERED)
    )
    with database().reading(current_reader()) as connection:
        rows = connection.execute(found).all()
    return jsonify({"choices": [{"code": row.code, "name": row.name} for row in rows]})


@blueprint.get("/acts")
@MEMBERS
def acts() -> Response:
    """Answer legal acts whose number or summary has the words asked for."""
    with database().reading(current_reader()) as connection:
        found = search_acts(connection, request.args.get("q", ""), readable_layers(), OFFERED)
    return jsonify(
        {"choices": [{"code": act.id, "name": f"{act.number} {act.summary or ''}".strip()} for act in found]}
    )


@blueprint.post("/<layer>/look")
@MEMBERS
def look(layer: str) -> Response:
    """Answer the size of a drawn geometry and what is worth knowing about it before it is stored."""
    asked, body = writable(layer), read_body()
    shape = read_shape(body.get("geometry"), _province())
    own = [whole_number("id", body["id"])] if body.get("id") else []
    without = [*own, *whole_numbers("merged", body.get("merged"))]
    with database().reading(current_reader()) as connection:
        found = look_at(
            connection, layers(), asked.kind, shape, without=without, stated_ha=_number(body.get("area_ha"))
        )
    return jsonify(found.as_json(translate, format_number))


@blueprint.post("/<layer>/tool")
@MEMBERS
def tool(layer: str) -> Response:
    """Answer what a tool makes of a geometry: its parts, the one that stays the object's first."""
    writable(layer)
    body, names = read_body(), [each.value for each in Tool]
    name = body.get("tool")
    if name not in names:
        raise InvalidValueError(name="tool", value=str(name)[:40], reason=", ".join(names))
    drawn, other = (read_shape(body[key], _province()) if body.get(key) else None for key in ("geometry", "other"))
    parts = apply_tool(Tool(name), drawn, other, metres=_number(body.get("metres")) or 0.0)
    return jsonify({"parts": [json.loads(shapely.to_geojson(part)) for part in parts]})


@blueprint.post("/<layer>/shape")
@MEMBERS
def shape(layer: str) -> Response:
    """Answer the geometry of typed coordinates, one point a line of the text."""
    asked, body = writable(layer), read_body()
    made = _typed(str(body.get("text") or "")[:100_000], asked.kind.layer.geometry, _system(body.get("system")))
    return jsonify({"geometry": json.loads(shapely.to_geojson(made))})


@blueprint.post("/changes/<int:number>/undo")
@MEMBERS
def take_back(number: int) -> Response:
    """Undo a change set: one's own, or as an editor of all data, limited to no area, any."""
    found = get_change_set(db_session(), number)
    check_layer(layers().get(found.layer), current_editor())
    user = current_user()
    is_free = user.role in EDITORS and not current_editor().areas
    if found.user_name != user.name and not is_free:
        raise ForbiddenError(roles=sorted(EDITORS))
    return jsonify(undo(db_session(), number, layers(), user_name=user.name).as_json())


def _check_seen(kind: type[Feature], edit: Edit) -> None:
    """Raise NotFoundError for what the person asking may not see; elsewhere the verbs say so themselves."""
    if not current_editor().areas:
        return
    with database().reading(current_reader()) as connection:
        for item in edit.objects:
            if item.feature_id is not None:
                features.get_feature(connection, kind, item.feature_id, ())


def _system(value: Any) -> int | None:
    """Return the system of metres that was chosen, an EPSG code. Raises InvalidValueError."""
    if value is None:
        return None
    known = metre_systems(_province())
    if value not in known:
        raise InvalidValueError(name="system", value=str(value)[:40], reason=", ".join(map(str, known)))
    return int(value)


def _typed(text: str, geometry: GeometryType, system: int | None) -> shapely.Geometry:
    """Return the geometry of coordinates, a point a line, in any writing that the search takes."""
    points = []
    for line in filter(None, (part.strip() for part in text.splitlines())):
        guesses = parse_place(line, _province(), srid=system)
        if not guesses:
            raise InvalidValueError(
                name="coordinates",
                value=line[:80],
                reason=N_("write 20.8605 106.6835, 20°51'38\" 106°41'0\" or X Y of VN-2000"),
            )
        points.append((guesses[0].lon, guesses[0].lat))
    needed = {GeometryType.POINT: 1, GeometryType.LINE: 2, GeometryType.POLYGON: 3}[geometry]
    if len(points) < needed:
        raise InvalidValueError(name="coordinates", value=text[:80], reason=N_("these are too few points"))
    if geometry is GeometryType.POINT:
        return shapely.Point(points[0])
    return shapely.LineString(points) if geometry is GeometryType.LINE else shapely.Polygon(points)


def _next_code(kind: type[Feature]) -> str:
    """Return a code that goes on where the latest ones end, or nothing where they do not count."""
    latest = db_session().scalars(select(kind.code).order_by(kind.id.desc()).limit(50)).all()
    for code in latest:
        head = code.rstrip("0123456789")
        digits = code[len(head) :]
        taken = [item for item in latest if item.startswith(head) and item[len(head) :].isdigit()]
        if head and digits and len(digits) < LONGEST_NUMBER and len(taken) >= FEWEST_ALIKE:
            number = max(int(item[len(head) :]) for item in taken if item[len(head) :].isdigit()) + 1
            while db_session().scalar(select(kind.id).where(kind.code == f"{head}{number:0{len(digits)}d}")):
                number += 1
            return f"{head}{number:0{len(digits)}d}"
    return ""


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _province() -> Province:
    province: Province = current_app.config["SETTINGS"].province
    return province
