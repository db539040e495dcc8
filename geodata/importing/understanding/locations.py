"""Coordinates in the columns of a table: which columns, degrees or metres, which writing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

import shapely

from geodata.base.angles import parse_angle, split_pair
from geodata.base.crs import VN2000_GEOGRAPHIC, WGS84
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.base.names import fold_name
from geodata.base.numbers import NumberStyle
from geodata.importing.headings import crs_of, is_corner_number, place_of, says_vn2000
from geodata.importing.results import Choice, Problem, Question, Severity, problem
from geodata.importing.table import Geometries, Table, Value, as_objects, empty_geometries
from geodata.importing.understanding.coordinates import Points
from geodata.importing.understanding.written_shapes import looks_like_a_shape, shape_of_text, srid_of

_PLAIN = re.compile(r"[ \t]*[+-]?[0-9]{1,7}(\.[0-9]+)?[ \t]*$")
#: What the answer may name: columns by what they hold, or that there are no places in the file.
ANSWERS = frozenset({"lon", "lat", "x", "y", "easting", "northing", "pair", "wkt", "corner", "none"})
#: From this share of cells that hold two coordinates on, a column is taken for places whatever it is called.
_SHARE = 0.8
_MOST_PAIRS = 10
#: Links that hold a place are long; texts beyond are descriptions.
_LONGEST = 600


@dataclass(frozen=True, kw_only=True)
class LocationColumns:
    """Which columns hold the location. `first` is the easting or longitude; `wkt` and `pair` stand alone.

    `corner` numbers the corners of areas that are given one a row.
    """

    first: int | None = None
    second: int | None = None
    wkt: int | None = None
    pair: int | None = None
    corner: int | None = None
    crs: str | None = None
    is_wgs84_by_name: bool = False
    is_free: bool = False

    @property
    def used(self) -> frozenset[int]:
        """The columns that are location, not attributes."""
        found = (self.first, self.second, self.wkt, self.pair, self.corner)
        return frozenset(index for index in found if index is not None)


def find_location_columns(table: Table, answer: Mapping[str, str] | None = None) -> LocationColumns | None:
    """Return the columns that hold the location, as answered, by their names, or by what they hold; else None."""
    corner = next((index for index, name in enumerate(table.names) if is_corner_number(name)), None)
    if answer:
        return _answered(table, answer, corner)
    roles = [place_of(name) for name in table.names]

    def find(role: str) -> int | None:
        return next((index for index, found in enumerate(roles) if found == role), None)

    if (wkt := find("wkt")) is not None and any(looks_like_a_shape(value) for value in table.columns[wkt][:20]):
        return _shape_column(table, wkt)
    for first, second in (("lon", "lat"), ("easting", "northing"), ("x", "y")):
        one, other = find(first), find(second)
        if one is not None and other is not None:
            return _two_columns(table, one, other, corner, is_degrees=first == "lon", is_free=first == "x")
    if (pair := _pair_column(table, roles)) is not None:
        return LocationColumns(pair=pair, corner=corner, crs=crs_of(table.names[pair]))
    wkt = next((index for index, column in enumerate(table.columns) if _are_shapes(column)), None)
    return None if wkt is None else _shape_column(table, wkt)


def _are_shapes(column: Sequence[Value]) -> bool:
    cells = [value for value in column[:20] if value is not None]
    return bool(cells) and all(map(looks_like_a_shape, cells))


def _shape_column(table: Table, index: int) -> LocationColumns:
    """Return the column of shapes, with the CRS that its heading or each of its cells names."""
    crs = crs_of(table.names[index])
    numbers = {srid_of(value) for value in table.columns[index] if value is not None} if crs is None else set()
    only = next(iter(numbers)) if len(numbers) == 1 else None
    return LocationColumns(wkt=index, crs=f"EPSG:{only}" if only else crs)


def _two_columns(
    table: Table, first: int, second: int, corner: int | None, *, is_degrees: bool, is_free: bool
) -> LocationColumns:
    crs = crs_of(table.names[first])
    if crs is None and is_degrees and says_vn2000(table.names[first]):
        crs = f"EPSG:{VN2000_GEOGRAPHIC}"
    return LocationColumns(
        first=first,
        second=second,
        corner=corner if corner not in {first, second} else None,
        crs=crs,
        is_wgs84_by_name=is_degrees and crs is None,
        is_free=is_free,
    )


def _answered(table: Table, answer: Mapping[str, str], corner: int | None) -> LocationColumns | None:
    """Return the columns that were named. Raises InvalidValueError for others than the file has."""
    if "none" in answer:
        return None
    at = {role: _column(table, name) for role, name in answer.items()}
    corner = at.get("corner", corner)
    if "wkt" in at:
        return _shape_column(table, at["wkt"])
    if "pair" in at:
        return LocationColumns(pair=at["pair"], corner=corner, crs=crs_of(table.names[at["pair"]]))
    for first, second in (("lon", "lat"), ("easting", "northing"), ("x", "y")):
        if first in at and second in at:
            return _two_columns(table, at[first], at[second], corner, is_degrees=first == "lon", is_free=first == "x")
    raise InvalidValueError(
        name="coordinates", value=",".join(answer), reason=N_("name two columns, or one that holds both")
    )


def _column(table: Table, wanted: str) -> int:
    for same in (str.strip, fold_name):
        for index, name in enumerate(table.names):
            if same(name) == same(wanted):
                return index
    raise InvalidValueError(
        N_("The file has no column “{value}”; it has: {reason}."),
        name="coordinates",
        value=wanted,
        reason=", ".join(table.names),
    )


def _pair_column(table: Table, roles: Sequence[str | None]) -> int | None:
    """Return the column whose cells hold two coordinates each; one that is called so goes first."""
    order = sorted(range(len(table.names)), key=lambda index: roles[index] != "pair")
    for index in order:
        cells = [value for value in table.columns[index][:200] if value is not None]
        texts = [value for value in cells if isinstance(value, str) and len(value) < _LONGEST]
        if not texts or len(texts) < len(cells):
            continue
        good = [pair for text in texts if (pair := split_pair(text, NumberStyle.UNKNOWN)) and _are_coordinates(*pair)]
        if len(good) >= _SHARE * len(texts) or (roles[index] == "pair" and good):
            return index
    return None


def _are_coordinates(first: float, second: float) -> bool:
    small, large = sorted((abs(first), abs(second)))
    return (small <= 90 and 90 < large <= 180) or (100_000 < small < 900_000 < large < 3_000_000)


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
    if columns.pair is not None:
        first, second, bad_first = _read_pairs(table, columns.pair, style)
        bad_second: list[Problem] = []
    else:
        assert columns.first is not None  # noqa: S101 - the cases of LocationColumns
        assert columns.second is not None  # noqa: S101
        first, bad_first = _read_column(table, columns.first, style)
        second, bad_second = _read_column(table, columns.second, style)
    swapped = (columns.pair is not None or columns.is_free) and _first_is_northing(first, second)
    points = np.column_stack([second, first] if swapped else [first, second])
    whole = np.isfinite(points).all(axis=1) & ~(points == 0).all(axis=1)
    geometries = empty_geometries(len(table))
    if whole.any():
        geometries[whole] = shapely.points(points[whole])
    return geometries, [*bad_first, *bad_second], swapped


def _read_pairs(table: Table, index: int, style: NumberStyle) -> tuple[Points, Points, list[Problem]]:
    """Return the two numbers of each cell in their order."""
    values = np.full((len(table), 2), np.nan)
    problems: list[Problem] = []
    for position, value in enumerate(table.columns[index]):
        if value is None or not str(value).strip():
            continue
        pair = split_pair(value, style)
        if pair is None:
            problems.append(_no_coordinate(table, index, position))
        else:
            values[position] = pair
    return values[:, 0], values[:, 1], problems


def _no_coordinate(table: Table, index: int, position: int) -> Problem:
    return problem(
        "bad_coordinates",
        N_("“{value}” is no coordinate."),
        row=int(table.rows[position]),
        field=table.names[index],
        value=table.columns[index][position],
    )


def is_degrees(geometries: Geometries) -> bool:
    """Say whether most places are degrees."""
    xy = shapely.get_coordinates(geometries)
    return bool(len(xy)) and bool((np.abs(xy) <= 360).all(axis=1).mean() > 0.5)


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
        # Plain WKT is read at once, many times faster.
        return as_objects(list(shapely.from_wkt(np.array(texts, dtype=object)))), problems
    except (shapely.errors.GEOSException, TypeError):
        pass
    geometries = empty_geometries(len(table))
    for position, value in enumerate(table.columns[index]):
        try:
            geometries[position] = shape_of_text(str(value)) if value is not None else None
        except (shapely.errors.GEOSException, TypeError, ValueError):
            problems.append(
                problem(
                    "bad_coordinates",
                    N_("The geometry cannot be read."),
                    row=int(table.rows[position]),
                    field=table.names[index],
                    value=value,
                )
            )
    return geometries, problems


def degrees_note() -> Problem:
    """Return the warning that longitude and latitude columns were read as WGS 84."""
    return problem(
        "crs_unknown",
        N_(
            "Longitude and latitude columns were read as WGS 84 (EPSG:{srid}). If they are VN-2000, give EPSG:4756 as their CRS: "
            "the difference is 224 m."
        ),
        severity=Severity.WARNING,
        srid=WGS84,
    )


def ask_for_places(table: Table, style: NumberStyle) -> tuple[Question, list[Problem]]:
    """Return the question which columns hold the places: pairs of columns of numbers, the likeliest first, or none."""
    numbers = {}
    for index, column in enumerate(table.columns):
        cells = [value for value in column[:100] if value is not None]
        found = [number for value in cells if (number := _number_or_none(value, style)) is not None]
        if cells and len(found) * 2 >= len(cells):
            numbers[index] = float(np.median(found))
    pairs = [(one, other) for one in numbers for other in numbers if one < other]
    pairs.sort(key=lambda pair: not _are_coordinates(numbers[pair[0]], numbers[pair[1]]))
    why = Message(template=N_("two columns of numbers"))
    choices = [
        Choice(value=f"x={table.names[one]},y={table.names[other]}", why=why) for one, other in pairs[:_MOST_PAIRS]
    ]
    none = Message(template=N_("the file has no coordinates; it changes stored objects by their codes"))
    told = problem("missing_field", N_("No columns with coordinates were found. Say which they are."))
    return Question(about="columns", choices=(*choices, Choice(value="none", why=none))), [told]


def _number_or_none(value: Value, style: NumberStyle) -> float | None:
    try:
        return parse_angle(value, style)
    except ValueError:
        return None
