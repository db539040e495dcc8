"""Everything goes out in every format and CRS and comes back unchanged, also through copies that other programs make.

The usual run takes each layer through every format once, and each copy and detail by turns; --heavy takes all of them.
"""

from datetime import date
from itertools import product

import numpy as np
import pytest
from sqlalchemy import select

import pyogrio.raw

from geodata.accounts.access import visible_fields
from geodata.export.formats import FORMATS, export_details, export_features
from geodata.importing import ImportOptions, preview_import
from geodata.importing.details import detail_of, file_details
from geodata.layers import LAYERS
from geodata.schema.roles import Role
from tests.geodata.importing.files import archive

#: WGS 84; VN-2000 in the province's own zone (105°45', 3°); VN-2000 / UTM 48N.
SYSTEMS = ("EPSG:4326", "EPSG:9210", "EPSG:3405")
#: Ending → (driver, options) of the copies that programs built on GDAL make of our files.
COPIES = {
    ".shp": ("ESRI Shapefile", {"encoding": "UTF-8"}), ".gpkg": ("GPKG", {}), ".mif": ("MapInfo File", {"FORMAT": "MIF", "encoding": "UTF-8"}),
    ".geojson": ("GeoJSON", {}), ".kml": ("LIBKML", {}), ".fgb": ("FlatGeobuf", {}),
}  # fmt: skip
#: Drivers that write WGS 84 whatever they are given.
ALWAYS_WGS84 = {"kml", ".kml", ".geojson"}
LAYER_NAMES = [kind.layer.name for kind in LAYERS]
DETAILS = [(kind.layer.name, detail.detail.name) for kind in LAYERS for detail in file_details(kind)]


def cases(owners, ways, each):
    """Return (owner, way, CRS, whether it is for the heavy run only); the usual run takes `each` ways of an owner."""
    found = []
    for (number, owner), (place, way) in product(enumerate(owners), enumerate(ways)):
        systems = SYSTEMS[:1] if way in ALWAYS_WGS84 else SYSTEMS
        turn, is_taken = (number + place) % len(systems), (place - number) % len(ways) < each
        found += [(owner, way, crs, at != turn or not is_taken) for at, crs in enumerate(systems)]
    return found


@pytest.fixture
def turn(heavy):
    def take(is_heavy):
        if is_heavy and not heavy:
            pytest.skip("another one has its turn; --heavy takes all")

    return take


def exported(session, owner, target, **options):
    """Write a layer, or a detail of one."""
    if isinstance(owner, str):
        kind = LAYERS.get(owner)
        return export_features(session, kind, visible_fields(Role.ADMIN, kind), (), target=target, **options)
    layer, name = owner
    kind = LAYERS.get(layer)
    detail = detail_of(kind, name)
    if name == "reports":  # the demo has none
        site = session.scalars(select(kind.id).limit(1)).one()
        session.add(detail(feature_id=site, period_ends_on=date(2026, 6, 30), project_count=12, revenue_vnd=5 * 10**12))
        session.flush()
    fields = [field for field in detail.fields() if not field.derived]
    return export_details(session, kind, detail, fields, target=target, **options)


def assert_unchanged(session, owner, path, crs=None):
    """Look at a file; the question about its datum, which MapInfo's files do not say, is answered with `crs`."""
    layer, detail = (owner, None) if isinstance(owner, str) else owner
    report = preview_import(session, LAYERS.get(layer), path, ImportOptions(detail=detail)).report
    if crs is not None and report.question is not None:
        assert crs in [choice.value for choice in report.question.choices]
        report = preview_import(session, LAYERS.get(layer), path, ImportOptions(detail=detail, crs=crs)).report
    told = [(item.row, item.field, item.text.say()) for item in report.problems if item.severity == "error"][:5]
    assert (report.status, report.question, told) == ("ok", None, [])
    assert report.counts.unchanged == report.counts.read > 0


def copied(path, target, way):
    """Copy the first layer of a file with another driver, types and gaps kept, as ogr2ogr does."""
    driver, options = COPIES[way]
    meta, _, shapes, columns = pyogrio.raw.read(path, force_2d=False)
    masks, values = [], []
    for column, dtype in zip(columns, meta["dtypes"], strict=True):
        missing = np.array([value is None or value != value for value in column], dtype=bool)
        is_whole = column.dtype.kind == "f" and np.dtype(dtype).kind in "iu"
        values.append(np.where(missing, 0, column).astype(dtype) if is_whole else column)
        masks.append(missing if missing.any() and column.dtype.kind in "iufb" else None)
    crs = "EPSG:4326" if way in ALWAYS_WGS84 else meta["crs"]
    pyogrio.raw.write(
        target.with_suffix(way), geometry=shapes, field_data=values, field_mask=masks, fields=meta["fields"],
        geometry_type=meta["geometry_type"], crs=crs, driver=driver, layer="lop", **options,
    )  # fmt: skip
    if way in {".shp", ".mif"}:
        parts = {
            item.name: item.read_bytes() for item in target.parent.glob(f"{target.name}.*") if item.suffix != ".zip"
        }
        return archive(target.with_suffix(".zip"), parts)
    return target.with_suffix(way)


@pytest.mark.parametrize(
    ("owner", "format_", "crs", "is_heavy"), [*cases(LAYER_NAMES, FORMATS, 6), *cases(DETAILS, FORMATS, 1)]
)
def test_what_goes_out_comes_back_unchanged(demo_session, tmp_path, turn, owner, format_, crs, is_heavy):
    turn(is_heavy)
    path = exported(demo_session, owner, tmp_path / "out", format=format_, crs=crs)
    assert_unchanged(demo_session, owner, path)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("owner", "way", "crs", "is_heavy"), [*cases(LAYER_NAMES, COPIES, 2), *cases(DETAILS, COPIES, 1)]
)
def test_a_copy_that_gdal_makes_comes_back_unchanged(demo_session, tmp_path, turn, owner, way, crs, is_heavy):
    turn(is_heavy)
    package = exported(demo_session, owner, tmp_path / "out", format="gpkg", crs=crs)
    assert_unchanged(demo_session, owner, copied(package, tmp_path / "copy", way), crs if way == ".mif" else None)
