"""Features that name each other by code, as their layers' fields declare it.

Lines that share the value of a field that names the whole are its parts, joined by the codes at their ends.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, exists, func, null, or_, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import aliased
from sqlalchemy.types import Float

from geodata.base.collation import by_name
from geodata.base.database import ReadConnection
from geodata.base.values import FeatureRow
from geodata.query import features
from geodata.schema.feature import Feature, GeometryType
from geodata.schema.registry import Registry
from geodata.schema.roles import Role, is_for

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
    rows: Sequence[FeatureRow]
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
    rows: Sequence[FeatureRow]
    pieces: int
    sums: dict[str, object]


def referred(
    connection: ReadConnection, registry: Registry, kind: type[Feature], row: FeatureRow, visible: Visible
) -> dict[str, Referred | None]:
    """Return field -> the feature its code stands for, None where there is none; only of layers one may see."""
    found: dict[str, Referred | None] = {}
    for name, layer in kind.layer.refers.items():
        other = registry.get(layer)
        if not row.get(name) or not visible(other):
            continue
        feature_id = features.find_by_code(connection, other, str(row[name]))
        if feature_id is None:
            found[name] = None
            continue
        here = select(kind.column("geom")).where(kind.id == row["id"]).scalar_subquery()
        gap = _gap(kind, here, other.column("geom"))
        title, gap_m = connection.execute(select(other.name, gap).where(other.id == feature_id)).one()
        found[name] = Referred(kind=other, id=feature_id, name=title, gap_m=gap_m)
    about = kind.layer.names_object
    if about and row.get(about):
        found[about] = find_object(
            connection, (other for other in registry if other is not kind and visible(other)), str(row[about])
        )
    return found


def find_object(connection: ReadConnection, kinds: Iterable[type[Feature]], code: str) -> Referred | None:
    """Return the object with a code, of the first of these layers that has one, or None."""
    for kind in kinds:
        feature_id = features.find_by_code(connection, kind, code)
        if feature_id is not None:
            name = connection.execute(select(kind.name).where(kind.id == feature_id)).scalar_one()
            return Referred(kind=kind, id=feature_id, name=name)
    return None


def referring(
    connection: ReadConnection, registry: Registry, kind: type[Feature], code: str, visible: Visible
) -> list[Referring]:
    """Return the features that name this one, themselves or in what hangs on them, layer by layer, with state and size.

    What lies in an area names its code too, in thousands: the area's own filter asks for that.
    """
    if kind.layer.selects_as:
        return []
    found = []
    for other in registry:
        names = [name for name, layer in other.layer.refers.items() if layer == kind.layer.name]
        seen = visible(other)
        names += [other.layer.names_object] if other.layer.names_object and other is not kind else []
        naming = [other.column(name) == code for name in names if name in seen]
        naming += [] if other is kind else _naming_in_details(other, code)
        if not naming or not seen:
            continue
        shown = [field.name for field in other.fields() if field.name in seen and field.name in _told(other)]
        columns = [other.column(name).label(name) for name in shown]
        rows = connection.execute(
            select(other.id, other.name, func.count().over().label("total"), *columns)
            .where(or_(*naming), other.column("valid_to").is_(None))
            .order_by(by_name(other.name), other.id)
            .limit(LISTED)
        ).all()
        if rows:
            listed = [row._asdict() for row in rows]
            found.append(Referring(kind=other, rows=listed, count=listed[0]["total"]))
    return found


def named_in_details(connection: ReadConnection, kind: type[Feature], feature_id: int, role: Role) -> list[str]:
    """Return the codes of the objects that hang on a feature by name, as a role may read them: what a project builds."""
    codes: list[str] = []
    for detail in kind.details:
        name, roles = detail.detail.names_object, detail.detail.roles
        if name and is_for(role, roles):
            column = detail.column(name)
            codes += connection.scalars(select(column).where(detail.feature_id == feature_id).order_by(column))
    return codes


def _naming_in_details(kind: type[Feature], code: str) -> list[ColumnElement[bool]]:
    """Return the conditions on which a row that hangs on a feature, and that everybody may see, names an object."""
    tables = [detail for detail in kind.details if detail.detail.names_object and detail.detail.roles is None]
    return [
        exists().where(detail.feature_id == kind.id, detail.column(str(detail.detail.names_object)) == code)
        for detail in tables
    ]


def whole_of(connection: ReadConnection, kind: type[Feature], row: FeatureRow, visible: Visible) -> Whole | None:
    """Return the whole that a feature is a part of, with the sums of what is known of its parts; None for a lone one."""
    by = kind.layer.whole_by
    if by is None or by not in visible(kind) or not row.get(by):
        return None
    found = _wholes(connection, kind, visible(kind), kind.column(by) == row[by])
    return found[0] if found and len(found[0].rows) > 1 else None


def broken_wholes(connection: ReadConnection, registry: Registry, visible: Visible) -> list[Whole]:
    """Return the wholes whose parts do not all join."""
    found: list[Whole] = []
    for kind in registry:
        by = kind.layer.whole_by
        if by is not None and by in visible(kind):
            found += _wholes(connection, kind, visible(kind), kind.column(by).is_not(None))
    return [whole for whole in found if whole.pieces > 1]


def _wholes(connection: ReadConnection, kind: type[Feature], seen: Collection[str], wanted: Any) -> list[Whole]:
    by = kind.column(str(kind.layer.whole_by))
    ends = [name for name in kind.layer.refers if name in seen]
    told = [field.name for field in kind.fields() if field.name in seen and field.name in _told(kind)]
    columns = [kind.column(name).label(name) for name in told]
    statement = (
        select(
            by.label("whole"), kind.id, kind.name, array([kind.column(name) for name in ends]).label("ends"), *columns
        )
        .where(wanted, kind.column("valid_to").is_(None))
        .order_by(by, by_name(kind.name), kind.id)
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


def loose_ends(connection: ReadConnection, registry: Registry, visible: Visible) -> list[LooseEnd]:
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
                .order_by(by_name(kind.name), kind.id)
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
