"""PostgreSQL killed in the middle of an import that came by the web, with everything ./scripts/serve runs around it."""

import os
import re
import signal
from contextlib import closing

import psycopg
import pytest
from playwright.sync_api import APIRequestContext, sync_playwright

from scripts.cluster.cluster import Cluster
from tests.scripts.running import processes_of, wait_for
from tests.scripts.test_serve import PASSWORD, Serve, is_postgres

FILE = "MA,TEN,lon,lat\nA,Chợ An,106.68,20.86\nB,Chợ Ba,106.69,20.86\n"
HOLD = "SELECT pg_advisory_xact_lock(hashtextextended('layer:markets', 0))"
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
#: The reasons that may stand there: the import noticed it itself, or its watcher did.
AS_BEFORE = "dữ liệu vẫn như trước"


@pytest.fixture
def http(free_port):
    """Ask the server as a browser does: with cookies, forms and their tokens."""
    with sync_playwright() as playwright:
        context = playwright.request.new_context(base_url=f"http://127.0.0.1:{free_port}")
        yield context
        context.dispose()


def post(http: APIRequestContext, page: str, action: str, fields: dict[str, object], **options: object):
    """Fill in the form on a page and send it."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', http.get(page).text())[1]
    return http.post(action, multipart={"csrf_token": token, **fields}, headers={"Referer": page}, **options)


def state(http: APIRequestContext, number: int) -> dict[str, object]:
    """Return how far an import is; while the database is away the server cannot say."""
    answer = http.get(f"/imports/{number}/state", headers={"Accept": "application/json"})
    return answer.json() if answer.ok else {"working": True}


def test_a_killed_postgresql_leaves_the_data_as_before_the_import_ends_with_a_reason_and_can_be_repeated(
    place, run, http, free_port
):
    var = place / "killed"
    added = run("manage", "user", "add", "lan", "--role", "gis", "--password-stdin", var=var.name, stdin=PASSWORD)
    assert added.returncode == 0, added.stderr
    with Serve(var, "--port", str(free_port), "--workers", "1", "--no-demo") as serve:
        assert post(http, "/login", "/login", {"username": "lan", "password": PASSWORD}).ok

        sent = {"layer": "markets", "files": {"name": "cho.csv", "mimeType": "text/csv", "buffer": FILE.encode()}}
        assert post(http, "/imports/new", "/imports/new", sent).ok
        assert wait_for(lambda: not state(http, 1)["working"], seconds=60)
        mark = re.search(r'name="mark" value="([^"]+)"', http.get("/imports/1/confirm").text())[1]

        cluster = Cluster(var / "pg")
        # Closed, not left as a block of psycopg's own: that would commit on a server that is no more.
        with (
            closing(psycopg.connect(cluster.url())) as holder,
            closing(psycopg.connect(cluster.url(), autocommit=True)) as looker,
        ):
            holder.execute(HOLD)
            assert post(http, "/imports/1/confirm", "/imports/1/confirm", {"mark": mark}).ok
            assert wait_for(lambda: looker.execute(WAITING).fetchone()[0] == 1, seconds=60)
            for number in filter(is_postgres, processes_of(var)):
                os.kill(number, signal.SIGKILL)

        assert wait_for(lambda: not state(http, 1)["working"], seconds=120), serve.text
        assert AS_BEFORE in http.get("/imports/1/report").text()
        with psycopg.connect(cluster.url()) as connection:
            assert connection.execute("SELECT count(*) FROM market").fetchone()[0] == 0

        assert post(http, "/imports/1/report", "/imports/1/questions", {}).ok
        assert wait_for(lambda: not state(http, 1)["working"], seconds=60)
        mark = re.search(r'name="mark" value="([^"]+)"', http.get("/imports/1/confirm").text())[1]
        assert post(http, "/imports/1/confirm", "/imports/1/confirm", {"mark": mark}).ok
        assert wait_for(lambda: not state(http, 1)["working"], seconds=60)
        with psycopg.connect(cluster.url()) as connection:
            assert connection.execute("SELECT count(*) FROM market").fetchone()[0] == 2
        assert serve.end() == 0
