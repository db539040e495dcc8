"""Exports as tables, CSV and XLSX: texts that a spreadsheet would run as a formula are disarmed or written as plain text."""

import csv
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import shapely

from geodata.base.crs import WGS84
from geodata.base.formulas import disarm
from geodata.base.workbook import Cell, Table, write_workbook
from geodata.export.source import Data, text_of

# Tables ----------------------------------------------------------------------------------------------


def _location_names(data: Data) -> list[str]:
    """Return names of the columns of the location, which tell the CRS."""
    if data.detail is not None:
        return []
    suffix = f"_epsg{data.srid}"
    if not data.kind.is_point():
        return [f"wkt{suffix}"]
    return ["lon", "lat"] if data.srid == WGS84 else [f"easting{suffix}", f"northing{suffix}"]


def _located_rows(data: Data) -> Iterator[tuple[Any, ...]]:
    """Return the rows, each with its location at the end."""
    for batch in data.batches:
        if data.detail is not None:
            yield from batch.rows
            continue
        shapes = batch.geometries
        if data.kind.is_point():
            places: Iterable[tuple[Any, ...]] = zip(shapely.get_x(shapes), shapely.get_y(shapes), strict=True)
        else:
            places = ((text,) for text in (shapely.to_wkt(shapes, rounding_precision=-1) if batch.rows else ()))
        yield from ((*row, *map(_number_or_text, place)) for row, place in zip(batch.rows, places, strict=True))


def _number_or_text(value: Any) -> Any:
    return value if isinstance(value, str) else float(value)


def csv_cell(value: Any) -> str:
    """Return a cell that no spreadsheet runs: the apostrophe is taken off again on import.

    A number with three decimals gets a fourth, since 1.234 would be one thousand in Vietnam.
    """
    if value is None:
        return ""
    if isinstance(value, Decimal | float):
        text = format(value.normalize(), "f") if isinstance(value, Decimal) else repr(value)
        return text + "0" if re.fullmatch(r"-?\d{1,3}\.\d{3}", text) else text
    text = text_of(value)
    return disarm(text) if isinstance(value, str) else text


def write_csv(data: Data, path: Path) -> None:
    """Write CSV in UTF-8 with its mark, which Excel needs."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(field.name for field in data.fields), *_location_names(data)])
        writer.writerows([csv_cell(value) for value in row] for row in _located_rows(data))


def write_xlsx(data: Data, path: Path) -> None:
    """Write a workbook of one sheet; numbers as numbers, all else as texts."""
    heads = [*(field.name for field in data.fields), *_location_names(data)]
    rows = ([_as_stored(value) for value in row] for row in _located_rows(data))
    write_workbook(path, [Table(name=data.name, heads=heads, rows=rows)])


def _as_stored(value: Any) -> Cell:
    """Return what the import reads again as it is stored: days and the like in their one writing."""
    return value if value is None or isinstance(value, bool | int | float | Decimal) else text_of(value)
