"""Who may do what: the only two questions about permission, may() and visible_fields(), and the account verbs.

Accounts themselves are geodata.accounts.accounts, signing in is geodata.accounts.logins.
"""

from collections.abc import Iterable
from enum import StrEnum

from geodata.accounts.accounts import (
    Account,
    AuditEntry,
    LoginFailure,
    LoginSession,
    create_demo_accounts,
    create_user,
    disable_user,
    enable_user,
    list_users,
    set_password,
    set_role,
)
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.roles import Role, is_for

__all__ = [
    "Account",
    "Action",
    "AuditEntry",
    "LoginFailure",
    "LoginSession",
    "Role",
    "create_demo_accounts",
    "create_user",
    "disable_user",
    "enable_user",
    "list_users",
    "may",
    "readable_by",
    "set_password",
    "set_role",
    "visible_details",
    "visible_fields",
    "visible_names",
]


class Action(StrEnum):
    """What somebody wants to do with a layer."""

    VIEW = "view"
    WRITE = "write"


def may(role: Role, action: Action, kind: type[Feature]) -> bool:
    """Say whether a role may do that with a layer."""
    access = kind.layer.access
    return role in (access.view if action is Action.VIEW else access.write)


def readable_by(role: Role, kinds: Iterable[type[Feature]]) -> tuple[type[Feature], ...]:
    """Return those of the layers that a role may see, in their order."""
    return tuple(kind for kind in kinds if may(role, Action.VIEW, kind))


def visible_fields(role: Role, kind: type[Feature]) -> tuple[Field, ...]:
    """Return the fields of a layer that a role may see, in any tile, list, export or search."""
    if not may(role, Action.VIEW, kind):
        return ()
    return tuple(field for field in kind.fields() if is_for(role, field.roles))


def visible_names(role: Role, kind: type[Feature]) -> frozenset[str]:
    """Return the names of the visible fields."""
    return frozenset(field.name for field in visible_fields(role, kind))


def visible_details(role: Role, kind: type[Feature]) -> tuple[type[Detail], ...]:
    """Return what hangs on a layer's features, as far as a role may see it."""
    if not may(role, Action.VIEW, kind):
        return ()
    return tuple(detail for detail in kind.details if is_for(role, detail.detail.roles))
