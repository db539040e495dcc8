"""Checked rows kept beside their file, as the lines of COPY that the database was given: what is confirmed is copied, not made again."""

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from geodata.base.typed_json import from_json, to_json
from geodata.importing.reading.kept import program
from geodata.importing.results import ImportReport
from geodata.importing.storing.rows import CheckedRows
from geodata.importing.table import empty_geometries
from geodata.schema.feature import Feature

#: The lines of COPY are in a file of this ending; the rows' numbers and what else is known of them in two more.
_LINES, _NUMBERS, _HEAD = ".copy", "row_numbers.npy", "rows.json"
_BLOCK_BYTES = 4 * 2**20


@dataclass(frozen=True, kw_only=True)
class RowsHead:
    """What is kept of checked rows beside their lines. `mark` names the preview that they belong to.

    What another version of the program kept may have other fields, and is not taken.
    """

    program: str
    mark: str
    signature: str | None
    lines: str
    size_bytes: int
    report: ImportReport
    names: tuple[str, ...]
    has_extra: bool
    rejected_codes: frozenset[str] = frozenset()
    taken: Mapping[int, str] = field(default_factory=dict)
    kept: Mapping[str, frozenset[int]] = field(default_factory=dict)
    weak: Mapping[str, frozenset[int]] = field(default_factory=dict)
    cut: Mapping[str, frozenset[int]] = field(default_factory=dict)
    keeps_places: bool = False


@dataclass(frozen=True, kw_only=True)
class KeptRows(CheckedRows):
    """Checked rows that are in a file alone: `values` and `extra` say which there are, and hold none."""

    lines: Path
    left_out: frozenset[int] = frozenset()

    def value(self, name: str, index: int) -> Any:
        """Return None: what was kept has passed the checks, and nothing of it is shown any more."""
        return None

    def without(self, rejected: frozenset[int]) -> "KeptRows":
        """Return the rows but these; their codes are remembered, so that they do not count as absent."""
        if not rejected:
            return self
        at = 1 + list(self.values).index("code")
        with self.lines.open("rb") as file:
            codes = {_code(line.split(b"\t")[at]) for line in file if _number(line) in rejected}
        return replace(
            self,
            rows=[row for row in self.rows if row not in rejected],
            left_out=self.left_out | rejected,
            rejected_codes=self.rejected_codes | {code for code in codes if code is not None},
            taken={row: code for row, code in self.taken.items() if row not in rejected},
        )

    def blocks(self) -> Iterator[bytes]:
        """Return the lines of the rows in blocks."""
        with self.lines.open("rb") as file:
            while lines := file.readlines(_BLOCK_BYTES):
                left = lines if not self.left_out else [line for line in lines if _number(line) not in self.left_out]
                yield b"".join(left)


def new_lines(folder: Path) -> Path:
    """Return a file of its own for the lines of rows that may be kept."""
    return folder / f"{secrets.token_hex(4)}{_LINES}"


def _number(line: bytes) -> int:
    return int(line[: line.index(b"\t")])


def _code(cell: bytes) -> str | None:
    return None if cell == b"\\N" else cell.decode().replace("\\\\", "\\")


def keep_rows(
    checked: CheckedRows, lines: Path | None, folder: Path, *, mark: str, signature: str | None, report: ImportReport
) -> None:
    """Write down what is known of rows whose lines are in the folder; other rows that were kept there go."""
    with suppress(OSError):
        (folder / _HEAD).unlink(missing_ok=True)
        for other in folder.glob(f"*{_LINES}"):
            if other != lines:
                other.unlink()
    if lines is None:
        return
    head = RowsHead(
        program=program(), mark=mark, signature=signature, lines=lines.name, size_bytes=lines.stat().st_size,
        report=replace(report, problems=(), matches=()), names=tuple(checked.values),
        has_extra=checked.extra is not None, rejected_codes=checked.rejected_codes, taken=checked.taken,
        kept=checked.kept, weak=checked.weak, cut=checked.cut, keeps_places=checked.keeps_places,
    )  # fmt: skip
    with suppress(OSError):
        np.save(folder / _NUMBERS, np.array(checked.rows, dtype=np.int64), allow_pickle=False)
        for path in (lines, folder / _NUMBERS):
            with path.open("rb") as file:
                os.fsync(file.fileno())
        (folder / _HEAD).write_text(json.dumps(to_json(head), ensure_ascii=False), encoding="utf-8")


def find_rows(kind: type[Feature], folder: Path, mark: str) -> tuple[RowsHead, KeptRows] | None:
    """Return the kept rows of the preview of that mark, or None."""
    try:
        head = from_json(RowsHead, json.loads((folder / _HEAD).read_text(encoding="utf-8")))
        is_whole = (folder / head.lines).stat().st_size == head.size_bytes
        if head.program != program() or head.mark != mark or not is_whole:
            return None
        numbers: list[int] = np.load(folder / _NUMBERS, allow_pickle=False).tolist()
    except (OSError, ValueError, TypeError):  # gone, torn, or without a field that another version did not write
        return None
    rows = KeptRows(
        kind=kind, rows=numbers, values=dict.fromkeys(head.names, ()), geometries=empty_geometries(0),
        extra=() if head.has_extra else None, rejected_codes=head.rejected_codes, taken=head.taken, kept=head.kept,
        weak=head.weak, cut=head.cut, keeps_places=head.keeps_places, lines=folder / head.lines,
    )  # fmt: skip
    return head, rows
