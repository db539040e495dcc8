"""The calendar feed (iCalendar, RFC 5545) of somebody's own visits, behind a secret address."""

import hashlib
import secrets
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.accounts import Account, record_audit
from geodata.database import TIME_ZONE
from geodata.errors import NotFoundError
from geodata.i18n import N_
from geodata.inspection_records import CalendarFeed, PaperState, VisitPaper
from geodata.layer import INSPECTION
from geodata.layers.fuel_sites import FuelSite

VISIT_MINUTES = 45
_LINE_BYTES = 73


def new_feed(session: Session, account_name: str) -> str:
    """Return a new token for somebody's feed; the one before ends."""
    token = secrets.token_urlsafe(32)
    session.merge(CalendarFeed(account_name=account_name, token_sha256=_hash(token)))
    record_audit(session, by=account_name, action=N_("Made a new calendar address"))
    return token


def write_feed(session: Session, token: str) -> bytes:
    """Return the visits of the token's owner. Raises NotFoundError, also when he may no longer inspect."""
    owner = session.scalar(
        select(CalendarFeed.account_name)
        .join(Account, Account.name == CalendarFeed.account_name)
        .where(
            CalendarFeed.token_sha256 == _hash(token),
            Account.disabled_at.is_(None),
            Account.role.in_([role.value for role in INSPECTION]),
        )
    )
    if owner is None:
        raise NotFoundError(value="…")
    query = (
        select(VisitPaper, FuelSite)
        .join(FuelSite, FuelSite.id == VisitPaper.feature_id)
        .where(VisitPaper.inspector == owner, VisitPaper.state != PaperState.CANCELLED)
        .order_by(VisitPaper.planned_on)
    )
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//webmap//inspections//VI", "CALSCALE:GREGORIAN"]
    for paper, site in session.execute(query):
        lines += _event(paper, site)
    lines.append("END:VCALENDAR")
    return "".join(_folded(line) for line in lines).encode()


def _event(paper: VisitPaper, site: FuelSite) -> list[str]:
    stamp = paper.saved_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    alarm = "-PT1H" if paper.planned_at else "-PT12H"  # an hour ahead; without an hour, at noon of the day before
    lines = ["BEGIN:VEVENT", f"UID:visit-{paper.id}@webmap", f"DTSTAMP:{stamp}"]
    if paper.planned_at:
        hours, minutes = (int(part) for part in paper.planned_at.split(":"))
        begins = datetime.combine(paper.planned_on, time(hours % 24, minutes), ZoneInfo(TIME_ZONE)).astimezone(UTC)
        ends = begins + timedelta(minutes=VISIT_MINUTES)
        lines += [f"DTSTART:{begins:%Y%m%dT%H%M%SZ}", f"DTEND:{ends:%Y%m%dT%H%M%SZ}"]
    else:
        lines += [
            f"DTSTART;VALUE=DATE:{paper.planned_on:%Y%m%d}",
            f"DTEND;VALUE=DATE:{paper.planned_on + timedelta(days=1):%Y%m%d}",
        ]
    summary = _text("Kiểm tra: " + site.name)
    lines += [f"SUMMARY:{summary}", f"LOCATION:{_text(site.address or '')}"]
    if paper.state is not PaperState.DONE:
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{summary}", f"TRIGGER:{alarm}", "END:VALARM"]
    return [*lines, "END:VEVENT"]


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return " ".join(escaped.split())


def _folded(line: str) -> str:
    """Return a line cut to 75 bytes as RFC 5545 wants, never inside a letter."""
    parts, current = [], ""
    for char in line:
        if len((current + char).encode()) > _LINE_BYTES:
            parts.append(current)
            current = ""
        current += char
    return "\r\n ".join([*parts, current]) + "\r\n"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
