"""Personal tokens: with one of them a program acts for its owner, never with more than the owner may. Commits nothing.

The secret is shown once; the database holds its SHA-256. A token ends on its day, when it is revoked, and while its
owner's account is disabled.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Identity,
    Text,
    and_,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.accounts.accounts import COMMAND_LINE, Account, get_user, record_audit
from geodata.accounts.logins import SignedIn
from geodata.accounts.second_factor import SecondFactor
from geodata.base.database import Base, ReadConnection
from geodata.base.errors import InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.schema.fields import LabelledEnum
from geodata.schema.roles import Role

#: By this a secret is known for what it is, in logs and by scanners.
PREFIX = "wmt_"
DAYS = 365
MOST_DAYS = 3_650
_NAME_LENGTH = 80
_TOUCH_EVERY = timedelta(minutes=5)


class TokenAction(LabelledEnum):
    """What the audit log tells about tokens."""

    TOKEN_ADDED = "token_added", N_("Added a token")
    TOKEN_REVOKED = "token_revoked", N_("Revoked a token")


class AccessToken(Base):
    """A token of an account, known by its SHA-256."""

    __tablename__ = "access_token"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(Text)
    secret_sha256: Mapped[str] = mapped_column(Text, unique=True)
    can_write: Mapped[bool] = mapped_column(default=False, server_default="false")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


@dataclass(frozen=True, kw_only=True)
class TokenUser:
    """Whose token was sent, and whether it may write."""

    token_id: int
    owner: SignedIn
    can_write: bool


def add_token(
    session: Session, user_name: str, *, name: str, can_write: bool = False, days: int = DAYS, by: str = COMMAND_LINE
) -> tuple[AccessToken, str]:
    """Return a new token of an account, and its secret, which is kept nowhere. Raises InvalidValueError, NotFoundError."""
    account = get_user(session, user_name)
    name = " ".join(name.replace("\x00", "").split())
    if not 0 < len(name) <= _NAME_LENGTH:
        raise InvalidValueError(N_("Give the token a name of at most {limit} letters."), limit=_NAME_LENGTH)
    if not 1 <= days <= MOST_DAYS:
        raise InvalidValueError(N_("A token is valid for 1 to {limit} days."), limit=MOST_DAYS)
    secret = PREFIX + secrets.token_urlsafe(32)
    token = AccessToken(
        account_id=account.id,
        name=name,
        secret_sha256=_digest(secret),
        can_write=can_write,
        expires_at=func.now() + timedelta(days=days),
    )
    session.add(token)
    session.flush()
    record_audit(session, by=by, action=TokenAction.TOKEN_ADDED, subject=account.name, details=name)
    return token, secret


def list_tokens(session: Session, account_id: int | None = None) -> Sequence[tuple[AccessToken, str]]:
    """Return tokens that still work, with their owner's name; of one account, or all."""
    asked = select(AccessToken, Account.name).join(Account, Account.id == AccessToken.account_id).where(_works())
    if account_id is not None:
        asked = asked.where(AccessToken.account_id == account_id)
    return [(token, owner) for token, owner in session.execute(asked.order_by(Account.name, AccessToken.id))]


def revoke_token(session: Session, token_id: int, *, account_id: int | None = None, by: str = COMMAND_LINE) -> None:
    """End a token at once; with `account_id` only one of that account's. Raises NotFoundError."""
    token = session.get(AccessToken, token_id)
    if token is None or (account_id is not None and token.account_id != account_id) or token.revoked_at is not None:
        raise NotFoundError(value=str(token_id))
    token.revoked_at = session.scalar(select(func.now()))
    owner = session.scalar(select(Account.name).where(Account.id == token.account_id))
    record_audit(session, by=by, action=TokenAction.TOKEN_REVOKED, subject=owner, details=token.name)


def find_token(connection: ReadConnection | Session, secret: str) -> TokenUser | None:
    """Return whose token this is, or None when it is unknown, ended or revoked. One query."""
    row = connection.execute(
        select(
            AccessToken.id, AccessToken.can_write, Account.id.label("account_id"), Account.name, Account.full_name,
            Account.role, Account.must_change_password, Account.areas,
            select(SecondFactor.account_id)
            .where(SecondFactor.account_id == Account.id, SecondFactor.confirmed_at.is_not(None))
            .exists().label("has_second_factor"),
            or_(
                AccessToken.last_used_at.is_(None), AccessToken.last_used_at < func.now() - _TOUCH_EVERY
            ).label("needs_touch"),
        )
        .join(Account, Account.id == AccessToken.account_id)
        .where(AccessToken.secret_sha256 == _digest(secret), _works(), Account.disabled_at.is_(None))
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    owner = SignedIn(
        account_id=row.account_id, name=row.name, full_name=row.full_name, role=Role(row.role),
        must_change_password=row.must_change_password, token_sha256="", needs_touch=row.needs_touch,
        areas=tuple(row.areas), has_second_factor=row.has_second_factor,
    )  # fmt: skip
    return TokenUser(token_id=row.id, owner=owner, can_write=row.can_write)


def touch_token(session: Session, token_id: int) -> None:
    """Note that the token is in use."""
    session.execute(update(AccessToken).where(AccessToken.id == token_id).values(last_used_at=func.now()))


def _works() -> ColumnElement[bool]:
    return and_(AccessToken.revoked_at.is_(None), AccessToken.expires_at > func.now())


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
