"""How headings are written: units in brackets, two storeys joined, words in another order; and which of them are places."""

import re
from collections.abc import Iterable
from functools import lru_cache

from geodata.base.names import fold_name

#: Joins the storeys of a heading: “Giấy chứng nhận / Số”.
STOREY = " / "

_BRACKETS = re.compile(r"[(\[{（][^)\]}）]*[)\]}）]")
_CRS_SUFFIX = re.compile(r"_epsg_?(\d{4,6})$", re.IGNORECASE)
_UNIT = re.compile(
    r"[,:]?\s+(m3|m³|m2|m²|ha|km2|km²|km|kv|mva|mw|kg|tấn|m|mét|độ|đồng|vnđ|vnd|người|hộ)\.?$", re.IGNORECASE
)

_LON = {
    "lon", "long", "lng", "longitude", "kinhdo", "kinhdod", "wardlon", "xlon", "lonx", "gpslon", "gpslongitude", "kd",
    "kdo", "kinhdox", "longitudex", "lonwgs", "longdd", "londd",
}  # fmt: skip
_LAT = {
    "lat", "latitude", "vido", "wardlat", "ylat", "laty", "gpslat", "gpslatitude", "vd", "vdo", "vidoy", "latitudey",
    "vidod", "latdd",
}  # fmt: skip
_X = {"x", "xm", "tdx", "xvn", "coordx", "xcoord", "pointx", "xcoordinate", "coordinatex"}
_Y = {"y", "ym", "tdy", "yvn", "coordy", "ycoord", "pointy", "ycoordinate", "coordinatey"}
_EASTING, _NORTHING = {"easting", "east", "e", "dong", "huongdong"}, {"northing", "north", "n", "bac", "huongbac"}
_WKT = {"wkt", "geom", "geometry", "thegeom", "shape", "hinhhoc"}
_PAIR = {
    "toado", "td", "toadogps", "gps", "vitri", "location", "latlon", "latlng", "lonlat", "latlong", "longlat", "coordinates",
    "coordinate", "coords", "toadodiem", "vitritoado", "kinhdovido", "vidokinhdo", "toadokinhdovido", "toadovidokinhdo",
    "latitudelongitude", "longitudelatitude", "googlemaps", "googlemap", "toadogooglemap", "toadogooglemaps",
}  # fmt: skip
#: Parts of a heading that say nothing about which coordinate it is.
_FILLING = re.compile(
    r"toado|he(?=vn|wgs|toa)|vn2000|wgs84|wgs|epsg\d*|gps(?=x|y|kinh|vi|$)|ktt\d*|mui3|mui6|kinhtuyentruc\d*|diem|vitri|thapphan|dms|dd$"
)
#: What a column of a place is called -> how names mean it.
ROLES = {
    "wkt": _WKT,
    "lon": _LON,
    "lat": _LAT,
    "easting": _EASTING,
    "northing": _NORTHING,
    "x": _X,
    "y": _Y,
    "pair": _PAIR,
}
#: Columns that number the corners of an area.
_CORNERS = {
    "sohieudiem", "sohieu", "diem", "sttdiem", "tendiem", "point", "pointno", "vertex", "dinh", "sodinh", "moc", "somoc", "mocgioi",
    "diemgoc", "gocranh", "sohieumoc", "thutudiem", "thutu", "stt", "tt", "goc", "sohieudinh", "pointid", "order", "vertexindex", "mocso",
}  # fmt: skip


@lru_cache(maxsize=10_000)
def spellings(name: str) -> tuple[str, ...]:
    """Return the folded ways in which a heading may be read, the whole one first."""
    storeys = [part.strip() for part in name.split(STOREY) if part.strip()]
    found = [name]
    if len(storeys) > 1:
        found += [" ".join(reversed(storeys)), " ".join(reversed(storeys[-2:])), storeys[-1]]
    bare = [_UNIT.sub("", _BRACKETS.sub(" ", text).strip()).strip() for text in found]
    return tuple(dict.fromkeys(filter(None, map(fold_name, (*found, *bare)))))


def is_known(name: str, words: frozenset[str]) -> bool:
    """Say whether a heading is one that the layer knows, or a place's."""
    return any(text in words for text in spellings(name)) or place_of(name) is not None


@lru_cache(maxsize=10_000)
def place_of(name: str) -> str | None:
    """Return which coordinate a heading means: one of ROLES, or None."""
    bare = _CRS_SUFFIX.sub("", name)
    for text in spellings(bare):
        plain = _FILLING.sub("", text)
        plain = plain.removesuffix("m") if plain in {"xm", "ym"} else plain
        for role, wanted in ROLES.items():
            if text in wanted or (plain and plain in wanted and role not in {"wkt", "pair", "easting", "northing"}):
                return role
            if plain in wanted and "toado" in text and role != "wkt":
                return role
    return None


def crs_of(name: str) -> str | None:
    """Return the CRS that a heading names as our exports do (…_epsg9210), or VN-2000's degrees where it says so."""
    match = _CRS_SUFFIX.search(name)
    if match:
        return f"EPSG:{match[1]}"
    epsg = re.search(r"EPSG[:\s]*(\d{4,6})", name, re.IGNORECASE)
    return f"EPSG:{epsg[1]}" if epsg else None


def says_vn2000(name: str) -> bool:
    """Say whether a heading names VN-2000."""
    return "vn2000" in fold_name(name)


def is_corner_number(name: str) -> bool:
    """Say whether a heading is that of the numbers of corners."""
    return any(text in _CORNERS for text in spellings(name))


def known_words(names: Iterable[str]) -> frozenset[str]:
    """Return names folded as `is_known` wants them."""
    return frozenset(filter(None, map(fold_name, names)))
