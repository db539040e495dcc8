"""What a paper is made of: paragraphs, tables, pictures."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"-?\d[\d.,]*")


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table: header, rows of text, widths in cm. `right`: columns known to hold numbers, else they are found."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    right: frozenset[int] = frozenset()

    def numbers(self) -> frozenset[int]:
        """Return the columns that hold numbers only: they stand to the right, unit under unit."""
        if self.right:
            return self.right
        columns = zip(*self.rows, strict=True)
        return frozenset(
            index
            for index, texts in enumerate(columns)
            if any(texts) and all(_NUMBER.fullmatch(text) for text in texts if text)
        )


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture with its caption, `width` in cm."""

    content: bytes
    caption: str
    width: float = 7


@dataclass(frozen=True, kw_only=True)
class Middle:
    """A line in the middle of the page."""

    text: str


Block = str | Grid | Picture | Middle
