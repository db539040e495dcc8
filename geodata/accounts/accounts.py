"""Accounts: their tables and every way to change one, each with its line in the audit log.

The verbs commit nothing; ending an account's sessions is part of the change that demands it.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Text, delete, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.accounts.passwords import check_password, hash_password, make_password
from geodata.base.database import Base
from geodata.base.errors import ConflictError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.schema.fields import LabelledEnum
from geodata.schema.roles import Role

ROLE_LABELS = {
    Role.PUBLIC: N_("Public"),
    Role.PLANNER: N_("Planner"),
    Role.INSPECTOR: N_("Inspector"),
    Role.LEADER: N_("Leader of inspections"),
    Role.GIS: N_("GIS officer"),
    Role.ADMIN: N_("Administrator"),
}
ACCOUNT_ROLES = tuple(role for role in Role if role is not Role.PUBLIC)

COMMAND_LINE = "command line"
"""Who acts when no account does; no account can have this name."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
_FULL_NAME_LENGTH = 200
_LAST_ADMIN_LOCK = 20200303
_LARGEST_ID = 2**63 - 1
_SAME_WITHIN = timedelta(minutes=1)
#: For how long a password that was given opens, while its owner has not replaced it.
GIVEN_FOR = timedelta(days=7)


class Account(Base):
    """Somebody who can log in. `name` is stored in lower case."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("role IN ('planner', 'inspector', 'leader', 'gis', 'admin')", name="role_known"),
        CheckConstraint("areas = '{}' OR role = 'planner'", name="areas_of_planners"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    full_name: Mapped[str | None] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default="false")
    #: Until when a given password opens.
    given_until: Mapped[datetime | None]
    is_demo: Mapped[bool] = mapped_column(default=False, server_default="false")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    disabled_at: Mapped[datetime | None]
    #: As filters, `unit=11338`: the account sees only what lies there. Empty: the whole province.
    areas: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))


class LoginSession(Base):
    """A server-side session: the cookie holds only its random token, stored here as SHA-256."""

    __tablename__ = "login_session"

    token_sha256: Mapped[str] = mapped_column(Text, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    address: Mapped[str | None] = mapped_column(Text)
    user_agent: Mapped[str | None] = mapped_column(Text)


class LoginFailure(Base):
    """A failed login, counted per account name and address to slow guessing down."""

    __tablename__ = "login_failure"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_name: Mapped[str] = mapped_column(Text, index=True)
    address: Mapped[str] = mapped_column(Text, index=True)
    failed_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)


class AuditEntry(Base):
    """What somebody did; rows are only ever added (a trigger refuses anything else)."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    account_name: Mapped[str | None] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    details: Mapped[str | None] = mapped_column(Text)


class AuditAction(LabelledEnum):
    """What the audit log tells about accounts; other modules add words of their own."""

    LOGIN = "login", N_("Signed in")
    LOGIN_FAILED = "login_failed", N_("Sign-in failed")
    LOGIN_THROTTLED = "login_throttled", N_("Sign-in held back: too many attempts")
    LOGOUT = "logout", N_("Signed out")
    SESSIONS_ENDED = "sessions_ended", N_("Ended the other sessions")
    SIGNED_OUT = "signed_out", N_("Ended all sessions of the account")
    ACCOUNT_ADDED = "account_added", N_("Added the account")
    ACCOUNT_DISABLED = "account_disabled", N_("Disabled the account")
    ACCOUNT_ENABLED = "account_enabled", N_("Enabled the account")
    ROLE_CHANGED = "role_changed", N_("Changed the role")
    AREAS_CHANGED = "areas_changed", N_("Changed the areas")
    PASSWORD_CHANGED = "password_changed", N_("Changed the password")


def create_user(
    session: Session,
    *,
    name: str,
    role: str,
    password: str,
    full_name: str | None = None,
    must_change_password: bool = False,
    is_demo: bool = False,
    by: str = COMMAND_LINE,
) -> Account:
    """Add an account. Raises InvalidValueError, PasswordRefusedError, ConflictError."""
    folded = fold_name(name)
    if not _NAME.fullmatch(folded):
        raise InvalidValueError(
            N_(
                "An account name has 2 to 64 letters without accents, digits, dots, hyphens or “@”; “{value}” does not."
            ),
            value=name[:64],
        )
    check_password(password, account_name=folded)
    row = {
        "name": folded,
        "full_name": _check_full_name(full_name),
        "role": parse_role(role).value,
        "password_hash": hash_password(password),
        "must_change_password": must_change_password,
        "given_until": func.now() + GIVEN_FOR if must_change_password else None,
        "is_demo": is_demo,
    }
    add = insert(Account).values(row).on_conflict_do_nothing(index_elements=["name"])
    added: Account | None = session.scalar(add.returning(Account))
    if added is None:
        raise ConflictError(N_("There is already an account named “{value}”."), value=folded)
    record_audit(session, by=by, action=AuditAction.ACCOUNT_ADDED, subject=folded, details=added.role)
    return added


def list_users(session: Session) -> Sequence[Account]:
    """Return every account, the enabled ones first, by name."""
    return session.scalars(select(Account).order_by(Account.disabled_at.is_not(None), Account.name)).all()


def get_user(session: Session, name: str) -> Account:
    """Return the account of that name, locked until the transaction ends. Raises NotFoundError."""
    account = session.scalar(
        select(Account)
        .where(Account.name == fold_name(name))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if account is None:
        raise NotFoundError(N_("There is no account named “{value}”."), value=name[:64])
    return account


def disable_user(session: Session, name: str, *, by: str = COMMAND_LINE) -> None:
    """Stop an account from signing in and end its sessions at once."""
    account = get_user(session, name)
    if account.disabled_at is not None:
        return
    _check_admin_stays(session, account)
    account.disabled_at = session.scalar(select(func.now()))
    end_sessions(session, account.id)
    record_audit(session, by=by, action=AuditAction.ACCOUNT_DISABLED, subject=account.name)


def enable_user(session: Session, name: str, *, by: str = COMMAND_LINE) -> None:
    """Let a disabled account sign in again."""
    account = get_user(session, name)
    if account.disabled_at is None:
        return
    account.disabled_at = None
    session.flush()
    record_audit(session, by=by, action=AuditAction.ACCOUNT_ENABLED, subject=account.name)


def set_role(session: Session, name: str, role: str, *, by: str = COMMAND_LINE) -> None:
    """Give an account another role and end its sessions, which still have the old one's pages open."""
    account = get_user(session, name)
    new_role = parse_role(role)
    if account.role == new_role:
        return
    _check_admin_stays(session, account)
    change = f"{account.role} → {new_role}"
    account.role = new_role.value
    if new_role is not Role.PLANNER:
        account.areas = []
    end_sessions(session, account.id)
    record_audit(session, by=by, action=AuditAction.ROLE_CHANGED, subject=account.name, details=change)


def set_areas(session: Session, name: str, areas: Sequence[str], *, by: str = COMMAND_LINE) -> None:
    """Limit a planner's account to areas, or to none, and end its sessions. Raises ConflictError for other roles.

    Whether there are such areas is for geodata.accounts.scopes to say.
    """
    account = get_user(session, name)
    if areas and account.role != Role.PLANNER:
        raise ConflictError(N_("Only planners can be limited to areas; {value} is none."), value=account.name)
    if list(areas) == account.areas:
        return
    account.areas = list(areas)
    end_sessions(session, account.id)
    record_audit(
        session, by=by, action=AuditAction.AREAS_CHANGED, subject=account.name, details=", ".join(areas) or None
    )


def set_password(
    session: Session, name: str, password: str, *, must_change_password: bool = False, by: str = COMMAND_LINE
) -> None:
    """Give an account a new password and end its sessions. Raises PasswordRefusedError."""
    account = get_user(session, name)
    check_password(password, account_name=account.name)
    account.password_hash = hash_password(password)
    account.must_change_password = must_change_password
    account.given_until = session.scalar(select(func.now() + GIVEN_FOR)) if must_change_password else None
    end_sessions(session, account.id)
    forget_failures(session, account.name)
    record_audit(session, by=by, action=AuditAction.PASSWORD_CHANGED, subject=account.name)


def reset_password(session: Session, name: str, *, by: str = COMMAND_LINE) -> str:
    """Return a new random password, which its owner must change at the next sign-in."""
    password = make_password()
    set_password(session, name, password, must_change_password=True, by=by)
    return password


def create_demo_accounts(session: Session) -> list[tuple[str, str, str]]:
    """Add one account per role with a random password; nothing when there is any account.

    Returns (name, role, password); the passwords are known nowhere else.
    """
    if session.scalar(select(Account.id).limit(1)) is not None:
        return []
    made = [(role.value, role.value, make_password()) for role in ACCOUNT_ROLES]
    for name, role, password in made:
        create_user(session, name=name, role=role, password=password, is_demo=True)
    return made


def end_sessions(session: Session, account_id: int, *, except_token_sha256: str | None = None) -> int:
    """End the sessions of an account, or all but one; return how many."""
    session.flush()
    condition = [LoginSession.account_id == account_id]
    if except_token_sha256 is not None:
        condition.append(LoginSession.token_sha256 != except_token_sha256)
    return len(session.scalars(delete(LoginSession).where(*condition).returning(LoginSession.token_sha256)).all())


def sign_out_user(session: Session, name: str, *, by: str = COMMAND_LINE) -> None:
    """End all sessions of an account. Raises NotFoundError."""
    account = get_user(session, name)
    end_sessions(session, account.id)
    record_audit(session, by=by, action=AuditAction.SIGNED_OUT, subject=account.name)


def forget_failures(session: Session, name: str, address: str | None = None) -> None:
    """Forget the failed logins of a name, from one address or all."""
    condition = [LoginFailure.account_name == name]
    if address is not None:
        condition.append(LoginFailure.address == address)
    session.execute(delete(LoginFailure).where(*condition))


def record_audit(
    session: Session, *, by: str | None, action: str, subject: str | None = None, details: str | None = None
) -> None:
    """Add a line to the audit log, in the same transaction as what it tells about."""
    session.add(AuditEntry(account_name=by, action=str(action), subject=subject, details=details))
    session.flush()


def record_once(session: Session, *, by: str, action: str, details: str) -> None:
    """Add a line to the audit log unless the same one is there since a minute: a program that asks again says nothing new."""
    same = select(AuditEntry.id).where(
        AuditEntry.at > func.now() - _SAME_WITHIN,
        AuditEntry.account_name == by,
        AuditEntry.action == str(action),
        AuditEntry.details == details,
    )
    if session.scalar(same.limit(1)) is None:
        record_audit(session, by=by, action=action, details=details)


def list_audit(
    session: Session, *, before_id: int | None = None, about: str | None = None, limit: int = 50
) -> Sequence[AuditEntry]:
    """Return the newest audit lines, older than `before_id`, by or about an account when asked."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(AuditEntry.id < min(before_id, _LARGEST_ID))
    if about:
        name = fold_name(about)
        query = query.where((AuditEntry.account_name == name) | (AuditEntry.subject == name))
    return session.scalars(query).all()


def parse_role(text: str) -> Role:
    """Return the role of an account. Raises InvalidValueError."""
    if text not in ACCOUNT_ROLES:
        raise InvalidValueError(
            N_("“{value}” is not a role; choose one of: {roles}."), value=text[:40], roles=", ".join(ACCOUNT_ROLES)
        )
    return Role(text)


def fold_name(name: str) -> str:
    """Return an account name as it is stored; a NUL, which PostgreSQL takes in no text, becomes a sign no name has."""
    return name.strip().lower().replace("\x00", "\ufffd")


def _check_full_name(text: str | None) -> str | None:
    cleaned = " ".join((text or "").split())
    if len(cleaned) > _FULL_NAME_LENGTH or not cleaned.isprintable():
        raise InvalidValueError(N_("The full name may have at most {length} characters."), length=_FULL_NAME_LENGTH)
    return cleaned or None


def _check_admin_stays(session: Session, leaving: Account) -> None:
    """Raise ConflictError when no enabled administrator would be left. Two that leave at once wait for each other."""
    if leaving.role != Role.ADMIN or leaving.disabled_at is not None:
        return
    session.execute(select(func.pg_advisory_xact_lock(_LAST_ADMIN_LOCK)))
    others = select(Account.id).where(
        Account.role == Role.ADMIN.value, Account.disabled_at.is_(None), Account.id != leaving.id
    )
    if session.scalar(others.limit(1)) is None:
        raise ConflictError(N_("At least one administrator must be able to sign in."))
