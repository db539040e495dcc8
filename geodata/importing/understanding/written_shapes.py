"""Shapes in the cells of a table: WKT and EWKT, the hexadecimal WKB that PostGIS and QGIS write, GeoJSON."""

import re
from functools import lru_cache

import shapely

_WKT = re.compile(r"\s*(?:SRID=(\d+);)?\s*(?:MULTI)?(?:POINT|LINESTRING|POLYGON|CURVE|SURFACE)", re.IGNORECASE)
_HEX = re.compile(r"\s*0[01][0-9A-Fa-f]{40,}\s*$")
_JSON = re.compile(r'\s*\{\s*"(?:type|coordinates|crs)"')


def looks_like_a_shape(value: object) -> bool:
    """Say whether a cell looks like a shape in one of these writings."""
    return isinstance(value, str) and any(pattern.match(value) for pattern in (_WKT, _HEX, _JSON))


def shape_of_text(text: str) -> shapely.Geometry | None:
    """Return the shape. Raises GEOSException, ValueError, TypeError."""
    if not text.strip():
        return None
    if _HEX.match(text):
        return shapely.from_wkb(text.strip())
    if _JSON.match(text):
        return shapely.from_geojson(text)
    return shapely.from_wkt(text.split(";", 1)[-1])


@lru_cache(maxsize=1000)
def srid_of(value: object) -> int | None:
    """Return the number of the CRS that a cell names, or None; GeoJSON is WGS 84 by its standard (RFC 7946)."""
    text = str(value)
    if (match := _WKT.match(text)) is not None:
        return int(match[1]) if match[1] else None
    if _HEX.match(text):
        try:
            return shapely.get_srid(shapely.from_wkb(text.strip())) or None
        except shapely.errors.GEOSException:
            return None
    return 4326 if _JSON.match(text) else None
