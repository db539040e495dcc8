"""Why a value is what it is: a sentence with its facts, in no language yet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

Translate = Callable[[str], str]
Write = Callable[[Any], str]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A message template and the values that go into it."""

    template: str
    words: Mapping[str, date | int | str] = field(default_factory=dict)

    def say(self, translate: Translate, write: Write = str) -> str:
        """Return the sentence; `write` puts dates and numbers as the language does."""
        return translate(self.template).format_map({name: write(value) for name, value in self.words.items()})
