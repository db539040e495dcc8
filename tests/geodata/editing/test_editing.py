"""One edit, one change set: values, places, what hangs on objects; what is refused, and why."""

import pytest
from sqlalchemy import insert, select

from shapely.geometry import Point

from geodata.base.errors import ForbiddenError, NotFoundError
from geodata.base.numbers import NumberStyle
from geodata.editing import Edit, EditRefusedError, ObjectEdit, Outcome, RowEdit, StaleError, commit_edit, preview_edit
from geodata.editing.present import load_present
from geodata.history.change_sets import changes_of, list_change_sets
from geodata.history.documents import table_of
from geodata.history.undoing import undo
from geodata.importing import ImportOptions, commit_import, preview_import
from geodata.layers import LAYERS
from geodata.query.documents import ActKind, FeatureDocument, LegalAct
from tests.factories import CENTRE, make_feature, shape_for
from tests.geodata.editing.editing import ADMIN, PLANNER, row_values, state_of, value_for

ALL = pytest.mark.parametrize("kind", list(LAYERS), ids=[kind.layer.name for kind in LAYERS])


def one(**parts):
    return Edit(objects=[ObjectEdit(**parts)], style=NumberStyle.VIETNAMESE)


def shape_of(kind, **parts):
    return shape_for(kind, **parts)


@ALL
def test_every_layer_takes_a_new_object_changes_it_and_gives_all_back(session, kind):
    before = state_of(session, kind)
    fields = [field for field in kind.fields() if not field.derived and field.name not in {"code", "valid_to"}]
    refers = set(kind.layer.refers)
    values = {
        f.name: value_for(f, 2)
        for f in fields
        if f.name not in refers and "year" not in f.name and f.name != "tax_code"
    }
    details = {
        detail.detail.name: [RowEdit(values=row_values(detail, 1)), RowEdit(values=row_values(detail, 2))]
        for detail in kind.details
        if not detail.detail.is_kept_elsewhere and "year" not in "".join(row_values(detail, 1))
    }
    added = commit_edit(
        session, kind, one(values={"code": "N-1", **values}, geometry=shape_of(kind), details=details), ADMIN
    )
    (made,) = added.objects
    assert (made.outcome, added.counts["new"]) == (Outcome.NEW, 1)
    present = load_present(session, kind, [made.feature_id])[made.feature_id]
    assert present.version == made.version
    for name, rows in details.items():
        assert len(present.hanging[name]) == len(rows)
    first = state_of(session, kind)
    edit = one(
        feature_id=made.feature_id,
        version=made.version,
        values={"name": "Tên khác"},
        geometry=shape_of(kind, lon=106.7),
    )
    changed = commit_edit(session, kind, edit, ADMIN)
    assert changed.objects[0].fields == {"name": (present.document["name"], "Tên khác")} | {
        name: pair for name, pair in changed.objects[0].fields.items() if name != "name"
    }
    assert changed.objects[0].moved_m > 500
    assert [entry.change_set.kind for entry in changes_of(session, kind.layer.name, made.feature_id, LAYERS)] == [
        "edit",
        "edit",
    ]
    undo(session, changed.change_set_id, LAYERS, user_name="an")
    assert state_of(session, kind) == first
    undo(session, added.change_set_id, LAYERS, user_name="an")
    assert state_of(session, kind) == before


def test_values_are_read_as_in_a_file_and_the_unit_is_filled_from_the_place(session):
    unit = make_feature(session, LAYERS.get("admin_units"), code="11338", name="Phường mẫu")
    kind = LAYERS.get("industrial_clusters")
    values = {"code": "C-1", "name": "Cụm mẫu", "area_ha": "1.234,5", "status": "đang hoạt động"}
    report = commit_edit(session, kind, one(values=values, geometry=shape_for(kind, size=0.001)), PLANNER)
    stored = session.get(kind, report.objects[0].feature_id)
    assert (float(stored.area_ha), stored.admin_unit_code) == (1234.5, unit.code)
    assert stored.is_illustration is False


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"voltage_kv": "nhiều"}, "voltage_kv", "bad_value"),
        ({"voltage_kv": 5000}, "voltage_kv", "bad_value"),
        ({"name": ""}, "name", "missing_field"),
        ({"name": "x" * 400}, "name", "too_long"),
        ({"loading": 1}, "loading", "bad_value"),
        ({"extra": {"a": 1}}, "extra", "bad_value"),
        ({"valid_from": "2026-02-01", "valid_to": "2026-01-01"}, "valid_from", "bad_value"),
        ({"status": ["x"]}, "status", "bad_value"),
    ],
)
def test_a_bad_value_is_told_at_its_field_and_nothing_is_stored(session, values, field, code):
    kind = LAYERS.get("substations")
    made = make_feature(session, kind)
    session.commit()
    before = state_of(session, kind)
    with pytest.raises(EditRefusedError) as refused:
        commit_edit(session, kind, one(feature_id=made.id, values=values), ADMIN)
    assert [(item.field, item.code) for item in refused.value.problems] == [(field, code)]
    assert "BETWEEN" not in refused.value.problems[0].text.say()
    assert state_of(session, kind) == before
    assert list_change_sets(session) == []


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        (Point(1, 1), "out_of_extent"),
        (shape_for(LAYERS.get("power_lines")), "wrong_geometry_type"),
        (None, "null_geometry"),
    ],
)
def test_a_place_is_checked_as_in_an_import(session, shape, code):
    kind = LAYERS.get("substations")
    with pytest.raises(EditRefusedError) as refused:
        commit_edit(session, kind, one(values={"code": "A", "name": "Trạm"}, geometry=shape), ADMIN)
    assert [(item.field, item.code) for item in refused.value.problems] == [("geom", code)]


def test_a_code_that_another_object_has_is_refused(session):
    kind = LAYERS.get("markets")
    first, second = make_feature(session, kind), make_feature(session, kind)
    session.commit()
    for edit in (
        one(feature_id=second.id, values={"code": first.code}),
        one(values={"code": first.code, "name": "x"}, geometry=Point(CENTRE)),
    ):
        with pytest.raises(EditRefusedError) as refused:
            commit_edit(session, kind, edit, ADMIN)
        assert [(item.field, item.code) for item in refused.value.problems] == [("code", "duplicate_existing")]


def test_rows_that_hang_on_an_object_are_added_changed_and_removed_with_their_problems_at_their_field(session):
    kind = LAYERS.get("substations")
    made = make_feature(session, kind)
    rows = [RowEdit(values={"name": "T1", "rated_mva": "63"}), RowEdit(values={"name": "T2", "rated_mva": "40"})]
    first = commit_edit(session, kind, one(feature_id=made.id, details={"transformers": rows}), ADMIN)
    assert first.objects[0].rows == {"transformers": (2, 0, 0)}
    present = load_present(session, kind, [made.id])[made.id]
    ids = {row["name"]: id_ for id_, row in present.hanging["transformers"].items()}
    after_first = state_of(session, kind)
    rows = [
        RowEdit(row_id=ids["T1"], values={"rated_mva": "25"}),
        RowEdit(row_id=ids["T2"], is_removal=True),
        RowEdit(values={"name": "T3", "rated_mva": 16}),
    ]
    second = commit_edit(session, kind, one(feature_id=made.id, details={"transformers": rows}), ADMIN)
    assert second.objects[0].rows == {"transformers": (1, 1, 1)}
    undo(session, second.change_set_id, LAYERS, user_name="an")
    assert state_of(session, kind) == after_first
    bad = [
        RowEdit(values={"name": "T9", "rated_mva": "-1"}),
        RowEdit(values={"rated_mva": 1}),
        RowEdit(values={"name": "T1", "rated_mva": 1}),
    ]
    with pytest.raises(EditRefusedError) as refused:
        commit_edit(session, kind, one(feature_id=made.id, details={"transformers": bad}), ADMIN)
    assert {(item.field, item.code) for item in refused.value.problems} == {
        ("transformers[1].rated_mva", "bad_value"),
        ("transformers[2].name", "missing_field"),
        ("transformers[3].name", "duplicate_in_file"),
    }


def test_a_site_repeats_the_latest_of_its_certificates_and_undo_takes_both_back(session):
    kind = LAYERS.get("fuel_sites")
    made = make_feature(session, kind, certificate_no="1/GCN", certificate_issued_on="2020-01-01")
    before = state_of(session, kind)
    rows = [RowEdit(values={"certificate_no": "2/GCN", "issued_on": "01/02/2025"})]
    report = commit_edit(session, kind, one(feature_id=made.id, details={"certificates": rows}), ADMIN)
    session.refresh(made)
    assert (made.certificate_no, str(made.certificate_issued_on)) == ("2/GCN", "2025-02-01")
    assert len(state_of(session, kind)[1]["certificates"]) == 2
    undo(session, report.change_set_id, LAYERS, user_name="an")
    assert state_of(session, kind) == before


def test_undo_of_an_import_takes_the_certificates_back_that_came_with_it(session, tmp_path):
    kind = LAYERS.get("fuel_sites")
    make_feature(session, kind, code="P1", certificate_no="1/GCN", certificate_issued_on="2020-01-01")
    before = state_of(session, kind)
    path = tmp_path / "a.csv"
    path.write_text(
        "MA,TEN,SO_GCN,NGAY_CAP,lon,lat\nP1,CHXD,999/GCN,06/11/2026,106.68,20.86\nP2,Mới,8/GCN,,106.6,20.8\n",
        encoding="utf-8",
    )
    report = commit_import(session, preview_import(session, kind, path, ImportOptions()), user_name="an")
    assert len(state_of(session, kind)[1]["certificates"]) == 3
    taken_back = undo(session, report.import_id, LAYERS, user_name="an")
    assert (taken_back.kept, taken_back.hanging) == ((), 1)
    assert state_of(session, kind) == before
    undo(session, taken_back.change_set_id, LAYERS, user_name="an")
    assert len(state_of(session, kind)[1]["certificates"]) == 3


def test_legal_acts_are_attached_taken_off_and_come_back_with_an_undo(session):
    kind = LAYERS.get("markets")
    made = make_feature(session, kind)
    acts = [
        session.scalar(insert(LegalAct).values(number=f"{n}/QĐ", kind=ActKind.DECISION).returning(LegalAct.id))
        for n in (1, 2)
    ]
    commit_edit(session, kind, one(feature_id=made.id, acts_added=(acts[0],)), ADMIN)
    before = state_of(session, kind)
    report = commit_edit(session, kind, one(feature_id=made.id, acts_added=(acts[1],), acts_removed=(acts[0],)), ADMIN)
    assert list(session.scalars(select(FeatureDocument.legal_act_id))) == [acts[1]]
    undo(session, report.change_set_id, LAYERS, user_name="an")
    assert state_of(session, kind) == before


def test_the_second_of_two_editors_is_told_and_nothing_of_the_first_is_lost(session):
    kind = LAYERS.get("markets")
    made = make_feature(session, kind, trader_count=1)
    version = load_present(session, kind, [made.id])[made.id].version
    commit_edit(session, kind, one(feature_id=made.id, version=version, values={"trader_count": 2}), PLANNER)
    with pytest.raises(StaleError) as stale:
        commit_edit(session, kind, one(feature_id=made.id, version=version, values={"trader_count": 3}), ADMIN)
    assert stale.value.ids == (made.id,)
    session.refresh(made)
    assert made.trader_count == 2


def test_many_at_once_are_one_change_set_and_what_cannot_be_stored_is_left_out_when_asked(session):
    kind = LAYERS.get("markets")
    ids = [make_feature(session, kind).id for _ in range(5)]
    session.commit()
    values = {"stall_count": 7}
    objects = [ObjectEdit(feature_id=id_, values=values) for id_ in ids]
    objects[2] = ObjectEdit(feature_id=ids[2], values={"stall_count": -1})
    looked = preview_edit(session, kind, Edit(objects=objects), PLANNER)
    assert (looked.counts["changed"], looked.counts["rejected"], looked.change_set_id) == (4, 1, None)
    with pytest.raises(EditRefusedError):
        commit_edit(session, kind, Edit(objects=objects), PLANNER)
    report = commit_edit(session, kind, Edit(objects=objects, reason="kiểm đếm lại"), PLANNER, accept_partial=True)
    (change_set,) = list_change_sets(session)
    assert (change_set.id, change_set.reason, change_set.counts["changed"]) == (report.change_set_id, "kiểm đếm lại", 4)
    assert undo(session, report.change_set_id, LAYERS, user_name="an").restored == 4


def test_an_edit_that_changes_nothing_makes_no_change_set(session):
    kind = LAYERS.get("markets")
    made = make_feature(session, kind, address="phố 1")
    session.commit()
    report = commit_edit(
        session, kind, one(feature_id=made.id, values={"address": "phố 1"}, geometry=Point(CENTRE)), ADMIN
    )
    assert (report.change_set_id, report.objects[0].outcome) == (None, Outcome.UNCHANGED)
    assert list_change_sets(session) == []


def test_who_may_not_write_a_layer_or_see_a_field_changes_neither(session):
    kind = LAYERS.get("fuel_sites")
    made = make_feature(session, kind)
    session.commit()
    with pytest.raises(ForbiddenError):
        commit_edit(session, kind, one(feature_id=made.id, values={"name": "x"}), PLANNER)
    for detail in ("visits", "findings"):
        with pytest.raises(EditRefusedError):
            commit_edit(
                session, kind, one(feature_id=made.id, details={detail: [RowEdit(values={"note": "x"})]}), ADMIN
            )
    with pytest.raises(NotFoundError):
        commit_edit(session, kind, one(feature_id=10**9, values={"name": "x"}), ADMIN)


def test_a_deleted_object_comes_back_with_all_that_hung_on_it(session):
    kind = LAYERS.get("substations")
    made = make_feature(session, kind)
    rows = [RowEdit(values={"name": "T1", "rated_mva": 63})]
    commit_edit(session, kind, one(feature_id=made.id, details={"transformers": rows}), ADMIN)
    before = state_of(session, kind)
    report = commit_edit(
        session, kind, Edit(objects=[ObjectEdit(feature_id=made.id, is_deletion=True)], reason="trùng"), ADMIN
    )
    assert report.counts["deleted"] == 1
    assert session.scalar(select(table_of(kind).c.id)) is None
    undo(session, report.change_set_id, LAYERS, user_name="an")
    assert state_of(session, kind) == before


def test_an_account_limited_to_an_area_edits_only_what_lies_in_it(session):
    from dataclasses import replace

    make_feature(session, LAYERS.get("admin_units"), code="1", name="Phường 1")
    limited = replace(PLANNER, areas=("unit=1",))
    kind = LAYERS.get("markets")
    inside, outside = make_feature(session, kind), make_feature(session, kind, lon=106.9)
    session.commit()
    assert (
        commit_edit(session, kind, one(feature_id=inside.id, values={"address": "x"}), limited).counts["changed"] == 1
    )
    for edit in (
        one(feature_id=outside.id, values={"address": "x"}),
        one(feature_id=inside.id, geometry=Point(106.9, 20.86)),
        one(values={"code": "n", "name": "n"}, geometry=Point(106.9, 20.86)),
        one(feature_id=outside.id, geometry=Point(CENTRE)),
        one(feature_id=outside.id, is_deletion=True),
    ):
        with pytest.raises(EditRefusedError) as refused:
            commit_edit(session, kind, edit, limited)
        assert refused.value.problems[-1].code == "out_of_extent"
