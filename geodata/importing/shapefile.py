"""Shapefiles, looked at byte by byte before a driver sees them. Runs in the reader process.

The driver alone skips truncated records, ends early on a short .dbf and calls a PNG named .shp a layer of
empty shapes. Here the records are counted first; points and attributes never go through the driver.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import shapely

from geodata.i18n import N_
from geodata.importing.archive import Source
from geodata.importing.encoding import LANGUAGE_IDS
from geodata.importing.limits import Limits
from geodata.importing.results import Problem, RefusedError, Severity, problem
from geodata.importing.table import Geometries, Table, Value, empty_geometries, row_numbers

POINT_TYPES = {1: 20, 11: 36, 21: 28}
MULTIPATCH = 31
KNOWN_TYPES = {0, 1, 3, 5, 8, 11, 13, 15, 18, 21, 23, 25, 28}
_HEADER = 100


def corrupt(template: str, **details: Any) -> RefusedError:
    """Return the refusal for a damaged shapefile."""
    return RefusedError("corrupt_shapefile", template, **details)


@dataclass(frozen=True, kw_only=True)
class Records:
    """Where the records of a .shp are, in bytes, as found by walking through them."""

    shape_type: int
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    leftover: int


def read_shapefile(source: Source, limits: Limits) -> Table:
    """Read a shapefile under our own names. Raises RefusedError."""
    data = source.path.read_bytes()
    expected = _expected_count(source)
    records = scan_records(data, limits)
    problems: list[Problem] = []
    count = len(records.offsets)
    if expected is not None and count != expected:
        raise corrupt(
            N_("The .shp file holds {count} whole records, but there should be {expected}: it is cut or damaged."),
            count=count,
            expected=expected,
        )
    if records.leftover:
        if expected is None and records.leftover >= 8:
            raise corrupt(N_("The .shp file is cut or damaged after record {count}."), count=count)
        problems.append(
            problem(
                "corrupt_shapefile",
                N_("{bytes} stray bytes after the last record were ignored."),
                severity=Severity.WARNING,
                bytes=records.leftover,
            )
        )
    geometries = _points(data, records) if records.shape_type in POINT_TYPES else _shapes(source.path, records)
    if records.shape_type in {21, 23, 25, 28}:
        problems.append(_dropped_measures())
    problems += _missing_components(source)
    names: tuple[str, ...] = ()
    columns: tuple[list[Value], ...] = ()
    widths: tuple[int, ...] = ()
    rows = row_numbers(count)
    declared = None
    if ".dbf" in source.components:
        table = read_dbf(source.path.with_suffix(".dbf"), limits)
        names, columns, widths, declared = table.names, table.columns, table.widths, table.declared
        if not table.kept.all():
            problems.append(
                problem(
                    "corrupt_shapefile",
                    N_("{count} records are marked as deleted and were left out."),
                    severity=Severity.WARNING,
                    count=int((~table.kept).sum()),
                )
            )
            rows, geometries = rows[table.kept], geometries[table.kept]
    if ".cpg" in source.components:
        declared = source.path.with_suffix(".cpg").read_bytes()[:40].decode("latin1").strip() or declared
    prj = None
    if ".prj" in source.components:
        prj = (
            source.path.with_suffix(".prj").read_bytes()[:20_000].decode("utf-8", "replace").strip("\ufeff\x00 \r\n\t")
            or None
        )
    return Table(
        layer=source.name,
        format="shp",
        rows=rows,
        names=names,
        columns=columns,
        geometries=geometries,
        texts="bytes",
        declared_encoding=declared,
        crs=prj,
        crs_source="prj" if prj else "none",
        problems=tuple(problems),
        widths=widths,
    )


def _missing_components(source: Source) -> list[Problem]:
    parts = ((".shx", N_("its index was rebuilt")), (".dbf", N_("only the geometry can be read")))
    template = N_("The {component} file is missing; {what}.")
    return [
        problem("missing_component", template, severity=Severity.WARNING, component=component, what=what)
        for component, what in parts
        if component not in source.components
    ]


def _dropped_measures() -> Problem:
    return problem("wrong_geometry_type", N_("Measure values (M) were dropped."), severity=Severity.WARNING)


def _expected_count(source: Source) -> int | None:
    """Return how many records the other files promise, the .dbf first."""
    if ".dbf" in source.components:
        with source.path.with_suffix(".dbf").open("rb") as file:
            head = file.read(8)
        if len(head) == 8:
            return int(struct.unpack("<I", head[4:8])[0])
    if ".shx" in source.components:
        size = source.path.with_suffix(".shx").stat().st_size
        return (size - _HEADER) // 8 if size >= _HEADER else None
    return None


def scan_records(data: bytes, limits: Limits) -> Records:
    """Walk through a .shp and return its whole records. Raises RefusedError."""
    if len(data) < _HEADER or data[:4] != b"\x00\x00\x27\x0a":
        raise corrupt(N_("The .shp file is no shapefile."))
    shape_type = struct.unpack("<i", data[32:36])[0]
    if shape_type == MULTIPATCH:
        raise RefusedError("wrong_geometry_type", N_("3D surfaces (MultiPatch) cannot be imported."))
    if shape_type not in KNOWN_TYPES:
        raise corrupt(N_("The .shp file has the unknown shape type {type}."), type=shape_type)
    offsets, lengths, end = _walk(data, shape_type, limits)
    return Records(
        shape_type=shape_type,
        offsets=np.array(offsets, dtype=np.int64),
        lengths=np.array(lengths, dtype=np.int64),
        leftover=len(data) - end,
    )


def _walk(data: bytes, shape_type: int, limits: Limits) -> tuple[list[int], list[int], int]:
    offsets: list[int] = []
    lengths: list[int] = []
    position, size = _HEADER, len(data)
    unpack_header, unpack_type = struct.Struct(">ii").unpack_from, struct.Struct("<i").unpack_from
    while position + 12 <= size:
        _number, words = unpack_header(data, position)
        length = words * 2
        kind = unpack_type(data, position + 8)[0]
        if length < 4 or position + 8 + length > size or not _fits(data, position + 8, length, kind, shape_type):
            break
        offsets.append(position + 8)
        lengths.append(length)
        position += 8 + length
        if len(offsets) > limits.rows:
            raise RefusedError(
                "limit_exceeded", N_("The layer has more rows than the limit rows, {limit}."), limit=limits.rows
            )
    return offsets, lengths, position


def _fits(data: bytes, start: int, length: int, kind: int, shape_type: int) -> bool:
    """Say whether a record's own counts agree with its length."""
    if kind == 0:
        return True
    if kind != shape_type:
        return False
    if kind in POINT_TYPES:
        return length >= 20
    if kind in {8, 18, 28}:
        return length >= 40 and struct.unpack_from("<i", data, start + 36)[0] * 16 + 40 <= length
    if length < 44:
        return False
    parts, points = struct.unpack_from("<ii", data, start + 36)
    return bool(parts >= 0 and points >= 0 and 44 + parts * 4 + points * 16 <= length)


def _points(data: bytes, records: Records) -> Geometries:
    buffer = np.frombuffer(data, dtype=np.uint8)
    kinds = _doubles_at(buffer, records.offsets, "<i4")
    geometries = empty_geometries(len(records.offsets))
    present = kinds != 0
    if present.any():
        at = records.offsets[present]
        x, y = _doubles_at(buffer, at + 4, "<f8"), _doubles_at(buffer, at + 12, "<f8")
        geometries[present] = shapely.points(x, y)
    return geometries


def _doubles_at(buffer: NDArray[np.uint8], offsets: NDArray[np.int64], dtype: str) -> NDArray[Any]:
    """Return the little-endian numbers that start at these offsets."""
    width = np.dtype(dtype).itemsize
    return np.ascontiguousarray(buffer[offsets[:, None] + np.arange(width)]).view(dtype).ravel()


def _shapes(path: Path, records: Records) -> Geometries:
    """Return lines and polygons by the driver, from the .shp and an index of our own."""
    folder = path.parent / "geometry"
    folder.mkdir()
    alone = folder / "source.shp"
    alone.symlink_to(path)
    count = len(records.offsets)
    if not count:
        return empty_geometries(0)
    header = bytearray(path.open("rb").read(_HEADER))
    struct.pack_into(">i", header, 24, (_HEADER + count * 8) // 2)
    entries = np.empty((count, 2), dtype=">i4")
    entries[:, 0] = (records.offsets - 8) // 2
    entries[:, 1] = records.lengths // 2
    alone.with_suffix(".shx").write_bytes(bytes(header) + entries.tobytes())
    from geodata.importing.drivers import read_layer

    layer = read_layer(alone, "ESRI Shapefile", None)
    if len(layer.geometries) != count:
        raise corrupt(N_("Only {count} of {expected} shapes can be read."), count=len(layer.geometries), expected=count)
    return layer.geometries


@dataclass(frozen=True, kw_only=True)
class Dbf:
    """The attributes of a shapefile; texts as one letter per byte."""

    names: tuple[str, ...]
    columns: tuple[list[Value], ...]
    widths: tuple[int, ...]
    kept: NDArray[np.bool_]
    declared: str | None


def read_dbf(path: Path, limits: Limits) -> Dbf:
    """Read a dBase table. Raises RefusedError."""
    data = path.read_bytes()
    if len(data) < 33:
        raise corrupt(N_("The .dbf file is cut or damaged."))
    count, header_length, record_length = struct.unpack_from("<IHH", data, 4)
    fields = []
    position, offset = 32, 1
    while position + 32 <= min(header_length, len(data)) and data[position] not in (0x0D, 0x00):
        raw_name = data[position : position + 11].split(b"\x00")[0]
        kind, width, decimals = chr(data[position + 11]), data[position + 16], data[position + 17]
        if kind == "C":
            width += decimals << 8
            decimals = 0
        fields.append((raw_name.decode("latin1").strip(), kind, offset, width, decimals))
        offset += width
        position += 32
    if record_length < offset or header_length + count * record_length > len(data) + 1 or len(fields) > limits.columns:
        whole = max(0, (len(data) - header_length) // record_length) if record_length else 0
        raise corrupt(
            N_("The .dbf file holds {count} whole records, but there should be {expected}: it is cut or damaged."),
            count=min(whole, count),
            expected=count,
        )
    records = np.frombuffer(
        data.ljust(header_length + count * record_length, b" "),
        dtype=np.uint8,
        count=count * record_length,
        offset=header_length,
    ).reshape(count, record_length)
    kept = records[:, 0] != ord("*")
    records = records[kept]
    columns = tuple(_dbf_column(records[:, at : at + width], kind, decimals) for _, kind, at, width, decimals in fields)
    return Dbf(
        names=tuple(name for name, *_ in fields),
        columns=columns,
        kept=kept,
        widths=tuple(width if kind == "C" else 0 for _, kind, _, width, _ in fields),
        declared=LANGUAGE_IDS.get(data[29]),
    )


def _dbf_column(cells: NDArray[np.uint8], kind: str, decimals: int) -> list[Value]:
    count, width = cells.shape
    if not count or not width:
        return [None] * count
    if kind == "I" and width == 4:
        return np.ascontiguousarray(cells).view("<i4").ravel().tolist()
    if kind in "OB" and width == 8:
        return np.ascontiguousarray(cells).view("<f8").ravel().tolist()
    # One letter per byte: numpy's bytes drop trailing NULs, decoding as Latin-1 keeps every other byte.
    texts = np.char.decode(np.ascontiguousarray(cells).view(f"S{width}").ravel(), "latin1").tolist()
    if kind in "NF":
        return [_dbf_number(text.strip(" \x00"), decimals) for text in texts]
    if kind == "D":
        return [_dbf_date(text.strip(" \x00")) for text in texts]
    if kind == "L":
        return [{"T": True, "Y": True, "F": False, "N": False}.get(text.strip().upper()) for text in texts]
    return [text.strip(" \x00\r\n\t") or None for text in texts]


def _dbf_number(text: str, decimals: int) -> Value:
    if not text or text.startswith("*"):
        return None
    try:
        return int(text) if not decimals and text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        return text


def _dbf_date(text: str) -> Value:
    if not text or text.strip("0") == "":
        return None
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text
