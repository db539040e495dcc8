"""What an inspector fills into the form of a visit, and whole records, for tests."""

import io
from datetime import date, timedelta

from docx import Document
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.inspections.checklists import checklist
from geodata.inspections.complaints import enter_complaint
from geodata.inspections.facts import today
from geodata.inspections.finishing import finish_visit
from geodata.inspections.issued import issue_paper
from geodata.inspections.records import InspectionCampaign, VisitPaper
from geodata.inspections.rights import Person
from geodata.inspections.visits import correct_visit, plan_visit
from geodata.layers.fuel_sites import FuelSite

SECRET_TEXT = "Bán xăng pha nước bí mật"


def clean_visit(day: date, **changes: str) -> dict[str, str]:
    """Return all that the default demands of a petrol store's record ask for, without a finding."""
    answers = {f"answer.{item.key}": "ok" for item in checklist("petrol")}
    fields = {
        "visited_on": day.isoformat(), "people": "Nguyễn Văn A, cửa hàng trưởng", **answers,
        "unsigned_reason": "Ký trên bản giấy", "no_position_reason": "Máy không có định vị",
    }  # fmt: skip
    return fields | changes


def violation(day: date, **changes: str) -> dict[str, str]:
    """Return a whole record with one violation, due ten days later."""
    fields = clean_visit(day) | {
        "finding.a1.severity": "violation", "finding.a1.description": SECRET_TEXT,
        "finding.a1.act": "Nghị định 99/2020/NĐ-CP", "finding.a1.article": "14", "finding.a1.clause": "2",
        "finding.a1.due": (day + timedelta(days=10)).isoformat(),
    }  # fmt: skip
    return fields | changes


def open_visit(client, site, **form) -> int:
    """Open the paper of a visit and return its id."""
    answer = client.post("/inspections/visits", data={"site": site.id, **form})
    assert answer.status_code == 302, answer.text
    return int(answer.location.rsplit("/", 1)[1])


def finish(client, paper, content, version=1, **form):
    """Send the form with “finish”."""
    return client.post(f"/inspections/visits/{paper}", data={**content, "version": version, "action": "finish", **form})


def save(client, paper, content, version, base):
    """Save a draft as the page's script does; return the answer."""
    return client.put(f"/inspections/visits/{paper}/draft", json={"version": version, "content": content, "base": base})


def begin_correction(client, paper, reason):
    """Open a finished record for a correction."""
    return client.post(f"/inspections/visits/{paper}/correct", data={"reason": reason})


def make_records(session: Session, person: Person) -> list[VisitPaper]:
    """Make what the illustration lacks: a record with a correction, one being corrected, one planned; a complaint; a number.

    Of three petrol stores of the demo data, by one inspector, today.
    """
    day = today(session)
    sites = session.scalars(select(FuelSite.id).where(FuelSite.kind == "petrol").order_by(FuelSite.id).limit(3))
    papers = [plan_visit(session, person, site, planned_on=day) for site in sites]
    for paper in papers[:2]:
        finish_visit(session, person, paper.id, version=1, raw=violation(day))
        correct_visit(session, person, paper.id, reason="Ghi nhầm")
    finish_visit(session, person, papers[0].id, version=papers[0].version, raw=violation(day, note="Bốn cột bơm"))
    complaint = {
        "received_on": day.isoformat(),
        "channel": "phone",
        "topic": "price",
        "about": "Bán cao hơn giá niêm yết",
    }
    enter_complaint(session, person, papers[2].feature_id, complaint)
    campaign = session.scalars(select(InspectionCampaign.id).order_by(InspectionCampaign.id)).first()
    issue_paper(session, person, campaign or 0, "targets", on=day, office="Sở Công Thương")
    return papers


def minutes(client: FlaskClient, paper: int, edition: int | None = None) -> tuple[str, int]:
    """Return the words of the minutes, and how many pictures stand in them."""
    address = f"/inspections/visits/{paper}/minutes.docx" + (f"?edition={edition}" if edition else "")
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    document = Document(io.BytesIO(answer.data))
    cells = [cell.text for table in document.tables for line in table.rows for cell in line.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells]), len(document.inline_shapes)
