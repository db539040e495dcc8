"""Reader processes: forks of one that knows no secret, each alone with its task, none left over."""

import json
import os
import signal
from pathlib import Path

import pytest

from geodata.importing import Limits
from geodata.importing.reading import sandbox
from geodata.importing.results import RefusedError
from geodata.importing.table import load_table
from tests.geodata.importing.files import csv
from tests.geodata.importing.test_import_crash import children
from tests.scripts.running import wait_for

TEXT = "MA,TEN,lon,lat\nC1,Chợ Sắt,106.6,20.8\n"


@pytest.fixture(autouse=True)
def nursery(monkeypatch):
    """The process that this one's readers are forks of, with a secret beside it."""
    monkeypatch.setenv("SECRET_KEY", "canary")
    monkeypatch.setattr(sandbox, "_NURSERY", sandbox._Nursery())
    yield sandbox._NURSERY
    if sandbox._NURSERY._process:
        sandbox._NURSERY._requests.close()
        assert sandbox._NURSERY._process.wait(timeout=20) is not None


@pytest.fixture
def held(tmp_path, nursery):
    """held(number) -> a task's folder and where its reader says how it ended; it waits until `end` tells the task."""
    sockets = []

    def start(number=0):
        (folder := tmp_path / f"task{number}").mkdir()
        os.mkfifo(folder / "request.json")
        sockets.append(nursery.start(folder))
        sockets[-1].settimeout(20)
        return folder, sockets[-1]

    yield start
    for socket in sockets:
        socket.close()


def end(folder):
    """Tell a held reader its task."""
    path = csv(folder / "a.csv", TEXT)
    task = {"task": "read", "path": str(path), "file_name": "a.csv", "source_layer": None, "limits": Limits().as_dict()}
    words = json.dumps(task | {"words": [], "header_row": None, "geometry": ""})
    (folder / "request.json").write_text(words, encoding="utf-8")


def readers(nursery):
    return children(nursery._process.pid)


def sockets_of(pid):
    """Return what a process could ask or answer by."""
    links = (link.readlink() for link in Path(f"/proc/{pid}/fd").iterdir())
    return [link for link in links if link.name.startswith("socket:")]


def test_no_process_that_reads_knows_a_secret(held, nursery):
    held()
    assert wait_for(lambda: readers(nursery))
    for pid in (nursery._process.pid, *readers(nursery)):
        known = Path(f"/proc/{pid}/environ").read_text(encoding="utf-8")
        assert "canary" not in known
        assert "DATABASE_URL" not in known
        assert "GDAL_HTTP_PROXY=127.0.0.1:1" in known


def test_a_reader_cannot_ask_for_readers(held, nursery):
    held()
    assert wait_for(lambda: readers(nursery))
    assert sockets_of(nursery._process.pid)
    assert wait_for(lambda: not sockets_of(*readers(nursery)))


def test_files_read_at_once_end_each_for_itself(held):
    tasks = [held(number) for number in range(3)]
    for folder, ended in reversed(tasks):
        end(folder)
        assert ended.recv(16) == b"0"
        assert load_table(folder).names == ("MA", "TEN", "lon", "lat")


def test_a_reader_whose_asker_went_away_is_killed(held, nursery):
    _, ended = held()
    assert wait_for(lambda: readers(nursery))
    ended.close()
    assert wait_for(lambda: not readers(nursery))


def test_a_reader_that_takes_too_long_is_gone_when_that_is_said(tmp_path, nursery):
    with pytest.raises(RefusedError) as refused:
        sandbox.read_table(csv(tmp_path / "a.csv", TEXT), "a.csv", None, Limits(wall_seconds=0))
    assert refused.value.details["name"] == "wall_seconds"
    assert readers(nursery) == []


def test_a_killed_nursery_takes_its_readers_along_and_the_next_file_is_read(held, nursery, tmp_path):
    _, ended = held()
    assert wait_for(lambda: readers(nursery))
    left = readers(nursery)
    assert wait_for(lambda: not sockets_of(*left))
    os.kill(nursery._process.pid, signal.SIGKILL)
    assert ended.recv(16) == b""
    table = sandbox.read_table(csv(tmp_path / "b.csv", TEXT), "b.csv", None, Limits())
    assert len(table) == 1
    assert not set(left) & set(readers(nursery))
