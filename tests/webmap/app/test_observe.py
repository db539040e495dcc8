"""What an operator sees: one log line for what a person did, without secrets, and numbers for this machine alone."""

import json
import logging
import sys

import pytest

from geodata import jobs
from geodata.base.logs import JsonFormatter, log_as_json
from tests.conftest import PASSWORD, sign_in


@pytest.fixture
def lines(caplog):
    """The log as it is written, one object a line."""
    caplog.set_level(logging.INFO, logger="webmap.requests")
    return lambda: [json.loads(JsonFormatter("web").format(record)) for record in caplog.records]


def test_a_line_tells_who_did_what_to_what_and_how_it_ended(app, lines):
    client = sign_in(app, "gis")
    answer = client.post("/history/999/undo")
    line = lines()[-1]
    told = {name: line[name] for name in ("account", "role", "action", "object", "result")}
    assert told == {
        "account": "gis-test",
        "role": "gis",
        "action": "history.undo_now",
        "object": {"number": "999"},
        "result": 404,
    }
    assert answer.headers["X-Request-ID"] == line["request"]


def test_a_line_is_one_line_with_the_time_in_utc_whatever_it_tells():
    record = logging.LogRecord("x", logging.ERROR, "", 0, 'a\n{"level": "info"}\r\u2028 %s', ("b\nc",), None)
    written = JsonFormatter("web").format(record)
    assert "\n" not in written
    assert "\r" not in written
    assert json.loads(written)["message"] == 'a\n{"level": "info"}\r\u2028 b\nc'
    assert json.loads(written)["at"].endswith("+00:00")


def test_the_log_goes_to_stderr_and_nowhere_else(monkeypatch):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    log_as_json("web", logging.INFO)
    (handler,) = root.handlers
    assert type(handler) is logging.StreamHandler
    assert handler.stream is sys.stderr


def test_no_secret_is_written_down(app, lines):
    client = sign_in(app, "inspector")
    client.post("/login", data={"username": "inspector-test", "password": "not-that-one"})
    client.get("/inspections/calendar/secret-address-of-a-calendar.ics")
    client.get("/?token=secret-in-a-query")
    written = json.dumps(lines())
    assert written.count("POST /login") == 2
    for secret in (PASSWORD, "not-that-one", "secret-address", "secret-in-a-query"):
        assert secret not in written


def test_what_a_proxy_calls_a_request_is_believed_only_behind_one(make_app, connection):
    number = {"X-Request-ID": "abcdef-0123456789"}
    assert (
        make_app(connection).test_client().get("/healthz", headers=number).headers["X-Request-ID"]
        != "abcdef-0123456789"
    )
    behind = make_app(connection, proxy_count=1).test_client()
    assert behind.get("/healthz", headers=number).headers["X-Request-ID"] == "abcdef-0123456789"
    evil = behind.get("/healthz", headers={"X-Request-ID": "<script>alert(1)</script>"}).headers["X-Request-ID"]
    assert evil.isalnum()


def test_numbers_tell_requests_queue_and_database(app, session):
    client = app.test_client()
    client.get("/healthz")
    jobs.defer(session, "run_import", number=1)
    session.commit()
    text = client.get("/metrics").text
    assert 'webmap_requests_total{method="GET",route="/healthz",status="200"}' in text
    assert 'webmap_request_seconds_bucket{le="0.1",route="/healthz"}' in text
    assert 'webmap_jobs{status="todo",task="run_import"} 1.0' in text
    assert "webmap_database_up 1.0" in text
    assert "webmap_oldest_job_seconds" in text
    assert "webmap_worker_silence_seconds -1.0" in text


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.9", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.9"}, 403),
        ("10.0.0.9", {"Authorization": "Bearer right-token"}, 200),
        ("10.0.0.9", {"Authorization": "Bearer wrong-token"}, 403),
        ("10.0.0.9", {"Authorization": "Bearer"}, 403),
    ],
)
def test_only_this_machine_or_the_token_reads_the_numbers(make_app, connection, address, headers, status):
    client = make_app(connection, metrics_token="right-token").test_client()
    assert client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address}).status_code == status


def test_without_a_token_none_fits(make_app, connection):
    client = make_app(connection).test_client()
    headers = {"Authorization": "Bearer "}
    assert client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": "10.0.0.9"}).status_code == 403
