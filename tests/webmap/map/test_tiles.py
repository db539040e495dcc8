"""A tile is made once: for all who ask at the same moment, and whatever meaningless arguments they add."""

import gzip

from geodata.layers import LAYERS
from tests.factories import CENTRE, make_feature
from tests.geodata.query.test_tiles import tile_at
from webmap.map import tiles

WORLD = "/tiles/markets/0/0/0.mvt"


def test_arguments_that_mean_nothing_to_a_tile_do_not_make_it_anew(client, session, monkeypatch):
    make_feature(session, LAYERS.get("markets"), code="C-1")
    make_feature(session, LAYERS.get("markets"), code="C-2")
    session.commit()
    made = []
    read_tile = tiles.read_tile
    monkeypatch.setattr(tiles, "read_tile", lambda *given, **more: made.append(1) or read_tile(*given, **more))
    plain = client.get(WORLD)
    for more in ("?limit=1", "?limit=2", "?lang=en", "?sort=name", "?code="):
        answer = client.get(WORLD + more)
        assert (answer.data, answer.headers["ETag"]) == (plain.data, plain.headers["ETag"])
    assert len(made) == 1
    assert client.get(f"{WORLD}?q=C-1").headers["ETag"] != plain.headers["ETag"]
    assert len(made) == 2
    assert client.get(f"{WORLD}?unheard=1").status_code == 400


def test_a_tile_leaves_compressed_for_who_takes_it_each_form_with_its_own_tag(client, session, monkeypatch):
    for number in range(200):
        make_feature(session, LAYERS.get("markets"), code=f"C-{number}", lon=CENTRE[0] + number / 10_000)
    session.commit()
    made = []
    monkeypatch.setattr(tiles, "compressed", lambda tile, inner=tiles.compressed: made.append(1) or inner(tile))
    zoom, x, y = tile_at(*CENTRE, 13)
    address = f"/tiles/markets/{zoom}/{x}/{y}.mvt"
    plain, small, again = (client.get(address, headers={"Accept-Encoding": how}) for how in ("", "gzip, br", "gzip"))

    assert gzip.decompress(small.data) == plain.data
    assert (small.headers["Content-Encoding"], again.data) == ("gzip", small.data)
    assert "Content-Encoding" not in plain.headers
    assert len(made) == 1
    assert plain.headers["ETag"] != small.headers["ETag"]
    for answer, how in ((plain, ""), (small, "gzip")):
        known = {"Accept-Encoding": how, "If-None-Match": answer.headers["ETag"]}
        assert client.get(address, headers=known).status_code == 304
        assert "Accept-Encoding" in answer.headers["Vary"]


def test_an_empty_tile_stays_empty_for_who_takes_compressed_ones(client):
    answer = client.get(WORLD, headers={"Accept-Encoding": "gzip"})
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Encoding" not in answer.headers
