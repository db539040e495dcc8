"""Writes points as a layer of a Mapbox Vector Tile 2.1: what ST_AsMVT writes of the same rows, in less than half of the time.

PostgreSQL hands points over as records of one length (`as_records`), and their labels beside; `point_layer` sorts them and
writes all of them at once, a column of bytes after the other. Varints and messages: Protocol Buffers' encoding.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, Double, FromClause, Integer, LargeBinary, cast, func, literal_column

#: Units of a tile's side.
EXTENT = 4096
#: The columns of a record in their order: how PostgreSQL sends a value, and how numpy reads it.
_RECORD = {
    "id": (BigInteger, func.int8send, ">u8"),
    "c": (Integer, func.int4send, ">u4"),
    "x": (Double, func.float8send, ">f8"),
    "y": (Double, func.float8send, ">f8"),
    "n": (Integer, func.int4send, ">u4"),
}
_LENGTH = "bytes_of_label"
_NO_BYTES = literal_column("''::bytea", LargeBinary)

_Bytes = np.ndarray[Any, np.dtype[np.uint8]]
_Bools = np.ndarray[Any, np.dtype[np.bool_]]
_Numbers = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class Records:
    """Points as they come from PostgreSQL, and which columns they have; without labels `labels` is None."""

    points: bytes
    labels: bytes | None
    are_merged: bool

    def read(self) -> dict[str, _Numbers]:
        """Return the points' columns."""
        fields = [(name, code) for name, (*_, code) in _RECORD.items() if name != "n" or self.are_merged]
        if self.labels is not None:
            fields.append((_LENGTH, ">u4"))
        rows = np.frombuffer(self.points, np.dtype(fields))
        return {name: rows[name].astype(rows[name].dtype.newbyteorder("=")) for name, _ in fields}


def as_records(points: FromClause) -> tuple[ColumnElement[bytes | None], ColumnElement[bytes | None]]:
    """Return the SQL of Records: of points with id, class `c`, place `x` and `y`, number `n` if merged, label `t` if labelled.

    NULL where there are none.
    """
    parts = [send(cast(points.c[name], kind)) for name, (kind, send, _) in _RECORD.items() if name in points.c]
    labels: ColumnElement[Any] = literal_column("NULL::bytea", LargeBinary)
    if "t" in points.c:
        label = func.convert_to(points.c.t, "UTF8")
        parts.append(func.int4send(func.octet_length(label)))
        labels = func.string_agg(label, _NO_BYTES, type_=LargeBinary)
    record: ColumnElement[Any] = parts[0]
    for part in parts[1:]:
        record = record.op("||")(part)
    return func.string_agg(record, _NO_BYTES, type_=LargeBinary), labels


def point_layer(name: str, records: Records, *, corner: tuple[float, float], size_m: float) -> bytes:
    """Return points as the layer of a tile: the most urgent class, which is the lowest, last and on top.

    Merged points of one class go from north to south, others by id, so that overlapping symbols look the same wherever
    a tile's points come from. `corner` (x, y of the north-west) and `size_m` are the tile's, EPSG:3857.
    """
    points = records.read()
    follows = np.argsort(-points["y"] if records.are_merged else points["id"])
    # Few classes: sixteen bits are sorted in one go, and those of one class stay as they were.
    order = follows[np.argsort(~points["c"].astype(np.uint16)[follows], kind="stable")]
    rows = {name: column[order] for name, column in points.items()}
    unit_m = size_m / EXTENT
    place = _Messages(len(order)).byte(9)  # move to one point
    place.varint(_zigzag((rows["x"] - corner[0]) / unit_m)).varint(_zigzag((corner[1] - rows["y"]) / unit_m))
    keys, values, tags = _attributes(rows, records.labels, order)
    feature = _Messages(len(order)).byte(0x08).varint(rows["id"]).message(0x12, tags)
    feature.byte(0x18).byte(1).message(0x22, place)
    return _field(
        0x1A,
        b"\x78\x02"  # version 2
        + _field(0x0A, name.encode())
        + _Messages(len(order)).message(0x12, feature).joined()
        + b"".join(_field(0x1A, key.encode()) for key in keys)
        + values
        + b"\x28"
        + _varint(EXTENT),
    )


def _attributes(
    rows: Mapping[str, _Numbers], labels: bytes | None, order: _Numbers
) -> tuple[list[str], bytes, "_Messages"]:
    """Return the keys, the values as they are written, and each feature's pairs of them; each by its place."""
    classes, which = np.unique(rows["c"], return_inverse=True)
    keys, values, count = ["c"], _numbers(classes), len(classes)
    tags = _Messages(len(order)).byte(0).varint(which)
    if "n" in rows:
        numbers, which = np.unique(rows["n"], return_inverse=True)
        tags.byte(len(keys), rows["n"] > 1).varint(count + which, rows["n"] > 1)
        keys.append("n")
        values, count = values + _numbers(numbers), count + len(numbers)
    if labels is not None:
        tags.byte(len(keys)).varint(count + np.arange(len(order)))
        keys.append("t")
        values += _labels(labels, rows[_LENGTH], order)
    return keys, values, tags


class _Messages:
    """As many messages as there are rows, which grow by the same fields; a column of bytes with where it is there."""

    def __init__(self, count: int) -> None:
        self.length = np.zeros(count, np.uint8)
        self._all = np.ones(count, np.bool_)
        self._columns: list[tuple[_Bytes, _Bools]] = []

    def byte(self, value: int, there: _Bools | None = None) -> Self:
        """Go on with the same byte in each row, or in some."""
        return self._add(np.full(len(self._all), value, np.uint8), self._all if there is None else there)

    def varint(self, values: _Numbers, there: _Bools | None = None) -> Self:
        """Go on with a number in each row, or in some: seven bits a byte, the lowest first."""
        rest: _Numbers = values.astype(np.uint32 if values.max(initial=0) < 2**32 else np.uint64)
        there, goes_on = self._all if there is None else there, True
        while goes_on:
            following = rest >> 7
            more = following > 0
            self._add((rest & 0x7F).astype(np.uint8) | more.astype(np.uint8) << np.uint8(7), there)
            rest, there, goes_on = following, there & more, bool(more.any())
        return self

    def message(self, tag: int, inner: "_Messages") -> Self:
        """Go on with a message of a field; it must be shorter than 128 bytes, which those of a point are."""
        self.byte(tag)._add(inner.length, self._all)
        self._columns += inner._columns
        self.length += inner.length
        return self

    def joined(self) -> bytes:
        """Return all messages, one after the other."""
        values, there = (np.stack(columns, axis=1).ravel() for columns in zip(*self._columns, strict=True))
        return np.compress(there, values).tobytes()

    def _add(self, values: _Bytes, there: _Bools) -> Self:
        self._columns.append((values, there))
        self.length += there
        return self


def _zigzag(units: _Numbers) -> _Numbers:
    """Return whole units so that small ones stay small numbers, whatever their sign."""
    whole = np.rint(units).astype(np.int32)
    return ((whole << 1) ^ (whole >> 31)).view(np.uint32)


def _numbers(values: Iterable[int]) -> bytes:
    """Return numbers as a layer's values."""
    return b"".join(_field(0x22, b"\x28" + _varint(int(value))) for value in values)


def _labels(labels: bytes, lengths: _Numbers, order: _Numbers) -> bytes:
    """Return texts as a layer's values: before each its length twice, alone and with what tells that it is a text.

    `lengths` are in the order in which they are written, `order` tells where they stand among the labels.
    """
    heads = _Messages(len(order)).byte(0x22).varint(lengths + 1 + _size(lengths)).byte(0x0A).varint(lengths)
    pieces = np.stack([heads.length, lengths], axis=1).ravel()
    is_text = np.repeat(np.arange(len(pieces)) % 2 == 1, pieces)
    written = np.empty(len(is_text), np.uint8)
    written[is_text] = np.frombuffer(labels, np.uint8)[_each_byte(lengths, order)]
    written[~is_text] = np.frombuffer(heads.joined(), np.uint8)
    return written.tobytes()


def _each_byte(lengths: _Numbers, order: _Numbers) -> _Numbers:
    """Return of each byte of texts in an order where it stands among those that are not."""
    lengths = lengths.astype(np.int64)
    unordered = np.empty_like(lengths)
    unordered[order] = lengths
    begins = (np.cumsum(unordered) - unordered)[order]
    found: _Numbers = np.arange(lengths.sum()) + np.repeat(begins - (np.cumsum(lengths) - lengths), lengths)
    return found


def _size(values: _Numbers) -> _Numbers:
    """Return of how many bytes each number is as a varint."""
    size = np.ones(len(values), np.uint32)
    for bits in (7, 14, 21, 28):
        size += values >> bits > 0
    return size


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))


def _field(tag: int, content: bytes) -> bytes:
    return bytes((tag,)) + _varint(len(content)) + content
