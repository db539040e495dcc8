"""What is kept of an import beside its columns: answers, report, facts and lines, as typed documents."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from geodata.history.replaying import KeptEdit
from geodata.importing.results import Counts, FileAnswers, ImportOptions, ImportReport, Known, Question


@dataclass(frozen=True, kw_only=True)
class Answers(FileAnswers):
    """What is kept of the answers about a file.

    `forget`: answers of earlier files are not taken over. `confirmed_by` is who had the preview stored, `undo` the change set
    that is to be taken back.
    """

    forget: bool = False
    confirmed_by: str | None = None
    undo: int | None = None

    def options(self, file_name: str | None) -> ImportOptions:
        """Return the answers as options of the import."""
        return ImportOptions(file_name=file_name, **{name: getattr(self, name) for name in _ANSWERED})


_ANSWERED = tuple(FileAnswers.__dataclass_fields__)


def answers_of(options: ImportOptions, *, forget: bool) -> Answers:
    """Return the answers that options hold."""
    return Answers(forget=forget, **{name: getattr(options, name) for name in _ANSWERED})


@dataclass(frozen=True, kw_only=True)
class StoredCounts(Counts):
    """The counts of a preview or of what was stored, where some of its rows were left out."""

    left_out: int = 0


@dataclass(frozen=True, kw_only=True)
class StoredReport:
    """What the pages show of a report. `counts` is None before a preview; `kept` are the later edits that an undo left alone.

    `reason` is the code of a refusal.
    """

    counts: StoredCounts | None = None
    crs: Known = field(default_factory=Known)
    operation: str | None = None
    encoding: Known = field(default_factory=Known)
    mapping: Mapping[str, str] = field(default_factory=dict)
    unmapped: tuple[str, ...] = ()
    question: Question | None = None
    import_id: str | None = None
    reason: str | None = None
    kept: tuple[KeptEdit, ...] = ()


def stored_report(report: ImportReport) -> StoredReport:
    """Return what the pages show of a report."""
    return StoredReport(
        counts=StoredCounts(**vars(report.counts)),
        crs=report.crs,
        operation=report.operation,
        encoding=report.encoding or Known(),
        mapping=report.mapping,
        unmapped=report.unmapped,
        question=report.question,
        import_id=report.import_id,
        reason=report.reason,
    )


@dataclass(frozen=True, kw_only=True)
class ColumnFacts:
    """A column of the file: some of its cells, and how many of the first ones hold something."""

    name: str
    samples: tuple[str, ...] = ()
    filled: int = 0


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How some texts of the file read in an encoding."""

    value: str
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Landing:
    """Where a CRS puts some of the objects: lon, lat in degrees."""

    value: str
    points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the questions need to know of a file, and what tells its preview from others.

    `values` are the cells, by field, that are none of its allowed values. `mark` is the digest of all lists,
    `rejected_file` the path of the kept rejected rows, `undecided` how many rows may be a stored object and are not decided.
    """

    format: str | None = None
    header_row: str | None = None
    is_table: bool = False
    rows: int = 0
    columns: tuple[ColumnFacts, ...] = ()
    samples: tuple[str, ...] = ()
    encodings: tuple[Reading, ...] = ()
    places: tuple[Landing, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    signature: str | None = None
    undecided: int = 0
    mark: str = ""
    rejected_file: str | None = None


@dataclass(frozen=True, kw_only=True)
class ChangeFacts:
    """One line of the lists of changes, as the database writes it: field → (old, new); lon, lat in degrees."""

    feature_id: int | None = None
    fields: Mapping[str, tuple[object, object]] = field(default_factory=dict)
    moved_m: float | None = None
    point: tuple[float, float] | None = None
    old_point: tuple[float, float] | None = None
