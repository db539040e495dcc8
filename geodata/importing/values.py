"""What a cell says: texts, numbers, days, yes and no, and closed sets, in Vietnamese and English writing."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Numeric

from geodata.i18n import N_
from geodata.importing.numbers import AmbiguousNumberError, NumberStyle, plain_number
from geodata.importing.results import Problem, Severity, Text, problem
from geodata.importing.table import Value
from geodata.layer import Feature, Field, LabelledEnum, fold_column_name

_EMPTY = {"", "<null>", "null", "n/a", "#n/a", "-", "--", "…", "..."}
_TRUE = {"true", "t", "yes", "y", "1", "x", "co", "dung"}
_FALSE = {"false", "f", "no", "n", "0", "khong", "sai"}
_BAD_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_MULTIPLIERS = ((r"ty|ti", Decimal(10) ** 9), (r"trieu|tr", Decimal(10) ** 6), (r"nghin|ngan", Decimal(10) ** 3))
_EXCEL_EPOCH = date(1899, 12, 30)
_DATE_FORMS: tuple[tuple[re.Pattern[str], tuple[int, int, int]], ...] = (
    (re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ t].*)?$"), (1, 2, 3)),
    (re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?:[ t].*)?$"), (1, 2, 3)),
    (re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?: .*)?$"), (3, 2, 1)),
    (re.compile(r"(\d{4})(\d{2})(\d{2})$"), (1, 2, 3)),
    (re.compile(r"(?:ngay )?(\d{1,2}) thang (\d{1,2}) nam (\d{4})$"), (3, 2, 1)),
)


class BadValueError(ValueError):
    """A cell that cannot be taken: a message, and what to write instead."""

    def __init__(self, template: str, suggestion: Text | None = None, code: str = "bad_value", **details: Any) -> None:
        super().__init__(template)
        self.template, self.suggestion, self.code, self.details = template, suggestion, code, details


def clean_text(value: str) -> str:
    """Return a text as it is stored: NFC, single line ends, no control or direction signs."""
    return unicodedata.normalize("NFC", _BAD_CONTROL.sub("", value).replace("\r\n", "\n").replace("\r", "\n")).strip()


def text_of(value: Value) -> str | None:
    """Return a cell as text; 1030101.0 is the code 1030101."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    text = clean_text(str(value))
    return text if text and text.lower() != "<null>" else None


def _is_empty(value: Value) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in _EMPTY)


@cache
def _spellings(values: type[LabelledEnum]) -> dict[str, LabelledEnum]:
    """Return every folded spelling of a closed set; the stored value wins over labels and aliases."""
    table: dict[str, LabelledEnum] = {}
    for member in values:
        for spelling in (*member.source_values, member.label):
            table.setdefault(fold_column_name(spelling), member)
    table.update({fold_column_name(member.value): member for member in values})
    return table


def parse_choice(value: Value, values: type[LabelledEnum]) -> LabelledEnum | None:
    """Return the member that a cell means. Raises BadValueError."""
    text = text_of(value)
    if text is None:
        return None
    found = _spellings(values).get(fold_column_name(text))
    if found is not None:
        return found
    if text.lower() in _EMPTY or fold_column_name(text) in {"chuaro", "khongro", "unknown"}:
        return None
    allowed = ", ".join(member.source_values[0] if member.source_values else member.value for member in values)
    raise BadValueError(
        N_("“{value}” is not one of the allowed values."),
        Text(template=N_("Use one of: {allowed}."), details={"allowed": allowed}),
    )


def parse_boolean(value: Value) -> bool | None:
    """Return yes or no. Raises BadValueError."""
    if value is None or isinstance(value, bool):
        return value
    text = fold_column_name(text_of(value) or "")
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if _is_empty(value):
        return None
    raise BadValueError(N_("“{value}” is neither yes nor no."), Text(template=N_("Write “có” or “không”.")))


def parse_date(value: Value) -> date | None:
    """Return a day, dd/mm/yyyy first. Raises BadValueError."""
    if _is_empty(value) or value in ("0", 0, "00000000"):
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and 20_000 <= value <= 80_000:
        return _EXCEL_EPOCH + timedelta(days=int(value))
    text = unicodedata.normalize("NFD", str(value).strip().lower().replace("đ", "d"))
    text = " ".join("".join(char for char in text if not unicodedata.combining(char)).split())
    for pattern, (year, month, day) in _DATE_FORMS:
        if match := pattern.match(text):
            try:
                found = date(int(match[year]), int(match[month]), int(match[day]))
            except ValueError:
                break
            if 1800 <= found.year <= 2200:
                return found
            break
    raise BadValueError(N_("“{value}” is no day."), Text(template=N_("Write days as 31/12/2026 or 2026-12-31.")))


def parse_moment(value: Value) -> datetime | None:
    """Return a time in ISO writing. Raises BadValueError."""
    if _is_empty(value):
        return None
    try:
        return datetime.fromisoformat(str(value))
    except ValueError as error:
        raise BadValueError(N_("“{value}” is no day.")) from error


def parse_decimal(value: Value, style: NumberStyle, unit: str, *, whole: bool) -> Decimal | None:
    """Return a number; a unit that repeats the field's own, and tỷ or triệu, are understood. Raises BadValueError."""
    if _is_empty(value):
        return None
    if isinstance(value, bool):
        return Decimal(int(value))
    if isinstance(value, int | float):
        number = Decimal(repr(value))
    else:
        text, factor = _without_unit(str(value), unit)
        try:
            number = Decimal(plain_number(text, style, whole=whole and factor == 1)) * factor
        except AmbiguousNumberError as error:
            raise BadValueError(
                N_("“{value}” can be read in two ways."),
                Text(template=N_("Write thousands without a separator, or one more decimal.")),
            ) from error
        except (ValueError, InvalidOperation) as error:
            raise BadValueError(N_("“{value}” is no number."), Text(template=N_("Write numbers as 1234,5."))) from error
    if not number.is_finite() or abs(number) > Decimal("1e18"):
        raise BadValueError(N_("“{value}” is out of range."))
    return number


def _without_unit(text: str, unit: str) -> tuple[str, Decimal]:
    factor = Decimal(1)
    bare = text.strip()
    if unit and bare.lower().endswith(unit.lower()):
        bare = bare[: -len(unit)].strip()
    words = re.match(r"(.*?\d)\s*([^\d.,\s][^\d]*)$", bare)
    if words and unit == "VND":
        word = fold_column_name(words[2]).removesuffix("vnd").removesuffix("dong").removesuffix("d")
        for pattern, multiplier in _MULTIPLIERS:
            if re.fullmatch(pattern, word):
                return words[1], multiplier
        if not word:
            return words[1], factor
    return bare, factor


def parser_of(kind: type[Feature], field: Field, style: NumberStyle) -> Callable[[Value], Any]:
    """Return the function that reads the cells of a field."""
    if (values := field.values) is not None:
        return lambda value: parse_choice(value, values)
    if field.python_type is bool:
        return parse_boolean
    if field.python_type is date:
        return parse_date
    if field.python_type is datetime:
        return parse_moment
    if field.python_type is int:
        return _integer(kind, field, style)
    if field.python_type in (Decimal, float):
        return _decimal(kind, field, style)
    return text_of


def _integer(kind: type[Feature], field: Field, style: NumberStyle) -> Callable[[Value], int | None]:
    most = 2**63 - 1 if isinstance(kind.column(field.name).type, BigInteger) else 2**31 - 1

    def parse(value: Value) -> int | None:
        number = parse_decimal(value, style, field.unit, whole=True)
        if number is None:
            return None
        if number != int(number):
            raise BadValueError(N_("“{value}” is no whole number."))
        if abs(number) > most:
            raise BadValueError(N_("“{value}” is out of range."))
        return int(number)

    return parse


def _decimal(kind: type[Feature], field: Field, style: NumberStyle) -> Callable[[Value], Decimal | None]:
    type_ = kind.column(field.name).type
    scale = type_.scale if isinstance(type_, Numeric) else None
    digits = (type_.precision or 30) - (scale or 0) if isinstance(type_, Numeric) else 30

    def parse(value: Value) -> Decimal | None:
        number = parse_decimal(value, style, field.unit, whole=False)
        if number is None:
            return None
        if scale is not None:
            number = round(number, scale)
        if abs(number) >= Decimal(10) ** digits:
            raise BadValueError(N_("“{value}” is out of range."))
        return number

    return parse


def convert_column(
    kind: type[Feature], field: Field, cells: Sequence[Value], rows: Sequence[int], style: NumberStyle, *, longest: int
) -> tuple[list[Any], list[Problem]]:
    """Return the values of a field and the cells that could not be taken; each spelling is read once."""
    parse = parser_of(kind, field, style)
    if field.name in kind.layer.key and field.python_type is str:
        cells = _without_point_zero(cells)
    if parse is text_of and (plain := _plain_texts(cells, longest)) is not None:
        return plain, []
    known: dict[tuple[type, Value], Any] = {}
    problems: list[Problem] = []
    values: list[Any] = []
    for row, cell in zip(rows, cells, strict=True):
        key = (type(cell), cell)
        if key not in known:
            known[key] = _convert(parse, cell, longest)
        value = known[key]
        if isinstance(value, BadValueError):
            problems.append(
                Problem(
                    row=row,
                    field=field.name,
                    code=value.code,
                    severity=Severity.ERROR,
                    value=str(cell)[:200],
                    text=Text(template=value.template, details={"value": str(cell)[:80], **value.details}),
                    suggestion=value.suggestion,
                )
            )
            value = None
        values.append(value)
    return values, problems


def _plain_texts(cells: Sequence[Value], longest: int) -> list[Any] | None:
    """Return texts that need no more than stripping, looked at as one text; None where some need more."""
    if not set(map(type, cells)) <= {str, type(None)}:
        return None
    texts = [str(cell) for cell in cells if cell is not None]
    whole = "\n".join(texts)
    if (
        "\r" in whole
        or "<" in whole
        or _BAD_CONTROL.search(whole)
        or not unicodedata.is_normalized("NFC", whole)
        or max(map(len, texts), default=0) > longest
    ):
        return None
    return [None if cell is None else str(cell).strip() or None for cell in cells]


_POINT_ZERO = re.compile(r"\d+\.0$")


def _without_point_zero(cells: Sequence[Value]) -> Sequence[Value]:
    """Return codes without the “.0” that other programs write where a column of whole numbers has gaps."""
    texts = [cell for cell in cells if isinstance(cell, str)]
    if not texts or not all(_POINT_ZERO.match(text) for text in texts):
        return cells
    return [cell[:-2] if isinstance(cell, str) else cell for cell in cells]


def _convert(parse: Callable[[Value], Any], cell: Value, longest: int) -> Any:
    try:
        if isinstance(cell, str) and len(cell) > longest:
            raise BadValueError(
                N_("The text has {length} letters; the limit text_length is {limit}."),
                code="too_long",
                length=len(cell),
                limit=longest,
            )
        return parse(cell)
    except BadValueError as error:
        return error


def cut_warning(field: str, row: int, value: str, width: int) -> Problem:
    """Return the warning for a text that fills its column to the last byte."""
    return problem(
        "too_long",
        N_("The text fills its {width} bytes; it was probably cut."),
        row=row,
        field=field,
        severity=Severity.WARNING,
        value=value,
        width=width,
    )
