"""A bounded cache of tiles inside one process; keys carry the data version, so nothing stale is served."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress

from cachetools import LRUCache

#: What an entry takes beside its bytes: key, node of the table, object headers. An empty tile costs that too.
ENTRY_BYTES = 400


class TileCache:
    """Keeps the most recently used tiles up to a size in bytes, each with what its entry takes."""

    def __init__(self, max_bytes: int) -> None:
        self._tiles: LRUCache[str, bytes] = LRUCache(max_bytes, lambda tile: len(tile) + ENTRY_BYTES)
        self._lock = threading.Lock()
        self._in_flight: dict[str, Future[bytes]] = {}

    def get_or_make(self, key: str, make: Callable[[], bytes]) -> bytes:
        """Return the tile, or make and keep it; whoever asks for it meanwhile waits, so that it is made once.

        An error of `make` is raised to all of them and nothing is kept.
        """
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None:
                return tile
            made = self._in_flight.get(key)
            if made is None:
                mine = self._in_flight[key] = Future()
        if made is not None:
            return made.result()
        try:
            tile = make()
            self._put(key, tile)
            mine.set_result(tile)
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._in_flight[key]
        return tile

    def _put(self, key: str, tile: bytes) -> None:
        """Keep a tile, dropping the longest unused ones; one that is larger than all the room is not kept."""
        with self._lock, suppress(ValueError):
            self._tiles[key] = tile
