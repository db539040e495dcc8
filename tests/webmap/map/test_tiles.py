"""A tile is made once: for all who ask at the same moment, and whatever meaningless arguments they add."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from geodata.layers import LAYERS
from tests.factories import make_feature
from webmap.map import tiles
from webmap.map.tile_cache import TileCache

WORLD = "/tiles/markets/0/0/0.mvt"


def test_of_many_who_ask_for_a_tile_at_once_one_makes_it_and_all_get_it():
    cache, people, made, arrived = TileCache(1_000_000), 8, [], threading.Semaphore(0)

    def make():
        made.append(1)
        for _ in range(people):
            arrived.acquire(timeout=10)
        return b"tile"

    def ask(_):
        arrived.release()
        return cache.get_or_make("key", make)

    with ThreadPoolExecutor(people) as pool:
        assert list(pool.map(ask, range(people))) == [b"tile"] * people
    assert made == [1]


def test_a_tile_that_could_not_be_made_is_made_by_the_next_who_asks():
    cache = TileCache(1_000_000)

    def fail():
        raise OSError

    with pytest.raises(OSError):
        cache.get_or_make("key", fail)
    assert cache.get_or_make("key", lambda: b"tile") == b"tile"


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
