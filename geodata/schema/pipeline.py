"""Which states a layer's features pass on their way, and which rows that hang on them hold for a time only."""

from collections.abc import Mapping
from dataclasses import dataclass, field as dataclass_field

from geodata.schema.fields import LabelledEnum


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """The states that features pass on their way, in order, as a board shows them; `field` tells which one it is.

    `holder`: the field with who has the dossier. `only`: field -> the values that count at all. `steps`: the table of its
    steps (`schema/procedures.py`). `place`: among the boards.
    """

    title: str
    field: str
    states: tuple[LabelledEnum, ...]
    holder: str
    only: Mapping[str, tuple[str, ...]] = dataclass_field(default_factory=dict)
    steps: str | None = None
    place: int = 0


@dataclass(frozen=True, kw_only=True)
class Term:
    """Says that a row holds from one day to another, and that its end is told `days` before unless another one follows.

    `title` heads the list of those that end. `per`: the field whose value the one that follows shares. `only`: field ->
    the values that count, of both. `before`: field -> the values of rows that are still on their way to counting.
    """

    title: str
    begins: str
    ends: str
    per: str
    days: int
    only: Mapping[str, tuple[str, ...]] = dataclass_field(default_factory=dict)
    before: Mapping[str, tuple[LabelledEnum, ...]] = dataclass_field(default_factory=dict)
