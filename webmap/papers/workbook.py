"""The figures of a report as a workbook, each with the address of what it counts or where it was entered."""

import io
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import xlsxwriter

from geodata.statistics.indicators import FIGURES
from webmap.app.i18n import DEFAULT_LANGUAGE, translate
from webmap.papers.figures import Figure
from webmap.papers.indicators import entry_address
from webmap.papers.written import Report, label_of, shown_values, told

_Row = tuple[str, str, Sequence[Decimal | None], str]


def write_workbook(report: Report, rows_of: Callable[[Figure], str], root: str = "") -> bytes:
    """Return the figures of a report. `rows_of`: the address of a figure's rows; `root` stands before those of pages."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet, bold = book.add_worksheet("Số liệu"), book.add_format({"bold": True})
        sheet.set_column(0, 1, 44)
        sheet.set_column(2, 4, 18)
        days = (report.day, report.period.before.cut_off, report.period.last_year.cut_off)
        sheet.write_row(0, 0, ("Mục", "Chỉ tiêu", *map(told, days), "Danh sách"), bold)
        place = 1
        for section, name, values, address in _rows(report, rows_of, root):
            sheet.write_row(place, 0, (section, name))
            for column, value in enumerate(values, start=2):
                if value is not None:
                    sheet.write_number(place, column, float(value))
            sheet.write_string(place, 5, address)
            place += 1
        for what, said in report.stated:
            sheet.write_row(place, 0, ("Khai báo", what, said))
            place += 1
    return target.getvalue()


def _rows(report: Report, rows_of: Callable[[Figure], str], root: str) -> Iterator[_Row]:
    """Return section, name, values of the three days and address of each figure, in the paper's language."""
    for line in report.indicators:
        unit = translate(line.unit, DEFAULT_LANGUAGE)
        for name, value, _ in line.figures:
            label = f"{line.name} ({unit}): {translate(FIGURES[name], DEFAULT_LANGUAGE)}"
            yield "Chỉ tiêu", label, (value,), root + entry_address(line.code, report.period.first)
    for section in report.sections:
        for figure in section.figures:
            title = translate(section.title, DEFAULT_LANGUAGE)
            yield title, label_of(figure), shown_values(figure), rows_of(figure)
    for one in report.campaigns:
        for name, values in one.figures:
            yield (
                "Đợt kiểm tra",
                f"{one.title}: {name}",
                values,
                f"{root}/inspections/campaigns/{one.id}?on={report.day}",
            )
