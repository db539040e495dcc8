"""What the drawing tools make of a geometry."""

import math

import pytest
from hypothesis import given, settings, strategies as st

import pyproj
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box

from geodata.base.crs import current_province
from geodata.base.errors import InvalidValueError
from geodata.editing.shaping import Tool, apply_tool

SQUARE = box(106.60, 20.80, 106.70, 20.90)
LINE = LineString([(106.60, 20.80), (106.65, 20.85), (106.70, 20.80)])
PLACES = st.floats(0.001, 0.099)


@settings(max_examples=25, deadline=None)
@given(left=PLACES, right=PLACES)
def test_a_split_loses_nothing_and_its_parts_merge_to_what_they_were(left, right):
    blade = LineString([(106.59, 20.80 + left), (106.71, 20.80 + right)])
    first, second = apply_tool(Tool.SPLIT, SQUARE, blade)
    assert first.area + second.area == pytest.approx(SQUARE.area)
    assert first.area >= second.area
    (merged,) = apply_tool(Tool.MERGE, first, second)
    assert shapely.symmetric_difference(merged, SQUARE).area < 1e-12


def test_a_line_is_split_where_it_is_crossed_and_merged_again():
    parts = apply_tool(Tool.SPLIT, LINE, LineString([(106.65, 20.80), (106.65, 20.90)]))
    assert sorted(part.length for part in parts) == pytest.approx([LINE.length / 2] * 2)
    (merged,) = apply_tool(Tool.MERGE, *parts)
    assert merged.equals(LINE)


def test_a_hole_is_cut_and_corners_that_stay_are_where_they_were():
    hole = box(106.64, 20.84, 106.66, 20.86)
    (made,) = apply_tool(Tool.CUT, SQUARE, hole)
    assert made.area == pytest.approx(SQUARE.area - hole.area)
    assert set(made.exterior.coords) == set(SQUARE.exterior.coords)
    assert len(made.interiors) == 1


@st.composite
def stars(draw):
    """An outline of any number of corners around a middle, never crossing itself."""
    reaches = draw(st.lists(st.floats(0.01, 0.05), min_size=5, max_size=12))
    turns = [2 * math.pi * number / len(reaches) for number in range(len(reaches))]
    return Polygon(
        [(106.65 + r * math.cos(turn), 20.85 + r * math.sin(turn)) for r, turn in zip(reaches, turns, strict=True)]
    )


@settings(max_examples=40, deadline=None)
@given(star=stars(), turn=st.floats(0, math.pi), hole=st.floats(0.0005, 0.004))
def test_split_merged_and_cut_outlines_stay_valid_and_lose_no_area(star, turn, hole):
    aside, along = 0.2 * math.cos(turn), 0.2 * math.sin(turn)
    blade = LineString([(106.65 - aside, 20.85 - along), (106.65 + aside, 20.85 + along)])
    parts = apply_tool(Tool.SPLIT, star, blade)
    assert all(part.is_valid for part in parts)
    assert sum(part.area for part in parts) == pytest.approx(star.area)
    merged = parts[0]
    for part in parts[1:]:
        (merged,) = apply_tool(Tool.MERGE, merged, part)
    assert merged.is_valid
    assert merged.area == pytest.approx(star.area)
    (cut,) = apply_tool(Tool.CUT, star, Point(106.65, 20.85).buffer(hole))
    assert cut.is_valid
    assert cut.area == pytest.approx(star.area - Point(106.65, 20.85).buffer(hole).area)


@settings(max_examples=25, deadline=None)
@given(added=st.lists(st.tuples(st.floats(106.71, 106.9), st.floats(20.7, 20.9)), min_size=1, max_size=6))
def test_an_extended_line_is_as_long_as_both(added):
    drawn = LineString([LINE.coords[-1], *added])
    (made,) = apply_tool(Tool.EXTEND, LINE, drawn)
    assert made.length == pytest.approx(LINE.length + drawn.length)
    assert list(made.coords)[: len(LINE.coords)] == list(LINE.coords)


@pytest.mark.parametrize("turned", [False, True])
def test_a_line_is_extended_from_the_end_where_the_drawing_begins(turned):
    drawn = [(106.70, 20.80), (106.75, 20.80)]
    (made,) = apply_tool(Tool.EXTEND, LINE, LineString(drawn[::-1] if turned else drawn))
    assert list(made.coords) == [*LINE.coords, (106.75, 20.80)]
    (before,) = apply_tool(Tool.EXTEND, LINE, LineString([(106.60, 20.80), (106.55, 20.80)]))
    assert list(before.coords) == [(106.55, 20.80), *LINE.coords]


def test_a_buffer_reaches_so_many_metres():
    (made,) = apply_tool(Tool.BUFFER, Point(106.65, 20.85), metres=250)
    there = pyproj.Transformer.from_crs(4326, current_province().metric_srid, always_xy=True)
    flat = shapely.transform(made, there.transform, interleaved=False)
    middle = Point(there.transform(106.65, 20.85))
    assert {round(middle.distance(Point(corner))) for corner in flat.exterior.coords} == {250}


@settings(max_examples=25, deadline=None)
@given(start=st.floats(0, 0.999), end=st.floats(0, 0.999))
def test_a_trace_follows_the_outline_the_shorter_way_round(start, end):
    ring = SQUARE.exterior
    places = [ring.interpolate(part, normalized=True) for part in (start, end)]
    apart = abs(start - end)
    if min(apart, 1 - apart) < 0.01:
        return
    (made,) = apply_tool(Tool.TRACE, MultiPolygon([SQUARE]), LineString(places))
    assert made.length == pytest.approx(ring.length * min(apart, 1 - apart), abs=1e-9)
    assert ring.distance(made.interpolate(0.5, normalized=True)) < 1e-9
    assert Point(made.coords[0]).distance(places[0]) < 1e-9


@pytest.mark.parametrize(
    ("tool", "shape", "other", "metres"),
    [
        (Tool.SPLIT, SQUARE, LineString([(106.5, 20.7), (106.5, 20.9)]), 0),
        (Tool.SPLIT, SQUARE, Point(106.65, 20.85), 0),
        (Tool.CUT, SQUARE, box(107, 21, 107.1, 21.1), 0),
        (Tool.CUT, SQUARE, box(106, 20, 107, 21), 0),
        (Tool.BUFFER, SQUARE, None, 0),
        (Tool.BUFFER, SQUARE, None, -20_000),
        (Tool.BUFFER, SQUARE, None, float("nan")),
        (Tool.TRACE, Point(106.65, 20.85), LINE, 0),
        (Tool.CUT, None, SQUARE, 0),
        (Tool.CUT, Polygon([(106, 20), (107, 21), (107, 20), (106, 21)]), SQUARE, 0),
    ],
)
def test_what_cannot_be_done_is_said(tool, shape, other, metres):
    with pytest.raises(InvalidValueError):
        apply_tool(tool, shape, other, metres=metres)
