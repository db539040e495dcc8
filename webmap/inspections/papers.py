"""Papers to sign and send: minutes of a visit, target list and summary of a campaign, as DOCX, PDF and XLSX."""

from flask import Blueprint, Response, current_app, redirect, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from geodata.export.wording import Wording
from geodata.inspections import campaigns, issued, papers
from geodata.inspections.issued import SIGNS
from geodata.inspections.minutes import visit_minutes
from geodata.inspections.rights import get_campaign, get_paper
from geodata.inspections.tables import targets_table
from geodata.inspections.versions import read_record
from webmap.app.auth import allow
from webmap.app.extensions import db_session
from webmap.app.gate import dear
from webmap.app.i18n import translate
from webmap.app.papers import send_form, send_paper, wanted_wording
from webmap.inspections.files import send_table
from webmap.inspections.form_fields import INSPECTORS, current_day, number_field, person
from webmap.inspections.forms import filled_summary

blueprint = Blueprint("papers", __name__, url_prefix="/inspections")

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FILES = {"targets": "danh-sach", "summary": "bao-cao"}


@blueprint.get("/visits/<int:paper_id>/minutes.<format>")
@allow(*INSPECTORS)
@dear
def minutes(paper_id: int, format: str) -> Response:
    """Answer the minutes of a visit: of the edition in force, or of the one asked for."""
    session, wording = db_session(), wanted_wording()
    paper = get_paper(session, person(), paper_id)
    record = read_record(session, paper, number_field("edition"))
    written = visit_minutes(record, wording, office=_office(wording))
    suffix = f"-{record.edition}" if record.edition else "-nhap"
    return send_paper(written, f"bien-ban-{paper_id}{suffix}{_mark(wording)}", format)


@blueprint.get("/campaigns/<int:campaign_id>/<kind>.<format>")
@allow(*INSPECTORS)
@dear
def campaign_paper(campaign_id: int, kind: str, format: str) -> Response:
    """Answer the target list or the summary of a campaign: a numbered one as it was issued, else a draft of today."""
    session, day, wording = db_session(), current_day(), wanted_wording()
    campaign = get_campaign(session, person(), campaign_id)
    if kind not in SIGNS:
        raise NotFound
    number, name = f"……/{SIGNS[kind]}", f"{_FILES[kind]}-{campaign_id}-du-thao"
    if (paper_id := number_field("issued")) is not None:
        row, facts = issued.get_issued(session, campaign_id, kind, paper_id)
        number, day, name = row.number, row.issued_on, f"{_FILES[kind]}-{row.number.replace('/', '-')}"
    else:
        facts = issued.current_facts(session, campaign, day, office=_own_name())
    name += _mark(wording)
    if kind == "summary":
        filled = filled_summary(facts, wording, office=_office(wording), number=number, on=day)
        return send_form(session, filled, name, format, wording)
    return send_paper(papers.target_list(facts, wording, office=_office(wording), number=number, on=day), name, format)


@blueprint.post("/campaigns/<int:campaign_id>/<kind>/issue")
@allow(*INSPECTORS)
def issue(campaign_id: int, kind: str) -> ResponseReturnValue:
    """Give a paper its number and keep what it says."""
    issued.issue_paper(db_session(), person(), campaign_id, kind, on=current_day(), office=_own_name())
    db_session().commit()
    return redirect(url_for("inspections.campaign", campaign_id=campaign_id, _anchor="papers"))


@blueprint.get("/campaigns/<int:campaign_id>/targets.xlsx")
@allow(*INSPECTORS)
@dear
def campaign_table(campaign_id: int) -> Response:
    """Answer the targets of a campaign as XLSX."""
    session = db_session()
    campaign = get_campaign(session, person(), campaign_id)
    rows = campaigns.list_targets(session, campaign, current_day())
    return send_table(
        targets_table(rows, translate=translate, title=f"{campaign.number}: {campaign.title}"),
        f"ke-hoach-{campaign_id}.xlsx",
    )


def _office(wording: Wording) -> str:
    settings = current_app.config["SETTINGS"]
    name: str = settings.department_name if wording.is_in_force else settings.department_name_en
    return name.upper()


def _own_name() -> str:
    name: str = current_app.config["SETTINGS"].department_name
    return name


def _mark(wording: Wording) -> str:
    return "" if wording.is_in_force else f"-{wording.language}"
