"""Files that would reach out, never end or need too much: stopped, and told with an amount."""

import io
import socket
import sqlite3
import threading

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from geodata.importing import CODES, Limits
from tests.geodata.importing.files import (
    archive,
    csv,
)
from tests.geodata.importing.odd_files import parts


@pytest.fixture
def listener():
    """A server that must not be called."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.2)
    calls = []

    def serve():
        while not done.is_set():
            try:
                connection, _ = server.accept()
                calls.append(1)
                connection.close()
            except OSError:
                continue

    done = threading.Event()
    thread = threading.Thread(target=serve)
    thread.start()
    yield server.getsockname()[1], calls
    done.set()
    thread.join()
    server.close()


@pytest.mark.parametrize(
    "extension", ["shp", "geojson", "gpkg", "csv", "kml", "xlsx", "dxf", "gpx", "tab", "mif", "zip"]
)
def test_no_file_makes_the_program_call_the_network_or_read_other_files(tmp_path, preview, listener, extension):
    port, calls = listener
    canary = tmp_path / "canary.csv"
    canary.write_text("ma,ten,lon,lat\nSECRET,SECRET,106.68,20.86\n", encoding="utf-8")
    vrt = (
        f"<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/vsicurl/http://127.0.0.1:{port}/a.csv</SrcDataSource></OGRVRTLayer>"
        f"<OGRVRTLayer name='b'><SrcDataSource>{canary}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )
    path = tmp_path / f"a.{extension}"
    if extension == "zip":
        archive(path, {"a.vrt": vrt, "a.geojson": vrt})
    else:
        path.write_text(vrt, encoding="utf-8")
    found = preview(path)
    assert found.report.status == "refused"
    assert "SECRET" not in str(found.report.as_json())
    assert calls == []


def test_an_endless_view_of_a_geopackage_is_not_read(tmp_path, preview):
    path = tmp_path / "a.gpkg"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT);"
        "CREATE VIEW v AS WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t) SELECT x FROM t;"
        "INSERT INTO gpkg_contents VALUES ('v', 'features');"
    )
    connection.close()
    assert preview(path).report.reason == "unsupported_format"


def test_a_reader_that_takes_too_long_is_stopped(tmp_path, preview):
    path = csv(tmp_path / "a.csv", "ma,ten,lon,lat\n" + "1,x,106.6,20.8\n" * 400_000)
    report = preview(path, limits=Limits(wall_seconds=0)).report
    assert report.reason == "limit_exceeded"
    assert report.reason_text.values["name"] == "wall_seconds"


def test_a_reader_that_needs_too_much_memory_is_stopped(tmp_path, preview):
    path = csv(tmp_path / "a.csv", "ma,ten,lon,lat\n" + "1,x,106.6,20.8\n" * 600_000)
    report = preview(path, limits=Limits(memory_bytes=300 * 1024 * 1024)).report
    assert report.reason == "limit_exceeded"
    assert report.reason_text.values["name"] == "memory_bytes"


@pytest.mark.parametrize(
    ("limits", "name", "amount"),
    [
        (Limits(file_bytes=2 * 1024 * 1024), "file_bytes", "at most 2 MB"),
        (Limits(rows=1), "rows", "more than 1 rows"),
        (Limits(columns=1), "columns", "more than 1 columns"),
    ],
)
def test_each_limit_is_named_to_programs_and_its_amount_to_people(tmp_path, preview, limits, name, amount):
    lines = "1,x,106.6,20.8\n2,y,106.6,20.8\n" + " " * (limits.file_bytes if name == "file_bytes" else 0)
    report = preview(csv(tmp_path / "a.csv", "ma,ten,lon,lat\n" + lines), limits=limits).report
    assert (report.reason, report.reason_text.values["name"]) == ("limit_exceeded", name)
    said = report.reason_text.say()
    assert amount in said
    assert "_" not in said


def test_a_far_off_cell_of_a_workbook_does_no_harm(tmp_path, preview):
    import openpyxl

    book = openpyxl.Workbook()
    book.active["A1"], book.active["B1"] = "Mã", "Tên"
    book.active["XFD1048576"] = "x"
    buffer = io.BytesIO()
    book.save(buffer)
    (tmp_path / "a.xlsx").write_bytes(buffer.getvalue())
    assert preview(tmp_path / "a.xlsx").report.status in {"refused", "ask"}


SEED = None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=8))
def test_flipped_bytes_never_give_a_traceback_or_a_wrong_count(tmp_path, changes):
    from geodata.importing.reading.archive import Source
    from geodata.importing.reading.shapefile import read_shapefile
    from geodata.importing.results import RefusedError

    members = parts()
    for name, data in members.items():
        flipped = bytearray(data)
        for position, value in changes:
            if name.endswith((".shp", ".dbf")):
                flipped[position % len(flipped)] = value
        (tmp_path / name.replace("lop", "source")).write_bytes(bytes(flipped))
    source = Source(
        name="lop", extension=".shp", path=tmp_path / "source.shp", components=frozenset({".shx", ".dbf", ".prj"})
    )
    try:
        table = read_shapefile(source, Limits())
    except RefusedError as error:
        assert error.reason in CODES  # noqa: PT017 - either outcome is right, each with its own promise
    else:
        assert len(table) <= 2
        assert len(table) == 2 or any(problem.code == "corrupt_shapefile" for problem in table.problems)
