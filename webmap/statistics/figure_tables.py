"""The table of all figures as files: XLSX and CSV, which go back in unchanged."""

import csv
import io
from decimal import Decimal

import xlsxwriter

from geodata.base.numbers import has_two_readings

Rows = list[list[str | int | Decimal | None]]


def as_xlsx(rows: Rows) -> bytes:
    """Return the table as a workbook; numbers are numbers, as exact as they are stored."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet, bold = book.add_worksheet("Chỉ tiêu"), book.add_format({"bold": True})
        figure = book.add_format({"num_format": "#,##0.####"})
        sheet.set_column(0, 0, 14)
        sheet.set_column(1, 1, 44)
        sheet.set_column(2, 2, 9)
        sheet.set_column(3, 4, 26)
        sheet.set_column(5, 18, 12)
        for place, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, Decimal):
                    sheet.write_number(place, column, float(value), figure)
                elif isinstance(value, int):
                    sheet.write_number(place, column, value)
                elif value is not None:
                    sheet.write_string(place, column, value, bold if place == 0 else None)
        sheet.freeze_panes(1, 2)
    return target.getvalue()


def as_csv(rows: Rows) -> bytes:
    """Return the table as CSV in UTF-8, with decimal points; no number in it has two readings."""
    target = io.StringIO()
    writer = csv.writer(target)
    for row in rows:
        writer.writerow(_plain(value) if isinstance(value, Decimal) else _harmless(value) for value in row)
    return ("\ufeff" + target.getvalue()).encode()


def _plain(value: Decimal) -> str:
    text = f"{value.normalize():f}"
    return text + "0" if has_two_readings(text) else text


def _harmless(value: str | int | Decimal | None) -> str | int | Decimal | None:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
