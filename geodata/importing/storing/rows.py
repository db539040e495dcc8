"""Rows that passed the checks of a file, ready to be compared with what is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from geodata.importing.table import Geometries, Value
from geodata.schema.feature import Feature


@dataclass(frozen=True, kw_only=True)
class CheckedRows:
    """Rows that passed the checks of the file: values by field, geometry in EPSG:4326, and what no field took.

    `kept` are, by field, the rows whose value is not known: what is stored stays. `weak` are those with a 0 that may mean
    nothing: it counts only where something is stored. `cut` are those whose text was probably cut: where the stored one begins
    with it, that stays. `keeps_places`: the file has no places.
    `targets`: the ids of the stored features that the rows are, None for new ones; without it the key tells. `touched`:
    rows that count as changed although nothing of the feature itself differs: something that hangs on it does.
    """

    kind: type[Feature]
    rows: Sequence[int]
    values: Mapping[str, Sequence[Any]]
    geometries: Geometries
    extra: Sequence[Mapping[str, Value] | None] | None = None
    rejected_codes: frozenset[str] = frozenset()
    taken: Mapping[int, str] = field(default_factory=dict)
    kept: Mapping[str, frozenset[int]] = field(default_factory=dict)
    weak: Mapping[str, frozenset[int]] = field(default_factory=dict)
    cut: Mapping[str, frozenset[int]] = field(default_factory=dict)
    keeps_places: bool = False
    targets: Sequence[int | None] | None = None
    touched: frozenset[int] = frozenset()

    def value(self, name: str, index: int) -> Any:
        """Return what a field of a row holds, by its place among the rows."""
        return self.values[name][index]

    def taking(self, codes: Mapping[int, str]) -> "CheckedRows":
        """Return the rows with the codes of the stored objects that they are said to be."""
        if not codes:
            return self
        pairs = zip(self.rows, self.values["code"], strict=True)
        return replace(
            self, values={**self.values, "code": [codes.get(row, code) for row, code in pairs]}, taken=dict(codes)
        )

    def sparing(self, codes: frozenset[str]) -> "CheckedRows":
        """Return the rows; these codes do not count as absent."""
        return replace(self, rejected_codes=self.rejected_codes | codes)

    def without(self, rejected: frozenset[int]) -> "CheckedRows":
        """Return the rows but these; their codes are remembered, so that they do not count as absent."""
        if not rejected:
            return self
        keep = [index for index, row in enumerate(self.rows) if row not in rejected]
        dropped = {
            str(self.values["code"][index])
            for index, row in enumerate(self.rows)
            if row in rejected and "code" in self.values and self.values["code"][index] is not None
        }
        return replace(
            self,
            rows=[self.rows[index] for index in keep],
            values={name: [column[index] for index in keep] for name, column in self.values.items()},
            geometries=self.geometries[np.array(keep, dtype=int)],
            extra=None if self.extra is None else [self.extra[index] for index in keep],
            rejected_codes=self.rejected_codes | dropped,
            taken={row: code for row, code in self.taken.items() if row not in rejected},
        )
