"""What was read of a file stays while it is asked about: its reader works once, whatever is answered after it."""

from pathlib import Path

import pytest
from sqlalchemy import select

from geodata.history.change_sets import ChangeSet
from geodata.importing.reading import sandbox
from geodata.importing.reading.kept import folder_beside
from geodata.importing.sessions.model import Stage
from tests.geodata.importing import files
from tests.webmap.imports.wizard import found, legacy, markets, places, plain, rows_of, store, upload, work


@pytest.fixture
def readings(monkeypatch):
    """The tasks that reader processes were given."""
    tasks, run = [], sandbox._run

    def counted(folder, request, limits):
        tasks.append(request["task"])
        return run(folder, request, limits)

    monkeypatch.setattr(sandbox, "_run", counted)
    return tasks


def unnamed(path):
    """Write markets whose place and whose column of codes must both be asked for."""
    points = files.to_crs(places(), 9210)
    return files.shapefile(path, ["COT_1", "TEN", "HANG"], rows_of(), points, prj=None)


def kept_of(engine, number):
    return folder_beside(Path(found(engine, number).file_path))


def test_a_file_with_two_questions_is_read_once(gis, engine, session, tmp_path, readings):
    number = upload(gis, engine, unnamed(tmp_path / "a.zip"))
    asked = [found(engine, number).report.question.about]
    gis.post(f"/imports/{number}/questions", data={"crs": "EPSG:9210"})
    work(engine)
    asked.append(found(engine, number).report.question.about)
    gis.post(f"/imports/{number}/questions", data={"map.code": "COT_1"})
    work(engine)
    assert found(engine, number).stage is Stage.READY
    assert store(gis, engine, number).stage is Stage.STORED
    assert asked == ["crs", "columns"]
    assert len(markets(session)) == 14
    assert readings == ["read"]


def test_answers_that_are_remembered_are_tried_on_what_was_read(gis, engine, tmp_path, readings):
    first = upload(gis, engine, legacy(tmp_path / "a.zip"))
    gis.post(f"/imports/{first}/questions", data={"crs": "EPSG:9210"})
    work(engine)
    store(gis, engine, first)
    second = upload(gis, engine, legacy(tmp_path / "b.zip", rows_of(20)))
    assert found(engine, second).remembered_from is not None
    assert readings == ["read", "read"]


def test_what_was_read_with_another_answer_to_the_reader_is_read_again(gis, engine, tmp_path, readings):
    number = upload(gis, engine, files.csv(tmp_path / "a.csv", "x\nMA,TEN,lon,lat\nCH-1,Chợ An,106.68,20.86\n"))
    gis.post(f"/imports/{number}/questions", data={"header_row": "2"})
    work(engine)
    assert found(engine, number).stage is Stage.READY
    assert readings.count("read") == 2


def test_what_another_program_read_is_read_again(gis, engine, tmp_path, readings):
    number = upload(gis, engine, legacy(tmp_path / "a.zip"))
    request = kept_of(engine, number) / "request.json"
    request.write_text(request.read_text().replace('"program": "', '"program": "0'))
    gis.post(f"/imports/{number}/questions", data={"crs": "EPSG:9210"})
    work(engine)
    assert found(engine, number).stage is Stage.READY
    assert readings == ["read", "read"]


@pytest.mark.parametrize("name", ["table.json", "rows.npy", "points.npy", "column-*.txt"])
@pytest.mark.parametrize("left", [0, 0.5], ids=["gone", "half"])
def test_a_kept_table_that_is_not_whole_is_read_again(gis, engine, session, tmp_path, readings, name, left):
    number = upload(gis, engine, legacy(tmp_path / "a.zip"))
    path = next(kept_of(engine, number).glob(name))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * left)]) if left else path.unlink()
    gis.post(f"/imports/{number}/questions", data={"crs": "EPSG:9210"})
    work(engine)
    assert store(gis, engine, number).stage is Stage.STORED
    assert len(markets(session)) == 14
    assert readings == ["read", "read"]


def test_what_was_read_goes_when_it_is_stored_or_given_up(gis, engine, tmp_path):
    stored, dropped = (upload(gis, engine, plain(tmp_path / name)) for name in ("a.zip", "b.zip"))
    folders = [kept_of(engine, number) for number in (stored, dropped)]
    assert all((folder / "table.json").is_file() for folder in folders)
    store(gis, engine, stored)
    gis.post(f"/imports/{dropped}/cancel")
    assert not any(folder.exists() for folder in folders)


def test_confirming_copies_the_rows_that_were_checked_and_looks_at_the_file_no_more(gis, engine, session, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    sha256 = found(engine, number).file_sha256
    Path(found(engine, number).file_path).write_bytes(b"nothing that could be read")
    (kept_of(engine, number) / "table.json").unlink()
    assert store(gis, engine, number).stage is Stage.STORED
    assert len(markets(session)) == 14
    assert session.scalars(select(ChangeSet.file_sha256)).all() == [sha256]


def test_rows_that_another_version_of_the_program_checked_are_checked_again(gis, engine, session, tmp_path, readings):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    for name in ("rows.json", "request.json"):
        path = kept_of(engine, number) / name
        path.write_text(path.read_text().replace('"program": "', '"program": "0'))
    assert store(gis, engine, number).stage is Stage.STORED
    assert len(markets(session)) == 14
    assert readings == ["read", "read"]


def without_a_field(folder):
    head = folder / "rows.json"
    head.write_text(head.read_text().replace('"mark"', '"marked"'))


def without_numbers(folder):
    (folder / "row_numbers.npy").unlink()


def with_half_of_the_lines(folder):
    (lines,) = folder.glob("*.copy")
    lines.write_bytes(lines.read_bytes()[: lines.stat().st_size // 2])


@pytest.mark.parametrize("damage", [without_a_field, without_numbers, with_half_of_the_lines])
def test_kept_rows_that_are_not_whole_are_checked_again(gis, engine, session, tmp_path, damage):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    damage(kept_of(engine, number))
    assert store(gis, engine, number).stage is Stage.STORED
    assert len(markets(session)) == 14


def test_an_object_whose_row_was_left_out_does_not_count_as_absent(gis, engine, session, tmp_path):
    store(gis, engine, upload(gis, engine, plain(tmp_path / "a.zip", rows_of(6))))
    number = upload(gis, engine, plain(tmp_path / "b.zip", rows_of(4, klass="hạng 2")))
    gis.post(f"/imports/{number}/questions", data={"mode": "replace"})
    work(engine)
    gis.post(f"/imports/{number}/rows", data={"shown": "1 2 3 4", "row": ["1", "3", "4"]})
    assert store(gis, engine, number, accept_delete="1").stage is Stage.STORED
    classes = {code: str(market.market_class) for code, market in markets(session).items()}
    assert classes == {"CH-00": "2", "CH-01": "3", "CH-02": "2", "CH-03": "2"}
