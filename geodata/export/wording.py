"""The language of a paper. The Vietnamese text is in force; any other is a translation for reference.

Texts are English in the code; whoever shows them brings the catalogue. What people wrote is quoted, never translated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time

from geodata.base.i18n import N_

IN_FORCE = "vi"
_LAST_MONTH_WITH_NOUGHT = 2

#: What papers say first where illustration is among what they tell: one line.
ILLUSTRATION = N_("ILLUSTRATION DATA, not for official use.")


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How a paper says things: its texts, days, hours and amounts."""

    language: str
    translate: Callable[[str], str]

    @property
    def is_in_force(self) -> bool:
        """Whether the paper is what is signed, and no translation."""
        return self.language == IN_FORCE

    def say(self, text: str, **words: object) -> str:
        """Return a text in the paper's language, with the words put in where it names them."""
        return self.translate(text).format(**words)

    def day(self, on: date | None) -> str:
        """Return a day in a table or sentence: 02/03/2020, 2 Mar 2020; empty for none."""
        if on is None:
            return ""
        return f"{on:%d/%m/%Y}" if self.is_in_force else f"{on.day} {on:%b %Y}"

    def long_day(self, on: date) -> str:
        """Return a day as Decree 30/2020/NĐ-CP writes it: a nought before days below 10 and before January and February."""
        if not self.is_in_force:
            return f"{on.day} {on:%B %Y}"
        month = f"{on.month:02d}" if on.month <= _LAST_MONTH_WITH_NOUGHT else str(on.month)
        return f"ngày {on.day:02d} tháng {month} năm {on.year}"

    def clock(self, at: time | None) -> str:
        """Return an hour of the day; left to be filled in by hand where nobody gave it."""
        hour, minute = (f"{at:%H}", f"{at:%M}") if at else ("……", "……")
        return self.say(N_("{hour}:{minute}"), hour=hour, minute=minute)

    def amount(self, number: int) -> str:
        """Return a whole number with its thousands apart: 1.234, 1,234."""
        return f"{number:,}".replace(",", ".") if self.is_in_force else f"{number:,}"
