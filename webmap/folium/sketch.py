"""A small picture of places on the land of the province, as numbers for an SVG. No tiles, no scripts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import shapely

from geodata.base.crs import Bbox
from webmap.folium.assets import clip, land_rings

WIDTH, HEIGHT = 320, 220
#: The sketch reaches this far beyond its places, as a share of their extent.
_MARGIN = 0.12
#: Nothing smaller than this is drawn larger, in degrees.
_SMALLEST = 0.02
#: Whatever lies farther away is not shown: Vietnam and the sea around it.
_WORLD: Bbox = (100.0, 6.0, 118.0, 25.0)

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A place with its CSS class and the words a pointer shows."""

    x: float
    y: float
    tone: str
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A line or an area as an SVG path, with its CSS class."""

    path: str
    tone: str
    is_area: bool


@dataclass(frozen=True, kw_only=True)
class Sketch:
    """Land as SVG paths, dots, shapes, and the frame of the province."""

    width: int
    height: int
    land: list[str]
    frame: tuple[float, float, float, float]
    dots: list[Dot]
    outside: int
    shapes: list[Shape] = field(default_factory=list)


def build_sketch(
    places: Sequence[tuple[float, float, str, str]],
    home: Bbox,
    *,
    zoom_in: bool = False,
    most: int = 600,
    smallest: float = _SMALLEST,
    shapes: Sequence[tuple[shapely.Geometry, str]] = (),
) -> Sketch:
    """Return the picture of (lon, lat, tone, label); it shows the province, or only the places with `zoom_in`.

    `shapes` are lines and areas (EPSG:4326, lon, lat) with their tone. At least `smallest` degrees are shown around all.
    """
    shown = [place for place in places if _inside(place[:2])][:most]
    corners = [corner for shape, _ in shapes for corner in (shape.bounds[:2], shape.bounds[2:])]
    extent = [*(place[:2] for place in shown), *corners]
    west, south, east, north = _extent(extent, home, zoom_in=zoom_in, smallest=smallest)
    scale = min(WIDTH / (east - west), HEIGHT / (north - south))
    left, top = (WIDTH - (east - west) * scale) / 2, (HEIGHT - (north - south) * scale) / 2

    def at(lon: float, lat: float) -> Point:
        return round(left + (lon - west) * scale, 1), round(top + (north - lat) * scale, 1)

    reach = (west - left / scale, south - top / scale, east + left / scale, north + top / scale)
    land = []
    for flat in land_rings(home):
        ring = clip(list(zip(flat[::2], flat[1::2], strict=True)), reach)
        if len(ring) > 2:
            land.append("M" + "L".join(f"{x} {y}" for x, y in (at(*point) for point in ring)) + "Z")
    x, y = at(home[0], home[3])
    right, bottom = at(home[2], home[1])
    dots = [Dot(x=at(lon, lat)[0], y=at(lon, lat)[1], tone=tone, label=label) for lon, lat, tone, label in shown]
    return Sketch(
        width=WIDTH,
        height=HEIGHT,
        land=land,
        frame=(x, y, round(right - x, 1), round(bottom - y, 1)),
        dots=dots,
        shapes=[_shape(shapely.simplify(shape, 0.5 / scale), tone, at) for shape, tone in shapes],
        outside=len(places) - len([place for place in places if _inside(place[:2])]),
    )


def _shape(shape: shapely.Geometry, tone: str, at: Callable[[float, float], Point]) -> Shape:
    is_area = shape.geom_type.endswith("Polygon")
    lines = shapely.get_parts(shapely.boundary(shape) if is_area else shape)
    parts = ["M" + "L".join(f"{x} {y}" for x, y in (at(*place) for place in line.coords)) for line in lines]
    return Shape(path="".join(parts), tone=tone, is_area=is_area)


def _inside(point: Sequence[float]) -> bool:
    return _WORLD[0] <= point[0] <= _WORLD[2] and _WORLD[1] <= point[1] <= _WORLD[3]


def _extent(points: Sequence[Sequence[float]], home: Bbox, *, zoom_in: bool, smallest: float) -> Bbox:
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    if not (zoom_in and points):
        xs, ys = [*xs, home[0], home[2]], [*ys, home[1], home[3]]
    west, east, south, north = min(xs), max(xs), min(ys), max(ys)
    x_margin = max((east - west) * _MARGIN, smallest)
    y_margin = max((north - south) * _MARGIN, smallest)
    return west - x_margin, south - y_margin, east + x_margin, north + y_margin
