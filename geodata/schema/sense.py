"""What a layer's values are expected to be beside one another: doubts that are told, never reasons to refuse a row."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class InOrder:
    """One field is expected not to be above another: a day that comes first, a part of a whole. `name` is the rule's."""

    name: str
    lesser: str
    greater: str


@dataclass(frozen=True, kw_only=True)
class SameScale:
    """Values are expected to be less than `times` the largest that the layer stores: else their unit is another."""

    name: str
    fields: tuple[str, ...]
    times: int = 1000


@dataclass(frozen=True, kw_only=True)
class LeadingZero:
    """A number that is a name is expected to have so many digits: one less and no 0 in front, and a program ate it."""

    name: str
    field: str
    digits: int

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that the rule is about."""
        return (self.field,)


Sense = InOrder | SameScale | LeadingZero
