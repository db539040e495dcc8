"""What the network's forms share: who may send them, how they write numbers."""

import math

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.schema.roles import Role

#: Who keeps the registers of requests and of events.
KEEPERS = (Role.PLANNER, Role.ADMIN)


def read_decimal(name: str, text: str) -> float:
    """Read a number with comma or point. Raises InvalidValueError."""
    text = text.strip().replace("\u00a0", "").replace(",", ".")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InvalidValueError(name=name, value=text[:40], reason=N_("give a number from 0 on"))
    return value
