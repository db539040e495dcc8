"""What hangs on objects comes in by file, goes out by file, and goes back with its import."""

import pytest
from sqlalchemy import select

from geodata.history.change_sets import count_changes
from geodata.history.undoing import undo
from geodata.importing import ImportOptions, commit_import, preview_import
from geodata.importing.details import detail_of
from geodata.layers import LAYERS
from tests.factories import make_feature
from tests.geodata.importing.files import csv, geojson, point

STATIONS = LAYERS.get("substations")
TRANSFORMER = detail_of(STATIONS, "transformers")
HEAD = "MA_TRAM,TEN_MBA,CONG_SUAT,NAM_VH\n"


@pytest.fixture
def stations(session):
    for code in ("T1", "T2"):
        make_feature(session, STATIONS, code=code, name=f"Trạm {code}")


@pytest.fixture
def look(session):
    def run(path, layer="substations", detail="transformers", **options):
        return preview_import(session, LAYERS.get(layer), path, ImportOptions(detail=detail, **options))

    return run


@pytest.fixture
def keep(session, look):
    def run(path, *, accept_partial=False, **options):
        return commit_import(session, look(path, **options), user_name="an", accept_partial=accept_partial)

    return run


def transformers(session):
    session.expire_all()
    query = select(STATIONS.code, TRANSFORMER.name, TRANSFORMER.rated_mva).join(
        TRANSFORMER, TRANSFORMER.feature_id == STATIONS.id
    )
    return {(code, name): float(rated) for code, name, rated in session.execute(query)}


def counts(report):
    return {name: number for name, number in vars(report.counts).items() if number}


def test_rows_are_added_changed_and_left_by_the_code_of_the_object_and_their_own_key(
    session, stations, look, keep, tmp_path
):
    first = keep(csv(tmp_path / "a.csv", HEAD + "T1,MBA 1,40,2010\nT1,MBA 2,63,2015\nT2,MBA 1,25,\n"))
    assert (first.status, counts(first)) == ("ok", {"read": 3, "new": 3})
    second = look(csv(tmp_path / "b.csv", HEAD + 'T1,MBA 1,40,2010\nT1,MBA 2,"63,5",2015\nT1,MBA 3,63,2020\n'))
    assert counts(second.report) == {"read": 3, "new": 1, "changed": 1, "unchanged": 1}
    assert {line.key: dict(line.fields) for line in second.lines if line.action == "changed"} == {
        "MBA 2": {"rated_mva": (63, 63.5)}
    }
    assert commit_import(session, second, user_name="an").import_id
    assert transformers(session) == {
        ("T1", "MBA 1"): 40, ("T1", "MBA 2"): 63.5, ("T1", "MBA 3"): 63, ("T2", "MBA 1"): 25,
    }  # fmt: skip


def test_an_undone_import_takes_its_rows_back_and_leaves_later_ones(session, stations, keep, tmp_path):
    keep(csv(tmp_path / "a.csv", HEAD + "T1,MBA 1,40,2010\n"))
    second = keep(csv(tmp_path / "b.csv", HEAD + "T1,MBA 1,63,2010\nT2,MBA 1,25,2012\n"))
    keep(csv(tmp_path / "c.csv", HEAD + "T2,MBA 9,16,2013\n"))
    assert count_changes(session, int(second.import_id), LAYERS) == 2
    assert undo(session, second.import_id, LAYERS, user_name="an").hanging == 2
    assert transformers(session) == {("T1", "MBA 1"): 40, ("T2", "MBA 9"): 16}


def test_what_cannot_be_stored_is_named_by_row_and_the_rest_may_be_stored(session, stations, look, keep, tmp_path):
    rows = [
        "T1,MBA 1,40,2010",
        "T9,MBA 1,40,2010",
        "T1,MBA 2,nhiều,2010",
        ",MBA 3,40,2010",
        "T1,MBA 1,25,2011",
        "T2,MBA 1,-5,",
    ]
    path = csv(tmp_path / "a.csv", HEAD + "\n".join(rows) + "\n")
    report = look(path).report
    errors = {(item.row, item.field, item.code) for item in report.problems if item.severity == "error"}
    assert errors == {
        (2, "parent_code", "bad_value"), (3, "rated_mva", "bad_value"), (4, "parent_code", "missing_field"),
        (5, "name", "duplicate_in_file"), (6, "rated_mva", "bad_value"),
    }  # fmt: skip
    assert (report.status, counts(report)) == ("partial", {"read": 6, "new": 1, "rejected": 5})
    assert keep(path).import_id is None
    assert keep(path, accept_partial=True).import_id
    assert transformers(session) == {("T1", "MBA 1"): 40}


def test_append_wants_new_rows_and_replace_removes_what_the_file_lacks_of_its_objects(
    session, stations, look, keep, tmp_path
):
    keep(csv(tmp_path / "a.csv", HEAD + "T1,MBA 1,40,2010\nT1,MBA 2,40,2010\nT2,MBA 1,25,2010\n"))
    path = csv(tmp_path / "b.csv", HEAD + "T1,MBA 2,40,2010\n")
    assert {item.code for item in look(path, mode="append").report.problems} == {"duplicate_existing"}
    assert counts(look(path, mode="replace").report) == {"read": 1, "unchanged": 1, "absent": 1}
    number = keep(path, mode="replace").import_id
    assert set(transformers(session)) == {("T1", "MBA 2"), ("T2", "MBA 1")}
    undo(session, number, LAYERS, user_name="an")
    assert set(transformers(session)) == {("T1", "MBA 1"), ("T1", "MBA 2"), ("T2", "MBA 1")}


def test_a_column_that_is_not_known_is_asked_for_and_what_is_left_out_is_told(stations, look, tmp_path):
    path = csv(tmp_path / "a.csv", "CUA_AI,TEN_MBA,CONG_SUAT,HANG_SX\nT1,MBA 1,40,ABB\n")
    asked = look(path).report
    assert (asked.status, asked.question.about) == ("ask", "columns")
    assert "CUA_AI" in [choice.value for choice in asked.question.choices]
    report = look(path, mapping={"parent_code": "CUA_AI"}).report
    assert (report.status, report.unmapped) == ("ok", ("HANG_SX",))
    assert any("HANG_SX" in item.text.say() and item.severity == "warning" for item in report.problems)


def test_places_in_the_file_are_left_out_and_told(stations, look, tmp_path):
    path = geojson(tmp_path / "a.geojson", [({"MA_CHA": "T1", "name": "MBA 1", "rated_mva": 40}, point())])
    report = look(path).report
    assert counts(report) == {"read": 1, "new": 1}
    assert [item.code for item in report.problems] == ["wrong_geometry_type"]


def test_the_latest_certificate_of_a_file_is_repeated_on_the_site_and_goes_back(session, keep, tmp_path):
    site = make_feature(session, LAYERS.get("fuel_sites"), code="C1", name="Cửa hàng 1")
    text = "MA_CUA_HANG,SO_GCN,NGAY_CAP,NGAY_HET\nC1,GCN-1,01/02/2015,01/02/2020\nC1,GCN-2,01/02/2020,01/02/2025\n"
    number = keep(csv(tmp_path / "a.csv", text), layer="fuel_sites", detail="certificates").import_id
    session.refresh(site)
    assert (site.certificate_no, str(site.certificate_expires_on)) == ("GCN-2", "2025-02-01")
    undo(session, number, LAYERS, user_name="an")
    session.refresh(site)
    assert site.certificate_no is None


def test_findings_are_only_updated(demo_session, tmp_path):
    kind = LAYERS.get("fuel_sites")
    finding = next(item for item in kind.details if item.detail.name == "findings")
    row = demo_session.execute(
        select(kind.code, finding.found_on, finding.description).join(finding, finding.feature_id == kind.id).limit(1)
    ).one()
    head = "MA_CUA_HANG;NGAY_LAP;NOI_DUNG;NGAY_KHAC_PHUC\n"
    lines = [
        f'{row.code};{row.found_on:%d/%m/%Y};"{row.description}";28/11/2026',
        f"{row.code};01/01/2001;Mới;02/01/2001",
    ]
    path = csv(tmp_path / "a.csv", head + "\n".join(lines) + "\n")
    report = preview_import(demo_session, kind, path, ImportOptions(detail="findings")).report
    assert (report.counts.changed, report.counts.new, report.counts.rejected) == (1, 0, 1)


def test_requests_for_power_come_as_offices_list_them_and_are_asked_where_they_stand(
    session, stations, look, keep, tmp_path
):
    request = detail_of(STATIONS, "load_requests")
    head = "Mã trạm;Đơn vị đăng ký;Công suất đăng ký;Năm;Văn bản"
    path = csv(
        tmp_path / "a.csv", head + "\nT1;Nhà máy A;7,5;2027;12/TT\nT1;Nhà máy A;20;2029;\nT2;Cảng B;6000;2027;\n"
    )
    asked = look(path, detail="load_requests").report
    assert (asked.status, asked.question.about) == ("ask", "columns")
    report = look(path, detail="load_requests", constants={"state": "đã thỏa thuận"}).report
    assert (report.status, counts(report)) == ("partial", {"read": 3, "new": 2, "rejected": 1})
    assert [(item.row, item.field) for item in report.problems if item.severity == "error"] == [(3, "power_mw")]
    stored = keep(path, accept_partial=True, detail="load_requests", constants={"state": "đã thỏa thuận"})
    query = select(request.applicant, request.power_mw, request.from_year, request.state).order_by(request.from_year)
    assert [(who, float(mw), year, state.value) for who, mw, year, state in session.execute(query)] == [
        ("Nhà máy A", 7.5, 2027, "accepted"), ("Nhà máy A", 20, 2029, "accepted"),
    ]  # fmt: skip
    undo(session, stored.import_id, LAYERS, user_name="an")
    assert session.execute(query).all() == []


def test_a_file_of_one_object_names_it_once_for_all_rows(session, stations, look, keep, tmp_path):
    path = csv(tmp_path / "a.csv", "TEN_MBA,CONG_SUAT\nMBA 1,40\nMBA 2,63\n")
    asked = look(path).report
    assert [item.text.say() for item in asked.problems] == [
        "No column fills the field “Code of the object”; say which one does."
    ]
    assert keep(path, constants={"parent_code": "T2"}).import_id
    assert set(transformers(session)) == {("T2", "MBA 1"), ("T2", "MBA 2")}
    errors = look(path, constants={"parent_code": "T9"}).report.problems
    assert {(item.row, item.field) for item in errors} == {(1, "parent_code"), (2, "parent_code")}
