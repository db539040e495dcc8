"""Units named in the attributes: by a column of their names, or inside addresses (“…, xã An Lão, huyện An Lão”)."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import pyproj
import shapely

from geodata.base.i18n import N_
from geodata.base.names import fold_name
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.table import Geometries, Table, as_objects
from geodata.importing.told import by_row
from geodata.importing.understanding.coordinates import SAMPLE, Places
from geodata.schema.feature import Feature

#: Words before a unit's name in an address, folded; longer ones first.
_KINDS = re.compile(
    r"^(phường|xã|thị trấn|thị xã|thành phố|đặc khu|quận|huyện|tp\.?|tt\.?|tx\.?|p\.|x\.|q\.|h\.)\s*", re.IGNORECASE
)
_PARTS = re.compile(r"[,;/\n]|\s[-–]\s")
_LONGEST = 200
_UNIT_WORDS = {
    "phuong", "xa", "thitran", "tran", "quan", "huyen", "donvi", "dvhc", "diaban", "ward", "commune", "district", "unit", "admin",
    "px", "phuongxa", "xaphuong", "quanhuyen", "hanhchinh",
}  # fmt: skip
#: Units are drawn roughly here; an object so near to its unit is in it.
NEAR_DEGREES = 0.005
_GEOD = pyproj.Geod(ellps="WGS84")


def named_places(session: Session, kind: type[Feature] | None, table: Table) -> Places | None:
    """Return the stored units, of the layer that has them, that a column of the table names, or None."""
    if kind is None:
        return None
    columns = _text_columns(table)
    if not columns or session.scalar(select(kind.id).limit(1)) is None:
        return None
    by_word = _units_by_word(session, kind)
    best: list[tuple[int, str, str]] = []
    is_from_unit_column = False
    for name, column in columns:
        words = {value: _unit_in(value, by_word) for value in set(column) if value is not None}
        hits = [(row, word, value) for row, value in enumerate(column) if value is not None and (word := words[value])]
        if len(hits) > len(best) and len(hits) * 2 >= sum(value is not None for value in column):
            best, is_from_unit_column = hits, _is_unit_column(name)
    if not best:
        return None
    best = best[:SAMPLE]
    areas = _areas(session, kind, by_word, {word for _, word, _ in best})
    return Places(
        rows=np.array([row for row, *_ in best], dtype=np.int64),
        areas=as_objects([areas[word] for _, word, _ in best]),
        names=tuple(value for *_, value in best),
        is_from_unit_column=is_from_unit_column,
    )


def _is_unit_column(name: str) -> bool:
    """Say whether a heading is that of units, not of addresses or names."""
    words = {fold_name(word) for word in re.split(r"[\W_]+", name)}
    return not words.isdisjoint(_UNIT_WORDS)


def elsewhere_problems(
    places: Places, geometries: Geometries, rows: Sequence[int], good: NDArray[np.bool_]
) -> list[Problem]:
    """Return a warning for each object (EPSG:4326) that lies elsewhere than the unit it names."""
    here = geometries[places.rows]
    near = shapely.dwithin(here, places.areas, NEAR_DEGREES)
    found = np.flatnonzero(good[places.rows] & ~shapely.is_missing(here) & ~near).tolist()

    def told(index: int) -> Problem:
        line = shapely.shortest_line(places.areas[index], here[index])
        (x, y), (to_x, to_y) = line.coords
        return problem(
            "out_of_extent",
            N_("The row names “{value}”, but lies {km} km away from it."),
            row=int(rows[places.rows[index]]),
            field="geom",
            severity=Severity.WARNING,
            value=places.names[index],
            km=f"{_GEOD.inv(x, y, to_x, to_y)[2] / 1000:.1f}",
        )

    return by_row(found, told, [rows[position] for position in places.rows])


def _units_by_word(session: Session, kind: type[Feature]) -> Mapping[str, list[int]]:
    names = [kind.column("name"), kind.column("code")]
    if kind.field("full_name") is not None:
        names.append(kind.column("full_name"))
    by_word: dict[str, list[int]] = defaultdict(list)
    for id_, *words in session.execute(select(kind.id, *names)):
        for word in {fold_name(word) for word in words if word}:
            by_word[word].append(id_)
    return by_word


def _unit_in(value: str, by_word: Mapping[str, list[int]]) -> str | None:
    """Return the folded name of the unit that a text is, or that an address names first."""
    whole = fold_name(value)
    if whole in by_word:
        return whole
    for part in _PARTS.split(value):
        kind_of_unit = _KINDS.match(part.strip())
        if kind_of_unit is None:
            continue
        for name in (part, part.strip()[kind_of_unit.end() :]):
            if (word := fold_name(name)) in by_word:
                return word
    return None


def _areas(
    session: Session, kind: type[Feature], by_word: Mapping[str, list[int]], words: set[str]
) -> dict[str, shapely.Geometry]:
    wanted = {id_ for word in words for id_ in by_word[word]}
    geometry = func.ST_AsBinary(func.ST_Simplify(kind.geom, 0.0005, True))
    shapes = {
        id_: shapely.make_valid(shapely.from_wkb(bytes(data)))
        for id_, data in session.execute(select(kind.id, geometry).where(kind.id.in_(wanted)))
    }
    return {word: shapely.union_all([shapes[id_] for id_ in by_word[word]]) for word in words}


def _text_columns(table: Table) -> Sequence[tuple[str, Sequence[str | None]]]:
    columns: list[tuple[str, list[str | None]]] = []
    for name, column in zip(table.names, table.columns, strict=True):
        texts = [value if isinstance(value, str) and len(value) <= _LONGEST else None for value in column[:SAMPLE]]
        if sum(text is not None for text in texts) * 2 > len(texts):
            columns.append((name, texts))
    return columns
