"""The layers as they were stored on an earlier day."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from geodata.accounts.access import visible_fields
from geodata.accounts.reader import Reader, reading_as
from geodata.base.database import today
from geodata.history.as_stored import stored_then
from geodata.history.change_sets import ChangeSet
from geodata.history.undoing import undo
from geodata.importing import ImportOptions, commit_import, preview_import
from geodata.layers import LAYERS
from geodata.query import features
from geodata.query.features import area_kinds
from geodata.query.tiles import read_tile
from geodata.schema.roles import Role
from tests.factories import make_feature
from tests.geodata.importing.files import csv

MARKET = LAYERS.get("markets")
NAMES = frozenset(field.name for field in visible_fields(Role.GIS, MARKET))
HEAD = "MA,TEN,SO_HO,lon,lat\n"


@pytest.fixture
def three_days(session, tmp_path):
    """A market from before all history; imports of the 1st, 3rd and 5th of March."""
    make_feature(session, MARKET, code="OLD", name="Chợ Cũ")
    texts = [
        HEAD + "A,Chợ An,10,106.68,20.86\nB,Chợ Ba,20,106.69,20.86\n",
        HEAD + "A,Chợ An Mới,11,106.70,20.86\nC,Chợ Cá,30,106.71,20.86\nOLD,Chợ Cũ Sửa,1,106.60,20.80\n",
        HEAD + "A,Chợ An Mới,12,106.70,20.86\n",
    ]
    for day, (mode, content) in zip((1, 3, 5), zip(("upsert", "upsert", "replace"), texts, strict=True), strict=True):
        preview = preview_import(session, MARKET, csv(tmp_path / "a.csv", content), ImportOptions(mode=mode))
        number = commit_import(session, preview, user_name="an").import_id
        made = datetime(2026, 3, day, 5, tzinfo=UTC)
        session.execute(update(ChangeSet).where(ChangeSet.id == int(number)).values(made_at=made))
    session.commit()


def at(connection, day):
    moment = datetime(2026, 3, day, tzinfo=UTC).date()
    with stored_then(connection, LAYERS, moment):
        rows = connection.execute(select(MARKET.code, MARKET.name, MARKET.column("trader_count"))).all()
    return {code: (name, count) for code, name, count in rows}


@pytest.mark.parametrize(
    ("day", "stored"),
    [
        (1, {"OLD": "Chợ Cũ", "A": "Chợ An", "B": "Chợ Ba"}),
        (2, {"OLD": "Chợ Cũ", "A": "Chợ An", "B": "Chợ Ba"}),
        (3, {"OLD": "Chợ Cũ Sửa", "A": "Chợ An Mới", "B": "Chợ Ba", "C": "Chợ Cá"}),
        (5, {"A": "Chợ An Mới"}),
    ],
)
def test_names_are_as_they_were_stored_at_the_end_of_the_day(connection, three_days, day, stored):
    assert {code: name for code, (name, _) in at(connection, day).items()} == stored


def test_afterwards_everything_is_as_today(connection, three_days):
    at(connection, 1)
    assert connection.scalars(select(MARKET.code)).all() == ["A"]


def test_lists_counts_single_objects_and_tiles_read_the_same_rows(connection, three_days):
    fields = visible_fields(Role.GIS, MARKET)
    with stored_then(connection, LAYERS, datetime(2026, 3, 2, tzinfo=UTC).date()):
        page = features.list_features(connection, MARKET, fields, (), limit=10)
        assert sorted(row["code"] for row in page.rows) == ["A", "B", "OLD"]
        assert features.count_features(connection, MARKET, ()) == 3
        matched, _ = features.count_facets(connection, MARKET, fields, ())
        assert matched == 3
        tile = read_tile(connection, MARKET, NAMES, (0, 0, 0))
    assert tile
    assert tile != read_tile(connection, MARKET, NAMES, (0, 0, 0))


# Certificates and states ------------------------------------------------------------------------------

SITE = LAYERS.get("fuel_sites")
(CERTIFICATE, VISIT, FINDING) = SITE.details
SITES = "MA,TEN,LOAI,SO_GCN,NGAY_CAP,NGAY_HET,lon,lat\n"


def dated(session, number, day):
    made = datetime(2026, 3, day, 5, tzinfo=UTC)
    session.execute(update(ChangeSet).where(ChangeSet.id == int(number)).values(made_at=made))
    session.commit()


@pytest.fixture
def imported(session, tmp_path):
    """Return a function that imports sites on a day of March 2026."""

    def run(day, rows, mode="upsert"):
        preview = preview_import(session, SITE, csv(tmp_path / "a.csv", SITES + rows), ImportOptions(mode=mode))
        number = commit_import(session, preview, user_name="an").import_id
        dated(session, number, day)
        return number

    return run


def certificates(connection, day):
    moment = datetime(2026, 3, day, tzinfo=UTC).date()
    with stored_then(connection, LAYERS, moment):
        site = connection.scalars(select(SITE.id).where(SITE.code == "S")).one()
        return [
            (row["certificate_no"], row["issued_on"], row["expires_on"])
            for row in features.list_details(connection, CERTIFICATE, site)
        ]


def state(connection, day, name="certificate_state"):
    with stored_then(connection, LAYERS, datetime(2026, 3, day, tzinfo=UTC).date()):
        return connection.scalars(select(SITE.column(name).label(name)).where(SITE.code == "S")).one()


def test_certificates_are_those_that_were_stored_with_what_they_said(connection, imported):
    imported(1, "S,Cũ,xăng dầu,G-1,2020-01-01,2026-03-04,106.68,20.86\n")
    imported(3, "S,Cũ,xăng dầu,G-1,2020-01-01,2026-06-04,106.68,20.86\n")
    imported(5, "S,Cũ,xăng dầu,G-2,2026-03-02,2031-03-02,106.68,20.86\n")
    short, long = (("G-1", date(2020, 1, 1), date(2026, month, 4)) for month in (3, 6))
    new = ("G-2", date(2026, 3, 2), date(2031, 3, 2))
    assert [certificates(connection, day) for day in (1, 2, 3, 4)] == [[short], [short], [long], [long]]
    assert certificates(connection, 5) == [new, long]


def test_a_certificate_from_before_all_history_was_always_there_unless_issued_later(connection, session, imported):
    site = make_feature(session, SITE, code="S", kind="petrol", certificate_no="G-1")
    for number, day in (("G-0", date(2015, 1, 1)), ("G-9", date(2026, 3, 4))):
        session.add(CERTIFICATE(feature_id=site.id, certificate_no=number, issued_on=day))
    session.commit()
    imported(2, "S,Cũ,xăng dầu,G-2,2026-03-02,,106.68,20.86\n")
    numbers = [sorted(number for number, *_ in certificates(connection, day)) for day in (1, 3, 4)]
    assert numbers == [["G-0", "G-1"], ["G-0", "G-1", "G-2"], ["G-0", "G-1", "G-2", "G-9"]]


def test_a_deleted_site_has_the_certificates_it_had(connection, session, imported):
    imported(1, "S,Cũ,xăng dầu,G-1,2020-01-01,,106.68,20.86\nT,Kia,xăng dầu,,,,106.69,20.86\n")
    imported(2, "S,Cũ,xăng dầu,G-2,2025-01-01,,106.68,20.86\n")
    imported(4, "T,Kia,xăng dầu,,,,106.69,20.86\n", mode="replace")
    assert connection.scalars(select(SITE.code)).all() == ["T"]
    assert [number for number, *_ in certificates(connection, 1)] == ["G-1"]
    assert [number for number, *_ in certificates(connection, 3)] == ["G-2", "G-1"]


def test_an_import_that_was_undone_counts_from_its_day_to_that_day(connection, session, imported):
    imported(1, "S,Cũ,xăng dầu,G-1,2020-01-01,2030-01-01,106.68,20.86\n")
    wrong = imported(3, "S,Cũ,xăng dầu,G-1,2020-01-01,2021-01-01,106.68,20.86\n")
    dated(session, undo(session, wrong, LAYERS, user_name="an").change_set_id, 5)
    assert [certificates(connection, day)[0][2].year for day in (2, 3, 4, 5)] == [2030, 2021, 2021, 2030]
    assert [state(connection, day) for day in (2, 3, 4, 5)] == ["valid", "expired", "expired", "valid"]


def test_states_are_of_that_day_and_of_what_was_stored_on_it(connection, imported):
    imported(1, "S,Cũ,xăng dầu,G-1,2020-01-01,2026-03-03,106.68,20.86\n")
    imported(6, "S,Cũ,xăng dầu,G-2,2026-03-02,2031-03-02,106.68,20.86\n")
    # Renewed on the 2nd, which was known on the 6th only.
    assert [state(connection, day) for day in (1, 3, 4, 5, 6)] == [
        "expiring",
        "expiring",
        "expired",
        "expired",
        "valid",
    ]
    assert state(connection, 4, "certificate_ends_on") == date(2026, 3, 3)


def test_what_was_found_and_remedied_counts_from_its_day(connection, session):
    site = make_feature(session, SITE, code="S", kind="petrol")
    visit = VISIT(feature_id=site.id, visited_on=date(2026, 3, 2), kind="planned")
    session.add(visit)
    session.flush()
    days = {"found_on": date(2026, 3, 2), "remedy_due_on": date(2026, 3, 3), "remedied_on": date(2026, 3, 5)}
    told = {"description": "bí mật", "severity": "violation", "remedy_evidence": "ảnh"}
    session.add(FINDING(feature_id=site.id, visit_id=visit.id, **days, **told))
    session.commit()
    states = [state(connection, day, "inspection_status") for day in (1, 2, 3, 4, 5)]
    assert states == ["not_inspected", "violation", "violation", "remedy_overdue", "remedied"]
    for day, found in ((1, []), (4, [(None, None)]), (5, [(date(2026, 3, 5), "ảnh")])):
        with stored_then(connection, LAYERS, date(2026, 3, day)):
            rows = features.list_details(connection, FINDING, site.id)
            assert len(features.list_details(connection, VISIT, site.id)) == len(found)
        assert [(row["remedied_on"], row["remedy_evidence"]) for row in rows] == found


def test_today_is_that_day_only_as_long_as_it_is_shown(connection):
    now = today()
    with stored_then(connection, LAYERS, date(2026, 3, 2)):
        assert today() == connection.scalar(select(func.current_date())) == date(2026, 3, 2)
    assert today() == connection.scalar(select(func.current_date())) == now


@pytest.mark.parametrize(
    ("areas", "day", "seen"),
    [
        ((), None, {"A"}),
        ((), 2, {"OLD", "A", "B"}),
        (("unit=WARD",), None, set()),
        (("unit=WARD",), 2, {"OLD", "A"}),
    ],
)
def test_a_reader_reads_of_an_earlier_day_only_what_lay_in_his_areas_then(session, three_days, areas, day, seen):
    make_feature(session, area_kinds(LAYERS)["unit"], code="WARD", lon=106.68, lat=20.86)
    reader = Reader(role=Role.PLANNER, areas=areas, day=day and date(2026, 3, day))
    with reading_as(session.connection(), LAYERS, reader) as own:
        assert {row["code"] for row in features.list_features(own, MARKET, (MARKET.field("code"),)).rows} == seen
        with Session(own) as beside:
            assert set(beside.scalars(select(MARKET.code))) == seen
    assert reader.reads_apart == bool(areas or day)
