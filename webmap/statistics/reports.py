"""A report of the present filters as DOCX or PDF, with the map as the page has drawn it.

Lists too long for a paper go along as a workbook: both in one zip, since few programs show what hangs inside a PDF.
"""

import io
import zipfile
from collections.abc import Sequence

from flask import Blueprint, Response, current_app, request, send_file

from geodata.base.database import ReadConnection, today
from geodata.base.i18n import N_
from geodata.base.parsing import parse_whole
from geodata.export.papers import Paper
from geodata.schema.roles import STAFF
from webmap.app.auth import allow, current_reader
from webmap.app.extensions import database
from webmap.app.gate import dear
from webmap.app.i18n import current_language, translate
from webmap.app.papers import send_paper, wording
from webmap.map.tables import about_file
from webmap.map.tools import asked_layers
from webmap.map.workbook import Sheet as Table, shown_fields, write_workbook
from webmap.statistics.report_content import LISTS, Part, Sheet, build_report, check_picture

blueprint = Blueprint("reports", __name__)

MOST_SCALE = 100_000_000


@blueprint.post("/reports/map.<format>")
@allow(*STAFF)
@dear
def report(format: str) -> Response:
    """Answer the report of the layers and filters in the address; the picture comes with the form."""
    wanted = [name for name in request.args.get("layers", "").split(",") if name]
    sheet, language = _sheet(), current_language()
    with database().reading(current_reader(), in_transaction=True) as connection:
        parts = [
            Part(kind=asked.kind, fields=asked.request.fields, conditions=asked.conditions(connection))
            for asked in asked_layers()
            if not wanted or asked.kind.layer.name in wanted
        ]
        written = build_report(connection, parts, sheet, language)
        lists = _lists(connection, written.lists, language) if written.lists else b""
    said, settings = wording(language), current_app.config["SETTINGS"]
    office = settings.department_name if said.is_in_force else settings.department_name_en
    paper = Paper(
        wording=said, office=office.upper(), number="…/BC-SCT", day=today(),
        title=translate(N_("REPORT")),
        subject=" ".join(request.form.get("title", "").split())[:200] or translate(N_("Figures of the map of industry and trade")),
        blocks=written.blocks, signatures=((translate(N_("WHO MADE IT")), ""), (translate(N_("HEAD OF THE DIVISION")), "")),
    )  # fmt: skip
    answer = send_paper(paper, "bao-cao", format)
    return _together(answer, f"bao-cao.{format}", lists) if lists else answer


def _lists(connection: ReadConnection, parts: Sequence[Part], language: str) -> bytes:
    """Return the whole lists as a workbook, a sheet for each layer."""
    file = io.BytesIO()
    tables = [Table(part.kind, shown_fields(part.fields), part.conditions) for part in parts]
    write_workbook(connection, tables, file, language, about_file(connection, tables))
    return file.getvalue()


def _together(answer: Response, name: str, lists: bytes) -> Response:
    """Return the paper and its lists in one file."""
    answer.direct_passthrough = False
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as both:
        both.writestr(name, answer.get_data())
        both.writestr(LISTS, lists)
    file.seek(0)
    return send_file(file, download_name="bao-cao.zip", as_attachment=True, mimetype="application/zip")


def _sheet() -> Sheet | None:
    """Return the picture that came with the form, with its scale in the report. Raises InvalidValueError."""
    upload = request.files.get("picture")
    if upload is None:
        return None
    scale = parse_whole("scale", request.form.get("scale") or "0", low=0, high=MOST_SCALE)
    return Sheet(content=check_picture(upload.read()), scale=scale)
