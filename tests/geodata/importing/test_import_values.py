"""Numbers, days and closed sets in Vietnamese writing."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from geodata.base.numbers import NumberStyle, parse_number, style_of
from geodata.importing.understanding.cells import convert_column
from geodata.importing.understanding.values import (
    BadValueError,
    clean_text,
    parse_boolean,
    parse_date,
    text_of,
)
from geodata.layers import LAYERS

VN, EN, NO = NumberStyle.VIETNAMESE, NumberStyle.ENGLISH, NumberStyle.UNKNOWN


@pytest.mark.parametrize(
    ("text", "style", "value"),
    [
        ("2.307.792,14", NO, 2307792.14), ("596943,67", NO, 596943.67), ("1.234", VN, 1234), ("1.234", EN, 1.234),
        ("1,234", EN, 1234), ("1,234", VN, 1.234), ("23.400", VN, 23400), ("11,75", NO, 11.75), ("106.6835", NO, 106.6835),
        ("2,307,792.14", NO, 2307792.14), ("-3,5", NO, -3.5), ("1 234 567", NO, 1234567), ("0,125", NO, 0.125), ("12", NO, 12),
    ],
)  # fmt: skip
def test_numbers_are_read_in_the_files_writing(text, style, value):
    assert parse_number(text, style) == pytest.approx(value)


@pytest.mark.parametrize("text", ["1.234", "1,234"])
def test_a_number_with_two_readings_is_not_guessed(text):
    with pytest.raises(ValueError):
        parse_number(text, NO)


@pytest.mark.parametrize(
    ("texts", "style"),
    [(["1.234,5", "7"], VN), (["1,234.5"], EN), (["106.68"], EN), (["1.234", "2.345"], NO), (["20,86"], VN), ([], NO)],
)
def test_the_writing_is_proven_by_clear_cells(texts, style):
    assert style_of(texts) is style


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("18/11/2019", date(2019, 11, 18)), ("2019-11-18", date(2019, 11, 18)), ("20191118", date(2019, 11, 18)),
        ("18-11-2019", date(2019, 11, 18)), ("2/3/2020", date(2020, 3, 2)), ("ngày 18 tháng 11 năm 2019", date(2019, 11, 18)),
        ("2019-11-18T00:00:00", date(2019, 11, 18)), (43787, date(2019, 11, 18)), ("", None), ("-", None),
    ],
)  # fmt: skip
def test_days_are_read_day_first(text, day):
    assert parse_date(text) == day


@pytest.mark.parametrize("text", ["31/02/2020", "11/2019", "sắp hết", "2020", "1/1/0020"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(BadValueError):
        parse_date(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("Có", True), ("không", False), ("x", True), ("0", False), (True, True), ("", None), ("N/A", None)],
)
def test_yes_and_no(text, value):
    assert parse_boolean(text) is value


@pytest.mark.parametrize(
    ("layer", "field", "cell", "value"),
    [
        ("markets", "market_class", "Hạng 1", "1"), ("markets", "market_class", "II", "2"), ("markets", "market_class", 3, "3"),
        ("markets", "market_class", 2.0, "2"), ("markets", "status", "ĐANG HOẠT ĐỘNG", "operating"),
        ("markets", "status", "Dang hoat dong", "operating"), ("fuel_sites", "kind", "Cửa hàng xăng dầu", "petrol"),
        ("markets", "capital_vnd", "23,4 tỷ đồng", 23_400_000_000), ("markets", "trader_count", "1.234", 1234),
        ("industrial_clusters", "area_ha", "50,5 ha", Decimal("50.50")), ("power_lines", "voltage_kv", "110kV", 110),
        ("markets", "code", 1030101.0, "1030101"), ("markets", "name", "  Chợ\x00 Sắt ", "Chợ Sắt"),
    ],
)  # fmt: skip
def test_cells_become_the_fields_values(layer, field, cell, value):
    kind = LAYERS.get(layer)
    values, problems = convert_column(kind, kind.field(field), [cell], [1], NO, longest=1000)
    assert values == [value]
    assert {problem.severity for problem in problems} <= {"warning"}
    assert bool(problems) == (isinstance(cell, str) and "\x00" in cell), "a cell that is cleaned is told"


@pytest.mark.parametrize(
    ("layer", "field", "cell", "code"),
    [
        ("markets", "market_class", "hạng 9", "bad_value"), ("markets", "trader_count", "nhiều", "bad_value"),
        ("markets", "trader_count", "1,5", "bad_value"), ("markets", "trader_count", "99999999999", "bad_value"),
        ("markets", "land_area_m2", "1.234", "bad_value"), ("markets", "name", "x" * 2000, "too_long"),
        ("markets", "has_open_petition", "có lẽ", "bad_value"), ("markets", "land_area_m2", "1e400", "bad_value"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named_with_row_field_and_value(layer, field, cell, code):
    kind = LAYERS.get(layer)
    values, (problem,) = convert_column(kind, kind.field(field), [cell], [7], NO, longest=1000)
    assert values == [None]
    assert (problem.row, problem.field, problem.code) == (7, field, code)
    assert problem.text.say()


@settings(max_examples=200, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=2))
def test_vietnamese_writing_round_trip(number):
    text = f"{number:,.2f}".translate(str.maketrans(",.", ".,"))
    assert parse_number(text, VN) == pytest.approx(float(number))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
def test_cleaned_text_is_storable(text):
    cleaned = clean_text(text)
    assert "\x00" not in cleaned
    cleaned.encode()
    assert clean_text(cleaned) == cleaned
    text_of(text)
