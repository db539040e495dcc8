"""Figures from files as departments write them, and the table that goes back in unchanged."""

import csv
from datetime import date
from decimal import Decimal

import pytest
from openpyxl import Workbook

from geodata.base.errors import GeodataError, InvalidValueError
from geodata.base.numbers import NumberStyle
from geodata.importing.results import RefusedError
from geodata.statistics.figure_files import figure_rows, read_figures
from geodata.statistics.indicators import FigureVersion, Month, MonthKey, Series
from webmap.statistics.figure_tables import as_csv, as_xlsx

FEBRUARY = date(2020, 2, 1)
RETAIL = Series(
    code="retail", name="Tổng mức bán lẻ", name_en="Retail sales", unit="bn VND", is_index=False,
    months=(
        Month(period=date(2020, 1, 1), value=Decimal("12241.0000"), cumulative=Decimal("12241.0000")),
        Month(period=FEBRUARY, value=Decimal("11159.1250"), month_change_percent=Decimal("-8.8400"), source="Báo cáo"),
        Month(period=date(2020, 12, 1), version=FigureVersion.SCENARIO, scenario="Cao", cumulative=Decimal(160000)),
    ),
)  # fmt: skip
IIP = Series(
    code="iip", name="Chỉ số sản xuất công nghiệp", name_en=None, unit="%", is_index=True,
    months=(Month(period=FEBRUARY, year_change_percent=Decimal("30.1100")),),
)  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def read_(*rows, name="so-lieu.xlsx", **options):
        path = tmp_path / name
        if name.endswith(".csv"):
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, delimiter=";").writerows(rows)
        else:
            book = Workbook()
            for row in rows:
                book.active.append(row)
            book.save(path)
        return read_figures(path, name, [RETAIL, IIP], **options)

    return read_


def found(file):
    return {(cell.code, f"{cell.month.period:%Y-%m}", cell.figure): float(cell.value) for cell in file.cells}


@pytest.mark.parametrize(("write", "name"), [(as_xlsx, "chi-tieu.xlsx"), (as_csv, "chi-tieu.csv")])
def test_the_export_goes_back_in_unchanged(tmp_path, write, name):
    path = tmp_path / name
    path.write_bytes(write(figure_rows([RETAIL, IIP])))
    file = read_figures(path, name, [RETAIL, IIP])
    assert (file.changes, file.problems, file.oddities) == ((), (), ())
    assert len(file.cells) == 6


def test_a_table_under_titles_with_vietnamese_numbers_and_other_units_is_read(read):
    file = read(
        ["BÁO CÁO SỐ LIỆU NĂM 2020"],
        [],
        ["TT", "Chỉ tiêu", "ĐVT", "Số liệu", "Năm", "Tháng 1", "T2", "Tháng 3"],
        [1, "Tổng mức bán lẻ", "triệu đồng", "Giá trị trong tháng", 2020, "12.241.000", "11.160.500,5", "–"],
        [2, "Chỉ số sản xuất công nghiệp", "%", "So với cùng kỳ", 2020, None, "−8,5", None],
    )
    assert file.problems == ()
    assert found(file) == {
        ("retail", "2020-01", "value"): 12241,
        ("retail", "2020-02", "value"): 11160.5005,
        ("iip", "2020-02", "year_change_percent"): -8.5,
    }
    assert [(cell.place, float(cell.before), float(cell.value)) for cell in file.changes] == [
        ("G4", 11159.125, 11160.5005),
        ("G5", 30.11, -8.5),
    ]
    assert file.facts["units"] == "triệu đồng → tỷ đồng"
    assert file.facts["numbers"] == "1.234,5"


@pytest.mark.parametrize(
    "written", ["02/2020", "2020-02", "Tháng 2/2020", "T2/2020", "tháng 2 năm 2020", date(2020, 2, 1)]
)
def test_a_row_a_month_is_read_however_the_month_is_written(read, written):
    file = read(
        ["Chỉ tiêu", "Kỳ", "Giá trị (tỷ đồng)", "So với tháng trước", "Lũy kế"],
        ["Tổng mức bán lẻ", written, 11200, -8.5, 23400],
    )
    assert found(file) == {
        ("retail", "2020-02", "value"): 11200,
        ("retail", "2020-02", "month_change_percent"): -8.5,
        ("retail", "2020-02", "cumulative"): 23400,
    }


def test_plans_and_scenarios_are_kept_apart(read):
    file = read(
        ["Mã", "Số liệu", "Loại", "Kịch bản", "Năm", "Tháng 12"],
        ["retail", "Lũy kế từ đầu năm", "Kế hoạch", None, 2021, 170000],
        ["retail", "Lũy kế từ đầu năm", None, "Thấp", 2021, 165000],
    )
    assert [cell.month for cell in file.cells] == [
        MonthKey(date(2021, 12, 1), FigureVersion.TARGET, ""),
        MonthKey(date(2021, 12, 1), FigureVersion.SCENARIO, "Thấp"),
    ]


@pytest.mark.parametrize(
    ("row", "cell"),
    [
        (["xuất khẩu", "tỷ đồng", "Giá trị trong tháng", 2020, 5], "A2"),
        (["retail", "USD", "Giá trị trong tháng", 2020, 5], "E2"),
        (["retail", "tỷ đồng", "Doanh thu thuần", 2020, 5], "C2"),
        (["retail", "tỷ đồng", "Giá trị trong tháng", None, 5], "D2"),
        (["retail", "tỷ đồng", "Giá trị trong tháng", 2020, "mười"], "E2"),
        (["retail", "tỷ đồng", "Giá trị trong tháng", 2020, "11.159"], "E2"),
        (["retail", "tỷ đồng", "Giá trị trong tháng", 2020, "=1/0"], "E2"),
        (["iip", "%", None, 2020, 5], "C2"),
    ],
)
def test_what_cannot_be_taken_is_told_with_row_and_cell(read, row, cell):
    file = read(["Mã", "Đơn vị", "Số liệu", "Năm", "Tháng 2"], row, ["retail", "tỷ đồng", "Lũy kế", 2020, 23400])
    assert [(one.row, one.cell) for one in file.problems] == [(2, cell)]


def test_a_number_with_two_readings_is_read_as_it_was_said(read):
    rows = (["Mã", "Năm", "Tháng 2"], ["retail", 2020, "11.159"])
    assert found(read(*rows, style=NumberStyle.VIETNAMESE)) == {("retail", "2020-02", "value"): 11159}
    assert found(read(*rows, style=NumberStyle.ENGLISH)) == {("retail", "2020-02", "value"): 11.159}


def test_a_figure_told_twice_and_differently_is_a_problem(read):
    file = read(["Mã", "Năm", "Tháng 2"], ["retail", 2020, 5], ["retail", 2020, 6])
    assert [(one.cell, one.message.values["other"]) for one in file.problems] == [("C3", "C2")]


def test_an_index_of_100_and_a_slip_of_the_unit_look_odd(read):
    file = read(
        ["Mã", "Số liệu", "Năm", "Tháng 1", "Tháng 2"],
        ["iip", "So với cùng kỳ", 2020, None, 130.11],
        ["retail", "Giá trị", 2020, None, 11159125],
    )
    assert [one.cell for one in file.oddities] == ["E2", "E3"]
    assert file.oddities[0].message.values["change"] == Decimal("30.11")
    assert file.problems == ()


def test_a_csv_of_an_old_program_is_read(read):
    file = read(["Chỉ tiêu", "Năm", "Tháng 2"], ["Tổng mức bán lẻ", "2020", "11.159,5"], name="so-lieu.csv")
    assert found(file) == {("retail", "2020-02", "value"): 11159.5}


def test_a_workbook_of_several_sheets_asks_which(tmp_path):
    book = Workbook()
    for name in ("2019", "2020"):
        sheet = book.create_sheet(name)
        sheet.append(["Mã", "Năm", "Tháng 2"])
        sheet.append(["retail", int(name), 5])
    del book["Sheet"]
    path = tmp_path / "hai-trang.xlsx"
    book.save(path)
    with pytest.raises(InvalidValueError, match=r"2019.*2020"):
        read_figures(path, path.name, [RETAIL])
    assert found(read_figures(path, path.name, [RETAIL], sheet="2019")) == {("retail", "2019-02", "value"): 5}


def test_what_is_no_table_of_figures_is_refused(read, tmp_path):
    with pytest.raises(GeodataError):
        read(["Họ tên", "Tuổi"], ["An", 30])
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(RefusedError):
        read_figures(path, path.name, [RETAIL])
