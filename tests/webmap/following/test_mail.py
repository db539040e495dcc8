"""The daily mail, against a small SMTP server: asked for, confirmed, sent once, refused, ended; it tells nothing beyond one's rights."""

import email
import re
import socketserver
import threading
from datetime import timedelta
from email import policy

import pytest
from sqlalchemy import text

from geodata.accounts.access import disable_user
from geodata.accounts.scopes import limit_user
from geodata.base.database import today
from geodata.base.errors import ConfigurationError
from geodata.following.mail import MailServer
from geodata.layers import LAYERS
from tests.conftest import sign_in
from webmap.app.mail_settings import MailSettings
from webmap.app.settings import mail_from_env
from webmap.following.digest import send_digests


class Post(socketserver.ThreadingTCPServer):
    """Takes mail as RFC 5321 says, as far as smtplib asks; refuses it while `is_full`."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Taking)
        self.taken, self.is_full = [], False

    @property
    def texts(self):
        return [mail.get_content() for mail in self.taken]


class Taking(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 post\r\n")
        while line := self.rfile.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                content = b"".join(line.removeprefix(b".") if line.startswith(b"..") else line for line in lines)
                self.server.taken.append(email.message_from_bytes(content, policy=policy.default))
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            if word == b"MAIL" and self.server.is_full:
                self.wfile.write(b"452 secret-of-the-server no room\r\n")
            else:
                self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def post():
    server = Post()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def mail(post):
    server = MailServer(host="127.0.0.1", port=post.server_address[1], sender="bando@sct.example.vn", security="none")
    return MailSettings(server=server, public_url="https://bando.example.vn")


@pytest.fixture
def app(demo_connection, make_app, mail):
    return make_app(demo_connection, mail=mail)


@pytest.fixture
def planner(app):
    return sign_in(app, "planner")


def confirm(app, client, post):
    """Ask for the mail and open the link in it, as nobody in particular."""
    assert client.post("/following/mail", data={"email": "can.bo@sct.example.vn"}).status_code == 302
    link = re.search(r"http://localhost(/following/mail/confirm/\S+)", post.texts.pop())[1]
    post.taken.clear()
    anybody = app.test_client()
    assert "Xác nhận địa chỉ này" in anybody.get(link).text
    assert "Địa chỉ đã được xác nhận" in anybody.post(link).text
    assert anybody.post(link).status_code == 404


def edit(client, code, **values):
    (feature,) = client.get(f"/api/layers/markets/features?q={code}").json["features"]
    version = client.get(f"/edit/markets/form?id={feature['id']}").text.partition('data-version="')[2].partition('"')[0]
    edited = {"id": feature["id"], "version": version, "values": values}
    assert client.post("/edit/markets", json={"objects": [edited]}).status_code == 200


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
    assert re.search(r'href="/following/mail"><span>[^<]*</span><strong>1</strong>', admin.get("/help").text)
    post.is_full = False
    assert send_digests(app, demo_connection, mail, today() + timedelta(days=1)) == 1
    assert 'href="/following/mail"><span>' not in admin.get("/help").text


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
