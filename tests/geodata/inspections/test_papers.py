"""The form of administrative papers (Decree 30/2020/NĐ-CP): letterhead, motto, number, day, addressee, signatures."""

import io
from datetime import date

import pytest
from docx import Document

from geodata.inspection_records import InspectionCampaign, InspectionTarget
from geodata.inspections.campaigns import list_targets, progress
from geodata.inspections.papers import campaign_summary, target_list
from geodata.layers.fuel_sites import FuelSite
from geodata.papers import write_docx, write_pdf
from tests.factories import make_feature

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


def build(session, campaign, kind):
    return kind(progress(session, campaign, ON), list_targets(session, campaign, ON), office=OFFICE, on=ON)


def texts(content):
    document = Document(io.BytesIO(content))
    cells = [cell for table in (document.tables[0], document.tables[-1]) for cell in table.rows[0].cells]
    return [paragraph.text for cell in cells for paragraph in cell.paragraphs] + [p.text for p in document.paragraphs]


def test_a_report_has_letterhead_addressee_recipients_and_one_signature(session, campaign):
    said = texts(write_docx(build(session, campaign, campaign_summary)))
    for line in (
        "ỦY BAN NHÂN DÂN", "SỞ CÔNG THƯƠNG", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc",
        "Số: …/BC-SCT", "Hải Phòng, ngày 02 tháng 3 năm 2020", "Kính gửi: Ủy ban nhân dân thành phố",
        "Nơi nhận:", "- Lưu: VT.", "GIÁM ĐỐC", "(Ký, ghi rõ họ tên)",
    ):  # fmt: skip
        assert line in said, line


def test_a_list_is_attached_to_its_plan_and_bears_no_number_of_it(session, campaign):
    said = texts(write_docx(build(session, campaign, target_list)))
    assert "(Kèm theo văn bản số 12/KH-SCT ngày 07/02/2020 của Ủy ban nhân dân thành phố)" in said
    assert "Số: …/DS-SCT" in said


@pytest.mark.parametrize("kind", [target_list, campaign_summary])
def test_a_paper_of_many_rows_becomes_a_pdf(session, campaign, kind):
    assert write_pdf(build(session, campaign, kind)).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("on", "written"),
    [(date(2024, 2, 29), "ngày 29 tháng 02 năm 2024"), (date(2020, 10, 5), "ngày 05 tháng 10 năm 2020")],
)
def test_days_are_written_as_the_decree_has_it(session, campaign, on, written):
    paper = target_list(progress(session, campaign, on), [], office=OFFICE, on=on)
    assert f"Hải Phòng, {written}" in texts(write_docx(paper))
