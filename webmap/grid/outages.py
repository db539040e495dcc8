"""Outages and storms for staff: what is lost when chosen elements, or all in an area, are out at once."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.grid import results
from geodata.grid.documents import StudyDocument
from geodata.grid.storms import parse_rings, read_area, write_rings
from geodata.schema.roles import STAFF
from webmap.app.auth import allow
from webmap.app.extensions import db_session, layers
from webmap.app.gate import dear
from webmap.app.i18n import translate
from webmap.app.links import map_address
from webmap.grid import words
from webmap.grid.asked import asked_study, kept_study, offered_years, render_page

blueprint = Blueprint("grid_outages", __name__)

#: So many elements may be out at once.
MOST_OUT = 200


@blueprint.get("/grid/impact")
@allow(*STAFF)
def impact() -> str:
    """Show what is lost when chosen elements, or all in an area, are out at once."""
    asked = asked_study()
    area = parse_rings(request.args.get("area", ""))
    out = [code for code in request.args.getlist("out") if code][:MOST_OUT]
    found = None
    if out or area:
        found = results.impact_of(db_session(), layers(), asked.year, asked.scenario, out=out, area=area)
    kept = kept_study(asked)
    panel = request.args.get("part") == "panel" and found is not None
    whole = url_for("grid_outages.impact", out=out, area=request.args.get("area") or None, **asked.query)
    return render_page(
        "impact_panel" if panel else "impact", asked=asked, found=found, names=words.names_of(kept.document),
        document=kept.document, choices=_choices(kept.document), years=offered_years(asked.year), area=request.args.get("area", ""), out=out,
        titles={kind.layer.name: kind.layer.title for kind in layers()}, map_address=map_address, panel=panel,
        whole=whole, moment=datetime.now(UTC),
    )  # fmt: skip


def _choices(document: StudyDocument) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what can be out, by kind: code and name, by name."""
    names = words.names_of(document)
    kinds = {
        N_("Circuits"): [row["code"] for row in document["circuits"]],
        N_("Tower lines"): [row["outage"] for row in document["tower_lines"]],
        N_("Stations"): [row["code"] for row in document["stations"]],
        N_("Transformers"): [row["outage"] for row in document["outages"] if row["kind"] == "transformer"],
    }
    return [
        (translate(kind), sorted(((code, names.of(code)) for code in codes), key=lambda pair: pair[1]))
        for kind, codes in kinds.items()
        if codes
    ]


@blueprint.post("/grid/impact")
@allow(*STAFF)
@dear
def storm() -> ResponseReturnValue:
    """Take an area from a file of polygons, and show what is lost when all in it is out."""
    asked, sent = asked_study(), request.files.get("file")
    if sent is None or not sent.filename:
        raise InvalidValueError(name="file", value="", reason=N_("choose a file with the area"))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "area"
        sent.save(path)
        area = write_rings(read_area(path, sent.filename))
    return redirect(url_for("grid_outages.impact", area=area, **asked.query))
