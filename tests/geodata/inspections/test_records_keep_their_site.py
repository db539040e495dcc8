"""A site on which a record hangs is not deleted: not by an import, not by its undo, not by an edit."""

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from geodata.editing import Edit, EditRefusedError, ObjectEdit, Outcome, commit_edit, preview_edit
from geodata.history.undoing import preview_undo, undo
from geodata.importing import ImportOptions, Mode, commit_import, preview_import
from geodata.inspections.facts import today
from geodata.inspections.finishing import finish_visit
from geodata.inspections.rights import Person
from geodata.inspections.versions import read_record
from geodata.inspections.visits import plan_visit
from geodata.layers import LAYERS
from geodata.layers.fuel_sites import FuelSite
from geodata.schema.roles import Role
from tests.geodata.editing.editing import ADMIN
from tests.visit_forms import violation

INSPECTOR = Person(name="inspector-test", role=Role.ADMIN)
HEAD = "MA,TEN,LOAI,lon,lat\n"
INSPECTED = "P1,Cửa hàng đã kiểm tra,xăng dầu,106.68,20.86\n"
OTHER = "P2,Cửa hàng khác,xăng dầu,106.69,20.86\n"


@pytest.fixture
def preview(session, tmp_path):
    def run(text, mode=Mode.UPSERT):
        path = tmp_path / "sites.csv"
        path.write_text(HEAD + text, encoding="utf-8")
        return preview_import(session, FuelSite, path, ImportOptions(mode=mode))

    return run


@pytest.fixture
def inspected(session, preview):
    """An import of two sites, and the finished record of a visit to one of them."""
    number = commit_import(session, preview(INSPECTED + OTHER), user_name="an").import_id
    paper = plan_visit(session, INSPECTOR, site("P1", session).id, planned_on=today(session))
    finish_visit(session, INSPECTOR, paper.id, version=1, raw=violation(today(session)))
    session.commit()
    return number, paper


def site(code, session):
    return session.scalars(select(FuelSite).where(FuelSite.code == code)).one()


def codes(session):
    return set(session.scalars(select(FuelSite.code)))


def check_record(session, paper):
    session.expire_all()
    record = read_record(session, paper)
    assert record.facts["site"]["code"] == "P1"
    assert record.content == violation(today(session))


def test_a_file_that_is_the_whole_layer_leaves_it_and_says_so(session, preview, inspected):
    _, paper = inspected
    found = preview("P3,Cửa hàng mới,xăng dầu,106.70,20.86\n", Mode.REPLACE)
    assert found.report.counts.absent == 1
    (kept,) = [item for item in found.report.problems if item.code == "kept_records"]
    assert (kept.value, "records that must be kept" in kept.text.say()) == ("P1", True)
    commit_import(session, found, user_name="an")
    assert codes(session) == {"P1", "P3"}
    check_record(session, paper)


def test_the_undo_of_its_import_leaves_it_and_says_so(session, inspected):
    number, paper = inspected
    for report in (preview_undo(session, number, LAYERS), undo(session, number, LAYERS, user_name="an")):
        assert [(edit.code, edit.reason) for edit in report.kept] == [("P1", "records that must be kept hang on it")]
        assert report.removed == 1
    assert codes(session) == {"P1"}
    check_record(session, paper)
    undo(session, report.change_set_id, LAYERS, user_name="an")
    assert codes(session) == {"P1", "P2"}
    check_record(session, paper)


def test_an_edit_that_deletes_it_is_refused_before_and_when_it_is_stored(session, inspected):
    _, paper = inspected
    edit = Edit(objects=[ObjectEdit(feature_id=site(code, session).id, is_deletion=True) for code in ("P1", "P2")])
    held, other = preview_edit(session, FuelSite, edit, ADMIN).objects
    assert (held.outcome, [item.code for item in held.problems]) == (Outcome.REJECTED, ["kept_records"])
    assert other.outcome is Outcome.DELETED
    session.rollback()
    with pytest.raises(EditRefusedError):
        commit_edit(session, FuelSite, edit, ADMIN)
    assert codes(session) == {"P1", "P2"}
    commit_edit(session, FuelSite, edit, ADMIN, accept_partial=True)
    assert codes(session) == {"P1"}
    check_record(session, paper)


def test_a_planned_visit_and_a_written_draft_are_records_too(session, preview):
    commit_import(session, preview(INSPECTED + OTHER), user_name="an")
    plan_visit(session, INSPECTOR, site("P1", session).id, planned_on=today(session))
    session.commit()
    commit_import(session, preview(OTHER, Mode.REPLACE), user_name="an")
    assert codes(session) == {"P1", "P2"}


def test_the_database_itself_refuses(session, inspected):
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(delete(FuelSite).where(FuelSite.code == "P1"))
