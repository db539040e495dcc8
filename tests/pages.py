"""HTML as tests read it."""

import re

#: What HTML takes as white space; a no-break space is none.
_SPACE = r"[ \t\n\r\f]"


def squeezed(html: str) -> str:
    """Return HTML without the white space beside its tags, each other run of it as one space."""
    return re.sub(rf"{_SPACE}*([<>]){_SPACE}*", r"\1", re.sub(rf"{_SPACE}+", " ", html))
