"""The map of an earlier day over HTTP: its rows, its banner, who may see it, and the way back."""

import re
from datetime import UTC, date, datetime

import mapbox_vector_tile
import pytest
from sqlalchemy import select, update

from geodata.history.change_sets import ChangeSet
from geodata.importing import ImportOptions, commit_import, preview_import
from geodata.layers import LAYERS
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit
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
    given = gis.get(re.search(rf'src="({THEN}/map/[^"]+)"', page)[1]).text
    assert f"{THEN}/tiles/markets/" in given
    assert f"{THEN}/api/layers/{{layer}}/facets" in page
    assert "Bản đồ tại ngày" not in gis.get("/").text
    assert 'type="date"' in gis.get("/history").text


@pytest.fixture
def renewed(session, tmp_path):
    """A petrol store whose certificate ran out on 1 March; the new one of 28 February was entered on the 4th."""
    columns = "MA,TEN,LOAI,SO_GCN,NGAY_CAP,NGAY_HET,lon,lat\n"
    rows = ("G-1,2021-03-01,2026-03-01", "G-2,2026-02-28,2031-02-28")
    for day, row in zip((1, 4), rows, strict=True):
        path = csv(tmp_path / "b.csv", f"{columns}S,Cửa hàng,xăng dầu,{row},106.68,20.86\n")
        preview = preview_import(session, FuelSite, path, ImportOptions())
        number = commit_import(session, preview, user_name="an").import_id
        made = datetime(2026, 3, day, 5, tzinfo=UTC)
        session.execute(update(ChangeSet).where(ChangeSet.id == int(number)).values(made_at=made))
    site = session.scalars(select(FuelSite)).one()
    visit = InspectionVisit(feature_id=site.id, visited_on=date(2026, 3, 1), kind="planned")
    late = InspectionVisit(feature_id=site.id, visited_on=date(2026, 3, 10), kind="recheck")
    session.add_all([visit, late])
    session.flush()
    told = {"severity": "violation", "description": "Thiếu bình chữa cháy", "remedy_due_on": date(2026, 3, 9)}
    days = {"found_on": date(2026, 3, 1), "remedied_on": date(2026, 3, 10)}
    session.add(Finding(feature_id=site.id, visit_id=visit.id, **told, **days))
    session.commit()
    return site


def test_certificates_and_states_are_those_of_that_day_everywhere(login, renewed):
    admin = login("admin")
    then = ("expired", "violation", "G-1")
    now = ("valid", "remedied", "G-2")
    for prefix, (certificate, inspection, number) in ((THEN, then), ("", now)):
        facets = admin.get(f"{prefix}/api/layers/fuel_sites/facets").get_json()["facets"]
        assert (facets["certificate_state"], facets["inspection_status"]) == ({certificate: 1}, {inspection: 1})
        wanted = f"certificate_state={certificate}&inspection_status={inspection}"
        listed = admin.get(f"{prefix}/api/layers/fuel_sites/features?{wanted}").get_json()
        assert [feature["properties"]["certificate_no"] for feature in listed["features"]] == [number]
        tile = admin.get(f"{prefix}/tiles/fuel_sites/0/0/0.mvt")
        [drawn] = mapbox_vector_tile.decode(tile.data)["fuel_sites"]["features"]
        names = frozenset({"certificate_state", "kind", "inspection_status"})
        assert FuelSite.layer.style.classes(names)[drawn["properties"]["c"]][0] == (certificate, "petrol", inspection)
        file = admin.get(f"{prefix}/layers/fuel_sites/export?format=geojson").get_json()["features"][0]["properties"]
        assert (file["certificate_state"], file["inspection_status"]) == (certificate, inspection)
        charts = {
            chart["field"]: chart for chart in admin.get(f"{prefix}/api/layers/fuel_sites/charts").get_json()["charts"]
        }
        assert {bar["value"] for bar in charts["certificate_state"]["bars"] if bar["count"]} == {certificate}


def test_the_panel_tells_of_that_day_and_of_nothing_later(login, renewed):
    admin = login("admin")
    then, now = (admin.get(f"{prefix}/layers/fuel_sites/features/{renewed.id}/panel").text for prefix in (THEN, ""))
    assert "Hết hạn ngày 01/03/2026" in then
    assert "Phúc tra" in now
    assert "10/03/2026" in now
    for later in ("G-2", "28/02/2031", "Phúc tra", "10/03/2026", "04/03/2026"):
        assert later not in then
    assert "Thiếu bình chữa cháy" in then


def test_the_states_of_another_day_are_asked_of_what_was_stored_then(login, renewed):
    admin = login("admin")
    asked = "/api/layers/fuel_sites/facets?as_of=2026-03-03"
    known_then, known_now = (
        admin.get(prefix + asked).get_json()["facets"]["certificate_state"] for prefix in (THEN, "")
    )
    assert (known_then, known_now) == ({"expired": 1}, {"valid": 1})


def test_the_page_says_what_is_not_known_and_from_which_day_on_it_is(login):
    gis = login("gis")
    page = gis.get(f"{THEN}/").text
    assert "kể cả giấy chứng nhận" in page
    assert "vì ngày nhập không được lưu" in page
    assert "Lịch sử thay đổi bắt đầu" not in page
    assert "Số liệu đến ngày 01/03/2026" in page
    assert "Lịch sử thay đổi bắt đầu từ 01/03/2026" in gis.get("/then/2026-02-28/").text


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
