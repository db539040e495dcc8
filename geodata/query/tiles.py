"""All tile SQL of the project: a layer's features as one Mapbox vector tile; points that are merged or stored are written by `mvt`.

Attributes: `c` class number (Style.classes), `n` merged points where more than one, `o` side-by-side
offset, `t` label, `f` 1 where it is written before others; where they are asked for, `code` and `name` of objects that are not merged. Polygons carry their labels in a second MVT layer `<name>_label` without buffer, so
that only the tile that owns the point owns the label. Tiles are drawn at 512 px: tile zoom = map zoom - 1.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Float,
    Integer,
    Select,
    SmallInteger,
    Subquery,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    select,
    union_all,
)

from geodata.base.crs import WEB_MERCATOR, Bbox
from geodata.base.database import IN_BYTES, ReadConnection
from geodata.query.cells import CELLS_PER_TILE, MERGE_PX, TILE_PX, WORLD_M, cell_at, cells_of, cells_of_tile
from geodata.query.merged import PLACED_ZOOM, MergedLevel, MergedPoint, PlacedPoint, Stored, stored_for, stored_zooms
from geodata.query.mvt import EXTENT, Records, as_records, point_layer
from geodata.schema.feature import Feature, GeometryType
from geodata.schema.filters import Condition, day_of

MAX_TILE_ZOOM = 20
BUFFER = 128
#: Boxes are compared in single precision, rounded outwards: an object may be taken in that lies some metres outside. Degrees.
NEARLY = 1e-4
#: Below this tile zoom lines and polygons are simplified by half a pixel.
SIMPLIFY_BELOW = 12


@dataclass(frozen=True, kw_only=True)
class _Form:
    """What makes two tiles' statements differ, besides their place; few, so that statements are kept."""

    is_merged: bool
    is_simplified: bool
    is_labelled: bool
    is_first_named: bool
    is_named: bool


#: The place of a tile, filled in when its statement runs. A sub-select would hide it from the planner.
_WEST, _SOUTH, _EAST, _NORTH, _MARGIN, _PIXEL = (
    bindparam(name, type_=Float) for name in ("west", "south", "east", "north", "margin", "pixel")
)
_TILE = func.ST_MakeEnvelope(_WEST, _SOUTH, _EAST, _NORTH, WEB_MERCATOR)
_REACH = func.ST_MakeEnvelope(_WEST - _MARGIN, _SOUTH - _MARGIN, _EAST + _MARGIN, _NORTH + _MARGIN, WEB_MERCATOR)


def read_tile(
    connection: ReadConnection,
    kind: type[Feature],
    visible: frozenset[str],
    tile: tuple[int, int, int],
    conditions: Sequence[Condition] = (),
    *,
    is_named: bool = False,
    is_for_all: bool = False,
) -> bytes:
    """Return the tile (zoom, x, y) of what the conditions keep; empty bytes when nothing is there.

    `is_named`: with the code and name of each object, for programs that know no other way to ask for them.
    `is_for_all`: the connection reads today's data of all areas, so that stored points say what is there.
    """
    zoom = tile[0]
    style = kind.layer.style
    form = _Form(
        is_merged=kind.is_point() and zoom <= style.thin_below_zoom - 1,
        is_simplified=not kind.is_point() and zoom < SIMPLIFY_BELOW,
        is_labelled=zoom >= style.label_min_zoom - 1,
        is_first_named=style.first_named in visible and zoom >= style.first_min_zoom - 1,
        is_named=is_named,
    )
    is_stored = zoom in stored_zooms(kind) and (form.is_merged or not is_named)
    if is_for_all and not conditions and is_stored:
        stored = stored_for(connection, kind, visible, tile_reach(tile))
        if stored:
            drawn = _stored_statement(kind, visible, form, is_changed=stored.changed is not None)
            asked = _place(tile) | _cells(stored, tile, form)
            *records, is_there = connection.execute(drawn, asked, execution_options=IN_BYTES).one()
            if is_there:  # still; another may have been made since it was found
                return _drawn(kind, tile, *records, are_merged=form.is_merged)
    # Building SQL costs more than most tiles: without conditions it is built once.
    statement = _statement(kind, visible, form, tuple(conditions)) if conditions else _kept(kind, visible, form)
    found = connection.execute(statement, _place(tile), execution_options=IN_BYTES).one()
    if form.is_merged:
        return _drawn(kind, tile, *found, are_merged=True)
    return b"".join(bytes(part) for part in found if part is not None)


def _drawn(
    kind: type[Feature], tile: tuple[int, int, int], points: bytes | None, labels: bytes | None, *, are_merged: bool
) -> bytes:
    """Return the tile of points that are handed over as records."""
    if points is None:
        return b""
    place = _place(tile)
    corner, size_m = (place["west"], place["north"]), place["east"] - place["west"]
    records = Records(points=points, labels=labels, are_merged=are_merged)
    return point_layer(kind.layer.name, records, corner=corner, size_m=size_m)


def is_inhabited(connection: ReadConnection, kind: type[Feature], tile: tuple[int, int, int]) -> bool:
    """Return whether anything lies in a tile (zoom, x, y) or its buffer, drawn at that zoom or not."""
    asked = select(select(kind.id).where(kind.column("geom_3857").op("&&")(_REACH)).exists())
    return bool(connection.execute(asked, _place(tile)).scalar_one())


def _place(tile: tuple[int, int, int]) -> dict[str, float]:
    """Return the parameters of a tile's statement, metres of Web Mercator."""
    zoom, x, y = tile
    size = WORLD_M / 2**zoom
    west, north = x * size - WORLD_M / 2, WORLD_M / 2 - y * size
    return {
        "west": west,
        "south": north - size,
        "east": west + size,
        "north": north,
        "margin": size * BUFFER / EXTENT,
        "pixel": size / TILE_PX,
    }


def tile_reach(tile: tuple[int, int, int]) -> Bbox:
    """Return the extent from which a tile (zoom, x, y) takes its objects, EPSG:4326 (lon, lat): its own and its buffer."""
    size, margin = 360 / 2 ** tile[0], BUFFER / EXTENT
    _, x, y = tile
    west, east = (size * (x + side) - 180 for side in (-margin, 1 + margin))
    north, south = (_latitude(size * (y + side) - 180) for side in (-margin, 1 + margin))
    return west - NEARLY, south - NEARLY, east + NEARLY, north + NEARLY


def _latitude(down: float) -> float:
    """Return the latitude of a place on the map of the world, so many degrees of longitude below its middle."""
    return math.degrees(math.atan(math.sinh(math.radians(-down))))


def tile_range(extent: Bbox, zoom: int) -> tuple[int, int, int, int]:
    """Return first and last x, first and last y of the tiles of a zoom that meet an extent in EPSG:4326 (lon, lat)."""
    west, south, east, north = extent
    (left, top), (right, bottom) = _tile_of(west, north, zoom), _tile_of(east, south, zoom)
    return left, right, top, bottom


def _tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    x = (lon + 180) / 360
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int(x * 2**zoom), int(y * 2**zoom)


def _statement(
    kind: type[Feature], visible: frozenset[str], form: _Form, conditions: tuple[Condition, ...] = ()
) -> Select[Any, *tuple[Any, ...]]:
    if form.is_merged:
        return select(*as_records(_merged_points(kind, visible, conditions)))
    parts: list[ColumnElement[Any]] = [_as_mvt(_features(kind, visible, form, conditions), kind.layer.name)]
    if kind.layer.geometry is GeometryType.POLYGON and (form.is_labelled or form.is_first_named):
        parts.append(_as_mvt(_label_points(kind, visible, form, conditions), f"{kind.layer.name}_label"))
    return select(*parts)


_kept = lru_cache(maxsize=500)(_statement)


def class_number(kind: type[Feature], visible: frozenset[str], day: date | None = None) -> ColumnElement[int]:
    """Return the SQL of a feature's class number among Style.classes(visible), today or on a day."""
    number: ColumnElement[int] = literal(0, Integer)
    for variation in kind.layer.style.variations(visible):
        cases = list(variation.cases)
        # The simple form of CASE evaluates a derived column once, not once a value.
        indices = {value: position for position, value in enumerate(cases)}
        index = case(indices, value=kind.column(variation.field, day), else_=len(cases))
        number = number * (len(cases) + 1) + index
    return number


def _features(
    kind: type[Feature], visible: frozenset[str], form: _Form, conditions: tuple[Condition, ...]
) -> Select[Any]:
    geom = kind.column("geom_3857")
    drawn = func.ST_Simplify(geom, _PIXEL / 2, True) if form.is_simplified else geom
    style = kind.layer.style
    in_tile = (
        _in_tile(func.ST_X(geom), func.ST_Y(geom))
        if kind.is_point()
        else func.ST_AsMVTGeom(drawn, _TILE, EXTENT, BUFFER, True)
    )
    columns = [
        kind.id.label("id"),
        class_number(kind, visible, day_of(conditions)).label("c"),
        in_tile.label("geom"),
    ]
    if style.offset_field in visible:
        columns.append(kind.column(str(style.offset_field)).label("o"))
    if kind.layer.geometry is not GeometryType.POLYGON and form.is_labelled:
        columns.append(_label(kind, visible).label("t"))
    if form.is_named:
        columns += [kind.column(name).label(name) for name in ("code", "name") if name in visible]
    wanted = (geom.op("&&")(_REACH), *(condition.sql for condition in conditions))
    return select(*columns).where(*wanted).order_by(columns[1].desc(), kind.id)


#: Which stored points: the level's of a zoom, of the blocks of the tile and around it, among its cells and those of its
#: buffer; and the cells that are read from the layer itself, with their bounds in metres.
_LEVEL, _ZOOM = bindparam("level", type_=Integer), bindparam("zoom", type_=SmallInteger)
_BLOCKS_X, _BLOCKS_Y = (bindparam(name, type_=ARRAY(Integer)) for name in ("blocks_x", "blocks_y"))
_LEFT, _BOTTOM, _RIGHT, _TOP = (bindparam(name, type_=Integer) for name in ("left", "bottom", "right", "top"))
_CHANGED = [bindparam(f"changed_{name}", type_=Integer) for name in ("left", "bottom", "right", "top")]
_CHANGED_M = [bindparam(f"changed_{name}", type_=Float) for name in ("west", "south", "east", "north")]


@lru_cache(maxsize=100)
def _stored_statement(
    kind: type[Feature], visible: frozenset[str], form: _Form, *, is_changed: bool
) -> Select[bytes | None, bytes | None, bool]:
    """Return the statement of a tile's stored points as records, but for cells that have changed since."""
    table = MergedPoint if form.is_merged else PlacedPoint
    own = [MergedPoint.n] if form.is_merged else [PlacedPoint.t] if form.is_labelled else []
    stored = select(table.id, table.c, table.x, table.y, *own).where(
        table.level_id == _LEVEL,
        *([MergedPoint.zoom == _ZOOM] if form.is_merged else []),
        table.block_x == any_(_BLOCKS_X),
        table.block_y == any_(_BLOCKS_Y),
        table.cell_x.between(_LEFT, _RIGHT),
        table.cell_y.between(_BOTTOM, _TOP),
    )
    rows = stored.subquery("stored")
    if is_changed:
        left, bottom, right, top = _CHANGED
        kept = stored.where(~and_(table.cell_x.between(left, right), table.cell_y.between(bottom, top)))
        touches = kind.column("geom_3857").op("&&")(func.ST_MakeEnvelope(*_CHANGED_M, WEB_MERCATOR))
        found = found_points(kind, visible, touches, is_labelled=form.is_labelled and not form.is_merged)
        anew, cell = (_merged(found), _cell) if form.is_merged else (select(*found.c), _placed_cell)
        anew = anew.where(cell(found.c.x).between(left, right), cell(found.c.y).between(bottom, top))
        rows = union_all(kept, anew).subquery("stored")
    return select(*as_records(rows), exists().where(MergedLevel.id == _LEVEL))


def _placed_cell(metres: ColumnElement[float]) -> ColumnElement[int]:
    return cell_at(metres, PLACED_ZOOM)


def _cells(stored: Stored, tile: tuple[int, int, int], form: _Form) -> dict[str, Any]:
    """Return the parameters of a tile's stored points."""
    zoom = tile[0] if form.is_merged else PLACED_ZOOM
    cells = cells_of_tile(tile, CELLS_PER_TILE * BUFFER // EXTENT).finer(zoom - tile[0])
    blocks = cells.blocks()
    asked: dict[str, Any] = {
        "level": stored.level,
        "zoom": zoom,
        "blocks_x": list(range(blocks.left, blocks.right + 1)),
        "blocks_y": list(range(blocks.bottom, blocks.top + 1)),
        **asdict(cells),
    }
    if stored.changed:
        changed = cells_of(stored.changed, zoom).within(cells)
        asked |= {f"changed_{side}": value for side, value in asdict(changed).items()}
        asked |= {param.key: value for param, value in zip(_CHANGED_M, changed.bounds(zoom), strict=True)}
    return asked


def _in_tile(x: ColumnElement[float], y: ColumnElement[float]) -> ColumnElement[Any]:
    """Return a place in metres as a point of the tile's units: what ST_AsMVTGeom makes of a point, at a third of its cost."""
    unit = (_EAST - _WEST) / EXTENT
    return func.ST_MakePoint(func.round((x - _WEST) / unit), func.round((_NORTH - y) / unit))


def _merged_points(kind: type[Feature], visible: frozenset[str], conditions: tuple[Condition, ...]) -> Subquery:
    """One point per class and cell of MERGE_PX, at the mean place; a lone point keeps its id and place."""
    wanted = (kind.column("geom_3857").op("&&")(_REACH), *(condition.sql for condition in conditions))
    return _merged(found_points(kind, visible, *wanted, day=day_of(conditions))).subquery("merged")


def found_points(
    kind: type[Feature],
    visible: frozenset[str],
    *wanted: ColumnElement[bool],
    day: date | None = None,
    is_labelled: bool = False,
) -> Subquery:
    """Return id, class and place in metres of a layer's points, and their labels."""
    geom = kind.column("geom_3857")
    rows = select(
        kind.id.label("id"),
        class_number(kind, visible, day).label("c"),
        func.ST_X(geom).label("x"),
        func.ST_Y(geom).label("y"),
    )
    if is_labelled:
        rows = rows.add_columns(_label(kind, visible).label("t"))
    return rows.where(*wanted).subquery("found")


def _merged(found: Subquery) -> Select[Any]:
    """Return points merged by class and cell: lowest id, class, mean place, number."""
    return select(
        func.min(found.c.id).label("id"),
        found.c.c,
        (func.sum(found.c.x) / func.count()).label("x"),
        (func.sum(found.c.y) / func.count()).label("y"),
        cast(func.count(), Integer).label("n"),
    ).group_by(found.c.c, _cell(found.c.x), _cell(found.c.y))


def _cell(metres: ColumnElement[float]) -> ColumnElement[int]:
    return cast(func.floor(metres / (_PIXEL * MERGE_PX)), Integer)


def _label_points(
    kind: type[Feature], visible: frozenset[str], form: _Form, conditions: tuple[Condition, ...]
) -> Select[Any]:
    geom = kind.column("geom_3857")
    rows = select(
        kind.id.label("id"),
        class_number(kind, visible, day_of(conditions)).label("c"),
        func.ST_AsMVTGeom(func.ST_PointOnSurface(geom), _TILE, EXTENT, 0, True).label("geom"),
        _label(kind, visible).label("t"),
    ).where(geom.op("&&")(_TILE), *(condition.sql for condition in conditions))
    if not form.is_first_named:
        return rows
    is_first = kind.column(str(kind.layer.style.first_named))
    if not form.is_labelled:
        rows = rows.where(is_first)
    return rows.add_columns(case((is_first, 1)).label("f"))


def _label(kind: type[Feature], visible: frozenset[str]) -> ColumnElement[str]:
    style = kind.layer.style
    parts: list[ColumnElement[Any]] = []
    for name in style.label_fields:
        field = kind.field(name)
        if field is None or name not in visible:
            continue
        if field.unit:
            parts.append(cast(func.round(kind.column(name)), Text) + f" {field.unit}")
        else:
            text: ColumnElement[Any] = cast(kind.column(name), Text)
            for words, short in style.short:
                text = func.replace(text, words, short)
            parts.append(text)
    return func.concat_ws(" · ", *parts)


def _as_mvt(rows: Select[Any], name: str) -> ColumnElement[bytes]:
    feature = rows.subquery("f_" + name)
    whole_row: ColumnElement[Any] = literal_column(feature.name)
    # ST_AsMVT leaves out rows without geometry; a WHERE would make each geometry twice.
    return select(func.ST_AsMVT(whole_row, name, EXTENT, "geom", "id")).select_from(feature).scalar_subquery()
