"""The stored scores of the worklist: the same as worked out live, whatever happened, on every day they claim to hold."""

from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import Date, delete, func, literal, select, text, update

from geodata.history.held import is_held
from geodata.inspections import scores, worklist
from geodata.inspections.facts import read_facts, today
from geodata.inspections.records import CampaignField, InspectionCampaign, InspectionTarget, TargetState
from geodata.inspections.scores import COLUMNS, ScoreMark, ScoreRun, SiteScore
from geodata.inspections.weights import WEIGHTS, Weights, change_weights, current_weights
from geodata.inspections.worklist import in_campaign, not_visited_since, of_site, rank_sites, sells, within
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.certificates import derive_state
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit, Severity, VisitKind
from tests.examples import examples
from tests.factories import CENTRE, make_feature

#: Days around today, often just where something turns.
TURNS = [0, 1, 29, 30, 31, 59, 60, 61, 89, 90, 91, 364, 365, 366, 730, 1094, 1095, 1096, 1826]
AGES = st.integers(-400, 2200) | st.sampled_from([sign * turn for turn in TURNS for sign in (-1, 1)])
MAYBE_AGES = st.none() | AGES


@st.composite
def changes(draw):
    """One change of a register of three sites, as (what, number of the site, values); days as ages before today."""
    what = draw(
        st.sampled_from(
            ["certificate", "visit", "finding", "remedy", "target", "waive", "site", "close", "forget", "add"]
        )
    )
    return what, draw(st.integers(0, 2)), [draw(MAYBE_AGES) for _ in range(5)], draw(st.integers(0, 3))


def stored(session):
    rows = session.execute(select(*(getattr(SiteScore, name) for name in COLUMNS)).order_by(SiteScore.feature_id)).all()
    return [row._asdict() for row in rows]


def live(session, **options):
    rows = session.execute(scores.score_rows(current_weights(session), **options)).all()
    return sorted((row._asdict() for row in rows), key=lambda row: row["feature_id"])


def day_before(session, age):
    return None if age is None else today(session) - timedelta(days=age)


def change(session, campaign, what, number, ages, pick):
    """Change something as the application and imports do: through the session or by plain statements."""
    sites = list(session.scalars(select(FuelSite).order_by(FuelSite.id)))
    if what == "add" or not sites:
        make_feature(session, FuelSite, kind=["petrol", "lpg_depot", None, "lpg_shop"][pick], products="Xăng E5")
        return
    site = sites[number % len(sites)]
    first, second, third, *_ = days = [day_before(session, age) for age in ages]
    if what == "certificate":
        names = ("issued_on", "expires_on", "revoked_on", "suspended_from", "suspended_to")
        values = {f"certificate_{name}": day for name, day in zip(names, days, strict=True)}
        record = [None, "held", "never_issued", None][pick]
        session.execute(update(FuelSite).where(FuelSite.id == site.id).values(certificate_record=record, **values))
    elif what == "visit" and first:
        session.add(
            InspectionVisit(
                feature_id=site.id, visited_on=first, kind=VisitKind.PLANNED, campaign_id=campaign.id if pick else None
            )
        )
    elif what == "finding" and first:
        severity = list(Severity)[pick % 3]
        session.add(
            Finding(
                feature_id=site.id, found_on=first, severity=severity, description="…", remedy_due_on=second,
                remedied_on=third,
            )
        )  # fmt: skip
    elif what == "remedy":
        session.execute(update(Finding).where(Finding.feature_id == site.id).values(remedied_on=first))
    elif what == "target":
        session.execute(
            text(
                "INSERT INTO inspection_target (campaign_id, feature_id) VALUES (:campaign, :site) ON CONFLICT DO NOTHING"
            ),
            {"campaign": campaign.id, "site": site.id},
        )
    elif what == "waive":
        waived = update(InspectionTarget).where(InspectionTarget.feature_id == site.id)
        session.execute(waived.values(state=TargetState.WAIVED))
    elif what == "site":
        values = {"tank_volume_m3": pick * 70.5, "kind": ["petrol", "lpg_depot", None, "lpg_shop"][pick]}
        session.execute(update(FuelSite).where(FuelSite.id == site.id).values(valid_to=first, **values))
    elif what == "close":
        session.execute(update(FuelSite).where(FuelSite.id == site.id).values(business_state="closed"))
    elif what == "forget":
        session.execute(delete(FuelSite).where(FuelSite.id == site.id, ~is_held(session, FuelSite)))
    session.flush()


@examples(15, heavy=60)
@given(st.lists(changes(), min_size=1, max_size=12), st.integers(1, 4), st.data())
def test_after_any_history_the_stored_scores_are_those_worked_out_live(session, history, every, data):
    with session.begin_nested() as savepoint:
        campaign = InspectionCampaign(number="1", title="…", field=CampaignField.PETROL)
        session.add(campaign)
        session.flush()
        assert scores.prepare(session).is_stored
        for number, each in enumerate(history):
            change(session, campaign, *each)
            if number % every == 0:
                assert scores.prepare(session).is_stored
                assert stored(session) == live(session)
        scores.prepare(session)
        rows = stored(session)
        assert rows == live(session)
        session.expire_all()
        for row in rows:
            site = session.get(FuelSite, row["feature_id"])
            found = derive_state(read_facts(session, site), today(session))
            # Today's map goes by the latest certificate, the function by the one that holds.
            assert row["inspection_status"] == found.inspection
            if site.certificate_issued_on is None or site.certificate_issued_on <= today(session):
                assert row["certificate_state"] == found.certificate
            holds(session, row, data)
        savepoint.rollback()
    session.expunge_all()


def holds(session, row, data):
    """Check that a row is true on the days it claims to hold, the last of them and some between."""
    ahead = (row["holds_until"] - today(session)).days if row["holds_until"] else 4000
    assert ahead > 0
    for days in {ahead - 1, data.draw(st.integers(0, ahead - 1))}:
        on = literal(today(session) + timedelta(days=days), Date)
        (then,) = live(session, on=on, ids=[row["feature_id"]])
        assert then | {"holds_until": None} == row | {"holds_until": None}


def test_a_day_that_has_come_is_worked_off_before_anything_is_shown(session):
    site = make_feature(session, FuelSite, kind="petrol", certificate_expires_on=today(session) - timedelta(days=1))
    scores.prepare(session)
    yesterday = {"certificate_state": "expiring", "score": 3, "holds_until": today(session)}
    session.execute(update(SiteScore).values(yesterday))
    found = rank_sites(session, [SiteScore.certificate_state == "expired"])
    assert [row.id for row in found.sites] == [site.id]
    assert stored(session) == live(session)


@pytest.mark.parametrize(
    ("name", "fewest"), [("AT_ONCE", 0), ("LOCK", None)], ids=["too many changed", "another is at it"]
)
def test_a_list_that_cannot_be_brought_up_to_date_is_worked_out_directly(session, monkeypatch, name, fewest):
    site = make_feature(session, FuelSite, kind="petrol", certificate_record="never_issued", products="Xăng")
    scores.prepare(session)
    make_feature(session, FuelSite, kind="petrol", certificate_record="never_issued", tank_volume_m3=200)
    expected = [row.id for row in rank_sites(session).sites]
    session.execute(text("INSERT INTO inspection_score_mark (feature_id) VALUES (:id)"), {"id": site.id})
    session.execute(update(SiteScore).values(score=999, certificate_state="valid"))
    if fewest is not None:
        monkeypatch.setattr(scores, name, fewest)
        monkeypatch.setattr(scores, "SMALL_REGISTER", 0)
    else:
        monkeypatch.setattr(scores, "_lock", lambda session: False)
    found = rank_sites(session, [SiteScore.certificate_state == "never_issued"])
    assert not found.basis.is_stored
    assert [row.id for row in found.sites] == expected
    assert found.total == 2


def test_new_weights_rank_a_large_register_only_when_the_background_is_done(session, monkeypatch):
    make_feature(session, FuelSite, kind="petrol", certificate_record="never_issued")
    scores.prepare(session)
    monkeypatch.setattr(scores, "SMALL_REGISTER", 0)
    points = dict.fromkeys(WEIGHTS, 0) | {"never_issued": 77}
    version = change_weights(session, points=points, random_percent=0, by="x").version
    before = rank_sites(session)
    assert (before.basis.weights.version, before.basis.latest_version) == (0, version)
    assert before.sites[0].score == WEIGHTS["never_issued"][1] + WEIGHTS["never_visited"][1]
    assert scores.refresh(session) == 1
    after = rank_sites(session)
    assert after.basis.weights.version == version
    assert after.sites[0].score == 77
    assert [reason.points for reason in after.sites[0].reasons] == [77]


def test_new_weights_rank_a_small_register_at_once(session):
    make_feature(session, FuelSite, kind="petrol", certificate_record="never_issued")
    version = change_weights(session, points={"never_issued": 1}, random_percent=0, by="x").version
    assert rank_sites(session).basis.weights.version == version
    assert stored(session) == live(session)


def test_weights_on_trial_are_worked_out_without_touching_the_stored(session):
    make_feature(session, FuelSite, kind="petrol", certificate_record="never_issued")
    found = rank_sites(session, weights=Weights(points=dict.fromkeys(WEIGHTS, 5)))
    assert not found.basis.is_stored
    assert found.sites[0].score == 10
    assert rank_sites(session).sites[0].score == 60


def test_the_check_of_all_rows_finds_what_nothing_marked(session):
    make_feature(session, FuelSite, kind="petrol")
    scores.prepare(session)
    session.execute(update(SiteScore).values(score=1))
    assert scores.refresh(session) == 0
    assert scores.refresh(session, check_all=True) == 1
    assert scores.refresh(session, check_all=True) == 0
    assert stored(session) == live(session)


def test_an_emptied_register_leaves_no_scores(session):
    make_feature(session, FuelSite, kind="petrol")
    scores.prepare(session)
    session.execute(text("TRUNCATE fuel_site CASCADE"))
    session.expunge_all()
    assert session.scalar(select(ScoreRun.weights_version)) is None
    assert rank_sites(session).total == 0
    assert stored(session) == []


def test_marks_are_gone_when_they_are_worked_off(session):
    site = make_feature(session, FuelSite, kind="petrol")
    session.add(InspectionVisit(feature_id=site.id, visited_on=date(2020, 1, 1), kind=VisitKind.PLANNED))
    session.flush()
    marks = select(func.count()).select_from(ScoreMark).where(ScoreMark.feature_id == site.id)
    assert session.scalar(marks) == 2
    scores.prepare(session)
    assert session.scalar(select(func.count()).select_from(ScoreMark)) == 0


def test_each_filter_keeps_what_it_says(session):
    here = CENTRE
    old = make_feature(session, FuelSite, code="old", kind="petrol", products="Xăng RON 95, Dầu DO 0,05%")
    new = make_feature(session, FuelSite, code="new", kind="petrol", lon=here[0] + 0.1, lat=here[1] + 0.1)
    campaign = InspectionCampaign(number="1", title="…", field=CampaignField.PETROL)
    session.add(campaign)
    session.flush()
    session.add(InspectionTarget(campaign_id=campaign.id, feature_id=new.id))
    session.add(
        InspectionVisit(feature_id=old.id, visited_on=today(session) - timedelta(days=800), kind=VisitKind.PLANNED)
    )
    session.flush()

    def codes(*conditions):
        return {row.code for row in rank_sites(session, conditions).sites}

    assert codes(sells("dau do")) == codes(sells("0,05%")) == {"old"}
    assert codes(sells("0,05_")) == set()
    assert codes(not_visited_since(None)) == {"new"}
    assert codes(not_visited_since(today(session) - timedelta(days=730))) == {"old", "new"}
    assert codes(not_visited_since(today(session) - timedelta(days=900))) == {"new"}
    assert codes(in_campaign(campaign.id, open_only=True)) == {"new"}
    assert codes(within(here, 15)) == {"old"}
    assert codes(within(here, 16)) == {"old", "new"}
    assert codes(of_site(FuelSite.code == "new"), within(here, 16)) == {"new"}


@examples(15, heavy=60)
@given(st.floats(-0.5, 0.5), st.floats(-0.4, 0.4))
def test_the_plain_distance_is_the_geodesic_to_a_thousandth(session, east, north):
    with session.begin_nested() as savepoint:
        make_feature(session, FuelSite, lon=106.6 + east, lat=20.8 + north * 0.5)
        (row,) = rank_sites(session, here=CENTRE).sites
        km = row.distance_m / 1000
        assert rank_sites(session, [within(CENTRE, km * 1.001 + 0.001)]).total == 1
        assert rank_sites(session, [within(CENTRE, max(km * 0.999 - 0.001, 0))]).total == 0
        savepoint.rollback()
    session.expunge_all()


def test_the_lot_draws_others_each_month_and_the_same_for_everybody(session):
    for _ in range(60):
        make_feature(session, FuelSite, kind="petrol")
    first = [row.id for row in rank_sites(session).sites if row.by_lot]
    assert len(first) == 2
    assert first == [row.id for row in rank_sites(session).sites if row.by_lot]
    found = scores.ranking(Weights()).subquery()
    lots = {}
    for month in ("2020-01", "2020-02"):
        query = select(found.c.feature_id).order_by(scores.lot_of(literal(month), found.c.feature_id))
        lots[month] = list(session.scalars(query))
    assert lots["2020-01"] != lots["2020-02"]


@pytest.mark.parametrize("options", [{}, {"here": CENTRE, "nearest_first": True}], ids=["by rank", "nearest first"])
def test_many_matches_are_listed_as_few_are(session, monkeypatch, options):
    for number in range(70):
        make_feature(
            session, FuelSite, kind="petrol", tank_volume_m3=number * 3 % 200, lon=CENTRE[0] + number * 7 % 70 / 300,
            business_state="closed" if number % 5 == 0 else None,
        )  # fmt: skip
    pages = [{"page": 1, "size": 10}, {"page": 3, "size": 10}, {"page": 8, "size": 10}]
    few = [rank_sites(session, **page, **options).sites for page in pages]
    monkeypatch.setattr(worklist, "FEW", 0)
    many = [rank_sites(session, **page, **options).sites for page in pages]
    assert [[row.id for row in page] for page in few] == [[row.id for row in page] for page in many]
    if options:
        distances = [row.distance_m for row in few[0]]
        assert distances == sorted(distances)
    else:
        points = [row.score for row in few[0] if not row.by_lot]
        assert points == sorted(points, reverse=True)


@pytest.mark.parametrize(("days", "years"), [(0, 0), (364, 0), (365, 1), (729, 1), (730, 2), (1095, 3), (4000, 3)])
def test_only_whole_years_since_the_last_visit_count(session, days, years):
    in_force = {"certificate_issued_on": today(session), "certificate_expires_on": date(2999, 1, 1)}
    site = make_feature(session, FuelSite, kind="petrol", **in_force)
    visited = today(session) - timedelta(days=days)
    session.add(InspectionVisit(feature_id=site.id, visited_on=visited, kind=VisitKind.PLANNED))
    session.flush()
    assert rank_sites(session).sites[0].score == years * WEIGHTS["year_since_visit"][1]
