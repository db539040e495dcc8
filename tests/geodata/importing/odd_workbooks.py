"""Workbooks as offices make them: letterhead, storeys, merges, hidden rows and sheets, formats, errors, either date system."""

import io
import re
from decimal import Decimal

import xlsxwriter
from hypothesis import strategies as st

from tests.geodata.importing.oddities import DAY_TEXTS, DAYS, GROUPS, HEADINGS, Written, objects, places, roles

#: Cells that a program shows instead of a value: formula and its stored result.
ERRORS = {"#REF!": "=#REF!", "#N/A": "=NA()", "#DIV/0!": "=1/0", "#VALUE!": '="x"+1'}


@st.composite
def workbooks(draw):
    """A workbook with letterhead, storeys, merges, hidden rows and sheets, formats, errors, and either date system."""
    found = draw(objects())
    heads, cells, crs, tolerance, are_numbers = draw(places(found))
    names = ["code", "name", *draw(st.lists(st.sampled_from([*HEADINGS][2:]), unique=True, min_size=1))]
    names = [*names[:2], *[name for name in HEADINGS if name in names[2:]]]
    for item in found:
        item.values = {name: value for name, value in item.values.items() if name in names}
    is_1904 = draw(st.integers(0, 4)) == 4
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "default_date_format": "dd/mm/yyyy", "date_1904": is_1904})
    sheet = book.add_worksheet("Danh sách")
    left = draw(st.sampled_from([0, 0, 1]))
    row = _letterhead(draw, sheet, left)
    header = _Header(sheet, row, left, storeys=draw(st.sampled_from([1, 1, 2])), is_merged=draw(st.booleans()))
    has_numbers = draw(st.booleans())
    if has_numbers:
        header.add(None, "STT")
    for name in names:
        header.add(name, draw(st.sampled_from(HEADINGS[name])))
    for head in heads:
        header.add(None, head)
    header.write()
    row = first = header.row + header.storeys
    if draw(st.integers(0, 3)) == 3:
        for column in range(header.width):
            sheet.write(row, left + column, f"({column + 1})")
        row += 1
    for index, item in enumerate(found):
        if draw(st.integers(0, 5)) == 5:
            row += 1
        item.record = row - first + 1
        if has_numbers:
            sheet.write(row, left, index + 1)
        start = left + has_numbers
        for column, name in enumerate(names, start):
            _write(draw, book, sheet, row, column, item, name)
        for column, cell in enumerate(cells[index], start + len(names)):
            sheet.write(row, column, float(cell) if are_numbers and draw(st.integers(0, 4)) else cell)
        if draw(st.integers(0, 5)) == 5:
            sheet.set_row(row, None, None, {"hidden": True})
        row += 1
    if "address" in names and draw(st.booleans()):
        _merge(sheet, found, first, left + has_numbers + names.index("address"))
    _ending(draw, book, sheet, row, left, len(found))
    book.close()
    return Written(
        suffix=".xlsx", data=stream.getvalue(), meant=found, crs=crs, tolerance=tolerance,
        header_row=header.span, coordinates=roles(heads), dates="dmy", headings=dict(header.columns), ways={"1904": is_1904, "storeys": header.storeys},
    )  # fmt: skip


def _ending(draw, book, sheet, row, left, count):
    """Write what may stand below the rows, and a hidden sheet that means nothing."""
    if draw(st.booleans()):
        sheet.write(row, left, draw(st.sampled_from(["Tổng cộng", "Cộng", "TỔNG SỐ"])))
        sheet.write(row, left + 1, count)
    if draw(st.booleans()):
        sheet.write(row + 2, left + 2, "Hải Phòng, ngày 28 tháng 11 năm 2026")
        sheet.write(row + 3, left + 2, "NGƯỜI LẬP BIỂU")
    if draw(st.integers(0, 3)) == 3:
        other = book.add_worksheet("Nháp")
        other.write_row(0, 0, ["Mã", "Tên", "lon", "lat"])
        other.write_row(1, 0, ["X", "Cửa hàng cũ", 106.7, 20.8])
        other.hide()


def _letterhead(draw, sheet, left):
    """Write what stands above the table; return the first row of the header."""
    row = 0
    for text in draw(
        st.sampled_from(
            [
                [], [], ["DANH SÁCH CỬA HÀNG XĂNG DẦU"],
                ["SỞ CÔNG THƯƠNG HẢI PHÒNG|CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Phòng QLTM|Độc lập - Tự do - Hạnh phúc", "", "BIỂU 01", ""],
                ["Mã số biểu:|01/BC", "Đơn vị: Sở Công Thương", "Kỳ báo cáo: tháng 11 năm 2026"],
            ]
        )
    ):  # fmt: skip
        for part, column in zip(text.split("|"), (left, left + 4), strict=False):
            sheet.write(row, column, part or None)
        row += 1
    return row


class _Header:
    """The header of a sheet: one row, or wide headings with narrower ones below."""

    def __init__(self, sheet, row, left, *, storeys, is_merged):
        self.sheet, self.row, self.left, self.storeys, self.is_merged = sheet, row, left, storeys, is_merged
        self.columns = []

    def add(self, name, text):
        self.columns.append((name, text))

    @property
    def width(self):
        return len(self.columns)

    @property
    def span(self):
        return str(self.row + 1) if self.storeys == 1 else f"{self.row + 1}-{self.row + 2}"

    def write(self):
        groups = {name: group for group, names in GROUPS.items() for name in names}
        inside = [at for at, (name, _) in enumerate(self.columns) if name in groups]
        if self.storeys == 2 and len(inside) < 2:
            self.storeys = 1
        for at, (_, text) in enumerate(self.columns):
            column = self.left + at
            if self.storeys == 1:
                self.sheet.write(self.row, column, text)
            elif at in inside:
                self.sheet.write(self.row + 1, column, text)
            elif self.is_merged:
                self.sheet.merge_range(self.row, column, self.row + 1, column, text)
            else:
                self.sheet.write(self.row, column, text)
        if self.storeys == 2 and self.is_merged:
            self.sheet.merge_range(self.row, self.left + inside[0], self.row, self.left + inside[-1], "Giấy chứng nhận")
        elif self.storeys == 2:
            self.sheet.write(self.row, self.left + inside[0], "Giấy chứng nhận")


def _write(draw, book, sheet, row, column, item, name):
    """Write a value as a number, a text, a number shown by its format, a formula, or an error in its place."""
    value = item.values[name]
    if value is None:
        return
    if name not in {"code", "name"} and draw(st.integers(0, 14)) == 14:
        shown = draw(st.sampled_from([*ERRORS]))
        sheet.write_formula(row, column, ERRORS[shown], None, shown)
        item.lost.add(name)
    elif name in DAYS:
        how = draw(st.sampled_from(["cell", "cell", "dmy", "iso"]))
        if how == "cell":
            sheet.write_datetime(row, column, value)
        else:
            sheet.write_string(row, column, DAY_TEXTS[how](value))
    elif isinstance(value, Decimal | int):
        how = draw(st.sampled_from(["number", "number", "unit", "formula"]))
        if how == "formula":
            sheet.write_formula(row, column, f"={value}+0", None, float(value))
        else:
            sheet.write_number(
                row, column, float(value), book.add_format({"num_format": '#,##0.0 "m3"'}) if how == "unit" else None
            )
    elif str(value).isdigit() and draw(st.booleans()):
        sheet.write_number(row, column, int(value), book.add_format({"num_format": "0" * len(value)}))
    elif (match := re.fullmatch(r"(\D+)(\d+)", value)) and name == "code" and draw(st.booleans()):
        literal = f'"{match[1]}"' + "0" * len(match[2])
        sheet.write_number(row, column, int(match[2]), book.add_format({"num_format": literal}))
    else:
        sheet.write_string(row, column, str(value))


def _merge(sheet, found, first, column):
    """Merge the addresses of the first two objects, where they stand together and the second has none."""
    one, other = found[:2]
    if other.record != one.record + 1 or one.values["address"] is None or {*one.lost, *other.lost} & {"address"}:
        return
    sheet.merge_range(first + one.record - 1, column, first + other.record - 1, column, one.values["address"])
    other.values["address"] = one.values["address"]
