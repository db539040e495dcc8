"""The front: nobody slow holds a thread, what is too much is refused in words, and health answers whatever else hangs."""

import asyncio
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.base.ports import free_port
from tests.conftest import ROOT
from webmap.front import Front, Limits

LONG = b"0123456789" * 600_000
THREADS = 3


def application(environ, start_response):
    """Tell what arrived; `/wait` holds its thread until somebody opens the pipe."""
    path = environ["PATH_INFO"]
    if path == "/wait":
        Path(os.environ["PIPE"]).read_bytes()
    if path == "/long":
        start_response("200 OK", [("Content-Length", str(len(LONG)))])
        return (LONG[place : place + 8192] for place in range(0, len(LONG), 8192))
    told = {name: value for name, value in environ.items() if isinstance(value, str)}
    told["body"] = hashlib.sha256(environ["wsgi.input"].read()).hexdigest()
    start_response("200 OK", [("Content-Type", "application/json"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    return [json.dumps(told).encode()]


def make_front():
    return Front(
        application, Limits(
            threads=THREADS, waiting=2, body_idle_s=float(os.environ["IDLE"]), body_grace_s=30, bodies_of_address=60,
            of_address=80, body_bytes=5_000_000,
        ), proxy_count=1,
    )  # fmt: skip


@contextmanager
def running(tmp_path, idle):
    port = free_port()
    env = {**os.environ, "PIPE": str(tmp_path / "pipe"), "IDLE": str(idle)}
    os.mkfifo(tmp_path / "pipe")
    command = [
        sys.executable, "-m", "granian", "--interface", "rsgi", "--factory", "--no-ws", "--port", str(port),
        "--log-level", "warning", "tests.webmap.app.test_front:make_front",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        # Killed, as it would wait for those who never send their body; with its workers, which would outlive it.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=15)


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """A front for those who hold nothing up."""
    with running(tmp_path_factory.mktemp("front"), 0.5) as port:
        yield port


@pytest.fixture
def patient(tmp_path):
    """A front that waits for bodies longer than any test."""
    with running(tmp_path, 300) as port:
        yield port


def ask(port, method, path, body=None, **headers):
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def announce(port, length=100, address="10.0.0.1"):
    """Announce a body and send none of it."""
    client = socket.create_connection(("127.0.0.1", port), timeout=60)
    client.sendall(
        f"POST /login HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {address}\r\nContent-Length: {length}\r\n\r\n".encode()
    )
    return client


def test_forty_who_announce_a_body_stop_nobody_and_their_number_is_bounded(patient):
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(announce(patient))
        assert ask(patient, "GET", "/page")[0].status == 200
        assert ask(patient, "POST", "/form", b"a=1")[0].status == 200
        for _ in range(20):
            stack.enter_context(announce(patient))
        over = stack.enter_context(announce(patient))
        assert over.recv(4096).startswith(b"HTTP/1.1 429")
        other = stack.enter_context(announce(patient, length=3, address="10.0.0.2"))
        other.sendall(b"a=1")
        assert other.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_body_that_does_not_come_ends_with_words(port):
    with announce(port) as client:
        answer = client.recv(4096)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"request_timeout" in answer


def test_a_body_that_is_too_long_is_refused_before_it_is_sent(port):
    with announce(port, length=5_000_001) as client:
        assert client.recv(4096).startswith(b"HTTP/1.1 413")


class Headers(dict):
    def get_all(self, name):
        return [self[name]] if name in self else []


def test_what_the_front_refuses_is_written_down(caplog):
    told = []
    protocol = SimpleNamespace(response_str=lambda status, _headers, _text: told.append(status))
    scope = SimpleNamespace(
        path="/login?secret", method="POST", client="10.0.0.9:4711", headers=Headers({"content-length": "999"})
    )
    with ThreadPoolExecutor(1) as pool:  # where a browser was open before, this thread has a loop already
        pool.submit(asyncio.run, Front(application, Limits(body_bytes=10)).__rsgi__(scope, protocol)).result()
    assert told == [413]
    assert caplog.messages == ["refused 10.0.0.9: POST Request Entity Too Large"]


def test_a_request_with_two_lengths_is_one_request_or_none(port):
    hidden = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        head = b"POST /form HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
        client.sendall(head + b"Content-Length: %d\r\n\r\n0\r\n\r\n" % (5 + len(hidden)) + hidden)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"/hidden" not in answer


def test_health_answers_and_the_queue_is_bounded_while_every_thread_hangs(patient, tmp_path):
    with ExitStack() as stack:
        hanging = []
        for _ in range(THREADS + 2):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", patient), timeout=60))
            client.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            hanging.append(client)
        answer = None
        while answer is None or answer.status == 200:  # until all of them have arrived
            answer, content = ask(patient, "GET", "/healthz")
            if ask_soon(patient) == 503:
                break
        assert (answer.status, content) == (200, b'{"status":"ok"}\n')
        for _ in hanging:
            (tmp_path / "pipe").write_bytes(b"")
            if all_answered(hanging):
                break
        assert ask(patient, "GET", "/page")[0].status == 200


def ask_soon(port):
    """Return the status of a request, or None when it waits for a thread."""
    with socket.create_connection(("127.0.0.1", port), timeout=0.5) as client:
        client.sendall(b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            return int(client.recv(100).split()[1])
        except TimeoutError:
            return None


def all_answered(clients):
    for client in clients:
        client.settimeout(0.2)
        try:
            client.recv(100, socket.MSG_PEEK)
        except TimeoutError:
            return False
    return True


def test_a_long_answer_arrives_whole_and_a_slow_reader_holds_no_thread(patient):
    with ExitStack() as stack:
        for _ in range(THREADS * 2):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", patient), timeout=60))
            slow.sendall(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
            slow.recv(1000)
        answer, content = ask(patient, "GET", "/long")
        assert content == LONG
        assert answer.getheader("Content-Length") == str(len(LONG))


def test_the_application_is_told_what_was_asked(port):
    answer, content = ask(
        port, "GET", "/ch%E1%BB%A3%2Fa%20b%2541?q=%E1%BB%9F&x=%2500", Cookie="a=1", X_Forwarded_For="1.2.3.4"
    )
    told = json.loads(content)
    assert told["PATH_INFO"].encode("latin1").decode() == "/chợ/a b%41"  # decoded once
    assert told["QUERY_STRING"] == "q=%E1%BB%9F&x=%2500"
    assert (told["REQUEST_METHOD"], told["HTTP_COOKIE"], told["REMOTE_ADDR"]) == ("GET", "a=1", "127.0.0.1")
    assert told["HTTP_HOST"] == f"127.0.0.1:{port}"
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    body = os.urandom(600_000)
    _, content = ask(port, "POST", "/form", body, Content_Type="text/x")
    told = json.loads(content)
    assert (told["CONTENT_LENGTH"], told["CONTENT_TYPE"]) == ("600000", "text/x")
    assert told["body"] == hashlib.sha256(body).hexdigest()
    _, content = ask(port, "POST", "/form", iter([b"abc", b"def"]))
    assert json.loads(content)["body"] == hashlib.sha256(b"abcdef").hexdigest()
    answer, content = ask(port, "HEAD", "/page")
    assert (answer.status, content) == (200, b"")
