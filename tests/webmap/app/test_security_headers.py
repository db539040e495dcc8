"""What every response tells the browser, good or bad."""

import hashlib
import re
from base64 import urlsafe_b64decode

import pytest
from flask import render_template_string, url_for
from sqlalchemy import create_engine

from webmap.app.auth import allow_public
from webmap.app.security import embeddable

PAGES = ["/login", "/account", "/admin/users", "/nowhere", "/api/nowhere", "/healthz", "/logout"]


def policy(response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


@pytest.fixture
def add_page(app):
    """Add a public page to the application: add_page(text, *decorators)."""

    def add(text: str, *decorators) -> str:
        def page() -> str:
            return render_template_string(text)

        for decorate in (allow_public, *decorators):
            page = decorate(page)
        app.add_url_rule("/made-for-the-test", view_func=page, endpoint="made")
        return "/made-for-the-test"

    return add


@pytest.mark.parametrize("path", PAGES)
def test_every_response_carries_the_headers(client, path):
    response = client.get(path)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/login", "/account", "/nowhere", "/api/nowhere"])
def test_what_is_not_declared_public_is_stored_nowhere(client, path):
    assert client.get(path).headers["Cache-Control"] == "private, no-store"


def test_an_unforeseen_error_keeps_the_headers_and_tells_its_number_and_nothing_else(app, client, caplog):
    @allow_public
    def broken() -> str:
        raise RuntimeError("secret of the server")

    app.add_url_rule("/broken", view_func=broken)
    response = client.get("/broken")
    assert response.status_code == 500
    assert "secret of the server" not in response.text
    number = re.search(r"\((\w{8})\)", response.text)[1]
    (line,) = (record for record in caplog.records if number in record.getMessage())
    assert str(line.exc_info[1]) == "secret of the server"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_page_allows_own_files_and_nothing_else(client):
    rules = policy(client.get("/login"))
    assert rules["default-src"] == "'none'"
    assert rules["connect-src"] == rules["font-src"] == rules["form-action"] == rules["frame-ancestors"] == "'self'"
    assert rules["object-src"] == rules["base-uri"] == "'none'"
    assert rules["img-src"] == "'self' data:"
    assert rules["script-src"].split()[0] == rules["style-src"].split()[0] == "'self'"
    assert "http" not in client.get("/login").headers["Content-Security-Policy"]


def test_each_response_has_a_nonce_of_its_own(client, add_page):
    path = add_page('<script nonce="{{ csp_nonce() }}"></script><style nonce="{{ csp_nonce() }}"></style>')
    seen = set()
    for _ in range(3):
        response = client.get(path)
        nonces = set(re.findall(r'nonce="([^"]+)"', response.text))
        assert len(nonces) == 1
        nonce = nonces.pop()
        assert policy(response)["script-src"] == policy(response)["style-src"] == f"'self' 'nonce-{nonce}'"
        seen.add(nonce)
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("basemap_url", "origin"),
    [
        ("https://tile.openstreetmap.org/{z}/{x}/{y}.png", "https://tile.openstreetmap.org"),
        ("https://{s}.tiles.example.org/{z}/{x}/{y}.png", "https://*.tiles.example.org"),
        ("http://maps.example.org:8080/{z}/{x}/{y}.png?key=1", "http://maps.example.org:8080"),
    ],
)
def test_only_pictures_may_come_from_the_base_map(make_app, connection, basemap_url, origin):
    response = make_app(connection, basemap_url=basemap_url).test_client().get("/login")
    assert policy(response)["img-src"] == f"'self' data: {origin}"
    assert response.headers["Content-Security-Policy"].count("http") == 1


def test_only_pages_that_say_so_can_be_embedded_and_only_by_named_sites(make_app, connection):
    app = make_app(connection, embed_hosts=("https://haiphong.example.org",))

    @allow_public
    @embeddable
    def fact_sheet() -> str:
        return "<p>" + url_for("accounts.login") + "</p>"

    app.add_url_rule("/fact-sheet", view_func=fact_sheet)
    client = app.test_client()
    assert policy(client.get("/fact-sheet"))["frame-ancestors"] == "'self' https://haiphong.example.org"
    assert policy(client.get("/login"))["frame-ancestors"] == "'self'"


def test_over_https_the_cookie_is_bound_to_the_host_and_https_is_demanded(make_app, connection):
    client = make_app(connection, secure_cookies=True).test_client()
    response = client.get("/login?lang=en", base_url="https://localhost")
    told = re.fullmatch(r"max-age=(\d+); includeSubDomains", response.headers["Strict-Transport-Security"])
    assert int(told[1]) >= 31_536_000
    cookies = response.headers.getlist("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-session", "__Host-lang"}
    for cookie in cookies:
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie


def test_what_the_browser_keeps_is_signed_by_sha_256(app, client):
    app.config["WTF_CSRF_ENABLED"] = True
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)[1]
    for signed in (token, client.get_cookie("session").value):
        assert len(urlsafe_b64decode(signed.rpartition(".")[2] + "=")) == hashlib.sha256().digest_size


@pytest.mark.parametrize("path", ["/login", "/static/nowhere", "/api/layers"])
def test_trace_is_answered_by_nothing(client, path):
    assert client.open(path, method="TRACE", headers={"Cookie": "a=secret"}).status_code == 405


@pytest.mark.parametrize(
    "path",
    ["/.git/HEAD", "/.env", "/static/", "/static", "/static/css/", "/static/../app/auth.py", "/static/%2e%2e/front.py"],
)
def test_no_folder_and_nothing_but_static_files_is_sent(client, path):
    assert client.get(path).status_code == 404


def test_over_http_nothing_promises_https(client):
    response = client.get("/login")
    assert "Strict-Transport-Security" not in response.headers
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(response.headers["Set-Cookie"].split("; "))


def test_the_error_page_stands_when_the_database_is_away(make_app):
    away = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none", connect_args={"connect_timeout": 1})
    app = make_app(away)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["login"] = "some token"
    for path in ("/", "/account"):
        response = client.get(path)
        assert response.status_code == 503, path
        assert response.headers["Retry-After"]
        assert "<h1" in response.text
    away.dispose()
