"""Routes over HTTP: solved in the background, assigned once, printed, taken along; nobody else's."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text

from geodata.accounts.access import create_user
from geodata.base.database import TIME_ZONE
from geodata.inspections.routes import plan_route
from geodata.layers.fuel_sites import FuelSite
from tests.conftest import PASSWORD
from tests.factories import make_feature
from tests.webmap.background import take_jobs


def ask_route(client, *sites, person="inspector-test", **form):
    """Ask for a route of tomorrow: what is left of today depends on when the tests run."""
    day = (datetime.now(ZoneInfo(TIME_ZONE)).date() + timedelta(days=1)).isoformat()
    data = {"site": [site.id for site in sites], "person": person, "day": day}
    return client.post("/inspections/routes", data=data | form)


def work_off(session):
    """Do what the worker does, for what is queued."""
    for number in take_jobs(session, "plan_route"):
        plan_route(session, number)


def test_a_route_is_solved_assigned_once_printed_and_taken_along(session, inspector, site, day):
    second = make_feature(
        session, FuelSite, kind="petrol", name="CHXD xa", lon=106.75, lat=20.9, opening_hours="20:00-22:00"
    )
    session.commit()
    made = ask_route(inspector, site, second)
    waiting = inspector.get(made.location).text
    assert "Đang chờ xử lý nền" in waiting
    assert inspector.get(f"{made.location}/state").json["working"]
    assert inspector.post(f"{made.location}/assign").status_code == 409
    assert inspector.get(f"{made.location}.gpx?person=inspector-test").status_code == 409
    work_off(session)
    told = inspector.get(f"{made.location}/state").json
    assert (told["working"], told["next"]) == (False, made.location)
    page = inspector.get(made.location).text
    assert "đường chim bay" in page
    assert "Không mở cửa đủ lâu trong giờ làm việc" in page
    gpx = inspector.get(f"{made.location}.gpx?person=inspector-test").text
    assert "<rtept" in gpx
    assert site.name in gpx
    assigned = inspector.post(f"{made.location}/assign")
    assert inspector.post(f"{made.location}/assign").status_code == 409
    assert site.name in inspector.get(assigned.location).text
    assert site.name in inspector.get("/inspections").text
    assert f'href="{made.location}"' in inspector.get("/inspections/routes").text
    assert inspector.post("/inspections/routes", data={"site": [], "person": []}).status_code == 400
    assert ask_route(inspector, site, visit_minutes="1").status_code == 400
    assert take_jobs(session, "plan_route") == []


def test_a_route_that_failed_says_why_and_is_tried_again(session, inspector, site, monkeypatch, tmp_path):
    table = tmp_path / "times.csv"
    table.write_text("from,to\nS-1,S-2\n", "utf-8")
    monkeypatch.setenv("ROUTING_TABLE", str(table))
    made = ask_route(inspector, site)
    assert inspector.post(f"{made.location}/again").status_code == 409
    work_off(session)
    assert "Không đọc được bảng thời gian đi đường" in inspector.get(made.location).text
    monkeypatch.delenv("ROUTING_TABLE")
    assert inspector.post(f"{made.location}/again").status_code == 302
    work_off(session)
    assert "S-1" in inspector.get(made.location).text or site.name in inspector.get(made.location).text


def test_a_route_whose_worker_was_killed_is_not_waited_for_forever(session, inspector, site):
    made = ask_route(inspector, site)
    long_ago = text("UPDATE inspection_route SET started_at = now() - interval '2 minutes'")
    session.execute(long_ago)
    session.commit()
    session.expire_all()
    assert "bị dừng" in inspector.get(made.location).text
    assert not inspector.get(f"{made.location}/state").json["working"]
    assert inspector.post(f"{made.location}/again").status_code == 302
    work_off(session)
    assert inspector.get(f"{made.location}/state").json["stage"] == "done"


def test_a_route_by_a_routing_table_says_so(session, inspector, site, monkeypatch, tmp_path):
    second = make_feature(session, FuelSite, code="S-2", kind="petrol", lon=106.75, lat=20.9)
    session.commit()
    table = tmp_path / "Sở 2026.csv"
    table.write_text("from,to,minutes,km\nS-1,S-2,7,3.5\n", "utf-8")
    monkeypatch.setenv("ROUTING_TABLE", str(table))
    made = ask_route(inspector, site, second)
    work_off(session)
    page = inspector.get(made.location).text
    assert "theo bảng đi đường “Sở 2026” cho 2 trong 2 chặng" in page
    assert "3,5" in page


def test_nobody_reads_a_route_of_others(app, session, inspector, site):
    made = ask_route(inspector, site)
    create_user(session, name="someone-else", role="inspector", password=PASSWORD)
    session.commit()
    other = app.test_client()
    assert other.post("/login", data={"username": "someone-else", "password": PASSWORD}).status_code == 302
    for path in ("", "/state"):
        assert other.get(made.location + path).status_code == 404
    assert other.post(f"{made.location}/again").status_code == 404
