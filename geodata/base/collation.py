"""The order of names: Vietnamese, where Đ follows D and accents come last; code points put it after Z."""

import unicodedata

from sqlalchemy import ColumnElement, collate
from sqlalchemy.orm import InstrumentedAttribute

#: Collation of the database; the layers' index on the name has it too.
VIETNAMESE = "vi_icu"


def by_name(column: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[str]:
    """Return what to order by so that texts stand in Vietnamese order."""
    return collate(column, VIETNAMESE)


#: Marks that make another letter of the alphabet (a, ă, â; o, ô, ơ), and tones, which come after all letters are the same:
#: grave, hook above, tilde, acute, dot below (CLDR, vi).
_LETTER_MARKS = "\u0306\u0302\u031b"
_TONES = "\u0300\u0309\u0303\u0301\u0323"


def name_key(name: str) -> tuple[object, ...]:
    """Return what to sort by in Python so that names stand as by_name() puts them."""
    letters: list[tuple[str, int]] = []
    tones: list[int] = []
    for char in unicodedata.normalize("NFD", name.casefold()):
        if letters and char in _LETTER_MARKS:
            letters[-1] = letters[-1][0], 1 + _LETTER_MARKS.index(char)
        elif letters and char in _TONES:
            tones[-1] = 1 + _TONES.index(char)
        else:
            letters.append(("d", 1) if char == "đ" else (char, 0))
            tones.append(0)
    return letters, tones, name.swapcase()  # small letters first
