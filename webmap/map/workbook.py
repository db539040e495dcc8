"""Tables for people, as Excel and CSV: labels, units and values in their language, the columns and order they see."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from geodata.base import workbook
from geodata.base.database import ReadConnection
from geodata.base.formulas import disarm
from geodata.base.i18n import N_
from geodata.query import features
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.filters import Condition
from webmap.app.about import about_sheet
from webmap.app.i18n import translate
from webmap.map.present import present_value


@dataclass(frozen=True)
class Sheet:
    """A layer's features: which fields, which of them, what is measured of each, in which order."""

    kind: type[Feature]
    fields: Sequence[Field]
    conditions: Sequence[Condition]
    measures: Sequence[features.Measure] = ()
    sort: features.Sort | None = None

    def heads(self, language: str) -> list[str]:
        """Return the columns' heads with their units."""
        fields = [*self.fields, *(measure.field for measure in self.measures)]
        return [
            translate(one.label, language) + (f" ({translate(one.unit, language)})" if one.unit else "")
            for one in fields
        ]

    def rows(self, connection: ReadConnection, language: str) -> Iterator[list[Any]]:
        """Yield each feature's cells: numbers and days as such, anything else as text."""
        cursor = None
        while True:
            page = features.list_features(
                connection, self.kind, self.fields, self.conditions, limit=features.MAX_PAGE, cursor=cursor,
                with_geometry=False, measures=self.measures, sort=self.sort,
            )  # fmt: skip
            for row in page.rows:
                cells = [_cell(field, row[field.name], language) for field in self.fields]
                yield [*cells, *(float(measure.of(row)) for measure in self.measures)]
            if not (cursor := page.next_cursor):
                return


def shown_fields(fields: Sequence[Field]) -> list[Field]:
    """Return the fields that people read."""
    return [field for field in fields if field.in_panel]


def sheet_name(kind: type[Feature], language: str) -> str:
    """Return what a layer's sheet is called."""
    return workbook.sheet_name(translate(kind.layer.title, language))


def write_workbook(
    connection: ReadConnection,
    sheets: Sequence[Sheet],
    file: IO[bytes],
    language: str,
    about: Sequence[tuple[str, str]],
) -> None:
    """Write the features that each sheet's conditions keep, and what is said `about` the file."""
    tables = [
        workbook.Table(
            name=sheet_name(asked.kind, language), heads=asked.heads(language), rows=asked.rows(connection, language),
            beside=2,
        )
        for asked in sheets
    ]  # fmt: skip
    nothing = workbook.Table(name="1", heads=(translate(N_("Nothing lies inside this area."), language),), rows=())
    workbook.write_workbook(file, tables or [nothing], about_sheet(about, language))


def write_table(connection: ReadConnection, asked: Sheet, file: IO[bytes], language: str) -> None:
    """Write the same as CSV (RFC 4180, UTF-8 with a mark, by which Excel knows it)."""
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    out = csv.writer(text)
    out.writerow(disarm(head) for head in asked.heads(language))
    for row in asked.rows(connection, language):
        out.writerow(_plain(cell) for cell in row)
    text.flush()
    text.detach()


def _plain(cell: Any) -> Any:
    """Return a cell as every spreadsheet reads it: a day in ISO form, a number with a point."""
    if isinstance(cell, str):
        return disarm(cell)
    return cell.isoformat() if isinstance(cell, date) else cell


def _cell(field: Field, value: Any, language: str) -> Any:
    """Return a number or a day as such, anything else as text."""
    is_text = isinstance(value, bool | datetime) or field.values or getattr(field.filter, "labels", None)
    if not is_text and isinstance(value, int | float | Decimal | date):
        return value
    return present_value(field, value, language)[: workbook.MAX_CELL]
