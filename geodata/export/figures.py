"""Drawings of lines, bars, marks and words: pages show them as SVG, papers as PNG. Units are px of the page."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from math import hypot
from typing import ClassVar

from PIL import Image, ImageDraw, ImageFont

from geodata.export.fonts import font_file
from geodata.schema.colours import COLOURS

#: How a part is drawn on paper; on the page its class says it.
TONES = {
    "axis": "#8a8f98", "grid": COLOURS["line"], "ink": COLOURS["ink"], "plan": COLOURS["accent"], "actual": COLOURS["tick"],
    "forecast": COLOURS["warning"], "late": COLOURS["bad"], "today": COLOURS["ink"], "paper": COLOURS["paper"],
}  # fmt: skip
#: Pixels of a PNG for one of the drawing.
_SCALE = 3
_DASH_PX = (7.0, 4.0)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line through points; `tone` is one of TONES."""

    kind: ClassVar[str] = "line"
    points: Sequence[tuple[float, float]]
    tone: str
    width: float = 1
    is_dashed: bool = False


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A rectangle; a hollow one is drawn by its outline alone."""

    kind: ClassVar[str] = "bar"
    x: float
    y: float
    width: float
    height: float
    tone: str
    is_hollow: bool = False


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A diamond around a point: filled when something is reached, hollow when it is planned."""

    kind: ClassVar[str] = "mark"
    x: float
    y: float
    tone: str
    is_hollow: bool = False
    size: float = 6

    @property
    def points(self) -> list[tuple[float, float]]:
        """The corners."""
        x, y, size = self.x, self.y, self.size
        return [(x, y - size), (x + size, y), (x, y + size), (x - size, y)]


@dataclass(frozen=True, kw_only=True)
class Words:
    """A line of text; `anchor` is start, middle or end of it."""

    kind: ClassVar[str] = "words"
    x: float
    y: float
    text: str
    anchor: str = "start"
    tone: str = "ink"
    size: float = 12


Part = Line | Bar | Mark | Words


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawing, with what it is and what it tells for who does not see it."""

    width: int
    height: int
    title: str
    description: str
    parts: Sequence[Part]


def moved(part: Part, right: float) -> Part:
    """Return a part so many px further to the right."""
    if isinstance(part, Line):
        return replace(part, points=[(x + right, y) for x, y in part.points])
    return replace(part, x=part.x + right)


def write_png(figure: Figure) -> bytes:
    """Return the drawing as PNG, black on white."""
    image = Image.new("RGB", (figure.width * _SCALE, figure.height * _SCALE), "white")
    draw = ImageDraw.Draw(image)
    for part in figure.parts:
        _draw(draw, part)
    target = io.BytesIO()
    image.save(target, "PNG", optimize=True)
    return target.getvalue()


def text_width(text: str, size: float) -> float:
    """Return how wide a text is on paper, in px of the drawing."""
    return float(_font(size).getlength(text)) / _SCALE


def _draw(draw: ImageDraw.ImageDraw, part: Part) -> None:
    colour = TONES[part.tone]
    match part:
        case Line():
            points = [(x * _SCALE, y * _SCALE) for x, y in part.points]
            for start, end in _dashes(points) if part.is_dashed else pairwise(points):
                draw.line([start, end], fill=colour, width=round(part.width * _SCALE))
        case Bar():
            corner = (part.x + max(part.width, 0.5), part.y + part.height)
            box = [part.x * _SCALE, part.y * _SCALE, corner[0] * _SCALE, corner[1] * _SCALE]
            draw.rectangle(box, fill=None if part.is_hollow else colour, outline=colour, width=_SCALE)
        case Mark():
            points = [(x * _SCALE, y * _SCALE) for x, y in part.points]
            draw.polygon(points, fill=TONES["paper"] if part.is_hollow else colour, outline=colour, width=_SCALE)
        case Words():
            anchor = {"start": "ls", "middle": "ms", "end": "rs"}[part.anchor]
            place = (part.x * _SCALE, part.y * _SCALE)
            draw.text(place, part.text, fill=colour, font=_font(part.size), anchor=anchor)


@cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_file("Regular"), round(size * _SCALE))


def _dashes(points: Sequence[tuple[float, float]]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return the dashes of a line, each as two points; every stretch begins with one."""
    on, off = (length * _SCALE for length in _DASH_PX)
    found = []
    for (x1, y1), (x2, y2) in pairwise(points):
        length = hypot(x2 - x1, y2 - y1)
        along = 0.0
        while along < length:
            begins, ends = along / length, min(along + on, length) / length
            dash = [(x1 + (x2 - x1) * share, y1 + (y2 - y1) * share) for share in (begins, ends)]
            found.append((dash[0], dash[1]))
            along += on + off
    return found
