"""What the reader process hands over is what the importing process gets."""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

import pyogrio.raw
import shapely

from geodata.importing.table import Table, as_objects, load_table, row_numbers, save_table
from tests.conftest import ROOT

CELLS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text()
SHAPES = st.none() | st.builds(shapely.Point, st.floats(-180, 180), st.floats(-90, 90)) | st.just(shapely.Point())


@st.composite
def tables(draw):
    count = draw(st.integers(0, 5))
    column = st.lists(CELLS, min_size=count, max_size=count) | st.lists(st.text(), min_size=count, max_size=count)
    columns = tuple(draw(st.lists(column, min_size=1, max_size=3)))
    shapes = draw(st.none() | st.lists(SHAPES, min_size=count, max_size=count))
    return Table(
        layer="a", format="csv", rows=row_numbers(count), names=tuple(f"c{number}" for number in range(len(columns))),
        columns=columns, geometries=None if shapes is None else as_objects(shapes),
    )  # fmt: skip


@given(table=tables())
def test_cells_and_shapes_arrive_as_they_were_read(table):
    with tempfile.TemporaryDirectory() as name:
        save_table(table, Path(name))
        found = load_table(Path(name))
    assert found.columns == table.columns
    assert [list(map(type, column)) for column in found.columns] == [
        list(map(type, column)) for column in table.columns
    ]
    if table.geometries is None:
        assert found.geometries is None
    else:
        shapes = [None if shape is None else shape.wkt for shape in table.geometries]
        assert [None if shape is None else shape.wkt for shape in found.geometries] == shapes


@pytest.mark.parametrize(
    "shapes",
    [["POINT (106.7 20.8)", "POINT (106.8 20.9)"], ["POINT (106.7 20.8)", "POINT EMPTY"], ["POINT (106.7 20.8)", None],
     ["POINT (106.7 20.8)", "LINESTRING (106 20, 107 21)"]],
)  # fmt: skip
def test_points_are_read_alike_alone_and_beside_other_shapes(tmp_path, shapes):
    path = tmp_path / "a.gpkg"
    written = shapely.to_wkb(shapely.from_wkt(shapes))
    pyogrio.raw.write(
        path, geometry=written, field_data=[np.array(["A"] * 2, dtype=object)], fields=["MA"], geometry_type="Unknown",
        crs="EPSG:4326", driver="GPKG", layer="a",
    )  # fmt: skip
    # In a process of its own, as always: the driver is chosen before GDAL loads.
    code = "import sys; from pathlib import Path; from geodata.importing.reading.drivers import read_layer\n"
    code += "for shape in read_layer(Path(sys.argv[1]), 'GPKG', None).geometries: print(shape and shape.wkt)"
    done = subprocess.run([sys.executable, "-c", code, path], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str(shape) for shape in shapes]
