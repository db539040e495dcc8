"""A report of the present filters as DOCX or PDF, with the map as the page has drawn it."""

from flask import Blueprint, Response, current_app, request

from geodata.base.database import today
from geodata.base.i18n import N_
from geodata.base.parsing import parse_whole
from geodata.export.papers import Paper
from geodata.schema.roles import STAFF
from webmap.app.auth import allow
from webmap.app.extensions import database
from webmap.app.gate import dear
from webmap.app.i18n import current_language, translate
from webmap.app.papers import send_paper, wording
from webmap.map.tools import asked_layers
from webmap.statistics.report_content import Part, Sheet, build_blocks, check_picture

blueprint = Blueprint("reports", __name__)

#: The longer side of a sheet, mm.
LONG_MM = {"A4": 297, "A3": 420}
MOST_SCALE = 100_000_000


@blueprint.post("/reports/map.<format>")
@allow(*STAFF)
@dear
def report(format: str) -> Response:
    """Answer the report of the layers and filters in the address; the picture comes with the form."""
    wanted = [name for name in request.args.get("layers", "").split(",") if name]
    sheet, language = _sheet(), current_language()
    with database().reading() as connection:
        parts = [
            Part(kind=asked.kind, fields=asked.request.fields, conditions=asked.conditions(connection))
            for asked in asked_layers()
            if not wanted or asked.kind.layer.name in wanted
        ]
        blocks = build_blocks(connection, parts, sheet, language)
    said, settings = wording(language), current_app.config["SETTINGS"]
    office = settings.department_name if said.is_in_force else settings.department_name_en
    paper = Paper(
        wording=said, office=office.upper(), number="…/BC-SCT", day=today(),
        title=translate(N_("REPORT")),
        subject=" ".join(request.form.get("title", "").split())[:200] or translate(N_("Figures of the map of industry and trade")),
        blocks=blocks, signatures=((translate(N_("WHO MADE IT")), ""), (translate(N_("HEAD OF THE DIVISION")), "")),
    )  # fmt: skip
    return send_paper(paper, "bao-cao", format)


def _sheet() -> Sheet | None:
    """Return the picture that came with the form, with the scale and the size of its sheet. Raises InvalidValueError."""
    upload = request.files.get("picture")
    if upload is None:
        return None
    scale = parse_whole("scale", request.form.get("scale") or "0", low=0, high=MOST_SCALE)
    return Sheet(
        content=check_picture(upload.read()),
        scale=scale,
        long_mm=LONG_MM.get(request.form.get("paper", ""), LONG_MM["A4"]),
    )
