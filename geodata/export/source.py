"""What an export is made from: rows from a cursor in batches, and their places moved exactly to the file's CRS."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Select, func, select, type_coerce

import pyproj
import shapely
from pyproj.transformer import AreaOfInterest

from geodata.base.crs import WGS84, Bbox, current_province
from geodata.base.database import ReadConnection
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.history.documents import AnyGeometry
from geodata.query.features import Measure
from geodata.schema.column_names import LONGEST, short_names
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.filters import Condition, day_of

#: Rows in memory at a time. GDAL holds every other thread of the process while it writes a batch: 25 to 40 ms for so many, twice that for 2,000.
BATCH = 1000

Points = np.ndarray[Any, np.dtype[np.float64]]
Conditions = Iterable[Condition | ColumnElement[bool]]


#: The column of a detail's file that names the object, as the import knows it again.
PARENT = Field(label=N_("Code of the object"), name="parent_code", source_names=("MA_CHA",))


def parse_srid(crs: str | None) -> int:
    """Return the number of a CRS like EPSG:9210 that data can be moved to exactly. Raises InvalidValueError."""
    if crs is None or not crs.strip():
        return WGS84
    match = re.fullmatch(r"(?:EPSG:)?(\d{4,6})", crs.strip(), re.IGNORECASE)
    if match is None:
        raise InvalidValueError(name="crs", value=crs[:80], reason=N_("write it like EPSG:9210"))
    srid = int(match[1])
    try:
        _transformer(srid)
    except pyproj.exceptions.ProjError as error:
        raise InvalidValueError(name="crs", value=crs, reason=N_("this CRS is not known here")) from error
    return srid


def _transformer(srid: int) -> pyproj.Transformer:
    return _exact_way(srid, current_province().extent)


@lru_cache(maxsize=16)
def _exact_way(srid: int, extent: Bbox) -> pyproj.Transformer:
    area = AreaOfInterest(*extent)
    # No ballpark: without the datum shift everything would be 224 m off in silence.
    return pyproj.Transformer.from_crs(WGS84, srid, always_xy=True, area_of_interest=area, allow_ballpark=False)


def _moved(transformer: pyproj.Transformer, points: Points) -> Points:
    """Return the points in the file's CRS, so that the way back ends where it began.

    PROJ inverts the seven parameters only to 0.7 mm; two corrections make it exact.
    """
    corrected = points
    for _ in range(2):
        there = transformer.transform(corrected[:, 0], corrected[:, 1])
        back = np.column_stack(transformer.transform(*there, direction="INVERSE"))
        corrected = corrected + (points - back)
    return np.column_stack(transformer.transform(corrected[:, 0], corrected[:, 1]))


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some of the rows: stored values by field, geometry in the file's CRS."""

    rows: list[tuple[Any, ...]]
    geometries: np.ndarray[Any, np.dtype[np.object_]]


@dataclass(frozen=True, kw_only=True)
class Data:
    """What is written. `batches` can be gone through once; there is at least one, which may be empty."""

    kind: type[Feature]
    fields: tuple[Field, ...]
    batches: Iterable[Batch]
    srid: int
    detail: type[Detail] | None = None

    @property
    def name(self) -> str:
        """What the layer of the file is called."""
        return self.detail.detail.name if self.detail else self.kind.layer.name

    def short_names(self) -> list[str]:
        """Return the columns' names in ten letters."""
        shorter = short_names(self.detail or self.kind) | {PARENT.name: PARENT.source_names[0]}
        return [shorter.get(field.name, field.name[:LONGEST]) for field in self.fields]


def read_rows(
    connection: ReadConnection,
    kind: type[Feature],
    fields: Sequence[Field],
    conditions: Conditions,
    *,
    srid: int,
    measures: Sequence[Measure],
) -> Data:
    """Return the features that the conditions keep, in the order of their keys, with the measures beside the fields."""
    day = day_of(condition for condition in conditions if isinstance(condition, Condition))
    columns = [kind.column(field.name, day).label(field.name) for field in fields]
    columns += [measure.column.label(measure.name) for measure in measures]
    geometry = func.ST_AsBinary(type_coerce(kind.geom, AnyGeometry())).label("geom_wkb")
    clauses = [condition.sql if isinstance(condition, Condition) else condition for condition in conditions]
    order = [kind.column(name) for name in kind.layer.key]
    statement = select(*columns, geometry).where(*clauses).order_by(*order, kind.id)
    chosen = (*fields, *(measure.field for measure in measures))
    return Data(kind=kind, fields=chosen, batches=batches_of(connection, statement, srid), srid=srid)


def batches_of(connection: ReadConnection, statement: Select[Any], srid: int) -> Iterator[Batch]:
    """Return what a query finds in batches; its last column is the geometry as WKB in EPSG:4326."""
    found = connection.execute(statement, execution_options={"yield_per": BATCH})
    is_empty = True
    for part in found.partitions():
        is_empty = False
        wkb = np.array([bytes(row[-1]) for row in part], dtype=object)
        geometries = shapely.from_wkb(wkb)
        if srid != WGS84:
            geometries = shapely.transform(geometries, partial(_moved, _transformer(srid)))
        yield Batch(rows=[tuple(row[:-1]) for row in part], geometries=geometries)
    if is_empty:
        yield Batch(rows=[], geometries=np.empty(0, dtype=object))


def told(batches: Iterable[Batch], progress: Callable[[int], None]) -> Iterator[Batch]:
    """Return the batches, and tell after each how many rows there were."""
    rows = 0
    for batch in batches:
        yield batch
        rows += len(batch.rows)
        progress(rows)


def plain(value: Any) -> Any:
    """Return a stored value as JSON knows it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return getattr(value, "value", value)


def text_of(value: Any) -> str:
    """Return a stored value as a cell of texts holds it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    found = plain(value)
    return json.dumps(found, ensure_ascii=False) if isinstance(found, dict | list) else str(found)
