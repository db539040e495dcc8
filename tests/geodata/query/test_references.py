"""Features that name each other by code, over the demo data."""

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import text

from geodata.layers import LAYERS
from geodata.query import features, references

LINES, STATIONS = LAYERS.get("power_lines"), LAYERS.get("substations")


def everything(kind):
    return {field.name for field in kind.fields()}


def row_of(connection, kind, code):
    return features.get_feature(connection, kind, features.find_by_code(connection, kind, code), kind.fields())


def test_a_line_names_the_substations_at_its_ends_and_each_names_the_line(demo_connection):
    line = row_of(demo_connection, LINES, "DZ-110-CHOROC-CATHAI-2")
    ends = references.referred(demo_connection, LAYERS, LINES, line, everything)
    assert {end.kind for end in ends.values()} == {STATIONS}
    for name in ("from_substation_code", "to_substation_code"):
        assert ends[name].is_met
        here = references.referring(demo_connection, LAYERS, STATIONS, line[name], everything)
        (lines,) = [group for group in here if group.kind is LINES]
        assert line["id"] in {row["id"] for row in lines.rows}
        assert lines.count == len(lines.rows)


def test_an_industrial_cluster_is_listed_at_the_substation_that_supplies_it(demo_connection):
    kind = LAYERS.get("industrial_clusters")
    rows = features.list_features(demo_connection, kind, kind.fields(), limit=1000).rows
    supplied = next(row for row in rows if row["supplying_substation_code"])
    here = references.referring(demo_connection, LAYERS, STATIONS, supplied["supplying_substation_code"], everything)
    assert supplied["id"] in {row["id"] for group in here if group.kind is kind for row in group.rows}


def test_what_may_not_be_seen_is_neither_named_nor_listed(demo_connection):
    line = row_of(demo_connection, LINES, "DZ-110-CHOROC-CATHAI-2")
    nothing = {"name"}.intersection
    assert not references.referred(demo_connection, LAYERS, LINES, line, lambda kind: nothing(()))
    assert not references.referring(demo_connection, LAYERS, STATIONS, line["from_substation_code"], lambda kind: ())
    assert not references.loose_ends(demo_connection, LAYERS, lambda kind: ())


@pytest.mark.parametrize(
    ("change", "gap_m"),
    [
        ("to_substation_code = 'TBA-KHONG-CO'", None),
        ("geom = ST_Multi(ST_MakeLine(ST_StartPoint(ST_GeometryN(geom, 1)), ST_Point(106.7702, 20.7368, 4326)))", 1107),
    ],
)
def test_a_line_that_ends_at_no_substation_is_told_with_its_distance(demo_connection, change, gap_m):
    before = references.loose_ends(demo_connection, LAYERS, everything)
    code = "DZ-110-KIENAN-DOSON-1"
    assert code not in {row_of_end(demo_connection, end) for end in before}
    nested = demo_connection.begin_nested()
    try:
        demo_connection.execute(text(f"UPDATE power_line SET {change} WHERE code = :code"), {"code": code})
        (end,) = [end for end in references.loose_ends(demo_connection, LAYERS, everything) if end not in before]
        assert (row_of_end(demo_connection, end), end.field) == (code, "to_substation_code")
        assert end.gap_m == (None if gap_m is None else pytest.approx(gap_m, rel=0.01))
    finally:
        nested.rollback()


def row_of_end(connection, end):
    return features.get_feature(connection, end.kind, end.id, end.kind.fields())["code"]


def test_the_stretches_of_a_circuit_are_one_whole_in_their_order_with_its_length(demo_connection):
    line = row_of(demo_connection, LINES, "DZ-110-CATHAI-CATBA-2")
    whole = references.whole_of(demo_connection, LINES, line, everything)
    codes = ["DZ-110-CHOROC-CATHAI-2", "DZ-110-CATHAI-CATBA-2"]
    stretches = [row_of(demo_connection, LINES, code) for code in codes]
    assert [row["id"] for row in whole.rows] == [row["id"] for row in stretches]
    assert whole.sums["length_km"] == sum(row["length_km"] for row in stretches)
    assert whole.pieces == 1
    assert not references.broken_wholes(demo_connection, LAYERS, everything)
    assert references.whole_of(demo_connection, LINES, line, lambda kind: {"name"}) is None
    alone = row_of(demo_connection, LINES, "DZ-110-ANLAC-HALY-1")
    assert references.whole_of(demo_connection, LINES, alone, everything) is None


def test_a_circuit_whose_stretches_do_not_join_is_told_as_broken(demo_connection):
    nested = demo_connection.begin_nested()
    try:
        change = "UPDATE power_line SET from_substation_code = 'TBA-110-DOSON' WHERE code = 'DZ-110-CATHAI-CATBA-2'"
        demo_connection.execute(text(change))
        (broken,) = references.broken_wholes(demo_connection, LAYERS, everything)
        assert (broken.pieces, len(broken.rows)) == (2, 2)
        assert not references.broken_wholes(demo_connection, LAYERS, lambda kind: {"name"})
    finally:
        nested.rollback()


@given(st.permutations(range(6)), st.lists(st.booleans(), min_size=6, max_size=6), st.integers(0, 5))
def test_parts_of_a_chain_come_in_its_order_however_they_are_stored_and_fall_apart_where_one_is_missing(
    stored, turned, missing
):
    chain = {number: (f"S{number}", f"S{number + 1}") for number in range(6)}
    parts = {number: chain[number][:: -1 if turned[number] else 1] for number in stored}
    (whole,) = references.in_order(parts)
    assert whole in (list(range(6)), list(range(5, -1, -1)))
    del parts[missing]
    pieces = references.in_order(parts)
    assert len(pieces) == (1 if missing in {0, 5} else 2)
    assert sorted(number for piece in pieces for number in piece) == sorted(parts)


def test_parts_with_unknown_ends_or_in_a_ring_are_all_kept():
    assert references.in_order({1: ("A", None), 2: (None, "B")}) == [[1], [2]]
    (ring,) = references.in_order({1: ("A", "B"), 2: ("B", "C"), 3: ("C", "A")})
    assert sorted(ring) == [1, 2, 3]
