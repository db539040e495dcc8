"""Signing in: who is let in, how often one may try, and the sessions that follow. Commits nothing.

The browser holds a random token, the database its SHA-256; a session ends in the database, at once.
"""

import hashlib
import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from geodata.accounts.accounts import (
    Account,
    AuditAction,
    AuditEntry,
    LoginFailure,
    LoginSession,
    fold_name,
    forget_failures,
    record_audit,
)
from geodata.accounts.passwords import hash_password, needs_new_hash, verify_password
from geodata.accounts.second_factor import SecondFactor, check_code
from geodata.base.database import ReadConnection
from geodata.base.errors import GeodataError
from geodata.base.i18n import N_
from geodata.schema.roles import Role

IDLE = timedelta(hours=4)
LONGEST = timedelta(hours=12)
#: For how long after signing in nobody is asked for the password again before he changes what signing in takes.
FRESH = timedelta(minutes=10)

WINDOW = timedelta(minutes=15)
TRIES_PER_NAME_AND_ADDRESS = 5
TRIES_PER_ADDRESS = 60  # a whole office may share one address
TRIES_PER_NAME = 100  # from many addresses; high, so that nobody locks others out with ease

_TOUCH_EVERY = timedelta(minutes=1)
_KEEP_FAILURES = timedelta(days=1)
_NAME_LENGTH = 64
_USER_AGENT_LENGTH = 300


class LoginRefusedError(GeodataError):
    """Wrong name, wrong password or disabled: the answer does not tell which."""

    code = "login_refused"
    template = N_("The name or the password is not right.")


class LoginThrottledError(GeodataError):
    """Too many failed attempts lately. `minutes` says how long to wait."""

    code = "login_throttled"
    template = N_("Too many attempts. Please try again in {minutes} minutes.")


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """Who a session belongs to, as it stood when it was looked up."""

    account_id: int
    name: str
    full_name: str | None
    role: Role
    must_change_password: bool
    token_sha256: str
    needs_touch: bool
    areas: tuple[str, ...] = ()
    has_second_factor: bool = False


def check_login(session: Session, *, name: str, password: str, address: str) -> Account:
    """Return the account that signs in. Commit also when it raises: the failure must be kept.

    Raises LoginRefusedError or LoginThrottledError.
    """
    folded = fold_name(name)[:_NAME_LENGTH]
    source = network_of(address)
    # Guesses made at the same moment wait for each other, so that each is counted before the next is tried.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{folded} {source}", 0))))
    account = session.scalar(select(Account).where(Account.name == folded))
    known_name = account.name if account else None
    if _is_throttled(session, folded, source):
        _record_throttled(session, known_name, source)
        raise LoginThrottledError(minutes=int(WINDOW.total_seconds() // 60))
    password_hash = account.password_hash if account and _is_open(session, account) else None
    if not verify_password(password_hash, password) or account is None:
        _record_failure(session, folded, source)
        # People type their password into the wrong box: a name that is no account is not written down.
        record_audit(session, by=known_name, action=AuditAction.LOGIN_FAILED, details=address)
        raise LoginRefusedError
    forget_failures(session, folded, source)
    if needs_new_hash(account.password_hash):
        account.password_hash = hash_password(password)
    return account


def is_fresh(session: Session, token_sha256: str) -> bool:
    """Say whether somebody has signed in with this session a moment ago."""
    began = LoginSession.created_at > func.now() - FRESH
    return session.scalar(select(LoginSession).where(LoginSession.token_sha256 == token_sha256, began)) is not None


class CodeRefusedError(GeodataError):
    """The code of the second factor is not right, or was used before."""

    code = "code_refused"
    template = N_("This code is not right, or was used already. Wait for the next one.")


def check_second_step(session: Session, account: Account, code: str, *, address: str) -> None:
    """Let pass who shows a code after his password. Commit also when it raises: the failure must be kept.

    Raises CodeRefusedError, LoginThrottledError.
    """
    name, source = f"code of {account.name}", network_of(address)
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{name} {source}", 0))))
    if _is_throttled(session, name, source):
        record_audit(session, by=account.name, action=AuditAction.LOGIN_THROTTLED, details=address)
        raise LoginThrottledError(minutes=int(WINDOW.total_seconds() // 60))
    if not check_code(session, account.id, code, by=account.name):
        _record_failure(session, name, source)
        record_audit(session, by=account.name, action=AuditAction.LOGIN_FAILED, details=address)
        raise CodeRefusedError
    forget_failures(session, name, source)


def open_session(session: Session, account: Account, *, address: str, user_agent: str, shown: str = "password") -> str:
    """Start a session and return its token, which exists nowhere else. `shown`: by what he signed in, for the audit log."""
    token = secrets.token_urlsafe(32)
    session.execute(delete(LoginSession).where(_has_ended()))
    session.add(
        LoginSession(
            token_sha256=_digest(token),
            account_id=account.id,
            expires_at=func.now() + LONGEST,
            address=address,
            user_agent=user_agent[:_USER_AGENT_LENGTH].replace("\x00", ""),
        )
    )
    record_audit(session, by=account.name, action=AuditAction.LOGIN, details=f"{address} ({shown})")
    return token


def find_session(connection: ReadConnection | Session, token: str) -> SignedIn | None:
    """Return who is signed in with that token, or None when it has ended. One query."""
    digest = _digest(token)
    row = connection.execute(
        select(
            Account.id, Account.name, Account.full_name, Account.role, Account.must_change_password,
            LoginSession.last_seen_at < func.now() - _TOUCH_EVERY, Account.areas,
            select(SecondFactor.account_id)
            .where(SecondFactor.account_id == Account.id, SecondFactor.confirmed_at.is_not(None)).exists(),
        )
        .join(LoginSession, LoginSession.account_id == Account.id)
        .where(LoginSession.token_sha256 == digest, ~_has_ended(), Account.disabled_at.is_(None))
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    account_id, name, full_name, role, must_change_password, needs_touch, areas, has_second_factor = row
    return SignedIn(
        account_id=account_id, name=name, full_name=full_name, role=Role(role),
        must_change_password=must_change_password, token_sha256=digest, needs_touch=needs_touch,
        areas=tuple(areas), has_second_factor=has_second_factor,
    )  # fmt: skip


def touch_session(session: Session, token_sha256: str) -> None:
    """Note that the session is in use; at most once a minute, not for each tile."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.token_sha256 == token_sha256, LoginSession.last_seen_at < func.now() - _TOUCH_EVERY)
        .values(last_seen_at=func.now())
    )


def close_session(session: Session, *, name: str, token_sha256: str, address: str) -> None:
    """End this session."""
    session.execute(delete(LoginSession).where(LoginSession.token_sha256 == token_sha256))
    record_audit(session, by=name, action=AuditAction.LOGOUT, details=address)


def list_sessions(session: Session, account_id: int) -> Sequence[LoginSession]:
    """Return the open sessions of an account, the last used first."""
    return session.scalars(
        select(LoginSession)
        .where(LoginSession.account_id == account_id, ~_has_ended())
        .order_by(LoginSession.last_seen_at.desc(), LoginSession.created_at.desc())
    ).all()


def list_signed_in(session: Session) -> frozenset[int]:
    """Return the ids of the accounts with an open session."""
    return frozenset(session.scalars(select(LoginSession.account_id).where(~_has_ended())))


def forget_old_logins(session: Session) -> None:
    """Delete sessions that have ended and failures that no longer count."""
    session.execute(delete(LoginSession).where(_has_ended()))
    session.execute(delete(LoginFailure).where(LoginFailure.failed_at < func.now() - _KEEP_FAILURES))


def network_of(address: str) -> str:
    """Return what failed logins are counted by: the address, or the /64 of IPv6, which one home owns whole."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:_NAME_LENGTH]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _is_open(session: Session, account: Account) -> bool:
    """Say whether a password opens the account: it is not disabled, and a given one was not left lying for too long."""
    is_late = account.must_change_password and account.given_until is not None
    return account.disabled_at is None and not (is_late and session.scalar(select(account.given_until <= func.now())))


def _has_ended() -> ColumnElement[bool]:
    return or_(LoginSession.expires_at <= func.now(), LoginSession.last_seen_at <= func.now() - IDLE)


def _is_throttled(session: Session, name: str, source: str) -> bool:
    by_name, by_source = LoginFailure.account_name == name, LoginFailure.address == source
    both, of_source, of_name = session.execute(
        select(
            func.count().filter(and_(by_name, by_source)),
            func.count().filter(by_source),
            func.count().filter(by_name),
        ).where(LoginFailure.failed_at > func.now() - WINDOW, or_(by_name, by_source))
    ).one()
    return both >= TRIES_PER_NAME_AND_ADDRESS or of_source >= TRIES_PER_ADDRESS or of_name >= TRIES_PER_NAME


def _record_throttled(session: Session, name: str | None, source: str) -> None:
    """Write one audit line for as long as attempts are counted, not one for each: whoever knocks may knock all day."""
    told = select(AuditEntry.id).where(
        AuditEntry.at > func.now() - WINDOW,
        AuditEntry.action == AuditAction.LOGIN_THROTTLED,
        AuditEntry.account_name.is_not_distinct_from(name),
        AuditEntry.details == source,
    )
    if session.scalar(told.limit(1)) is None:
        record_audit(session, by=name, action=AuditAction.LOGIN_THROTTLED, details=source)


def _record_failure(session: Session, name: str, source: str) -> None:
    session.execute(delete(LoginFailure).where(LoginFailure.failed_at < func.now() - _KEEP_FAILURES))
    session.add(LoginFailure(account_name=name, address=source))
    session.flush()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
