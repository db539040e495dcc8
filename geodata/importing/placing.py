"""Deciding where a file is, or asking: the CRS it declares against where its objects land."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import shapely

from geodata.crs import current_province
from geodata.i18n import N_
from geodata.importing.check import unusable_coordinates
from geodata.importing.coordinates import (
    SAMPLE,
    Candidate,
    Places,
    Points,
    Recognised,
    best_choices,
    find_transformation,
    inside_extent,
    list_candidates,
    parse_crs,
    representative_points,
    rough_place,
)
from geodata.importing.results import Choice, ImportOptions, Problem, Question, RefusedError, Severity, Text, problem
from geodata.importing.table import Geometries, Table, as_objects
from geodata.layer import Feature, GeometryType, fold_column_name
from geodata.layers import LAYERS

#: From this share on, the data lie where a CRS says; below the other, they do not.
LANDS, MISSES = 0.3, 0.1


@dataclass(frozen=True, kw_only=True)
class Placed:
    """The CRS to use, or the question, or why not."""

    recognised: Recognised | None = None
    source: str = "none"
    swapped: bool = False
    question: Question | None = None
    refused: RefusedError | None = None
    problems: tuple[Problem, ...] = field(default_factory=tuple)


def resolve_crs(
    table: Table, geometries: Geometries, options: ImportOptions, places: Places | None, *, order_is_known: bool
) -> Placed:
    """Return how to place the geometries. `order_is_known`: the columns said which is the easting."""
    usable = ~shapely.is_missing(geometries) & ~shapely.is_empty(geometries) & ~unusable_coordinates(geometries)
    chosen = np.flatnonzero(usable)
    if len(chosen) > SAMPLE:
        chosen = chosen[:: len(chosen) // SAMPLE + 1]
    points = representative_points(geometries[chosen])
    if places is not None:
        places = _within(places, chosen)
    swapped = options.swap_axes
    if options.crs is not None:
        return _given(options.crs, points, swapped=swapped, may_ask_axes=not order_is_known)
    declared = parse_crs(table.crs) if table.crs else None
    if not len(points):
        return Placed(recognised=declared or parse_crs("EPSG:4326"), source=table.crs_source, swapped=swapped)
    if declared is not None and find_transformation(declared) is None:
        inside = inside_extent(rough_place(declared, points), current_province().extent)
        if not inside.any():
            template = N_("In its own CRS, {crs}, the file lies outside the province.")
            return Placed(refused=RefusedError("out_of_extent", template, crs=declared.name))
    if declared is None or find_transformation(declared) is None:
        return _without_crs(table, points, places, swapped=swapped, may_ask_axes=not order_is_known)
    return _declared(declared, table, points, places, swapped=swapped)


def _within(places: Places, chosen: NDArray[np.int64]) -> Places | None:
    position = {int(row): index for index, row in enumerate(chosen)}
    kept = [
        (position[int(row)], area) for row, area in zip(places.rows, places.areas, strict=True) if int(row) in position
    ]
    if not kept:
        return None
    return Places(rows=np.array([row for row, _ in kept], dtype=np.int64), areas=as_objects([area for _, area in kept]))


def _share(
    recognised: Recognised, points: Points, *, swapped: bool, places: Places | None = None
) -> tuple[float, float | None]:
    transformation = find_transformation(recognised)
    if transformation is None or not len(points):
        return 0.0, None
    moved = transformation.apply(points[:, ::-1] if swapped else points)
    inside = inside_extent(moved, current_province().extent)
    in_units = None
    if places is not None and len(places.rows):
        safe = np.where(np.isfinite(moved).all(axis=1, keepdims=True), moved, 0.0)
        in_units = float(shapely.intersects(places.areas, shapely.points(safe[places.rows])).mean())
    return float(inside.mean()), in_units


def _given(text: str, points: Points, *, swapped: bool, may_ask_axes: bool) -> Placed:
    recognised = parse_crs(text)
    if recognised is None:
        return Placed(
            refused=RefusedError("crs_unknown", N_("“{crs}” is no known CRS; write it like EPSG:9210."), crs=text[:80])
        )
    share, _ = _share(recognised, points, swapped=swapped)
    if may_ask_axes and share < MISSES and len(points):
        other, _ = _share(recognised, points, swapped=not swapped)
        if other >= 0.5:
            return _ask_axes(other, share, swapped=swapped)
    return Placed(recognised=recognised, source="given", swapped=swapped)


def _ask_axes(share_swapped: float, share: float, *, swapped: bool) -> Placed:
    choices = (
        Choice(
            value="swap",
            share_inside=share_swapped,
            why=Text(
                template=N_("with X and Y exchanged, {share} % of the objects fall inside the province"),
                details={"share": f"{share_swapped * 100:.0f}"},
            ),
        ),
        Choice(
            value="keep",
            share_inside=share,
            why=Text(
                template=N_("as they are, {share} % fall inside the province"), details={"share": f"{share * 100:.0f}"}
            ),
        ),
    )
    note = problem("axes_swapped", N_("X and Y (or longitude and latitude) seem to be exchanged."))
    return Placed(question=Question(about="axes", choices=choices), problems=(note,))


def _ask_crs(candidates: Sequence[Candidate], note: Problem) -> Placed:
    return Placed(question=Question(about="crs", choices=best_choices(candidates)), problems=(note,))


def _without_crs(table: Table, points: Points, places: Places | None, *, swapped: bool, may_ask_axes: bool) -> Placed:
    candidates = list_candidates(points, places=places, swapped=swapped)
    best = candidates[0].share if candidates else 0.0
    if may_ask_axes and best < 0.5 and not swapped:
        others = list_candidates(points, places=places, swapped=True)
        if others and others[0].share >= 0.5:
            return _ask_axes(others[0].share, best, swapped=swapped)
    if not candidates:
        template = N_("The file does not say its CRS, and no CRS used in Vietnam puts its data into the province.")
        return Placed(refused=RefusedError("crs_unknown", template))
    template = (
        N_("The file's CRS is not known to this program; choose one.")
        if table.crs
        else N_("The file does not say its CRS; choose one.")
    )
    return _ask_crs(candidates, problem("crs_unknown", template))


def _declared(declared: Recognised, table: Table, points: Points, places: Places | None, *, swapped: bool) -> Placed:
    share, in_units = _share(declared, points, swapped=swapped, places=places)
    found = Placed(
        recognised=declared, source=table.crs_source, swapped=swapped, problems=_parameters_note(declared, table)
    )
    if share >= LANDS and (in_units is None or in_units >= LANDS):
        return found
    if share < MISSES:
        other, _ = _share(declared, points, swapped=not swapped)
        if other >= 0.5:
            return _ask_axes(other, share, swapped=swapped)
    rivals = [
        candidate
        for candidate in list_candidates(points, places=places, swapped=swapped)
        if candidate.name != declared.name and _clearly_better(candidate, share, in_units)
    ]
    if rivals:
        note = problem(
            "crs_mismatch",
            N_("The file says {crs}, but there only {share} % of the objects fall where they should; choose."),
            crs=declared.name,
            share=f"{(share if in_units is None else in_units) * 100:.0f}",
        )
        return _ask_crs(rivals, note)
    if share < MISSES and not swapped:
        others = list_candidates(points, places=places, swapped=True)
        if others and others[0].share >= 0.8:
            return _ask_axes(others[0].share, share, swapped=swapped)
    return found


def _clearly_better(candidate: Candidate, share: float, in_units: float | None) -> bool:
    if in_units is not None and candidate.share_in_units is not None and candidate.share_in_units >= 0.8:
        return in_units < LANDS
    return share < MISSES and candidate.share >= 0.8


def _parameters_note(declared: Recognised, table: Table) -> tuple[Problem, ...]:
    if not declared.by_parameters or table.crs_source != "prj":
        return ()
    return (
        problem(
            "crs_unknown",
            N_("The .prj has a name of its own; by its parameters it is {crs}."),
            severity=Severity.WARNING,
            crs=declared.name,
        ),
    )


# Units named in the attributes -----------------------------------------------------------------------


def _unit_kind() -> type[Feature] | None:
    """Return the layer whose areas other objects are said to lie in: the dated areas."""
    dated = (kind for kind in LAYERS if kind.layer.geometry is GeometryType.POLYGON and len(kind.layer.key) > 1)
    return next(dated, None)


def named_places(session: Session, table: Table) -> Places | None:
    """Return the stored units that a column of the table names, or None."""
    kind = _unit_kind()
    if kind is None:
        return None
    columns = _text_columns(table)
    if not columns or session.scalar(select(kind.id).limit(1)) is None:
        return None
    names = [kind.column("name"), kind.column("code")]
    if kind.field("full_name") is not None:
        names.append(kind.column("full_name"))
    by_word: dict[str, list[int]] = defaultdict(list)
    for id_, *words in session.execute(select(kind.id, *names)):
        for word in {fold_column_name(word) for word in words if word}:
            by_word[word].append(id_)
    best: list[tuple[int, str]] = []
    for column in columns:
        folded = {value: fold_column_name(value) for value in set(column) if value is not None}
        hits = [(row, folded[value]) for row, value in enumerate(column) if value is not None]
        hits = [(row, word) for row, word in hits if word in by_word]
        if len(hits) > len(best) and len(hits) * 2 >= len([value for value in column if value is not None]):
            best = hits
    if not best:
        return None
    wanted = {id_ for _, word in best[:SAMPLE] for id_ in by_word[word]}
    geometry = func.ST_AsBinary(func.ST_Simplify(kind.geom, 0.0005, True))
    shapes = {
        id_: shapely.from_wkb(bytes(data))
        for id_, data in session.execute(select(kind.id, geometry).where(kind.id.in_(wanted)))
    }
    areas = {
        word: shapely.union_all([shapely.make_valid(shapes[id_]) for id_ in by_word[word]])
        for word in {word for _, word in best[:SAMPLE]}
    }
    rows = np.array([row for row, _ in best[:SAMPLE]], dtype=np.int64)
    return Places(rows=rows, areas=as_objects([areas[word] for _, word in best[:SAMPLE]]))


def _text_columns(table: Table) -> list[list[str | None]]:
    columns: list[list[str | None]] = []
    for column in table.columns:
        texts = [value if isinstance(value, str) and len(value) <= 100 else None for value in column[:SAMPLE]]
        if sum(text is not None for text in texts) * 2 > len(texts):
            columns.append(texts)
    return columns
