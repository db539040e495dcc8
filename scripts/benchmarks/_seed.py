"""Fills an empty database for the benchmarks: the same rows on every run, none of them of a real place.

Names no layer: for each kind of geometry it takes the layer with most symbol classes, the heaviest to draw.
"""

import contextlib
import re
import time
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from alembic import command
from alembic.config import Config
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    case,
    cast,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session

import shapely
from geoalchemy2 import Geometry

from geodata.accounts.access import create_user
from geodata.base.copying import copy_into
from geodata.base.crs import WGS84, Bbox, current_province
from geodata.base.database import database_url, new_engine
from geodata.housekeeping import merge_points
from geodata.layers import LAYERS
from geodata.schema.described import Described
from geodata.schema.feature import Feature, GeometryType
from geodata.schema.fields import CHECK, Field
from scripts.base.console import Exit, Failure, announce
from scripts.base.paths import ROOT

SITES, SHAPES = 500_000, 5_000
TOWNS = 60
SEED = 20200302
PASSWORD = "do-tốc-độ-" + "z" * 8
STAFF = "bench-planner"
MARK = f"benchmark data {SEED}-5: {SITES} sites, {SHAPES} shapes"

_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô", "Dương", "Đoàn")
_MIDDLE = ("Văn", "Thị", "Đức", "Quang", "Hữu", "Minh", "Ngọc", "Thành", "Xuân", "Công", "Bá", "Đình")
_GIVEN = ("An", "Bình", "Cường", "Dũng", "Giang", "Hải", "Hùng", "Khánh", "Linh", "Mạnh", "Nam", "Oanh", "Phúc", "Quý")
_SHOPS = ("Cửa hàng xăng dầu", "Cửa hàng gas", "Chợ", "Trạm cấp LPG", "Đại lý xăng dầu", "Kho")
_PLACES = (
    "An Dương",
    "Kiến Thụy",
    "Thủy Nguyên",
    "Tiên Lãng",
    "Vĩnh Bảo",
    "Đồ Sơn",
    "Lê Chân",
    "Hồng Bàng",
    "Kim Thành",
)
_PRODUCTS = (
    "Xăng RON 95-III, E5 RON 92, DO 0,05S",
    "E5 RON 92, DO 0,05S",
    "Xăng RON 95-III",
    "LPG chai 12 kg",
    "Dầu hỏa, FO",
)
UNITS = 200


def kind_of(geometry: GeometryType) -> type[Feature]:
    """Return the layer of that geometry with most symbol classes."""
    kinds = [kind for kind in LAYERS if kind.layer.geometry is geometry]
    return max(kinds, key=lambda kind: len(kind.layer.style.classes(frozenset(f.name for f in kind.fields()))))


SITE, LINE, AREA = (kind_of(geometry) for geometry in (GeometryType.POINT, GeometryType.LINE, GeometryType.POLYGON))


def prepare_database() -> Engine:
    """Return the database of DATABASE_URL, migrated and filled; one filled earlier is used again.

    Merged points are stored as the worker stores them within a minute of a change.
    """
    command.upgrade(Config(toml_file=str(ROOT / "pyproject.toml")), "head")
    engine = new_engine(database_url())
    with engine.begin() as connection:
        found = connection.execute(text("SELECT obj_description('data_change'::regclass)")).scalar()
        if found != MARK:
            if found or any(connection.execute(select(kind.id).limit(1)).first() for kind in LAYERS):
                raise Failure(
                    Exit.SETTINGS, "Cơ sở dữ liệu đã có dữ liệu khác", "give the benchmarks an empty database"
                )
            _fill_new(connection)
    started = time.monotonic()
    with Session(engine) as session:
        merge_points(session, LAYERS)
    announce(f"merged points stored in {time.monotonic() - started:.1f} s")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
    return engine


def _fill_new(connection: Connection) -> None:
    started = time.monotonic()
    fill_layers(connection, SITES)
    connection.exec_driver_sql(f"COMMENT ON TABLE data_change IS '{MARK}'")
    create_user(Session(connection), name=STAFF, role="planner", password=PASSWORD)
    announce(f"filled with {SITES} sites, {SHAPES} polygons, {SHAPES} lines in {time.monotonic() - started:.0f} s")


def fill_layers(connection: Connection, sites: int) -> None:
    """Put so many points into one layer, shapes and lines into two, and a few objects into each other one."""
    connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL work_mem = '256MB'"))
    rng = np.random.default_rng(SEED)
    _fill(connection, SITE, site_points(rng, sites))
    _fill(connection, AREA, star_polygons(rng, SHAPES))
    _fill(connection, LINE, walks(rng, SHAPES))
    for kind in LAYERS:
        if kind not in {SITE, AREA, LINE}:
            _fill(connection, kind, _some_shapes(rng, kind.layer.geometry, UNITS))


# --- shapes ----------------------------------------------------------------------------------------

Shapes = Any


def _places(rng: np.random.Generator, count: int, spread_deg: float) -> Any:
    """Return lon, lat of places that crowd around towns of uneven size, town by town as files have them."""
    west, south, east, north = current_province().extent
    towns = rng.uniform((west + 0.1, south + 0.1), (east - 0.1, north - 0.1), (TOWNS, 2))
    town = np.sort(np.minimum((rng.random(count) ** 2 * TOWNS).astype(int), TOWNS - 1))
    away, angle = rng.exponential(spread_deg, count), rng.uniform(0, 2 * np.pi, count)
    places = towns[town] + np.stack([away * np.cos(angle), away * np.sin(angle)], axis=1)
    return _inside(places, current_province().extent)


def _inside(places: Any, box: Bbox) -> Any:
    west, south, east, north = box
    return np.clip(places, (west + 0.02, south + 0.02), (east - 0.02, north - 0.02))


def site_points(rng: np.random.Generator, count: int) -> Shapes:
    """Return points around towns."""
    return shapely.points(_places(rng, count, 0.03).round(6))


def star_polygons(rng: np.random.Generator, count: int) -> Shapes:
    """Return valid polygons of 50 to 500 vertices: the radius wobbles, the angle only grows."""
    polygons = []
    for centre in _places(rng, count, 0.06):
        vertices = int(rng.integers(50, 501))
        angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
        radius = rng.uniform(0.001, 0.006) * (1 + 0.3 * np.sin(3 * angle) + rng.uniform(-0.05, 0.05, vertices))
        ring = centre + np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius[:, None]
        polygons.append(shapely.multipolygons([shapely.Polygon(ring)]))
    return np.array(polygons)


def walks(rng: np.random.Generator, count: int) -> Shapes:
    """Return lines of 10 to 60 vertices that keep their direction."""
    lines = []
    for start in _places(rng, count, 0.06):
        vertices = int(rng.integers(10, 61))
        angle = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.15, vertices))
        steps = np.cumsum(np.stack([np.cos(angle), np.sin(angle)], axis=1) * 0.003, axis=0)
        lines.append(shapely.multilinestrings([shapely.LineString(_inside(start + steps, current_province().extent))]))
    return np.array(lines)


def _some_shapes(rng: np.random.Generator, geometry: GeometryType, count: int) -> Shapes:
    makers = {GeometryType.POINT: site_points, GeometryType.LINE: walks, GeometryType.POLYGON: star_polygons}
    return makers[geometry](rng, count)


# --- rows ------------------------------------------------------------------------------------------

_SHAPE = Table("shape", MetaData(), Column("i", Integer), Column("geom", Geometry(srid=WGS84)), prefixes=["TEMPORARY"])


def _fill(connection: Connection, kind: type[Feature], shapes: Shapes) -> None:
    """Insert a feature per shape and details for every tenth; indexes are made when the rows are there."""
    _SHAPE.create(connection)
    wkb = shapely.to_wkb(shapely.set_srid(shapes, WGS84), hex=True, include_srid=True)
    with copy_into(connection, _SHAPE.name, [column.name for column in _SHAPE.columns]) as copy:
        copy.write("".join(f"{i}\t{shape}\n" for i, shape in enumerate(wkb)))
    connection.execute(select(func.setseed(0.42)))
    with _without_indexes(connection, kind.__tablename__):
        _insert(connection, kind, {"geom": _SHAPE.c.geom}, select().select_from(_SHAPE), _SHAPE.c.i)
    _SHAPE.drop(connection)
    for detail in kind.details:
        tenth = select().select_from(kind).where(kind.id % 10 == 0)
        _insert(connection, detail, {"feature_id": kind.id}, tenth, kind.id)


@contextlib.contextmanager
def _without_indexes(connection: Connection, table: str) -> Iterator[None]:
    wanted = text(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = :table "
        "AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    )
    indexes = connection.execute(wanted, {"table": table}).all()
    for name, _ in indexes:
        connection.exec_driver_sql(f'DROP INDEX "{name}"')
    yield
    for _, definition in indexes:
        connection.exec_driver_sql(definition)


def _insert(
    connection: Connection, table: type[Described], given: dict[str, Any], rows: Select[Any], number: Any
) -> None:
    """Insert a row per row of `rows`; what is not given is made up from the field."""
    columns = dict(given)
    for field in table.fields():
        column = table.column(field.name)
        has_default = not field.derived and column.server_default is not None
        made = None if field.derived or has_default else _made_up(table, field, number)
        if made is not None and field.name not in given:
            columns[field.name] = cast(case((func.random() < _chance(field), made)), column.type)
    names = list(columns)
    statement = rows.add_columns(*columns.values()).order_by(number)
    connection.execute(insert(table).from_select(names, statement, include_defaults=False))


def _chance(field: Field) -> float:
    """Return the share of features that know a field; what is rare in life is rare here."""
    if field.required:
        return 2.0
    rare = {"_revoked_on": 0.01, "_suspended_from": 0.02, "_suspended_to": 0.01, "valid_from": 0.1, "valid_to": 0}
    return next((chance for end, chance in rare.items() if field.name.endswith(end)), 0.9)


def _made_up(table: type[Described], field: Field, number: Any) -> Any:
    """Return SQL for a plausible value, or None to leave the field unknown."""
    if field.values:
        return _one_of([member.value for member in field.values])
    style = table.layer.style.by if issubclass(table, Feature) else ()
    if cases := next((list(variation.cases) for variation in style if variation.field == field.name), None):
        return _one_of(cases)
    if issubclass(field.python_type, date):
        age = -func.random() * 2100 if not field.name.endswith("expires_on") else func.random() * 2000 - 300
        return func.current_date() + cast(age, Integer)
    if field.python_type in {int, float, Decimal}:
        limits = re.search(r"BETWEEN (\d+) AND (\d+)", str(table.column(field.name).info.get(CHECK, "")))
        low, high = (int(limit) for limit in limits.groups()) if limits else (1, 100)
        return cast(low + func.random() * (high - low), Integer)
    if field.python_type is bool:
        return func.random() < 0.5
    if "https://" in str(table.column(field.name).info.get(CHECK, "")):
        return "https://example.vn/" + cast(number, Text)
    return _made_up_text(field, number)


def _made_up_text(field: Field, number: Any) -> Any:
    word = cast(number, Text)
    person = func.concat_ws(" ", _one_of(_FAMILY), _one_of(_MIDDLE), _one_of(_GIVEN))
    texts = {
        "code": "BM-" + func.lpad(word, 7, "0"),
        "name": func.concat_ws(" ", _one_of(_SHOPS), person, word),
        "address": func.concat("Số ", number % 400 + 1, " đường ", person, ", ", _one_of(_PLACES)),
        "trader": "Công ty TNHH " + person,
        "products": _one_of(_PRODUCTS),
        "admin_unit_code": "BM-" + func.lpad(cast(number % UNITS, Text), 7, "0"),
    }
    if field.name.endswith("_no"):
        return func.concat(word, "/", _one_of(("GCN-SCT", "QĐ-UBND", "KL-SCT")))
    return texts.get(field.name, "văn bản số " + word if field.required else None)


def _one_of(values: Sequence[Any]) -> Any:
    """Return SQL that picks a value, the first ones more often."""
    return array(values)[cast(func.floor(func.power(func.random(), 1.7) * len(values)), Integer) + 1]
