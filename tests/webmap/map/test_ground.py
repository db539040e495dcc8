"""The ground of a file of our own under our own address, for whoever may see the map."""

import gzip
import json

import pytest
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from webmap.app.settings import from_env

TILE = b"\x1a\x09\x0a\x05earth\x78\x02"
ENV = {"SECRET_KEY": "k8sJ2lPq0zXv7Rm4Tw9Y"}


def write(path, compression=Compression.GZIP, kind=TileType.MVT):
    """A file of one tile, 7/101/56, which lies on Hải Phòng."""
    with path.open("wb") as stream:
        writer = Writer(stream)
        writer.write_tile(zxy_to_tileid(7, 101, 56), gzip.compress(TILE) if compression is Compression.GZIP else TILE)
        place = {"min_lon_e7": 1060000000, "min_lat_e7": 200000000, "max_lon_e7": 1080000000, "max_lat_e7": 214000000}
        header = {
            "tile_type": kind,
            "tile_compression": compression,
            "center_zoom": 7,
            "center_lon_e7": 0,
            "center_lat_e7": 0,
        }
        markup = '<a href="https://x.example">Protomaps</a> &copy; <a href="https://y.example">OpenStreetMap</a>'
        writer.finalize(header | place, {"attribution": markup, "vector_layers": [{"id": "earth"}]})
    return path


@pytest.fixture(params=[Compression.GZIP, Compression.NONE], ids=["gzip", "plain"])
def client(request, make_app, connection, tmp_path):
    path = write(tmp_path / "x.pmtiles", request.param)
    settings = from_env(ENV | {"BASEMAP_PMTILES": str(path)})
    return make_app(
        connection,
        basemap_pmtiles=path,
        basemap_url=settings.basemap_url,
        basemap_attribution=settings.basemap_attribution,
    ).test_client()


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
def test_a_tile_comes_as_the_client_takes_it(client, accepted):
    answer = client.get("/basemap/7/101/56.mvt", headers={"Accept-Encoding": accepted})
    is_packed = answer.headers.get("Content-Encoding") == "gzip"

    assert answer.status_code == 200
    assert accepted == "gzip" or not is_packed
    assert (gzip.decompress(answer.data) if is_packed else answer.data) == TILE
    assert "immutable" in answer.headers["Cache-Control"]


def test_where_there_is_nothing_the_answer_is_empty(client):
    assert client.get("/basemap/7/102/56.mvt").status_code == 204
    assert client.get("/basemap/9/400/224.mvt").status_code == 204
    assert client.get("/basemap/7/128/56.mvt").status_code == 404


def test_the_page_draws_it_asks_nobody_else_and_names_who_made_it(client):
    answer = client.get("/")
    spec = json.loads(answer.text.split("= ground(")[1].split(");")[0])

    assert spec["url"].startswith("/basemap/{z}/{x}/{y}.mvt?v=")
    assert spec["attribution"] == "Protomaps © OpenStreetMap"
    assert spec["bounds"] == [[20, 106], [21.4, 108]]
    assert spec["hasLand"] is True
    assert "img-src 'self' data:;" in answer.headers["Content-Security-Policy"]


def test_without_a_file_there_is_no_such_address(make_app, connection):
    client = make_app(connection).test_client()
    assert client.get("/basemap/7/101/56.mvt").status_code == 404
    assert "= ground(" not in client.get("/").text


def test_a_file_of_pictures_is_refused_at_the_start(tmp_path):
    path = write(tmp_path / "x.pmtiles", kind=TileType.PNG)
    with pytest.raises(Exception, match="BASEMAP_PMTILES"):
        from_env(ENV | {"BASEMAP_PMTILES": str(path)})
