"""Users, roles, and the only two questions about permission: may() and visible_fields()."""



from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column

from geodata.database import Base
from geodata.layer import Detail, Feature, Field, LabelledEnum, Role, stored


class Action(StrEnum):
    """What somebody wants to do with a layer."""

    VIEW = "view"
    WRITE = "write"


class Account(Base):
    """Somebody who can log in. `name` is stored in lower case."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint("role IN ('planner', 'inspector', 'gis', 'admin')", name="role_known"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    full_name: Mapped[str | None] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default="false")
    is_demo: Mapped[bool] = mapped_column(default=False, server_default="false")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    disabled_at: Mapped[datetime | None]


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


def may(role: Role, action: Action, kind: type[Feature]) -> bool:
    """Say whether a role may do that with a layer."""
    access = kind.layer.access
    return role in (access.view if action is Action.VIEW else access.write)


def visible_fields(role: Role, kind: type[Feature]) -> tuple[Field, ...]:
    """Return the fields of a layer that a role may see, in any tile, list, export or search."""
    if not may(role, Action.VIEW, kind):
        return ()
    return tuple(field for field in kind.fields() if field.roles is None or role in field.roles)


def visible_names(role: Role, kind: type[Feature]) -> frozenset[str]:
    """Return the names of the visible fields."""
    return frozenset(field.name for field in visible_fields(role, kind))


def visible_details(role: Role, kind: type[Feature]) -> tuple[type[Detail], ...]:
    """Return what hangs on a layer's features, as far as a role may see it."""
    if not may(role, Action.VIEW, kind):
        return ()
    return tuple(detail for detail in kind.details if detail.detail.roles is None or role in detail.detail.roles)
