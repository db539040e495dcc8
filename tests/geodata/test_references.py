"""Features that name each other by code, over the demo data."""

import pytest
from sqlalchemy import text

from geodata import features, references
from geodata.layers import LAYERS

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
