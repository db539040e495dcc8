"""Names and texts as people type them in Vietnam: one way to fold them, one way to clean them. For files, search and forms."""

import re
import unicodedata

#: What looks like another sign and is typed for it: Ð (Icelandic), Ɖ (African), ð for Đ and đ; hyphens of word processors.
_LOOKALIKES = str.maketrans({"\u00d0": "Đ", "\u0189": "Đ", "\u00f0": "đ", "\u0256": "đ", "\u2010": "-", "\u2011": "-"})
#: Signs that nobody sees: zero-width ones, joiners, soft hyphens, marks of byte order and direction.
_HIDDEN = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_INVISIBLE = re.compile(f"[{_HIDDEN}]")
_SPACES = re.compile(f"[{_BLANKS}]")
_UNUSUAL = re.compile(f"[{_HIDDEN}{_BLANKS}{''.join(map(chr, _LOOKALIKES))}]")


def fold_name(name: str) -> str:
    """Return a name without accents, case, signs and blanks, as columns and values are matched by it."""
    decomposed = unicodedata.normalize("NFD", name.translate(_LOOKALIKES).replace("đ", "d").replace("Đ", "D"))
    return "".join(char for char in decomposed if char.isascii() and char.isalnum()).lower()


def is_visible(text: str) -> bool:
    """Say whether a text is written with plain blanks, without invisible signs, and without what looks like Đ and -."""
    return text.isascii() or _UNUSUAL.search(text) is None


def visible(text: str) -> str:
    """Return a text with plain blanks, without invisible signs, and with Đ and - for what looks like them."""
    if is_visible(text):
        return text
    return _INVISIBLE.sub("", _SPACES.sub(" ", text)).translate(_LOOKALIKES)
