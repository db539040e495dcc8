"""Who gets a daily digest by mail, at which confirmed address; and what became of it today.

At most one mail a day goes out: the day is written down before it is sent, and taken back only where the server refused it.
What comes too late of a crash in between is missing, never doubled.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, Text, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.accounts.accounts import Account, record_audit
from geodata.base.database import Base
from geodata.base.errors import HiddenError, InvalidValueError
from geodata.base.i18n import N_

MAX_TRIES = 5
#: A link that confirms an address holds so long.
CONFIRM_WITHIN = timedelta(days=3)
#: So long lies between two mails that ask for a confirmation.
PAUSE = timedelta(minutes=5)
MAX_EMAIL = 254
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250})\.[A-Za-z]{2,24}")
_NOTHING = N_("This link leads to nothing. It may have been used, or replaced by a newer one.")


class MailDigest(Base):
    """Somebody's wish for a daily mail. `stop_code` opens nothing but the end of it, and stands in each mail."""

    __tablename__ = "mail_digest"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    email: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    confirm_sha256: Mapped[str | None] = mapped_column(Text, unique=True)
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    confirmed_at: Mapped[datetime | None]
    stop_code: Mapped[str] = mapped_column(Text, unique=True)
    #: The day whose digest is done with: sent, or there was nothing new.
    done_on: Mapped[date | None]
    #: Of what was sent last; the same is not sent again.
    content_sha256: Mapped[str | None] = mapped_column(Text)
    tried_on: Mapped[date | None]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    problem: Mapped[str | None] = mapped_column(Text)


def ask(session: Session, account: Account, email: str, language: str) -> str:
    """Note somebody's address and return the code that confirms it. Raises InvalidValueError. The caller commits."""
    email = email.strip()
    if len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email) or ".." in email:
        raise InvalidValueError(
            name="email", value=email[:80], reason=N_("an address like name@example.gov.vn is needed")
        )
    known = session.get(MailDigest, account.id, with_for_update=True)
    if known is not None and session.scalar(select(known.asked_at > func.now() - PAUSE)):
        raise InvalidValueError(N_("A mail was sent a moment ago. Wait five minutes before another one."))
    code = secrets.token_urlsafe(24)
    row = known or MailDigest(account_id=account.id, stop_code=secrets.token_urlsafe(24))
    row.email, row.language, row.confirm_sha256, row.confirmed_at = email, language, hash_of(code), None
    row.asked_at, row.problem, row.tries = func.now(), None, 0
    session.add(row)
    session.flush()
    record_audit(session, by=account.name, action=N_("Asked for a daily mail"))
    return code


def find_to_confirm(session: Session, code: str) -> MailDigest:
    """Return whose address a code confirms. Raises HiddenError, also after its time."""
    row = session.scalar(
        select(MailDigest).where(
            MailDigest.confirm_sha256 == hash_of(code[:200]), MailDigest.asked_at > func.now() - CONFIRM_WITHIN
        )
    )
    if row is None:
        raise HiddenError(_NOTHING)
    return row


def confirm(session: Session, code: str) -> None:
    """Confirm an address; the code works once. Raises HiddenError. The caller commits."""
    row = find_to_confirm(session, code)
    row.confirmed_at, row.confirm_sha256 = func.now(), None


def find_to_stop(session: Session, code: str) -> MailDigest:
    """Return whose mail a code ends. Raises HiddenError."""
    row = session.scalar(select(MailDigest).where(MailDigest.stop_code == code[:200]))
    if row is None:
        raise HiddenError(_NOTHING)
    return row


def end(session: Session, row: MailDigest) -> None:
    """Send somebody no more mail, and forget the address. The caller commits."""
    account = session.get_one(Account, row.account_id)
    session.delete(row)
    record_audit(session, by=account.name, action=N_("Ended the daily mail"))


def waiting(session: Session, on: date) -> Sequence[int]:
    """Return the accounts that are still to get the digest of a day."""
    query = (
        select(MailDigest.account_id)
        .join(Account, Account.id == MailDigest.account_id)
        .where(
            MailDigest.confirmed_at.is_not(None),
            or_(MailDigest.done_on.is_(None), MailDigest.done_on < on),
            or_(MailDigest.tried_on.is_(None), MailDigest.tried_on < on, MailDigest.tries < MAX_TRIES),
            Account.disabled_at.is_(None),
            Account.must_change_password.is_(False),
        )
    )
    return session.scalars(query.order_by(MailDigest.account_id)).all()


def take(session: Session, account_id: int, on: date) -> MailDigest | None:
    """Return a digest of a day to be sent now, and no other worker's; None where it is done with. The caller commits soon."""
    if account_id not in waiting(session, on):
        return None
    row = session.scalar(
        select(MailDigest).where(MailDigest.account_id == account_id).with_for_update(skip_locked=True)
    )
    if row is None or (row.done_on is not None and row.done_on >= on):
        return None
    row.tries = row.tries + 1 if row.tried_on == on else 1
    row.tried_on = on
    return row


def failed(session: Session, account_id: int, before: date | None, problem: str, *, counts: bool = True) -> None:
    """Note that the server refused a mail: it is tried again. `counts`: as one of MAX_TRIES."""
    row = session.get_one(MailDigest, account_id)
    row.tries -= 0 if counts else 1
    row.done_on, row.problem = before, problem[:300]


def count_failing(session: Session) -> int:
    """Return how many digests could not be sent when they were last tried."""
    return session.scalar(select(func.count()).where(MailDigest.problem.is_not(None))) or 0


def hash_of(text: str) -> str:
    """Return what is kept of a code, or of what a mail says."""
    return hashlib.sha256(text.encode()).hexdigest()
