"""A report of the present filters as DOCX or PDF, with the map as the page has drawn it."""

import io
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, request, send_file
from werkzeug.exceptions import NotFound

from geodata.database import TIME_ZONE
from geodata.inspections import papers
from geodata.layer import STAFF
from webmap.auth import allow
from webmap.extensions import database
from webmap.reports import Part, build_blocks, check_picture
from webmap.views.tools import asked_layers

blueprint = Blueprint("reports", __name__)

_WRITERS = {
    "docx": (papers.write_docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "pdf": (papers.write_pdf, "application/pdf"),
}


@blueprint.post("/reports/map.<format>")
@allow(*STAFF)
def report(format: str) -> Response:
    """Answer the report of the layers and filters in the address; the picture comes with the form."""
    if format not in _WRITERS:
        raise NotFound
    write, mimetype = _WRITERS[format]
    wanted = [name for name in request.args.get("layers", "").split(",") if name]
    upload = request.files.get("picture")
    picture = check_picture(upload.read()) if upload else None
    with database().reading() as connection:
        parts = [
            Part(kind=asked.kind, fields=asked.request.fields, conditions=asked.conditions(connection))
            for asked in asked_layers()
            if not wanted or asked.kind.layer.name in wanted
        ]
        blocks = build_blocks(connection, parts, picture)
    paper = papers.Paper(
        authority="ỦY BAN NHÂN DÂN THÀNH PHỐ HẢI PHÒNG", office=current_app.config["SETTINGS"].department_name.upper(),
        number="…/BC-SCT", place="Hải Phòng", day=datetime.now(ZoneInfo(TIME_ZONE)).date(), title="BÁO CÁO",
        subject=" ".join(request.form.get("title", "").split())[:200] or "Số liệu trên bản đồ Công Thương",
        blocks=blocks, signatures=(("NGƯỜI LẬP", ""), ("LÃNH ĐẠO PHÒNG", "")),
    )  # fmt: skip
    return send_file(io.BytesIO(write(paper)), mimetype=mimetype, as_attachment=True, download_name=f"bao-cao.{format}")
