"""Objects of JSON that say a name twice: only the last value can be read, so the others are told.

Source: RFC 8259 §4, “the names within an object SHOULD be unique”.
"""

from collections.abc import Sequence
from typing import Any

from geodata.base.i18n import N_
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.told import MOST


class RepeatedNames:
    """Makes the objects of JSON for its parser and remembers those that gave a name two different values."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[dict[str, object], dict[str, object]]] = {}

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, object]:
        """Return the object of these pairs; of a name that stands there twice the last value."""
        whole = dict(pairs)
        if len(whole) < len(pairs):
            # Kept with the object itself: an id belongs to another one as soon as the first is gone.
            lost = {name: value for name, value in pairs if value != whole[name]}
            if lost:
                self._found[id(whole)] = whole, lost
        return whole

    def told(self, features: Sequence[Any]) -> list[Problem]:
        """Return a warning for each value that was not read, with the feature's row where it is of one."""
        if not self._found:
            return []
        rows: dict[int, int] = {}
        for row, feature in enumerate(features, 1):
            parts = [feature, *feature.values()] if isinstance(feature, dict) else []
            rows |= {id(part): row for part in parts if id(part) in self._found}
        template = N_("“{name}” is given twice in one object: “{lost}” was not read, only “{value}”.")
        return [
            problem(
                "bad_value", template, row=rows.get(at), field=name, severity=Severity.WARNING,
                name=name[:60], lost=str(value)[:60], value=str(whole[name])[:60],
            )
            for at, (whole, lost) in list(self._found.items())[:MOST]
            for name, value in lost.items()
        ]  # fmt: skip
