"""Read → Decoded: the texts of a table in Unicode, or the question how they are written.

Letters that no reading brings back (U+FFFD) reject their row: they are never stored, whatever the answer says.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.importing.reading import encoding as letters
from geodata.importing.reading.encoding import LOST
from geodata.importing.results import Choice, ImportOptions, Known, Problem, Question, Severity, problem
from geodata.importing.table import Table, Value, spellings
from geodata.importing.told import by_row
from geodata.importing.understanding.cells import cut_warning
from geodata.importing.understanding.worn import is_written_here, read_back

#: From this share of damaged texts on, an encoding that was given is the wrong one.
_MISFIT = 0.2
#: Encodings with one byte a letter, in which lines of UTF-8 may stand that another program wrote.
_SINGLE = frozenset({"tcvn3", "vni", "cp1258", "cp1252"})
#: Letters that take bytes in UTF-8 which no other writing of Vietnamese puts side by side.
_VIETNAMESE = re.compile("[ăĂđĐơƠưƯ\u1ea0-\u1ef9]")
#: Their first two bytes, each shown as one letter.
_PERHAPS = re.compile("[\xc4\xc6][\x80-\xbf]|\xe1[\xba\xbb]")
_ENCODINGS = "utf-8, tcvn3, vni, cp1258, viqr, cp1252"


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """The table in Unicode, what its encoding is and how that is known, and the question where it is not."""

    table: Table
    encoding: Known
    problems: tuple[Problem, ...] = ()
    question: Question | None = None


def check_answers(options: ImportOptions) -> None:
    """Refuse answers that themselves hold lost letters. Raises InvalidValueError."""
    tables: Sequence[Mapping[str, str]] = (options.constants, options.mapping, *options.values.values())
    for table in tables:
        for name, value in table.items():
            if LOST in name or LOST in value:
                reason = N_("it holds letters that were lost (�)")
                raise InvalidValueError(name=name, value=value, reason=reason)


def decode_table(table: Table, answer: str | None) -> Decoded:
    """Return the table decoded as the answer or its bytes say. Raises InvalidValueError for an unknown encoding."""
    given = letters.canonical(answer) if answer else None
    if answer and given is None:
        raise InvalidValueError(name="--encoding", value=answer, reason=_ENCODINGS)
    found = _of_bytes(table, given) if table.texts == "bytes" else _of_unicode(table, given)
    rows = _lost_rows(found.table)
    if given is not None and rows and (again := _asked_again(table, found, given, rows)) is not None:
        return again
    whole, told = (found.table, []) if found.question is not None else read_back(found.table)
    names = _whole_names(whole.names)
    cut = _cut_texts(table, found)
    return replace(
        found,
        table=replace(whole, names=names, cut={name: at for name, at in zip(names, cut, strict=True) if at}),
        problems=(*found.problems, *rows, *told, *_told_of_cut(found.table, cut)),
    )


def _of_bytes(table: Table, given: str | None) -> Decoded:
    samples = _samples_as_bytes(table)
    detected = letters.detect(samples, table.declared_encoding)
    encoding, source = given or detected.encoding, "given" if given else detected.source
    problems: list[Problem] = []
    if detected.declared_is_wrong and not given and detected.encoding:
        problems.append(
            problem(
                "encoding_unknown",
                N_("The declared encoding {declared} does not fit the texts; {found} does."),
                severity=Severity.WARNING,
                declared=table.declared_encoding or "",
                found=detected.encoding,
            )
        )
    if encoding is None:
        problems.append(problem("encoding_unknown", N_("The letters can be read in several ways; choose one.")))
        question = _question(detected.readings)
        shown = _decoded_with(table, "cp1252")
        return Decoded(
            table=shown, encoding=Known(value=None, source=source), problems=tuple(problems), question=question
        )
    decoded = _decoded_with(table, encoding)
    problems += _other_lines(table, decoded, encoding)
    return Decoded(table=decoded, encoding=Known(value=encoding, source=source), problems=tuple(problems))


def _of_unicode(table: Table, given: str | None) -> Decoded:
    """Decode cells that are Unicode already, but may be the bytes of an old font behind it."""
    source = "given" if given else "detected"
    texts = telling_texts(table)
    reading = letters.detect_in_text([*table.names, *texts]) if given is None else None
    inner = reading.encoding if reading else given if given not in {None, "utf-8"} else None
    if inner is None and given is None:
        plain = [text.encode() for text in texts if text.isascii()]
        inner = "viqr" if letters.detect(plain).encoding == "viqr" else None
    decoded = _decoded_with(table, inner or "unicode")
    return Decoded(table=decoded, encoding=Known(value=inner or "utf-8", source=source))


def _samples_as_bytes(table: Table) -> list[bytes]:
    return [text.encode("latin1") for text in (*table.names, *telling_texts(table))]


def _asked_again(table: Table, found: Decoded, given: str, lost: Sequence[Problem]) -> Decoded | None:
    """Return the question anew where an encoding that was given does not fit the bytes."""
    if table.texts != "bytes":
        return None
    samples = _samples_as_bytes(table)
    detected = letters.detect(samples)
    accented = [data for data in samples if not data.isascii()]
    damaged = sum(letters.score([data], given).score < 0 for data in accented)
    if detected.encoding in {None, given} and damaged < _MISFIT * len(accented):
        return None
    note = problem(
        "encoding_unknown",
        N_("The letters cannot be read as {encoding}: “{value}”. Choose another reading."),
        row=lost[0].row,
        field=lost[0].field,
        value=lost[0].value or "",
        encoding=given,
    )
    readings = tuple(reading for reading in detected.readings if reading.encoding != given)
    return replace(
        found,
        encoding=Known(value=None, source="given"),
        problems=(note,),
        question=_question(readings or detected.readings),
    )


def _decoded_with(table: Table, encoding: str) -> Table:
    known: dict[str, str] = {}
    is_whole = not table.widths

    def decoded(value: Value) -> Value:
        if not isinstance(value, str):
            return value
        if value not in known:
            other = _as_utf8(value) if encoding in _SINGLE else None
            known[value] = other or letters.decode_text(value, encoding, is_whole=is_whole)
        return known[value]

    columns = tuple(
        column if _is_plain(column, encoding) else [decoded(value) for value in column] for column in table.columns
    )
    return replace(table, names=tuple(str(decoded(name)) for name in table.names), columns=columns)


def _as_utf8(text: str) -> str | None:
    """Return a text that is UTF-8 beyond doubt, in a file whose other lines are not; None for any other."""
    if not _PERHAPS.search(text) or (data := letters.to_bytes(text)) is None:
        return None
    try:
        found = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return found if _VIETNAMESE.search(found) and is_written_here(found) else None


def _other_lines(table: Table, decoded: Table, encoding: str) -> list[Problem]:
    """Return a warning for each row with a text in UTF-8 where the file is written otherwise."""
    if encoding not in _SINGLE or table.texts != "bytes":
        return []
    found: dict[int, tuple[str, str]] = {}
    for name, column, whole in zip(decoded.names, table.columns, decoded.columns, strict=True):
        texts = spellings(column)
        is_possible = _PERHAPS.search("\n".join(texts)) is not None
        others = {text for text in texts if _as_utf8(text) is not None} if is_possible else set()
        if others:
            pairs = enumerate(zip(column, whole, strict=True))
            found |= {at: (name, str(stored)) for at, (value, stored) in pairs if value in others and at not in found}
    rows = table.rows.tolist()
    template = N_("The letters of this row are UTF-8, those of others {encoding}; it was read as “{stored}”.")
    return by_row(
        sorted(found),
        lambda at: problem(
            "encoding_unknown", template, row=rows[at], field=found[at][0], severity=Severity.WARNING,
            encoding=encoding, stored=found[at][1][:80],
        ),
        rows,
    )  # fmt: skip


def _is_plain(column: Sequence[Value], encoding: str) -> bool:
    """Say whether decoding leaves a column as it is: looked at as one text, which is many times faster."""
    whole = "\n".join(spellings(column))
    if whole.isascii():
        return encoding != "viqr"
    return encoding == "unicode" and unicodedata.is_normalized("NFC", whole)


def _lost_rows(table: Table) -> list[Problem]:
    """Return an error for each row with letters that are lost."""
    told: dict[int, Problem] = {}
    for name, column in zip(table.names, table.columns, strict=True):
        if LOST not in "".join(spellings(column)):
            continue
        for row, value in zip(table.rows.tolist(), column, strict=True):
            if isinstance(value, str) and LOST in value and row not in told:
                told[row] = problem(
                    "encoding_unknown",
                    N_("Letters of “{value}” are damaged and cannot be read."),
                    row=row,
                    field=name.replace(LOST, "?"),
                    value=value,
                    suggestion=Message(template=N_("Write the text anew in the file, or choose another encoding.")),
                )
    return list(told.values())


def _whole_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of columns without lost letters; what cannot be read is called by its place."""
    return tuple(f"cot_{number}" if LOST in name else name for number, name in enumerate(names, 1))


def _cut_texts(raw: Table, found: Decoded) -> list[tuple[int, ...]]:
    """Return for each column the positions of texts that fill the longest column there is, or end within a letter."""
    encoding = found.encoding.value or ""
    return [
        tuple(
            position
            for position, cell in enumerate(cells if width else ())
            if isinstance(cell, str) and len(cell) >= width - 3 and (width >= 254 - 3 or letters.is_cut(cell, encoding))
        )
        for cells, width in zip(raw.columns, raw.widths or (0,) * len(raw.names), strict=True)
    ]


def _told_of_cut(table: Table, cut: Sequence[Sequence[int]]) -> list[Problem]:
    """Return a warning for each text that was probably cut."""
    return [
        cut_warning(table.names[index], int(table.rows[at]), str(table.columns[index][at]), table.widths[index])
        for index, positions in enumerate(cut)
        for at in positions
    ]


def samples_of(table: Table) -> tuple[str, ...]:
    """Return the first five accented texts of a table."""
    found: dict[str, None] = {}
    for column in table.columns:
        found.update(dict.fromkeys(_accented(column)[:5]))
    return tuple(found)[:5]


def telling_texts(table: Table) -> list[str]:
    """Return the texts that show the encoding: every different one with accents, and some without."""
    accented: dict[str, None] = {}
    for column in table.columns:
        accented.update(dict.fromkeys(_accented(column)))
    plain = (value for column in table.columns for value in column[:500] if isinstance(value, str) and value.isascii())
    return [*accented, *plain]


def _accented(column: Sequence[Value]) -> list[str]:
    """Return the different texts of a column that are not plain ASCII; one without any is looked at as one text."""
    texts = spellings(column)
    return [] if "".join(texts).isascii() else [value for value in texts if not value.isascii()]


def _question(readings: Sequence[letters.Reading]) -> Question:
    ordered = sorted((reading for reading in readings if reading.score >= 0), key=lambda item: -item.score)
    return Question(about="encoding", choices=tuple(map(_choice, ordered)))


def _choice(reading: letters.Reading) -> Choice:
    share = f"{max(0.0, reading.score) * 100:.0f}"
    sample = (reading.samples or ("",))[0][:60]
    template = N_("{share} % of the accented words read as Vietnamese: {sample}")
    if reading.damaged:
        template = N_(
            "{share} % of the accented texts can be read so ({sample}); {damaged} others are damaged, their rows will be rejected"
        )
    return Choice(
        value=reading.encoding,
        samples=reading.samples,
        score=reading.score,
        why=Message(template=template, values={"share": share, "sample": sample, "damaged": reading.damaged}),
    )
