"""Coordinates of a feature, and coordinate systems in words."""

from typing import TypedDict

from geodata.base.crs import VN2000_TM3, VN2000_UTM_48N, WGS84, Bbox
from webmap.app.i18n import translate


class Coordinates(TypedDict):
    """A point on the feature and its extent (EPSG:4326: lon, lat; west, south, east, north), and the point in VN-2000, metres.

    Vietnamese papers call X the northing and Y the easting.
    """

    lon: float
    lat: float
    extent: Bbox
    x_vn2000: float
    y_vn2000: float
    srid: int


def name_system(srid: int) -> str:
    """Return what people call a coordinate system, with its EPSG code."""
    if srid == WGS84:
        return translate("Degrees, WGS 84")
    if srid in VN2000_TM3:
        degrees, part = divmod(VN2000_TM3[srid], 1)
        meridian = f"{degrees:.0f}°{round(part * 60):02d}'"
        return translate("VN-2000, central meridian {meridian} (EPSG:{srid})").format(meridian=meridian, srid=srid)
    name = "VN-2000 / UTM 48N" if srid == VN2000_UTM_48N else "WGS 84 / UTM 48N"
    return f"{name} (EPSG:{srid})"
