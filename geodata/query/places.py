"""Coordinates as people write them: degrees, degrees-minutes-seconds, VN-2000 metres. Finds, never stores.

Vietnamese papers call X the northing and Y the easting, so a pair of metres is read by size, not by
order. Metres fit several VN-2000 zones: every zone that puts the point inside the province is offered.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from geodata.base.crs import VN2000_TM3, VN2000_UTM_48N, WGS84, WGS84_UTM_48N, Bbox, Province
from geodata.base.transformers import transformer

#: Northings of Vietnam, m; eastings lie below.
NORTHINGS = (900_000.0, 2_700_000.0)
EASTINGS = (100_000.0, 900_000.0)
MOST_CHARACTERS = 80
SEXAGESIMAL = 60

_ANGLE = (
    r"(?P<before{0}>[NBEĐ])?\s*(?P<d{0}>\d{{1,3}}(?:[.,]\d+)?)\s*(?:[°º]|độ)?\s*"
    r"(?:(?P<m{0}>\d{{1,2}}(?:[.,]\d+)?)\s*(?:['’′](?!')|phút)\s*)?"
    r"(?:(?P<s{0}>\d{{1,2}}(?:[.,]\d+)?)\s*(?:[\"”″]|''|giây)\s*)?(?P<after{0}>[NBEĐ])?"
)
_ANGLES = re.compile(_ANGLE.format(1) + r"(?:\s*[,;/]\s*|\s+|(?<=[NBEĐ]))" + _ANGLE.format(2), re.IGNORECASE)
_METRES = re.compile(
    r"(?P<grouped>\d{1,3}(?:[ .,]\d{3})+)(?P<part>[.,]\d+)?(?!\d)|(?P<plain>\d{5,7})(?P<decimals>[.,]\d+)?(?!\d)"
)
_METRES_TEXT = re.compile(r"[\dXYNE=:;.,\s]+", re.IGNORECASE)
_AXES = {"N": "lat", "B": "lat", "E": "lon", "Đ": "lon"}


@dataclass(frozen=True, kw_only=True)
class PlaceGuess:
    """A place a text may mean, EPSG:4326 (lon, lat), and the coordinate system assumed."""

    lon: float
    lat: float
    srid: int
    is_home_zone: bool


def metre_systems(province: Province) -> tuple[int, ...]:
    """Return the systems of metres that a province's coordinates may be in, EPSG codes, the likeliest first."""
    return tuple(
        srid for srid in province.likely_srids if srid in VN2000_TM3 or srid in {VN2000_UTM_48N, WGS84_UTM_48N}
    )


def parse_place(text: str, province: Province, *, srid: int | None = None) -> list[PlaceGuess]:
    """Return the places that a text of coordinates may mean, the likeliest first; empty if it is none.

    `srid`: the system of metres, where it is known.
    """
    cleaned = " ".join(text.replace("−", "-").split())
    if not any(char.isdigit() for char in cleaned) or len(cleaned) > MOST_CHARACTERS:
        return []
    degrees = _parse_degrees(cleaned)
    if degrees is not None:
        return [PlaceGuess(lon=degrees[0], lat=degrees[1], srid=WGS84, is_home_zone=True)]
    metres = _parse_metres(cleaned)
    return _zones(*metres, province, [srid] if srid else metre_systems(province)) if metres else []


def _parse_degrees(text: str) -> tuple[float, float] | None:
    """Return lon, lat of two angles; without letters the smaller is the latitude (Vietnam lies at 8-24 N, 102-118 E)."""
    match = _ANGLES.fullmatch(text)
    if match is None:
        return None
    angles, axes = [], []
    for number in "12":
        degrees, minutes, seconds = (float((match[part + number] or "0").replace(",", ".")) for part in "dms")
        if minutes >= SEXAGESIMAL or seconds >= SEXAGESIMAL:
            return None
        angles.append(degrees + minutes / 60 + seconds / 3600)
        axes.append(_AXES.get((match[f"before{number}"] or match[f"after{number}"] or "").upper()))
    if axes[0] == axes[1] and axes[0] is not None:
        return None
    lat_first = angles[0] < angles[1] if axes == [None, None] else axes[0] == "lat" or axes[1] == "lon"
    lat, lon = angles if lat_first else reversed(angles)
    return (lon, lat) if 0 < lat < 90 < lon <= 180 else None


def _parse_metres(text: str) -> tuple[float, float] | None:
    """Return easting, northing of two large numbers, told apart by their size."""
    if not _METRES_TEXT.fullmatch(text):
        return None
    numbers = []
    for match in _METRES.finditer(text):
        whole, part = (match["grouped"], match["part"]) if match["grouped"] else (match["plain"], match["decimals"])
        numbers.append(float(re.sub(r"\D", "", whole) + (part or "").replace(",", ".")))
    if len(numbers) != 2:
        return None
    low, high = sorted(numbers)
    if EASTINGS[0] <= low <= EASTINGS[1] and NORTHINGS[0] <= high <= NORTHINGS[1]:
        return low, high
    return None


def _zones(east: float, north: float, province: Province, srids: Sequence[int]) -> list[PlaceGuess]:
    guesses = []
    for srid in srids:
        lon, lat = transformer(srid, WGS84).transform(east, north)
        if _inside(lon, lat, province.extent):
            guesses.append(PlaceGuess(lon=lon, lat=lat, srid=srid, is_home_zone=srid == province.metric_srid))
    return guesses


def _inside(lon: float, lat: float, extent: Bbox) -> bool:
    west, south, east, north = extent
    return west <= lon <= east and south <= lat <= north
