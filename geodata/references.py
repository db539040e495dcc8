"""Features that name each other by code: a line its substations, an industrial cluster the supplying one.

Lines that share the name of a circuit are its stretches, joined by the codes at their ends.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, func, null, or_, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import aliased
from sqlalchemy.types import Float

from geodata import features
from geodata.layer import Feature, GeometryType, Registry

#: A line drawn by hand rarely meets the middle of a station; farther off, one of the two is wrong.
MEETS_WITHIN_M = 250
#: How many features one place lists; beyond, only their number is told.
LISTED = 30

#: A circuit has a handful of stretches; what shares a name a thousand times is no circuit.
MOST_PARTS = 200

Visible = Callable[[type[Feature]], Collection[str]]


@dataclass(frozen=True, kw_only=True)
class Referred:
    """The feature a code stands for; `gap_m`: from the nearer end of the line that names it, in metres."""

    kind: type[Feature]
    id: int
    name: str
    gap_m: float | None = None

    @property
    def is_met(self) -> bool:
        """Say whether the line that names it ends there."""
        return self.gap_m is None or self.gap_m <= MEETS_WITHIN_M


@dataclass(frozen=True, kw_only=True)
class Referring:
    """The features of one layer that name another: their rows by name, at most LISTED, and how many."""

    kind: type[Feature]
    rows: list[dict[str, Any]]
    count: int


@dataclass(frozen=True, kw_only=True)
class LooseEnd:
    """A line whose end is not where it says: `code` is unknown (`gap_m` None), or lies `gap_m` metres off."""

    kind: type[Feature]
    id: int
    name: str
    field: str
    code: str
    gap_m: float | None


@dataclass(frozen=True, kw_only=True)
class Whole:
    """What a feature is a part of: all parts in their order, and in how many pieces they fall."""

    kind: type[Feature]
    name: str
    rows: list[dict[str, Any]]
    pieces: int
    sums: dict[str, Any]


def referred(
    connection: Connection, registry: Registry, kind: type[Feature], row: Mapping[str, Any], visible: Visible
) -> dict[str, Referred | None]:
    """Return field -> the feature its code stands for, None where there is none; only of layers one may see."""
    found: dict[str, Referred | None] = {}
    for name, layer in kind.layer.refers.items():
        other = registry.get(layer)
        if not row.get(name) or not visible(other):
            continue
        feature_id = features.find_by_code(connection, other, row[name])
        if feature_id is None:
            found[name] = None
            continue
        here = select(kind.column("geom")).where(kind.id == row["id"]).scalar_subquery()
        gap = _gap(kind, here, other.column("geom"))
        title, gap_m = connection.execute(select(other.name, gap).where(other.id == feature_id)).one()
        found[name] = Referred(kind=other, id=feature_id, name=title, gap_m=gap_m)
    return found


def referring(
    connection: Connection, registry: Registry, kind: type[Feature], code: str, visible: Visible
) -> list[Referring]:
    """Return the features that name this one, layer by layer, with their state and size.

    What lies in an area names its code too, in thousands: the area's own filter asks for that.
    """
    if kind.layer.selects_as:
        return []
    found = []
    for other in registry:
        names = [name for name, layer in other.layer.refers.items() if layer == kind.layer.name]
        seen = visible(other)
        if not (names := [name for name in names if name in seen]):
            continue
        naming = or_(*(other.column(name) == code for name in names)) & other.column("valid_to").is_(None)
        shown = [field.name for field in other.fields() if field.name in seen and field.name in _told(other)]
        columns = [other.column(name).label(name) for name in shown]
        rows = connection.execute(
            select(other.id, other.name, func.count().over().label("total"), *columns)
            .where(naming)
            .order_by(other.name, other.id)
            .limit(LISTED)
        ).all()
        if rows:
            listed = [row._asdict() for row in rows]
            found.append(Referring(kind=other, rows=listed, count=listed[0]["total"]))
    return found


def whole_of(connection: Connection, kind: type[Feature], row: Mapping[str, Any], visible: Visible) -> Whole | None:
    """Return the whole that a feature is a part of, with the sums of what is known of its parts; None for a lone one."""
    by = kind.layer.whole_by
    if by is None or by not in visible(kind) or not row.get(by):
        return None
    found = _wholes(connection, kind, visible(kind), kind.column(by) == row[by])
    return found[0] if found and len(found[0].rows) > 1 else None


def broken_wholes(connection: Connection, registry: Registry, visible: Visible) -> list[Whole]:
    """Return the wholes whose parts do not all join."""
    found: list[Whole] = []
    for kind in registry:
        by = kind.layer.whole_by
        if by is not None and by in visible(kind):
            found += _wholes(connection, kind, visible(kind), kind.column(by).is_not(None))
    return [whole for whole in found if whole.pieces > 1]


def _wholes(connection: Connection, kind: type[Feature], seen: Collection[str], wanted: Any) -> list[Whole]:
    by = kind.column(str(kind.layer.whole_by))
    ends = [name for name in kind.layer.refers if name in seen]
    told = [field.name for field in kind.fields() if field.name in seen and field.name in _told(kind)]
    columns = [kind.column(name).label(name) for name in told]
    statement = (
        select(
            by.label("whole"), kind.id, kind.name, array([kind.column(name) for name in ends]).label("ends"), *columns
        )
        .where(wanted, kind.column("valid_to").is_(None))
        .order_by(by, kind.name, kind.id)
    )
    found = []
    for name, group in groupby(connection.execute(statement).mappings(), key=itemgetter("whole")):
        rows = list(islice(group, MOST_PARTS))
        runs = in_order({row["id"]: row["ends"] for row in rows})
        place = {number: index for index, number in enumerate(number for run in runs for number in run)}
        rows.sort(key=lambda row: place[row["id"]])
        shown = [{key: value for key, value in row.items() if key not in {"whole", "ends"}} for row in rows]
        sums = {
            key: sum(known)
            for key in (kind.layer.life.sums if kind.layer.life else ())
            if key in seen and (known := [row[key] for row in rows if row[key] is not None])
        }
        found.append(Whole(kind=kind, name=name, rows=shown, pieces=len(runs), sums=sums))
    return found


def in_order(parts: Mapping[int, Sequence[str | None]]) -> list[list[int]]:
    """Return the pieces that parts fall into, each in the order in which one goes on where another ends.

    `parts`: number -> the codes at its ends, None where unknown. A piece begins where no other part joins.
    """
    at: dict[str | None, list[int]] = {}
    for number, ends in parts.items():
        for code in ends:
            at.setdefault(code, []).append(number)
    at.pop(None, None)

    def is_inner(number: int) -> list[bool]:
        return [len(at.get(code, ())) > 1 for code in parts[number]]

    left = dict.fromkeys(sorted(parts, key=lambda number: (all(is_inner(number)), is_inner(number))))
    pieces = []
    while left:
        piece: list[int] = []
        following = [next(iter(left))]
        while following:
            number = following.pop()
            if number not in left:
                continue
            del left[number]
            piece.append(number)
            following += [other for code in parts[number] for other in at.get(code, ()) if other in left]
        pieces.append(piece)
    return pieces


def loose_ends(connection: Connection, registry: Registry, visible: Visible) -> list[LooseEnd]:
    """Return the lines that name a feature that is not stored, or end more than MEETS_WITHIN_M from it."""
    found = []
    for kind in registry:
        if kind.layer.geometry is not GeometryType.LINE:
            continue
        seen = visible(kind)
        for name, layer in kind.layer.refers.items():
            if name not in seen or not visible(registry.get(layer)):
                continue
            other = aliased(registry.get(layer))
            gap = _gap(kind, kind.column("geom"), other.geom)
            statement = (
                select(kind.id, kind.name, kind.column(name), func.min(gap))
                .outerjoin(other, (other.code == kind.column(name)) & other.valid_to.is_(None))
                .where(kind.column(name).is_not(None), kind.column("valid_to").is_(None))
                .group_by(kind.id, kind.name, kind.column(name))
                .having(func.min(gap).is_(None) | (func.min(gap) > MEETS_WITHIN_M))
                .order_by(kind.name, kind.id)
            )
            found += [
                LooseEnd(kind=kind, id=number, name=title, field=name, code=code, gap_m=gap_m)
                for number, title, code, gap_m in connection.execute(statement)
            ]
    return found


def _told(kind: type[Feature]) -> set[str]:
    """Return the fields that tell a listed feature from its neighbours."""
    life = kind.layer.life
    return {life.status, *life.sums} if life else set()


def _gap(kind: type[Feature], line: Any, place: Any) -> Any:
    """Return metres on the ellipsoid from a line's nearer end to a place; NULL where the layer has no lines."""
    if kind.layer.geometry is not GeometryType.LINE:
        return null().cast(Float)
    to_ends = func.ST_Distance(func.geography(func.ST_Boundary(line)), func.geography(place))
    # A closed line has no ends.
    return func.coalesce(to_ends, func.ST_Distance(func.geography(line), func.geography(place))).cast(Float)
