"""The report of 02/03/2020, item by item: each that concerns the map has its row, sheet or figure in the demo."""

import re

import pytest

from tests.conftest import ROOT, sign_in

#: Item of the report, where it is, and what stands there.
ITEMS = (
    ("preamble", "/papers?period=2020-02", ("30,11 %", "23,57 %", "11.159", "23.400", "11,75 %", "13,6 %", "4,36 %")),
    ("1", "/projects", ("Khu nghỉ dưỡng Flamingo Cát Bà", "Đường dây 110 kV mạch 2")),
    ("2", "/indicators/charts?series=retail&year=2020", ("Kế hoạch", "1. Thấp", "2. Cơ sở", "3. Cao", "154.285")),
    ("3a", "/projects/DA-FLAMINGO-CATBA", ("Báo cáo tiến độ với Bộ và thành phố",)),
    ("3a", "/projects/DA-CATBA-M2", ("Đóng điện", "TBA 110 kV Cát Bà", "52 %")),
    ("3b", "/grid", ("TBA 110 kV",)),
    ("3b", "/grid/events", ("Lễ hội Hoa Phượng Đỏ",)),
    ("4a", "/clusters/pipeline", ("Cụm công nghiệp Tân Trào", "Cụm công nghiệp Giang Biên")),
    ("4a, 4b", "/papers?period=2020-H1", ("Cụm công nghiệp theo tình trạng: Đang thẩm định",)),
    ("4b", "/clusters", ("Cụm công nghiệp",)),
    ("4c", "/api/layers/planning_zones/features?q=VQH-BACHDANG", ("Cao Quỳ",)),
    ("5a", "/api/layers/planning_zones/features?q=VQH-KTMTD", ("khu thương mại tự do",)),
    ("5b", "/projects/DA-CHO-DQB", ("Xây lại chợ Đổng Quốc Bình",)),
    ("5b", "/petitions", ("Cử tri quận Ngô Quyền · Kỳ họp thứ 11",)),
    ("5c", "/clusters/pipeline", ("Chợ chuyển đổi mô hình quản lý", "Chợ Núi Đối")),
    ("5c", "/projects/DA-KHAOSAT-CHO", ("Khảo sát địa điểm chợ, siêu thị",)),
    ("5d", "/projects/DA-GIA-DAIHA", ("Trình phương án giá", "Phê duyệt phương án giá")),
    ("5d", "/projects/DA-GIA-PHUONGNGHIA", ("Trình phương án giá", "Phê duyệt phương án giá")),
    ("6a, 6b", "/inspections", ("179/QĐ-SCT", "220/KH-SCT", "2810/QĐ-UBND")),
    ("6a, 6b", "/papers?period=2020-02", ("179/QĐ-SCT", "220/KH-SCT", "2810/QĐ-UBND")),
)  # fmt: skip


@pytest.fixture
def leader(demo_app):
    return sign_in(demo_app, "leader")


@pytest.mark.parametrize(("item", "address", "told"), ITEMS)
def test_each_item_that_concerns_the_map_is_there(leader, item, address, told):
    answer = leader.get(address)
    assert answer.status_code == 200, answer.text[:300]
    said = str(answer.json) if answer.is_json else " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
    assert [one for one in told if one not in said.replace("\N{NO-BREAK SPACE}", " ")] == [], item


def test_the_readme_names_each_item_with_a_test_that_is_there():
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("## The report of 02/03/2020")[2]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", table.partition("\n## ")[0], re.MULTILINE)[2:]
    named = {item for row in rows for item in re.findall(r"\b\d[a-d]?\b", row[0].split(" ", 2)[0])}
    assert {"1", "2", "3a", "3b", "3c", "4a", "4b", "4c", "5a", "5b", "5c", "5d", "6a"} <= named
    for row in rows:
        for path in re.findall(r"`(tests/[^`]+)`", row[2]):
            assert (ROOT / path).exists(), path
