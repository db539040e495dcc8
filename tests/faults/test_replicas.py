"""Between web servers and the primary: a replica that is behind, and pgbouncer, which gives each transaction another session."""

import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from geodata.base.database import new_engine
from scripts.base.ports import free_port
from scripts.benchmarks._between import Pooler
from scripts.benchmarks._replicas import SUPERUSER, Node, until
from scripts.benchmarks._seed import PASSWORD, SITE
from scripts.benchmarks.failover import DATABASE, prepare
from scripts.cluster.account import account_for

ITEMS = f"/ogc/collections/{SITE.layer.name}/items"
LIST = f"/api/layers/{SITE.layer.name}/features?limit=50"


@pytest.fixture(scope="module")
def nodes():
    """A primary and a replica, with an account that may write."""
    home = Path(tempfile.mkdtemp(prefix="webmap-replica-"))
    account = account_for(home)
    if not account.is_me:
        shutil.chown(home, account.uid, account.gid)
    made = [Node(home, name, free_port()) for name in ("north", "middle")]
    try:
        made[0].token, made[0].home = prepare(made), home
        yield made
    finally:
        for node in made:
            node.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def app(nodes, make_app):
    first, replica = (f"postgresql+psycopg://{SUPERUSER}@127.0.0.1:{node.port}/{DATABASE}" for node in nodes)
    engine = new_engine(first)
    app = make_app(engine, replica_urls=(replica,))
    yield app
    app.extensions["database"].dispose()


@pytest.fixture
def reader(app):
    return signed_in(app)


@pytest.fixture
def behind(nodes):
    """The replica has all there is; it takes what is written from now on, and shows none of it."""
    with psycopg.connect(nodes[0].conninfo(DATABASE), autocommit=True) as first:
        (position,) = first.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
    with psycopg.connect(nodes[1].conninfo(DATABASE), autocommit=True) as connection:
        until(lambda: connection.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [position]).fetchone()[0])
        connection.execute("SELECT pg_wal_replay_pause()")
        until(lambda: connection.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() == ("paused",))
        yield connection
        connection.execute("SELECT pg_wal_replay_resume()")


def names(client, **headers):
    answer = client.get(LIST, headers=headers)
    assert answer.status_code == 200
    return {feature["properties"]["name"] for feature in answer.get_json()["features"]}


def add(client, code, **headers):
    needed = {one.name: next(iter(one.values)) for one in SITE.fields() if one.required and one.values}
    shape = {"type": "Point", "coordinates": [106.68, 20.85]}
    body = {"type": "Feature", "geometry": shape, "properties": {"code": code, "name": code, **needed}}
    headers = {"Content-Type": "application/geo+json", **headers}
    assert client.post(ITEMS, data=json.dumps(body), headers=headers).status_code == 201


def signed_in(app):
    client = app.test_client()
    assert client.post("/login", data={"username": "failover", "password": PASSWORD}).status_code == 302
    return client


def test_who_has_written_sees_it_though_the_replica_does_not_show_it_yet(app, nodes, behind):
    person, other = app.test_client(), app.test_client()
    add(person, "VIET-1", Authorization=f"Bearer {nodes[0].token}")

    assert "VIET-1" in names(person)
    assert "VIET-1" not in names(other)

    behind.execute("SELECT pg_wal_replay_resume()")
    until(lambda: "VIET-1" in names(other))


def test_what_a_page_fetches_is_never_older_than_the_page(app, reader, nodes, behind):
    add(app.test_client(), "VIET-2", Authorization=f"Bearer {nodes[0].token}")  # by somebody else, afterwards
    assert "VIET-2" not in names(reader)

    assert reader.get("/").status_code == 200

    assert "VIET-2" in names(reader)


def test_a_program_with_a_token_reads_what_it_has_written(app, nodes, behind):
    program, headers = app.test_client(use_cookies=False), {"Authorization": f"Bearer {nodes[0].token}"}
    add(program, "VIET-3", **headers)
    assert "VIET-3" in names(program, **headers)


@pytest.mark.parametrize("position", ["x", "0/0", "FFFFFFFF/FFFFFFFF", "'; DROP TABLE account; --"])
def test_a_position_that_somebody_made_up_breaks_nothing(app, position):
    client = app.test_client()
    client.set_cookie("position", position)
    names(client)


def test_a_replica_that_is_gone_is_left_out(app, nodes):
    assert names(app.test_client()) is not None
    nodes[1].stop()
    try:
        for _ in range(3):
            names(app.test_client())
    finally:
        nodes[1].start()


def test_nobody_is_told_a_position_where_there_is_no_replica(nodes, make_app):
    app = make_app(new_engine(f"postgresql+psycopg://{SUPERUSER}@127.0.0.1:{nodes[0].port}/{DATABASE}"))
    assert signed_in(app).get_cookie("position") is None
    app.extensions["database"].dispose()


@pytest.fixture
def over_pooler(nodes, make_app, request, between):
    """over_pooler(connect_query) -> an application over pgbouncer as documented, or with another query for its sessions."""
    folder = Path(tempfile.mkdtemp(prefix="pooler-", dir=nodes[0].home))
    folder.chmod(0o755)

    def make(connect_query=""):
        pooler = Pooler(folder, DATABASE, connect_query)
        running = pooler.running(nodes[0])
        running.__enter__()
        request.addfinalizer(lambda: running.__exit__(None, None, None))
        app = make_app(None, pooler_url=pooler.url)
        request.addfinalizer(app.extensions["database"].dispose)
        return app

    return make


def test_behind_a_pooler_all_is_read_and_written_as_before(over_pooler, nodes):
    app = over_pooler()

    def write_and_read(number):
        program, headers = app.test_client(use_cookies=False), {"Authorization": f"Bearer {nodes[0].token}"}
        for count in range(8):  # more than psycopg asks for before it prepares a statement
            add(program, code := f"POOL-{number}-{count}", **headers)
            assert code in names(program, **headers)

    with ThreadPoolExecutor(4) as people:
        list(people.map(write_and_read, range(4)))


def test_sessions_behind_a_pooler_have_the_zone_and_the_limits_of_all_others(over_pooler, nodes):
    asked = "SELECT current_setting('TimeZone'), current_setting('statement_timeout'), current_setting('lock_timeout')"
    app, found = over_pooler(), set()
    with ThreadPoolExecutor(6) as people:

        def ask(_):
            with app.extensions["database"].bind.connect() as connection:
                connection.exec_driver_sql("SELECT pg_sleep(0.05)")  # so that all take sessions of their own
                found.add(tuple(connection.exec_driver_sql(asked).one()))

        list(people.map(ask, range(30)))
    assert found == {("Asia/Ho_Chi_Minh", "8s", "2s")}


def test_a_pooler_whose_sessions_have_no_limits_is_refused(over_pooler, caplog):
    answer = over_pooler("SELECT 1").test_client().get(LIST)
    assert answer.status_code == 503
    assert "DATABASE_POOLER_URL" in caplog.text
    assert "lock_timeout" in caplog.text
