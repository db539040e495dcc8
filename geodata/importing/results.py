"""What an import is asked, and what it answers: options, problems, questions, the report. Plain data only."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from geodata.base.errors import Detail, GeodataError
from geodata.base.i18n import N_
from geodata.base.message import Message, Translate, same
from geodata.base.typed_json import named, to_json
from geodata.importing.limits import Limits, limits_from_env
from geodata.importing.proposals import Proposal

#: The codes of problems and refusals that other programs may rely on.
CODES = frozenset(
    [
        "axes_swapped",
        "bad_coordinates",
        "bad_value",
        "corrupt_archive",
        "corrupt_shapefile",
        "crs_mismatch",
        "crs_unknown",
        "duplicate_entries",
        "duplicate_existing",
        "kept_records",
        "duplicate_in_file",
        "empty_layer",
        "encoding_unknown",
        "encrypted",
        "external_reference",
        "invalid_geometry",
        "limit_exceeded",
        "malformed_file",
        "missing_component",
        "missing_field",
        "multiple_layers",
        "no_layer",
        "not_zip",
        "null_geometry",
        "out_of_extent",
        "symlink",
        "too_complex",
        "too_long",
        "unsafe_path",
        "unsupported_compression",
        "unsupported_format",
        "wrong_geometry_type",
    ]
)

#: More problems than this are counted, not listed.
MAX_PROBLEMS = 2_000


_FOLDERS = re.compile(r"(?<!\S)(?P<quote>['\"]?)/(?:[^\s/'\"]+/)+")


class RefusedError(GeodataError):
    """The whole file is refused; `reason` is one of CODES."""

    code = "import_refused"
    template = N_("The file cannot be read.")

    def __init__(self, reason: str, said: Message | str, /, **details: Detail) -> None:
        message = said if isinstance(said, Message) else Message(template=said, values=details)
        # Libraries name the file where it lies for the moment; that is nobody's business and says nothing.
        values = {
            name: _FOLDERS.sub(r"\g<quote>", text) if isinstance(text, str) else text
            for name, text in message.values.items()
        }
        super().__init__(replace(message, values=values))
        self.reason = reason


class Status(StrEnum):
    """How an import ended."""

    OK = "ok"
    PARTIAL = "partial"
    ASK = "ask"
    REFUSED = "refused"


class Severity(StrEnum):
    """An error rejects its row; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Mode(StrEnum):
    """What the file is to the layer: news by key, only additions, or its whole content."""

    UPSERT = "upsert"
    APPEND = "append"
    REPLACE = "replace"


class Action(StrEnum):
    """What becomes of one row."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    ABSENT = "absent"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong. `row` is the 1-based record of the file, None when it concerns the whole file.

    `rule` names the layer's own rule that a value is against.
    """

    code: str
    text: Message = field(metadata=named("message"))
    row: int | None = None
    field: str | None = None
    severity: Severity = Severity.ERROR
    value: str | None = None
    suggestion: Message | None = None
    rule: str | None = None

    def as_json(self, translate: Translate = same) -> dict[str, object]:
        """Return the contract's object."""
        return {
            "row": self.row,
            "field": self.field,
            "value": self.value,
            "code": self.code,
            "severity": self.severity.value,
            "message": self.text.say(translate),
            "suggestion": self.suggestion.say(translate) if self.suggestion else None,
            **({"rule": self.rule} if self.rule else {}),
        }


def problem(
    code: str,
    template: str,
    *,
    row: int | None = None,
    field: str | None = None,
    severity: Severity = Severity.ERROR,
    value: object = None,
    suggestion: Message | None = None,
    rule: str | None = None,
    **details: Detail,
) -> Problem:
    """Return a Problem; `details` and the value fill the template."""
    shown = None if value is None else str(value)[:200]
    text = Message(template=template, values=details if shown is None else {"value": shown, **details})
    return Problem(
        code=code, text=text, row=row, field=field, severity=severity, value=shown, suggestion=suggestion, rule=rule
    )


def in_file_order(problems: Sequence[Problem]) -> list[Problem]:
    """Return problems by the rows of the file, those of the whole file first."""
    return sorted(problems, key=lambda item: (item.row or 0, item.severity, item.field or ""))


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One possible answer. `share_inside` is the share of objects that then fall where they should.

    `score` says how well the texts then read, up to 1.
    """

    value: str
    why: Message
    share_inside: float | None = None
    bbox: tuple[float, float, float, float] | None = None
    samples: tuple[str, ...] = ()
    score: float | None = None

    def as_json(self, translate: Translate = same) -> dict[str, object]:
        """Return the contract's object, with where the data would land and how texts would read."""
        share = None if self.share_inside is None else round(self.share_inside, 4)
        shown: dict[str, object] = {"value": self.value, "why": self.why.say(translate), "share_inside": share}
        if self.bbox:
            shown["bbox"] = [round(value, 6) for value in self.bbox]
        if self.samples:
            shown["samples"] = list(self.samples)
        return shown


@dataclass(frozen=True, kw_only=True)
class Question:
    """What must be answered first: crs, axes, encoding, layer, columns, header or dates; the likeliest choice first."""

    about: str
    choices: tuple[Choice, ...]

    def as_json(self, translate: Translate = same) -> dict[str, object]:
        """Return the contract's object."""
        return {"about": self.about, "choices": [choice.as_json(translate) for choice in self.choices]}


@dataclass(frozen=True, kw_only=True)
class Known:
    """A fact about the file and where it comes from (prj, file, cpg, given, detected, none)."""

    value: str | None = None
    source: str = field(default="none", metadata=named("from"))


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Rows by what becomes of them; `absent` are stored features the file does not have."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    absent: int = 0
    rejected: int = 0


@dataclass(frozen=True, kw_only=True)
class FileAnswers:
    """What was answered about a file.

    `mapping` is field -> column, `constants` field -> text for every row, `values` field -> cell as written -> text to
    take for it. `match` lets rows without a code be recognised by name and place; `matches` is row -> code of the stored
    object that it is, "" for a new one. `header_row` is the row of the sheet ("6") or rows ("3-4") with the names,
    `coordinates` what -> column of places (lon and lat, x and y, pair, wkt, corner) or none -> "" for a file without them,
    `dates` is dmy or mdy. `detail` names what hangs on the layer's objects and is to be filled instead of them.
    """

    source_layer: str | None = None
    header_row: str | None = None
    coordinates: Mapping[str, str] = field(default_factory=dict)
    dates: str | None = None
    crs: str | None = None
    encoding: str | None = None
    swap_axes: bool = False
    mapping: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    mode: Mode = Mode.UPSERT
    match: bool = False
    matches: Mapping[int, str] = field(default_factory=dict)
    detail: str | None = None


@dataclass(frozen=True, kw_only=True)
class ImportOptions(FileAnswers):
    """The answers given beforehand, and how the file is to be taken. `take_matches` takes every proposal that is the only one."""

    file_name: str | None = None
    limits: Limits = field(default_factory=limits_from_env)
    excluded_rows: frozenset[int] = frozenset()
    take_matches: bool = False

    def __post_init__(self) -> None:
        """Take the mode as a word too. Raises ValueError for another word."""
        object.__setattr__(self, "mode", Mode(self.mode))


@dataclass(frozen=True, kw_only=True)
class TakenOver:
    """Which answers of an earlier import, by their names among the options, fit a file; and whether they were used."""

    import_id: str
    file_name: str | None
    user: str
    at: str
    answers: Mapping[str, object]
    used: bool = False


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """The answer of an import or of its dry run."""

    layer: str
    detail: str | None = None
    status: Status = Status.OK
    import_id: str | None = None
    file_name: str | None = None
    file_sha256: str | None = None
    counts: Counts = field(default_factory=Counts)
    crs: Known = field(default_factory=Known)
    operation: str | None = None
    encoding: Known | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    unmapped: tuple[str, ...] = ()
    question: Question | None = None
    matches: tuple[Proposal, ...] = ()
    remembered: TakenOver | None = None
    problems: tuple[Problem, ...] = ()
    problems_omitted: int = 0
    reason: str | None = None
    reason_text: Message | None = None

    def with_problems(self, problems: Sequence[Problem]) -> "ImportReport":
        """Return a copy with these problems in file order, as many as are listed."""
        ordered = in_file_order(problems)
        return replace(
            self, problems=tuple(ordered[:MAX_PROBLEMS]), problems_omitted=max(0, len(ordered) - MAX_PROBLEMS)
        )

    def as_json(self, translate: Translate = same) -> dict[str, object]:
        """Return the object that `manage import --json` prints."""
        return {
            "status": self.status.value,
            "import_id": self.import_id,
            "layer": self.layer,
            **({"detail": self.detail} if self.detail else {}),
            "file_name": self.file_name,
            "file_sha256": self.file_sha256,
            "counts": to_json(self.counts),
            "crs": to_json(self.crs),
            "operation": self.operation,
            "encoding": to_json(self.encoding),
            "mapping": dict(self.mapping),
            "unmapped": list(self.unmapped),
            "question": self.question.as_json(translate) if self.question else None,
            "matches": to_json(self.matches),
            "remembered": to_json(self.remembered),
            "problems": [item.as_json(translate) for item in self.problems],
            "problems_omitted": self.problems_omitted,
            "reason": self.reason,
            "reason_text": self.reason_text.say(translate) if self.reason_text else None,
        }
