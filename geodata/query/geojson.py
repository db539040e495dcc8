"""Features as GeoJSON (RFC 7946) written by the database: Python would take most of the time of a large page.

The values are those of `features.as_geojson`; only the writing differs (`12.50` for `12.5`, spaces).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Select, Text, func, literal, literal_column, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by

from geodata.base.database import IN_BYTES, ReadConnection
from geodata.query.features import NUMBERS, Measure, Sort, read_numbers
from geodata.query.projections import LON_LAT, OfferedCrs
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.filters import Condition, day_of


@dataclass(frozen=True, kw_only=True)
class GeojsonPage:
    """One page of features: their GeoJSON with commas between, and how many; `next_cursor` is None on the last page."""

    content: bytes
    count: int
    next_cursor: str | None


def list_geojson(
    connection: ReadConnection,
    kind: type[Feature],
    fields: Sequence[Field],
    conditions: Iterable[Condition] = (),
    *,
    limit: int = 100,
    cursor: str | None = None,
    sort: Sort | None = None,
    with_geometry: bool = True,
    measures: Sequence[Measure] = (),
    system: OfferedCrs = LON_LAT,
) -> GeojsonPage:
    """Return the page that `features.list_features` returns with the same arguments, written (UTF-8)."""
    asked = tuple(conditions)
    numbers, next_cursor = read_numbers(connection, kind, asked, limit=limit, cursor=cursor, sort=sort)
    if not numbers:
        return GeojsonPage(content=b"", count=0, next_cursor=None)
    names, used = tuple(field.name for field in fields), system if with_geometry else None
    statement = (_statement if measures else _kept)(kind, names, day_of(asked), used, tuple(measures))
    count, content = connection.execute(statement, {NUMBERS.key: numbers}, execution_options=IN_BYTES).one()
    return GeojsonPage(content=content or b"", count=count, next_cursor=next_cursor)


def write_collection(members: Mapping[str, object], features: bytes) -> bytes:
    """Return a feature collection (UTF-8): its members, which hold no features, and these as they are written."""
    head = json.dumps(members, ensure_ascii=False, separators=(",", ":"))
    return b"".join((head[:-1].encode(), b',"features":[', features, b"]}"))


def _statement(
    kind: type[Feature],
    names: tuple[str, ...],
    day: date | None,
    system: OfferedCrs | None,
    measures: tuple[Measure, ...] = (),
) -> Select[int, bytes | None]:
    """Return the statement that counts and writes the features of some numbers, in their order."""
    asked = (
        func.unnest(NUMBERS).table_valued("id", with_ordinality="place", joins_implicitly=True).render_derived("asked")
    )
    properties: list[ColumnElement[Any]] = [kind.column(name, day).label(name) for name in names]
    properties += [measure.column.label(measure.name) for measure in measures]
    # A lateral row, as json_build_object takes fifty values only.
    row = select(*properties).correlate(kind.__table__).lateral("properties")
    geometry = None if system is None else system.geojson(kind.column("geom"))
    written = func.concat(
        literal('{"type": "Feature", "id": '), kind.id,
        literal(', "geometry": '), literal("null") if geometry is None else func.coalesce(geometry, "null"),
        literal(', "properties": '), func.row_to_json(literal_column("properties")), literal("}"),
    )  # fmt: skip
    features = func.string_agg(written, aggregate_order_by(literal(",", Text), asked.c.place))
    return (
        select(func.count(), func.convert_to(features, "UTF8", type_=LargeBinary()))
        .select_from(asked)
        .join(kind.__table__, kind.column("id") == asked.c.id)
        .join(row, true())
    )


#: Building it takes as long as many a page: for each layer, set of visible fields and system it is built once.
_kept = lru_cache(maxsize=100)(_statement)
