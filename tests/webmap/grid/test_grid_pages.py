"""The network's pages over the demo data: the story, who may see it, papers, requests, parameters, outages."""

import io
import json
import re

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy import select, text

from geodata.grid.parameters import DEFAULTS
from geodata.grid.requests import list_requests
from geodata.grid.tables import current_version
from geodata.history.change_sets import ChangeSet
from geodata.history.undoing import undo
from geodata.layers import LAYERS
from tests.pages import squeezed

PATHS = (
    "/grid",
    "/grid/map.json",
    "/grid/impact?out=DZ-110-CHOROC-CATHAI-1",
    "/grid/impact",
    "/grid/parameters",
    "/grid/requests",
    "/grid/report.xlsx",
    "/grid/report.docx",
)
STORY = {"scenario": "forecast"}


def page(client, path, **query):
    answer = client.get(path, query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_public_sees_nothing_of_it(demo_app):
    client = demo_app.test_client()
    for path in PATHS:
        assert client.get(path).location.startswith("/login"), path
    assert "/grid" not in client.get("/").text


#: What the network's study computes or is told; no public answer has a field of any of these names.
SECRET = ("loading_percent", "headroom", "firm_mva", "active_power_mw", "reactive_power_mvar", "rating_a", "vm_pu")


def test_no_number_of_it_reaches_the_public_in_a_tile_a_list_a_count_or_an_export(demo_app, demo_connection):
    """Nor one that only the loads could tell: the public gets the same bytes when the loads change."""
    client = demo_app.test_client()
    paths = [
        path
        for layer in ("substations", "power_lines", "industrial_clusters")
        for path in (
            f"/tiles/{layer}/9/407/225.mvt", f"/api/layers/{layer}/features?limit=100", f"/api/layers/{layer}/facets",
            f"/layers/{layer}/export?format=csv", f"/layers/{layer}/export?format=geojson",
            f"/ogc/collections/{layer}/items?f=json&limit=100", f"/ogc/collections/{layer}/queryables",
        )
    ] + ["/api/layers", "/api/search?q=Cat+Hai", "/openapi.json", "/"]  # fmt: skip
    for path in paths:
        answer = client.get(path)
        assert answer.status_code in {200, 204}, path
        found = [name for name in SECRET if name.encode() in answer.data]
        assert not found, (path, found)
    for query in ("headroom_n1_mw=10..", "rating_a=500.."):
        assert client.get(f"/api/layers/power_lines/features?{query}").status_code == 400


def test_the_map_gets_each_circuit_with_its_tone_its_flow_and_the_outage_that_binds_it(demo_login):
    told = demo_login("planner").get("/grid/map.json", query_string={"year": 2027, **STORY}).get_json()
    by_code = {feature["properties"]["code"]: feature for feature in told["features"]}
    circuit = by_code["DZ-110-CHOROC-CATHAI-1"]
    properties = circuit["properties"]
    assert (properties["tone"], circuit["geometry"]["type"]) == ("over", "MultiLineString")
    assert re.fullmatch(r"1\d\d,\d % · 1\d\d,\d MW, .*Chợ Rộc.* → .*Cát Hải", properties["lines"][0])
    assert "Quá tải Đường dây 110 kV Chợ Rộc – Cát Hải, mạch 1" in " ".join(row["text"] for row in told["beyond"])
    assert re.search(r"Tiêu chí quy hoạch N-1.* \d+ giá trị giả định", told["basis"])
    station = by_code["TBA-110-CATHAI"]["properties"]
    assert {offer["code"] for offer in station["offers"]} == {"TBA-110-CATHAI/T1", "TBA-110-CATHAI/T2"}
    assert (station["kind"], station["layer"]) == ("station", "substations")
    assert any("khi sự cố" in line for line in station["lines"])
    assert demo_login("inspector").get("/grid/map.json?scenario=nothing").status_code == 400


def test_an_outage_on_the_map_says_what_is_lost_and_what_another_feed_still_carries(demo_login):
    client = demo_login("planner")
    lost = page(client, "/grid/impact", part="panel", year=2027, out="DZ-110-CHOROC-CATHAI-1", **STORY)
    assert 'data-dead="TBA-110-CATBA TBA-110-CATHAI"' in lost
    assert "Phần còn được cấp từ nguồn khác" in lost
    later = page(client, "/grid/impact", part="panel", year=2028, out="DZ-110-CHOROC-CATHAI-1", **STORY)
    assert 'data-dead=""' in later
    assert re.search(
        r"TBA 110 kV Cát Hải\s*<span class=\"quiet\">cấp qua\s+Đường dây 110 kV Chợ Rộc – Cát Hải, mạch 2", later
    )


def test_one_circuit_is_overloaded_until_the_second_cures_it(demo_login):
    client = demo_login("planner")
    before, after = page(client, "/grid", year=2027, **STORY), page(client, "/grid", year=2028, **STORY)
    overloaded = re.compile(r"Quá tải Đường dây 110 kV Chợ Rộc – Cát Hải, mạch 1 1\d\d,\d %</li>")
    assert overloaded.search(before)
    assert not overloaded.search(after)
    assert re.search(
        r"Chợ Rộc – Cát Hải, mạch 1 1\d\d,\d % khi sự cố Đường dây 110 kV Chợ Rộc – Cát Hải, mạch 2", after
    )
    paper = client.get("/grid/report.docx", query_string={"year": 2027, **STORY})
    document = Document(io.BytesIO(paper.data))
    cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    assert any("Hết quá tải từ năm 2028" in cell for cell in cells)
    assert any("định hướng" in paragraph.text for paragraph in document.paragraphs)


def test_papers_are_vietnamese_and_of_the_day_of_the_computation_whoever_asks(demo_login):
    client = demo_login("planner")
    listed = page(client, "/grid", scenario="forecast_high")
    cluster = re.search(r"/grid/clusters/([^?\"]+)\?", listed)[1]
    for path in ("/grid/report", "/grid/stations/TBA-110-CATHAI", f"/grid/clusters/{cluster}"):
        query = {"lang": "en", "year": 2028, **STORY}
        document = Document(io.BytesIO(client.get(f"{path}.docx", query_string=query).data))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        told = "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
        assert re.search(r"tính ngày \d\d/\d\d/\d{4} \d\d:\d\d", told), path
        assert not re.search(r"\b(Overload|transformer|fails|carries|station)\b", told), path


def test_a_tower_line_is_in_the_ranked_list_and_can_be_chosen(demo_login):
    client = demo_login("planner")
    listed = page(client, "/grid", year=2028, **STORY).partition('id="outages"')[2].partition("</section>")[0]
    assert re.search(
        r"Tuyến cột chung Đường dây 110 kV Chợ Rộc – Cát Hải, mạch 1, mạch 2</a>.*?2 mạch chung cột", squeezed(listed)
    )
    towers = "DZ-110-CHOROC-CATHAI-1+DZ-110-CHOROC-CATHAI-2"
    alone = page(client, "/grid/impact", part="panel", year=2028, out="DZ-110-CHOROC-CATHAI-1", **STORY)
    both = page(client, "/grid/impact", part="panel", year=2028, out=towers, **STORY)
    assert 'data-dead=""' in alone
    assert 'data-dead="TBA-110-CATBA TBA-110-CATHAI"' in both
    told = client.get("/grid/map.json", query_string={"year": 2028, **STORY}).get_json()["features"]
    (way,) = next(one["properties"]["offers"] for one in told if one["properties"]["code"] == "DZ-110-CHOROC-CATHAI-2")
    assert "CHOROC-CATHAI-1%2BDZ" in way["impact"]


def test_a_flow_without_solution_says_where_the_voltage_collapses_and_up_to_which_load(demo_login, demo_connection):
    demo_connection.execute(text("UPDATE load_measurement SET active_power_mw = 900 WHERE feature_id = (SELECT id FROM substation WHERE code = 'TBA-110-CATBA')"))  # fmt: skip
    client = demo_login("planner")
    shown = page(client, "/grid", year=2042, **STORY)
    assert re.search(r"sụp đổ điện áp tại TBA 110 kV Cát Bà\. .*?\d+,\d % phụ tải", shown)
    told = client.get("/grid/map.json", query_string={"year": 2042, **STORY}).get_json()
    assert not told["converged"]
    assert {one["properties"]["tone"] for one in told["features"] if one["properties"]["kind"] == "circuit"} == {
        "unknown"
    }


def test_the_workbook_has_a_sheet_for_each_table(demo_login):
    book = load_workbook(io.BytesIO(demo_login("planner").get("/grid/report.xlsx").data))
    assert {"Trạm", "Mạch", "Quá tải", "Sự cố", "Cụm công nghiệp", "Giả định", "Về tệp này"} == set(book.sheetnames)
    assert "TBA-110-CATHAI" in {row[0].value for row in book["Trạm"].iter_rows()}
    assumed = [[cell.value for cell in row] for row in book["Giả định"].iter_rows()]
    assert ["AC-185/29", "điện trở một km", 0.159, "Ω/km"] in assumed


def test_a_circuit_out_shows_who_is_without_power(demo_login):
    shown = page(demo_login("planner"), "/grid/impact", year=2026, out="DZ-110-CHOROC-CATHAI-1", **STORY)
    assert "100" in shown
    assert "mất điện: TBA 110 kV Cát Bà, TBA 110 kV Cát Hải" in squeezed(shown)


def test_a_storm_takes_all_that_lies_in_its_area(demo_login):
    client = demo_login("inspector")
    shown = page(client, "/grid/impact", year=2026, area="106.85 20.6, 107.2 20.6, 107.2 20.9, 106.85 20.9", **STORY)
    for name in ("Cát Hải", "Cát Bà", "Đồng Bài"):
        assert name in shown
    assert client.get("/grid/impact?area=1 2, 3").status_code == 400


@pytest.mark.parametrize("query", ["year=1", "year=abc", "scenario=x", "beside=x"])
def test_a_year_or_scenario_that_is_none_is_told(demo_login, query):
    assert demo_login("planner").get(f"/grid?{query}").status_code == 400


def test_an_administrator_changes_a_parameter_and_the_results_become_stale(demo_app, demo_connection, demo_login):
    page(demo_login("planner"), "/grid")
    number = demo_connection.scalar(text("SELECT id FROM grid_parameter WHERE name = 'infeed_voltage_pu'"))
    before = current_version(demo_connection, LAYERS)
    form = {"value": "1,02", "source": "Điều độ, 2026", "confidence": "verified"}
    assert demo_login("gis").post(f"/grid/parameters/{number}", data=form).status_code == 403
    client = demo_login("admin")
    assert client.post(f"/grid/parameters/{number}", data={**form, "source": ""}).status_code == 400
    assert client.post(f"/grid/parameters/{number}", data={**form, "value": "nhiều"}).status_code == 400
    assert client.post(f"/grid/parameters/{number}", data=form).status_code == 302
    assert current_version(demo_connection, LAYERS) != before
    assert "Điều độ, 2026" in page(client, "/grid/parameters")
    assert "đang được tính lại" in page(client, "/grid")


def test_the_sources_of_the_parameters_are_told_in_the_language_of_the_page(demo_login):
    client = demo_login("planner")
    in_vietnamese = page(client, "/grid/parameters")
    english = [
        one.source for one in DEFAULTS if any(word in one.source.split() for word in ("the", "of", "for", "than"))
    ]
    assert len(english) > 40
    assert not [source for source in english if source in in_vietnamese]
    assert "giả định cho mọi trạm từ 220 kV trở lên" in in_vietnamese
    assert "assumed for every station of 220 kV and more" in page(client, "/grid/parameters", lang="en")


def test_a_request_is_registered_accepted_and_counted_at_its_station(demo_login):
    client = demo_login("planner")
    form = {
        "station_code": "TBA-110-DOSON", "applicant": "Nhà máy thử", "power_mw": "7,5", "from_year": "2026",
        "state": "accepted",
    }  # fmt: skip
    assert client.post("/grid/requests", data={**form, "power_mw": "-1"}).status_code == 400
    assert client.post("/grid/requests", data=form).status_code == 302
    assert "Nhà máy thử" in page(client, "/grid/requests")
    assert "7,5 / " in page(client, "/grid", year=2026)
    assert demo_login("inspector").post("/grid/requests", data=form).status_code == 403


def test_what_the_register_changes_stands_in_the_history_and_goes_out_by_file(demo_login, demo_session):
    client = demo_login("planner")
    asked = {"station_code": "TBA-110-DOSON", "applicant": "Nhà máy thử", "power_mw": "7,5", "from_year": "2027"}
    assert client.post("/grid/requests", data={**asked, "state": "waiting"}).status_code == 302
    twice = client.post("/grid/requests", data={**asked, "state": "waiting"})
    assert (twice.status_code, "Nhà máy thử, 2027" in twice.text) == (400, True)
    assert (
        client.post("/grid/requests", data={**asked, "station_code": "NOWHERE", "state": "waiting"}).status_code == 400
    )
    request = next(one for one in list_requests(demo_session, LAYERS) if one.applicant == "Nhà máy thử")
    assert client.post("/grid/requests", data={"id": request.id, "state": "accepted"}).status_code == 302
    assert client.post("/grid/requests", data={"id": 10**9, "state": "accepted"}).status_code == 400
    exported = client.get("/layers/substations/export?format=csv&detail=load_requests").data.decode("utf-8-sig")
    assert "TBA-110-DOSON,Nhà máy thử,7.5,2027,accepted" in exported
    last = demo_session.scalars(select(ChangeSet).order_by(ChangeSet.id.desc()).limit(1)).one()
    undo(demo_session, last.id, LAYERS, user_name="an")
    assert [one.state for one in list_requests(demo_session, LAYERS, "TBA-110-DOSON")] == ["waiting"]


def test_the_area_of_a_storm_comes_from_a_file(demo_login):
    client = demo_login("planner")
    corners = [[106.85, 20.6], [107.2, 20.6], [107.2, 20.9], [106.85, 20.9], [106.85, 20.6]]
    area = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [corners]}}]}  # fmt: skip
    file = (io.BytesIO(json.dumps(area).encode()), "bao.geojson")
    sent = client.post("/grid/impact?year=2026&scenario=forecast", data={"file": file})
    assert sent.status_code == 302
    assert "mất điện: TBA 110 kV Cát Bà" in squeezed(client.get(sent.location).text)
    assert client.post("/grid/impact", data={}).status_code == 400
    assert client.post("/grid/impact", data={"file": (io.BytesIO(b"no area"), "bao.geojson")}).status_code == 400


def test_what_does_not_fit_leads_to_the_object_and_to_its_form_for_who_may_change_it(demo_login, demo_connection):
    demo_connection.execute(text("UPDATE power_line SET length_km = 90 WHERE code = 'DZ-110-HALY-CUACAM-1'"))
    for role, offered in (("planner", True), ("inspector", False)):
        shown = page(demo_login(role), "/grid", year=2041, scenario="off_peak")
        listed = shown.partition('id="findings"')[2].partition("</section>")[0]
        assert re.search(r"sel=power_lines:\d+&amp;details", listed)
        assert ("&amp;edit" in listed) is offered


def test_a_station_shows_its_years_and_its_requests(demo_login):
    client = demo_login("planner")
    shown = page(client, "/grid/stations/TBA-110-CATHAI", year=2028, **STORY)
    assert "Cảng biển mẫu số 2" in shown
    assert '<th scope="row">2028</th>' in shown
    assert client.get("/grid/stations/NOWHERE").status_code == 404
