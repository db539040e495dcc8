"""What people enter beside the form of a visit: kept whole or refused, never cut."""

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_


def whole_text(name: str, text: str, longest: int) -> str:
    """Return an entry without the blanks around it. Raises InvalidValueError when it cannot be kept whole."""
    entered = text.strip()
    if len(entered) > longest:
        raise InvalidValueError(name=name, value=entered[:20] + "…", reason=N_("it is too long"))
    return entered
