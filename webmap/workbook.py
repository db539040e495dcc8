"""An Excel file for people: one sheet per layer, labels and units in their language."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from sqlalchemy import Connection

from geodata import features
from geodata.filters import Condition
from geodata.layer import Feature, Field
from webmap.i18n import translate
from webmap.present import present_value


@dataclass(frozen=True)
class Sheet:
    """A layer's features: which fields, which of them, and what is measured of each."""

    kind: type[Feature]
    fields: Sequence[Field]
    conditions: Sequence[Condition]
    measures: Sequence[features.Measure] = ()


MAX_CELL = 32_767
MAX_SHEET_NAME = 31
LARGEST_EXACT = 1e15


def write_workbook(connection: Connection, sheets: Sequence[Sheet], file: IO[bytes], language: str) -> None:
    """Write the features that each sheet's conditions keep. Texts are never formulas or links."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, {**options, "constant_memory": True, "in_memory": True}) as book:
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        if not sheets:
            book.add_worksheet().write_string(0, 0, translate("Nothing lies inside this area.", language))
        for asked in sheets:
            shown = [field for field in asked.fields if field.in_panel]
            sheet = book.add_worksheet(translate(asked.kind.layer.title, language)[:MAX_SHEET_NAME])
            sheet.freeze_panes(1, 2)
            sheet.set_column(0, 0, 18)
            sheet.set_column(1, 1, 34)
            sheet.set_column(2, len(shown) + len(asked.measures), 16)
            for column, one in enumerate([*shown, *(measure.field for measure in asked.measures)]):
                unit = f" ({translate(one.unit, language)})" if one.unit else ""
                sheet.write_string(0, column, translate(one.label, language) + unit, head)
            for number, row in enumerate(_rows(connection, asked, shown), 1):
                for column, field in enumerate(shown):
                    _write(sheet, (number, column), _cell(field, row[field.name], language), day)
                for column, measure in enumerate(asked.measures, len(shown)):
                    sheet.write_number(number, column, float(row[measure.name]))


def _rows(connection: Connection, asked: Sheet, fields: Sequence[Field]) -> Iterator[Any]:
    cursor = None
    while True:
        page = features.list_features(
            connection, asked.kind, fields, asked.conditions,
            limit=features.MAX_PAGE, cursor=cursor, with_geometry=False, measures=asked.measures,
        )  # fmt: skip
        yield from page.rows
        if not (cursor := page.next_cursor):
            return


def _cell(field: Field, value: Any, language: str) -> Any:
    """Return a number or a day as such, anything else as text."""
    is_text = isinstance(value, bool | datetime) or field.values or getattr(field.filter, "labels", None)
    if not is_text and isinstance(value, int | float | Decimal | date):
        return value
    return present_value(field, value, language)[:MAX_CELL]


def _write(sheet: Any, place: tuple[int, int], value: Any, day: Any) -> None:
    if isinstance(value, date):
        sheet.write_datetime(*place, value, day)
    elif isinstance(value, str):
        if value:
            sheet.write_string(*place, value)
    elif abs(value) < LARGEST_EXACT:
        sheet.write_number(*place, float(value))
    else:
        sheet.write_string(*place, str(value))
