"""What the database refuses, as an answer: by SQLSTATE, never by its words, which are in the server's language.

Source: PostgreSQL 15, appendix A (error codes).
"""

from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError, OperationalError

from geodata.base.i18n import N_


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Status, code for programs and text for people; `retry_after_s` when the same may be tried again."""

    status: int
    code: str
    text: str
    retry_after_s: int | None = None


AWAY = Refusal(
    status=503, code="database_away", text=N_("The database does not answer. Try again in a moment."), retry_after_s=5
)
_TOO_SLOW = Refusal(
    status=503, code="too_slow", text=N_("This takes too long. Narrow the filter or zoom in."), retry_after_s=30
)
_LOCKED = Refusal(
    status=503, code="locked", text=N_("Somebody is changing the same data just now. Try again in a moment."),
    retry_after_s=5,
)  # fmt: skip
_READ_ONLY = Refusal(
    status=503, code="read_only",
    text=N_("The database takes no changes at the moment, only reading works. Nothing was stored; try again later."),
    retry_after_s=60,
)  # fmt: skip
_FULL = Refusal(
    status=503, code="disk_full",
    text=N_("The database has no room left. Nothing was stored; tell the administrator."), retry_after_s=300,
)  # fmt: skip
_BAD_VALUE = Refusal(status=400, code="invalid_value", text=N_("A value is larger or longer than can be stored."))
_CONFLICT = Refusal(
    status=409, code="conflict", text=N_("This does not fit what is stored meanwhile. Reload the page and compare.")
)

#: By the whole code, else by its class, the first two signs.
_REFUSALS = {
    "25006": _READ_ONLY, "57014": _TOO_SLOW, "55P03": _LOCKED, "40001": _LOCKED, "40P01": _LOCKED, "53100": _FULL,
    "23514": _BAD_VALUE, "23502": _BAD_VALUE, "58030": _FULL,
    "08": AWAY, "28": AWAY, "3D": AWAY, "53": AWAY, "57": AWAY, "22": _BAD_VALUE, "54": _BAD_VALUE, "23": _CONFLICT,
}  # fmt: skip


def refusal_of(error: DBAPIError) -> Refusal | None:
    """Return what an error of the database means for who asked, or None for a fault of the program."""
    state = getattr(error.orig, "sqlstate", None) or ""
    found = _REFUSALS.get(state) or _REFUSALS.get(state[:2])
    # A connection that breaks has no code.
    return AWAY if found is None and not state and isinstance(error, OperationalError) else found
