"""Edits of reviewed layers wait, count nowhere, and are accepted whole or in part, or returned."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import func, select

from geodata.accounts.access import Role
from geodata.base.errors import ConflictError, ForbiddenError, InvalidValueError, NotFoundError
from geodata.editing import (
    Edit,
    Editor,
    EditRefusedError,
    ObjectEdit,
    RowEdit,
    StaleError,
    accept,
    commit_edit,
    give_back,
    load_present,
    propose,
    withdraw,
)
from geodata.editing.proposals import get_proposal, list_proposals, preview_proposal, set_reviewed
from geodata.editing.reviewed import ReviewRequiredError
from geodata.history.change_sets import get_change_set, list_change_sets
from geodata.history.undoing import undo
from geodata.layers import LAYERS
from tests.factories import make_feature, shape_for
from tests.geodata.editing.editing import ADMIN, PLANNER, state_of

GIS = Editor(name="giang", role=Role.GIS, registry=LAYERS)
KIND = LAYERS.get("substations")


@pytest.fixture
def reviewed(session):
    """A layer that is reviewed, with one object in it."""
    made = make_feature(session, KIND, address="phố 1", capacity_mva=63)
    session.commit()
    set_reviewed(session, KIND, True, ADMIN)
    return made


def change(made, **values):
    return Edit(objects=[ObjectEdit(feature_id=made.id, values=values)], reason="theo quy hoạch")


def versions_of(session, proposal, reader=GIS):
    report = preview_proposal(session, KIND, proposal, reader)
    return {item.feature_id: item.version for item in report.objects if item.feature_id}


def test_an_edit_of_a_reviewed_layer_cannot_be_stored_but_proposed(session, reviewed):
    with pytest.raises(ReviewRequiredError):
        commit_edit(session, KIND, change(reviewed, address="phố 2"), PLANNER)
    before = state_of(session, KIND)
    made = propose(session, KIND, change(reviewed, address="phố 2"), PLANNER)
    assert (made.status, made.proposed_by) == ("open", PLANNER.name)
    assert state_of(session, KIND) == before
    assert list_change_sets(session) == []
    assert commit_edit(session, KIND, change(reviewed, address="phố 3"), GIS).counts["changed"] == 1


def test_an_accepted_proposal_is_one_change_set_that_names_both_and_can_be_undone(session, reviewed):
    shape = shape_for(KIND, lon=106.7)
    rows = {"transformers": [RowEdit(values={"name": "T1", "rated_mva": "63"})]}
    item = ObjectEdit(feature_id=reviewed.id, values={"address": "phố 2"}, geometry=shape, details=rows)
    before = state_of(session, KIND)
    made = propose(session, KIND, Edit(objects=[item], reason="theo quy hoạch"), PLANNER)
    report = accept(session, KIND, made, GIS, versions=versions_of(session, made))
    change_set = get_change_set(session, report.change_set_id)
    assert (change_set.proposed_by, change_set.user_name) == (PLANNER.name, GIS.name)
    assert change_set.reason == "theo quy hoạch"
    session.refresh(made)
    assert (made.status, made.decided_by, made.change_set_id) == ("accepted", GIS.name, report.change_set_id)
    with pytest.raises(ConflictError):
        give_back(session, KIND, made, GIS, "muộn")
    undo(session, report.change_set_id, LAYERS, user_name="an")
    assert state_of(session, KIND) == before


def test_a_part_is_accepted_and_the_rest_left_out(session, reviewed):
    other = make_feature(session, KIND, address="phố 8")
    session.commit()
    objects = [ObjectEdit(feature_id=made.id, values={"address": "mới", "owner": "EVN"}) for made in (reviewed, other)]
    made = propose(session, KIND, Edit(objects=objects), PLANNER)
    with pytest.raises(InvalidValueError):
        accept(session, KIND, made, GIS, versions=versions_of(session, made), parts={})
    accept(session, KIND, made, GIS, versions=versions_of(session, made), parts={1: {"owner"}})
    session.expire_all()
    assert [(item.address, item.owner) for item in (reviewed, other)] == [("phố 1", "EVN"), ("phố 8", None)]


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.sets(st.sampled_from(["address", "capacity_mva", "geom", "transformers"]), min_size=1))
def test_accepting_any_part_stores_what_an_edit_of_that_part_would(session, reviewed, chosen):
    row = RowEdit(values={"name": "T7", "rated_mva": 40})
    parts = {"address": "phố 7", "capacity_mva": 40}
    item = ObjectEdit(
        feature_id=reviewed.id, values=parts, geometry=shape_for(KIND, lon=106.7), details={"transformers": [row]}
    )
    before = state_of(session, KIND)
    proposal = propose(session, KIND, Edit(objects=[item]), PLANNER)
    versions = versions_of(session, proposal)
    report = accept(session, KIND, proposal, GIS, versions=versions, parts={1: chosen})
    by_proposal = document_of(session, reviewed)
    undo(session, report.change_set_id, LAYERS, user_name="an")
    assert state_of(session, KIND) == before
    own = replace(
        item,
        values={name: value for name, value in parts.items() if name in chosen},
        geometry=item.geometry if "geom" in chosen else None,
        details=item.details if "transformers" in chosen else {},
    )
    report = commit_edit(session, KIND, Edit(objects=[own]), GIS)
    assert document_of(session, reviewed) == by_proposal
    undo(session, report.change_set_id, LAYERS, user_name="an")


def document_of(session, made):
    """Return an object's columns and the values of its rows, whatever numbers these have."""
    present = load_present(session, KIND, [made.id])[made.id]
    rows = [{**row, "id": 0} for rows in present.hanging.values() for row in rows.values()]
    return present.document, rows


def test_what_changed_since_the_reviewer_looked_is_not_overwritten(session, reviewed):
    made = propose(session, KIND, change(reviewed, address="phố 2"), PLANNER)
    seen = versions_of(session, made)
    commit_edit(session, KIND, change(reviewed, address="phố khác"), GIS)
    with pytest.raises(StaleError):
        accept(session, KIND, made, GIS, versions=seen)
    report = preview_proposal(session, KIND, made, GIS)
    assert report.objects[0].fields["address"] == ("phố khác", "phố 2")
    accept(session, KIND, made, GIS, versions=versions_of(session, made))
    session.refresh(reviewed)
    assert reviewed.address == "phố 2"


def test_a_returned_proposal_has_a_remark_and_its_planner_sees_it(session, reviewed):
    made = propose(session, KIND, change(reviewed, address="phố 2"), PLANNER)
    with pytest.raises(InvalidValueError):
        give_back(session, KIND, made, GIS, "  ")
    for nobody in (PLANNER, replace(GIS, areas=("unit=1",))):
        with pytest.raises(ForbiddenError):
            accept(session, KIND, made, nobody, versions={})
    give_back(session, KIND, made, GIS, "thiếu văn bản")
    (found,) = list_proposals(session, PLANNER)
    assert (found.status, found.remark, found.decided_by) == ("returned", "thiếu văn bản", GIS.name)
    again = propose(session, KIND, change(reviewed, address="phố 2"), PLANNER)
    with pytest.raises(ForbiddenError):
        withdraw(session, again, GIS)
    withdraw(session, again, PLANNER)
    assert list_proposals(session, GIS, is_open=True) == []


def test_what_an_edit_would_be_refused_for_is_no_proposal_either(session, reviewed):
    for values in ({"capacity_mva": "-1"}, {"no_such_field": "x"}):
        with pytest.raises(EditRefusedError):
            propose(session, KIND, change(reviewed, **values), PLANNER)
    with pytest.raises(InvalidValueError):
        propose(session, KIND, change(reviewed, address="phố 1"), PLANNER)


def test_a_proposal_cannot_be_read_where_the_object_could_not(session, reviewed):
    make_feature(session, LAYERS.get("admin_units"), code="1", name="Phường 1")
    far = make_feature(session, KIND, lon=106.9)
    session.commit()
    near = propose(session, KIND, change(reviewed, address="phố 2"), PLANNER)
    away = propose(session, KIND, change(far, address="phố 3"), PLANNER)
    out = propose(session, KIND, Edit(objects=[ObjectEdit(feature_id=reviewed.id, geometry=far_shape())]), PLANNER)
    limited = replace(PLANNER, name="chi", areas=("unit=1",))
    assert [item.id for item in list_proposals(session, limited)] == [near.id]
    for hidden in (away, out):
        with pytest.raises(NotFoundError):
            get_proposal(session, hidden.id, limited)
    for role in (Role.PUBLIC, Role.INSPECTOR, Role.LEADER):
        assert list_proposals(session, Editor(name="x", role=role, registry=LAYERS)) == []


def far_shape():
    return shape_for(KIND, lon=106.95)


def test_a_proposal_counts_nowhere(session, reviewed):
    new = ObjectEdit(values={"code": "MOI", "name": "Trạm mới"}, geometry=shape_for(KIND))
    propose(session, KIND, Edit(objects=[new]), PLANNER)
    assert session.scalar(select(func.count()).select_from(KIND)) == 1
