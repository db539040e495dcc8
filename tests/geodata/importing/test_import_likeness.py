"""The same object without its code: proposed by name and place, taken only when somebody says so."""

import pytest

from geodata.history.undoing import undo
from geodata.importing.storing.likeness import MATCH
from geodata.layers import LAYERS
from tests.factories import make_feature
from tests.geodata.importing.files import csv, geojson, square

STORED = "MA,TEN,SO_HO,lon,lat\nCH-1,Chợ Sắt,10,106.68,20.86\nCH-2,Chợ Tam Bạc,20,106.69,20.87\nCH-3,Chợ Ga,30,106.70,20.85\n"
NAMELESS_HEAD = "TEN,SO_HO,lon,lat\n"
WITHOUT_CODES = (
    NAMELESS_HEAD + "CHO SAT,11,106.6805,20.86\nChợ Tam Bạc (mới),21,106.69,20.8704\nChợ Ga,30,106.70,20.85\n"
)


@pytest.fixture
def three(tmp_path, store):
    assert store(csv(tmp_path / "stored.csv", STORED)).import_id


def counts(report):
    return (report.counts.new, report.counts.changed, report.counts.unchanged, report.counts.rejected)


def test_without_a_code_column_the_question_says_what_names_and_places_tell(tmp_path, preview, three):
    report = preview(csv(tmp_path / "a.csv", WITHOUT_CODES)).report
    assert (report.status, report.question.about) == ("ask", "columns")
    choice = report.question.choices[-1]
    assert choice.value == MATCH
    assert (choice.why.values["unique"], choice.why.values["count"]) == (3, 3)


def test_a_proposal_names_code_name_metres_and_likeness(tmp_path, preview, three):
    (proposal, other, same) = preview(csv(tmp_path / "a.csv", WITHOUT_CODES), match=True).proposals
    candidate = proposal.candidates[0]
    assert (proposal.row, candidate.code, candidate.name, candidate.likeness) == (1, "CH-1", "Chợ Sắt", 1.0)
    assert candidate.metres == pytest.approx(52, abs=1)
    assert other.candidates[0].code == "CH-2"
    assert 0.5 <= other.candidates[0].likeness < 1
    assert same.candidates[0].metres == 0


def test_nothing_is_decided_by_itself(tmp_path, preview, three):
    report = preview(csv(tmp_path / "a.csv", WITHOUT_CODES), match=True).report
    assert counts(report) == (0, 0, 0, 3)
    assert {(item.code, item.field) for item in report.problems if item.severity == "error"} == {
        ("missing_field", "code")
    }


def test_taken_matches_are_stored_as_changes_of_the_objects_and_can_be_undone(
    tmp_path, session, store, stored, preview, three
):
    path = csv(tmp_path / "a.csv", WITHOUT_CODES)
    report = store(path, take_matches=True)
    assert report.import_id
    assert counts(report) == (0, 2, 1, 0)
    assert {code: item.trader_count for code, item in stored().items()} == {"CH-1": 11, "CH-2": 21, "CH-3": 30}
    assert stored()["CH-2"].name == "Chợ Tam Bạc (mới)"
    assert counts(preview(path, take_matches=True).report) == (0, 0, 3, 0)
    undo(session, report.import_id, LAYERS, user_name="an")
    assert {code: item.trader_count for code, item in stored().items()} == {"CH-1": 10, "CH-2": 20, "CH-3": 30}


def test_a_row_with_another_code_is_new_until_it_is_said_to_be_the_same(tmp_path, store, stored, preview, three):
    path = csv(tmp_path / "a.csv", "MA,TEN,SO_HO,lon,lat\nX-9,Chợ Sắt,12,106.6801,20.86\n")
    report = preview(path).report
    assert counts(report) == (1, 0, 0, 0)
    assert [(item.code, item.severity) for item in report.problems if item.row] == [("duplicate_existing", "warning")]
    assert counts(preview(path, matches={1: ""}).report) == (1, 0, 0, 0)
    assert [item.row for item in preview(path, matches={1: ""}).report.problems if item.row] == []
    assert counts(store(path, matches={1: "CH-1"})) == (0, 1, 0, 0)
    assert sorted(stored()) == ["CH-1", "CH-2", "CH-3"]
    assert stored()["CH-1"].trader_count == 12


def test_an_answer_that_is_no_candidate_is_no_answer(tmp_path, preview, three):
    path = csv(tmp_path / "a.csv", "MA,TEN,lon,lat\nX-9,Chợ Sắt,106.6801,20.86\n")
    assert preview(path, matches={1: "CH-3"}).proposals[0].decision is None


def test_two_candidates_or_two_rows_for_one_object_are_never_taken_by_themselves(tmp_path, preview, three, session):
    twice = csv(tmp_path / "a.csv", NAMELESS_HEAD + "Chợ Sắt,1,106.68,20.86\nChợ Sắt,2,106.6801,20.86\n")
    report = preview(twice, take_matches=True).report
    assert counts(report) == (0, 0, 0, 2)
    make_feature(session, LAYERS.get("markets"), code="CH-9", name="Chợ Sắt", lon=106.6802, lat=20.86)
    once = csv(tmp_path / "b.csv", NAMELESS_HEAD + "Chợ Sắt,1,106.68,20.86\n")
    found = preview(once, take_matches=True)
    assert counts(found.report) == (0, 0, 0, 1)
    assert [item.code for item in found.proposals[0].candidates] == ["CH-1", "CH-9"]


def test_two_rows_said_to_be_one_object_are_a_duplicate(tmp_path, preview, three):
    path = csv(tmp_path / "a.csv", NAMELESS_HEAD + "Chợ Sắt,1,106.68,20.86\nChợ Sắt,2,106.6801,20.86\n")
    report = preview(path, match=True, matches={1: "CH-1", 2: "CH-1"}).report
    assert counts(report) == (0, 1, 0, 1)
    assert [(item.row, item.code) for item in report.problems if item.row] == [(2, "duplicate_in_file")]


@pytest.mark.parametrize(
    "row",
    [
        "Chợ Sắt,1,106.72,20.86",
        "Chợ Hàng,1,106.68,20.86",
        "Chợ Sắt 2,1,106.79,20.86",
    ],
)
def test_what_is_far_away_or_called_otherwise_is_not_proposed(tmp_path, preview, three, row):
    assert preview(csv(tmp_path / "a.csv", NAMELESS_HEAD + row + "\n"), match=True).proposals == ()


def test_neighbours_with_other_numbers_are_not_the_same(tmp_path, preview, session):
    make_feature(session, LAYERS.get("fuel_sites"), code="XD-1", name="Cửa hàng xăng dầu số 1", lon=106.68, lat=20.86)
    rows = "Cửa hàng xăng dầu số 2,106.6803,20.86\nCua hang xang dau so 01,106.6801,20.86\n"
    found = preview(csv(tmp_path / "a.csv", "TEN,lon,lat\n" + rows), "fuel_sites", match=True).proposals
    assert [item.row for item in found] == [2]


def test_an_object_that_another_row_names_by_its_code_is_not_proposed(tmp_path, preview, three):
    path = csv(tmp_path / "a.csv", "MA,TEN,lon,lat\nCH-1,Chợ Sắt,106.68,20.86\nX,Chợ Sắt,106.68,20.86\n")
    assert preview(path).proposals == ()


def test_replacing_does_not_delete_what_an_undecided_row_resembles(tmp_path, store, stored, three):
    path = csv(tmp_path / "a.csv", "MA,TEN,lon,lat\n,Chợ Sắt,106.68,20.86\nCH-2,Chợ Tam Bạc,106.69,20.87\n")
    report = store(path, mode="replace", accept_partial=True)
    assert (report.counts.absent, report.counts.rejected) == (1, 1)
    assert sorted(stored()) == ["CH-1", "CH-2"]


def test_areas_are_recognised_too(tmp_path, store, preview):
    assert store(geojson(tmp_path / "a.geojson", [({"ma": "QH1", "ten": "Khu đất chợ"}, square())]), "planning_zones")
    path = geojson(tmp_path / "b.geojson", [({"ten": "khu dat cho"}, square(size=0.006))])
    report = preview(path, "planning_zones", take_matches=True).report
    assert counts(report) == (0, 1, 0, 0)
    assert report.matches[0].decision == "QH1"
