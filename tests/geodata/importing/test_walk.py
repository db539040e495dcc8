"""A walk that goes on from an earlier one ends where one from the beginning ends."""

from dataclasses import fields
from itertools import permutations

import pytest

from geodata.importing import ImportOptions, preview_import
from geodata.importing.found import Compared, Decoded, Located, Stopped
from geodata.importing.reading import sandbox
from geodata.importing.walk import DETAILS, OBJECTS
from geodata.layers import LAYERS
from tests.geodata.importing.files import csv

MARKETS = LAYERS.get("markets")
ROWS = "COT_1,TEN,HANG,NGAY,X,Y\nCH-1,Chợ An,hạng 3,1/2/2020,2307000,596000\nCH-2,Chợ Ba,lớn,3/4/2020,2308000,597000\n"
#: Answers of which each changes another step of the walk.
ANSWERS = (
    {},
    {"crs": "EPSG:9210"},
    {"crs": "EPSG:3405", "swap_axes": True},
    {"crs": "EPSG:9210", "mapping": {"code": "COT_1"}},
    {"crs": "EPSG:9210", "mapping": {"code": "COT_1"}, "values": {"market_class": {"lớn": "1"}}},
    {"crs": "EPSG:9210", "mapping": {"code": "COT_1"}, "excluded_rows": frozenset({1})},
    {"crs": "EPSG:9210", "match": True, "mode": "append"},
    {"coordinates": {"lon": "X", "lat": "Y"}, "encoding": "utf-8"},
    {"header_row": "2", "coordinates": {"none": ""}},
)


def look(session, path, answers, before=None):
    return preview_import(session, MARKETS, path, ImportOptions(**answers), before=before)


def outcome(preview):
    rows = None if preview.rows is None else (preview.rows.rows, preview.rows.values)
    return preview.report.as_json(), rows, preview.problems, preview.samples, preview.proposals


@pytest.mark.parametrize(("first", "second"), list(permutations(ANSWERS, 2)))
def test_going_on_with_other_answers_ends_as_a_walk_from_the_beginning(session, tmp_path, first, second):
    path = csv(tmp_path / "a.csv", ROWS)
    resumed = look(session, path, second, before=look(session, path, first))
    assert outcome(resumed) == outcome(look(session, path, second))


def test_what_an_answer_does_not_touch_is_not_done_again(session, tmp_path, monkeypatch):
    tasks, run = [], sandbox._run
    monkeypatch.setattr(
        sandbox, "_run", lambda folder, request, limits: tasks.append(request["task"]) or run(folder, request, limits)
    )
    path = csv(tmp_path / "a.csv", ROWS)
    asked = look(session, path, ANSWERS[0])
    again = look(session, path, ANSWERS[1], before=asked)
    ready = look(session, path, ANSWERS[4], before=again)
    assert tasks == ["read"]
    assert (asked.report.question.about, again.report.question.about) == ("crs", "columns")
    assert again.walk.steps[2] is asked.walk.steps[2]
    assert isinstance(asked.walk.last, Located)
    assert isinstance(asked.walk.end, Stopped)
    assert isinstance(ready.walk.last, Compared)
    assert [type(value) for at, value in ready.walk.steps.items() if at] == [Decoded]


def test_every_answer_is_heeded_by_a_step():
    answers = {field.name for field in fields(ImportOptions)} - {"detail"}
    of_places_and_likeness = {"coordinates", "crs", "swap_axes", "match", "matches", "take_matches"}
    assert {name for _, heeds in OBJECTS for name in heeds} == answers
    assert {name for _, heeds in DETAILS for name in heeds} == answers - of_places_and_likeness
