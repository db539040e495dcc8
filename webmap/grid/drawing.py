"""The network as a drawing: circuits by loading with arrows for the flow, stations by headroom. An SVG, no script."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import atan2, degrees, hypot
from typing import Any

from geodata.base.crs import Bbox
from geodata.grid.documents import CircuitRow, StationRow, StudyDocument
from geodata.grid.results import Drawn
from webmap.folium.assets import clip, land_rings
from webmap.grid.words import limit_text, names_of, number, tone_of_circuit, tone_of_headroom

WIDTH, HEIGHT = 960, 620
_MARGIN = 36.0
#: A flow below this, MW, has no arrow.
LEAST_MW = 0.05
#: Circuits on one route are drawn so far apart.
_APART = 3.5

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Wire:
    """A circuit: path, class, where its arrow is and which way it points (degrees), and what a pointer tells."""

    code: str
    path: str
    tone: str
    arrow: tuple[float, float, float] | None
    title: str


@dataclass(frozen=True, kw_only=True)
class Node:
    """A station: place, class, name and what a pointer tells. `text_at`: where its name stands, if there is room."""

    code: str
    x: float
    y: float
    tone: str
    name: str
    title: str
    is_infeed: bool
    text_at: Point | None = None
    anchor: str = "start"


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """All of it, in the units of `width` × `height`."""

    width: int
    height: int
    land: list[str]
    wires: list[Wire]
    nodes: list[Node]


def build_drawing(document: StudyDocument, drawn: Drawn, home: Bbox) -> Drawing:
    """Return the drawing of a result."""
    circuits = [row for row in document["circuits"] if row["code"] in drawn.circuits]
    stations = [row for row in document["stations"] if row["code"] in drawn.stations]
    places = [drawn.stations[row["code"]] for row in stations]
    places += [place for row in circuits for part in drawn.circuits[row["code"]] for place in part]
    frame = _Frame(places or [(home[0], home[1]), (home[2], home[3])])
    names = names_of(document)
    side: dict[Any, int] = {}
    wires = []
    for row in circuits:
        parts = drawn.circuits[row["code"]]
        route = tuple(sorted((parts[0][0], parts[-1][-1])))
        place = side[route] = side.get(route, -1) + 1
        wires.append(_wire(row, [[frame.at(point) for point in part] for part in parts], place * _APART))
    nodes = [_node(row, frame.at(drawn.stations[row["code"]]), limit_text(row["binding"], names)) for row in stations]
    land = []
    nodes = _named(nodes)
    for flat in land_rings(home):
        ring = clip(list(zip(flat[::2], flat[1::2], strict=True)), frame.reach)
        if len(ring) > 2:
            land.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in map(frame.at, ring)) + "Z")
    return Drawing(width=WIDTH, height=HEIGHT, land=land, wires=wires, nodes=nodes)


class _Frame:
    """Turns lon, lat into the drawing's units; a degree of longitude is narrower by the cosine of 20.8°."""

    def __init__(self, places: Sequence[Point]) -> None:
        self.narrow = 0.935
        xs, ys = [x * self.narrow for x, _ in places], [y for _, y in places]
        wide, high = max(max(xs) - min(xs), 1e-3), max(max(ys) - min(ys), 1e-3)
        self.scale = min((WIDTH - 2 * _MARGIN) / wide, (HEIGHT - 2 * _MARGIN) / high)
        self.left = (WIDTH - wide * self.scale) / 2 - min(xs) * self.scale
        self.top = (HEIGHT - high * self.scale) / 2 + max(ys) * self.scale

    def at(self, place: Point) -> Point:
        return place[0] * self.narrow * self.scale + self.left, self.top - place[1] * self.scale

    @property
    def reach(self) -> Bbox:
        west, east = (-self.left / self.scale / self.narrow, (WIDTH - self.left) / self.scale / self.narrow)
        return west, (self.top - HEIGHT) / self.scale, east, self.top / self.scale


def _wire(row: CircuitRow, parts: Sequence[Sequence[Point]], aside: float) -> Wire:
    moved = [[(x + aside, y + aside) for x, y in part] for part in parts]
    path = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in part) for part in moved)
    p_mw = row["p_from_mw"] or 0.0
    title = f"{row['name']}: {number(row['loading_percent'])} %, {number(abs(p_mw))} MW"
    return Wire(
        code=row["code"], path=path, tone=tone_of_circuit(row), title=title,
        arrow=_arrow(moved, forward=p_mw >= 0) if abs(p_mw) > LEAST_MW else None,
    )  # fmt: skip


def _arrow(parts: Sequence[Sequence[Point]], *, forward: bool) -> tuple[float, float, float]:
    part = max(parts, key=len)
    pairs = list(pairwise(part))
    (x1, y1), (x2, y2) = max(pairs, key=lambda pair: hypot(pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]))
    turn = degrees(atan2(y2 - y1, x2 - x1)) + (0 if forward else 180)
    return (x1 + x2) / 2, (y1 + y2) / 2, turn


def _node(row: StationRow, place: Point, limit: str) -> Node:
    room = (
        ""
        if row["is_infeed"]
        else f" · N-0 {number(row['headroom_n0_mw'])} MW · N-1 {number(row['headroom_n1_mw'])} MW"
    )
    short = row["name"].removeprefix("TBA ").removeprefix("110 kV ").removeprefix("220 kV ")
    return Node(
        code=row["code"], x=place[0], y=place[1], tone=tone_of_headroom(row), name=short,
        title=f"{row['name']}: {number(row['load_mw'])} MW{room}" + (f" · {limit}" if limit else ""),
        is_infeed=row["is_infeed"],
    )  # fmt: skip


#: A name's size in the drawing: width of a letter and height of a line.
_LETTER, _LINE = 7.4, 16.0


def _named(nodes: Sequence[Node]) -> list[Node]:
    """Return the stations with a place for each name that covers no other name or station; infeeds choose first."""
    taken = [(node.x - 8, node.y - 8, node.x + 8, node.y + 8) for node in nodes]
    placed: dict[str, Node] = {}
    for node in sorted(nodes, key=lambda node: (not node.is_infeed, node.tone != "over", node.code)):
        placed[node.code] = node
        wide = (len(node.name) + 2) * _LETTER
        for anchor, x, y in (("start", 11, 5), ("end", -11, 5), ("middle", 0, -12), ("middle", 0, 23)):
            left = node.x + x - {"start": 0.0, "end": wide, "middle": wide / 2}[anchor]
            box = (left, node.y + y - 12, left + wide, node.y + y - 12 + _LINE)
            if box[0] >= 0 and box[2] <= WIDTH and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                placed[node.code] = replace(node, text_at=(node.x + x, node.y + y), anchor=anchor)
                break
    return [placed[node.code] for node in nodes]


def _overlap(one: Bbox, other: Bbox) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
