"""Shaping a geometry that is edited: split, merge, cut, extend, buffer, trace.

In degrees, so that a corner which stays is exactly where it was; a buffer in the province's VN-2000 zone.
"""

from enum import StrEnum

import shapely
from shapely.ops import linemerge, split as split_by, substring

from geodata.base.crs import WGS84, current_province
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.base.transformers import transformer

#: A buffer's corners are quarter circles of so many chords.
QUARTER_SEGMENTS = 8
#: A buffer may reach so far, m.
FARTHEST_M = 50_000.0
#: What is drawn begins at an end within this, degrees (about 5 cm).
AT_DEGREES = 5e-7


class Tool(StrEnum):
    """What can be done to a geometry."""

    SPLIT = "split"
    MERGE = "merge"
    CUT = "cut"
    EXTEND = "extend"
    BUFFER = "buffer"
    TRACE = "trace"


def apply_tool(
    tool: Tool,
    shape: shapely.Geometry | None,
    other: shapely.Geometry | None = None,
    *,
    metres: float = 0.0,
) -> list[shapely.Geometry]:
    """Return the parts that a tool makes of a geometry, the one that stays the object's first; EPSG:4326 (lon, lat).

    `other`: the line or outline that was drawn, or the geometry of another object. Raises InvalidValueError.
    """
    if tool is Tool.BUFFER:
        return [_buffered(_needed(shape), metres)]
    first, second = _needed(shape), _needed(other)
    if tool is Tool.SPLIT:
        return _split(first, second)
    if tool is Tool.MERGE:
        return [_merged(first, second)]
    if tool is Tool.CUT:
        return [_kept(shapely.difference(first, second), first)]
    return [_extended(first, second) if tool is Tool.EXTEND else _traced(first, second)]


def _needed(shape: shapely.Geometry | None) -> shapely.Geometry:
    if shape is None or shapely.is_empty(shape):
        raise _wrong(N_("draw first"))
    if not shapely.is_valid(shape):
        raise _wrong(N_("the outline crosses itself"))
    return shape


def _wrong(reason: str) -> InvalidValueError:
    return InvalidValueError(name="geometry", value="", reason=reason)


def _buffered(shape: shapely.Geometry, metres: float) -> shapely.Geometry:
    if not 0 < abs(metres) <= FARTHEST_M:
        raise InvalidValueError(
            name="metres", value=f"{metres:g}", reason=N_("a number of metres, not 0 and at most 50 000")
        )
    metric = current_province().metric_srid
    there, back = transformer(WGS84, metric), transformer(metric, WGS84)
    flat = shapely.transform(shape, there.transform, interleaved=False)
    made = shapely.buffer(flat, metres, quad_segs=QUARTER_SEGMENTS)
    if shapely.is_empty(made):
        raise _wrong(N_("nothing is left"))
    return shapely.transform(made, back.transform, interleaved=False)


def _split(shape: shapely.Geometry, blade: shapely.Geometry) -> list[shapely.Geometry]:
    lines = [part for part in shapely.get_parts(blade) if part.geom_type == "LineString"]
    if not lines:
        raise _wrong(N_("draw a line across it"))
    pieces = list(shapely.get_parts(shape))
    for line in lines:
        pieces = [piece for part in pieces for piece in shapely.get_parts(split_by(part, line))]
    if len(pieces) == len(shapely.get_parts(shape)):
        raise _wrong(N_("the line does not cross it"))
    return sorted(pieces, key=lambda piece: (shapely.area(piece), shapely.length(piece)), reverse=True)


def _merged(one: shapely.Geometry, other: shapely.Geometry) -> shapely.Geometry:
    made = shapely.union(one, other)
    return linemerge(made) if made.geom_type == "MultiLineString" else made


def _kept(rest: shapely.Geometry, whole: shapely.Geometry) -> shapely.Geometry:
    if shapely.is_empty(rest):
        raise _wrong(N_("nothing is left"))
    if shapely.equals(rest, whole):
        raise _wrong(N_("this lies outside it"))
    return rest


def _extended(line: shapely.Geometry, added: shapely.Geometry) -> shapely.Geometry:
    """Return the line with what was drawn from one of its ends."""
    parts = [list(part.coords) for part in shapely.get_parts(line)]
    drawn = list(added.coords) if added.geom_type == "LineString" else []
    if len(drawn) < 2:
        raise _wrong(N_("draw a line from its end"))
    gaps = [
        (shapely.distance(shapely.Point(part[end]), shapely.Point(drawn[own])), index, end, own)
        for index, part in enumerate(parts)
        for end in (0, -1)
        for own in (0, -1)
    ]
    _, index, end, own = min(gaps)
    onward = drawn if own == 0 else drawn[::-1]
    if shapely.distance(shapely.Point(onward[0]), shapely.Point(parts[index][end])) <= AT_DEGREES:
        onward = onward[1:]
    parts[index] = parts[index] + onward if end == -1 else onward[::-1] + parts[index]
    return shapely.MultiLineString(parts) if len(parts) > 1 else shapely.LineString(parts[0])


def _traced(outline: shapely.Geometry, ends: shapely.Geometry) -> shapely.Geometry:
    """Return the part of an outline or a line between two places, the shorter way round."""
    places = [shapely.Point(place) for place in shapely.get_coordinates(ends)]
    if len(places) < 2:
        raise _wrong(N_("show two places of it"))
    lines = [
        line
        for part in shapely.get_parts(outline)
        for line in ([part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part])
        if line.geom_type in {"LineString", "LinearRing"}
    ]
    if not lines:
        raise _wrong(N_("a point has no outline"))
    line = min(lines, key=lambda each: shapely.distance(each, places[0]) + shapely.distance(each, places[-1]))
    start, end = (shapely.line_locate_point(line, place) for place in (places[0], places[-1]))
    found = substring(line, start, end)
    whole = shapely.length(line)
    if line.is_ring and abs(end - start) > whole / 2:
        first, last = (substring(line, start, whole), substring(line, 0, end))
        if end > start:
            first, last = (substring(line, start, 0), substring(line, whole, end))
        found = shapely.LineString([*first.coords, *list(last.coords)[1:]])
    if found.geom_type != "LineString" or shapely.length(found) == 0:
        raise _wrong(N_("show two places of it"))
    return found
