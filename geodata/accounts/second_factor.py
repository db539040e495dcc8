"""The second factor at sign-in: codes of an authenticator (TOTP, RFC 6238), and recovery codes for the day it is lost.

Commits nothing. The secret has to be stored readable, as codes are worked out from it; recovery codes are stored as
SHA-256, which is enough for random ones of 112 bits and more (OWASP ASVS 5.0, 6.5.2): 28 letters of 31 have 138.
"""

import hashlib
import secrets
import time
from datetime import datetime

import pyotp
from sqlalchemy import BigInteger, ForeignKey, Text, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.accounts.accounts import COMMAND_LINE, end_sessions, get_user, record_audit
from geodata.base.database import Base
from geodata.base.errors import ConflictError, InvalidValueError
from geodata.base.i18n import N_

RECOVERY_CODES = 10
_GROUPS = 7
#: Clocks of telephones are off by some seconds: the code before and the one after are taken too.
_NEIGHBOURS = (0, -1, 1)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class SecondFactor(Base):
    """An account's authenticator; in force once its owner has shown a code of it."""

    __tablename__ = "second_factor"

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    secret: Mapped[str] = mapped_column(Text)
    confirmed_at: Mapped[datetime | None]
    #: The latest 30 seconds whose code was taken: each code opens once.
    last_step: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    recovery_sha256: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")


def has_second_factor(session: Session, account_id: int) -> bool:
    """Say whether signing in to an account takes a code."""
    found = session.get(SecondFactor, account_id)
    return found is not None and found.confirmed_at is not None


def list_second_factors(session: Session) -> frozenset[int]:
    """Return the ids of the accounts that have one."""
    return frozenset(session.scalars(select(SecondFactor.account_id).where(SecondFactor.confirmed_at.is_not(None))))


def begin(session: Session, account_id: int) -> str:
    """Return the secret to put into an authenticator; the same until it is confirmed. Raises ConflictError after that."""
    found = session.get(SecondFactor, account_id, with_for_update=True)
    if found is None:
        found = SecondFactor(account_id=account_id, secret=pyotp.random_base32())
        session.add(found)
        session.flush()
    if found.confirmed_at is not None:
        raise ConflictError(N_("This account has a second factor already."))
    return found.secret


def confirm(session: Session, account_id: int, code: str, *, by: str) -> list[str]:
    """Put the authenticator in force and return recovery codes, which exist nowhere else. Raises InvalidValueError."""
    begin(session, account_id)
    found = session.get_one(SecondFactor, account_id)
    if not _takes(found, code):
        raise InvalidValueError(N_("This code is not right. Look whether the clock of the telephone is right."))
    codes = ["-".join(_random(4) for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)]
    found.recovery_sha256 = [_digest(one) for one in codes]
    found.confirmed_at = func.now()
    session.flush()
    record_audit(session, by=by, action=N_("Set up the second factor"))
    return codes


def check_code(session: Session, account_id: int, code: str, *, by: str) -> bool:
    """Say whether a code opens: one of the authenticator that was not used yet, or a recovery code, which is then gone."""
    found = session.get(SecondFactor, account_id, with_for_update=True, populate_existing=True)
    if found is None or found.confirmed_at is None:
        return False
    if _takes(found, code):
        session.flush()
        return True
    digest = _digest(code)
    if digest not in found.recovery_sha256:
        return False
    found.recovery_sha256 = [one for one in found.recovery_sha256 if one != digest]
    session.flush()
    left = str(len(found.recovery_sha256))
    record_audit(session, by=by, action=N_("Signed in by a recovery code"), details=left)
    return True


def remove(session: Session, name: str, *, by: str = COMMAND_LINE) -> None:
    """Take an account's second factor off and end its sessions: its owner has lost telephone and recovery codes."""
    account = get_user(session, name)
    found = session.scalar(select(SecondFactor).where(SecondFactor.account_id == account.id).with_for_update())
    if found is not None:
        session.delete(found)
        end_sessions(session, account.id)
        record_audit(session, by=by, action=N_("Removed the second factor"), subject=account.name)


def address_for(secret: str, *, name: str, issuer: str) -> str:
    """Return what an authenticator reads from the picture (otpauth://)."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def _takes(found: SecondFactor, code: str) -> bool:
    """Say whether a code is the authenticator's, and remember it."""
    plain = "".join(code.split())
    if not (plain.isascii() and plain.isdigit()):
        return False
    totp = pyotp.TOTP(found.secret)
    now = int(time.time()) // totp.interval
    for step in (now + offset for offset in _NEIGHBOURS):
        if step > found.last_step and secrets.compare_digest(totp.generate_otp(step), plain):
            found.last_step = step
            return True
    return False


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _digest(code: str) -> str:
    return hashlib.sha256("".join(code.split()).replace("-", "").lower().encode("utf-8", "replace")).hexdigest()
