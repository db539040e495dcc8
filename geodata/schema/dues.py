"""Which days of a layer's rows something falls due on: bell, calendar and whoever follows an object are told of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field as dataclass_field

from geodata.schema.fields import LabelledEnum
from geodata.schema.roles import Role


@dataclass(frozen=True, kw_only=True)
class Due:
    """Says that on the day in field `day` something of a row falls due, told from `days` before.

    `title` heads the list of those that do. `done`: the field that is filled once it is done; until then it is late.
    Without one nothing is told after the day. `what`: the field that says what it is, of rows that hang on a feature.
    `only`: field -> the values that count. `unless`: field of the feature -> the values for which nothing is due.
    `roles`: who is told of all of them; others are of those that they follow. `has_page`: a room's own page lists them
    and rings the bell.
    """

    title: str
    day: str
    days: int
    done: str | None = None
    what: str | None = None
    only: Mapping[str, tuple[str, ...]] = dataclass_field(default_factory=dict)
    unless: Mapping[str, tuple[LabelledEnum, ...]] = dataclass_field(default_factory=dict)
    roles: frozenset[Role] = frozenset()
    has_page: bool = False
