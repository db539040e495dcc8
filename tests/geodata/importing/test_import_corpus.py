"""The corpus: good, odd, damaged and hostile files through the command's door, each with its exit code and its code."""

import argparse
import contextlib
import json

import numpy as np
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings, strategies as st

import pyogrio.raw
import shapely

from geodata.importing import CODES
from geodata.layers import LAYERS
from scripts.commands import importing
from tests.factories import make_feature
from tests.geodata.importing import files
from tests.geodata.importing.files import BOW_TIE, PLACES, SPIKE, archive, csv, geojson, point, shapefile
from tests.geodata.importing.odd_files import CASES, GOOD, NAMES, ROWS, parts

GOOD_ROW = "A,Chợ An,106.68,20.86"


def with_cell(column, cell):
    """A table of a good row and one whose further column holds the cell."""
    quoted = '"' + cell.replace('"', '""') + '"'
    return lambda path: csv(path, f"MA,TEN,lon,lat,{column}\n{GOOD_ROW},\nB,Chợ Ba,106.69,20.86,{quoted}\n")


def with_row(row, head="MA,TEN,lon,lat"):
    """A table of a good row and another one."""
    return lambda path: csv(path, f"{head}\n{GOOD_ROW}\n{row}\n")


def text(content):
    return lambda path: csv(path, content)


def zone(*rings):
    rings = [[list(position) for position in ring] for ring in rings]
    return lambda path: geojson(path, [({"ma": "1", "ten": "x"}, {"type": "Polygon", "coordinates": rings})])


#: Cells that a field cannot take, by column.
BAD_CELLS = {
    "SO_HO": ["nhiều", "-1", "1,5,7", "1e400", "12abc", "99999999999999", "½", "1.200"],
    "HANG": ["hạng chín", "I hoặc II", "4"],
    "valid_from": ["31/02/2024", "2024-13-01", "hôm qua", "32/01/2024", "01/01/0001", "45839"],
    "MINH_HOA": ["có lẽ", "2"],
    "status": ["???", "đang mở hay đóng"],
}
#: Cells that are written oddly and mean something.
ODD_CELLS = {
    "SO_HO": ["1 200", "12.0", " 7 ", "0", "-", "N/A", "<null>", "NaN"],
    "HANG": ["hạng 1", "HẠNG 2", "3", "Hang 1"],
    "valid_from": ["01/07/2025", "2025-07-01", "1-7-2025", "ngày 1 tháng 7 năm 2025", "00000000", "20250701"],
    "MINH_HOA": ["có", "Không", "x", "TRUE", "0"],
    "DIA_CHI": [
        "=1+1",
        "'=1+1",
        "<script>alert(1)</script>",
        "${7*7}",
        "a\tb",
        "dòng 1\ndòng 2",
        "\\N",
        "\u202eabc",
        "e\u0301",
    ],
}
PLACES_WRITTEN = {
    "degrees": "106.68,20.86", "minutes": "\"106°40'48\"\"E\",\"20°51'36\"\"N\"", "comma": '"106,68","20,86"',
    "spaces": "\" 106.68 \",\" 20.86 \"", "plus": "+106.68,+20.86", "exponent": "1.0668e2,2.086e1",
}  # fmt: skip
BAD_PLACES = {
    "nothing": (",", "null_geometry"), "abroad": ("2.3,48.8", "out_of_extent"), "huge": ("1e308,20.86", "bad_coordinates"),
    "words": ("đông,bắc", "bad_coordinates"), "south": ("106.68,S 20.86", "out_of_extent"),
}  # fmt: skip

#: name -> (file name, writer, options, exit code, code that must occur)
CORPUS = {f"refused {code} {name}": (name, write, (), 5, code) for code, name, write in CASES}
CORPUS |= {f"good {name}": ("a.zip", write, (), 0, None) for name, write in GOOD.items()}
CORPUS |= {
    f"cell {column} {cell}": ("a.csv", with_cell(column, cell), (), 3, "bad_value")
    for column, cells in BAD_CELLS.items() for cell in cells
}  # fmt: skip
CORPUS |= {
    f"odd {column} {cell}": ("a.csv", with_cell(column, cell), (), 0, None)
    for column, cells in ODD_CELLS.items() for cell in cells
}  # fmt: skip
CORPUS |= {
    f"place {name}": ("a.csv", text(f"MA,TEN,lon,lat\nB,Chợ Ba,{cells}\n"), (), 0, None)
    for name, cells in PLACES_WRITTEN.items()
}
CORPUS |= {
    f"no place {name}": ("a.csv", with_row(f"B,Chợ Ba,{cells}"), (), 3, code)
    for name, (cells, code) in BAD_PLACES.items()
}
CORPUS |= {
    "same code twice": ("a.csv", with_row("A,Chợ Ba,106.69,20.86"), (), 3, "duplicate_in_file"),
    "no code": ("a.csv", with_row(",Chợ Ba,106.69,20.86"), (), 3, "missing_field"),
    "no name": ("a.csv", with_row("B,,106.69,20.86"), (), 3, "missing_field"),
    "long code": ("a.csv", with_row(f"{'B' * 65},Chợ,106.69,20.86"), (), 3, "too_long"),
    "long name": ("a.csv", with_row(f"B,{'x' * 301},106.69,20.86"), (), 3, "too_long"),
    "endless text": ("a.csv", with_row(f"B,{'x' * 20_000},106.69,20.86"), (), 3, "too_long"),
    "too many cells": ("a.csv", with_row("B,Chợ Ba,106.69,20.86,1,2,3"), (), 3, "malformed_file"),
    "too few cells": ("a.csv", with_row("B,Chợ Ba"), (), 3, "null_geometry"),
    "code stored already": ("a.csv", with_row("STORED,Chợ Ba,106.69,20.86"), ("--mode", "append"), 3, "duplicate_existing"),
    "same name at the same place": ("a.csv", with_row("Z,Chợ Đã Có,106.6835,20.8605"), (), 0, "duplicate_existing"),
    "same name at the same place, taken": (
        "a.csv", with_row("Z,Chợ Đã Có,106.6835,20.8605"), ("--take-matches",), 0, None,
    ),
    "no code, name and place of a stored object": ("a.csv", with_row(",Chợ Đã Có,106.6835,20.8605"), (), 3, "missing_field"),
    "no codes at all, matches taken": (
        "a.csv", text("TEN,lon,lat\nchợ đã có,106.6836,20.8605\n"), ("--take-matches",), 0, None,
    ),
    "no codes at all, one row named": (
        "a.csv", text("TEN,lon,lat\nchợ đã có,106.6836,20.8605\n"), ("--match", "1=STORED"), 0, None,
    ),
    "empty lines": ("a.csv", text(f"MA,TEN,lon,lat\n\n{GOOD_ROW}\n\n\n"), (), 0, None),
    "no last line end": ("a.csv", text(f"MA,TEN,lon,lat\n{GOOD_ROW}"), (), 0, None),
    "DOS line ends": ("a.csv", text(f"MA,TEN,lon,lat\r\n{GOOD_ROW}\r\n"), (), 0, None),
    "quotes": ("a.csv", text('"MA","TEN","lon","lat"\n"A","Chợ ""An""","106.68","20.86"\n'), (), 0, None),
    "no coordinates": ("a.csv", text("MA,TEN\nA,Chợ An\n"), (), 4, "missing_field"),
    "no key": ("a.csv", text("TEN,lon,lat\nChợ An,106.68,20.86\n"), (), 4, "missing_field"),
    "header only blanks": ("a.csv", text(" , , \n"), (), 5, "empty_layer"),
    "axes exchanged": ("a.geojson", lambda path: geojson(path, [({"ma": "1", "ten": "x"}, point(20.86, 106.68))]), (), 4, "axes_swapped"),
    "two layers": ("a.zip", lambda path: archive(path, {**parts("cho"), **parts("tram")}), (), 4, "multiple_layers"),
    "two layers, one named": ("a.zip", lambda path: archive(path, {**parts("cho"), **parts("tram")}), ("--source-layer", "cho"), 0, None),
    "unknown layer named": ("a.zip", lambda path: archive(path, {**parts("cho"), **parts("tram")}), ("--source-layer", "x"), 5, "no_layer"),
    "letters of several readings": (
        "a.zip", lambda path: shapefile(path, NAMES, [["C1", "Café São José"]], PLACES[:1], encode=lambda text: text.encode("latin1")),
        (), 4, "encoding_unknown",
    ),
    "prj contradicts the data": (
        "a.zip", lambda path: shapefile(path, NAMES, ROWS, files.to_crs(PLACES[:2], 3405), prj=files.PRJ_WGS84), (), 4, "crs_mismatch",
    ),
    "no prj": ("a.zip", lambda path: shapefile(path, NAMES, ROWS, files.to_crs(PLACES[:2], 9210), prj=None), (), 4, "crs_unknown"),
    "no prj, CRS given": (
        "a.zip", lambda path: shapefile(path, NAMES, ROWS, files.to_crs(PLACES[:2], 9210), prj=None), ("--crs", "EPSG:9210"), 0, None,
    ),
    "one null shape": ("a.zip", lambda path: shapefile(path, NAMES, ROWS, [PLACES[0], None]), (), 3, "null_geometry"),
    "bow tie": ("a.geojson", zone(BOW_TIE), ("--layer", "planning_zones"), 3, "invalid_geometry"),
    "spike": ("a.geojson", zone(SPIKE), ("--layer", "planning_zones"), 0, "invalid_geometry"),
    "more vertices than the limit": ("a.geojson", zone(SPIKE * 10), ("--layer", "planning_zones"), 3, "too_complex"),
    "lone geometry": ("a.geojson", text('{"type": "Point", "coordinates": [106.68, 20.86]}'), (), 4, "missing_field"),
    "lone feature": (
        "a.geojson", text('{"type": "Feature", "properties": {"ma": "1", "ten": "x"}, "geometry": {"type": "Point", "coordinates": [106.68, 20.86]}}'),
        (), 0, None,
    ),
    "features that are none": ("a.geojson", text('{"type": "FeatureCollection", "features": [1, null, "x"]}'), (), 5, "null_geometry"),
}  # fmt: skip


@pytest.fixture
def door(session, monkeypatch, capsys):
    @contextlib.contextmanager
    def same_session():
        yield session

    monkeypatch.setattr(importing, "database_session", same_session)
    monkeypatch.setenv("IMPORT_VERTICES_PER_FEATURE", "50")

    def run(*words):
        parser = argparse.ArgumentParser()
        importing.configure(parser)
        code = importing.run(parser.parse_args([str(word) for word in words]))
        return code, json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize("name", CORPUS)
def test_a_file_ends_as_it_should(door, session, tmp_path, name):
    file_name, write, words, expected, code = CORPUS[name]
    layers = [LAYERS.get("markets"), LAYERS.get("planning_zones")]
    make_feature(session, layers[0], code="STORED", name="Chợ Đã Có")
    before = {kind: session.query(kind).count() for kind in layers}
    write(tmp_path / file_name)
    found, report = door(tmp_path / file_name, "--layer", "markets", "--json", *words)
    codes = {problem["code"] for problem in report["problems"]}
    assert (found, code is None or code in codes) == (expected, True), report["problems"]
    assert codes <= CODES
    assert report["reason"] == (code if expected == 5 else None)
    counts = report["counts"]
    if expected in {0, 3}:
        assert counts["read"] == sum(counts[part] for part in ("new", "changed", "unchanged", "rejected"))
    added = sum(session.query(kind).count() - before[kind] for kind in layers)
    assert added == (counts["new"] if expected == 0 else 0)


def test_the_corpus_is_large_and_every_code_of_the_contract_occurs():
    assert len(CORPUS) >= 150
    # Said of what is stored, not of a file: tests/geodata/inspections/test_records_keep_their_site.py.
    of_stored = {"kept_records"}
    assert {code for *_, code in CORPUS.values() if code} == CODES - of_stored


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Whole files of two rows, by ending."""
    folder = tmp_path_factory.mktemp("whole")
    archive(folder / "a.zip", parts())
    geojson(folder / "a.geojson", [({"ma": code, "ten": name}, point()) for code, name in ROWS])
    csv(folder / "a.csv", "MA,TEN,lon,lat\nC1,Chợ Sắt,106.68,20.86\nC2,Chợ Ga,106.69,20.86\n")
    for suffix, driver in (("gpkg", "GPKG"), ("kml", "KML"), ("tab", "MapInfo File"), ("mif", "MapInfo File")):
        pyogrio.raw.write(
            folder / f"a.{suffix}", geometry=shapely.to_wkb(shapely.points(PLACES[:2])), fields=["ma", "ten"],
            field_data=[np.array(column, dtype=object) for column in zip(*ROWS, strict=True)],
            geometry_type="Point", driver=driver, crs="EPSG:4326",
        )  # fmt: skip
    with xlsxwriter.Workbook(folder / "a.xlsx") as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(
            [["ma", "ten", "lon", "lat"], *[[*row, *place] for row, place in zip(ROWS, PLACES, strict=False)]]
        ):
            sheet.write_row(number, 0, row)
    return {path.suffix[1:]: path.read_bytes() for path in folder.iterdir()}


#: What a format of several files consists of; all of it is flipped, and packed afterwards.
PARTS = {"tab": ("tab", "dat", "map", "id"), "mif": ("mif", "mid")}


FLIPS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6)


@pytest.mark.parametrize("suffix", ["zip", "geojson", "csv", "gpkg", "kml", "xlsx", "tab", "mif"])
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=FLIPS)
def test_flipped_bytes_end_in_words_and_store_nothing_by_themselves(door, tmp_path, whole, suffix, flips):
    names = PARTS.get(suffix, (suffix,))
    data = bytearray(b"".join(whole[name] for name in names))
    for share, value in flips:
        data[int(share * len(data))] = value
    members, start = {}, 0
    for name in names:
        members[f"a.{name}"] = bytes(data[start : start + len(whole[name])])
        start += len(whole[name])
    path = tmp_path / ("a.zip" if suffix in PARTS else f"a.{suffix}")
    path.write_bytes(members[f"a.{suffix}"])
    if suffix in PARTS:
        archive(path, members)
    code, report = door(path, "--layer", "markets", "--json", "--dry-run")
    assert code in {0, 3, 4, 5}
    assert {problem["code"] for problem in report["problems"]} <= CODES
    assert report["import_id"] is None
    assert suffix != "zip" or code != 0 or report["counts"]["new"] == 2
