"""Mail to a server over TLS: what the certificate must be, what a refusal says, and what a server that falls silent does."""

import socket

import pytest

from geodata.following import mail as sending
from geodata.following.mail import MailError, MailServer, send_mail
from tests.post import PASSWORD, USER, Post, make_certificate, serve

TO = "can.bo@sct.example.vn"
# aiosmtpd does not know that a port is TLS from its first byte.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@pytest.fixture
def post():
    return Post()


@pytest.fixture
def start(post):
    """Return what starts the post and tells how it is reached."""
    running = []

    def started(*, security="none", user="", password="", **options):
        running.append(serve(post, security=security, with_password=bool(user), **options))
        return MailServer(
            host="127.0.0.1", port=post.port, sender="bando@sct.example.vn", security=security, user=user, password=password
        )  # fmt: skip

    yield started
    for controller in running:
        controller.stop()


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """The certificate of the post, which this machine trusts."""
    path = make_certificate(tmp_path / "post.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


@pytest.fixture
def soon(monkeypatch):
    """No patience with a server that says nothing."""
    monkeypatch.setattr(sending, "TIMEOUT_S", 0.5)


def send(server):
    send_mail(server, to=TO, subject="Có 2 mới", text="Chợ Đổng Quốc Bình\n.một dòng có dấu chấm\n")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_goes_over_tls_with_the_password_and_arrives_as_it_was_written(start, post, certificate, security):
    send(start(security=security, certificate=certificate, user=USER, password=PASSWORD))
    (taken,) = post.taken
    assert taken["Subject"] == "Có 2 mới"
    assert taken.get_content() == "Chợ Đổng Quốc Bình\n.một dòng có dấu chấm\n"
    assert post.sessions[-1].ssl is not None or security == "tls"
    assert post.sessions[-1].authenticated


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("wrong", ["unknown", "another host", "ended"])
def test_a_server_with_a_wrong_certificate_gets_neither_the_password_nor_the_mail(
    start, post, tmp_path, monkeypatch, security, wrong
):
    about = {"another host": {"address": "127.0.0.9"}, "ended": {"days": -1}}.get(wrong, {})
    path = make_certificate(tmp_path / "post.pem", **about)
    if wrong != "unknown":
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    server = start(security=security, certificate=path, user=USER, password=PASSWORD)
    with pytest.raises(MailError, match=r"^SSLCertVerificationError$") as raised:
        send(server)
    assert raised.value.is_unreachable
    assert post.taken == []
    assert not any(one.authenticated for one in post.sessions)


def test_a_server_that_offers_no_tls_gets_nothing_where_tls_is_set(start, post):
    plain = start()
    server = MailServer(host="127.0.0.1", port=plain.port, sender=plain.sender, user=USER, password=PASSWORD)
    with pytest.raises(MailError, match="SMTPNotSupportedError"):
        send(server)
    assert post.taken == []


def test_a_wrong_password_is_told_by_its_kind_alone(start, post, certificate):
    server = start(security="tls", certificate=certificate, user=USER, password="wrong-password")
    with pytest.raises(MailError, match=r"^SMTPAuthenticationError 535$") as raised:
        send(server)
    assert raised.value.is_unreachable
    assert "wrong-password" not in repr(server) + str(raised.value)


def test_a_refused_address_is_told_by_its_code_alone(start, post):
    post.refused = {TO}
    with pytest.raises(MailError, match=r"^SMTPRefused 550$") as raised:
        send(start())
    assert not raised.value.is_unreachable
    assert not raised.value.is_lost


def test_a_server_that_takes_the_call_and_says_nothing_is_left(soon):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = MailServer(host="127.0.0.1", port=silent.getsockname()[1], sender="a@b.vn", security="none")
        with pytest.raises(MailError, match="SMTPServerDisconnected") as raised:
            send(server)
    assert raised.value.is_unreachable


def test_a_mail_without_an_answer_after_it_was_handed_over_is_lost_and_no_refusal(start, post, soon):
    post.silent_at = "DATA"
    with pytest.raises(MailError) as raised:
        send(start())
    assert raised.value.is_lost


def test_a_mail_that_was_taken_is_sent_though_the_server_takes_no_leave(start, post, soon):
    post.silent_at = "QUIT"
    send(start())
    assert len(post.taken) == 1


def test_nobody_at_the_port_is_a_server_that_is_not_reached():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(MailError, match="ConnectionRefusedError") as raised:
        send(MailServer(host="127.0.0.1", port=port, sender="a@b.vn", security="none"))
    assert raised.value.is_unreachable
