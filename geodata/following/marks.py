"""Up to where somebody has seen the history. Change sets take their number early and appear when they are committed."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, SQLColumnExpression, func, or_, select
from sqlalchemy.orm import Session

from geodata.base.database import ReadConnection
from geodata.base.parsing import LARGEST_ID, parse_whole
from geodata.history.change_sets import ChangeSet

#: So many numbers before the last one are looked at for those that are still to appear.
_LOOKED_BACK = 500


@dataclass(frozen=True, kw_only=True)
class Mark:
    """All change sets up to a number have been seen, but for those that were not there yet."""

    up_to: int
    without: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """The mark as a form carries it: 17,12,15."""
        return ",".join(str(number) for number in (self.up_to, *self.without))

    def is_new(self, number: SQLColumnExpression[int]) -> ColumnElement[bool]:
        """Say of numbers of change sets whether they came after it."""
        later = number > self.up_to
        return or_(later, number.in_(self.without)) if self.without else later


def mark(connection: ReadConnection | Session) -> Mark:
    """Return the mark of what can be seen now."""
    last = connection.scalar(select(func.max(ChangeSet.id))) or 0
    first = max(1, last - _LOOKED_BACK)
    numbers = func.generate_series(first, last).column_valued("number")
    there = select(ChangeSet.id).where(ChangeSet.id == numbers).exists()
    missing = connection.execute(select(numbers).where(~there)).scalars().all() if last else []
    return Mark(up_to=last, without=tuple(missing))


def parse_mark(text: str) -> Mark:
    """Return a mark as a form carries it. Raises InvalidValueError."""
    up_to, *without = (parse_whole("mark", part, low=0, high=LARGEST_ID) for part in text[:20_000].split(","))
    return Mark(up_to=up_to, without=tuple(without[:_LOOKED_BACK]))
