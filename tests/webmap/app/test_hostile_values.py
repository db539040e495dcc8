"""No value that somebody sends, in whatever place of whatever address, makes the server fail.

The addresses come from the map of addresses, the parameters from what the views ask for, so that nothing new is left out.
A request carries a hostile value for each parameter of its address; of what is refused each is sent again alone, so that
none hides behind another, and what is taken once more together. A full crossing takes minutes
(`HOSTILE=all ./scripts/test tests/webmap/app/test_hostile_values.py`); the suite takes one value for each parameter and
role, others at the next address and for the next role.
"""

import io
from itertools import count

import pytest
from PIL import Image
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geodata.accounts.access import create_user
from geodata.base.database import new_engine
from geodata.inspections.catalogue import Violation
from geodata.inspections.complaints import Complaint
from geodata.inspections.records import DayRoute, InspectionCampaign, VisitPaper
from geodata.inspections.rights import Person
from geodata.layers import LAYERS
from geodata.layers.fuel_sites.visits import Finding
from geodata.schema.roles import Role
from tests.conftest import PASSWORD, demo_database
from tests.visit_forms import make_records
from tests.webmap.app.attacking import (
    ALONE,
    BODIES,
    FILES,
    HEADERS,
    HEAVY,
    HOSTILE,
    ROLES,
    TARGET,
    Attack,
    Recorded,
    RecordingRequest,
    address_of,
    encoded,
    enter,
    fewer,
    filters_of,
    is_sender,
    rules_of,
    sets_of,
)


@pytest.fixture(scope="module")
def database(worker):
    """The demo data in a database of its own: each statement fails alone, as in a real one."""
    engine = new_engine(demo_database(f"hostile_{worker}"), statement_timeout_s=8)
    with Session(engine) as session:
        for role in ROLES[1:]:
            create_user(session, name=f"{role}-test", role=role, password=PASSWORD)
        create_user(session, name=TARGET, role="planner", password=PASSWORD)
        make_records(session, Person(name="inspector-test", role=Role.INSPECTOR))
        session.commit()
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def app(database, make_app, tmp_path_factory):
    """The application over that database; the queue is there too."""
    app = make_app(database, upload_dir=tmp_path_factory.mktemp("uploads"))
    app.request_class = RecordingRequest
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", database.url.render_as_string(hide_password=False))
        yield app


@pytest.fixture
def demo_connection(database):
    with database.begin() as connection:
        yield connection


@pytest.fixture
def parts(demo_connection):
    """Values of path parts that lead to something."""
    first = {name: demo_connection.scalar(select(model.id).limit(1)) or 1 for name, model in (
        ("campaign_id", InspectionCampaign), ("finding_id", Finding), ("route_id", DayRoute),
        ("feature_id", LAYERS.get("markets")), ("site_id", LAYERS.get("fuel_sites")), ("paper_id", VisitPaper),
        ("complaint_id", Complaint), ("violation_id", Violation),
    )}  # fmt: skip
    words = {
        "layer": "markets", "slug": "cum-cong-nghiep", "name": TARGET, "format": "csv", "token": "x", "code": "x", "kind": "targets",
        "edition": 1, "filename": "css/app.css", "z": 10, "x": 815, "y": 451,
    }  # fmt: skip
    return {**words, **first}


@pytest.mark.parametrize("role", ROLES)
def test_no_value_in_a_path_a_query_or_a_form_makes_it_fail(app, parts, role):
    attack, turns = Attack(app, role), count(ROLES.index(role))
    for method, rule in rules_of(app, role):
        address = address_of(rule, parts)
        Recorded.asked.clear()
        attack.as_it_is(method, address)
        for name in sorted(rule.arguments):
            for value in fewer([*HOSTILE, "%00", "%FF", "%2e%2e"], next(turns)):
                attack(method, address_of(rule, parts, **{name: value}), name)
        names = sorted((Recorded.asked | filters_of(rule)) - {"csrf_token"})
        for values in sets_of(names, turns):
            attack.together(method, address, "query_string", values)
        for values in sets_of(names, turns) if method != "GET" else ():
            attack.together(method, address, "data", values)
    attack.end()


@pytest.mark.parametrize("role", ROLES)
def test_no_header_makes_it_fail(app, parts, role):
    attack, turns = Attack(app, role), count(ROLES.index(role))
    alone = [(name, value) for name in sorted(ALONE) for value in HEADERS[name]]
    for method, rule in rules_of(app, role):
        if not is_sender(app, rule, role):
            continue
        address, turn = address_of(rule, parts), next(turns)
        attack.as_it_is(method, address)
        for step in range(max(map(len, HEADERS.values())) if HEAVY else 1):
            sent = {name: values[(turn + step) % len(values)] for name, values in HEADERS.items() if name not in ALONE}
            attack.together(method, address, "headers", {name: encoded(value) for name, value in sent.items()})
        for name, value in fewer(alone, turn):
            attack(method, address, (name, value), headers={name: encoded(value)})
    attack.end()


@pytest.mark.parametrize("role", ROLES)
def test_no_body_makes_it_fail(app, parts, role):
    attack, turns = Attack(app, role), count(ROLES.index(role))
    forms = [(field, *file) for file in FILES for field in ("files", "photo", "picture", "file")]
    for method, rule in rules_of(app, role):
        if method == "GET" or not is_sender(app, rule, role):
            continue
        turn = next(turns)
        for kind, body in fewer(BODIES, turn, most=4):
            attack(method, address_of(rule, parts), body[:60], data=body, content_type=kind)
        for field, name, content in fewer(forms, turn, most=3):
            sent = {field: (io.BytesIO(content), name), "layer": "markets"}
            attack(method, address_of(rule, parts), name, data=sent, content_type="multipart/form-data")
    attack.end()


def test_a_picture_of_400_million_points_is_refused_in_words(app):
    made = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(made, "PNG")
    answer = enter(app, "planner").post("/reports/map.pdf", data={"picture": (io.BytesIO(made.getvalue()), "map.png")})
    assert answer.status_code == 400


def test_a_visit_is_planned_on_a_day_that_can_be(app, demo_connection):
    site = demo_connection.scalar(select(LAYERS.get("fuel_sites").id).limit(1))
    client = enter(app, "inspector")
    assert client.post("/inspections/visits", data={"site": site, "planned_on": "9999-12-31"}).status_code == 400
    answer = client.post("/inspections/calendar")
    feed = answer.text.partition("/inspections/calendar/")[2].partition(".ics")[0]
    client.post("/inspections/visits", data={"site": site, "planned_on": "2100-12-31"})
    demo_connection.execute(
        text("UPDATE inspection_paper SET planned_on = '9999-12-31' WHERE planned_on = '2100-12-31'")
    )
    demo_connection.commit()
    assert "99991231" in client.get(f"/inspections/calendar/{feed}.ics").text


def test_a_database_that_takes_no_changes_says_so(demo_engine, demo_accounts, make_app, monkeypatch):
    app = make_app(demo_engine.execution_options(postgresql_readonly=True))
    answer = app.test_client().post(
        "/login", data={"username": demo_accounts["gis"], "password": "x"}, headers={"Accept": "application/json"}
    )
    assert (answer.status_code, answer.json["error"]) == (503, "read_only")
    assert int(answer.headers["Retry-After"]) > 0
