"""What an import would do: the report, the rows that could be stored, and what the person is shown of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.orm import Session

from geodata.base.errors import InvalidValueError
from geodata.importing.detail_steps import check_names, detail_words
from geodata.importing.details import HangingRows, Line, detail_of, file_details
from geodata.importing.facts import signature_of, words_of
from geodata.importing.found import Compared, ComparedDetails, Decoded, Sent
from geodata.importing.progress import Progress, silent
from geodata.importing.proposals import Proposal
from geodata.importing.reading.sandbox import collector_paused
from geodata.importing.results import ImportOptions, ImportReport, Problem, Severity, in_file_order
from geodata.importing.storing.matching import Comparison
from geodata.importing.storing.rows import CheckedRows
from geodata.importing.table import Table
from geodata.importing.understanding.decode import check_answers
from geodata.importing.understanding.match import check_constants
from geodata.importing.understanding.province_area import unit_kind
from geodata.importing.walk import Walk, walk
from geodata.schema.described import Described
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What an import would do. `rows` is None where nothing can be stored yet (ask, refused).

    `problems` are all of them, of which the report names the first; `comparison` lists what would change. `samples` are
    accented texts as they were read, `raw_samples` the same ones before decoding; `walk` is how far the file came,
    `signature` tells files with the same columns.
    """

    report: ImportReport
    kind: type[Feature]
    options: ImportOptions
    rows: CheckedRows | None = None
    problems: Sequence[Problem] = ()
    samples: tuple[str, ...] = ()
    raw_samples: tuple[str, ...] = ()
    table: Table | None = None
    comparison: Comparison | None = None
    proposals: tuple[Proposal, ...] = ()
    detail: type[Detail] | None = None
    hanging: HangingRows | None = None
    lines: tuple[Line, ...] = ()
    left_out: int = 0
    walk: Walk | None = None
    signature: str | None = None

    @property
    def filled(self) -> type[Described]:
        """What the file fills: the layer, or what hangs on it."""
        return self.detail or self.kind


def build_preview(
    session: Session,
    kind: type[Feature],
    path: Path,
    options: ImportOptions,
    *,
    registry: Registry,
    progress: Progress = silent,
    before: Preview | None = None,
    kept: Path | None = None,
) -> Preview:
    """Return what importing the file would do; nothing is stored. With `before`, what that found of it is not found again.

    `kept`: the folder in which the table that is read stays.
    """
    check_answers(options)
    detail = _detail(kind, options)
    if detail is None:
        check_constants(kind, options.constants)
        words = words_of(kind)
    else:
        check_names(detail, options)
        words = detail_words(kind, detail)
    sent = Sent(
        session=session,
        kind=kind,
        units=unit_kind(registry),
        path=path,
        words=words,
        detail=detail,
        kept=kept,
        progress=progress,
    )
    with collector_paused():
        return preview_of(walk(sent, options, before.walk if before is not None else None))


def _detail(kind: type[Feature], options: ImportOptions) -> type[Detail] | None:
    """Return the detail that is to be filled. Raises InvalidValueError for one that files may not fill."""
    if options.detail is None:
        return None
    detail = detail_of(kind, options.detail)
    if detail is None:
        names = ", ".join(item.detail.name for item in file_details(kind))
        raise InvalidValueError(name="--detail", value=options.detail, reason=names or "-")
    return detail


def preview_of(found: Walk) -> Preview:
    """Return what a walk found, or the question or refusal at which it ended."""
    last, end = found.last, found.end or found.last
    problems = in_file_order(end.problems)
    preview = Preview(
        report=end.report.with_problems(problems), kind=last.sent.kind, options=found.answers, problems=problems,
        detail=last.sent.detail, walk=found,
    )  # fmt: skip
    if isinstance(last, Decoded):
        preview = replace(
            preview,
            table=last.table,
            samples=last.samples,
            raw_samples=last.raw_samples,
            signature=signature_of(last.table),
        )
    if isinstance(last, ComparedDetails):
        return replace(preview, hanging=last.hanging, lines=last.lines)
    if isinstance(last, Compared):
        return replace(preview, rows=last.rows, comparison=last.comparison, proposals=last.proposals)
    return preview


def unknown_values(preview: Preview) -> dict[str, list[str]]:
    """Return field -> the cells that are none of its allowed values."""
    unknown: dict[str, dict[str, None]] = {}
    for item in preview.report.problems:
        field = preview.filled.field(item.field) if item.field else None
        if (
            item.code == "bad_value"
            and item.severity is Severity.ERROR
            and field is not None
            and field.values is not None
            and item.value
        ):
            unknown.setdefault(field.name, {})[item.value] = None
    given = {name: dict.fromkeys(table) for name, table in preview.options.values.items()}
    names = {**given, **unknown}
    return {name: list({**given.get(name, {}), **unknown.get(name, {})})[:50] for name in names}
