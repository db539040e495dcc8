"""The table of all figures as files: XLSX and CSV, which go back in unchanged."""

import csv
import io
from decimal import Decimal

from geodata.base.numbers import has_two_readings
from geodata.base.workbook import Table, write_workbook

Rows = list[list[str | int | Decimal | None]]


def as_xlsx(rows: Rows) -> bytes:
    """Return the table as a workbook; numbers are numbers, as exact as they are stored."""
    target = io.BytesIO()
    heads, *figures = rows
    table = Table(name="Chỉ tiêu", heads=[str(head) for head in heads], rows=figures, beside=2, decimals="#,##0.####")
    write_workbook(target, [table])
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
