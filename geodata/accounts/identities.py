"""Accounts at a single sign-on (OpenID Connect) and whose they are here.

Somebody is known by issuer and subject, which never change; the name is believed once, to find his account. No account is
made by signing in: who may do what is decided here. Commits nothing.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Text, UniqueConstraint, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.accounts.accounts import (
    COMMAND_LINE,
    Account,
    AuditAction,
    end_sessions,
    fold_name,
    get_user,
    record_audit,
)
from geodata.accounts.passwords import hash_password
from geodata.base.database import Base
from geodata.base.errors import GeodataError
from geodata.base.i18n import N_


class ExternalIdentity(Base):
    """Somebody as a single sign-on knows him, and the account that is his."""

    __tablename__ = "external_identity"
    __table_args__ = (UniqueConstraint("account_id", "issuer"),)

    issuer: Mapped[str] = mapped_column(Text, primary_key=True)
    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("account.id", ondelete="CASCADE"))
    tied_at: Mapped[datetime] = mapped_column(server_default=func.now())


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What a single sign-on says of somebody. `name`: what his account here is called."""

    issuer: str
    subject: str
    name: str


class NoAccountError(GeodataError):
    """The single sign-on knows this person, and no open account here is his."""

    code = "no_account"
    template = N_("You have no account here, or it is disabled. Ask an administrator for one named “{value}”.")


def account_of(session: Session, identity: Identity, *, address: str) -> Account:
    """Return whose account it is; tied to this identity from the first time on. Commit also when it raises.

    A password that was given and not replaced yet is closed: nobody needs it any more. Raises NoAccountError.
    """
    account = _tied(session, identity) or _tie(session, identity)
    if account is None or account.disabled_at is not None:
        record_audit(
            session, by=account.name if account else None, action=AuditAction.LOGIN_FAILED, details=f"OIDC {address}"
        )
        raise NoAccountError(value=identity.name[:64])
    if account.must_change_password:
        account.password_hash, account.must_change_password = hash_password(secrets.token_urlsafe(32)), False
        record_audit(session, by=account.name, action=N_("Closed the given password"))
    return account


def list_tied(session: Session) -> frozenset[int]:
    """Return the ids of the accounts that are tied to a single sign-on."""
    return frozenset(session.scalars(select(ExternalIdentity.account_id)))


def untie(session: Session, name: str, *, by: str = COMMAND_LINE) -> None:
    """Forget whose an account is at the single sign-on, and end its sessions: it was tied to the wrong one, or he has another."""
    account = get_user(session, name)
    end_sessions(session, account.id)
    for found in session.scalars(select(ExternalIdentity).where(ExternalIdentity.account_id == account.id)):
        session.delete(found)
        record_audit(session, by=by, action=N_("Untied from the single sign-on"), subject=account.name)
    session.flush()


def _tied(session: Session, identity: Identity) -> Account | None:
    return session.scalar(
        select(Account)
        .join(ExternalIdentity, ExternalIdentity.account_id == Account.id)
        .where(ExternalIdentity.issuer == identity.issuer, ExternalIdentity.subject == identity.subject)
    )


def _tie(session: Session, identity: Identity) -> Account | None:
    """Tie an identity to the account of its name, unless that is somebody else's already."""
    account = session.scalar(select(Account).where(Account.name == fold_name(identity.name)))
    if account is None or account.disabled_at is not None:
        return None
    row = {"issuer": identity.issuer, "subject": identity.subject, "account_id": account.id}
    added = insert(ExternalIdentity).values(row).on_conflict_do_nothing().returning(ExternalIdentity.subject)
    if session.scalar(added) is None:
        return None
    record_audit(session, by=account.name, action=N_("Tied to the single sign-on"), details=identity.issuer)
    return account
