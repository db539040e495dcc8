"""Dear answers: few at once, few for one person, bounded for everybody, and none of them held in memory whole."""

import csv
import threading
import tracemalloc
from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import event, func, insert

from geodata.accounts.access import visible_fields
from geodata.base.database import new_engine
from geodata.base.errors import BusyError, QuotaError, TooManyError
from geodata.export import source
from geodata.export.formats import check_count, export_features
from geodata.importing.sessions.model import ImportSession, Stage, Task
from geodata.importing.sessions.sessions import (
    MOST_FILES_A_MINUTE,
    MOST_FILES_AN_HOUR,
    MOST_WAITING_OF_ONE,
    check_quota,
)
from geodata.layers import LAYERS
from geodata.schema.roles import Role
from tests.conftest import PASSWORD, sign_in
from tests.factories import make_feature
from webmap.app.gate import Gate, init_gate
from webmap.map import exports

MARKET = LAYERS.get("markets")


def test_one_person_has_two_places_and_all_together_have_a_few():
    gate = Gate(at_once=3, of_one=2, wait_s=0.05)
    with ExitStack() as inside:
        for who in ("a", "a", "b"):
            inside.enter_context(gate.passed(who))
        with pytest.raises(QuotaError), gate.passed("a"):
            pass
        with pytest.raises(BusyError), gate.passed("c"):
            pass
    with gate.passed("a"), gate.passed("c"):
        pass


def test_who_waits_at_the_gate_enters_when_a_place_is_free():
    gate = Gate(at_once=1, wait_s=30)
    entered = threading.Event()

    def wait():
        with gate.passed("b"):
            entered.set()

    with gate.passed("a"):
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not entered.is_set()
    waiting.join(timeout=30)
    assert entered.is_set()


@pytest.mark.parametrize(
    ("gate", "status", "code"), [(Gate(of_one=0), 429, "quota"), (Gate(at_once=0, wait_s=0), 503, "busy")]
)
def test_who_has_to_wait_is_told_how_long(app, gate, status, code):
    init_gate(app, gate)
    answer = app.test_client().get("/layers/markets/export?format=csv", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["error"]) == (status, code)
    assert int(answer.headers["Retry-After"]) > 0
    assert app.test_client().get("/api/layers/markets/features").status_code == 200


def test_everybody_takes_along_a_bounded_number_and_is_told_the_bound(app, session, monkeypatch):
    for number in range(3):
        make_feature(session, MARKET, code=f"C{number}")
    session.commit()
    monkeypatch.setattr(exports, "MOST_FOR_EVERYBODY", 2)
    headers = {"Accept": "application/json"}
    refused = app.test_client().get("/layers/markets/export?format=csv", headers=headers)
    assert (refused.status_code, refused.json["error"], refused.json["details"]) == (
        400,
        "too_many",
        {"count": 3, "most": 2},
    )
    assert app.test_client().get("/layers/markets/export?format=csv&code=C1", headers=headers).status_code in {200, 400}
    assert sign_in(app, "planner").get("/layers/markets/export?format=csv").status_code == 200
    with pytest.raises(TooManyError):
        check_count(session.connection(), MARKET, [], 2, "{count} of {most}")


@pytest.mark.parametrize("format", ["csv", "geojson", "xlsx", "gpkg", "shp"])
def test_an_export_of_many_batches_is_whole_and_holds_few_of_them(session, tmp_path, monkeypatch, format):
    batch, count = 50, 1200
    monkeypatch.setattr(source, "BATCH", batch)
    make_feature(session, MARKET, code="C00000", name="Chợ")
    row = session.connection().exec_driver_sql("SELECT * FROM market").mappings().one()
    columns = {column.name for column in MARKET.__table__.columns if column.computed is None} - {"id"}
    plain = {name: row[name] for name in columns if name != "geom"}
    rows = [plain | {"code": f"C{number:05d}", "geom": "SRID=4326;POINT(106.6 20.8)"} for number in range(1, count)]
    session.execute(insert(MARKET.__table__), rows)
    held = []
    event.listen(session, "do_orm_execute", lambda state: held.append(state.execution_options.get("yield_per")))
    tracemalloc.start()
    path = export_features(session, MARKET, visible_fields(Role.ADMIN, MARKET), format=format, target=tmp_path / "out")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held == [batch]
    assert peak < 1.5 * 2**20  # all rows at once take more than two megabytes
    if format == "csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert [line["code"] for line in csv.DictReader(file)] == [f"C{number:05d}" for number in range(count)]
    elif format in {"gpkg", "shp", "geojson"}:
        import pyogrio

        assert pyogrio.read_info(path)["features"] == count


def uploads(session, count, status, user="gis-test", minutes_ago=5):
    when = func.now() - timedelta(minutes=minutes_ago)
    session.add_all(
        ImportSession(task=Task.IMPORT, layer="markets", user_name=user, status=status, file_bytes=1, created_at=when)
        for _ in range(count)
    )
    session.flush()


@pytest.mark.parametrize(
    ("count", "status", "minutes_ago"),
    [
        (MOST_WAITING_OF_ONE, Stage.WAITING, 5), (MOST_FILES_A_MINUTE, Stage.STORED, 0), (MOST_FILES_AN_HOUR, Stage.STORED, 5),
    ],
)  # fmt: skip
def test_an_account_sends_so_many_files_and_has_so_many_waiting(session, count, status, minutes_ago):
    uploads(session, count - 1, status, minutes_ago=minutes_ago)
    check_quota(session, "gis-test")
    uploads(session, 1, status, minutes_ago=minutes_ago)
    with pytest.raises(QuotaError):
        check_quota(session, "gis-test")
    check_quota(session, "other")
    session.query(ImportSession).update({"status": Stage.STORED, "created_at": func.now() - timedelta(hours=2)})
    check_quota(session, "gis-test")


def test_a_full_queue_takes_nothing_from_anybody(session):
    uploads(session, 100, Stage.WAITING, user="somebody")
    with pytest.raises(BusyError):
        check_quota(session, "gis-test")


def test_an_upload_over_the_quota_is_answered_with_a_time_to_come_back(app, session):
    client = sign_in(app, "gis")
    uploads(session, MOST_WAITING_OF_ONE, Stage.WAITING)
    session.commit()
    answer = client.post("/imports/new", data={"layer": "markets"}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")


@pytest.mark.parametrize("role", ["public", "planner", "inspector", "gis", "admin"])
def test_a_request_has_one_connection_at_a_time(demo_url, demo_accounts, make_app, role):
    engine = new_engine(demo_url)  # of its own: nobody else's connections are counted
    app = make_app(engine)
    client = app.test_client()
    if role != "public":
        assert client.post("/login", data={"username": demo_accounts[role], "password": PASSWORD}).status_code == 302
    out, most, address = [], [], ""

    def leave(*_):
        out.append(1)
        most.append((len(out), address))

    def come_back(*_):
        out.pop()

    event.listen(engine.pool, "checkout", leave)
    event.listen(engine.pool, "checkin", come_back)
    for address in sorted(addresses_of(app)):
        client.get(address)
    engine.dispose()
    assert most
    assert [one for one in most if one[0] > 1] == []


def addresses_of(app):
    plain = {rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and not rule.arguments}
    feature = "/layers/markets/features/1"
    return plain | {
        f"{feature}/panel", f"{feature}/popup", "/documents/1", "/history/1", "/history/1/undo", "/then/2026-01-02/",
        "/layers/markets/export?format=csv", "/api/layers/markets/facets", "/inspections/campaigns/1",
        "/tiles/markets/10/815/451.mvt",
    }  # fmt: skip
