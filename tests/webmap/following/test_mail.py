"""The daily mail, against a small SMTP server: asked for, confirmed, sent once, refused, ended; it tells nothing beyond one's rights."""

import re
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import text

from geodata.accounts.access import create_user, disable_user, visible_names
from geodata.accounts.scopes import limit_user
from geodata.base.database import today
from geodata.base.errors import ConfigurationError
from geodata.following import mail as sending
from geodata.following.mail import MailServer
from geodata.jobs import QUEUE
from geodata.layers import LAYERS
from geodata.schema.roles import STAFF, Role
from tests.conftest import PASSWORD, sign_in
from tests.pages import squeezed
from tests.post import Post, serve
from webmap import worker
from webmap.app.mail_settings import MailSettings
from webmap.app.settings import mail_from_env
from webmap.following.digest import send_digests


@pytest.fixture
def post():
    taking = Post()
    server = serve(taking)
    yield taking
    server.stop()


@pytest.fixture
def mail(post):
    server = MailServer(host="127.0.0.1", port=post.port, sender="bando@sct.example.vn", security="none")
    return MailSettings(server=server, public_url="https://bando.example.vn")


@pytest.fixture
def app(demo_connection, make_app, mail):
    return make_app(demo_connection, mail=mail)


@pytest.fixture
def planner(app):
    return sign_in(app, "planner")


def confirm(app, client, post, address="can.bo@sct.example.vn"):
    """Ask for the mail and open the link in it, as nobody in particular."""
    assert client.post("/following/mail", data={"email": address}).status_code == 302
    link = re.search(r"http://localhost(/following/mail/confirm/\S+)", post.texts.pop())[1]
    post.taken.clear()
    anybody = app.test_client()
    assert "Xác nhận địa chỉ này" in anybody.get(link).text
    assert "Địa chỉ đã được xác nhận" in anybody.post(link).text
    assert anybody.post(link).status_code == 404


def edit(client, code, layer="markets", **values):
    (feature,) = client.get(f"/api/layers/{layer}/features?q={code}").json["features"]
    version = client.get(f"/edit/{layer}/form?id={feature['id']}").text.partition('data-version="')[2].partition('"')[0]
    edited = {"id": feature["id"], "version": version, "values": values}
    assert client.post(f"/edit/{layer}", json={"objects": [edited]}).status_code == 200


@pytest.fixture
def news(app, planner, post):
    """A planner whose address is confirmed and who follows a market that somebody else has changed."""
    confirm(app, planner, post)
    planner.post("/following", data={"layer": "markets", "code": "CHO-DQB"})
    gis = sign_in(app, "gis")
    edit(gis, "CHO-DQB", stall_count=321)
    return gis


def test_news_go_out_once_a_day_and_not_again_while_nothing_is_added(app, demo_connection, mail, post, news):
    assert send_digests(app, demo_connection, mail, today()) == 1
    assert send_digests(app, demo_connection, mail, today()) == 0
    (sent,) = post.taken
    assert sent["To"] == "can.bo@sct.example.vn"
    assert "1 mới" in sent["Subject"]
    assert "Chợ Đổng Quốc Bình" in sent.get_content()
    assert "thay đổi: Số điểm kinh doanh, người thực hiện gis-test" in sent.get_content()
    assert "https://bando.example.vn/following" in sent.get_content()
    tomorrow = today() + timedelta(days=1)
    assert send_digests(app, demo_connection, mail, tomorrow) == 0
    edit(news, "CHO-DQB", stall_count=322)
    assert send_digests(app, demo_connection, mail, tomorrow + timedelta(days=1)) == 1


def test_without_a_confirmed_address_nothing_is_sent(app, demo_connection, planner, mail, post):
    planner.post("/following/mail", data={"email": "can.bo@sct.example.vn"})
    post.taken.clear()
    planner.post("/following", data={"layer": "markets", "code": "CHO-DQB"})
    edit(sign_in(app, "gis"), "CHO-DQB", stall_count=321)
    assert send_digests(app, demo_connection, mail, today()) == 0
    assert post.taken == []


def test_the_mail_tells_what_may_be_seen_when_it_is_sent(app, demo_connection, demo_session, mail, post, news):
    limit_user(demo_session, LAYERS, "planner-test", ["unit=11311"])
    demo_session.commit()
    send_digests(app, demo_connection, mail, today())
    assert not any("thay đổi" in told for told in post.texts)


def test_who_is_disabled_gets_no_mail(app, demo_connection, demo_session, mail, post, news):
    disable_user(demo_session, "planner-test")
    demo_session.commit()
    assert send_digests(app, demo_connection, mail, today()) == 0
    assert post.taken == []


def test_a_refused_mail_is_tried_again_and_told_to_the_administrator_without_secrets(
    app, demo_connection, mail, post, news, caplog
):
    post.is_full = True
    for _ in range(7):
        assert send_digests(app, demo_connection, mail, today()) == 0
    assert demo_connection.scalar(text("SELECT tries FROM mail_digest")) == 5
    assert "secret-of-the-server" not in caplog.text + demo_connection.scalar(text("SELECT problem FROM mail_digest"))
    admin = sign_in(app, "admin")
    assert re.search(r'href="/following/mail"><span>[^<]*</span><strong>1</strong>', squeezed(admin.get("/help").text))
    post.is_full = False
    assert send_digests(app, demo_connection, mail, today() + timedelta(days=1)) == 1
    assert 'href="/following/mail"><span>' not in squeezed(admin.get("/help").text)


def test_the_link_in_the_mail_ends_it_without_signing_in(app, demo_connection, mail, post, news):
    send_digests(app, demo_connection, mail, today())
    address = post.taken[0]["List-Unsubscribe"].strip("<>").removeprefix("https://bando.example.vn")
    anybody = app.test_client()
    assert anybody.get(address).status_code == 200
    assert "Sẽ không còn thư nào được gửi." in anybody.post(address).text
    assert anybody.get(address).status_code == 404
    edit(news, "CHO-DQB", stall_count=9)
    assert send_digests(app, demo_connection, mail, today() + timedelta(days=1)) == 0


@pytest.mark.parametrize("address", ["", "x", "a@b", "a@b.vn\nBcc: c@d.vn", "a b@c.vn", "a@b.vn,c@d.vn"])
def test_what_is_no_address_gets_no_mail(planner, post, address):
    assert planner.post("/following/mail", data={"email": address}).status_code == 400
    assert post.taken == []


@pytest.mark.parametrize(
    "wrong",
    [{"SMTP_SECURITY": "none"}, {"SMTP_PORT": "x"}, {"SMTP_FROM": "bando"}, {"PUBLIC_URL": ""}, {"DIGEST_HOUR": "24"}],
)
def test_wrong_settings_are_told_by_name(wrong):
    right = {"SMTP_HOST": "smtp.example.vn", "SMTP_FROM": "bando@example.vn", "PUBLIC_URL": "https://bando.example.vn"}
    assert mail_from_env(right).server.port == 587
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        mail_from_env(right | wrong)
    assert mail_from_env({}) is None


def second(app, demo_session, post):
    """Another account with a confirmed address that follows the same market."""
    create_user(demo_session, name="second-test", role="planner", password=PASSWORD)
    demo_session.commit()
    client = app.test_client()
    client.post("/login", data={"username": "second-test", "password": PASSWORD})
    confirm(app, client, post, "nguoi.khac@sct.example.vn")
    client.post("/following", data={"layer": "markets", "code": "CHO-DQB"})


def test_a_refused_address_keeps_no_other_mail_back(app, demo_connection, demo_session, mail, post, news):
    second(app, demo_session, post)
    edit(news, "CHO-DQB", stall_count=5)
    post.refused = {"can.bo@sct.example.vn"}
    assert send_digests(app, demo_connection, mail, today()) == 1
    assert [one["To"] for one in post.taken] == ["nguoi.khac@sct.example.vn"]


def test_a_server_that_is_not_reached_is_asked_once_a_round_and_costs_no_try(
    app, demo_connection, demo_session, mail, post, news
):
    second(app, demo_session, post)
    edit(news, "CHO-DQB", stall_count=5)
    away = replace(mail, server=replace(mail.server, port=mail.server.port, user="bando", password="x"))
    for _ in range(7):
        assert send_digests(app, demo_connection, away, today()) == 0
    assert demo_connection.scalars(text("SELECT tries FROM mail_digest ORDER BY account_id")).all() == [0, 0]
    assert demo_connection.scalar(text("SELECT count(*) FROM mail_digest WHERE problem IS NOT NULL")) == 1
    assert send_digests(app, demo_connection, mail, today()) == 2


def test_a_mail_that_was_handed_over_without_an_answer_is_not_sent_twice(
    app, demo_connection, mail, post, news, monkeypatch
):
    monkeypatch.setattr(sending, "TIMEOUT_S", 0.5)
    post.silent_at = "DATA"
    assert send_digests(app, demo_connection, mail, today()) == 0
    post.silent_at = None
    assert send_digests(app, demo_connection, mail, today()) == 0
    assert send_digests(app, demo_connection, mail, today() + timedelta(days=1)) == 0
    assert len(post.taken) == 1
    assert demo_connection.scalar(text("SELECT problem FROM mail_digest")) == "SMTPServerDisconnected"


@pytest.mark.parametrize("role", sorted(STAFF))
def test_a_mail_tells_each_role_what_it_may_see_and_no_more(app, demo_connection, demo_session, mail, post, role):
    create_user(demo_session, name="reader-test", role=role, password=PASSWORD)
    demo_session.commit()
    client = app.test_client()
    client.post("/login", data={"username": "reader-test", "password": PASSWORD})
    confirm(app, client, post)
    gis = sign_in(app, "gis")
    (site,) = gis.get("/api/layers/fuel_sites/features?limit=1").json["features"]
    client.post("/following", data={"layer": "fuel_sites", "code": site["properties"]["code"]})
    client.post("/following", data={"layer": "projects", "code": "DA-CHO-DQB"})
    edit(gis, site["properties"]["code"], layer="fuel_sites", contact_phone="0225 3123 456")
    send_digests(app, demo_connection, mail, today())
    said = "\n".join(post.texts)
    assert ("thay đổi: Điện thoại" in said) == ("contact_phone" in visible_names(Role(role), LAYERS.get("fuel_sites")))
    assert "0225 3123 456" not in said


@pytest.mark.parametrize(("hour", "sent"), [(6, 0), (7, 1)])
def test_the_hourly_job_sends_from_the_set_hour_on(app, demo_connection, mail, post, news, monkeypatch, hour, sent):
    env = {
        "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(post.port), "SMTP_SECURITY": "none", "SMTP_FROM": "bando@sct.example.vn",
        "PUBLIC_URL": "https://bando.example.vn", "DIGEST_HOUR": "7",
    }  # fmt: skip
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    now = datetime.combine(today(), time(hour, 5))
    assert worker.send_due(demo_connection, now, LAYERS) == sent
    assert worker.send_due(demo_connection, now, LAYERS) == 0
    assert len(post.taken) == sent
    assert QUEUE.periodic_registry.periodic_tasks[("send_digests", "")].cron == "5 * * * *"
