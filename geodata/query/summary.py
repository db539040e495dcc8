"""How many features share which choices: counted once for each state of the data, then added up in memory.

Counting half a million rows for every click would cost more than drawing them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Integer, Text, case, cast, func, literal, select

from geodata.base.database import ReadConnection
from geodata.query.cache import keep
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.filters import Choice, Condition, day_of

UNKNOWN = "unknown"
_LARGEST = 2**62


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Distinct combinations of choices: `codes[field]` holds an index into `values[field]` for each of `counts`."""

    values: dict[str, list[str]]
    codes: Mapping[str, NDArray[np.integer[Any]]]
    counts: Any

    def count(self, conditions: Sequence[Condition]) -> int:
        """Return how many features the conditions keep."""
        return int(self.counts[self._kept(conditions)].sum())

    def facet(self, name: str, conditions: Sequence[Condition]) -> dict[str, int]:
        """Return counts per value of a field; its own condition is left out."""
        kept = self._kept([condition for condition in conditions if condition.name != name])
        numbers = np.bincount(self.codes[name][kept], weights=self.counts[kept])
        return {self.values[name][code]: int(number) for code, number in enumerate(numbers) if number}

    def _kept(self, conditions: Sequence[Condition]) -> Any:
        kept = np.ones(len(self.counts), dtype=bool)
        for condition in conditions:
            wanted = [value in (condition.choices or ()) for value in self.values[condition.name]]
            kept &= np.array(wanted)[self.codes[condition.name]]
        return kept


def is_counted(field: Field) -> bool:
    """Say whether a field has a closed set of values."""
    return isinstance(field.filter, Choice) and field.filter.labels is not None


def summarise(
    connection: ReadConnection, kind: type[Feature], names: Sequence[str], conditions: Sequence[Condition] = ()
) -> Summary:
    """Return the summary of these choice fields over what the conditions keep.

    One without conditions is kept until the data changes.
    """
    if conditions:
        return _read(connection, kind, names, conditions)
    question = ("summary", kind, tuple(names))
    return keep(connection, [kind.layer.name], question, lambda: _read(connection, kind, names, ()))


def _read(
    connection: ReadConnection, kind: type[Feature], names: Sequence[str], conditions: Sequence[Condition]
) -> Summary:
    values = {name: choices_of(kind, name) for name in names}
    day = day_of(conditions)
    packed: list[ColumnElement[int]] = [literal(0, BigInteger)]
    places: dict[str, tuple[int, int]] = {}
    radix = 1
    for name in names:
        if radix * len(values[name]) > _LARGEST:
            packed.append(literal(0, BigInteger))
            radix = 1
        packed[-1] = packed[-1] + cast(choice_code(kind, name, values[name], day), BigInteger) * radix
        places[name] = (len(packed) - 1, radix)
        radix *= len(values[name])
    columns = [number.label(f"packed_{index}") for index, number in enumerate(packed)]
    rows = select(*columns).where(*(condition.sql for condition in conditions)).select_from(kind).subquery()
    groups = select(*rows.c, func.count().label("n")).group_by(*rows.c).subquery()
    # Arrays: a row object for each group would take longer than the counting.
    found = connection.execute(select(*(func.array_agg(column) for column in groups.c))).one()
    *numbers, counts = (np.array(column or [], dtype=np.int64) for column in found)
    codes = {name: numbers[index] // radix % len(values[name]) for name, (index, radix) in places.items()}
    return Summary(values=values, codes=codes, counts=counts)


def choices_of(kind: type[Feature], name: str) -> list[str]:
    """Return the values of a closed set, the unknown last."""
    field = kind.field(name)
    labels = field.filter.labels if field and isinstance(field.filter, Choice) and field.filter.labels else {}
    return [value for value in labels if value != UNKNOWN] + [UNKNOWN]


def choice_code(kind: type[Feature], name: str, values: list[str], day: date | None) -> ColumnElement[int]:
    """Return the place of a feature's value in `values`, as SQL."""
    known = {value: index for index, value in enumerate(values[:-1])}
    if not known:
        return literal(0, Integer)
    return case(known, value=cast(kind.column(name, day), Text), else_=len(values) - 1)
