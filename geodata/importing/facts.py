"""What can be said of a file before its cells are read: its hash, its columns, its way of writing numbers."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from geodata.base.i18n import N_
from geodata.base.numbers import NumberStyle, style_of
from geodata.importing.headings import known_words
from geodata.importing.results import RefusedError
from geodata.importing.table import Table, Value
from geodata.importing.understanding.cells import Habits
from geodata.importing.understanding.match import own_names
from geodata.importing.understanding.values import FROM_1900, FROM_1904
from geodata.schema.feature import Feature

#: Formats that cannot say that a number is missing; 0 stands there.
WITHOUT_NULL = frozenset({"tab", "mif"})
#: Spreadsheets whose number formats are not read, and all of them.
UNSEEN_FORMATS = frozenset({"xls", "ods"})
SHEETS = UNSEEN_FORMATS | {"xlsx"}
#: Formats whose numbers may be texts in either writing.
_TEXTUAL = frozenset({"csv", *SHEETS})
_CHUNK = 1024 * 1024


def signature_of(table: Table) -> str:
    """Return what makes two files the same source: their columns."""
    return hashlib.sha256("\x1f".join(sorted(name.casefold() for name in table.names)).encode()).hexdigest()[:32]


def sha256_of(path: Path) -> str:
    """Return the file's SHA-256."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except FileNotFoundError as error:
        raise RefusedError("malformed_file", N_("There is no file “{name}”."), name=path.name) from error
    except (IsADirectoryError, PermissionError) as error:
        raise RefusedError("malformed_file", N_("“{name}” is no readable file."), name=path.name) from error
    return digest.hexdigest()


def number_style(table: Table) -> NumberStyle:
    """Return the file's way of writing numbers, proven by its text cells."""
    if table.format == "shp":
        return NumberStyle.ENGLISH
    return style_of(text for column in table.columns for text in _short_texts(column))


def _short_texts(column: Sequence[Value]) -> Iterator[str]:
    return (value for value in column[:5000] if isinstance(value, str) and len(value) < 40)


def habits_of(table: Table, numbers: Iterable[Sequence[Value]]) -> tuple[NumberStyle, Habits]:
    """Return how a file writes numbers and days: as the columns of `numbers` prove, else as its other cells do."""
    known = number_style(table)
    own = style_of(text for column in numbers for text in _short_texts(column)) if table.format in _TEXTUAL else known
    first_day = FROM_1904 if table.counts_from_1904 else FROM_1900
    is_borrowed = own is NumberStyle.UNKNOWN and known is not NumberStyle.UNKNOWN
    return (known if is_borrowed else own), Habits(
        first_day=first_day, is_sheet=table.format in SHEETS, is_style_borrowed=is_borrowed
    )


def words_of(kind: type[Feature]) -> frozenset[str]:
    """Return the folded names by which a table's header is known."""
    names = [name for field in kind.fields() for name in (field.name, field.label, *field.source_names)]
    return known_words([*names, *(name for known in own_names(kind).values() for name in known)])
