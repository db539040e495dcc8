"""A text for a person with the values that go into it, in no language yet: whoever shows it says it in one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from geodata.base.typed_json import named

Translate = Callable[[str], str]
Write = Callable[[Any], str]

#: What a message may be told of. One that is kept as JSON or sent to a program has neither days nor decimals.
MessageValue = date | Decimal | int | float | str | list[str] | None

#: Values that are never words of ours: “None” in a cell. By their names, since JSON does not keep AsWritten.
_OF_THE_DATA = frozenset({"value", "stored"})


class AsWritten(str):
    """A value that people wrote, such as an object's name: never translated, even where a word of ours reads the same."""

    __slots__ = ()


def same(text: str) -> str:
    """Translate nothing: the English text itself."""
    return text


@dataclass(frozen=True, kw_only=True)
class Message:
    """An English template, which is the msgid, and its values by the names in it."""

    template: str
    values: Mapping[str, MessageValue] = field(default_factory=dict, metadata=named("details"))

    def say(self, translate: Translate = same, write: Write | None = None) -> str:
        """Return the sentence; words of ours among the values are translated, `write` puts days and numbers.

        Raises KeyError where the template names a value that is not there.
        """
        said = {name: _said(name, value, translate, write) for name, value in self.values.items()}
        return translate(self.template).format_map(said)


def _said(name: str, value: MessageValue, translate: Translate, write: Write | None) -> object:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if not isinstance(value, str):
        return write(value) if write else value
    is_ours = value and name not in _OF_THE_DATA and not isinstance(value, AsWritten)
    return translate(value) if is_ours else value
