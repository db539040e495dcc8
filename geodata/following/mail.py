"""Sending mail: TLS with the server's certificate checked, deadlines, and nothing secret in what is said of a failure."""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import Self

#: The longest that a server may be silent, in seconds.
TIMEOUT_S = 15
_TAKEN = (250, 251)


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where mail goes. `security`: starttls, tls, or none, which is for a server on this machine alone."""

    host: str
    port: int
    sender: str
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)


class MailError(Exception):
    """A mail was not taken. `reason` names the kind of failure, no address and no answer of the server.

    `is_lost`: it was handed over and nobody knows whether it was taken. `is_unreachable`: no other mail would fare better.
    """

    def __init__(self, reason: str, *, is_lost: bool = False, is_unreachable: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.is_lost, self.is_unreachable = reason, is_lost, is_unreachable

    @classmethod
    def of(cls, error: Exception, *, is_lost: bool = False, is_unreachable: bool = False) -> Self:
        """Return the error without what the server said."""
        code = getattr(error, "smtp_code", None)
        reason = f"{type(error).__name__}{f' {code}' if code else ''}"
        return cls(reason, is_lost=is_lost, is_unreachable=is_unreachable)


def send_mail(server: MailServer, *, to: str, subject: str, text: str, stop_address: str = "") -> None:
    """Send a plain text. Raises MailError."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = server.sender, to, subject
    message["Date"], message["Message-ID"] = (
        formatdate(localtime=True),
        make_msgid(domain=server.sender.rpartition("@")[2]),
    )
    message["Auto-Submitted"] = "auto-generated"
    if stop_address:
        message["List-Unsubscribe"] = f"<{stop_address}>"
    message.set_content(text)
    try:
        connection = _connect(server)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise MailError.of(error, is_unreachable=True) from None
    try:
        _hand_over(connection, server.sender, to, message.as_bytes(policy=SMTP))
        # It is sent: how the server takes leave changes nothing.
        with suppress(smtplib.SMTPException, OSError):
            connection.quit()
    finally:
        connection.close()


def _hand_over(connection: smtplib.SMTP, sender: str, to: str, content: bytes) -> None:
    """Give a mail to the server. Raises MailError."""
    try:
        for code, _ in (connection.mail(sender), connection.rcpt(to)):
            if code not in _TAKEN:
                raise MailError(f"SMTPRefused {code}")
    except (smtplib.SMTPException, OSError) as error:
        raise MailError.of(error) from None
    try:
        code, _ = connection.data(content)
    except smtplib.SMTPDataError as error:
        raise MailError.of(error) from None
    except (smtplib.SMTPException, OSError) as error:
        raise MailError.of(error, is_lost=True) from None
    if code not in _TAKEN:
        raise MailError(f"SMTPDataError {code}")


def _connect(server: MailServer) -> smtplib.SMTP:
    """Return a connection that is safe, and signed in where there is a user."""
    context = ssl.create_default_context()
    if server.security == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    try:
        if server.security == "starttls":
            connection.starttls(context=context)
        connection.ehlo_or_helo_if_needed()
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection
