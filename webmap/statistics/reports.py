"""A report of the present filters as DOCX or PDF, with the map as the page has drawn it."""

from flask import Blueprint, Response, current_app, request

from geodata.base.database import today
from geodata.export.papers import Paper
from geodata.schema.roles import STAFF
from webmap.app.auth import allow
from webmap.app.extensions import database
from webmap.app.gate import dear
from webmap.app.papers import send_paper, wording
from webmap.map.tools import asked_layers
from webmap.statistics.report_content import Part, build_blocks, check_picture

blueprint = Blueprint("reports", __name__)


@blueprint.post("/reports/map.<format>")
@allow(*STAFF)
@dear
def report(format: str) -> Response:
    """Answer the report of the layers and filters in the address; the picture comes with the form."""
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
    paper = Paper(
        wording=wording(), office=current_app.config["SETTINGS"].department_name.upper(),
        number="…/BC-SCT", day=today(), title="BÁO CÁO",
        subject=" ".join(request.form.get("title", "").split())[:200] or "Số liệu trên bản đồ Công Thương",
        blocks=blocks, signatures=(("NGƯỜI LẬP", ""), ("LÃNH ĐẠO PHÒNG", "")),
    )  # fmt: skip
    return send_paper(paper, "bao-cao", format)
