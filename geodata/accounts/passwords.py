"""Passwords: what is accepted, how they are hashed, how new ones are made up. Knows no account."""

import gzip
import secrets
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from geodata.base.crs import current_province
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.base.names import fold_name

MIN_LENGTH = 10
MAX_LENGTH = 256  # bounds the work of one hash; ASVS 6.2.9 asks for at least 64

_MIN_DISTINCT = 5
_MIN_REST = 6
_COMMON = Path(__file__).with_name("common_passwords.txt")
#: Those of ten letters and more among the million that occur most in leaked lists, in lower case, one a line. Source:
#: SecLists, 10-million-password-list-top-1000000 (MIT).
_LEAKED = Path(__file__).with_name("leaked_passwords.txt.gz")
#: What anybody would try here first; little may be left of a password without them.
CONTEXT_WORDS = (
    "vietnam", "socongthuong", "congthuong", "khucongnghiep", "cumcongnghiep", "xangdau",
    "bandoso", "bando", "webmap", "thanhtra", "kiemtra", "quyhoach", "quantrivien", "quantri", "quanly", "lanhdao",
    "administrator", "admin", "planner", "inspector", "leader", "matkhau", "password",
)  # fmt: skip
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else on paper
COST = profiles.RFC_9106_LOW_MEMORY
_HASHER = PasswordHasher.from_parameters(COST)


class PasswordRefusedError(InvalidValueError):
    """The new password is too easy to guess; the password itself is in no message."""

    code = "password_refused"
    template = N_("This password cannot be used.")


def check_password(password: str, *, account_name: str) -> None:
    """Raise PasswordRefusedError for a new password that is too easy to guess.

    Length and a list, no rules about kinds of characters. Source: OWASP ASVS 5.0, 6.2.1 to 6.2.11.
    """
    if len(password) < MIN_LENGTH:
        raise PasswordRefusedError(N_("The password needs at least {length} characters."), length=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        raise PasswordRefusedError(N_("The password may have at most {length} characters."), length=MAX_LENGTH)
    if "\x00" in password:
        raise PasswordRefusedError
    folded = password.casefold()
    if folded in _common_passwords() or len(set(folded)) < _MIN_DISTINCT or _is_leaked(folded):
        raise PasswordRefusedError(N_("This password is too common. Choose one that is harder to guess."))
    if _mostly_name(folded, account_name.casefold()):
        raise PasswordRefusedError(N_("The password must not be made from the account's name."))
    if _mostly_context(password):
        raise PasswordRefusedError(
            N_("The password must not be made from the names of the city, the department or a role.")
        )


def hash_password(password: str) -> str:
    """Return the Argon2id hash. Source: RFC 9106, second recommended option (64 MiB)."""
    return _HASHER.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Say whether the password is right; without a hash it takes just as long and says no."""
    try:
        _HASHER.verify(password_hash or _dummy_hash(), password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    return password_hash is not None


def needs_new_hash(password_hash: str) -> bool:
    """Say whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def make_password() -> str:
    """Return a random password of 79 bits that can be read out on the phone."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def _mostly_name(password: str, name: str) -> bool:
    """Whether little is left of the password without the name: “lan.nguyen2025”."""
    return len(name) >= 3 and name in password and len(password.replace(name, "")) < MIN_LENGTH


def _mostly_context(password: str) -> bool:
    """Whether hardly anything is left of the password without words of this place and its work."""
    plain = fold_name(password)
    rest = plain
    for word in (*current_province().said_often, *CONTEXT_WORDS):
        rest = rest.replace(word, "")
    return rest != plain and len(rest) < _MIN_REST


def _is_leaked(password: str) -> bool:
    """Whether it stands in the list."""
    return f"\n{password}\n".encode() in _leaked_lines()


def _leaked_lines() -> bytes:
    """Return all leaked passwords; read each time, a hundredth of a second, as passwords are seldom changed."""
    return b"\n" + gzip.decompress(_LEAKED.read_bytes())


@cache
def _common_passwords() -> frozenset[str]:
    return frozenset(_COMMON.read_text("utf-8").split())


@cache
def _dummy_hash() -> str:
    return _HASHER.hash(secrets.token_urlsafe(16))
