"""The calendar feed (iCalendar, RFC 5545) of somebody's own visits, behind a secret address."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geodata.accounts.accounts import Account, record_audit
from geodata.base.database import TIME_ZONE
from geodata.base.errors import NotFoundError
from geodata.base.i18n import N_
from geodata.inspections.records import CalendarFeed, PaperState, VisitPaper
from geodata.layers.fuel_sites import FuelSite
from geodata.schema.roles import INSPECTION

VISIT_MINUTES = 45


def new_feed(session: Session, account_name: str) -> str:
    """Return a new token for somebody's feed; the one before ends."""
    token = secrets.token_urlsafe(32)
    session.merge(CalendarFeed(account_name=account_name, token_sha256=_hash(token)))
    record_audit(session, by=account_name, action=N_("Made a new calendar address"))
    return token


def write_feed(session: Session, token: str, *, link: Callable[[int], str] | None = None) -> bytes:
    """Return the visits of the token's owner. Raises NotFoundError, also when he may no longer inspect.

    `link`: the address of a visit's page by its number.
    """
    owner = session.execute(
        select(Account.name, Account.full_name)
        .join(CalendarFeed, Account.name == CalendarFeed.account_name)
        .where(
            CalendarFeed.token_sha256 == _hash(token),
            Account.disabled_at.is_(None),
            Account.role.in_([role.value for role in INSPECTION]),
        )
    ).first()
    if owner is None:
        raise NotFoundError(value="…")
    geom = FuelSite.column("geom")
    query = (
        select(VisitPaper, FuelSite, func.ST_X(geom), func.ST_Y(geom))
        .join(FuelSite, FuelSite.id == VisitPaper.feature_id)
        .where(VisitPaper.inspector == owner.name, VisitPaper.state != PaperState.CANCELLED)
        .order_by(VisitPaper.planned_on, VisitPaper.planned_at.nulls_last(), VisitPaper.id)
    )
    feed = Calendar()
    feed.add("version", "2.0")
    feed.add("prodid", "-//webmap//inspections//VI")
    feed.add("calscale", "GREGORIAN")
    for paper, site, lon, lat in session.execute(query):
        event = _event(paper, site, (lon, lat))
        event.add("contact", owner.full_name or owner.name)
        if link is not None:
            event.add("url", link(paper.id))
        feed.add_component(event)
    written: bytes = feed.to_ical()
    return written


def _event(paper: VisitPaper, site: FuelSite, place: tuple[float, float]) -> Event:
    """Return the event of a visit: when, where with coordinates (EPSG:4326), and an alarm while it is to be made."""
    event = Event()
    event.add("uid", f"visit-{paper.id}@webmap")
    event.add("dtstamp", paper.saved_at.astimezone(UTC))
    if paper.planned_at:
        hours, minutes = (int(part) for part in paper.planned_at.split(":"))
        begins = datetime.combine(paper.planned_on, time(hours % 24, minutes), ZoneInfo(TIME_ZONE)).astimezone(UTC)
        event.add("dtstart", begins)
        event.add("dtend", begins + timedelta(minutes=VISIT_MINUTES))
    else:
        event.add("dtstart", paper.planned_on)  # without an end it lasts that day
    summary = f"Kiểm tra: {site.name}"
    event.add("summary", summary)
    event.add("location", ", ".join(part for part in (site.name, site.address) if part))
    event.add("geo", (place[1], place[0]))
    if paper.state is not PaperState.DONE:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", summary)
        # an hour ahead; without an hour, at noon of the day before
        alarm.add("trigger", -timedelta(hours=1 if paper.planned_at else 12))
        event.add_component(alarm)
    return event


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
