"""The map of an earlier day over HTTP: its rows, its banner, who may see it, and the way back."""

from datetime import UTC, datetime

import mapbox_vector_tile
import pytest
from sqlalchemy import update

from geodata.history import ChangeSet
from geodata.importing import ImportOptions, commit_import, preview_import
from geodata.layers import LAYERS
from tests.geodata.importing.files import csv

THEN = "/then/2026-03-02"
TILE = "/tiles/markets/0/0/0.mvt"


@pytest.fixture(autouse=True)
def two_days(session, tmp_path):
    """Chợ An of 1 March, renamed and moved on the 3rd, when Chợ Ba came."""
    rows = ["A,Chợ An,106.68,20.86\n", "A,Chợ Đổi Tên,106.70,20.80\nB,Chợ Ba,106.69,20.86\n"]
    for day, text in zip((1, 3), rows, strict=True):
        path = csv(tmp_path / "a.csv", "MA,TEN,lon,lat\n" + text)
        preview = preview_import(session, LAYERS.get("markets"), path, ImportOptions())
        number = commit_import(session, preview, user_name="an").import_id
        made = datetime(2026, 3, day, 5, tzinfo=UTC)
        session.execute(update(ChangeSet).where(ChangeSet.id == int(number)).values(made_at=made))
    session.commit()


def names(client, prefix=""):
    features = client.get(f"{prefix}/api/layers/markets/features").get_json()["features"]
    return sorted(feature["properties"]["name"] for feature in features)


def test_lists_tiles_facets_search_and_popups_show_what_was_stored_then(login):
    gis = login("gis")
    assert names(gis, THEN) == ["Chợ An"]
    assert names(gis) == ["Chợ Ba", "Chợ Đổi Tên"]
    assert gis.get(f"{THEN}/api/layers/markets/facets").get_json()["numberMatched"] == 1
    tiles = [mapbox_vector_tile.decode(gis.get(prefix + TILE).data) for prefix in (THEN, "")]
    assert [sum(item["properties"].get("n", 1) for item in tile["markets"]["features"]) for tile in tiles] == [1, 2]
    feature = gis.get(f"{THEN}/api/layers/markets/features").get_json()["features"][0]
    assert feature["geometry"]["coordinates"] == [106.68, 20.86]
    popup = gis.get(f"{THEN}/layers/markets/features/{feature['id']}/popup")
    assert "Chợ An" in popup.text
    assert "Chợ Đổi Tên" in gis.get(f"/layers/markets/features/{feature['id']}/popup").text
    assert gis.get(f"{THEN}/layers/markets/features/{feature['id']}/panel").status_code == 200
    assert [hit["name"] for hit in gis.get(f"{THEN}/api/search?q=cho an").get_json()["hits"]] == ["Chợ An"]


def test_a_file_of_the_past_holds_what_was_stored_then(login):
    gis = login("gis")
    then, now = (
        gis.get(f"{prefix}/layers/markets/export?format=csv").data.decode("utf-8-sig") for prefix in (THEN, "")
    )
    assert "Chợ An" in then
    assert "Chợ Ba" not in then
    assert "Chợ Đổi Tên" in now


def test_the_page_says_which_day_it_shows_and_leads_back(login):
    gis = login("gis")
    opened = gis.get("/history/map?day=2026-03-02")
    assert opened.location.endswith(f"{THEN}/")
    page = gis.get(f"{THEN}/?z=12").text
    assert "Bản đồ tại ngày 02/03/2026" in page
    assert 'href="/?z=12">Trở về hiện tại' in page
    assert f"{THEN}/tiles/markets/" in page
    assert f"{THEN}/api/layers/{{layer}}/facets" in page
    assert "Bản đồ tại ngày" not in gis.get("/").text
    assert 'type="date"' in gis.get("/history").text


@pytest.mark.parametrize("role", ["public", "planner", "inspector"])
def test_only_who_may_read_the_history_sees_the_past(login, role):
    client = login(role)
    assert client.get(f"{THEN}/api/layers/markets/features").status_code in {401, 403}
    assert "Chợ An" not in client.get(f"{THEN}/layers/markets/features/1/popup").text


def test_what_is_no_map_leads_back_to_the_present(login):
    gis = login("gis")
    assert gis.get(f"{THEN}/history").location == "/history"
    assert gis.get("/then/2099-01-01/").location == "/"
    assert gis.get("/then/2026-02-31/").status_code == 404
    assert gis.get("/history/map?day=x").status_code == 400


def test_a_tile_of_the_past_is_never_served_as_one_of_today(login):
    gis = login("gis")
    assert gis.get(THEN + TILE).headers["ETag"] != gis.get(TILE).headers["ETag"]
