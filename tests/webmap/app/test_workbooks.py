"""Every workbook that people take along: heads in their language, days as days, columns wide enough, and what the file is."""

import io
import zipfile
from datetime import datetime

import pytest
from openpyxl import load_workbook

#: Address, who asks, the row of the heads, some of them, whether it says what it is.
DOORS = [
    ("/layers/markets/export?format=xlsx&heads=labels", "planner", 1, ["Mã số", "Tên"]),
    ("/layers/inside.xlsx?unit=11383", "planner", 1, ["Mã số", "Tên"]),
    ("/inspections/worklist/table.xlsx", "inspector", 3, ["Tên", "Địa chỉ"]),
    ("/inspections/followup/table.xlsx", "inspector", 3, ["Tên"]),
    ("/inspections/catalogue/table.xlsx", "leader", 3, []),
    ("/grid/report.xlsx", "planner", 3, ["Mã", "Tên"]),
    ("/papers/2020-02.xlsx", "leader", 1, ["Mục", "Chỉ tiêu"]),
]


@pytest.mark.parametrize(("address", "role", "row", "heads"), DOORS, ids=[door[0].split("?")[0] for door in DOORS])
def test_a_workbook_has_heads_that_stay_widths_and_a_sheet_that_says_what_it_is(demo_login, address, role, row, heads):
    answer = demo_login(role).get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist() if "worksheets/" in name)
    book = load_workbook(io.BytesIO(answer.data))
    page = book.worksheets[0]
    said = [cell.value for cell in page[row] if cell.value]
    assert set(heads) <= set(said)
    assert len(said) > 2
    assert page.freeze_panes is not None
    assert page.auto_filter.ref
    assert all(9 <= width.width <= 50 for width in page.column_dimensions.values())
    about = {line[0].value: line[1].value for line in book["Về tệp này"].iter_rows()}
    assert about["Nguồn"].startswith("Sở Công Thương")
    assert datetime.strptime(about["Lập lúc"], "%d/%m/%Y %H:%M")  # noqa: DTZ007  (of the house's own day)


def test_an_english_workbook_says_so_in_english(demo_login):
    book = load_workbook(io.BytesIO(demo_login("inspector").get("/inspections/worklist/table.xlsx?lang=en").data))
    about = {line[0].value: line[1].value for line in book["About this file"].iter_rows()}
    assert about["Source"] == "Department of Industry and Trade of Hai Phong City"
    assert "Illustration" in about["Note"]
    assert "Certificate" in [cell.value for cell in book.worksheets[0][3]]
