"""The form of administrative papers (Decree 30/2020/NĐ-CP): letterhead, motto, number, day, addressee, signatures."""

import io
import os
import re
import shutil
import subprocess
from collections import Counter
from datetime import date, timedelta
from statistics import mean

import pytest
from docx import Document
from PIL import Image, ImageChops, ImageFilter, ImageStat
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from geodata.export.papers import write_docx, write_pdf
from geodata.inspections.facts import today
from geodata.inspections.finishing import finish_visit
from geodata.inspections.issued import IssuedPaper, current_facts, get_issued, issue_paper
from geodata.inspections.minutes import visit_minutes
from geodata.inspections.papers import target_list
from geodata.inspections.pictures import add_photo
from geodata.inspections.records import InspectionCampaign, InspectionTarget
from geodata.inspections.rights import Person
from geodata.inspections.versions import read_record
from geodata.inspections.visits import correct_visit, plan_visit
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.visits import Finding, VisitKind
from geodata.photos.reading import read_photo
from geodata.schema.roles import Role
from tests.factories import make_feature
from tests.visit_forms import clean_visit, violation
from webmap.app.papers import wording
from webmap.inspections.forms import campaign_summary

LEADER = Person(name="admin-test", role=Role.ADMIN)
OFFICE = "SỞ CÔNG THƯƠNG THÀNH PHỐ HẢI PHÒNG"
ON = date(2020, 3, 2)


@pytest.fixture
def campaign(session):
    campaign = InspectionCampaign(
        number="12/KH-SCT", title="Kiểm tra thử", field="petrol", authority="Ủy ban nhân dân thành phố",
        decided_on=date(2020, 2, 7),
    )  # fmt: skip
    session.add(campaign)
    session.flush()
    for number in range(40):
        site = make_feature(session, FuelSite, name=f"Cửa hàng {number} <b>&", kind="petrol")
        session.add(InspectionTarget(campaign_id=campaign.id, feature_id=site.id))
    session.flush()
    return campaign


def build(session, campaign, kind, language="vi"):
    facts = current_facts(session, campaign, ON, office=OFFICE)
    return kind(facts, wording(language), office=OFFICE, number="……/DS-SCT", on=ON)


def texts(content):
    document = Document(io.BytesIO(content))
    cells = [cell for table in (*document.tables[:2], document.tables[-1]) for cell in table.rows[0].cells]
    return [paragraph.text for cell in cells for paragraph in cell.paragraphs] + [p.text for p in document.paragraphs]


def test_a_report_has_letterhead_addressee_recipients_and_one_signature(session, campaign):
    said = texts(write_docx(build(session, campaign, campaign_summary)))
    for line in (
        "ỦY BAN NHÂN DÂN", "SỞ CÔNG THƯƠNG", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc",
        "Số: ……/DS-SCT", "Hải Phòng, ngày 02 tháng 3 năm 2020", "Kính gửi: Ủy ban nhân dân thành phố",
        "Nơi nhận:", "- Lưu: VT.", "GIÁM ĐỐC", "(Ký, ghi rõ họ tên)",
    ):  # fmt: skip
        assert line in said, line


def test_a_list_is_attached_to_its_plan_and_bears_no_number_of_it(session, campaign):
    said = texts(write_docx(build(session, campaign, target_list)))
    assert "(Kèm theo văn bản số 12/KH-SCT ngày 07/02/2020 của Ủy ban nhân dân thành phố)" in said
    assert "Số: ……/DS-SCT" in said


@pytest.mark.parametrize("kind", [target_list, campaign_summary])
def test_a_paper_of_many_rows_becomes_a_pdf(session, campaign, kind):
    assert write_pdf(build(session, campaign, kind)).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("on", "written"),
    [(date(2024, 2, 29), "ngày 29 tháng 02 năm 2024"), (date(2020, 10, 5), "ngày 05 tháng 10 năm 2020")],
)
def test_days_are_written_as_the_decree_has_it(session, campaign, on, written):
    paper = target_list(
        current_facts(session, campaign, ON, office=OFFICE), wording(), office=OFFICE, number="1/DS-SCT", on=on
    )
    assert f"Hải Phòng, {written}" in texts(write_docx(paper))


class Laid:
    """A paper as pages: what LibreOffice makes of the DOCX, and the PDF, each with the words and a small picture."""

    def __init__(self, folder, name):
        self.docx, self.pdf = pages(folder / "docx" / f"{name}.pdf"), pages(folder / f"{name}.pdf")


def pages(path):
    read = subprocess.run(["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True, text=True)
    subprocess.run(["pdftoppm", "-r", "30", "-gray", str(path), str(path.with_suffix(""))], check=True)
    pictures = [Image.open(found) for found in sorted(path.parent.glob(f"{path.stem}-*.pgm"))]
    return list(zip(read.stdout.split("\f")[:-1], pictures, strict=True))


def lay_out(papers, folder):
    """Return papers by name as pages; one start of LibreOffice for all of them."""
    if not all(shutil.which(program) for program in ("soffice", "pdftotext", "pdftoppm")):
        pytest.skip("needs LibreOffice Writer and poppler, which the set-up installs with apt as root")
    for name, paper in papers.items():
        (folder / f"{name}.docx").write_bytes(write_docx(paper))
        (folder / f"{name}.pdf").write_bytes(write_pdf(paper))
    files = [str(folder / f"{name}.docx") for name in papers]
    command = ["soffice", "--headless", "--convert-to", "pdf", "--outdir", str(folder / "docx"), *files]
    environment = {**os.environ, "HOME": str(folder)}
    subprocess.run(command, check=True, env=environment, timeout=300, capture_output=True)
    return {name: Laid(folder, name) for name in papers}


def difference(one, other):
    """Return the mean difference of two pages in grey levels, blurred so that a line's breadth does not count."""
    blurred = (picture.filter(ImageFilter.GaussianBlur(5)) for picture in (one, other))
    return ImageStat.Stat(ImageChops.difference(*blurred)).mean[0]


def shared(one, other):
    """Return the part of the words that two pages have in common."""
    words, others = Counter(one.split()), Counter(other.split())
    return (words & others).total() / max(words.total(), others.total())


def minutes_of(session):
    """Return the minutes of a visit with a photo, a violation, something remedied and a correction."""
    day = today(session)
    site = make_feature(session, FuelSite, name="Cửa hàng xăng dầu Ngọc Hải", kind="petrol", address="Số 1, Lê Chân")
    first = plan_visit(session, LEADER, site.id, planned_on=day)
    finish_visit(session, LEADER, first.id, version=1, raw=violation(day - timedelta(days=40)))
    session.flush()
    number = session.scalar(select(Finding.id).where(Finding.feature_id == site.id))
    paper = plan_visit(session, LEADER, site.id, planned_on=day, kind=VisitKind.RECHECK)
    target = io.BytesIO()
    Image.new("RGB", (60, 80), "#0b4f8a").save(target, "JPEG")
    add_photo(session, LEADER, paper.id, read_photo(target.getvalue()))
    words = violation(day, started_at="08:30", ended_at="10:05", note="Gửi báo cáo về Sở.")
    words |= {f"remedy.{number}": "yes", f"remedy_note.{number}": "Tem kiểm định mới"}
    finish_visit(session, LEADER, paper.id, version=1, raw=words)
    correct_visit(session, LEADER, paper.id, reason="Ghi thiếu")
    finish_visit(session, LEADER, paper.id, version=paper.version, raw=words | {"decision_no": "12/QĐ"})
    return [
        visit_minutes(read_record(session, paper, edition), wording(language), office=OFFICE)
        for language in ("vi", "en")
        for edition in (None, 1)
    ], paper


def test_docx_and_pdf_of_every_paper_are_the_same_pages(session, campaign, tmp_path):
    corrected, first, translated, translated_first = minutes_of(session)[0]
    papers = {
        "targets": build(session, campaign, target_list), "summary": build(session, campaign, campaign_summary),
        "corrected": corrected, "minutes": first, "corrected-en": translated, "minutes-en": translated_first,
        "targets-en": build(session, campaign, target_list, "en"),
        "summary-en": build(session, campaign, campaign_summary, "en"),
    }  # fmt: skip
    laid = lay_out(papers, tmp_path)
    for name, paper in laid.items():
        assert len(paper.docx) == len(paper.pdf), name
        whole = ["\n".join(text for text, _ in pages_) for pages_ in (paper.docx, paper.pdf)]
        assert shared(*whole) > 0.97, name
        differences = []
        for (docx_text, docx_page), (pdf_text, pdf_page) in zip(paper.docx, paper.pdf, strict=True):
            assert shared(docx_text, pdf_text) > 0.7, name  # a short table may stand on the next page
            differences.append(difference(docx_page, pdf_page))
        assert mean(differences) < 6, name
        motto = "SOCIALIST REPUBLIC OF VIET NAM" if name.endswith("-en") else "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
        assert motto in paper.docx[0][0]
        for number, (text, _) in enumerate(paper.docx[1:], start=2):
            assert text.split()[0] == str(number), name
    targets = [text for text, _ in laid["targets"].docx]
    assert len(targets) > 1
    assert all(re.search(r"TT +Cơ sở +Địa chỉ", text) for text in targets)
    assert "NGƯỜI LẬP" in targets[-1]
    assert "Cửa hàng 39" in targets[-1]


def test_minutes_have_a_number_of_their_year_and_the_hours_of_the_visit(session):
    (corrected, first, *_), paper = minutes_of(session)
    number = re.fullmatch(r"(\d+)/BB-SCT", first.number)
    assert number
    assert corrected.number == first.number == paper.number
    words = " ".join(block for block in first.blocks if isinstance(block, str))
    assert "hồi 08 giờ 30 phút" in words
    assert "kết thúc hồi 10 giờ 05 phút" in words
    day = today(session)
    other = plan_visit(session, LEADER, paper.feature_id, planned_on=day)
    draft = visit_minutes(read_record(session, other), wording(), office=OFFICE)
    assert draft.number == "……/BB-SCT"
    assert "hồi …… giờ …… phút" in " ".join(block for block in draft.blocks if isinstance(block, str))
    finish_visit(session, LEADER, other.id, version=other.version, raw=clean_visit(day))
    assert other.number == f"{int(number[1]) + 1}/BB-SCT"
    earlier = plan_visit(session, LEADER, paper.feature_id, planned_on=day)
    finish_visit(session, LEADER, earlier.id, version=1, raw=clean_visit(date(day.year - 2, 5, 4)))
    assert earlier.number == "1/BB-SCT"


@pytest.mark.parametrize(
    "authority",
    ["Sở Công Thương thành phố Hải Phòng", "Giám đốc Sở Công Thương Hải Phòng", "Sở Công Thương TP. Hải Phòng"],
)
def test_no_paper_is_addressed_to_its_own_sender(session, campaign, authority):
    campaign.authority = authority
    assert "Kính gửi: ……………………" in texts(write_docx(build(session, campaign, campaign_summary)))


def test_a_translation_says_what_it_is_on_every_page_and_bears_no_signature(session, campaign):
    (_, first, _, translated), _ = minutes_of(session)
    assert translated.signature_picture is None
    said = texts(write_docx(translated))
    assert "SOCIALIST REPUBLIC OF VIET NAM" in said
    assert any(line.startswith("Translation for reference; the Vietnamese paper is in force") for line in said)
    assert said.count("(signature: see the Vietnamese original)") == len(first.signatures)
    assert f"No. {first.number}" in said
    assert len(translated.blocks) == len(first.blocks)
    header = Document(io.BytesIO(write_docx(translated))).sections[0].header
    assert "Translation for reference" in header.paragraphs[0].text


def test_an_issued_paper_takes_the_next_number_of_its_kind_and_stays_as_it_is(session, campaign):
    day = today(session)
    first = issue_paper(session, LEADER, campaign.id, "targets", on=day, office=OFFICE)
    again = issue_paper(session, LEADER, campaign.id, "targets", on=day, office=OFFICE)
    assert again.id == first.id
    site = make_feature(session, FuelSite, name="Cửa hàng mới", kind="petrol")
    session.add(InspectionTarget(campaign_id=campaign.id, feature_id=site.id))
    session.flush()
    second = issue_paper(session, LEADER, campaign.id, "targets", on=day, office=OFFICE)
    report = issue_paper(session, LEADER, campaign.id, "summary", on=day, office=OFFICE)
    numbers = [int(paper.number.partition("/")[0]) for paper in (first, second)]
    assert numbers[1] == numbers[0] + 1
    assert (first.number.partition("/")[2], report.number.partition("/")[2]) == ("DS-SCT", "BC-SCT")
    assert "Cửa hàng mới" not in str(get_issued(session, campaign.id, "targets", first.id))
    assert "Cửa hàng mới" in str(get_issued(session, campaign.id, "targets", second.id))
    earlier = issue_paper(session, LEADER, campaign.id, "summary", on=date(day.year - 3, 5, 4), office=OFFICE)
    assert earlier.number == "1/BC-SCT"
    with pytest.raises(DBAPIError, match="kept as they are"):
        session.execute(update(IssuedPaper).values(number="7/DS-SCT"))
