"""The pages of projects: what is late and because of whom, on any day; the sheets that go up."""

import io
import re

import pytest
from docx import Document

from tests.conftest import sign_in


@pytest.fixture
def leader(demo_app):
    return sign_in(demo_app, "leader")


def words_of(answer):
    assert answer.status_code == 200, answer.text[:300]
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def texts_of(answer):
    """Return every text of a DOCX, that of tables within tables too."""
    return "\n".join(Document(io.BytesIO(answer.data)).element.itertext())


def test_a_leader_reads_which_works_are_late_and_because_of_whom(leader):
    page = words_of(leader.get("/projects"))
    people = page.partition("Việc chậm và đơn vị phải giải quyết")[2].partition("Sơ đồ thời gian")[0]
    assert people.index("EVNNPC") < people.index("Ủy ban nhân dân phường Gia Viên")
    assert re.search(r"EVNNPC 2 .*Đóng điện .*chậm 2\.192 ngày hạn 30/06/2022", people)
    assert "Vườn quốc gia Cát Bà" in people


def test_the_portfolio_of_a_past_day_shows_what_was_known_then(leader):
    page = words_of(leader.get("/projects?on=2020-03-02"))
    assert "2028" not in page.partition("Tất cả dự án")[2].partition("Khảo sát địa điểm")[0]
    assert "chậm 2.192 ngày" not in page
    assert "Ủy ban nhân dân quận Ngô Quyền" in page.partition("Sơ đồ thời gian")[0]
    late = words_of(leader.get("/projects?on=2020-04-10"))
    assert "Mốc “Phê duyệt phương án giá” kế hoạch 31/03/2020, chưa xong: chậm 10 ngày" in late


def test_a_filter_by_schedule_leaves_the_others_out(leader):
    listed = words_of(leader.get("/projects?schedule=late")).partition("Tất cả dự án")[2]
    assert "Xây lại chợ Đổng Quốc Bình" in listed
    assert "Chợ mẫu 04" not in listed


def test_a_project_leads_to_what_it_builds_and_to_its_form(demo_app, leader):
    page = leader.get("/projects/DA-CATBA-M2")
    text = words_of(page)
    assert "Mốc “Đóng điện” kế hoạch 30/06/2022, dự báo 30/06/2028: chậm 2.192 ngày" in text
    assert "Xây mới: TBA 110 kV Cát Bà" in text
    assert re.search(r'aria-label="Đường cong chữ S[^"]*kế hoạch yêu cầu 100 %; [^"]*52 %', page.text)
    assert "Nhập tiến độ" not in text
    form = sign_in(demo_app, "planner").get("/projects/DA-CATBA-M2").text
    assert re.search(r'href="/\?layers=projects[^"]*edit=?"', form)
    panel_link = leader.get("/api/layers/projects/features?q=DA-CATBA-M2").json["features"][0]["id"]
    assert "/projects/DA-CATBA-M2" in leader.get(f"/layers/projects/features/{panel_link}/panel").text


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/projects/portfolio", ["Tiến độ các dự án, công trình trọng điểm", "Kính gửi", "chậm 2.192 ngày", "9 dự án"]),
        ("/projects/DA-CATBA-M2", ["PHIẾU DỰ ÁN", "DỮ LIỆU MINH HỌA", "Chưa bàn giao mặt bằng", "312 tỷ đồng"]),
    ],
)
def test_sheets_are_papers_with_pictures_in_both_formats(leader, address, told):
    answer = leader.get(f"{address}.docx")
    text = texts_of(answer)
    assert [each for each in ["Độc lập - Tự do - Hạnh phúc", *told] if each not in text] == []
    assert Document(io.BytesIO(answer.data)).inline_shapes
    assert leader.get(f"{address}.pdf").data.startswith(b"%PDF")
    assert leader.get(f"{address}.odt").status_code == 404


@pytest.mark.parametrize("code", ["DA-CATBA-M2", "DA-CHO-DQB", "DA-GIA-DAIHA", "DA-FLAMINGO-CATBA"])
def test_the_sheet_of_a_project_is_one_page(leader, code):
    assert re.findall(rb"/Count (\d+)", leader.get(f"/projects/{code}.pdf").data) == [b"1"]


def test_only_staff_open_them_and_an_unknown_project_or_day_is_told(demo_app, leader):
    public = demo_app.test_client()
    assert public.get("/projects").status_code in {302, 401}
    assert public.get("/projects/DA-CATBA-M2.docx").status_code in {302, 401}
    assert leader.get("/projects/DA-KHONG-CO").status_code == 404
    assert leader.get("/projects?on=hôm qua").status_code == 400
