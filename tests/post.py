"""A small SMTP server for tests, with certificates of its own: takes mail, refuses it, falls silent."""

import asyncio
import email
import ipaddress
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email import policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

FULL = "452 secret-of-the-server no room"
USER, PASSWORD = "bando", "mail-password-1"


class Post:
    """What the server does with mail: `taken` are those it took, `refused` addresses it takes nothing for.

    `silent_at`: the command after which it says nothing more: MAIL, DATA or QUIT.
    """

    def __init__(self):
        self.taken, self.is_full, self.refused, self.silent_at = [], False, set(), None
        self.sessions, self.port = [], 0

    @property
    def texts(self):
        return [mail.get_content() for mail in self.taken]

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        self.sessions.append(session)
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        await self._silence("MAIL")
        if self.is_full:
            return FULL
        envelope.mail_from = address
        return "250 ok"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return "550 secret-of-the-server nobody here"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(email.message_from_bytes(envelope.content.replace(b"\r\n", b"\n"), policy=policy.default))
        await self._silence("DATA")
        return "250 ok"

    async def handle_QUIT(self, server, session, envelope):
        await self._silence("QUIT")
        return "221 bye"

    async def _silence(self, command):
        if self.silent_at == command:
            await asyncio.sleep(3600)


def serve(post, *, security="none", certificate=None, with_password=False):
    """Return a started server of a post, over TLS with the files of a certificate."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {}
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        options = {"ssl_context": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    if with_password:
        options |= {"authenticator": _check, "auth_required": True, "auth_require_tls": security == "starttls"}
    controller = Controller(post, hostname="127.0.0.1", port=port, **options)
    controller.start()
    post.port = port
    return controller


def _check(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login.decode(), data.password.decode()) == (USER, PASSWORD), handled=False)


def make_certificate(path, *, address="127.0.0.1", days=2):
    """Write a self-made certificate with its key for an address, which holds or ended so many days from now."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
