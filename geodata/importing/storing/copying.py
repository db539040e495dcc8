"""Rows in the text form of PostgreSQL's COPY.

Source: PostgreSQL 16, COPY, “Text Format”.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

import shapely

from geodata.importing.storing.kept_rows import KeptRows
from geodata.importing.storing.rows import CheckedRows
from geodata.importing.table import Geometries, Value
from geodata.schema.fields import LabelledEnum

_ESCAPED = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _copy_text(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, LabelledEnum):
        return value.value
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value).translate(_ESCAPES) if isinstance(value, str) else str(value)


def _copy_texts(values: Sequence[Any]) -> list[str]:
    types = set(map(type, values))
    if types == {str} and not _ESCAPED.search("".join(values)):
        return list(values)
    if types == {int}:
        return list(map(str, values))
    if types == {bool}:
        return ["t" if value else "f" for value in values]
    return [_copy_text(value) for value in values]


#: A point as EWKB in EPSG:4326: byte order, type with the mark for an SRID, SRID, coordinates.
_POINT = np.dtype([("order", "u1"), ("type", "<u4"), ("srid", "<u4"), ("x", "<f8"), ("y", "<f8")])


def _copy_shapes(geometries: Geometries) -> list[str]:
    """Return geometries as hex EWKB; whole points are written at once, many times faster."""
    xy = shapely.get_coordinates(geometries)
    if len(xy) == len(geometries) and (shapely.get_type_id(geometries) == shapely.GeometryType.POINT).all():
        points = np.empty(len(xy), dtype=_POINT)
        points["order"], points["type"], points["srid"] = 1, 0x20000001, 4326
        points["x"], points["y"] = xy[:, 0], xy[:, 1]
        letters, size = points.tobytes().hex().upper(), 2 * _POINT.itemsize
        return [letters[start : start + size] for start in range(0, len(letters), size)]
    whole: list[str | None] = shapely.to_wkb(shapely.set_srid(geometries, 4326), hex=True, include_srid=True).tolist()
    return ["\\N" if shape is None else shape for shape in whole]


def _copy_json(values: Sequence[Mapping[str, Value] | None]) -> list[str]:
    return [
        "{}" if not value else json.dumps(value, ensure_ascii=False, allow_nan=False).translate(_ESCAPES)
        for value in values
    ]


def lines_of(checked: CheckedRows, names: Sequence[str], batch: int) -> Iterator[bytes]:
    """Return the rows in blocks of `batch`: number, the fields of `names`, geometry, what no field took, target."""
    if isinstance(checked, KeptRows):
        yield from checked.blocks()
        return
    for start in range(0, len(checked.rows), batch):
        stop = min(start + batch, len(checked.rows))
        columns: list[Iterable[str]] = [map(str, checked.rows[start:stop])]
        columns += [_copy_texts(checked.values[name][start:stop]) for name in names]
        columns.append(_copy_shapes(checked.geometries[start:stop]))
        if checked.extra is not None:
            columns.append(_copy_json(checked.extra[start:stop]))
        if checked.targets is not None:
            columns.append(_copy_texts(checked.targets[start:stop]))
        yield ("\n".join(map("\t".join, zip(*columns, strict=True))) + "\n").encode()
