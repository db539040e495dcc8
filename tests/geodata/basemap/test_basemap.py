"""A ground of our own: an extract of OpenStreetMap becomes one file of vector tiles. `small.osm` is drawn by hand."""

from pathlib import Path

import mapbox_vector_tile
import pytest
from sqlalchemy import text

from shapely import LineString, Point, box, unary_union
from shapely.geometry import shape

from geodata.base.crs import HAI_PHONG
from geodata.base.errors import ConfigurationError
from geodata.basemap.archive import Archive
from geodata.basemap.coast import land_of
from geodata.basemap.extract import ExtractError
from geodata.basemap.making import make_basemap
from geodata.query.mvt import EXTENT
from geodata.query.tiles import tile_range

SMALL = Path(__file__).with_name("small.osm")
CITY = (106.685, 20.855)


@pytest.fixture(scope="module")
def archive(engine, tmp_path_factory):
    target = tmp_path_factory.mktemp("ground") / "small.pmtiles"
    with engine.connect() as connection:
        make_basemap(connection, SMALL, target, HAI_PHONG.extent)
        connection.rollback()
        left = connection.scalar(text("SELECT count(*) FROM pg_class WHERE relname LIKE 'ground%'"))
    assert left == 0
    return Archive(target)


def layers_at(archive, place, zoom):
    """The tile a place lies in, decoded, and the place in its units (y up)."""
    lon, lat = place
    x, _, y, _ = tile_range((lon, lat, lon, lat), zoom)
    found = archive.tile(zoom, x, y)
    layers = mapbox_vector_tile.decode(archive.plain(found)) if found else {}
    return {name: layer["features"] for name, layer in layers.items()}, (zoom, x, y)


def is_in(archive, layer, place, zoom=12):
    features, (z, x, y) = layers_at(archive, place, zoom)
    from math import asinh, pi, radians, tan

    lon, lat = place
    across = ((lon + 180) / 360 * 2**z - x) * EXTENT
    up = EXTENT - ((1 - asinh(tan(radians(lat))) / pi) / 2 * 2**z - y) * EXTENT
    areas = [
        shape(one["geometry"]).buffer(0) for one in features.get(layer, []) if "Polygon" in one["geometry"]["type"]
    ]
    return unary_union(areas).covers(Point(across, up)) if areas else False


@pytest.mark.parametrize(
    ("place", "is_land"),
    [((106.65, 20.75), True), ((106.9, 20.81), True), ((106.79, 20.80), False), ((106.93, 20.93), False)],
    ids=["mainland", "island", "bay", "open sea"],
)
def test_land_lies_to_the_left_of_the_coast(archive, place, is_land):
    assert is_in(archive, "earth", place) is is_land


def test_a_lake_keeps_its_island(archive):
    assert is_in(archive, "water", (106.622, 20.802))
    assert not is_in(archive, "water", (106.63, 20.8075))


def test_names_are_vietnamese_and_kinds_those_of_the_style(archive):
    layers, _ = layers_at(archive, CITY, 10)
    named = {
        (name, one["properties"].get("name"), one["properties"]["kind"]) for name in layers for one in layers[name]
    }

    assert ("places", "Hải Phòng", "locality") in named
    assert ("roads", "Đường Phạm Văn Đồng", "major_road") in named
    assert ("water", "Sông Cấm", "river") in named
    assert not any(name in ("Hai Phong", "Không vẽ") for _, name, _ in named)


def test_small_things_wait_for_a_nearer_zoom(archive):
    def roads(zoom):
        layers, _ = layers_at(archive, CITY, zoom)
        return {one["properties"].get("name") for one in layers.get("roads", [])}

    assert "Phố mẫu 3" not in roads(11)
    assert "Phố mẫu 3" in roads(12)
    assert "Đường Nguyễn Văn Linh" in roads(6)


def test_the_file_says_what_it_is_of(archive):
    ground = archive.ground
    assert ground.bounds == (106.55, 20.65, 106.95, 20.95)
    assert (ground.min_zoom, ground.max_zoom) == (5, 14)
    assert ground.attribution == "© OpenStreetMap"
    assert ground.has_land


def test_without_a_coast_all_is_land():
    assert land_of([LineString([(5, 5), (6, 6)])], box(0, 0, 1, 1)) == [box(0, 0, 1, 1)]


def test_what_is_no_extract_is_told(connection, tmp_path):
    damaged = tmp_path / "x.osm.pbf"
    damaged.write_bytes(b"nothing of the kind")
    with pytest.raises(ExtractError, match=r"x\.osm\.pbf"):
        make_basemap(connection, damaged, tmp_path / "x.pmtiles", HAI_PHONG.extent)
    assert list(tmp_path.iterdir()) == [damaged]


@pytest.mark.parametrize("content", [b"", b"PK nothing of the kind" * 20], ids=["empty", "other"])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "x.pmtiles"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="BASEMAP_PMTILES"):
        Archive(path)
