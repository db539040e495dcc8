"""Deciding where a file is, or asking: the CRS it declares against where its objects land."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

import shapely

from geodata.base.crs import WGS84, WGS84_UTM_48N, current_province
from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.importing.results import Choice, ImportOptions, Problem, Question, RefusedError, Severity, problem
from geodata.importing.table import Geometries, Table
from geodata.importing.understanding.check import unusable_coordinates
from geodata.importing.understanding.coordinates import (
    SAMPLE,
    TWINS,
    Area,
    Candidate,
    Places,
    Points,
    Recognised,
    Transformation,
    best_choices,
    find_transformation,
    inside_extent,
    list_candidates,
    parse_crs,
    representative_points,
    rough_place,
)

#: From this share on, the data lie where a CRS says; below the other, they do not.
LANDS, MISSES = 0.3, 0.1
#: Operations less accurate than this are told, in metres.
ROUGH_M = 5.0


#: Other programs write VN-2000 into MapInfo's files as WGS 84, for want of a number.
MAPINFO = frozenset({"tab", "mif"})
_WGS84_NAMES = frozenset({f"EPSG:{WGS84}", f"EPSG:{WGS84_UTM_48N}"})
_WGS84_AND_ZONE = N_(
    "The file names the datum WGS 84 with the projection of VN-2000 ({crs}); the two are 224 m apart. Choose."
)
_MAPINFO_DATUM = N_(
    "MapInfo files name WGS 84 ({crs}) where other programs wrote VN-2000 into them; the two are 224 m apart. Choose."
)
_MAPINFO_DEGREES = N_(
    "The MapInfo file names WGS 84 ({crs}) and was read so. If another program wrote VN-2000 into it, give {twin} as its CRS: "
    "the difference is 224 m."
)

#: No coordinate of Vietnam in metres is above this: 48 596000 is an easting with the zone in front.
_ZONED = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Placed:
    """The CRS to use, or the question, or why not."""

    recognised: Recognised | None = None
    source: str = "none"
    swapped: bool = False
    question: Question | None = None
    refused: RefusedError | None = None
    problems: tuple[Problem, ...] = field(default_factory=tuple)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the database knows of where objects should lie: the units that rows name, and the province's own area."""

    places: Places | None = None
    area: Area | None = None


def resolve_crs(
    table: Table, geometries: Geometries, options: ImportOptions, evidence: Evidence, *, order_is_known: bool
) -> Placed:
    """Return how to place the geometries. `order_is_known`: the columns said which is the easting."""
    usable = ~shapely.is_missing(geometries) & ~shapely.is_empty(geometries) & ~unusable_coordinates(geometries)
    chosen = np.flatnonzero(usable)
    if len(chosen) > SAMPLE:
        chosen = chosen[:: len(chosen) // SAMPLE + 1]
    points = representative_points(geometries[chosen])
    if evidence.places is not None:
        evidence = replace(evidence, places=_within(evidence.places, chosen))
    swapped = options.swap_axes
    if not len(points) and (refused := _in_millimetres(geometries)) is not None:
        return Placed(refused=refused)
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
        return _without_crs(table, points, evidence, swapped=swapped, may_ask_axes=not order_is_known)
    return _declared(declared, table, points, evidence, swapped=swapped)


def _within(places: Places, chosen: NDArray[np.int64]) -> Places | None:
    position = {int(row): index for index, row in enumerate(chosen)}
    kept = [index for index, row in enumerate(places.rows.tolist()) if row in position]
    if not kept:
        return None
    return replace(
        places,
        rows=np.array([position[int(places.rows[index])] for index in kept], dtype=np.int64),
        areas=places.areas[kept],
        names=tuple(places.names[index] for index in kept),
    )


@dataclass(frozen=True, kw_only=True)
class Landed:
    """The shares of the objects that fall into the province's box, its units' areas, and the units they name."""

    share: float = 0.0
    in_area: float | None = None
    in_units: float | None = None

    @property
    def is_good(self) -> bool:
        """Whether enough of them are where they should be."""
        return all(part is None or part >= LANDS for part in (self.share, self.in_area, self.in_units))

    @property
    def as_told(self) -> float:
        """The share that says most."""
        return next(part for part in (self.in_units, self.in_area, self.share) if part is not None)


def _landed(recognised: Recognised, points: Points, evidence: Evidence, *, swapped: bool) -> Landed:
    transformation = find_transformation(recognised)
    if transformation is None or not len(points):
        return Landed()
    moved = transformation.apply(points[:, ::-1] if swapped else points)
    inside = inside_extent(moved, current_province().extent)
    places, area = evidence.places, evidence.area
    landed = shapely.points(np.where(np.isfinite(moved).all(axis=1, keepdims=True), moved, 0.0))
    return Landed(
        share=float(inside.mean()),
        in_area=None if area is None else float(area.inside(landed).mean()),
        in_units=float(shapely.intersects(places.areas, landed[places.rows]).mean())
        if places is not None and len(places.rows)
        else None,
    )


def _given(text: str, points: Points, *, swapped: bool, may_ask_axes: bool) -> Placed:
    recognised = parse_crs(text)
    if recognised is None:
        return Placed(
            refused=RefusedError("crs_unknown", N_("“{crs}” is no known CRS; write it like EPSG:9210."), crs=text[:80])
        )
    share = _landed(recognised, points, Evidence(), swapped=swapped).share
    if may_ask_axes and share < MISSES and len(points):
        other = _landed(recognised, points, Evidence(), swapped=not swapped).share
        if other >= 0.5:
            return _ask_axes(other, share, swapped=swapped)
    return Placed(recognised=recognised, source="given", swapped=swapped)


def _ask_axes(share_swapped: float, share: float, *, swapped: bool) -> Placed:
    choices = (
        Choice(
            value="swap",
            share_inside=share_swapped,
            why=Message(
                template=N_("with X and Y exchanged, {share} % of the objects fall inside the province"),
                values={"share": f"{share_swapped * 100:.0f}"},
            ),
        ),
        Choice(
            value="keep",
            share_inside=share,
            why=Message(
                template=N_("as they are, {share} % fall inside the province"), values={"share": f"{share * 100:.0f}"}
            ),
        ),
    )
    note = problem("axes_swapped", N_("X and Y (or longitude and latitude) seem to be exchanged."))
    return Placed(question=Question(about="axes", choices=choices), problems=(note,))


def _ask_crs(candidates: Sequence[Candidate], note: Problem) -> Placed:
    return Placed(question=Question(about="crs", choices=best_choices(candidates)), problems=(note,))


def _without_crs(table: Table, points: Points, evidence: Evidence, *, swapped: bool, may_ask_axes: bool) -> Placed:
    candidates = list_candidates(points, places=evidence.places, area=evidence.area, swapped=swapped)
    best = candidates[0].share if candidates else 0.0
    if may_ask_axes and best < 0.5 and not swapped:
        others = list_candidates(points, places=evidence.places, area=evidence.area, swapped=True)
        if others and others[0].share >= 0.5:
            return _ask_axes(others[0].share, best, swapped=swapped)
    if not candidates:
        return Placed(refused=RefusedError("crs_unknown", _why_nowhere(points)))
    template = (
        N_("The file's CRS is not known to this program; choose one.")
        if table.crs
        else N_("The file does not say its CRS; choose one.")
    )
    return _ask_crs(candidates, problem("crs_unknown", template))


def _in_millimetres(geometries: Geometries) -> RefusedError | None:
    """Return the refusal of a file whose coordinates are too large to be metres and fit as millimetres, as in drawings."""
    places = geometries[~shapely.is_missing(geometries) & ~shapely.is_empty(geometries)]
    if not len(places):
        return None
    points = shapely.get_coordinates(places)[:SAMPLE] / 1000
    if not list_candidates(points) and not list_candidates(points, swapped=True):
        return None
    template = N_(
        "The coordinates seem to be written in millimetres; scale the drawing to metres (596000, not 596000000)."
    )
    return RefusedError("crs_unknown", template)


def _why_nowhere(points: Points) -> str:
    """Return why no CRS fits: how the coordinates are written, where another writing would fit."""
    ways = {
        N_("The coordinates seem to be written in kilometres; write them in metres (596000, not 596)."): points * 1000,
        N_("The coordinates seem to begin with the number of their zone (48 596000); write them without it."): np.where(
            points > _ZONED, points % 1_000_000, points
        ),
    }
    fitting = (
        template for template, other in ways.items() if list_candidates(other) or list_candidates(other, swapped=True)
    )
    return next(
        fitting, N_("The file does not say its CRS, and no CRS used in Vietnam puts its data into the province.")
    )


def _declared(declared: Recognised, table: Table, points: Points, evidence: Evidence, *, swapped: bool) -> Placed:
    landed = _landed(declared, points, evidence, swapped=swapped)
    found = Placed(
        recognised=declared, source=table.crs_source, swapped=swapped, problems=_parameters_note(declared, table)
    )
    if landed.is_good:
        return _with_its_datum(declared, table, landed, found)
    if landed.share < MISSES:
        other = _landed(declared, points, evidence, swapped=not swapped).share
        if other >= 0.5:
            return _ask_axes(other, landed.share, swapped=swapped)
    candidates = list_candidates(points, places=evidence.places, area=evidence.area, swapped=swapped)
    rivals = [item for item in candidates if item.name != declared.name and _clearly_better(item, landed)]
    if rivals:
        return _ask_crs(rivals, _mismatch(declared, landed))
    if landed.share < MISSES and not swapped:
        others = list_candidates(points, places=evidence.places, area=evidence.area, swapped=True)
        if others and others[0].share >= 0.8:
            return _ask_axes(others[0].share, landed.share, swapped=swapped)
    is_named = evidence.places is not None and evidence.places.is_from_unit_column and len(evidence.places.rows) > 1
    if is_named and landed.in_units is not None and landed.in_units < LANDS <= landed.share:
        return _ask_whether_here(declared, landed, candidates)
    return found


def _with_its_datum(declared: Recognised, table: Table, landed: Landed, found: Placed) -> Placed:
    """Return what the file says, or the question whether it means the other datum, where its name does not tell."""
    if declared.twin:
        return _ask_datum(declared, landed, _WGS84_AND_ZONE)
    if table.format not in MAPINFO or declared.name not in _WGS84_NAMES:
        return found
    twin = f"EPSG:{TWINS[int(declared.name.removeprefix('EPSG:'))]}"
    if declared.crs.is_projected:
        return _ask_datum(replace(declared, twin=twin), landed, _MAPINFO_DATUM)
    note = problem("crs_unknown", _MAPINFO_DEGREES, severity=Severity.WARNING, crs=declared.name, twin=twin)
    return replace(found, problems=(*found.problems, note))


def _mismatch(declared: Recognised, landed: Landed) -> Problem:
    return problem(
        "crs_mismatch",
        N_("The file says {crs}, but there only {share} % of the objects fall where they should; choose."),
        crs=declared.name,
        share=f"{landed.as_told * 100:.0f}",
    )


def _ask_whether_here(declared: Recognised, landed: Landed, candidates: Sequence[Candidate]) -> Placed:
    """Ask of a whole file that lies in other units than it names; what it says itself is one of the answers."""
    why = Message(
        template=N_("{crs}, as the file says: {share} % of the objects fall inside the administrative unit they name"),
        values={"crs": declared.name, "share": f"{landed.as_told * 100:.0f}"},
    )
    own = Choice(value=declared.name, why=why, share_inside=landed.as_told)
    others = [item for item in candidates if item.name != declared.name and item.rank > 0]
    choices = (own, *(best_choices(others) if others else ()))
    return Placed(question=Question(about="crs", choices=choices), problems=(_mismatch(declared, landed),))


def _ask_datum(declared: Recognised, landed: Landed, why_asked: str) -> Placed:
    """Ask which of two datums is meant: the one that is named, or its twin."""
    template = N_("{crs}; {twin} would put them 224 m away")
    choices = tuple(
        Choice(
            value=name, why=Message(template=template, values={"crs": name, "twin": twin}), share_inside=landed.as_told
        )
        for name, twin in ((declared.name, str(declared.twin)), (str(declared.twin), declared.name))
    )
    note = problem("crs_unknown", why_asked, crs=declared.name)
    return Placed(question=Question(about="crs", choices=choices), problems=(note,))


def _clearly_better(candidate: Candidate, landed: Landed) -> bool:
    if landed.in_units is not None and candidate.share_in_units is not None and candidate.share_in_units >= 0.8:
        return landed.in_units < LANDS
    if landed.in_area is not None and candidate.has_area and candidate.share_at_home >= 0.8:
        return landed.in_area < MISSES
    return landed.share < MISSES and candidate.share >= 0.8


def _parameters_note(declared: Recognised, table: Table) -> tuple[Problem, ...]:
    if ":" not in declared.name:
        what = Message(template=N_("Compare some objects with the base map before you store."))
        template = N_("“{crs}” is none of the coordinate systems in use here; it was taken as its parameters say.")
        note = problem("crs_unknown", template, severity=Severity.WARNING, suggestion=what, crs=declared.name)
        return (note,)
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


def operation_note(transformation: Transformation, crs: str) -> Problem | None:
    """Return the warning for a way to WGS 84 that is rough or made for another place."""
    accuracy = transformation.accuracy_m
    if transformation.is_for_here and accuracy is not None and accuracy <= ROUGH_M:
        return None
    stated = N_("The way from {crs} to WGS 84 is “{operation}”, made for {area}, accurate to {metres} m.")
    unstated = N_("The way from {crs} to WGS 84 is “{operation}”, made for {area}; its accuracy is not stated.")
    return problem(
        "crs_unknown",
        unstated if accuracy is None else stated,
        severity=Severity.WARNING,
        suggestion=Message(template=N_("Compare some objects with the base map before you store.")),
        crs=crs,
        operation=" + ".join(part for part in transformation.operation.split(" + ") if "axis order" not in part),
        area=transformation.area or "?",
        metres=f"{accuracy or 0:g}",
    )
