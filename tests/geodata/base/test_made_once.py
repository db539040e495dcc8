"""What many ask for at the same moment is made once, and all get it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cachetools import LRUCache

from geodata.base.made_once import MadeOnce


def test_of_many_who_ask_at_once_one_makes_it_and_all_get_it():
    cache, people, made, arrived = MadeOnce(LRUCache(1_000_000, len)), 8, [], threading.Semaphore(0)

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


def test_what_could_not_be_made_is_made_by_the_next_who_asks():
    cache = MadeOnce(LRUCache(1_000_000, len))

    def fail():
        raise OSError

    with pytest.raises(OSError):
        cache.get_or_make("key", fail)
    assert cache.get_or_make("key", lambda: b"tile") == b"tile"


def test_what_is_larger_than_all_the_room_is_given_and_not_kept():
    cache, made = MadeOnce(LRUCache(3, len)), []
    for _ in range(2):
        assert cache.get_or_make("key", lambda: made.append(1) or b"tile") == b"tile"
    assert made == [1, 1]
