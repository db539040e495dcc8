"""Who is looking, and what each may do with a layer."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Who is looking. PUBLIC needs no login."""

    PUBLIC = "public"
    PLANNER = "planner"
    INSPECTOR = "inspector"
    LEADER = "leader"
    GIS = "gis"
    ADMIN = "admin"


EVERYONE = frozenset(Role)
STAFF = EVERYONE - {Role.PUBLIC}
INSPECTION = frozenset({Role.INSPECTOR, Role.LEADER, Role.ADMIN})
#: Who sees everybody's inspections, hands work over and accepts minutes.
LEADERS = frozenset({Role.LEADER, Role.ADMIN})
EDITORS = frozenset({Role.GIS, Role.ADMIN})
#: Who steers: answers petitions, moves dossiers and projects on, sends reports.
STEERING = frozenset({Role.PLANNER, Role.LEADER, Role.ADMIN})


def is_for(role: Role, roles: Collection[Role] | None) -> bool:
    """Say whether a role is among those something is declared for; None: for everybody who may see what it belongs to."""
    return roles is None or role in roles


@dataclass(frozen=True, kw_only=True)
class Access:
    """Which roles may do what with a layer."""

    view: frozenset[Role] = EVERYONE
    write: frozenset[Role] = EDITORS
