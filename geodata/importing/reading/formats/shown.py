"""What the readers of workbooks share: plain values, and what is said of hidden sheets and far-off rows."""

import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.reading.formats.picking import malformed
from geodata.importing.results import Problem, RefusedError, Severity, problem
from geodata.importing.table import Value

#: What lies below so many empty rows is left out, and told.
LONGEST_GAP = 5_000
#: What programs show where a formula has no value.
ERRORS = frozenset({"#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!"})


def plain(value: Any) -> Value:
    """Return a cell's value: a whole number as such, a day as text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if isinstance(value, datetime | date | time | timedelta):
        return str(value).removesuffix(" 00:00:00")
    return str(value)


def damaged() -> RefusedError:
    """Return the refusal of a workbook that does not parse."""
    return malformed(N_("The workbook is damaged; open it in Excel or LibreOffice and save it anew."))


def with_a_password() -> RefusedError:
    """Return the refusal of a workbook that is locked."""
    template = N_("The workbook is locked with a password. Open it, remove the password and save it.")
    return RefusedError("encrypted", template)


def check_unpacked(path: Path, limits: Limits) -> None:
    """Raise RefusedError where a zipped workbook would unpack to more than a sheet may be."""
    with zipfile.ZipFile(path) as archive:
        if sum(info.file_size for info in archive.infolist()) > limits.archive_bytes // 4:
            template = N_("Unpacked, the archive is larger than the limit.")
            raise RefusedError("limit_exceeded", template, name="archive_bytes")


def hidden_sheets(names: Sequence[str]) -> tuple[Problem, ...]:
    """Say which sheets were left out because they are hidden."""
    if not names:
        return ()
    template = N_("Hidden sheets were left out: {names}.")
    return (problem("empty_layer", template, severity=Severity.WARNING, names=", ".join(names)[:200]),)


def after_a_gap(last: int, next_row: int) -> Problem:
    """Say that what stands far below was left out."""
    template = N_(
        "Below row {last} of the sheet come thousands of empty rows; what stands from row {next} on was left out."
    )
    return problem("malformed_file", template, severity=Severity.WARNING, last=last, next=next_row)


def counts_from_1904() -> Problem:
    """Say that days were counted as the workbook counts them."""
    template = N_("The workbook counts days from 1904; its dates were read so.")
    return problem("bad_value", template, severity=Severity.WARNING)
