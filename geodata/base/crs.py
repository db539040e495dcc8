"""Every EPSG number of the project, and the one province it serves.

Storage is EPSG:4326 (lon, lat), measuring is done in the province's VN-2000 zone, display in web
Mercator. Nothing else in the project may write an EPSG number.
"""

import os
from dataclasses import dataclass

from geodata.base.errors import ConfigurationError

WGS84 = 4326
WEB_MERCATOR = 3857
WGS84_UTM_48N = 32648
VN2000_GEOGRAPHIC = 4756
VN2000_UTM_48N = 3405
VN2000_UTM_49N = 3406

#: VN-2000 / TM-3 zones: EPSG code -> central meridian in degrees (EPSG v11.022). Axes: E, N in metres.
VN2000_TM3: dict[int, float] = {
    5896: 102.0,
    9205: 103.0,
    9206: 104.0,
    9207: 104.5,
    9208: 104.75,
    5897: 105.0,
    9209: 105.5,
    9210: 105.75,
    9211: 106.0,
    9212: 106.25,
    9213: 106.5,
    9214: 107.0,
    9215: 107.25,
    9216: 107.5,
    5899: 107.75,
    5898: 108.0,
    9217: 108.25,
    9218: 108.5,
}

#: VN-2000 to WGS 84 as PROJ's position-vector towgs84, from EPSG:6960 with its coordinate-frame
#: rotations negated. EPSG states an accuracy of 1 m.
VN2000_TOWGS84 = (-191.90441429, -39.30318279, -111.45032835, 0.00928836, -0.01975479, 0.00427372, 0.252906278)

Bbox = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Province:
    """A province: its names and those of its offices, the extent its data must lie in, and its metric zone.

    Boxes are (west, south, east, north) in EPSG:4326. `home` covers the whole province, `opening` is what the map shows first.
    `said_often`: words, without accents and blanks, that anybody there would try first as a password.
    `waters` is a ring (lon, lat) of open water before the coast: within `sea_margin_m` of a unit's area it belongs to the province.
    """

    name: str
    name_en: str
    committee: str
    committee_en: str
    department: str
    department_en: str
    said_often: tuple[str, ...]
    extent: Bbox
    home: Bbox
    opening: Bbox
    metric_srid: int
    likely_srids: tuple[int, ...]
    waters: tuple[tuple[float, float], ...] = ()
    sea_margin_m: float = 0.0


# Extent of the city merged on 2025-07-01 (with Hải Dương and Bạch Long Vĩ), with about 10 km of
# margin: lines and substations across the border (Chợ Rộc, Quảng Ninh) belong to the map.
HAI_PHONG = Province(
    name="Hải Phòng",
    name_en="Hai Phong",
    committee="Ủy ban nhân dân thành phố Hải Phòng",
    committee_en="People's Committee of Hai Phong City",
    department="Sở Công Thương thành phố Hải Phòng",
    department_en="Department of Industry and Trade of Hai Phong City",
    said_often=("haiphong", "hoaphuongdo"),
    extent=(106.0, 20.05, 107.9, 21.4),
    home=(106.11, 20.1, 107.75, 21.26),
    # All of the mainland and Cát Hải. Bạch Long Vĩ, 110 km out at sea, would leave the rest half as large.
    opening=(106.119, 20.607, 107.113, 21.249),
    metric_srid=9210,
    likely_srids=(9210, 9209, 5897, VN2000_UTM_48N, WGS84_UTM_48N, 5899, 5898, WGS84, VN2000_GEOGRAPHIC),
    # Drawn by hand well off the neighbours' coasts (Thái Bình in the south, Quảng Ninh in the north).
    waters=(
        (106.60, 20.50), (106.66, 20.62), (106.74, 20.68), (106.80, 20.80), (106.90, 20.84), (106.98, 20.86),
        (107.14, 20.84), (107.20, 20.70), (107.90, 20.70), (107.90, 20.05), (106.70, 20.05),
    ),
    # Six nautical miles, what provinces decide on at sea (Decree 11/2021/NĐ-CP, unverified).
    sea_margin_m=11_112,
)  # fmt: skip

DEFAULT_PROVINCE = HAI_PHONG
PROVINCES = {name.casefold(): province for province in (HAI_PHONG,) for name in (province.name, province.name_en)}


def find_province(name: str) -> Province:
    """Return the province of that name, in any case. Raises ConfigurationError."""
    try:
        return PROVINCES[name.strip().casefold()]
    except KeyError:
        known = ", ".join(dict.fromkeys(province.name for province in PROVINCES.values()))
        raise ConfigurationError(name="PROVINCE", reason=f"“{name}” is not one of: {known}") from None


def current_province() -> Province:
    """Return the province of the setting PROVINCE, else the default one."""
    return find_province(os.environ.get("PROVINCE") or DEFAULT_PROVINCE.name)


def vn2000_proj4(srid: int) -> str:
    """Return the PROJ string of a VN-2000 TM-3 zone, datum shift included."""
    shift = ",".join(str(value) for value in VN2000_TOWGS84)
    return (
        f"+proj=tmerc +lat_0=0 +lon_0={VN2000_TM3[srid]:g} +k=0.9999 +x_0=500000 +y_0=0 "
        f"+ellps=WGS84 +towgs84={shift} +units=m +no_defs"
    )
