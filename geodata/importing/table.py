"""The neutral form in which the reader process hands over a layer: columns and geometry, no pickles."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import shapely

from geodata.base.message import Message
from geodata.base.typed_json import from_json, to_json
from geodata.importing.results import Problem, Question, RefusedError

Geometries = NDArray[np.object_]
Value = str | int | float | bool | None
#: The files that save_table() writes.
TABLE_FILES = ("table.json", "rows.npy", "points.npy", "lengths.npy", "wkb.npy", "column-*.txt")


@dataclass(frozen=True, kw_only=True)
class Table:
    """One layer as read: raw values, geometry in the file's own coordinates.

    `texts` is "bytes" when each letter stands for one byte of a still unknown encoding. `rows` are the
    1-based record numbers. `geometries` is None for tables whose columns hold the coordinates. `lost` names for a
    column the positions whose value is not known: what is stored there stays; `cut` those whose text was probably cut, known once
    the texts are decoded. `counts_from_1904`: plain numbers count days so.
    `places` are the columns of a sheet that the names stand in, from 0. `said_unit`: the unit said above the table.
    """

    layer: str
    format: str
    rows: NDArray[np.int64]
    names: tuple[str, ...]
    columns: tuple[list[Value], ...]
    geometries: Geometries | None = None
    texts: str = "unicode"
    declared_encoding: str | None = None
    crs: str | None = None
    crs_source: str = "none"
    problems: tuple[Problem, ...] = ()
    widths: tuple[int, ...] = field(default_factory=tuple)
    lost: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    cut: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    header_row: str | None = None
    counts_from_1904: bool = False
    places: tuple[int, ...] = ()
    said_unit: str | None = None

    def __len__(self) -> int:
        return len(self.rows)


def spellings(column: Sequence[Value]) -> list[str]:
    """Return the different texts of a column, in order: what holds for a text is looked at once, not once a cell."""
    return [value for value in dict.fromkeys(column) if isinstance(value, str)]


def save_table(table: Table, folder: Path) -> None:
    """Write a table for the other process."""
    geometries = table.geometries
    if geometries is not None and (points := _as_points(geometries)) is not None:
        np.save(folder / "points.npy", points, allow_pickle=False)
    elif geometries is not None:
        wkb = shapely.to_wkb(shapely.force_2d(geometries))
        lengths = np.fromiter((-1 if item is None else len(item) for item in wkb), dtype=np.int64, count=len(wkb))
        np.save(folder / "lengths.npy", lengths, allow_pickle=False)
        data = np.frombuffer(b"".join(item for item in wkb if item is not None), dtype=np.uint8)
        np.save(folder / "wkb.npy", data, allow_pickle=False)
    np.save(folder / "rows.npy", table.rows, allow_pickle=False)
    lines = [_as_lines(column) for column in table.columns]
    for index, text in enumerate(lines):
        if text is not None:
            (folder / f"column-{index:06d}.txt").write_bytes(text.encode("utf-8", "surrogatepass"))
    head = {
        "layer": table.layer,
        "format": table.format,
        "names": table.names,
        "columns": [column if text is None else None for column, text in zip(table.columns, lines, strict=True)],
        "geometry": geometries is not None,
        "texts": table.texts,
        "declared_encoding": table.declared_encoding,
        "crs": table.crs,
        "crs_source": table.crs_source,
        "problems": to_json(table.problems),
        "widths": table.widths,
        "lost": {name: list(positions) for name, positions in table.lost.items()},
        "header_row": table.header_row,
        "counts_from_1904": table.counts_from_1904,
        "places": table.places,
        "said_unit": table.said_unit,
    }
    # Half a letter of UTF-16 is no UTF-8; the checks find it and say so.
    (folder / "table.json").write_bytes(json.dumps(head, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _as_lines(column: Sequence[Value]) -> str | None:
    """Return a column of one-line texts as one text, which is handed over many times faster than JSON."""
    if not column or not all(type(value) is str for value in column):
        return None
    text = "\n".join(map(str, column))
    return text if text.count("\n") == len(column) - 1 else None


def _from_lines(path: Path) -> list[Value]:
    return [*path.read_bytes().decode("utf-8", "surrogatepass").split("\n")]


def _as_points(geometries: Geometries) -> NDArray[np.float64] | None:
    """Return the coordinates of a layer of whole points, which are handed over many times faster than shapes."""
    if not len(geometries) or not (shapely.get_type_id(geometries) == 0).all():
        return None
    points: NDArray[np.float64] = shapely.get_coordinates(geometries)
    return points if len(points) == len(geometries) and np.isfinite(points).all() else None


def load_table(folder: Path) -> Table:
    """Read what the other process wrote."""
    head = json.loads((folder / "table.json").read_bytes().decode("utf-8", "surrogatepass"))
    geometries: Geometries | None = None
    if (folder / "points.npy").exists():
        geometries = shapely.points(np.load(folder / "points.npy", allow_pickle=False))
    elif head["geometry"]:
        lengths = np.load(folder / "lengths.npy", allow_pickle=False)
        data = np.load(folder / "wkb.npy", allow_pickle=False).tobytes()
        ends = np.cumsum(np.maximum(lengths, 0))
        wkb = np.empty(len(lengths), dtype=object)
        for index, (length, end) in enumerate(zip(lengths.tolist(), ends.tolist(), strict=True)):
            wkb[index] = None if length < 0 else data[end - length : end]
        geometries = shapely.from_wkb(wkb, on_invalid="fix")
    return Table(
        layer=head["layer"],
        format=head["format"],
        rows=np.load(folder / "rows.npy", allow_pickle=False),
        names=tuple(head["names"]),
        columns=tuple(
            _from_lines(folder / f"column-{index:06d}.txt") if column is None else column
            for index, column in enumerate(head["columns"])
        ),
        geometries=geometries,
        texts=head["texts"],
        declared_encoding=head["declared_encoding"],
        crs=head["crs"],
        crs_source=head["crs_source"],
        problems=from_json(tuple[Problem, ...], head["problems"]),
        widths=tuple(head["widths"]),
        lost={name: tuple(positions) for name, positions in head["lost"].items()},
        header_row=head["header_row"],
        counts_from_1904=head["counts_from_1904"],
        places=tuple(head["places"]),
        said_unit=head["said_unit"],
    )


def save_answer(answer: RefusedError | Question, folder: Path) -> None:
    """Write a refusal or a question for the other process."""
    data: object = to_json(answer)
    if isinstance(answer, RefusedError):
        data = {"reason": answer.reason, **to_json(answer.said)}
    (folder / "answer.json").write_text(json.dumps(data), encoding="ascii")


def load_answer(folder: Path) -> RefusedError | Question | None:
    """Read a refusal or a question, if there is one."""
    path = folder / "answer.json"
    if not path.exists():
        return None
    data = json.loads(path.read_text(encoding="ascii"))
    if "reason" in data:
        return RefusedError(data["reason"], from_json(Message, data))
    return from_json(Question, data)


def empty_geometries(count: int) -> Geometries:
    """Return that many missing geometries."""
    return np.full(count, None, dtype=object)


def row_numbers(count: int) -> NDArray[np.int64]:
    """Return 1, 2, … count."""
    return np.arange(1, count + 1, dtype=np.int64)


def as_objects(values: Sequence[Any]) -> Geometries:
    """Return an object array of these geometries."""
    array: Geometries = np.empty(len(values), dtype=object)
    array[:] = values
    return array
