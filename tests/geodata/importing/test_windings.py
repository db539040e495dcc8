"""Areas whose rings run either way, in any order, with holes and parts, as programs write them: read whole, or told."""

import struct
from pathlib import Path

from hypothesis import HealthCheck, given, settings, strategies as st

import shapely

from geodata.importing import ImportOptions, preview_import
from geodata.layers import LAYERS
from tests.geodata.importing.files import PRJ_WGS84, archive, dbf, geojson, with_header

CLUSTERS = LAYERS.get("industrial_clusters")


def square(lon, lat, size):
    return [(lon, lat), (lon + size, lat), (lon + size, lat + size), (lon, lat + size), (lon, lat)]


@st.composite
def areas(draw):
    """Return the area that is meant, and its parts as lists of rings (outline, then holes) in drawn directions."""
    parts = []
    for number in range(draw(st.integers(1, 3))):
        lon, lat = 106.60 + 0.03 * number, 20.80
        holes = [square(lon + 0.004 + 0.006 * at, lat + 0.004, 0.003) for at in range(draw(st.integers(0, 2)))]
        parts.append([square(lon, lat, 0.02), *holes])
    meant = shapely.MultiPolygon([shapely.Polygon(rings[0], rings[1:]) for rings in parts])
    turned = [[ring[::-1] if draw(st.booleans()) else ring for ring in rings] for rings in parts]
    return meant, turned


@st.composite
def shapefiles(draw):
    """A shapefile of one area, all of its rings in one drawn order, without a word which is a hole."""
    meant, parts = draw(areas())
    rings = draw(st.permutations([ring for rings in parts for ring in rings]))
    points = [point for ring in rings for point in ring]
    starts = [sum(len(ring) for ring in rings[:at]) for at in range(len(rings))]
    content = struct.pack("<i4d2i", 5, *meant.bounds, len(rings), len(points))
    content += struct.pack(f"<{len(starts)}i", *starts) + b"".join(struct.pack("<dd", *point) for point in points)
    body = struct.pack(">ii", 1, len(content) // 2) + content
    index = struct.pack(">ii", 50, len(content) // 2)
    return meant, {
        "a.shp": with_header(body, 5), "a.shx": with_header(index, 5), "a.dbf": dbf(["MA", "TEN"], [["A", "Cụm"]]),
        "a.prj": PRJ_WGS84.encode(),
    }  # fmt: skip


@st.composite
def collections(draw):
    """The properties and geometry of a GeoJSON feature: rings in either direction, as RFC 7946 forbids and people do."""
    meant, parts = draw(areas())
    return meant, {"type": "MultiPolygon", "coordinates": parts}


def stored_area(session, path):
    """Return the area that would be stored, and what is told of it."""
    preview = preview_import(session, CLUSTERS, path, ImportOptions())
    shape = preview.rows.geometries[0] if preview.rows is not None and len(preview.rows.rows) else None
    return shape, [(item.severity.value, item.text.say()) for item in preview.problems]


def check(session, path: Path, meant):
    """A shape is the one that is meant, or its row is rejected with the reason."""
    shape, told = stored_area(session, path)
    if shape is None:
        assert any(severity == "error" for severity, _ in told)
    else:
        assert shapely.area(shapely.symmetric_difference(shape, meant)) < 1e-12, told


def quick(heavy):
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=200 if heavy else 6, deadline=None, suppress_health_check=checks)


def test_rings_of_a_shapefile_are_put_in_order(session, tmp_path, heavy):
    @quick(heavy)
    @given(drawn=shapefiles())
    def turn(drawn):
        meant, parts = drawn
        check(session, archive(tmp_path / "a.zip", parts), meant)

    turn()


def test_rings_of_geojson_run_either_way(session, tmp_path, heavy):
    @quick(heavy)
    @given(drawn=collections())
    def turn(drawn):
        meant, geometry = drawn
        check(session, geojson(tmp_path / "a.geojson", [({"ma": "A", "ten": "Cụm"}, geometry)]), meant)

    turn()
