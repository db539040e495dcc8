"""The cells in which points are merged at low zooms: squares of the map of the world, counted from where the equator meets Greenwich, eastwards and northwards."""

import math
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, SQLColumnExpression, cast, func

from geodata.base.crs import Bbox

WORLD_M = 40075016.685578488
TILE_PX = 512
#: Points of one class closer than this are merged at low zoom, px: symbols are 6 px there and hide each other.
MERGE_PX = 4
CELLS_PER_TILE = TILE_PX // MERGE_PX
#: A block is a tile's cells: 2 to the power of it, each way.
BLOCK_BITS = CELLS_PER_TILE.bit_length() - 1


@dataclass(frozen=True)
class Cells:
    """Cells of a zoom from west to east and from south to north, both ends among them."""

    left: int
    bottom: int
    right: int
    top: int

    def coarser(self, steps: int = 1) -> "Cells":
        """Return the cells that hold these, so many zooms up."""
        return Cells(*(side >> steps for side in (self.left, self.bottom, self.right, self.top)))

    def finer(self, steps: int = 1) -> "Cells":
        """Return the cells that these hold, so many zooms down."""
        size = 2**steps
        return Cells(self.left * size, self.bottom * size, (self.right + 1) * size - 1, (self.top + 1) * size - 1)

    def blocks(self) -> "Cells":
        """Return the blocks that hold these cells, counted as cells are."""
        return self.coarser(BLOCK_BITS)

    def within(self, other: "Cells") -> "Cells":
        """Return those that are among others too; there must be some."""
        return Cells(
            max(self.left, other.left),
            max(self.bottom, other.bottom),
            min(self.right, other.right),
            min(self.top, other.top),
        )

    def bounds(self, zoom: int) -> tuple[float, float, float, float]:
        """Return west, south, east, north in metres of EPSG:3857."""
        cell = cell_m(zoom)
        return self.left * cell, self.bottom * cell, (self.right + 1) * cell, (self.top + 1) * cell

    def hold(self, x: SQLColumnExpression[int], y: SQLColumnExpression[int]) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions that a cell is among these."""
        return x.between(self.left, self.right), y.between(self.bottom, self.top)


def cell_m(zoom: int) -> float:
    """Return the side of a cell of a tile zoom in metres of EPSG:3857."""
    return WORLD_M / float(2**zoom) / CELLS_PER_TILE


def cell_at(metres: ColumnElement[float], zoom: int) -> ColumnElement[int]:
    """Return the SQL of the cell of a zoom in which a place lies, metres of EPSG:3857 east or north."""
    return cast(func.floor(metres / cell_m(zoom)), Integer)


def cells_of(area: Bbox, zoom: int) -> Cells:
    """Return the cells that an area (EPSG:4326) touches, and one more around: places are not worked out to the millimetre."""
    cell, (west, south, east, north) = cell_m(zoom), area
    left, right = (math.floor(lon / 360 * WORLD_M / cell) for lon in (west, east))
    bottom, top = (
        math.floor(math.asinh(math.tan(math.radians(lat))) / math.tau * WORLD_M / cell) for lat in (south, north)
    )
    return Cells(left - 1, bottom - 1, right + 1, top + 1)


def cells_of_tile(tile: tuple[int, int, int], buffer: int) -> Cells:
    """Return the cells of a tile (zoom, x, y), and so many more around it."""
    zoom, x, y = tile
    column, row = x - 2**zoom // 2, 2**zoom // 2 - 1 - y
    return Cells(
        column * CELLS_PER_TILE - buffer,
        row * CELLS_PER_TILE - buffer,
        (column + 1) * CELLS_PER_TILE + buffer - 1,
        (row + 1) * CELLS_PER_TILE + buffer - 1,
    )
