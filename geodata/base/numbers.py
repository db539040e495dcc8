"""Numbers in Vietnamese and English writing. The writing is found once per file, never guessed per cell."""

import re
from collections.abc import Iterable
from enum import StrEnum


class NumberStyle(StrEnum):
    """What a comma and a dot mean in a file: 1.234,5 or 1,234.5, or no cell tells."""

    VIETNAMESE = "vietnamese"
    ENGLISH = "english"
    UNKNOWN = "unknown"


class AmbiguousNumberError(ValueError):
    """1.234 or 1,234 where nothing in the file tells which is meant."""


_CLEAN = re.compile(r"[\s\u00a0\u202f']")
_PLAIN = re.compile(r"[+-]?\d+$")
_GROUPED_DOT = re.compile(r"[+-]?\d{1,3}(\.\d{3})+$")
_GROUPED_COMMA = re.compile(r"[+-]?\d{1,3}(,\d{3})+$")
_VIETNAMESE = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$")
_ENGLISH = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d*)(\.\d+)?(e[+-]?\d+)?$", re.IGNORECASE)


def has_two_readings(text: str) -> bool:
    """Say whether a number is written with one sign before three digits, which can be thousands or a fraction: 1.234."""
    clean = _CLEAN.sub("", text)
    return _has_one_group(clean) and not clean.lstrip("+-").startswith("0")


def _has_one_group(clean: str) -> bool:
    dots, commas = clean.count("."), clean.count(",")
    return bool((_GROUPED_DOT.match(clean) and dots == 1) or (_GROUPED_COMMA.match(clean) and commas == 1))


def style_of(texts: Iterable[str]) -> NumberStyle:
    """Return the writing that cells with only one possible reading prove."""
    votes = {NumberStyle.VIETNAMESE: 0, NumberStyle.ENGLISH: 0}
    for text in texts:
        clean = _CLEAN.sub("", text)
        if not clean or clean.strip("+-0123456789.,") or ("." not in clean and "," not in clean):
            continue
        if _has_one_group(clean):
            continue
        vietnamese, english = bool(_VIETNAMESE.match(clean)), bool(_ENGLISH.match(clean))
        if vietnamese != english:
            votes[NumberStyle.VIETNAMESE if vietnamese else NumberStyle.ENGLISH] += 1
    best = max(votes, key=lambda style: votes[style])
    return best if votes[best] > 0 and votes[best] >= 4 * (sum(votes.values()) - votes[best]) else NumberStyle.UNKNOWN


def parse_number(value: str | int | float | bool | None, style: NumberStyle, *, whole: bool = False) -> float | None:
    """Return a number. `whole`: fractions make no sense, so 1.234 is one thousand. Raises ValueError."""
    if value is None or isinstance(value, bool):
        return None if value is None else float(value)
    if isinstance(value, int | float):
        return float(value)
    return float(plain_number(value, style, whole=whole)) if value.strip() else None


def plain_number(text: str, style: NumberStyle, *, whole: bool = False) -> str:
    """Return a number's digits with a decimal point. Raises ValueError, AmbiguousNumberError."""
    clean = _CLEAN.sub("", text)
    if _PLAIN.match(clean):
        return clean
    single = _has_one_group(clean)
    if single:
        if style is NumberStyle.UNKNOWN and whole:
            return clean.replace(".", "").replace(",", "")
        if style is NumberStyle.UNKNOWN:
            if clean.lstrip("+-").startswith("0"):
                return clean.replace(",", ".")
            raise AmbiguousNumberError(text)
    if style is not NumberStyle.ENGLISH and _VIETNAMESE.match(clean):
        return clean.replace(".", "").replace(",", ".")
    if style is not NumberStyle.VIETNAMESE and _ENGLISH.match(clean):
        return clean.replace(",", "")
    # A cell that has only one reading is read that way, whatever the rest of the file does.
    if _VIETNAMESE.match(clean) and not single:
        return clean.replace(".", "").replace(",", ".")
    if _ENGLISH.match(clean) and clean and not single:
        return clean.replace(",", "")
    raise ValueError(text)
