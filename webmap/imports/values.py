"""Values, fields and stored sentences of imports and history as people read them."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from geodata.accounts.access import visible_fields
from geodata.base.message import Message
from geodata.importing.details import PARENT_FIELD
from geodata.schema.described import Described
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.roles import is_for
from webmap.app.auth import current_role
from webmap.app.i18n import current_language, format_number, translate
from webmap.map.present import present_value

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field before and after, as people read it."""

    label: str
    old: str
    new: str


def say(text: Message | None) -> str:
    """Return a stored sentence in the language of this request; one whose values an earlier version kept otherwise, bare."""
    if text is None:
        return ""
    try:
        return text.say(translate)
    except (KeyError, IndexError, ValueError):
        return translate(text.template)


def field_labels(kind: type[Described]) -> dict[str, str]:
    """Return field -> label for what the person asking may see."""
    return {field.name: translate(field.label) for field in visible_fields_of(kind)}


def visible_fields_of(kind: type[Described]) -> list[Field]:
    """Return the fields that the person asking may see, of a layer or of what hangs on its objects."""
    if issubclass(kind, Feature):
        return list(visible_fields(current_role(), kind))
    return [PARENT_FIELD, *(item for item in kind.fields() if is_for(current_role(), item.roles))]


def shown_value(field: Field | None, value: object) -> str:
    """Return a value out of JSON as people read it."""
    if value is None or value == "":
        return translate("(empty)")
    if field is None:
        return str(value)
    if isinstance(value, str) and field.values is None:
        if field.python_type is date and _DAY.match(value):
            value = date.fromisoformat(value)
        elif field.python_type in {Decimal, float}:
            with suppress(InvalidOperation):
                value = Decimal(value)
    text = present_value(field, value, current_language())
    return f"{text} {field.unit}" if field.unit else text


def metres(value: float | None) -> str:
    """Return how far something moved."""
    if value is None:
        return ""
    if value < 1:
        return translate("less than 1 m")
    return f"{format_number(round(value))} m" if value < 10_000 else f"{format_number(round(value / 1000, 1))} km"
