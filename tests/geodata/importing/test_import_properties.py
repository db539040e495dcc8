"""What must hold for whatever is stored: an export imported again changes nothing, and an undo brings back exactly the earlier rows."""

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import Boolean, Date, Integer, Numeric, delete

import shapely
from geoalchemy2.shape import from_shape

from geodata.accounts.access import visible_fields
from geodata.base.crs import HAI_PHONG, WGS84
from geodata.export.formats import export_features
from geodata.history.documents import table_of
from geodata.history.undoing import undo
from geodata.importing import ImportOptions, Mode, commit_import, preview_import
from geodata.importing.storing.lists import lists_of
from geodata.importing.understanding.match import importable_fields
from geodata.layers import LAYERS
from geodata.schema.feature import GeometryType
from geodata.schema.fields import CHECK
from geodata.schema.roles import Role
from tests.geodata.export.test_exporting import CRS

KINDS = list(LAYERS)
WORDS = [
    "Chợ", "Đổng Quốc Bình", "Cát Bà", "thị trấn", "Nguyễn Đức Cảnh", "thuỷ", "thủy", "LPG", "12 kg", "số 5/7", "“Hoà Bình”", "A & B",
    "50 %", "x;y,z", "Ông Tư's", "00123", "1.234,5", "ngã ba", "=1+1", "@", "Xăng E5", "<b>", "QĐ-UBND",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
TAX_CODES = st.from_regex(r"\A[0-9]{10}(-[0-9]{3})?\Z")
EMAILS = st.sampled_from(["bql.ccn@haiphong.gov.vn", "a@b", "chu-dau-tu+ccn@example.vn"])
DAYS = st.dates(date(1990, 1, 1), date(2049, 12, 31))
WEST, SOUTH, EAST, NORTH = HAI_PHONG.extent
#: Shapes stay in cells of this many degrees, each its own: parts of a shape never meet.
CELL = 0.1


def cells(kind, field):
    """Return what the field of a layer may hold, by its type and the rule of its column."""
    column = table_of(kind).c[field.name]
    rule = column.info.get(CHECK) or ""
    if field.values is not None:
        return st.sampled_from(list(field.values))
    if isinstance(column.type, Boolean):
        return st.booleans()
    if isinstance(column.type, Date):
        return DAYS
    if isinstance(column.type, Integer | Numeric):
        between = re.search(r"BETWEEN (\d+) AND (\d+)", rule)
        low, high = map(int, between.groups()) if between else (0, 99_999)
        if isinstance(column.type, Integer):
            return st.integers(max(low, 1) if "> 0" in rule else low, high)
        step = Decimal(1).scaleb(-column.type.scale)
        return st.integers(1, high).map(lambda number: number * step)
    if "@" in rule:
        return EMAILS
    return TAX_CODES if "~" in rule else TEXTS


def corners(draw, place, count):
    """Return points of one cell, around its middle, so that a ring of them never crosses itself."""
    lon, lat = WEST + CELL * (place % 15 + 1.5), SOUTH + CELL * (place // 15 % 10 + 1.5)
    away = st.floats(0.005, CELL / 2.5)
    return [
        shapely.affinity.rotate(shapely.Point(lon + draw(away), lat), 360 * turn / count, origin=(lon, lat))
        for turn in range(count)
    ]


@st.composite
def shapes(draw, kind):
    places = draw(st.lists(st.integers(0, 149), min_size=1, max_size=3, unique=True))
    if kind.layer.geometry is GeometryType.POINT:
        return corners(draw, places[0], 1)[0]
    count = draw(st.integers(3, 7))
    parts = [corners(draw, place, count) for place in places]
    if kind.layer.geometry is GeometryType.LINE:
        return shapely.MultiLineString([shapely.LineString(part) for part in parts])
    return shapely.MultiPolygon([shapely.Polygon(part) for part in parts])


@st.composite
def objects(draw, kind):
    """Return the fields of one object."""
    always = {"code", "name"} | {field.name for field in importable_fields(kind) if field.required}
    found = {}
    for field in importable_fields(kind):
        column = table_of(kind).c[field.name]
        if field.name in always or draw(st.booleans()):
            found[field.name] = draw(cells(kind, field))
        elif column.nullable:
            found[field.name] = None
    first, last = found.get("valid_from"), found.get("valid_to")
    if first and last and first > last:
        found |= {"valid_from": last, "valid_to": first}
    return found | {"geom": from_shape(draw(shapes(kind)), srid=WGS84)}


def layers_of(kind, most=4):
    """Return some objects of a layer, by code."""
    codes = st.sampled_from(["A-1", "A-2", "B 03", "Đ/4", "00005"])
    return st.dictionaries(codes, objects(kind), min_size=1, max_size=most)


def fill(session, kind, found):
    """Make the layer hold these objects and no others."""
    session.rollback()
    session.execute(delete(kind))
    session.add_all([kind(**{**values, "code": code}) for code, values in found.items()])
    session.flush()


def export(session, kind, folder, name, crs):
    return export_features(
        session, kind, visible_fields(Role.ADMIN, kind), (), target=folder / "out", format=name, crs=crs
    )


def rows(session, kind):
    table = table_of(kind)
    names = [column.name for column in table.columns if column.name not in {"updated_at", "change_set_id"}]
    session.expire_all()
    return {row["id"]: {name: str(row[name]) for name in names} for row in session.execute(table.select()).mappings()}


def quick(examples):
    slow = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, deadline=None, suppress_health_check=slow)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.layer.name)
@quick(8)
@given(data=st.data())
def test_whatever_is_exported_comes_back_unchanged(session, tmp_path, kind, data):
    fill(session, kind, data.draw(layers_of(kind)))
    name, crs = data.draw(st.sampled_from([(name, crs) for name, all_crs in CRS.items() for crs in all_crs]))
    path = export(session, kind, tmp_path, name, crs)
    preview = preview_import(session, kind, path, ImportOptions())
    report = preview.report
    assert (report.status, report.question, report.unmapped) == ("ok", None, ())
    changed = [
        row
        for query in lists_of(preview.comparison.staged)
        for row in session.execute(query)
        if row.kind != "unchanged"
    ]
    assert changed == []
    assert report.counts.unchanged == report.counts.read > 0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.layer.name)
@quick(5)
@given(data=st.data())
def test_whatever_an_import_changes_its_undo_brings_back(session, tmp_path, kind, data):
    fill(session, kind, data.draw(layers_of(kind)))
    path = export(session, kind, tmp_path, data.draw(st.sampled_from(["geojson", "gpkg", "xlsx"])), None)
    fill(session, kind, data.draw(layers_of(kind)))
    before = rows(session, kind)
    mode = data.draw(st.sampled_from([Mode.UPSERT, Mode.REPLACE]))
    preview = preview_import(session, kind, path, ImportOptions(mode=mode, match=True))
    report = commit_import(session, preview, user_name="an", accept_partial=True)
    assert report.import_id
    undo(session, report.import_id, LAYERS, user_name="bình")
    assert rows(session, kind) == before
