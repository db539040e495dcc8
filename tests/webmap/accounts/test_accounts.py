"""Signing in and out, one's own account, and the administrator's pages, as a browser sees them."""

import re

import pytest
from babel.messages.pofile import read_po
from sqlalchemy import update

from geodata.accounts import access, logins
from geodata.accounts.accounts import LoginSession
from tests.conftest import PASSWORD
from tests.webmap.accounts.signing import NEW, TEMPLATES, is_signed_in, sign_in, token_in
from webmap.app.i18n import CATALOGUES, catalogue


def test_signing_in_opens_the_account_and_signing_out_closes_it(client, lan):
    assert not is_signed_in(client)
    assert sign_in(client).location == "/"
    assert is_signed_in(client)
    left = client.post("/logout")
    assert (left.location, left.headers["Clear-Site-Data"]) == ("/login", '"cache"')
    assert not is_signed_in(client)


def test_the_cookie_is_worth_nothing_after_signing_out(app, client, lan):
    sign_in(client)
    cookie = client.get_cookie("session").value
    client.post("/logout")
    thief = app.test_client()
    thief.set_cookie("session", cookie)
    assert not is_signed_in(thief)


def test_a_new_token_is_given_at_each_sign_in_and_the_old_one_ends(app, client, lan):
    sign_in(client)
    before = client.get_cookie("session").value
    sign_in(client)
    assert client.get_cookie("session").value != before
    old = app.test_client()
    old.set_cookie("session", before)
    assert not is_signed_in(old)
    assert is_signed_in(client)


def test_a_cookie_prepared_by_somebody_else_is_not_taken_over(app, client, lan):
    app.config["WTF_CSRF_ENABLED"] = True
    page = client.get("/login").text
    planted = client.get_cookie("session").value
    assert sign_in(client, csrf_token=token_in(page)).status_code == 302
    victim = app.test_client()
    victim.set_cookie("session", planted)
    assert not is_signed_in(victim)


@pytest.mark.parametrize(("name", "password"), [("lan", "wrong"), ("nobody", PASSWORD), ("", ""), ("lan", "")])
def test_a_failed_sign_in_does_not_tell_what_was_wrong(client, lan, name, password):
    response = sign_in(client, name, password)
    assert response.status_code == 401
    assert "Tên tài khoản hoặc mật khẩu chưa đúng." in response.text
    assert not is_signed_in(client)
    assert not password or password not in response.text


@pytest.mark.parametrize(
    ("name", "password"), [("lan\x00", PASSWORD), ("nobody\x00", PASSWORD), ("lan", PASSWORD + "\x00")]
)
def test_a_sign_in_with_what_cannot_be_stored_is_refused_before_any_account_is_looked_for(client, lan, name, password):
    response = sign_in(client, name, password)
    assert response.status_code == 400
    assert not is_signed_in(client)
    assert PASSWORD not in response.text


def test_too_many_attempts_have_to_wait(client, lan):
    for _ in range(logins.TRIES_PER_NAME_AND_ADDRESS):
        sign_in(client, password="wrong")
    response = sign_in(client)
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert "15 phút" in response.text
    assert not is_signed_in(client)


def test_an_error_shows_what_was_typed_as_text(client):
    assert "<script>alert" not in sign_in(client, name='"><script>alert(1)</script>').text


@pytest.mark.parametrize("target", ["/admin/audit?account=lan", "/?layers=markets&z=12", "/api/layers"])
def test_after_signing_in_one_is_where_one_wanted_to_go(client, lan, target):
    page = client.get("/login", query_string={"next": target}).text
    wanted = re.search(r'name="next" value="([^"]+)"', page)[1].replace("&amp;", "&")
    assert sign_in(client, next=wanted).location == target


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "evil.example",
     "/\t/evil.example", "/\n/evil.example", "http:evil.example", "///evil.example", "/logout", "/login?next=/", ""],
)  # fmt: skip
def test_signing_in_never_leads_to_another_site(client, lan, target):
    assert sign_in(client, next=target).location == "/"
    assert client.get("/login", query_string={"next": target}).location == "/"


def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(client):
    assert client.get("/admin/users?about=lan").location == "/login?next=/admin/users?about%3Dlan"


def test_a_form_without_its_token_changes_nothing(app, client, lan, session):
    sign_in(client)
    app.config["WTF_CSRF_ENABLED"] = True
    response = client.post("/logout")
    assert response.status_code == 400
    assert "Vui lòng gửi lại biểu mẫu" in response.text
    assert is_signed_in(client)
    as_json = client.post("/logout", headers={"Accept": "application/json"})
    assert (as_json.status_code, as_json.json["error"]) == (400, "csrf")


def test_a_stale_sign_in_form_leads_back_to_a_fresh_one(app, client, lan):
    app.config["WTF_CSRF_ENABLED"] = True
    response = sign_in(client, csrf_token="from another time")
    assert response.status_code == 400
    assert 'href="/login">Mở lại trang' in response.text


def test_the_token_of_another_session_is_not_taken(app, client, lan):
    sign_in(client)
    app.config["WTF_CSRF_ENABLED"] = True
    foreign = token_in(app.test_client().get("/login").text)
    assert client.post("/logout", data={"csrf_token": foreign}).status_code == 400
    own = token_in(client.get("/account").text)
    assert client.post("/logout", data={"csrf_token": own}).status_code == 302


@pytest.mark.parametrize("change", ["disable", "role", "password"])
def test_a_change_by_the_administrator_ends_the_session_at_once(client, lan, session, change):
    sign_in(client)
    assert is_signed_in(client)
    if change == "disable":
        access.disable_user(session, "lan")
    elif change == "role":
        access.set_role(session, "lan", "gis")
    else:
        access.set_password(session, "lan", NEW)
    session.commit()
    response = client.get("/account", headers={"Accept": "application/json"})
    assert response.status_code == 401
    assert response.json["message"] == "Phiên làm việc đã kết thúc. Vui lòng đăng nhập lại."


def test_an_idle_session_ends_and_leads_back_to_the_same_place(client, lan, session):
    sign_in(client)
    session.execute(update(LoginSession).values(last_seen_at=LoginSession.last_seen_at - logins.IDLE))
    session.commit()
    assert client.get("/account?done=x").location == "/login?next=/account?done%3Dx"


def test_a_session_in_use_stays_awake(client, lan, session):
    sign_in(client)
    for _ in range(3):
        session.execute(update(LoginSession).values(last_seen_at=LoginSession.last_seen_at - logins.IDLE * 0.6))
        session.commit()
        assert is_signed_in(client)


def test_signing_out_by_a_link_asks_first(client, lan):
    assert client.get("/logout").location == "/login"
    sign_in(client)
    assert client.get("/logout").status_code == 200
    assert is_signed_in(client)


def test_a_new_password_ends_the_sessions_on_other_devices(app, client, lan):
    elsewhere = app.test_client()
    sign_in(elsewhere)
    sign_in(client)
    form = {"current_password": PASSWORD, "new_password": NEW, "repeated_password": NEW}
    response = client.post("/account/password", data=form, follow_redirects=True)
    assert "Đã đổi mật khẩu" in response.text
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert sign_in(elsewhere).status_code == 401
    assert sign_in(elsewhere, password=NEW).status_code == 302


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"current_password": "wrong"}, "Mật khẩu hiện tại chưa đúng"),
        ({"repeated_password": "something else"}, "không giống nhau"),
        ({"new_password": "short", "repeated_password": "short"}, "ít nhất 10 ký tự"),
        ({"new_password": "haiphong2025", "repeated_password": "haiphong2025"}, "quá phổ biến"),
        ({"new_password": PASSWORD, "repeated_password": PASSWORD}, "trùng với"),
    ],
)
def test_a_refused_password_says_why_and_changes_nothing(client, lan, form, reason):
    sign_in(client)
    values = {"current_password": PASSWORD, "new_password": NEW, "repeated_password": NEW} | form
    response = client.post("/account/password", data=values)
    assert response.status_code == 400
    assert reason in response.text
    assert values["new_password"] not in response.text
    assert is_signed_in(client)


def test_one_sees_and_ends_ones_other_sessions(app, client, lan):
    elsewhere = app.test_client()
    elsewhere.post("/login", data={"username": "lan", "password": PASSWORD}, headers={"User-Agent": "Phone <b>"})
    sign_in(client)
    page = client.get("/account").text
    assert "Phone &lt;b&gt;" in page
    assert page.count("thiết bị này") == 1
    client.post("/account/sessions/end")
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)


def test_an_old_session_shows_the_password_again_before_it_ends_others_or_makes_a_token(app, client, lan, session):
    elsewhere = app.test_client()
    sign_in(elsewhere)
    sign_in(client)
    session.execute(update(LoginSession).values(created_at=LoginSession.created_at - logins.FRESH))
    session.commit()
    assert client.get("/account").text.count('name="present_password"') == 2
    for path in ("/account/sessions/end", "/account/tokens"):
        form = {"name": "qgis", "present_password": "wrong"}
        assert client.post(path, data=form).status_code == 400
    assert is_signed_in(elsewhere)
    assert "wmt_" in client.post("/account/tokens", data={"name": "qgis", "present_password": PASSWORD}).text
    assert client.post("/account/sessions/end", data={"present_password": PASSWORD}).status_code == 302
    assert not is_signed_in(elsewhere)


def test_guessing_the_present_password_is_held_back_like_guessing_at_the_sign_in(client, lan):
    sign_in(client)
    form = {"current_password": "wrong", "new_password": NEW, "repeated_password": NEW}
    for _ in range(logins.TRIES_PER_NAME_AND_ADDRESS):
        client.post("/account/password", data=form)
    answer = client.post("/account/password", data=form | {"current_password": PASSWORD})
    assert answer.status_code == 400
    assert "15 phút" in answer.text


def test_passwords_are_masked_and_can_be_pasted_and_filled_in():
    inputs = [
        field
        for path in TEMPLATES.glob("*.html")
        for field in re.findall(r"<input[^>]*>", path.read_text("utf-8"))
        if re.search(r'name="[a-z_]*password', field)
    ]
    assert len(inputs) >= 5
    for field in inputs:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(current|new)-password"', field)
        assert "readonly" not in field


def test_every_page_of_somebody_signed_in_has_the_button_to_sign_out(client, lan):
    sign_in(client)
    for path in ("/", "/account", "/dashboard", "/clusters"):
        assert 'href="/logout"' in client.get(path).text, path


def test_every_text_of_these_pages_is_translated():
    used = {
        match[1]
        for path in TEMPLATES.glob("*.html")
        for match in re.finditer(r"""_\(["']([^"']+)["']\)""", path.read_text("utf-8"))
    }
    assert len(used) > 40
    missing = {text for text in used if catalogue("vi").gettext(text) == text}
    assert not missing


def test_the_translations_keep_the_names_of_their_values():
    with (CATALOGUES / "vi" / "accounts.po").open("rb") as file:
        for message in read_po(file, locale="vi"):
            if message.id:
                assert sorted(re.findall(r"\{\w+\}", message.id)) == sorted(re.findall(r"\{\w+\}", message.string)), (
                    message.id
                )
