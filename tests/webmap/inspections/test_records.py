"""A record stands as evidence: nothing said is lost, nothing signed changes, a correction undoes no follow-up."""

import base64
import io
import json
import re
from datetime import date, timedelta

import pytest
from PIL import Image
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from geodata.accounts.accounts import AuditEntry
from geodata.inspections.records import PaperPicture, PaperVersion, VisitPaper
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit
from tests.conftest import sign_in
from tests.factories import make_feature
from tests.pages import squeezed
from tests.visit_forms import SECRET_TEXT, begin_correction, clean_visit, finish, minutes, open_visit, save, violation


@pytest.fixture
def site(session):
    site = make_feature(
        session, FuelSite, code="S-1", name="CHXD thử", kind="petrol", address="Số 1 Trần Phú", admin_unit_code="11581"
    )
    session.commit()
    return site


@pytest.fixture
def leader(app):
    return sign_in(app, "admin")


def row(session, kind, **where):
    """Return the one row of a table as the database has it now."""
    query = select(kind).filter_by(**where).execution_options(populate_existing=True)
    return session.scalars(query).one()


def version(session, paper):
    return row(session, VisitPaper, id=paper).version


def picture(colour="red", kind="JPEG", size=(64, 48)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, kind)
    return target.getvalue()


def send_photo(client, paper, data, **form):
    return client.post(
        f"/inspections/visits/{paper}/pictures", data={"photo": (io.BytesIO(data), "a.jpg"), **form},
        headers={"X-Requested-With": "fetch"},
    )  # fmt: skip


def sign(client, paper, content, edition=1, colour="blue"):
    image = "data:image/png;base64," + base64.b64encode(picture(colour, "PNG")).decode()
    return client.post(
        f"/inspections/visits/{paper}/pictures",
        data={"signature": image, "content": json.dumps(content), "edition": edition},
        headers={"X-Requested-With": "fetch"},
    )


def unsigned(content):
    return {name: value for name, value in content.items() if name != "unsigned_reason"}


@pytest.mark.parametrize(
    ("part", "value"),
    [("article", "14"), ("clause", "2"), ("due", "2030-01-01"), ("severity", "violation"), ("severity", "minor")],
)
def test_a_finding_without_words_is_kept_and_refuses_the_end_with_its_place(session, inspector, site, day, part, value):
    paper = open_visit(inspector, site)
    answer = finish(inspector, paper, clean_visit(day, **{f"finding.b7.{part}": value}))
    assert answer.status_code == 400
    assert 'data-go="finding.b7.description"' in answer.text
    assert row(session, VisitPaper, id=paper).content[f"finding.b7.{part}"] == value
    assert session.scalar(select(InspectionVisit)) is None


def test_a_field_the_record_does_not_have_is_refused_not_dropped(inspector, site, day):
    paper = open_visit(inspector, site)
    answer = save(inspector, paper, {"note": "x", "weather": "rain"}, 1, {})
    assert answer.status_code == 400
    assert "weather" in answer.text


def test_words_that_a_save_takes_away_are_kept_as_a_version(session, inspector, site, day):
    paper = open_visit(inspector, site)
    with_finding = violation(day)
    save(inspector, paper, with_finding, 1, {})
    save(inspector, paper, clean_visit(day), 2, with_finding)
    kept = row(session, PaperVersion, paper_id=paper)
    assert (kept.reason, kept.content["finding.a1.description"]) == ("replaced", SECRET_TEXT)
    page = inspector.get(f"/inspections/visits/{paper}").text
    assert "Vi phạm hành chính" in page
    assert not re.search(r">(finding|answer)\.[a-z0-9.]+<", squeezed(page))


@pytest.mark.parametrize("name", ["answer.price", "people", "unsigned_reason", "no_position_reason"])
def test_a_record_is_finished_only_when_it_is_whole(session, inspector, leader, site, day, name):
    paper = open_visit(inspector, site)
    content = clean_visit(day)
    del content[name]
    refused = finish(inspector, paper, content)
    assert refused.status_code == 400
    assert f'data-go="{name}"' in refused.text
    demand = {"answer.price": "every_answer", "unsigned_reason": "signature", "no_position_reason": "position"}
    others = {"every_answer", "people", "signature", "position"} - {demand.get(name, name)}
    assert inspector.post("/inspections/checklists/petrol", data={"demand": sorted(others)}).status_code == 403
    assert leader.post("/inspections/checklists/petrol", data={"demand": sorted(others)}).status_code == 302
    assert finish(inspector, paper, content, version(session, paper)).status_code == 302
    assert session.scalars(select(AuditEntry).where(AuditEntry.subject == "checklist petrol")).one()


def test_a_signature_covers_the_words_that_were_signed_and_no_others(session, inspector, site, day):
    paper = open_visit(inspector, site)
    content = unsigned(violation(day))
    assert sign(inspector, paper, content).status_code == 200
    changed = content | {"note": "Thêm sau khi ký"}
    refused = finish(inspector, paper, changed)
    assert refused.status_code == 400
    assert "thay đổi sau khi ký" in refused.text
    assert finish(inspector, paper, content, version(session, paper)).status_code == 302
    words, pictures = minutes(inspector, paper)
    assert "công nhận đúng" in words
    assert pictures == 1
    assert sign(inspector, paper, changed).status_code == 409


def test_a_corrected_record_is_unsigned_until_it_is_signed_again_and_every_edition_prints(
    session, inspector, site, day
):
    paper = open_visit(inspector, site)
    content = unsigned(clean_visit(day))
    sign(inspector, paper, content)
    assert finish(inspector, paper, content).status_code == 302
    assert begin_correction(inspector, paper, "Sửa lỗi chính tả").status_code == 302
    more = unsigned(violation(day))
    assert finish(inspector, paper, more, version(session, paper)).status_code == 400
    more["unsigned_reason"] = "Cơ sở vắng mặt"
    assert finish(inspector, paper, more, version(session, paper)).status_code == 302
    words, pictures = minutes(inspector, paper)
    for told in (
        "ĐÍNH CHÍNH LẦN 1",
        "Sửa lỗi chính tả",
        "inspector-test",
        "chưa được đại diện cơ sở ký lại",
        SECRET_TEXT,
    ):
        assert told in words
    assert "công nhận đúng" not in words
    assert pictures == 0
    first, signed = minutes(inspector, paper, 1)
    assert "công nhận đúng" in first
    assert SECRET_TEXT not in first
    assert signed == 1
    assert sign(inspector, paper, more, edition=2, colour="black").status_code == 200
    assert "công nhận đúng" in minutes(inspector, paper)[0]
    assert minutes(inspector, paper, 1) == (first, signed)
    record = inspector.get(f"/inspections/visits/{paper}/editions/1").text
    assert "không còn hiệu lực" in record
    assert inspector.get(f"/inspections/visits/{paper}/editions/3").status_code == 404


def test_an_edition_prints_as_it_did_whatever_becomes_of_the_site(session, inspector, site, day):
    paper = open_visit(inspector, site)
    finish(inspector, paper, violation(day))
    before = minutes(inspector, paper, 1)
    row(session, FuelSite, id=site.id).address = "Số 99 đường khác"
    session.commit()
    assert minutes(inspector, paper, 1) == before
    for statement in (
        "UPDATE inspection_paper_version SET content = '{}'", "DELETE FROM inspection_paper_version",
        "UPDATE inspection_paper_version SET reason = 'x'", "UPDATE inspection_picture SET signed_sha256 = 'x'",
        "DELETE FROM inspection_picture",
    ):  # fmt: skip
        send_photo(inspector, open_visit(inspector, site), picture())
        with pytest.raises(DBAPIError, match="kept as they are"), session.begin_nested():
            session.execute(text(statement))


def test_a_correction_leaves_what_the_board_wrote_and_asks_where_both_changed(session, inspector, site, day):
    visited = day - timedelta(days=5)
    paper = open_visit(inspector, site)
    content = violation(visited)
    finish(inspector, paper, content)
    finding = row(session, Finding)
    extended = day + timedelta(days=40)
    inspector.post(
        f"/inspections/followup/{finding.id}", data={"remedy_due_on": extended.isoformat(), "fine_vnd": "5000000"}
    )
    begin_correction(inspector, paper, "Ghi nhầm tên")
    assert finish(inspector, paper, content | {"note": "Đã sửa"}, version(session, paper)).status_code == 302
    assert row(session, Finding).remedy_due_on == extended

    begin_correction(inspector, paper, "Sai hạn")
    other = content | {"finding.a1.due": (visited + timedelta(days=20)).isoformat()}
    refused = finish(inspector, paper, other, version(session, paper))
    assert refused.status_code == 400
    for shown in (extended, visited + timedelta(days=20)):
        assert f"{shown:%d/%m/%Y}" in refused.text
    name, value = re.search(r'name="(settle\.a1\.remedy_due_on)" value="(register:[0-9a-f]+)"', refused.text).groups()
    assert finish(inspector, paper, other | {name: value}, version(session, paper)).status_code == 302
    kept = row(session, Finding)
    assert (kept.remedy_due_on, kept.fine_vnd) == (extended, 5_000_000)
    begin_correction(inspector, paper, "Lấy hạn theo biên bản")
    third = content | {"finding.a1.due": (visited + timedelta(days=21)).isoformat()}
    chosen = {name: value.replace("register", "paper")}
    assert finish(inspector, paper, third | chosen, version(session, paper)).status_code == 302
    assert row(session, Finding).remedy_due_on == visited + timedelta(days=21)
    told = session.scalars(select(AuditEntry.details).where(AuditEntry.subject == f"finding {kept.id}")).all()
    assert f"{extended:%d/%m/%Y}" in told[-1]


def test_a_finding_with_follow_up_goes_only_when_somebody_says_so(session, inspector, site, day):
    paper = open_visit(inspector, site)
    finish(inspector, paper, violation(day))
    finding = row(session, Finding)
    inspector.post(f"/inspections/followup/{finding.id}", data={"sanction_decision_no": "12/QĐ-XPHC"})
    begin_correction(inspector, paper, "Nhầm cơ sở")
    refused = finish(inspector, paper, clean_visit(day), version(session, paper))
    assert refused.status_code == 400
    assert "12/QĐ-XPHC" in refused.text
    assert row(session, Finding).sanction_decision_no == "12/QĐ-XPHC"
    name, value = re.search(r'name="(settle\.a1\.removed)" value="(paper:[0-9a-f]+)"', refused.text).groups()
    assert finish(inspector, paper, clean_visit(day, **{name: value}), version(session, paper)).status_code == 302
    assert session.scalar(select(Finding)) is None
    removed = session.scalars(select(AuditEntry).where(AuditEntry.action == "Removed a finding by correction")).one()
    assert "12/QĐ-XPHC" in removed.details


@pytest.fixture
def rechecked(session, inspector, site, day):
    """A re-check of a violation that is remedied; returns its paper and the finding."""
    first = open_visit(inspector, site)
    finish(inspector, first, violation(day - timedelta(days=20)))
    finding = row(session, Finding)
    paper = open_visit(inspector, site, kind="recheck")
    content = {
        "visited_on": day.isoformat(), "people": "Ông B", "unsigned_reason": "Vắng", "no_position_reason": "Mất sóng",
        f"remedy.{finding.id}": "yes", f"remedy_note.{finding.id}": "Ảnh bể mới",
    }  # fmt: skip
    assert finish(inspector, paper, content).status_code == 302
    return paper, finding.id, content


def test_a_re_check_lists_what_was_found_before_with_what_is_found_now(inspector, rechecked, day):
    paper, _, _ = rechecked
    words, _ = minutes(inspector, paper)
    for told in (SECRET_TEXT, "Đã khắc phục", "Ảnh bể mới", f"{day:%d/%m/%Y}", "khoản 2 Điều 14"):
        assert told in words
    assert "Không phát hiện tồn tại." not in words
    assert SECRET_TEXT in inspector.get(f"/inspections/visits/{paper}").text


def test_a_re_check_can_be_corrected(session, inspector, rechecked):
    paper, finding, content = rechecked
    begin_correction(inspector, paper, "Bể chưa thay")
    page = inspector.get(f"/inspections/visits/{paper}").text
    assert f'name="remedy.{finding}" value="yes" checked' in squeezed(page)
    now = content | {f"remedy.{finding}": "no", f"remedy_note.{finding}": "Bể cũ còn dùng"}
    assert finish(inspector, paper, now, version(session, paper)).status_code == 302
    corrected = row(session, Finding)
    assert (corrected.remedied_on, corrected.remedy_evidence) == (None, "Bể cũ còn dùng")
    words, _ = minutes(inspector, paper)
    assert "Chưa khắc phục" in words
    assert "Đã khắc phục" in minutes(inspector, paper, 1)[0]


def test_a_re_check_answers_every_earlier_finding(session, inspector, rechecked, site, day):
    _, finding, _ = rechecked
    row(session, Finding).remedied_on = None
    session.commit()
    paper = open_visit(inspector, site, kind="recheck", planned_on=day.isoformat())
    refused = finish(inspector, paper, clean_visit(day))
    assert refused.status_code == 400
    assert f'data-go="remedy.{finding}"' in refused.text


def test_a_photo_taken_off_in_a_correction_stays_in_the_edition_that_showed_it(session, inspector, site, day):
    paper = open_visit(inspector, site)
    kept = send_photo(inspector, paper, picture(), finding="a1").json["id"]
    finish(inspector, paper, violation(day))
    assert minutes(inspector, paper)[1] == 1
    begin_correction(inspector, paper, "Ảnh nhầm")
    assert inspector.post(f"/inspections/visits/{paper}/pictures/{kept}/remove").status_code == 302
    assert f'data-id="{kept}"' not in inspector.get(f"/inspections/visits/{paper}").text
    inspector.post(f"/inspections/visits/{paper}/pictures/{kept}/remove", data={"back": "1"})
    assert f'data-id="{kept}"' in inspector.get(f"/inspections/visits/{paper}").text
    inspector.post(f"/inspections/visits/{paper}/pictures/{kept}/remove")
    assert finish(inspector, paper, violation(day), version(session, paper)).status_code == 302
    assert minutes(inspector, paper)[1] == 0
    assert minutes(inspector, paper, 1)[1] == 1
    assert inspector.get(f"/inspections/visits/{paper}/pictures/{kept}").status_code == 200


def test_a_correction_that_is_given_up_changes_nothing_and_loses_nothing(session, inspector, site, day):
    paper = open_visit(inspector, site)
    kept = send_photo(inspector, paper, picture()).json["id"]
    finish(inspector, paper, violation(day))
    begin_correction(inspector, paper, "Thử")
    before = violation(day)
    save(inspector, paper, before | {"note": "Viết dở"}, version(session, paper), before)
    inspector.post(f"/inspections/visits/{paper}/pictures/{kept}/remove")
    assert inspector.post(f"/inspections/visits/{paper}/abandon").status_code == 302
    now = row(session, VisitPaper, id=paper)
    assert (now.state, now.edition, now.content) == ("done", 1, before)
    assert row(session, PaperVersion, reason="abandoned").content["note"] == "Viết dở"
    assert row(session, PaperPicture, id=kept).removed_at is None


@pytest.mark.parametrize("kind", ["HEIF", "PNG", "WEBP"])
def test_photos_of_every_phone_are_taken(session, inspector, site, kind):
    paper = open_visit(inspector, site)
    assert send_photo(inspector, paper, picture(kind=kind)).status_code == 200
    assert row(session, PaperPicture).mimetype == "image/jpeg"


def test_a_photo_made_small_on_the_phone_keeps_its_time_and_the_hash_of_the_original(session, inspector, site):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2020:03:02 09:30:00"
    original = io.BytesIO()
    Image.new("RGB", (640, 480), "green").save(original, "JPEG", exif=exif)
    paper = open_visit(inspector, site)
    told = send_photo(
        inspector, paper, picture(), head=(io.BytesIO(original.getvalue()[:4000]), "head"), original_sha256="ab" * 32
    )
    assert told.status_code == 200
    stored = row(session, PaperPicture)
    assert stored.taken_at.date() == date(2020, 3, 2)
    assert stored.original_sha256 == "ab" * 32


@pytest.mark.parametrize("days", [-1, -9000, 9000])
def test_the_board_takes_no_deadline_before_the_finding_or_ages_after(session, inspector, site, day, days):
    paper = open_visit(inspector, site)
    finish(inspector, paper, violation(day))
    finding = row(session, Finding)
    asked = {"remedy_due_on": (day + timedelta(days=days)).isoformat()}
    assert inspector.post(f"/inspections/followup/{finding.id}", data=asked).status_code == 400


@pytest.mark.parametrize(
    ("on", "decree"), [("2020-03-02", "97/2013"), ("2020-10-10", "97/2013"), ("2020-10-11", "99/2020")]
)
def test_the_decree_offered_is_that_of_the_day_of_the_visit(inspector, site, on, decree):
    paper = open_visit(inspector, site)
    save(inspector, paper, {"visited_on": on}, 1, {})
    page = inspector.get(f"/inspections/visits/{paper}").text
    assert set(re.findall(r'\.act" value="Nghị định ([0-9/]+)/NĐ-CP', page)) == {decree}


def test_a_certificate_of_a_later_day_counts_from_that_day_on_every_page(session, inspector, site, day):
    row(session, FuelSite, id=site.id).certificate_no = "GCN-MỚI"
    row(session, FuelSite, id=site.id).certificate_issued_on = day + timedelta(days=30)
    session.commit()
    states = {
        inspector.get(f"/api/layers/fuel_sites/features?q=S-1{day_asked}").json["features"][0]["properties"][
            "certificate_state"
        ]
        for day_asked in ("", f"&as_of={day.isoformat()}")
    }
    assert states == {"unknown"}
    assert f"{day + timedelta(days=30):%d/%m/%Y}" in inspector.get(f"/layers/fuel_sites/features/{site.id}/panel").text


def test_last_times_answers_are_shown_and_never_filled_in_silently(inspector, site, day):
    first = open_visit(inspector, site)
    earlier = day - timedelta(days=3)
    finish(inspector, first, clean_visit(earlier, **{"answer.fire": "na", "remark.fire": "Miễn"}))
    page = inspector.get(f"/inspections/visits/{open_visit(inspector, site)}").text
    page = squeezed(page)
    assert 'data-answer="na" data-remark="Miễn"' in page
    assert f"{earlier:%d/%m/%Y}" in page
    assert not re.search(r'name="answer\.[a-z_]+" value="[a-z_]+" checked', page)
