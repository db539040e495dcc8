"""Answers the front gives again without the application, for as long as they hold.

A view says what data its answer was made of (`holds_while`). Whoever asks the same afterwards, at the same address and
under the same name, with the same role, gets it again, once the database has said that the data are still the same: it
is asked after the question arrived, once for all who ask meanwhile; who somebody is, a thread finds out. What somebody may see is decided by the application
alone, when it makes the answer; here is only compared whether the question is the same.
"""

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol
from wsgiref.types import WSGIEnvironment

import psycopg
from cachetools import LRUCache
from flask import Flask, g, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.http import is_entity_header, parse_etags

from geodata.accounts.reader import ANYBODY
from geodata.base.data_version import ACTS, Source, Versions, data_versions
from geodata.base.database import ReadConnection
from geodata.base.watch import LOOK_S
from geodata.schema.roles import Role
from webmap.app.auth import current_reader, current_user
from webmap.app.extensions import Database, layers
from webmap.app.i18n import DEFAULT_LANGUAGE, LANGUAGES, current_language, language_cookie
from webmap.app.observe import NUMBER_HEADER, count_answer, number_of

Headers = list[tuple[str, str]]
Question = tuple[str, ...]
#: A role and a language.
_Person = tuple[Role, str]
#: Where a request carries what its answer holds by.
_BASIS = "webmap.basis"
#: What an answer takes beside its bytes: question, headers, versions.
ENTRY_BYTES = 4000
#: Longer answers cost so much to make that the application is nothing beside it.
MOST_BYTES = 2 * 2**20
#: What makes a question another one beside its address: links and compression are decided by these.
_DECISIVE = ("host", "x-forwarded-host", "x-forwarded-prefix", "x-forwarded-proto", "accept-encoding")


#: All for whom an answer may have been kept, and who sends no cookie of ours.
_AUDIENCES = tuple(itertools.product(Role, ("", *LANGUAGES)))
_PUBLIC: _Person = (Role.PUBLIC, DEFAULT_LANGUAGE)
_FOR_PUBLIC = ((Role.PUBLIC, ""), _PUBLIC)


@dataclass(frozen=True, kw_only=True)
class _Basis:
    """For whom an answer was made, by which versions of what it holds, who counts when it is given again.

    `language` is empty where nothing is said in words.
    """

    role: Role
    language: str
    versions: Mapping[Source, str]
    route: str
    count: Callable[[], None]


def holds_while(versions: Mapping[Source, str], count: Callable[[], None], *, is_worded: bool = True) -> None:
    """Say that this answer is the same for all of this role for as long as the layers' data have these versions.

    The versions were read before the data. `count` is called each time the answer is given again. Who reads an earlier
    day, or is limited to areas, reads in a way of his own: for him nothing is kept. An answer in words is that of its
    language only.
    """
    reader = current_reader()
    if not reader.reads_apart:
        route, language = request.url_rule.rule if request.url_rule else "none", reader.language if is_worded else ""
        request.environ[_BASIS] = _Basis(
            role=reader.role, language=language, versions=versions, route=route, count=count
        )


def holds_until_a_change(connection: ReadConnection) -> None:
    """Say that what is read over a connection from here on is the same for as long as no layer and no legal act changes.

    Of any layer: names of one stand in the words about another.
    """
    versions = data_versions(connection)
    source = Source((*(kind.layer.name for kind in layers()), ACTS))
    holds_while({source: versions.of(source)}, lambda: None)


@dataclass(frozen=True, kw_only=True)
class Given:
    """An answer as it is sent."""

    status: int
    headers: Headers
    content: bytes


@dataclass(frozen=True, kw_only=True)
class _Kept:
    given: Given
    basis: _Basis
    etag: str | None

    @property
    def size(self) -> int:
        return len(self.given.content) + ENTRY_BYTES


@dataclass(kw_only=True)
class _Look:
    """What a thread is to find out: whose cookies these are, and the versions where they have changed."""

    cookies: set[str] = field(default_factory=set)
    with_versions: bool = False


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What a look has told: the versions, if they were asked for, and whose cookies these are; None is for the application."""

    versions: Versions | None
    people: Mapping[str, _Person | None]


class Scope(Protocol):
    """What granian says of a request."""

    method: str
    path: str
    query_string: str
    authority: str | None
    headers: Any


def question_of(scope: Scope) -> Question | None:
    """Return what makes a request the same as another, its sender apart; None for those that are never kept."""
    headers = scope.headers
    if scope.method != "GET" or headers.get("authorization") is not None:
        return None
    decisive = (",".join(headers.get_all(name)) for name in _DECISIVE)
    return (scope.path, scope.query_string, scope.authority or "", *decisive)


class KeptAnswers:
    """The answers of one process, the longest unused dropped first; found in the event loop, noted in any thread."""

    def __init__(self, app: Flask, *, max_bytes: int = 32 * 2**20) -> None:
        self._app = app
        with app.app_context():
            self._cookies: tuple[str, ...] = (app.config["SESSION_COOKIE_NAME"], language_cookie())
        self._database: Database = app.extensions["database"]
        self._proxies: int = app.config["SETTINGS"].proxy_count
        self._answers: LRUCache[tuple[Question, Role, str], _Kept] = LRUCache(max_bytes, lambda kept: kept.size)
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="look")
        self._turn = asyncio.Lock()
        self._next: tuple[_Look, asyncio.Future[_Seen | None]] | None = None

    async def find(self, question: Question, scope: Scope) -> Given | None:
        """Return the answer kept for this person's question, or None where the application has to be asked."""
        cookie = "; ".join(scope.headers.get_all("cookie"))
        is_anybody = not any(name in cookie for name in self._cookies)
        if not any((question, *audience) in self._answers for audience in (_FOR_PUBLIC if is_anybody else _AUDIENCES)):
            return None
        began = time.perf_counter()
        versions, person = await self._seen(None if is_anybody else cookie)
        with self._lock:
            kept = self._kept_for(question, *person) if person else None
        if versions is None or kept is None:
            return None
        if any(versions.of(source) != version for source, version in kept.basis.versions.items()):
            return None
        given = self._addressed(kept, scope)
        kept.basis.count()
        count_answer(kept.basis.route, "GET", given.status, time.perf_counter() - began)
        return given

    async def _seen(self, cookie: str | None) -> tuple[Versions | None, _Person | None]:
        """Return what the data are now, and who sends this cookie; None is anybody's."""
        watch = self._database.watch()
        versions = await watch.unchanged() if watch else None
        if versions and cookie is None:
            return versions, _PUBLIC
        seen = await self._look(cookie, with_versions=versions is None)
        if seen is None:
            return None, None
        return versions or seen.versions, _PUBLIC if cookie is None else seen.people[cookie]

    def _kept_for(self, question: Question, role: Role, language: str) -> _Kept | None:
        return self._answers.get((question, role, language)) or self._answers.get((question, role, ""))

    def note(self, question: Question, environ: WSGIEnvironment, given: Given) -> None:
        """Keep an answer of the application, where its view has said by what it holds."""
        basis: _Basis | None = environ.get(_BASIS)
        names = {name for name, _ in given.headers}
        if basis is None or given.status not in {200, 204} or "set-cookie" in names or len(given.content) > MOST_BYTES:
            return
        headers = [(name, value) for name, value in given.headers if name != NUMBER_HEADER]
        etag = next((value for name, value in headers if name == "etag"), None)
        kept = _Kept(given=Given(status=given.status, headers=headers, content=given.content), basis=basis, etag=etag)
        with self._lock, suppress(ValueError):  # larger than all the room
            self._answers[question, basis.role, basis.language] = kept

    def _addressed(self, kept: _Kept, scope: Scope) -> Given:
        """Return the answer with this request's number; without its bytes for who has them."""
        number = number_of(scope.headers.get(NUMBER_HEADER) or "", self._proxies)
        headers, known = [*kept.given.headers, (NUMBER_HEADER, number)], scope.headers.get("if-none-match")
        if known and kept.etag and parse_etags(known).contains_raw(kept.etag):
            return Given(status=304, headers=[one for one in headers if not is_entity_header(one[0])], content=b"")
        return Given(status=kept.given.status, headers=headers, content=kept.given.content)

    async def _look(self, cookie: str | None, *, with_versions: bool) -> _Seen | None:
        """Return what a look that begins after this call tells, or None when it does not tell in time."""
        if self._next is None:
            together = _Look()
            self._next = together, asyncio.ensure_future(self._see(together))
        look, seen = self._next
        look.with_versions |= with_versions
        if cookie is not None:
            look.cookies.add(cookie)
        try:
            async with asyncio.timeout(LOOK_S):
                return await asyncio.shield(seen)
        except TimeoutError:
            return None

    async def _see(self, look: _Look) -> _Seen | None:
        async with self._turn:
            self._next = None  # who comes from here on is told by the next look
            try:
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, look)
            except (SQLAlchemyError, psycopg.Error):
                return None  # the application says what there is to say of it

    def _read(self, look: _Look) -> _Seen:
        versions = None
        with self._app.app_context():
            if look.with_versions:
                with self._database.reading(ANYBODY, is_fresh=True) as connection:
                    versions = data_versions(connection)
                watch = self._database.watch()
                if watch:
                    watch.connect()
        return _Seen(versions=versions, people={cookie: self._person(cookie) for cookie in look.cookies})

    def _person(self, cookie: str) -> _Person | None:
        """Return the role and language that decide for whoever sends these cookies, by the same door as for all requests."""
        with self._app.test_request_context(headers={"Cookie": cookie}):
            user = current_user()
            # An ended session takes its cookie back, which only the application can do.
            return None if user.areas or g.get("session_ended") else (user.role, current_language())
