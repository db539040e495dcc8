"""What the history says of a change set in one line: whose object, how many, which columns and details."""

import pytest

import shapely

from geodata.editing import Edit, ObjectEdit, RowEdit, commit_edit
from geodata.history.change_sets import list_change_sets
from geodata.history.gists import Gist, gists_of
from geodata.history.undoing import undo
from geodata.layers import LAYERS
from tests.geodata.editing.editing import ADMIN

STATION = LAYERS.get("substations")


def told(session) -> Gist:
    (latest, *_) = list_change_sets(session)
    return gists_of(session, [latest], LAYERS)[latest.id]


@pytest.fixture
def station(session) -> int:
    values = {"code": "T-1", "name": "Trạm một", "voltage_kv": 110}
    made = commit_edit(
        session, STATION, Edit(objects=[ObjectEdit(values=values, geometry=shapely.Point(106.7, 20.8))]), ADMIN
    )
    return made.objects[0].feature_id


def edit(session, *objects: ObjectEdit) -> None:
    commit_edit(session, STATION, Edit(objects=list(objects)), ADMIN)


def test_an_added_an_edited_and_a_deleted_object_are_told_by_name_and_columns(session, station):
    assert told(session) == Gist(count=1, names=["Trạm một"], added=1)
    moved = ObjectEdit(feature_id=station, values={"owner": "EVN"}, geometry=shapely.Point(106.71, 20.8))
    edit(session, moved)
    found = told(session)
    assert (found.names, set(found.columns), found.count, found.added) == (["Trạm một"], {"owner", "geom"}, 1, 0)
    edit(session, ObjectEdit(feature_id=station, is_deletion=True))
    found = told(session)
    assert (found.names, found.deleted, found.count) == (["Trạm một"], 1, 1)
    undo(session, list_change_sets(session)[0].id, LAYERS, user_name="a")
    assert told(session).names == ["Trạm một"]


def test_rows_that_hang_on_an_object_are_told_under_its_name(session, station):
    edit(
        session,
        ObjectEdit(feature_id=station, details={"transformers": [RowEdit(values={"name": "T1", "rated_mva": 40})]}),
    )
    found = told(session)
    assert (found.names, found.columns, found.details) == (["Trạm một"], [], ["transformers"])


def test_many_objects_are_counted(session, station):
    others = [
        ObjectEdit(
            values={"code": f"N-{n}", "name": f"Trạm N{n}", "voltage_kv": 110}, geometry=shapely.Point(106.7, 20.8)
        )
        for n in range(3)
    ]
    edit(session, *others, ObjectEdit(feature_id=station, values={"owner": "EVN"}))
    found = told(session)
    assert (found.count, found.added, found.columns) == (4, 3, ["owner"])
