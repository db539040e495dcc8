"""Accounts limited to areas: what they read of a layer is what lies there.

An area is written as the filter that chooses it, `unit=11338`. Layers whose own areas choose others (units, zones)
are read whole: they are the frame in which the rest is seen.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, ScalarSelect, Subquery, func, select, union_all
from sqlalchemy.orm import Session

import shapely

from geodata.accounts import accounts
from geodata.base.collation import by_name
from geodata.base.crs import WGS84
from geodata.base.database import ReadConnection, read_instead, reading_all
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.history.documents import table_of
from geodata.query.features import area_kinds
from geodata.query.spatial import NEIGHBOUR
from geodata.schema.feature import Feature
from geodata.schema.registry import Registry

NO_AREA = N_("there is no such area; write it like unit=11338")


def limit_user(
    session: Session, registry: Registry, name: str, areas: Sequence[str], *, by: str = accounts.COMMAND_LINE
) -> None:
    """Limit an account to areas, or to none. Raises InvalidValueError, ConflictError, NotFoundError."""
    wanted = list(dict.fromkeys(areas))
    known = {area for area, _ in list_areas(reading_all(session), registry, wanted)}
    for area in wanted:
        if area not in known:
            raise InvalidValueError(name="areas", value=area, reason=NO_AREA)
    accounts.set_areas(session, name, wanted, by=by)


def list_areas(
    connection: ReadConnection, registry: Registry, areas: Sequence[str] | None = None
) -> list[tuple[str, str]]:
    """Return area and name of all that are valid today, or of those given, by name."""
    found: list[tuple[str, str]] = []
    for filter_name, kind in area_kinds(registry).items():
        columns = select(kind.column("code"), kind.name).where(kind.column("valid_to").is_(None))
        if areas is not None:
            columns = columns.where(kind.column("code").in_(_codes(filter_name, areas)))
        rows = connection.execute(columns.order_by(by_name(kind.name), kind.id))
        found += [(f"{filter_name}={code}", name) for code, name in rows]
    return found


@contextmanager
def limited_to(connection: Connection, registry: Registry, areas: Sequence[str]) -> Iterator[None]:
    """Let every statement of a connection read of each layer only what lies in these areas."""
    own = {table_of(kind).name: _rows_within(kind, registry, areas) for kind in registry if not kind.layer.selects_as}
    with read_instead(connection, own):
        yield


def lie_within(session: Session, registry: Registry, areas: Sequence[str], shape: shapely.Geometry) -> bool:
    """Say whether a geometry (EPSG:4326) lies wholly in areas, whose outlines may differ by what neighbours share."""
    place = func.ST_SetSRID(func.ST_GeomFromWKB(shapely.to_wkb(shape)), WGS84)
    around = func.ST_Buffer(_area(registry, areas), NEIGHBOUR)
    return bool(session.scalar(select(func.coalesce(func.ST_Covers(around, place), False))))


def extent_of(
    connection: ReadConnection, registry: Registry, areas: Sequence[str]
) -> tuple[float, float, float, float] | None:
    """Return west, south, east and north of areas, EPSG:4326; None when none of them is left."""
    whole = _area(registry, areas)
    sides = (func.ST_XMin(whole), func.ST_YMin(whole), func.ST_XMax(whole), func.ST_YMax(whole))
    west, south, east, north = connection.execute(select(*sides)).one()
    return None if west is None else (west, south, east, north)


def _rows_within(kind: type[Feature], registry: Registry, areas: Sequence[str]) -> Subquery:
    table = table_of(kind)
    # What only touches an area from outside does not lie in it.
    area = func.ST_Buffer(_area(registry, areas), -NEIGHBOUR)
    inside = func.ST_Intersects(table.c.geom, select(area).scalar_subquery())
    return select(*table.columns).where(inside).subquery(table.name)


def _area(registry: Registry, areas: Sequence[str]) -> ScalarSelect[object]:
    parts = [
        select(kind.column("geom").label("geom")).where(
            kind.column("valid_to").is_(None), kind.column("code").in_(_codes(filter_name, areas))
        )
        for filter_name, kind in area_kinds(registry).items()
    ]
    return select(func.ST_Union(union_all(*parts).subquery("areas").c.geom)).scalar_subquery()


def _codes(filter_name: str, areas: Sequence[str]) -> list[str]:
    return [code for name, _, code in (area.partition("=") for area in areas) if name == filter_name]
