"""Features that name each other by code: a line its substations, an industrial cluster the supplying one."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, null, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.types import Float

from geodata import features
from geodata.layer import Feature, GeometryType, Registry

#: A line drawn by hand rarely meets the middle of a station; farther off, one of the two is wrong.
MEETS_WITHIN_M = 250
#: How many features one place lists; beyond, only their number is told.
LISTED = 30

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
                .group_by(kind.id)
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
