"""The calendar feed (iCalendar, RFC 5545) of somebody's own visits, behind a secret address."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
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
    return write_calendar(visit_events(session, owner.name, owner.full_name or owner.name, link=link))


def find_owner(session: Session, token: str) -> Account:
    """Return whose feed a token opens. Raises NotFoundError, also for an account that is disabled or was given its password."""
    owner = session.scalar(
        select(Account)
        .join(CalendarFeed, Account.name == CalendarFeed.account_name)
        .where(
            CalendarFeed.token_sha256 == _hash(token),
            Account.disabled_at.is_(None),
            Account.must_change_password.is_(False),
        )
    )
    if owner is None:
        raise NotFoundError(value="…")
    return owner


def has_feed(session: Session, account_name: str) -> bool:
    """Say whether somebody has an address."""
    return session.get(CalendarFeed, account_name) is not None


def end_feed(session: Session, account_name: str) -> None:
    """End somebody's address. The caller commits."""
    feed = session.get(CalendarFeed, account_name)
    if feed is not None:
        session.delete(feed)
        record_audit(session, by=account_name, action=N_("Ended the calendar address"))


def visit_events(
    session: Session, account_name: str, contact: str, *, link: Callable[[int], str] | None = None
) -> Iterator[Event]:
    """Return the visits of somebody, each with its page by `link`."""
    geom = FuelSite.column("geom")
    query = (
        select(VisitPaper, FuelSite, func.ST_X(geom), func.ST_Y(geom))
        .join(FuelSite, FuelSite.id == VisitPaper.feature_id)
        .where(VisitPaper.inspector == account_name, VisitPaper.state != PaperState.CANCELLED)
        .order_by(VisitPaper.planned_on, VisitPaper.planned_at.nulls_last(), VisitPaper.id)
    )
    for paper, site, lon, lat in session.execute(query):
        event = _event(paper, site, (lon, lat))
        event.add("contact", contact)
        if link is not None:
            event.add("url", link(paper.id))
        yield event


def write_calendar(events: Iterable[Event]) -> bytes:
    """Return events as an iCalendar file."""
    feed = Calendar()
    feed.add("version", "2.0")
    feed.add("prodid", "-//webmap//inspections//VI")
    feed.add("calscale", "GREGORIAN")
    for event in events:
        feed.add_component(event)
    written: bytes = feed.to_ical()
    return written


def day_event(uid: str, day: date, summary: str, *, url: str, stamp: datetime) -> Event:
    """Return an event that lasts a day, with an alarm at noon of the day before."""
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", stamp)
    event.add("dtstart", day)
    event.add("summary", summary)
    event.add("url", url)
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", summary)
    alarm.add("trigger", -timedelta(hours=12))
    event.add_component(alarm)
    return event


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
