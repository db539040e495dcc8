"""Ways between coordinate systems, each made once: making one reads PROJ's database, which takes as long as many an answer."""

from functools import lru_cache

from pyproj import Transformer


@lru_cache(maxsize=64)
def transformer(source: int, target: int) -> Transformer:
    """Return the way from one EPSG number to another, x (longitude, easting) first. Raises pyproj's ProjError.

    Threads may share it: since pyproj 3.1 each works with a copy of its own.
    """
    return Transformer.from_crs(source, target, always_xy=True)
