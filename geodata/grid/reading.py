"""Fills the study's records from the layers that say what they are to the power network. Names no layer."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import Float, func, select

from geoalchemy2.shape import to_shape

from geodata.base.crs import current_province
from geodata.base.database import ReadConnection
from geodata.grid.records import Circuit, Line, LoadRow, Point, Records, Span, Station, Transformer
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.grid import GridCircuits, GridConsumers, GridStations
from geodata.schema.registry import Registry

Declaration = TypeVar("Declaration", GridStations, GridCircuits, GridConsumers)


def layers_of(registry: Registry, declaration: type[Declaration]) -> list[tuple[type[Feature], Declaration]]:
    """Return the layers that declare themselves so, each with its declaration."""
    return [(kind, kind.layer.grid) for kind in registry if isinstance(kind.layer.grid, declaration)]


def grid_layers(registry: Registry) -> list[str]:
    """Return the names of the layers a study is made of: what changes there makes it stale."""
    return [kind.layer.name for kind in registry if isinstance(kind.layer.grid, GridStations | GridCircuits)]


def read_records(connection: ReadConnection, registry: Registry) -> Records:
    """Return all stations and circuits, planned ones too."""
    return Records(
        stations=tuple(
            station for kind, grid in layers_of(registry, GridStations) for station in _stations(connection, kind, grid)
        ),
        circuits=tuple(
            circuit for kind, grid in layers_of(registry, GridCircuits) for circuit in _circuits(connection, kind, grid)
        ),
    )


def _stations(connection: ReadConnection, kind: type[Feature], grid: GridStations) -> Iterable[Station]:
    transformers = _by_feature(connection, kind.detail(grid.transformers), _transformer)
    loads = _by_feature(connection, kind.detail(grid.loads), _load)
    for row in _rows(connection, kind, (grid.voltage_kv, grid.capacity_mva)):
        place = to_shape(row["drawn"])
        yield Station(
            id=row["id"], code=row["code"], name=row["name"], voltage_kv=_number(row[grid.voltage_kv]),
            place=(place.x, place.y), capacity_mva=_number(row[grid.capacity_mva]), span=_span(kind, row),
            transformers=tuple(transformers[row["id"]]), loads=tuple(loads[row["id"]]),
        )  # fmt: skip


def _circuits(connection: ReadConnection, kind: type[Feature], grid: GridCircuits) -> Iterable[Circuit]:
    cable, cables = grid.cable or (None, ())
    names = [grid.voltage_kv, grid.length_km, grid.conductor, grid.bundle_count, grid.rating_a, *grid.ends]
    names += [name for name in (grid.is_open, grid.on_route, cable) if name]
    for row in _rows(connection, kind, names):
        yield Circuit(
            id=row["id"], code=row["code"], name=row["name"], voltage_kv=_number(row[grid.voltage_kv]),
            parts=_parts(row["drawn"]), ends=(row[grid.ends[0]], row[grid.ends[1]]),
            length_km=_number(row[grid.length_km]), conductor=row[grid.conductor],
            bundle_count=row[grid.bundle_count], rating_a=_number(row[grid.rating_a]),
            is_open=bool(grid.is_open and row[grid.is_open]), drawn_km=row["drawn_m"] / 1000, span=_span(kind, row),
            is_cable=bool(cable and row[cable] in cables), on_route=row[grid.on_route] if grid.on_route else None,
        )  # fmt: skip


def _rows(connection: ReadConnection, kind: type[Feature], names: Iterable[str]) -> list[dict[str, Any]]:
    """Return the features with these fields, what tells their years, and their geometry in metres."""
    life = kind.layer.life
    wanted = dict.fromkeys(["id", "code", "name", "valid_to", *names])
    if life is not None:
        wanted |= dict.fromkeys([life.status, *life.begins])
    geom = kind.column("geom")
    metric = func.ST_Transform(geom, current_province().metric_srid, type_=geom.type)
    length_m = func.ST_Length(func.geography(geom)).cast(Float)
    columns = [kind.column(name).label(name) for name in wanted]
    statement = select(*columns, metric.label("drawn"), length_m.label("drawn_m")).order_by(kind.column("code"))
    return [dict(row) for row in connection.execute(statement).mappings()]


def _span(kind: type[Feature], row: dict[str, Any]) -> Span:
    life = kind.layer.life
    valid_to = row["valid_to"]
    ends = valid_to.year if valid_to else None
    if life is None:
        return Span(ends=ends)
    begun = next((row[name] for name in life.begins if row[name] is not None), None)
    status = row[life.status]
    if status in life.gone:
        return Span(ends=0)
    return Span(
        begins=getattr(begun, "year", begun),
        ends=ends,
        is_planned=status in {*life.planned, *life.under_way},
    )


Row = TypeVar("Row")


def _by_feature(connection: ReadConnection, detail: type[Detail] | None, read: Any) -> dict[int, list[Any]]:
    """Return what hangs on each feature, read row by row."""
    found: dict[int, list[Any]] = defaultdict(list)
    if detail is not None:
        for row in connection.execute(select(detail.__table__).order_by(detail.id)).mappings():
            found[row["feature_id"]].append(read(row))
    return found


def _transformer(row: Any) -> Transformer:
    return Transformer(
        name=row["name"],
        rated_mva=float(row["rated_mva"]),
        span=Span(begins=row["commissioning_year"], is_planned=bool(row["is_planned"])),
    )


def _load(row: Any) -> LoadRow:
    return LoadRow(
        year=row["measured_at"].year,
        kind=str(row["scenario"]),
        p_mw=float(row["active_power_mw"]),
        q_mvar=_number(row["reactive_power_mvar"]),
    )


def _parts(drawn: Any) -> tuple[Line, ...]:
    shape = to_shape(drawn)
    return tuple(tuple(_point(place) for place in part.coords) for part in getattr(shape, "geoms", [shape]))


def _point(place: Any) -> Point:
    return float(place[0]), float(place[1])


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
