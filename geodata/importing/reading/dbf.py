"""dBase tables, the attributes of shapefiles, read byte by byte: a driver would skip what is cut and blank what overflowed."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field as dataclass_field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.reading.encoding import LANGUAGE_IDS
from geodata.importing.results import Problem, RefusedError, Severity, problem
from geodata.importing.table import Value
from geodata.importing.told import by_row


def corrupt(template: str, **details: Any) -> RefusedError:
    """Return the refusal for a damaged shapefile."""
    return RefusedError("corrupt_shapefile", template, **details)


@dataclass(frozen=True, kw_only=True)
class Dbf:
    """The attributes of a shapefile; texts as one letter per byte."""

    names: tuple[str, ...]
    columns: tuple[list[Value], ...]
    widths: tuple[int, ...]
    kept: NDArray[np.bool_]
    declared: str | None
    lost: Mapping[str, tuple[int, ...]] = dataclass_field(default_factory=dict)
    memos: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Column:
    """A column as the header describes it: its kind, and where its bytes are in a record."""

    name: str
    kind: str
    start: int
    width: int
    decimals: int

    def of(self, records: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the bytes of the column, a row a record."""
        return records[:, self.start : self.start + self.width]


def read_dbf(path: Path, limits: Limits) -> Dbf:
    """Read a dBase table. Raises RefusedError."""
    data = path.read_bytes()
    if len(data) < 33:
        raise corrupt(N_("The .dbf file is cut or damaged."))
    columns = _described(data)
    records = _whole_records(data, columns, limits)
    kept = records[:, 0] != ord("*")
    records = records[kept]
    lost = {column.name: found for column in columns if (found := _lost(column.of(records), column.kind))}
    return Dbf(
        lost=lost,
        memos=tuple(column.name for column in columns if column.kind in _MEMOS and column.name in lost),
        names=tuple(column.name for column in columns),
        columns=tuple(_dbf_column(column.of(records), column.kind, column.decimals) for column in columns),
        kept=kept,
        widths=tuple(column.width if column.kind == "C" else 0 for column in columns),
        declared=LANGUAGE_IDS.get(data[29]),
    )


def _described(data: bytes) -> list[_Column]:
    """Return the columns that the header describes."""
    header_length = struct.unpack_from("<H", data, 8)[0]
    columns = []
    position, start = 32, 1
    while position + 32 <= min(header_length, len(data)) and data[position] not in (0x0D, 0x00):
        name = data[position : position + 11].split(b"\x00")[0].decode("latin1").strip()
        kind, width, decimals = chr(data[position + 11]), data[position + 16], data[position + 17]
        if kind == "C":
            width, decimals = width + (decimals << 8), 0
        columns.append(_Column(name=name, kind=kind, start=start, width=width, decimals=decimals))
        start += width
        position += 32
    return columns


def _whole_records(data: bytes, columns: Sequence[_Column], limits: Limits) -> NDArray[np.uint8]:
    """Return the bytes of the records, a row each. Raises RefusedError where there are fewer than promised."""
    count, header_length, record_length = struct.unpack_from("<IHH", data, 4)
    needed = columns[-1].start + columns[-1].width if columns else 1
    end = header_length + count * record_length
    if record_length < needed or end > len(data) + 1 or len(columns) > limits.columns:
        whole = max(0, (len(data) - header_length) // record_length) if record_length else 0
        raise corrupt(
            N_("The .dbf file holds {count} whole records, but there should be {expected}: it is cut or damaged."),
            count=min(whole, count),
            expected=count,
        )
    size = count * record_length
    return np.frombuffer(data.ljust(end, b" "), dtype=np.uint8, count=size, offset=header_length).reshape(
        count, record_length
    )


#: Kinds of columns whose text lies in another file (.dbt, .fpt).
_MEMOS = "MGPWQ"
_JULIAN_EPOCH = 2_440_588


def _lost(cells: NDArray[np.uint8], kind: str) -> tuple[int, ...]:
    """Return the records of a column whose value is not known: stars for a number too large, memos that lie elsewhere."""
    if not cells.size or kind not in "NF" + _MEMOS:
        return ()
    if kind in "NF":
        return tuple(np.flatnonzero((cells == ord("*")).any(axis=1)).tolist())
    return tuple(np.flatnonzero(((cells != ord(" ")) & (cells != 0) & (cells != ord("0"))).any(axis=1)).tolist())


def lost_values(table: Dbf, rows: Sequence[int]) -> list[Problem]:
    """Return a warning for each value of a .dbf that is not known."""
    problems: list[Problem] = []
    for name, found in table.lost.items():
        template = (
            N_("The text of this column lies in a memo file that shapefiles do not have; what is stored stays.")
            if name in table.memos
            else N_(
                "The cell shows “{value}”: the number was too large for its column, or there is none; what is stored stays."
            )
        )
        problems += by_row(found, partial(_lost_value, name=name, template=template, rows=rows), rows)
    return problems


def _lost_value(at: int, *, name: str, template: str, rows: Sequence[int]) -> Problem:
    return problem("bad_value", template, row=rows[at], field=name, severity=Severity.WARNING, value="****")


def _dbf_column(cells: NDArray[np.uint8], kind: str, decimals: int) -> list[Value]:
    count, width = cells.shape
    if not count or not width:
        return [None] * count
    if kind == "I" and width == 4:
        return np.ascontiguousarray(cells).view("<i4").ravel().tolist()
    if kind in "OB" and width == 8:
        return list(np.ascontiguousarray(cells).view("<f8").ravel().tolist())
    if kind == "Y" and width == 8:
        return [amount / 10_000 for amount in np.ascontiguousarray(cells).view("<i8").ravel().tolist()]
    if kind == "T" and width == 8:
        return _moments(np.ascontiguousarray(cells).view("<i4").reshape(count, 2))
    if kind in _MEMOS or kind == "0":
        return [None] * count
    # One letter per byte: numpy's bytes drop trailing NULs, decoding as Latin-1 keeps every other byte.
    texts = np.char.decode(np.ascontiguousarray(cells).view(f"S{width}").ravel(), "latin1").tolist()
    if kind in "NF":
        return [_dbf_number(text.strip(" \x00"), decimals) for text in texts]
    if kind == "D":
        return [_dbf_date(text.strip(" \x00")) for text in texts]
    if kind == "L":
        return [{"T": True, "Y": True, "F": False, "N": False}.get(text.strip().upper()) for text in texts]
    return [text.strip(" \x00\r\n\t") or None for text in texts]


def _moments(parts: NDArray[np.int32]) -> list[Value]:
    """Return FoxPro's moments, a Julian day and milliseconds each, as ISO text."""
    return [
        None
        if not day
        else str(np.datetime64(int(day) - _JULIAN_EPOCH, "D") + np.timedelta64(int(part), "ms")).removesuffix(
            "T00:00:00.000"
        )
        for day, part in parts.tolist()
    ]


def _dbf_number(text: str, decimals: int) -> Value:
    if not text or "*" in text:
        return None
    try:
        number = int(text) if not decimals and text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        return text
    # “nan” stays the text that it is, and is told.
    return number if number - number == 0 else text


def _dbf_date(text: str) -> Value:
    if not text or text.strip("0") == "":
        return None
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text
