"""What an edit is, and what it answers: plain data only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypedDict

import shapely

from geodata.base.errors import ConflictError, GeodataError
from geodata.base.i18n import N_
from geodata.base.message import Translate, same
from geodata.base.numbers import NumberStyle
from geodata.base.values import JsonObject
from geodata.importing.results import Problem, Severity
from geodata.schema.registry import Registry
from geodata.schema.roles import Role

#: More objects than this are imported, not edited.
MOST_OBJECTS = 5_000
#: More rows that hang on one object than this are imported.
MOST_ROWS = 5_000


class EditRefusedError(GeodataError):
    """Nothing was stored: something is wrong. `problems` say what; their `row` is the 1-based object of the edit."""

    code = "invalid"
    template = N_("Some values cannot be stored.")

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__()
        self.problems = tuple(problems)


class StaleError(ConflictError):
    """Nothing was stored: somebody changed objects since the edit was begun. `ids` are their ids."""

    code = "stale"

    def __init__(self, ids: Sequence[int]) -> None:
        super().__init__(ids=[str(id_) for id_ in ids])
        self.ids = tuple(ids)


@dataclass(frozen=True, kw_only=True)
class Editor:
    """Who edits: the account's name, role, and the areas (`unit=11338`) to which it is limited; `registry`: among which layers."""

    name: str
    role: Role
    areas: tuple[str, ...] = ()
    registry: Registry


@dataclass(frozen=True, kw_only=True)
class RowEdit:
    """One row that hangs on an object: added without `row_id`, else changed or removed. Values as in a file or in JSON."""

    row_id: int | None = None
    values: JsonObject = field(default_factory=dict)
    is_removal: bool = False


@dataclass(frozen=True, kw_only=True)
class ObjectEdit:
    """One object: added without `feature_id`, else changed or deleted.

    `values`: field → value as in a file or in JSON; fields that are not named stay. `geometry`: EPSG:4326 (lon, lat),
    None: as it is. `version`: of what the editor saw; without it nobody else's change is noticed. `details`: detail →
    rows; `acts_added` and `acts_removed`: ids of legal acts.
    """

    feature_id: int | None = None
    version: str | None = None
    values: JsonObject = field(default_factory=dict)
    geometry: shapely.Geometry | None = None
    details: Mapping[str, Sequence[RowEdit]] = field(default_factory=dict)
    acts_added: tuple[int, ...] = ()
    acts_removed: tuple[int, ...] = ()
    is_deletion: bool = False


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Objects of one layer that are changed together: one change set."""

    objects: Sequence[ObjectEdit]
    reason: str | None = None
    style: NumberStyle = NumberStyle.UNKNOWN


class Outcome(StrEnum):
    """What becomes of one object."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    REJECTED = "rejected"
    STALE = "stale"


class ObjectAnswer(TypedDict):
    """What an edit does to one object, as programs read it; see ObjectChange."""

    index: int
    outcome: str
    id: int | None
    code: str | None
    name: str | None
    version: str | None
    fields: dict[str, list[object]]
    moved_m: float | None
    rows: dict[str, list[int]]
    problems: Sequence[JsonObject]


class EditAnswer(TypedDict):
    """What an edit would do or did, as programs read it; see EditReport."""

    layer: str
    change_set_id: int | None
    counts: dict[str, int]
    objects: list[ObjectAnswer]


@dataclass(frozen=True, kw_only=True)
class ObjectChange:
    """What an edit does to one object. `fields`: field → (old, new); `rows`: detail → (added, changed, removed)."""

    index: int
    outcome: Outcome
    feature_id: int | None
    code: str | None
    name: str | None
    version: str | None
    fields: Mapping[str, tuple[object, object]] = field(default_factory=dict)
    moved_m: float | None = None
    rows: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def as_json(self, translate: Translate = same) -> ObjectAnswer:
        """Return plain data."""
        return {
            "index": self.index,
            "outcome": self.outcome.value,
            "id": self.feature_id,
            "code": self.code,
            "name": self.name,
            "version": self.version,
            "fields": {name: list(pair) for name, pair in self.fields.items()},
            "moved_m": self.moved_m,
            "rows": {name: list(numbers) for name, numbers in self.rows.items()},
            "problems": [item.as_json(translate) for item in self.problems],
        }


@dataclass(frozen=True, kw_only=True)
class EditReport:
    """What an edit would do or did; `change_set_id` is None when nothing was stored."""

    layer: str
    objects: tuple[ObjectChange, ...]
    change_set_id: int | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Outcome → number of objects."""
        found = dict.fromkeys((outcome.value for outcome in Outcome), 0)
        for item in self.objects:
            found[item.outcome.value] += 1
        return found

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, warnings included."""
        return tuple(item for change in self.objects for item in change.problems)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems for which an object is rejected."""
        return tuple(item for item in self.problems if item.severity is Severity.ERROR)

    def as_json(self, translate: Translate = same) -> EditAnswer:
        """Return plain data."""
        return {
            "layer": self.layer,
            "change_set_id": self.change_set_id,
            "counts": self.counts,
            "objects": [item.as_json(translate) for item in self.objects],
        }
