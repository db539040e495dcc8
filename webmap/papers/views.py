"""Reports of a period for planners and leaders: figures, each to its rows; files; what was sent, kept as it was."""

import io
from decimal import Decimal

from flask import Blueprint, Response, current_app, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from geodata.base.database import today
from geodata.base.errors import GeodataError, NotFoundError
from geodata.papers import sent
from geodata.schema.roles import Role
from geodata.statistics.indicators import FIGURES
from webmap.app.about import about_lines
from webmap.app.auth import allow, current_reader, current_role, current_user
from webmap.app.extensions import database, db_session, layers
from webmap.app.gate import dear
from webmap.app.i18n import DEFAULT_LANGUAGE, current_language, translate, translate_error
from webmap.app.links import map_address
from webmap.app.papers import DOCX, send_form, write_form
from webmap.app.query import AS_OF
from webmap.papers.figures import Figure, as_kept
from webmap.papers.indicators import entry_address
from webmap.papers.periodic import periodic_forms, read_report
from webmap.papers.periods import Period, Span, parse_period
from webmap.papers.workbook import write_workbook
from webmap.papers.written import Report, label_of, number, shown_values

blueprint = Blueprint("monthly", __name__, url_prefix="/papers")

REPORTING = allow(Role.PLANNER, Role.LEADER, Role.ADMIN)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("")
@REPORTING
@dear
def index() -> str:
    """Show the figures of a period, and what was sent."""
    return _page(_asked_period())


@blueprint.get("/<period>.<any(docx, pdf, xlsx):format>")
@REPORTING
@dear
def file(period: str, format: str) -> Response:
    """Answer the report of a period as it is now."""
    report = _read(parse_period(period))
    name = f"bao-cao-{report.period.text}"
    if format == "xlsx":
        root = request.url_root.rstrip("/")
        with database().reading(current_reader(), is_fresh=True) as connection:
            about = about_lines(connection, [*layers()], DEFAULT_LANGUAGE)
        content = io.BytesIO(write_workbook(report, lambda figure: root + rows_address(figure), root, about))
        return send_file(content, mimetype=XLSX, as_attachment=True, download_name=f"{name}.xlsx")
    return send_form(db_session(), report.filled, name, format)


@blueprint.post("/<period>/send")
@REPORTING
@dear
def send(period: str) -> ResponseReturnValue:
    """Keep the report of a period as it goes up now."""
    report = _read(parse_period(period))
    content, template = write_form(db_session(), report.filled, "docx")
    try:
        sent.send(
            db_session(), report.name, report.period.first, data_day=report.day, figures=[*as_kept(report.sections), *report.stated_as_kept],
            file=content, template=template, reason=request.form.get("reason", "").replace("\x00", ""), by=current_user().name,
        )  # fmt: skip
    except GeodataError as error:
        db_session().rollback()
        return _page(report.period, problem=translate_error(error)), 409
    db_session().commit()
    return redirect(url_for("monthly.index", period=report.period.text) + "#sent")


@blueprint.get("/sent/<int:number>.docx")
@REPORTING
def sent_file(number: int) -> Response:
    """Answer a paper exactly as it was sent."""
    paper = sent.get_sent(db_session(), number)
    return _docx(paper.file, f"bao-cao-{_period_of(paper).text}-{paper.version}")


@blueprint.get("/sent/<int:number>/template.docx")
@REPORTING
def sent_template(number: int) -> Response:
    """Answer the template of which a sent paper was made."""
    paper = sent.get_sent(db_session(), number)
    if paper.template is None:
        raise NotFoundError(value=str(number))
    return _docx(paper.template, f"mau-{_period_of(paper).text}-{paper.version}")


def _docx(content: bytes, name: str) -> Response:
    return send_file(io.BytesIO(content), mimetype=DOCX, as_attachment=True, download_name=f"{name}.docx")


def rows_address(figure: Figure) -> str:
    """Return where the rows of a figure are: the map with its filters, states of the cut-off day."""
    filters = {name: values for name, values in figure.filters.items() if name != AS_OF}
    return map_address(figure.layer, filters, day=figure.filters[AS_OF][0])


def _asked_period() -> Period:
    """Return the period of the address, else the last month that is over. Raises InvalidValueError."""
    text = request.args.get("period", "")
    return parse_period(text) if text else Period.month_of(today()).before


def _read(period: Period) -> Report:
    name: str = current_app.config["SETTINGS"].department_name
    with database().reading(current_reader(), is_fresh=True) as connection:
        return read_report(connection, layers(), period, office=name.upper())


def _period_of(paper: sent.SentPaper) -> Period:
    """Return the period that a sent paper is of: half-years and years begin on one day."""
    spans = {form.name: span for span, form in periodic_forms(layers()).items()}
    span = spans.get(paper.name, Span.MONTH)
    year = paper.period.year + (span is not Span.MONTH)
    return Period(span=span, year=year, month=paper.period.month if span is Span.MONTH else 0)


def _page(period: Period, problem: str = "") -> str:
    report = _read(period)
    versions = sent.list_sent(db_session(), report.name, period.first)
    language = current_language()
    return render_template(
        "papers/page.html",
        report=report,
        period=period,
        spans=[(span, _same_time(period, span)) for span in periodic_forms(layers())],
        sections=[
            (
                section.title,
                [(label_of(one, language), shown_values(one), rows_address(one)) for one in section.figures],
            )
            for section in report.sections
        ],
        versions=[
            (one, [_said_difference(*each) for each in sent.differences(older, one)] if older else [])
            for one, older in zip(versions, [*versions[1:], None], strict=False)
        ],
        all_sent=[(one, _period_of(one)) for one in sent.list_sent(db_session())],
        missing=[
            (one, one.address or (map_address(one.layer, one.filters, day=report.day.isoformat()) if one.layer else ""))
            for one in report.missing
        ],
        indicators=[(line, entry_address(line.code, period.first)) for line in report.indicators],
        figure_labels=FIGURES,
        language=language,
        problem=problem,
        may_inspect=current_role() in {Role.LEADER, Role.ADMIN},
    )


def _said_difference(key: str, old: str | None, new: str | None) -> tuple[str, str, str]:
    """Return what two versions tell differently in the page's language: key, before, after."""
    titles = {kind.layer.name: kind.layer.title for kind in layers()}
    said = ": ".join(translate(titles.get(part, part)) for part in key.split(": "))
    return said, _said_value(old), _said_value(new)


def _said_value(text: str | None) -> str:
    try:
        return number(Decimal(text)) if text else "–"
    except ArithmeticError:
        return str(text)


def _same_time(period: Period, span: Span) -> Period:
    """Return the period of another length that a reader of this one would look for."""
    month = period.last.month if span is Span.MONTH else 0
    return Period(span=span, year=period.year, month=month)
