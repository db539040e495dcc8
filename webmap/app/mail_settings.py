"""Settings of mail: where it goes, from whom, when, and the address of the map that stands in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from geodata.following.mail import MailServer

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_HERE = ("localhost", "127.0.0.1", "::1")
_LAST_HOUR = 23


@dataclass(frozen=True, kw_only=True)
class MailSettings:
    """The server, the address under which people reach the map, and the hour from which digests are sent."""

    server: MailServer
    public_url: str
    hour: int = 7


def read_mail(env: Mapping[str, str], problems: list[str]) -> MailSettings | None:
    """Return the settings of mail, None without SMTP_HOST; what is wrong is added to the problems."""

    def value(name: str, default: str = "") -> str:
        return (env.get(name) or default).strip()

    host = value("SMTP_HOST")
    if not host:
        return None
    before = len(problems)
    security, sender, url = value("SMTP_SECURITY", "starttls"), value("SMTP_FROM"), value("PUBLIC_URL").rstrip("/")
    port, hour = value("SMTP_PORT", str(_PORTS.get(security, 0))), value("DIGEST_HOUR", "7")
    if security not in _PORTS or (security == "none" and host not in _HERE):
        problems.append("SMTP_SECURITY (starttls or tls; none only for a server on this machine)")
    if not port.isdigit() or not 0 < int(port) < 2**16:
        problems.append("SMTP_PORT (a port)")
    if "@" not in sender or not sender.isprintable():
        problems.append("SMTP_FROM (an address like bando@example.gov.vn)")
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).netloc:
        problems.append("PUBLIC_URL (the map's address like https://bando.example.gov.vn)")
    if not hour.isdigit() or int(hour) > _LAST_HOUR:
        problems.append("DIGEST_HOUR (0 to 23)")
    if len(problems) > before:
        return None
    server = MailServer(
        host=host, port=int(port), sender=sender, security=security, user=value("SMTP_USER"),
        password=env.get("SMTP_PASSWORD", ""),
    )  # fmt: skip
    return MailSettings(server=server, public_url=url, hour=int(hour))
