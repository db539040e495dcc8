"""Points that are stored as tiles draw them: a tile of half a million reads the few thousand that it shows.

A level is a layer by the fields that vary its symbol and those its labels are written from, as far as a role sees them. It
holds a point for each class and cell of each zoom at which the layer's points are merged, and each point by itself for the
zooms that follow, made by `geodata.query.merging` in the background. It is true on the day it was made on, but where the
layer has changed since: there, and without a level, a tile reads the layer itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Double,
    Identity,
    SmallInteger,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.base.crs import Bbox
from geodata.base.data_version import DataChange
from geodata.base.database import Base, ReadConnection
from geodata.schema.feature import Feature


class MergedLevel(Base):
    """A layer's stored points for who sees these fields of those that vary its symbol or are in its labels (separated by commas)."""

    __tablename__ = "merged_level"
    __table_args__ = (UniqueConstraint("layer", "fields"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    layer: Mapped[str] = mapped_column(Text)
    fields: Mapped[str] = mapped_column(Text)
    made_on: Mapped[date]


class MergedPoint(Base):
    """The points of one class in one cell: how many, their mean place in metres of EPSG:3857, the lowest id among them.

    Cells are counted from where the equator meets Greenwich, eastwards and northwards; a block is a tile's cells.
    """

    __tablename__ = "merged_point"

    level_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    zoom: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    block_x: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    block_y: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cell_x: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cell_y: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    c: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(BigInteger)
    n: Mapped[int]
    x: Mapped[float] = mapped_column(Double)
    y: Mapped[float] = mapped_column(Double)


class PlacedPoint(Base):
    """A point by itself: class, place in metres of EPSG:3857, label; by the cells of PLACED_ZOOM, counted as those above."""

    __tablename__ = "placed_point"

    level_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    block_x: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    block_y: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cell_x: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cell_y: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    c: Mapped[int]
    x: Mapped[float] = mapped_column(Double)
    y: Mapped[float] = mapped_column(Double)
    t: Mapped[str] = mapped_column(Text)


#: The last tile zoom that is drawn from stored points: above there are so few that the layer itself tells them as fast.
PLACED_ZOOM = 14


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A level that says what is there in an area, but within `changed` (EPSG:4326), where the layer has changed since."""

    level: int
    changed: Bbox | None


_SIDES = ("west", "south", "east", "north")
_WEST, _SOUTH, _EAST, _NORTH = (bindparam(side, type_=Double) for side in _SIDES)
_TOUCHES = (
    (DataChange.west <= _EAST)
    & (DataChange.east >= _WEST)
    & (DataChange.south <= _NORTH)
    & (DataChange.north >= _SOUTH)
)
#: A level with the bounds of what its points do not have in of an area; without a row where they are of another day.
_OF_TODAY = (
    select(
        MergedLevel.id,
        func.count(DataChange.layer).filter(DataChange.west.is_(None)),
        func.min(DataChange.west), func.min(DataChange.south), func.max(DataChange.east), func.max(DataChange.north),
    )
    .select_from(MergedLevel)
    .outerjoin(
        DataChange,
        and_(DataChange.layer == MergedLevel.layer, ~DataChange.is_merged, or_(DataChange.west.is_(None), _TOUCHES)),
    )
    .where(
        MergedLevel.layer == bindparam("layer"),
        MergedLevel.fields == bindparam("fields"),
        MergedLevel.made_on == func.current_date(),
    )
    .group_by(MergedLevel.id)
)  # fmt: skip


def stored_for(connection: ReadConnection, kind: type[Feature], visible: Iterable[str], area: Bbox) -> Stored | None:
    """Return what is stored of an area (EPSG:4326) by the visible fields; None where nothing is of today, or all has changed."""
    asked = {"layer": kind.layer.name, "fields": fields_of(kind, visible), **dict(zip(_SIDES, area, strict=True))}
    found: Any = connection.execute(_OF_TODAY, asked).one_or_none()
    if found is None:
        return None
    level, everywhere, west, south, east, north = found
    if everywhere:
        return None
    return Stored(level=level, changed=None if west is None else (west, south, east, north))


def layers_merged(session: Session) -> list[str]:
    """Return the names of the layers of which merged points are stored."""
    return list(session.scalars(select(MergedLevel.layer).distinct()))


def fields_of(kind: type[Feature], visible: Iterable[str]) -> str:
    """Return those of the visible fields that vary a layer's symbol or are in its labels, as a level is called by them."""
    style, seen = kind.layer.style, frozenset(visible)
    names = [variation.field for variation in style.variations(seen)]
    names += [name for name in style.label_fields if name in seen]
    return ",".join(dict.fromkeys(names))


def merged_zooms(kind: type[Feature]) -> range:
    """Return the tile zooms at which a layer's points are merged and shown."""
    style = kind.layer.style
    return range(max(kind.layer.min_zoom - 1, 1), style.thin_below_zoom if kind.is_point() else 0)


def stored_zooms(kind: type[Feature]) -> range:
    """Return the tile zooms of which a layer's points are stored: those at which they are merged, and what follows."""
    merged = merged_zooms(kind)
    # Where points stand beside each other more would have to be stored.
    is_placed = merged and not kind.layer.style.offset_field
    return range(merged.start, PLACED_ZOOM + 1) if is_placed else merged
