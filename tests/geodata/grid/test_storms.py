"""Areas of storms: drawn ones as text, imported ones from files of polygons in degrees or metres."""

import json
import math

import pytest
from hypothesis import given, settings, strategies as st

from geodata.base.errors import InvalidValueError
from geodata.grid.storms import MOST_CORNERS, parse_rings, read_area, write_rings

SQUARE = [[106.9, 20.7], [107.1, 20.7], [107.1, 20.9], [106.9, 20.9], [106.9, 20.7]]


def written(tmp_path, geometry, **other):
    path = tmp_path / "storm.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature], **other}), "utf-8")
    return path


def test_an_area_of_a_file_is_its_outline(tmp_path):
    (ring,) = read_area(written(tmp_path, {"type": "Polygon", "coordinates": [SQUARE]}), "storm.geojson")
    assert {(round(x, 6), round(y, 6)) for x, y in ring} == {tuple(corner) for corner in SQUARE}


def test_an_area_in_metres_is_turned_into_degrees(tmp_path):
    corners = [[594_000, 2_296_000], [604_000, 2_296_000], [604_000, 2_306_000], [594_000, 2_296_000]]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::9205"}}
    path = written(tmp_path, {"type": "Polygon", "coordinates": [corners]}, crs=crs)
    (ring,) = read_area(path, "storm.geojson")
    assert all(103 < lon < 107.5 and 20.6 < lat < 21 for lon, lat in ring)


def test_a_wide_outline_is_simplified_outward(tmp_path):
    circle = [[107 + math.cos(k / 1000) / 10, 20.8 + math.sin(k / 1000) / 10] for k in range(6284)]
    (ring,) = read_area(written(tmp_path, {"type": "Polygon", "coordinates": [[*circle, circle[0]]]}), "s.geojson")
    assert len(ring) <= MOST_CORNERS
    far = [math.hypot(lon - 107, lat - 20.8) for lon, lat in ring]
    assert 0.099 < min(far) <= max(far) < 0.11


def test_a_file_without_an_area_is_told(tmp_path):
    path = written(tmp_path, {"type": "Point", "coordinates": [107, 20.8]})
    with pytest.raises(InvalidValueError, match="area"):
        read_area(path, "storm.geojson")


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(-17999, 17999), st.integers(-8999, 8999)), min_size=3, max_size=6),
        min_size=1,
        max_size=3,
    )
)
def test_what_is_written_is_read_again(rings):
    given_rings = tuple(tuple((x / 100, y / 100) for x, y in ring) for ring in rings)
    assert parse_rings(write_rings(given_rings)) == given_rings


@pytest.mark.parametrize("text", ["1 2, 3", "1 2, 3 4", "a b, c d, e f", "500 1, 2 2, 3 3", "nan 1, 2 2, 3 3"])
def test_a_text_that_is_no_area_is_told(text):
    with pytest.raises(InvalidValueError):
        parse_rings(text)
