"""Features as GeoJSON (RFC 7946) written by the database: Python would take most of the time of a large page.

The values are those of `features.as_geojson`; only the writing differs (`12.50` for `12.5`, spaces).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, literal_column, select, true

from geodata.base.database import ReadConnection
from geodata.query.features import Measure, Sort, read_page
from geodata.query.projections import LON_LAT, OfferedCrs
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.filters import Condition, day_of


@dataclass(frozen=True, kw_only=True)
class GeojsonPage:
    """One page of features, each as the text of a GeoJSON feature; `next_cursor` is None on the last page."""

    features: list[str]
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
    """Return the page that `features.list_features` returns with the same arguments, as texts."""
    asked = tuple(conditions)
    properties = [kind.column(field.name, day_of(asked)).label(field.name) for field in fields]
    properties += [measure.column.label(measure.name) for measure in measures]
    geometry = system.geojson(kind.column("geom")) if with_geometry else None
    shown = _as_text(kind, properties, geometry)
    rows, next_cursor = read_page(connection, kind, asked, shown, limit=limit, cursor=cursor, sort=sort)
    return GeojsonPage(features=[row.feature for row in rows], next_cursor=next_cursor)


def write_collection(members: Mapping[str, object], features: Iterable[str]) -> str:
    """Return a feature collection: its members, which hold no features, and the texts of these."""
    head = json.dumps(members, ensure_ascii=False, separators=(",", ":"))
    return f'{head[:-1]},"features":[{",".join(features)}]}}'


def _as_text(
    kind: type[Feature], properties: Sequence[ColumnElement[Any]], geometry: ColumnElement[str] | None
) -> Select[Any]:
    """Return the statement that writes each feature; a lateral row, as json_build_object takes fifty values only."""
    row = select(*properties).correlate(kind.__table__).lateral("properties")
    written = func.concat(
        literal('{"type": "Feature", "id": '), kind.id,
        literal(', "geometry": '), literal("null") if geometry is None else func.coalesce(geometry, "null"),
        literal(', "properties": '), func.row_to_json(literal_column("properties")), literal("}"),
    )  # fmt: skip
    columns: list[ColumnElement[Any]] = [kind.id.label("id"), written.label("feature")]
    return select(*columns).select_from(kind).join(row, true())
