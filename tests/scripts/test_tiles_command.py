"""`manage tiles export`: what a static server hands out is what the map's server answers, for the public alone."""

import argparse
import contextlib
import gzip
import json

import mapbox_vector_tile
import pytest
from pmtiles.reader import MmapSource, Reader
from pmtiles.tile import TileType
from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.accounts.access import readable_by, visible_names
from geodata.base.database import reading_all
from geodata.layers import LAYERS
from geodata.query.tiles import read_tile, tile_range
from geodata.schema.roles import Role
from scripts.base.console import Failure
from scripts.commands import tiles

PUBLIC = readable_by(Role.PUBLIC, LAYERS)
MAX_ZOOM = 12
#: The city and what is around it, EPSG:4326.
EXTENT = (105.9, 20.2, 108.0, 21.3)


@pytest.fixture
def manage(demo_session, monkeypatch):
    @contextlib.contextmanager
    def session_of_its_own():
        with Session(demo_session.get_bind().engine) as session:
            yield session

    monkeypatch.setattr(tiles, "database_session", session_of_its_own)

    def run(*words):
        parser = argparse.ArgumentParser()
        tiles.configure(parser)
        assert tiles.run(parser.parse_args(["export", *(str(word) for word in words)])) == 0

    return run


def opened(path):
    stream = path.open("rb")
    return stream, Reader(MmapSource(stream))


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.layer.name)
def test_every_tile_is_that_of_the_server_and_every_object_is_there(manage, demo_session, tmp_path, kind):
    manage(tmp_path, "--layer", kind.layer.name, "--max-zoom", MAX_ZOOM)
    connection, visible = reading_all(demo_session), visible_names(Role.PUBLIC, kind)
    stream, archive = opened(tmp_path / f"{kind.layer.name}.pmtiles")
    with stream:
        assert archive.header()["tile_type"] is TileType.MVT
        assert (archive.header()["min_zoom"], archive.header()["max_zoom"]) <= (MAX_ZOOM, MAX_ZOOM)
        found = set()
        for zoom in (8, MAX_ZOOM):
            left, right, top, bottom = tile_range(EXTENT, zoom)
            for x, y in ((x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)):
                kept = archive.get(zoom, x, y)
                told = gzip.decompress(kept) if kept else b""
                assert told == read_tile(connection, kind, visible, (zoom, x, y), is_named=True)
                if told and zoom == MAX_ZOOM:
                    drawn = mapbox_vector_tile.decode(told)[kind.layer.name]["features"]
                    found |= {feature["properties"].get("code") for feature in drawn}
    if kind.layer.min_zoom <= MAX_ZOOM:
        assert found - {None} == set(demo_session.scalars(select(kind.code)))


def test_each_public_layer_comes_with_a_style_that_names_its_file(manage, tmp_path):
    manage(tmp_path, "--max-zoom", 3)
    assert {path.name.partition(".")[0] for path in tmp_path.iterdir()} == {kind.layer.name for kind in PUBLIC}
    for kind in PUBLIC:
        style = json.loads((tmp_path / f"{kind.layer.name}.style.json").read_text("utf-8"))
        assert style["sources"][kind.layer.name]["url"] == f"pmtiles://{kind.layer.name}.pmtiles"
        assert {layer["source"] for layer in style["layers"]} == {kind.layer.name}


def test_what_is_not_public_is_refused_and_nothing_is_written(manage, tmp_path, monkeypatch):
    secret, *others = PUBLIC
    monkeypatch.setattr("geodata.accounts.access.readable_by", lambda _role, _kinds: tuple(others))
    with pytest.raises(Failure, match="không công khai"):
        manage(tmp_path / "out", "--layer", secret.layer.name)
    assert not (tmp_path / "out").exists()


def test_a_file_that_could_not_be_written_whole_is_not_there(manage, tmp_path, monkeypatch):
    calls = []

    def fail(*given, **more):
        calls.append(given)
        if len(calls) > 2:
            raise OSError("No space left on device")
        return read_tile(*given, **more)

    monkeypatch.setattr("geodata.export.tile_archive.read_tile", fail)
    with pytest.raises(OSError, match="No space"):
        manage(tmp_path, "--layer", PUBLIC[0].layer.name)
    assert list(tmp_path.iterdir()) == []
