"""The demo data as it lands in the database: counts, the story of 2020, and what must never be in it."""

from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import Integer, cast, func, literal, select
from sqlalchemy.orm import Session

from geodata.base.crs import HAI_PHONG
from geodata.demo import is_loaded, load_demo
from geodata.inspections.records import InspectionCampaign, InspectionTarget
from geodata.layers import LAYERS
from geodata.layers.fuel_sites import FuelSite, certificate_state, inspection_status
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit
from geodata.query.documents import FeatureDocument, LegalAct

PETROL_MIX = {"valid": 112, "expiring": 14, "expired": 6, "never_issued": 10, "suspended": 4, "unknown": 4}
FEBRUARY_2020 = literal(date(2020, 2, 29))


def kind(name):
    return LAYERS.get(name)


def tally(session: Session, expression, *conditions) -> dict:
    rows = session.execute(select(expression, func.count()).where(*conditions).group_by(expression))
    return {getattr(value, "value", value): count for value, count in rows}


def metres(column):
    return func.ST_Transform(column, cast(HAI_PHONG.metric_srid, Integer))


@pytest.mark.parametrize(
    ("layer", "count"),
    [
        ("admin_units", 143),
        ("planning_zones", 6),
        ("industrial_clusters", 30),
        ("substations", 26),
        ("power_lines", 39),
        ("markets", 40),
        ("fuel_sites", 180),
        ("projects", 9),
        ("petitions", 3),
        ("transport_hubs", 10),
        ("waterways", 13),
    ],
)
def test_every_layer_has_its_objects(demo_session, layer, count):
    assert demo_session.scalar(select(func.count()).select_from(kind(layer))) == count


def test_the_database_knows_that_the_demo_is_there(demo_session):
    assert is_loaded(demo_session)


def test_an_empty_database_has_no_demo(session):
    assert not is_loaded(session)


@pytest.mark.parametrize("layer", [kind.layer.name for kind in LAYERS])
def test_everything_is_marked_as_illustration_with_a_source(demo_session, layer):
    feature = kind(layer)
    bad = select(feature.code).where(
        feature.is_illustration.is_not(True)
        | feature.source.is_(None)
        | feature.location_accuracy.is_distinct_from("approximate")
    )
    assert demo_session.scalars(bad).all() == []


def test_the_units_of_2025_are_114_with_their_kinds(demo_session):
    unit = kind("admin_units")
    assert tally(demo_session, unit.kind, unit.valid_from == date(2025, 7, 1)) == {
        "commune": 67,
        "ward": 45,
        "special_zone": 2,
    }
    assert tally(demo_session, unit.validity) == {"current": 114, "former": 29}


def test_units_of_one_day_do_not_overlap(demo_session):
    unit = kind("admin_units")
    other = unit.__table__.alias()
    pairs = select(unit.code, other.c.code).where(
        unit.valid_from == date(2025, 7, 1),
        other.c.valid_from == date(2025, 7, 1),
        unit.code < other.c.code,
        unit.geom.op("&&")(other.c.geom),
        func.ST_Area(metres(func.ST_Intersection(unit.geom, other.c.geom))) > 1000,
    )
    assert demo_session.execute(pairs).all() == []


def test_every_unit_code_names_a_unit_of_2025(demo_session):
    unit = kind("admin_units")
    codes = set(demo_session.scalars(select(unit.code).where(unit.valid_from == date(2025, 7, 1))))
    for layer in ("markets", "fuel_sites", "industrial_clusters", "substations", "planning_zones", "projects"):
        used = set(demo_session.scalars(select(kind(layer).admin_unit_code).distinct()))
        assert used - {None} <= codes


@pytest.mark.parametrize("days", [0, 1, 400, -200])
def test_the_certificates_of_petrol_stores_keep_their_mix_on_any_day(demo_session, days):
    today = demo_session.scalar(select(func.current_date())) + timedelta(days=days)
    load_demo(demo_session, today)
    assert tally(demo_session, certificate_state(literal(today)), FuelSite.kind == "petrol") == PETROL_MIX


def test_the_certificates_of_petrol_stores_had_the_same_mix_at_the_end_of_february_2020(demo_session):
    then = FuelSite.column("certificate_state", date(2020, 2, 29))
    assert tally(demo_session, then, FuelSite.kind == "petrol") == PETROL_MIX


def test_the_sites_are_petrol_and_lpg_of_every_planned_type(demo_session):
    assert tally(demo_session, FuelSite.kind) == {
        "petrol": 150, "lpg_shop": 18, "lpg_filling": 7, "lpg_depot": 3, "lpg_bulk": 2,
    }  # fmt: skip
    assert tally(demo_session, FuelSite.siting) == {"land": 176, "floating": 4}


def test_petrol_and_lpg_names_are_synthetic(demo_session):
    names = demo_session.scalars(select(FuelSite.name).where(~FuelSite.name.like("% mẫu %")))
    assert names.all() == []
    traders = demo_session.scalars(select(FuelSite.trader).where(~FuelSite.trader.like("% mẫu %")))
    assert traders.all() == []


def test_the_three_campaigns_stand_as_reported_in_march_2020(demo_session):
    done = select(InspectionCampaign.number, func.count(func.distinct(InspectionVisit.feature_id))).join(
        InspectionVisit, InspectionVisit.campaign_id == InspectionCampaign.id
    )
    planned = select(InspectionCampaign.number, func.count()).join(
        InspectionTarget, InspectionTarget.campaign_id == InspectionCampaign.id
    )
    by_number = InspectionCampaign.number
    assert dict(demo_session.execute(planned.group_by(by_number)).all()) == {
        "179/QĐ-SCT": 10, "220/KH-SCT": 18, "2810/QĐ-UBND": 10,
    }  # fmt: skip
    assert dict(demo_session.execute(done.group_by(by_number)).all()) == {
        "179/QĐ-SCT": 6, "220/KH-SCT": 5, "2810/QĐ-UBND": 7,
    }  # fmt: skip


def test_of_the_stores_without_certificate_four_closed_two_apply_and_one_is_overdue(demo_session):
    targets = (
        select(InspectionTarget.feature_id).join(InspectionCampaign).where(InspectionCampaign.number == "2810/QĐ-UBND")
    )
    on_list = FuelSite.id.in_(targets)
    assert tally(demo_session, FuelSite.certificate_state, on_list) == {"never_issued": 10}
    assert tally(demo_session, inspection_status(FEBRUARY_2020), on_list) == {
        "remedied": 4, "violation": 2, "remedy_overdue": 1, "not_inspected": 3,
    }  # fmt: skip
    assert tally(demo_session, FuelSite.business_state, on_list) == {"closed": 4, "paused": 2, "open": 4}


def test_findings_belong_to_a_visit_of_the_same_site(demo_session):
    rows = select(Finding.id).outerjoin(InspectionVisit, InspectionVisit.id == Finding.visit_id)
    assert demo_session.scalars(rows.where(InspectionVisit.feature_id.is_distinct_from(Finding.feature_id))).all() == []


def test_circuit_two_to_cat_ba_shares_the_route_of_circuit_one(demo_session):
    line = kind("power_lines")
    rows = demo_session.execute(
        select(line.code, line.circuit_number, line.status, func.ST_AsText(line.geom))
        .where(line.code.like("DZ-110-C%CAT%"), line.circuit_count == 2)
        .where(
            line.to_substation_code.in_(["TBA-110-CATHAI", "TBA-110-CATBA"]),
            line.from_substation_code != "TBA-110-DONGBAI",
        )
        .order_by(line.code)
    ).all()
    assert [(code, status.value) for code, _, status, _ in rows] == [
        ("DZ-110-CATHAI-CATBA-1", "existing"),
        ("DZ-110-CATHAI-CATBA-2", "building"),
        ("DZ-110-CHOROC-CATHAI-1", "existing"),
        ("DZ-110-CHOROC-CATHAI-2", "planned"),
    ]
    assert rows[0][3] == rows[1][3]
    assert rows[2][3] == rows[3][3]


def test_lines_are_as_long_as_they_are_drawn_and_end_at_their_substations(demo_session):
    line, station = kind("power_lines"), kind("substations")
    drawn = func.ST_Length(metres(line.geom)) / 1000
    wrong = select(line.code).where(func.abs(drawn / line.length_km - 1) > 0.02)
    assert demo_session.scalars(wrong).all() == []
    for end in (line.from_substation_code, line.to_substation_code):
        apart = (
            select(line.code)
            .join(station, station.code == end)
            .where(func.ST_Distance(metres(line.geom), metres(station.geom)) > 50)
        )
        assert demo_session.scalars(apart).all() == []


def test_loading_of_substations_shows_overload_and_failing_n_minus_1(demo_session):
    station = kind("substations")
    values = demo_session.execute(select(station.code, station.loading_percent, station.n_minus_1_percent)).all()
    assert sum((loading or 0) > 80 for _, loading, _ in values) == 4
    assert {code for code, loading, _ in values if (loading or 0) > 100} == {"TBA-110-THUYNGUYEN2", "TBA-110-DOSON"}
    assert sum((without or 0) > 100 for _, _, without in values) == 6
    assert tally(demo_session, station.status, station.code == "TBA-110-CATBA") == {"building": 1}


def test_cluster_areas_match_their_drawing(demo_session):
    cluster = kind("industrial_clusters")
    drawn = func.ST_Area(metres(cluster.geom)) / 10_000
    stated = func.coalesce(cluster.area_ha, cluster.planned_area_ha)
    wrong = select(cluster.code).where((stated.is_(None)) | (func.abs(drawn / stated - 1) > 0.05))
    assert demo_session.scalars(wrong).all() == []


def test_tan_trao_and_giang_bien_are_in_appraisal_with_due_steps(demo_session):
    cluster = kind("industrial_clusters")
    steps = cluster.detail("dossier_steps")
    assert tally(demo_session, cluster.code, cluster.status == "appraising") == {"CCN-TANTRAO": 1, "CCN-GIANGBIEN": 1}
    open_steps = (
        select(cluster.code, func.count())
        .join(steps, steps.feature_id == cluster.id)
        .where(cluster.status == "appraising", steps.done_on.is_(None), steps.due_on.is_not(None))
        .group_by(cluster.code)
    )
    assert dict(demo_session.execute(open_steps).all()) == {"CCN-TANTRAO": 3, "CCN-GIANGBIEN": 3}


def test_markets_have_their_classes_conversions_and_price_plans(demo_session):
    market = kind("markets")
    plans = market.detail("price_plans")
    assert tally(demo_session, market.market_class) == {"1": 2, "2": 6, "3": 28, "unclassified": 4}
    assert tally(demo_session, market.status)["surveying"] == 3
    assert sum(tally(demo_session, market.conversion_step, market.conversion_step != "none").values()) == 5
    with_plans = select(market.code).join(plans, plans.feature_id == market.id).distinct()
    assert set(demo_session.scalars(with_plans)) == {"CHO-DAIHA", "CHO-DQB", "CHO-PHUONGNGHIA"}
    rebuilt = demo_session.execute(
        select(market.status, market.has_open_petition, market.temporary_market_code).where(market.code == "CHO-DQB")
    ).one()
    assert (rebuilt.status.value, rebuilt.has_open_petition) == ("rebuilding", True)
    assert demo_session.scalar(select(market.id).where(market.code == rebuilt.temporary_market_code))


def test_two_petrol_stores_stand_38_and_47_metres_from_a_market(demo_session):
    market = kind("markets")
    distance = func.ST_Distance(metres(FuelSite.geom), metres(market.geom))
    near = select(distance).join(market, distance < 60).where(FuelSite.kind == "petrol")
    assert sorted(round(value) for value in demo_session.scalars(near)) == [38, 47]


def test_what_crosses_the_bach_dang_zone(demo_session):
    zone = kind("planning_zones")
    area = select(zone.geom).where(zone.code == "VQH-BACHDANG").scalar_subquery()

    def inside(feature, *conditions):
        return demo_session.scalar(
            select(func.count()).select_from(feature).where(func.ST_Intersects(feature.geom, area), *conditions)
        )

    assert inside(FuelSite, FuelSite.kind == "petrol") == 2
    assert inside(kind("industrial_clusters")) == 1
    assert inside(kind("power_lines")) == 1


def test_legal_acts_are_linked_to_objects_that_exist(demo_session):
    assert demo_session.scalar(select(func.count()).select_from(LegalAct)) == 50
    links = demo_session.execute(select(FeatureDocument.layer, FeatureDocument.feature_id)).all()
    assert Counter(layer for layer, _ in links).keys() == {
        "fuel_sites", "industrial_clusters", "markets", "planning_zones", "power_lines",
    }  # fmt: skip
    for layer, feature_id in links:
        assert demo_session.get(kind(layer), feature_id) is not None


def test_loading_twice_changes_nothing(demo_session):
    tables = [
        *LAYERS,
        *(detail for feature in LAYERS for detail in feature.details),
        InspectionTarget,
        LegalAct,
        FeatureDocument,
    ]
    before = [demo_session.scalar(select(func.count()).select_from(table)) for table in tables]
    load_demo(demo_session)
    assert [demo_session.scalar(select(func.count()).select_from(table)) for table in tables] == before
