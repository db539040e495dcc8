"""The monthly report for planners and leaders: its figures, each to its rows; files; what was sent, kept as it was."""

import io
from datetime import date

from flask import Blueprint, Response, current_app, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from geodata.base.database import today
from geodata.base.errors import GeodataError
from geodata.export.papers import write_docx
from geodata.papers import sent
from geodata.schema.roles import Role
from geodata.statistics.indicators import month_before
from webmap.app.auth import allow, current_user
from webmap.app.extensions import db_session, layers
from webmap.app.gate import dear
from webmap.app.i18n import current_language, translate_error
from webmap.app.links import map_address
from webmap.app.papers import send_paper
from webmap.app.query import AS_OF
from webmap.papers import report
from webmap.papers.figures import Figure, as_kept, month_after, parse_month

blueprint = Blueprint("monthly", __name__, url_prefix="/papers")

REPORTING = allow(Role.PLANNER, Role.LEADER, Role.ADMIN)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("")
@REPORTING
@dear
def index() -> str:
    """Show the figures of a month, and what was sent."""
    return _page(_asked_month())


@blueprint.get("/<period>.<any(docx, pdf, xlsx):format>")
@REPORTING
@dear
def file(period: str, format: str) -> Response:
    """Answer the report of a month as it is now."""
    month = report.read_month(db_session(), layers(), parse_month(period))
    name = f"bao-cao-{month.period:%Y-%m}"
    if format == "xlsx":
        links = [[rows_address(figure, external=True) for figure in section.figures] for section in month.sections]
        content = io.BytesIO(report.write_month_workbook(month, links))
        return send_file(content, mimetype=XLSX, as_attachment=True, download_name=f"{name}.xlsx")
    return send_paper(report.month_paper(month, office=_office()), name, format)


@blueprint.post("/<period>/send")
@REPORTING
@dear
def send(period: str) -> ResponseReturnValue:
    """Keep the report of a month as it goes up now."""
    month = report.read_month(db_session(), layers(), parse_month(period))
    content = write_docx(report.month_paper(month, office=_office()))
    try:
        sent.send(
            db_session(), report.NAME, month.period, data_day=month.day, figures=as_kept(month.sections), file=content,
            reason=request.form.get("reason", "").replace("\x00", ""), by=current_user().name,
        )  # fmt: skip
    except GeodataError as error:
        db_session().rollback()
        return _page(month.period, problem=translate_error(error)), 409
    db_session().commit()
    return redirect(url_for("monthly.index", period=f"{month.period:%Y-%m}") + "#sent")


@blueprint.get("/sent/<int:number>.docx")
@REPORTING
def sent_file(number: int) -> Response:
    """Answer a paper exactly as it was sent."""
    paper = sent.get_sent(db_session(), number)
    name = f"bao-cao-{paper.period:%Y-%m}-{paper.version}.docx"
    return send_file(io.BytesIO(paper.file), mimetype=DOCX, as_attachment=True, download_name=name)


def rows_address(figure: Figure, *, external: bool = False) -> str:
    """Return where the rows of a figure are: the map with its filters, states of the cut-off day."""
    filters = {name: values for name, values in figure.filters.items() if name != AS_OF}
    address = map_address(figure.layer, filters, day=figure.filters[AS_OF][0])
    return request.url_root.rstrip("/") + address if external else address


def _asked_month() -> date:
    """Return the month of the address, else the last that is over. Raises InvalidValueError."""
    text = request.args.get("period", "")
    return parse_month(text) if text else month_before(today().replace(day=1))


def _page(period: date, problem: str = "") -> str:
    month = report.read_month(db_session(), layers(), period)
    versions = sent.list_sent(db_session(), report.NAME, period)
    language = current_language()
    return render_template(
        "papers/page.html",
        month=month,
        figures=as_kept(month.sections),
        sections=[
            (section.title, [(report.label_of(one, language), one, rows_address(one)) for one in section.figures])
            for section in month.sections
        ],
        before=f"{month_before(period):%Y-%m}",
        after=f"{month_after(period):%Y-%m}",
        versions=[
            (one, sent.differences(older, one) if older else [])
            for one, older in zip(versions, [*versions[1:], None], strict=False)
        ],
        all_sent=sent.list_sent(db_session(), report.NAME),
        problem=problem,
    )


def _office() -> str:
    name: str = current_app.config["SETTINGS"].department_name
    return name.upper()
