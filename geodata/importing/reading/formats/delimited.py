"""Text tables: the separator is the one that fits, a first line “sep=;” is obeyed, a quote that never closes is told."""

import codecs
import csv
import io
import re
from pathlib import Path

from geodata.base.formulas import rearm
from geodata.base.i18n import N_
from geodata.importing.headings import is_known
from geodata.importing.limits import Limits
from geodata.importing.reading.archive import Source
from geodata.importing.reading.formats.header import Grid
from geodata.importing.reading.formats.picking import malformed, too_many_rows
from geodata.importing.reading.formats.sheet import Hints, Sheet, table_of_sheet
from geodata.importing.table import Table, Value

_SEPARATORS = "\t;,|"
_SAID = re.compile(r'"?sep=(.|\\t)"?\s*\r?\n', re.IGNORECASE)
_KEPT = re.compile(r"""="([^"]*)"$|'(\+?\d.*)$""", re.DOTALL)
_WIDE = re.compile(r"\s{2,}")
#: So many known headings in one line make it the header; longer cells are none.
_ENOUGH, _LONGEST = 2, 80
_NUMBER = re.compile(r"[+-]?\d[\d.,]*$")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def text_of_file(path: Path) -> tuple[str, str]:
    """Return a text file and whether its letters are already Unicode or still bytes."""
    data = path.read_bytes()
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), "unicode"
            except UnicodeDecodeError as error:
                if encoding != "utf-8-sig":
                    raise malformed(N_("The file is not text.")) from error
                return data[len(mark) :].decode("latin1"), "bytes"
    if b"\x00" in data[:4096]:
        return _wide_text(data), "unicode"
    try:
        return data.decode("utf-8"), "unicode"
    except UnicodeDecodeError:
        return data.decode("latin1"), "bytes"


def _wide_text(data: bytes) -> str:
    try:
        text = data.decode("utf-16-le" if data[1:2] == b"\x00" else "utf-16-be")
    except UnicodeDecodeError as error:
        raise malformed(N_("The file is not text.")) from error
    if sum(char.isascii() and (char.isprintable() or char.isspace()) for char in text[:400]) * 3 < len(text[:400]):
        raise malformed(N_("The file is not text."))
    return text


def read_delimited(source: Source, _inner: str | None, limits: Limits, hints: Hints) -> Table:
    """Read a text table."""
    text, texts = text_of_file(source.path)
    if text.lstrip()[:1] in {"<", "{"} or "\x00" in text[:4096]:
        raise malformed(N_("The file is not a table of comma-separated values."))
    csv.field_size_limit(max(limits.text_length * 2, 4_000_000))
    said = _SAID.match(text)
    text = text[said.end() :] if said else text
    separator = _separator(text, said[1] if said else None, hints.words)
    if separator is None:
        separator, text = "\t", _with_tabs(text)
    rows: list[list[Value]] = []
    has_marks = "'" in text or '="' in text
    quote = "'" if has_marks and _is_in_single_quotes(text, separator) else '"'
    if quote == '"':
        text = _with_quotes_doubled(text, separator)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quotechar=quote)
    try:
        for row in reader:
            rows.append([_unmarked(cell) for cell in row] if has_marks else [*row])
            if len(rows) > limits.rows + 1000:
                raise too_many_rows(limits)
    except csv.Error as error:
        raise malformed(N_("Row {row} of the file cannot be read."), row=reader.line_num) from error
    if max(map(len, rows), default=0) == 1 and not any(map(_is_shape, text.split("\n", 3)[:3])):
        raise malformed(
            N_(
                "No sign was found that separates the columns. Save the table with semicolons, commas or tabs between them, or as .xlsx."
            )
        )
    _check_quotes(text, separator, rows)
    return table_of_sheet(Sheet(grid=Grid(rows=rows)), source.name, "csv", hints, limits, texts=texts)


def _unmarked(cell: str) -> str:
    """Return a cell without what keeps it a text in a spreadsheet: ="001" and '001 are 001."""
    if (match := _KEPT.match(cell)) is not None:
        return match[1] or match[2]
    return rearm(cell)


def _with_quotes_doubled(text: str, separator: str) -> str:
    """Return a text whose cells may hold quotes, also where its writer has not doubled them: "phố "Cấm"" is phố "Cấm".

    Only lines that cannot be read otherwise are changed; in them a cell ends with a quote before a separator.
    """
    if not _has_stray_quotes(text, separator):
        return text
    sign = re.escape(separator)
    cell = re.compile(rf'(?:^|(?<={sign}))"(?P<inside>.*?)"(?=\s*(?:{sign}|$))')
    lines = io.StringIO(text, newline="")
    changed = "".join(cell.sub(_doubled, line) if _has_stray_quotes(line, separator) else line for line in lines)
    return text if _has_stray_quotes(changed, separator) else changed


def _doubled(cell: re.Match[str]) -> str:
    inside = cell["inside"]
    is_doubled = '"' not in inside.replace('""', "")
    return cell[0] if is_doubled else '"{}"'.format(inside.replace('"', '""'))


def _has_stray_quotes(text: str, separator: str) -> bool:
    """Say whether something follows a cell's last quote, which the reader takes for a part of the cell in silence."""
    return "expected after" in str(_strict_error(text, separator))


def _strict_error(text: str, separator: str) -> csv.Error | None:
    """Return what is wrong with a text's quotes, which the reader overlooks otherwise."""
    if '"' not in text:
        return None
    try:
        for _ in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            pass
    except csv.Error as error:
        return error
    return None


def _is_in_single_quotes(text: str, separator: str) -> bool:
    """Say whether the cells of a table stand in single quotes, as databases dump them."""
    sign = re.escape(separator)
    line = re.compile(rf"'[^']*'(?:{sign}(?:'[^']*'|[^'{sign}]*))*")
    lines = [line for line in map(str.strip, text.split("\n", 20)[1:20]) if line]
    return bool(lines) and all(map(line.fullmatch, lines))


def _separator(text: str, said: str | None, words: frozenset[str]) -> str | None:
    """Return the sign that separates the columns: the one that is said, or gives a header that is known, or is most frequent.

    None: blanks separate them, as in the files of surveying instruments.
    """
    if said:
        return "\t" if said == "\\t" else said
    lines = [line for line in text.split("\n", 40)[:40] if line.strip()]
    known = {sign: max((_known(line, sign, words) for line in lines), default=0) for sign in _SEPARATORS}
    if max(known.values()) >= _ENOUGH:
        return max(_SEPARATORS, key=lambda sign: known[sign])
    if _are_apart_by_blanks(lines):
        return None
    return max(
        _SEPARATORS, key=lambda sign: max((line.count(sign) for line in lines[:1]), default=0) or _usual(lines, sign)
    )


def _known(line: str, sign: str, words: frozenset[str]) -> int:
    """Return how many different headings that the layer knows a line has, cut at a sign."""
    cells = {cell.strip().strip('"') for cell in line.split(sign)} if sign in line else set()
    return sum(len(cell) < _LONGEST and is_known(cell, words) for cell in cells if cell)


def _are_apart_by_blanks(lines: list[str]) -> bool:
    """Say whether all lines have the same number of parts with blanks between them, most of them numbers."""
    if _are_columns_of_blanks(lines):
        return True
    parts = [line.split() for line in lines]
    if not parts or len(parts[0]) < 3 or len({*map(len, parts)}) > 1:
        return False
    last = parts[-1]
    return sum(_NUMBER.match(part) is not None for part in last) * 2 > len(last)


def _are_columns_of_blanks(lines: list[str]) -> bool:
    """Say whether all lines have the same number of parts with two blanks or more between them."""
    widths = {len(_WIDE.split(line.strip())) for line in lines}
    return len(lines) > 1 and len(widths) == 1 and widths.pop() > 2


def _with_tabs(text: str) -> str:
    lines = text.splitlines()
    is_wide = _are_columns_of_blanks([line for line in lines[:40] if line.strip()])
    return "\n".join("\t".join(_WIDE.split(line.strip()) if is_wide else line.split()) for line in lines)


def _is_shape(line: str) -> bool:
    """Say whether a line may be all there is of an object: a shape, or a place with both its coordinates."""
    return "(" in line or "°" in line or line.count(" ") > 0


def _usual(lines: list[str], sign: str) -> float:
    """Return how often a sign is in most lines, below one: headings above a table have none."""
    counts = sorted(line.count(sign) for line in lines)
    return counts[len(counts) // 2] / 1000 if counts else 0.0


def _check_quotes(text: str, separator: str, rows: list[list[Value]]) -> None:
    """Refuse a file in which a quote that is never closed swallows rows."""
    error = _strict_error(text, separator)
    if "unexpected end of data" in str(error):
        at = max(
            (number for number, row in enumerate(rows, 1) if any("\n" in str(cell) for cell in row)),
            default=len(rows),
        )
        template = N_('A quotation mark (") in row {row} is never closed, so the rows after it cannot be told apart.')
        raise malformed(template, row=at) from error
    if '"' not in text:
        return
    width = max(map(len, rows), default=0)
    for number, row in enumerate(rows, 1):
        for cell in row:
            swallowed = str(cell).count("\n")
            if swallowed and str(cell).count(separator) >= swallowed * max(width - 1, 2):
                template = N_('A quotation mark (") in row {row} is closed {count} lines later and swallows rows.')
                raise malformed(template, row=number, count=swallowed)
