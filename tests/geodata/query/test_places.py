"""Coordinates typed into the search box."""

import pytest
from hypothesis import given, settings, strategies as st

from pyproj import Transformer

from geodata.base.crs import HAI_PHONG
from geodata.query.places import parse_place

LON, LAT = 106.6835, 20.8605


@pytest.mark.parametrize(
    "text",
    [
        "20.8605, 106.6835",
        "106.6835 20.8605",
        "20,8605; 106,6835",
        "20.8605,106.6835",
        "20.8605 N 106.6835 E",
        "20.8605N, 106.6835E",
        "20°51'37.8\"N 106°41'0.6\"E",
        "20°51'37,8\" B, 106°41'0,6\" Đ",
        "106°41'0.6\"E 20°51'37.8\"N",
        "X 2307792.14 Y 596943.67",
        "X=2.307.792,14; Y=596.943,67",
        "596943.67 2307792.14",
        "2 307 792,14 596 943,67",
        "2,307,792.14 596,943.67",
    ],
)
def test_a_place_is_read_from_every_usual_writing(text):
    guess = parse_place(text, HAI_PHONG)[0]
    assert guess.lon == pytest.approx(LON, abs=2e-5)
    assert guess.lat == pytest.approx(LAT, abs=2e-5)


def test_metres_that_fit_two_zones_offer_both_the_provinces_own_first():
    guesses = parse_place("X 2307792 Y 620000", HAI_PHONG)
    assert guesses[0].srid == 9210
    assert guesses[0].is_home_zone
    assert 9209 in [guess.srid for guess in guesses]
    assert len({(guess.lon, guess.lat) for guess in guesses}) == len(guesses)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "chợ Sắt",
        "2810/QĐ-UBND",
        "CHXD-001",
        "20.8",
        "1 2 3 4",
        "20°61'00\"N 106°41'E",
        "31/2025",
        "12, 34",
        "x" * 200,
        "0,0",
    ],
)
def test_other_texts_are_no_place(text):
    assert parse_place(text, HAI_PHONG) == []


TO_HOME_ZONE = Transformer.from_crs(4326, 9210, always_xy=True)


@settings(deadline=None)
@given(lon=st.floats(106.4, 107.1), lat=st.floats(20.5, 21.0))
def test_metres_of_the_home_zone_come_back_to_their_place(lon, lat):
    east, north = TO_HOME_ZONE.transform(lon, lat)
    first = parse_place(f"X {north:.2f} Y {east:.2f}", HAI_PHONG)[0]
    assert (first.lon, first.lat) == pytest.approx((lon, lat), abs=2e-6)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_gives_an_answer(text):
    assert isinstance(parse_place(text, HAI_PHONG), list)
