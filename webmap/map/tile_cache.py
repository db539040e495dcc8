"""A bounded cache of tiles inside one process; keys carry the data version, so nothing stale is served."""

from cachetools import LRUCache

from geodata.base.made_once import MadeOnce

#: What an entry takes beside its bytes: key, node of the table, object headers. An empty tile costs that too.
ENTRY_BYTES = 400


def new_tile_cache(max_bytes: int) -> MadeOnce[str, bytes]:
    """Return a cache of the most recently used tiles up to a size in bytes, each with what its entry takes."""
    return MadeOnce(LRUCache(max_bytes, lambda tile: len(tile) + ENTRY_BYTES))
