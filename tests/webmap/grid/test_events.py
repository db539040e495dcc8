"""Events that must not lose power: how a place is fed on a day, the register, the paper."""

import io

import pytest
from docx import Document
from sqlalchemy import text

EVENT = {"name": "Hội thử", "place": "20.727, 107.048", "begins_on": "2027-05-01", "power_mw": "2,5"}


def page(client, path, status=200, **query):
    answer = client.get(path, query_string=query)
    assert answer.status_code == status, answer.text
    return answer.text


def test_a_place_and_a_day_say_what_feeds_it_its_n1_state_and_what_stands_in_reserve(demo_login):
    shown = page(demo_login("inspector"), "/grid/events/plan", **EVENT, scenario="forecast")
    assert "TBA 110 kV Cát Bà" in shown
    assert "gần nhất, giả định" in shown
    assert "Đường dây 110 kV Chợ Rộc – Cát Hải, mạch 1" in shown  # one circuit: its outage leaves the place dark
    assert "chưa đạt" in shown
    assert "máy phát điện dự phòng" in shown


def test_an_event_is_kept_listed_told_with_an_outage_and_taken_out_again(demo_login, demo_connection):
    client = demo_login("planner")
    kept = client.post("/grid/events", data=EVENT)
    assert kept.status_code == 302
    assert "Hội thử" in page(client, "/grid/events")
    lost = page(client, "/grid/impact", year=2027, scenario="forecast", out="DZ-110-CHOROC-CATHAI-1")
    assert "Hội thử" in lost
    assert "Hội thử" not in page(client, "/grid/impact", year=2026, scenario="forecast", out="DZ-110-CHOROC-CATHAI-1")
    paper = Document(io.BytesIO(client.get(kept.location + ".docx").data))
    assert any("định hướng" in paragraph.text for paragraph in paper.paragraphs)
    assert demo_login("inspector").post(kept.location + "/remove").status_code == 403
    assert client.post(kept.location + "/remove").status_code == 302
    assert not demo_connection.scalar(text("SELECT count(*) FROM grid_event WHERE name = 'Hội thử'"))


FED = """
    SELECT s.name, ST_Distance(s.geom::geography, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)::geography) / 1000 AS km,
           (SELECT sum(rated_mva) FROM transformer t WHERE t.feature_id = s.id AND NOT is_planned) AS installed,
           (SELECT sum(rated_mva) - max(rated_mva) FROM transformer t WHERE t.feature_id = s.id AND NOT is_planned) AS firm
    FROM substation s WHERE voltage_kv = 110 AND status = 'existing' ORDER BY km LIMIT 1
"""


@pytest.mark.parametrize(
    ("place", "day"),
    [("20.722, 106.790", "2026-12-20"), ("20.862, 106.610", "2027-03-02"), ("20.9210, 106.70", "2028-09-02")],
)
def test_the_figures_of_the_paper_are_those_of_the_register_by_plain_sql(demo_login, demo_connection, place, day):
    client = demo_login("planner")
    kept = client.post("/grid/events", data=EVENT | {"place": place, "begins_on": day}).location
    tables = Document(io.BytesIO(client.get(kept + ".docx").data)).tables
    told = {row.cells[0].text: row.cells[1].text for table in tables for row in table.rows if len(row.cells) == 2}
    lat, lon = map(float, place.split(","))
    name, km, installed, firm = demo_connection.execute(text(FED), {"lon": lon, "lat": lat}).one()
    client.post(kept + "/remove")
    assert told["Trạm cấp điện"].startswith(f"{name}, cách {in_vietnamese(km)} km")
    assert told["Phụ tải của trạm; công suất đặt"].endswith(f"{in_vietnamese(installed)} MVA")
    assert told["Công suất bảo đảm khi một máy sự cố"] == f"{in_vietnamese(firm)} MVA"
    assert told["Thời gian"] == "/".join(reversed(day.split("-")))


def in_vietnamese(number):
    return f"{number:.1f}".replace(".", ",")


@pytest.mark.parametrize(
    "wrong",
    [
        {"place": "ở đâu đó"}, {"begins_on": "mai"}, {"ends_on": "2027-04-01"}, {"power_mw": "-3"},
        {"power_mw": "nan"}, {"name": "  "},
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_event_is_told_and_the_form_keeps_what_was_typed(demo_login, wrong):
    client = demo_login("planner")
    shown = page(client, "/grid/events/plan", 400, **(EVENT | wrong))
    assert 'role="alert"' in shown
    assert client.post("/grid/events", data=EVENT | wrong).status_code == 400
    if "name" not in wrong:
        assert 'value="Hội thử"' in shown


def test_the_public_sees_no_event(demo_app):
    client = demo_app.test_client()
    for path in ("/grid/events", "/grid/events/plan", "/grid/events/1", "/grid/events/1.docx"):
        assert client.get(path).location.startswith("/login")
