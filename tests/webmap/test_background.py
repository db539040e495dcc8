"""No work is forgotten: whatever is promised has its job, with many people at once and with connections cut anywhere."""

import io
import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from geodata import jobs
from geodata.base.database import libpq_conninfo, new_engine
from geodata.importing.sessions import runs, sessions
from geodata.importing.sessions.model import ImportSession, Stage
from geodata.inspections import routes
from geodata.inspections.records import DayRoute
from geodata.layers import LAYERS
from tests.conftest import migrated_database, sign_in
from tests.factories import make_feature
from tests.webmap.background import forgotten_work, live_jobs, waiting_work

PEOPLE = 8
MARKET, SITE = LAYERS.get("markets"), LAYERS.get("fuel_sites")


@pytest.fixture(scope="module")
def database(worker):
    """A database of its own: what is committed here is seen by other connections."""
    return migrated_database(f"background_{worker}")


@pytest.fixture
def engine(database, monkeypatch):
    """An empty start."""
    monkeypatch.setenv("DATABASE_URL", database.render_as_string(hide_password=False))
    engine = new_engine(database, pool_size=PEOPLE * 2)
    with engine.begin() as connection:
        connection.execute(
            text(
                "TRUNCATE import_session, change_set, market, fuel_site, inspection_route, data_change,"
                " procrastinate_jobs, procrastinate_workers RESTART IDENTITY CASCADE"
            )
        )
        connection.execute(text("DELETE FROM account"))
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True, scope="module")
def tasks():
    """All kinds of work, loaded as a worker loads them."""
    jobs.QUEUE.perform_import_paths()


@pytest.fixture(autouse=True)
def large_quotas(monkeypatch):
    """Let the quotas, which have tests of their own, allow all that is sent here."""
    for name in ("MOST_FILES_A_MINUTE", "MOST_FILES_AN_HOUR", "MOST_WAITING_OF_ONE", "MOST_WAITING"):
        monkeypatch.setattr(sessions, name, 1000)


@pytest.fixture
def app(engine, make_app, tmp_path):
    """The application on that database."""
    return make_app(engine, upload_dir=tmp_path / "uploads")


@pytest.fixture
def site(engine):
    """A site to visit."""
    with Session(engine, expire_on_commit=False) as session:
        site = make_feature(session, SITE, kind="petrol", name="CHXD Đình Vũ", lon=106.7, lat=20.85)
        session.commit()
        return site.id


def many(client, count):
    """Return as many clients as people, all signed in by the same session."""
    cookie = client.get_cookie("session")
    clients = []
    for _ in range(count):
        other = client.application.test_client()
        other.set_cookie(cookie.key, cookie.value, path=cookie.path)
        clients.append(other)
    return clients


def market_file(number):
    """Return a table with one market as bytes."""
    return f"code,name,lon,lat\nCH-{number:04d},Chợ số {number},{106.5 + number % 50 / 200},20.85\n".encode()


def send(client, number):
    """Upload one file and return the answer."""
    data = {"layer": "markets", "files": [(io.BytesIO(market_file(number)), f"cho-{number}.csv")]}
    return client.post("/imports/new", data=data, content_type="multipart/form-data")


def ask_route(client, site):
    return client.post("/inspections/routes", data={"site": [site], "person": "inspector-test", "day": "2030-03-14"})


def at_once(clients, calls, do):
    """Let each client make its share of calls, all at once; return the answers."""
    with ThreadPoolExecutor(len(clients)) as pool:
        shares = [
            pool.submit(lambda who=who: [do(clients[who], number) for number in range(who, calls, len(clients))])
            for who in range(len(clients))
        ]
        return [answer for share in shares for answer in share.result(timeout=120)]


def test_eight_people_who_upload_at_once_get_no_error_and_every_import_ends(app, engine, heavy):
    uploads = 200 if heavy else 24
    answers = at_once(many(sign_in(app, "gis"), PEOPLE), uploads, send)
    assert [answer.status_code for answer in answers] == [302] * uploads
    assert forgotten_work(engine) == []
    assert len(live_jobs(engine, "run_import")) == uploads
    numbers = sorted(int(re.search(r"\d+", answer.location)[0]) for answer in answers)
    assert len(set(numbers)) == uploads
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(lambda number: runs.run(engine, number, runs.claim(engine, number), LAYERS), numbers))
    with Session(engine) as session:
        assert {sessions.get_import(session, number).stage for number in numbers} == {Stage.READY}


def test_eight_people_who_ask_for_day_routes_at_once_get_no_error_and_no_route_without_a_job(app, engine, site):
    answers = at_once(many(sign_in(app, "inspector"), PEOPLE), 24, lambda client, _: ask_route(client, site))
    assert [answer.status_code for answer in answers] == [302] * 24
    assert forgotten_work(engine) == []
    assert len(live_jobs(engine, "plan_route")) == 24


@contextmanager
def cut_at(engine, number):
    """Have the server end the connection that is about to send this statement, commits counted too."""
    seen = itertools.count()

    def cut(connection, *_):
        if next(seen) == number:
            pid = connection.connection.driver_connection.info.backend_pid
            with psycopg.connect(libpq_conninfo(engine.url), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    for name in ("before_cursor_execute", "commit"):
        event.listen(engine, name, cut)
    try:
        yield
    finally:
        for name in ("before_cursor_execute", "commit"):
            event.remove(engine, name, cut)


def ready_import(client, engine):
    """Upload a file and have it checked; return its number and the preview's mark."""
    number = int(re.search(r"\d+", send(client, 1).location)[0])
    runs.run(engine, number, runs.claim(engine, number), LAYERS)
    finish_jobs(engine)
    return number, re.search(r'name="mark" value="(\w+)"', client.get(f"/imports/{number}/confirm").text)[1]


def finish_jobs(engine):
    """Let every job count as done."""
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs"))


def stored_import(client, engine):
    """Store one import; return its change set."""
    number, mark = ready_import(client, engine)
    client.post(f"/imports/{number}/confirm", data={"mark": mark})
    runs.run(engine, number, runs.claim(engine, number), LAYERS)
    finish_jobs(engine)
    with Session(engine) as session:
        return session.get_one(ImportSession, number).change_set_id


def failed_route(client, engine, site):
    """Return the address of a route that could not be worked out."""
    address = ask_route(client, site).location
    finish_jobs(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE inspection_route SET started_at = now(), problem = 'not solved'"))
    return address


def promise(kind, app, engine, site):
    """Return what a person does to have work done in the background, as a call."""
    client = sign_in(app, "inspector" if "route" in kind else "gis")
    if kind == "upload":
        return lambda: send(client, 1)
    if kind == "route":
        return lambda: ask_route(client, site)
    if kind == "route again":
        address = failed_route(client, engine, site)
        return lambda: client.post(f"{address}/again")
    if kind == "undo":
        change_set = stored_import(client, engine)
        return lambda: client.post(f"/history/{change_set}/undo")
    number, mark = ready_import(client, engine)
    if kind == "answers":
        return lambda: client.post(f"/imports/{number}/questions", data={"mode": "append"})
    return lambda: client.post(f"/imports/{number}/confirm", data={"mark": mark})


@pytest.mark.parametrize("kind", ["upload", "answers", "confirm", "undo", "route", "route again"])
def test_wherever_the_connection_is_cut_the_work_has_its_job_or_was_never_promised(kind, app, engine, site):
    act = promise(kind, app, engine, site)
    before = set(waiting_work(engine))
    for statement in range(100):
        with cut_at(engine, statement):
            status = act().status_code
        assert forgotten_work(engine) == [], f"cut at statement {statement}"
        if set(waiting_work(engine)) > before:
            break
        assert status in {500, 503}, f"cut at statement {statement}"
    assert statement >= 3, "nothing was cut"
    assert status == 302


def test_what_waits_without_a_job_is_queued_by_the_next_sweep_and_only_once(app, engine, site):
    send(sign_in(app, "gis"), 1)
    ask_route(sign_in(app, "inspector"), site)
    finish_jobs(engine)
    assert len(forgotten_work(engine)) == 2
    with Session(engine) as session:
        assert sorted(jobs.queue_forgotten(session)) == [("plan_route", 1), ("run_import", 1)]
        session.commit()
        assert jobs.queue_forgotten(session) == []
    assert forgotten_work(engine) == []


def test_every_kind_of_work_that_waits_tells_the_sweep_how_it_is_found(engine):
    assert {"run_import", "plan_route"} <= set(jobs.backlogs())
    with Session(engine) as session:
        assert all(session.scalars(waiting).all() == [] for waiting in jobs.backlogs().values())


def test_a_route_whose_worker_was_lost_is_worked_out_by_the_job_that_is_tried_again(app, engine, site):
    ask_route(sign_in(app, "inspector"), site)
    with Session(engine) as session:
        session.execute(text("UPDATE inspection_route SET started_at = now()"))
        routes.plan_route(session, 1)
        assert session.get_one(DayRoute, 1).result is None
        routes.plan_route(session, 1, is_retry=True)
        assert session.get_one(DayRoute, 1, populate_existing=True).result["routes"]


def test_two_hundred_uploads_by_eight_people_are_no_error_and_each_has_its_job_and_ends(app, engine, heavy):
    """All 200 are worked on in the heavy run; here, where each starts a reader process, the first twelve."""
    answers = at_once(many(sign_in(app, "gis"), PEOPLE), 200, send)
    assert {answer.status_code for answer in answers} == {302}
    queued = sorted(live_jobs(engine, "run_import"))
    assert len(set(queued)) == 200
    taken = queued if heavy else queued[:12]
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(lambda number: runs.run(engine, number, runs.claim(engine, number), LAYERS), taken))
    with Session(engine) as session:
        ended = session.scalars(select(ImportSession.status).where(ImportSession.id.in_(taken))).all()
    assert ended == [Stage.READY] * len(taken)
