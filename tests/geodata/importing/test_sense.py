"""Values that are against sense are told with the rule's name, and stored all the same."""

from decimal import Decimal

import pytest

from geodata.layers import LAYERS
from geodata.schema.sense import InOrder
from tests.factories import make_feature
from tests.geodata.importing.files import csv

HEAD = "MA,TEN,lon,lat,NGAY_CAP,NGAY_HET,DUNG_TICH\n"
SITES = LAYERS.get("fuel_sites")


def rules(report):
    return [(item.row, item.rule, item.field, item.severity.value) for item in report.problems if item.rule]


@pytest.mark.parametrize(
    ("code", "cells", "told"),
    [
        ("A", "01/02/2020,01/02/2025,50", []),
        ("A", "01/02/2020,01/02/2020,50", []),
        ("A", "01/02/2025,01/02/2020,50", [(1, "certificate_days", "certificate_issued_on", "warning")]),
        ("A", "01/02/2020,,49999", []),
        ("A", "01/02/2020,,50000", [(1, "volume_unit", "tank_volume_m3", "warning")]),
        ("hp-01", ",,", [(1, "code_case", "code", "warning")]),
        ("HP-01", ",,", []),
    ],
)
def test_what_is_against_sense_is_told_with_its_rule_and_stored(session, tmp_path, store, code, cells, told):
    make_feature(session, SITES, code="HP-01", tank_volume_m3=Decimal(50))
    report = store(csv(tmp_path / "a.csv", HEAD + f"{code},Cửa hàng,106.68,20.86,{cells}\n"), "fuel_sites")
    assert rules(report) == told
    assert report.import_id
    assert all(item.as_json()["rule"] for item in report.problems if item.rule)


def test_two_codes_of_one_file_that_differ_in_capitals_only_are_told(tmp_path, preview):
    rows = "hp-1,A,106.68,20.86,,,\nHP-1,B,106.69,20.86,,,\nHP-2,C,106.70,20.86,,,\n"
    assert rules(preview(csv(tmp_path / "a.csv", HEAD + rows), "fuel_sites").report) == [
        (2, "code_case", "code", "warning")
    ]


def test_every_rule_names_fields_of_its_layer():
    for kind in LAYERS:
        for rule in kind.layer.sense:
            names = (rule.lesser, rule.greater) if isinstance(rule, InOrder) else rule.fields
            assert all(kind.field(name) and not kind.field(name).derived for name in names), (kind, rule)
