"""How a selection of features is spread over each of its layer's fields: bars per choice, span of a number and year.

A layer's fields are kept in memory as one array of bar numbers each, for as long as the data stay the same; a filter
is then a mask. Choices and the map's extent (of points) are looked up there, any other filter is asked of the
database once. A field's own filter is left out of its own bars, so that the others stay to be chosen.
"""

import threading
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

import numpy as np
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    LargeBinary,
    SmallInteger,
    Text,
    cast,
    extract,
    func,
    literal,
    select,
)

from geodata.base.crs import Bbox
from geodata.base.data_version import data_version
from geodata.base.database import ReadConnection
from geodata.query.bins import Bins, number_bins, year_bins
from geodata.query.summary import choice_code, choices_of, is_counted
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.filters import UNKNOWN, Choice, Condition, DateRange, Range, day_of
from geodata.schema.layer_filters import bbox_filter

#: Values of an open set (codes, names): as many are told apart, and as many of them shown.
MAX_VALUES, MAX_SHOWN = 1000, 12


class Scale(StrEnum):
    """What a field's bars stand for."""

    CHOICE = "choice"
    NUMBER = "number"
    YEAR = "year"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: the value of its field's filter (empty where no filter asks for it), its ends, count and sums.

    From `low`, included, to below `high`; None is open. `sums` are in the order of summable(), None where no value is known.
    """

    value: str
    count: int
    sums: tuple[float | None, ...]
    low: Decimal | int | None = None
    high: Decimal | int | None = None


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """The bars of one field. `rest` is of an open set's values that are not shown, and how many these are."""

    field: Field
    scale: Scale
    bars: tuple[Bar, ...]
    unknown: Bar
    rest: tuple[int, Bar] | None = None
    decimals: int = 0


@dataclass(frozen=True, kw_only=True)
class Distributions:
    """A selection: how many features, their sums, the bars of each field; `blank` are fields nobody has filled in."""

    count: int
    sums: tuple[float | None, ...]
    charts: tuple[Distribution, ...]
    blank: tuple[Field, ...]


@dataclass(frozen=True, kw_only=True)
class _Column:
    """A field of every feature: `codes` are places among `values` (choices) or bins; the one after them is unknown.

    `totals`: how many of all features have each. Of an open set the last of `values` stands for the rest.
    """

    scale: Scale
    codes: Any
    totals: Any
    values: tuple[str, ...] = ()
    bins: Bins | None = None
    is_open: bool = False
    rest: int = 0


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """Every feature of a layer; arrays of one length. `places`: lon and lat of points, EPSG:4326."""

    ids: Any
    places: tuple[Any, Any] | None
    columns: Mapping[str, _Column]
    numbers: Mapping[str, Any]


def summable(kind: type[Feature], fields: Sequence[Field]) -> tuple[Field, ...]:
    """Return the number fields whose values add up, as far as they are visible: those the registry sums anywhere."""
    names = {name for chart in kind.layer.charts for name in chart.sums}
    names |= set(kind.layer.life.sums if kind.layer.life else ())
    return tuple(field for field in fields if field.name in names)


def distributions(
    connection: ReadConnection,
    kind: type[Feature],
    fields: Sequence[Field],
    conditions: Sequence[Condition] = (),
    *,
    bbox: Bbox | None = None,
) -> Distributions:
    """Return how what the conditions keep is spread over those of the fields that have a filter with bars.

    bbox: west, south, east, north in degrees; features that meet it.
    """
    rows = _rows_of(connection, kind, day_of(conditions))
    sums = [rows.numbers[field.name] for field in summable(kind, fields)]
    own, shared = _masks(connection, kind, rows, conditions, bbox)
    everything = _all_of(shared, own.values())
    selections: dict[frozenset[str], _Selection] = {}

    def selection(name: str) -> _Selection:
        others = frozenset(own) - {name}
        if others not in selections:
            mask = everything if name not in own else _all_of(shared, (own[other] for other in others))
            selections[others] = _Selection(mask=mask, sums=[values[mask] for values in sums])
        return selections[others]

    asked = {condition.name: condition.labels for condition in conditions}
    charted = [field for field in fields if field.name in rows.columns]
    known = [field for field in charted if _is_known(rows.columns[field.name])]
    all_of_it = selection("")
    return Distributions(
        count=int(everything.sum()),
        sums=tuple(_added(np.zeros(len(values), dtype=np.uint8), values, 1)[0] for values in all_of_it.sums),
        charts=tuple(
            _distribution(field, rows.columns[field.name], selection(field.name), asked.get(field.name, ()))
            for field in known
        ),
        blank=tuple(field for field in charted if not rows.columns[field.name].totals[:-1].any()),
    )


@dataclass(frozen=True, kw_only=True)
class _Selection:
    """Which features count, and the numbers to be added up of them."""

    mask: Any
    sums: Sequence[Any]


def _is_known(column: _Column) -> bool:
    """Say whether there is something to compare: a value at all, and of an open set one that two features share."""
    known = column.totals[:-1]
    return bool(known.any()) and not (column.is_open and len(column.values) > MAX_SHOWN and known.max() < 2)


def _distribution(field: Field, column: _Column, chosen: _Selection, asked: Sequence[str]) -> Distribution:
    codes = column.codes[chosen.mask]
    counts = np.bincount(codes, minlength=len(column.totals))
    sums = [_added(codes, values, len(column.totals)) for values in chosen.sums]

    def bar(code: int, value: str, **ends: Any) -> Bar:
        return Bar(value=value, count=int(counts[code]), sums=tuple(total[code] for total in sums), **ends)

    unknown = bar(len(column.totals) - 1, UNKNOWN)
    if column.bins is not None:
        bars = [bar(code, one.text, low=one.low, high=one.high) for code, one in enumerate(column.bins.bins)]
        return Distribution(
            field=field, scale=column.scale, bars=tuple(bars), unknown=unknown, decimals=column.bins.decimals
        )
    there = [code for code in range(len(column.values)) if column.totals[code] or column.values[code] in asked]
    if not column.is_open:
        return Distribution(
            field=field,
            scale=column.scale,
            bars=tuple(bar(code, column.values[code]) for code in there),
            unknown=unknown,
        )
    by_count = sorted(there, key=lambda code: (column.values[code] not in asked, -counts[code], column.values[code]))
    shown = [code for code in by_count[:MAX_SHOWN] if counts[code] or column.values[code] in asked]
    others = [code for code in [*there, len(column.values)] if code not in set(shown)]
    rest = Bar(
        value="",
        count=int(counts[others].sum()),
        sums=tuple(_sum_of(total[code] for code in others) for total in sums),
    )
    hidden = sum(1 for code in others[:-1] if counts[code]) + (column.rest if counts[len(column.values)] else 0)
    bars = sorted((bar(code, column.values[code]) for code in shown), key=lambda one: -one.count)
    return Distribution(
        field=field, scale=column.scale, bars=tuple(bars), unknown=unknown, rest=(hidden, rest) if rest.count else None
    )


def _added(codes: Any, values: Any, size: int) -> list[float | None]:
    """Return the sum of the values of each bar; None where none of them is known."""
    is_known = ~np.isnan(values)
    sums = np.bincount(codes[is_known], weights=values[is_known], minlength=size)
    known = np.bincount(codes[is_known], minlength=size)
    return [float(total) if there else None for total, there in zip(sums, known, strict=True)]


def _sum_of(parts: Iterable[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


# --- which features count ---------------------------------------------------------------------------


def _masks(
    connection: ReadConnection, kind: type[Feature], rows: _Rows, conditions: Sequence[Condition], bbox: Bbox | None
) -> tuple[dict[str, Any], Any]:
    """Return what each condition on a charted field keeps, by the field's name, and what all others keep."""
    own: dict[str, Any] = {}
    others: list[Condition] = []
    for condition in conditions:
        column = rows.columns.get(condition.name)
        if column is None:
            others.append(condition)
        elif condition.choices is not None and not column.is_open and column.bins is None:
            wanted = [value in condition.choices for value in column.values]
            own[condition.name] = np.array([*wanted, UNKNOWN in condition.choices])[column.codes]
        else:
            own[condition.name] = _keeps(connection, kind, rows, [condition])
    shared = np.ones(len(rows.ids), dtype=bool)
    if bbox is not None and rows.places is not None:
        west, south, east, north = bbox
        lon, lat = rows.places
        shared &= (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    elif bbox is not None:
        others.append(bbox_filter("bbox", bbox, kind.column("geom")))
    if others:
        shared &= _keeps(connection, kind, rows, others)
    return own, shared


def _keeps(connection: ReadConnection, kind: type[Feature], rows: _Rows, conditions: Sequence[Condition]) -> Any:
    """Return which features the conditions keep, as the database sees it."""
    ids = func.string_agg(func.int8send(kind.id), literal(b"", LargeBinary))
    found = connection.execute(select(ids).where(*(condition.sql for condition in conditions))).scalar()
    return np.isin(rows.ids, np.frombuffer(found or b"", dtype=">i8").astype(np.int64))


def _all_of(shared: Any, masks: Any) -> Any:
    kept = shared.copy()
    for mask in masks:
        kept &= mask
    return kept


# --- reading and keeping ----------------------------------------------------------------------------

_KEPT: dict[Hashable, tuple[str, _Rows]] = {}
_READING: dict[Hashable, threading.Lock] = {}
_LOCK = threading.Lock()


def _rows_of(connection: ReadConnection, kind: type[Feature], day: date | None) -> _Rows:
    """Return every feature, as read once for each state of the data: today's, and those of one other day.

    Larger than other answers, so only the newest is kept. A transaction always reads and leaves nothing.
    """
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        return _read(connection, kind, day)
    place = (str(connection.engine.url), kind, day is None)
    with _LOCK:
        turn = _READING.setdefault(place, threading.Lock())
    with turn:  # who comes second waits for the first instead of reading the same
        version = f"{data_version(connection, kind.layer.name)} {day}"
        kept = _KEPT.get(place)
        if kept is None or kept[0] != version:
            kept = _KEPT[place] = (version, _read(connection, kind, day))
        return kept[1]


def _read(connection: ReadConnection, kind: type[Feature], day: date | None) -> _Rows:
    fields = [field for field in kind.fields() if field.filter is not None]
    closed = [field for field in fields if is_counted(field)]
    opened = [field for field in fields if isinstance(field.filter, Choice) and not is_counted(field)]
    spans = [field for field in fields if isinstance(field.filter, Range)]
    days = [field for field in fields if isinstance(field.filter, DateRange)]
    added = [field for field in summable(kind, kind.fields()) if field not in spans]
    values = {field.name: choices_of(kind, field.name) for field in closed}

    wanted: dict[str, tuple[ColumnElement[Any], str]] = {"id": (func.int8send(kind.id), ">i8")}
    if kind.is_point():
        geom = kind.column("geom")
        wanted |= {"lon": (func.float8send(func.ST_X(geom)), ">f8"), "lat": (func.float8send(func.ST_Y(geom)), ">f8")}
    for field in closed:
        code = choice_code(kind, field.name, values[field.name], day)
        wanted[f"choice {field.name}"] = (func.int2send(cast(code, SmallInteger)), ">i2")
    for field in (*spans, *days, *added):
        number = kind.column(field.name, day)
        number = cast(extract("year", number) if field in days else number, Float)
        known = func.coalesce(number, cast(literal("NaN", Text), Float))
        wanted[f"number {field.name}"] = (func.float8send(known), ">f8")
    # Bytes: half a million numbers of a dozen fields as Python objects would take seconds.
    columns = [func.string_agg(sql, literal(b"", LargeBinary)).label(name) for name, (sql, _) in wanted.items()]
    found = connection.execute(select(*columns).select_from(kind)).one()
    arrays = {
        name: np.frombuffer(blob or b"", dtype=type_).astype(type_[1:])
        for (name, (_, type_)), blob in zip(wanted.items(), found, strict=True)
    }
    ids = arrays["id"]
    return _Rows(
        ids=ids,
        places=(arrays["lon"], arrays["lat"]) if kind.is_point() else None,
        columns={
            **{field.name: _closed(values[field.name], arrays[f"choice {field.name}"]) for field in closed},
            **{field.name: _open(connection, kind, field, ids, day) for field in opened},
            **{field.name: _binned(field, arrays[f"number {field.name}"]) for field in (*spans, *days)},
        },
        numbers={field.name: arrays[f"number {field.name}"] for field in summable(kind, kind.fields())},
    )


def _closed(values: Sequence[str], codes: Any) -> _Column:
    codes = codes.astype(np.uint8 if len(values) <= 256 else np.uint16)
    return _Column(
        scale=Scale.CHOICE, codes=codes, totals=np.bincount(codes, minlength=len(values)), values=tuple(values[:-1])
    )


def _open(connection: ReadConnection, kind: type[Feature], field: Field, ids: Any, day: date | None) -> _Column:
    """Return the most frequent values of an open set; the others are one."""
    value = cast(kind.column(field.name, day), Text).label("value")
    of_value = func.string_agg(func.int8send(kind.id), literal(b"", LargeBinary))
    count = func.count()
    groups = select(value, cast(func.count().over(), BigInteger), of_value).group_by(value)
    found = connection.execute(groups.where(value.is_not(None)).order_by(count.desc(), value).limit(MAX_VALUES)).all()
    values = tuple(row[0] for row in found)
    rest = max(0, int(found[0][1]) - len(values)) if found else 0
    codes = np.full(len(ids), len(values) + 1, dtype=np.uint16)
    order = np.argsort(ids, kind="stable")
    in_order = ids[order]
    for code, (_, _, blob) in enumerate(found):
        members = np.frombuffer(blob, dtype=">i8").astype(np.int64)
        at = np.minimum(np.searchsorted(in_order, members), len(ids) - 1)
        codes[order[at[in_order[at] == members]]] = code
    if rest:
        known = _members(connection, kind, value)
        codes[(codes == len(values) + 1) & np.isin(ids, known)] = len(values)
    totals = np.bincount(codes, minlength=len(values) + 2)
    return _Column(scale=Scale.CHOICE, codes=codes, totals=totals, values=values, is_open=True, rest=rest)


def _members(connection: ReadConnection, kind: type[Feature], value: ColumnElement[Any]) -> Any:
    """Return the ids of the features that have a value at all."""
    ids = func.string_agg(func.int8send(kind.id), literal(b"", LargeBinary))
    found = connection.execute(select(ids).where(value.is_not(None))).scalar()
    return np.frombuffer(found or b"", dtype=">i8").astype(np.int64)


def _binned(field: Field, values: Any) -> _Column:
    known = values[~np.isnan(values)]
    is_date = isinstance(field.filter, DateRange)
    is_year = is_date or field.name.endswith("_year")
    if not len(known):
        bins = Bins(bins=(), cuts=(), decimals=0)
    else:
        bins = year_bins(known, is_date=is_date) if is_year else number_bins(known)
    codes = bins.codes(values)
    totals = np.bincount(codes, minlength=len(bins.bins) + 1)
    return _Column(scale=Scale.YEAR if is_year else Scale.NUMBER, codes=codes, totals=totals, bins=bins)
