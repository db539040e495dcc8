"""The figures of a report as a workbook, each with the address of what it counts or where it was entered."""

import io
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from geodata.base import workbook
from geodata.base.workbook import Cell, Table
from geodata.statistics.indicators import FIGURES
from webmap.app.about import about_sheet
from webmap.app.i18n import DEFAULT_LANGUAGE, translate
from webmap.papers.figures import Figure
from webmap.papers.indicators import entry_address
from webmap.papers.written import Report, label_of, shown_values, told

_Row = tuple[str, str, Sequence[Decimal | None], str]


def write_workbook(
    report: Report, rows_of: Callable[[Figure], str], root: str = "", about: Sequence[tuple[str, str]] = ()
) -> bytes:
    """Return the figures of a report, and what is said `about` the file besides its period. `rows_of`: the address of a figure's rows; `root` stands before those of pages."""
    days = (report.day, report.period.before.cut_off, report.period.last_year.cut_off)
    table = Table(
        name="Số liệu",
        heads=("Mục", "Chỉ tiêu", *map(told, days), "Danh sách"),
        rows=_cells(report, rows_of, root),
        beside=2,
    )
    target = io.BytesIO()
    lines = [("Kỳ báo cáo", report.period.text), ("Số liệu đến ngày", told(report.day))]
    workbook.write_workbook(target, [table], about_sheet([*lines, *about], DEFAULT_LANGUAGE))
    return target.getvalue()


def _cells(report: Report, rows_of: Callable[[Figure], str], root: str) -> Iterator[tuple[Cell, ...]]:
    for section, name, values, address in _rows(report, rows_of, root):
        three = [*values, None, None][:3]
        yield section, name, *three, address
    for what, said in report.stated:
        yield "Khai báo", what, said


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
