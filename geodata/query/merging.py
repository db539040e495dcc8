"""Brings the stored points up to date: where a layer has changed its cells are made anew, else all at once.

Points by themselves are read from the layer, those of the finest merged zoom are merged from it, each coarser one from the
finer: four cells of it are one.
"""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    SmallInteger,
    SQLColumnExpression,
    Subquery,
    any_,
    cast,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy.orm import Session

from geodata.base.crs import WEB_MERCATOR, Bbox
from geodata.base.data_version import DataChange
from geodata.base.database import rows_changed
from geodata.query.cells import BLOCK_BITS, Cells, cell_at, cells_of
from geodata.query.merged import (
    PLACED_ZOOM,
    MergedLevel,
    MergedPoint,
    PlacedPoint,
    fields_of,
    merged_zooms,
    stored_zooms,
)
from geodata.query.tiles import found_points
from geodata.schema.feature import Feature

#: Below so many objects merging them for a tile takes less than it is worth to store anything.
LEAST_OBJECTS = 20_000
#: So many changed places are made anew one by one; for more, all is.
MOST_PLACES = 200
_COLUMNS = ("level_id", "zoom", "block_x", "block_y", "cell_x", "cell_y", "c", "id", "n", "x", "y")
_PLACED = ("level_id", "block_x", "block_y", "cell_x", "cell_y", "id", "c", "x", "y", "t")


def refresh_merged(session: Session, kind: type[Feature], audiences: Collection[frozenset[str]]) -> int:
    """Bring a layer's stored points up to date, and return how many were written. The caller commits.

    `audiences`: the fields that each role sees. One at a time does it; who comes meanwhile leaves it to him. What is
    committed while it runs waits for the next time.
    """
    if not merged_zooms(kind) or not session.scalar(select(func.pg_try_advisory_xact_lock(func.hashtext(_lock(kind))))):
        return 0
    stored = {level.fields: level for level in session.scalars(select(MergedLevel).where(_of(kind)))}
    wanted = {fields_of(kind, visible): visible for visible in audiences} if _is_large(session, kind) else {}
    for fields in stored.keys() - wanted.keys():
        _forget(session, stored.pop(fields))
    changes = session.execute(_PENDING.where(DataChange.layer == kind.layer.name)).all()
    today = session.scalar(select(func.current_date()))
    written = 0
    for fields, visible in wanted.items():
        level = stored.get(fields)
        if level is None or level.made_on != today or _is_everywhere(changes):
            if level is not None:
                _forget(session, level)
            level = MergedLevel(layer=kind.layer.name, fields=fields, made_on=today)
            session.add(level)
            session.flush()
            written += _make(session, kind, visible, level.id)
        else:
            for change in changes:
                written += _make(session, kind, visible, level.id, _area(change))
    _settle(session, kind, changes)
    return written


_PENDING = select(
    DataChange.mark, DataChange.west, DataChange.south, DataChange.east, DataChange.north
).where(~DataChange.is_merged)  # fmt: skip


def _lock(kind: type[Feature]) -> str:
    return f"merged points {kind.layer.name}"


def _of(kind: type[Feature]) -> ColumnElement[bool]:
    return MergedLevel.layer == kind.layer.name


def _is_large(session: Session, kind: type[Feature]) -> bool:
    some = select(kind.id).limit(LEAST_OBJECTS).subquery()
    return session.scalar(select(func.count()).select_from(some)) == LEAST_OBJECTS


def _is_everywhere(changes: Collection[Any]) -> bool:
    return len(changes) > MOST_PLACES or any(change.west is None for change in changes)


def _area(change: Any) -> Bbox:
    return change.west, change.south, change.east, change.north


def _settle(session: Session, kind: type[Feature], changes: Iterable[Any]) -> None:
    """Note that these changes are in what is stored; one that has grown meanwhile has another mark, and waits."""
    # One parameter, however many there are: a worker may have been away for weeks.
    marks = literal([change.mark for change in changes], ARRAY(BigInteger))
    is_in = (DataChange.layer == kind.layer.name) & (DataChange.mark == any_(marks))
    session.execute(update(DataChange).where(is_in).values(is_merged=True), execution_options=_COUNTED)


def _forget(session: Session, level: MergedLevel) -> None:
    for table in (MergedPoint, PlacedPoint):
        session.execute(delete(table).where(table.level_id == level.id))
    session.delete(level)
    session.flush()


def _make(session: Session, kind: type[Feature], visible: frozenset[str], level: int, area: Bbox | None = None) -> int:
    """Make a level's points, all or those of an area (EPSG:4326), and return how many there are."""
    written = _merge(session, kind, visible, level, area and cells_of(area, merged_zooms(kind)[-1]))
    if PLACED_ZOOM in stored_zooms(kind):
        written += _place(session, kind, visible, level, area and cells_of(area, PLACED_ZOOM))
    return written


def _place(session: Session, kind: type[Feature], visible: frozenset[str], level: int, cells: Cells | None) -> int:
    """Write down a layer's points one by one, all or those of some cells, in the order in which tiles read them."""
    rows = _with_cells(found_points(kind, visible, *_within(kind, cells, PLACED_ZOOM), is_labelled=True), PLACED_ZOOM)
    block_x, block_y = _shifted(rows.c.cell_x, BLOCK_BITS), _shifted(rows.c.cell_y, BLOCK_BITS)
    placed = select(literal(level, Integer), block_x, block_y, *(rows.c[name] for name in _PLACED[3:]))
    if cells:
        session.execute(delete(PlacedPoint).where(PlacedPoint.level_id == level, *_among(PlacedPoint, cells)))
        placed = placed.where(*cells.hold(rows.c.cell_x, rows.c.cell_y))
    ordered = placed.order_by(block_x, block_y, rows.c.cell_x, rows.c.cell_y)
    made = session.execute(insert(PlacedPoint).from_select(_PLACED, ordered), execution_options=_COUNTED)
    return rows_changed(made)


def _merge(session: Session, kind: type[Feature], visible: frozenset[str], level: int, cells: Cells | None) -> int:
    """Merge a level's points from the finest zoom to the coarsest, all or those of some cells; return how many there are."""
    written = 0
    for zoom in reversed(merged_zooms(kind)):
        if zoom == merged_zooms(kind)[-1]:
            rows = _finest(kind, visible, level, zoom, cells)
        else:
            cells = cells and cells.coarser()
            rows = _coarser(level, zoom, cells)
        if cells:
            session.execute(delete(MergedPoint).where(*_stored(level, zoom, cells)))
        made = session.execute(insert(MergedPoint).from_select(_COLUMNS, rows), execution_options=_COUNTED)
        written += rows_changed(made)
    return written


_COUNTED = {"synchronize_session": False, "preserve_rowcount": True}


def _stored(level: int, zoom: int, cells: Cells | None) -> list[ColumnElement[bool]]:
    """Return the conditions of a zoom's stored points, all or those of some cells."""
    found = [MergedPoint.level_id == level, MergedPoint.zoom == zoom]
    return found + _among(MergedPoint, cells) if cells else found


def _among(table: type[MergedPoint | PlacedPoint], cells: Cells) -> list[ColumnElement[bool]]:
    """Return the conditions of the stored points of some cells, as the primary key finds them."""
    return [*cells.blocks().hold(table.block_x, table.block_y), *cells.hold(table.cell_x, table.cell_y)]


def _finest(kind: type[Feature], visible: frozenset[str], level: int, zoom: int, cells: Cells | None) -> Select[Any]:
    """Return a layer's objects merged by class and cell."""
    rows = _with_cells(found_points(kind, visible, *_within(kind, cells, zoom)), zoom)
    merged = _grouped(rows.c, rows.c.cell_x, rows.c.cell_y, level, zoom)
    return merged.where(*cells.hold(rows.c.cell_x, rows.c.cell_y)) if cells else merged


def _within(kind: type[Feature], cells: Cells | None, zoom: int) -> list[ColumnElement[bool]]:
    """Return the condition that a layer's objects lie in some cells or on their edge."""
    if cells is None:
        return []
    return [kind.column("geom_3857").op("&&")(func.ST_MakeEnvelope(*cells.bounds(zoom), WEB_MERCATOR))]


def _with_cells(found: Subquery, zoom: int) -> Subquery:
    """Return points with their cells; below what groups them, where a parameter that is given twice would be two expressions."""
    cells = cell_at(found.c.x, zoom).label("cell_x"), cell_at(found.c.y, zoom).label("cell_y")
    return select(*found.c, literal(1).label("n"), *cells).subquery("rows")


def _coarser(level: int, zoom: int, cells: Cells | None) -> Select[Any]:
    """Return the stored points of the next finer zoom merged four cells to one."""
    finer = _stored(level, zoom + 1, cells and cells.finer())
    above = _shifted(MergedPoint.cell_x, 1), _shifted(MergedPoint.cell_y, 1)
    return _grouped(MergedPoint, *above, level, zoom).where(*finer)


def _shifted(cell: SQLColumnExpression[int], bits: int) -> ColumnElement[int]:
    # Written out: two parameters are never the same expression to GROUP BY.
    return cell.op(">>", return_type=Integer())(literal_column(str(bits)))


def _grouped(rows: Any, cell_x: ColumnElement[int], cell_y: ColumnElement[int], level: int, zoom: int) -> Select[Any]:
    """Return rows with a class, number and mean place merged by class and cell, in the order in which tiles read them."""
    number = func.sum(rows.n)
    block_x, block_y = _shifted(cell_x, BLOCK_BITS), _shifted(cell_y, BLOCK_BITS)
    return (
        select(
            literal(level, Integer), literal(zoom, SmallInteger), block_x, block_y, cell_x, cell_y, rows.c,
            func.min(rows.id), cast(number, Integer), func.sum(rows.x * rows.n) / number, func.sum(rows.y * rows.n) / number,
        )
        .group_by(cell_x, cell_y, rows.c)
        .order_by(block_x, block_y, cell_x, cell_y)
    )  # fmt: skip
