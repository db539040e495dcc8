"""All tile SQL of the project: a layer's features as one Mapbox vector tile.

Attributes: `c` class number (Style.classes), `n` merged points where more than one, `o` side-by-side
offset, `t` label. Polygons carry their labels in a second MVT layer `<name>_label` without buffer, so
that only the tile that owns the point owns the label. Tiles are drawn at 512 px: tile zoom = map zoom - 1.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Integer,
    Select,
    Text,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
)

from geodata.crs import WEB_MERCATOR
from geodata.filters import Condition
from geodata.layer import Feature, GeometryType, Style

MAX_TILE_ZOOM = 20
EXTENT = 4096
BUFFER = 128
WORLD_M = 40075016.685578488
TILE_PX = 512
#: Points closer than this are merged at low zoom, px.
MERGE_PX = 2
#: Below this tile zoom lines and polygons are simplified by half a pixel.
SIMPLIFY_BELOW = 12


def read_tile(
    connection: Connection,
    kind: type[Feature],
    visible: frozenset[str],
    tile: tuple[int, int, int],
    conditions: Sequence[Condition] = (),
) -> bytes:
    """Return the tile (zoom, x, y) of what the conditions keep; empty bytes when nothing is there."""
    zoom = tile[0]
    envelope = select(
        func.ST_TileEnvelope(*tile).label("tile"),
        func.ST_Expand(func.ST_TileEnvelope(*tile), WORLD_M / 2**zoom * BUFFER / EXTENT).label("reach"),
    ).cte("envelope")
    if kind.is_point() and zoom <= kind.layer.style.thin_below_zoom - 1:
        rows = _merged_points(kind, visible, envelope, zoom, conditions)
    else:
        rows = _features(kind, visible, envelope, zoom, conditions)
    parts = [_as_mvt(rows, kind.layer.name)]
    if kind.layer.geometry is GeometryType.POLYGON and _is_labelled(kind, zoom):
        parts.append(_as_mvt(_label_points(kind, visible, envelope, conditions), f"{kind.layer.name}_label"))
    found = connection.execute(select(*parts)).one()
    return b"".join(bytes(part) for part in found if part is not None)


def class_number(kind: type[Feature], visible: frozenset[str]) -> ColumnElement[int]:
    """Return the SQL of a feature's class number among Style.classes(visible)."""
    number: ColumnElement[int] = literal(0, Integer)
    for variation in kind.layer.style.variations(visible):
        cases = list(variation.cases)
        # The simple form of CASE evaluates a derived column once, not once a value.
        indices = {value: position for position, value in enumerate(cases)}
        index = case(indices, value=kind.column(variation.field), else_=len(cases))
        number = number * (len(cases) + 1) + index
    return number


def _features(
    kind: type[Feature], visible: frozenset[str], envelope: CTE, zoom: int, conditions: Sequence[Condition]
) -> Select[Any]:
    geom = kind.column("geom_3857")
    reach = select(envelope.c.reach).scalar_subquery()
    drawn = geom
    if not kind.is_point() and zoom < SIMPLIFY_BELOW:
        drawn = func.ST_Simplify(geom, WORLD_M / 2**zoom / TILE_PX / 2, True)
    style = kind.layer.style
    columns = [
        kind.id.label("id"),
        class_number(kind, visible).label("c"),
        func.ST_AsMVTGeom(drawn, select(envelope.c.tile).scalar_subquery(), EXTENT, BUFFER, True).label("geom"),
    ]
    if style.offset_field in visible:
        columns.append(kind.column(str(style.offset_field)).label("o"))
    if kind.layer.geometry is not GeometryType.POLYGON and _is_labelled(kind, zoom):
        columns.append(_label(kind, visible).label("t"))
    return (
        select(*columns).where(geom.op("&&")(reach), *(c.sql for c in conditions)).order_by(columns[1].desc(), kind.id)
    )


def _merged_points(
    kind: type[Feature], visible: frozenset[str], envelope: CTE, zoom: int, conditions: Sequence[Condition]
) -> Select[Any]:
    """One point per class and cell of MERGE_PX, at the mean place; a lone point keeps its id and place."""
    tile = select(envelope.c.tile).scalar_subquery()
    reach = select(envelope.c.reach).scalar_subquery()
    geom = kind.column("geom_3857")
    x, y = func.ST_X(geom), func.ST_Y(geom)
    cell_m = WORLD_M / 2**zoom / TILE_PX * MERGE_PX
    inner = (
        select(kind.id.label("id"), class_number(kind, visible).label("c"), x.label("x"), y.label("y"))
        .where(geom.op("&&")(reach), *(c.sql for c in conditions))
        .subquery("found")
    )
    count = func.count()
    place = func.ST_SetSRID(func.ST_Point(func.avg(inner.c.x), func.avg(inner.c.y)), WEB_MERCATOR)
    return (
        select(
            func.min(inner.c.id).label("id"),
            inner.c.c.label("c"),
            func.ST_AsMVTGeom(place, tile, EXTENT, BUFFER, True).label("geom"),
            case((count > 1, cast(count, Integer)), else_=null()).label("n"),
        )
        .group_by(inner.c.c, func.floor(inner.c.x / cell_m), func.floor(inner.c.y / cell_m))
        .order_by(inner.c.c.desc())
    )


def _label_points(
    kind: type[Feature], visible: frozenset[str], envelope: CTE, conditions: Sequence[Condition]
) -> Select[Any]:
    geom = kind.column("geom_3857")
    tile = select(envelope.c.tile).scalar_subquery()
    return select(
        kind.id.label("id"),
        class_number(kind, visible).label("c"),
        func.ST_AsMVTGeom(func.ST_PointOnSurface(geom), tile, EXTENT, 0, True).label("geom"),
        _label(kind, visible).label("t"),
    ).where(geom.op("&&")(tile), *(c.sql for c in conditions))


def _label(kind: type[Feature], visible: frozenset[str]) -> ColumnElement[str]:
    parts: list[ColumnElement[Any]] = []
    for name in kind.layer.style.label_fields:
        field = kind.field(name)
        if field is None or name not in visible:
            continue
        if field.unit:
            parts.append(cast(func.round(kind.column(name)), Text) + f" {field.unit}")
        else:
            parts.append(cast(kind.column(name), Text))
    return func.concat_ws(" · ", *parts)


def _is_labelled(kind: type[Feature], zoom: int) -> bool:
    style: Style = kind.layer.style
    return zoom >= style.label_min_zoom - 1


def _as_mvt(rows: Select[Any], name: str) -> ColumnElement[bytes]:
    feature = rows.subquery("f_" + name)
    whole_row: ColumnElement[Any] = literal_column(feature.name)
    drawn = select(func.ST_AsMVT(whole_row, name, EXTENT, "geom", "id")).select_from(feature)
    return drawn.where(feature.c.geom.is_not(None)).scalar_subquery()
