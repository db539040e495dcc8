"""Projects on the map: what everybody may see of them, and the way from an object to what builds it."""

import re

import pytest

from geodata.layers import LAYERS

HIDDEN = ("schedule_state", "delay_days", "late_milestone", "open_obstacle_count")


@pytest.fixture
def circuit_id(demo_app):
    answer = demo_app.test_client().get("/api/layers/projects/features?q=DA-CATBA-M2").json
    (feature,) = answer["features"]
    return feature["id"]


def test_the_public_sees_progress_but_no_delay_obstacle_or_money(demo_app, circuit_id):
    public = demo_app.test_client()
    described = next(layer for layer in public.get("/api/layers").json["layers"] if layer["name"] == "projects")
    names = {field["name"] for field in described["fields"]}
    assert "progress_percent" in names
    assert not names & set(HIDDEN)
    panel = public.get(f"/layers/projects/features/{circuit_id}/panel").text
    assert "Khởi công" in panel
    for secret in ("Vườn quốc gia Cát Bà", "2028", "Giải ngân", "Chậm"):
        assert secret not in panel
    assert public.get("/api/layers/projects/features?delay_days=1..").status_code == 400


def test_staff_read_how_late_a_project_is_and_why(demo_login, circuit_id):
    panel = demo_login("leader").get(f"/layers/projects/features/{circuit_id}/panel").text
    text = re.sub(r"<[^>]+>", " ", panel)
    assert "Chậm tiến độ" in text
    assert "Mốc “Đóng điện” chậm 2.192 ngày so với kế hoạch" in " ".join(text.split())
    assert "Vườn quốc gia Cát Bà" in text


def test_an_object_names_the_project_that_builds_it(demo_app):
    public = demo_app.test_client()
    (station,) = public.get("/api/layers/substations/features?q=TBA-110-CATBA").json["features"]
    panel = public.get(f"/layers/substations/features/{station['id']}/panel").text
    assert "Dự án, công trình trọng điểm" in panel
    assert "Đường dây 110 kV mạch 2 Chợ Rộc" in panel


def test_progress_is_entered_in_the_form_and_taken_back(demo_login, circuit_id):
    planner = demo_login("planner")
    form = planner.get(f"/edit/projects/form?id={circuit_id}").text
    assert "Khối lượng đã xong" in form
    version = form.partition('data-version="')[2].partition('"')[0]
    row = {"values": {"reported_on": "2026-11-20", "percent": "58,5", "reported_by": "Ban quản lý mẫu"}}
    sent = {"id": circuit_id, "version": version, "details": {"progress": [row]}}
    saved = planner.post("/edit/projects", json={"objects": [sent]})
    assert saved.status_code == 200, saved.text
    address = f"/api/layers/projects/features/{circuit_id}"
    assert planner.get(address).json["properties"]["progress_percent"] == 58.5
    assert planner.post(f"/edit/changes/{saved.json['change_set_id']}/undo").status_code == 200
    assert planner.get(address).json["properties"]["progress_percent"] == 52


def test_every_object_that_a_project_of_the_demo_names_is_there(demo_session):
    kind = LAYERS.get("projects")
    named = {row.object_code for row in demo_session.query(kind.detail("objects"))}
    known = {code for other in LAYERS for (code,) in demo_session.query(other.code)}
    assert named <= known
