"""The daily mail: what it says, by the rights of the moment it is sent, and its way out at most once a day."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from flask import Flask, request
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from geodata.accounts.accounts import Account
from geodata.accounts.reader import reading_as
from geodata.base.database import TIME_ZONE, ReadConnection
from geodata.base.i18n import N_
from geodata.following import digests
from geodata.following.follows import read_follows
from geodata.following.mail import MailError, send_mail
from webmap.app.extensions import layers
from webmap.app.i18n import answer_in, format_value, translate
from webmap.app.mail_settings import MailSettings
from webmap.following.covering import Follower
from webmap.following.reading import News, read_news
from webmap.following.words import due_line, left_line, told_lines

log = logging.getLogger(__name__)
#: A mail names so many objects and dues of each follow; the page has all of them.
MOST_LINES = 20


def send_digests(app: Flask, bind: Engine | Connection, settings: MailSettings, on: date) -> int:
    """Send what waits of a day and return how many mails went out. A refusal of one leaves the others alone.

    A server that cannot be reached ends the round: all that wait are tried again with the next one. `app`: whose addresses and words stand in the mails.
    """
    sent = 0
    with Session(bind, join_transaction_mode="create_savepoint") as session:
        accounts = digests.waiting(session, on)
    for account_id in accounts:
        with Session(bind, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            try:
                sent += _send_one(app, session, settings, account_id, on)
            except MailError:
                break
    return sent


def _send_one(app: Flask, session: Session, settings: MailSettings, account_id: int, on: date) -> int:
    """Send somebody's digest and return how many mails went out. Raises MailError where the server is not to be reached."""
    row = digests.take(session, account_id, on)
    if row is None:
        session.rollback()
        return 0
    before, row.done_on = row.done_on, on
    account = session.get_one(Account, account_id)
    with app.test_request_context("/", base_url=settings.public_url):
        answer_in(row.language)
        follower = Follower.of(account, row.language)
        with reading_as(session.connection(), layers(), follower.reader) as connection:
            mail = write(connection, follower, row, on)
    content = digests.hash_of(mail.told) if mail else None
    is_new = mail is not None and content != row.content_sha256
    # Before it is sent: who crashes in between sends nothing twice.
    session.commit()
    if mail is None or not is_new:
        return 0
    try:
        send_mail(settings.server, to=row.email, subject=mail.subject, text=mail.text, stop_address=mail.stop_address)
    except MailError as error:
        log.warning("a digest could not be sent: %s", error.reason)
        if error.is_lost:  # perhaps it was taken: once more might be twice
            row.content_sha256, row.problem = content, error.reason
        else:
            digests.failed(session, account_id, before, error.reason, counts=not error.is_unreachable)
        session.commit()
        if error.is_unreachable:
            raise
        return 0
    row.content_sha256, row.problem = content, None
    session.commit()
    return 1


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A digest. `told` says which news it tells of: days that pass make none of them new."""

    subject: str
    told: str
    text: str
    stop_address: str


def write(connection: ReadConnection, follower: Follower, row: digests.MailDigest, on: date) -> Mail | None:
    """Return the digest of somebody, in his language; None when nothing is new."""
    follows = read_follows(connection, follower.account_id)
    found = [news for one in follows if (news := read_news(connection, layers(), follower, one, on)).count]
    if not found:
        return None
    language, home = follower.reader.language, request.host_url.rstrip("/")
    content = "\n\n".join(_about(news, on, language, home + request.script_root) for news in found)
    count = sum(news.count for news in found)
    subject = translate(N_("What you follow: {count} new, {day}"), language)
    stop_address = f"{home}{request.script_root}/following/mail/stop/{row.stop_code}"
    foot = translate(N_("All of it: {address}\nNo more of these mails: {stop}"), language)
    text = f"{content}\n\n-- \n{foot.format(address=f'{home}{request.script_root}/following', stop=stop_address)}\n"
    return Mail(
        subject=subject.format(count=count, day=format_value(on, language)), told=_told(found, on), text=text,
        stop_address=stop_address,
    )  # fmt: skip


def _told(found: Sequence[News], on: date) -> str:
    """Return which news a mail tells of."""
    parts: list[object] = []
    for news in found:
        seen_on = news.follow.seen_at.astimezone(ZoneInfo(TIME_ZONE)).date()
        parts += [news.follow.id, news.gone, news.more, *((one.kind.layer.name, one.id) for one in news.left)]
        parts += [
            (one.kind.layer.name, one.id, one.has_come, max((change.number for change in one.changes), default=0))
            for one in news.told
        ]
        parts += [
            (one.kind.layer.name, one.due.day, one.row_id, one.on < on)
            for one in news.dues
            if one.told_since(on, seen_on)
        ]
    return repr(parts)


def _about(news: News, on: date, language: str, home: str) -> str:
    lines = [news.follow.name.upper()]
    for told in news.told[:MOST_LINES]:
        lines.append(f"* {told.name}")
        lines += [f"  {line}" for line in told_lines(told, language)]
    lines += [
        f"* {told.name}: {translate(N_('is no longer among what you follow'), language)}"
        for told in news.left[:MOST_LINES]
    ]
    if gone := left_line(news, language):
        lines.append(f"* {gone}")
    for due in news.dues[:MOST_LINES]:
        line = due_line(due, on, language)
        lines.append(f"! {line.title}: {line.name}{f', {line.what}' if line.what else ''}: {line.left}")
    return "\n".join(lines)
