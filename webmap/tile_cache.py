"""A bounded cache of tiles inside one process; keys carry the data version, so nothing stale is served."""

import threading
from collections import OrderedDict


class TileCache:
    """Keeps the most recently used tiles up to a size in bytes."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._tiles: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """Return the tile, or None."""
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
            return tile

    def put(self, key: str, tile: bytes) -> None:
        """Keep a tile, dropping the longest unused ones."""
        with self._lock:
            if key not in self._tiles:
                self._tiles[key] = tile
                self._bytes += len(tile)
            while self._bytes > self._max_bytes:
                _, dropped = self._tiles.popitem(last=False)
                self._bytes -= len(dropped)
