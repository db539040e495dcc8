"""What other programs did to texts before the file came here: read back where that is sure, and told; else the row is rejected.

- “C?a hàng”: saved in a code page without Vietnamese letters; they are gone.
- “Chá»£”: UTF-8 that was opened as Windows-1252 and saved as such.
- “Ch&#7907;”: signs of web pages, taken out of one by a copy or an export.
- “1,03E+10”: a number that is a name, shortened by a spreadsheet when it wrote text.
"""

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.importing.reading.encoding import LOST, to_bytes
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.table import Table, Value, spellings
from geodata.importing.told import by_row
from geodata.schema.fields import Field

#: A question mark inside a word; not in an address of the web.
_EATEN = re.compile(r"[^\W\d_]\?[^\W\d_]")
_ADDRESS = re.compile(r"\w+://|www\.", re.IGNORECASE)
#: Letters that Windows-1252 has beyond ASCII, the second of two and more of them a continuation in UTF-8.
_NEXT = "\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122"
_TWICE = re.compile(f"[\u00c2-\u00f4][{_NEXT}]")
_RUN = re.compile(f"[\u00c2-\u00f4][{_NEXT}]+")
#: A blank where a program took the fixed one for it that is the second half of “à”; only beside others that are whole.
_BLANK = re.compile("\u00c3 (?=\\w|$)")
#: What Vietnamese is written with beyond ASCII, composed or not, and the signs that word processors set.
_LETTERS = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"
_WRITTEN = frozenset(
    f"{_LETTERS}{_LETTERS.upper()}\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323–—“”‘’…°²³«»·×±€•\u00a0\u200b\ufeff"
)
#: Beginnings of Vietnamese letters whose end is gone.
_BROKEN = re.compile("\u00e1[\u00ba\u00bb](?=\\w)|\u00c6[\u00b0\u00a1]|\u00c4[\u2018\u0192\u0090]")
_SIGN = re.compile(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z]{2,8}\d{0,2});")
#: A number in the writing of powers, as spreadsheets write long ones.
SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d{2,3}")
_ANEW = Message(
    template=N_("Save the file anew: in Excel as “CSV UTF-8 (Comma delimited)” or as .xlsx, which keep all letters.")
)


def is_written_here(text: str) -> bool:
    """Say whether a text holds no letters beyond ASCII but those that Vietnamese is written with."""
    return all(char.isascii() or char in _WRITTEN for char in text)


def is_eaten(text: str) -> bool:
    """Say whether letters of a text were replaced by question marks."""
    return "?" in text and _EATEN.search(text) is not None and _ADDRESS.search(text) is None


def shortened(field: Field, cells: Sequence[Value], rows: Sequence[int]) -> list[Problem]:
    """Return an error for each cell of a field of texts that is a number without its last digits."""
    if field.python_type is not str or field.values is not None:
        return []
    if not any("E+" in text for text in spellings(cells)):
        return []
    template = N_("“{value}” is a number that a spreadsheet shortened; its last digits are lost.")
    what = Message(
        template=N_("Make the column one of texts in the spreadsheet, write the number anew, and save the file.")
    )
    return [
        problem("bad_value", template, row=row, field=field.name, value=cell, suggestion=what)
        for row, cell in zip(rows, cells, strict=True)
        if isinstance(cell, str) and "E+" in cell and SHORTENED.fullmatch(cell.strip())
    ]


def read_back(table: Table) -> tuple[Table, list[Problem]]:
    """Return the table with texts read back that another program wrote otherwise, and what is to be told of their rows."""
    columns: list[list[Value]] = []
    told: list[Problem] = []
    for name, column in zip(table.names, table.columns, strict=True):
        whole, found = _column(table, name, column)
        columns.append(whole)
        told += found
    if not told and not any(_SIGN.search(name) or _TWICE.search(name) for name in table.names):
        return table, []
    names = tuple(_whole(name) or name for name in table.names)
    return replace(table, names=names, columns=tuple(columns)), told


def _column(table: Table, name: str, column: list[Value]) -> tuple[list[Value], list[Problem]]:
    texts = "\n".join(spellings(column))
    if not (("&" in texts and _SIGN.search(texts)) or (not texts.isascii() and _TWICE.search(texts)) or "?" in texts):
        return column, []
    changed: dict[int, Value] = {}
    lost: list[int] = []
    for at, value in enumerate(column):
        if not isinstance(value, str) or LOST in value:
            continue
        whole = _whole(value)
        if whole is None or is_eaten(whole):
            lost.append(at)
        elif whole != value:
            changed[at] = whole
    told = _told(table, column, [*changed], lambda at: _read(table, name, column, changed, at))
    told += _told(table, column, lost, lambda at: _gone(table, name, column, at))
    return [changed.get(at, value) for at, value in enumerate(column)] if changed else column, told


def _told(table: Table, _column: Sequence[Value], found: Sequence[int], say: Callable[[int], Problem]) -> list[Problem]:
    rows = table.rows.tolist()
    if found and say(found[0]).severity is Severity.ERROR:
        return [say(at) for at in found]
    return by_row(found, say, rows)


def _whole(text: str) -> str | None:
    """Return a text with the signs of web pages and UTF-8 behind Windows' letters read; None where that is damaged."""
    if "&" in text:
        text = _SIGN.sub(lambda match: html.unescape(match[0]), text)
    if text.isascii() or not _TWICE.search(text):
        return text
    whole = _RUN.sub(_decoded, text)
    if whole != text:
        whole = _RUN.sub(_decoded, _BLANK.sub("\u00c3\u00a0", text))
    return None if _BROKEN.search(whole) else whole


def _decoded(match: re.Match[str]) -> str:
    """Return the letters behind a run of Windows' letters, or the run where they would be none that are written here."""
    data = to_bytes(match[0])
    try:
        found = "" if data is None else data.decode("utf-8")
    except UnicodeDecodeError:
        return match[0]
    return found if found and _WRITTEN.issuperset(found) else match[0]


def _read(table: Table, name: str, column: Sequence[Value], changed: dict[int, Value], at: int) -> Problem:
    template = N_("“{value}” was written by another program's signs for letters; it was read as “{stored}”.")
    return problem(
        "encoding_unknown", template, row=int(table.rows[at]), field=name, severity=Severity.WARNING,
        value=str(column[at])[:80], stored=str(changed[at])[:80],
    )  # fmt: skip


def _gone(table: Table, name: str, column: Sequence[Value], at: int) -> Problem:
    template = N_("Letters of “{value}” were lost when the file was saved; they cannot be read.")
    return problem(
        "encoding_unknown", template, row=int(table.rows[at]), field=name, value=str(column[at])[:80], suggestion=_ANEW
    )
