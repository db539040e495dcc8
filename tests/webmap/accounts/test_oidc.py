"""Sign-in by a single sign-on, against a small provider of OpenID Connect that may lie in every way."""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import select

from geodata.accounts import accounts
from geodata.accounts.accounts import AuditEntry
from geodata.accounts.second_factor import SecondFactor
from geodata.base.errors import ConfigurationError
from tests.conftest import PASSWORD
from webmap.app.settings import from_env

CLIENT, SECRET = "webmap", "provider-secret-" + "x7" * 20
KEY, OTHER_KEY = RSAKey.generate_key(2048, {"kid": "1"}), RSAKey.generate_key(2048, {"kid": "1"})


class Provider:
    """A provider over HTTP. `lies`: claims that replace those of the next token; `key`, `algorithm`: how it signs."""

    def __init__(self):
        self.lies, self.key, self.algorithm, self.algorithms, self.is_away = {}, KEY, "RS256", ["RS256"], False
        self.issuer_says, self.codes, self.has_moved = None, {}, False
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path = urlsplit(self.path).path
                if provider.has_moved and not path.startswith("/moved"):
                    self.send_response(302)
                    self.send_header("Location", f"/moved{path}")
                    self.end_headers()
                    return
                provider.answer(self, provider.documents().get(path.removeprefix("/moved")))

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                provider.answer(self, provider.token(self.headers, dict(parse_qsl(body))))

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}/realm"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler, document):
        handler.send_response(503 if self.is_away else 200 if document else 400)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.wfile.write(json.dumps(document or {"error": "invalid_grant"}).encode())

    def documents(self):
        return {
            "/realm/.well-known/openid-configuration": {
                "issuer": self.issuer_says or self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
                "id_token_signing_alg_values_supported": self.algorithms,
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            },
            "/realm/keys": {"keys": [KEY.as_dict(private=False)]},
        }  # fmt: skip

    def sign_in(self, address, **claims):
        """Let somebody in as a person at the provider does; return the address he is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["client_id"], asked["response_type"]) == (CLIENT, "code")
        assert asked["code_challenge_method"] == "S256"
        self.codes["code-1"] = (asked, {"sub": "4711", "preferred_username": "Lan", **claims})
        back = urlsplit(asked["redirect_uri"])
        return f"{back.path}?code=code-1&state={asked['state']}"

    def token(self, headers, form):
        """Give a token for a code, once, to who knows secret and verifier."""
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked, claims = self.codes.pop(form.get("code"), ({}, {}))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if headers["Authorization"] != f"Basic {basic}" or challenge != asked.get("code_challenge"):
            return None
        now = int(time.time())
        told = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 60,
            "nonce": asked["nonce"],
            **claims,
            **self.lies,
        }
        header = {"alg": self.algorithm, "kid": "1"}
        if self.algorithm == "none":
            parts = (
                base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, told)
            )
            signed = ".".join([*parts, ""])
        else:
            signed = jwt.encode(header, told, self.key, algorithms=[self.algorithm])
        return {"access_token": "x", "token_type": "Bearer", "id_token": signed}


@pytest.fixture(scope="module")
def running():
    provider = Provider()
    yield provider
    provider.server.shutdown()
    provider.server.server_close()


@pytest.fixture
def provider(running):
    running.lies, running.key, running.algorithm, running.algorithms = {}, KEY, "RS256", ["RS256"]
    running.is_away, running.issuer_says, running.has_moved = False, None, False
    return running


@pytest.fixture
def app(connection, make_app, provider):
    return make_app(
        connection, oidc_issuer=provider.issuer, oidc_client_id=CLIENT, oidc_client_secret=SECRET,
        oidc_label="Đăng nhập bằng tài khoản tỉnh",
    )  # fmt: skip


@pytest.fixture
def lan(session):
    account = accounts.create_user(session, name="lan", role="gis", password=PASSWORD)
    session.commit()
    return account


def arrive(app, provider, **claims):
    client = app.test_client()
    begun = client.get("/login/sso?next=/imports")
    assert begun.location.startswith(f"{provider.issuer}/authorize?")
    return client, client.get(provider.sign_in(begun.location, **claims))


def is_in(client):
    return client.get("/account").status_code == 200


def test_who_has_an_account_is_let_in_and_goes_where_he_wanted_to(app, provider, lan):
    assert "Đăng nhập bằng tài khoản tỉnh" in app.test_client().get("/login").text
    client, answer = arrive(app, provider)
    assert (answer.status_code, answer.location) == (302, "/imports")
    assert client.get("/imports").status_code == 200
    with client.session_transaction() as kept:
        assert set(kept) <= {"login", "csrf_token"}  # no token of the provider reaches the browser


@pytest.mark.parametrize(
    ("site", "is_begun"), [("cross-site", False), ("same-site", False), ("same-origin", True), ("none", True)]
)
def test_another_site_s_link_signs_nobody_in(app, provider, site, is_begun):
    answer = app.test_client().get("/login/sso?next=/imports", headers={"Sec-Fetch-Site": site})
    assert answer.location.startswith(f"{provider.issuer}/authorize?" if is_begun else "/login?next=/imports")


def test_from_the_second_time_on_the_number_counts_and_not_the_name(app, provider, lan, session):
    arrive(app, provider)
    client, _ = arrive(app, provider, preferred_username="renamed")
    assert is_in(client)
    thief, answer = arrive(app, provider, sub="4712", preferred_username="lan")
    assert answer.status_code == 403
    assert not is_in(thief)
    assert session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("Tied%"))).all() == [
        "Tied to the single sign-on"
    ]


def test_nobody_gets_an_account_by_signing_in_and_a_disabled_one_stays_closed(app, provider, lan, session):
    client, answer = arrive(app, provider, sub="1", preferred_username="nobody")
    assert (answer.status_code, is_in(client)) == (403, False)
    assert "nobody" in answer.text
    arrive(app, provider)
    accounts.create_user(session, name="admin-2", role="admin", password=PASSWORD)
    accounts.disable_user(session, "lan")
    session.commit()
    client, answer = arrive(app, provider)
    assert (answer.status_code, is_in(client)) == (403, False)


def test_a_given_password_is_closed_and_does_not_stop_anybody(app, provider, session):
    accounts.create_user(session, name="lan", role="gis", password=PASSWORD, must_change_password=True)
    session.commit()
    client, _ = arrive(app, provider)
    assert client.get("/imports").status_code == 200
    assert app.test_client().post("/login", data={"username": "lan", "password": PASSWORD}).status_code == 401


def test_a_second_factor_is_asked_for_here_too(app, provider, lan, session):
    session.add(SecondFactor(account_id=lan.id, secret="A" * 32, confirmed_at=lan.created_at))
    session.commit()
    client, answer = arrive(app, provider)
    assert answer.location.startswith("/login/code")
    assert not is_in(client)


def test_an_administrator_unties_an_account_which_is_then_tied_anew(app, provider, lan, session):
    before, _ = arrive(app, provider)
    accounts.create_user(session, name="chief", role="admin", password=PASSWORD)
    session.commit()
    admin = app.test_client()
    admin.post("/login", data={"username": "chief", "password": PASSWORD})
    assert "/admin/users/lan/sso/remove" in admin.get("/admin/users").text
    assert admin.post("/admin/users/lan/sso/remove").status_code == 302
    assert not is_in(before)
    client, _ = arrive(app, provider, sub="4712")
    assert is_in(client)


@pytest.mark.parametrize(
    "lies",
    [
        {"iss": "http://127.0.0.1:1/other"}, {"aud": "another-program"}, {"nonce": "of another attempt"}, {"nonce": None},
        {"exp": 1_000_000_000}, {"sub": None}, {"sub": 4711}, {"preferred_username": None}, {"preferred_username": ["lan"]},
        {"sub": "x" * 300}, {"sub": "a\x00b"},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_that_is_not_for_us_now_opens_nothing(app, provider, lan, lies):
    provider.lies = lies
    client, answer = arrive(app, provider)
    assert (answer.status_code, is_in(client)) == (401, False)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(OTHER_KEY, "RS256"), (OctKey.import_key(SECRET), "HS256"), (KEY, "none")],
    ids=["another key", "the secret", "nothing"],
)
def test_a_token_signed_by_another_opens_nothing(app, provider, lan, key, algorithm):
    provider.key, provider.algorithm, provider.algorithms = key, algorithm, ["RS256", "HS256", "none"]
    client, answer = arrive(app, provider)
    assert (answer.status_code, is_in(client)) == (401, False)


def test_an_answer_that_nobody_asked_for_opens_nothing(app, provider, lan):
    begun = app.test_client().get("/login/sso")
    other = app.test_client()
    assert other.get(provider.sign_in(begun.location)).status_code == 401  # another browser's
    client, _ = arrive(app, provider)
    assert is_in(client)
    for back in ("", "?error=access_denied", "?code=code-1", "?state=x&code=y", "?state=" + "x" * 900):
        assert app.test_client().get(f"/login/sso/back{back}").status_code == 401


def test_an_issuer_that_calls_itself_otherwise_or_is_away_is_told_in_words(app, provider, lan, make_app, connection):
    provider.issuer_says = "https://other.example"
    answer = app.test_client().get("/login/sso")
    assert (answer.status_code, "location" in answer.headers) == (503, False)
    provider.is_away = True
    away = make_app(connection, oidc_issuer=provider.issuer, oidc_client_id=CLIENT, oidc_client_secret=SECRET)
    answer = away.test_client().get("/login/sso")
    assert answer.status_code == 503
    assert "mật khẩu" in answer.text
    assert away.test_client().post("/login", data={"username": "lan", "password": PASSWORD}).status_code == 302


def test_an_issuer_that_sends_the_server_elsewhere_is_not_followed(app, provider, lan):
    provider.has_moved = True
    answer = app.test_client().get("/login/sso")
    assert (answer.status_code, "location" in answer.headers) == (503, False)


def test_without_the_setting_there_is_none(connection, make_app):
    client = make_app(connection).test_client()
    assert client.get("/login/sso").status_code == 404
    assert "/login/sso" not in client.get("/login").text


@pytest.mark.parametrize("issuer", ["", "sso.example", "http://sso.example", "https://", "ftp://localhost"])
def test_half_a_setting_refuses_the_start(issuer):
    given = {
        "SECRET_KEY": "kJ8-hGf7nB5vC3xZ1aQ9",
        "OIDC_ISSUER": issuer,
        "OIDC_CLIENT_ID": "x",
        "OIDC_CLIENT_SECRET": "y",
    }
    with pytest.raises(ConfigurationError, match="OIDC_ISSUER"):
        from_env(given)
    assert from_env({**given, "OIDC_ISSUER": "https://sso.example/realm"}).oidc_client_id == "x"
