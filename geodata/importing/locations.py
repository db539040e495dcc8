"""Coordinates in the columns of a table: which columns, degrees or metres, which writing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import shapely

from geodata.crs import WGS84
from geodata.i18n import N_
from geodata.importing.coordinates import Points
from geodata.importing.numbers import NumberStyle, parse_number
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.table import Geometries, Table, Value, as_objects, empty_geometries
from geodata.layer import fold_column_name

_LON = {"lon", "long", "lng", "longitude", "kinhdo", "kinhdod", "wardlon", "xlon", "gpslon", "toadokinhdo"}
_LAT = {"lat", "latitude", "vido", "wardlat", "ylat", "gpslat", "toadovido"}
_X = {"x", "xm", "toadox", "tdx", "xvn2000", "xvn", "toadoxm", "vn2000x", "coordx", "xcoord", "pointx"}
_Y = {"y", "ym", "toadoy", "tdy", "yvn2000", "yvn", "toadoym", "vn2000y", "coordy", "ycoord", "pointy"}
_EASTING, _NORTHING = {"easting", "east", "e"}, {"northing", "north", "n"}
_WKT = {"wkt", "geom", "geometry", "thegeom", "shape", "hinhhoc"}
_CRS_SUFFIX = re.compile(r"_epsg_?(\d{4,6})$", re.IGNORECASE)

_PLAIN = re.compile(r"\s*[+-]?\d{1,7}(\.\d+)?\s*$")
_DMS = re.compile(
    r"""^\s*([NSEWĐBTnsewđbt]?)\s*(\d{1,3})\s*[°ºdD:\s]\s*(\d{1,2})\s*['’′mM:\s]\s*(\d{1,2}(?:[.,]\d+)?)?\s*(?:["”″s]|''|’’)?\s*([NSEWĐBTnsewđbt]?)\s*$"""
)


@dataclass(frozen=True, kw_only=True)
class LocationColumns:
    """Which columns hold the location. `first` is the easting or longitude; `wkt` stands alone."""

    first: int | None = None
    second: int | None = None
    wkt: int | None = None
    crs: str | None = None
    is_wgs84_by_name: bool = False

    @property
    def used(self) -> frozenset[int]:
        """The columns that are location, not attributes."""
        return frozenset(index for index in (self.first, self.second, self.wkt) if index is not None)


def _bare(name: str) -> tuple[str, str | None]:
    match = _CRS_SUFFIX.search(name)
    return fold_column_name(_CRS_SUFFIX.sub("", name)), f"EPSG:{match[1]}" if match else None


def find_location_columns(table: Table) -> LocationColumns | None:
    """Return the columns that hold the location, by their names, or None."""
    names = [_bare(name) for name in table.names]

    def find(wanted: set[str]) -> int | None:
        return next((index for index, (name, _) in enumerate(names) if name in wanted), None)

    if (wkt := find(_WKT)) is not None and any(_looks_like_wkt(value) for value in table.columns[wkt][:20]):
        return LocationColumns(wkt=wkt, crs=names[wkt][1])
    lon, lat = find(_LON), find(_LAT)
    if lon is not None and lat is not None:
        return LocationColumns(first=lon, second=lat, crs=names[lon][1], is_wgs84_by_name=names[lon][1] is None)
    east, north = find(_EASTING), find(_NORTHING)
    if east is not None and north is not None:
        return LocationColumns(first=east, second=north, crs=names[east][1])
    x, y = find(_X), find(_Y)
    if x is not None and y is not None:
        return LocationColumns(first=x, second=y, crs=names[x][1])
    return None


def _looks_like_wkt(value: Value) -> bool:
    return (
        isinstance(value, str)
        and re.match(r"\s*(SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON)", value, re.IGNORECASE) is not None
    )


def parse_angle(value: Value, style: NumberStyle) -> float | None:
    """Return degrees from a number or from degrees, minutes and seconds. Raises ValueError."""
    if value is None:
        return None
    if isinstance(value, str):
        match = _DMS.match(value)
        if match:
            degrees = int(match[2]) + int(match[3]) / 60 + float((match[4] or "0").replace(",", ".")) / 3600
            if int(match[3]) >= 60 or float((match[4] or "0").replace(",", ".")) >= 60:
                raise ValueError(value)
            return -degrees if (match[1] + match[5]).upper() in {"S", "W"} else degrees
        value = re.sub(r"[°º]\s*$|\s*[NEĐB]$", "", value.strip())
    return parse_number(value, style)


def read_locations(
    table: Table, columns: LocationColumns, style: NumberStyle
) -> tuple[Geometries, list[Problem], bool]:
    """Return the geometries, what could not be read, and whether X was the northing (the Vietnamese custom).

    X and Y are told apart by size: in every CRS used in Vietnam northings exceed 900 000 m and eastings do not;
    degrees of longitude exceed 90 and latitudes do not.
    """
    if columns.wkt is not None:
        geometries, problems = _read_wkt(table, columns.wkt)
        return geometries, problems, False
    assert columns.first is not None  # noqa: S101 - the two cases of LocationColumns
    assert columns.second is not None  # noqa: S101
    first, bad_first = _read_column(table, columns.first, style)
    second, bad_second = _read_column(table, columns.second, style)
    swapped = False
    if not columns.is_wgs84_by_name and fold_column_name(_CRS_SUFFIX.sub("", table.names[columns.first])) in _X:
        swapped = _first_is_northing(first, second)
    points = np.column_stack([second, first] if swapped else [first, second])
    whole = np.isfinite(points).all(axis=1) & ~(points == 0).all(axis=1)
    geometries = empty_geometries(len(table))
    if whole.any():
        geometries[whole] = shapely.points(points[whole])
    return geometries, [*bad_first, *bad_second], swapped


def _first_is_northing(first: Points, second: Points) -> bool:
    with np.errstate(all="ignore"):
        a, b = (
            np.nanmedian(first) if np.isfinite(first).any() else 0,
            np.nanmedian(second) if np.isfinite(second).any() else 0,
        )
    if max(a, b) > 1000:
        return bool(a > 900_000 > b)
    return bool(b > 90 > a)


def _read_column(table: Table, index: int, style: NumberStyle) -> tuple[Points, list[Problem]]:
    if style is not NumberStyle.VIETNAMESE and (plain := _plain_numbers(table.columns[index])) is not None:
        return plain, []
    problems: list[Problem] = []
    values = np.full(len(table), np.nan)
    for position, value in enumerate(table.columns[index]):
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        try:
            number = parse_angle(value, style)
        except ValueError:
            number = None
            problems.append(
                problem(
                    "bad_coordinates",
                    N_("“{value}” is no coordinate."),
                    row=int(table.rows[position]),
                    field=table.names[index],
                    value=value,
                )
            )
        if number is not None:
            values[position] = number
    return values, problems


def _plain_numbers(cells: Sequence[Value]) -> Points | None:
    """Return a whole column of numbers with decimal points at once, or None where a cell is anything else."""
    if any(isinstance(cell, str) and not _PLAIN.match(cell) for cell in cells):
        return None
    return np.array([np.nan if cell is None else cell for cell in cells], dtype=object).astype(float)


def _read_wkt(table: Table, index: int) -> tuple[Geometries, list[Problem]]:
    problems: list[Problem] = []
    texts = [str(value).split(";", 1)[-1] if value is not None else None for value in table.columns[index]]
    try:
        return as_objects(list(shapely.from_wkt(np.array(texts, dtype=object)))), problems
    except (shapely.errors.GEOSException, TypeError):
        pass
    geometries = empty_geometries(len(table))
    for position, text in enumerate(texts):
        try:
            geometries[position] = shapely.from_wkt(text) if text else None
        except (shapely.errors.GEOSException, TypeError) as error:
            problems.append(
                problem(
                    "bad_coordinates",
                    N_("The geometry cannot be read: {reason}."),
                    row=int(table.rows[position]),
                    field=table.names[index],
                    value=text,
                    reason=str(error)[:120],
                )
            )
    return geometries, problems


def degrees_note(columns: LocationColumns) -> Problem | None:
    """Return the warning that longitude and latitude columns were read as WGS 84."""
    if not columns.is_wgs84_by_name:
        return None
    return problem(
        "crs_unknown",
        N_(
            "Longitude and latitude columns were read as WGS 84 (EPSG:{srid}). If they are VN-2000, give EPSG:4756 as their CRS: "
            "the difference is 224 m."
        ),
        severity=Severity.WARNING,
        srid=WGS84,
    )


__all__: Sequence[str] = ["LocationColumns", "degrees_note", "find_location_columns", "parse_angle", "read_locations"]
