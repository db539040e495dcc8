"""What an import would do: the report, the rows that could be stored, and what the person is shown of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from geodata.importing.details import HangingRows, Line
from geodata.importing.proposals import Proposal
from geodata.importing.results import ImportOptions, ImportReport, Problem, Severity
from geodata.importing.storing.rows import CheckedRows
from geodata.importing.storing.staging import Staging
from geodata.importing.table import Table
from geodata.schema.described import Described
from geodata.schema.details import Detail
from geodata.schema.feature import Feature


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What an import would do. `rows` is None where nothing can be stored yet (ask, refused).

    `problems` are all of them, of which the report names the first; `staging` lists what would change. `samples` are
    accented texts as they were read, `raw_samples` the same ones before decoding.
    """

    report: ImportReport
    kind: type[Feature]
    options: ImportOptions
    rows: CheckedRows | None = None
    problems: Sequence[Problem] = ()
    samples: tuple[str, ...] = ()
    raw_samples: tuple[str, ...] = ()
    table: Table | None = None
    staging: Staging | None = None
    proposals: tuple[Proposal, ...] = ()
    detail: type[Detail] | None = None
    hanging: HangingRows | None = None
    lines: tuple[Line, ...] = ()
    left_out: int = 0

    @property
    def filled(self) -> type[Described]:
        """What the file fills: the layer, or what hangs on it."""
        return self.detail or self.kind


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
