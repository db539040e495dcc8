"""The second factor: set up with a code, asked for at sign-in, each code once, recovery codes, a duty by setting."""

import re
from types import SimpleNamespace

import pyotp
import pytest
from sqlalchemy import select, update

from geodata.accounts import accounts, logins, second_factor
from geodata.accounts.accounts import AuditEntry, LoginSession, get_user
from tests.conftest import PASSWORD, sign_in


class Clock:
    """A time that passes when the test says so."""

    def __init__(self):
        self.now = 1_790_000_000

    def time(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(second_factor, "time", SimpleNamespace(time=clock.time))
    return clock


def set_up(client, clock):
    """Set up the second factor as people do; return the authenticator and the recovery codes."""
    page = client.get("/account/second-factor").text
    assert 'src="data:image/svg+xml' in page
    totp = pyotp.TOTP(re.search(r'user-select-all">([A-Z2-7 ]+)<', page)[1].replace(" ", ""))
    assert client.post("/account/second-factor", data={"code": "000000"}).status_code == 400
    answer = client.post("/account/second-factor", data={"code": totp.at(clock.now)})
    assert answer.status_code == 200
    return totp, re.findall(r'<li class="user-select-all">([a-z0-9-]+)</li>', answer.text)


def enter(app, name="gis-test"):
    client = app.test_client()
    answer = client.post("/login", data={"username": name, "password": PASSWORD, "next": "/imports"})
    assert answer.location.startswith("/login/code")
    return client


def is_in(client):
    return client.get("/account").status_code == 200


def test_after_set_up_a_password_alone_opens_nothing_and_each_code_opens_once(app, clock):
    totp, _ = set_up(sign_in(app, "gis"), clock)
    client = enter(app)
    assert not is_in(client)
    assert client.post("/login/code", data={"code": totp.at(clock.now)}).status_code == 401  # used to set up
    clock.now += 30
    code = totp.at(clock.now)
    answer = client.post("/login/code", data={"code": f"{code[:3]} {code[3:]}", "next": "/imports"})
    assert (answer.status_code, answer.location) == (302, "/imports")
    assert is_in(client)
    other = enter(app)
    assert other.post("/login/code", data={"code": code}).status_code == 401
    clock.now += 30
    assert other.post("/login/code", data={"code": totp.at(clock.now - 300)}).status_code == 401
    assert other.post("/login/code", data={"code": totp.at(clock.now + 25)}).status_code == 302


def test_a_recovery_code_opens_once_and_is_written_down(app, session, clock):
    _, codes = set_up(sign_in(app, "gis"), clock)
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){6}", code) for code in codes)  # 138 bits: SHA-256 is enough
    assert enter(app).post("/login/code", data={"code": codes[3].upper()}).status_code == 302
    assert enter(app).post("/login/code", data={"code": codes[3]}).status_code == 401
    assert enter(app).post("/login/code", data={"code": codes[4]}).status_code == 302
    lines = session.scalars(select(AuditEntry.details).where(AuditEntry.action == "Signed in by a recovery code"))
    assert list(lines) == ["9", "8"]


def test_guessing_codes_is_held_back_like_guessing_passwords(app, clock):
    totp, _ = set_up(sign_in(app, "gis"), clock)
    client = enter(app)
    clock.now += 60
    statuses = [client.post("/login/code", data={"code": f"{number:06d}"}).status_code for number in range(6)]
    assert statuses == [401] * 5 + [429]
    assert client.post("/login/code", data={"code": totp.at(clock.now)}).status_code == 429
    again = enter(app)  # the right password does not forgive wrong codes
    assert again.post("/login/code", data={"code": totp.at(clock.now)}).status_code == 429


def test_setting_it_up_ends_the_other_sessions_and_takes_the_password_from_an_old_one(app, session, clock):
    client, elsewhere = sign_in(app, "gis"), app.test_client()
    elsewhere.post("/login", data={"username": "gis-test", "password": PASSWORD})
    session.execute(update(LoginSession).values(created_at=LoginSession.created_at - logins.FRESH))
    session.commit()
    page = client.get("/account/second-factor").text
    totp = pyotp.TOTP(re.search(r'user-select-all">([A-Z2-7 ]+)<', page)[1].replace(" ", ""))
    code = {"code": totp.at(clock.now)}
    for form in ({}, {"present_password": "wrong"}):
        answer = client.post("/account/second-factor", data=code | form)
        assert answer.status_code == 400
        assert "Mật khẩu hiện tại chưa đúng" in answer.text
    assert 'name="present_password"' in page
    assert is_in(elsewhere)
    assert client.post("/account/second-factor", data=code | {"present_password": PASSWORD}).status_code == 200
    assert is_in(client)
    assert not is_in(elsewhere)


def test_a_new_password_from_the_administrator_still_takes_the_code(app, session, clock):
    set_up(sign_in(app, "gis"), clock)
    password = accounts.reset_password(session, "gis-test")
    session.commit()
    client = app.test_client()
    answer = client.post("/login", data={"username": "gis-test", "password": password})
    assert answer.location.startswith("/login/code")
    assert not is_in(client)


@pytest.mark.parametrize("code", ["", "²²²²²²", "a\x00b", "9" * 400, "\ud800", "000000'--"])
def test_a_strange_code_is_just_not_right(app, clock, code):
    set_up(sign_in(app, "gis"), clock)
    assert enter(app).post("/login/code", data={"code": code.encode("utf-8", "replace")}).status_code in {400, 401}


def test_without_a_password_there_is_no_form_for_the_code(app, clock):
    client = app.test_client()
    assert client.get("/login/code").location.startswith("/login")
    assert client.post("/login/code", data={"code": "123456"}).location.startswith("/login")
    assert client.get("/account/second-factor").location.startswith("/login")


def test_a_role_that_must_have_one_goes_nowhere_else_before(connection, make_app, clock):
    app = make_app(connection, second_factor_roles=frozenset({"admin", "gis"}))
    assert sign_in(app, "planner").get("/dashboard").status_code == 200
    client = sign_in(app, "gis")
    assert client.get("/imports").location == "/account/second-factor"
    answer = client.get("/imports", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["error"]) == (403, "second_factor_required")
    assert "phải có xác thực hai lớp" in client.get("/account/second-factor").text
    set_up(client, clock)
    assert client.get("/imports").status_code == 200


def test_an_administrator_takes_it_off_and_that_is_written_down(app, session, clock):
    owner = sign_in(app, "gis")
    set_up(owner, clock)
    admin = sign_in(app, "admin")
    assert "second-factor/remove" in admin.get("/admin/users").text
    assert admin.post("/admin/users/gis-test/second-factor/remove").status_code == 302
    assert "second-factor/remove" not in admin.get("/admin/users").text
    assert not is_in(owner)
    assert not second_factor.has_second_factor(session, get_user(session, "gis-test").id)
    line = session.scalars(select(AuditEntry).where(AuditEntry.action == "Removed the second factor")).one()
    assert (line.account_name, line.subject) == ("admin-test", "gis-test")
    assert sign_in(app, "planner").post("/admin/users/gis-test/second-factor/remove").status_code == 403


def test_no_second_one_is_set_up_over_the_first(app, clock):
    client = sign_in(app, "gis")
    totp, _ = set_up(client, clock)
    clock.now += 30
    assert client.post("/account/second-factor", data={"code": totp.at(clock.now)}).status_code == 400
    assert "data:image" not in client.get("/account/second-factor").text
