"""What industrial land will need, who carries it, and what frees it; results kept and computed anew."""

from dataclasses import replace

from sqlalchemy import text

from geodata.base.database import today
from geodata.grid import results, runs
from geodata.grid.consumers import Consumer, Reach, cures_in, supply_of
from geodata.grid.parameters import Parameters
from geodata.grid.records import Scenario, Span
from geodata.layers import LAYERS
from tests.geodata.grid.networks import HAND, YEAR, hand_case


def document(**rooms):
    return {"stations": [{"code": code, "headroom_n1_mw": room} for code, room in rooms.items()]}


def consumer(need_mw):
    return Consumer(
        layer="any", id=1, code="C", name="C", supplied_by="A", is_named=True, need_mw=need_mw,
        reach=(Reach(code="A", name="A", km=2.0), Reach(code="B", name="B", km=5.0)),
    )  # fmt: skip


def test_a_need_grows_with_build_out_until_no_station_carries_it():
    documents = {2026: document(A=9, B=1), 2028: document(A=9, B=6), 2031: document(A=9, B=6)}
    supply = supply_of(consumer(10.0), documents, {}, Parameters(), 2026)
    assert supply.need_by_year == {2026: 0, 2028: 4, 2031: 10}
    assert (supply.carrier, supply.until, supply.short_from, supply.short_mw) == ("A", 2028, 2031, 1.0)


def test_what_is_accepted_at_a_station_is_not_there_for_a_cluster():
    documents = {2026: document(A=9, B=1), 2031: document(A=9, B=6)}
    supply = supply_of(consumer(5.0), documents, {2031: {"A": (8.0, 0.0)}}, Parameters(), 2026)
    assert (supply.carrier, supply.short_from) == ("B", None)


def test_the_planned_circuit_that_frees_a_cluster_is_found_by_trying_it():
    built = hand_case(45, 25, 2, units=(63, 63, 63))
    planned = Span(begins=2028, is_planned=True)
    records = replace(
        built,
        circuits=tuple(replace(each, span=planned) if each.code == "CR-CH-2" else each for each in built.circuits),
    )
    one = replace(consumer(10.0), reach=(Reach(code="CH", name="CH", km=2.0),))
    supply = supply_of(one, {YEAR: document(CH=0), 2027: document(CH=0)}, {}, Parameters(), YEAR)
    assert supply.missing_mw(2027) == 2
    found = cures_in(2027, [supply], records, HAND, Scenario.DAY_PEAK, committed={})
    assert [(cure.code, cure.begins, cure.station) for cure in found["C"]] == [("CR-CH-2", 2028, "CH")]
    assert found["C"][0].headroom_mw > 2
    assert not cures_in(2027, [supply], records, HAND, Scenario.DAY_PEAK, committed={"CH": (500.0, 0.0)})


def test_trades_tell_how_much_a_hectare_needs():
    parameters = Parameters()
    assert parameters.mw_per_ha("Luyện thép") > parameters.mw_per_ha("May mặc") > 0
    assert parameters.mw_per_ha(None) == parameters["cluster_mw_per_ha"]


def test_results_are_kept_and_become_stale_when_the_network_changes(demo_session):
    first = results.kept_result(demo_session, LAYERS, 2026, Scenario.DAY_PEAK)
    assert not first.is_stale
    demo_session.execute(text("UPDATE power_line SET rating_a = rating_a - 1 WHERE code = 'DZ-110-HALY-CUACAM-1'"))
    demo_session.execute(text("INSERT INTO data_change SELECT 'power_lines', 9000000000 ON CONFLICT DO NOTHING"))
    again = results.kept_result(demo_session, LAYERS, 2026, Scenario.DAY_PEAK)
    assert (again.is_stale, again.computed_at) == (True, first.computed_at)


def test_the_background_computes_each_year_and_scenario_once_and_anew_when_the_network_changes(
    demo_session, monkeypatch
):
    monkeypatch.setattr(runs, "YEARS", 0)
    demo_session.execute(text("DELETE FROM grid_result"))  # a page that was asked for has kept its own
    commits = []
    done = runs.refresh_results(demo_session, LAYERS, commit=lambda: commits.append(demo_session.flush()))
    assert done == len(Scenario)
    assert runs.refresh_results(demo_session, LAYERS, commit=demo_session.flush) == 0
    assert len(commits) == done + 2  # the start and the end too
    assert results.progress_of(demo_session) is None
    demo_session.execute(text("UPDATE power_line SET rating_a = rating_a - 1 WHERE code = 'DZ-110-HALY-CUACAM-1'"))
    demo_session.execute(text("INSERT INTO data_change SELECT 'power_lines', 9000000000 ON CONFLICT DO NOTHING"))
    year = today().year
    assert results.kept_result(demo_session, LAYERS, year, Scenario.OFF_PEAK).is_stale
    assert runs.refresh_results(demo_session, LAYERS, commit=demo_session.flush) == done
    assert not results.kept_result(demo_session, LAYERS, year, Scenario.OFF_PEAK).is_stale
