"""What the drawing tools ask the server: typed coordinates in the system that was chosen."""

import pytest

import pyproj

from geodata.base.crs import HAI_PHONG
from geodata.query.places import metre_systems

PLACE = (106.68, 20.86)


@pytest.mark.parametrize("system", metre_systems(HAI_PHONG))
def test_typed_metres_are_read_in_the_system_that_was_chosen(login, system):
    east, north = pyproj.Transformer.from_crs(4326, system, always_xy=True).transform(*PLACE)
    body = {"text": f"X {north:.3f} Y {east:.3f}", "system": system}
    answer = login("planner").post("/edit/markets/shape", json=body)
    assert answer.json["geometry"]["coordinates"] == pytest.approx(PLACE, abs=1e-7)


@pytest.mark.parametrize("system", [3857, "9210", [9210]])
def test_another_system_is_refused_with_those_that_there_are(login, system):
    answer = login("planner").post("/edit/markets/shape", json={"text": "20.86 106.68", "system": system})
    assert answer.status_code == 400
    assert "9210" in answer.text
