"""Many objects at once over HTTP: previewed, stored as previewed, one change set."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.history.change_sets import ChangeSet
from geodata.history.undoing import undo
from geodata.layers import LAYERS
from tests.factories import make_feature

KIND = LAYERS.get("markets")


@pytest.fixture
def markets(session):
    """Six markets: one is being rebuilt already, one can have no stalls at all."""
    made = [make_feature(session, KIND, status="operating", address="phố A") for _ in range(5)]
    made.append(make_feature(session, KIND, status="rebuilding", address="phố B"))
    session.commit()
    return made


def test_a_batch_of_ticked_objects_is_previewed_stored_as_one_change_set_and_undone(login, connection, markets):
    planner = login("planner")
    body = {"ids": [made.id for made in markets], "values": {"status": "rebuilding"}, "reason": "theo báo cáo"}
    looked = planner.post("/edit/markets/batch/preview", json=body).json
    assert (looked["counts"]["changed"], looked["counts"]["unchanged"], looked["change_set_id"]) == (5, 1, None)
    assert {tuple(item["fields"]["status"]) for item in looked["objects"]} == {("operating", "rebuilding")}
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        assert session.scalars(select(KIND.column("status")).distinct()).all().count("operating") == 1
        stored = planner.post("/edit/markets/batch", json=body | {"mark": looked["mark"]}).json
        assert stored["counts"]["changed"] == 5
        change_set = session.get(ChangeSet, stored["change_set_id"])
        assert (change_set.reason, change_set.kind) == ("theo báo cáo", "edit")
        assert set(session.scalars(select(KIND.column("status")))) == {"rebuilding"}
        assert undo(session, change_set.id, LAYERS, user_name="an").restored == 5


def test_a_batch_takes_all_that_the_filters_keep_and_no_more(login, markets):
    planner = login("planner")
    body = {"filters": "status=rebuilding", "values": {"address": "phố mới"}}
    looked = planner.post("/edit/markets/batch/preview", json=body).json
    assert looked["counts"]["changed"] == 1
    assert looked["objects"][0]["id"] == markets[-1].id
    refused = planner.post("/edit/markets/batch/preview", json=body | {"filters": "no_such=1"})
    assert refused.status_code == 400


def test_what_somebody_changed_since_the_preview_is_not_overwritten(login, markets):
    planner = login("planner")
    body = {"ids": [made.id for made in markets], "values": {"address": "phố mới"}}
    mark = planner.post("/edit/markets/batch/preview", json=body).json["mark"]
    other = {"objects": [{"id": markets[0].id, "values": {"address": "phố của người khác"}}]}
    assert login("gis").post("/edit/markets", json=other).status_code == 200
    answer = planner.post("/edit/markets/batch", json=body | {"mark": mark}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["error"]) == (409, "stale")


def test_what_is_refused_is_told_with_its_reason_and_left_out_when_asked(login, markets):
    planner = login("planner")
    body = {"ids": [made.id for made in markets], "values": {"stall_count": "-4"}}
    looked = planner.post("/edit/markets/batch/preview", json=body).json
    assert looked["counts"]["rejected"] == 6
    assert looked["objects"][0]["problems"][0]["field"] == "stall_count"
    whole = planner.post("/edit/markets/batch", json=body | {"mark": looked["mark"]})
    assert whole.status_code == 422


def test_a_batch_goes_no_further_than_the_account_may(login, markets):
    body = {"ids": [markets[0].id], "values": {"address": "x"}}
    assert login("inspector").post("/edit/markets/batch/preview", json=body).status_code == 403
    missing = {"ids": [10**9], "values": {"address": "x"}}
    assert login("planner").post("/edit/markets/batch/preview", json=missing).status_code == 404


def test_a_planner_takes_his_own_edit_back_from_the_history_and_reads_what_became_of_it(login, session, markets):
    planner = login("planner")
    edit = {"objects": [{"id": markets[0].id, "values": {"address": "phố mới"}}], "reason": "đo lại"}
    number = planner.post("/edit/markets", json=edit).json["change_set_id"]
    answer = planner.post(f"/history/{number}/undo")
    assert answer.status_code == 302
    assert planner.get(answer.location).status_code == 200
    assert f"/history/{number}" in planner.get(answer.location).text
    session.expire_all()
    assert markets[0].address == "phố A"
    assert planner.post(f"/history/{number}/undo").status_code == 409
