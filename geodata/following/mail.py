"""Sending mail: TLS with the server's certificate checked, deadlines, and nothing secret in what is said of a failure."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

TIMEOUT_S = 15


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
    """A mail was not taken. `reason` names the kind of failure, no address and no answer of the server."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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
        with _connect(server) as connection:
            if server.user:
                connection.login(server.user, server.password)
            connection.send_message(message)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        code = getattr(error, "smtp_code", None)
        raise MailError(f"{type(error).__name__}{f' {code}' if code else ''}") from None


def _connect(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
    connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    if server.security == "starttls":
        try:
            connection.starttls(context=context)
        except BaseException:
            connection.close()
            raise
    return connection
