"""The inspection pages over HTTP: who may see what, drafts and conflicts, follow-up, papers, routes, the audit log."""

import io
import re
import zipfile
from datetime import date, timedelta

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from geodata.accounts.access import create_user
from geodata.accounts.accounts import AuditEntry
from geodata.inspections.records import (
    CampaignMember,
    InspectionCampaign,
    InspectionTarget,
    PaperVersion,
    VisitPaper,
)
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit
from tests.conftest import PASSWORD, sign_in
from tests.factories import make_feature
from tests.pages import squeezed
from tests.visit_forms import SECRET_TEXT, begin_correction, clean_visit, finish, open_visit, violation


@pytest.fixture
def site(session):
    site = make_feature(
        session, FuelSite, code="S-1", name="CHXD thử", kind="petrol", certificate_record="never_issued",
        tax_code="0100000001", contact_phone="0225 000 111", admin_unit_code="11581", tank_volume_m3=120,
    )  # fmt: skip
    session.commit()
    return site


@pytest.fixture
def leader(app):
    return sign_in(app, "admin")


@pytest.fixture
def found(session, inspector, site, day):
    """A finished visit with a violation whose deadline has passed."""
    visited = day - timedelta(days=30)
    paper = open_visit(inspector, site)
    assert finish(inspector, paper, violation(visited)).status_code == 302
    return paper


def test_a_finished_visit_writes_the_register_and_changes_the_state(session, inspector, site, found):
    visit = session.scalars(select(InspectionVisit)).one()
    finding = session.scalars(select(Finding)).one()
    assert finding.article == "khoản 2 Điều 14 Nghị định 99/2020/NĐ-CP"
    assert finding.visit_id == visit.id
    page = inspector.get(f"/inspections/sites/{site.id}").text
    assert "Quá hạn khắc phục" in page
    assert SECRET_TEXT in page
    before = inspector.get(f"/inspections/sites/{site.id}?on={visit.visited_on - timedelta(days=1)}").text
    assert "Chưa ghi nhận lần kiểm tra nào" in before


def test_a_visit_without_what_it_needs_is_not_finished_but_kept(session, inspector, site, day):
    paper = open_visit(inspector, site)
    answer = finish(inspector, paper, violation(day, **{"finding.a1.article": "", "finding.a1.due": ""}))
    assert answer.status_code == 400
    assert "Vi phạm phải có thời hạn khắc phục" in answer.text
    assert session.scalar(select(InspectionVisit)) is None
    assert SECRET_TEXT in inspector.get(f"/inspections/visits/{paper}").text


def test_a_visit_cannot_lie_in_the_future(inspector, site, day):
    paper = open_visit(inspector, site)
    answer = finish(inspector, paper, violation(day, visited_on=(day + timedelta(days=1)).isoformat()))
    assert answer.status_code == 400


def test_a_violation_and_personal_data_reach_neither_planner_nor_public(app, session, site, found, demo_login):
    for role in ("public", "planner"):
        client = sign_in(app, role)
        texts = [
            client.get(address).get_data()
            for address in (
                "/api/layers", "/api/layers/fuel_sites/facets", "/api/layers/fuel_sites/features",
                f"/api/layers/fuel_sites/features/{site.id}", f"/layers/fuel_sites/features/{site.id}/popup",
                f"/layers/fuel_sites/features/{site.id}/panel", "/api/search?q=pha+nuoc", "/api/search?q=CHXD",
                "/layers/fuel_sites/export?format=geojson", "/layers/fuel_sites/export?format=csv",
            )
        ]  # fmt: skip
        for answer in texts:
            for secret in (SECRET_TEXT, "0225 000 111", "Điều 14", "inspector-test"):
                assert secret.encode() not in answer
            if role == "public":
                assert b"remedy_overdue" not in answer
                assert b"0100000001" not in answer
        for address in (
            "/inspections", "/inspections/worklist", "/inspections/followup", f"/inspections/sites/{site.id}",
            f"/inspections/visits/{found}", f"/inspections/visits/{found}/minutes.pdf", "/inspections/worklist/table.xlsx",
        ):  # fmt: skip
            assert client.get(address).status_code in {302, 403}
        assert client.get("/api/layers/fuel_sites/features?findings=1").status_code == 400
    public = app.test_client()
    assert public.get("/api/layers/fuel_sites/features?inspection_status=violation").status_code == 400


def test_somebody_else_s_visit_opens_only_with_its_campaign_or_for_a_leader(app, session, inspector, leader, site, day):
    campaign = InspectionCampaign(number="1/KH", title="Thử", field="petrol")
    session.add(campaign)
    session.flush()
    session.add(CampaignMember(campaign_id=campaign.id, account_name="inspector-test"))
    session.commit()
    own = open_visit(inspector, site)
    joint = open_visit(inspector, site, campaign=campaign.id, planned_on=(day + timedelta(days=1)).isoformat())
    other = other_inspector(app)
    assert other.get(f"/inspections/visits/{own}").status_code == 404
    assert other.get(f"/inspections/visits/{joint}").status_code == 404
    assert other.get(f"/inspections/campaigns/{campaign.id}").status_code == 404
    assert leader.get(f"/inspections/visits/{own}").status_code == 200
    session.add(CampaignMember(campaign_id=campaign.id, account_name="other-test"))
    session.commit()
    assert other.get(f"/inspections/visits/{joint}").status_code == 200
    assert other.get(f"/inspections/visits/{own}").status_code == 404


def other_inspector(app):
    from sqlalchemy.orm import Session

    with Session(app.extensions["database"].bind, join_transaction_mode="create_savepoint") as session:
        create_user(session, name="other-test", role="inspector", password=PASSWORD)
        session.commit()
    client = app.test_client()
    client.post("/login", data={"username": "other-test", "password": PASSWORD})
    return client


def test_two_drafts_are_merged_and_what_both_wrote_is_a_conflict(session, inspector, leader, site):
    paper = open_visit(inspector, site)
    draft = f"/inspections/visits/{paper}/draft"
    first = leader.put(draft, json={"version": 1, "base": {}, "content": {"note": "B", "people": "X"}})
    assert first.status_code == 200
    second = inspector.put(draft, json={"version": 1, "base": {}, "content": {"note": "A", "leader": "Y"}})
    assert second.status_code == 409
    told = second.get_json()
    assert [(c["name"], c["mine"], c["theirs"]) for c in told["conflicts"]] == [("note", "A", "B")]
    assert told["content"] == {"note": "B", "people": "X", "leader": "Y"}
    kept = {row.reason: row.content for row in session.scalars(select(PaperVersion))}
    assert kept["conflict"] == {"note": "A", "leader": "Y"}
    resolved = inspector.put(
        draft, json={"version": told["version"], "base": told["content"], "content": {**told["content"], "note": "A"}}
    )
    assert resolved.get_json()["conflicts"] == []


def test_a_correction_needs_a_reason_keeps_the_old_version_and_the_follow_up(session, inspector, site, found):
    finding = session.scalars(select(Finding)).one()
    finding.fine_vnd = 25_000_000
    session.commit()
    assert begin_correction(inspector, found, " ").status_code == 400
    assert begin_correction(inspector, found, "Ghi nhầm").status_code == 302
    content = violation(finding.found_on, **{"finding.a1.description": "Đã sửa lại"})
    version = session.scalars(select(VisitPaper).execution_options(populate_existing=True)).one().version
    assert finish(inspector, found, content, version).status_code == 302
    row = session.scalars(select(Finding).execution_options(populate_existing=True)).one()
    assert (row.description, row.fine_vnd) == ("Đã sửa lại", 25_000_000)
    kept = list(session.scalars(select(PaperVersion).order_by(PaperVersion.id)))
    assert kept[0].content["finding.a1.description"] == SECRET_TEXT
    assert kept[-1].reason == "Ghi nhầm"


def test_overdue_remedies_are_on_the_board_until_the_re_check(session, inspector, site, found, day):
    assert site.name in inspector.get("/inspections/followup").text
    finding = session.scalars(select(Finding)).one()
    recheck = open_visit(inspector, site, kind="recheck")
    content = clean_visit(day, **{f"remedy.{finding.id}": "yes", f"remedy_note.{finding.id}": "Ảnh mới"})
    assert finish(inspector, recheck, content).status_code == 302
    assert site.name not in inspector.get("/inspections/followup").text
    assert site.name in inspector.get("/inspections/followup?due=remedied").text


def test_a_follow_up_is_checked_and_told_in_the_audit_log(session, inspector, found, day):
    finding = session.scalars(select(Finding)).one()
    refused = inspector.post(f"/inspections/followup/{finding.id}", data={"remedied_on": day.isoformat()})
    assert refused.status_code == 400
    inspector.post(
        f"/inspections/followup/{finding.id}",
        data={"fine_vnd": "25.000.000", "sanction_decision_no": "12/QĐ-XPHC", "remedy_due_on": day.isoformat()},
    )
    entries = session.scalars(select(AuditEntry).where(AuditEntry.subject == f"finding {finding.id}")).all()
    assert "Tiền phạt (VND): – → 25.000.000" in entries[-1].details
    refused = inspector.post(f"/inspections/followup/{finding.id}", data={"fine_vnd": "x"})
    assert "fine_vnd" not in re.search(r"role=\"alert\">([^<]+)<", refused.text)[1]


def test_nobody_can_edit_the_audit_log(session, found):
    for statement in ("UPDATE audit_entry SET details = 'x'", "DELETE FROM audit_entry"):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(text(statement))


def test_text_from_inspectors_is_shown_as_text(inspector, site, day):
    paper = open_visit(inspector, site)
    content = violation(day, **{"finding.a1.description": "<script>alert(1)</script>", "note": "{{ 7 * 7 }}${8}"})
    inspector.put(f"/inspections/visits/{paper}/draft", json={"version": 1, "content": content})
    page = inspector.get(f"/inspections/visits/{paper}").text
    assert "<script>alert(1)" not in page
    finish(inspector, paper, content, 2)
    for address in (f"/inspections/visits/{paper}", f"/inspections/sites/{site.id}", "/inspections/followup?due=soon"):
        assert "<script>alert(1)" not in inspector.get(address).text


def test_papers_come_as_docx_and_pdf_with_the_same_words(inspector, leader, found):
    docx = inspector.get(f"/inspections/visits/{found}/minutes.docx").data
    document = Document(io.BytesIO(docx))
    words = " ".join(p.text for p in document.paragraphs)
    cells = " ".join(cell.text for table in document.tables for row in table.rows for cell in row.cells)
    assert "BIÊN BẢN KIỂM TRA" in words
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in cells
    assert SECRET_TEXT in cells
    assert inspector.get(f"/inspections/visits/{found}/minutes.pdf").data.startswith(b"%PDF-")
    assert inspector.get(f"/inspections/visits/{found}/minutes.exe").status_code == 404


def test_a_campaign_shows_progress_clash_and_waiver_and_its_papers(session, inspector, site, day):
    second = make_feature(session, FuelSite, kind="petrol", name="CHXD hai")
    session.commit()
    made = inspector.post(
        "/inspections/campaigns",
        data={"number": "7/KH-SCT", "title": "Xăng dầu", "field": "petrol", "site": [site.id, second.id],
              "starts_on": (day - timedelta(days=60)).isoformat(), "ends_on": (day - timedelta(days=1)).isoformat()},
    )  # fmt: skip
    campaign = int(made.location.rsplit("/", 1)[1])
    inspector.post(
        "/inspections/campaigns", data={"number": "8/KH-SCT", "title": "Khác", "field": "petrol", "site": [site.id]}
    )
    page = inspector.get(f"/inspections/campaigns/{campaign}").text
    assert "trùng với 8/KH-SCT" in page
    assert re.search(r"<strong>0/2</strong>", page)
    assert re.search(r"<strong>2</strong> quá hạn", page)
    inspector.post(f"/inspections/campaigns/{campaign}/targets/{second.id}/waive", data={"reason": "Đã giải thể"})
    assert "Đã giải thể" in inspector.get(f"/inspections/campaigns/{campaign}").text
    paper = open_visit(inspector, site, campaign=campaign)
    finish(inspector, paper, clean_visit(day - timedelta(days=3)))
    assert "<strong>1/1</strong>" in inspector.get(f"/inspections/campaigns/{campaign}").text
    for kind in ("targets", "summary"):
        for suffix in ("docx", "pdf"):
            assert inspector.get(f"/inspections/campaigns/{campaign}/{kind}.{suffix}").status_code == 200
    again = inspector.post("/inspections/campaigns", data={"number": "7/KH-SCT", "title": "x", "field": "petrol"})
    assert again.status_code == 400


def test_a_list_as_xlsx_holds_text_not_formulas(session, inspector):
    make_feature(session, FuelSite, kind="petrol", name='=HYPERLINK("x")')
    session.commit()
    book = load_workbook(io.BytesIO(inspector.get("/inspections/worklist/table.xlsx").data))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value == '=HYPERLINK("x")']
    assert cells
    assert cells[0].data_type in {"s", "inlineStr", "f"}
    with zipfile.ZipFile(io.BytesIO(inspector.get("/inspections/worklist/table.xlsx").data)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_a_list_as_xlsx_keeps_the_order_of_the_screen_with_vietnamese_heads_and_days(session, inspector, day):
    for lon, name in ((106.9, "Xa nhất"), (106.7, "Gần nhất"), (106.8, "Ở giữa")):
        site = make_feature(session, FuelSite, kind="petrol", name=name, lon=lon)
        session.add(InspectionVisit(feature_id=site.id, visited_on=day, kind="unplanned"))
    session.commit()
    data = inspector.get("/inspections/worklist/table.xlsx?here=106.69,20.86&order=near").data
    sheet = load_workbook(io.BytesIO(data)).active
    heads, *rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]
    assert heads[3] == "Tên"
    assert not {"lon", "lat"} & set(heads)
    assert [row[3] for row in rows] == ["Gần nhất", "Ở giữa", "Xa nhất"]
    assert [row[8].date() for row in rows] == [day] * 3


def test_the_worklist_ranks_by_reasons_and_filters(session, inspector, site, found):
    make_feature(session, FuelSite, kind="petrol", name="CHXD yên", certificate_issued_on=date(2999, 1, 1))
    session.commit()
    page = inspector.get("/inspections/worklist").text
    assert "csrf_token" not in page  # its forms only ask; a token would stand in their address
    assert page.index(site.name) < page.index("CHXD yên")
    assert "Chưa từng được cấp giấy chứng nhận" in page
    assert "CHXD yên" not in inspector.get("/inspections/worklist?certificate_state=never_issued").text
    assert "CHXD yên" not in inspector.get("/inspections/worklist?min_volume=100").text
    assert site.name not in inspector.get("/inspections/worklist?visited=never").text
    assert inspector.get("/inspections/worklist?visited=sometimes").status_code == 400
    assert inspector.get("/inspections/worklist?unknown=1").status_code == 400
    assert inspector.get("/inspections/worklist?here=1,2,3").status_code == 400
    assert "km" in inspector.get("/inspections/worklist?here=106.68,20.86&order=near").text


def test_only_the_leader_changes_weights_and_every_version_stays(inspector, leader, site):
    assert inspector.post("/inspections/worklist/weights", data={"never_issued": 1}).status_code == 403
    assert leader.post("/inspections/worklist/weights", data={"never_issued": 99, "note": "Thử"}).status_code == 302
    page = inspector.get("/inspections/worklist/weights").text
    assert re.search(r"<li>v\d+ · .*Thử</li>", squeezed(page))
    assert 'value="99"' in page
    assert leader.post("/inspections/worklist/weights", data={"never_issued": 5000}).status_code == 400


def test_the_worklist_is_of_today_and_near_needs_a_place(session, inspector, site):
    assert site.name in inspector.get("/inspections/worklist?km=5&here=106.68,20.86").text
    assert site.name not in inspector.get("/inspections/worklist?km=5&here=107.5,20.86").text
    for query in ("km=5", "as_of=2020-01-01", "kind=%00", "product=" + "x" * 200 + "&km=1"):
        assert inspector.get(f"/inspections/worklist?{query}").status_code == 400
    assert inspector.get("/inspections/worklist?limit=1&product=%25").status_code == 200
    assert site.name in inspector.get("/inspections/worklist?tank_volume_m3=100..130&admin_unit_code=11581&q=chxd").text


def test_the_calendar_feed_needs_its_secret_and_shows_no_findings(app, session, inspector, site, found):
    address = re.search(r"https?://[^<]+\.ics", inspector.post("/inspections/calendar").text)[0]
    path = "/" + address.split("/", 3)[3]
    feed = app.test_client().get(path)
    assert feed.mimetype == "text/calendar"
    assert "BEGIN:VEVENT" in feed.text
    assert SECRET_TEXT not in feed.text
    assert all(len(line.encode()) <= 75 for line in feed.text.split("\r\n"))
    assert app.test_client().get("/inspections/calendar/wrong.ics").status_code == 404
    inspector.post("/inspections/calendar")
    assert app.test_client().get(path).status_code == 404


def test_the_demo_tells_the_three_campaigns_of_2020(demo_login):
    page = demo_login("inspector").get("/inspections").text
    for number, told in (("179/QĐ-SCT", "6/10"), ("220/KH-SCT", "5/18"), ("2810/QĐ-UBND", "7/10")):
        assert number in page
        assert f"đã kiểm tra {told}" in page


def test_forms_need_their_token(app, inspector, site):
    app.config["WTF_CSRF_ENABLED"] = True
    assert inspector.post("/inspections/visits", data={"site": site.id}).status_code == 400
    assert inspector.put("/inspections/visits/1/draft", json={"version": 1, "content": {}}).status_code == 400


def test_a_target_is_kept_once(session, inspector, site):
    made = inspector.post(
        "/inspections/campaigns", data={"number": "9", "title": "x", "field": "petrol", "site": site.id}
    )
    inspector.post(f"{made.location}/targets", data={"site": [site.id, site.id]})
    assert len(session.scalars(select(InspectionTarget)).all()) == 1


def test_a_finished_visit_tells_its_days_as_the_language_writes_them(session, inspector, site):
    paper = VisitPaper(
        feature_id=site.id, kind="unplanned", state="done", inspector="inspector-test", planned_on=date(2020, 3, 2),
        saved_by="inspector-test",
        content={"visited_on": "2020-03-02", "finding.a.severity": "minor", "finding.a.description": "x", "finding.a.due": "2020-03-12"},
    )  # fmt: skip
    session.add(paper)
    session.commit()
    page = inspector.get(f"/inspections/visits/{paper.id}").text
    assert "02/03/2020" in page
    assert "hạn 12/03/2020" in page
    row = inspector.get("/inspections/visits?day=2020-03-02").text
    assert "Mở" in row
    assert "Đang hoạt động" not in row
