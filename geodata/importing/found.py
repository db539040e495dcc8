"""What is known of a file after each step of its import: frozen values, each with all that the ones before it know.

Sent → Read → Decoded → Located → Placed → Checked → Matched → Converted → Compared; of details, which have no places,
Sent → Read → Decoded → MatchedDetails → ConvertedDetails → ComparedDetails. A walk that cannot go on ends in Stopped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geodata.importing.asking import AskError
from geodata.importing.details import HangingRows, Line
from geodata.importing.progress import Progress, silent
from geodata.importing.proposals import Proposal
from geodata.importing.results import (
    Counts,
    ImportReport,
    Problem,
    Question,
    RefusedError,
    Status,
)
from geodata.importing.storing.matching import Comparison
from geodata.importing.storing.rows import CheckedRows
from geodata.importing.table import Geometries, Table
from geodata.importing.understanding.coordinates import Places, Recognised
from geodata.importing.understanding.match import Mapping_
from geodata.importing.understanding.province_area import ProvinceArea
from geodata.schema.details import Detail
from geodata.schema.feature import Feature


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A file, and what it is to fill: a layer, or a detail that hangs on its objects. `words`: names by which headings are known.

    `units`: the layer whose areas objects are said to lie in.

    `kept`: the folder in which the table that is read of it stays.
    """

    session: Session
    kind: type[Feature]
    units: type[Feature] | None
    path: Path
    words: frozenset[str]
    detail: type[Detail] | None = None
    kept: Path | None = None
    progress: Progress = silent


@dataclass(frozen=True, kw_only=True)
class Found:
    """What every step knows: the file, the report so far, and all that is wrong or told."""

    sent: Sent
    report: ImportReport
    problems: tuple[Problem, ...] = ()

    def stopped(
        self, why: AskError | RefusedError, told: Sequence[Problem] = (), counts: Counts | None = None
    ) -> "Stopped":
        """Return the end of a walk that cannot go on from here, with what else was told."""
        report = replace(self.report, counts=counts or self.report.counts)
        if isinstance(why, AskError):
            report = replace(report, status=Status.ASK, question=why.question)
            return Stopped(sent=self.sent, report=report, problems=(*self.problems, *told, *why.problems))
        problems = [*self.problems, *told]
        if not any(item.code == why.reason for item in problems):
            problems.append(Problem(code=why.reason, text=why.said))
        report = replace(report, status=Status.REFUSED, reason=why.reason, reason_text=why.said)
        return Stopped(sent=self.sent, report=report, problems=tuple(problems))


@dataclass(frozen=True, kw_only=True)
class Stopped(Found):
    """The walk ended at a question or a refusal, which the report holds."""


@dataclass(frozen=True, kw_only=True)
class Read(Found):
    """The table as the reader handed it over."""

    table: Table


@dataclass(frozen=True, kw_only=True)
class Decoded(Read):
    """The table in Unicode; accented texts of it as read and before; the question where several readings are possible."""

    samples: tuple[str, ...]
    raw_samples: tuple[str, ...]
    unsure: Question | None


@dataclass(frozen=True, kw_only=True)
class Located(Decoded):
    """Where the places are: geometry in the file's coordinates, the columns it came from. Without any, objects keep theirs."""

    geometries: Geometries
    order_is_known: bool = False
    used: frozenset[int] = frozenset()
    keeps_places: bool = False


@dataclass(frozen=True, kw_only=True)
class Placed(Located):
    """The CRS to read the geometry in; None where there is none. `area` and `places` are where objects should lie."""

    crs: Recognised | None = None
    swapped: bool = False
    area: ProvinceArea | None = None
    places: Places | None = None


@dataclass(frozen=True, kw_only=True)
class Checked(Placed):
    """Geometry in EPSG:4326, checked and repaired; `good` says of each row whether it may be stored."""

    good: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Matched(Checked):
    """Which column fills which field. `unanswered`: no column holds codes, and names and places may tell the objects."""

    mapping: Mapping_
    unanswered: AskError | None


@dataclass(frozen=True, kw_only=True)
class Converted(Matched):
    """The rows as the fields hold them, but those that something is wrong with."""

    rows: CheckedRows


@dataclass(frozen=True, kw_only=True)
class Compared(Converted):
    """What the rows would do to what is stored, and which of them may be a stored object."""

    comparison: Comparison
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True, kw_only=True)
class MatchedDetails(Decoded):
    """Which column is which field, and which names the object: None where all rows hang on one."""

    parent: int | None
    columns: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class ConvertedDetails(MatchedDetails):
    """The rows that may be stored, as the fields hold them."""

    hanging: HangingRows


@dataclass(frozen=True, kw_only=True)
class ComparedDetails(ConvertedDetails):
    """What becomes of each row."""

    lines: tuple[Line, ...] = field(default=())


_Next = TypeVar("_Next", bound=Found)


def grown(kind: type[_Next], before: Found, told: Sequence[Problem] = (), **found: Any) -> _Next:
    """Return the value of the next step: what was known before, what was told since, and what was found."""
    return kind(**{**vars(before), "problems": (*before.problems, *told), **found})
