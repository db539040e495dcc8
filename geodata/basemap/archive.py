"""Reads a PMTiles file of vector tiles: what it is of, and the bytes of a tile. Format: PMTiles 3."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from pathlib import Path
from re import sub

from pmtiles.reader import MmapSource, Reader
from pmtiles.tile import Compression, TileType

from geodata.base.crs import Bbox
from geodata.base.errors import ConfigurationError

#: Layers of which one holds the land, so that what none covers is water; without them it is the other way round.
LAND_LAYERS = frozenset({"earth"})


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a file holds. `bounds` is (west, south, east, north) in EPSG:4326; zooms are those of tiles."""

    version: str
    attribution: str
    bounds: Bbox
    min_zoom: int
    max_zoom: int
    has_land: bool

    def spec(self, url: str) -> dict[str, object]:
        """Return what the browser is told; `url` has {z}, {x}, {y}."""
        west, south, east, north = self.bounds
        return {
            "url": url,
            "bounds": [[south, west], [north, east]],
            "least": self.min_zoom,
            "most": self.max_zoom,
            "hasLand": self.has_land,
            "attribution": self.attribution,
        }


class Archive:
    """An open file; it stays the one that was opened when another takes its place."""

    def __init__(self, path: Path) -> None:
        """Open a file. Raises ConfigurationError when it is none of vector tiles that browsers read."""
        try:
            with path.open("rb") as stream:
                self._bytes = MmapSource(stream)
                stat = path.stat()
            self._reader = Reader(self._bytes)
            header, metadata = self._reader.header(), self._reader.metadata()
        except Exception as error:  # the reader checks nothing: a damaged file fails anywhere
            raise ConfigurationError(name="BASEMAP_PMTILES", reason=f"{path}: {error}") from error
        if header["tile_type"] is not TileType.MVT or header["tile_compression"] not in _READ:
            raise ConfigurationError(name="BASEMAP_PMTILES", reason=f"{path} holds no vector tiles (gzip or plain)")
        self.is_gzip = header["tile_compression"] is Compression.GZIP
        layers = {str(layer.get("id")) for layer in metadata.get("vector_layers") or []}
        self.ground = Ground(
            version=hashlib.sha256(f"{stat.st_mtime_ns} {stat.st_size}".encode()).hexdigest()[:12],
            attribution=_as_text(str(metadata.get("attribution") or "")),
            bounds=tuple(header[f"{side}_e7"] / 1e7 for side in ("min_lon", "min_lat", "max_lon", "max_lat")),
            min_zoom=header["min_zoom"],
            max_zoom=header["max_zoom"],
            has_land=bool(layers & LAND_LAYERS),
        )

    def tile(self, zoom: int, x: int, y: int) -> bytes | None:
        """Return a tile as it is stored, see `is_gzip`; None where the file has none."""
        if not self.ground.min_zoom <= zoom <= self.ground.max_zoom:
            return None
        found: bytes | None = self._reader.get(zoom, x, y)
        return found

    def plain(self, tile: bytes) -> bytes:
        """Return the tile for who takes no gzip."""
        return gzip.decompress(tile) if self.is_gzip else tile


_READ = (Compression.GZIP, Compression.NONE)


@lru_cache(maxsize=4)
def open_archive(path: Path) -> Archive:
    """Return the file, opened once. Raises ConfigurationError."""
    return Archive(path)


def _as_text(markup: str) -> str:
    """Return what an attribution says: the files carry links."""
    return " ".join(unescape(sub(r"<[^>]*>", " ", markup)).split())
