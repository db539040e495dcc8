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

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.reading.archive import Source
from geodata.importing.reading.dbf import Dbf, corrupt, lost_values, read_dbf
from geodata.importing.reading.heights import heights_note, measures_note
from geodata.importing.reading.outlines import outline_problems
from geodata.importing.results import Problem, RefusedError, Severity, problem
from geodata.importing.table import Geometries, Table, empty_geometries, row_numbers
from geodata.importing.told import spans

POINT_TYPES = {1: 20, 11: 36, 21: 28}
MULTIPATCH = 31
KNOWN_TYPES = {0, 1, 3, 5, 8, 11, 13, 15, 18, 21, 23, 25, 28}
#: Types with heights (Z) and with measures (M); of both, those of several points.
_HIGH, _MEASURED, _MULTIPOINTS = {11, 13, 15, 18}, {21, 23, 25, 28}, {8, 18, 28}
#: A measure below it means that there is none.
_NO_MEASURE = -1e38
_HEADER = 100


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
    records = scan_records(data, limits)
    problems = [*_check_count(source, records), *_dropped(data, records), *_missing_components(source)]
    told: list[Problem] = []
    if records.shape_type in POINT_TYPES:
        geometries = _points(data, records)
    else:
        geometries, told = _shapes(source.path, records)
    rows = row_numbers(len(records.offsets))
    table = read_dbf(source.path.with_suffix(".dbf"), limits) if ".dbf" in source.components else None
    if table is not None:
        problems += _deleted(table, rows)
        gone = set(rows[~table.kept].tolist())
        told = [item for item in told if item.row not in gone]
        rows, geometries = rows[table.kept], geometries[table.kept]
        problems += lost_values(table, rows.tolist())
    problems += told
    prj = _text_beside(source, ".prj", 20_000, "utf-8") or None
    return Table(
        layer=source.name,
        format="shp",
        rows=rows,
        names=table.names if table else (),
        columns=table.columns if table else (),
        geometries=geometries,
        texts="bytes",
        declared_encoding=_text_beside(source, ".cpg", 40, "latin1") or (table.declared if table else None),
        crs=prj,
        crs_source="prj" if prj else "none",
        problems=tuple(problems),
        widths=table.widths if table else (),
        lost=table.lost if table else {},
    )


def _text_beside(source: Source, component: str, most: int, encoding: str) -> str:
    """Return the text of a small file beside the .shp, empty where it is not there."""
    if component not in source.components:
        return ""
    data = source.path.with_suffix(component).read_bytes()[:most]
    return data.decode(encoding, "replace").strip("\ufeff\x00 \r\n\t")


def _check_count(source: Source, records: Records) -> list[Problem]:
    """Return the warning for stray bytes. Raises RefusedError where records are missing."""
    expected, count = _expected_count(source), len(records.offsets)
    if expected is not None and count != expected:
        raise corrupt(
            N_("The .shp file holds {count} whole records, but there should be {expected}: it is cut or damaged."),
            count=count,
            expected=expected,
        )
    if not records.leftover:
        return []
    if expected is None and records.leftover >= 8:
        raise corrupt(N_("The .shp file is cut or damaged after record {count}."), count=count)
    template = N_("{bytes} stray bytes after the last record were ignored.")
    return [problem("corrupt_shapefile", template, severity=Severity.WARNING, bytes=records.leftover)]


def _deleted(table: Dbf, rows: NDArray[np.int64]) -> list[Problem]:
    """Return the warning for records that are marked as deleted."""
    gone = rows[~table.kept]
    if not len(gone):
        return []
    template = N_("{count} records are marked as deleted and were left out: {rows}.")
    return [
        problem("corrupt_shapefile", template, severity=Severity.WARNING, count=len(gone), rows=spans(gone.tolist()))
    ]


def _missing_components(source: Source) -> list[Problem]:
    parts = ((".shx", N_("its index was rebuilt")), (".dbf", N_("only the geometry can be read")))
    template = N_("The {component} file is missing; {what}.")
    return [
        problem("missing_component", template, severity=Severity.WARNING, component=component, what=what)
        for component, what in parts
        if component not in source.components
    ]


def _dropped(data: bytes, records: Records) -> list[Problem]:
    """Return the warnings for heights other than 0 and for measures, with their records.

    Those of points stand behind x and y; of other shapes their least and greatest stand behind the points.
    """
    is_measured = records.shape_type in _MEASURED
    if not is_measured and records.shape_type not in _HIGH:
        return []
    found = np.zeros(len(records.offsets), dtype=bool)
    for index, (start, length) in enumerate(zip(records.offsets.tolist(), records.lengths.tolist(), strict=True)):
        if not struct.unpack_from("<i", data, start)[0]:
            continue
        at = start + _end_of_points(data, start, records.shape_type)
        values = struct.unpack_from(f"<{max(0, min(2, (start + length - at) // 8))}d", data, at)
        values = values[:1] if records.shape_type in POINT_TYPES else values
        found[index] = any(value > _NO_MEASURE if is_measured else value != 0 for value in values)
    note = measures_note if is_measured else heights_note
    return note(found.tolist(), row_numbers(len(found)).tolist())


def _end_of_points(data: bytes, start: int, shape_type: int) -> int:
    """Return where in a record its points end, in bytes."""
    if shape_type in POINT_TYPES:
        return 20
    if shape_type in _MULTIPOINTS:
        return 40 + 16 * int(struct.unpack_from("<i", data, start + 36)[0])
    parts, points = struct.unpack_from("<ii", data, start + 36)
    return int(44 + 4 * parts + 16 * points)


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
            template = N_("The layer has more than {limit} rows.")
            raise RefusedError("limit_exceeded", template, limit=limits.rows, name="rows")
    return offsets, lengths, position


def _fits(data: bytes, start: int, length: int, kind: int, shape_type: int) -> bool:
    """Say whether a record's own counts agree with its length."""
    if kind == 0:
        return True
    if kind != shape_type:
        return False
    if kind in POINT_TYPES:
        return length >= 20
    if kind in _MULTIPOINTS:
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


def _shapes(path: Path, records: Records) -> tuple[Geometries, list[Problem]]:
    """Return lines and polygons by the driver, from the .shp and an index of our own, and what is told of them."""
    folder = path.parent / "geometry"
    folder.mkdir()
    alone = folder / "source.shp"
    alone.symlink_to(path)
    count = len(records.offsets)
    if not count:
        return empty_geometries(0), []
    header = bytearray(path.open("rb").read(_HEADER))
    struct.pack_into(">i", header, 24, (_HEADER + count * 8) // 2)
    entries = np.empty((count, 2), dtype=">i4")
    entries[:, 0] = (records.offsets - 8) // 2
    entries[:, 1] = records.lengths // 2
    alone.with_suffix(".shx").write_bytes(bytes(header) + entries.tobytes())
    from geodata.importing.reading.drivers import read_layer

    layer = read_layer(alone, "ESRI Shapefile", None)
    if len(layer.geometries) != count:
        raise corrupt(N_("Only {count} of {expected} shapes can be read."), count=len(layer.geometries), expected=count)
    flat: Geometries = shapely.force_2d(layer.geometries)
    return flat, outline_problems(layer.closed, layer.broken, row_numbers(count).tolist())
