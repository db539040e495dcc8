"""What stands before the threads: granian calls it (RSGI), requests are read whole and in time before a thread sees them.

A thread is given a request whose body is there, and its answer is sent without it, so that nobody slow holds one.
`/healthz` is answered here: also while every thread works or waits for the database. The application behind is plain
WSGI (PEP 3333) and knows nothing of this.
"""

import asyncio
import io
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import IO, Any, Protocol, Self
from wsgiref.types import WSGIEnvironment

from geodata.base.i18n import N_
from webmap.app.i18n import DEFAULT_LANGUAGE, translate
from webmap.app.kept import Given, KeptAnswers, Question, question_of

log = logging.getLogger(__name__)

Headers = list[tuple[str, str]]
#: PEP 3333: called with the environment and `start_response`, returns the body in parts.
Application = Callable[[WSGIEnvironment, Callable[..., Any]], Iterable[bytes]]

HEALTH = "/healthz"
#: What the addresses of tiles have and no other has.
TILES = "/tiles/"
_PLAIN_HEADERS = [
    ("content-type", "application/json"), ("cache-control", "private, no-store"), ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
]  # fmt: skip
#: Statuses whose answers have no body (RFC 9110, 6.4.1).
_WITHOUT_BODY = frozenset({204, 304})
_TEXTS = {
    HTTPStatus.REQUEST_TIMEOUT: N_("The request did not arrive in time. Try again."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: N_("The upload is larger than this server takes."),
    HTTPStatus.TOO_MANY_REQUESTS: N_("Too many requests from your address at once. Try again in a moment."),
    HTTPStatus.INTERNAL_SERVER_ERROR: N_("Something went wrong here. The error has been recorded."),
    HTTPStatus.SERVICE_UNAVAILABLE: N_("The server is busy. Try again in a moment."),
}
#: How long a thread may compute before another gets its turn.
SWITCH_S = 0.0005
_IN_MEMORY = 256 * 2**10
_CHUNK = 256 * 2**10
#: Up to this an answer leaves the thread as one piece; longer ones are read part by part as the client takes them.
_WHOLE = 2 * 2**20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long and how much; `…_of_address` are for one address at a time.

    Threads of both lanes together are fewer than the pool has connections, so that no request waits for one. Tiles
    have a lane of their own: a map asks for many at once, and comes back by itself when it is told to.
    """

    threads: int = 7
    waiting: int = 200
    waits_s: float = 15.0
    tile_threads: int = 3
    tiles_waiting: int = 24
    tile_waits_s: float = 4.0
    tile_flight_s: float = 5.0
    of_address: int = 256
    bodies_of_address: int = 32
    body_bytes: int = 201 * 2**20
    body_idle_s: float = 10.0
    body_grace_s: float = 20.0
    body_bytes_a_second: int = 16 * 2**10
    part_s: float = 60.0


class _Scope(Protocol):
    """What granian says of a request."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None
    headers: Any


class _RefusedError(Exception):
    def __init__(self, status: HTTPStatus, retry_after_s: int = 0) -> None:
        self.status, self.retry_after_s = status, retry_after_s
        super().__init__(status)


class _Lane:
    """Threads for one kind of request, and a bounded queue before them: no other kind is kept waiting by it."""

    def __init__(self, name: str, *, threads: int, waiting: int, waits_s: float, come_back_s: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most, self._waits_s, self._come_back_s = threads + waiting, waits_s, come_back_s
        self._held = 0

    async def run(self, work: "Callable[[], _Answer]") -> "_Answer":
        """Return what the work returns. Raises _RefusedError when too many wait, or this one for too long."""
        if self._held >= self._most:
            raise _RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, self._come_back_s)
        self._held += 1
        try:
            queued = self._threads.submit(work)
            ended = asyncio.wrap_future(queued)
            await asyncio.wait([ended], timeout=self._waits_s)
            if queued.cancel():  # no thread has begun it
                raise _RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, self._come_back_s)
            return await ended
        finally:
            self._held -= 1


class Front:
    """An RSGI application over a WSGI one. `proxy_count`: how many proxies' word on the client's address is taken."""

    def __init__(
        self, application: Application, limits: Limits, *, proxy_count: int = 0, kept: KeptAnswers | None = None
    ) -> None:
        self._application, self._limits, self._proxy_count, self._kept = application, limits, proxy_count, kept
        self._all = _Lane(
            "request", threads=limits.threads, waiting=limits.waiting, waits_s=limits.waits_s, come_back_s=5
        )
        self._tiles = _Lane(
            "tile", threads=limits.tile_threads, waiting=limits.tiles_waiting, waits_s=limits.tile_waits_s, come_back_s=1
        )  # fmt: skip
        #: Tiles that are being made: who asks for the same waits without a thread.
        self._flights: dict[Question, asyncio.Future[_Answer]] = {}
        # Files are read on for slow clients by others than those that work.
        self._senders = ThreadPoolExecutor(4, thread_name_prefix="send")
        self._in_work: Counter[str] = Counter()
        self._bodies: Counter[str] = Counter()

    async def __rsgi__(self, scope: _Scope, protocol: Any) -> None:
        """Answer one request."""
        if scope.path == HEALTH and scope.method in {"GET", "HEAD"}:
            protocol.response_str(200, _PLAIN_HEADERS, "" if scope.method == "HEAD" else '{"status":"ok"}\n')
            return
        address = _address(scope, self._proxy_count)
        try:
            with self._counted(self._in_work, address, self._limits.of_address):  # noqa: SIM117  (await needs its own)
                with await self._body(scope, protocol, address) as body:
                    await self._answer(scope, protocol, body)
        except _RefusedError as refused:
            log.warning("refused %s: %s %s", address, scope.method, refused.status.phrase)
            _refuse(protocol, refused)
        except Exception:
            # The application answers its own faults; this is one of the front, or an answer that cannot be sent.
            log.exception("%s %s", scope.method, scope.path)
            _refuse(protocol, _RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR))

    @contextmanager
    def _counted(self, counts: Counter[str], address: str, most: int) -> Iterator[None]:
        if counts[address] >= most:
            raise _RefusedError(HTTPStatus.TOO_MANY_REQUESTS, 2)
        counts[address] += 1
        try:
            yield
        finally:
            counts[address] -= 1
            if not counts[address]:
                del counts[address]

    async def _body(self, scope: _Scope, protocol: Any, address: str) -> IO[bytes]:
        """Return the whole body, on disk where it is long. Raises _RefusedError when it is late or too long."""
        announced = scope.headers.get("content-length") or "0"
        if announced == "0" and not scope.headers.get("transfer-encoding"):
            return io.BytesIO()
        body = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  (the caller closes it)
        if announced.isascii() and announced.isdigit() and int(announced[:19]) > self._limits.body_bytes:
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        with self._counted(self._bodies, address, self._limits.bodies_of_address):
            try:
                await self._read(protocol.__aiter__(), body)
            except BaseException:
                body.close()
                raise
        body.seek(0)
        return body

    async def _read(self, chunks: AsyncIterator[bytes], body: IO[bytes]) -> None:
        limits, began, size = self._limits, time.monotonic(), 0
        while True:
            # A client that drips must still come to so many bytes a second.
            left = began + limits.body_grace_s + size / limits.body_bytes_a_second - time.monotonic()
            try:
                async with asyncio.timeout(max(0.0, min(limits.body_idle_s, left))):
                    chunk = await anext(chunks)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise _RefusedError(HTTPStatus.REQUEST_TIMEOUT) from None
            size += len(chunk)
            if size > limits.body_bytes:
                raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            body.write(chunk)

    async def _answer(self, scope: _Scope, protocol: Any, body: IO[bytes]) -> None:
        question = question_of(scope) if self._kept else None
        given = await self._find(question, scope)
        answer = _Answer.again(given) if given else await self._ask(question, scope, body)
        if answer.rest is not None:
            await self._send(protocol, answer)
        elif answer.status in _WITHOUT_BODY or not answer.content:
            protocol.response_empty(answer.status, answer.headers)
        else:
            protocol.response_bytes(answer.status, answer.headers, answer.content)

    async def _find(self, question: Question | None, scope: _Scope) -> Given | None:
        """Return the answer that is kept for this request; one that somebody is waiting for is waited for."""
        if self._kept is None or question is None:
            return None
        given = await self._kept.find(question, scope)
        flight = self._flights.get(question)
        if given or flight is None:
            return given
        await asyncio.wait([flight], timeout=self._limits.tile_flight_s)
        return await self._kept.find(question, scope)

    async def _ask(self, question: Question | None, scope: _Scope, body: IO[bytes]) -> "_Answer":
        """Return the application's answer."""
        environ = environ_of(scope, body)
        if question is None or TILES not in scope.path:
            lane = self._tiles if TILES in scope.path else self._all
            return await lane.run(partial(self._work, environ, question))
        flight = asyncio.ensure_future(self._tiles.run(partial(self._work, environ, question)))
        self._flights.setdefault(question, flight)
        try:
            return await flight
        finally:
            if self._flights.get(question) is flight:
                del self._flights[question]

    def _work(self, environ: WSGIEnvironment, question: Question | None) -> "_Answer":
        answer = _Answer.of(self._application, environ)
        if self._kept is not None and question is not None and answer.rest is None:
            self._kept.note(
                question, environ, Given(status=answer.status, headers=answer.headers, content=answer.content)
            )
        return answer

    async def _send(self, protocol: Any, answer: "_Answer") -> None:
        """Send a long answer part by part; a client that takes none for a minute is left."""
        loop, transport = asyncio.get_running_loop(), protocol.response_stream(answer.status, answer.headers)
        part: bytes | None = answer.content
        try:
            while part is not None:
                async with asyncio.timeout(self._limits.part_s):
                    await transport.send_bytes(part)
                part = await loop.run_in_executor(self._senders, answer.next_part)
        except TimeoutError:
            log.warning("a client took no part of its answer for %s s", self._limits.part_s)
        finally:
            answer.close()


class _Answer:
    """An answer as far as it was read: `rest` is what a long one goes on with."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: Headers = []
        self.content = b""
        self.rest: Iterator[bytes] | None = None
        self._parts: Iterable[bytes] = ()

    @classmethod
    def again(cls, given: Given) -> Self:
        """Return an answer that was given before."""
        answer = cls()
        answer.status, answer.headers, answer.content = given.status, given.headers, given.content
        return answer

    @classmethod
    def of(cls, application: Application, environ: WSGIEnvironment) -> Self:
        """Call the application and read its answer, all of it unless it is long."""
        answer = cls()

        def start_response(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], None]:
            del exc_info  # headers are sent later, so that they may always be replaced
            answer.status = int(status.split(" ", 1)[0])
            answer.headers = [(name.lower(), value) for name, value in headers]
            return _no_write

        answer._parts = application(environ, start_response)
        rest, parts, size = iter(answer._parts), [], 0
        for part in rest:
            parts.append(part)
            size += len(part)
            if size > _WHOLE:
                answer.rest = rest
                break
        answer.content = b"".join(parts)
        if answer.rest is None:
            answer.close()
        return answer

    def next_part(self) -> bytes | None:
        """Return the next part of a long answer, or None at its end."""
        parts, size = [], 0
        for part in self.rest or ():
            parts.append(part)
            size += len(part)
            if size >= _CHUNK:
                break
        return b"".join(parts) if parts else None

    def close(self) -> None:
        """Tell the application that its answer was taken."""
        close = getattr(self._parts, "close", None)
        if close is not None:
            close()


def environ_of(scope: _Scope, body: IO[bytes]) -> WSGIEnvironment:
    """Return the environment of a request as PEP 3333 has it; the body is whole, so its length is known."""
    host, _, port = scope.server.rpartition(":")
    size = body.seek(0, 2)
    body.seek(0)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope.method, "SCRIPT_NAME": "", "PATH_INFO": scope.path.encode("utf-8", "replace").decode("latin1"),
        "QUERY_STRING": scope.query_string, "SERVER_NAME": host, "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}", "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0), "wsgi.url_scheme": scope.scheme, "wsgi.input": body, "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False, "wsgi.input_terminated": True,
    }  # fmt: skip
    for name, value in scope.headers.items():
        key = f"HTTP_{name.upper().replace('-', '_')}"
        joint = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["CONTENT_LENGTH"] = str(size) if size else ""
    if scope.authority:  # HTTP/2 has no Host
        environ.setdefault("HTTP_HOST", scope.authority)
    return environ


def _address(scope: _Scope, proxy_count: int) -> str:
    """Return whom the request is counted for."""
    told = [part.strip() for value in scope.headers.get_all("x-forwarded-for") for part in value.split(",")]
    return told[-proxy_count] if 0 < proxy_count <= len(told) else scope.client.rpartition(":")[0]


def _refuse(protocol: Any, refused: _RefusedError) -> None:
    headers = [*_PLAIN_HEADERS, ("connection", "close")]
    if refused.retry_after_s:
        headers.append(("retry-after", str(refused.retry_after_s)))
    text = {
        "error": refused.status.phrase.lower().replace(" ", "_"),
        "message": translate(_TEXTS[refused.status], DEFAULT_LANGUAGE),
        "details": {},
    }
    protocol.response_str(refused.status.value, headers, json.dumps(text))


def _no_write(_data: bytes) -> None:
    raise NotImplementedError("write() is for servers before 2003")


def create_front() -> Front:
    """Return the application as `granian --interface rsgi --factory webmap.front:create_front` serves it."""
    from webmap import create_app
    from webmap.app.settings import from_env
    from webmap.app.starting import get_ready

    # The event loop waits for its turn behind each thread that computes: a tenth of the usual 5 ms lets it answer in time.
    sys.setswitchinterval(SWITCH_S)
    settings = from_env()
    limits = Limits(body_bytes=(settings.max_upload_mb + 1) * 2**20)
    app = create_app(settings)
    get_ready(app, settings)
    return Front(app, limits, proxy_count=settings.proxy_count, kept=KeptAnswers(app))
