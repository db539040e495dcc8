"""Asks the front as granian does, with what it keeps before the application."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import uvloop

from geodata.schema.roles import Role
from tests.conftest import sign_in
from webmap.app.kept import KeptAnswers
from webmap.front import Front, Limits


def in_a_loop(work):
    """Run it in a loop as the server's and a thread of its own: where a browser was open before, this thread has a loop already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_run, work).result()


def _run(work):
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


class Headers(dict):
    """Headers as granian hands them over."""

    def get_all(self, name):
        return [self[name]] if name in self else []


class Asking:
    """Asks a front over an application, and counts how often the application was asked."""

    def __init__(self, app, **limits):
        self.app, self.calls = app, 0
        self.front = Front(self._counted, Limits(**limits), kept=KeptAnswers(app))

    def _counted(self, environ, start_response):
        self.calls += 1
        return self.app(environ, start_response)

    async def get_soon(self, address, **headers):
        path, _, query = address.partition("?")
        given = Headers({"host": "localhost"} | {name.replace("_", "-"): value for name, value in headers.items()})
        told = []

        def tell(status, headers, content=b""):
            told.append((status, dict(headers), content))

        protocol = SimpleNamespace(response_empty=tell, response_bytes=tell, response_str=tell)
        scope = SimpleNamespace(
            path=path, query_string=query, method=headers.pop("method", "GET"), client="127.0.0.1:4711",
            headers=given, authority=None, server="127.0.0.1:80", scheme="http", http_version="1.1",
        )  # fmt: skip
        await self.front.__rsgi__(scope, protocol)
        return told[0]

    def get(self, address, **headers):
        return in_a_loop(self.get_soon(address, **headers))

    def has_kept(self, address, **headers):
        """Ask, and say whether the application was left out."""
        before = self.calls
        self.get(address, **headers)
        return self.calls == before


def cookie_of(client):
    found = client.get_cookie("session")
    return {"cookie": f"session={found.value}"} if found else {}


def cookies_of_roles(app):
    """The cookie of somebody of each role, who is made and signed in."""
    return {role: cookie_of(sign_in(app, role.value)) for role in Role}
