"""Files too large to wait for are made in the background, for who asked for them and as he may see it, for a day."""

import csv
import io
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geodata import housekeeping
from geodata.accounts import accounts
from geodata.base.database import new_engine
from geodata.base.errors import InvalidFilterError, QuotaError
from geodata.export import runs
from geodata.export.runs import ExportRun, Making
from geodata.layers import LAYERS
from tests.conftest import migrated_database, sign_in
from tests.factories import make_feature
from tests.webmap.background import live_jobs
from webmap.map.export_runs import make

MARKET = LAYERS.get("markets")
EXPORT = "/layers/markets/export?format=csv&q=Ch%E1%BB%A3&lang=vi"
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def database(worker):
    """A database of its own: the background has connections of its own."""
    engine = new_engine(migrated_database(f"large_{worker}"))
    with Session(engine) as session:
        for number in range(4):
            make_feature(session, MARKET, code=f"L-{number}", name=f"Chợ {number}")
        make_feature(session, MARKET, code="X", name="Siêu thị")
        session.commit()
    yield engine
    engine.dispose()


@pytest.fixture
def app(database, make_app, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "MOST_AT_ONCE", 3)
    with database.begin() as connection:
        connection.execute(text("TRUNCATE export_run, procrastinate_jobs CASCADE"))
        connection.execute(text("DELETE FROM account"))
    return make_app(database, upload_dir=tmp_path)


def test_a_large_file_is_offered_made_and_fetched_by_a_link(app, database):
    client = sign_in(app, "planner")
    refused = client.get(EXPORT, headers=JSON)
    assert (refused.status_code, refused.json["error"], refused.json["details"]) == (
        400,
        "too_many",
        {"count": 4, "most": 3},
    )
    offered = client.get(EXPORT)
    assert offered.status_code == 202
    assert 'action="/layers/markets/export?format=csv&amp;q=' in offered.text
    ordered = client.post(EXPORT)
    assert ordered.location.startswith("/exports/")
    (number,) = live_jobs(database, "make_export")
    state = client.get(f"{ordered.location}/state").json
    assert (state["working"], state["waiting"]) == (True, True)
    assert client.get(f"{ordered.location}/file").status_code == 404

    make(database, number, LAYERS)
    assert client.get(f"{ordered.location}/state").json["working"] is False
    page = client.get("/exports").text
    assert f"/exports/{number}/file" in page
    answer = client.get(f"/exports/{number}/file")
    assert "markets.csv" in answer.headers["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [line["code"] for line in lines] == [f"L-{one}" for one in range(4)]
    assert "Tải xuống" in page


def test_a_file_is_for_who_asked_for_it_and_under_the_rights_he_had(app, database):
    client = sign_in(app, "planner")
    address = client.post(EXPORT).location
    make(database, int(address.rpartition("/")[2]), LAYERS)
    for other in (sign_in(app, "admin"), app.test_client()):
        assert other.get(f"{address}/file").status_code in {302, 404}
    with Session(database) as session:
        accounts.set_role(session, "planner-test", "inspector")
        session.commit()
    again = app.test_client()
    again.post("/login", data={"username": "planner-test", "password": "correct horse battery"})
    assert again.get("/account").status_code == 200
    assert again.get(f"{address}/file").status_code == 404


def test_what_cannot_be_made_says_so_and_leaves_no_file(app, database, monkeypatch, tmp_path):
    client = sign_in(app, "planner")
    address = client.post(EXPORT).location
    with Session(database) as session:
        run = session.scalars(select(ExportRun)).one()
        number, run.arguments = run.id, [["no_such_filter", "1"]]
        session.commit()
    with pytest.raises(InvalidFilterError):
        make(database, number, LAYERS)
    assert client.get(f"{address}/state").json["stage"] == Making.FAILED
    assert "Không lập được tệp" in client.get("/exports").text
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_that_a_lost_worker_began_is_made_by_the_job_that_is_tried_again(app, database):
    number = int(sign_in(app, "planner").post(EXPORT).location.rpartition("/")[2])
    with database.begin() as connection:
        connection.execute(text("UPDATE export_run SET started_at = now()"))
    make(database, number, LAYERS)
    with Session(database) as session:
        assert session.get_one(ExportRun, number).making is Making.RUNNING
    make(database, number, LAYERS, is_retry=True)
    with Session(database) as session:
        assert session.get_one(ExportRun, number).making is Making.DONE


def test_so_many_files_are_kept_for_one_account_and_each_for_a_day(app, database):
    client = sign_in(app, "planner")
    for _ in range(runs.MOST_OF_ONE):
        assert client.post(EXPORT).status_code == 302
    refused = client.post(EXPORT, headers=JSON)
    assert (refused.status_code, refused.json["error"]) == (429, QuotaError.code)
    with Session(database) as session:
        paths = [Path(run.file_path) for run in session.scalars(select(ExportRun))]
        for number in session.scalars(select(ExportRun.id)).all():
            make(database, number, LAYERS)
        assert all(path.is_file() for path in paths)
        session.execute(text("UPDATE export_run SET created_at = now() - interval '25 hours'"))
        session.commit()
        housekeeping.tidy_up(session)
        assert session.scalars(select(ExportRun)).all() == []
    assert not any(path.exists() for path in paths)
    assert client.post(EXPORT).status_code == 302


@pytest.mark.parametrize("change", ["format=doc", "crs=EPSG:1", "no_such=1", "bbox=1"])
def test_what_cannot_be_written_is_refused_before_it_waits(app, change):
    assert sign_in(app, "gis").post(f"/layers/markets/export?{change}", headers=JSON).status_code == 400
