"""Papers to sign and send: minutes of a visit, target list and summary of a campaign, as DOCX, PDF and XLSX."""

import io

from flask import Blueprint, Response, current_app, send_file
from werkzeug.exceptions import NotFound

from geodata.inspections import campaigns, facts, papers, visits
from geodata.inspections.checklists import checklist
from geodata.inspections.rights import get_campaign, get_paper
from geodata.inspections.tables import write_targets
from webmap.auth import allow
from webmap.extensions import db_session
from webmap.i18n import DEFAULT_LANGUAGE, translate
from webmap.papers import send_paper
from webmap.views.inspections_common import INSPECTORS, current_day, person

blueprint = Blueprint("papers", __name__, url_prefix="/inspections")

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/visits/<int:paper_id>/minutes.<format>")
@allow(*INSPECTORS)
def minutes(paper_id: int, format: str) -> Response:
    """Answer the minutes of a visit."""
    session = db_session()
    paper = get_paper(session, person(), paper_id)
    site = facts.get_site(session, paper.feature_id)
    labels = {item.key: translate(item.text, DEFAULT_LANGUAGE) for item in checklist(site.kind)}
    written = papers.visit_minutes(
        paper, site, visits.list_pictures(session, paper_id), office=_office(), labels=labels
    )
    return send_paper(written, f"bien-ban-{paper_id}", format)


@blueprint.get("/campaigns/<int:campaign_id>/<kind>.<format>")
@allow(*INSPECTORS)
def campaign_paper(campaign_id: int, kind: str, format: str) -> Response:
    """Answer the target list or the summary of a campaign."""
    session, day = db_session(), current_day()
    campaign = get_campaign(session, person(), campaign_id)
    build = {"targets": papers.target_list, "summary": papers.campaign_summary}.get(kind)
    if build is None:
        raise NotFound
    progress = campaigns.progress(session, campaign, day)
    written = build(progress, campaigns.list_targets(session, campaign, day), office=_office(), on=day)
    name = {"targets": "danh-sach", "summary": "bao-cao"}[kind]
    return send_paper(written, f"{name}-{campaign_id}", format)


@blueprint.get("/campaigns/<int:campaign_id>/targets.xlsx")
@allow(*INSPECTORS)
def campaign_table(campaign_id: int) -> Response:
    """Answer the targets of a campaign as XLSX."""
    session = db_session()
    campaign = get_campaign(session, person(), campaign_id)
    rows = campaigns.list_targets(session, campaign, current_day())
    content = write_targets(rows, translate=translate, title=f"{campaign.number}: {campaign.title}")
    return send_file(
        io.BytesIO(content), download_name=f"ke-hoach-{campaign_id}.xlsx", as_attachment=True, mimetype=_XLSX
    )


def _office() -> str:
    name: str = current_app.config["SETTINGS"].department_name
    return name.upper()
