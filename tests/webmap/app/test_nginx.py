"""nginx as documented, before a running server: what it keeps is for whom it was made, and for a second."""

import http.client
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import text

from geodata.base.database import new_engine
from geodata.layers import LAYERS
from scripts.benchmarks._between import running_nginx
from scripts.benchmarks._server import sign_in
from tests.conftest import PASSWORD

#: A place of the demo data at several zooms.
PLACES = [(9, 407, 225), (11, 1630, 903), (12, 3260, 1806)]


pytestmark = pytest.mark.usefixtures("between")


@pytest.fixture
def behind(server, tmp_path):
    """The address of nginx before the server of the demo data."""
    with running_nginx([server.url.removeprefix("http://")], tmp_path) as address:
        yield address


def get(host, path, **headers):
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


@pytest.fixture
def people(server, accounts):
    """What each kind of person sends along."""
    host = server.url.removeprefix("http://")
    cookies = {role: {"Cookie": sign_in(host, accounts[role], PASSWORD)} for role in ("planner", "gis")}
    return {"public": {}, "public, small": {"Accept-Encoding": "gzip"}, "english": {"Cookie": "lang=en"}, **cookies}


def test_everybody_is_given_what_the_server_would_give(server, behind, people):
    host = server.url.removeprefix("http://")
    seen = set()
    for kind in LAYERS:
        for z, x, y in PLACES:
            path = f"/tiles/{kind.layer.name}/{z}/{x}/{y}.mvt"
            direct = {who: get(host, path, **headers) for who, headers in people.items()}
            for who in [*people, *people, *reversed(people)]:  # whatever was asked before
                assert get(behind, path, **people[who]) == direct[who], (path, who)
            seen |= {status for status, _ in direct.values()}
    assert {200, 204} <= seen


def test_a_change_is_seen_at_once_by_staff_and_a_moment_later_by_all(behind, people, served_url):
    kind = next(kind for kind in LAYERS if kind.is_point())
    path = f"/tiles/{kind.layer.name}/9/407/225.mvt"
    before = {who: get(behind, path, **people[who]) for who in ("public", "planner")}
    assert before["public"][0] == 200
    engine = new_engine(served_url)
    moved = text(f"UPDATE {kind.__tablename__} SET geom = ST_Translate(geom, :by, 0)")
    try:
        with engine.begin() as connection:
            connection.execute(moved, {"by": 0.05})
        assert get(behind, path, **people["planner"]) != before["planner"]
        until = time.monotonic() + 30
        while get(behind, path) == before["public"]:
            assert time.monotonic() < until
            time.sleep(0.2)
    finally:
        with engine.begin() as connection:
            connection.execute(moved, {"by": -0.05})
        engine.dispose()


class Counting(BaseHTTPRequestHandler):
    """Answers slowly, and counts."""

    audience = "public"
    asked = 0

    def do_GET(self):
        """Answer as the map does."""
        type(self).asked += 1
        time.sleep(0.3)
        self.send_response(200)
        self.send_header("Cache-Control", f"{self.audience}, no-cache")
        self.send_header("Vary", "Cookie, Authorization, Accept-Encoding")
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"tile")

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.mark.parametrize(
    ("audience", "headers", "asked"),
    [
        ("public", {}, {1, 2, 3}),  # a second may pass on a busy machine
        ("private", {}, {12}),
        ("public", {"Cookie": "a=b; session=x"}, {12}),
        ("public", {"Cookie": "__Host-session=x"}, {12}),
        ("public", {"Authorization": "Bearer x"}, {12}),
    ],
)
def test_only_what_anybody_may_see_is_asked_once_for_all(tmp_path, audience, headers, asked):
    handler = type("Handler", (Counting,), {"audience": audience})
    counting = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=counting.serve_forever, daemon=True).start()
    try:
        with (
            running_nginx([f"127.0.0.1:{counting.server_port}"], tmp_path) as address,
            ThreadPoolExecutor(6) as many,
        ):
            answers = list(many.map(lambda _: get(address, "/tiles/x/1/1/1.mvt", **headers), range(12)))
    finally:
        counting.shutdown()
    assert answers == [(200, b"tile")] * 12
    assert handler.asked in asked
