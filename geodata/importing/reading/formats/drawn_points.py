"""The points of a DXF drawing: points, placed blocks with their attributes, centres of circles; the text beside each as name."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

import shapely

from geodata.base.i18n import N_
from geodata.base.names import fold_name
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.table import Geometries, Table, Value, as_objects
from geodata.importing.told import by_row, spans

NAME = "name"
#: What the driver says of how a block is placed; the drawing of it is no value of the object.
_PLACING = frozenset(
    {"blockscale", "blockangle", "blockocsnormal", "blockocscoords", "block", "attributetag", "blockattributes"}
)
#: A text belongs to the nearest object where the next one is at least this many times as far.
_CLEARLY = 1.5
#: A text this many times as far from its object as texts usually are is a title.
_FAR = 5.0
_ROUND = 16
_NAMES = frozenset({"ten", "name", "tendoituong"})
_ATTRIBUTE = re.compile(r"\s*([\w.$-]{1,60})[ =](.*)$", re.DOTALL)


def as_points(table: Table) -> Table:
    """Return a drawing's points as objects with the texts beside them; without points the texts are the objects."""
    shapes = table.geometries
    if shapes is None:
        return table
    texts = _column(table, "text")
    is_text = np.array([bool(text) for text in texts])
    places = as_objects([_place(shape) for shape in shapes])
    is_object = _without_frames(places, shapely.get_type_id(shapes) == shapely.GeometryType.LINESTRING, ~is_text)
    table = _with_attributes(table)
    if not is_object.any():
        return _of_texts(table, np.flatnonzero(is_text), texts) if is_text.any() else table
    objects, labels = np.flatnonzero(is_object), np.flatnonzero(is_text)
    joined, apart = _joined(places[objects], shapes[labels]) if len(labels) else ({}, [])
    found: list[list[int]] = [[] for _ in objects]
    for label, at in joined.items():
        found[at].append(int(labels[label]))
    names = [_words(texts, shapes, group) for group in found]
    told = _told(table, int(is_object.sum()), [int(labels[at]) for at in apart], texts)
    left = np.flatnonzero(~is_object & ~is_text)
    told += _left_out(table, left)
    columns = {
        name: [column[at] for at in objects]
        for name, column in zip(table.names, table.columns, strict=True)
        if name.lower() != "text"
    }
    if any(names):
        # A block that carries its name needs no text beside it.
        own = next((name for name in columns if fold_name(name) in _NAMES), NAME)
        columns[own] = [value or text for value, text in zip(columns.get(own, [None] * len(names)), names, strict=True)]
    return replace(
        table,
        rows=table.rows[objects],
        names=tuple(columns),
        columns=tuple(columns.values()),
        geometries=places[objects],
        problems=(*table.problems, *told),
    )


def _without_frames(places: Geometries, is_circle: NDArray[np.bool_], may_be: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which entities are objects: of several at one place, a point or block with circles round it, the first."""
    is_object: NDArray[np.bool_] = ~shapely.is_missing(places) & may_be
    seen: set[tuple[float, float]] = set()
    for at in sorted(np.flatnonzero(is_object), key=lambda index: (bool(is_circle[index]), index)):
        place = (round(places[at].x, 2), round(places[at].y, 2))
        if is_circle[at] and place in seen:
            is_object[at] = False
        seen.add(place)
    return is_object


def _column(table: Table, name: str) -> Sequence[Value]:
    at = next((index for index, other in enumerate(table.names) if other.lower() == name), None)
    return [None] * len(table) if at is None else table.columns[at]


def _place(shape: shapely.Geometry | None) -> shapely.Geometry | None:
    """Return a point, or the centre of a circle; None for what is neither."""
    if shape is None or shape.geom_type == "Point":
        return shape
    if shape.geom_type != "LineString" or len(shape.coords) < _ROUND or not shape.is_closed:
        return None
    corners = shapely.get_coordinates(shape)[:-1]
    centre = corners.mean(axis=0)
    radii = np.hypot(*(corners - centre).T)
    return shapely.Point(centre) if np.ptp(radii) <= 0.01 * radii.mean() else None


def _joined(objects: Geometries, labels: Geometries) -> tuple[dict[int, int], list[int]]:
    """Return text -> its object, and the texts that belong to none: between two objects, or far from all."""
    points, places = shapely.get_coordinates(objects), shapely.get_coordinates(shapely.centroid(labels))
    tree = shapely.STRtree(objects)
    near: dict[int, tuple[int, float]] = {}
    for at, place in enumerate(places):
        first = int(tree.nearest(shapely.Point(place)))
        distances = _distances(points, place)
        nearest = float(distances[first])
        others = np.delete(distances, first)
        if not len(others) or float(others.min()) >= _CLEARLY * nearest:
            near[at] = (first, nearest)
    usual = float(np.median([distance for _, distance in near.values()])) if near else 0.0
    joined = {at: first for at, (first, distance) in near.items() if distance <= _FAR * max(usual, 1e-9)}
    return joined, [at for at in range(len(places)) if at not in joined]


def _distances(points: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.hypot(*(points - place).T)
    return found


def _words(texts: Sequence[Value], shapes: Geometries, group: Sequence[int]) -> str | None:
    """Return the texts of one object in the order of reading, the highest first."""
    middles = shapely.get_coordinates(shapely.centroid(shapes[list(group)]))
    ordered = [at for _, _, at in sorted((-y, x, at) for (x, y), at in zip(middles.tolist(), group, strict=True))]
    return " ".join(" ".join(str(texts[at]).split()) for at in ordered) or None


def _told(table: Table, count: int, apart: Sequence[int], texts: Sequence[Value]) -> list[Problem]:
    told = [
        problem(
            "wrong_geometry_type",
            N_(
                "{count} points, blocks and circles were read as objects; the text beside each is in the column “{column}”."
            ),
            severity=Severity.WARNING,
            count=count,
            column=NAME,
        )
    ]
    template = N_("The text “{value}” stands beside no object, or between two; it was left out.")
    rows = table.rows.tolist()
    return told + by_row(
        apart,
        lambda at: problem(
            "bad_value", template, row=rows[at], severity=Severity.WARNING, value=" ".join(str(texts[at]).split())[:80]
        ),
        rows,
    )


def _left_out(table: Table, left: NDArray[np.int64]) -> list[Problem]:
    if not len(left):
        return []
    template = N_("What is no point, block or circle was left out: {count} entities, rows {rows}.")
    rows = spans(table.rows[left].tolist())
    return [problem("wrong_geometry_type", template, severity=Severity.WARNING, count=len(left), rows=rows)]


def _of_texts(table: Table, kept: NDArray[np.int64], texts: Sequence[Value]) -> Table:
    """Return a drawing that holds texts only: each stands where its object is."""
    others = [index for index, name in enumerate(table.names) if name.lower() != "text"]
    told = problem(
        "wrong_geometry_type",
        N_("The drawing has no points: {count} texts were read as objects, each where it stands."),
        severity=Severity.WARNING,
        count=len(kept),
    )
    left = np.setdiff1d(np.arange(len(table)), kept)
    assert table.geometries is not None  # noqa: S101 - as_points looked
    return replace(
        table,
        rows=table.rows[kept],
        names=(*(table.names[index] for index in others), NAME),
        columns=(
            *([table.columns[index][at] for at in kept] for index in others),
            [" ".join(str(texts[at]).split()) for at in kept],
        ),
        geometries=shapely.centroid(table.geometries[kept]),
        problems=(*table.problems, told, *_left_out(table, left)),
    )


def _with_attributes(table: Table) -> Table:
    """Return the table with the attributes of placed blocks as columns, and without how blocks are placed."""
    written = _column(table, "blockattributes")
    found = [dict(_pairs(value)) for value in written]
    names = list(dict.fromkeys(name for pairs in found for name in pairs))
    kept = [
        index
        for index, (name, column) in enumerate(zip(table.names, table.columns, strict=True))
        if name.lower() not in _PLACING and any(value not in (None, "") for value in column)
    ]
    return replace(
        table,
        names=(*(table.names[index] for index in kept), *names),
        columns=(
            *(table.columns[index] for index in kept),
            *(list[Value](pairs.get(name) or None for pairs in found) for name in names),
        ),
    )


def _pairs(value: Value) -> list[tuple[str, str]]:
    """Return tag and text of each attribute; the driver writes “TAG text”."""
    parts = value.split("\n") if isinstance(value, str) else []
    return [(match[1], match[2].strip()) for part in parts if (match := _ATTRIBUTE.match(part)) is not None]
