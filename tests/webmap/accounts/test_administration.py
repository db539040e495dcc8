"""The administrator's pages: accounts, roles, given passwords, the audit log."""

import re

import pytest

from geodata.accounts import accounts
from tests.webmap.accounts.signing import NEW, given_password, is_signed_in, sign_in


def test_an_administrator_ends_all_sessions_of_an_account(app, client, login, lan):
    sign_in(client)
    admin = login("admin")
    assert "/admin/users/lan/sessions/end" in admin.get("/admin/users").text
    page = admin.post("/admin/users/lan/sessions/end", follow_redirects=True).text
    assert "Đã kết thúc mọi phiên làm việc của lan" in page
    assert "/admin/users/lan/sessions/end" not in page
    assert not is_signed_in(client)
    assert "Kết thúc mọi phiên của tài khoản" in admin.get("/admin/audit?account=lan").text
    assert sign_in(client).status_code == 302


def test_an_administrator_adds_an_account_whose_password_is_shown_once(app, login, session):
    admin = login("admin")
    form = {"name": "Minh.Tran", "full_name": "Trần Minh", "role": "inspector"}
    password = given_password(admin.post("/admin/users", data=form).text)
    assert "minh.tran" in admin.get("/admin/users").text
    assert password not in admin.get("/admin/users").text

    minh = app.test_client()
    assert sign_in(minh, "minh.tran", password, next="/api/layers").location == "/account?next=/api/layers"
    assert "Đây là mật khẩu được cấp" in minh.get("/account").text


def test_a_given_password_opens_nothing_but_the_own_account(app, login, session):
    admin = login("admin")
    password = given_password(admin.post("/admin/users", data={"name": "second", "role": "admin"}).text)
    second = app.test_client()
    sign_in(second, "second", password)
    assert second.get("/admin/users").location == "/account?next=/admin/users"
    refused = second.get("/admin/users", headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json["error"]) == (403, "password_change_required")
    form = {"current_password": password, "new_password": NEW, "repeated_password": NEW, "next": "/admin/users"}
    assert second.post("/account/password", data=form).location == "/admin/users"
    assert second.get("/admin/users").status_code == 200


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"name": "lan", "role": "gis"}, "Đã có tài khoản tên “lan”"),
        ({"name": "có dấu", "role": "gis"}, "chưa đúng"),
        ({"name": "minh", "role": "public"}, "không phải là vai trò"),
        ({"name": "minh", "role": "gis", "full_name": "x" * 201}, "nhiều nhất 200 ký tự"),
        ({}, "chưa đúng"),
    ],
)
def test_an_account_that_cannot_be_added_says_why_and_keeps_the_form(login, lan, form, reason):
    response = login("admin").post("/admin/users", data=form)
    assert response.status_code == 400
    assert reason in response.text
    if form.get("name"):
        assert f'value="{form["name"]}"' in response.text


def test_an_administrator_disables_and_enables_an_account(app, login, lan):
    admin, client = login("admin"), app.test_client()
    sign_in(client)
    page = admin.post("/admin/users/lan/disable", follow_redirects=True).text
    assert "Đã khóa tài khoản lan" in page
    assert not is_signed_in(client)
    assert sign_in(client).status_code == 401
    admin.post("/admin/users/lan/enable")
    assert sign_in(client).status_code == 302


def test_an_administrator_changes_a_role(app, login, lan):
    admin, client = login("admin"), app.test_client()
    admin.post("/admin/users/lan/role", data={"role": "admin"})
    sign_in(client)
    assert client.get("/admin/users").status_code == 200


def test_an_administrator_gives_a_new_password(app, login, lan):
    admin, client = login("admin"), app.test_client()
    password = given_password(admin.post("/admin/users/lan/password").text)
    assert sign_in(client).status_code == 401
    assert sign_in(client, password=password).location.startswith("/account")


def test_the_last_administrator_cannot_leave(login):
    admin = login("admin")
    for path, form in (("disable", {}), ("role", {"role": "gis"})):
        response = admin.post(f"/admin/users/admin-test/{path}", data=form)
        assert response.status_code == 400
        assert "ít nhất một quản trị viên" in response.text
    assert admin.get("/admin/users").status_code == 200


@pytest.mark.parametrize("action", ["disable", "enable", "role", "password"])
def test_an_account_that_does_not_exist_is_a_sentence_not_an_error(login, action):
    response = login("admin").post(f"/admin/users/<b>nobody/{action}", data={"role": "gis"})
    assert response.status_code == 400
    assert "&lt;b&gt;nobody" in response.text


def test_the_audit_log_tells_who_did_what(app, login, lan):
    admin, client = login("admin"), app.test_client()
    sign_in(client, password="wrong")
    sign_in(client)
    admin.post("/admin/users/lan/role", data={"role": "gis"})
    page = admin.get("/admin/audit", query_string={"account": "lan"}).text
    for words in (
        "Đăng nhập không thành công",
        "Đổi vai trò",
        "planner → gis",
        "admin-test",
        "dòng lệnh",
        "127.0.0.1 (password)",
    ):
        assert words in page


def test_the_audit_log_is_read_page_by_page(login, session):
    for number in range(120):
        accounts.record_audit(session, by="robot", action="test", subject=f"entry-{number:03d}")
    session.commit()
    admin, seen, path = login("admin"), [], "/admin/audit?account=robot"
    while path:
        page = admin.get(path).text
        seen += re.findall(r"entry-\d{3}", page)
        # The links to other languages keep the page's place too.
        older = re.search(r'href="(/admin/audit\?(?![^"]*lang=)[^"]*before=[^"]*)"', page)
        path = older[1].replace("&amp;", "&") if older else None
    assert seen == [f"entry-{number:03d}" for number in reversed(range(120))]


@pytest.mark.parametrize(
    "path",
    ["/admin/audit?before=x", "/admin/audit?before=-1", "/admin/audit?account=%00", "/admin/audit?before=" + "9" * 30],
)
def test_a_made_up_address_of_the_audit_log_is_no_error(login, path):
    assert login("admin").get(path).status_code < 500
