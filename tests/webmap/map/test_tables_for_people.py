"""Excel and CSV as people read them, and as programs do."""

import csv
import io
import re
from datetime import date

import pytest
from openpyxl import load_workbook

from geodata.layers import LAYERS
from tests.factories import make_feature

MARKETS = LAYERS.get("markets")
EXPORT = "/layers/markets/export"


@pytest.fixture
def two(session):
    for name, code, day in (("Chợ Sắt", "CHO-2", date(2019, 5, 1)), ("Chợ An Dương", "CHO-1", date(2020, 3, 2))):
        make_feature(session, MARKETS, name=name, code=code, status="operating", valid_from=day)


def book(client, **arguments):
    answer = client.get(EXPORT, query_string={"format": "xlsx", "heads": "labels", **arguments})
    assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
    return load_workbook(io.BytesIO(answer.data))


def test_the_columns_the_order_and_the_days_are_those_of_the_table(client, two):
    page = book(client, columns="name,valid_from,status", sort="-name", lang="vi").worksheets[0]
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    assert rows[0] == ["Tên", "Hiệu lực từ", "Trạng thái"]
    assert [row[0] for row in rows[1:]] == ["Chợ Sắt", "Chợ An Dương"]
    assert rows[2][1].date() == date(2020, 3, 2)
    assert page["B3"].number_format == "dd/mm/yyyy"
    assert rows[1][2] == "Đang hoạt động"
    assert page.column_dimensions["A"].width > 10
    english = book(client, columns="name,status", lang="en").worksheets[0]
    assert [cell.value for cell in english[1]] == ["Name", "Status"]


def test_the_file_says_what_was_filtered_when_and_by_whom(client, two):
    made = book(client, status="operating", columns="name", lang="vi")
    said = {row[0].value: row[1].value for row in made["Về tệp này"].iter_rows()}
    assert said["Chợ"].startswith("2: ")
    assert "Đang hoạt động" in said["Chợ"]
    assert said["Nguồn"].startswith("Sở Công Thương")
    assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d", said["Lập lúc"])


def test_a_csv_for_people_has_labels_and_one_for_programs_names(client, two):
    texts = {
        heads: client.get(
            EXPORT,
            query_string={"format": "csv", "heads": heads, "columns": "code,status", "sort": "code", "lang": "vi"},
        ).data.decode("utf-8-sig")
        for heads in ("labels", "names")
    }
    people, programs = (list(csv.reader(io.StringIO(text))) for text in texts.values())
    assert people == [["Mã số", "Trạng thái"], ["CHO-1", "Đang hoạt động"], ["CHO-2", "Đang hoạt động"]]
    assert {"code", "status", "name"} <= set(programs[0])
    assert "operating" in programs[1]


@pytest.mark.parametrize("arguments", [{"heads": "x"}, {"heads": "labels", "columns": "secret"}])
def test_what_no_table_has_is_refused(client, arguments):
    answer = client.get(EXPORT, query_string={"format": "xlsx", **arguments})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith(("text/html", "application/json"))
